import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Liquidity, Permission, RejectCode, Side } from '../../src/core/codes.js';
import type { Session } from '../../src/gateway/session.js';
import { Counter } from '../../src/runtime/counters.js';
import { encodeMsgpackFrame } from '../../src/wire/msgpack-encoder.js';
import { decodeFrames, encodeFrame } from '../../src/wire/sbe-frames.js';
import { type FakeSocket, only } from '../support/gateway/fake-socket.js';
import { GatewayRig } from '../support/gateway/gateway-rig.js';

const ACCOUNT = 77;
const KEY = 5;

/** Report numbers of the trades sent to a session since the last look. */
function reportsOf(rig: GatewayRig, session: Session): number[] {
  return only(rig.socketOf(session).take(), 'trade').map(({ reportSequence }) => reportSequence);
}

/** A maker trade of an account: a report that answers nobody. */
function trade(rig: GatewayRig, sequence: number, reportSequence: number, accountId = ACCOUNT): void {
  rig
    .at(sequence)
    .event('trade', { reportSequence, instrumentId: 1, liquidity: Liquidity.maker }, { accountId });
}

describe('on an event loop', () => {
  /** A gateway that runs, with one session; all that was published so far is taken. */
  async function start(): Promise<{ rig: GatewayRig; session: Session; polls: () => number }> {
    const rig = new GatewayRig();
    rig.open();
    const session = rig.logOn(KEY, rig.registerKey(KEY, ACCOUNT));
    const poll = vi.spyOn(rig.gateway, 'poll');
    rig.gateway.start();
    onTestFinished(() => rig.gateway.close());
    await delay(20);
    poll.mockClear();
    return { rig, session, polls: () => poll.mock.calls.length };
  }

  test('events that wait for the disk do not wake it; the disk does', async () => {
    const { rig, session, polls } = await start();
    trade(rig, 2, 1);
    rig.counters.set(Counter.logicProcessed, 2);
    await delay(20);
    expect(polls()).toBe(0);
    rig.commit(2);
    await vi.waitUntil(() => rig.socketOf(session).frames.length > 0);
    expect(reportsOf(rig, session)).toEqual([1]);
    expect(polls()).toBe(1);
  });

  test('when the disk was faster, the events wake it', async () => {
    const { rig, session } = await start();
    rig.commit(2);
    await delay(20);
    trade(rig, 2, 1);
    await vi.waitUntil(() => rig.socketOf(session).frames.length > 0);
    expect(reportsOf(rig, session)).toEqual([1]);
  });

  test('it is woken again and again, in either order', async () => {
    const { rig, session } = await start();
    for (let sequence = 2; sequence < 40; sequence++) {
      if (sequence % 3 !== 0) rig.commit(sequence);
      if (sequence % 4 === 0) await delay(1);
      trade(rig, sequence, sequence - 1);
      rig.counters.set(Counter.logicProcessed, sequence);
      if (sequence % 5 === 0) await delay(1);
      rig.commit(sequence);
    }
    const heard: number[] = [];
    await vi.waitUntil(() => heard.push(...reportsOf(rig, session)) === 38);
    expect(heard).toEqual(Array.from({ length: 38 }, (_, i) => i + 1));
  });
});

describe('the commit gate', () => {
  test('lets no event out before its command is committed', () => {
    const rig = new GatewayRig();
    rig.open();
    const session = rig.logOn(KEY, rig.registerKey(KEY, ACCOUNT));
    trade(rig, 2, 1);
    trade(rig, 3, 2);
    rig.gateway.poll();
    expect(rig.socketOf(session).frames).toEqual([]);
    rig.commit(2);
    rig.gateway.poll();
    expect(reportsOf(rig, session)).toEqual([1]);
    rig.commit(3);
    rig.gateway.poll();
    expect(reportsOf(rig, session)).toEqual([2]);
  });

  test('holds back market data, keys and instruments too', () => {
    const rig = new GatewayRig();
    rig.open();
    const session = rig.logOn(KEY, rig.registerKey(KEY, ACCOUNT));
    rig.at(2).event('instrumentListed', { instrumentId: 1, symbol: 'A-B' });
    rig.gateway.poll();
    rig.gateway.receive(session, encodeFrame('subscribe', { instrumentId: 1, channels: 3 }), true);
    const said = rig.socketOf(session).take();
    expect(said.map(({ name }) => name)).toEqual(['sessionReject']);
    rig.commit(2);
    rig.gateway.poll();
    expect(only(rig.socketOf(session).take(), 'instrumentListed')).toMatchObject([{ symbol: 'A-B' }]);
  });

  test('closed, holds up the output ring', () => {
    const rig = new GatewayRig({}, { input: 64, output: 4 });
    rig.open();
    for (let i = 1; i <= 4; i++) trade(rig, 2, i);
    rig.gateway.poll();
    expect(() => trade(rig, 2, 5)).toThrow('full');
    rig.commit(2);
    rig.gateway.poll();
    trade(rig, 2, 5);
  });

  test('is not asked while the node does not lead: recovery and standby only record', () => {
    const rig = new GatewayRig({}, { input: 64, output: 4 });
    for (let i = 1; i <= 100; i++) {
      trade(rig, i, i);
      rig.gateway.poll();
    }
    const pair = rig.registerKey(KEY, ACCOUNT, 100);
    rig.lead();
    rig.at(101).event('epochChanged', { epoch: 1 });
    rig.counters.set(Counter.logicProcessed, 101);
    rig.commit(101);
    rig.gateway.poll();
    const session = rig.connect();
    rig.gateway.receive(session, rig.logonFrame(session, KEY, pair, { lastReportSequence: 97 }), true);
    expect(reportsOf(rig, session)).toEqual([98, 99, 100]);
  });
});

describe('reports', () => {
  test('of one step go to a session in one frame', () => {
    const rig = new GatewayRig();
    rig.open();
    const session = rig.logOn(KEY, rig.registerKey(KEY, ACCOUNT));
    for (let i = 1; i <= 5; i++) trade(rig, 2, i);
    rig.commit(2);
    rig.gateway.poll();
    expect(rig.socketOf(session).frames).toHaveLength(1);
    expect(reportsOf(rig, session)).toEqual([1, 2, 3, 4, 5]);
  });

  test('carry the event as it is in the slot', () => {
    const rig = new GatewayRig();
    rig.open();
    const session = rig.logOn(KEY, rig.registerKey(KEY, ACCOUNT));
    const fields = {
      reportSequence: 1,
      clientSequence: 4,
      orderId: 12,
      clientOrderId: 2n ** 63n,
      instrumentId: 3,
    };
    rig.at(9).event('accepted', fields, { accountId: ACCOUNT, sessionId: KEY }).commit(9);
    rig.gateway.poll();
    expect(only(rig.socketOf(session).take(), 'accepted')).toMatchObject([
      { ...fields, sequence: 9, timestampUs: rig.nowUs, index: 0, sessionId: KEY },
    ]);
  });

  test('are not changed by what comes into the ring later', () => {
    const rig = new GatewayRig();
    rig.open();
    const session = rig.logOn(KEY, rig.registerKey(KEY, ACCOUNT));
    trade(rig, 2, 1);
    rig.commit(2);
    rig.gateway.poll();
    rig.outputRing.bytes.fill(0xff);
    expect(reportsOf(rig, session)).toEqual([1]);
  });

  test('go to all sessions of the account and to no other', () => {
    const rig = new GatewayRig();
    rig.open();
    const first = rig.logOn(KEY, rig.registerKey(KEY, ACCOUNT));
    const second = rig.logOn(6, rig.registerKey(6, ACCOUNT));
    const stranger = rig.logOn(7, rig.registerKey(7, 78));
    trade(rig, 2, 1);
    rig.commit(2);
    rig.gateway.poll();
    expect([first, second, stranger].map((session) => reportsOf(rig, session))).toEqual([[1], [1], []]);
  });

  test('that answer an admin go to it and to the account they are about', () => {
    const rig = new GatewayRig();
    rig.open();
    const admin = rig.logOn(1, rig.registerKey(1, 0), Permission.admin);
    const holder = rig.logOn(KEY, rig.registerKey(KEY, ACCOUNT));
    rig
      .at(2)
      .event('balanceChanged', { reportSequence: 1, clientSequence: 3 }, { accountId: ACCOUNT, sessionId: 1 })
      .event('rejected', { clientSequence: 4, code: 5001 }, { sessionId: 1 })
      .commit(2);
    rig.gateway.poll();
    expect(
      rig
        .socketOf(admin)
        .take()
        .map(({ name }) => name),
    ).toEqual(['balanceChanged', 'rejected']);
    expect(
      rig
        .socketOf(holder)
        .take()
        .map(({ name }) => name),
    ).toEqual(['balanceChanged']);
  });

  test('answer a session once, though it is one of the account too', () => {
    const rig = new GatewayRig();
    rig.open();
    const session = rig.logOn(KEY, rig.registerKey(KEY, ACCOUNT));
    const fields = { reportSequence: 1, clientSequence: 1 };
    rig.at(2).event('massCancelled', fields, { accountId: ACCOUNT, sessionId: KEY }).commit(2);
    rig.gateway.poll();
    expect(only(rig.socketOf(session).take(), 'massCancelled')).toHaveLength(1);
  });

  test('are counted', () => {
    const rig = new GatewayRig();
    rig.open();
    rig.logOn(KEY, rig.registerKey(KEY, ACCOUNT));
    const before = rig.counters.get(Counter.gatewayReports);
    trade(rig, 2, 1);
    rig.commit(2);
    rig.gateway.poll();
    expect(rig.counters.get(Counter.gatewayReports)).toBe(before + 1);
  });
});

describe('missed reports', () => {
  /** A rig whose account has reports 1 to `count`. */
  function rigWithReports(
    count: number,
    options = {},
  ): { rig: GatewayRig; session: Session; socket: FakeSocket } {
    const rig = new GatewayRig({ reportRetention: 1024, ...options });
    rig.open();
    for (let i = 1; i <= count; i++) {
      trade(rig, 2, i);
      if (i % 500 === 0) rig.commit(2).gateway.poll();
    }
    rig.commit(2).gateway.poll();
    const session = rig.connect();
    return { rig, session, socket: rig.socketOf(session) };
  }

  test.each([
    [-1, []],
    [0, [1, 2, 3, 4, 5]],
    [3, [4, 5]],
    [5, []],
  ])('after number %i are exactly %j', (lastReportSequence, wanted) => {
    const { rig, session, socket } = rigWithReports(5);
    rig.gateway.receive(
      session,
      rig.logonFrame(session, KEY, rig.registerKey(KEY, ACCOUNT), { lastReportSequence }),
      true,
    );
    const said = socket.take();
    expect(only(said, 'trade').map(({ reportSequence }) => reportSequence)).toEqual(wanted);
    expect(said.at(-1)).toMatchObject({ name: 'resendComplete', fields: { lastReportSequence: 5 } });
  });

  test.each([
    ['no longer kept', 10],
    ['beyond the newest', 1101],
  ])('that are %s need a snapshot', (_why, lastReportSequence) => {
    const { rig, session, socket } = rigWithReports(1100);
    rig.gateway.receive(
      session,
      rig.logonFrame(session, KEY, rig.registerKey(KEY, ACCOUNT), { lastReportSequence }),
      true,
    );
    const said = socket.take();
    expect(only(said, 'trade')).toEqual([]);
    expect(said.at(-1)).toMatchObject({ name: 'snapshotRequired', fields: { lastReportSequence: 1100 } });
    trade(rig, 3, 1101);
    rig.commit(3).gateway.poll();
    expect(reportsOf(rig, session)).toEqual([1101]);
  });

  test('are sent no faster than the socket takes them, and live ones wait their turn', () => {
    const { rig, session, socket } = rigWithReports(1000, {
      softLimitBytes: 40_000,
      hardLimitBytes: 100_000,
    });
    const pair = rig.registerKey(KEY, ACCOUNT);
    socket.take();
    socket.isStuck = true;
    rig.gateway.receive(session, rig.logonFrame(session, KEY, pair, { lastReportSequence: 0 }), true);
    trade(rig, 3, 1001);
    rig.commit(3).gateway.poll();
    for (let i = 0; i < 10; i++) rig.pass(50);
    expect(socket.bufferedAmount).toBeLessThan(80_000);
    expect(socket.isTerminated).toBe(false);
    const numbers: number[] = [];
    const ends: number[] = [];
    for (let round = 0; round < 100 && ends.length === 0; round++) {
      const said = socket.take();
      numbers.push(...only(said, 'trade').map(({ reportSequence }) => reportSequence));
      ends.push(...only(said, 'resendComplete').map(({ lastReportSequence }) => lastReportSequence));
      socket.flush();
      rig.pass(50);
    }
    expect(numbers).toEqual(Array.from({ length: 1001 }, (_, i) => i + 1));
    expect(ends).toEqual([1001]);
    trade(rig, 4, 1002);
    rig.commit(4).gateway.poll();
    expect(reportsOf(rig, session)).toEqual([1002]);
  });

  test('can be asked for on a session that is open', () => {
    const { rig, session } = rigWithReports(5);
    rig.gateway.receive(session, rig.logonFrame(session, KEY, rig.registerKey(KEY, ACCOUNT)), true);
    rig.socketOf(session).take();
    rig.gateway.receive(session, encodeFrame('resendRequest', { lastReportSequence: 2 }), true);
    expect(reportsOf(rig, session)).toEqual([3, 4, 5]);
  });

  test('of an admin are the answers to its commands, by their numbers', () => {
    const rig = new GatewayRig();
    rig.open();
    const pair = rig.registerKey(1, 0);
    for (const clientSequence of [1, 2, 3]) {
      rig.at(2).event('accountOpened', { accountId: 10 + clientSequence, clientSequence }, { sessionId: 1 });
    }
    rig.at(2).event('rejected', { clientSequence: 1, code: RejectCode.DUPLICATE_COMMAND }, { sessionId: 1 });
    rig.commit(2).gateway.poll();
    const session = rig.connect(Permission.admin);
    rig.gateway.receive(session, rig.logonFrame(session, 1, pair, { lastReportSequence: 1 }), true);
    const said = rig.socketOf(session).take();
    expect(only(said, 'accountOpened').map(({ accountId }) => accountId)).toEqual([12, 13]);
    expect(only(said, 'rejected')).toEqual([]);
    expect(only(said, 'logonAccepted')).toMatchObject([{ lastClientSequence: 3, lastReportSequence: 3 }]);
  });
});

describe('a slow reader', () => {
  test('is dropped at the hard limit, and counted; the others get theirs', () => {
    const rig = new GatewayRig({ softLimitBytes: 500, hardLimitBytes: 1000 });
    rig.open();
    const slow = rig.logOn(KEY, rig.registerKey(KEY, ACCOUNT));
    const good = rig.logOn(6, rig.registerKey(6, ACCOUNT));
    rig.socketOf(slow).isStuck = true;
    for (let i = 1; i <= 12; i++) {
      trade(rig, 2, i);
      rig.commit(2).gateway.poll();
    }
    expect(rig.socketOf(slow).isTerminated).toBe(true);
    expect(rig.socketOf(slow).bufferedAmount).toBeLessThanOrEqual(1000);
    expect(rig.counters.get(Counter.gatewaySlowReaders)).toBe(1);
    expect(reportsOf(rig, good)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    expect(rig.counters.get(Counter.gatewaySessions)).toBe(1);
  });

  test('that stays behind for five seconds is dropped', () => {
    const rig = new GatewayRig({ softLimitBytes: 50, hardLimitBytes: 1000 });
    rig.open();
    const slow = rig.logOn(KEY, rig.registerKey(KEY, ACCOUNT));
    rig.socketOf(slow).isStuck = true;
    trade(rig, 2, 1);
    rig.commit(2).gateway.poll();
    rig.pass(50);
    rig.pass(4999);
    expect(rig.socketOf(slow).isTerminated).toBe(false);
    rig.pass(1);
    expect(rig.socketOf(slow).isTerminated).toBe(true);
  });

  test('misses market data, and gets a new snapshot when it has caught up', () => {
    const rig = new GatewayRig({ softLimitBytes: 100, hardLimitBytes: 100_000 });
    rig.open();
    rig.at(2).event('instrumentListed', { instrumentId: 1, symbol: 'A-B' }).commit(2).gateway.poll();
    const session = rig.logOn(KEY, rig.registerKey(KEY, ACCOUNT));
    const socket = rig.socketOf(session);
    rig.gateway.receive(session, encodeFrame('subscribe', { instrumentId: 1, channels: 1 }), true);
    socket.take();
    const delta = (bookSequence: number): void => {
      const level = { bookSequence, levelLots: 5, orderCount: 1, instrumentId: 1, priceTicks: bookSequence };
      rig.at(2).event('bookDelta', { ...level, side: Side.buy });
      rig.gateway.poll();
    };
    delta(1);
    socket.bufferedAmount = 101;
    delta(2);
    delta(3);
    rig.pass(50);
    expect(only(socket.take(), 'bookLevel').map(({ bookSequence }) => bookSequence)).toEqual([1]);
    socket.bufferedAmount = 0;
    rig.pass(50);
    delta(4);
    const levels = only(socket.take(), 'bookLevel');
    expect(levels.map(({ bookSequence, priceTicks, flags }) => [bookSequence, priceTicks, flags])).toEqual([
      [3, 3, 1 | 2],
      [3, 2, 1],
      [3, 1, 1 | 4],
      [4, 4, 0],
    ]);
  });
});

describe('market data', () => {
  function marketRig(): { rig: GatewayRig; session: Session } {
    const rig = new GatewayRig();
    rig.open();
    rig.at(2).event('instrumentListed', { instrumentId: 1, symbol: 'A-B' }).commit(2).gateway.poll();
    return { rig, session: rig.logOn(KEY, rig.registerKey(KEY, ACCOUNT)) };
  }

  test('starts with a snapshot, best levels first, and goes on with numbered changes', () => {
    const { rig, session } = marketRig();
    const level = (bookSequence: number, side: number, priceTicks: number, levelLots: number): void => {
      rig.event('bookDelta', { bookSequence, levelLots, orderCount: 2, instrumentId: 1, priceTicks, side });
    };
    rig.at(2);
    level(1, Side.buy, 10, 5);
    level(2, Side.buy, 11, 6);
    level(3, Side.sell, 15, 7);
    level(4, Side.sell, 13, 8);
    level(5, Side.buy, 9, 1);
    level(6, Side.buy, 9, 0);
    rig.gateway.poll();
    rig.gateway.receive(session, encodeFrame('subscribe', { instrumentId: 1, channels: 1 }), true);
    rig.at(2);
    level(7, Side.buy, 11, 2);
    rig.gateway.poll();
    const levels = only(rig.socketOf(session).take(), 'bookLevel');
    expect(
      levels.map(({ side, priceTicks, levelLots, flags }) => [side, priceTicks, levelLots, flags]),
    ).toEqual([
      [Side.buy, 11, 6, 1 | 2],
      [Side.buy, 10, 5, 1],
      [Side.sell, 13, 8, 1],
      [Side.sell, 15, 7, 1 | 4],
      [Side.buy, 11, 2, 0],
    ]);
    expect(levels.map(({ bookSequence }) => bookSequence)).toEqual([6, 6, 6, 6, 7]);
  });

  test('of an empty book is one message that says so', () => {
    const { rig, session } = marketRig();
    rig.gateway.receive(session, encodeFrame('subscribe', { instrumentId: 1, channels: 1 }), true);
    expect(only(rig.socketOf(session).take(), 'bookLevel').map(({ flags }) => flags)).toEqual([
      1 | 2 | 4 | 8,
    ]);
  });

  test('has each trade once on the tape, from the taker side', () => {
    const { rig, session } = marketRig();
    rig.gateway.receive(session, encodeFrame('subscribe', { instrumentId: 1, channels: 2 }), true);
    const fields = { tradeId: 9, instrumentId: 1, priceTicks: 10, quantityLots: 3 };
    rig
      .at(3)
      .event(
        'trade',
        { ...fields, reportSequence: 1, side: Side.sell, liquidity: Liquidity.maker },
        { accountId: 90 },
      )
      .event(
        'trade',
        { ...fields, reportSequence: 1, side: Side.buy, liquidity: Liquidity.taker },
        { accountId: 91 },
      )
      .commit(3);
    rig.gateway.poll();
    const said = rig.socketOf(session).take();
    expect(only(said, 'trade')).toEqual([]);
    expect(only(said, 'publicTrade')).toMatchObject([
      { ...fields, sequence: 3, timestampUs: rig.nowUs, takerSide: Side.buy },
    ]);
  });

  test('ends when it is unsubscribed', () => {
    const { rig, session } = marketRig();
    rig.gateway.receive(session, encodeFrame('subscribe', { instrumentId: 1, channels: 3 }), true);
    rig.gateway.receive(session, encodeFrame('unsubscribe', { instrumentId: 1, channels: 3 }), true);
    rig.socketOf(session).take();
    rig
      .at(2)
      .event('bookDelta', { bookSequence: 1, levelLots: 1, instrumentId: 1, priceTicks: 1, side: Side.buy });
    rig.gateway.poll();
    expect(rig.socketOf(session).take()).toEqual([]);
  });
});

test('a session that speaks MessagePack gets the same messages', () => {
  const rig = new GatewayRig();
  rig.open();
  const pair = rig.registerKey(KEY, ACCOUNT);
  const session = rig.connect(Permission.trade, true);
  const socket = rig.socketOf(session);
  const logon = encodeMsgpackFrame(decodeFrames(rig.logonFrame(session, KEY, pair)));
  expect(only(socket.takeMsgpack(), 'logonChallenge')).toHaveLength(1);
  rig.gateway.receive(session, logon, true);
  trade(rig, 2, 1);
  trade(rig, 2, 2);
  rig.commit(2).gateway.poll();
  const said = socket.takeMsgpack();
  expect(said.map(({ name }) => name)).toEqual(['logonAccepted', 'resendComplete', 'trade', 'trade']);
  expect(only(said, 'trade').map(({ reportSequence }) => reportSequence)).toEqual([1, 2]);
});

import { describe, expect, test } from 'vitest';
import { Permission, RejectCode } from '../../src/core/codes.js';
import { LogicVersion } from '../../src/core/logic-version.js';
import type { Session } from '../../src/gateway/session.js';
import { Counter } from '../../src/runtime/counters.js';
import { encodeMsgpackFrame } from '../../src/wire/msgpack-encoder.js';
import { encodeFrame } from '../../src/wire/sbe-frames.js';
import { Template } from '../../src/wire/schema.js';
import { only } from '../support/gateway/fake-socket.js';
import { GatewayRig, join } from '../support/gateway/gateway-rig.js';

const ACCOUNT = 77;
const KEY = 5;

function order(clientSequence: number): Uint8Array {
  return encodeFrame('newOrder', {
    clientSequence,
    clientOrderId: 1n,
    instrumentId: 1,
    priceTicks: 9,
  });
}

function cancel(clientSequence: number): Uint8Array {
  return encodeFrame('cancelOrder', { clientSequence, clientOrderId: 1n, instrumentId: 1 });
}

function openRig(
  options = {},
  capacity = { input: 64, output: 1024 },
): { rig: GatewayRig; session: Session } {
  const rig = new GatewayRig(options, capacity);
  rig.open();
  const session = rig.logOn(KEY, rig.registerKey(KEY, ACCOUNT));
  return { rig, session };
}

/** Codes of the sessionRejects sent to a session since the last look. */
function rejects(rig: GatewayRig, session: Session): [code: number, clientSequence: number][] {
  const messages = rig.socketOf(session).take();
  return only(messages, 'sessionReject').map(({ code, clientSequence }) => [code, clientSequence]);
}

describe('commands', () => {
  test('take account and session from the logon, sequence and time from the sequencer', async () => {
    const { rig, session } = openRig();
    rig.gateway.receive(session, order(1), true);
    await rig.turn();
    const [command] = rig.commands();
    expect(command).toMatchObject({
      name: 'newOrder',
      accountId: ACCOUNT,
      sessionId: KEY,
      sequence: 2,
      timestampUs: rig.nowUs,
      index: 0,
      fields: { clientSequence: 1, clientOrderId: 1n, priceTicks: 9 },
    });
  });

  test('of one frame are published together, at the end of the turn', async () => {
    const { rig, session } = openRig();
    rig.gateway.receive(session, join(order(1), cancel(2), order(3)), true);
    expect(rig.peekCommands()).toEqual([]);
    await rig.turn();
    expect(rig.commands().map(({ name, sequence }) => [name, sequence])).toEqual([
      ['newOrder', 2],
      ['cancelOrder', 3],
      ['newOrder', 4],
    ]);
  });

  test('leave no byte of an older command in the slot', async () => {
    const { rig, session } = openRig();
    rig.inputRing.bytes.fill(0xaa);
    rig.gateway.receive(session, cancel(1), true);
    await rig.turn();
    const wordIndex = rig.inputRing.wordIndex(2);
    const body = rig.inputRing.bytes.subarray(wordIndex * 4 + 32 + 20, wordIndex * 4 + 128);
    expect([...new Set(body)]).toEqual([0]);
  });

  test('come through MessagePack as they do through SBE', async () => {
    const { rig } = openRig();
    const pair = rig.registerKey(6, ACCOUNT);
    const session = rig.connect(Permission.trade, true);
    const logon = rig.logonFrame(session, 6, pair);
    const { decodeFrames } = await import('../../src/wire/sbe-frames.js');
    rig.gateway.receive(session, encodeMsgpackFrame(decodeFrames(logon)), true);
    const fields = { clientSequence: 1, clientOrderId: 2n ** 64n - 1n, instrumentId: 1 };
    rig.gateway.receive(session, encodeMsgpackFrame([{ name: 'cancelOrder', fields }]), true);
    await rig.turn();
    expect(rig.commands()).toMatchObject([{ name: 'cancelOrder', sessionId: 6, fields }]);
    expect(only(rig.socketOf(session).takeMsgpack(), 'logonAccepted')).toHaveLength(1);
  });

  test('get a time that never goes back when the clock does', async () => {
    const { rig, session } = openRig();
    rig.gateway.receive(session, order(1), true);
    await rig.turn();
    const before = rig.commands()[0]!.timestampUs;
    rig.nowUs -= 3_600_000_000;
    rig.gateway.receive(session, order(2), true);
    await rig.turn();
    expect(rig.commands()[0]!.timestampUs).toBe(before);
  });

  test('that add risk are refused while the disk is nearly full; cancels and administrators pass', async () => {
    const { rig, session } = openRig();
    rig.counters.set(Counter.lowDiskSpace, 1);
    const replace = encodeFrame('replaceOrder', { clientSequence: 2, clientOrderId: 1n, instrumentId: 1 });
    const massCancel = encodeFrame('massCancel', { clientSequence: 4 });
    rig.gateway.receive(session, join(order(1), replace, cancel(3), massCancel), true);
    expect(rejects(rig, session)).toEqual([
      [RejectCode.LOW_DISK_SPACE, 1],
      [RejectCode.LOW_DISK_SPACE, 2],
    ]);
    const admin = rig.logOn(1, rig.registerKey(1, 0), Permission.admin);
    rig.gateway.receive(admin, encodeFrame('withdraw', { clientSequence: 1, accountId: ACCOUNT }), true);
    await rig.turn();
    expect(rig.commands().map(({ name }) => name)).toEqual(['cancelOrder', 'massCancel', 'withdraw']);
    rig.counters.set(Counter.lowDiskSpace, 0);
    rig.gateway.receive(session, order(5), true);
    await rig.turn();
    expect(rig.commands().map(({ name }) => name)).toEqual(['newOrder']);
  });

  test('are refused with NOT_PERMITTED when they belong to the other port', async () => {
    const { rig, session } = openRig();
    rig.gateway.receive(session, encodeFrame('openAccount', { clientSequence: 1, accountId: 9 }), true);
    expect(rejects(rig, session)).toEqual([[RejectCode.NOT_PERMITTED, 1]]);
    const admin = rig.logOn(1, rig.registerKey(1, 0), Permission.admin);
    rig.gateway.receive(admin, order(4), true);
    expect(rejects(rig, admin)).toEqual([[RejectCode.NOT_PERMITTED, 4]]);
    rig.gateway.receive(admin, encodeFrame('openAccount', { clientSequence: 5, accountId: 9 }), true);
    await rig.turn();
    expect(rig.commands().map(({ name, accountId }) => [name, accountId])).toEqual([['openAccount', 0]]);
  });

  test('before the logon end the connection', () => {
    const { rig } = openRig();
    const stranger = rig.connect();
    rig.gateway.receive(stranger, order(1), true);
    expect(rejects(rig, stranger)).toEqual([[RejectCode.NOT_LOGGED_ON, 1]]);
    expect(rig.socketOf(stranger).closed).toEqual({ code: 4101, reason: 'NOT_LOGGED_ON' });
  });

  test.each([0, -1])('with the number %i are refused', (clientSequence) => {
    const { rig, session } = openRig();
    rig.gateway.receive(session, order(clientSequence), true);
    expect(rejects(rig, session)).toEqual([[RejectCode.BAD_FIELD, clientSequence]]);
    expect(session.isClosed).toBe(false);
  });
});

describe('a bad frame', () => {
  const bytes = (frame: Uint8Array, edit: (frame: Uint8Array) => void): Uint8Array => {
    edit(frame);
    return frame;
  };
  const ending: [name: string, frame: Uint8Array, isBinary: boolean, code: number][] = [
    ['is text', new TextEncoder().encode('hello'), false, RejectCode.MALFORMED_FRAME],
    ['is empty', new Uint8Array(), true, RejectCode.MALFORMED_FRAME],
    ['ends within a header', join(order(1), order(2).subarray(0, 5)), true, RejectCode.MALFORMED_FRAME],
    ['ends within a block', join(order(1), order(2).subarray(0, 20)), true, RejectCode.MALFORMED_FRAME],
    [
      'is of another schema',
      bytes(order(1), (frame) => frame.fill(9, 4, 6)),
      true,
      RejectCode.UNSUPPORTED_SCHEMA,
    ],
    [
      'is of another version',
      bytes(order(1), (frame) => frame.fill(9, 6, 8)),
      true,
      RejectCode.UNSUPPORTED_SCHEMA,
    ],
    [
      'has a wrong block length',
      bytes(order(1), (frame) => frame.fill(33, 0, 1)),
      true,
      RejectCode.BAD_BLOCK_LENGTH,
    ],
    [
      'skips an unknown message past its end',
      bytes(order(1), (frame) => frame.set([255, 0, 200, 1])),
      true,
      RejectCode.MALFORMED_FRAME,
    ],
  ];

  test.each(ending)(
    'that %s is refused whole and ends its session only',
    async (_name, frame, isBinary, code) => {
      const { rig, session } = openRig();
      const other = rig.logOn(6, rig.registerKey(6, 78));
      rig.gateway.receive(session, frame, isBinary);
      rig.gateway.receive(other, order(1), true);
      await rig.turn();
      const said = rig.socketOf(session).take();
      expect(only(said, 'sessionReject').map((reject) => reject.code)).toEqual([code]);
      expect(only(said, 'loggedOut').map((last) => last.code)).toEqual([code]);
      expect(rig.socketOf(session).closed?.code).toBe(4000 + (code % 1000));
      expect(rig.commands().map(({ sessionId }) => sessionId)).toEqual([6]);
      expect(rig.socketOf(other).take()).toEqual([]);
    },
  );

  test('with too many messages is refused whole; the session stays', async () => {
    const { rig, session } = openRig({ maxMessagesPerFrame: 2 });
    rig.gateway.receive(session, join(order(1), order(2), order(3)), true);
    rig.gateway.receive(session, join(order(4), order(5)), true);
    await rig.turn();
    expect(rejects(rig, session)).toEqual([[RejectCode.TOO_MANY_MESSAGES, 3]]);
    expect(rig.commands().map(({ fields }) => (fields as { clientSequence: number }).clientSequence)).toEqual(
      [4, 5],
    );
  });

  test('with an unknown message loses that one only', async () => {
    const { rig, session } = openRig();
    const unknown = order(1);
    unknown.set([200, 1], 2);
    rig.gateway.receive(session, join(order(1), unknown, order(2)), true);
    await rig.turn();
    expect(rejects(rig, session)).toEqual([[RejectCode.UNKNOWN_TEMPLATE, 0]]);
    expect(rig.commands()).toHaveLength(2);
  });

  test.each(['accepted', 'epochStarted', 'timeAdvanced', 'logonAccepted'] as const)(
    'with a message that is not for clients (%s) loses that one only',
    async (name) => {
      const { rig, session } = openRig();
      rig.gateway.receive(session, join(encodeFrame(name, {}), order(2)), true);
      await rig.turn();
      expect(rejects(rig, session)).toEqual([[RejectCode.UNKNOWN_TEMPLATE, 0]]);
      expect(rig.commands().map(({ name }) => name)).toEqual(['newOrder']);
    },
  );

  test('with a logic version that this release does not know is refused by name and never journaled', async () => {
    const { rig } = openRig();
    const session = rig.logOn(9, rig.registerKey(9, 0), Permission.admin);
    const activate = (clientSequence: number, logicVersion: number) =>
      encodeFrame('activateLogic', { clientSequence, logicVersion });
    rig.gateway.receive(session, join(activate(1, LogicVersion.newest + 1), activate(2, 2)), true);
    await rig.turn();
    expect(rejects(rig, session)).toEqual([[RejectCode.UNKNOWN_LOGIC_VERSION, 1]]);
    expect(rig.commands()).toMatchObject([{ name: 'activateLogic', fields: { logicVersion: 2 } }]);
  });

  test('with a 64-bit integer that is not safe loses that message only', async () => {
    const { rig, session } = openRig();
    const unsafe = order(1);
    unsafe.fill(0x7f, 8, 16);
    rig.gateway.receive(session, join(unsafe, order(2)), true);
    await rig.turn();
    expect(rejects(rig, session)).toEqual([[RejectCode.BAD_FIELD, 0]]);
    expect(rig.commands()).toHaveLength(1);
  });

  test('of MessagePack is refused whole with the field that is wrong', async () => {
    const { rig } = openRig();
    const pair = rig.registerKey(6, ACCOUNT);
    const session = rig.connect(Permission.trade, true);
    const { decodeFrames } = await import('../../src/wire/sbe-frames.js');
    rig.gateway.receive(session, encodeMsgpackFrame(decodeFrames(rig.logonFrame(session, 6, pair))), true);
    rig.socketOf(session).takeMsgpack();
    const { pack } = await import('msgpackr');
    rig.gateway.receive(session, pack({ type: 'massCancel', clientSequence: 1.5 }), true);
    const [reject] = only(rig.socketOf(session).takeMsgpack(), 'sessionReject');
    expect(reject).toMatchObject({ code: RejectCode.BAD_FIELD, refTemplateId: Template.massCancel });
    expect(reject!.text).toContain('clientSequence');
    expect(session.isClosed).toBe(false);
  });

  test('is not looked at once the session is over', async () => {
    const { rig, session } = openRig();
    rig.gateway.receive(session, new Uint8Array(), true);
    rig.socketOf(session).take();
    const rejected = rig.counters.get(Counter.gatewayRejects);
    rig.gateway.receive(session, order(1), true);
    rig.gateway.receive(session, new Uint8Array(), true);
    await rig.turn();
    expect(rig.commands()).toEqual([]);
    expect(rig.socketOf(session).frames).toEqual([]);
    expect(rig.counters.get(Counter.gatewayRejects)).toBe(rejected);
  });
});

describe('the rate limit', () => {
  test('refuses what is over it, before the ring, and lets go again with time', async () => {
    const { rig, session } = openRig({ messagesPerSecond: 4 });
    // The logon took the first token.
    rig.gateway.receive(session, join(order(1), order(2), order(3), order(4), order(5)), true);
    await rig.turn();
    expect(rejects(rig, session)).toEqual([
      [RejectCode.RATE_LIMITED, 4],
      [RejectCode.RATE_LIMITED, 5],
    ]);
    expect(rig.commands()).toHaveLength(3);
    rig.pass(500);
    rig.gateway.receive(session, join(order(6), order(7), order(8)), true);
    await rig.turn();
    expect(rejects(rig, session)).toEqual([[RejectCode.RATE_LIMITED, 8]]);
    expect(rig.commands()).toHaveLength(2);
  });

  test('ends a session that keeps breaking it', () => {
    const { rig, session } = openRig({ messagesPerSecond: 1, rateBreachLimit: 3 });
    for (let i = 1; i <= 4; i++) rig.gateway.receive(session, order(i), true);
    expect(session.isClosed).toBe(true);
    expect(rig.socketOf(session).closed).toEqual({ code: 4007, reason: 'RATE_LIMITED' });
  });
});

describe('a full input ring', () => {
  const numbers = (rig: GatewayRig): number[] =>
    rig.peekCommands().map(({ fields }) => (fields as { clientSequence: number }).clientSequence);

  test('answers BUSY to orders and keeps a reserve for cancels', async () => {
    const { rig, session } = openRig({ cancelReserve: 2 }, { input: 8, output: 64 });
    for (let i = 1; i <= 10; i++) {
      rig.gateway.receive(session, order(i), true);
      await rig.turn();
    }
    expect(numbers(rig)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(rejects(rig, session)).toEqual([7, 8, 9, 10].map((n) => [RejectCode.BUSY, n]));
    rig.gateway.receive(session, join(cancel(11), cancel(12), cancel(13)), true);
    rig.gateway.receive(session, encodeFrame('massCancel', { clientSequence: 14 }), true);
    await rig.turn();
    expect(numbers(rig)).toEqual([1, 2, 3, 4, 5, 6, 11, 12]);
    expect(rejects(rig, session)).toEqual([13, 14].map((n) => [RejectCode.BUSY, n]));
  });

  test('counts what is staged and not yet published', async () => {
    const { rig, session } = openRig({ cancelReserve: 2 }, { input: 8, output: 64 });
    rig.gateway.receive(session, join(...Array.from({ length: 10 }, (_, i) => order(i + 1))), true);
    await rig.turn();
    expect(numbers(rig)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('takes orders again when there is room', async () => {
    const { rig, session } = openRig({ cancelReserve: 2 }, { input: 8, output: 64 });
    for (let i = 1; i <= 7; i++) rig.gateway.receive(session, order(i), true);
    await rig.turn();
    rig.commands();
    rig.gateway.receive(session, order(8), true);
    await rig.turn();
    expect(numbers(rig)).toEqual([8]);
  });
});

describe('session messages', () => {
  test('ping is answered with the time that came and our own', () => {
    const { rig, session } = openRig();
    rig.gateway.receive(session, encodeFrame('ping', { clientTimeUs: 123 }), true);
    const said = rig.socketOf(session).take();
    expect(only(said, 'pong')).toEqual([{ clientTimeUs: 123, serverTimeUs: rig.nowUs }]);
  });

  test('subscribe to an unknown instrument is refused', () => {
    const { rig, session } = openRig();
    rig.gateway.receive(session, encodeFrame('subscribe', { instrumentId: 3, channels: 3 }), true);
    expect(rejects(rig, session)).toEqual([[RejectCode.UNKNOWN_INSTRUMENT, 0]]);
  });

  test('logout is answered and closes', () => {
    const { rig, session } = openRig();
    rig.gateway.receive(session, encodeFrame('logout', {}), true);
    expect(only(rig.socketOf(session).take(), 'loggedOut')).toEqual([{ code: 0, reserved0: 0 }]);
    expect(rig.socketOf(session).closed?.code).toBe(1000);
  });
});

/** Cancel on disconnect and public news, seen from the gateway. */
import { describe, expect, test } from 'vitest';
import { LogonFlag, MarketState, RejectCode } from '../../src/core/codes.js';
import type { Session } from '../../src/gateway/session.js';
import { encodeFrame } from '../../src/wire/sbe-frames.js';
import type { ApiKeyPair } from '../support/gateway/api-key-pair.js';
import { only } from '../support/gateway/fake-socket.js';
import { GatewayRig } from '../support/gateway/gateway-rig.js';

const ACCOUNT = 77;
const KEY = 5;
const FLAGS = LogonFlag.cancelOnDisconnect;

/** A session that asked for it, and the rest to log on again. */
function opened(flags: number = FLAGS, capacity = { input: 64, output: 1024 }) {
  const rig = new GatewayRig({ idleTimeoutMs: 60_000 }, capacity);
  rig.open();
  const pair = rig.registerKey(KEY, ACCOUNT);
  return { rig, pair, session: logOn(rig, pair, flags) };
}

function logOn(rig: GatewayRig, pair: ApiKeyPair, flags: number): Session {
  const session = rig.connect();
  rig.gateway.receive(session, rig.logonFrame(session, KEY, pair, { flags }), true);
  expect(only(rig.socketOf(session).take(), 'logonAccepted')).toHaveLength(1);
  return session;
}

/** The cancels published since this was last called. */
async function cancels(rig: GatewayRig) {
  await rig.turn();
  const commands = rig.commands().filter(({ name }) => name === 'cancelOnDisconnect');
  return commands.map(({ accountId, sessionId, fields }) => ({ accountId, sessionId, fields }));
}

const EXPECTED = [
  { accountId: ACCOUNT, sessionId: 0, fields: { clientSequence: 0, apiKeyId: KEY, reserved0: 0 } },
];

describe('a session that asked for cancel on disconnect', () => {
  test('leaves the cancel when it is silent for too long', async () => {
    const { rig } = opened();
    rig.pass(60_000);
    expect(await cancels(rig)).toEqual(EXPECTED);
  });

  test('leaves the cancel when it sends garbage', async () => {
    const { rig, session } = opened();
    rig.gateway.receive(session, new Uint8Array(3), true);
    expect(await cancels(rig)).toEqual(EXPECTED);
  });

  test('leaves the cancel when it is displaced, before the commands of the one after it', async () => {
    const { rig, pair } = opened();
    const newer = logOn(rig, pair, 0);
    rig.gateway.receive(newer, encodeFrame('massCancel', { clientSequence: 1 }), true);
    await rig.turn();
    expect(rig.commands().map(({ name }) => name)).toEqual(['cancelOnDisconnect', 'massCancel']);
  });

  test('leaves nothing when it logs out', async () => {
    const { rig, session } = opened();
    rig.gateway.receive(session, encodeFrame('logout', {}), true);
    expect(session.isClosed).toBe(true);
    expect(await cancels(rig)).toEqual([]);
  });

  test('leaves nothing when the node shuts down', async () => {
    const { rig, session } = opened();
    await rig.gateway.close();
    expect(session.isClosed).toBe(true);
    expect(await cancels(rig)).toEqual([]);
  });

  test('leaves the cancel as soon as there is room in the input ring', async () => {
    const { rig, session } = opened(FLAGS, { input: 8, output: 1024 });
    for (let clientSequence = 1; clientSequence <= 8; clientSequence++)
      rig.gateway.receive(session, encodeFrame('massCancel', { clientSequence }), true);
    await rig.turn();
    rig.gateway.receive(session, new Uint8Array(3), true);
    await rig.turn();
    expect(rig.peekCommands().map(({ name }) => name)).not.toContain('cancelOnDisconnect');
    rig.commands();
    rig.gateway.keepHouse();
    expect(await cancels(rig)).toEqual(EXPECTED);
  });
});

test('a session that did not ask for it leaves no cancel', async () => {
  const { rig } = opened(0);
  rig.pass(60_000);
  expect(await cancels(rig)).toEqual([]);
});

test('a logon with flags that are not known is refused', () => {
  const { rig, pair } = opened();
  const session = rig.connect();
  rig.gateway.receive(session, rig.logonFrame(session, KEY, pair, { flags: 2 }), true);
  expect(only(rig.socketOf(session).take(), 'sessionReject')).toMatchObject([{ code: RejectCode.BAD_FIELD }]);
});

test('every session is told the state of a market, also one that comes later', () => {
  const { rig, pair, session } = opened(0);
  const changed = { instrumentId: 3, state: MarketState.halted, previousState: MarketState.continuous };
  rig.at(2).event('marketStateChanged', changed).commit(2);
  rig.gateway.poll();
  expect(only(rig.socketOf(session).take(), 'marketStateChanged')).toMatchObject([changed]);
  const later = { ...changed, state: MarketState.continuous, previousState: MarketState.halted };
  rig.at(3).event('marketStateChanged', later).commit(3);
  rig.gateway.poll();
  const newer = rig.connect();
  rig.gateway.receive(newer, rig.logonFrame(newer, KEY, pair), true);
  expect(only(rig.socketOf(newer).take(), 'marketStateChanged')).toMatchObject([later]);
});

test('what an auction would do goes to those who have subscribed to the book', () => {
  const { rig, session } = opened(0);
  rig.at(2).event('instrumentListed', { symbol: 'X-USD', base: 'X', quote: 'USD', instrumentId: 1 });
  const indicated = { instrumentId: 1, priceTicks: 100, executableLots: 7, imbalanceLots: -2 };
  rig.event('auctionIndicated', indicated).commit(2);
  rig.gateway.poll();
  expect(only(rig.socketOf(session).take(), 'auctionIndicated')).toEqual([]);
  rig.gateway.receive(session, encodeFrame('subscribe', { instrumentId: 1, channels: 1 }), true);
  rig.at(3).event('auctionIndicated', indicated).commit(3);
  rig.gateway.poll();
  expect(only(rig.socketOf(session).take(), 'auctionIndicated')).toMatchObject([indicated]);
});

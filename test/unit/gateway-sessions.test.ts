import { describe, expect, test } from 'vitest';
import { Permission, RejectCode } from '../../src/core/codes.js';
import type { Session } from '../../src/gateway/session.js';
import { Counter } from '../../src/runtime/counters.js';
import { encodeFrame } from '../../src/wire/sbe-frames.js';
import { makeKeyPair } from '../support/gateway/api-key-pair.js';
import { only } from '../support/gateway/fake-socket.js';
import { CLUSTER_ID, GatewayRig } from '../support/gateway/gateway-rig.js';

const ACCOUNT = 77;
const KEY = 5;

/** Code of the sessionReject that ended a connection. */
function refusal(rig: GatewayRig, session: Session): number | undefined {
  const said = rig.socketOf(session).take();
  expect(only(said, 'logonAccepted')).toEqual([]);
  expect(rig.socketOf(session).closed).toBeDefined();
  return only(said, 'sessionReject')[0]?.code;
}

describe('a logon', () => {
  test('answers a challenge with 32 bytes that never come twice', () => {
    const rig = new GatewayRig();
    rig.open();
    const challenges = [rig.connect(), rig.connect()].map(
      (session) => only(rig.socketOf(session).take(), 'logonChallenge')[0]!,
    );
    expect(challenges[0]).toMatchObject({ clusterId: CLUSTER_ID, epoch: 1, isPrimary: 1 });
    expect(challenges[0]!.nonce).toHaveLength(32);
    expect(challenges[0]!.nonce).not.toEqual(challenges[1]!.nonce);
  });

  test('signed with the key is accepted', () => {
    const rig = new GatewayRig();
    rig.open();
    const pair = rig.registerKey(KEY, ACCOUNT);
    const session = rig.connect();
    rig.gateway.receive(session, rig.logonFrame(session, KEY, pair), true);
    const said = rig.socketOf(session).take();
    expect(only(said, 'logonAccepted')).toMatchObject([
      { apiKeyId: KEY, accountId: ACCOUNT, permissions: Permission.trade, lastClientSequence: 0, epoch: 1 },
    ]);
    expect(said.at(-1)!.name).toBe('resendComplete');
    expect(rig.counters.get(Counter.gatewaySessions)).toBe(1);
  });

  test('signed with another key is refused', () => {
    const rig = new GatewayRig();
    rig.open();
    rig.registerKey(KEY, ACCOUNT);
    const session = rig.connect();
    rig.gateway.receive(session, rig.logonFrame(session, KEY, makeKeyPair()), true);
    expect(refusal(rig, session)).toBe(RejectCode.LOGON_REFUSED);
  });

  test('with an unknown key is refused with the same words as a wrong signature', () => {
    const rig = new GatewayRig();
    rig.open();
    rig.registerKey(KEY, ACCOUNT);
    const texts = [KEY, 4_000_000_000].map((apiKeyId) => {
      const session = rig.connect();
      rig.gateway.receive(session, rig.logonFrame(session, apiKeyId, makeKeyPair()), true);
      return only(rig.socketOf(session).take(), 'sessionReject')[0]!.text;
    });
    expect(texts[0]).toBe(texts[1]);
  });

  test('with the signature of another connection is refused', () => {
    const rig = new GatewayRig();
    rig.open();
    const pair = rig.registerKey(KEY, ACCOUNT);
    const first = rig.connect();
    const frame = rig.logonFrame(first, KEY, pair);
    rig.gateway.receive(first, frame, true);
    const second = rig.connect();
    rig.gateway.receive(second, frame, true);
    expect(refusal(rig, second)).toBe(RejectCode.LOGON_REFUSED);
  });

  test('may be tried once only on a connection', () => {
    const rig = new GatewayRig();
    rig.open();
    const pair = rig.registerKey(KEY, ACCOUNT);
    const session = rig.connect();
    const good = rig.logonFrame(session, KEY, pair);
    rig.gateway.receive(session, rig.logonFrame(session, KEY, makeKeyPair()), true);
    rig.gateway.receive(session, good, true);
    expect(refusal(rig, session)).toBe(RejectCode.LOGON_REFUSED);
  });

  test('on a session that is logged on changes nothing', () => {
    const rig = new GatewayRig();
    rig.open();
    const pair = rig.registerKey(KEY, ACCOUNT);
    const session = rig.connect();
    const frame = rig.logonFrame(session, KEY, pair);
    rig.gateway.receive(session, frame, true);
    rig.socketOf(session).take();
    rig.gateway.receive(session, frame, true);
    const rejects = only(rig.socketOf(session).take(), 'sessionReject');
    expect(rejects.map(({ code }) => code)).toEqual([RejectCode.ALREADY_LOGGED_ON]);
    expect(session.isClosed).toBe(false);
  });

  test.each([-5001, 5001])('with a clock that is off by %i ms is refused and told so', (offMs) => {
    const rig = new GatewayRig();
    rig.open();
    const pair = rig.registerKey(KEY, ACCOUNT);
    const session = rig.connect();
    const timestampUs = rig.nowUs + offMs * 1000;
    rig.gateway.receive(session, rig.logonFrame(session, KEY, pair, { timestampUs }), true);
    const [reject] = only(rig.socketOf(session).take(), 'sessionReject');
    expect(reject!.code).toBe(RejectCode.LOGON_REFUSED);
    expect(reject!.text).toContain('clock');
  });

  test.each([-4999, 4999])('with a clock that is off by %i ms is accepted', (offMs) => {
    const rig = new GatewayRig();
    rig.open();
    const pair = rig.registerKey(KEY, ACCOUNT);
    const session = rig.connect();
    const timestampUs = rig.nowUs + offMs * 1000;
    rig.gateway.receive(session, rig.logonFrame(session, KEY, pair, { timestampUs }), true);
    expect(only(rig.socketOf(session).take(), 'logonAccepted')).toHaveLength(1);
  });

  test('with a trade key on the admin port, or the reverse, is refused', () => {
    const rig = new GatewayRig();
    rig.open();
    const trade = rig.registerKey(KEY, ACCOUNT);
    const admin = rig.registerKey(1, 0);
    const onAdmin = rig.connect(Permission.admin);
    rig.gateway.receive(onAdmin, rig.logonFrame(onAdmin, KEY, trade), true);
    expect(refusal(rig, onAdmin)).toBe(RejectCode.LOGON_REFUSED);
    const onClient = rig.connect(Permission.trade);
    rig.gateway.receive(onClient, rig.logonFrame(onClient, 1, admin), true);
    expect(refusal(rig, onClient)).toBe(RejectCode.LOGON_REFUSED);
  });

  test('is limited by address, and other addresses do not suffer', () => {
    const rig = new GatewayRig({ logonsPerSecondPerIp: 1 });
    rig.open();
    const pair = rig.registerKey(KEY, ACCOUNT);
    const codes = [1, 2, 3].map(() => {
      const session = rig.connect(Permission.trade, false, '10.0.0.1');
      rig.gateway.receive(session, rig.logonFrame(session, KEY, makeKeyPair()), true);
      return refusal(rig, session);
    });
    expect(codes).toEqual([RejectCode.LOGON_REFUSED, RejectCode.LOGON_REFUSED, RejectCode.RATE_LIMITED]);
    const other = rig.connect(Permission.trade, false, '10.0.0.2');
    rig.gateway.receive(other, rig.logonFrame(other, KEY, pair), true);
    expect(other.isAdmitted).toBe(true);
  });

  test('that names a report before the first is refused', () => {
    const rig = new GatewayRig();
    rig.open();
    const pair = rig.registerKey(KEY, ACCOUNT);
    const session = rig.connect();
    rig.gateway.receive(session, rig.logonFrame(session, KEY, pair, { lastReportSequence: -2 }), true);
    expect(refusal(rig, session)).toBe(RejectCode.BAD_FIELD);
  });

  test('that does not come in time ends the connection', () => {
    const rig = new GatewayRig();
    rig.open();
    const session = rig.connect();
    rig.pass(2999);
    expect(session.isClosed).toBe(false);
    rig.pass(1);
    expect(refusal(rig, session)).toBe(RejectCode.LOGON_TIMEOUT);
  });

  test('of a key that is logged on displaces the older session', async () => {
    const rig = new GatewayRig();
    rig.open();
    const pair = rig.registerKey(KEY, ACCOUNT);
    const older = rig.logOn(KEY, pair);
    const newer = rig.logOn(KEY, pair);
    expect(only(rig.socketOf(older).take(), 'loggedOut')).toMatchObject([
      { code: RejectCode.SESSION_DISPLACED },
    ]);
    expect(rig.socketOf(older).closed?.code).toBe(4107);
    rig.gateway.receive(older, encodeFrame('massCancel', { clientSequence: 1 }), true);
    rig.gateway.receive(newer, encodeFrame('massCancel', { clientSequence: 2 }), true);
    await rig.turn();
    expect(rig.commands().map(({ fields }) => (fields as { clientSequence: number }).clientSequence)).toEqual(
      [2],
    );
    expect(rig.counters.get(Counter.gatewaySessions)).toBe(1);
  });

  test('waits until the commands of the session before it are answered, so that numbers go on right', async () => {
    const rig = new GatewayRig();
    rig.open();
    const pair = rig.registerKey(KEY, ACCOUNT);
    const older = rig.logOn(KEY, pair);
    rig.gateway.receive(older, encodeFrame('massCancel', { clientSequence: 9 }), true);
    await rig.turn();
    const newer = rig.connect();
    rig.gateway.receive(newer, rig.logonFrame(newer, KEY, pair), true);
    expect(only(rig.socketOf(newer).take(), 'logonAccepted')).toEqual([]);
    rig
      .at(2)
      .event(
        'massCancelled',
        { clientSequence: 9, reportSequence: 1 },
        { accountId: ACCOUNT, sessionId: KEY },
      )
      .commit(2);
    rig.gateway.poll();
    expect(only(rig.socketOf(newer).take(), 'logonAccepted')).toMatchObject([
      { lastClientSequence: 9, lastReportSequence: 1 },
    ]);
  });
});

describe('a connection', () => {
  test('is pinged when it is quiet, and dropped when it stays so', () => {
    const rig = new GatewayRig({ pingIntervalMs: 20_000, idleTimeoutMs: 60_000 });
    rig.open();
    const session = rig.logOn(KEY, rig.registerKey(KEY, ACCOUNT));
    rig.pass(19_999);
    expect(rig.socketOf(session).pings).toBe(0);
    rig.pass(1);
    expect(rig.socketOf(session).pings).toBe(1);
    rig.pass(20_000);
    expect(rig.socketOf(session).pings).toBe(2);
    rig.pass(19_999);
    expect(session.isClosed).toBe(false);
    rig.pass(1);
    expect(only(rig.socketOf(session).take(), 'loggedOut')).toMatchObject([
      { code: RejectCode.IDLE_TIMEOUT },
    ]);
  });

  test('that says something is not dropped', () => {
    const rig = new GatewayRig({ idleTimeoutMs: 60_000 });
    rig.open();
    const session = rig.logOn(KEY, rig.registerKey(KEY, ACCOUNT));
    for (let i = 0; i < 5; i++) {
      rig.pass(40_000);
      rig.gateway.receive(session, encodeFrame('ping', { clientTimeUs: i }), true);
    }
    expect(session.isClosed).toBe(false);
  });
});

describe('a node', () => {
  test('that does not lead refuses logons with NOT_PRIMARY, and says so in its challenge', () => {
    const rig = new GatewayRig();
    const pair = rig.registerKey(KEY, ACCOUNT);
    const session = rig.connect();
    const frame = rig.logonFrame(session, KEY, pair);
    expect(only(rig.socketOf(session).take(), 'logonChallenge')[0]!.isPrimary).toBe(0);
    rig.gateway.receive(session, frame, true);
    expect(refusal(rig, session)).toBe(RejectCode.NOT_PRIMARY);
  });

  test('that leads takes no logon before its first command is committed and its events are taken', () => {
    const rig = new GatewayRig();
    rig.lead();
    rig.gateway.poll();
    expect(rig.gateway.isOpen).toBe(false);
    rig.commit(1);
    rig.gateway.poll();
    expect(rig.gateway.isOpen).toBe(false);
    rig.at(1).event('epochChanged', { epoch: 1 });
    rig.counters.set(Counter.logicProcessed, 1);
    rig.gateway.poll();
    expect(rig.gateway.isOpen).toBe(true);
  });

  test('stamps its first command with a time above that of the last one in the ring', () => {
    const rig = new GatewayRig();
    rig.open();
    rig.nowUs += 10_000_000;
    rig.pass(1000);
    const advanced = rig.commands();
    expect(advanced).toMatchObject([
      { name: 'timeAdvanced', sequence: 2, timestampUs: rig.nowUs, accountId: 0 },
    ]);
    rig.nowUs -= 60_000_000;
    rig.lead(2);
    expect(rig.commands()).toMatchObject([
      { name: 'epochStarted', sequence: 3, timestampUs: advanced[0]!.timestampUs, fields: { epoch: 2 } },
    ]);
  });

  test('that leads moves time on when nothing else does, and only then', async () => {
    const rig = new GatewayRig({ timeAdvanceMs: 1000 });
    rig.open();
    const session = rig.logOn(KEY, rig.registerKey(KEY, ACCOUNT));
    rig.pass(999);
    rig.gateway.receive(session, encodeFrame('massCancel', { clientSequence: 1 }), true);
    await rig.turn();
    rig.pass(999);
    expect(rig.commands().map(({ name }) => name)).toEqual(['massCancel']);
    rig.pass(1);
    expect(rig.commands().map(({ name }) => name)).toEqual(['timeAdvanced']);
  });

  test('that does not lead publishes nothing', () => {
    const rig = new GatewayRig();
    rig.pass(10_000);
    expect(rig.commands()).toEqual([]);
  });
});

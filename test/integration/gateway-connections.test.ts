import { get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { RejectCode } from '../../src/core/codes.js';
import { DEFAULT_GATEWAY_OPTIONS, type GatewayOptions } from '../../src/gateway/gateway-options.js';
import { Listener } from '../../src/gateway/listener.js';
import { ListenError } from '../../src/gateway/open-port.js';
import { Counter } from '../../src/runtime/counters.js';
import { encodeFrame } from '../../src/wire/sbe-frames.js';
import { makeKeyPair } from '../support/gateway/api-key-pair.js';
import { BUY, InProcessNode, limitOrder, SELL, until } from '../support/gateway/in-process-node.js';
import { RawSession } from '../support/gateway/raw-session.js';

const nodes: InProcessNode[] = [];
const sessions: RawSession[] = [];

afterEach(async () => {
  for (const session of sessions.splice(0)) session.socket.terminate();
  await Promise.all(nodes.splice(0).map((node) => node.close()));
});

/** A node with one account, and what its client needs to log on. */
async function startNode(gateway: Partial<GatewayOptions> = {}) {
  const node = await InProcessNode.start({ gateway });
  nodes.push(node);
  await node.listInstrument();
  return { node, account: await node.openAccount(1) };
}

function open(url: string, options: ConstructorParameters<typeof RawSession>[1] = {}): RawSession {
  const session = new RawSession(url, options);
  sessions.push(session);
  return session;
}

describe('an HTTP request', () => {
  test.each([
    ['no subprotocol', { protocols: [] }, {}, '400'],
    ['subprotocols of others', { protocols: ['graphql-ws'] }, {}, '400'],
    [
      'an origin that is not allowed',
      { origin: 'https://evil.example' },
      { allowedOrigins: ['https://a.example'] },
      '403',
    ],
  ])('with %s gets no WebSocket', async (_what, options, gateway, status) => {
    const { node } = await startNode(gateway);
    const session = open(node.clientUrl, options);
    await session.end();
    expect(session.error?.message).toContain(status);
  });

  test('with an origin that is allowed, or none, gets one', async () => {
    const { node } = await startNode({ allowedOrigins: ['https://a.example'] });
    await open(node.clientUrl, { origin: 'https://a.example' }).hear('logonChallenge');
    await open(node.clientUrl).hear('logonChallenge');
  });

  test('that wants no WebSocket is told what this is', async () => {
    const { node } = await startNode();
    const status = await new Promise((resolve, reject) => {
      get(node.clientUrl.replace('ws:', 'http:'), (response) => {
        response.resume();
        resolve(response.statusCode);
      }).on('error', reject);
    });
    expect(status).toBe(426);
  });

  test.each([
    ['in all', { maxConnections: 3 }],
    ['of one address', { maxConnectionsPerIp: 3 }],
  ])('over the cap of connections %s is refused, until one ends', async (_which, gateway) => {
    const { node } = await startNode(gateway);
    const first = open(node.clientUrl);
    await first.hear('logonChallenge');
    for (let i = 0; i < 2; i++) await open(node.clientUrl).hear('logonChallenge');
    const refused = open(node.clientUrl);
    await refused.end();
    expect(refused.error?.message).toContain('503');
    first.socket.terminate();
    await first.end();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await open(node.clientUrl).hear('logonChallenge');
  });
});

describe('a listener', () => {
  test('names the address of a port that is in use', async () => {
    const first = new Listener('client port', DEFAULT_GATEWAY_OPTIONS, () => {});
    const port = await first.listen(0);
    const second = new Listener('admin port', DEFAULT_GATEWAY_OPTIONS, () => {});
    const error = await second.listen(port).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ListenError);
    expect(error).toMatchObject({ code: 'EADDRINUSE' });
    expect((error as Error).message).toContain(`admin port: cannot listen on 127.0.0.1:${port}`);
    await first.close();
    await second.close();
  });

  test('without encryption is refused where other machines could reach it', async () => {
    const listener = new Listener('client port', { ...DEFAULT_GATEWAY_OPTIONS, host: '0.0.0.0' }, () => {});
    await expect(listener.listen(0)).rejects.toMatchObject({ code: 'INSECURE_LISTENER' });
    await listener.close();
  });

  test('of one node does not stay open when the other port cannot be had', async () => {
    const { node } = await startNode();
    const adminPort = Number(new URL(node.adminUrl).port);
    await expect(InProcessNode.start({ gateway: { adminPort } })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });
});

describe('a logon over the wire', () => {
  test('succeeds once with a signature and never again with the same', async () => {
    const { node, account } = await startNode();
    const first = open(node.clientUrl);
    const frame = await first.logonFrame(account.apiKeyId, account.signer);
    first.socket.send(frame);
    await first.hear('logonAccepted');
    const second = open(node.clientUrl);
    await second.hear('logonChallenge');
    second.socket.send(frame);
    expect((await second.hear('sessionReject')).code).toBe(RejectCode.LOGON_REFUSED);
    expect(await second.end()).toEqual({ code: 4102, reason: 'LOGON_REFUSED' });
    expect(first.closed).toBeUndefined();
  });

  test.each([
    ['a wrong signature', 0, (pair: { signer: (bytes: Uint8Array) => Uint8Array }) => pair.signer],
    ['an old timestamp', -6000, undefined],
    ['a timestamp of the future', 6000, undefined],
  ])('with %s is refused', async (_what, offMs, signerOf) => {
    const { node, account } = await startNode();
    const session = open(node.clientUrl);
    const signer = signerOf === undefined ? account.signer : signerOf(makeKeyPair());
    session.socket.send(await session.logonFrame(account.apiKeyId, signer, { offMs }));
    expect((await session.hear('sessionReject')).code).toBe(RejectCode.LOGON_REFUSED);
    await session.end();
  });

  test('of an unknown key is refused', async () => {
    const { node, account } = await startNode();
    const session = open(node.clientUrl);
    session.socket.send(await session.logonFrame(999, account.signer));
    expect((await session.hear('sessionReject')).code).toBe(RejectCode.LOGON_REFUSED);
    await session.end();
  });

  test('of a trade key on the admin port, and of the admin key on the public port, is refused', async () => {
    const { node, account } = await startNode();
    const onAdmin = open(node.adminUrl);
    onAdmin.socket.send(await onAdmin.logonFrame(account.apiKeyId, account.signer));
    expect(await onAdmin.end()).toMatchObject({ reason: 'LOGON_REFUSED' });
    const onPublic = open(node.clientUrl);
    onPublic.socket.send(await onPublic.logonFrame(1, node.adminPair.signer));
    expect(await onPublic.end()).toMatchObject({ reason: 'LOGON_REFUSED' });
  });

  test('that does not come ends the connection', async () => {
    const { node } = await startNode({ logonTimeoutMs: 100 });
    const session = open(node.clientUrl);
    expect((await session.hear('sessionReject')).code).toBe(RejectCode.LOGON_TIMEOUT);
    expect(await session.end()).toMatchObject({ reason: 'LOGON_TIMEOUT' });
  });
});

describe('a bad frame over the wire', () => {
  const kinds: [name: string, say: (session: RawSession) => void, close: number][] = [
    ['text', (session) => session.socket.send('{"type":"newOrder"}'), 4001],
    ['nothing', (session) => session.socket.send(new Uint8Array()), 4001],
    ['random bytes', (session) => session.socket.send(new Uint8Array(100).fill(0x5a)), 4003],
    ['too many bytes', (session) => session.socket.send(new Uint8Array(20_000)), 1009],
    [
      'too many fragments',
      (session) => {
        for (let i = 0; i < 8; i++) session.socket.send(new Uint8Array(4), { fin: false });
      },
      1008,
    ],
    [
      'a WebSocket frame that is none',
      (session) =>
        (session.socket as unknown as { _socket: Socket })._socket.write(
          Buffer.from([0xff, 0xff, 0xff, 0xff]),
        ),
      1002,
    ],
    [
      'a wrong block length',
      (session) => {
        const frame = encodeFrame('massCancel', { clientSequence: 1 });
        frame[0] = 12;
        session.socket.send(frame);
      },
      4004,
    ],
  ];

  test.each(kinds)('(%s) ends its session with a code, and harms no other', async (_name, say, code) => {
    const { node, account } = await startNode();
    const other = await node.openAccount(2);
    const good = await node.connect(other);
    const bad = open(node.clientUrl);
    await bad.logOn(account.apiKeyId, account.signer);
    say(bad);
    await good.newOrder(limitOrder(1, BUY, 100, 1));
    expect((await bad.end()).code).toBe(code);
    await good.newOrder(limitOrder(2, BUY, 100, 1));
    expect(good.isOpen).toBe(true);
    expect(node.counters.get(Counter.gatewayRejects)).toBeGreaterThan(0);
  });

  test('before the logon does not reach anything', async () => {
    const { node } = await startNode();
    const session = open(node.clientUrl);
    await session.hear('logonChallenge');
    session.socket.send(encodeFrame('massCancel', { clientSequence: 1 }));
    expect(await session.end()).toEqual({ code: 4101, reason: 'NOT_LOGGED_ON' });
  });
});

describe('a reader that does not read', () => {
  test('is dropped, and the others go on', async () => {
    const { node, account } = await startNode();
    const good = await node.connect(await node.openAccount(2));
    const maker = await node.connect(await node.openAccount(3));
    await Promise.all(
      maker.batch(() => Array.from({ length: 1000 }, (_, i) => maker.newOrder(limitOrder(i, BUY, 1 + i, 1)))),
    );
    const slow = open(node.clientUrl);
    await slow.logOn(account.apiKeyId, account.signer);
    slow.socket.pause();
    // Each asks for a snapshot of a thousand levels: 48 kB.
    const subscribe = encodeFrame('subscribe', { instrumentId: 1, channels: 1 });
    for (let i = 0; i < 1000 && node.counters.get(Counter.gatewaySlowReaders) === 0; i++) {
      slow.socket.send(subscribe);
      if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until('it is dropped', () => node.counters.get(Counter.gatewaySlowReaders) === 1);
    expect((await good.newOrder(limitOrder(1, SELL, 5000, 1))).name).toBe('accepted');
    slow.socket.resume();
    expect((await slow.end()).code).toBe(1006);
  });
});

describe('a silent connection', () => {
  test('is pinged, and dropped when nothing comes back', async () => {
    const { node, account } = await startNode({ pingIntervalMs: 50, idleTimeoutMs: 300 });
    const dead = open(node.clientUrl, { autoPong: false });
    const alive = open(node.clientUrl);
    await dead.logOn(account.apiKeyId, account.signer);
    const other = await node.openAccount(2);
    await alive.logOn(other.apiKeyId, other.signer);
    expect((await dead.hear('loggedOut')).code).toBe(RejectCode.IDLE_TIMEOUT);
    expect(await dead.end()).toEqual({ code: 4108, reason: 'IDLE_TIMEOUT' });
    expect(alive.closed).toBeUndefined();
  });
});

test('pings are counted in the rate limit', async () => {
  const { node, account } = await startNode({ messagesPerSecond: 20, rateBreachLimit: 5 });
  const session = open(node.clientUrl);
  await session.logOn(account.apiKeyId, account.signer);
  // One by one: more than four unanswered pings end a connection at once, whatever the rate.
  let pongs = 0;
  session.socket.on('pong', () => pongs++);
  for (let sent = 1; sent <= 100 && session.closed === undefined; sent++) {
    session.socket.ping();
    await until('it is answered', () => pongs === sent || session.closed !== undefined);
  }
  expect(await session.end()).toEqual({ code: 4007, reason: 'RATE_LIMITED' });
});

test('a connection that never becomes a WebSocket is closed', async () => {
  const { node } = await startNode();
  const socket = connect(Number(new URL(node.clientUrl).port), '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n');
  await new Promise((resolve) => socket.once('close', resolve).resume());
});

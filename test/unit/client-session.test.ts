import { beforeEach, describe, expect, test } from 'vitest';
import { RingfenceClient } from '../../src/client/client.js';
import type { ClientOptions } from '../../src/client/client-options.js';
import { ConnectionError, RingfenceError } from '../../src/client/ringfence-error.js';
import { RejectCode } from '../../src/core/codes.js';
import type { MessageName } from '../../src/wire/message-fields.js';
import { ScriptedSocket, settle } from '../support/gateway/scripted-gateway.js';

const KEY = 5;
const said = (name: MessageName, fields: object): { name: MessageName; fields: object } => ({ name, fields });
const challenge = (isPrimary = 1) => said('logonChallenge', { nonce: new Uint8Array(32), isPrimary });
const accepted = (fields: object = {}) =>
  said('logonAccepted', {
    apiKeyId: KEY,
    accountId: 77,
    permissions: 1,
    pingIntervalMs: 20_000,
    maxMessagesPerFrame: 3,
    ...fields,
  });
const complete = (lastReportSequence = 0) => said('resendComplete', { lastReportSequence });
const trade = (reportSequence: number) => said('trade', { reportSequence });
const orderAccepted = (clientSequence: number, reportSequence: number) =>
  said('accepted', { clientSequence, reportSequence, sessionId: KEY });
const ORDER = {
  clientOrderId: 1n,
  instrumentId: 1,
  priceTicks: 1,
  quantityLots: 1,
  side: 1,
  orderType: 1,
  timeInForce: 1,
};

beforeEach(() => {
  ScriptedSocket.all = [];
  ScriptedSocket.onConnect = () => {};
});

function makeClient(options: Partial<ClientOptions> = {}): RingfenceClient {
  return new RingfenceClient({
    urls: ['ws://a'],
    apiKeyId: KEY,
    signer: () => new Uint8Array(64),
    webSocket: ScriptedSocket,
    retryMinMs: 1,
    retryMaxMs: 2,
    ...options,
  });
}

/** The newest socket. */
function last(): ScriptedSocket {
  return ScriptedSocket.all.at(-1)!;
}

/** A client that is logged on, and its socket. */
async function openClient(
  options: Partial<ClientOptions> = {},
  logon: object = {},
): Promise<{ client: RingfenceClient; socket: ScriptedSocket }> {
  const client = makeClient(options);
  const connected = client.connect();
  const socket = last();
  socket.say(challenge());
  await settle();
  socket.say(accepted(logon), complete());
  await connected;
  socket.heard();
  return { client, socket };
}

/** Waits for the socket behind a lost one and logs on there. */
async function reopen(
  lost: ScriptedSocket,
  logon: object,
  ...resent: { name: MessageName; fields: object }[]
): Promise<ScriptedSocket> {
  while (last() === lost) await new Promise((resolve) => setTimeout(resolve, 1));
  const socket = last();
  socket.say(challenge());
  await settle();
  socket.say(accepted(logon), ...resent);
  return socket;
}

describe('connect', () => {
  test('answers the challenge with the signature and the last report seen', async () => {
    const client = makeClient({ resumeAfter: 12 });
    const connected = client.connect();
    last().say(challenge());
    await settle();
    expect(last().heard()).toMatchObject([
      { name: 'logon', fields: { apiKeyId: KEY, lastReportSequence: 12 } },
    ]);
    expect(last().binaryType).toBe('arraybuffer');
    last().say(accepted(), complete());
    await connected;
    expect(client.isOpen).toBe(true);
    client.close();
  });

  test('goes to the gateway that takes orders', async () => {
    ScriptedSocket.onConnect = (socket) => {
      socket.say(challenge(socket.url === 'ws://b' ? 1 : 0));
    };
    const client = makeClient({ urls: ['ws://a', 'ws://b'] });
    const connected = client.connect();
    await settle();
    expect(ScriptedSocket.all.map(({ url }) => url)).toEqual(['ws://a', 'ws://b']);
    last().say(accepted(), complete());
    await connected;
    client.close();
  });

  test('fails at once when the logon is refused', async () => {
    ScriptedSocket.onConnect = (socket) => {
      socket.say(challenge(), said('sessionReject', { code: RejectCode.LOGON_REFUSED, text: 'no' }));
    };
    const error = await makeClient()
      .connect()
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RingfenceError);
    expect(error).toMatchObject({ code: RejectCode.LOGON_REFUSED, name: 'LOGON_REFUSED', text: 'no' });
    expect(ScriptedSocket.all).toHaveLength(1);
  });

  test('tries again until time is up', async () => {
    ScriptedSocket.onConnect = (socket) => socket.break();
    const error = await makeClient({ connectTimeoutMs: 40 })
      .connect()
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(ScriptedSocket.all.length).toBeGreaterThan(2);
  });
});

describe('a command', () => {
  test('is numbered from behind the last one that was answered', async () => {
    const { client, socket } = await openClient({}, { lastClientSequence: 41 });
    const answer = client.newOrder(ORDER);
    expect(socket.heard()).toMatchObject([
      { name: 'newOrder', fields: { ...ORDER, clientSequence: 42, flags: 0 } },
    ]);
    socket.say(orderAccepted(42, 1));
    expect((await answer).name).toBe('accepted');
    client.close();
  });

  test('fails with the code of its reject', async () => {
    const { client, socket } = await openClient();
    const answer = client
      .cancelOrder({ clientOrderId: 1n, instrumentId: 1 })
      .catch((reason: unknown) => reason);
    const fields = { clientSequence: 1, reportSequence: 1, sessionId: KEY, code: RejectCode.UNKNOWN_ORDER };
    socket.say(said('rejected', fields));
    expect(await answer).toMatchObject({ code: RejectCode.UNKNOWN_ORDER, name: 'UNKNOWN_ORDER' });
    client.close();
  });

  test('fails with the code of the gateway that did not pass it on', async () => {
    const { client, socket } = await openClient();
    const answer = client.massCancel().catch((reason: unknown) => reason);
    socket.say(said('sessionReject', { clientSequence: 1, code: RejectCode.BUSY, text: 'later' }));
    expect(await answer).toMatchObject({ name: 'BUSY', text: 'later' });
    client.close();
  });

  test('is not answered by a report to another session of the account', async () => {
    const { client, socket } = await openClient();
    const answer = client.newOrder(ORDER);
    socket.say(said('accepted', { clientSequence: 1, reportSequence: 1, sessionId: KEY + 1, orderId: 1 }));
    socket.say(said('accepted', { clientSequence: 1, reportSequence: 2, sessionId: KEY, orderId: 2 }));
    expect((await answer).fields.orderId).toBe(2);
    client.close();
  });

  test('with a wrong field fails before it is sent', async () => {
    const { client, socket } = await openClient();
    await expect(client.newOrder({ ...ORDER, priceTicks: 1.5 })).rejects.toThrow('newOrder.priceTicks');
    expect(socket.heard()).toEqual([]);
    expect(client.pendingCount).toBe(0);
    client.close();
  });

  test('fails when the client is closed before the answer', async () => {
    const { client } = await openClient();
    const answer = client.massCancel().catch((reason: unknown) => reason);
    client.close();
    expect(await answer).toBeInstanceOf(RingfenceError);
    await expect(client.massCancel()).rejects.toThrow('NOT_LOGGED_ON');
  });

  test('of a batch shares a frame, of as many messages as the gateway takes', async () => {
    const { client, socket } = await openClient();
    client.batch(() => {
      for (let i = 0; i < 5; i++) client.massCancel().catch(() => {});
    });
    expect(socket.frames).toHaveLength(2);
    expect(socket.heard()).toHaveLength(5);
    client.close();
  });

  test('requestSnapshot gathers balances and orders', async () => {
    const { client, socket } = await openClient();
    const snapshot = client.requestSnapshot();
    const own = { clientSequence: 1, sessionId: KEY };
    socket.say(
      said('balanceChanged', { ...own, reportSequence: 1, asset: 'USD', available: 7 }),
      said('orderStatus', { ...own, reportSequence: 2, orderId: 3 }),
      said('snapshotEnd', { ...own, reportSequence: 3, balanceCount: 1, orderCount: 1 }),
    );
    expect(await snapshot).toMatchObject({
      balances: [{ asset: 'USD', available: 7 }],
      orders: [{ orderId: 3 }],
      lastReportSequence: 3,
    });
    client.close();
  });
});

describe('a lost connection', () => {
  test('is made again behind the last report; missed reports come once and in order', async () => {
    const { client, socket } = await openClient();
    const seen: number[] = [];
    client.on('trade', ({ reportSequence }) => seen.push(reportSequence));
    socket.say(trade(1), trade(2));
    socket.break();
    const again = await reopen(socket, {}, trade(2), trade(3), complete(3));
    expect(again.heard()).toMatchObject([{ name: 'logon', fields: { lastReportSequence: 2 } }]);
    again.say(trade(4));
    expect(seen).toEqual([1, 2, 3, 4]);
    await settle();
    expect(ScriptedSocket.all).toHaveLength(2);
    client.close();
  });

  test('does not lose a command: what was not answered is sent again under its number', async () => {
    const { client, socket } = await openClient();
    const answers = [client.newOrder(ORDER), client.newOrder(ORDER), client.newOrder(ORDER)];
    socket.say(orderAccepted(1, 1));
    socket.break();
    const again = await reopen(socket, { lastClientSequence: 2 }, orderAccepted(2, 2), complete(2));
    const numbers = again
      .heard()
      .flatMap(({ name, fields }) => (name === 'newOrder' ? [fields.clientSequence] : []));
    expect(numbers).toEqual([3]);
    again.say(orderAccepted(3, 3));
    expect((await Promise.all(answers)).map(({ fields }) => fields.clientSequence)).toEqual([1, 2, 3]);
    client.close();
  });

  test('keeps commands given meanwhile until it is back', async () => {
    const { client, socket } = await openClient();
    socket.break();
    const answer = client.newOrder(ORDER);
    const again = await reopen(socket, {}, complete());
    expect(again.heard().map(({ name }) => name)).toEqual(['logon', 'newOrder']);
    again.say(orderAccepted(1, 1));
    await answer;
    client.close();
  });

  test('makes nothing of a DUPLICATE_COMMAND whose answer has come before', async () => {
    const { client, socket } = await openClient();
    const rejected: number[] = [];
    client.on('rejected', ({ code }) => rejected.push(code));
    const answer = client.newOrder(ORDER);
    socket.break();
    const again = await reopen(socket, {}, complete());
    again.say(orderAccepted(1, 1));
    const fields = {
      clientSequence: 1,
      reportSequence: 2,
      sessionId: KEY,
      code: RejectCode.DUPLICATE_COMMAND,
    };
    again.say(said('rejected', fields));
    expect((await answer).name).toBe('accepted');
    expect(rejected).toEqual([]);
    client.close();
  });

  test('tells when a snapshot is required, and goes on', async () => {
    const { client, socket } = await openClient();
    const required: number[] = [];
    const seen: number[] = [];
    client.on('snapshotRequired', ({ lastReportSequence }) => required.push(lastReportSequence));
    client.on('trade', ({ reportSequence }) => seen.push(reportSequence));
    socket.break();
    const again = await reopen(socket, {}, said('snapshotRequired', { lastReportSequence: 900 }));
    again.say(trade(901));
    expect([required, seen]).toEqual([[900], [901]]);
    client.close();
  });

  test('subscribes again', async () => {
    const { client, socket } = await openClient();
    client.subscribe(3, ['book']);
    socket.break();
    const again = await reopen(socket, {}, complete());
    expect(again.heard()).toMatchObject([
      { name: 'logon' },
      { name: 'subscribe', fields: { instrumentId: 3, channels: 1 } },
    ]);
    client.close();
  });

  test('is not made again when another session took the key', async () => {
    const { client, socket } = await openClient();
    const closed: unknown[] = [];
    client.on('closed', ({ error }) => closed.push(error));
    const answer = client.massCancel().catch((reason: unknown) => reason);
    socket.say(said('loggedOut', { code: RejectCode.SESSION_DISPLACED }));
    socket.break();
    await settle();
    expect(closed).toMatchObject([{ name: 'SESSION_DISPLACED' }]);
    expect(await answer).toMatchObject({ name: 'SESSION_DISPLACED' });
    expect(ScriptedSocket.all).toHaveLength(1);
  });

  test('is given up after a while', async () => {
    const { client, socket } = await openClient({ reconnectTimeoutMs: 30 });
    const answer = client.massCancel().catch((reason: unknown) => reason);
    ScriptedSocket.onConnect = (next) => next.break();
    socket.break();
    expect(await answer).toBeInstanceOf(ConnectionError);
    expect(client.isOpen).toBe(false);
  });
});

describe('reports', () => {
  test('with a hole are asked for again, and nothing passes before it is filled', async () => {
    const { client, socket } = await openClient();
    const seen: number[] = [];
    client.on('trade', ({ reportSequence }) => seen.push(reportSequence));
    socket.say(trade(1), trade(4));
    expect(socket.heard()).toMatchObject([{ name: 'resendRequest', fields: { lastReportSequence: 1 } }]);
    socket.say(trade(5));
    expect(socket.heard()).toEqual([]);
    socket.say(trade(2), trade(3), trade(4), trade(5), complete(5), trade(6));
    expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
    client.close();
  });

  test('reach no listener that was taken away', async () => {
    const { client, socket } = await openClient();
    let count = 0;
    const off = client.on('trade', () => count++);
    socket.say(trade(1));
    off();
    socket.say(trade(2));
    expect(count).toBe(1);
    client.close();
  });
});

describe('an admin session', () => {
  const ADMIN = { accountId: 0, permissions: 2 };

  test('takes reports of accounts as answers, whatever their numbers', async () => {
    const { client, socket } = await openClient({}, ADMIN);
    const deposit = { transferId: 1n, amount: 5, accountId: 8, asset: 'USD' };
    const answers = [client.deposit(deposit), client.deposit({ ...deposit, transferId: 2n })];
    const balance = (clientSequence: number, reportSequence: number) =>
      said('balanceChanged', { clientSequence, reportSequence, sessionId: KEY, asset: 'USD' });
    socket.say(balance(1, 1000), balance(2, 20));
    expect((await Promise.all(answers)).map(({ fields }) => fields.reportSequence)).toEqual([1000, 20]);
    expect(client.lastReportSequence).toBe(2);
    client.close();
  });

  test('gets missed answers once', async () => {
    const { client, socket } = await openClient({}, ADMIN);
    const opened: number[] = [];
    client.on('accountOpened', ({ accountId }) => opened.push(accountId));
    const answers = [client.openAccount({ accountId: 8 }), client.openAccount({ accountId: 9 })];
    const answer = (clientSequence: number, accountId: number) =>
      said('accountOpened', { clientSequence, accountId, sessionId: KEY });
    socket.say(answer(1, 8));
    socket.break();
    const again = await reopen(
      socket,
      { ...ADMIN, lastClientSequence: 2 },
      answer(1, 8),
      answer(2, 9),
      complete(2),
    );
    await Promise.all(answers);
    expect(opened).toEqual([8, 9]);
    expect(again.heard()).toMatchObject([{ name: 'logon', fields: { lastReportSequence: 1 } }]);
    client.close();
  });

  test('has its listing answered, and everybody the instrument once', async () => {
    const { client, socket } = await openClient({}, ADMIN);
    const symbols: string[] = [];
    client.on('instrumentListed', ({ symbol }) => symbols.push(symbol));
    const listing = {
      symbol: 'A-B',
      base: 'A',
      quote: 'B',
      tickMantissa: 1,
      lotMantissa: 1,
      tickExponent: 0,
    };
    const answer = client.listInstrument({
      ...listing,
      lotExponent: 0,
      baseDecimals: 0,
      quoteDecimals: 0,
      marketProtectionPpm: 0,
    });
    const listed = said('instrumentListed', {
      ...listing,
      clientSequence: 1,
      sessionId: KEY,
      instrumentId: 4,
    });
    socket.say(listed);
    expect((await answer).fields.instrumentId).toBe(4);
    socket.say(listed);
    expect(symbols).toEqual(['A-B']);
    expect(client.instruments.get('A-B')?.instrumentId).toBe(4);
    client.close();
  });
});

test('a client without urls or without a WebSocket says what is missing', () => {
  expect(() => makeClient({ urls: [] })).toThrow('url');
  const platform = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket');
  Reflect.deleteProperty(globalThis, 'WebSocket');
  const { webSocket: _left, ...options } = {
    urls: ['ws://a'],
    apiKeyId: 1,
    signer: () => new Uint8Array(64),
    webSocket: undefined,
  };
  expect(() => new RingfenceClient(options)).toThrow('WebSocket');
  if (platform !== undefined) Object.defineProperty(globalThis, 'WebSocket', platform);
});

test('commands in MessagePack are the same commands', async () => {
  const client = makeClient({ subprotocol: 'msgpack' });
  void client.connect().catch(() => {});
  expect(last().protocols).toEqual(['ringfence.msgpack.v1']);
  client.close();
});

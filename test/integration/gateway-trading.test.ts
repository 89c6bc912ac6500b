import { generateKeyPairSync } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { rawPublicKey } from '../../journal/raw-public-key.js';
import { RingfenceClient } from '../../src/client/client.js';
import { webCryptoSigner } from '../../src/client/signer.js';
import { Liquidity, Permission, RejectCode } from '../../src/core/codes.js';
import { queryAccount, queryBook } from '../../src/core/queries.js';
import { freePort } from '../support/free-port.js';
import {
  BUY,
  InProcessNode,
  type InProcessNodeOptions,
  limitOrder,
  SELL,
  until,
} from '../support/gateway/in-process-node.js';

const nodes: InProcessNode[] = [];

afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.close()));
});

async function startNode(options: InProcessNodeOptions = {}): Promise<InProcessNode> {
  const node = await InProcessNode.start(options);
  nodes.push(node);
  return node;
}

/** A node with an instrument and accounts 1 to `count`. */
async function startMarket(count: number, options: InProcessNodeOptions = {}) {
  const node = await startNode(options);
  await node.listInstrument();
  const accounts = [];
  for (let accountId = 1; accountId <= count; accountId++) accounts.push(await node.openAccount(accountId));
  return { node, accounts };
}

/** A ws WebSocket whose connection a test can cut. */
class CuttableWebSocket extends WebSocket {
  static newest: CuttableWebSocket;

  constructor(url: string, protocols: string[]) {
    super(url, protocols);
    CuttableWebSocket.newest = this;
  }
}

describe.each(['sbe', 'msgpack'] as const)('over %s', (subprotocol) => {
  test('two accounts trade, and both are told', async () => {
    const { node, accounts } = await startMarket(2);
    const maker = await node.connect({ ...accounts[0]!, subprotocol });
    const taker = await node.connect({ ...accounts[1]!, subprotocol });
    const makerTrades: unknown[] = [];
    maker.on('trade', (trade) => makerTrades.push(trade));
    const takerTrades: unknown[] = [];
    taker.on('trade', (trade) => takerTrades.push(trade));
    const accepted = await maker.newOrder(limitOrder(7, SELL, 100, 5));
    expect(accepted.fields).toMatchObject({
      clientOrderId: 7n,
      priceTicks: 100,
      quantityLots: 5,
      reportSequence: 3,
    });
    await taker.newOrder(limitOrder(7, BUY, 101, 2));
    await until('both have heard', () => makerTrades.length + takerTrades.length === 2);
    expect(makerTrades).toMatchObject([
      { priceTicks: 100, quantityLots: 2, leavesLots: 3, side: SELL, liquidity: Liquidity.maker },
    ]);
    expect(takerTrades).toMatchObject([
      { priceTicks: 100, quantityLots: 2, leavesLots: 0, side: BUY, liquidity: Liquidity.taker },
    ]);
    const snapshot = await maker.requestSnapshot();
    expect(snapshot.balances).toMatchObject([
      { asset: 'AAA', available: 999_999_995, reserved: 3 },
      { asset: 'USD', available: 1_000_000_200, reserved: 0 },
    ]);
    expect(snapshot.orders).toMatchObject([{ clientOrderId: 7n, leavesLots: 3, cumulativeLots: 2 }]);
  });

  test('every order command is answered by its report, or by its reject', async () => {
    const { node, accounts } = await startMarket(1);
    const client = await node.connect({ ...accounts[0]!, subprotocol });
    await client.newOrder(limitOrder(1, BUY, 100, 5));
    const replaced = await client.replaceOrder({
      clientOrderId: 1n,
      newClientOrderId: 2n ** 64n - 1n,
      instrumentId: 1,
      priceTicks: 99,
      quantityLots: 4,
    });
    expect(replaced).toMatchObject({
      name: 'replaced',
      fields: { clientOrderId: 2n ** 64n - 1n, priceTicks: 99 },
    });
    const cancelled = await client.cancelOrder({ clientOrderId: 2n ** 64n - 1n, instrumentId: 1 });
    expect(cancelled.fields.quantityLots).toBe(4);
    await client.newOrder(limitOrder(3, BUY, 100, 5));
    await client.newOrder(limitOrder(4, BUY, 100, 5));
    expect((await client.massCancel()).fields.orderCount).toBe(2);
    await expect(client.newOrder(limitOrder(5, BUY, 100, 0))).rejects.toMatchObject({
      name: 'INVALID_QUANTITY',
    });
    await expect(client.newOrder(limitOrder(5, BUY, 100, 5, 9))).rejects.toMatchObject({
      name: 'UNKNOWN_INSTRUMENT',
    });
  });

  test('several commands share a frame', async () => {
    const { node, accounts } = await startMarket(1);
    const client = await node.connect({ ...accounts[0]!, subprotocol });
    const answers = client.batch(() =>
      Array.from({ length: 300 }, (_, i) => client.newOrder(limitOrder(i, BUY, 1 + (i % 50), 1))),
    );
    const sequences = (await Promise.all(answers)).map(({ fields }) => fields.sequence);
    expect(sequences).toEqual(sequences.map((_, i) => sequences[0]! + i));
    expect(queryAccount(node.core, 1)!.openOrderCount).toBe(300);
  });
});

test('an order of another account is unknown', async () => {
  const { node, accounts } = await startMarket(2);
  const owner = await node.connect(accounts[0]!);
  const other = await node.connect(accounts[1]!);
  await owner.newOrder(limitOrder(7, SELL, 100, 5));
  const refused = { code: RejectCode.UNKNOWN_ORDER };
  await expect(other.cancelOrder({ clientOrderId: 7n, instrumentId: 1 })).rejects.toMatchObject(refused);
  const replace = {
    clientOrderId: 7n,
    newClientOrderId: 8n,
    instrumentId: 1,
    priceTicks: 1,
    quantityLots: 1,
  };
  await expect(other.replaceOrder(replace)).rejects.toMatchObject(refused);
  expect((await other.massCancel()).fields.orderCount).toBe(0);
  expect(queryAccount(node.core, 1)!.openOrderCount).toBe(1);
});

test('admin commands are refused on the public port', async () => {
  const { node, accounts } = await startMarket(1);
  const client = await node.connect(accounts[0]!);
  const commands = node.journal.length;
  const refused = { name: 'NOT_PERMITTED' };
  await expect(client.openAccount({ accountId: 9 })).rejects.toMatchObject(refused);
  const money = { transferId: 99n, amount: 5, accountId: 1, asset: 'USD' };
  await expect(client.deposit(money)).rejects.toMatchObject(refused);
  await expect(client.withdraw(money)).rejects.toMatchObject(refused);
  const key = { accountId: 1, permissions: Permission.admin, publicKey: new Uint8Array(32).fill(1) };
  await expect(client.registerApiKey(key)).rejects.toMatchObject(refused);
  expect(node.journal.length).toBe(commands);
});

test('no answer leaves before its command is committed', async () => {
  const { node, accounts } = await startMarket(1);
  const client = await node.connect(accounts[0]!);
  node.holdCommits(true);
  let isAnswered = false;
  const answer = client.newOrder(limitOrder(1, BUY, 100, 5)).then(() => {
    isAnswered = true;
  });
  await until('the engine has done it', () => queryAccount(node.core, 1)!.openOrderCount === 1);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(isAnswered).toBe(false);
  node.holdCommits(false);
  await answer;
});

test('a full input ring answers BUSY, and takes cancels for longer', async () => {
  const { node, accounts } = await startMarket(1, { inputSlots: 64, gateway: { cancelReserve: 16 } });
  const client = await node.connect(accounts[0]!);
  node.stall(true);
  const orders = Array.from({ length: 60 }, (_, i) =>
    client.newOrder(limitOrder(i, BUY, 100, 1)).then(
      () => 'accepted',
      (error) => error.name,
    ),
  );
  const cancels = Array.from({ length: 20 }, (_, i) =>
    client.cancelOrder({ clientOrderId: BigInt(i), instrumentId: 1 }).then(
      () => 'cancelled',
      (error) => error.name,
    ),
  );
  await until('the rest is refused', () => client.pendingCount === 64);
  node.stall(false);
  const answers = await Promise.all([...orders, ...cancels]);
  const count = (name: string): number => answers.filter((answer) => answer === name).length;
  expect([count('accepted'), count('cancelled'), count('BUSY')]).toEqual([48, 16, 16]);
});

describe('market data', () => {
  test('of a subscriber is the book of the engine, and the tape its trades', async () => {
    const { node, accounts } = await startMarket(2);
    const [first, second] = [await node.connect(accounts[0]!), await node.connect(accounts[1]!)];
    for (let i = 0; i < 40; i++)
      await first.newOrder(limitOrder(i, i % 2 === 0 ? BUY : SELL, i % 2 === 0 ? 90 - i : 110 + i, 3));
    let tapeLots = 0;
    second.on('publicTrade', ({ quantityLots }) => {
      tapeLots += quantityLots;
    });
    second.subscribe(1);
    await until('the snapshot is there', () => second.book(1) !== undefined);
    for (let i = 0; i < 40; i++) await second.newOrder(limitOrder(i, i % 2 === 0 ? BUY : SELL, 80 + i, 2));
    const wanted = queryBook(node.core, 1, 1000);
    const levels = (side: 'bids' | 'asks') => {
      const { levelLots, orderCounts, priceTicks } = second.book(1)![side];
      return priceTicks.map((price, i) => ({
        priceTicks: price,
        levelLots: levelLots[i],
        orderCount: orderCounts[i],
      }));
    };
    await until('the last change is there', () => levels('bids').length === wanted.bids.length);
    expect(levels('bids')).toEqual(wanted.bids);
    expect(levels('asks')).toEqual(wanted.asks);
    const traded =
      1_000_000_000 - queryAccount(node.core, 2)!.balances.find(({ asset }) => asset === 'AAA')!.available;
    expect(traded).not.toBe(0);
    expect(tapeLots).toBeGreaterThan(0);
  });
});

describe('a client that was cut off', () => {
  test('gets every report it missed, once and in order, and loses no command', async () => {
    const { node, accounts } = await startMarket(2);
    const maker = await node.connect({ ...accounts[0]!, webSocket: CuttableWebSocket });
    const cut = CuttableWebSocket.newest;
    const taker = await node.connect(accounts[1]!);
    await maker.newOrder(limitOrder(1, SELL, 100, 1000));
    const reports: number[] = [];
    maker.on('trade', ({ reportSequence }) => reports.push(reportSequence));
    let losses = 0;
    maker.on('disconnected', () => losses++);
    await taker.newOrder(limitOrder(1, BUY, 100, 1));
    cut.terminate();
    for (let i = 2; i <= 50; i++) await taker.newOrder(limitOrder(i, BUY, 100, 1));
    await until('it is back', () => maker.isOpen && losses === 1);
    await taker.newOrder(limitOrder(51, BUY, 100, 1));
    await until('all has come', () => reports.length >= 51);
    expect(reports).toEqual(Array.from({ length: 51 }, (_, i) => i + 4));
  });

  test('sends again what was not answered, and the engine does it once', async () => {
    const { node, accounts } = await startMarket(1);
    const client = await node.connect({ ...accounts[0]!, webSocket: CuttableWebSocket });
    node.holdCommits(true);
    const answers = Array.from({ length: 20 }, (_, i) => client.newOrder(limitOrder(i, BUY, 100, 1)));
    await until('the engine has done them', () => queryAccount(node.core, 1)!.openOrderCount === 20);
    CuttableWebSocket.newest.terminate();
    await until('the loss is noticed', () => !client.isOpen);
    const later = client.newOrder(limitOrder(20, BUY, 100, 1));
    node.holdCommits(false);
    await Promise.all([...answers, later]);
    expect(queryAccount(node.core, 1)!.openOrderCount).toBe(21);
  });

  test('finds the node that was promoted; nothing is lost and nothing done twice', async () => {
    const { node, accounts } = await startMarket(1);
    const { adminPair } = node;
    // The second port is nobody's until the standby is promoted.
    const clientPort = await freePort();
    const client = new RingfenceClient({
      urls: [node.clientUrl, `ws://127.0.0.1:${clientPort}`],
      ...accounts[0]!,
      webSocket: CuttableWebSocket,
    });
    await client.connect();
    const reports: number[] = [];
    client.on('accepted', ({ reportSequence }) => reports.push(reportSequence));
    await Promise.all(Array.from({ length: 10 }, (_, i) => client.newOrder(limitOrder(i, BUY, 100, 1))));
    node.holdCommits(true);
    const answers = Array.from({ length: 10 }, (_, i) => client.newOrder(limitOrder(10 + i, BUY, 100, 1)));
    await until('the engine has done them', () => queryAccount(node.core, 1)!.openOrderCount === 20);
    // The standby has some of the commands that the primary did not answer, and not the others.
    const journal = node.journal.slice(0, node.journal.length - 5);
    CuttableWebSocket.newest.terminate();
    await node.crash();
    nodes.length = 0;
    const promoted = await startNode({ journal, adminPair, epoch: 2, gateway: { clientPort } });
    await Promise.all(answers);
    expect(queryAccount(promoted.core, 1)!.openOrderCount).toBe(20);
    expect(reports).toEqual(Array.from({ length: 20 }, (_, i) => i + 3));
    client.close();
  });

  test('is told when what it missed is no longer kept', async () => {
    const { node, accounts } = await startMarket(1, { gateway: { reportRetention: 16 } });
    const first = await node.connect(accounts[0]!);
    for (let i = 0; i < 20; i++) await first.newOrder(limitOrder(i, BUY, 100, 1));
    first.close();
    const required: number[] = [];
    const options = { urls: [node.clientUrl], webSocket: WebSocket, ...accounts[0]!, resumeAfter: 3 };
    const second = new RingfenceClient(options);
    second.on('snapshotRequired', ({ lastReportSequence }) => required.push(lastReportSequence));
    await second.connect();
    expect(required).toEqual([22]);
    const snapshot = await second.requestSnapshot();
    expect(snapshot.orders).toHaveLength(20);
    expect(second.lastReportSequence).toBe(snapshot.lastReportSequence);
    second.close();
  });
});

test('a command that comes twice is done once', async () => {
  const { node, accounts } = await startMarket(1);
  const client = await node.connect(accounts[0]!);
  const codes: number[] = [];
  await client.newOrder(limitOrder(1, BUY, 100, 1));
  client.close();
  // A client that has forgotten its numbers, but not the gateway.
  const again = await node.connect(accounts[0]!);
  again.on('rejected', ({ code }) => codes.push(code));
  await expect(again.newOrder(limitOrder(1, BUY, 100, 1))).rejects.toMatchObject({
    name: 'DUPLICATE_CLIENT_ORDER_ID',
  });
  await again.newOrder(limitOrder(2, BUY, 100, 1));
  expect(codes).toEqual([RejectCode.DUPLICATE_CLIENT_ORDER_ID]);
});

test('a second session of a key displaces the first', async () => {
  const { node, accounts } = await startMarket(1);
  const first = await node.connect(accounts[0]!);
  const ends: unknown[] = [];
  first.on('closed', ({ error }) => ends.push(error));
  const second = await node.connect(accounts[0]!);
  await until('the first is over', () => ends.length === 1);
  expect(ends).toMatchObject([{ name: 'SESSION_DISPLACED' }]);
  await second.newOrder(limitOrder(1, BUY, 100, 1));
});

test('a client runs on what a browser has: its WebSocket and Web Crypto', async () => {
  const { node } = await startMarket(1);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const admin = await node.asAdmin();
  const raw = rawPublicKey(publicKey);
  const key = await admin.registerApiKey({ accountId: 1, permissions: Permission.trade, publicKey: raw });
  const platform = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket');
  Object.defineProperty(globalThis, 'WebSocket', { value: WebSocket, configurable: true });
  try {
    const pkcs8 = new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' }));
    const signer = await webCryptoSigner(pkcs8);
    const client = new RingfenceClient({ urls: [node.clientUrl], apiKeyId: key.fields.apiKeyId, signer });
    await client.connect();
    expect((await client.newOrder(limitOrder(1, BUY, 100, 1))).name).toBe('accepted');
    client.close();
  } finally {
    if (platform === undefined) Reflect.deleteProperty(globalThis, 'WebSocket');
    else Object.defineProperty(globalThis, 'WebSocket', platform);
  }
});

test('a node that shuts down answers what it has taken, says so, and leaves no socket behind', async () => {
  const { node, accounts } = await startMarket(1);
  const client = await node.connect({ ...accounts[0]!, reconnects: false });
  const ends: unknown[] = [];
  client.on('closed', ({ error }) => ends.push(error));
  const answer = client.newOrder(limitOrder(1, BUY, 100, 1));
  await until('it is taken', () => queryAccount(node.core, 1)!.openOrderCount === 1);
  await node.gateway.close();
  expect((await answer).name).toBe('accepted');
  await until('it is told', () => ends.length === 1);
  expect(ends).toMatchObject([{ name: 'SHUTTING_DOWN' }]);
});

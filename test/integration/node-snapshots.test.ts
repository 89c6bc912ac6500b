/** Snapshots of a node under load, kill -9, and starts that go on from them. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { rawPublicKey } from '../../journal/raw-public-key.js';
import { readSnapshotFile, writeSnapshotFile } from '../../journal/snapshot-file.js';
import { openSnapshots } from '../../journal/snapshot-store.js';
import { callControl } from '../../src/cli/control-client.js';
import { auditJournal, compareWithAcknowledged } from '../../src/cli/demo/demo-audit.js';
import type { DemoNode } from '../../src/cli/demo/demo-node.js';
import { DemoTraffic } from '../../src/cli/demo/demo-traffic.js';
import type { FlowCommand } from '../../src/cli/import/flow-command.js';
import { LoadFlow } from '../../src/cli/load-flow.js';
import { connectAdmin, NODE_WEB_SOCKET } from '../../src/cli/market.js';
import { RingfenceClient } from '../../src/client/client.js';
import { OrderType, Permission, Side, TimeInForce } from '../../src/core/codes.js';
import { isAtRest, NodeRig, statusWhen } from '../support/node/node-rig.js';

vi.setConfig({ testTimeout: 240_000 });

const MAX_ORDERS = 1 << 20;
const ACCOUNTS = 3;
const EVERY = 4096;
const FLAGS = { snapshotEveryCommands: String(EVERY), snapshotsKept: '2' };

function* flow(seed: number): Generator<FlowCommand> {
  const generator = new LoadFlow({ seed, accounts: ACCOUNTS });
  for (;;) yield generator.next();
}

function snapshotsIn(dataDir: string): string[] {
  return readdirSync(join(dataDir, 'journal', 'snapshots')).filter((name) => name.endsWith('.snap'));
}

function damage(dataDir: string, name: string): void {
  const path = join(dataDir, 'journal', 'snapshots', name);
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 0x10;
  writeFileSync(path, bytes);
}

async function expectSound(node: DemoNode, dataDir: string): Promise<void> {
  const status = await statusWhen(node, isAtRest);
  const audit = auditJournal(dataDir, MAX_ORDERS, status.processed);
  expect(audit.stateHash).toBe(status.checkpoint!.stateHash);
}

describe('a node that takes snapshots', () => {
  let rig: NodeRig;
  afterEach(() => rig.close());

  test('goes on from the newest good one after kill -9, with nothing lost and nothing done twice', async () => {
    rig = new NodeRig();
    const dataDir = rig.init('primary', FLAGS);
    let node = await rig.start(dataDir);
    const market = await rig.market([node], ACCOUNTS);
    const traffic = new DemoTraffic(market, flow(1), 6000);
    traffic.start();
    await statusWhen(node, (status) => status.snapshots.sequence >= 3 * EVERY);
    await delay(100);
    await node.kill();
    void traffic.finish();
    const acknowledged = [...traffic.acknowledged];
    await market.close();
    expect(snapshotsIn(dataDir)).toHaveLength(2);

    node = await rig.start(dataDir);
    const { start } = await statusWhen(node, isAtRest);
    expect(start.snapshotSequence).toBeGreaterThanOrEqual(3 * EVERY);
    expect(start.replayed).toBe(start.lastSequence - start.snapshotSequence);
    expect(start.refused).toEqual([]);
    await expectSound(node, dataDir);
    const audit = auditJournal(dataDir, MAX_ORDERS);
    expect(compareWithAcknowledged(audit, acknowledged)).toEqual({ lost: 0, doubled: 0 });

    await node.stop();
    const [older, newer] = snapshotsIn(dataDir).sort();
    damage(dataDir, newer!);
    node = await rig.start(dataDir);
    const second = (await statusWhen(node, isAtRest)).start;
    expect(second.snapshot).toBe(older);
    expect(second.refused.map(({ file }) => file)).toEqual([newer]);
    await expectSound(node, dataDir);

    await node.kill();
    for (const name of snapshotsIn(dataDir)) if (name !== newer) damage(dataDir, name);
    writeFileSync(join(dataDir, 'journal', 'snapshots', '00000000000000000001.snap.tmp'), 'half');
    node = await rig.start(dataDir);
    const third = (await statusWhen(node, isAtRest)).start;
    expect(third).toMatchObject({
      snapshot: '',
      snapshotSequence: 0,
      removed: ['00000000000000000001.snap.tmp'],
    });
    expect(third.replayed).toBe(third.lastSequence);
    await expectSound(node, dataDir);
  });

  test('takes one at a clean stop, and none when it is told so', async () => {
    rig = new NodeRig();
    const dataDir = rig.init('primary', FLAGS);
    let node = await rig.start(dataDir);
    await rig.market([node], ACCOUNTS);
    await node.stop();
    expect(snapshotsIn(dataDir)).toHaveLength(1);
    node = await rig.start(dataDir);
    const { start } = await statusWhen(node, isAtRest);
    expect(start).toMatchObject({ replayed: 0, snapshotSequence: start.lastSequence });
    await node.stop();

    // Whole, but nothing that gives the state: found out by the thread that loads it only.
    const [older, newer] = snapshotsIn(dataDir).sort();
    const storage = openSnapshots(join(dataDir, 'journal'))!;
    const { facts } = readSnapshotFile(storage, newer!);
    writeSnapshotFile(storage, newer!, { ...facts, tables: [] }, []);
    node = await rig.start(dataDir);
    const again = (await statusWhen(node, isAtRest)).start;
    expect(again.snapshot).toBe(older);
    expect(again.refused).toEqual([{ file: newer, reason: expect.stringContaining('state hash') }]);
    await expectSound(node, dataDir);
    await node.stop();

    const other = rig.init('other', { snapshotEveryCommands: '0', snapshotEveryMinutes: '0' });
    node = await rig.start(other);
    await node.stop();
    expect(existsSync(join(other, 'journal', 'snapshots')) ? snapshotsIn(other) : []).toEqual([]);
  });
});

/** An account with money and a key, which trades in an instrument of its own. */
async function trader(primary: DemoNode, primaryDir: string) {
  const admin = await connectAdmin([primary.admin], join(primaryDir, 'keys', 'admin.pem'));
  const listing = { symbol: 'AAA-USD', base: 'AAA', quote: 'USD', tickMantissa: 1, tickExponent: 0 };
  const decimals = { lotMantissa: 1, lotExponent: 0, baseDecimals: 0, quoteDecimals: 0 };
  await admin.listInstrument({ ...listing, ...decimals, marketProtectionPpm: 0 });
  await admin.openAccount({ accountId: 9 });
  await admin.deposit({ accountId: 9, asset: 'USD', amount: 1_000_000, transferId: 1n });
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = rawPublicKey(publicKey);
  const key = await admin.registerApiKey({ accountId: 9, permissions: Permission.trade, publicKey: raw });
  await admin.close();

  const connect = async (node: DemoNode, resumeAfter: number) => {
    const client = new RingfenceClient({
      urls: [node.client],
      apiKeyId: key.fields.apiKeyId,
      signer: (bytes) => sign(null, bytes, privateKey),
      webSocket: NODE_WEB_SOCKET,
      resumeAfter,
    });
    const reports: [string, number, bigint][] = [];
    client.on('accepted', ({ reportSequence, clientOrderId }) =>
      reports.push(['accepted', reportSequence, clientOrderId]),
    );
    client.on('cancelled', ({ reportSequence, clientOrderId }) =>
      reports.push(['cancelled', reportSequence, clientOrderId]),
    );
    client.on('snapshotRequired', () => reports.push(['snapshotRequired', 0, 0n]));
    await client.connect();
    return { client, reports };
  };
  const order = (client: RingfenceClient, clientOrderId: bigint) =>
    client.newOrder({
      clientOrderId,
      instrumentId: 1,
      side: Side.buy,
      orderType: OrderType.limit,
      timeInForce: TimeInForce.GTC,
      priceTicks: 10 + Number(clientOrderId),
      quantityLots: 1,
    });
  return { connect, order };
}

describe('a client that comes back after a start from a snapshot', () => {
  let rig: NodeRig;
  afterEach(() => rig.close());

  test('gets exactly the reports that it missed, from the same node and from the standby that was promoted', async () => {
    rig = new NodeRig();
    const primaryDir = rig.init('primary', { ...FLAGS, ackPolicy: 'disk' });
    let primary = await rig.start(primaryDir);
    const standbyDir = rig.initStandby('standby', primary, { ...FLAGS, ackPolicy: 'disk' });
    let standby = await rig.start(standbyDir);
    await statusWhen(primary, (status) => status.standby.connected);

    const { connect, order } = await trader(primary, primaryDir);
    const { client: first, reports: seen } = await connect(primary, 0);
    for (let id = 1n; id <= 6n; id++) await order(first, id);
    await first.cancelOrder({ clientOrderId: 3n, instrumentId: 1 });
    const atSnapshot = seen.length;
    await statusWhen(standby, (status) => status.processed >= 15);
    for (const dataDir of [primaryDir, standbyDir]) {
      const { sequence } = (await callControl(dataDir, 'POST', '/snapshot')) as { sequence: number };
      expect(sequence).toBeGreaterThan(10);
    }
    for (let id = 7n; id <= 9n; id++) await order(first, id);
    await first.close();
    expect(seen.length).toBe(atSnapshot + 3);

    await primary.kill();
    primary = await rig.start(primaryDir);
    const restarted = (await statusWhen(primary, isAtRest)).start;
    expect(restarted.snapshotSequence).toBeGreaterThan(10);
    expect(restarted.replayed).toBeGreaterThan(0);
    for (const after of [0, seen[2]![1], seen[atSnapshot]![1]]) {
      const { client, reports } = await connect(primary, after);
      const missed = seen.filter(([, reportSequence]) => reportSequence > after);
      await expect.poll(() => reports.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(missed.length);
      expect(reports).toEqual(missed);
      await client.close();
    }
    const { client: again } = await connect(primary, seen.at(-1)![1]);
    expect((await order(again, 10n)).name).toBe('accepted');
    await expect(order(again, 5n)).rejects.toMatchObject({ name: 'DUPLICATE_CLIENT_ORDER_ID' });
    await again.close();

    await standby.kill();
    standby = await rig.start(standbyDir, ['--primary-address', primary.replication!]);
    const { start } = await statusWhen(standby, (status) => status.primary.connected);
    expect(start.snapshotSequence).toBeGreaterThan(10);
    const lead = await statusWhen(primary, isAtRest);
    await statusWhen(standby, (status) => status.processed >= lead.processed);
    await primary.kill();
    await standby.promote('disk');
    const { client, reports } = await connect(standby, seen[2]![1]);
    const missed = seen.slice(3);
    await expect.poll(() => reports.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(missed.length + 1);
    expect(reports.slice(0, missed.length)).toEqual(missed);
    expect(reports[missed.length]).toEqual(['accepted', seen.at(-1)![1] + 1, 10n]);
    expect((await order(client, 11n)).name).toBe('accepted');
    await client.close();
    await expectSound(standby, standbyDir);
  });

  test('trades on after a replay that is longer than what the gateway keeps, and is told what reports are gone', async () => {
    rig = new NodeRig();
    const dataDir = rig.init('primary', {
      snapshotEveryCommands: '0',
      snapshotEveryMinutes: '0',
      reportRetention: '1024',
    });
    let node = await rig.start(dataDir);
    const { connect, order } = await trader(node, dataDir);
    const { client: first, reports: seen } = await connect(node, 0);
    await order(first, 1n);
    for (let id = 2n; id <= 601n; id++) {
      await order(first, id);
      await first.cancelOrder({ clientOrderId: id, instrumentId: 1 });
    }
    await order(first, 1000n);
    await first.close();
    await node.kill();

    node = await rig.start(dataDir);
    const { start } = await statusWhen(node, isAtRest);
    expect(start.replayed).toBeGreaterThan(1024 + 100);
    const { client: late, reports } = await connect(node, 0);
    await expect.poll(() => reports.length, { timeout: 20_000 }).toBeGreaterThan(0);
    expect(reports[0]![0]).toBe('snapshotRequired');
    await late.close();
    const { client, reports: missed } = await connect(node, seen.at(-4)![1]);
    await expect.poll(() => missed.length, { timeout: 20_000 }).toBe(3);
    expect(missed).toEqual(seen.slice(-3));
    client.subscribe(1);
    const bids = () => [...(client.book(1)?.bids.priceTicks ?? [])];
    await expect.poll(bids, { timeout: 20_000 }).toEqual([1010, 11]);
    await expect(order(client, 1n)).rejects.toMatchObject({ name: 'DUPLICATE_CLIENT_ORDER_ID' });
    expect((await order(client, 1001n)).name).toBe('accepted');
    await client.close();
    await expectSound(node, dataDir);
  });
});

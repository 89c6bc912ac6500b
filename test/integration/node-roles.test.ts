/** Roles of a pair: who may lead, what a promotion changes, and what an acknowledgement waits for. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { auditFromFlags } from '../../src/cli/audit-from-flags.js';
import type { DemoNode } from '../../src/cli/demo/demo-node.js';
import type { Market } from '../../src/cli/market.js';
import { OrderType, Side, TimeInForce } from '../../src/core/codes.js';
import { CollectedOutput } from '../support/cli/exec-journal.js';
import { runCli } from '../support/cli/run-cli.js';
import { isAtRest, NodeRig, statusWhen } from '../support/node/node-rig.js';

function order(market: Market, clientOrderId: bigint) {
  return market.sessions[0]!.newOrder({
    clientOrderId,
    instrumentId: market.instrumentId,
    side: Side.buy,
    orderType: OrderType.limit,
    timeInForce: TimeInForce.GTC,
    priceTicks: 100,
    quantityLots: 1,
  });
}

async function settlesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  return Promise.race([promise.then(() => true), delay(ms).then(() => false)]);
}

describe('a pair of nodes', () => {
  let rig: NodeRig;
  afterEach(() => rig.close());

  async function startPair(policy: string): Promise<{ primary: DemoNode; standby: DemoNode }> {
    rig = new NodeRig();
    const primary = await rig.start(rig.init('primary', { ackPolicy: policy }));
    const standby = await rig.start(rig.initStandby('standby', primary, { ackPolicy: policy }));
    await statusWhen(primary, (status) => status.role === 'primary' && status.standby.connected);
    return { primary, standby };
  }

  for (const policy of ['replica', 'disk+replica', 'two-disks']) {
    test(`under ${policy} nothing is acknowledged without the standby, and it goes on when that is back`, async () => {
      const { primary, standby } = await startPair(policy);
      const market = await rig.market([primary], 1);
      await order(market, 1n);
      await standby.kill();
      await statusWhen(primary, (status) => !status.standby.connected);
      const waiting = order(market, 2n);
      expect(await settlesWithin(waiting, 300)).toBe(false);
      expect((await primary.status()).stalled).toContain(policy);
      await rig.start(standby.dataDir);
      expect((await waiting).name).toBe('accepted');
    });
  }

  test('under disk an acknowledgement does not wait for the standby', async () => {
    const { primary, standby } = await startPair('disk');
    const market = await rig.market([primary], 1);
    await standby.kill();
    expect((await order(market, 1n)).name).toBe('accepted');
  });

  test('a promoted standby goes on where the primary was, in a higher epoch, for the same sessions', async () => {
    const { primary, standby } = await startPair('disk+replica');
    const market = await rig.market([primary, standby], 1);
    const reports: number[] = [];
    market.sessions[0]!.on('accepted', ({ reportSequence }) => reports.push(reportSequence));
    const first = await order(market, 1n);
    await primary.kill();
    await standby.promote('disk');
    const second = await order(market, 2n);
    expect(second.fields.sequence).toBeGreaterThan(first.fields.sequence);
    expect(reports).toEqual([reports[0], reports[0]! + 1]);
    const status = await standby.status();
    expect(status.role).toBe('primary');
    expect(status.epoch).toBe(2);
    // The same id again: the first order is open on the promoted node too.
    await expect(order(market, 1n)).rejects.toMatchObject({ name: 'DUPLICATE_CLIENT_ORDER_ID' });
  });

  test('the audit names who promoted a node, when, and from which epoch to which', async () => {
    const { primary, standby } = await startPair('disk+replica');
    await primary.kill();
    const policy = ['--ack-policy', 'disk'];
    const refused = await runCli([
      'promote',
      '--data-dir',
      standby.dataDir,
      ...policy,
      '--actor',
      'A'.repeat(33),
    ]);
    expect(refused.stderr).toContain('at most 32 characters');
    const before = Date.now();
    const promoted = await runCli([
      'promote',
      '--data-dir',
      standby.dataDir,
      ...policy,
      '--actor',
      'Alice "A" Ops',
    ]);
    expect(promoted.exitCode).toBe(0);
    await standby.stop();
    const output = new CollectedOutput();
    await auditFromFlags({ dataDir: standby.dataDir, format: 'jsonl' }, output);
    const epochs = output.records().filter(({ type }) => type === 'epochChanged');
    expect(epochs).toMatchObject([
      { epoch: 1, previousEpoch: 0, cause: 'epochStarted' },
      { epoch: 2, previousEpoch: 1, cause: 'epochStarted', actor: 'Alice "A" Ops' },
    ]);
    expect(epochs[0]).not.toHaveProperty('actor');
    expect(Date.parse(String(epochs[1]!['time']))).toBeGreaterThanOrEqual(before - 1000);
  });

  test('a promoted node that is started again leads on in its epoch', async () => {
    const { primary, standby } = await startPair('disk+replica');
    await primary.kill();
    await standby.promote('disk');
    await standby.stop();
    const again = await rig.start(standby.dataDir, ['--role', 'primary', '--ack-policy', 'disk']);
    const status = await statusWhen(again, (each) => each.role === 'primary');
    expect(status.epoch).toBe(2);
  });

  test('a primary cannot be promoted', async () => {
    const { primary } = await startPair('disk');
    await expect(primary.promote('disk')).rejects.toThrow(/PROMOTION_REFUSED/);
    await expect(primary.promote('nonsense')).rejects.toThrow(/INVALID_ACK_POLICY.*|one of memory/);
  });

  test('a standby whose journal another node leads is not started as primary', async () => {
    const { standby } = await startPair('disk');
    await statusWhen(standby, (status) => status.sequence > 0 && isAtRest(status));
    await standby.stop();
    await expect(rig.start(standby.dataDir, ['--role', 'primary'])).rejects.toThrow(/code 4/);
  });

  test('a node that has promised a higher epoch does not lead a lower one', async () => {
    rig = new NodeRig();
    const dataDir = rig.init('primary');
    const node = await rig.start(dataDir);
    await node.stop();
    writeFileSync(join(dataDir, 'promised-epoch.json'), '{"promisedEpoch":7}\n');
    await expect(rig.start(dataDir)).rejects.toThrow(/code 4/);
  });

  test('a primary that meets a standby with a higher promise ends itself', async () => {
    const { primary, standby } = await startPair('disk');
    await standby.stop();
    writeFileSync(join(standby.dataDir, 'promised-epoch.json'), '{"promisedEpoch":9}\n');
    void rig.start(standby.dataDir).catch(() => {});
    expect(await settlesWithin(primary.gone, 20_000)).toBe(true);
  });

  test('both nodes of an idle pair have the same state hash', async () => {
    const { primary, standby } = await startPair('two-disks');
    const market = await rig.market([primary], 2);
    for (let i = 1n; i <= 50n; i++) await order(market, i);
    const lead = await statusWhen(primary, isAtRest);
    const follow = await statusWhen(
      standby,
      (status) => status.processed >= lead.processed && isAtRest(status),
    );
    // Time moves on while the two are asked; the hash of the same command is what counts.
    if (lead.processed === follow.processed) expect(follow.checkpoint).toEqual(lead.checkpoint);
    else expect(follow.processed).toBeGreaterThan(lead.processed);
  });
});

describe('a node that cannot start', () => {
  let rig: NodeRig;
  afterEach(() => rig.close());

  test('a second process on the same data directory is refused', async () => {
    rig = new NodeRig();
    const dataDir = rig.init('primary');
    await rig.start(dataDir);
    await expect(rig.start(dataDir)).rejects.toThrow(/code 4/);
  });

  test('a port in use ends the start with a message that names it', async () => {
    rig = new NodeRig();
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as { port: number };
    const dataDir = rig.init('primary');
    for (const flag of ['--port', '--admin-port', '--replication-port', '--control-port']) {
      await expect(rig.start(dataDir, [flag, String(port)])).rejects.toThrow(/ended with code 4/);
    }
    await new Promise((resolve) => holder.close(resolve));
  });
});

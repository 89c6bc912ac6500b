/** Snapshots of a node under load, kill -9, and starts that go on from them. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { auditJournal, compareWithAcknowledged } from '../../src/cli/demo/demo-audit.js';
import type { DemoNode } from '../../src/cli/demo/demo-node.js';
import { DemoTraffic } from '../../src/cli/demo/demo-traffic.js';
import type { FlowCommand } from '../../src/cli/import/flow-command.js';
import { LoadFlow } from '../../src/cli/load-flow.js';
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
    for (const name of snapshotsIn(dataDir)) damage(dataDir, name);
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

    const other = rig.init('other', { snapshotEveryCommands: '0', snapshotEveryMinutes: '0' });
    node = await rig.start(other);
    await node.stop();
    expect(existsSync(join(other, 'journal', 'snapshots')) ? snapshotsIn(other) : []).toEqual([]);
  });
});

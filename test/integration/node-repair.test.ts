/** Rot on the disk of a live pair: the background scrub finds it, the peer's records mend it, byte for byte. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { readManifest } from '../../journal/manifest.js';
import { openFlatStorage } from '../../journal/open-storage.js';
import { recover } from '../../journal/recover.js';
import { verifyJournal } from '../../journal/verify.js';
import type { DemoNode } from '../../src/cli/demo/demo-node.js';
import type { Market } from '../../src/cli/market.js';
import { isAtRest, NodeRig, statusWhen } from '../support/node/node-rig.js';

const SCRUB = { scrubBytesPerSecond: '1GiB', scrubPauseMs: '200' };
let rig: NodeRig;
afterEach(() => rig.close());

/** Cancels that find no order: they fill the journal and change nothing. */
async function fillSegments(market: Market, dataDir: string, wanted: number): Promise<void> {
  const storage = openFlatStorage(join(dataDir, 'journal'), 'positional');
  const { instrumentId } = market;
  for (let i = 0; i < 200 && readManifest(storage).length < wanted; i++) {
    const answers = Array.from({ length: 500 }, () =>
      market.sessions[0]!.cancelOrder({ clientOrderId: 99n, instrumentId }).catch(() => undefined),
    );
    await Promise.all(answers);
  }
  if (readManifest(storage).length < wanted) throw new Error('no segment was sealed');
}

/** Turns some bytes of a sealed segment into others, as rot does. */
function spoil(path: string, positions: readonly number[]): void {
  const fd = openSync(path, 'r+');
  for (const position of positions) writeSync(fd, Buffer.from('rot'), 0, 3, position);
  closeSync(fd);
}

async function mends(node: DemoNode, positions: readonly number[]): Promise<void> {
  const directory = join(node.dataDir, 'journal');
  const storage = openFlatStorage(directory, 'positional');
  const { segment } = readManifest(storage)[0]!;
  const path = join(directory, segment);
  const before = readFileSync(path);
  const { repairs } = (await node.status()).journal.upkeep;
  spoil(path, positions);
  const status = await statusWhen(node, ({ journal }) => journal.upkeep.repairs > repairs);
  expect(status.journal.upkeep.lastProblem).toContain(segment);
  expect(readFileSync(path).equals(before)).toBe(true);
  expect(verifyJournal(storage).problems).toEqual([]);
}

test('a bad segment of the primary is mended by the standby, and one of the standby by the primary', async () => {
  rig = new NodeRig();
  const primary = await rig.start(rig.init('primary', { ackPolicy: 'disk+replica', ...SCRUB }));
  const standby = await rig.start(rig.initStandby('standby', primary, SCRUB));
  await statusWhen(primary, (status) => status.role === 'primary' && status.standby.connected);
  const market = await rig.market([primary], 1);
  await fillSegments(market, primary.dataDir, 2);
  await fillSegments(market, standby.dataDir, 1);
  await statusWhen(standby, (status) => isAtRest(status) && status.journal.upkeep.scrubPasses > 0);
  // Header page, frame headers, records; then everything in the middle of a segment.
  await mends(primary, [40, 4100, 5000, 300_000]);
  await mends(
    primary,
    Array.from({ length: 3000 }, (_, i) => 8192 + i * 100),
  );
  await mends(standby, [40, 4100, 5000, 300_000]);
  const first = openFlatStorage(join(primary.dataDir, 'journal'), 'positional');
  const second = openFlatStorage(join(standby.dataDir, 'journal'), 'positional');
  // The files differ, their records do not: that is what the repair stands on.
  expect(readManifest(first)[0]!.sha256).not.toBe(readManifest(second)[0]!.sha256);
  await statusWhen(primary, isAtRest);
  await statusWhen(standby, isAtRest);
  expect(recover(first).lastSequence).toBeGreaterThan(0);
}, 120_000);

test('without a peer rot is told, in the log and the status, and the node goes on', async () => {
  rig = new NodeRig();
  const node = await rig.start(rig.init('primary', SCRUB));
  await statusWhen(node, (status) => status.role === 'primary');
  const market = await rig.market([node], 1);
  await fillSegments(market, node.dataDir, 1);
  const storage = openFlatStorage(join(node.dataDir, 'journal'), 'positional');
  spoil(join(node.dataDir, 'journal', readManifest(storage)[0]!.segment), [5000]);
  const status = await statusWhen(node, ({ journal }) => journal.upkeep.damagedCopies > 0);
  expect(status.journal.upkeep.repairs).toBe(0);
  await statusWhen(node, ({ journal }) => journal.upkeep.lastProblem.includes('no standby is attached'));
  await fillSegments(market, node.dataDir, 1);
}, 120_000);

/**
 * kill -9 of a standby at every step that it takes in the file system while it is promoted: what the old primary had
 * acknowledged stays, no epoch is led twice, and the next promotion goes through.
 */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { openStorage } from '../../journal/open-storage.js';
import { recover } from '../../journal/recover.js';
import { auditJournal, compareWithAcknowledged } from '../../src/cli/demo/demo-audit.js';
import { DemoTraffic } from '../../src/cli/demo/demo-traffic.js';
import type { FlowCommand } from '../../src/cli/import/flow-command.js';
import { LoadFlow } from '../../src/cli/load-flow.js';
import { PromisedEpoch } from '../../src/replication/promised-epoch.js';
import { FaultTally, isLongRun } from '../support/fault-tally.js';
import { NodeRig } from '../support/node/node-rig.js';

const PRELOAD = new URL('../support/kill-at-file-step.mjs', import.meta.url);
const MAX_ORDERS = 1 << 16;
const ACCOUNTS = 2;
const TIMEOUT_MS = 3_600_000;
const GONE_MS = 60_000;
const LAST_POINT = 'after-fdatasync-durable';

let rig: NodeRig;
afterEach(() => rig.close());

function* flow(): Generator<FlowCommand> {
  const generator = new LoadFlow({ seed: 1, accounts: ACCOUNTS });
  for (;;) yield generator.next();
}

/** The data directory of a standby whose primary is gone, and what that had acknowledged. */
async function orphanedStandby() {
  const primary = await rig.start(
    rig.init('primary', { ackPolicy: 'disk+replica', maxOrders: String(MAX_ORDERS) }),
  );
  const dataDir = rig.initStandby('standby', primary, {
    journalBackend: 'positional',
    maxOrders: String(MAX_ORDERS),
  });
  const standby = await rig.start(dataDir);
  const market = await rig.market([primary], ACCOUNTS);
  const traffic = new DemoTraffic(market, flow(), 3000);
  traffic.start();
  while (traffic.acknowledged.length < 500) await delay(20);
  await primary.kill();
  void traffic.finish();
  const acknowledged = [...traffic.acknowledged];
  await market.close();
  await standby.kill();
  return { dataDir, acknowledged };
}

/** Promotes the standby on `dataDir`, which is killed at `killAt`; empty = not at all. Returns the points passed. */
async function promoteUntil(dataDir: string, killAt: string): Promise<Set<string>> {
  const [armed, log] = [join(dataDir, 'armed'), join(dataDir, 'points.log')];
  writeFileSync(log, '');
  rmSync(armed, { force: true });
  const standby = await rig.start(dataDir, [], {
    NODE_OPTIONS: `--import=${PRELOAD}`,
    KILL_ARMED: armed,
    KILL_AT: killAt,
    KILL_LOG: log,
  });
  writeFileSync(armed, '');
  const passed = (): string[] => readFileSync(log, 'utf8').split('\n').slice(0, -1);
  const promotion = standby.promote('disk').catch(() => {});
  if (killAt === '') {
    await promotion;
    // The journal says that all is durable when it is idle, which is after the promotion.
    while (!passed().includes(LAST_POINT)) await delay(20);
    await standby.kill();
  } else {
    const isGone = await Promise.race([standby.gone.then(() => true), delay(GONE_MS).then(() => false)]);
    if (!isGone) throw new Error(`${killAt} was not passed`);
    expect(await standby.gone).toBe(null);
  }
  return new Set(passed());
}

test('a standby that is killed at any step of its promotion loses nothing, and leads a higher epoch at the next', {
  timeout: TIMEOUT_MS,
}, async (context) => {
  rig = new NodeRig();
  const { dataDir: orphan, acknowledged } = await orphanedStandby();
  let copies = 0;
  const copyOf = (): string => {
    const dataDir = join(rig.directory, `copy-${copies++}`);
    cpSync(orphan, dataDir, { recursive: true });
    return dataDir;
  };
  const points = isLongRun ? await promoteUntil(copyOf(), '') : new Set(['after-rename-promised-epoch']);
  if (isLongRun) expect(points.size).toBeGreaterThan(12);
  const tally = new FaultTally(context, `kill -9 of a standby at ${points.size} steps of its promotion`);
  for (const point of points) {
    await tally.tryAsync(point, async () => {
      const dataDir = copyOf();
      await promoteUntil(dataDir, point);
      const promised = PromisedEpoch.open(dataDir).epoch;
      const { epoch } = recover(openStorage(join(dataDir, 'journal'), 'positional'));
      // Whatever was led was promised first.
      expect(promised).toBeGreaterThanOrEqual(epoch);
      const node = await rig.start(dataDir);
      await node.promote('disk');
      expect((await node.status()).epoch).toBeGreaterThan(promised);
      await node.stop();
      const audit = auditJournal(dataDir, MAX_ORDERS);
      expect(compareWithAcknowledged(audit, acknowledged)).toEqual({ lost: 0, doubled: 0 });
      rmSync(dataDir, { recursive: true });
    });
  }
  tally.check();
});

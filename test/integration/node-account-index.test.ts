/** The index of accounts of a node under load: questions beside the live node, after kill -9, and after a stop. */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { accountAsOf } from '../../replay/account-as-of.js';
import { asOf } from '../../replay/as-of.js';
import { DemoTraffic } from '../../src/cli/demo/demo-traffic.js';
import type { FlowCommand } from '../../src/cli/import/flow-command.js';
import { indexFromFlags } from '../../src/cli/journal-index.js';
import { LoadFlow } from '../../src/cli/load-flow.js';
import { Core } from '../../src/core/core.js';
import { queryAccount } from '../../src/core/queries.js';
import { isAtRest, NodeRig, statusWhen } from '../support/node/node-rig.js';

vi.setConfig({ testTimeout: 240_000 });

const MAX_ORDERS = 1 << 14;
const ACCOUNTS = 3;
const EVERY = 4096;
const FLAGS = { snapshotEveryCommands: String(EVERY), snapshotsKept: '2', maxOrders: String(MAX_ORDERS) };

function* flow(seed: number): Generator<FlowCommand> {
  const generator = new LoadFlow({ seed, accounts: ACCOUNTS });
  for (;;) yield generator.next();
}

function indexOf(dataDir: string): string[] {
  const directory = join(dataDir, 'journal', 'accounts');
  return existsSync(directory) ? readdirSync(directory) : [];
}

/** Asks about all accounts after a command; what is said must be what a replay says. */
function ask(dataDir: string, sequence: number): ('index' | 'replay')[] {
  const directory = join(dataDir, 'journal');
  const moment = { sequence };
  const { core } = asOf({ directory, moment, core: new Core({ maxOrders: MAX_ORDERS }) });
  return Array.from({ length: ACCOUNTS }, (_, place) => {
    const asked = { directory, moment, core: new Core({ maxOrders: MAX_ORDERS }) };
    const { source, view } = accountAsOf(place + 1, asked);
    expect(view).toEqual(queryAccount(core, place + 1));
    return source;
  });
}

const BY_INDEX = Array.from({ length: ACCOUNTS }, () => 'index');

describe('a node that keeps an index of accounts', () => {
  let rig: NodeRig;
  afterEach(() => rig.close());

  test('answers what a replay answers: while it runs, after kill -9, and after a stop', async () => {
    rig = new NodeRig();
    const dataDir = rig.init('primary', FLAGS);
    let node = await rig.start(dataDir);
    const market = await rig.market([node], ACCOUNTS);
    const traffic = new DemoTraffic(market, flow(1), 4000);
    traffic.start();
    await statusWhen(node, (status) => status.snapshots.sequence >= 2 * EVERY);
    // Blocks end at snapshots.
    for (const sequence of [EVERY - 1, EVERY, EVERY + 700]) expect(ask(dataDir, sequence)).toEqual(BY_INDEX);
    await node.kill();
    void traffic.finish();
    await market.close();
    writeFileSync(join(dataDir, 'journal', 'accounts', 'accounts-00000000000000000009.idx.tmp'), 'half');

    node = await rig.start(dataDir);
    await statusWhen(node, isAtRest);
    await node.stop();
    expect(indexOf(dataDir).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    const { sequence: last } = asOf({ directory: join(dataDir, 'journal'), moment: {} });
    for (const sequence of [1, EVERY + 1, 2 * EVERY + 5, last - 1, last]) {
      expect(ask(dataDir, sequence)).toEqual(BY_INDEX);
    }

    rmSync(join(dataDir, 'journal', 'accounts'), { recursive: true });
    expect(ask(dataDir, last - 1)).not.toContain('index');
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    try {
      indexFromFlags({ dataDir, json: true });
      const made = JSON.parse(String(write.mock.calls[0]![0])) as object;
      expect(made).toMatchObject({ firstSequence: 1, lastSequence: last });
    } finally {
      write.mockRestore();
    }
    expect(ask(dataDir, last - 1)).toEqual(BY_INDEX);
  });

  test('keeps none when it is told so, and none can be made while it runs', async () => {
    rig = new NodeRig();
    const dataDir = rig.init('primary', { ...FLAGS, accountIndex: 'false' });
    const node = await rig.start(dataDir);
    await rig.market([node], ACCOUNTS);
    expect(() => indexFromFlags({ dataDir })).toThrow(/in use by another process/);
    await node.stop();
    expect(indexOf(dataDir)).toEqual([]);
    const { sequence } = asOf({ directory: join(dataDir, 'journal'), moment: {} });
    expect(ask(dataDir, sequence)).toContain('replay');
  });
});

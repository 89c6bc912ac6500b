/** kill -9 at random moments under load: what was acknowledged is there afterwards, and nothing was done twice. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { Prng } from '../../src/base/prng.js';
import { auditJournal, compareWithAcknowledged } from '../../src/cli/demo/demo-audit.js';
import { DemoTraffic } from '../../src/cli/demo/demo-traffic.js';
import type { FlowCommand } from '../../src/cli/import/flow-command.js';
import { LoadFlow } from '../../src/cli/load-flow.js';
import { compiledShim } from '../support/failing-sync.js';
import { removeTemporaryDirectories } from '../support/journal-storages.js';
import { isAtRest, NodeRig, statusWhen } from '../support/node/node-rig.js';

const SEED = Number(process.env['RINGFENCE_SEED'] ?? 7);
const ROUNDS = 3;
const ACCOUNTS = 3;
const MAX_ORDERS = 1 << 20;

function* flow(seed: number): Generator<FlowCommand> {
  const generator = new LoadFlow({ seed, accounts: ACCOUNTS });
  for (;;) yield generator.next();
}

describe('a primary that is killed under load', () => {
  let rig: NodeRig;
  afterEach(() => rig.close());

  test(`has every acknowledged order after each of ${ROUNDS} restarts (seed ${SEED})`, async () => {
    rig = new NodeRig();
    const prng = new Prng(SEED);
    const dataDir = rig.init('primary');
    let node = await rig.start(dataDir);
    let firstAccount = 1;
    for (let round = 0; round < ROUNDS; round++) {
      const market = await rig.market([node], ACCOUNTS, 'AAPL-USD', firstAccount);
      firstAccount += ACCOUNTS;
      const traffic = new DemoTraffic(market, flow(SEED + round), 3000);
      traffic.start();
      await delay(300 + prng.below(500));
      await node.kill();
      void traffic.finish();
      const acknowledged = [...traffic.acknowledged];
      expect(acknowledged.length).toBeGreaterThan(0);
      await market.close();

      node = await rig.start(dataDir);
      const status = await statusWhen(node, isAtRest);
      const audit = auditJournal(dataDir, MAX_ORDERS, status.processed);
      expect(audit.stateHash).toBe(status.checkpoint!.stateHash);
      expect(compareWithAcknowledged(audit, acknowledged)).toEqual({ lost: 0, doubled: 0 });
    }
  });

  test('the comparison does see an order that is missing, and one that was done twice', () => {
    rig = new NodeRig();
    const audit = { lastSequence: 2, stateHash: '', executions: new Map([['1/1', 2]]) };
    const acknowledged = [
      { sessionId: 1, clientSequence: 1, sequence: 1 },
      { sessionId: 1, clientSequence: 2, sequence: 2 },
    ];
    expect(compareWithAcknowledged(audit, acknowledged)).toEqual({ lost: 1, doubled: 1 });
  });
});

afterAll(removeTemporaryDirectories);

describe.skipIf(compiledShim() === '')('a primary whose sync fails once', () => {
  let rig: NodeRig;
  afterEach(() => rig.close());

  for (const backend of ['mmap', 'positional']) {
    test(`ends with an error, and what it acknowledged is in the journal (${backend})`, async () => {
      rig = new NodeRig();
      const dataDir = rig.init('primary', { journalBackend: backend });
      const failing = { LD_PRELOAD: compiledShim(), FAIL_SYNC_AT: '150' };
      const node = await rig.start(dataDir, [], failing);
      const market = await rig.market([node], ACCOUNTS);
      const traffic = new DemoTraffic(market, flow(SEED), 2000);
      traffic.start();
      const exitCode = await node.gone;
      void traffic.finish();
      expect(exitCode).toBeGreaterThan(0);
      expect(readFileSync(join(dataDir, 'node.log'), 'utf8')).toMatch(/msync|fdatasync|EIO/);
      const { acknowledged } = traffic;
      const audit = auditJournal(dataDir, MAX_ORDERS);
      expect(compareWithAcknowledged(audit, acknowledged)).toEqual({ lost: 0, doubled: 0 });
      await market.close();
    });
  }
});

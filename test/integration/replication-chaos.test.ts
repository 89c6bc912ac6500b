import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Prng } from '../../src/base/prng.js';
import { Counter } from '../../src/runtime/counters.js';
import { type ChaosOptions, ChaosProxy } from '../support/chaos-proxy.js';
import { MemoryJournal } from '../support/replication/memory-journal.js';
import { sameRecords, settle, TestPrimary, TestStandby, until } from '../support/replication/nodes.js';

const SEED = Number(process.env['RINGFENCE_SEED'] ?? 20261122);

/** What every run goes through: fragments, delays, cuts inside messages, half-open connections. */
const WEATHER: Omit<ChaosOptions, 'targetPort' | 'seed'> = {
  maxDelayMs: 2,
  maxPieceBytes: 5000,
  cutWithinBytes: 60_000,
  halfOpenPercent: 15,
};

interface Outcome {
  readonly cuts: number;
  readonly restarts: number;
  readonly records: number;
}

/** Runs one primary and one standby through bad weather; throws when a rule is broken. */
async function runChaos(seed: number, restartPercent: number): Promise<Outcome> {
  const prng = new Prng(seed);
  const dataDir = mkdtempSync(join(tmpdir(), 'ringfence-chaos-'));
  const journal = new MemoryJournal(seed);
  const primary = await new TestPrimary(journal, { peerTimeoutMs: 100, handshakeTimeoutMs: 100 }).start();
  const proxy = await new ChaosProxy({ ...WEATHER, targetPort: primary.replicator.port, seed }).start();
  const tuning = { peerTimeoutMs: 100, handshakeTimeoutMs: 100 };
  const start = (sequence: number) => {
    const position = {
      sequence,
      chain: journal.chains[sequence]!,
      epoch: sequence === 0 ? 0 : journal.epoch,
    };
    return new TestStandby(proxy.port, dataDir, position, tuning, 64).start();
  };
  /** Records that the standby has kept over its restarts: its journal. */
  let kept: Int32Array[] = [];
  let standby = await start(0);
  let restarts = 0;
  /** The farthest that any life of the standby has come. */
  let published = 0;
  let durable = 0;
  try {
    for (let round = 0; round < 60 || proxy.cuts < 8; round++) {
      primary.append(1 + prng.below(150), 40);
      standby.isDraining = prng.below(100) >= 15;
      await settle(prng.below(12));
      // What the primary counts on is really there.
      published = Math.max(published, standby.counters.get(Counter.inputPublished));
      durable = Math.max(durable, standby.counters.get(Counter.durable));
      if (primary.received > published) {
        throw new Error(`acknowledged as received: ${primary.received}, published: ${published}`);
      }
      if (primary.durable > durable) {
        throw new Error(`acknowledged as durable: ${primary.durable}, durable: ${durable}`);
      }
      if (prng.below(100) < restartPercent) {
        restarts++;
        standby.isDraining = true;
        await standby.stop();
        kept = kept.concat(standby.records);
        // The end of a journal that was never synced may be gone after a crash.
        kept.length = Math.max(0, kept.length - prng.below(20));
        standby = await start(kept.length);
      }
    }
    proxy.isCalm = true;
    standby.isDraining = true;
    await until(
      () => kept.length + standby.records.length === journal.lastSequence,
      'the standby has everything',
    );
    await until(() => primary.durable === journal.lastSequence, 'everything is acknowledged');
    if (!sameRecords(journal.records, kept.concat(standby.records)))
      throw new Error('the record streams differ');
    expect(standby.receiver.position.chain).toBe(journal.chain);
    // Bad weather is no reason for either side to think that the other one is wrong.
    const accusations = [
      'BAD_FRAME',
      'CHAIN_BROKEN',
      'SEQUENCE_GAP',
      'PROTOCOL_VIOLATION',
      'JOURNAL_DIVERGED',
    ];
    expect(
      standby.log
        .codes()
        .concat(primary.log.codes())
        .filter((code) => accusations.includes(String(code))),
    ).toEqual([]);
    return { cuts: proxy.cuts, restarts, records: journal.lastSequence };
  } finally {
    await standby.stop();
    await proxy.close();
    await primary.replicator.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

describe('replication through bad weather', () => {
  it.each([0, 1, 2, 3, 4, 5])('ends with equal record streams after many cuts (run %i)', async (run) => {
    const seed = SEED + run;
    const outcome = await runChaos(seed, 0).catch((error: Error) => {
      throw new Error(`seed ${seed}: ${error.message}`);
    });
    expect(outcome.cuts).toBeGreaterThan(7);
    expect(outcome.records).toBeGreaterThan(2000);
  });

  it.each([0, 1, 2])(
    'ends with equal record streams when the standby restarts in between (run %i)',
    async (run) => {
      const seed = SEED + 100 + run;
      const outcome = await runChaos(seed, 15).catch((error: Error) => {
        throw new Error(`seed ${seed}: ${error.message}`);
      });
      expect(outcome.restarts).toBeGreaterThan(2);
    },
  );
});

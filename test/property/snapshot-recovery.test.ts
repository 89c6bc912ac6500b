/**
 * A snapshot and the journal after it give the state of the whole journal, at any cut, also when the older segments are
 * gone; RINGFENCE_TEST_SNAPSHOT_CUTS as in snapshot.test.ts.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { openFlatStorage, openStorage } from '../../journal/open-storage.js';
import { recover, segmentNames } from '../../journal/recover.js';
import { parseSegmentName } from '../../journal/segment.js';
import {
  oldestSequenceNeeded,
  removeOldSnapshots,
  SNAPSHOT_DIRECTORY,
} from '../../journal/snapshot-store.js';
import { asOf } from '../../replay/as-of.js';
import { replayJournal } from '../../replay/replay-journal.js';
import { Prng } from '../../src/base/prng.js';
import { Core } from '../../src/core/core.js';
import { checkInvariants } from '../../src/core/invariants.js';
import { queryAccount } from '../../src/core/queries.js';
import { removeTemporaryDirectories, temporaryDirectory } from '../support/journal-storages.js';
import {
  CORE,
  randomSlots,
  type SnapshotJournal,
  writeSnapshotJournal,
} from '../support/snapshot-journal.js';
import { SEED } from './run-settings.js';

const CUTS = Number(process.env['RINGFENCE_TEST_SNAPSHOT_CUTS'] ?? 240);
const COMMANDS = 1500;
const SNAPSHOTS_A_RUN = 10;
const RUNS = Math.max(1, Math.ceil(CUTS / 120));
const MOMENTS = 12;

vi.setConfig({ testTimeout: 120_000 + 200 * CUTS });
afterAll(removeTemporaryDirectories);

function journalWithSnapshots(seed: number): { directory: string; made: SnapshotJournal; cuts: number[] } {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, SNAPSHOT_DIRECTORY));
  const snapshots = openFlatStorage(join(directory, SNAPSHOT_DIRECTORY), 'positional');
  const prng = new Prng(seed);
  const cuts = Array.from({ length: SNAPSHOTS_A_RUN }, () => 1 + prng.below(COMMANDS)).sort((a, b) => a - b);
  const made = writeSnapshotJournal(openStorage(directory), snapshots, randomSlots(COMMANDS, seed), cuts);
  return { directory, made, cuts };
}

function newestBefore(cuts: readonly number[], sequence: number): number {
  return cuts.filter((cut) => cut <= sequence).at(-1) ?? 0;
}

describe('a replay that begins with a snapshot', () => {
  test(`gives the hashes of the whole replay at any moment (seed ${SEED})`, () => {
    for (let run = 0; run < RUNS; run++) {
      const { directory, made, cuts } = journalWithSnapshots(SEED + run);
      const prng = new Prng(SEED + run);
      for (let i = 0; i < MOMENTS; i++) {
        const toSequence = 1 + prng.below(COMMANDS);
        const core = new Core(CORE);
        const result = replayJournal({ directory, core, toSequence, from: {} });
        expect(result.snapshotSequence).toBe(newestBefore(cuts, toSequence));
        expect(result.commands).toBe(toSequence - result.snapshotSequence);
        expect([result.stateHash, result.outputHash]).toEqual(made.hashes[toSequence]);
        expect(result.lastSequence).toBe(toSequence);
        checkInvariants(core);
      }
    }
  });

  test('answers about any moment what the whole replay answers', () => {
    const { directory } = journalWithSnapshots(SEED);
    for (const sequence of [1, 200, 777, COMMANDS]) {
      const whole = new Core(CORE);
      const { lastTimestampUs } = replayJournal({ directory, core: whole, toSequence: sequence });
      for (const moment of [{ sequence }, { timeUs: lastTimestampUs }]) {
        const { core, sequence: found, timestampUs } = asOf({ directory, moment, core: new Core(CORE) });
        expect(timestampUs).toBe(lastTimestampUs);
        if (found !== sequence) continue;
        for (let account = 1; account <= 4; account++) {
          expect(queryAccount(core, account)).toEqual(queryAccount(whole, account));
        }
      }
    }
  });

  test('needs the segments after the oldest snapshot that is kept, and no others', () => {
    const { directory, made } = journalWithSnapshots(SEED);
    const snapshots = openFlatStorage(join(directory, SNAPSHOT_DIRECTORY), 'positional');
    removeOldSnapshots(snapshots, 2);
    const needed = oldestSequenceNeeded(snapshots);
    const storage = openStorage(directory, 'positional');
    const names = segmentNames(storage);
    expect(names.length).toBeGreaterThan(2);
    const removable = names.filter((_, i) => {
      const next = names[i + 1];
      return next !== undefined && parseSegmentName(next)!.firstSequence <= needed;
    });
    expect(removable.length).toBeGreaterThan(0);
    for (const name of removable) storage.remove(name);
    const result = replayJournal({ directory, core: new Core(CORE), from: {} });
    expect([result.stateHash, result.outputHash]).toEqual(made.hashes[COMMANDS]);
    // Nothing else may begin in the middle.
    expect(() => recover(storage)).toThrow(/damaged/);
    expect(() => replayJournal({ directory, core: new Core(CORE) })).toThrow(/good snapshot of command/);
    removeOldSnapshots(snapshots, 0);
    expect(() => replayJournal({ directory, core: new Core(CORE), from: {} })).toThrow(
      /good snapshot of command/,
    );
  });
});

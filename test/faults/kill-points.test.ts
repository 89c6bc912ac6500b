/** kill -9 at every named point of writer, recovery, snapshots, manifest, archive and restore. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { openStorage } from '../../journal/open-storage.js';
import { recover } from '../../journal/recover.js';
import { openSnapshots, snapshotName } from '../../journal/snapshot-store.js';
import { verifyJournal } from '../../journal/verify.js';
import { replayJournal } from '../../replay/replay-journal.js';
import { Core } from '../../src/core/core.js';
import { FaultTally, isLongRun } from '../support/fault-tally.js';
import { expectRecords, IDENTITY, readAll } from '../support/journal-records.js';
import { hasMapping, removeTemporaryDirectories, temporaryDirectory } from '../support/journal-storages.js';
import { SMALL_CORE } from '../support/process-records.mjs';

const PROCESS = fileURLToPath(new URL('../support/kill-point-process.mjs', import.meta.url));
const BACKENDS = hasMapping ? ['mmap', 'positional'] : ['positional'];
const TIMEOUT_MS = 3_600_000;

afterAll(removeTemporaryDirectories);

interface Outcome {
  readonly isKilled: boolean;
  readonly exitCode: number | null;
  readonly acknowledged: number;
  readonly points: ReadonlyMap<string, number>;
  readonly errors: string;
}

function live(directory: string, backend: string, killAt = ''): Outcome {
  const args = [PROCESS, join(directory, 'journal'), join(directory, 'archive'), backend];
  const env = { ...process.env, KILL_AT: killAt };
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  const lines = stdout.split('\n').slice(0, -1);
  const numbers = lines.map(Number).filter((value) => Number.isInteger(value));
  const points = status === 0 ? (JSON.parse(lines.at(-1)!) as Record<string, number>) : {};
  return {
    isKilled: signal === 'SIGKILL',
    exitCode: status,
    acknowledged: Math.max(0, ...numbers),
    points: new Map(Object.entries(points)),
    errors: stderr,
  };
}

/** The newest snapshot is of the last command, is whole, and gives the state that the whole journal gives. */
function expectGoodSnapshots(directory: string, lastSequence: number): void {
  const whole = replayJournal({ directory, core: new Core(SMALL_CORE) });
  const rest = replayJournal({ directory, core: new Core(SMALL_CORE), from: {} });
  expect(rest.refused).toEqual([]);
  expect(rest.snapshotSequence).toBe(lastSequence);
  expect([rest.stateHash, rest.outputHash]).toEqual([whole.stateHash, whole.outputHash]);
  const names = openSnapshots(directory)!.list();
  expect(names).toHaveLength(2);
  expect(names[1]).toBe(snapshotName(lastSequence));
}

function newDirectory(): string {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'archive'));
  return directory;
}

test.for(BACKENDS)(
  'nothing is lost by a kill at any of them, and the next life goes through (%s)',
  { timeout: TIMEOUT_MS },
  (backend, context) => {
    const whole = live(newDirectory(), backend);
    expect(whole.errors).toBe('');
    const { points } = whole;
    const tally = new FaultTally(context, `kill -9 at ${points.size} named points, ${backend}`);
    expect(points.size).toBeGreaterThan(30);
    // In `npm test` a few points; in the long run each one the first, a middle and the last time that it is passed.
    const few = [...points].filter((_point, i) => i % 20 === BACKENDS.indexOf(backend));
    for (const [point, count] of isLongRun ? points : few) {
      const times = isLongRun ? new Set([1, Math.ceil(count / 2), count]) : [Math.ceil(count / 2)];
      for (const time of times) {
        tally.try(`${point}:${time}`, () => {
          const directory = newDirectory();
          const killed = live(directory, backend, `${point}:${time}`);
          expect(killed.isKilled).toBe(true);
          const { acknowledged } = live(directory, backend);
          expect(acknowledged).toBeGreaterThanOrEqual(killed.acknowledged + 1220);
          expectGoodSnapshots(join(directory, 'journal'), acknowledged);
          const storage = openStorage(join(directory, 'journal'));
          const { lastSequence, clean } = recover(storage, IDENTITY);
          expect(clean).toBe(true);
          expect(lastSequence).toBe(acknowledged);
          expectRecords(readAll(storage), 1, lastSequence);
          expect(verifyJournal(storage).problems).toEqual([]);
        });
      }
    }
    tally.check();
  },
);

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { JournalDirectory } from '../../journal/journal-directory.js';
import { openStorage } from '../../journal/open-storage.js';
import { recover } from '../../journal/recover.js';
import { verifyJournal } from '../../journal/verify.js';
import { compiledShim } from '../support/failing-sync.js';
import { expectRecords, IDENTITY, readAll } from '../support/journal-records.js';
import { hasMapping, removeTemporaryDirectories, temporaryDirectory } from '../support/journal-storages.js';

const WRITER = fileURLToPath(new URL('../support/journal-writer-process.mjs', import.meta.url));
const BACKENDS = hasMapping ? ['mmap', 'positional'] : ['positional'];
const running = new Set<ChildProcess>();

afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});
afterAll(removeTemporaryDirectories);

interface Writer {
  readonly child: ChildProcess;
  /** Lines of standard output so far, whole ones only. */
  readonly lines: () => string[];
  /** Resolves when a line says so. */
  readonly until: (isReached: (lines: string[]) => boolean) => Promise<void>;
  readonly ended: Promise<number | null>;
  readonly errors: () => string;
}

function startWriter(
  directory: string,
  backend: string,
  batches: number,
  env: NodeJS.ProcessEnv = {},
): Writer {
  const child = spawn(process.execPath, [WRITER, directory, backend, String(batches)], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let output = '';
  let errors = '';
  child.stdout!.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr!.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const lines = () => output.split('\n').slice(0, -1);
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  const until = async (isReached: (lines: string[]) => boolean): Promise<void> => {
    while (!isReached(lines())) {
      if (child.exitCode !== null) throw new Error(`the writer ended early: ${errors}`);
      await Promise.race([once(child.stdout!, 'data'), ended]);
    }
  };
  return { child, lines, until, ended, errors: () => errors };
}

/** The last durable sequence that the process has said. */
function lastAcknowledged(lines: string[]): number {
  return Math.max(0, ...lines.map(Number).filter((value) => Number.isInteger(value)));
}

describe('two processes', () => {
  test('cannot have the same journal, also while the first one is stopped; a kill lets go of it', async () => {
    const directory = temporaryDirectory();
    const holder = startWriter(directory, 'positional', 1_000_000);
    await holder.until((lines) => lines.includes('open'));
    const holderName = `process ${holder.child.pid}`;
    expect(() => JournalDirectory.open(directory, IDENTITY)).toThrow(holderName);
    holder.child.kill('SIGSTOP');
    const second = startWriter(directory, 'positional', 1);
    expect(await second.ended).toBe(4);
    expect(second.errors()).toContain('JOURNAL_LOCKED');
    expect(second.errors()).toContain(holderName);
    holder.child.kill('SIGKILL');
    await holder.ended;
    JournalDirectory.open(directory, IDENTITY).close();
  });
});

describe.each(BACKENDS)('a process that writes %s files', (backend) => {
  test('and ends in good order leaves a clean journal', async () => {
    const directory = temporaryDirectory();
    const writer = startWriter(directory, backend, 100);
    expect(await writer.ended).toBe(0);
    expect(writer.lines().at(-1)).toBe('closed');
    const storage = openStorage(directory);
    expect(recover(storage, IDENTITY)).toMatchObject({ lastSequence: 2000, clean: true });
    expect(verifyJournal(storage).ok).toBe(true);
    expectRecords(readAll(storage), 1, 2000);
  });

  test('can be read while it writes', async () => {
    const directory = temporaryDirectory();
    const writer = startWriter(directory, backend, 1_000_000);
    await writer.until((lines) => lines.length > 5);
    const storage = openStorage(directory, 'positional');
    for (let look = 0; look < 60; look++) {
      const acknowledged = lastAcknowledged(writer.lines());
      const words = readAll(storage);
      expectRecords(words, 1, words.length / 32);
      expect(words.length / 32).toBeGreaterThanOrEqual(acknowledged);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(verifyJournal(storage).problems).toEqual([]);
    writer.child.kill('SIGKILL');
    await writer.ended;
  });

  test('and is killed has every record that it called durable, and the next one goes on', async () => {
    const directory = temporaryDirectory();
    for (let round = 1; round <= 3; round++) {
      const writer = startWriter(directory, backend, 1_000_000);
      await writer.until((lines) => lines.length > 30 * round);
      writer.child.kill('SIGKILL');
      await writer.ended;
      const storage = openStorage(directory);
      const { lastSequence } = recover(storage, IDENTITY);
      expect(lastSequence).toBeGreaterThanOrEqual(lastAcknowledged(writer.lines()));
      expectRecords(readAll(storage), 1, lastSequence);
    }
  });

  test.skipIf(compiledShim() === '')(
    'and whose sync fails says nothing durable after it, ends with an error and does not try again',
    async () => {
      // Two syncs go before the first batch: the control file and, for the positional writer, nothing else is counted.
      for (const failAt of [8, 9, 12, 20]) {
        const directory = temporaryDirectory();
        const writer = startWriter(directory, backend, 200, {
          LD_PRELOAD: compiledShim(),
          FAIL_SYNC_AT: String(failAt),
        });
        expect(await writer.ended).toBe(1);
        expect(writer.errors()).toMatch(/^JOURNAL_SYNC_FAILED .*EIO/);
        expect(writer.lines()).not.toContain('closed');
        const acknowledged = lastAcknowledged(writer.lines());
        // Every sync before the failed one covers a batch at most, and there was none after it.
        expect(acknowledged).toBeLessThan(failAt * 20);
        expect(recover(openStorage(directory), IDENTITY).lastSequence).toBeGreaterThanOrEqual(acknowledged);
      }
    },
  );

  test.skipIf(!canMount())(
    'on a disk that fills up ends with a clear error and keeps what it called durable',
    async () => {
      const directory = temporaryDirectory();
      mkdirSync(join(directory, 'small'));
      const mountPoint = join(directory, 'small');
      expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', mountPoint]).status).toBe(0);
      try {
        const writer = startWriter(mountPoint, backend, 1_000_000);
        expect(await writer.ended).toBe(1);
        expect(writer.errors()).toMatch(/^JOURNAL_NO_SPACE the disk of .* is full/);
        const storage = openStorage(mountPoint);
        const { lastSequence } = recover(storage, IDENTITY);
        expect(lastAcknowledged(writer.lines())).toBeGreaterThan(0);
        expect(lastSequence).toBeGreaterThanOrEqual(lastAcknowledged(writer.lines()));
        expectRecords(readAll(storage), 1, lastSequence);
      } finally {
        spawnSync('umount', [mountPoint]);
      }
    },
  );
});

function canMount(): boolean {
  const directory = temporaryDirectory();
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', directory]).status === 0;
  if (isMounted) spawnSync('umount', [directory]);
  else console.warn('no right to mount: the full-disk test is skipped');
  return isMounted;
}

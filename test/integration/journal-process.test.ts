import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { JournalDirectory } from '../../journal/journal-directory.js';
import { openStorage } from '../../journal/open-storage.js';
import { recover } from '../../journal/recover.js';
import { verifyJournal } from '../../journal/verify.js';
import { compiledShim } from '../support/failing-sync.js';
import { expectRecords, IDENTITY, readAll } from '../support/journal-records.js';
import { hasMapping, removeTemporaryDirectories, temporaryDirectory } from '../support/journal-storages.js';
import { killWriters, lastAcknowledged, startWriter } from '../support/writer-process.js';

const BACKENDS = hasMapping ? ['mmap', 'positional'] : ['positional'];

afterEach(killWriters);
afterAll(removeTemporaryDirectories);

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

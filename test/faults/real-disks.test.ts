/**
 * The writer on real file systems that lose power, fail to write back, and fill up: ext4 on loop devices. For root, with
 * loop devices; elsewhere the tests are skipped with a word.
 */
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { openStorage } from '../../journal/open-storage.js';
import { recover } from '../../journal/recover.js';
import { verifyJournal } from '../../journal/verify.js';
import { BASE_SEED, FaultTally, isLongRun, tries } from '../support/fault-tally.js';
import { expectRecords, IDENTITY, openWriter, readAll } from '../support/journal-records.js';
import { hasMapping } from '../support/journal-storages.js';
import { LoopDisk } from '../support/loop-disk.js';
import { seededRandom } from '../support/simulated-disk.js';
import { killWriters, lastAcknowledged, startWriter } from '../support/writer-process.js';

const BACKENDS = hasMapping ? ['mmap', 'positional'] : ['positional'];
const ALLOCATIONS = ['fallocate', 'zero-fill'];
const TIMEOUT_MS = 3_600_000;
const SKIPPED = 'needs root, loop devices and mkfs.ext4';
const ENDLESS = 10_000_000;

let disk: LoopDisk | undefined;
afterEach(() => {
  killWriters();
  disk?.unmount();
  disk = undefined;
});

/** What a start finds in `directory` must hold what was acknowledged, and nothing else than what was written. */
function expectNothingLost(directory: string, acknowledged: number): void {
  const storage = openStorage(directory, 'positional');
  const { lastSequence } = recover(storage, IDENTITY);
  expect(lastSequence).toBeGreaterThanOrEqual(acknowledged);
  expectRecords(readAll(storage), 1, lastSequence);
}

describe('a power cut on ext4', () => {
  const CUTS = tries(1, 25);

  test.for(BACKENDS.flatMap((backend) => ALLOCATIONS.map((allocation) => [backend, allocation] as const)))(
    'loses nothing that was called durable (%s, %s)',
    { timeout: TIMEOUT_MS },
    async ([backend, allocation], context) => {
      const tally = new FaultTally(context, `power cuts on ext4, ${backend}, ${allocation}`);
      const random = seededRandom(BASE_SEED);
      for (let cut = 0; cut < CUTS; cut++) {
        disk = LoopDisk.mount({ mebibytes: 64 });
        if (disk === undefined) return context.skip(SKIPPED);
        const mounted = disk;
        const directory = join(mounted.directory, 'journal');
        await tally.tryAsync(`cut ${cut}`, async () => {
          const env = { SEGMENT_BYTES: `${1 << 20}`, ALLOCATION: allocation };
          const writer = startWriter(directory, backend, ENDLESS, env);
          await writer.until((lines) => lines.length > 20);
          await delay(random() * 300);
          writer.child.kill('SIGSTOP');
          await delay(20);
          const acknowledged = lastAcknowledged(writer.lines());
          mounted.afterPowerCut((copy) => expectNothingLost(join(copy, 'journal'), acknowledged));
          writer.child.kill('SIGKILL');
          await writer.ended;
        });
        mounted.unmount();
      }
      tally.check();
    },
  );

  test('does lose it when syncs are lies: these power cuts bite', {
    timeout: TIMEOUT_MS,
  }, async (context) => {
    disk = LoopDisk.mount({ mebibytes: 64 });
    if (disk === undefined) return context.skip(SKIPPED);
    const directory = join(disk.directory, 'journal');
    const env = { SEGMENT_BYTES: `${8 << 20}`, LYING_SYNC: '1' };
    const writer = startWriter(directory, 'positional', ENDLESS, env);
    await writer.until((lines) => lines.length > 200);
    writer.child.kill('SIGSTOP');
    await delay(20);
    const acknowledged = lastAcknowledged(writer.lines());
    let kept = 0;
    disk.afterPowerCut((copy) => {
      try {
        kept = recover(openStorage(join(copy, 'journal'), 'positional'), IDENTITY).lastSequence;
      } catch {
        // Not even the files may be there.
      }
    });
    writer.child.kill('SIGKILL');
    await writer.ended;
    expect(kept).toBeLessThan(acknowledged);
  });
});

test.for(BACKENDS.flatMap((backend) => ALLOCATIONS.map((allocation) => [backend, allocation] as const)))(
  'a thin disk whose write-back fails ends the writer, and loses nothing that was called durable (%s, %s)',
  { timeout: TIMEOUT_MS },
  async ([backend, allocation], context) => {
    const tally = new FaultTally(context, `write-back that fails on a thin disk, ${backend}, ${allocation}`);
    for (const backingMebibytes of isLongRun ? [6, 7, 8, 9, 10, 11, 12] : [8]) {
      disk = mountThinDisk(backingMebibytes);
      if (disk === undefined) return context.skip(SKIPPED);
      const mounted = disk;
      const directory = join(mounted.directory, 'journal');
      await tally.tryAsync(`${backingMebibytes} MiB below 64`, async () => {
        const env = { SEGMENT_BYTES: `${1 << 20}`, ALLOCATION: allocation };
        const writer = startWriter(directory, backend, ENDLESS, env);
        // An error, and no signal.
        expect(await writer.ended).toBeGreaterThan(0);
        expect(writer.errors()).toMatch(
          /^(JOURNAL_(SYNC_FAILED|IO|NO_SPACE|NO_PERMISSION)|EIO|EROFS|ENOSPC) /,
        );
        expect(writer.lines()).not.toContain('closed');
        mounted.freeBacking();
        const acknowledged = lastAcknowledged(writer.lines());
        mounted.afterPowerCut((copy) => expectNothingLost(join(copy, 'journal'), acknowledged));
      });
      mounted.unmount();
    }
    tally.check();
  },
);

test('a thin disk keeps what a bare write and fdatasync called durable: the disk of these tests does not lie', (context) => {
  disk = mountThinDisk(8);
  if (disk === undefined) return context.skip(SKIPPED);
  // As batches of a journal are: most of them end in another page than they begin in.
  const bytes = Buffer.alloc(2608, 0xa5);
  const file = openSync(join(disk.directory, 'file'), 'w');
  let durable = 0;
  expect(() => {
    for (;;) {
      writeSync(file, bytes, 0, bytes.length, durable);
      fdatasyncSync(file);
      durable += bytes.length;
    }
  }).toThrow(/EIO|ENOSPC|EROFS/);
  closeSync(file);
  expect(durable).toBeGreaterThan(0);
  disk.freeBacking();
  disk.afterPowerCut((copy) => {
    const kept = readFileSync(join(copy, 'file'));
    expect(kept.subarray(0, durable).equals(Buffer.alloc(durable, 0xa5))).toBe(true);
  });
});

test.for(BACKENDS)(
  'a 16 MiB volume that is full from any MiB on ends the writer in order, and goes on with room (%s)',
  { timeout: TIMEOUT_MS },
  async (backend, context) => {
    const tally = new FaultTally(context, `a 16 MiB volume filled up at every MiB, ${backend}`);
    for (
      let ballastMebibytes = isLongRun ? 0 : 11;
      ballastMebibytes <= 15;
      ballastMebibytes += isLongRun ? 1 : 4
    ) {
      disk = LoopDisk.mount({ mebibytes: 16, mkfs: ['-m', '0'] });
      if (disk === undefined) return context.skip(SKIPPED);
      const mounted = disk;
      const directory = join(mounted.directory, 'journal');
      const ballast = join(mounted.directory, 'ballast');
      await tally.tryAsync(`${ballastMebibytes} MiB of ballast`, async () => {
        fill(ballast, ballastMebibytes);
        const env = { SEGMENT_BYTES: `${1 << 20}` };
        const full = startWriter(directory, backend, ENDLESS, env);
        // Never a signal: SIGBUS would be one.
        expect({ exitCode: await full.ended, errors: full.errors() }).toEqual({
          exitCode: 1,
          errors: expect.stringMatching(/^JOURNAL_NO_SPACE /),
        });
        const acknowledged = lastAcknowledged(full.lines());
        if (!existsSync(join(directory, 'durable.ctl'))) {
          expect(acknowledged).toBe(0);
          return;
        }
        expectNothingLost(directory, acknowledged);
        if (ballastMebibytes < 3) return;
        rmSync(ballast);
        const next = startWriter(directory, backend, 20, env);
        expect(await next.ended).toBe(0);
        expectNothingLost(directory, lastAcknowledged(next.lines()));
        expect(lastAcknowledged(next.lines())).toBeGreaterThanOrEqual(acknowledged + 400);
        openWriter(openStorage(directory, 'positional'), { segmentBytes: 1 << 20 }).close();
        expect(verifyJournal(openStorage(directory, 'positional')).problems).toEqual([]);
      });
      mounted.unmount();
    }
    tally.check();
  },
);

/** Room is reserved on a disk that does not have it: the failure comes with the sync. */
function mountThinDisk(backingMebibytes: number): LoopDisk | undefined {
  return LoopDisk.mount({
    mebibytes: 64,
    backingMebibytes,
    mkfs: ['-b', '4096'],
    mount: 'errors=remount-ro',
  });
}

/** As much of `mebibytes` as there is room for. */
function fill(path: string, mebibytes: number): void {
  const chunk = Buffer.alloc(1 << 16, 1);
  try {
    for (let done = 0; done < mebibytes * 16; done++) writeFileSync(path, chunk, { flag: 'a' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

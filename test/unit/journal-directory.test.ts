import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { FileStorage } from '../../journal/file-storage.js';
import { IDENTITY_FILE, JournalDirectory, LOCK_FILE } from '../../journal/journal-directory.js';
import { openStorage } from '../../journal/open-storage.js';
import {
  PREPARER_STATE_BYTES,
  PreparedSegments,
  PreparerCell,
  preparedName,
} from '../../journal/prepared-segments.js';
import {
  appendBatches,
  expectRecords,
  IDENTITY,
  openWriter,
  readAll,
  SEGMENT_BYTES,
} from '../support/journal-records.js';
import { removeTemporaryDirectories, temporaryDirectory } from '../support/journal-storages.js';
import { SimulatedDisk } from '../support/simulated-disk.js';

afterAll(removeTemporaryDirectories);

/** The coded error that a step throws. */
function errorOf(step: () => unknown): { code: string; exitCode: number; message: string } {
  try {
    step();
  } catch (error) {
    return error as { code: string; exitCode: number; message: string };
  }
  return expect.fail('nothing was thrown');
}

describe('a journal directory', () => {
  test('is made for its owner only', () => {
    const directory = join(temporaryDirectory(), 'data', 'journal');
    const opened = JournalDirectory.open(directory, IDENTITY);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    for (const file of [LOCK_FILE, IDENTITY_FILE])
      expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
    opened.close();
  });

  test('is refused to a second opener while the first holds it, with the process that holds it', () => {
    const directory = temporaryDirectory();
    const first = JournalDirectory.open(directory, IDENTITY);
    const error = errorOf(() => JournalDirectory.open(directory, IDENTITY));
    expect(error).toMatchObject({ code: 'JOURNAL_LOCKED', exitCode: 4 });
    expect(error.message).toContain(directory);
    expect(error.message).toContain(`process ${process.pid}`);
    first.close();
    JournalDirectory.open(directory, IDENTITY).close();
  });

  test('of another cluster or node is refused with both names', () => {
    const directory = temporaryDirectory();
    JournalDirectory.open(directory, IDENTITY).close();
    const error = errorOf(() => JournalDirectory.open(directory, { clusterId: 42n, nodeId: 7 }));
    expect(error).toMatchObject({ code: 'JOURNAL_FOREIGN', exitCode: 4 });
    expect(error.message).toContain('belongs to cluster 42 node 1, not to cluster 42 node 7');
    // The refusal lets go of the lock.
    JournalDirectory.open(directory, IDENTITY).close();
  });

  test('with a newer or damaged identity is refused', () => {
    const directory = temporaryDirectory();
    JournalDirectory.open(directory, IDENTITY).close();
    const path = join(directory, IDENTITY_FILE);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace('"format":1', '"format":2'));
    expect(errorOf(() => JournalDirectory.open(directory, IDENTITY)).code).toBe('JOURNAL_NEWER_VERSION');
    for (const damaged of [text.replace('"42"', '"43"'), text.slice(0, 10), '']) {
      writeFileSync(path, damaged);
      expect(errorOf(() => JournalDirectory.open(directory, IDENTITY)).code).toBe('JOURNAL_CORRUPT');
    }
  });

  test('that may not be entered is refused with its path', () => {
    const parent = temporaryDirectory();
    const directory = join(parent, 'journal');
    mkdirSync(directory, { mode: 0o700 });
    const uid = process.geteuid!();
    // Root may enter everything; somebody else may not.
    if (uid === 0) process.seteuid!(65_534);
    else expect(uid).toBeGreaterThan(0);
    try {
      const target = uid === 0 ? directory : '/proc/1/journal';
      const error = errorOf(() => JournalDirectory.open(target, IDENTITY));
      expect(error.code).toMatch(/^JOURNAL_(NO_PERMISSION|IO)$/);
      if (uid === 0) expect(error).toMatchObject({ code: 'JOURNAL_NO_PERMISSION', exitCode: 4 });
      expect(error.message).toContain(target);
    } finally {
      if (uid === 0) process.seteuid!(0);
    }
  });

  test('loses segments that were made ahead and never used', () => {
    const directory = temporaryDirectory();
    JournalDirectory.open(directory, IDENTITY).close();
    writeFileSync(join(directory, preparedName(3)), 'x');
    JournalDirectory.open(directory, IDENTITY).close();
    expect(existsSync(join(directory, preparedName(3)))).toBe(false);
  });
});

describe('without libc', () => {
  test('the journal works by positional writes and says why', () => {
    const storage = new FileStorage(temporaryDirectory(), 'positional', undefined, 'koffi: not installed');
    expect(storage.fallbackReason).toBe('koffi: not installed');
    const writer = openWriter(storage, { allocation: 'fallocate' });
    appendBatches(writer, [600, 5]);
    writer.close();
    expectRecords(readAll(storage), 1, 605);
    expectRecords(readAll(openStorage(storage.directory)), 1, 605);
  });

  test('a journal of one backend is read and continued by the other', () => {
    const directory = temporaryDirectory();
    for (const backend of ['mmap', 'positional', 'mmap'] as const) {
      const writer = openWriter(openStorage(directory, backend));
      appendBatches(writer, [300]);
      writer.close();
    }
    expectRecords(readAll(openStorage(directory)), 1, 900);
  });
});

describe('segments made ahead', () => {
  function prepare(count: number, errno: number): { disk: SimulatedDisk; state: SharedArrayBuffer } {
    const disk = new SimulatedDisk();
    const state = new SharedArrayBuffer(PREPARER_STATE_BYTES);
    const cells = new Int32Array(state);
    for (let i = 0; i < count; i++) disk.create(preparedName(i), SEGMENT_BYTES, 'fallocate');
    cells[PreparerCell.made] = count;
    cells[PreparerCell.errno] = errno;
    return { disk, state };
  }

  test('are used in turn, and how many are left can be seen', () => {
    const { disk, state } = prepare(3, 0);
    const writer = openWriter(disk, { prepared: state });
    const view = new PreparedSegments(state);
    expect(view.ready()).toBe(3);
    appendBatches(writer, [600]);
    expect(view.ready()).toBe(1);
    expect(writer.segmentWaits).toBe(0);
    writer.close();
    expect(disk.list().filter((name) => name.startsWith('prepared-'))).toEqual([preparedName(2)]);
  });

  test('that could not be made for want of space end the writer with a clear error', () => {
    const { disk, state } = prepare(1, 28);
    const writer = openWriter(disk, { prepared: state });
    expect(new PreparedSegments(state).errno()).toBe(28);
    appendBatches(writer, [400]);
    const error = errorOf(() => appendBatches(writer, [400]));
    expect(error).toMatchObject({ code: 'JOURNAL_NO_SPACE', exitCode: 1 });
    expect(writer.segmentWaits).toBe(1);
    expect(errorOf(() => writer.sync()).code).toBe('JOURNAL_SYNC_FAILED');
    writer.close();
    // The part of the batch that filled the segment was synced with it.
    expectRecords(readAll(disk), 1, writer.durableSequence);
  });
});

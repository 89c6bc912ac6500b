import { statSync, truncateSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { crc32cWords } from '../../journal/crc32c.js';
import {
  FRAME_HEADER_BYTES,
  frameFirstSequence,
  frameLastSequence,
  isFrameValid,
  MAX_FRAME_BYTES,
  RECORD_BYTES,
  RECORD_WORDS,
} from '../../journal/frame.js';
import { JournalReader } from '../../journal/journal-reader.js';
import { JournalTail } from '../../journal/journal-tail.js';
import { listSegments } from '../../journal/ls.js';
import { openStorage } from '../../journal/open-storage.js';
import { recover } from '../../journal/recover.js';
import { parseSegmentName, SEGMENT_HEADER_BYTES, segmentName } from '../../journal/segment.js';
import { verifyJournal } from '../../journal/verify.js';
import {
  appendBatches,
  expectRecords,
  IDENTITY,
  makeEpoch,
  makeRecords,
  openWriter,
  readAll,
  SEGMENT_BYTES,
} from '../support/journal-records.js';
import {
  hasMapping,
  removeTemporaryDirectories,
  STORAGES,
  temporaryDirectory,
} from '../support/journal-storages.js';
import { SimulatedDisk } from '../support/simulated-disk.js';

afterAll(removeTemporaryDirectories);

describe.each(STORAGES)('a journal on %s files', (_name, makeStorage) => {
  test('an empty directory is an empty journal', () => {
    const storage = makeStorage();
    expect(recover(storage, IDENTITY)).toMatchObject({ segments: 0, lastSequence: 0, chain: 0, epoch: 0 });
    const writer = openWriter(storage);
    expect(writer.writtenSequence).toBe(0);
    writer.close();
    expect(recover(storage, IDENTITY)).toMatchObject({ segments: 0, lastSequence: 0 });
  });

  test('what was appended and synced is read back byte for byte', () => {
    const storage = makeStorage();
    const writer = openWriter(storage);
    appendBatches(writer, [1, 2, 50, 3]);
    expect(writer.durableSequence).toBe(56);
    writer.close();
    expectRecords(readAll(storage), 1, 56);
    expectRecords(readAll(storage, 40), 40, 17);
  });

  test('the chain is that of all record bytes, whatever the frames', () => {
    const chains = [[56], [1, 2, 50, 3], Array<number>(56).fill(1)].map((sizes) => {
      const storage = makeStorage();
      const writer = openWriter(storage);
      appendBatches(writer, sizes);
      writer.close();
      return recover(storage, IDENTITY).chain;
    });
    const expected = crc32cWords(0, makeRecords(1, 56), 0, 56 * RECORD_WORDS);
    expect(chains).toEqual([expected, expected, expected]);
  });

  test('a batch larger than a segment goes on in the next ones, and each full segment ends with a seal', () => {
    const storage = makeStorage();
    const writer = openWriter(storage);
    const count = 2000;
    writer.appendRecords(makeRecords(1, count), 0, count);
    expect(writer.sync()).toBe(count);
    writer.close();
    const segments = listSegments(storage);
    expect(segments.length).toBe(5);
    expect(segments.map((segment) => segment.isSealed)).toEqual([true, true, true, true, false]);
    expect(segments.reduce((sum, segment) => sum + segment.records, 0)).toBe(count);
    expect(segments.every((segment) => segment.problem === '')).toBe(true);
    expectRecords(readAll(storage), 1, count);
    expectRecords(readAll(storage, 777), 777, count - 776);
    expect(verifyJournal(storage)).toMatchObject({
      ok: true,
      records: count,
      lastSequence: count,
      tornBytes: 0,
    });
  });

  test('a frame never holds more records than allowed', () => {
    const storage = makeStorage();
    const writer = openWriter(storage, { maxFrameRecords: 7 });
    appendBatches(writer, [30]);
    writer.close();
    expect(listSegments(storage)[0]).toMatchObject({ records: 30, frames: 6 });
  });

  test('a new epoch starts a new frame, and epochs never fall', () => {
    const storage = makeStorage();
    const writer = openWriter(storage);
    const batch = new Int32Array(6 * RECORD_WORDS);
    batch.set(makeEpoch(1, 3, 7));
    batch.set(makeEpoch(4, 3, 9), 3 * RECORD_WORDS);
    writer.appendRecords(batch, 0, 6);
    writer.appendRecords(makeEpoch(7, 1, 8), 0, 1);
    writer.sync();
    expect(writer.epoch).toBe(9);
    writer.close();
    const reader = new JournalReader(storage, { toSequence: 7 });
    const epochs: number[] = [];
    while (reader.nextFrame()) epochs.push(reader.epoch);
    reader.close();
    expect(epochs).toEqual([7, 9, 9]);
    expect(recover(storage, IDENTITY).epoch).toBe(9);
    expect(storage.list()).toContain(segmentName(1, 7));
  });

  test('a journal that was closed and opened again goes on where it was', () => {
    const storage = makeStorage();
    for (const sizes of [[3], [4, 5], [600], [1], []]) {
      const writer = openWriter(storage);
      appendBatches(writer, sizes);
      writer.close();
      expect(recover(storage, IDENTITY).clean).toBe(true);
    }
    expectRecords(readAll(storage), 1, 613);
  });

  test('records that do not follow the last one are our mistake and refused', () => {
    const storage = makeStorage();
    const writer = openWriter(storage);
    appendBatches(writer, [3]);
    expect(() => writer.appendRecords(makeRecords(5, 1), 0, 1)).toThrow('out of sequence');
    writer.close();
  });

  test('an idle mark is written once, and only after something new', () => {
    const storage = makeStorage();
    const writer = openWriter(storage);
    writer.mark();
    appendBatches(writer, [2]);
    writer.mark();
    writer.mark();
    expect(writer.isMarkDue).toBe(false);
    writer.close();
    expect(listSegments(storage)[0]).toMatchObject({ records: 2, frames: 2 });
    expect(recover(storage, IDENTITY)).toMatchObject({ durableSequence: 2, clean: true });
  });

  test('the tail reader returns the frames as they stand, up to the limit and no further', () => {
    const storage = makeStorage();
    const writer = openWriter(storage);
    const tail = new JournalTail(storage);
    const target = new Uint8Array(2 * MAX_FRAME_BYTES);
    const words = new Int32Array(target.buffer);
    expect(tail.read(target, 0, 0)).toBe(0);
    let next = 1;
    for (const size of [1, 1, 300, 200, 1, 700, 2]) {
      appendBatches(writer, [size]);
      if (size === 200) writer.mark();
      expect(tail.read(target, 0, next - 1)).toBe(0);
      for (let bytes = tail.read(target, 8, writer.writtenSequence); bytes > 0; ) {
        expect(isFrameValid(words, 2)).toBe(true);
        expect(frameFirstSequence(words, 2)).toBe(next);
        next = frameLastSequence(words, 2) + 1;
        expectRecords(
          words.slice(14, 2 + bytes / 4),
          next - (bytes - FRAME_HEADER_BYTES) / RECORD_BYTES,
          (bytes - 48) / 128,
        );
        bytes = tail.read(target, 8, writer.writtenSequence);
      }
      expect(next).toBe(writer.writtenSequence + 1);
    }
    expect(tail.read(new Uint8Array(100), 0, 1)).toBe(0);
    tail.seek(250);
    expect(tail.read(target, 0, writer.writtenSequence)).toBeGreaterThan(0);
    expect(frameFirstSequence(words, 0)).toBeLessThanOrEqual(250);
    expect(frameLastSequence(words, 0)).toBeGreaterThanOrEqual(250);
    tail.seek(250);
    expect(tail.read(target, 0, 250)).toBe(0);
    expect(tail.read(new Uint8Array(100), 0, writer.writtenSequence)).toBe(0);
    expect(tail.read(target, 0, writer.writtenSequence)).toBeGreaterThan(0);
    writer.close();
    for (const sequence of [1, 2, 3, 250, 503, 504, 1200, 1205]) {
      expect(tail.chainAt(sequence)).toBe(
        crc32cWords(0, makeRecords(1, sequence), 0, sequence * RECORD_WORDS),
      );
    }
    expect(tail.chainAt(0)).toBe(0);
    tail.close();
  });
});

test('a segment that is too small, too large or odd is refused with the number', () => {
  const [, makeStorage] = STORAGES[STORAGES.length - 1]!;
  for (const segmentBytes of [4096, 65_537, 2 ** 31]) {
    expect(() => openWriter(makeStorage(), { segmentBytes })).toThrow(`segmentBytes ${segmentBytes}`);
  }
  expect(() => openWriter(makeStorage(), { maxFrameRecords: 5000 })).toThrow('maxFrameRecords 5000');
});

test('segments have their full size on disk from the start, readable by the owner only', () => {
  for (const allocation of ['fallocate', 'zero-fill'] as const) {
    const storage = openStorage(temporaryDirectory(), 'mmap');
    const writer = openWriter(storage, { allocation });
    appendBatches(writer, [1]);
    const [file] = listSegments(storage);
    const stat = statSync(join(storage.directory, file!.file));
    expect(stat.size).toBe(SEGMENT_BYTES);
    expect(stat.blocks * 512).toBeGreaterThanOrEqual(SEGMENT_BYTES);
    expect(stat.mode & 0o777).toBe(0o600);
    writer.close();
  }
});

/** From Linux 5.14 on pages can be made ready; before, the test below would end the process. */
const [major = 0, minor = 0] = release().split('.').map(Number);
const hasPopulate = hasMapping && (major > 5 || (major === 5 && minor >= 14));

test.skipIf(!hasPopulate)(
  'a mapped segment that somebody has cut short is an error, not the end of the process',
  () => {
    const storage = openStorage(temporaryDirectory(), 'mmap');
    const writer = openWriter(storage, { segmentBytes: 1024 * 1024 });
    appendBatches(writer, [1]);
    truncateSync(join(storage.directory, listSegments(storage)[0]!.file), 4096);
    // Longer than the run of pages that the first record made ready.
    expect(() => writer.appendRecords(makeRecords(2, 1024), 0, 1024)).toThrow('no room behind the mapping');
  },
);

test('records before the one that is wanted are passed over, and damage from there on is found', () => {
  const storage = new SimulatedDisk();
  const writer = openWriter(storage);
  appendBatches(writer, [5, 5, 5]);
  writer.close();
  const [{ file }] = listSegments(storage);
  const frame = FRAME_HEADER_BYTES + 5 * RECORD_BYTES;
  storage.contents(file)[SEGMENT_HEADER_BYTES + frame + FRAME_HEADER_BYTES + 40]! ^= 1;
  const read = (fromSequence: number) => {
    const reader = new JournalReader(storage, { fromSequence, toSequence: 15 });
    return reader.readRecords(new Int32Array(15 * RECORD_WORDS), 0, 15);
  };
  expect(read(11)).toBe(5);
  for (const from of [1, 6, 10]) expect(() => read(from)).toThrow(/records with chain/);
});

test('names of segments sort as their sequences do', () => {
  expect(segmentName(1, 2)).toBe('00000000000000000001-0000000002.wal');
  expect(parseSegmentName(segmentName(Number.MAX_SAFE_INTEGER, 0xffffffff))).toEqual({
    firstSequence: Number.MAX_SAFE_INTEGER,
    epoch: 0xffffffff,
  });
  expect(parseSegmentName('1-2.wal')).toBeUndefined();
  expect([segmentName(10, 1), segmentName(9, 3)].sort()).toEqual([segmentName(9, 3), segmentName(10, 1)]);
});

import { describe, expect, test } from 'vitest';
import { CONTROL_FILE } from '../../journal/control-file.js';
import { crc32c } from '../../journal/crc32c.js';
import {
  JournalCorruptionError,
  JournalForeignError,
  JournalNoSpaceError,
  JournalVersionError,
} from '../../journal/errors.js';
import { FRAME_HEADER_BYTES, FrameWord, frameHeaderCrc } from '../../journal/frame.js';
import { recover } from '../../journal/recover.js';
import { SEGMENT_HEADER_BYTES } from '../../journal/segment.js';
import { verifyJournal } from '../../journal/verify.js';
import { Template } from '../../src/wire/schema.js';
import { packTemplate } from '../../src/wire/slot.js';
import {
  appendBatches,
  expectRecords,
  IDENTITY,
  makeEpoch,
  makeRecords,
  openWriter,
  readAll,
} from '../support/journal-records.js';
import { SimulatedDisk } from '../support/simulated-disk.js';

const FIRST = SEGMENT_HEADER_BYTES;

/** A journal of the given batches whose process was killed: no mark, no close. */
function killed(...sizes: number[]): SimulatedDisk {
  const disk = new SimulatedDisk();
  appendBatches(openWriter(disk), sizes);
  return disk;
}

/** The same, closed in good order. */
function closed(...sizes: number[]): SimulatedDisk {
  const disk = new SimulatedDisk();
  const writer = openWriter(disk);
  appendBatches(writer, sizes);
  writer.close();
  return disk;
}

function segments(disk: SimulatedDisk): string[] {
  return disk.list().filter((name) => name.endsWith('.wal'));
}

function frameBytes(records: number): number {
  return FRAME_HEADER_BYTES + 128 * records;
}

/** Everything on the disk, to show that nothing was written. */
function image(disk: SimulatedDisk): string {
  return disk
    .list()
    .map((name) => `${name} ${crc32c(0, disk.contents(name), 0, disk.contents(name).length)}`)
    .join('\n');
}

function refusal(disk: SimulatedDisk): JournalCorruptionError {
  const before = image(disk);
  let thrown: unknown;
  try {
    // As a start does: everything is read before the writer opens.
    readAll(disk);
    openWriter(disk);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(JournalCorruptionError);
  expect(image(disk)).toBe(before);
  expect((thrown as JournalCorruptionError).exitCode).toBe(3);
  return thrown as JournalCorruptionError;
}

describe('the end of a journal', () => {
  test('a last frame that was cut at any length is kept aside and cut, and all frames before it stay', () => {
    const whole = killed(2, 3, 2);
    const [name] = segments(whole);
    const start = FIRST + frameBytes(2) + frameBytes(3);
    for (let length = 1; length < frameBytes(2); length++) {
      const disk = whole.clone();
      disk.contents(name!).fill(0, start + length);
      // A record may end in zero bytes: cutting those changes nothing.
      const isWhole = Buffer.compare(disk.contents(name!), whole.contents(name!)) === 0;
      const report = recover(disk, IDENTITY);
      expect(report.lastSequence).toBe(isWhole ? 7 : 5);
      expect(report.tornOffset).toBe(isWhole ? 0 : start);
      expect(verifyJournal(disk).ok).toBe(true);
      const writer = openWriter(disk);
      expect(disk.list().some((file) => file.startsWith(`${name}.torn-`))).toBe(!isWhole);
      appendBatches(writer, [4]);
      writer.close();
      expect(recover(disk, IDENTITY)).toMatchObject({
        lastSequence: isWhole ? 11 : 9,
        clean: true,
        tornBytes: 0,
      });
      expectRecords(readAll(disk), 1, isWhole ? 11 : 9);
    }
  });

  test('a full segment without a next one is a clean end: the seal vouches for it', () => {
    const disk = new SimulatedDisk();
    const writer = openWriter(disk);
    appendBatches(writer, [1]);
    disk.capacity = disk.usedBytes();
    expect(() => {
      for (;;) appendBatches(writer, [20]);
    }).toThrow(JournalNoSpaceError);
    disk.capacity = Number.POSITIVE_INFINITY;
    openWriter(disk).close();
    const { lastSequence, ...report } = recover(disk, IDENTITY);
    expect(report).toMatchObject({ isSealed: true, clean: true, durableSequence: lastSequence });
    const next = openWriter(disk);
    appendBatches(next, [4]);
    next.close();
    expectRecords(readAll(disk), 1, lastSequence + 4);
  });

  test('a segment without room for a mark is a clean end: the control file vouches for it', () => {
    const disk = closed(...Array.from({ length: 23 }, () => 20), 10);
    expect(segments(disk)).toHaveLength(1);
    const report = recover(disk, IDENTITY);
    expect(report).toMatchObject({ isSealed: false, clean: true, durableSequence: 470, lastSequence: 470 });
    const full = disk.contents(segments(disk)[0]!).length;
    expect(full - report.lastFileEnd).toBeLessThan(2 * FRAME_HEADER_BYTES + 128);
    // Without that, what was killed after its last sync may end with a write that nobody vouches for.
    expect(recover(killed(20, 20), IDENTITY).clean).toBe(false);
  });

  test('the torn tail is copied byte for byte before it is zeroed', () => {
    const disk = killed(2, 3);
    const [name] = segments(disk);
    const start = FIRST + frameBytes(2);
    disk.contents(name!)[start + 100]! ^= 1;
    const tail = disk.contents(name!).slice(start, start + frameBytes(3));
    openWriter(disk);
    const kept = disk.list().find((file) => file.includes('.torn-'))!;
    expect(kept).toBe(`${name}.torn-1700000000000`);
    expect(Buffer.from(disk.contents(kept))).toEqual(Buffer.from(tail));
    expect(
      disk
        .contents(name!)
        .subarray(start)
        .every((byte) => byte === 0),
    ).toBe(true);
  });

  test('a torn tail that was cut does not come back with the next power cut', () => {
    const disk = killed(2, 3);
    const [name] = segments(disk);
    disk.contents(name!)[FIRST + frameBytes(2) + 100]! ^= 1;
    const torn = disk.clone();
    openWriter(torn);
    // The worst case: nothing survives but what was synced.
    const after = torn.afterPowerCut(() => 1);
    expect(recover(after, IDENTITY)).toMatchObject({ lastSequence: 2, tornBytes: 0 });
    expect(after.list().some((file) => file.includes('.torn-'))).toBe(true);
  });

  test('whole frames after a hole in the unsynced tail are dropped with it: pages reach the disk in any order', () => {
    const disk = new SimulatedDisk();
    const writer = openWriter(disk);
    appendBatches(writer, [2]);
    for (const epoch of [1, 2, 3])
      writer.appendRecords(makeEpoch(writer.writtenSequence + 1, 1, epoch), 0, 1);
    const [name] = segments(disk);
    disk.contents(name!).fill(0, FIRST + frameBytes(2), FIRST + frameBytes(2) + frameBytes(1));
    expect(recover(disk, IDENTITY)).toMatchObject({ lastSequence: 2, tornBytes: 3 * frameBytes(1) });
    openWriter(disk);
    expect(recover(disk, IDENTITY)).toMatchObject({ lastSequence: 2, tornBytes: 0 });
  });

  test('the same hole is damage when a frame behind it says that it was durable', () => {
    const disk = killed(2, 1, 1, 1);
    const [name] = segments(disk);
    disk.contents(name!).fill(0, FIRST + frameBytes(2), FIRST + frameBytes(2) + frameBytes(1));
    expect(refusal(disk)).toMatchObject({ file: name, offset: FIRST + frameBytes(2) });
  });

  test('a last batch that a mark has vouched for is never cut', () => {
    const disk = closed(2, 3);
    const [name] = segments(disk);
    disk.contents(name!)[FIRST + frameBytes(2) + 200]! ^= 4;
    expect(refusal(disk)).toMatchObject({ file: name, offset: FIRST + frameBytes(2) });
  });

  test('a segment whose frames were zeroed is refused, because the control file knows better', () => {
    const disk = closed(2, 3);
    const [name] = segments(disk);
    disk.contents(name!).fill(0, FIRST);
    expect(refusal(disk).message).toContain('durable up to 5');
  });

  test('bytes after the seal of a full segment are damage', () => {
    const disk = closed(600);
    const [first] = segments(disk);
    const bytes = disk.contents(first!);
    bytes[bytes.length - 1] = 1;
    expect(refusal(disk)).toMatchObject({ file: first, offset: bytes.length - 1 });
  });
});

describe('the segments of a journal', () => {
  test.each([0, 1, 2, 3])('a missing segment (number %i of 4) is refused and named', (index) => {
    const disk = closed(1600);
    const name = segments(disk)[index]!;
    expect(segments(disk).length).toBe(4);
    disk.remove(name);
    expect(refusal(disk).file).toBe(name);
    expect(verifyJournal(disk).problems.some((problem) => problem.file === name)).toBe(true);
  });

  test('two segments with swapped contents are refused', () => {
    const disk = closed(1600);
    const [, second, third] = segments(disk);
    const copy = disk.contents(second!).slice();
    disk.contents(second!).set(disk.contents(third!));
    disk.contents(third!).set(copy);
    expect(refusal(disk).message).toContain(`the contents of ${third}`);
  });

  test('an older copy of the newest segment is refused', () => {
    const disk = new SimulatedDisk();
    const writer = openWriter(disk);
    appendBatches(writer, [5]);
    const [name] = segments(disk);
    const old = disk.contents(name!).slice();
    appendBatches(writer, [5]);
    writer.close();
    disk.contents(name!).set(old);
    expect(refusal(disk).message).toContain('durable up to 10');
  });

  test('a segment of zeros is refused', () => {
    for (const index of [0, 1, 2]) {
      const disk = closed(1100);
      const name = segments(disk)[index]!;
      disk.contents(name).fill(0);
      expect(refusal(disk)).toMatchObject({ file: name, offset: 0 });
    }
  });

  test('a segment of another history with the same name is refused by its chain', () => {
    const disk = closed(1100);
    const other = new SimulatedDisk();
    const writer = openWriter(other);
    const records = makeRecords(1, 1100);
    records[20]! ^= 1;
    writer.appendRecords(records, 0, 1100);
    writer.close();
    const name = segments(disk)[1]!;
    disk.contents(name).set(other.contents(name));
    expect(refusal(disk)).toMatchObject({ file: name });
    expect(verifyJournal(disk).problems[0]).toMatchObject({ file: name });
  });

  test('a zeroed sector in the middle of an older segment is found when it is read', () => {
    const disk = closed(1100);
    const name = segments(disk)[0]!;
    disk.contents(name).fill(0, 20_480, 20_992);
    expect(refusal(disk).file).toBe(name);
    const report = verifyJournal(disk);
    expect(report.ok).toBe(false);
    expect(report.problems[0]).toMatchObject({ code: 'JOURNAL_CORRUPT', file: name });
  });

  test('a file that ends in .wal but is no segment is refused by name', () => {
    const disk = closed(3);
    disk.create('copy.wal', 4096, 'zero-fill');
    expect(refusal(disk).file).toBe('copy.wal');
  });

  test('segments without the control file are refused', () => {
    const disk = closed(3);
    disk.remove(CONTROL_FILE);
    expect(refusal(disk).file).toBe(CONTROL_FILE);
  });

  test('a torn control page falls back to the page before it', () => {
    const disk = closed(3);
    for (const offset of [0, 4096]) {
      const torn = disk.clone();
      torn.contents(CONTROL_FILE)[offset + 17]! ^= 1;
      expect(recover(torn, IDENTITY).lastSequence).toBe(3);
      expect(verifyJournal(torn)).toMatchObject({ ok: false });
      const writer = openWriter(torn);
      appendBatches(writer, [2]);
      writer.close();
      expect(verifyJournal(torn)).toMatchObject({ ok: true, lastSequence: 5, durableSequence: 5 });
    }
  });

  test('a file that was shortened is refused', () => {
    const disk = closed(3);
    const [name] = segments(disk);
    const bytes = disk.contents(name!).slice(0, 8192);
    disk.remove(name!);
    disk.create(name!, 8192, 'zero-fill');
    disk.contents(name!).set(bytes);
    expect(refusal(disk).message).toContain('a file of 65536 bytes');
  });

  test('a read that fails ends the start with the name of the file', () => {
    const disk = closed(3);
    const [name] = segments(disk);
    disk.unreadableFile = name!;
    expect(() => recover(disk, IDENTITY)).toThrow(/EIO/);
  });
});

describe('somebody else’s journal', () => {
  test.each([
    ['cluster', { clusterId: 43n, nodeId: 1 }, 'cluster 42 node 1, not to cluster 43 node 1'],
    ['node', { clusterId: 42n, nodeId: 2 }, 'cluster 42 node 1, not to cluster 42 node 2'],
  ])('of another %s is refused with both names', (_what, identity, text) => {
    const disk = closed(3);
    expect(() => recover(disk, identity)).toThrow(JournalForeignError);
    expect(() => recover(disk, identity)).toThrow(text);
    expect(recover(disk).lastSequence).toBe(3);
  });

  test('with a newer segment format is refused with both versions', () => {
    const disk = closed(3);
    const page = disk.contents(segments(disk)[0]!).subarray(0, SEGMENT_HEADER_BYTES);
    page[8] = 2;
    sealPage(page);
    expect(() => recover(disk, IDENTITY)).toThrow(JournalVersionError);
    expect(() => recover(disk, IDENTITY)).toThrow('segment format 2, this release supports up to 1');
  });

  test('with a newer schema is refused with both versions', () => {
    const disk = closed(3);
    const page = disk.contents(segments(disk)[0]!).subarray(0, SEGMENT_HEADER_BYTES);
    page[72] = 9;
    sealPage(page);
    expect(() => recover(disk, IDENTITY)).toThrow('schema version 9, this release supports up to 2');
  });

  test('with a newer frame format is refused with both versions', () => {
    const disk = closed(3);
    const bytes = disk.contents(segments(disk)[0]!);
    const words = new Int32Array(bytes.buffer);
    bytes[FIRST + 22] = 3;
    words[FIRST / 4 + FrameWord.headerCrc] = frameHeaderCrc(words, FIRST / 4);
    expect(() => recover(disk, IDENTITY)).toThrow('frame format 3, this release supports up to 1');
    expect(verifyJournal(disk).problems[0]!.code).toBe('JOURNAL_NEWER_VERSION');
  });
});

test('a record of a newer version is refused, not taken for an unknown command', () => {
  const disk = new SimulatedDisk();
  const writer = openWriter(disk);
  const records = makeRecords(1, 2);
  records[32] = packTemplate(Template.newOrder, 5, 0);
  writer.appendRecords(records, 0, 2);
  writer.close();
  expect(() => recover(disk, IDENTITY)).toThrow('record version 5, this release supports up to 1');
});

function sealPage(page: Uint8Array): void {
  const words = new Int32Array(page.buffer, page.byteOffset, page.length / 4);
  words[3] = 0;
  words[3] = crc32c(0, page, 0, page.length);
}

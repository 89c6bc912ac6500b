/** Damage below the durable sequence: every single flipped bit, every cut, every segment that is not in its place. */
import { describe, expect, test } from 'vitest';
import { crc32cWords } from '../../journal/crc32c.js';
import { JournalCorruptionError, JournalError } from '../../journal/errors.js';
import { FRAME_HEADER_BYTES, FrameType, frameRecordCount, writeFrameHeader } from '../../journal/frame.js';
import { JournalReader } from '../../journal/journal-reader.js';
import { recover, segmentNames } from '../../journal/recover.js';
import { parseSegmentName, SEGMENT_HEADER_BYTES } from '../../journal/segment.js';
import { ScanStatus, SegmentScanner } from '../../journal/segment-scanner.js';
import { BASE_SEED, FaultTally, tries } from '../support/fault-tally.js';
import {
  appendBatches,
  expectRecords,
  IDENTITY,
  makeEpoch,
  makeRecords,
  openWriter,
  readAll,
  START_US,
} from '../support/journal-records.js';
import { SimulatedDisk, seededRandom } from '../support/simulated-disk.js';

const FLIPS = tries(5000, 1_000_000);
const FLIPS_A_JOURNAL = 2500;
const SEGMENT_FAULTS = tries(100, 1000);
const TIMEOUT_MS = 3_600_000;

/** A closed journal of at least `segments` segments, with batches of many sizes. */
function closedJournal(seed: number, segments: number): SimulatedDisk {
  const random = seededRandom(seed);
  const disk = new SimulatedDisk();
  const writer = openWriter(disk);
  while (segmentNames(disk).length < segments || random() < 0.9) {
    appendBatches(writer, [1 + Math.floor(random() * 60)]);
    if (random() < 0.1) writer.mark();
  }
  writer.close();
  return disk;
}

/** Bytes of each segment below the durable sequence: up to its seal, in the newest one up to its last record. */
function provenBytes(disk: SimulatedDisk): { name: string; used: number }[] {
  return segmentNames(disk).map((name) => {
    const scanner = new SegmentScanner(disk, name);
    let used = SEGMENT_HEADER_BYTES;
    while (!scanner.isSealed && scanner.step() === ScanStatus.frame) {
      if (scanner.isSealed || frameRecordCount(scanner.words, scanner.frameWord) > 0) used = scanner.end();
    }
    scanner.close();
    return { name, used };
  });
}

/**
 * What a start does with one segment and the step into the next one: false when it throws. The newest segment is walked by
 * `recover`, which looks at the header pages of all; the others by the reader.
 */
function startsOver(disk: SimulatedDisk, name: string, isNewest: boolean, lastSequence: number): boolean {
  try {
    if (!isNewest) {
      const names = segmentNames(disk);
      const next = parseSegmentName(names[names.indexOf(name) + 1]!)!;
      const fromSequence = parseSegmentName(name)!.firstSequence;
      const toSequence = Math.min(next.firstSequence, lastSequence);
      const reader = new JournalReader(disk, { fromSequence, toSequence });
      try {
        while (reader.nextFrame());
      } finally {
        reader.close();
      }
    }
    recover(disk, IDENTITY);
    return true;
  } catch (error) {
    if (error instanceof JournalError) return false;
    throw error;
  }
}

function refusal(disk: SimulatedDisk): JournalError {
  const { steps } = disk;
  try {
    recover(disk, IDENTITY);
    readAll(disk);
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    expect(disk.steps).toBe(steps);
    return error;
  }
  throw new Error('the start was not refused');
}

/** Flips `count` bits of one journal, one at a time. */
function flipBits(disk: SimulatedDisk, seed: number, count: number, tally: FaultTally): void {
  const { lastSequence, durableSequence } = recover(disk, IDENTITY);
  expect(durableSequence).toBe(lastSequence);
  const segments = provenBytes(disk);
  const total = segments.reduce((sum, { used }) => sum + used, 0);
  const random = seededRandom(seed);
  for (let flip = 0; flip < count; flip++) {
    let byte = Math.floor(random() * total);
    let index = 0;
    for (; byte >= segments[index]!.used; index++) byte -= segments[index]!.used;
    const { name } = segments[index]!;
    const bit = 1 << Math.floor(random() * 8);
    const bytes = disk.contents(name);
    bytes[byte]! ^= bit;
    if (startsOver(disk, name, index === segments.length - 1, lastSequence))
      tally.lost(`seed ${seed}: ${name} byte ${byte} bit ${bit}`, 'a start takes it for good');
    else tally.survived();
    bytes[byte]! ^= bit;
  }
  for (const [index, { name }] of segments.entries())
    expect(startsOver(disk, name, index === segments.length - 1, lastSequence)).toBe(true);
}

test(`${FLIPS} single flipped bits below the durable sequence are all found (seeds from ${BASE_SEED})`, {
  timeout: TIMEOUT_MS,
}, (context) => {
  const tally = new FaultTally(context, 'single bit flips below the durable sequence');
  for (let seed = BASE_SEED, left = FLIPS; left > 0; seed++, left -= FLIPS_A_JOURNAL) {
    flipBits(closedJournal(seed, 3), seed, Math.min(left, FLIPS_A_JOURNAL), tally);
  }
  tally.check();
});

describe('every truncation of the last three frames', () => {
  const sizes = [3, 1, 2];
  const start = SEGMENT_HEADER_BYTES + FRAME_HEADER_BYTES + 128 * 4;
  const ends: number[] = [];
  for (const size of sizes) ends.push((ends.at(-1) ?? start) + FRAME_HEADER_BYTES + 128 * size);

  test('of a write that was never synced is cut to the last whole frame', (context) => {
    const tally = new FaultTally(context, 'every truncation of three unsynced frames');
    const whole = new SimulatedDisk();
    const writer = openWriter(whole);
    appendBatches(writer, [4]);
    for (const size of sizes) writer.appendRecords(makeRecords(writer.writtenSequence + 1, size), 0, size);
    const [name] = segmentNames(whole);
    for (let cut = start; cut < ends[2]!; cut++) {
      tally.try(`cut at ${cut}`, () => {
        const disk = whole.clone();
        disk.contents(name!).fill(0, cut);
        // A record may end in zero bytes: cutting those changes nothing.
        const kept = ends.filter((end) =>
          disk
            .contents(name!)
            .subarray(0, end)
            .every((byte, i) => byte === whole.contents(name!)[i]),
        ).length;
        const lastSequence = 4 + sizes.slice(0, kept).reduce((sum, size) => sum + size, 0);
        expect(recover(disk, IDENTITY).lastSequence).toBe(lastSequence);
        const next = openWriter(disk);
        appendBatches(next, [2]);
        next.close();
        expectRecords(readAll(disk), 1, lastSequence + 2);
      });
    }
    tally.check();
  });

  test('that were called durable is refused', (context) => {
    const tally = new FaultTally(context, 'every truncation of three durable frames');
    const whole = new SimulatedDisk();
    const writer = openWriter(whole);
    appendBatches(writer, [4, ...sizes]);
    writer.close();
    const [name] = segmentNames(whole);
    for (let cut = start; cut < ends[2]!; cut++) {
      const disk = whole.clone();
      disk.contents(name!).fill(0, cut);
      if (
        disk
          .contents(name!)
          .subarray(0, ends[2]!)
          .every((byte, i) => byte === whole.contents(name!)[i])
      )
        continue;
      tally.try(`cut at ${cut}`, () => {
        expect(refusal(disk)).toMatchObject({ code: 'JOURNAL_CORRUPT', file: name });
      });
    }
    tally.check();
  });
});

describe('a segment', () => {
  /** Changes the disk; returns the names of which the refusal must say one. */
  type Damage = (disk: SimulatedDisk, names: readonly string[], random: () => number) => readonly string[];
  const pick = (count: number, random: () => number): number => Math.floor(random() * count);

  const damages: readonly (readonly [string, Damage])[] = [
    [
      'that is missing',
      (disk, names, random) => {
        const name = names[pick(names.length, random)]!;
        disk.remove(name);
        return [name];
      },
    ],
    [
      'swapped with another one',
      (disk, names, random) => {
        const first = pick(names.length, random);
        const second = (first + 1 + pick(names.length - 1, random)) % names.length;
        const [one, other] = [disk.contents(names[first]!), disk.contents(names[second]!)];
        const copy = one.slice();
        one.set(other);
        other.set(copy);
        return [names[first]!, names[second]!];
      },
    ],
    [
      'of another history under its name',
      (disk, names, random) => {
        const index = pick(names.length, random);
        const stale = new SimulatedDisk();
        const writer = openWriter(stale);
        // The same framing, other records: what an older run of the node could have left in a backup.
        const words = makeRecords(1, recover(disk, IDENTITY).lastSequence);
        words[31]! ^= 1;
        writer.appendRecords(words, 0, words.length / 32);
        writer.close();
        const staleNames = segmentNames(stale);
        const name = names[index]!;
        disk.contents(name).set(stale.contents(staleNames[Math.min(index, staleNames.length - 1)]!));
        return names;
      },
    ],
    [
      'of zeros, whole or from a sector on',
      (disk, names, random) => {
        const name = names[pick(names.length, random)]!;
        const scanner = new SegmentScanner(disk, name);
        while (!scanner.isSealed && scanner.step() === ScanStatus.frame);
        const sectors = Math.ceil((scanner.end() - FRAME_HEADER_BYTES - 128) / 512);
        scanner.close();
        disk.contents(name).fill(0, random() < 0.3 ? 0 : pick(sectors, random) * 512);
        return [name];
      },
    ],
    [
      'with one zeroed sector',
      (disk, names, random) => {
        const name = names[pick(names.length - 1, random)]!;
        const at = pick(Math.floor((disk.contents(name).length - 8192) / 512), random) * 512;
        disk.contents(name).fill(0, at, at + 512);
        return [name];
      },
    ],
  ];

  test.for(damages)(`%s is refused by name`, { timeout: TIMEOUT_MS }, ([what, damage], context) => {
    const tally = new FaultTally(context, `a segment ${what}`);
    for (let seed = BASE_SEED; seed < BASE_SEED + SEGMENT_FAULTS; seed++) {
      const disk = closedJournal(seed, 3);
      const random = seededRandom(seed + 1);
      const before = disk.clone();
      const names = segmentNames(disk);
      const named = damage(disk, names, random);
      const isSame = names.every(
        (name) => disk.exists(name) && Buffer.compare(disk.contents(name), before.contents(name)) === 0,
      );
      if (isSame) continue;
      tally.try(`seed ${seed}`, () => {
        const error = refusal(disk);
        expect(error).toBeInstanceOf(JournalCorruptionError);
        expect(named.some((name) => error.message.includes(name))).toBe(true);
      });
    }
    tally.check();
  });
});

describe('a frame that is good in itself', () => {
  const FIRST = SEGMENT_HEADER_BYTES;
  const SECOND = FIRST + FRAME_HEADER_BYTES + 2 * 128;

  /** A killed journal of records 1-2 and 3-5 whose second frame is written again, whole and with right checksums. */
  function forged(change: {
    sequence?: number;
    prevChain?: number;
    epoch?: number;
    durable?: number;
    records?: Int32Array;
  }) {
    const disk = new SimulatedDisk();
    const writer = openWriter(disk);
    writer.appendRecords(makeEpoch(1, 2, 7), 0, 2);
    writer.sync();
    const chain = writer.chain;
    appendBatches(writer, [3]);
    const name = segmentNames(disk)[0]!;
    const words = new Int32Array(disk.contents(name).buffer);
    const records = change.records ?? makeRecords(3, 3);
    const prevChain = change.prevChain ?? chain;
    const sequence = change.sequence ?? 3;
    const sum = crc32cWords(prevChain, records, 0, records.length);
    words.set(records, (SECOND + FRAME_HEADER_BYTES) / 4);
    const { epoch = 7, durable = 2 } = change;
    writeFrameHeader(
      words,
      SECOND / 4,
      FrameType.commands,
      3,
      sequence,
      epoch,
      START_US + 5,
      durable,
      prevChain,
      sum,
    );
    return { disk, name };
  }

  test('and in its place is taken', () => {
    expect(recover(forged({}).disk, IDENTITY).lastSequence).toBe(5);
  });

  test.each([
    ['with another sequence', { sequence: 4, records: makeRecords(4, 3) }, 'sequence 3'],
    ['of another history, which has another chain', { prevChain: 12345 }, 'previous chain'],
    ['of an earlier epoch', { epoch: 6 }, 'epoch 7 or later'],
    ['that says it was durable before it was written', { durable: 3 }, 'durable sequence below 3'],
    ['whose records are others than the header says', { records: makeRecords(13, 3) }, 'records in sequence'],
  ])('but %s is refused, not cut as a torn tail', (_what, change, expected) => {
    const { disk, name } = forged(change);
    const error = refusal(disk);
    expect(error).toMatchObject({ code: 'JOURNAL_CORRUPT', file: name });
    expect(error.message).toContain(expected);
  });
});

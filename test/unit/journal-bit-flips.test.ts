import { describe, expect, test } from 'vitest';
import { CONTROL_FILE } from '../../journal/control-file.js';
import { JournalError } from '../../journal/errors.js';
import { recover } from '../../journal/recover.js';
import { SEGMENT_HEADER_BYTES } from '../../journal/segment.js';
import { verifyJournal } from '../../journal/verify.js';
import { appendBatches, IDENTITY, openWriter, readAll } from '../support/journal-records.js';
import { SimulatedDisk } from '../support/simulated-disk.js';

/** Bytes of the header page that have a meaning; the rest is zero. */
const HEADER_FIELD_BYTES = 112;

/** Every bit that has a meaning, some of the rest of the header page, one in each 64 bytes of what was not written. */
function bitsToFlip(bytes: Uint8Array, usedBytes: number): number[] {
  const bits: number[] = [];
  for (let bit = 0; bit < HEADER_FIELD_BYTES * 8; bit++) bits.push(bit);
  for (let at = HEADER_FIELD_BYTES; at < SEGMENT_HEADER_BYTES; at += 7) bits.push(at * 8 + (at % 8));
  for (let bit = SEGMENT_HEADER_BYTES * 8; bit < usedBytes * 8; bit++) bits.push(bit);
  for (let at = usedBytes; at < bytes.length; at += 64)
    bits.push(Math.min(at * 8 + (((at >> 6) * 37) % 512), bytes.length * 8 - 1));
  return bits;
}

/** What becomes of the journal with one bit flipped: seen by `verify`, and the last record a start would keep (-1 = refused). */
function consequence(
  disk: SimulatedDisk,
  file: string,
  bit: number,
): { isSeen: boolean; lastSequence: number } {
  const bytes = disk.contents(file);
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  try {
    const verdict = verifyJournal(disk);
    return { isSeen: !verdict.ok || verdict.tornBytes > 0, lastSequence: startSequence(disk) };
  } finally {
    bytes[bit >> 3]! ^= 1 << (bit & 7);
  }
}

function startSequence(disk: SimulatedDisk): number {
  try {
    const { lastSequence } = recover(disk, IDENTITY);
    readAll(disk);
    return lastSequence;
  } catch (error) {
    if (error instanceof JournalError) return -1;
    throw error;
  }
}

describe('a single flipped bit', () => {
  test('anywhere in a segment of a closed journal is seen, and never costs a durable record in silence', () => {
    const disk = new SimulatedDisk();
    const writer = openWriter(disk);
    appendBatches(writer, [1, 3, 2]);
    writer.close();
    const [file] = disk.list().filter((name) => name.endsWith('.wal'));
    const usedBytes = recover(disk, IDENTITY).lastFileEnd;
    expect(usedBytes).toBe(SEGMENT_HEADER_BYTES + 4 * 48 + 6 * 128);
    const outcomes = new Set<number>();
    for (const bit of bitsToFlip(disk.contents(file!), usedBytes)) {
      const { isSeen, lastSequence } = consequence(disk, file!, bit);
      if (!isSeen || (lastSequence !== 6 && lastSequence !== -1)) {
        expect.fail(`bit ${bit}: seen ${isSeen}, the start keeps ${lastSequence} of 6 records`);
      }
      outcomes.add(lastSequence);
    }
    expect(outcomes).toEqual(new Set([6, -1]));
  });

  test('in a journal whose process was killed costs at most the last batch, and that is reported as a torn tail', () => {
    const disk = new SimulatedDisk();
    appendBatches(openWriter(disk), [1, 3, 2]);
    const [file] = disk.list().filter((name) => name.endsWith('.wal'));
    const usedBytes = recover(disk, IDENTITY).lastFileEnd;
    const lastFrame = usedBytes - 48 - 2 * 128;
    for (let bit = SEGMENT_HEADER_BYTES * 8; bit < usedBytes * 8; bit += bit >> 3 >= lastFrame ? 1 : 5) {
      const { isSeen, lastSequence } = consequence(disk, file!, bit);
      const isInLastFrame = bit >> 3 >= lastFrame;
      const isFine = isInLastFrame ? lastSequence === 4 || lastSequence === -1 : lastSequence === -1;
      if (!isSeen || !isFine)
        expect.fail(`bit ${bit}: seen ${isSeen}, the start keeps ${lastSequence} of 6 records`);
    }
  });

  test('in the control file is seen, and the other page still stands', () => {
    const disk = new SimulatedDisk();
    const writer = openWriter(disk);
    appendBatches(writer, [2]);
    writer.close();
    for (const page of [0, 4096]) {
      for (let bit = page * 8; bit < (page + 64) * 8; bit++) {
        expect(consequence(disk, CONTROL_FILE, bit)).toEqual({ isSeen: true, lastSequence: 2 });
      }
    }
  });
});

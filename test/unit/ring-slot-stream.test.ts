import { describe, expect, it } from 'vitest';
import { SlotStreamChecker, stampSlot, writeSlot } from '../stress/ring-slot-stream.mjs';

const WORDS = 32;

/** A stream of slots with these sequences, one after the other. */
function streamOf(sequences: number[]): Int32Array {
  const words = new Int32Array(sequences.length * WORDS);
  sequences.forEach((sequence, i) => {
    writeSlot(words, i * WORDS, sequence);
  });
  return words;
}

function faultsOf(words: Int32Array, first: number, stamped = false) {
  const checker = new SlotStreamChecker(first, stamped);
  for (let word = 0; word < words.length; word += WORDS) checker.check(words, word);
  return checker.faults;
}

const CLEAN = { torn: 0, lost: 0, doubled: 0, unstamped: 0 };

describe('the checker of the ring stress runs', () => {
  it.each([1, 2 ** 31 - 2, 2 ** 32 - 2, 2 ** 45])('finds nothing in a whole stream from %s', (first) => {
    expect(faultsOf(streamOf([first, first + 1, first + 2, first + 3]), first)).toEqual(CLEAN);
  });

  it('finds any single word that belongs to another slot', () => {
    for (let word = 0; word < WORDS; word++) {
      const words = streamOf([7, 8, 9]);
      words[WORDS + word] = streamOf([8 - 2 ** 20])[word]!;
      expect(faultsOf(words, 7), `word ${word}`).not.toEqual(CLEAN);
    }
  });

  it('finds a lost slot', () => {
    expect(faultsOf(streamOf([1, 2, 4]), 1)).toEqual({ ...CLEAN, lost: 1 });
  });

  it('finds a doubled slot', () => {
    expect(faultsOf(streamOf([1, 2, 2, 3]), 1)).toEqual({ ...CLEAN, doubled: 2 });
  });

  it('finds reordered slots', () => {
    expect(faultsOf(streamOf([1, 3, 2, 4]), 1)).toEqual({ ...CLEAN, lost: 1, doubled: 1 });
  });

  it('finds a slot read past the cursor: the one written a lap ago', () => {
    expect(faultsOf(streamOf([1, 2, 3, 4]), 5)).toEqual({ ...CLEAN, doubled: 4 });
  });

  it('finds a slot that its upstream consumer has not seen', () => {
    const words = streamOf([5, 6, 7]);
    stampSlot(words, 0);
    stampSlot(words, 2 * WORDS);
    expect(faultsOf(words, 5, true)).toEqual({ ...CLEAN, unstamped: 1 });
  });
});

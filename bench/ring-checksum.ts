/** What the ring benchmark writes into slots, and the order-sensitive checksum by which it knows that all arrived. */
import { SLOT_WORDS } from '../src/wire/slot.js';

const MULTIPLIER = 0x01000193;

/** Writes all words of `count` slots from `word` on; their sequences start at `low`. */
export function writeWhole(words: Int32Array, word: number, count: number, low: number): void {
  for (let i = 0; i < count; i++) {
    const sequence = (low + i) | 0;
    const first = word + i * SLOT_WORDS;
    for (let k = 0; k < SLOT_WORDS; k++) words[first + k] = sequence + k;
  }
}

/** Extends the checksum by the first word of each slot. */
export function extendChecksum(checksum: number, words: Int32Array, word: number, count: number): number {
  let sum = checksum;
  for (let i = 0; i < count; i++) sum = (Math.imul(sum, MULTIPLIER) + words[word + i * SLOT_WORDS]!) | 0;
  return sum;
}

/** Extends the checksum by the sum of all words of each slot. */
export function extendWholeChecksum(
  checksum: number,
  words: Int32Array,
  word: number,
  count: number,
): number {
  let sum = checksum;
  for (let i = 0; i < count; i++) {
    const first = word + i * SLOT_WORDS;
    let slot = 0;
    for (let k = 0; k < SLOT_WORDS; k++) slot = (slot + words[first + k]!) | 0;
    sum = (Math.imul(sum, MULTIPLIER) + slot) | 0;
  }
  return sum;
}

/** The checksum over the sequences 1 to `count`. */
export function expectedChecksum(count: number, whole: boolean): number {
  const extra = (SLOT_WORDS * (SLOT_WORDS - 1)) / 2;
  let sum = 0;
  for (let sequence = 1; sequence <= count; sequence++) {
    const slot = whole ? Math.imul(sequence, SLOT_WORDS) + extra : sequence;
    sum = (Math.imul(sum, MULTIPLIER) + slot) | 0;
  }
  return sum;
}

/**
 * 64-bit integers in slots and frames, kept as two 32-bit words (low word first, little-endian).
 *
 * An `i64` field always carries a safe integer (|x| <= 2^53-1), so a double holds it exactly.
 * A `u64` field (client order ids, transfer ids) is opaque: code compares its two halves and never adds.
 */

const TWO_32 = 4294967296;

/** Reads the i64 at word index `word` (byte offset / 4). */
export function readInt64(words: Int32Array, word: number): number {
  return words[word + 1]! * TWO_32 + (words[word]! >>> 0);
}

/** Writes the safe integer `value` as an i64 at word index `word`. */
export function writeInt64(words: Int32Array, word: number, value: number): void {
  words[word] = value | 0;
  words[word + 1] = Math.floor(value / TWO_32) | 0;
}

/** The u64 made of two int32 halves, for the edges (JSON, msgpack); never in a hot path. */
export function toBigUint64(low: number, high: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

/** Low half of a u64 as an int32. */
export function lowWord(value: bigint): number {
  return Number(value & 0xffffffffn) | 0;
}

/** High half of a u64 as an int32. */
export function highWord(value: bigint): number {
  return Number((value >> 32n) & 0xffffffffn) | 0;
}

/** Adds one to the i64 at word index `word`, which must be below 2^53-1. */
export function incrementInt64(words: Int32Array, word: number): void {
  const low = (words[word]! + 1) | 0;
  words[word] = low;
  if (low === 0) words[word + 1] = words[word + 1]! + 1;
}

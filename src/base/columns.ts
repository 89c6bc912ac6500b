/**
 * Memory for columns and records. A typed array of a few words lies in the garbage collector's heap and can be moved;
 * over a buffer of its own it never moves, and compiled code holds its address as a constant.
 */

/** `words` zeroed int32 words that never move. */
export function makeWords(words: number): Int32Array {
  return new Int32Array(new ArrayBuffer(words * 4));
}

/** `count` zeroed doubles that never move. */
export function makeDoubles(count: number): Float64Array {
  return new Float64Array(new ArrayBuffer(count * 8));
}

/** The smallest power of two that is not below `value`, which is 1 to 2^30. */
export function powerOfTwoFrom(value: number): number {
  let power = 1;
  while (power < value) power *= 2;
  return power;
}

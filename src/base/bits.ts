/** Bit arithmetic on int32 words. */

/** Index 0..31 of the lowest set bit; -1 when `word` is 0. */
export function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** Number of set bits, 0..32. */
export function countBits(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Whether `value` is a power of two, 1..2^30. */
export function isPowerOfTwo(value: number): boolean {
  return value > 0 && value <= 0x40000000 && (value & (value - 1)) === 0;
}

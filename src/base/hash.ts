/** Integer hashing for indexes: int32 in, well mixed int32 out, on multiplies and shifts only. */

/** Mixes one word so that every input bit reaches every output bit. */
export function mix(word: number): number {
  let h = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return h ^ (h >>> 15);
}

/** Hash of two words. */
export function hashPair(first: number, second: number): number {
  return mix(Math.imul(first, 0x9e3779b1) ^ second);
}

/** Hash of three words. */
export function hashTriple(first: number, second: number, third: number): number {
  return mix(Math.imul(Math.imul(first, 0x9e3779b1) ^ second, 0x85ebca77) ^ third);
}

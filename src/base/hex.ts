/** The 64-bit number made of two int32 halves as 16 hex digits. */
export function hex64(low: number, high: number): string {
  return hex32(high) + hex32(low);
}

/** A 32-bit word as 8 hex digits. */
export function hex32(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}

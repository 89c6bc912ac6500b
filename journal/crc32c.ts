/**
 * CRC-32C (Castagnoli), continued over any number of pieces: `crc32c(crc32c(0, a), b) === crc32c(0, a ++ b)`.
 *
 * It guards against accidents (bit rot, torn and misplaced writes), not against an attacker. Sixteen table look-ups
 * for sixteen bytes break the dependency of each byte on the one before it; the words of a record are read as int32,
 * which needs a little-endian machine (checked once at load). Long runs go through WebAssembly (crc32c-kernel.ts), which
 * takes a third of the time, the copy into its memory included.
 */
import { KERNEL_MAX_BYTES, KERNEL_MIN_BYTES, KERNEL_STEP_BYTES, makeCrc32cKernel } from './crc32c-kernel.js';
import { fail } from './fail.js';

const POLYNOMIAL = 0x82f63b78;
const SLICES = 16;

if (new Uint8Array(Uint32Array.of(1).buffer)[0] !== 1)
  fail('the journal format needs a little-endian machine');

/** Table k at offset 256 * k: the effect of a byte that is followed by k zero bytes. */
const table = makeTable();
const kernel = makeCrc32cKernel(table);
const KERNEL_MAX_WORDS = KERNEL_MAX_BYTES / 4;
const KERNEL_MIN_WORDS = KERNEL_MIN_BYTES / 4;
const KERNEL_STEP_WORDS = KERNEL_STEP_BYTES / 4;

function makeTable(): Int32Array {
  const made = new Int32Array(256 * SLICES);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    made[byte] = crc;
  }
  for (let k = 1; k < SLICES; k++) {
    for (let byte = 0; byte < 256; byte++) {
      const before = made[256 * (k - 1) + byte];
      made[256 * k + byte] = (before >>> 8) ^ made[before & 0xff];
    }
  }
  return made;
}

/**
 * Continues `crc` over `wordCount` int32 words from `wordIndex` on.
 * @returns the new value, 0..2^32-1; a fresh checksum starts from 0.
 */
export function crc32cWords(crc: number, words: Int32Array, wordIndex: number, wordCount: number): number {
  if (wordCount < KERNEL_MIN_WORDS || kernel === undefined) {
    return ~crc32cByTables(~crc, words, wordIndex, wordCount) >>> 0;
  }
  const { message, sum } = kernel;
  let c = ~crc;
  let at = wordIndex;
  let left = wordCount;
  while (left >= KERNEL_MIN_WORDS) {
    const count = Math.min(left - (left % KERNEL_STEP_WORDS), KERNEL_MAX_WORDS);
    message.set(words.subarray(at, at + count));
    c = sum(c, count * 4);
    at += count;
    left -= count;
  }
  return ~crc32cByTables(c, words, at, left) >>> 0;
}

/** The same from and to the register, the complement of the checksum, without WebAssembly. */
export function crc32cByTables(
  register: number,
  words: Int32Array,
  wordIndex: number,
  wordCount: number,
): number {
  const t = table;
  let c = register;
  let at = wordIndex;
  const end = wordIndex + wordCount;
  const end16 = wordIndex + (wordCount & ~3);
  while (at < end16) {
    const a = c ^ words[at];
    const b = words[at + 1];
    const d = words[at + 2];
    const e = words[at + 3];
    c =
      t[3840 + (a & 0xff)] ^
      t[3584 + ((a >>> 8) & 0xff)] ^
      t[3328 + ((a >>> 16) & 0xff)] ^
      t[3072 + (a >>> 24)] ^
      t[2816 + (b & 0xff)] ^
      t[2560 + ((b >>> 8) & 0xff)] ^
      t[2304 + ((b >>> 16) & 0xff)] ^
      t[2048 + (b >>> 24)] ^
      t[1792 + (d & 0xff)] ^
      t[1536 + ((d >>> 8) & 0xff)] ^
      t[1280 + ((d >>> 16) & 0xff)] ^
      t[1024 + (d >>> 24)] ^
      t[768 + (e & 0xff)] ^
      t[512 + ((e >>> 8) & 0xff)] ^
      t[256 + ((e >>> 16) & 0xff)] ^
      t[e >>> 24];
    at += 4;
  }
  while (at < end) {
    const a = c ^ words[at];
    c = t[768 + (a & 0xff)] ^ t[512 + ((a >>> 8) & 0xff)] ^ t[256 + ((a >>> 16) & 0xff)] ^ t[a >>> 24];
    at++;
  }
  return c;
}

/** The same over bytes, for what is not made of whole words. */
export function crc32c(crc: number, bytes: Uint8Array, offset: number, length: number): number {
  const t = table;
  let c = ~crc;
  for (let at = offset; at < offset + length; at++) c = (c >>> 8) ^ t[(c ^ bytes[at]) & 0xff];
  return ~c >>> 0;
}

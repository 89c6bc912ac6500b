import { describe, expect, test } from 'vitest';
import { crc32c, crc32cWords } from '../../journal/crc32c.js';
import { seededRandom } from '../support/simulated-disk.js';

/** CRC-32C bit by bit, from its definition. */
function slowCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

describe('CRC-32C', () => {
  test('has the published check value', () => {
    const digits = new TextEncoder().encode('123456789');
    expect(crc32c(0, digits, 0, 9)).toBe(0xe3069283);
    expect(crc32c(0, new Uint8Array(32), 0, 32)).toBe(0x8a9136aa);
    expect(crc32c(0, new Uint8Array(32).fill(0xff), 0, 32)).toBe(0x62a8ab43);
  });

  test('is the same by words, by bytes and by definition, for every length and in any pieces', () => {
    const random = seededRandom(7);
    const words = Int32Array.from({ length: 200 }, () => (random() * 2 ** 32) | 0);
    const bytes = new Uint8Array(words.buffer);
    for (let count = 0; count <= 64; count++) {
      const from = Math.floor(random() * 100);
      const expected = slowCrc32c(bytes.subarray(from * 4, (from + count) * 4));
      expect(crc32cWords(0, words, from, count)).toBe(expected);
      expect(crc32c(0, bytes, from * 4, count * 4)).toBe(expected);
      const cut = Math.floor(random() * (count + 1));
      expect(crc32cWords(crc32cWords(0, words, from, cut), words, from + cut, count - cut)).toBe(expected);
    }
    for (let length = 0; length < 40; length++) {
      expect(crc32c(0, bytes, 3, length)).toBe(slowCrc32c(bytes.subarray(3, 3 + length)));
    }
  });
});

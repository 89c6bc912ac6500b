import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { crc32c, crc32cByTables, crc32cWords } from '../../journal/crc32c.js';
import { KERNEL_MAX_BYTES, MOVES, makeCrc32cKernel } from '../../journal/crc32c-kernel.js';
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

  test('the kernel gives the same for every length, with and without the words that are left over', () => {
    // What runs everywhere else would hide a kernel that could not be made.
    expect(makeCrc32cKernel(new Int32Array(4096))).toBeDefined();
    const random = seededRandom(8);
    const words = Int32Array.from({ length: KERNEL_MAX_BYTES / 2 }, () => (random() * 2 ** 32) | 0);
    const same = (from: number, count: number, crc: number) =>
      expect(crc32cWords(crc, words, from, count), `${count} words from ${from} on`).toBe(
        ~crc32cByTables(~crc, words, from, count) >>> 0,
      );
    for (let count = 240; count < 700; count++) same(count % 37, count, (random() * 2 ** 32) >>> 0);
    for (const bytes of [KERNEL_MAX_BYTES, 2 * KERNEL_MAX_BYTES - 128]) {
      for (const more of [-1, 0, 1, 8, 255, 256]) same(3, Math.min(bytes / 4 + more, words.length - 3), 5);
    }
    const bytes = new Uint8Array(words.buffer, 0, 4096);
    expect(crc32cWords(0, words, 0, 1024)).toBe(slowCrc32c(bytes));
  });

  test.skipIf(process.platform !== 'linux')('goes without the kernel where there is no room for it', () => {
    const program =
      "import('./dist/journal/crc32c.js').then(({ crc32cWords }) => console.log(crc32cWords(0, new Int32Array(8192), 0, 8192)))";
    const limited = `ulimit -v 4000000; exec "$0" -e "$1"`;
    const { stdout, stderr } = spawnSync('sh', ['-c', limited, process.execPath, program], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(Number(stdout)).toBe(slowCrc32c(new Uint8Array(32768)));
  });

  test('the terms that the kernel adds are a multiple of the polynomial', () => {
    let remainder = 0;
    for (const move of [0, ...MOVES]) {
      // x^(8 * bytes before the last term), by the polynomial; bit 31 is x^0.
      let power = 0x80000000;
      for (let bit = 0; bit < 8 * (MOVES.at(-1)! - move); bit++) {
        power = (power & 1) !== 0 ? (power >>> 1) ^ 0x82f63b78 : power >>> 1;
      }
      remainder ^= power;
    }
    expect(remainder).toBe(0);
  });
});

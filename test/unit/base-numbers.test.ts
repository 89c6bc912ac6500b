import { describe, expect, test } from 'vitest';
import { assert, fail } from '../../src/base/assert.js';
import { countBits, isPowerOfTwo, lowestBit } from '../../src/base/bits.js';
import { hashPair, hashTriple, mix } from '../../src/base/hash.js';
import { hex64 } from '../../src/base/hex.js';
import { incrementInt64, readInt64, writeInt64 } from '../../src/base/int64.js';
import { Prng } from '../../src/base/prng.js';

describe('bits', () => {
  test('the lowest set bit of a word, -1 when there is none', () => {
    for (let bit = 0; bit < 32; bit += 1) expect(lowestBit((1 << bit) | (0xffffffff << bit))).toBe(bit);
    expect(lowestBit(0)).toBe(-1);
  });

  test('the number of set bits', () => {
    expect([0, 1, -1, 0x80000001 | 0, 0x55555555].map(countBits)).toEqual([0, 1, 32, 2, 16]);
  });

  test('powers of two up to 2^30', () => {
    expect([1, 2, 1024, 2 ** 30].every(isPowerOfTwo)).toBe(true);
    expect([0, -2, 3, 1023, 2 ** 31].some(isPowerOfTwo)).toBe(false);
  });
});

describe('hashes', () => {
  test('mixing is one to one on small numbers, and spreads them', () => {
    const seen = new Set<number>();
    const low = new Set<number>();
    for (let i = 0; i < 10_000; i += 1) {
      seen.add(mix(i));
      low.add(mix(i << 16) & 0xff);
    }
    expect(seen.size).toBe(10_000);
    expect(low.size).toBe(256);
  });

  test('the place of a word matters', () => {
    expect(hashPair(1, 2)).not.toBe(hashPair(2, 1));
    expect(new Set([hashTriple(1, 2, 3), hashTriple(3, 2, 1), hashTriple(2, 1, 3)]).size).toBe(3);
  });
});

describe('int64', () => {
  test('adding one carries into the high word', () => {
    const words = new Int32Array(3);
    for (const value of [0, 2 ** 31 - 1, 2 ** 32 - 1, 2 ** 33 - 1, 2 ** 53 - 2]) {
      writeInt64(words, 1, value);
      incrementInt64(words, 1);
      expect(readInt64(words, 1)).toBe(value + 1);
    }
    expect(words[0]).toBe(0);
  });

  test('a hash is written as 16 hex digits, high half first', () => {
    expect(hex64(-1, 0x12)).toBe('00000012ffffffff');
  });
});

describe('the seeded generator', () => {
  test('gives the same numbers for the same seed, for ever', () => {
    const prng = new Prng(42);
    expect([prng.nextUint32(), prng.nextUint32(), prng.nextUint32()]).toEqual(PINNED);
    expect(new Prng(43).nextUint32()).not.toBe(PINNED[0]);
    expect(new Prng(42 + 2 ** 40).nextUint32()).not.toBe(PINNED[0]);
  });

  test('keeps within its bounds and reaches them', () => {
    const prng = new Prng(1);
    const seen = new Set<number>();
    for (let i = 0; i < 1_000; i += 1) seen.add(prng.between(-2, 2));
    expect([...seen].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
  });
});

describe('asserts', () => {
  test('throw when they do not hold, naming the values', () => {
    expect(() => assert(true, 'x')).not.toThrow();
    expect(() => assert(false, 'one is two')).toThrow('assertion failed: one is two');
    expect(() => fail('sums agree', 1, 'b')).toThrow('assertion failed: sums agree (1, b)');
    expect(() => fail('alone')).toThrow(/alone$/);
  });
});

const PINNED = [1_264_412_219, 1_947_509_147, 3_919_439_299];

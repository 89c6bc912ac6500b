import { describe, expect, test } from 'vitest';
import { makeChainIndex } from '../../src/base/chain-index.js';
import { mix } from '../../src/base/hash.js';
import { testAgainstMap } from '../support/index-against-map.js';

const RECORD_WORDS = 2;
const LINK_WORD = 1;
const OWNERS_BIT = 0x80000000 | 0;

/** An index over records of a hash and a link; row n is the one at word n * 2. */
function indexOf(maxRows: number) {
  const words = new Int32Array((maxRows + 1) * RECORD_WORDS);
  const index = makeChainIndex({
    words,
    handleMask: 0x3fffffff,
    linkWord: LINK_WORD,
    maxRows,
    hashOf: (row) => words[row]!,
  });
  const insert = (n: number, hash: number) => {
    words[n * RECORD_WORDS] = hash;
    index.insert(hash, n * RECORD_WORDS);
  };
  const remove = (n: number) => index.remove(words[n * RECORD_WORDS]!, n * RECORD_WORDS);
  /** All rows that the index has under a hash. */
  const rowsOf = (hash: number): number[] => {
    const rows: number[] = [];
    for (let row = index.first(hash); row !== 0; row = index.next(row)) {
      if (words[row] === hash) rows.push(row / RECORD_WORDS);
    }
    return rows.sort((a, b) => a - b);
  };
  return { index, words, insert, remove, rowsOf };
}

describe('the chain index', () => {
  test('finds every row under its hash and no other', () => {
    const { index, insert, rowsOf } = indexOf(4);
    insert(1, 5);
    insert(2, 9);
    insert(3, 5);
    insert(4, -1);
    expect([rowsOf(5), rowsOf(9), rowsOf(-1), rowsOf(13)]).toEqual([[1, 3], [2], [4], []]);
    expect(index.count).toBe(4);
  });

  test('takes a row out of any place of a chain', () => {
    for (let removed = 1; removed <= 4; removed += 1) {
      const { insert, remove, rowsOf } = indexOf(4);
      // There are 64 places at first.
      const hashes = [63, 127, 191, 255];
      hashes.forEach((hash, i) => {
        insert(i + 1, hash);
      });
      remove(removed);
      hashes.forEach((hash, i) => {
        expect(rowsOf(hash)).toEqual(i + 1 === removed ? [] : [i + 1]);
      });
    }
  });

  test('leaves the sign bit of links alone while it inserts, removes and grows', () => {
    const { words, insert, remove, rowsOf } = indexOf(1000);
    const isMarked = (n: number) => n % 3 === 0;
    for (let n = 1; n <= 1000; n += 1) {
      if (isMarked(n)) words[n * RECORD_WORDS + LINK_WORD] = OWNERS_BIT;
      insert(n, n >> 2);
    }
    for (let n = 1; n <= 1000; n += 5) remove(n);
    for (let n = 1; n <= 1000; n += 1) {
      expect(words[n * RECORD_WORDS + LINK_WORD]! < 0).toBe(isMarked(n));
      expect(rowsOf(n >> 2).includes(n)).toBe(n % 5 !== 1);
    }
  });

  test('holds as many rows as it was made for, also when all belong to one place', () => {
    for (const hashOf of [(n: number) => n, () => 63, () => -1, (n: number) => (n << 6) | 63]) {
      const { index, insert, remove, rowsOf } = indexOf(500);
      for (let n = 1; n <= 500; n += 1) insert(n, hashOf(n));
      for (let n = 1; n <= 500; n += 1) expect(rowsOf(hashOf(n))).toContain(n);
      for (let n = 1; n <= 500; n += 1) remove(n);
      expect(index.count).toBe(0);
    }
  });

  test('has short chains at every size, also while it grows', () => {
    const { index, insert } = indexOf(20_000);
    let longest = 0;
    for (let n = 1; n <= 20_000; n += 1) {
      insert(n, mix(n));
      if (n % 500 === 0) longest = Math.max(longest, index.longestChain());
    }
    expect(longest).toBeLessThan(14);
  });

  test('grows by two places an insertion at most, and not at all where it expects the rows', () => {
    const moved = { count: 0 };
    const words = new Int32Array(20_001 * RECORD_WORDS);
    const hashOf = (row: number) => {
      moved.count += 1;
      return words[row]!;
    };
    const make = () =>
      makeChainIndex({ words, handleMask: 0x3fffffff, linkWord: LINK_WORD, maxRows: 20_000, hashOf });
    const grown = make();
    let most = 0;
    for (let n = 1; n <= 20_000; n += 1) {
      words[n * RECORD_WORDS] = mix(n);
      moved.count = 0;
      grown.insert(mix(n), n * RECORD_WORDS);
      most = Math.max(most, moved.count);
    }
    // The rows of two chains.
    expect(most).toBeLessThan(20);
    words.fill(0);
    const expecting = make();
    expecting.expect(20_000);
    moved.count = 0;
    for (let n = 1; n <= 20_000; n += 1) expecting.insert(mix(n), n * RECORD_WORDS);
    expect(moved.count).toBe(0);
    expect(expecting.longestChain()).toBeLessThan(14);
    expect(() => expecting.expect(1)).toThrow('the index is empty');
  });

  test('throws on the removal of a row that it does not have', () => {
    const { index, insert } = indexOf(4);
    insert(1, 5);
    expect(() => index.remove(5, 4)).toThrow('row is in the index');
    expect(() => index.remove(6, 2)).toThrow('row is in the index');
  });

  testAgainstMap((maxRows) => {
    const { index, insert, remove, rowsOf } = indexOf(maxRows);
    return { count: () => index.count, insert, remove, rowsOf };
  });
});

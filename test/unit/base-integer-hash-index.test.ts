import { describe, expect, test } from 'vitest';
import { mix } from '../../src/base/hash.js';
import { type IntegerHashIndex, makeIntegerHashIndex } from '../../src/base/integer-hash-index.js';
import { testAgainstMap } from '../support/index-against-map.js';

/** All rows that the index has under a hash. */
function rowsOf(index: IntegerHashIndex, hash: number): number[] {
  const rows: number[] = [];
  for (let row = index.first(hash); row !== 0; row = index.next(hash)) rows.push(row);
  return rows.sort((a, b) => a - b);
}

describe('the integer hash index', () => {
  test('finds every row under its hash and no other', () => {
    const index = makeIntegerHashIndex(4);
    index.insert(5, 1);
    index.insert(9, 2);
    index.insert(5, 3);
    index.insert(-1, 4);
    expect(rowsOf(index, 5)).toEqual([1, 3]);
    expect(rowsOf(index, 9)).toEqual([2]);
    expect(rowsOf(index, -1)).toEqual([4]);
    expect(rowsOf(index, 13)).toEqual([]);
    expect(index.count).toBe(4);
  });

  test('stays right when a cluster that runs over the last place is broken up', () => {
    for (let removed = 1; removed <= 4; removed += 1) {
      const index = makeIntegerHashIndex(4);
      // There are 64 places at first. Homes 63, 62, 63, 63: the cluster runs 62, 63, 64, 65.
      const hashes = [63, 62, 127, 191];
      hashes.forEach((hash, i) => {
        index.insert(hash, i + 1);
      });
      index.remove(hashes[removed - 1]!, removed);
      hashes.forEach((hash, i) => {
        expect(rowsOf(index, hash)).toEqual(i + 1 === removed ? [] : [i + 1]);
      });
    }
  });

  test('holds as many rows as it was made for, also when all belong to one place', () => {
    for (const hashOf of [(row: number) => row, () => 63, () => -1, (row: number) => (row << 6) | 63]) {
      const index = makeIntegerHashIndex(500);
      for (let row = 1; row <= 500; row += 1) index.insert(hashOf(row), row);
      for (let row = 1; row <= 500; row += 1) expect(rowsOf(index, hashOf(row))).toContain(row);
      for (let row = 1; row <= 500; row += 1) index.remove(hashOf(row), row);
      expect(index.count).toBe(0);
    }
  });

  test('has short clusters at every size, also while it doubles', () => {
    const index = makeIntegerHashIndex(20_000);
    let longest = 0;
    for (let row = 1; row <= 20_000; row += 1) {
      index.insert(mix(row), row);
      if (row % 100 === 0) longest = Math.max(longest, index.longestRun());
    }
    expect(longest).toBeLessThan(100);
  });

  test('throws on the removal of a row that it does not have', () => {
    const index = makeIntegerHashIndex(4);
    index.insert(5, 1);
    expect(() => index.remove(5, 2)).toThrow('row is in the index');
    expect(() => index.remove(6, 1)).toThrow('row is in the index');
  });

  test('throws when it holds more rows than it was made for', () => {
    const index = makeIntegerHashIndex(4);
    expect(() => {
      for (let row = 1; row <= 1_000; row += 1) index.insert(row, row);
    }).toThrow('the index has room');
  });

  testAgainstMap((maxRows) => {
    const index = makeIntegerHashIndex(maxRows);
    return {
      count: () => index.count,
      insert: (row, hash) => index.insert(hash, row),
      remove: (row, hash) => index.remove(hash, row),
      rowsOf: (hash) => rowsOf(index, hash),
    };
  });
});

/** Random insertions and removals for a hash index that grows, beside a Map from rows to their hashes. */
import { expect, test } from 'vitest';
import { Prng } from '../../src/base/prng.js';

export interface IndexUnderTest {
  count(): number;
  /** Rows are numbered from 1. */
  insert(row: number, hash: number): void;
  remove(row: number, hash: number): void;
  /** All rows under a hash, in ascending order. */
  rowsOf(hash: number): number[];
}

const STEPS = 8_000;

/** Declares the tests, with hashes that are all over the place and with few; `makeIndex` gets how many rows there are at most. */
export function testAgainstMap(makeIndex: (maxRows: number) => IndexUnderTest): void {
  for (const [title, hashBits] of [
    ['scattered hashes', 32],
    ['hashes that collide all the time', 5],
  ] as const) {
    test(`agrees with a Map over random insertions and removals while it grows: ${title}`, () => {
      const prng = new Prng(hashBits);
      const index = makeIndex(STEPS);
      const hashes = new Map<number, number>();
      let last = 0;
      for (let step = 0; step < STEPS; step += 1) {
        // First it grows, then it shrinks, then it grows again.
        const isInsert = prng.below(100) < (step % 4_000 < 2_500 ? 70 : 30) || hashes.size === 0;
        if (isInsert) {
          last += 1;
          const hash = hashBits === 32 ? prng.nextUint32() | 0 : prng.below(2 ** hashBits) * 7;
          index.insert(last, hash);
          hashes.set(last, hash);
        } else {
          const row = [...hashes.keys()][prng.below(Math.min(hashes.size, 50))]!;
          index.remove(row, hashes.get(row)!);
          hashes.delete(row);
        }
        if (step % 500 !== 0) continue;
        expect(index.count()).toBe(hashes.size);
        const byHash = new Map<number, number[]>();
        for (const [row, hash] of hashes) byHash.set(hash, [...(byHash.get(hash) ?? []), row]);
        const wrong = [...byHash].filter(([hash, expected]) => {
          return index.rowsOf(hash).join() !== expected.sort((a, b) => a - b).join();
        });
        expect(wrong).toEqual([]);
      }
    });
  }
}

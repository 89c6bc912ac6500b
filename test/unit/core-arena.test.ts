/** The memory of a core: what its parts take of it, and what they may not. */
import { describe, expect, test } from 'vitest';
import { makeArena } from '../../src/core/arena.js';
import { Core } from '../../src/core/core.js';

const LEAST = {
  maxOrders: 1,
  maxAccounts: 1,
  maxHoldings: 1,
  maxPositions: 1,
  maxOrderLimits: 1,
  maxInstruments: 1,
  maxAssets: 1,
  maxApiKeys: 1,
  maxTransfers: 1,
};

describe('the arena', () => {
  test('gives no more than it was made for', () => {
    const arena = makeArena([100]);
    arena.reserve(100);
    expect(() => arena.reserve(1_000)).toThrow('the arena has no 1000 words left');
  });

  test('says how much more than 4 GiB the capacities need', () => {
    expect(() => makeArena([2 ** 30])).toThrow('capacities need 4294967856 bytes; at most 4294967296');
  });

  test('has room for a core of any capacities', () => {
    const names = Object.keys(LEAST).filter((name) => name !== 'maxAssets' && name !== 'maxTransfers');
    for (const name of names) expect(() => new Core({ ...LEAST, [name]: 4_000 })).not.toThrow();
  });

  test('is just large enough', () => {
    const sizeWith = (maxApiKeys: number) => new Core({ ...LEAST, maxApiKeys }).arena.handleMask;
    // Its size is a power of two: only where it is about to double, or just has, a few words too few would be missed.
    const size = sizeWith(1);
    let [last, larger] = [1, 4_000];
    while (larger - last > 1) {
      const middle = (last + larger) >> 1;
      if (sizeWith(middle) === size) last = middle;
      else larger = middle;
    }
    expect([sizeWith(last), sizeWith(larger)]).toEqual([size, 2 * size + 1]);
  });
});

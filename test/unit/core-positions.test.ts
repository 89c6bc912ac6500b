import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeArena } from '../../src/core/arena.js';
import { MONEY_MAX, multiplyAndDivide } from '../../src/core/money.js';
import { makePositions, POSITION_WORDS } from '../../src/core/positions.js';
import { SEED } from '../property/run-settings.js';

/** What a position says after trades of (lots, price of a lot); negative lots are sold. */
function traded(...trades: readonly (readonly [number, number])[]) {
  const positions = makePositions(makeArena([POSITION_WORDS]), 1);
  const position = positions.add(1, 1);
  for (const [lots, price] of trades) {
    positions.countTrade(position, Math.sign(lots), Math.abs(lots), price);
  }
  return [positions.quantityLots(position), positions.cost(position), positions.realisedProfit(position)];
}

describe('a position', () => {
  test('that is bought and then sold in parts keeps its average cost', () => {
    expect(traded([10, 100], [10, 110])).toEqual([20, 2100, 0]);
    expect(traded([10, 100], [10, 110], [-5, 120])).toEqual([15, 1575, 75]);
    expect(traded([10, 100], [10, 110], [-5, 120], [-15, 100])).toEqual([0, 0, 0]);
  });

  test('rounds the cost of what leaves it down', () => {
    expect(traded([2, 3], [1, 4], [-1, 3])).toEqual([2, 7, 0]);
    expect(traded([2, 3], [1, 4], [-1, 3], [-1, 3])).toEqual([1, 4, 0]);
    expect(traded([2, 3], [1, 4], [-1, 3], [-1, 3], [-1, 3])).toEqual([0, 0, -1]);
  });

  test('that is sold short gains when the price falls', () => {
    expect(traded([-10, 100])).toEqual([-10, 1000, 0]);
    expect(traded([-10, 100], [4, 90])).toEqual([-6, 600, 40]);
    expect(traded([-10, 100], [4, 90], [6, 130])).toEqual([0, 0, -140]);
  });

  test('that is crossed opens the other way at the price of the trade', () => {
    expect(traded([10, 100], [-15, 130])).toEqual([-5, 650, 300]);
    expect(traded([-10, 100], [15, 130])).toEqual([5, 650, -300]);
  });

  test('ends with its cost and profit at what can be reported', () => {
    expect(traded([1, MONEY_MAX], [1, MONEY_MAX])).toEqual([2, MONEY_MAX, 0]);
    expect(traded([2, 0], [-1, MONEY_MAX], [-1, MONEY_MAX])).toEqual([0, 0, MONEY_MAX]);
    expect(traded([-2, 0], [1, MONEY_MAX], [1, MONEY_MAX])).toEqual([0, 0, -MONEY_MAX]);
  });
});

describe('a part of an amount', () => {
  const part = (amount: number, of: number, whole: number) =>
    Number((BigInt(amount) * BigInt(of)) / BigInt(whole));

  test('is exact where the product needs more than 53 bits', () => {
    for (const [amount, of, whole] of [
      [MONEY_MAX, 2 ** 31 - 2, 2 ** 31 - 1],
      [MONEY_MAX, 2 ** 31 - 1, MONEY_MAX],
      [MONEY_MAX - 1, 2 ** 31 - 1, MONEY_MAX],
      [9_000_000_000_000_001, 3, 7],
      [2 ** 52 + 1, 2 ** 30, 2 ** 40 + 1],
    ] as const) {
      expect(multiplyAndDivide(amount, of, whole)).toBe(part(amount, of, whole));
    }
  });

  test('is exact for any amount, part and whole', () => {
    const money = fc.oneof(
      fc.maxSafeNat(),
      fc.nat(),
      fc.nat(1000),
      fc.integer({ min: 0, max: 1000 }).map((n) => MONEY_MAX - n),
    );
    const lots = fc.oneof(fc.integer({ min: 1, max: 2 ** 31 - 1 }), fc.integer({ min: 1, max: 100 }));
    fc.assert(
      fc.property(money, lots, money, (amount, of, beyond) => {
        const whole = Math.min(of + beyond, MONEY_MAX);
        expect(multiplyAndDivide(amount, of, whole)).toBe(part(amount, of, whole));
      }),
      { seed: SEED, numRuns: 5_000 },
    );
  });
});

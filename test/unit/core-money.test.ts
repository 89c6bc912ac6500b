/** Exact division of products that need more than 53 bits, against BigInt. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MONEY_MAX, multiplyAndDivide, shareUp } from '../../src/core/money.js';

const whole = fc
  .oneof(fc.maxSafeNat(), fc.nat(1000), fc.constantFrom(MONEY_MAX, 2 ** 52, 2 ** 31))
  .map((n) => n + (n === 0 ? 1 : 0));
const anyPart = fc.tuple(
  whole,
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.double({ min: 0, max: 1, noNaN: true }),
);
const SETTINGS = { seed: 20_230_711, numRuns: 2000 };

function within(most: number, fraction: number): number {
  return Math.min(most, Math.max(1, Math.floor(most * fraction)));
}

describe('a part of an amount', () => {
  it('is rounded down exactly, whatever the sizes', () => {
    fc.assert(
      fc.property(anyPart, fc.maxSafeNat(), ([all, fraction], amount) => {
        const part = within(all, fraction);
        const expected = (BigInt(amount) * BigInt(part)) / BigInt(all);
        expect(multiplyAndDivide(amount, part, all)).toBe(Number(expected));
      }),
      SETTINGS,
    );
  });

  it('is rounded up exactly, whatever the sizes', () => {
    fc.assert(
      fc.property(anyPart, ([all, fraction, other]) => {
        const part = within(all, fraction);
        const amount = within(all, other);
        const [product, divisor] = [BigInt(amount) * BigInt(part), BigInt(all)];
        expect(shareUp(amount, part, all)).toBe(Number((product + divisor - 1n) / divisor));
      }),
      SETTINGS,
    );
  });
});

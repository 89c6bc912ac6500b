/** Exact division of products that need more than 53 bits, against BigInt. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MONEY_MAX, multiplyAndDivide, scaledProduct, shareUp } from '../../src/core/money.js';

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

describe('a product of two mantissas and a power of ten', () => {
  const MAX_UINT32 = 2n ** 32n - 1n;
  /** Whole numbers of 32 bits, many of them with factors 2 and 5 that the power of ten may take away. */
  const mantissa = fc
    .tuple(
      fc.bigInt({ min: 0n, max: 1000n }),
      fc.bigInt({ min: 0n, max: 16n }),
      fc.bigInt({ min: 0n, max: 8n }),
    )
    .map(([rest, twos, fives]) => rest * 2n ** twos * 5n ** fives)
    .filter((value) => value <= MAX_UINT32);

  it('is exact, or 0 when it is no whole number of 1 to 2^53-1', () => {
    fc.assert(
      fc.property(mantissa, mantissa, fc.integer({ min: -16, max: 16 }), (first, second, exponent) => {
        const [up, down] = [10n ** BigInt(Math.max(0, exponent)), 10n ** BigInt(Math.max(0, -exponent))];
        const product = first * second * up;
        const isTaken = product % down === 0n && product >= down && product / down <= BigInt(MONEY_MAX);
        expect(scaledProduct(Number(first), Number(second), exponent)).toBe(
          isTaken ? Number(product / down) : 0,
        );
      }),
      SETTINGS,
    );
  });

  it('takes the factors of ten out of either mantissa', () => {
    expect(scaledProduct(8, 125, -3)).toBe(1);
    expect(scaledProduct(125, 8, -3)).toBe(1);
    expect(scaledProduct(3, 1000, -3)).toBe(3);
    expect(scaledProduct(1000, 3, -3)).toBe(3);
    expect(scaledProduct(3, 500, -3)).toBe(0);
    expect(scaledProduct(3, 200, -3)).toBe(0);
  });

  it('is taken up to 2^53-1', () => {
    expect(scaledProduct(6361, 1_416_003_655, 3)).toBe(9_007_199_249_455_000);
    expect(scaledProduct(6361, 1_416_003_656, 3)).toBe(0);
    expect(scaledProduct(6361 * 69431, 20_394_401, 0)).toBe(MONEY_MAX);
    expect(scaledProduct(6361 * 69431, 20_394_401, 1)).toBe(0);
    expect(scaledProduct(2 ** 31, 2 ** 22, 0)).toBe(0);
  });
});

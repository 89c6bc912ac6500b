import { describe, expect, test } from 'vitest';
import { Core } from '../../src/core/core.js';
import { resolveCoreOptions } from '../../src/core/core-options.js';
import { scaledProduct } from '../../src/core/money.js';

describe('core options', () => {
  test('name the option that is wrong', () => {
    expect(() => new Core({ maxOrders: 0 })).toThrow(/^maxOrders must be/);
    expect(() => new Core({ maxAssets: 1.5 })).toThrow(/^maxAssets must be/);
    expect(() => new Core({ maxAccounts: Number.NaN })).toThrow(/^maxAccounts must be/);
    expect(() => new Core({ maxTransfers: 134_217_729 })).toThrow(
      /^maxTransfers must be an integer from 1 to 134217728: 134217729$/,
    );
  });

  test('have defaults that fit together', () => {
    expect(resolveCoreOptions({}).maxOrders).toBe(1_048_576);
    expect(() => new Core()).not.toThrow();
  });

  test('that would need more than 4 GiB are refused', () => {
    expect(() => new Core({ maxOrders: 33_554_432 })).toThrow(/capacities need \d+ bytes/);
  });
});

describe('tick and lot as minor units', () => {
  const cases: [number, number, number, number][] = [
    [1, 1, 0, 1],
    [25, 4, -2, 1],
    [25, 4, -3, 0],
    [5, 2, -1, 1],
    [5, 5, -1, 0],
    [2, 2, -1, 0],
    [4_294_967_295, 2_097_152, 0, 4_294_967_295 * 2_097_152],
    [4_294_967_295, 2_097_153, 0, 0],
    [1, 1, 15, 1e15],
    [9, 1, 15, 9e15],
    [1, 1, 16, 0],
    [0, 1, 0, 0],
  ];
  for (const [first, second, exponent, expected] of cases) {
    test(`${first} x ${second} x 10^${exponent} is ${expected === 0 ? 'refused' : expected}`, () => {
      expect(scaledProduct(first, second, exponent)).toBe(expected);
    });
  }
});

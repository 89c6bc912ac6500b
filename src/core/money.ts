/** Exact integer arithmetic on money and its units. */

export const MONEY_MAX = Number.MAX_SAFE_INTEGER;

/**
 * `first * second * 10^exponent` when that is a whole number 1..2^53-1, otherwise 0. `first` and `second` are
 * u32; exact, because a factor is only ever divided when it divides without rest.
 */
export function scaledProduct(first: number, second: number, exponent: number): number {
  let a = first;
  let b = second;
  for (let i = 0; i < -exponent; i += 1) {
    if (a % 2 === 0) a /= 2;
    else if (b % 2 === 0) b /= 2;
    else return 0;
    if (a % 5 === 0) a /= 5;
    else if (b % 5 === 0) b /= 5;
    else return 0;
  }
  let product = a * b;
  for (let i = 0; i < exponent && product <= MONEY_MAX; i += 1) product *= 10;
  return product >= 1 && product <= MONEY_MAX ? product : 0;
}

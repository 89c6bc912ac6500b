/** Exact integer arithmetic on money and its units. */

const MONEY_LIMIT = Number.MAX_SAFE_INTEGER;
export const MONEY_MAX = MONEY_LIMIT;

/** Rates are in millionths. */
const PPM_OF_ALL = 1_000_000;
export const PPM = PPM_OF_ALL;

/**
 * `ppm` millionths (0..10^6) of an amount of money, rounded up to whole minor units. Exact: either the product is a
 * safe integer, or the amount is taken apart into its millions and the rest. A quotient below 2^34 that is no integer
 * is at least 10^-6 away from one, and doubles there are closer together than twice that, so none rounds to one.
 */
export function portionUp(amount: number, ppm: number): number {
  const product = amount * ppm;
  if (product <= MONEY_LIMIT) return Math.ceil(product / PPM_OF_ALL);
  const millions = Math.floor(amount / PPM_OF_ALL);
  return millions * ppm + Math.ceil(((amount - millions * PPM_OF_ALL) * ppm) / PPM_OF_ALL);
}

/**
 * The fee that a lot of a buy may cost at most, at a price in minor units, with these rates: what its reservation has on
 * top. Rounded up for each lot, it covers the fees of the fills however the order is split into fills.
 */
export function feePerLot(lotPrice: number, makerPpm: number, takerPpm: number): number {
  const ppm = Math.max(makerPpm, takerPpm);
  return ppm <= 0 ? 0 : portionUp(lotPrice, ppm);
}

/** The same, rounded down. */
export function portionDown(amount: number, ppm: number): number {
  const product = amount * ppm;
  if (product <= MONEY_LIMIT) return Math.floor(product / PPM_OF_ALL);
  const millions = Math.floor(amount / PPM_OF_ALL);
  return millions * ppm + Math.floor(((amount - millions * PPM_OF_ALL) * ppm) / PPM_OF_ALL);
}

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

/**
 * floor(amount * part / whole), exact although the product may need more than 53 bits. Whole numbers;
 * 0 <= amount <= 2^53-1, 0 < part <= whole <= 2^53-1.
 */
export function multiplyAndDivide(amount: number, part: number, whole: number): number {
  const product = amount * part;
  if (product <= MONEY_MAX) return Math.floor(product / whole);
  const each = Math.floor(amount / whole);
  const rest = amount - each * whole;
  const restProduct = rest * part;
  if (restProduct <= MONEY_MAX) return each * part + Math.floor(restProduct / whole);
  return each * part + longDivision(rest, part, whole).quotient;
}

/** ceil(amount * part / whole), exact; 0 <= amount <= whole, 0 < part <= whole <= 2^53-1. */
export function shareUp(amount: number, part: number, whole: number): number {
  if (amount === whole) return part;
  const { quotient, remainder } = longDivision(amount, part, whole);
  return remainder === 0 ? quotient : quotient + 1;
}

/** rest * part / whole, for rest < whole: with the bits of `part` from the highest on; the remainder stays below `whole`. */
function longDivision(rest: number, part: number, whole: number): { quotient: number; remainder: number } {
  let quotient = 0;
  let remainder = 0;
  for (let bit = 2 ** 52; bit >= 1; bit /= 2) {
    quotient *= 2;
    const room = whole - remainder;
    if (remainder >= room) {
      remainder -= room;
      quotient += 1;
    } else {
      remainder += remainder;
    }
    if (Math.floor(part / bit) % 2 === 0) continue;
    if (rest >= whole - remainder) {
      remainder -= whole - rest;
      quotient += 1;
    } else {
      remainder += rest;
    }
  }
  return { quotient, remainder };
}

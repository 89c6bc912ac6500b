/**
 * Exact conversion between decimal strings and whole numbers of a unit (ticks, lots, minor units of an asset).
 *
 * Nothing here rounds: a string that is not a whole number of units is refused, and a printed number parses back to
 * the same count. The usual case runs on safe integers; only a string or a product above 2^53-1 takes the BigInt path.
 */

/** A step on the number line: `mantissa` x 10^`exponent`, mantissa >= 1. */
export interface DecimalUnit {
  readonly mantissa: number;
  readonly exponent: number;
}

/** Negative results of `parseInUnits`; every count is >= 0. */
export const DecimalFault = {
  /** Not digits with at most one point between them. */
  notADecimal: -1,
  /** A well-formed number that is not a whole number of units. */
  notAMultiple: -2,
  /** More units than a safe integer holds. */
  tooLarge: -3,
  /** A well-formed number with a minus sign. */
  negative: -4,
} as const;

/** Longest decimal string that is looked at. */
export const MAX_DECIMAL_CHARS = 64;

const MAX_EXPONENT = 15;
const POWERS_OF_TEN = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
/** While the digits so far are at most this, one more digit still gives a safe integer. */
const ONE_MORE_DIGIT_IS_SAFE = 900719925474098;

const ZERO = 48;
const NINE = 57;
const POINT = 46;
const MINUS = 45;

/** The minor unit of an asset with `decimals` decimal places. */
export function minorUnit(decimals: number): DecimalUnit {
  return { mantissa: 1, exponent: -decimals };
}

/**
 * Reads a tick or lot size such as "0.01", "5" or "1000" into its canonical unit (no trailing zeros in the mantissa).
 * Returns undefined when the text is not a positive decimal with a mantissa below 2^32 and an exponent of -15..9.
 */
export function parseUnit(text: string): DecimalUnit | undefined {
  if (text.length > MAX_DECIMAL_CHARS || !/^[0-9]+(\.[0-9]+)?$/.test(text)) return undefined;
  const point = text.indexOf('.');
  let digits = text.replace('.', '').replace(/^0+/, '');
  let exponent = point < 0 ? 0 : point + 1 - text.length;
  const trimmed = digits.replace(/0+$/, '');
  exponent += digits.length - trimmed.length;
  digits = trimmed;
  if (digits === '') return undefined;
  if (exponent > 9) {
    digits += '0'.repeat(exponent - 9);
    exponent = 9;
  }
  const mantissa = Number(digits);
  if (mantissa > 0xffffffff || exponent < -MAX_EXPONENT) return undefined;
  return { mantissa, exponent };
}

/** The number of `unit`s in the decimal `text`, 0..2^53-1, or a negative `DecimalFault`. */
export function parseInUnits(text: string, unit: DecimalUnit): number {
  const length = text.length;
  if (length === 0 || length > MAX_DECIMAL_CHARS) return DecimalFault.notADecimal;
  let digits = 0;
  let point = -1;
  for (let i = 0; i < length; i++) {
    const char = text.charCodeAt(i);
    if (char >= ZERO && char <= NINE) {
      if (digits > ONE_MORE_DIGIT_IS_SAFE) return parseLong(text, unit);
      digits = digits * 10 + (char - ZERO);
    } else if (char === POINT && point < 0 && i > 0 && i < length - 1) {
      point = i;
    } else {
      return char === MINUS && i === 0 ? parseNegative(text, unit) : DecimalFault.notADecimal;
    }
  }
  const shift = (point < 0 ? 0 : point + 1 - length) - unit.exponent;
  if (digits === 0) return 0;
  if (shift < 0) {
    if (shift < -15) return parseLong(text, unit);
    const power = POWERS_OF_TEN[-shift]!;
    if (digits % power !== 0) return DecimalFault.notAMultiple;
    digits /= power;
  } else if (shift > 0) {
    if (shift > 22) return parseLong(text, unit);
    digits *= POWERS_OF_TEN[shift]!;
    if (digits > Number.MAX_SAFE_INTEGER) return parseLong(text, unit);
  }
  if (unit.mantissa === 1) return digits;
  if (digits % unit.mantissa !== 0) return DecimalFault.notAMultiple;
  return digits / unit.mantissa;
}

/** The decimal string of `count` units (a safe integer, may be negative), with the decimal places of the unit. */
export function formatUnits(count: number, unit: DecimalUnit): string {
  if (count < 0) return `-${formatUnits(-count, unit)}`;
  const product = count * unit.mantissa;
  const digits =
    product <= Number.MAX_SAFE_INTEGER ? String(product) : (BigInt(count) * BigInt(unit.mantissa)).toString();
  const exponent = unit.exponent;
  if (exponent === 0 || (exponent > 0 && product === 0)) return digits;
  if (exponent > 0) return digits + '0'.repeat(exponent);
  const whole = digits.length + exponent;
  if (whole > 0) return `${digits.slice(0, whole)}.${digits.slice(whole)}`;
  return `0.${'0'.repeat(-whole)}${digits}`;
}

function parseNegative(text: string, unit: DecimalUnit): number {
  const magnitude = parseInUnits(text.slice(1), unit);
  return magnitude === DecimalFault.notADecimal || magnitude === DecimalFault.negative
    ? DecimalFault.notADecimal
    : DecimalFault.negative;
}

/** The same rules by BigInt, for strings whose digits or units pass a safe integer on the way. */
function parseLong(text: string, unit: DecimalUnit): number {
  if (!/^[0-9]+(\.[0-9]+)?$/.test(text)) return DecimalFault.notADecimal;
  const point = text.indexOf('.');
  let digits = BigInt(text.replace('.', ''));
  const shift = (point < 0 ? 0 : point + 1 - text.length) - unit.exponent;
  const power = 10n ** BigInt(Math.abs(shift));
  if (shift < 0) {
    if (digits % power !== 0n) return DecimalFault.notAMultiple;
    digits /= power;
  } else {
    digits *= power;
  }
  const mantissa = BigInt(unit.mantissa);
  if (digits % mantissa !== 0n) return DecimalFault.notAMultiple;
  const count = digits / mantissa;
  return count > BigInt(Number.MAX_SAFE_INTEGER) ? DecimalFault.tooLarge : Number(count);
}

/**
 * Reads the fields of one line's JSON object. Each reader returns a value that fits the command slot, or throws a
 * LineError that names the field, the value and what is allowed. What fits the slot but breaks a rule (an unknown
 * account, a quantity of zero) is left to the engine, which rejects it.
 */

import { nearestName } from '../../base/nearest-name.js';
import type { RejectName } from '../../core/codes.js';
import { DecimalFault, type DecimalUnit, formatUnits, parseInUnits } from '../../wire/decimal.js';
import { LineError } from './line-error.js';

export type LineObject = Readonly<Record<string, unknown>>;

const MAX_INT32 = 0x7fffffff;
const MAX_UINT32 = 0xffffffff;

/** Refuses fields that the line's type does not have. */
export function refuseUnknownFields(line: LineObject, type: string, allowed: ReadonlySet<string>): void {
  for (const name in line) {
    if (allowed.has(name)) continue;
    const nearest = nearestName(name, [...allowed]);
    const hint = nearest === undefined ? `it has ${[...allowed].join(', ')}` : `did you mean "${nearest}"?`;
    throw new LineError('BAD_FIELD', name, `${type} has no field "${name}"; ${hint}`);
  }
}

/** A required string. */
export function textField(line: LineObject, field: string): string {
  const value = line[field];
  if (typeof value === 'string') return value;
  if (value === undefined)
    throw new LineError('BAD_FIELD', field, `${field} is missing; a string is required`);
  throw new LineError('BAD_FIELD', field, `${field} is ${shown(value)}; a string is required`);
}

/** A required string of a decimal or of digits; a JSON number is refused because it may have been rounded already. */
function numericText(line: LineObject, field: string, example: string): string {
  const value = line[field];
  if (typeof value === 'string') return value;
  const found = value === undefined ? 'is missing' : `is ${shown(value)}`;
  throw new LineError(
    'BAD_FIELD',
    field,
    `${field} ${found}; a number in quotes is required, such as "${example}"`,
  );
}

/** An integer from `minimum` to `maximum` as a JSON number. */
export function integerField(line: LineObject, field: string, minimum: number, maximum: number): number {
  const value = line[field];
  if (typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum)
    return value;
  const found = value === undefined ? 'is missing' : `is ${shown(value)}`;
  throw new LineError(
    'BAD_FIELD',
    field,
    `${field} ${found}; allowed: a whole number from ${minimum} to ${maximum}`,
  );
}

/** An account id; whether it exists is for the engine to say. */
export function accountField(line: LineObject): number {
  return integerField(line, 'account', 0, MAX_UINT32);
}

/** The number of a name in an enumeration. */
export function nameField(
  line: LineObject,
  field: string,
  values: Readonly<Record<string, number>>,
  code: RejectName,
): number {
  const value = line[field];
  if (typeof value === 'string' && Object.hasOwn(values, value)) return values[value]!;
  const found = value === undefined ? 'is missing' : `is ${shown(value)}`;
  const allowed = Object.keys(values)
    .map((name) => `"${name}"`)
    .join(', ');
  throw new LineError(
    value === undefined ? 'BAD_FIELD' : code,
    field,
    `${field} ${found}; allowed: ${allowed}`,
  );
}

/** A truth value; absent = false. */
export function flagField(line: LineObject, field: string): boolean {
  const value = line[field];
  if (value === undefined || value === false) return false;
  if (value === true) return true;
  throw new LineError('BAD_FIELD', field, `${field} is ${shown(value)}; allowed: true, false`);
}

/** A number of ticks or lots (`unit`), 0..2^31-1. */
export function int32UnitsField(
  line: LineObject,
  field: string,
  unit: DecimalUnit,
  size: string,
  code: RejectName,
): number {
  const text = numericText(line, field, size);
  const count = parseInUnits(text, unit);
  if (count >= 0 && count <= MAX_INT32) return count;
  const largest = formatUnits(MAX_INT32, unit);
  throw decimalError(field, text, count, code, `multiples of ${size} up to ${largest}`);
}

/**
 * A decimal whose unit is not known because the instrument or asset is not: only the form is checked. The engine
 * rejects the command whatever the number is, so any count does.
 */
export function unitlessField(line: LineObject, field: string): number {
  const text = numericText(line, field, '1000.00');
  const form = parseInUnits(text, { mantissa: 1, exponent: -15 });
  if (form === DecimalFault.notADecimal || form === DecimalFault.negative) {
    throw decimalError(field, text, form, 'BAD_FIELD', 'decimals above zero');
  }
  return 1;
}

/** An amount of money in minor units, 0..2^53-1; `unit` undefined = the asset is not known: only the form is checked. */
export function amountField(
  line: LineObject,
  field: 'amount' | 'quoteAmount' | 'maxOrderNotional',
  unit: DecimalUnit | undefined,
): number {
  if (unit === undefined) return unitlessField(line, field);
  const text = numericText(line, field, '1000.00');
  const count = parseInUnits(text, unit);
  if (count >= 0) return count;
  const allowed = `multiples of ${formatUnits(1, unit)} up to ${formatUnits(Number.MAX_SAFE_INTEGER, unit)}`;
  throw decimalError(field, text, count, 'INVALID_AMOUNT', allowed);
}

function decimalError(
  field: string,
  text: string,
  fault: number,
  code: RejectName,
  allowed: string,
): LineError {
  const given = `${field} ${shown(text)}`;
  switch (fault) {
    case DecimalFault.notADecimal:
      return new LineError('BAD_FIELD', field, `${given} is not a decimal number; allowed: ${allowed}`);
    case DecimalFault.notAMultiple:
      return new LineError(code, field, `${given} is not a whole number of steps; allowed: ${allowed}`);
    case DecimalFault.negative:
      return new LineError(code, field, `${given} is negative; allowed: ${allowed}`);
    default:
      return new LineError(code, field, `${given} is too large; allowed: ${allowed}`);
  }
}

/** The two int32 halves of the unsigned 64-bit integer that was read last. */
export interface Uint64Halves {
  low: number;
  high: number;
}

const TWO_32 = 4294967296;
const MAX_SAFE_DIGITS = 15;

/** Reads a string of digits as an unsigned 64-bit integer into `into`. */
export function uint64Field(line: LineObject, field: string, into: Uint64Halves): void {
  const text = numericText(line, field, '17');
  let value = 0;
  const length = text.length;
  let isDigits = length > 0 && length <= 20;
  for (let i = 0; i < length && isDigits; i++) {
    const digit = text.charCodeAt(i) - 48;
    isDigits = digit >= 0 && digit <= 9;
    value = value * 10 + digit;
  }
  if (isDigits && length <= MAX_SAFE_DIGITS) {
    into.low = value | 0;
    into.high = (value / TWO_32) | 0;
    return;
  }
  const exact = isDigits ? BigInt(text) : -1n;
  if (exact < 0n || exact >= 1n << 64n) {
    throw new LineError(
      'BAD_FIELD',
      field,
      `${field} is ${shown(text)}; allowed: whole numbers from 0 to 18446744073709551615 in quotes`,
    );
  }
  into.low = Number(exact & 0xffffffffn) | 0;
  into.high = Number(exact >> 32n) | 0;
}

/** Decimal digits of the unsigned 64-bit integer with these int32 halves. */
export function uint64Text(low: number, high: number): string {
  if (high === 0) return String(low >>> 0);
  if (high > 0 && high < 0x200000) return String(high * TWO_32 + (low >>> 0));
  return ((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)).toString();
}

/** A value as the line has it, cut short. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}

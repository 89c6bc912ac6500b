import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DecimalFault,
  type DecimalUnit,
  formatUnits,
  minorUnit,
  parseInUnits,
  parseUnit,
} from '../../src/wire/decimal.js';

const seed = Number(process.env['RINGFENCE_SEED'] ?? 20240607);
const cent: DecimalUnit = { mantissa: 1, exponent: -2 };

/** The same rules, written with BigInt only. */
function reference(text: string, unit: DecimalUnit): number {
  if (text.length > 64) return DecimalFault.notADecimal;
  const match = /^(-?)([0-9]+)(?:\.([0-9]+))?$/.exec(text);
  if (match === null) return DecimalFault.notADecimal;
  const fraction = match[3] ?? '';
  const scaled = BigInt(match[2]! + fraction) * 10n ** 40n;
  const step = BigInt(unit.mantissa) * 10n ** BigInt(40 + fraction.length + unit.exponent);
  if (match[1] === '-') return DecimalFault.negative;
  if (scaled % step !== 0n) return DecimalFault.notAMultiple;
  const count = scaled / step;
  return count > 9007199254740991n ? DecimalFault.tooLarge : Number(count);
}

describe('decimal strings', () => {
  it('a decimal is read as a whole number of units', () => {
    expect(parseInUnits('585.33', cent)).toBe(58533);
    expect(parseInUnits('585', cent)).toBe(58500);
    expect(parseInUnits('585.3300', cent)).toBe(58533);
    expect(parseInUnits('0', cent)).toBe(0);
    expect(parseInUnits('0.00', cent)).toBe(0);
    expect(parseInUnits('51.21', { mantissa: 1, exponent: -2 })).toBe(5121);
    expect(parseInUnits('100.5', { mantissa: 5, exponent: -1 })).toBe(201);
    expect(parseInUnits('3000', { mantissa: 1, exponent: 3 })).toBe(3);
    expect(parseInUnits('90071992547409.91', cent)).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('a decimal that is not a whole number of units is refused, never rounded', () => {
    expect(parseInUnits('585.331', cent)).toBe(DecimalFault.notAMultiple);
    expect(parseInUnits('0.1', { mantissa: 5, exponent: -1 })).toBe(DecimalFault.notAMultiple);
    expect(parseInUnits('1500', { mantissa: 1, exponent: 3 })).toBe(DecimalFault.notAMultiple);
    expect(parseInUnits('0.000000000000000000001', cent)).toBe(DecimalFault.notAMultiple);
  });

  it('signs, exponents, separators, blanks and half numbers are not decimals', () => {
    for (const text of [
      '',
      ' ',
      '1 ',
      ' 1',
      '+1',
      '1e3',
      '1E3',
      '0x10',
      '1_000',
      '1,000',
      '.5',
      '5.',
      '.',
      '1.2.3',
      '--1',
      '-',
      '-.5',
      'NaN',
      'Infinity',
      '١',
    ]) {
      expect(parseInUnits(text, cent), text).toBe(DecimalFault.notADecimal);
    }
    expect(parseInUnits('1'.repeat(65), cent)).toBe(DecimalFault.notADecimal);
  });

  it('negative numbers and numbers above 2^53-1 units are told apart from nonsense', () => {
    expect(parseInUnits('-1', cent)).toBe(DecimalFault.negative);
    expect(parseInUnits('-0.01', cent)).toBe(DecimalFault.negative);
    expect(parseInUnits('90071992547409.92', cent)).toBe(DecimalFault.tooLarge);
    expect(parseInUnits('9'.repeat(64), cent)).toBe(DecimalFault.tooLarge);
  });

  it('a count is printed with the decimal places of its unit', () => {
    expect(formatUnits(58533, cent)).toBe('585.33');
    expect(formatUnits(58530, cent)).toBe('585.30');
    expect(formatUnits(1, cent)).toBe('0.01');
    expect(formatUnits(0, cent)).toBe('0.00');
    expect(formatUnits(-5, cent)).toBe('-0.05');
    expect(formatUnits(201, { mantissa: 5, exponent: -1 })).toBe('100.5');
    expect(formatUnits(3, { mantissa: 1, exponent: 3 })).toBe('3000');
    expect(formatUnits(0, { mantissa: 1, exponent: 3 })).toBe('0');
    expect(formatUnits(7, minorUnit(0))).toBe('7');
    expect(formatUnits(2147483647, { mantissa: 4294967295, exponent: 0 })).toBe('9223372030412324865');
  });

  it('a unit is read in its canonical form', () => {
    expect(parseUnit('0.01')).toEqual({ mantissa: 1, exponent: -2 });
    expect(parseUnit('0.010')).toEqual({ mantissa: 1, exponent: -2 });
    expect(parseUnit('0.25')).toEqual({ mantissa: 25, exponent: -2 });
    expect(parseUnit('1000')).toEqual({ mantissa: 1, exponent: 3 });
    expect(parseUnit('10.50')).toEqual({ mantissa: 105, exponent: -1 });
    expect(parseUnit('100000000000')).toEqual({ mantissa: 100, exponent: 9 });
    expect(parseUnit('0.000000000000001')).toEqual({ mantissa: 1, exponent: -15 });
  });

  it('zero, signs and sizes that do not fit are not units', () => {
    for (const text of [
      '0',
      '0.00',
      '',
      '-1',
      '1e2',
      '.1',
      '0.0000000000000001',
      '4294967297',
      '1.00000000001',
      'x',
    ]) {
      expect(parseUnit(text), text).toBeUndefined();
    }
  });

  const units = fc.record({
    mantissa: fc.oneof(
      fc.constantFrom(1, 2, 5, 10, 25, 125, 0xffffffff),
      fc.integer({ min: 1, max: 0xffffffff }),
    ),
    exponent: fc.integer({ min: -15, max: 9 }),
  });

  it('every count of every unit prints to a string that reads back as the same count', () => {
    fc.assert(
      fc.property(units, fc.maxSafeNat(), (unit, count) => {
        expect(parseInUnits(formatUnits(count, unit), unit)).toBe(count);
      }),
      { seed, numRuns: 3000 },
    );
  });

  it('any digits with any point are read as exact arithmetic reads them', () => {
    const text = fc
      .tuple(
        fc.constantFrom('', '', '', '-', '+'),
        fc.stringMatching(/^[0-9]{0,25}$/),
        fc.constantFrom('', '.', '.'),
        fc.stringMatching(/^[0-9]{0,20}$/),
        fc.constantFrom('', '', '', '0', '0000', 'e1', ' '),
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, units, (decimal, unit) => {
        expect(parseInUnits(decimal, unit)).toBe(reference(decimal, unit));
      }),
      { seed, numRuns: 5000 },
    );
  });

  it('exact multiples are read whatever zeros surround them', () => {
    fc.assert(
      fc.property(
        units,
        fc.integer({ min: 0, max: 0x7fffffff }),
        fc.nat(3),
        fc.nat(3),
        (unit, count, before, after) => {
          const printed = formatUnits(count, unit);
          const padded = '0'.repeat(before) + printed + (printed.includes('.') ? '0'.repeat(after) : '');
          expect(parseInUnits(padded, unit)).toBe(count);
        },
      ),
      { seed, numRuns: 3000 },
    );
  });
});

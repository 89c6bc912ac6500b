/** Fields of lines that are read as what a market knows: prices and quantities in units, states, sizes, short texts. */
import { MarketState, SelfTradePrevention } from '../../core/codes.js';
import { type DecimalUnit, parseUnit } from '../../wire/decimal.js';
import { LineError } from './line-error.js';
import {
  int32UnitsField,
  integerField,
  type LineObject,
  nameField,
  shown,
  textField,
  unitlessField,
} from './line-fields.js';
import type { ListedInstrument } from './listings.js';

const MAX_UINT32 = 0xffffffff;

type OptionalPrice = 'triggerPrice' | 'trailing' | 'minPrice' | 'maxPrice' | 'referencePrice';
type OptionalQuantity = 'minQuantity' | 'displayQuantity' | 'maxOrderQuantity';

export function priceField(
  line: LineObject,
  instrument: ListedInstrument | undefined,
  field: 'price' | OptionalPrice,
): number {
  return instrument === undefined
    ? unitlessField(line, field)
    : int32UnitsField(line, field, instrument.tick, instrument.tickSize, 'INVALID_PRICE');
}

/** A price, or 0 when the line has none. */
export function optionalPrice(
  line: LineObject,
  instrument: ListedInstrument | undefined,
  field: OptionalPrice,
): number {
  return line[field] === undefined ? 0 : priceField(line, instrument, field);
}

export function quantityField(
  line: LineObject,
  instrument: ListedInstrument | undefined,
  field: 'quantity' | OptionalQuantity,
): number {
  return instrument === undefined
    ? unitlessField(line, field)
    : int32UnitsField(line, field, instrument.lot, instrument.lotSize, 'INVALID_QUANTITY');
}

/** A quantity, or 0 when the line has none. */
export function optionalQuantity(
  line: LineObject,
  instrument: ListedInstrument | undefined,
  field: OptionalQuantity,
): number {
  return line[field] === undefined ? 0 : quantityField(line, instrument, field);
}

/** A whole number, or 0 when the line has none. */
export function optionalCount(line: LineObject, field: string): number {
  return line[field] === undefined ? 0 : integerField(line, field, 0, MAX_UINT32);
}

export function marketStateField(line: LineObject, field: string): number {
  return nameField(line, field, MarketState, 'INVALID_MARKET_STATE');
}

/** A command time, epoch microseconds. */
export function timeField(line: LineObject, field: string): number {
  return integerField(line, field, 0, Number.MAX_SAFE_INTEGER);
}

export function selfTradePreventionField(line: LineObject): number {
  return nameField(line, 'selfTradePrevention', SelfTradePrevention, 'INVALID_SELF_TRADE_PREVENTION');
}

/** A text that fits `length` bytes of the slot; its characters are for the engine to judge. */
export function shortText(
  line: LineObject,
  field: string,
  length: number,
  code: 'INVALID_SYMBOL' | 'INVALID_ASSET',
): string {
  const text = textField(line, field);
  if (text.length >= 1 && text.length <= length && /^[!-~]*$/.test(text)) return text;
  const allowed = `1 to ${length} of A-Z 0-9${code === 'INVALID_SYMBOL' ? ' . _ / : -' : ''}`;
  throw new LineError(code, field, `${field} is ${shown(text)}; allowed: ${allowed}`);
}

export function sizeField(line: LineObject, field: string): DecimalUnit {
  const text = textField(line, field);
  const unit = parseUnit(text);
  if (unit !== undefined) return unit;
  throw new LineError(
    'INVALID_TICK_OR_LOT',
    field,
    `${field} is ${shown(text)}; allowed: decimals above zero with up to 9 significant digits and 15 decimal places`,
  );
}

/** Decimal places of tick x lot, in lowest terms. */
export function decimalsOfProduct(tick: DecimalUnit, lot: DecimalUnit): number {
  let product = BigInt(tick.mantissa) * BigInt(lot.mantissa);
  let decimals = -(tick.exponent + lot.exponent);
  while (decimals > 0 && product % 10n === 0n) {
    product /= 10n;
    decimals--;
  }
  return Math.max(0, decimals);
}

/** The rules of a listing, in exact arithmetic on BigInt. */
import { InstrumentFlag, RejectCode } from '../../src/core/codes.js';
import type { ListInstrument } from '../../src/wire/message-fields.js';
import { MAX_MONEY } from './reference-money.js';
import { Rejection } from './rejection.js';

const SYMBOL = /^[A-Z0-9._/:-]{1,24}$/;
const ASSET = /^[A-Z0-9]{1,12}$/;

/** The whole number mantissa x 10^exponent, or undefined when it is no whole number in 1..2^53-1. */
export function wholeMinorUnits(mantissa: bigint, exponent: number): bigint | undefined {
  const numerator = exponent >= 0 ? mantissa * 10n ** BigInt(exponent) : mantissa;
  const denominator = exponent >= 0 ? 1n : 10n ** BigInt(-exponent);
  if (numerator % denominator !== 0n) return undefined;
  const whole = numerator / denominator;
  return whole >= 1n && whole <= MAX_MONEY ? whole : undefined;
}

function isWithin(value: number, low: number, high: number): boolean {
  return value >= low && value <= high;
}

/** The two factors of an instrument; throws the Rejection of the first rule that the listing breaks. */
export function checkListing(listing: ListInstrument): {
  quoteMinorPerTickLot: bigint;
  baseMinorPerLot: bigint;
} {
  if (!SYMBOL.test(listing.symbol)) throw new Rejection(RejectCode.INVALID_SYMBOL);
  if (!ASSET.test(listing.base) || !ASSET.test(listing.quote)) throw new Rejection(RejectCode.INVALID_ASSET);
  if (listing.base === listing.quote) throw new Rejection(RejectCode.INVALID_ASSET);
  if (listing.baseDecimals > 15 || listing.quoteDecimals > 15) throw new Rejection(RejectCode.INVALID_ASSET);
  const inRange =
    listing.tickMantissa >= 1 &&
    listing.lotMantissa >= 1 &&
    isWithin(listing.tickExponent, -15, 9) &&
    isWithin(listing.lotExponent, -15, 9);
  if (!inRange) throw new Rejection(RejectCode.INVALID_TICK_OR_LOT);

  // A lot is lotMantissa x 10^lotExponent of base, and 1 of base is 10^baseDecimals minor units.
  const baseMinorPerLot = wholeMinorUnits(
    BigInt(listing.lotMantissa),
    listing.lotExponent + listing.baseDecimals,
  );
  // One lot at one tick costs tick x lot of quote, and 1 of quote is 10^quoteDecimals minor units.
  const quoteMinorPerTickLot = wholeMinorUnits(
    BigInt(listing.tickMantissa) * BigInt(listing.lotMantissa),
    listing.tickExponent + listing.lotExponent + listing.quoteDecimals,
  );
  if (baseMinorPerLot === undefined || quoteMinorPerTickLot === undefined) {
    throw new Rejection(RejectCode.INVALID_TICK_OR_LOT);
  }
  if (listing.marketProtectionPpm > 1_000_000) throw new Rejection(RejectCode.INVALID_PROTECTION);
  if ((listing.flags & ~InstrumentFlag.margin) !== 0) throw new Rejection(RejectCode.INVALID_FLAGS);
  checkMarginRates((listing.flags & InstrumentFlag.margin) !== 0, listing);
  return { quoteMinorPerTickLot, baseMinorPerLot };
}

/** A margin instrument needs 1 <= maintenance <= initial <= 10^6 millionths; a spot instrument has no margin. */
export function checkMarginRates(
  isMargin: boolean,
  { initialMarginPpm, maintenanceMarginPpm }: { initialMarginPpm: number; maintenanceMarginPpm: number },
): void {
  const isValid = isMargin
    ? isWithin(initialMarginPpm, 1, 1_000_000) && isWithin(maintenanceMarginPpm, 1, initialMarginPpm)
    : initialMarginPpm === 0 && maintenanceMarginPpm === 0;
  if (!isValid) throw new Rejection(RejectCode.INVALID_MARGIN);
}

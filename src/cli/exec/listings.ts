/** The instruments and assets that a session has seen listed, with the units of their decimal strings. */
import type { InstrumentListing } from '../../../replay/index-listings.js';
import type { Core } from '../../core/core.js';
import { queryInstruments } from '../../core/queries.js';
import { type DecimalUnit, formatUnits, minorUnit } from '../../wire/decimal.js';

export interface ListedInstrument {
  readonly instrumentId: number;
  readonly symbol: string;
  readonly tick: DecimalUnit;
  readonly lot: DecimalUnit;
  readonly tickSize: string;
  readonly lotSize: string;
  /** Minor unit of the quote asset, in which fees are. */
  readonly quoteUnit: DecimalUnit;
}

export class Listings {
  private readonly bySymbol = new Map<string, ListedInstrument>();
  private readonly byId: ListedInstrument[] = [];
  private readonly unitOfAsset = new Map<string, DecimalUnit>();

  /** Learns an instrument and its two assets, base and quote. */
  add(
    instrumentId: number,
    symbol: string,
    tick: DecimalUnit,
    lot: DecimalUnit,
    base: { asset: string; decimals: number },
    quote: { asset: string; decimals: number },
  ): void {
    const instrument = {
      instrumentId,
      symbol,
      tick,
      lot,
      tickSize: formatUnits(1, tick),
      lotSize: formatUnits(1, lot),
      quoteUnit: minorUnit(quote.decimals),
    };
    this.bySymbol.set(symbol, instrument);
    this.byId[instrumentId] = instrument;
    for (const { asset, decimals } of [base, quote]) this.unitOfAsset.set(asset, minorUnit(decimals));
  }

  /** The instrument of a symbol, or undefined. */
  instrument(symbol: string): ListedInstrument | undefined {
    return this.bySymbol.get(symbol);
  }

  /** The instrument of an id that the engine gave out. */
  instrumentOfId(instrumentId: number): ListedInstrument | undefined {
    return this.byId[instrumentId];
  }

  /** The minor unit of an asset, or undefined. */
  assetUnit(asset: string): DecimalUnit | undefined {
    return this.unitOfAsset.get(asset);
  }
}

/** The listings of a core, as a session would know them that had seen it list them; adds them to `listings`. */
export function listingsOf(core: Core, listings = new Listings()): Listings {
  return listingsFrom(queryInstruments(core), listings);
}

/** The same of instruments that are known otherwise. */
export function listingsFrom(instruments: readonly InstrumentListing[], listings = new Listings()): Listings {
  for (const listed of instruments) {
    const tick = { mantissa: listed.tickMantissa, exponent: listed.tickExponent };
    const lot = { mantissa: listed.lotMantissa, exponent: listed.lotExponent };
    listings.add(
      listed.instrumentId,
      listed.symbol,
      tick,
      lot,
      { asset: listed.base, decimals: listed.baseDecimals },
      { asset: listed.quote, decimals: listed.quoteDecimals },
    );
  }
  return listings;
}

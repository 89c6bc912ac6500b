/** What the numbers in rows of accounts mean: the assets and instruments that there are. */
import type { Core } from '../src/core/core.js';
import { type InstrumentView, queryAssets, queryInstruments } from '../src/core/queries.js';

export interface AssetListing {
  readonly assetId: number;
  readonly asset: string;
  readonly decimals: number;
}

/** What is for ever of an instrument. */
export type InstrumentListing = Pick<
  InstrumentView,
  | 'instrumentId'
  | 'symbol'
  | 'base'
  | 'quote'
  | 'tickMantissa'
  | 'tickExponent'
  | 'lotMantissa'
  | 'lotExponent'
  | 'baseDecimals'
  | 'quoteDecimals'
>;

export interface IndexListings {
  readonly assets: readonly AssetListing[];
  readonly instruments: readonly InstrumentListing[];
}

/** The listings of a core that came after so many assets and instruments. */
export function listingsAfter(core: Core, assets: number, instruments: number): IndexListings {
  // Mostly there are none, and the queries walk over everything.
  return {
    assets: core.assets.count === assets ? [] : queryAssets(core).slice(assets).map(assetListing),
    instruments:
      core.instruments.count === instruments
        ? []
        : queryInstruments(core).slice(instruments).map(instrumentListing),
  };
}

function assetListing({ assetId, asset, decimals }: AssetListing): AssetListing {
  return { assetId, asset, decimals };
}

function instrumentListing(view: InstrumentListing): InstrumentListing {
  const { instrumentId, symbol, base, quote, baseDecimals, quoteDecimals } = view;
  const { tickMantissa, tickExponent, lotMantissa, lotExponent } = view;
  const units = { tickMantissa, tickExponent, lotMantissa, lotExponent, baseDecimals, quoteDecimals };
  return { instrumentId, symbol, base, quote, ...units };
}

/** Several listings as one; of what is in two, the first counts. */
export function joinListings(parts: readonly IndexListings[]): IndexListings {
  const assets = new Map<number, AssetListing>();
  const instruments = new Map<number, InstrumentListing>();
  for (const part of parts.toReversed()) {
    for (const asset of part.assets) assets.set(asset.assetId, asset);
    for (const instrument of part.instruments) instruments.set(instrument.instrumentId, instrument);
  }
  return { assets: [...assets.values()], instruments: [...instruments.values()] };
}

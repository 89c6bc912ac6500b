/** Instruments are listed, changed and removed. */
import { FEE_TIERS, MarketState, MarketStateCause, RejectCode } from '../../src/core/codes.js';
import type { CommandOf } from './messages.js';
import { NOTHING } from './reference-auction.js';
import { ReferenceBook } from './reference-book.js';
import type { Exchange } from './reference-exchange.js';
import { restartVolatilityWindow } from './reference-limits.js';
import { marginAccounts } from './reference-liquidation.js';
import { checkListing, checkMarginRates } from './reference-listing.js';
import { hold, isMargin, MAX_MARGIN_MONEY } from './reference-margin.js';
import { changeState } from './reference-markets.js';
import { MAX_RATE_PPM } from './reference-numbers.js';
import { positionOf } from './reference-position.js';
import type { Asset, Instrument } from './reference-state.js';
import { Rejection } from './rejection.js';

const DEFAULT_PROTECTION_PPM = 50_000;

/** Lists an instrument; its base, then its quote, become assets when they are new. */
export function listInstrument(exchange: Exchange, command: CommandOf<'listInstrument'>): void {
  const listing = command.fields;
  const factors = checkListing(listing);
  const isListed = ({ symbol, marketState }: Instrument) =>
    symbol === listing.symbol && marketState !== MarketState.removed;
  if (exchange.instruments.some(isListed)) throw new Rejection(RejectCode.INSTRUMENT_EXISTS);
  const knownBase = exchange.asset(listing.base);
  const knownQuote = exchange.asset(listing.quote);
  if (knownBase !== undefined && knownBase.decimals !== listing.baseDecimals) {
    throw new Rejection(RejectCode.ASSET_DECIMALS_DIFFER);
  }
  if (knownQuote !== undefined && knownQuote.decimals !== listing.quoteDecimals) {
    throw new Rejection(RejectCode.ASSET_DECIMALS_DIFFER);
  }
  if (exchange.instruments.length >= exchange.limits.instruments)
    throw new Rejection(RejectCode.TOO_MANY_INSTRUMENTS);
  const newAssets = [knownBase, knownQuote].filter((known) => known === undefined).length;
  if (exchange.assets.length + newAssets > exchange.limits.assets)
    throw new Rejection(RejectCode.TOO_MANY_ASSETS);
  if (listing.flags !== 0 && (knownQuote?.supply ?? 0n) > MAX_MARGIN_MONEY)
    throw new Rejection(RejectCode.SUPPLY_TOO_LARGE);

  const base = knownBase ?? addAsset(exchange, listing.base, listing.baseDecimals);
  const quote = knownQuote ?? addAsset(exchange, listing.quote, listing.quoteDecimals);
  if (listing.flags !== 0) quote.isMarginQuote = true;
  const marketProtectionPpm =
    listing.marketProtectionPpm === 0 ? DEFAULT_PROTECTION_PPM : listing.marketProtectionPpm;
  const instrument: Instrument = {
    instrumentId: exchange.instruments.length + 1,
    symbol: listing.symbol,
    base,
    quote,
    ...factors,
    marketProtectionPpm,
    bookSequence: 0,
    lastPriceTicks: 0,
    band: { minPriceTicks: 0, maxPriceTicks: 0, referencePriceTicks: 0, bandPpm: 0 },
    marketState: MarketState.continuous,
    endTimeUs: 0,
    nextState: 0,
    referencePriceTicks: 0,
    indicated: NOTHING,
    volatility: {
      volatilityPpm: 0,
      volatilityWindowUs: 0,
      volatilityAuctionUs: 0,
      window: 0,
      referencePriceTicks: 0,
    },
    flags: listing.flags,
    initialMarginPpm: listing.initialMarginPpm,
    maintenanceMarginPpm: listing.maintenanceMarginPpm,
    markPriceTicks: 0,
    fees: Array.from({ length: FEE_TIERS }, () => ({ makerPpm: 0, takerPpm: 0 })),
  };
  exchange.instruments.push(instrument);
  exchange.books.set(instrument, new ReferenceBook());
  const { clientSequence: _, ...terms } = listing;
  exchange.answerAdmin('instrumentListed', {
    ...terms,
    marketProtectionPpm,
    instrumentId: instrument.instrumentId,
  });
}

function addAsset(exchange: Exchange, code: string, decimals: number): Asset {
  const assetId = exchange.assets.length + 1;
  const asset = { assetId, code, decimals, supply: 0n, fees: 0n, insurance: 0n, isMarginQuote: false };
  exchange.assets.push(asset);
  return asset;
}

/** Sets what may change of an instrument; open orders keep what they have. */
export function changeInstrument(exchange: Exchange, command: CommandOf<'changeInstrument'>): void {
  const { clientSequence: _, reserved0, ...settings } = command.fields;
  const { instrumentId, volatilityPpm, volatilityWindowUs, volatilityAuctionUs } = settings;
  const { initialMarginPpm, maintenanceMarginPpm } = settings;
  const instrument = exchange.instrument(instrumentId);
  if (settings.marketProtectionPpm > MAX_RATE_PPM) throw new Rejection(RejectCode.INVALID_PROTECTION);
  const isValid =
    volatilityPpm === 0
      ? volatilityWindowUs === 0 && volatilityAuctionUs === 0
      : volatilityPpm <= MAX_RATE_PPM && volatilityWindowUs !== 0 && volatilityAuctionUs !== 0;
  if (!isValid) throw new Rejection(RejectCode.INVALID_VOLATILITY_LIMIT);
  checkMarginRates(isMargin(instrument), settings);
  const marketProtectionPpm = settings.marketProtectionPpm || DEFAULT_PROTECTION_PPM;
  Object.assign(instrument, { marketProtectionPpm, initialMarginPpm, maintenanceMarginPpm });
  Object.assign(instrument.volatility, { volatilityPpm, volatilityWindowUs, volatilityAuctionUs });
  restartVolatilityWindow(exchange, instrument);
  exchange.answerAdmin('instrumentChanged', { ...settings, marketProtectionPpm, reserved0: 0 });
  for (const account of marginAccounts(exchange, instrument)) hold(account, instrument);
}

/** Removes an instrument in which nothing is open. */
export function removeInstrument(exchange: Exchange, command: CommandOf<'removeInstrument'>): void {
  const instrument = exchange.instrument(command.fields.instrumentId);
  const hasOrders = exchange.allOpenOrders().some((order) => order.instrument === instrument);
  const hasPositions = marginAccounts(exchange, instrument).some(
    (account) => positionOf(account, instrument).quantityLots !== 0n,
  );
  if (hasOrders || hasPositions) throw new Rejection(RejectCode.INSTRUMENT_IN_USE);
  changeState(
    exchange,
    instrument,
    { state: MarketState.removed, endTimeUs: 0, nextState: 0, referencePriceTicks: 0 },
    MarketStateCause.command,
  );
}

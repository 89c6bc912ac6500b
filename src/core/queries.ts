/** Views of the state for tools and tests. They allocate and walk; nothing in the path of a command uses them. */
import { readInt64 } from '../base/int64.js';
import { AccountWord } from './accounts.js';
import { ASSET_CODE_BYTES } from './assets.js';
import { AccountStatus, FEE_TIERS, MarketState, SelfTradePrevention, Side } from './codes.js';
import { type Core, EngineWord } from './core.js';
import { InstrumentWord, SYMBOL_BYTES } from './instruments.js';
import { ExtraWord } from './order-extras.js';
import { OrderLimitsWord } from './order-limits.js';
import { OrderWord } from './orders.js';
import { PositionWord } from './positions.js';
import { isSellSide, keyOf, LevelWord } from './price-ladder.js';
import { textOf } from './text-fields.js';

export interface BookLevel {
  readonly priceTicks: number;
  readonly levelLots: number;
  readonly orderCount: number;
}

export interface BookView {
  readonly instrumentId: number;
  /** Best first. */
  readonly bids: readonly BookLevel[];
  readonly asks: readonly BookLevel[];
}

export interface OrderView {
  readonly orderId: number;
  /** Halves of the u64, as int32. */
  readonly clientOrderIdLow: number;
  readonly clientOrderIdHigh: number;
  readonly instrumentId: number;
  /** Side. */
  readonly side: number;
  readonly priceTicks: number;
  /** Total of the chain. */
  readonly quantityLots: number;
  readonly leavesLots: number;
  readonly cumulativeLots: number;
  /** TimeInForce. */
  readonly timeInForce: number;
  /** OrderFlag bits. */
  readonly flags: number;
  /** Command time at which it expires, in epoch microseconds; 0 = never. */
  readonly expireTimeUs: number;
  /** Most that is displayed at a time; 0 = all. */
  readonly displayLots: number;
  /** Trade price that a stop waits for; 0 = it does not wait. */
  readonly triggerPriceTicks: number;
}

/** Rates in millionths of the notional; a maker rate below 0 is a rebate. */
export interface FeeRatesView {
  readonly makerPpm: number;
  readonly takerPpm: number;
}

export interface PositionView {
  readonly instrumentId: number;
  /** Bought minus sold. */
  readonly quantityLots: number;
  /** Quote minor units paid for what is held; of a short position: received for what is owed. */
  readonly cost: number;
  readonly realisedProfit: number;
  /** Held for it and the open orders of a margin instrument, in minor units of quote; 0 for spot. */
  readonly initialMargin: number;
}

export interface BalanceView {
  readonly asset: string;
  readonly decimals: number;
  /** In minor units. */
  readonly available: number;
  readonly reserved: number;
}

export interface OrderLimitsView {
  readonly instrumentId: number;
  /** In minor units of quote; 0 = no limit, as in the others. */
  readonly maxOrderNotional: number;
  readonly maxOrderLots: number;
  readonly maxOpenOrders: number;
}

export interface AccountView {
  readonly accountId: number;
  /** Number of the last report. */
  readonly reportSequence: number;
  readonly openOrderCount: number;
  readonly feeTier: number;
  /** 0 = none. */
  readonly selfTradeGroup: number;
  /** SelfTradePrevention of orders that name none. */
  readonly selfTradePrevention: number;
  /** AccountStatus. */
  readonly status: number;
  /** Orders and replaces in an interval of command time; maxCommands 0 = no limit. */
  readonly throttle: { readonly maxCommands: number; readonly intervalUs: number };
  /** Those with a quantity, a profit or margin, by instrument id. */
  readonly positions: readonly PositionView[];
  /** Those with something in them, by asset id. */
  readonly balances: readonly BalanceView[];
  /** By order id. */
  readonly orders: readonly OrderView[];
  /** Those that were ever set, by instrument id. */
  readonly limits: readonly OrderLimitsView[];
}

export interface InstrumentView {
  readonly instrumentId: number;
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly tickMantissa: number;
  readonly tickExponent: number;
  readonly lotMantissa: number;
  readonly lotExponent: number;
  readonly baseDecimals: number;
  readonly quoteDecimals: number;
  readonly quoteMinorPerTickLot: number;
  readonly baseMinorPerLot: number;
  readonly marketProtectionPpm: number;
  /** Number of the last bookDelta. */
  readonly bookSequence: number;
  /** Price of the last trade; 0 = there was none. */
  readonly lastPriceTicks: number;
  /** By fee tier. */
  readonly fees: readonly FeeRatesView[];
  /** Prices that orders may have; 0 = no bound, reference 0 = the last trade. */
  readonly band: {
    readonly minPriceTicks: number;
    readonly maxPriceTicks: number;
    readonly referencePriceTicks: number;
    readonly bandPpm: number;
  };
  /** MarketState. */
  readonly marketState: number;
  /** Command time at which nextState follows, in epoch microseconds; 0 = the state stays. */
  readonly endTimeUs: number;
  /** MarketState; 0 = none. */
  readonly nextState: number;
  /** Of an auction: what was indicated last; 0 = nothing would trade. */
  readonly indicatedPriceTicks: number;
  readonly indicatedLots: number;
  /** Bought minus sold. */
  readonly indicatedImbalance: number;
  /** A trade further from the last one before the window starts a volatility auction; 0 = never. */
  readonly volatilityPpm: number;
  readonly volatilityWindowUs: number;
  readonly volatilityAuctionUs: number;
  /** InstrumentFlag bits. */
  readonly flags: number;
  readonly initialMarginPpm: number;
  readonly maintenanceMarginPpm: number;
  /** Of a margin instrument; 0 = not known yet. */
  readonly markPriceTicks: number;
}

export interface AssetView {
  readonly assetId: number;
  readonly asset: string;
  readonly decimals: number;
  /** Deposits minus withdrawals, in minor units. */
  readonly supply: number;
  /** What the venue holds of the fees that it charged; part of the supply. */
  readonly fees: number;
  /** What pays for losses beyond the equity of liquidated accounts; part of the supply. */
  readonly insurance: number;
}

/** The best `depth` levels of both sides; empty when there is no such instrument. */
export function queryBook(core: Core, instrumentId: number, depth: number): BookView {
  const isListed = instrumentId >= 1 && instrumentId <= core.instruments.count;
  return {
    instrumentId,
    bids: isListed ? levelsOf(core, instrumentId * 2, depth) : [],
    asks: isListed ? levelsOf(core, instrumentId * 2 + 1, depth) : [],
  };
}

/** Balances and open orders of an account; undefined when there is no such account. */
export function queryAccount(core: Core, accountId: number): AccountView | undefined {
  const { accounts, assets, holdings, orders } = core;
  const account = accounts.find(accountId);
  if (account === 0) return undefined;
  const balances: BalanceView[] = [];
  for (let assetId = 1; assetId <= assets.count; assetId += 1) {
    const holding = holdings.find(account, assetId);
    const available = holdings.available(holding);
    const reserved = holdings.reserved(holding);
    if (available === 0 && reserved === 0) continue;
    balances.push({
      asset: assetCode(core, assetId),
      decimals: assets.decimals(assetId),
      available,
      reserved,
    });
  }
  const settings = accounts.words[account + AccountWord.settings];
  const open: OrderView[] = [];
  let order = accounts.words[account + AccountWord.firstOrder];
  while (order !== 0) {
    open.push(orderView(core, order));
    order = orders.words[order + OrderWord.accountNext];
  }
  return {
    accountId,
    reportSequence: readInt64(accounts.words, account + AccountWord.reportSequence),
    openOrderCount: accounts.words[account + AccountWord.openOrders],
    feeTier: settings & 0xff,
    selfTradeGroup: accounts.words[account + AccountWord.selfTradeGroup] >>> 0,
    selfTradePrevention: (settings >> 8) + SelfTradePrevention.allow,
    balances,
    orders: open,
    status: accounts.words[account + AccountWord.status] || AccountStatus.active,
    throttle: {
      maxCommands: accounts.words[account + AccountWord.throttleMaxCommands] >>> 0,
      intervalUs: accounts.words[account + AccountWord.throttleIntervalUs] >>> 0,
    },
    positions: positionsOf(core, account),
    limits: limitsOf(core, account),
  };
}

function positionsOf(core: Core, account: number): PositionView[] {
  const { instruments, positions } = core;
  const views: PositionView[] = [];
  for (let instrumentId = 1; instrumentId <= instruments.count; instrumentId += 1) {
    const position = positions.find(account, instrumentId);
    const initialMargin = core.margins.held(core.arena.words[position + PositionWord.margin]);
    if (initialMargin === 0 && positions.isFlat(position)) continue;
    views.push({
      instrumentId,
      quantityLots: positions.quantityLots(position),
      cost: positions.cost(position),
      realisedProfit: positions.realisedProfit(position),
      initialMargin,
    });
  }
  return views;
}

function limitsOf(core: Core, account: number): OrderLimitsView[] {
  const { arena, instruments, positions } = core;
  const views: OrderLimitsView[] = [];
  for (let instrumentId = 1; instrumentId <= instruments.count; instrumentId += 1) {
    const limits = arena.words[positions.find(account, instrumentId) + PositionWord.limits];
    if (limits === 0) continue;
    views.push({
      instrumentId,
      maxOrderNotional: arena.doubles[limits >> 1],
      maxOrderLots: arena.words[limits + OrderLimitsWord.maxOrderLots],
      maxOpenOrders: arena.words[limits + OrderLimitsWord.maxOpenOrders],
    });
  }
  return views;
}

/** The open orders of a book side (instrument, Side) in the order in which they would trade. */
export function querySideOrders(core: Core, instrumentId: number, side: number): OrderView[] {
  const { ladder } = core.books;
  const open: OrderView[] = [];
  let level = ladder.best(instrumentId * 2 + (side === Side.sell ? 1 : 0));
  while (level !== 0) {
    let order = ladder.levels[level + LevelWord.head];
    while (order !== 0) {
      open.push(orderView(core, order));
      order = core.orders.words[order + OrderWord.next];
    }
    level = ladder.next(level);
  }
  return open;
}

/** All instruments, by id. */
export function queryInstruments(core: Core): InstrumentView[] {
  const { assets, instruments } = core;
  const words = instruments.words;
  const views: InstrumentView[] = [];
  for (let instrumentId = 1; instrumentId <= instruments.count; instrumentId += 1) {
    const at = instruments.handleOf(instrumentId);
    const base = words[at + InstrumentWord.baseAsset];
    const quote = words[at + InstrumentWord.quoteAsset];
    views.push({
      instrumentId,
      symbol: textOf(words, at + InstrumentWord.symbol, SYMBOL_BYTES),
      base: assetCode(core, base),
      quote: assetCode(core, quote),
      tickMantissa: words[at + InstrumentWord.tickMantissa] >>> 0,
      tickExponent: words[at + InstrumentWord.tickExponent],
      lotMantissa: words[at + InstrumentWord.lotMantissa] >>> 0,
      lotExponent: words[at + InstrumentWord.lotExponent],
      baseDecimals: assets.decimals(base),
      quoteDecimals: assets.decimals(quote),
      quoteMinorPerTickLot: instruments.quoteMinorPerTickLot(at),
      baseMinorPerLot: instruments.baseMinorPerLot(at),
      marketProtectionPpm: words[at + InstrumentWord.protectionPpm],
      bookSequence: readInt64(words, at + InstrumentWord.bookSequence),
      lastPriceTicks: words[at + InstrumentWord.lastPrice],
      fees: Array.from({ length: FEE_TIERS }, (_, tier) => {
        const rates = instruments.ratesAt(at, tier);
        return { makerPpm: words[rates], takerPpm: words[rates + 1] };
      }),
      band: {
        minPriceTicks: words[at + InstrumentWord.minPrice],
        maxPriceTicks: words[at + InstrumentWord.maxPrice],
        referencePriceTicks: words[at + InstrumentWord.referencePrice],
        bandPpm: words[at + InstrumentWord.bandPpm],
      },
      marketState: words[at + InstrumentWord.marketState] || MarketState.continuous,
      endTimeUs: readInt64(words, at + InstrumentWord.endTimeUs),
      nextState: words[at + InstrumentWord.nextState],
      indicatedPriceTicks: words[at + InstrumentWord.indicatedPrice],
      indicatedLots: instruments.doubles[(at + InstrumentWord.indicatedLots) >> 1],
      indicatedImbalance: instruments.doubles[(at + InstrumentWord.indicatedImbalance) >> 1],
      volatilityPpm: words[at + InstrumentWord.volatilityPpm] >>> 0,
      volatilityWindowUs: words[at + InstrumentWord.volatilityWindowUs] >>> 0,
      volatilityAuctionUs: words[at + InstrumentWord.volatilityAuctionUs] >>> 0,
      flags: words[at + InstrumentWord.flags],
      initialMarginPpm: words[at + InstrumentWord.initialMarginPpm],
      maintenanceMarginPpm: words[at + InstrumentWord.maintenanceMarginPpm],
      markPriceTicks: words[at + InstrumentWord.markPrice],
    });
  }
  return views;
}

/** All assets, by id. */
export function queryAssets(core: Core): AssetView[] {
  const { assets } = core;
  const views: AssetView[] = [];
  for (let assetId = 1; assetId <= assets.count; assetId += 1) {
    views.push({
      assetId,
      asset: assetCode(core, assetId),
      decimals: assets.decimals(assetId),
      supply: assets.supply[assetId],
      fees: assets.fees[assetId],
      insurance: assets.insurance[assetId],
    });
  }
  return views;
}

function levelsOf(core: Core, bookSide: number, depth: number): BookLevel[] {
  const { ladder } = core.books;
  const found: BookLevel[] = [];
  let level = ladder.best(bookSide);
  while (level !== 0 && found.length < depth) {
    found.push({
      priceTicks: keyOf(bookSide, ladder.levels[level + LevelWord.key]),
      levelLots: ladder.levelDoubles[(level + LevelWord.lots) >> 1],
      orderCount: ladder.levels[level + LevelWord.orderCount],
    });
    level = ladder.next(level);
  }
  return found;
}

function orderView(core: Core, order: number): OrderView {
  const words = core.orders.words;
  const bookSide = words[order + OrderWord.bookSide];
  const leavesLots = words[order + OrderWord.leaves];
  const cumulativeLots = words[order + OrderWord.cumulative];
  return {
    orderId: readInt64(words, order + OrderWord.orderId),
    clientOrderIdLow: words[order + OrderWord.clientIdLow],
    clientOrderIdHigh: words[order + OrderWord.clientIdHigh],
    instrumentId: bookSide >> 1,
    side: isSellSide(bookSide) ? Side.sell : Side.buy,
    priceTicks: words[order + OrderWord.price],
    quantityLots: leavesLots + cumulativeLots,
    leavesLots,
    cumulativeLots,
    timeInForce: (words[order + OrderWord.terms] >> 8) & 0xff,
    flags: (words[order + OrderWord.terms] >> 16) & 0xff,
    // The record of handle 0 is always zero.
    expireTimeUs: readInt64(words, words[order + OrderWord.extra] + ExtraWord.expireTimeUs),
    displayLots: words[words[order + OrderWord.extra] + ExtraWord.displayLots],
    triggerPriceTicks: words[words[order + OrderWord.extra] + ExtraWord.trigger],
  };
}

/** Where DAY orders that come in now expire, in epoch microseconds of command time; 0 = no day was opened yet. */
export function queryTradingDayEnd(core: Core): number {
  return readInt64(core.engine, EngineWord.tradingDayEndUs);
}

function assetCode(core: Core, assetId: number): string {
  return textOf(core.assets.words, core.assets.codeAt(assetId), ASSET_CODE_BYTES);
}

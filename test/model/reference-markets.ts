/** States of a market: who may do what, call auctions, how one state follows another. */
import {
  CancelReason,
  MarketState,
  MarketStateCause,
  OrderFlag,
  RejectCode,
  Side,
} from '../../src/core/codes.js';
import type { CommandOf } from './messages.js';
import { auctionPrice, isAuction, NOTHING } from './reference-auction.js';
import { cancelAll, endLink } from './reference-endings.js';
import type { Exchange } from './reference-exchange.js';
import { restartVolatilityWindow } from './reference-limits.js';
import { reportTrade, settleTrade, shrinkMaker } from './reference-matching.js';
import { type Instrument, visibleLots } from './reference-state.js';
import { electStops, followTrade } from './reference-stops.js';
import { Rejection } from './rejection.js';

/** How an instrument's market goes on. */
interface StateChange {
  state: number;
  endTimeUs: number;
  nextState: number;
  referencePriceTicks: number;
}

/** New orders and replaces are refused where only cancels are taken. */
export function checkMarketOpen({ marketState }: Instrument): void {
  if (marketState === MarketState.closed || marketState === MarketState.disabled)
    throw new Rejection(RejectCode.MARKET_CLOSED);
  if (marketState === MarketState.halted) throw new Rejection(RejectCode.MARKET_HALTED);
}

/** While orders are collected nobody knows which of them will take: a promise not to cannot be kept. */
export function checkNotPostOnly(flags: number): void {
  if ((flags & (OrderFlag.postOnly | OrderFlag.postOnlyReprice)) !== 0)
    throw new Rejection(RejectCode.POST_ONLY_WOULD_TRADE);
}

export function setMarketState(exchange: Exchange, command: CommandOf<'setMarketState'>): void {
  const { instrumentId, state, endTimeUs, nextState, referencePriceTicks } = command.fields;
  const instrument = exchange.instrument(instrumentId);
  const isState = (value: number) => value >= MarketState.continuous && value <= MarketState.disabled;
  if (!isState(state) || (endTimeUs === 0 ? nextState !== 0 : !isState(nextState)))
    throw new Rejection(RejectCode.INVALID_MARKET_STATE);
  if (endTimeUs !== 0 && !exchange.isInFuture(endTimeUs)) throw new Rejection(RejectCode.INVALID_EXPIRE_TIME);
  if (referencePriceTicks < -1 || (referencePriceTicks !== 0 && !isAuction(state)))
    throw new Rejection(RejectCode.INVALID_PRICE);
  changeState(
    exchange,
    instrument,
    { state, endTimeUs, nextState, referencePriceTicks },
    MarketStateCause.command,
  );
}

/**
 * A market goes on in another state. An auction that ends in continuous trading, pre-open or closed uncrosses, and so
 * does whatever becomes continuous; otherwise orders stay as they are. Only continuous trading fires stops.
 */
export function changeState(
  exchange: Exchange,
  instrument: Instrument,
  change: StateChange,
  cause: number,
): void {
  const { marketState: previousState, lastPriceTicks } = instrument;
  const { state, endTimeUs, nextState, referencePriceTicks } = change;
  const isEntered = state !== previousState;
  const endsAuction =
    isAuction(previousState) && (state === MarketState.preOpen || state === MarketState.closed);
  const isUncrossed = endsAuction || (isEntered && state === MarketState.continuous);
  const uncross = isUncrossed ? indicationOf(exchange, instrument) : NOTHING;
  Object.assign(instrument, { marketState: state, endTimeUs, nextState, referencePriceTicks });
  if (isEntered) instrument.indicated = NOTHING;
  const fields = {
    endTimeUs,
    uncrossLots: Number(uncross.executableLots),
    instrumentId: instrument.instrumentId,
    uncrossPriceTicks: uncross.priceTicks,
    referencePriceTicks,
    state,
    previousState,
    nextState,
    cause,
  };
  if (cause === MarketStateCause.command) exchange.answerAdmin('marketStateChanged', fields);
  else exchange.emit('marketStateChanged', 0, 0, 0, fields);
  if (uncross.priceTicks !== 0) tradeAtOnePrice(exchange, instrument, uncross.priceTicks);
  if (state === MarketState.disabled) {
    const orders = exchange.allOpenOrders().filter((order) => order.instrument === instrument);
    cancelAll(
      exchange,
      orders.sort((a, b) => a.orderId - b.orderId),
      CancelReason.instrumentDisabled,
    );
  }
  if (state !== MarketState.continuous || !isEntered) return;
  restartVolatilityWindow(exchange, instrument);
  const last = uncross.priceTicks || lastPriceTicks;
  if (last !== 0) electStops(exchange, instrument, last);
}

/** What an uncross would do now. */
function indicationOf(exchange: Exchange, instrument: Instrument) {
  const { referencePriceTicks, lastPriceTicks } = instrument;
  const reference = referencePriceTicks === -1 ? 0 : referencePriceTicks || lastPriceTicks;
  return auctionPrice(exchange.book(instrument), reference);
}

/**
 * Trades all orders that reach the price of the auction, at that price: the first buy with the first sell, until one
 * side has none left. The older order of two is the maker. Self-trade prevention does not act.
 */
function tradeAtOnePrice(exchange: Exchange, instrument: Instrument, priceTicks: number): void {
  const book = exchange.book(instrument);
  for (;;) {
    const [buy, sell] = [book.best(Side.buy), book.best(Side.sell)];
    if (buy === undefined || sell === undefined) break;
    if (buy.priceTicks < priceTicks || sell.priceTicks > priceTicks) break;
    const [maker, taker] = buy.orderId < sell.orderId ? [buy, sell] : [sell, buy];
    const lots = Math.min(visibleLots(buy), visibleLots(sell));
    const fees = settleTrade(maker, taker, lots, priceTicks);
    shrinkMaker(exchange, maker, lots);
    shrinkMaker(exchange, taker, lots);
    const incoming = exchange.incoming;
    exchange.incoming = 'notice';
    reportTrade(exchange, maker, taker, lots, priceTicks, fees);
    exchange.incoming = incoming;
    endLink(exchange, maker);
    endLink(exchange, taker);
  }
  followTrade(exchange, instrument, priceTicks);
}

/** What the auctions would do now, where it is not what was told last. */
export function reportIndications(exchange: Exchange): void {
  for (const instrument of exchange.instruments) {
    if (!isAuction(instrument.marketState)) continue;
    const now = indicationOf(exchange, instrument);
    const before = instrument.indicated;
    const isSame =
      now.priceTicks === before.priceTicks &&
      now.executableLots === before.executableLots &&
      now.imbalanceLots === before.imbalanceLots;
    if (isSame) continue;
    instrument.indicated = now;
    exchange.emit('auctionIndicated', 0, 0, 0, {
      executableLots: Number(now.executableLots),
      imbalanceLots: Number(now.imbalanceLots),
      instrumentId: instrument.instrumentId,
      priceTicks: now.priceTicks,
    });
  }
}

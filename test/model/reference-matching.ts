/** Two orders that meet: price-time priority, self-trade prevention, settlement, reports. */
import { CancelReason, Liquidity, SelfTradePrevention } from '../../src/core/codes.js';
import { crosses, opposite } from './reference-book.js';
import { cancelOpen, cancelRemainder, endLink, forget, restOrder, termsOf } from './reference-endings.js';
import type { Exchange } from './reference-exchange.js';
import { volatilityRangeOf } from './reference-limits.js';
import { hold, isMargin } from './reference-margin.js';
import { release, settle, type TradeFees } from './reference-money.js';
import { countTrade } from './reference-position.js';
import { type Account, type FeeRates, type Instrument, type Order, visibleLots } from './reference-state.js';

/** The rates of an order that takes its place now. */
export function ratesOf(account: Account, instrument: Instrument): FeeRates {
  const rates = instrument.fees[account.feeTier];
  if (rates === undefined) throw new Error('reference engine: an account in a tier that is not there');
  return rates;
}

/** Whether two orders are of one account or of one account group. */
function belongTogether(a: Order, b: Order): boolean {
  if (a.account === b.account) return true;
  return a.account.selfTradeGroup !== 0 && a.account.selfTradeGroup === b.account.selfTradeGroup;
}

/** Whether the incoming order may not trade with a resting one. */
function isPrevented(taker: Order, maker: Order): boolean {
  return taker.selfTradePrevention !== SelfTradePrevention.allow && belongTogether(taker, maker);
}

/**
 * What an incoming order could trade at once: with the orders in its reach up to the first of its own group, which
 * ends the order or makes it smaller. An order that cancels the oldest goes on behind it. Of a level with an own
 * order only what is displayed before it can be had: hidden quantity comes behind.
 */
export function fillableLots(exchange: Exchange, taker: Order): number {
  const book = exchange.book(taker.instrument);
  let lots = 0;
  const { low, high } = volatilityRangeOf(exchange, taker.instrument);
  for (const price of book.pricesInReach(taker.side, taker.priceTicks)) {
    if (price < low || price > high) return lots;
    const level = book.level(opposite(taker.side), price);
    const firstOwn = level.findIndex((maker) => isPrevented(taker, maker));
    if (firstOwn !== -1 && taker.selfTradePrevention !== SelfTradePrevention.cancelOldest) {
      for (const maker of level.slice(0, firstOwn)) lots += visibleLots(maker);
      return lots;
    }
    for (const maker of level) if (!isPrevented(taker, maker)) lots += maker.leavesLots;
  }
  return lots;
}

/**
 * Trades an incoming order against the opposite side: best price first, and at a price the earliest first. It ends
 * early before a trade that would go further than the volatility limit.
 */
export function matchOrder(exchange: Exchange, taker: Order): 'done' | 'beyond the limit' {
  const { low, high } = volatilityRangeOf(exchange, taker.instrument, 'start the window');
  const book = exchange.book(taker.instrument);
  while (taker.leavesLots > 0) {
    const maker = book.best(opposite(taker.side));
    if (maker === undefined || !crosses(taker.side, taker.priceTicks, maker.priceTicks)) return 'done';
    if (isPrevented(taker, maker)) {
      preventSelfTrade(exchange, taker, maker);
      continue;
    }
    if (maker.priceTicks < low || maker.priceTicks > high) return 'beyond the limit';
    const lots = Math.min(taker.leavesLots, visibleLots(maker));
    const { priceTicks } = maker;
    const fees = settleTrade(maker, taker, lots, priceTicks);
    exchange.tradePrices.push(priceTicks);
    shrinkMaker(exchange, maker, lots);
    if (taker.leavesLots === 0) forget(exchange, taker);
    reportTrade(exchange, maker, taker, lots, priceTicks, fees);
    endLink(exchange, maker);
    endLink(exchange, taker);
  }
  return 'done';
}

/** Money, quantities and positions of a trade. */
export function settleTrade(maker: Order, taker: Order, lots: number, priceTicks: number): TradeFees {
  const fees = settle(maker, taker, lots, priceTicks);
  for (const order of [maker, taker]) {
    order.leavesLots -= lots;
    order.cumulativeLots += lots;
    countTrade(order.account, order.instrument, order.side, priceTicks, BigInt(lots));
  }
  for (const { account, instrument } of [maker, taker]) if (isMargin(instrument)) hold(account, instrument);
  return fees;
}

/** A resting order has lost some of what it displays: it is gone, or displays more at the back of its level. */
export function shrinkMaker(exchange: Exchange, maker: Order, lots: number): void {
  const book = exchange.book(maker.instrument);
  exchange.touch(maker);
  maker.shownLots -= lots;
  if (maker.leavesLots === 0) {
    book.remove(maker);
    forget(exchange, maker);
  } else if (visibleLots(maker) === 0) {
    book.remove(maker);
    restOrder(exchange, maker);
  }
}

/** The two sides of a trade: the maker's report, which answers nobody's command, then the taker's. */
export function reportTrade(
  exchange: Exchange,
  maker: Order,
  taker: Order,
  lots: number,
  priceTicks: number,
  fees: TradeFees,
): void {
  const tradeId = exchange.nextTradeId++;
  const fields = (order: Order, liquidity: number, fee: bigint) => ({
    ...termsOf(order),
    priceTicks,
    quantityLots: lots,
    tradeId,
    leavesLots: order.leavesLots,
    cumulativeLots: order.cumulativeLots,
    liquidity,
    reserved0: 0,
    fee: Number(fee),
  });
  exchange.emit('trade', maker.account.accountId, 0, 0, fields(maker, Liquidity.maker, fees.maker));
  exchange.tellTaker(taker, 'trade', fields(taker, Liquidity.taker, fees.taker));
}

/**
 * An incoming order meets one of its own group: both sides are told how much did not trade, then the mode of the
 * incoming order decides which of them ends, or makes both smaller by what did not trade. An order that becomes
 * smaller keeps its place; one with nothing left is gone, which its report says.
 */
function preventSelfTrade(exchange: Exchange, taker: Order, maker: Order): void {
  const lots = Math.min(taker.leavesLots, visibleLots(maker));
  const mode = taker.selfTradePrevention;
  if (mode === SelfTradePrevention.decrement) {
    for (const order of [maker, taker]) {
      release(order, lots);
      order.leavesLots -= lots;
      order.quantityLots -= lots;
    }
    shrinkMaker(exchange, maker, lots);
    if (taker.leavesLots === 0) forget(exchange, taker);
  }
  const fields = (order: Order, liquidity: number) => ({
    orderId: order.orderId,
    clientOrderId: order.clientOrderId,
    instrumentId: order.instrument.instrumentId,
    priceTicks: maker.priceTicks,
    preventedLots: lots,
    leavesLots: order.leavesLots,
    cumulativeLots: order.cumulativeLots,
    side: order.side,
    liquidity,
    selfTradePrevention: mode,
    reserved0: 0,
  });
  exchange.emit('selfTradePrevented', maker.account.accountId, 0, 0, fields(maker, Liquidity.maker));
  exchange.tellTaker(taker, 'selfTradePrevented', fields(taker, Liquidity.taker));
  if (mode === SelfTradePrevention.decrement) {
    endLink(exchange, maker);
    endLink(exchange, taker);
  }
  if (mode === SelfTradePrevention.cancelOldest || mode === SelfTradePrevention.cancelBoth)
    cancelOpen(exchange, maker, CancelReason.selfTrade, 'notice');
  if (mode === SelfTradePrevention.cancelNewest || mode === SelfTradePrevention.cancelBoth) {
    cancelRemainder(exchange, taker, CancelReason.selfTrade, exchange.incoming);
    taker.leavesLots = 0;
  }
}

/** Entry of orders: checks, prices, reservations. */
import {
  CancelReason,
  MarketState,
  OrderFlag,
  OrderType,
  RejectCode,
  Side,
  TimeInForce,
} from '../../src/core/codes.js';
import type { NewOrder } from '../../src/wire/message-fields.js';
import type { CommandOf } from './messages.js';
import { isCallPhase } from './reference-auction.js';
import { crosses, opposite } from './reference-book.js';
import { cancelRemainder, termsOf } from './reference-endings.js';
import type { Exchange } from './reference-exchange.js';
import { checkFlow, checkLimits, checkOpenOrders, protectedPrice, withinBand } from './reference-limits.js';
import { equityIn, lotCostFor } from './reference-liquidation.js';
import { checkMargin, isMargin } from './reference-margin.js';
import { checkMarketOpen, checkNotPostOnly } from './reference-markets.js';
import { fillableLots, ratesOf } from './reference-matching.js';
import { checkNotional, notional, reservation, reserve, reservedBalance } from './reference-money.js';
import { FALLING, MAX_INT32, MAX_SELF_TRADE_PREVENTION, RISING, smallest } from './reference-numbers.js';
import type { Account, FeeRates, Instrument, Order } from './reference-state.js';
import { isFiredBy } from './reference-stops.js';
import { tradeOrder } from './reference-trading.js';
import { Rejection } from './rejection.js';

/** Enters an order: accepted, then its trades, then the cancel of what may not rest. */
export function newOrder(exchange: Exchange, command: CommandOf<'newOrder'>): void {
  const { fields } = command;
  const account = exchange.account(command.accountId);
  checkFlow(exchange, account);
  const instrument = exchange.instrument(fields.instrumentId);
  checkMarketOpen(instrument);
  if (instrument.marketState === MarketState.cancelOnly) throw new Rejection(RejectCode.CANCEL_ONLY);
  if (fields.side !== Side.buy && fields.side !== Side.sell) throw new Rejection(RejectCode.INVALID_SIDE);
  const { orderType, timeInForce } = fields;
  if (!Object.values(OrderType).some((known) => known === orderType))
    throw new Rejection(RejectCode.INVALID_ORDER_TYPE);
  const isMarket = orderType === OrderType.market;
  const isLimit = orderType === OrderType.limit;
  const isStop = orderType === OrderType.stop || orderType === OrderType.stopLimit;
  const isImmediate = timeInForce === TimeInForce.IOC || timeInForce === TimeInForce.FOK;
  const isKnown = Object.values(TimeInForce).some((known) => known === timeInForce);
  // A market order has nothing to rest at, and a stop has to wait.
  if (!isKnown || (isMarket && !isImmediate) || (isStop && isImmediate))
    throw new Rejection(RejectCode.INVALID_TIME_IN_FORCE);
  checkFlags(fields.flags, isLimit && !isImmediate, !isImmediate);
  if (fields.selfTradePrevention > MAX_SELF_TRADE_PREVENTION)
    throw new Rejection(RejectCode.INVALID_SELF_TRADE_PREVENTION);
  checkQuantity(fields, isMarket);
  const mayHaveMinimum = timeInForce === TimeInForce.IOC;
  if (fields.minQuantityLots < 0 || fields.minQuantityLots > (mayHaveMinimum ? fields.quantityLots : 0))
    throw new Rejection(RejectCode.INVALID_MIN_QUANTITY);
  const mayHide = isLimit && !isImmediate;
  if (fields.displayLots < 0 || fields.displayLots > (mayHide ? fields.quantityLots : 0))
    throw new Rejection(RejectCode.INVALID_DISPLAY_QUANTITY);
  checkHidden(fields.displayLots, fields.quantityLots);
  // Market orders and stops may name the worst price that they take; 0 leaves that to the instrument's protection.
  const needsPrice = isLimit || orderType === OrderType.stopLimit;
  if (fields.priceTicks < (needsPrice ? 1 : 0)) throw new Rejection(RejectCode.INVALID_PRICE);
  checkTrigger(fields, isStop);
  const expireTimeUs = expireTime(exchange, timeInForce, fields.expireTimeUs);
  if (exchange.openOrder(account, fields.clientOrderId) !== undefined) {
    throw new Rejection(RejectCode.DUPLICATE_CLIENT_ORDER_ID);
  }
  const partner = partnerOf(exchange, account, instrument, fields, isStop);
  if (exchange.openOrderCount() >= exchange.limits.openOrders)
    throw new Rejection(RejectCode.TOO_MANY_ORDERS);
  if (isCallPhase(instrument.marketState)) {
    if (isMarket || isImmediate) throw new Rejection(RejectCode.NO_IMMEDIATE_EXECUTION);
    checkNotPostOnly(fields.flags);
  }
  if (isMargin(instrument) && instrument.markPriceTicks === 0) throw new Rejection(RejectCode.NO_MARK_PRICE);
  const direction = fields.triggerDirection || (fields.side === Side.buy ? RISING : FALLING);
  const trigger = isStop ? triggerAtEntry(instrument, fields) : 0;
  const rates = ratesOf(account, instrument);
  const { priceTicks, quantityLots, limit } = entryTerms(exchange, instrument, fields, trigger, rates);
  checkLimits(account, instrument, priceTicks, quantityLots, limit);
  checkOpenOrders(exchange, account, instrument);
  checkNotional(instrument, fields.side, priceTicks, quantityLots, rates);
  const lotCost = lotCostFor(instrument, fields.side, priceTicks, rates);
  if (isMargin(instrument)) {
    const entering = { side: fields.side, priceTicks, lots: quantityLots, lotCost };
    checkMargin(account, instrument, entering, undefined, equityIn(exchange, account, instrument.quote));
  } else {
    const needed = reservation(instrument, fields.side, priceTicks, quantityLots, rates);
    if (reservedBalance(account, instrument, fields.side).available < needed)
      throw new Rejection(RejectCode.INSUFFICIENT_FUNDS);
  }

  const order: Order = {
    orderId: exchange.nextOrderId++,
    clientOrderId: fields.clientOrderId,
    account,
    instrument,
    side: fields.side,
    orderType,
    timeInForce,
    priceTicks,
    quantityLots,
    leavesLots: quantityLots,
    cumulativeLots: 0,
    priority: exchange.nextPriority++,
    flags: fields.flags,
    expireTimeUs,
    selfTradePrevention: fields.selfTradePrevention || account.selfTradePrevention,
    displayLots: fields.displayLots,
    shownLots: 0,
    triggerPriceTicks: trigger,
    triggerDirection: isStop ? direction : 0,
    triggerAtEntry: trigger,
    trailingTicks: fields.trailingTicks,
    partner,
    lotCost,
    rates,
  };
  if (partner !== undefined) partner.partner = order;
  account.openOrders.set(order.clientOrderId, order);
  if (expireTimeUs !== 0) exchange.timedOrders.add(order);
  if (isStop) exchange.stops.add(order);
  reserve(order);
  exchange.report('accepted', {
    ...termsOf(order),
    orderType,
    timeInForce,
    flags: order.flags,
    expireTimeUs,
    displayLots: order.displayLots,
    triggerPriceTicks: trigger,
  });

  if (isStop) {
    const last = instrument.lastPriceTicks;
    const isLookedAt = last !== 0 && instrument.marketState === MarketState.continuous;
    if (isLookedAt && isFiredBy(order, last)) exchange.elected.push({ order, priceTicks: last });
    return;
  }
  const fillable = fillableLots(exchange, order);
  if (timeInForce === TimeInForce.FOK && fillable < order.leavesLots) {
    cancelRemainder(exchange, order, CancelReason.fokUnfillable, 'answer');
  } else if (fillable < fields.minQuantityLots) {
    cancelRemainder(exchange, order, CancelReason.minQuantityUnfillable, 'answer');
  } else {
    tradeOrder(exchange, order, !isImmediate);
  }
}

/** A quantity, or for a market order an amount of quote instead. */
function checkQuantity(fields: NewOrder, isMarket: boolean): void {
  const { quantityLots, quoteAmount } = fields;
  const isValid =
    quoteAmount === 0
      ? quantityLots >= 1
      : isMarket && quantityLots === 0 && quoteAmount >= 1 && quoteAmount <= Number.MAX_SAFE_INTEGER;
  if (!isValid) throw new Rejection(RejectCode.INVALID_QUANTITY);
}

/** A stop has a trigger or a trailing distance, a trailing one goes by its side; others have nothing of it. */
function checkTrigger(fields: NewOrder, isStop: boolean): void {
  const { triggerPriceTicks, trailingTicks, triggerDirection } = fields;
  let isValid: boolean;
  if (!isStop) isValid = triggerPriceTicks === 0 && trailingTicks === 0 && triggerDirection === 0;
  else if (trailingTicks > 0) isValid = triggerPriceTicks === 0 && triggerDirection === 0;
  else isValid = trailingTicks === 0 && triggerPriceTicks >= 1 && triggerDirection <= FALLING;
  if (!isValid) throw new Rejection(RejectCode.INVALID_TRIGGER);
}

/** The open order that a new one is linked with: of the two, one is a limit order and one a waiting stop. */
function partnerOf(
  exchange: Exchange,
  account: Account,
  instrument: Instrument,
  fields: NewOrder,
  isStop: boolean,
): Order | undefined {
  const isLinked = (fields.flags & OrderFlag.linked) !== 0;
  if (!isLinked) {
    if (fields.linkedClientOrderId !== 0n) throw new Rejection(RejectCode.INVALID_LINK);
    return undefined;
  }
  const partner = exchange.openOrder(account, fields.linkedClientOrderId);
  const isPair =
    partner !== undefined &&
    partner.instrument === instrument &&
    partner.partner === undefined &&
    (isStop ? partner.orderType === OrderType.limit : partner.triggerPriceTicks !== 0);
  if (!isPair) throw new Rejection(RejectCode.INVALID_LINK);
  return partner;
}

/** The trigger of a new stop: as it says, or for a trailing one at its distance from the last trade. */
function triggerAtEntry(instrument: Instrument, fields: NewOrder): number {
  if (fields.trailingTicks === 0) return fields.triggerPriceTicks;
  const last = instrument.lastPriceTicks;
  if (last === 0) throw new Rejection(RejectCode.NO_LAST_TRADE);
  const trigger = fields.side === Side.buy ? last + fields.trailingTicks : last - fields.trailingTicks;
  if (trigger < 1 || trigger > MAX_INT32) throw new Rejection(RejectCode.INVALID_TRIGGER);
  return trigger;
}

/** The price and quantity that a new order comes in with. */
function entryTerms(
  exchange: Exchange,
  instrument: Instrument,
  fields: NewOrder,
  trigger: number,
  rates: FeeRates,
) {
  const { side, quantityLots } = fields;
  const derived = (from: number) => withinBand(instrument, protectedPrice(instrument, side, from));
  let limit: number;
  if (trigger !== 0) {
    limit = fields.priceTicks || derived(trigger);
  } else if (fields.orderType === OrderType.limit) {
    limit = isCallPhase(instrument.marketState)
      ? fields.priceTicks
      : makerPrice(exchange, instrument, side, fields.priceTicks, fields.flags);
  } else {
    const best = exchange.book(instrument).best(opposite(side));
    if (best === undefined && (fields.priceTicks === 0 || fields.quoteAmount !== 0))
      throw new Rejection(RejectCode.NO_LIQUIDITY);
    limit = fields.priceTicks || derived(best?.priceTicks ?? 0);
  }
  if (fields.quoteAmount === 0) return { priceTicks: limit, quantityLots, limit };
  return { ...termsForAmount(exchange, instrument, side, limit, BigInt(fields.quoteAmount), rates), limit };
}

/**
 * What an amount of quote buys or sells within a limit. A buy takes the largest quantity whose reservation at the
 * worst price that it needs fits the amount, so it never pays more; a sell what the amount is worth at the best
 * price, so it never receives more.
 */
function termsForAmount(
  exchange: Exchange,
  instrument: Instrument,
  side: number,
  limit: number,
  amount: bigint,
  rates: FeeRates,
) {
  const book = exchange.book(instrument);
  let priceTicks = limit;
  let most = 0n;
  for (const price of book.pricesInReach(side, limit)) {
    const inReach = book.inReach(side, price).reduce((lots, maker) => lots + BigInt(maker.leavesLots), 0n);
    const best = book.best(opposite(side))!.priceTicks;
    const lotPrice =
      side === Side.buy ? reservation(instrument, side, price, 1, rates) : notional(instrument, best, 1);
    const lots = smallest(inReach, amount / lotPrice, BigInt(MAX_INT32));
    if (lots <= most) continue;
    most = lots;
    if (side === Side.buy) priceTicks = price;
  }
  if (most === 0n) throw new Rejection(RejectCode.INVALID_QUANTITY);
  return { priceTicks, quantityLots: Number(most) };
}

/** At least one lot in a hundred that are open has to be displayed, by orders that do not display all. */
export function checkHidden(displayLots: number, openLots: number): void {
  if (displayLots > 0 && displayLots < openLots / 100)
    throw new Rejection(RejectCode.INVALID_DISPLAY_QUANTITY);
}

function checkFlags(flags: number, mayBePostOnly: boolean, mayBeLinked: boolean): void {
  const postOnly = flags & ~OrderFlag.linked;
  const allowed: number[] = mayBePostOnly ? [0, OrderFlag.postOnly, OrderFlag.postOnlyReprice] : [0];
  const isLinked = (flags & OrderFlag.linked) !== 0;
  if (!allowed.includes(postOnly) || (isLinked && !mayBeLinked))
    throw new Rejection(RejectCode.INVALID_FLAGS);
}

/** When a new order expires: GTD says it, DAY takes the end of the trading day, the others never do. */
function expireTime(exchange: Exchange, timeInForce: number, expireTimeUs: number): number {
  if (timeInForce === TimeInForce.GTD) {
    if (!exchange.isInFuture(expireTimeUs)) throw new Rejection(RejectCode.INVALID_EXPIRE_TIME);
    return expireTimeUs;
  }
  if (expireTimeUs !== 0) throw new Rejection(RejectCode.INVALID_EXPIRE_TIME);
  if (timeInForce !== TimeInForce.DAY) return 0;
  if (!exchange.isInFuture(exchange.tradingDayEndUs)) throw new Rejection(RejectCode.TRADING_DAY_CLOSED);
  return exchange.tradingDayEndUs;
}

/**
 * The price at which an order comes in. A post-only order that would trade at once is rejected, or moved to one
 * tick away from the best opposite price, where there is such a price.
 */
export function makerPrice(
  exchange: Exchange,
  instrument: Instrument,
  side: number,
  limit: number,
  flags: number,
): number {
  const postOnly = flags & ~OrderFlag.linked;
  if (postOnly === 0) return limit;
  const best = exchange.book(instrument).best(opposite(side));
  if (best === undefined || !crosses(side, limit, best.priceTicks)) return limit;
  const price = side === Side.buy ? best.priceTicks - 1 : best.priceTicks + 1;
  if (postOnly === OrderFlag.postOnly || price < 1 || price > MAX_INT32)
    throw new Rejection(RejectCode.POST_ONLY_WOULD_TRADE);
  return price;
}

/** What becomes of open orders on request: replaced, cancelled. */
import { CancelReason, MarketState, RejectCode, ReplaceFlag, Side } from '../../src/core/codes.js';
import type { CommandOf } from './messages.js';
import { cancelOpen, isOpen, restingOrder, termsOf } from './reference-endings.js';
import { checkHidden, makerPrice } from './reference-entry.js';
import type { Exchange } from './reference-exchange.js';
import { checkFlow, checkLimits } from './reference-limits.js';
import { equityIn, lotCostFor } from './reference-liquidation.js';
import { checkMargin, isMargin } from './reference-margin.js';
import { checkMarketOpen, checkNotPostOnly } from './reference-markets.js';
import { ratesOf } from './reference-matching.js';
import { checkNotional, release, reservation, reserve, reservedBalance } from './reference-money.js';
import { tradeOrder } from './reference-trading.js';
import { Rejection } from './rejection.js';

/** Cancels what is left of an open order of the account. */
export function cancelOrder(exchange: Exchange, command: CommandOf<'cancelOrder'>): void {
  const account = exchange.account(command.accountId);
  const instrument = exchange.instrument(command.fields.instrumentId);
  const order = restingOrder(exchange, account, instrument, command.fields.clientOrderId);
  cancelOpen(exchange, order, CancelReason.requested, 'answer');
}

/**
 * Changes price and quantity in one step. `quantityLots` is the new total with the fills in it; at or below what
 * is already filled, the order is done and what is left of it is cancelled. The place in the level is kept only
 * at the same price and a total that does not grow; otherwise the order matches again like an incoming one.
 * An order that takes its place anew takes the rates of now; a post-only order stays post-only.
 * With the flag reinsert, `quantityLots` is the new open quantity, filled quantity starts at 0 again and the
 * place is always lost. A hidden order must not grow beyond what it may hide.
 */
export function replaceOrder(exchange: Exchange, command: CommandOf<'replaceOrder'>): void {
  const { fields } = command;
  const account = exchange.account(command.accountId);
  checkFlow(exchange, account);
  const instrument = exchange.instrument(fields.instrumentId);
  checkMarketOpen(instrument);
  if (fields.flags !== 0 && fields.flags !== ReplaceFlag.reinsert)
    throw new Rejection(RejectCode.INVALID_FLAGS);
  if (fields.quantityLots < 1) throw new Rejection(RejectCode.INVALID_QUANTITY);
  if (fields.priceTicks < 1) throw new Rejection(RejectCode.INVALID_PRICE);
  const order = restingOrder(exchange, account, instrument, fields.clientOrderId);
  if (order.triggerPriceTicks !== 0) throw new Rejection(RejectCode.STOP_NOT_REPLACEABLE);
  if (
    fields.newClientOrderId !== fields.clientOrderId &&
    exchange.openOrder(account, fields.newClientOrderId) !== undefined
  ) {
    throw new Rejection(RejectCode.DUPLICATE_CLIENT_ORDER_ID);
  }
  const isReinsert = fields.flags === ReplaceFlag.reinsert;
  if (!isReinsert && fields.quantityLots <= order.cumulativeLots) {
    cancelOpen(exchange, order, CancelReason.replacedToFilled, 'answer');
    return;
  }

  const newCumulative = isReinsert ? 0 : order.cumulativeLots;
  const newLeaves = fields.quantityLots - newCumulative;
  checkHidden(order.displayLots, newLeaves);
  const isContinuous = instrument.marketState === MarketState.continuous;
  const priceTicks = isContinuous
    ? makerPrice(exchange, instrument, order.side, fields.priceTicks, order.flags)
    : fields.priceTicks;
  const keepsPriority =
    !isReinsert && priceTicks === order.priceTicks && fields.quantityLots <= order.quantityLots;
  if (!keepsPriority && instrument.marketState === MarketState.cancelOnly)
    throw new Rejection(RejectCode.CANCEL_ONLY);
  if (!keepsPriority && !isContinuous) checkNotPostOnly(order.flags);
  const rates = keepsPriority ? order.rates : ratesOf(account, instrument);
  const lotCost = keepsPriority ? order.lotCost : lotCostFor(instrument, order.side, priceTicks, rates);
  if (!keepsPriority) checkLimits(account, instrument, priceTicks, newLeaves, priceTicks);
  checkNotional(instrument, order.side, priceTicks, newLeaves, rates);
  if (isMargin(instrument)) {
    const entering = { side: order.side, priceTicks, lots: newLeaves, lotCost };
    if (!keepsPriority)
      checkMargin(account, instrument, entering, order, equityIn(exchange, account, instrument.quote));
  } else {
    const held = reservation(instrument, order.side, order.priceTicks, order.leavesLots, order.rates);
    const needed = reservation(instrument, order.side, priceTicks, newLeaves, rates);
    if (reservedBalance(account, instrument, order.side).available + held < needed)
      throw new Rejection(RejectCode.INSUFFICIENT_FUNDS);
  }

  if (!keepsPriority) {
    exchange.touch(order);
    exchange.book(instrument).remove(order);
  } else if (newLeaves !== order.leavesLots) {
    exchange.touch(order);
  }
  release(order);
  account.openOrders.delete(order.clientOrderId);
  account.openOrders.set(fields.newClientOrderId, order);
  order.clientOrderId = fields.newClientOrderId;
  order.priceTicks = priceTicks;
  order.rates = rates;
  order.lotCost = lotCost;
  order.quantityLots = fields.quantityLots;
  order.cumulativeLots = newCumulative;
  order.leavesLots = newLeaves;
  order.shownLots = Math.min(order.shownLots, newLeaves);
  reserve(order);
  exchange.report('replaced', {
    ...termsOf(order),
    originalClientOrderId: fields.clientOrderId,
    leavesLots: order.leavesLots,
    cumulativeLots: order.cumulativeLots,
    priorityKept: keepsPriority ? 1 : 0,
    reserved0: 0,
  });
  if (!keepsPriority) tradeOrder(exchange, order, true);
}

/** Cancels the open orders of the account, or those of an instrument or side, the lowest order id first. */
export function massCancel(exchange: Exchange, command: CommandOf<'massCancel'>): void {
  const account = exchange.account(command.accountId);
  const { instrumentId, side } = command.fields;
  if (instrumentId !== 0) exchange.instrument(instrumentId);
  if (side !== 0 && side !== Side.buy && side !== Side.sell) throw new Rejection(RejectCode.INVALID_SIDE);
  const orders = exchange
    .openOrdersOf(account)
    .filter(
      (order) =>
        (instrumentId === 0 || order.instrument.instrumentId === instrumentId) &&
        (side === 0 || order.side === side),
    );
  let orderCount = 0;
  for (const order of orders) {
    // It may have gone with its partner.
    if (!isOpen(order)) continue;
    cancelOpen(exchange, order, CancelReason.massCancel, 'answer');
    orderCount += 1;
  }
  exchange.report('massCancelled', { orderCount, reserved0: 0 });
}

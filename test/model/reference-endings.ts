/** How an order goes into the book, and how it ends: cancelled, expired, linked to one that ended. */
import { CancelReason, RejectCode } from '../../src/core/codes.js';
import type { Exchange, ReportKind } from './reference-exchange.js';
import { release } from './reference-money.js';
import type { Account, Instrument, Order } from './reference-state.js';
import { Rejection } from './rejection.js';

/** Whether an order is still open: another one may have its id by now. */
export function isOpen(order: Order): boolean {
  return order.account.openOrders.get(order.clientOrderId) === order;
}

/** The pair of an order comes apart: the other one is cancelled. It answers nobody. */
export function endLink(exchange: Exchange, order: Order): void {
  const { partner } = order;
  if (partner === undefined) return;
  order.partner = undefined;
  partner.partner = undefined;
  cancelOpen(exchange, partner, CancelReason.linked, 'notice');
}

/** The open order of an account that a cancel or replace names; it must be in the named instrument. */
export function restingOrder(
  exchange: Exchange,
  account: Account,
  instrument: Instrument,
  clientOrderId: bigint,
): Order {
  const order = exchange.openOrder(account, clientOrderId);
  if (order === undefined || order.instrument !== instrument) throw new Rejection(RejectCode.UNKNOWN_ORDER);
  return order;
}

/** Puts an order behind all others at its price. */
export function restOrder(exchange: Exchange, order: Order): void {
  order.priority = exchange.nextPriority++;
  order.shownLots = Math.min(order.displayLots, order.leavesLots);
  exchange.book(order.instrument).rest(order);
  exchange.touch(order);
}

/** Cancels an open order: one that rests in a book, or a stop that waits. */
export function cancelOpen(exchange: Exchange, order: Order, reason: number, kind: ReportKind): void {
  if (order.triggerPriceTicks === 0) {
    exchange.touch(order);
    exchange.book(order.instrument).remove(order);
  }
  cancelRemainder(exchange, order, reason, kind);
}

/** Cancels orders that nobody asked to cancel; one may have gone with its partner. */
export function cancelAll(exchange: Exchange, orders: readonly Order[], reason: number): void {
  for (const order of orders) if (isOpen(order)) cancelOpen(exchange, order, reason, 'notice');
}

/** Ends an order that is in no book (any more): its money is free again. */
export function cancelRemainder(exchange: Exchange, order: Order, reason: number, kind: ReportKind): void {
  release(order);
  forget(exchange, order);
  const fields = {
    ...termsOf(order),
    quantityLots: order.leavesLots,
    cumulativeLots: order.cumulativeLots,
    reason,
    reserved0: 0,
  };
  if (kind === 'answer') exchange.report('cancelled', fields);
  else exchange.emit('cancelled', order.account.accountId, 0, 0, fields);
  endLink(exchange, order);
}

export function forget(exchange: Exchange, order: Order): void {
  if (isOpen(order)) order.account.openOrders.delete(order.clientOrderId);
  exchange.timedOrders.delete(order);
  exchange.stops.delete(order);
}

export function termsOf(order: Order) {
  return {
    orderId: order.orderId,
    clientOrderId: order.clientOrderId,
    instrumentId: order.instrument.instrumentId,
    priceTicks: order.priceTicks,
    quantityLots: order.quantityLots,
    side: order.side,
  };
}

/** An order that has come in, or a stop that has fired, trades and then rests or ends. */
import { CancelReason, MarketState, MarketStateCause, OrderType } from '../../src/core/codes.js';
import { cancelRemainder, endLink, isOpen, restOrder } from './reference-endings.js';
import type { Exchange } from './reference-exchange.js';
import { changeState } from './reference-markets.js';
import { matchOrder } from './reference-matching.js';
import { release, reserve } from './reference-money.js';
import { MAX_INT32 } from './reference-numbers.js';
import type { Order } from './reference-state.js';
import { electStops } from './reference-stops.js';

/**
 * Trades an incoming order, rests or cancels what is left, and sees which stops its trades have fired. Outside
 * continuous trading it only rests. A trade that would go too far stops it, and starts a volatility auction.
 */
export function tradeOrder(exchange: Exchange, order: Order, mayRest: boolean): void {
  const { instrument } = order;
  if (instrument.marketState !== MarketState.continuous) {
    restOrder(exchange, order);
    return;
  }
  exchange.tradePrices = [];
  const isStopped = matchOrder(exchange, order) === 'beyond the limit';
  if (order.leavesLots > 0) {
    if (mayRest) restOrder(exchange, order);
    else cancelRemainder(exchange, order, CancelReason.iocRemainder, exchange.incoming);
  }
  if (isStopped) {
    const change = {
      state: MarketState.volatilityAuction,
      endTimeUs: exchange.timeUs + instrument.volatility.volatilityAuctionUs,
      nextState: MarketState.continuous,
      referencePriceTicks: 0,
    };
    changeState(exchange, instrument, change, MarketStateCause.volatility);
  }
  for (const priceTicks of exchange.tradePrices) electStops(exchange, order.instrument, priceTicks);
}

/** The stops that have fired act one after the other, each completely; their trades may fire more. */
export function runElectedStops(exchange: Exchange): void {
  exchange.incoming = 'notice';
  for (let next = exchange.elected.shift(); next !== undefined; next = exchange.elected.shift()) {
    // Its partner may have traded in the meantime, or trading may have stopped: then it waits again.
    const isTraded = next.order.instrument.marketState === MarketState.continuous;
    if (isTraded && isOpen(next.order)) actStop(exchange, next.order, next.priceTicks);
  }
}

/** A stop acts: its partner goes, and it comes in as a market or limit order. A trailing price has followed. */
function actStop(exchange: Exchange, order: Order, lastPriceTicks: number): void {
  const moved = order.priceTicks + order.triggerPriceTicks - order.triggerAtEntry;
  release(order);
  order.priceTicks = Math.max(1, Math.min(MAX_INT32, moved));
  reserve(order);
  exchange.emit('triggered', order.account.accountId, 0, 0, {
    orderId: order.orderId,
    clientOrderId: order.clientOrderId,
    instrumentId: order.instrument.instrumentId,
    triggerPriceTicks: order.triggerPriceTicks,
    lastPriceTicks,
    priceTicks: order.priceTicks,
    leavesLots: order.leavesLots,
    side: order.side,
    orderType: order.orderType,
    reserved0: 0,
  });
  order.triggerPriceTicks = 0;
  endLink(exchange, order);
  tradeOrder(exchange, order, order.orderType === OrderType.stopLimit);
}

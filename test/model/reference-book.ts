/**
 * The resting orders of one instrument: two lists, each in the order in which its orders would trade.
 *
 * Written for obviousness: finding a place, a level or an order walks the list.
 */
import { Side } from '../../src/core/codes.js';
import type { Order } from './reference-state.js';

/** The other side. */
export function opposite(side: number): number {
  return side === Side.buy ? Side.sell : Side.buy;
}

/** Whether a price is better for the counterparty than another: higher for a buy, lower for a sell. */
export function isBetter(side: number, price: number, than: number): boolean {
  return side === Side.buy ? price > than : price < than;
}

/** Whether an incoming order of `side` with limit `limit` may trade with a resting order at `restingPrice`. */
export function crosses(side: number, limit: number, restingPrice: number): boolean {
  return side === Side.buy ? restingPrice <= limit : restingPrice >= limit;
}

export class ReferenceBook {
  readonly buys: Order[] = [];
  readonly sells: Order[] = [];

  /** The resting orders of a side, the first to trade first. */
  side(side: number): Order[] {
    return side === Side.buy ? this.buys : this.sells;
  }

  /** The order of a side that trades next. */
  best(side: number): Order | undefined {
    return this.side(side)[0];
  }

  /** Rests an order: behind every order of a better or equal price (price-time priority). */
  rest(order: Order): void {
    const orders = this.side(order.side);
    const place = orders.findIndex((other) => isBetter(order.side, order.priceTicks, other.priceTicks));
    if (place === -1) orders.push(order);
    else orders.splice(place, 0, order);
  }

  /** Takes a resting order out. */
  remove(order: Order): void {
    const orders = this.side(order.side);
    const place = orders.indexOf(order);
    if (place === -1) throw new Error('reference book: the order does not rest here');
    orders.splice(place, 1);
  }

  /** The orders at one price, the first to trade first. */
  level(side: number, priceTicks: number): Order[] {
    return this.side(side).filter((order) => order.priceTicks === priceTicks);
  }

  /** The resting orders that an order with this limit could meet, in the order in which it would meet them. */
  inReach(side: number, limit: number): Order[] {
    return this.side(opposite(side)).filter((maker) => crosses(side, limit, maker.priceTicks));
  }

  /** The prices of a side within a limit of the other side, the best first. */
  pricesInReach(side: number, limit: number): number[] {
    return [...new Set(this.inReach(side, limit).map((maker) => maker.priceTicks))];
  }
}

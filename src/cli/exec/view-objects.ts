/** Balances, orders and books as objects for people and scripts: decimals in text, names for numbers. */
import type { Core } from '../../core/core.js';
import {
  type BalanceView,
  type BookLevel,
  type OrderView,
  type PositionView,
  queryBook,
} from '../../core/queries.js';
import { formatUnits, minorUnit } from '../../wire/decimal.js';
import { uint64Text } from './line-fields.js';
import type { ListedInstrument, Listings } from './listings.js';

/** A depth that no book has. */
export const ALL_LEVELS = 0x7fffffff;

const SIDE_NAMES = ['', 'buy', 'sell'];

export interface BalanceObject {
  readonly asset: string;
  readonly available: string;
  readonly reserved: string;
}

export interface OrderObject {
  readonly symbol: string;
  readonly clientOrderId: string;
  readonly orderId: number;
  readonly side: string;
  readonly price: string;
  readonly quantity: string;
  readonly leaves: string;
  readonly cumulative: string;
}

export interface PositionObject {
  readonly symbol: string;
  /** Bought minus sold. */
  readonly quantity: string;
  /** Paid for what is held, or received for what is owed: the average cost times the quantity, exactly. */
  readonly cost: string;
  readonly realisedProfit: string;
  /** Of a margin instrument, when there is any. */
  readonly initialMargin?: string;
}

export interface LevelObject {
  readonly price: string;
  readonly quantity: string;
  readonly orders: number;
}

/** A balance in units of its asset. */
export function balanceObject(balance: BalanceView): BalanceObject {
  const unit = minorUnit(balance.decimals);
  return {
    asset: balance.asset,
    available: formatUnits(balance.available, unit),
    reserved: formatUnits(balance.reserved, unit),
  };
}

/** An open order of an instrument that `listings` knows. */
export function orderObject(order: OrderView, listings: Listings): OrderObject {
  const { tick, lot, symbol } = listings.instrumentOfId(order.instrumentId)!;
  return {
    symbol,
    clientOrderId: uint64Text(order.clientOrderIdLow, order.clientOrderIdHigh),
    orderId: order.orderId,
    side: SIDE_NAMES[order.side]!,
    price: formatUnits(order.priceTicks, tick),
    quantity: formatUnits(order.quantityLots, lot),
    leaves: formatUnits(order.leavesLots, lot),
    cumulative: formatUnits(order.cumulativeLots, lot),
  };
}

/** A position in an instrument that `listings` knows; money in units of its quote asset. */
export function positionObject(position: PositionView, listings: Listings): PositionObject {
  const { lot, quoteUnit, symbol } = listings.instrumentOfId(position.instrumentId)!;
  return {
    symbol,
    quantity: formatUnits(position.quantityLots, lot),
    cost: formatUnits(position.cost, quoteUnit),
    realisedProfit: formatUnits(position.realisedProfit, quoteUnit),
    ...(position.initialMargin === 0
      ? {}
      : { initialMargin: formatUnits(position.initialMargin, quoteUnit) }),
  };
}

/** The best `depth` levels of both sides, best first. */
export function bookObject(
  core: Core,
  instrument: ListedInstrument,
  depth: number,
): { bids: LevelObject[]; asks: LevelObject[] } {
  const levels = (side: readonly BookLevel[]) =>
    side.map((level) => ({
      price: formatUnits(level.priceTicks, instrument.tick),
      quantity: formatUnits(level.levelLots, instrument.lot),
      orders: level.orderCount,
    }));
  const book = queryBook(core, instrument.instrumentId, depth);
  return { bids: levels(book.bids), asks: levels(book.asks) };
}

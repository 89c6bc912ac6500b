/** Balances, reservations and settlement of the reference engine, in BigInt minor units. */
import { RejectCode, Side } from '../../src/core/codes.js';
import type { Account, Asset, Balance, Instrument, Order } from './reference-state.js';
import { Rejection } from './rejection.js';

/** No balance, supply or notional may pass this. */
export const MAX_MONEY = 2n ** 53n - 1n;

/** The balance of an account in an asset; zero when it never had any. */
export function balanceOf(account: Account, asset: Asset): Balance {
  let balance = account.balances.get(asset.assetId);
  if (balance === undefined) {
    balance = { available: 0n, reserved: 0n };
    account.balances.set(asset.assetId, balance);
  }
  return balance;
}

/** What `lots` at a price cost, in minor units of quote. */
export function notional(instrument: Instrument, priceTicks: number, lots: number): bigint {
  return BigInt(priceTicks) * BigInt(lots) * instrument.quoteMinorPerTickLot;
}

/**
 * What an open quantity at a price holds back: a buy the quote that it may have to pay, a sell the base that it may
 * have to deliver.
 */
export function reservation(instrument: Instrument, side: number, priceTicks: number, lots: number): bigint {
  return side === Side.buy
    ? notional(instrument, priceTicks, lots)
    : BigInt(lots) * instrument.baseMinorPerLot;
}

/** The balance that an order of a side holds money back from. */
export function reservedBalance(account: Account, instrument: Instrument, side: number): Balance {
  return balanceOf(account, side === Side.buy ? instrument.quote : instrument.base);
}

/** Holds back the money of an order's open quantity. */
export function reserve(order: Order): void {
  const amount = reservation(order.instrument, order.side, order.priceTicks, order.leavesLots);
  const balance = reservedBalance(order.account, order.instrument, order.side);
  balance.available -= amount;
  balance.reserved += amount;
}

/** Gives back the money of an order's open quantity. */
export function release(order: Order): void {
  const amount = reservation(order.instrument, order.side, order.priceTicks, order.leavesLots);
  const balance = reservedBalance(order.account, order.instrument, order.side);
  balance.reserved -= amount;
  balance.available += amount;
}

/** No order may be worth more than 2^53-1 minor units of quote, or move more than that of base; on both sides. */
export function checkNotional(instrument: Instrument, priceTicks: number, lots: number): void {
  const isTooLarge =
    notional(instrument, priceTicks, lots) > MAX_MONEY ||
    BigInt(lots) * instrument.baseMinorPerLot > MAX_MONEY;
  if (isTooLarge) throw new Rejection(RejectCode.NOTIONAL_TOO_LARGE);
}

/**
 * Settles a fill at the maker's price. Both orders held money back at their own limits, so the buyer's reservation
 * of these lots is dissolved, the price is paid from it, and the improvement is free to use at once.
 */
export function settle(maker: Order, taker: Order, lots: number): void {
  const { instrument } = maker;
  const buy = maker.side === Side.buy ? maker : taker;
  const sell = maker.side === Side.buy ? taker : maker;
  const reservedByBuyer = reservation(instrument, Side.buy, buy.priceTicks, lots);
  const delivered = reservation(instrument, Side.sell, sell.priceTicks, lots);
  const paid = notional(instrument, maker.priceTicks, lots);

  const buyerQuote = balanceOf(buy.account, instrument.quote);
  buyerQuote.reserved -= reservedByBuyer;
  buyerQuote.available += reservedByBuyer - paid;
  balanceOf(buy.account, instrument.base).available += delivered;

  balanceOf(sell.account, instrument.base).reserved -= delivered;
  balanceOf(sell.account, instrument.quote).available += paid;
}

/** Balances, reservations and settlement of the reference engine, in BigInt minor units. */
import { RejectCode, Side } from '../../src/core/codes.js';
import { countOpen, gain, isMargin } from './reference-margin.js';
import type { Account, Asset, Balance, FeeRates, Instrument, Order } from './reference-state.js';
import { Rejection } from './rejection.js';

const PPM = 1_000_000n;

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

/** amount x ppm / 10^6, rounded up. */
function portionUp(amount: bigint, ppm: number): bigint {
  return (amount * BigInt(ppm) + PPM - 1n) / PPM;
}

/** amount x ppm / 10^6, rounded down. */
function portionDown(amount: bigint, ppm: number): bigint {
  return (amount * BigInt(ppm)) / PPM;
}

/**
 * What an open quantity at a price holds back: a sell the base that it may have to deliver, a buy the quote that it
 * may have to pay, with the higher of its two fees. The fee is rounded up for each lot, so that it covers the fees of
 * the fills however the order is split into fills.
 */
export function reservation(
  instrument: Instrument,
  side: number,
  priceTicks: number,
  lots: number,
  rates: FeeRates,
): bigint {
  if (side === Side.sell) return BigInt(lots) * instrument.baseMinorPerLot;
  const lotPrice = notional(instrument, priceTicks, 1);
  const worstPpm = Math.max(rates.makerPpm, rates.takerPpm, 0);
  return BigInt(lots) * (lotPrice + portionUp(lotPrice, worstPpm));
}

/** The balance that an order of a side holds money back from. */
export function reservedBalance(account: Account, instrument: Instrument, side: number): Balance {
  return balanceOf(account, side === Side.buy ? instrument.quote : instrument.base);
}

/** Moves what `lots` of an order hold back from available to reserved. */
export function reserve(order: Order, lots = order.leavesLots): void {
  if (isMargin(order.instrument)) {
    countOpen(order, lots);
    return;
  }
  const amount = reservation(order.instrument, order.side, order.priceTicks, lots, order.rates);
  const balance = reservedBalance(order.account, order.instrument, order.side);
  balance.available -= amount;
  balance.reserved += amount;
}

/** Gives back what `lots` of an order hold back. */
export function release(order: Order, lots = order.leavesLots): void {
  if (isMargin(order.instrument)) {
    countOpen(order, -lots);
    return;
  }
  const amount = reservation(order.instrument, order.side, order.priceTicks, lots, order.rates);
  const balance = reservedBalance(order.account, order.instrument, order.side);
  balance.reserved -= amount;
  balance.available += amount;
}

/**
 * No order may be worth more than 2^53-1 minor units of quote, or move more than that of base, on both sides; nor may
 * a buy hold back more than that, fees included.
 */
export function checkNotional(
  instrument: Instrument,
  side: number,
  priceTicks: number,
  lots: number,
  rates: FeeRates,
): void {
  const isTooLarge =
    notional(instrument, priceTicks, lots) > MAX_MONEY ||
    BigInt(lots) * instrument.baseMinorPerLot > MAX_MONEY ||
    reservation(instrument, side, priceTicks, lots, rates) > MAX_MONEY;
  if (isTooLarge) throw new Rejection(RejectCode.NOTIONAL_TOO_LARGE);
}

/** The fees of one trade, in minor units of quote; a rebate is negative. */
export interface TradeFees {
  maker: bigint;
  taker: bigint;
}

/**
 * Settles a fill at a price: the maker's, or that of an auction. Both orders held money back at their own limits, so
 * what the buyer held back for these lots is dissolved, the price and its fee are paid from it, and the rest is free to
 * use at once; the seller's fee comes off the proceeds. In a margin instrument the difference to the mark price is paid.
 *
 * Fees are a part of the notional in millionths, rounded towards the venue: charges up, rebates down. A rebate is
 * paid out of the taker's fee of the same trade and is never more than that.
 */
export function settle(maker: Order, taker: Order, lots: number, priceTicks: number): TradeFees {
  const { instrument } = maker;
  const buy = maker.side === Side.buy ? maker : taker;
  const sell = maker.side === Side.buy ? taker : maker;
  const delivered = BigInt(lots) * instrument.baseMinorPerLot;
  const paid = notional(instrument, priceTicks, lots);
  const takerFee = portionUp(paid, taker.rates.takerPpm);
  const { makerPpm } = maker.rates;
  const rebate = portionDown(paid, Math.max(0, -makerPpm));
  const unpaidRebate = rebate > takerFee ? rebate - takerFee : 0n;
  const makerFee = makerPpm >= 0 ? portionUp(paid, makerPpm) : unpaidRebate - rebate;
  const feeOf = (order: Order) => (order === maker ? makerFee : takerFee);

  instrument.quote.fees += makerFee + takerFee;
  if (isMargin(instrument)) {
    release(buy, lots);
    release(sell, lots);
    const worth = notional(instrument, instrument.markPriceTicks, lots);
    gain(buy.account, instrument.quote, worth - paid - feeOf(buy));
    gain(sell.account, instrument.quote, paid - worth - feeOf(sell));
    return { maker: makerFee, taker: takerFee };
  }
  release(buy, lots);
  balanceOf(buy.account, instrument.quote).available -= paid + feeOf(buy);
  balanceOf(buy.account, instrument.base).available += delivered;
  balanceOf(sell.account, instrument.base).reserved -= delivered;
  balanceOf(sell.account, instrument.quote).available += paid - feeOf(sell);
  return { maker: makerFee, taker: takerFee };
}

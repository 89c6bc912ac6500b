/**
 * Margin instruments of the reference engine, in BigInt minor units. Accounts are always settled to the mark price:
 * what an instrument still moves between them is the difference of prices, so all of it adds up to nothing.
 */
import { InstrumentFlag, RejectCode, Side } from '../../src/core/codes.js';
import type { Account, Asset, FeeRates, Instrument, Margin, Order } from './reference-state.js';
import { Rejection } from './rejection.js';

const PPM = 1_000_000n;

/** No position may be worth more, nor may there be more of an asset in which margin is held. */
export const MAX_MARGIN_MONEY = 2n ** 52n - 1n;

export function isMargin(instrument: Instrument): boolean {
  return (instrument.flags & InstrumentFlag.margin) !== 0;
}

/** The margin of an account in an instrument; nothing when it never had an order there. */
export function marginOf(account: Account, instrument: Instrument): Margin {
  let margin = account.margins.get(instrument.instrumentId);
  if (margin === undefined) {
    margin = { openBuys: 0n, openSells: 0n, orderCosts: 0n, held: 0n };
    account.margins.set(instrument.instrumentId, margin);
  }
  return margin;
}

function absolute(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function portionUp(amount: bigint, ppm: number): bigint {
  return (amount * BigInt(ppm) + PPM - 1n) / PPM;
}

function lotsHeld(account: Account, instrument: Instrument): bigint {
  return account.positions.get(instrument.instrumentId)?.quantityLots ?? 0n;
}

/** The largest position that open orders can lead to. */
function worstLots(held: bigint, { openBuys, openSells }: Margin): bigint {
  const long = absolute(held + openBuys);
  const short = absolute(held - openSells);
  return long > short ? long : short;
}

function atMark(instrument: Instrument, lots: bigint): bigint {
  return lots * BigInt(instrument.markPriceTicks) * instrument.quoteMinorPerTickLot;
}

function neededFor(instrument: Instrument, held: bigint, margin: Margin): bigint {
  return (
    portionUp(atMark(instrument, worstLots(held, margin)), instrument.initialMarginPpm) + margin.orderCosts
  );
}

/**
 * Holds exactly the initial margin of the position and the open orders. What an account is short of shows as available
 * money below zero: it can pay for nothing else then.
 */
export function hold(account: Account, instrument: Instrument): void {
  const margin = marginOf(account, instrument);
  const needed = neededFor(instrument, lotsHeld(account, instrument), margin);
  const balance = account.balances.get(instrument.quote.assetId) ?? { available: 0n, reserved: 0n };
  account.balances.set(instrument.quote.assetId, balance);
  balance.available -= needed - margin.held;
  balance.reserved += needed - margin.held;
  margin.held = needed;
}

/** Counts `lots` of an order among the open ones of its account; below 0 they are no longer open. */
export function countOpen(order: Order, lots: number): void {
  const margin = marginOf(order.account, order.instrument);
  if (order.side === Side.buy) margin.openBuys += BigInt(lots);
  else margin.openSells += BigInt(lots);
  margin.orderCosts += BigInt(lots) * order.lotCost;
  hold(order.account, order.instrument);
}

/**
 * What a lot of an order may cost beyond its margin: its fee, and what it would pay more or get less than the mark
 * price of now.
 */
export function lotCostOf(instrument: Instrument, side: number, priceTicks: number, rates: FeeRates): bigint {
  const worse =
    side === Side.buy ? priceTicks - instrument.markPriceTicks : instrument.markPriceTicks - priceTicks;
  const lotPrice = BigInt(Math.max(priceTicks, instrument.markPriceTicks)) * instrument.quoteMinorPerTickLot;
  const fee = portionUp(lotPrice, Math.max(rates.makerPpm, rates.takerPpm, 0));
  return fee + BigInt(Math.max(0, worse)) * instrument.quoteMinorPerTickLot;
}

/**
 * Whether an account may take an order on, in place of one that it has: the margin of the largest position that its
 * orders could lead to must be covered by its equity. An order that does not make that position larger only has to be
 * paid for.
 */
export function checkMargin(
  account: Account,
  instrument: Instrument,
  entering: { side: number; priceTicks: number; lots: number; lotCost: bigint },
  leaving: Order | undefined,
  equity: bigint,
): void {
  const margin = marginOf(account, instrument);
  const position = lotsHeld(account, instrument);
  const after = { ...margin };
  const count = (side: number, lots: bigint, lotCost: bigint) => {
    if (side === Side.buy) after.openBuys += lots;
    else after.openSells += lots;
    after.orderCosts += lots * lotCost;
  };
  if (leaving !== undefined) count(leaving.side, -BigInt(leaving.leavesLots), leaving.lotCost);
  count(entering.side, BigInt(entering.lots), entering.lotCost);
  const worst = worstLots(position, after);
  const price = BigInt(Math.max(entering.priceTicks, instrument.markPriceTicks));
  if (worst * price * instrument.quoteMinorPerTickLot > MAX_MARGIN_MONEY)
    throw new Rejection(RejectCode.NOTIONAL_TOO_LARGE);
  const available = account.balances.get(instrument.quote.assetId)?.available ?? 0n;
  if (neededFor(instrument, position, after) - margin.held <= available) return;
  const isNotLarger = worst <= worstLots(position, margin);
  if (!isNotLarger || equity < after.orderCosts) throw new Rejection(RejectCode.INSUFFICIENT_MARGIN);
}

/** Whether an account's worst position would be worth more than there may be at a mark price. */
export function isTooLargeAt(account: Account, instrument: Instrument, priceTicks: number): boolean {
  const worst = worstLots(lotsHeld(account, instrument), marginOf(account, instrument));
  return worst * BigInt(priceTicks) * instrument.quoteMinorPerTickLot > MAX_MARGIN_MONEY;
}

/** Adds to what an account has; what margin instruments add in a command counts as its gain. */
export function gain(account: Account, asset: Asset, amount: bigint): void {
  const balance = account.balances.get(asset.assetId) ?? { available: 0n, reserved: 0n };
  account.balances.set(asset.assetId, balance);
  balance.available += amount;
  account.gains.set(asset.assetId, (account.gains.get(asset.assetId) ?? 0n) + amount);
}

/** What an account has in an asset beyond what spot orders hold. */
export function equityOf(account: Account, asset: Asset, instruments: readonly Instrument[]): bigint {
  let equity = account.balances.get(asset.assetId)?.available ?? 0n;
  for (const instrument of instruments)
    if (instrument.quote === asset) equity += account.margins.get(instrument.instrumentId)?.held ?? 0n;
  return equity;
}

/** Below this equity the positions of an account in margin instruments of an asset are closed. */
export function maintenanceOf(account: Account, asset: Asset, instruments: readonly Instrument[]): bigint {
  let needed = 0n;
  for (const instrument of instruments) {
    if (instrument.quote !== asset || !isMargin(instrument)) continue;
    const worth = atMark(instrument, absolute(lotsHeld(account, instrument)));
    needed += portionUp(worth, instrument.maintenanceMarginPpm);
  }
  return needed;
}

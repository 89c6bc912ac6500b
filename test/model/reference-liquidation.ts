/** Margin accounts: mark prices, equity, liquidation, who pays for a loss. */
import {
  BalanceReason,
  CancelReason,
  MarketState,
  OrderFlag,
  OrderType,
  RejectCode,
  SelfTradePrevention,
  Side,
  TimeInForce,
} from '../../src/core/codes.js';
import type { CommandOf } from './messages.js';
import { opposite } from './reference-book.js';
import { cancelAll, termsOf } from './reference-endings.js';
import type { Exchange } from './reference-exchange.js';
import { protectedPrice, withinBand } from './reference-limits.js';
import {
  equityOf,
  gain,
  hold,
  isMargin,
  isTooLargeAt,
  lotCostOf,
  maintenanceOf,
} from './reference-margin.js';
import { ratesOf } from './reference-matching.js';
import { balanceOf, reserve } from './reference-money.js';
import { MAX_INT32, smallest } from './reference-numbers.js';
import { countTrade, positionOf } from './reference-position.js';
import type { Account, Asset, FeeRates, Instrument, Order } from './reference-state.js';
import { runElectedStops, tradeOrder } from './reference-trading.js';
import { Rejection } from './rejection.js';

/** The accounts that hold margin in an instrument, or have, by account id; none in a spot instrument. */
export function marginAccounts(exchange: Exchange, instrument: Instrument): Account[] {
  return [...exchange.accounts.values()]
    .filter(({ margins }) => margins.has(instrument.instrumentId))
    .sort((a, b) => a.accountId - b.accountId);
}

export function lotCostFor(
  instrument: Instrument,
  side: number,
  priceTicks: number,
  rates: FeeRates,
): bigint {
  return isMargin(instrument) ? lotCostOf(instrument, side, priceTicks, rates) : 0n;
}

export function equityIn(exchange: Exchange, account: Account, asset: Asset): bigint {
  return equityOf(account, asset, exchange.instruments);
}

/** Settles every position of an instrument to a price: what the ones gain, the others lose. */
export function setMarkPrice(exchange: Exchange, command: CommandOf<'setMarkPrice'>): void {
  const { instrumentId, priceTicks } = command.fields;
  const instrument = exchange.instrument(instrumentId);
  if (!isMargin(instrument)) throw new Rejection(RejectCode.NOT_A_MARGIN_INSTRUMENT);
  if (priceTicks < 1) throw new Rejection(RejectCode.INVALID_PRICE);
  const holders = marginAccounts(exchange, instrument);
  if (holders.some((account) => isTooLargeAt(account, instrument, priceTicks)))
    throw new Rejection(RejectCode.NOTIONAL_TOO_LARGE);
  const moved = BigInt(priceTicks - instrument.markPriceTicks) * instrument.quoteMinorPerTickLot;
  instrument.markPriceTicks = priceTicks;
  for (const account of holders) {
    gain(account, instrument.quote, positionOf(account, instrument).quantityLots * moved);
    hold(account, instrument);
  }
  exchange.answerAdmin('markPriceChanged', { instrumentId, priceTicks });
}

/** Liquidates as long as an account has less than the maintenance margin: lowest account id, then lowest asset id. */
export function liquidateAll(exchange: Exchange): void {
  const next = () => {
    const accounts = [...exchange.accounts.values()].sort((a, b) => a.accountId - b.accountId);
    for (const account of accounts) {
      for (const asset of exchange.assets)
        if (isBelowMaintenance(exchange, account, asset)) return { account, asset };
    }
    return undefined;
  };
  for (let due = next(); due !== undefined; due = next()) {
    liquidate(exchange, due.account, due.asset);
    runElectedStops(exchange);
  }
}

function isBelowMaintenance(exchange: Exchange, account: Account, asset: Asset): boolean {
  if (account.margins.size === 0) return false;
  return equityIn(exchange, account, asset) < maintenanceOf(account, asset, exchange.instruments);
}

/**
 * Cancels the margin orders of an account and closes its positions, by instrument id, until the equity is enough
 * again. What is lost beyond the equity is paid by others.
 */
function liquidate(exchange: Exchange, account: Account, asset: Asset): void {
  exchange.incoming = 'notice';
  exchange.emit('liquidationStarted', account.accountId, 0, 0, {
    equity: Number(equityIn(exchange, account, asset)),
    maintenanceMargin: Number(maintenanceOf(account, asset, exchange.instruments)),
    asset: asset.code,
    reserved0: 0,
  });
  const orders = exchange
    .openOrdersOf(account)
    .filter(({ instrument }) => isMargin(instrument) && instrument.quote === asset);
  cancelAll(exchange, orders, CancelReason.liquidation);
  for (const instrument of exchange.instruments) {
    if (!isMargin(instrument) || instrument.quote !== asset) continue;
    if (!isBelowMaintenance(exchange, account, asset)) break;
    if (positionOf(account, instrument).quantityLots === 0n) continue;
    closeByOrder(exchange, account, instrument);
    deleverage(exchange, account, instrument);
  }
  coverLoss(exchange, account, asset);
}

/** Trades a position away with a market order within the protection around the mark price. */
function closeByOrder(exchange: Exchange, account: Account, instrument: Instrument): void {
  const held = positionOf(account, instrument).quantityLots;
  const side = held > 0n ? Side.sell : Side.buy;
  const isTraded = instrument.marketState === MarketState.continuous;
  if (!isTraded || exchange.book(instrument).best(opposite(side)) === undefined) return;
  const lots = Number(smallest(held < 0n ? -held : held, BigInt(MAX_INT32)));
  const order: Order = {
    orderId: exchange.nextOrderId++,
    clientOrderId: 0n,
    account,
    instrument,
    side,
    orderType: OrderType.market,
    timeInForce: TimeInForce.IOC,
    priceTicks: withinBand(instrument, protectedPrice(instrument, side, instrument.markPriceTicks)),
    quantityLots: lots,
    leavesLots: lots,
    cumulativeLots: 0,
    priority: exchange.nextPriority++,
    flags: OrderFlag.liquidation,
    expireTimeUs: 0,
    selfTradePrevention: SelfTradePrevention.allow,
    displayLots: 0,
    shownLots: 0,
    triggerPriceTicks: 0,
    triggerDirection: 0,
    triggerAtEntry: 0,
    trailingTicks: 0,
    partner: undefined,
    lotCost: 0n,
    rates: ratesOf(account, instrument),
  };
  reserve(order);
  exchange.emit('accepted', account.accountId, 0, 0, {
    ...termsOf(order),
    orderType: order.orderType,
    timeInForce: order.timeInForce,
    flags: order.flags,
    expireTimeUs: 0,
    displayLots: 0,
    triggerPriceTicks: 0,
  });
  tradeOrder(exchange, order, false);
}

/** Closes what is left of a position at the mark price, against the largest positions of the other side. */
function deleverage(exchange: Exchange, account: Account, instrument: Instrument): void {
  const lotsOf = (holder: Account) => positionOf(holder, instrument).quantityLots;
  const size = (lots: bigint) => (lots < 0n ? -lots : lots);
  for (let held = lotsOf(account); held !== 0n; held = lotsOf(account)) {
    const holder = marginAccounts(exchange, instrument)
      .filter((candidate) => lotsOf(candidate) * held < 0n)
      .sort((a, b) => Number(size(lotsOf(b)) - size(lotsOf(a))))[0]!;
    const lots = smallest(size(held), size(lotsOf(holder)));
    for (const closing of [account, holder]) {
      const isSale = lotsOf(closing) > 0n;
      const side = isSale ? Side.sell : Side.buy;
      countTrade(closing, instrument, side, instrument.markPriceTicks, lots);
      hold(closing, instrument);
      exchange.emit('deleveraged', closing.accountId, 0, 0, {
        positionLots: Number(lotsOf(closing)),
        quantityLots: Number(isSale ? -lots : lots),
        instrumentId: instrument.instrumentId,
        priceTicks: instrument.markPriceTicks,
      });
    }
  }
}

/**
 * Pays for what an account has lost beyond its equity: the insurance fund first, then those who have gained in this
 * phase, in proportion, and last the fees that were charged in it.
 */
function coverLoss(exchange: Exchange, account: Account, asset: Asset): void {
  const loss = -equityIn(exchange, account, asset);
  if (loss <= 0n) return;
  const insured = smallest(loss, asset.insurance);
  asset.insurance -= insured;
  const gainOf = (holder: Account) => holder.gains.get(asset.assetId) ?? 0n;
  const winners = [...exchange.accounts.values()]
    .filter((holder) => gainOf(holder) > 0n)
    .sort((a, b) => a.accountId - b.accountId);
  const gains = winners.reduce((sum, holder) => sum + gainOf(holder), 0n);
  const shared = smallest(loss - insured, gains);
  let left = shared;
  for (const winner of winners) {
    const share = smallest(left, (shared * gainOf(winner) + gains - 1n) / gains);
    if (share === 0n) continue;
    left -= share;
    gain(winner, asset, -share);
    reportLoss(exchange, winner, asset, -share, BalanceReason.lossShared);
  }
  asset.fees -= loss - insured - shared;
  balanceOf(account, asset).available += loss;
  reportLoss(exchange, account, asset, loss, BalanceReason.lossCovered);
}

function reportLoss(
  exchange: Exchange,
  account: Account,
  asset: Asset,
  amount: bigint,
  reason: number,
): void {
  const { available, reserved } = balanceOf(account, asset);
  exchange.emit('balanceChanged', account.accountId, 0, 0, {
    transferId: 0n,
    amount: Number(amount),
    available: Number(available),
    reserved: Number(reserved),
    asset: asset.code,
    decimals: asset.decimals,
    reason,
    duplicate: 0,
    reserved0: 0,
  });
}

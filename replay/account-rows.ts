/**
 * What makes an account, as rows of whole numbers: what the index of accounts (account-runs.ts) keeps of each change. A row
 * has a kind, a key that is unique in the account and the kind, and so many columns as its kind has.
 */
import { readInt64 } from '../src/base/int64.js';
import { AccountWord } from '../src/core/accounts.js';
import { AccountStatus, SelfTradePrevention, Side } from '../src/core/codes.js';
import type { Core } from '../src/core/core.js';
import { ExtraWord } from '../src/core/order-extras.js';
import { OrderLimitsWord } from '../src/core/order-limits.js';
import { OrderWord } from '../src/core/orders.js';
import { PositionWord } from '../src/core/positions.js';
import type { AccountView, BalanceView, OrderView } from '../src/core/queries.js';
import type { AssetListing } from './index-listings.js';

/** Kinds of rows; the numbers are in files. */
export const RowKind = {
  /** Key 0: reportSequence, settings, selfTradeGroup, status, throttleMaxCommands, throttleIntervalUs. */
  account: 0,
  /** Key assetId: available, reserved. */
  holding: 1,
  /** Key instrumentId: quantityLots, cost, realisedProfit, initialMargin. */
  position: 2,
  /** Key instrumentId: maxOrderNotional, maxOrderLots, maxOpenOrders. */
  limits: 3,
  /**
   * Key orderId: clientIdLow, clientIdHigh, bookSide, price, leaves, cumulative, terms, expireTimeUs, displayLots,
   * trigger; words as they are in the core.
   */
  order: 4,
  /** Key orderId, no columns: the order is open no more. */
  ended: 5,
} as const;

/** Columns of a row by kind. */
export const ROW_COLUMNS: readonly number[] = [6, 2, 4, 3, 10, 0];
export const MAX_COLUMNS = 10;

/** Rows of one account by kind and key. */
export type AccountRows = readonly Map<number, readonly number[]>[];

export function emptyRows(): Map<number, readonly number[]>[] {
  return ROW_COLUMNS.map(() => new Map());
}

/** Copies the columns of a row of the core, by its handle, to `target` from `at` on. */
export function readColumns(
  core: Core,
  kind: number,
  handle: number,
  target: Float64Array,
  at: number,
): void {
  const { words, doubles } = core.arena;
  switch (kind) {
    case RowKind.account:
      target[at] = readInt64(words, handle + AccountWord.reportSequence);
      target[at + 1] = words[handle + AccountWord.settings];
      target[at + 2] = words[handle + AccountWord.selfTradeGroup];
      target[at + 3] = words[handle + AccountWord.status];
      target[at + 4] = words[handle + AccountWord.throttleMaxCommands];
      target[at + 5] = words[handle + AccountWord.throttleIntervalUs];
      return;
    case RowKind.holding:
      target[at] = core.holdings.available(handle);
      target[at + 1] = core.holdings.reserved(handle);
      return;
    case RowKind.position:
      target[at] = core.positions.quantityLots(handle);
      target[at + 1] = core.positions.cost(handle);
      target[at + 2] = core.positions.realisedProfit(handle);
      target[at + 3] = core.margins.held(words[handle + PositionWord.margin]);
      return;
    case RowKind.limits:
      target[at] = doubles[handle >> 1];
      target[at + 1] = words[handle + OrderLimitsWord.maxOrderLots];
      target[at + 2] = words[handle + OrderLimitsWord.maxOpenOrders];
      return;
    default: {
      // The record of handle 0 is always zero.
      const extra = words[handle + OrderWord.extra];
      target[at] = words[handle + OrderWord.clientIdLow];
      target[at + 1] = words[handle + OrderWord.clientIdHigh];
      target[at + 2] = words[handle + OrderWord.bookSide];
      target[at + 3] = words[handle + OrderWord.price];
      target[at + 4] = words[handle + OrderWord.leaves];
      target[at + 5] = words[handle + OrderWord.cumulative];
      target[at + 6] = words[handle + OrderWord.terms];
      target[at + 7] = readInt64(words, extra + ExtraWord.expireTimeUs);
      target[at + 8] = words[extra + ExtraWord.displayLots];
      target[at + 9] = words[extra + ExtraWord.trigger];
    }
  }
}

/** All rows of an account as it is in `core`; empty when there is no such account. */
export function rowsIn(core: Core, accountId: number): AccountRows {
  const { accounts, arena, assets, holdings, instruments, positions } = core;
  const { words } = arena;
  const rows = emptyRows();
  const account = accounts.find(accountId);
  if (account === 0) return rows;
  const take = (kind: number, key: number, handle: number): void => {
    if (handle === 0) return;
    const columns = new Float64Array(ROW_COLUMNS[kind]!);
    readColumns(core, kind, handle, columns, 0);
    rows[kind]!.set(key, Array.from(columns));
  };
  take(RowKind.account, 0, account);
  for (let assetId = 1; assetId <= assets.count; assetId++) {
    take(RowKind.holding, assetId, holdings.find(account, assetId));
  }
  for (let instrumentId = 1; instrumentId <= instruments.count; instrumentId++) {
    const position = positions.find(account, instrumentId);
    take(RowKind.position, instrumentId, position);
    take(RowKind.limits, instrumentId, words[position + PositionWord.limits]);
  }
  for (let order = words[account + AccountWord.firstOrder]; order !== 0; ) {
    take(RowKind.order, readInt64(words, order + OrderWord.orderId), order);
    order = words[order + OrderWord.accountNext];
  }
  return rows;
}

/** Puts `newer` over `rows`. */
export function mergeRows(rows: AccountRows, newer: AccountRows): void {
  for (const [kind, changed] of newer.entries()) {
    for (const [key, columns] of changed) {
      if (kind === RowKind.ended) rows[RowKind.order]!.delete(key);
      else rows[kind]!.set(key, columns);
    }
  }
}

/** The account that the rows are of, as queryAccount gives it; undefined = there is none. */
export function viewOf(
  accountId: number,
  rows: AccountRows,
  assets: readonly AssetListing[],
): AccountView | undefined {
  const account = rows[RowKind.account]!.get(0);
  if (account === undefined) return undefined;
  const settings = account[1]!;
  const orders = byKey(rows, RowKind.order).map(([orderId, columns]) => orderView(orderId, columns));
  return {
    accountId,
    reportSequence: account[0]!,
    openOrderCount: orders.length,
    feeTier: settings & 0xff,
    selfTradeGroup: account[2]! >>> 0,
    selfTradePrevention: (settings >> 8) + SelfTradePrevention.allow,
    status: account[3]! || AccountStatus.active,
    throttle: { maxCommands: account[4]! >>> 0, intervalUs: account[5]! >>> 0 },
    balances: balancesOf(rows, assets),
    positions: byKey(rows, RowKind.position)
      .filter(([, [quantity, , profit, margin]]) => quantity !== 0 || profit !== 0 || margin !== 0)
      .map(([instrumentId, columns]) => ({
        instrumentId,
        quantityLots: columns[0]!,
        cost: columns[1]!,
        realisedProfit: columns[2]!,
        initialMargin: columns[3]!,
      })),
    orders,
    limits: byKey(rows, RowKind.limits).map(([instrumentId, columns]) => ({
      instrumentId,
      maxOrderNotional: columns[0]!,
      maxOrderLots: columns[1]!,
      maxOpenOrders: columns[2]!,
    })),
  };
}

function byKey(rows: AccountRows, kind: number): [number, readonly number[]][] {
  return [...rows[kind]!].sort(([one], [other]) => one - other);
}

function balancesOf(rows: AccountRows, assets: readonly AssetListing[]): BalanceView[] {
  const views: BalanceView[] = [];
  for (const [assetId, columns] of byKey(rows, RowKind.holding)) {
    const [available, reserved] = columns as [number, number];
    if (available === 0 && reserved === 0) continue;
    const { asset, decimals } = assets.find((one) => one.assetId === assetId)!;
    views.push({ asset, decimals, available, reserved });
  }
  return views;
}

function orderView(orderId: number, columns: readonly number[]): OrderView {
  const bookSide = columns[2]!;
  const leavesLots = columns[4]!;
  const cumulativeLots = columns[5]!;
  const terms = columns[6]!;
  return {
    orderId,
    clientOrderIdLow: columns[0]!,
    clientOrderIdHigh: columns[1]!,
    instrumentId: bookSide >> 1,
    side: (bookSide & 1) === 0 ? Side.buy : Side.sell,
    priceTicks: columns[3]!,
    quantityLots: leavesLots + cumulativeLots,
    leavesLots,
    cumulativeLots,
    timeInForce: (terms >> 8) & 0xff,
    flags: (terms >> 16) & 0xff,
    expireTimeUs: columns[7]!,
    displayLots: columns[8]!,
    triggerPriceTicks: columns[9]!,
  };
}

/**
 * What is told to an account and is rare: rejects, balances, positions, settings, and what becomes of an order other
 * than by trades, cancels and replaces of its own.
 */
import { writeInt64 } from '../base/int64.js';
import { AccountWord } from '../core/accounts.js';
import { ASSET_CODE_WORDS } from '../core/assets.js';
import { AccountStatus } from '../core/codes.js';
import type { Core } from '../core/core.js';
import type { EventSink } from '../core/event-sink.js';
import { HoldingWord } from '../core/holdings.js';
import { InstrumentWord } from '../core/instruments.js';
import { ExtraWord } from '../core/order-extras.js';
import { OrderLimitsWord } from '../core/order-limits.js';
import { OrderWord } from '../core/orders.js';
import { PositionWord } from '../core/positions.js';
import { HeaderWord } from '../wire/slot.js';
import { templateWordOf, wordOf, wordsOf } from './layout.js';
import { copyWords, type RareEventWriter } from './rare-event-writer.js';

const BalanceChanged = {
  template: templateWordOf('balanceChanged'),
  transferId: wordOf('balanceChanged', 'transferId'),
  amount: wordOf('balanceChanged', 'amount'),
  available: wordOf('balanceChanged', 'available'),
  reserved: wordOf('balanceChanged', 'reserved'),
  asset: wordOf('balanceChanged', 'asset'),
  decimals: wordOf('balanceChanged', 'decimals'),
  words: wordsOf('balanceChanged'),
} as const;
const Rejected = {
  template: templateWordOf('rejected'),
  clientOrderId: wordOf('rejected', 'clientOrderId'),
  instrumentId: wordOf('rejected', 'instrumentId'),
  code: wordOf('rejected', 'code'),
  words: wordsOf('rejected'),
} as const;
const SelfTradePrevented = {
  template: templateWordOf('selfTradePrevented'),
  orderId: wordOf('selfTradePrevented', 'orderId'),
  clientOrderId: wordOf('selfTradePrevented', 'clientOrderId'),
  instrumentId: wordOf('selfTradePrevented', 'instrumentId'),
  priceTicks: wordOf('selfTradePrevented', 'priceTicks'),
  preventedLots: wordOf('selfTradePrevented', 'preventedLots'),
  leavesLots: wordOf('selfTradePrevented', 'leavesLots'),
  cumulativeLots: wordOf('selfTradePrevented', 'cumulativeLots'),
  side: wordOf('selfTradePrevented', 'side'),
  words: wordsOf('selfTradePrevented'),
} as const;
const Triggered = {
  template: templateWordOf('triggered'),
  orderId: wordOf('triggered', 'orderId'),
  clientOrderId: wordOf('triggered', 'clientOrderId'),
  instrumentId: wordOf('triggered', 'instrumentId'),
  triggerPriceTicks: wordOf('triggered', 'triggerPriceTicks'),
  lastPriceTicks: wordOf('triggered', 'lastPriceTicks'),
  priceTicks: wordOf('triggered', 'priceTicks'),
  leavesLots: wordOf('triggered', 'leavesLots'),
  side: wordOf('triggered', 'side'),
  words: wordsOf('triggered'),
} as const;
const MassCancelled = {
  template: templateWordOf('massCancelled'),
  orderCount: wordOf('massCancelled', 'orderCount'),
  words: wordsOf('massCancelled'),
} as const;
const OrderStatus = {
  template: templateWordOf('orderStatus'),
  orderId: wordOf('orderStatus', 'orderId'),
  clientOrderId: wordOf('orderStatus', 'clientOrderId'),
  instrumentId: wordOf('orderStatus', 'instrumentId'),
  priceTicks: wordOf('orderStatus', 'priceTicks'),
  quantityLots: wordOf('orderStatus', 'quantityLots'),
  leavesLots: wordOf('orderStatus', 'leavesLots'),
  cumulativeLots: wordOf('orderStatus', 'cumulativeLots'),
  side: wordOf('orderStatus', 'side'),
  expireTimeUs: wordOf('orderStatus', 'expireTimeUs'),
  words: wordsOf('orderStatus'),
} as const;
const SnapshotEnd = {
  template: templateWordOf('snapshotEnd'),
  balanceCount: wordOf('snapshotEnd', 'balanceCount'),
  orderCount: wordOf('snapshotEnd', 'orderCount'),
  positionCount: wordOf('snapshotEnd', 'positionCount'),
  words: wordsOf('snapshotEnd'),
} as const;
const Position = {
  template: templateWordOf('position'),
  quantityLots: wordOf('position', 'quantityLots'),
  cost: wordOf('position', 'cost'),
  realisedProfit: wordOf('position', 'realisedProfit'),
  instrumentId: wordOf('position', 'instrumentId'),
  initialMargin: wordOf('position', 'initialMargin'),
  words: wordsOf('position'),
} as const;
const AccountChanged = {
  template: templateWordOf('accountChanged'),
  accountId: wordOf('accountChanged', 'accountId'),
  selfTradeGroup: wordOf('accountChanged', 'selfTradeGroup'),
  feeTier: wordOf('accountChanged', 'feeTier'),
  throttleMaxCommands: wordOf('accountChanged', 'throttleMaxCommands'),
  throttleIntervalUs: wordOf('accountChanged', 'throttleIntervalUs'),
  words: wordsOf('accountChanged'),
} as const;
const OrderLimitsChanged = {
  template: templateWordOf('orderLimitsChanged'),
  accountId: wordOf('orderLimitsChanged', 'accountId'),
  instrumentId: wordOf('orderLimitsChanged', 'instrumentId'),
  maxOrderNotional: wordOf('orderLimitsChanged', 'maxOrderNotional'),
  maxOrderLots: wordOf('orderLimitsChanged', 'maxOrderLots'),
  maxOpenOrders: wordOf('orderLimitsChanged', 'maxOpenOrders'),
  words: wordsOf('orderLimitsChanged'),
} as const;
const LiquidationStarted = {
  template: templateWordOf('liquidationStarted'),
  equity: wordOf('liquidationStarted', 'equity'),
  maintenanceMargin: wordOf('liquidationStarted', 'maintenanceMargin'),
  asset: wordOf('liquidationStarted', 'asset'),
  reserved0: wordOf('liquidationStarted', 'reserved0'),
  words: wordsOf('liquidationStarted'),
} as const;
const Deleveraged = {
  template: templateWordOf('deleveraged'),
  positionLots: wordOf('deleveraged', 'positionLots'),
  quantityLots: wordOf('deleveraged', 'quantityLots'),
  instrumentId: wordOf('deleveraged', 'instrumentId'),
  priceTicks: wordOf('deleveraged', 'priceTicks'),
  words: wordsOf('deleveraged'),
} as const;

/** Words of an event that say which order it is about. */
interface OrderNameWords {
  readonly orderId: number;
  readonly clientOrderId: number;
  readonly instrumentId: number;
}

/** The events on `core`, written by `writer`. */
export function makeAccountEvents(core: Core, { words, begin, finishRare, writeExtra }: RareEventWriter) {
  const sideOf = (bookSide: number): number => (bookSide & 1) + 1;
  const { words: records, doubles: recordDoubles } = core.arena;

  /** The event of a change of a holding, as an answer to the command (1) or as a notice (0). */
  const balanceEvent =
    (answer: number): EventSink['balanceChanged'] =>
    (account, holding, transferIdLow, transferIdHigh, amount, reason, duplicate) => {
      const { holdings, assets } = core;
      const at = begin(BalanceChanged.template, account, answer);
      const assetId = holdings.words[holding + HoldingWord.assetId];
      words[at + BalanceChanged.transferId] = transferIdLow;
      words[at + BalanceChanged.transferId + 1] = transferIdHigh;
      writeInt64(words, at + BalanceChanged.amount, amount);
      writeInt64(words, at + BalanceChanged.available, holdings.available(holding));
      writeInt64(words, at + BalanceChanged.reserved, holdings.reserved(holding));
      copyWords(assets.words, assets.codeAt(assetId), words, at + BalanceChanged.asset, ASSET_CODE_WORDS);
      words[at + BalanceChanged.decimals] = assets.decimals(assetId) | (reason << 8) | (duplicate << 16);
      finishRare(at, BalanceChanged.words);
    };

  /** The command was rejected. `account` is the handle of account `accountId`, or 0. */
  const rejected = (
    account: number,
    accountId: number,
    clientIdLow: number,
    clientIdHigh: number,
    instrumentId: number,
    code: number,
    templateId: number,
  ): void => {
    const at = begin(Rejected.template, account, 1);
    words[at + HeaderWord.accountId] = accountId;
    words[at + Rejected.clientOrderId] = clientIdLow;
    words[at + Rejected.clientOrderId + 1] = clientIdHigh;
    words[at + Rejected.instrumentId] = instrumentId;
    words[at + Rejected.code] = code | (templateId << 16);
    finishRare(at, Rejected.words);
  };

  /** Writes which order an event is about; returns its book side. */
  const nameOrder = (order: number, at: number, event: OrderNameWords): number => {
    const bookSide = records[order + OrderWord.bookSide];
    copyWords(records, order + OrderWord.orderId, words, at + event.orderId, 2);
    copyWords(records, order + OrderWord.clientIdLow, words, at + event.clientOrderId, 2);
    words[at + event.instrumentId] = bookSide >> 1;
    return bookSide;
  };

  const selfTradePrevented = (
    order: number,
    priceTicks: number,
    preventedLots: number,
    liquidity: number,
    mode: number,
    answer: number,
  ): void => {
    const at = begin(SelfTradePrevented.template, records[order + OrderWord.account], answer);
    const bookSide = nameOrder(order, at, SelfTradePrevented);
    words[at + SelfTradePrevented.priceTicks] = priceTicks;
    words[at + SelfTradePrevented.preventedLots] = preventedLots;
    words[at + SelfTradePrevented.leavesLots] = records[order + OrderWord.leaves];
    words[at + SelfTradePrevented.cumulativeLots] = records[order + OrderWord.cumulative];
    words[at + SelfTradePrevented.side] = sideOf(bookSide) | (liquidity << 8) | (mode << 16);
    finishRare(at, SelfTradePrevented.words);
  };

  const triggered = (order: number): void => {
    const extra = records[order + OrderWord.extra];
    const at = begin(Triggered.template, records[order + OrderWord.account], 0);
    const bookSide = nameOrder(order, at, Triggered);
    words[at + Triggered.triggerPriceTicks] = records[extra + ExtraWord.trigger];
    words[at + Triggered.lastPriceTicks] = records[extra + ExtraWord.firedAt];
    words[at + Triggered.priceTicks] = records[order + OrderWord.price];
    words[at + Triggered.leavesLots] = records[order + OrderWord.leaves];
    words[at + Triggered.side] = sideOf(bookSide) | ((records[order + OrderWord.terms] & 0xff) << 8);
    finishRare(at, Triggered.words);
  };

  const massCancelled = (account: number, orderCount: number): void => {
    const at = begin(MassCancelled.template, account, 1);
    words[at + MassCancelled.orderCount] = orderCount;
    words[at + MassCancelled.orderCount + 1] = 0;
    finishRare(at, MassCancelled.words);
  };

  const orderStatus = (order: number): void => {
    const at = begin(OrderStatus.template, records[order + OrderWord.account], 1);
    const bookSide = nameOrder(order, at, OrderStatus);
    const leaves = records[order + OrderWord.leaves];
    const cumulative = records[order + OrderWord.cumulative];
    words[at + OrderStatus.priceTicks] = records[order + OrderWord.price];
    words[at + OrderStatus.quantityLots] = leaves + cumulative;
    words[at + OrderStatus.leavesLots] = leaves;
    words[at + OrderStatus.cumulativeLots] = cumulative;
    words[at + OrderStatus.side] = sideOf(bookSide) | (records[order + OrderWord.terms] << 8);
    writeExtra(at + OrderStatus.expireTimeUs, records[order + OrderWord.extra]);
    finishRare(at, OrderStatus.words);
  };

  const snapshotEnd = (
    account: number,
    balanceCount: number,
    orderCount: number,
    positionCount: number,
  ): void => {
    const at = begin(SnapshotEnd.template, account, 1);
    words[at + SnapshotEnd.balanceCount] = balanceCount;
    words[at + SnapshotEnd.orderCount] = orderCount;
    words[at + SnapshotEnd.positionCount] = positionCount;
    words[at + SnapshotEnd.positionCount + 1] = 0;
    finishRare(at, SnapshotEnd.words);
  };

  const position = (handle: number): void => {
    const { positions } = core;
    const account = records[handle + PositionWord.account];
    const at = begin(Position.template, account, 1);
    writeInt64(words, at + Position.quantityLots, positions.quantityLots(handle));
    writeInt64(words, at + Position.cost, positions.cost(handle));
    writeInt64(words, at + Position.realisedProfit, positions.realisedProfit(handle));
    words[at + Position.instrumentId] = records[handle + PositionWord.instrumentId];
    words[at + Position.instrumentId + 1] = 0;
    writeInt64(words, at + Position.initialMargin, core.margins.held(records[handle + PositionWord.margin]));
    finishRare(at, Position.words);
  };

  const accountChanged = (account: number): void => {
    const at = begin(AccountChanged.template, account, 1);
    const status = records[account + AccountWord.status] || AccountStatus.active;
    words[at + AccountChanged.accountId] = records[account + AccountWord.id];
    words[at + AccountChanged.selfTradeGroup] = records[account + AccountWord.selfTradeGroup];
    // Modes in records are counted from 0, those in messages from 1.
    words[at + AccountChanged.feeTier] =
      (records[account + AccountWord.settings] + (1 << 8)) | (status << 16);
    words[at + AccountChanged.throttleMaxCommands] = records[account + AccountWord.throttleMaxCommands];
    words[at + AccountChanged.throttleIntervalUs] = records[account + AccountWord.throttleIntervalUs];
    finishRare(at, AccountChanged.words);
  };

  const orderLimitsChanged = (handle: number): void => {
    const account = records[handle + PositionWord.account];
    const limits = records[handle + PositionWord.limits];
    const at = begin(OrderLimitsChanged.template, account, 1);
    words[at + OrderLimitsChanged.accountId] = records[account + AccountWord.id];
    words[at + OrderLimitsChanged.instrumentId] = records[handle + PositionWord.instrumentId];
    writeInt64(words, at + OrderLimitsChanged.maxOrderNotional, recordDoubles[limits >> 1]);
    words[at + OrderLimitsChanged.maxOrderLots] = records[limits + OrderLimitsWord.maxOrderLots];
    words[at + OrderLimitsChanged.maxOpenOrders] = records[limits + OrderLimitsWord.maxOpenOrders];
    finishRare(at, OrderLimitsChanged.words);
  };

  const liquidationStarted = (
    account: number,
    assetId: number,
    equity: number,
    maintenanceMargin: number,
  ): void => {
    const { assets } = core;
    const at = begin(LiquidationStarted.template, account, 0);
    writeInt64(words, at + LiquidationStarted.equity, equity);
    writeInt64(words, at + LiquidationStarted.maintenanceMargin, maintenanceMargin);
    copyWords(assets.words, assets.codeAt(assetId), words, at + LiquidationStarted.asset, ASSET_CODE_WORDS);
    words[at + LiquidationStarted.reserved0] = 0;
    finishRare(at, LiquidationStarted.words);
  };

  const deleveraged = (handle: number, quantityLots: number): void => {
    const at = begin(Deleveraged.template, records[handle + PositionWord.account], 0);
    const instrumentId = records[handle + PositionWord.instrumentId];
    writeInt64(words, at + Deleveraged.positionLots, core.positions.quantityLots(handle));
    writeInt64(words, at + Deleveraged.quantityLots, quantityLots);
    words[at + Deleveraged.instrumentId] = instrumentId;
    words[at + Deleveraged.priceTicks] =
      records[core.instruments.handleOf(instrumentId) + InstrumentWord.markPrice];
    finishRare(at, Deleveraged.words);
  };

  return {
    balanceChanged: balanceEvent(1),
    balanceNotice: balanceEvent(0),
    rejected,
    selfTradePrevented,
    triggered,
    massCancelled,
    orderStatus,
    snapshotEnd,
    position,
    accountChanged,
    orderLimitsChanged,
    liquidationStarted,
    deleveraged,
  };
}

/** Writes what the core says as event slots, numbers the reports of each account, and keeps the output hash. */
import { writeInt64 } from '../base/int64.js';
import { type Accounts, AccountWord } from '../core/accounts.js';
import { ApiKeyWord, PUBLIC_KEY_WORDS } from '../core/api-keys.js';
import { ASSET_CODE_WORDS } from '../core/assets.js';
import { Liquidity } from '../core/codes.js';
import { type Core, EngineWord } from '../core/core.js';
import type { EventSink } from '../core/event-sink.js';
import { HoldingWord } from '../core/holdings.js';
import { INSTRUMENT_WORDS as INSTRUMENT_RECORD, InstrumentWord, SYMBOL_WORDS } from '../core/instruments.js';
import { CounterWord, OrderWord } from '../core/orders.js';
import { keyOf, LevelWord } from '../core/price-ladder.js';
import { Template } from '../wire/schema.js';
import { HeaderWord, packTemplate, RECORD_VERSION, SLOT_WORDS } from '../wire/slot.js';
import type { EventOutput } from './event-output.js';
import { shiftOf, wordAround, wordOf, wordsOf } from './layout.js';
import { HASH_BLOCK_WORDS as HASH_BLOCK, OutputHash } from './output-hash.js';

// An imported binding is read anew each time, a local constant is folded into the code: hence these copies.
const INSTRUMENT_WORDS = INSTRUMENT_RECORD;
const HASH_BLOCK_WORDS = HASH_BLOCK;
const ORDER_PRICE = OrderWord.price;
const ORDER_LEAVES = OrderWord.leaves;
const ORDER_CUMULATIVE = OrderWord.cumulative;
const ORDER_BOOK_SIDE = OrderWord.bookSide;
const ORDER_CLIENT_ID_LOW = OrderWord.clientIdLow;
const ORDER_CLIENT_ID_HIGH = OrderWord.clientIdHigh;
const ORDER_ORDER_ID = OrderWord.orderId;
const ORDER_TERMS = OrderWord.terms;
const ORDER_ACCOUNT = OrderWord.account;
const LEVEL_ORDER_COUNT = LevelWord.orderCount;
const LEVEL_KEY = LevelWord.key;
const LEVEL_LOTS = LevelWord.lots;
const LEVEL_BOOK_SIDE = LevelWord.bookSide;
const ACCOUNT_ID = AccountWord.id;
const ACCOUNT_REPORT_SEQUENCE = AccountWord.reportSequence;
const HOLDING_ASSET_ID = HoldingWord.assetId;
const INSTRUMENT_SYMBOL = InstrumentWord.symbol;
const INSTRUMENT_BASE_ASSET = InstrumentWord.baseAsset;
const INSTRUMENT_QUOTE_ASSET = InstrumentWord.quoteAsset;
const INSTRUMENT_TICK_MANTISSA = InstrumentWord.tickMantissa;
const INSTRUMENT_LOT_MANTISSA = InstrumentWord.lotMantissa;
const INSTRUMENT_TICK_EXPONENT = InstrumentWord.tickExponent;
const INSTRUMENT_LOT_EXPONENT = InstrumentWord.lotExponent;
const INSTRUMENT_PROTECTION_PPM = InstrumentWord.protectionPpm;
const INSTRUMENT_BOOK_SEQUENCE = InstrumentWord.bookSequence;
const KEY_PUBLIC_KEY = ApiKeyWord.publicKey;
const KEY_PERMISSIONS = ApiKeyWord.permissions;
const KEY_ACCOUNT = ApiKeyWord.account;
const COUNTER_TRADE_ID = CounterWord.tradeId;
const HEADER_ACCOUNT_ID = HeaderWord.accountId;
const HEADER_SEQUENCE = HeaderWord.sequence;
const HEADER_TIMESTAMP_US = HeaderWord.timestampUs;
const HEADER_INDEX = HeaderWord.index;
const HEADER_SESSION_ID = HeaderWord.sessionId;
const ENGINE_EPOCH = EngineWord.epoch;
const ENGINE_NODE_ID = EngineWord.nodeId;
const ENGINE_CLUSTER_ID_LOW = EngineWord.clusterIdLow;
const ENGINE_CLUSTER_ID_HIGH = EngineWord.clusterIdHigh;

const REPORT_SEQUENCE = wordOf('accepted', 'reportSequence');
const CLIENT_SEQUENCE = wordOf('accepted', 'clientSequence');

const Accepted = {
  orderId: wordOf('accepted', 'orderId'),
  clientOrderId: wordOf('accepted', 'clientOrderId'),
  instrumentId: wordOf('accepted', 'instrumentId'),
  priceTicks: wordOf('accepted', 'priceTicks'),
  quantityLots: wordOf('accepted', 'quantityLots'),
  side: wordOf('accepted', 'side'),
  words: wordsOf('accepted'),
} as const;
const Rejected = {
  clientOrderId: wordOf('rejected', 'clientOrderId'),
  instrumentId: wordOf('rejected', 'instrumentId'),
  code: wordOf('rejected', 'code'),
  words: wordsOf('rejected'),
} as const;
const Trade = {
  orderId: wordOf('trade', 'orderId'),
  clientOrderId: wordOf('trade', 'clientOrderId'),
  tradeId: wordOf('trade', 'tradeId'),
  instrumentId: wordOf('trade', 'instrumentId'),
  priceTicks: wordOf('trade', 'priceTicks'),
  quantityLots: wordOf('trade', 'quantityLots'),
  leavesLots: wordOf('trade', 'leavesLots'),
  cumulativeLots: wordOf('trade', 'cumulativeLots'),
  side: wordOf('trade', 'side'),
  words: wordsOf('trade'),
} as const;
const Cancelled = {
  orderId: wordOf('cancelled', 'orderId'),
  clientOrderId: wordOf('cancelled', 'clientOrderId'),
  instrumentId: wordOf('cancelled', 'instrumentId'),
  priceTicks: wordOf('cancelled', 'priceTicks'),
  quantityLots: wordOf('cancelled', 'quantityLots'),
  cumulativeLots: wordOf('cancelled', 'cumulativeLots'),
  side: wordOf('cancelled', 'side'),
  words: wordsOf('cancelled'),
} as const;
const Replaced = {
  orderId: wordOf('replaced', 'orderId'),
  clientOrderId: wordOf('replaced', 'clientOrderId'),
  originalClientOrderId: wordOf('replaced', 'originalClientOrderId'),
  instrumentId: wordOf('replaced', 'instrumentId'),
  priceTicks: wordOf('replaced', 'priceTicks'),
  quantityLots: wordOf('replaced', 'quantityLots'),
  leavesLots: wordOf('replaced', 'leavesLots'),
  cumulativeLots: wordOf('replaced', 'cumulativeLots'),
  side: wordOf('replaced', 'side'),
  words: wordsOf('replaced'),
} as const;
const BalanceChanged = {
  transferId: wordOf('balanceChanged', 'transferId'),
  amount: wordOf('balanceChanged', 'amount'),
  available: wordOf('balanceChanged', 'available'),
  reserved: wordOf('balanceChanged', 'reserved'),
  asset: wordOf('balanceChanged', 'asset'),
  decimals: wordOf('balanceChanged', 'decimals'),
  words: wordsOf('balanceChanged'),
} as const;
const InstrumentListed = {
  symbol: wordOf('instrumentListed', 'symbol'),
  base: wordOf('instrumentListed', 'base'),
  quote: wordOf('instrumentListed', 'quote'),
  tickMantissa: wordOf('instrumentListed', 'tickMantissa'),
  lotMantissa: wordOf('instrumentListed', 'lotMantissa'),
  tickExponent: wordOf('instrumentListed', 'tickExponent'),
  marketProtectionPpm: wordOf('instrumentListed', 'marketProtectionPpm'),
  instrumentId: wordOf('instrumentListed', 'instrumentId'),
  words: wordsOf('instrumentListed'),
} as const;
const AccountOpened = {
  accountId: wordOf('accountOpened', 'accountId'),
  words: wordsOf('accountOpened'),
} as const;
const ApiKeyRegistered = {
  accountId: wordOf('apiKeyRegistered', 'accountId'),
  permissions: wordOf('apiKeyRegistered', 'permissions'),
  publicKey: wordOf('apiKeyRegistered', 'publicKey'),
  apiKeyId: wordOf('apiKeyRegistered', 'apiKeyId'),
  words: wordsOf('apiKeyRegistered'),
} as const;
const BookDelta = {
  bookSequence: wordOf('bookDelta', 'bookSequence'),
  levelLots: wordOf('bookDelta', 'levelLots'),
  instrumentId: wordOf('bookDelta', 'instrumentId'),
  priceTicks: wordOf('bookDelta', 'priceTicks'),
  orderCount: wordOf('bookDelta', 'orderCount'),
  side: wordOf('bookDelta', 'side'),
  words: wordsOf('bookDelta'),
} as const;
const OrderStatus = {
  orderId: wordOf('orderStatus', 'orderId'),
  clientOrderId: wordOf('orderStatus', 'clientOrderId'),
  instrumentId: wordOf('orderStatus', 'instrumentId'),
  priceTicks: wordOf('orderStatus', 'priceTicks'),
  quantityLots: wordOf('orderStatus', 'quantityLots'),
  leavesLots: wordOf('orderStatus', 'leavesLots'),
  cumulativeLots: wordOf('orderStatus', 'cumulativeLots'),
  side: wordOf('orderStatus', 'side'),
  words: wordsOf('orderStatus'),
} as const;
const SnapshotEnd = {
  balanceCount: wordOf('snapshotEnd', 'balanceCount'),
  orderCount: wordOf('snapshotEnd', 'orderCount'),
  words: wordsOf('snapshotEnd'),
} as const;
const EpochChanged = {
  clusterId: wordOf('epochChanged', 'clusterId'),
  epoch: wordOf('epochChanged', 'epoch'),
  nodeId: wordOf('epochChanged', 'nodeId'),
  words: wordsOf('epochChanged'),
} as const;
const MassCancelled = {
  orderCount: wordOf('massCancelled', 'orderCount'),
  words: wordsOf('massCancelled'),
} as const;

const TEMPLATE_WORD = {
  accepted: packTemplate(Template.accepted, RECORD_VERSION, 0),
  rejected: packTemplate(Template.rejected, RECORD_VERSION, 0),
  trade: packTemplate(Template.trade, RECORD_VERSION, 0),
  cancelled: packTemplate(Template.cancelled, RECORD_VERSION, 0),
  replaced: packTemplate(Template.replaced, RECORD_VERSION, 0),
  balanceChanged: packTemplate(Template.balanceChanged, RECORD_VERSION, 0),
  instrumentListed: packTemplate(Template.instrumentListed, RECORD_VERSION, 0),
  accountOpened: packTemplate(Template.accountOpened, RECORD_VERSION, 0),
  apiKeyRegistered: packTemplate(Template.apiKeyRegistered, RECORD_VERSION, 0),
  bookDelta: packTemplate(Template.bookDelta, RECORD_VERSION, 0),
  orderStatus: packTemplate(Template.orderStatus, RECORD_VERSION, 0),
  snapshotEnd: packTemplate(Template.snapshotEnd, RECORD_VERSION, 0),
  epochChanged: packTemplate(Template.epochChanged, RECORD_VERSION, 0),
  massCancelled: packTemplate(Template.massCancelled, RECORD_VERSION, 0),
} as const;

/** Slots start here at the latest; also tells the compiler that word positions in a slot cannot overflow. */
const SLOT_START_MASK = 0x0fffffe0;

/** The same for handles of orders, levels and accounts, and for instrument ids. */
const ORDER_MASK = 0x7fffffe0 >> 1;
const LEVEL_MASK = 0x3ffffff8;
const ACCOUNT_MASK = 0x3ffffff0;
const INSTRUMENT_ID_MASK = 0x1fffff;

checkPacking();

export class SlotEventSink implements EventSink {
  readonly outputHash: OutputHash;
  private readonly core: Core;
  private readonly output: EventOutput;
  private readonly accounts: Accounts;
  private readonly orders: Int32Array;
  private readonly counters: Int32Array;
  private readonly levels: Int32Array;
  private readonly levelDoubles: Float64Array;
  private readonly instruments: Int32Array;
  /** The command that is answered. */
  private sequenceLow: number;
  private sequenceHigh: number;
  private timestampLow: number;
  private timestampHigh: number;
  private sessionId: number;
  private clientSequenceLow: number;
  private clientSequenceHigh: number;
  /** Index of its next event. */
  private index: number;

  constructor(core: Core, output: EventOutput) {
    this.outputHash = new OutputHash();
    this.core = core;
    this.output = output;
    this.accounts = core.accounts;
    this.orders = core.orders.words;
    this.counters = core.orders.counters;
    this.levels = core.books.ladder.levels;
    this.levelDoubles = core.books.ladder.levelDoubles;
    this.instruments = core.instruments.words;
    this.sequenceLow = 0;
    this.sequenceHigh = 0;
    this.timestampLow = 0;
    this.timestampHigh = 0;
    this.sessionId = 0;
    this.clientSequenceLow = 0;
    this.clientSequenceHigh = 0;
    this.index = 0;
  }

  /** Turns to the next command; its header is in the slot at `start`, its clientSequence is given in two words. */
  beginCommand(
    words: Int32Array,
    start: number,
    clientSequenceLow: number,
    clientSequenceHigh: number,
  ): void {
    const at = start & SLOT_START_MASK;
    this.sequenceLow = words[at + HEADER_SEQUENCE];
    this.sequenceHigh = words[at + HEADER_SEQUENCE + 1];
    this.timestampLow = words[at + HEADER_TIMESTAMP_US];
    this.timestampHigh = words[at + HEADER_TIMESTAMP_US + 1];
    this.sessionId = words[at + HEADER_SESSION_ID];
    this.clientSequenceLow = clientSequenceLow;
    this.clientSequenceHigh = clientSequenceHigh;
    this.index = 0;
  }

  /** The command was rejected. `account` is the handle of account `accountId`, or 0. */
  rejected(
    account: number,
    accountId: number,
    clientIdLow: number,
    clientIdHigh: number,
    instrumentId: number,
    code: number,
    templateId: number,
  ): void {
    const at = this.begin(TEMPLATE_WORD.rejected, account, true) & SLOT_START_MASK;
    const words = this.output.words;
    words[at + HEADER_ACCOUNT_ID] = accountId;
    words[at + Rejected.clientOrderId] = clientIdLow;
    words[at + Rejected.clientOrderId + 1] = clientIdHigh;
    words[at + Rejected.instrumentId] = instrumentId;
    words[at + Rejected.code] = code | (templateId << 16);
    this.finish(at, Rejected.words);
  }

  accepted(order: number): void {
    const orders = this.orders;
    const from = order & ORDER_MASK;
    const at = this.begin(TEMPLATE_WORD.accepted, orders[from + ORDER_ACCOUNT], true) & SLOT_START_MASK;
    const words = this.output.words;
    const bookSide = orders[from + ORDER_BOOK_SIDE];
    words[at + Accepted.orderId] = orders[from + ORDER_ORDER_ID];
    words[at + Accepted.orderId + 1] = orders[from + ORDER_ORDER_ID + 1];
    words[at + Accepted.clientOrderId] = orders[from + ORDER_CLIENT_ID_LOW];
    words[at + Accepted.clientOrderId + 1] = orders[from + ORDER_CLIENT_ID_HIGH];
    words[at + Accepted.instrumentId] = bookSide >> 1;
    words[at + Accepted.priceTicks] = orders[from + ORDER_PRICE];
    words[at + Accepted.quantityLots] = orders[from + ORDER_LEAVES];
    words[at + Accepted.side] = sideOf(bookSide) | (orders[from + ORDER_TERMS] << 8);
    this.finish(at, Accepted.words);
  }

  trade(maker: number, taker: number, priceTicks: number, quantityLots: number): void {
    this.tradeSide(maker, priceTicks, quantityLots, Liquidity.maker, false);
    this.tradeSide(taker, priceTicks, quantityLots, Liquidity.taker, true);
  }

  cancelled(order: number, reason: number): void {
    const orders = this.orders;
    const from = order & ORDER_MASK;
    const at = this.begin(TEMPLATE_WORD.cancelled, orders[from + ORDER_ACCOUNT], true) & SLOT_START_MASK;
    const words = this.output.words;
    const bookSide = orders[from + ORDER_BOOK_SIDE];
    words[at + Cancelled.orderId] = orders[from + ORDER_ORDER_ID];
    words[at + Cancelled.orderId + 1] = orders[from + ORDER_ORDER_ID + 1];
    words[at + Cancelled.clientOrderId] = orders[from + ORDER_CLIENT_ID_LOW];
    words[at + Cancelled.clientOrderId + 1] = orders[from + ORDER_CLIENT_ID_HIGH];
    words[at + Cancelled.instrumentId] = bookSide >> 1;
    words[at + Cancelled.priceTicks] = orders[from + ORDER_PRICE];
    words[at + Cancelled.quantityLots] = orders[from + ORDER_LEAVES];
    words[at + Cancelled.cumulativeLots] = orders[from + ORDER_CUMULATIVE];
    words[at + Cancelled.side] = sideOf(bookSide) | (reason << 8);
    this.finish(at, Cancelled.words);
  }

  replaced(order: number, originalIdLow: number, originalIdHigh: number, priorityKept: number): void {
    const orders = this.orders;
    const from = order & ORDER_MASK;
    const at = this.begin(TEMPLATE_WORD.replaced, orders[from + ORDER_ACCOUNT], true) & SLOT_START_MASK;
    const words = this.output.words;
    const bookSide = orders[from + ORDER_BOOK_SIDE];
    const leaves = orders[from + ORDER_LEAVES];
    const cumulative = orders[from + ORDER_CUMULATIVE];
    words[at + Replaced.orderId] = orders[from + ORDER_ORDER_ID];
    words[at + Replaced.orderId + 1] = orders[from + ORDER_ORDER_ID + 1];
    words[at + Replaced.clientOrderId] = orders[from + ORDER_CLIENT_ID_LOW];
    words[at + Replaced.clientOrderId + 1] = orders[from + ORDER_CLIENT_ID_HIGH];
    words[at + Replaced.originalClientOrderId] = originalIdLow;
    words[at + Replaced.originalClientOrderId + 1] = originalIdHigh;
    words[at + Replaced.instrumentId] = bookSide >> 1;
    words[at + Replaced.priceTicks] = orders[from + ORDER_PRICE];
    words[at + Replaced.quantityLots] = (leaves + cumulative) | 0;
    words[at + Replaced.leavesLots] = leaves;
    words[at + Replaced.cumulativeLots] = cumulative;
    words[at + Replaced.side] = sideOf(bookSide) | (priorityKept << 8);
    this.finish(at, Replaced.words);
  }

  balanceChanged(
    account: number,
    holding: number,
    transferIdLow: number,
    transferIdHigh: number,
    amount: number,
    reason: number,
    duplicate: number,
  ): void {
    const { holdings, assets } = this.core;
    const at = this.begin(TEMPLATE_WORD.balanceChanged, account, true);
    const words = this.output.words;
    const assetId = holdings.words[holding * 2 + HOLDING_ASSET_ID];
    words[at + BalanceChanged.transferId] = transferIdLow;
    words[at + BalanceChanged.transferId + 1] = transferIdHigh;
    writeInt64(words, at + BalanceChanged.amount, amount);
    writeInt64(words, at + BalanceChanged.available, holdings.money[holding]);
    writeInt64(words, at + BalanceChanged.reserved, holdings.money[holding + 1]);
    copyWords(assets.words, assets.codeAt(assetId), words, at + BalanceChanged.asset, ASSET_CODE_WORDS);
    words[at + BalanceChanged.decimals] = assets.decimals(assetId) | (reason << 8) | (duplicate << 16);
    this.finish(at, BalanceChanged.words);
  }

  instrumentListed(instrumentId: number): void {
    const { instruments, assets } = this.core;
    const at = this.begin(TEMPLATE_WORD.instrumentListed, 0, true);
    const words = this.output.words;
    const from = instruments.words;
    const record = instrumentId * INSTRUMENT_WORDS;
    const base = from[record + INSTRUMENT_BASE_ASSET];
    const quote = from[record + INSTRUMENT_QUOTE_ASSET];
    copyWords(from, record + INSTRUMENT_SYMBOL, words, at + InstrumentListed.symbol, SYMBOL_WORDS);
    copyWords(assets.words, assets.codeAt(base), words, at + InstrumentListed.base, ASSET_CODE_WORDS);
    copyWords(assets.words, assets.codeAt(quote), words, at + InstrumentListed.quote, ASSET_CODE_WORDS);
    words[at + InstrumentListed.tickMantissa] = from[record + INSTRUMENT_TICK_MANTISSA];
    words[at + InstrumentListed.lotMantissa] = from[record + INSTRUMENT_LOT_MANTISSA];
    words[at + InstrumentListed.tickExponent] =
      (from[record + INSTRUMENT_TICK_EXPONENT] & 0xff) |
      ((from[record + INSTRUMENT_LOT_EXPONENT] & 0xff) << 8) |
      (assets.decimals(base) << 16) |
      (assets.decimals(quote) << 24);
    words[at + InstrumentListed.marketProtectionPpm] = from[record + INSTRUMENT_PROTECTION_PPM];
    words[at + InstrumentListed.instrumentId] = instrumentId;
    this.finish(at, InstrumentListed.words);
  }

  accountOpened(accountId: number): void {
    const at = this.begin(TEMPLATE_WORD.accountOpened, 0, true);
    this.output.words[at + AccountOpened.accountId] = accountId;
    this.finish(at, AccountOpened.words);
  }

  apiKeyRegistered(apiKeyId: number): void {
    const { accounts, apiKeys } = this.core;
    const at = this.begin(TEMPLATE_WORD.apiKeyRegistered, 0, true);
    const words = this.output.words;
    const key = apiKeys.recordAt(apiKeyId);
    const account = apiKeys.words[key + KEY_ACCOUNT];
    words[at + ApiKeyRegistered.accountId] = accounts.words[account + ACCOUNT_ID];
    words[at + ApiKeyRegistered.permissions] = apiKeys.words[key + KEY_PERMISSIONS];
    copyWords(apiKeys.words, key + KEY_PUBLIC_KEY, words, at + ApiKeyRegistered.publicKey, PUBLIC_KEY_WORDS);
    words[at + ApiKeyRegistered.apiKeyId] = apiKeyId;
    this.finish(at, ApiKeyRegistered.words);
  }

  bookDelta(level: number): void {
    const levels = this.levels;
    const instruments = this.instruments;
    const from = level & LEVEL_MASK;
    const at = this.begin(TEMPLATE_WORD.bookDelta, 0, false) & SLOT_START_MASK;
    const words = this.output.words;
    const bookSide = levels[from + LEVEL_BOOK_SIDE];
    const instrumentId = (bookSide >> 1) & INSTRUMENT_ID_MASK;
    const record = instrumentId * INSTRUMENT_WORDS;
    const lots = this.levelDoubles[(from + LEVEL_LOTS) >> 1];
    words[at + BookDelta.bookSequence] = instruments[record + INSTRUMENT_BOOK_SEQUENCE];
    words[at + BookDelta.bookSequence + 1] = instruments[record + INSTRUMENT_BOOK_SEQUENCE + 1];
    words[at + BookDelta.levelLots] = lots | 0;
    words[at + BookDelta.levelLots + 1] = lots < 2147483648 ? 0 : Math.floor(lots / 4294967296);
    words[at + BookDelta.instrumentId] = instrumentId;
    words[at + BookDelta.priceTicks] = keyOf(bookSide, levels[from + LEVEL_KEY]);
    words[at + BookDelta.orderCount] = levels[from + LEVEL_ORDER_COUNT];
    words[at + BookDelta.side] = sideOf(bookSide);
    this.finish(at, BookDelta.words);
  }

  orderStatus(order: number): void {
    const orders = this.orders;
    const at = this.begin(TEMPLATE_WORD.orderStatus, orders[order + ORDER_ACCOUNT], true);
    const words = this.output.words;
    const bookSide = orders[order + ORDER_BOOK_SIDE];
    const leaves = orders[order + ORDER_LEAVES];
    const cumulative = orders[order + ORDER_CUMULATIVE];
    words[at + OrderStatus.orderId] = orders[order + ORDER_ORDER_ID];
    words[at + OrderStatus.orderId + 1] = orders[order + ORDER_ORDER_ID + 1];
    words[at + OrderStatus.clientOrderId] = orders[order + ORDER_CLIENT_ID_LOW];
    words[at + OrderStatus.clientOrderId + 1] = orders[order + ORDER_CLIENT_ID_HIGH];
    words[at + OrderStatus.instrumentId] = bookSide >> 1;
    words[at + OrderStatus.priceTicks] = orders[order + ORDER_PRICE];
    words[at + OrderStatus.quantityLots] = leaves + cumulative;
    words[at + OrderStatus.leavesLots] = leaves;
    words[at + OrderStatus.cumulativeLots] = cumulative;
    words[at + OrderStatus.side] = sideOf(bookSide) | (orders[order + ORDER_TERMS] << 8);
    this.finish(at, OrderStatus.words);
  }

  snapshotEnd(account: number, balanceCount: number, orderCount: number): void {
    const at = this.begin(TEMPLATE_WORD.snapshotEnd, account, true);
    const words = this.output.words;
    words[at + SnapshotEnd.balanceCount] = balanceCount;
    words[at + SnapshotEnd.orderCount] = orderCount;
    this.finish(at, SnapshotEnd.words);
  }

  epochChanged(): void {
    const engine = this.core.engine;
    const at = this.begin(TEMPLATE_WORD.epochChanged, 0, true);
    const words = this.output.words;
    words[at + EpochChanged.clusterId] = engine[ENGINE_CLUSTER_ID_LOW];
    words[at + EpochChanged.clusterId + 1] = engine[ENGINE_CLUSTER_ID_HIGH];
    words[at + EpochChanged.epoch] = engine[ENGINE_EPOCH];
    words[at + EpochChanged.nodeId] = engine[ENGINE_NODE_ID];
    this.finish(at, EpochChanged.words);
  }

  massCancelled(account: number, orderCount: number): void {
    const at = this.begin(TEMPLATE_WORD.massCancelled, account, true);
    const words = this.output.words;
    words[at + MassCancelled.orderCount] = orderCount;
    words[at + MassCancelled.orderCount + 1] = 0;
    this.finish(at, MassCancelled.words);
  }

  private tradeSide(
    order: number,
    priceTicks: number,
    quantityLots: number,
    liquidity: number,
    isAnswer: boolean,
  ): void {
    const orders = this.orders;
    const counters = this.counters;
    const from = order & ORDER_MASK;
    const at = this.begin(TEMPLATE_WORD.trade, orders[from + ORDER_ACCOUNT], isAnswer) & SLOT_START_MASK;
    const words = this.output.words;
    const bookSide = orders[from + ORDER_BOOK_SIDE];
    words[at + Trade.orderId] = orders[from + ORDER_ORDER_ID];
    words[at + Trade.orderId + 1] = orders[from + ORDER_ORDER_ID + 1];
    words[at + Trade.clientOrderId] = orders[from + ORDER_CLIENT_ID_LOW];
    words[at + Trade.clientOrderId + 1] = orders[from + ORDER_CLIENT_ID_HIGH];
    words[at + Trade.tradeId] = counters[COUNTER_TRADE_ID];
    words[at + Trade.tradeId + 1] = counters[COUNTER_TRADE_ID + 1];
    words[at + Trade.instrumentId] = bookSide >> 1;
    words[at + Trade.priceTicks] = priceTicks;
    words[at + Trade.quantityLots] = quantityLots;
    words[at + Trade.leavesLots] = orders[from + ORDER_LEAVES];
    words[at + Trade.cumulativeLots] = orders[from + ORDER_CUMULATIVE];
    words[at + Trade.side] = sideOf(bookSide) | (liquidity << 8);
    this.finish(at, Trade.words);
  }

  /**
   * Claims a slot and writes the header and the two numbers that every event starts with. `account` is the handle
   * of the addressee, 0 = nobody; `isAnswer` tells whether the event answers the session of the command.
   */
  private begin(templateWord: number, account: number, isAnswer: boolean): number {
    const at = this.output.next() & SLOT_START_MASK;
    const words = this.output.words;
    words[at] = templateWord;
    words[at + HEADER_SEQUENCE] = this.sequenceLow;
    words[at + HEADER_SEQUENCE + 1] = this.sequenceHigh;
    words[at + HEADER_TIMESTAMP_US] = this.timestampLow;
    words[at + HEADER_TIMESTAMP_US + 1] = this.timestampHigh;
    words[at + HEADER_INDEX] = this.index;
    this.index = (this.index + 1) | 0;
    if (isAnswer) {
      words[at + HEADER_SESSION_ID] = this.sessionId;
      words[at + CLIENT_SEQUENCE] = this.clientSequenceLow;
      words[at + CLIENT_SEQUENCE + 1] = this.clientSequenceHigh;
    } else {
      words[at + HEADER_SESSION_ID] = 0;
      words[at + CLIENT_SEQUENCE] = 0;
      words[at + CLIENT_SEQUENCE + 1] = 0;
    }
    if (account === 0) {
      words[at + HEADER_ACCOUNT_ID] = 0;
      words[at + REPORT_SEQUENCE] = 0;
      words[at + REPORT_SEQUENCE + 1] = 0;
    } else {
      const accounts = this.accounts;
      const from = account & ACCOUNT_MASK;
      accounts.nextReport(from);
      words[at + HEADER_ACCOUNT_ID] = accounts.words[from + ACCOUNT_ID];
      words[at + REPORT_SEQUENCE] = accounts.words[from + ACCOUNT_REPORT_SEQUENCE];
      words[at + REPORT_SEQUENCE + 1] = accounts.words[from + ACCOUNT_REPORT_SEQUENCE + 1];
    }
    return at;
  }

  /** Clears what is left of the slot after its `used` words, and adds it to the output hash. */
  private finish(start: number, used: number): void {
    const at = start & SLOT_START_MASK;
    const words = this.output.words;
    const doubles = this.output.doubles;
    const pair = at >> 1;
    if (used <= HASH_BLOCK_WORDS) {
      // All but one of the messages: the second half of a word pair is cleared by hand, whole pairs as doubles.
      if ((used & 1) !== 0) words[at + used] = 0;
      for (let i = (used + 1) >> 1; i < HASH_BLOCK_WORDS >> 1; i += 1) doubles[pair + i] = 0;
      doubles[pair + 12] = 0;
      doubles[pair + 13] = 0;
      doubles[pair + 14] = 0;
      doubles[pair + 15] = 0;
      this.outputHash.add(words, at);
    } else {
      for (let i = used; i < SLOT_WORDS; i += 1) words[at + i] = 0;
      this.outputHash.add(words, at);
      this.outputHash.addRest(words, at);
    }
  }
}

function sideOf(bookSide: number): number {
  return (bookSide & 1) + 1;
}

function copyWords(from: Int32Array, fromAt: number, to: Int32Array, toAt: number, count: number): void {
  for (let i = 0; i < count; i += 1) to[toAt + i] = from[fromAt + i];
}

/** Stops the start when one of the words that are packed by hand is laid out otherwise in the schema. */
function checkPacking(): void {
  const packed: readonly [string, readonly string[]][] = [
    ['accepted', ['side', 'orderType', 'timeInForce']],
    ['cancelled', ['side', 'reason']],
    ['replaced', ['side', 'priorityKept']],
    ['trade', ['side', 'liquidity']],
    ['balanceChanged', ['decimals', 'reason', 'duplicate']],
    ['instrumentListed', ['tickExponent', 'lotExponent', 'baseDecimals', 'quoteDecimals']],
    ['orderStatus', ['side', 'orderType', 'timeInForce']],
  ];
  for (const [message, fields] of packed) {
    fields.forEach((field, index) => {
      const isInPlace =
        wordAround(message, field) === wordOf(message, fields[0]) && shiftOf(message, field) === index * 8;
      if (!isInPlace) throw new Error(`layout: ${message}.${field} is not byte ${index} of its word`);
    });
  }
  if (shiftOf('rejected', 'code') !== 0 || shiftOf('rejected', 'refTemplateId') !== 16) {
    throw new Error('layout: rejected.code and refTemplateId do not share a word');
  }
}

/** Writes what the core says as event slots, numbers the reports of each account, and keeps the output hash. */
import { mix } from '../base/hash.js';
import { writeInt64 } from '../base/int64.js';
import { type Accounts, AccountWord } from '../core/accounts.js';
import { ApiKeyWord, PUBLIC_KEY_WORDS } from '../core/api-keys.js';
import { HANDLE_MASK as HANDLES } from '../core/arena.js';
import { ASSET_CODE_WORDS } from '../core/assets.js';
import { Liquidity } from '../core/codes.js';
import { type Core, EngineWord } from '../core/core.js';
import type { EventSink } from '../core/event-sink.js';
import { HoldingWord } from '../core/holdings.js';
import { InstrumentWord, SYMBOL_WORDS } from '../core/instruments.js';
import { CounterWord, OrderWord } from '../core/orders.js';
import { LevelWord, PRICE_MAX } from '../core/price-ladder.js';
import { Template } from '../wire/schema.js';
import { HeaderWord, packTemplate, RECORD_VERSION, SLOT_WORDS } from '../wire/slot.js';
import type { EventOutput } from './event-output.js';
import { shiftOf, wordAround, wordOf, wordsOf } from './layout.js';

// An imported binding is read anew each time, a local constant is folded into the code: hence these copies.
const HANDLE_MASK = HANDLES;
const MIRROR = PRICE_MAX;
const MAKER = Liquidity.maker;
const TAKER = Liquidity.taker;
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
const HEADER_BODY = HeaderWord.body;
const HEADER_SESSION_ID = HeaderWord.sessionId;
const ENGINE_EPOCH = EngineWord.epoch;
const ENGINE_NODE_ID = EngineWord.nodeId;
const ENGINE_CLUSTER_ID_LOW = EngineWord.clusterIdLow;
const ENGINE_CLUSTER_ID_HIGH = EngineWord.clusterIdHigh;

const REPORT_SEQUENCE = wordOf('accepted', 'reportSequence');
/** Word pairs that are written as doubles. */
const SEQUENCE_PAIR = HEADER_SEQUENCE >> 1;
const TIMESTAMP_PAIR = HEADER_TIMESTAMP_US >> 1;
const REPORT_SEQUENCE_PAIR = REPORT_SEQUENCE >> 1;
const CLIENT_SEQUENCE_PAIR = wordOf('accepted', 'clientSequence') >> 1;

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

/** `finish` clears from here on in any case. */
const MIDDLE_WORD = 24;

/** Slots start here at the latest; also tells the compiler that word positions in a slot cannot overflow. */
const SLOT_START_MASK = 0x0fffffe0;

checkPacking();

export class SlotEventSink implements EventSink {
  private readonly core: Core;
  private readonly output: EventOutput;
  private readonly accounts: Accounts;
  /** All records: the arena, and the same as doubles. */
  private readonly records: Int32Array;
  private readonly doubles: Float64Array;
  private readonly counters: Int32Array;
  /** The command that is answered. */
  private sessionId: number;
  /** Its sequence, timestamp and clientSequence, each an i64 in two words: none is negative, so none is a NaN as a double. */
  private readonly contextWords: Int32Array;
  private readonly context: Float64Array;
  /** Hash of its header, and of that with what only its answers carry. */
  private commandHash: number;
  private answerHash: number;
  /** Hash of the header of the event that is being written. */
  private headerHash: number;
  /** Lanes of the output hash. */
  private laneLow: number;
  private laneHigh: number;
  /** Index of its next event. */
  private index: number;

  constructor(core: Core, output: EventOutput) {
    this.core = core;
    this.output = output;
    this.accounts = core.accounts;
    this.records = core.orders.words;
    this.doubles = core.holdings.money;
    this.counters = core.orders.counters;
    this.sessionId = 0;
    this.context = new Float64Array(3);
    this.contextWords = new Int32Array(this.context.buffer);
    this.commandHash = 0;
    this.answerHash = 0;
    this.headerHash = 0;
    this.laneLow = 0;
    this.laneHigh = 0;
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
    const sequenceLow = words[at + HEADER_SEQUENCE];
    const sequenceHigh = words[at + HEADER_SEQUENCE + 1];
    const timestampLow = words[at + HEADER_TIMESTAMP_US];
    const timestampHigh = words[at + HEADER_TIMESTAMP_US + 1];
    const sessionId = words[at + HEADER_SESSION_ID];
    const context = this.contextWords;
    context[0] = sequenceLow;
    context[1] = sequenceHigh;
    context[2] = timestampLow;
    context[3] = timestampHigh;
    context[4] = clientSequenceLow | 0;
    context[5] = clientSequenceHigh | 0;
    this.sessionId = sessionId;
    const hash = fold(fold(fold(sequenceLow, sequenceHigh), timestampLow), timestampHigh);
    this.commandHash = hash;
    this.answerHash = fold(fold(fold(hash, sessionId), clientSequenceLow | 0), clientSequenceHigh | 0);
    this.index = 0;
  }

  /** Low half of the output hash: every word of every event so far is in it. */
  hashLow(): number {
    return mix(this.laneLow ^ (this.laneHigh >>> 15));
  }

  /** High half of the output hash. */
  hashHigh(): number {
    return mix(this.laneHigh ^ (this.laneLow << 7));
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
    const at = this.begin(TEMPLATE_WORD.rejected, account, 1) & SLOT_START_MASK;
    const words = this.output.words;
    words[at + HEADER_ACCOUNT_ID] = accountId | 0;
    words[at + Rejected.clientOrderId] = clientIdLow | 0;
    words[at + Rejected.clientOrderId + 1] = clientIdHigh | 0;
    words[at + Rejected.instrumentId] = instrumentId | 0;
    words[at + Rejected.code] = code | (templateId << 16);
    this.finishRare(at, Rejected.words);
  }

  accepted(order: number): void {
    const records = this.records;
    const from = order & HANDLE_MASK;
    const at = this.begin(TEMPLATE_WORD.accepted, records[from + ORDER_ACCOUNT], 1) & SLOT_START_MASK;
    const words = this.output.words;
    const bookSide = records[from + ORDER_BOOK_SIDE];
    const orderIdLow = records[from + ORDER_ORDER_ID];
    const orderIdHigh = records[from + ORDER_ORDER_ID + 1];
    const clientIdLow = records[from + ORDER_CLIENT_ID_LOW];
    const clientIdHigh = records[from + ORDER_CLIENT_ID_HIGH];
    const price = records[from + ORDER_PRICE];
    const leaves = records[from + ORDER_LEAVES];
    const terms = sideOf(bookSide) | (records[from + ORDER_TERMS] << 8);
    words[at + Accepted.orderId] = orderIdLow;
    words[at + Accepted.orderId + 1] = orderIdHigh;
    words[at + Accepted.clientOrderId] = clientIdLow;
    words[at + Accepted.clientOrderId + 1] = clientIdHigh;
    words[at + Accepted.instrumentId] = bookSide >> 1;
    words[at + Accepted.priceTicks] = price;
    words[at + Accepted.quantityLots] = leaves;
    words[at + Accepted.side] = terms;
    const first = fold(fold(fold(this.headerHash, orderIdLow), clientIdLow), price);
    const second = fold(fold(fold(fold(orderIdHigh, clientIdHigh), bookSide), leaves), terms);
    this.finish(at, Accepted.words, first, second);
  }

  trade(maker: number, taker: number, priceTicks: number, quantityLots: number): void {
    this.tradeSide(maker, priceTicks, quantityLots, MAKER, 0);
    this.tradeSide(taker, priceTicks, quantityLots, TAKER, 1);
  }

  cancelled(order: number, reason: number): void {
    const records = this.records;
    const from = order & HANDLE_MASK;
    const at = this.begin(TEMPLATE_WORD.cancelled, records[from + ORDER_ACCOUNT], 1) & SLOT_START_MASK;
    const words = this.output.words;
    const bookSide = records[from + ORDER_BOOK_SIDE];
    const orderIdLow = records[from + ORDER_ORDER_ID];
    const orderIdHigh = records[from + ORDER_ORDER_ID + 1];
    const clientIdLow = records[from + ORDER_CLIENT_ID_LOW];
    const clientIdHigh = records[from + ORDER_CLIENT_ID_HIGH];
    const price = records[from + ORDER_PRICE];
    const leaves = records[from + ORDER_LEAVES];
    const cumulative = records[from + ORDER_CUMULATIVE];
    const terms = sideOf(bookSide) | (reason << 8);
    words[at + Cancelled.orderId] = orderIdLow;
    words[at + Cancelled.orderId + 1] = orderIdHigh;
    words[at + Cancelled.clientOrderId] = clientIdLow;
    words[at + Cancelled.clientOrderId + 1] = clientIdHigh;
    words[at + Cancelled.instrumentId] = bookSide >> 1;
    words[at + Cancelled.priceTicks] = price;
    words[at + Cancelled.quantityLots] = leaves;
    words[at + Cancelled.cumulativeLots] = cumulative;
    words[at + Cancelled.side] = terms;
    const first = fold(fold(fold(fold(this.headerHash, orderIdLow), clientIdLow), price), cumulative);
    const second = fold(fold(fold(fold(orderIdHigh, clientIdHigh), bookSide), leaves), terms);
    this.finish(at, Cancelled.words, first, second);
  }

  replaced(order: number, originalLow: number, originalHigh: number, priorityKept: number): void {
    const originalIdLow = originalLow | 0;
    const originalIdHigh = originalHigh | 0;
    const records = this.records;
    const from = order & HANDLE_MASK;
    const at = this.begin(TEMPLATE_WORD.replaced, records[from + ORDER_ACCOUNT], 1) & SLOT_START_MASK;
    const words = this.output.words;
    const bookSide = records[from + ORDER_BOOK_SIDE];
    const orderIdLow = records[from + ORDER_ORDER_ID];
    const orderIdHigh = records[from + ORDER_ORDER_ID + 1];
    const clientIdLow = records[from + ORDER_CLIENT_ID_LOW];
    const clientIdHigh = records[from + ORDER_CLIENT_ID_HIGH];
    const price = records[from + ORDER_PRICE];
    const leaves = records[from + ORDER_LEAVES];
    const cumulative = records[from + ORDER_CUMULATIVE];
    const terms = sideOf(bookSide) | (priorityKept << 8);
    words[at + Replaced.orderId] = orderIdLow;
    words[at + Replaced.orderId + 1] = orderIdHigh;
    words[at + Replaced.clientOrderId] = clientIdLow;
    words[at + Replaced.clientOrderId + 1] = clientIdHigh;
    words[at + Replaced.originalClientOrderId] = originalIdLow;
    words[at + Replaced.originalClientOrderId + 1] = originalIdHigh;
    words[at + Replaced.instrumentId] = bookSide >> 1;
    words[at + Replaced.priceTicks] = price;
    words[at + Replaced.quantityLots] = (leaves + cumulative) | 0;
    words[at + Replaced.leavesLots] = leaves;
    words[at + Replaced.cumulativeLots] = cumulative;
    words[at + Replaced.side] = terms;
    const first = fold(
      fold(fold(fold(fold(this.headerHash, orderIdLow), clientIdLow), price), cumulative),
      originalIdLow,
    );
    const second = fold(
      fold(fold(fold(fold(orderIdHigh, clientIdHigh), bookSide), leaves), terms),
      originalIdHigh,
    );
    this.finish(at, Replaced.words, first, second);
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
    const at = this.begin(TEMPLATE_WORD.balanceChanged, account, 1);
    const words = this.output.words;
    const assetId = holdings.words[holding + HOLDING_ASSET_ID];
    words[at + BalanceChanged.transferId] = transferIdLow;
    words[at + BalanceChanged.transferId + 1] = transferIdHigh;
    writeInt64(words, at + BalanceChanged.amount, amount);
    writeInt64(words, at + BalanceChanged.available, holdings.available(holding));
    writeInt64(words, at + BalanceChanged.reserved, holdings.reserved(holding));
    copyWords(assets.words, assets.codeAt(assetId), words, at + BalanceChanged.asset, ASSET_CODE_WORDS);
    words[at + BalanceChanged.decimals] = assets.decimals(assetId) | (reason << 8) | (duplicate << 16);
    this.finishRare(at, BalanceChanged.words);
  }

  instrumentListed(instrumentId: number): void {
    const { instruments, assets } = this.core;
    const at = this.begin(TEMPLATE_WORD.instrumentListed, 0, 1);
    const words = this.output.words;
    const from = instruments.words;
    const record = instruments.handleOf(instrumentId);
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
    this.finishRare(at, InstrumentListed.words);
  }

  accountOpened(accountId: number): void {
    const at = this.begin(TEMPLATE_WORD.accountOpened, 0, 1);
    this.output.words[at + AccountOpened.accountId] = accountId;
    this.finishRare(at, AccountOpened.words);
  }

  apiKeyRegistered(apiKeyId: number): void {
    const { accounts, apiKeys } = this.core;
    const at = this.begin(TEMPLATE_WORD.apiKeyRegistered, 0, 1);
    const words = this.output.words;
    const key = apiKeys.handleOf(apiKeyId);
    const account = apiKeys.words[key + KEY_ACCOUNT];
    words[at + ApiKeyRegistered.accountId] = accounts.words[account + ACCOUNT_ID];
    words[at + ApiKeyRegistered.permissions] = apiKeys.words[key + KEY_PERMISSIONS];
    copyWords(apiKeys.words, key + KEY_PUBLIC_KEY, words, at + ApiKeyRegistered.publicKey, PUBLIC_KEY_WORDS);
    words[at + ApiKeyRegistered.apiKeyId] = apiKeyId;
    this.finishRare(at, ApiKeyRegistered.words);
  }

  bookDelta(level: number, instrument: number): void {
    const records = this.records;
    const from = level & HANDLE_MASK;
    const sequence = (instrument & HANDLE_MASK) + INSTRUMENT_BOOK_SEQUENCE;
    const at = this.begin(TEMPLATE_WORD.bookDelta, 0, 0) & SLOT_START_MASK;
    const words = this.output.words;
    const bookSide = records[from + LEVEL_BOOK_SIDE];
    const key = records[from + LEVEL_KEY];
    const orderCount = records[from + LEVEL_ORDER_COUNT];
    const sequenceLow = records[sequence];
    const sequenceHigh = records[sequence + 1];
    const lots = this.doubles[(from + LEVEL_LOTS) >> 1];
    const lotsLow = lots | 0;
    const lotsHigh = lots < 2147483648 ? 0 : Math.floor(lots / 4294967296);
    words[at + BookDelta.bookSequence] = sequenceLow;
    words[at + BookDelta.bookSequence + 1] = sequenceHigh;
    words[at + BookDelta.levelLots] = lotsLow;
    words[at + BookDelta.levelLots + 1] = lotsHigh;
    words[at + BookDelta.instrumentId] = bookSide >> 1;
    words[at + BookDelta.priceTicks] = (bookSide & 1) !== 0 ? key : (MIRROR - key) | 0;
    words[at + BookDelta.orderCount] = orderCount;
    words[at + BookDelta.side] = sideOf(bookSide);
    const first = fold(fold(fold(this.headerHash, sequenceLow), lotsLow), key);
    const second = fold(fold(fold(sequenceHigh, lotsHigh), bookSide), orderCount);
    this.finish(at, BookDelta.words, first, second);
  }

  orderStatus(order: number): void {
    const records = this.records;
    const at = this.begin(TEMPLATE_WORD.orderStatus, records[order + ORDER_ACCOUNT], 1);
    const words = this.output.words;
    const bookSide = records[order + ORDER_BOOK_SIDE];
    const leaves = records[order + ORDER_LEAVES];
    const cumulative = records[order + ORDER_CUMULATIVE];
    words[at + OrderStatus.orderId] = records[order + ORDER_ORDER_ID];
    words[at + OrderStatus.orderId + 1] = records[order + ORDER_ORDER_ID + 1];
    words[at + OrderStatus.clientOrderId] = records[order + ORDER_CLIENT_ID_LOW];
    words[at + OrderStatus.clientOrderId + 1] = records[order + ORDER_CLIENT_ID_HIGH];
    words[at + OrderStatus.instrumentId] = bookSide >> 1;
    words[at + OrderStatus.priceTicks] = records[order + ORDER_PRICE];
    words[at + OrderStatus.quantityLots] = leaves + cumulative;
    words[at + OrderStatus.leavesLots] = leaves;
    words[at + OrderStatus.cumulativeLots] = cumulative;
    words[at + OrderStatus.side] = sideOf(bookSide) | (records[order + ORDER_TERMS] << 8);
    this.finishRare(at, OrderStatus.words);
  }

  snapshotEnd(account: number, balanceCount: number, orderCount: number): void {
    const at = this.begin(TEMPLATE_WORD.snapshotEnd, account, 1);
    const words = this.output.words;
    words[at + SnapshotEnd.balanceCount] = balanceCount;
    words[at + SnapshotEnd.orderCount] = orderCount;
    this.finishRare(at, SnapshotEnd.words);
  }

  epochChanged(): void {
    const engine = this.core.engine;
    const at = this.begin(TEMPLATE_WORD.epochChanged, 0, 1);
    const words = this.output.words;
    words[at + EpochChanged.clusterId] = engine[ENGINE_CLUSTER_ID_LOW];
    words[at + EpochChanged.clusterId + 1] = engine[ENGINE_CLUSTER_ID_HIGH];
    words[at + EpochChanged.epoch] = engine[ENGINE_EPOCH];
    words[at + EpochChanged.nodeId] = engine[ENGINE_NODE_ID];
    this.finishRare(at, EpochChanged.words);
  }

  massCancelled(account: number, orderCount: number): void {
    const at = this.begin(TEMPLATE_WORD.massCancelled, account, 1);
    const words = this.output.words;
    words[at + MassCancelled.orderCount] = orderCount;
    words[at + MassCancelled.orderCount + 1] = 0;
    this.finishRare(at, MassCancelled.words);
  }

  private tradeSide(order: number, price: number, quantity: number, liquidity: number, answer: number): void {
    const priceTicks = price | 0;
    const quantityLots = quantity | 0;
    const records = this.records;
    const counters = this.counters;
    const from = order & HANDLE_MASK;
    const at = this.begin(TEMPLATE_WORD.trade, records[from + ORDER_ACCOUNT], answer) & SLOT_START_MASK;
    const words = this.output.words;
    const bookSide = records[from + ORDER_BOOK_SIDE];
    const orderIdLow = records[from + ORDER_ORDER_ID];
    const orderIdHigh = records[from + ORDER_ORDER_ID + 1];
    const clientIdLow = records[from + ORDER_CLIENT_ID_LOW];
    const clientIdHigh = records[from + ORDER_CLIENT_ID_HIGH];
    const tradeIdLow = counters[COUNTER_TRADE_ID];
    const tradeIdHigh = counters[COUNTER_TRADE_ID + 1];
    const leaves = records[from + ORDER_LEAVES];
    const cumulative = records[from + ORDER_CUMULATIVE];
    const terms = sideOf(bookSide) | (liquidity << 8);
    words[at + Trade.orderId] = orderIdLow;
    words[at + Trade.orderId + 1] = orderIdHigh;
    words[at + Trade.clientOrderId] = clientIdLow;
    words[at + Trade.clientOrderId + 1] = clientIdHigh;
    words[at + Trade.tradeId] = tradeIdLow;
    words[at + Trade.tradeId + 1] = tradeIdHigh;
    words[at + Trade.instrumentId] = bookSide >> 1;
    words[at + Trade.priceTicks] = priceTicks;
    words[at + Trade.quantityLots] = quantityLots;
    words[at + Trade.leavesLots] = leaves;
    words[at + Trade.cumulativeLots] = cumulative;
    words[at + Trade.side] = terms;
    const first = fold(
      fold(fold(fold(fold(this.headerHash, orderIdLow), clientIdLow), tradeIdLow), priceTicks),
      leaves,
    );
    const second = fold(
      fold(
        fold(fold(fold(fold(orderIdHigh, clientIdHigh), tradeIdHigh), bookSide), quantityLots),
        cumulative,
      ),
      terms,
    );
    this.finish(at, Trade.words, first, second);
  }

  /**
   * Claims a slot and writes the header and the two numbers that every event starts with. `account` is the handle
   * of the addressee, 0 = nobody; `answer` is 1 when the event answers the session of the command.
   */
  private begin(templateWord: number, account: number, answer: number): number {
    const output = this.output;
    const at = output.next() & SLOT_START_MASK;
    const { words, doubles } = output;
    const context = this.context;
    const pair = at >> 1;
    // `| 0` on numbers from fields and arguments: they are stored as integers, not by way of a double.
    const index = this.index | 0;
    this.index = (index + 1) | 0;
    words[at] = templateWord | 0;
    words[at + HEADER_INDEX] = index;
    doubles[pair + SEQUENCE_PAIR] = context[0];
    doubles[pair + TIMESTAMP_PAIR] = context[1];
    let hash = 0;
    if (answer !== 0) {
      words[at + HEADER_SESSION_ID] = this.sessionId | 0;
      doubles[pair + CLIENT_SEQUENCE_PAIR] = context[2];
      hash = fold(this.answerHash | 0, (templateWord + index) | 0);
    } else {
      words[at + HEADER_SESSION_ID] = 0;
      doubles[pair + CLIENT_SEQUENCE_PAIR] = 0;
      hash = fold(this.commandHash | 0, (templateWord + index) | 0);
    }
    if (account === 0) {
      words[at + HEADER_ACCOUNT_ID] = 0;
      doubles[pair + REPORT_SEQUENCE_PAIR] = 0;
    } else {
      const records = this.records;
      const from = account & HANDLE_MASK;
      this.accounts.nextReport(from);
      const accountId = records[from + ACCOUNT_ID];
      const reportSequenceLow = records[from + ACCOUNT_REPORT_SEQUENCE];
      const reportSequenceHigh = records[from + ACCOUNT_REPORT_SEQUENCE + 1];
      words[at + HEADER_ACCOUNT_ID] = accountId;
      words[at + REPORT_SEQUENCE] = reportSequenceLow;
      words[at + REPORT_SEQUENCE + 1] = reportSequenceHigh;
      hash = fold(fold(fold(hash, accountId), reportSequenceLow), reportSequenceHigh);
    }
    this.headerHash = hash;
    return at;
  }

  /** Clears what is left of the slot after its `used` words, 20 to 24; takes the two hashes of the event. */
  private finish(start: number, used: number, first: number, second: number): void {
    const at = start & SLOT_START_MASK;
    const doubles = this.output.doubles;
    const pair = at >> 1;
    if (used < MIDDLE_WORD) {
      // A word that follows an odd number of used words is cleared alone, the others in pairs.
      if ((used & 1) !== 0) this.output.words[at + used] = 0;
      if (used <= 22) doubles[pair + 11] = 0;
      if (used <= 20) doubles[pair + 10] = 0;
    }
    doubles[pair + 12] = 0;
    doubles[pair + 13] = 0;
    doubles[pair + 14] = 0;
    doubles[pair + 15] = 0;
    this.laneLow = fold(this.laneLow, first) ^ second;
    this.laneHigh = fold(this.laneHigh, second) ^ first;
  }

  /** The same for an event that is rare or of another length: clears and hashes word by word. */
  private finishRare(at: number, used: number): void {
    const words = this.output.words;
    for (let i = used; i < SLOT_WORDS; i += 1) words[at + i] = 0;
    let first = this.headerHash;
    let second = 0;
    for (let i = HEADER_BODY; i < used; i += 2) {
      first = fold(first, words[at + i]);
      second = fold(second, words[at + i + 1]);
    }
    // A rejected event has the account id of the command, also where there is no such account.
    first = fold(first, words[at + HEADER_ACCOUNT_ID]);
    this.laneLow = fold(this.laneLow, first) ^ second;
    this.laneHigh = fold(this.laneHigh, second) ^ first;
  }
}

/** A hash after one more word; one to one in each of the two. */
function fold(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x9e3779b1);
  return (product << 13) | (product >>> 19);
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

/** Writes what the core says as event slots, numbers the reports of each account, and keeps the output hash. */
import { makeWords } from '../base/columns.js';
import { mix } from '../base/hash.js';
import { writeInt64 } from '../base/int64.js';
import { AccountWord } from '../core/accounts.js';
import { ApiKeyWord, PUBLIC_KEY_WORDS } from '../core/api-keys.js';
import { ASSET_CODE_WORDS } from '../core/assets.js';
import { Liquidity } from '../core/codes.js';
import { type Core, EngineWord } from '../core/core.js';
import { HoldingWord } from '../core/holdings.js';
import { InstrumentWord, SYMBOL_WORDS } from '../core/instruments.js';
import { CounterWord, OrderWord } from '../core/orders.js';
import { LevelWord, PRICE_MAX } from '../core/price-ladder.js';
import { makeTable } from '../core/table.js';
import { Template } from '../wire/schema.js';
import { HeaderWord, packTemplate, RECORD_VERSION, SLOT_WORDS } from '../wire/slot.js';
import type { EventOutput } from './event-output.js';
import { shiftOf, wordAround, wordOf, wordsOf } from './layout.js';

// Local copies are folded into the code (../core/README.md).
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

/** `finish` clears from here on in any case. */
const MIDDLE_WORD = 24;

/** Slots start here at the latest; tells the compiler that word positions in a slot cannot overflow. */
const SLOT_START_MASK = 0x0fffffe0;

/** Words of the private state: the command that is answered and the hash of its header, */
const SEQUENCE_LOW = 0;
const SEQUENCE_HIGH = 1;
const TIMESTAMP_LOW = 2;
const TIMESTAMP_HIGH = 3;
const SESSION_ID = 4;
const CLIENT_SEQUENCE_LOW = 5;
const CLIENT_SEQUENCE_HIGH = 6;
const COMMAND_HASH = 7;
/** the index of its next event, the hash of the header of the event that is being written, */
const INDEX = 8;
const HEADER_HASH = 9;
/** and the lanes of the output hash. */
const LANE_LOW = 10;
const LANE_HIGH = 11;
const STATE_WORDS = 12;

checkPacking();

/** A hash after one more word; one to one in each of the two. */
const fold = (hash: number, word: number): number => {
  const product = Math.imul(hash ^ word, 0x9e3779b1);
  return (product << 13) | (product >>> 19);
};

const sideOf = (bookSide: number): number => (bookSide & 1) + 1;

const copyWords = (from: Int32Array, fromAt: number, to: Int32Array, toAt: number, count: number): void => {
  for (let i = 0; i < count; i += 1) to[toAt + i] = from[fromAt + i];
};

export type SlotEventSink = ReturnType<typeof makeSlotEventSink>;

export function makeSlotEventSink(core: Core, output: EventOutput) {
  const wordHash = mix;
  const { nextReport } = core.accounts;
  /** All records: the arena, and the same as doubles. */
  const { words: records, doubles: recordDoubles, handleMask } = core.arena;
  const { slots: words, slotDoubles, next } = output;
  const counters = core.orders.counters;
  const state = makeWords(STATE_WORDS);

  /** Turns to the next command; its header is in the slot at `at`, its clientSequence is given in two words. */
  const beginCommand = (
    command: Int32Array,
    at: number,
    clientSequenceLow: number,
    clientSequenceHigh: number,
  ): void => {
    const sequenceLow = command[at + HEADER_SEQUENCE];
    const sequenceHigh = command[at + HEADER_SEQUENCE + 1];
    const timestampLow = command[at + HEADER_TIMESTAMP_US];
    const timestampHigh = command[at + HEADER_TIMESTAMP_US + 1];
    state[SEQUENCE_LOW] = sequenceLow;
    state[SEQUENCE_HIGH] = sequenceHigh;
    state[TIMESTAMP_LOW] = timestampLow;
    state[TIMESTAMP_HIGH] = timestampHigh;
    state[SESSION_ID] = command[at + HEADER_SESSION_ID];
    state[CLIENT_SEQUENCE_LOW] = clientSequenceLow;
    state[CLIENT_SEQUENCE_HIGH] = clientSequenceHigh;
    state[COMMAND_HASH] = fold(fold(fold(sequenceLow, sequenceHigh), timestampLow), timestampHigh);
    state[INDEX] = 0;
  };

  /** Low half of the output hash: every word of every event so far is in it. */
  const hashLow = (): number => {
    return wordHash(state[LANE_LOW] ^ (state[LANE_HIGH] >>> 15));
  };

  /** High half of the output hash. */
  const hashHigh = (): number => {
    return wordHash(state[LANE_HIGH] ^ (state[LANE_LOW] << 7));
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
    const at = begin(TEMPLATE_WORD.rejected, account, 1) & SLOT_START_MASK;
    words[at + HEADER_ACCOUNT_ID] = accountId;
    words[at + Rejected.clientOrderId] = clientIdLow;
    words[at + Rejected.clientOrderId + 1] = clientIdHigh;
    words[at + Rejected.instrumentId] = instrumentId;
    words[at + Rejected.code] = code | (templateId << 16);
    finishRare(at, Rejected.words);
  };

  const accepted = (order: number): void => {
    const from = order & handleMask;
    const at = begin(TEMPLATE_WORD.accepted, records[from + ORDER_ACCOUNT], 1) & SLOT_START_MASK;
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
    const first = fold(fold(fold(state[HEADER_HASH], orderIdLow), clientIdLow), price);
    const second = fold(fold(fold(fold(orderIdHigh, clientIdHigh), bookSide), leaves), terms);
    finish(at, Accepted.words, first, second);
  };

  const trade = (maker: number, taker: number, priceTicks: number, quantityLots: number): void => {
    tradeSide(maker, priceTicks, quantityLots, MAKER, 0);
    tradeSide(taker, priceTicks, quantityLots, TAKER, 1);
  };

  const cancelled = (order: number, reason: number): void => {
    const from = order & handleMask;
    const at = begin(TEMPLATE_WORD.cancelled, records[from + ORDER_ACCOUNT], 1) & SLOT_START_MASK;
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
    const first = fold(fold(fold(fold(state[HEADER_HASH], orderIdLow), clientIdLow), price), cumulative);
    const second = fold(fold(fold(fold(orderIdHigh, clientIdHigh), bookSide), leaves), terms);
    finish(at, Cancelled.words, first, second);
  };

  const replaced = (order: number, originalLow: number, originalHigh: number, priorityKept: number): void => {
    const originalIdLow = originalLow | 0;
    const originalIdHigh = originalHigh | 0;
    const from = order & handleMask;
    const at = begin(TEMPLATE_WORD.replaced, records[from + ORDER_ACCOUNT], 1) & SLOT_START_MASK;
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
      fold(fold(fold(fold(state[HEADER_HASH], orderIdLow), clientIdLow), price), cumulative),
      originalIdLow,
    );
    const second = fold(
      fold(fold(fold(fold(orderIdHigh, clientIdHigh), bookSide), leaves), terms),
      originalIdHigh,
    );
    finish(at, Replaced.words, first, second);
  };

  const balanceChanged = (
    account: number,
    holding: number,
    transferIdLow: number,
    transferIdHigh: number,
    amount: number,
    reason: number,
    duplicate: number,
  ): void => {
    const { holdings, assets } = core;
    const at = begin(TEMPLATE_WORD.balanceChanged, account, 1) & SLOT_START_MASK;
    const assetId = holdings.words[holding + HOLDING_ASSET_ID];
    words[at + BalanceChanged.transferId] = transferIdLow;
    words[at + BalanceChanged.transferId + 1] = transferIdHigh;
    writeInt64(words, at + BalanceChanged.amount, amount);
    writeInt64(words, at + BalanceChanged.available, holdings.available(holding));
    writeInt64(words, at + BalanceChanged.reserved, holdings.reserved(holding));
    copyWords(assets.words, assets.codeAt(assetId), words, at + BalanceChanged.asset, ASSET_CODE_WORDS);
    words[at + BalanceChanged.decimals] = assets.decimals(assetId) | (reason << 8) | (duplicate << 16);
    finishRare(at, BalanceChanged.words);
  };

  const instrumentListed = (instrumentId: number): void => {
    const { instruments, assets } = core;
    const at = begin(TEMPLATE_WORD.instrumentListed, 0, 1) & SLOT_START_MASK;
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
    finishRare(at, InstrumentListed.words);
  };

  const accountOpened = (accountId: number): void => {
    const at = begin(TEMPLATE_WORD.accountOpened, 0, 1) & SLOT_START_MASK;
    words[at + AccountOpened.accountId] = accountId;
    finishRare(at, AccountOpened.words);
  };

  const apiKeyRegistered = (apiKeyId: number): void => {
    const { accounts, apiKeys } = core;
    const at = begin(TEMPLATE_WORD.apiKeyRegistered, 0, 1) & SLOT_START_MASK;
    const key = apiKeys.handleOf(apiKeyId);
    const account = apiKeys.words[key + KEY_ACCOUNT];
    words[at + ApiKeyRegistered.accountId] = accounts.words[account + ACCOUNT_ID];
    words[at + ApiKeyRegistered.permissions] = apiKeys.words[key + KEY_PERMISSIONS];
    copyWords(apiKeys.words, key + KEY_PUBLIC_KEY, words, at + ApiKeyRegistered.publicKey, PUBLIC_KEY_WORDS);
    words[at + ApiKeyRegistered.apiKeyId] = apiKeyId;
    finishRare(at, ApiKeyRegistered.words);
  };

  const bookDelta = (level: number, instrument: number): void => {
    const from = level & handleMask;
    const sequence = (instrument & handleMask) + INSTRUMENT_BOOK_SEQUENCE;
    const at = begin(TEMPLATE_WORD.bookDelta, 0, 0) & SLOT_START_MASK;
    const bookSide = records[from + LEVEL_BOOK_SIDE];
    const key = records[from + LEVEL_KEY];
    const orderCount = records[from + LEVEL_ORDER_COUNT];
    const sequenceLow = records[sequence];
    const sequenceHigh = records[sequence + 1];
    const lots = recordDoubles[(from + LEVEL_LOTS) >> 1];
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
    const first = fold(fold(fold(state[HEADER_HASH], sequenceLow), lotsLow), key);
    const second = fold(fold(fold(sequenceHigh, lotsHigh), bookSide), orderCount);
    finish(at, BookDelta.words, first, second);
  };

  const orderStatus = (order: number): void => {
    const at = begin(TEMPLATE_WORD.orderStatus, records[order + ORDER_ACCOUNT], 1) & SLOT_START_MASK;
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
    finishRare(at, OrderStatus.words);
  };

  const snapshotEnd = (account: number, balanceCount: number, orderCount: number): void => {
    const at = begin(TEMPLATE_WORD.snapshotEnd, account, 1) & SLOT_START_MASK;
    words[at + SnapshotEnd.balanceCount] = balanceCount;
    words[at + SnapshotEnd.orderCount] = orderCount;
    finishRare(at, SnapshotEnd.words);
  };

  const epochChanged = (): void => {
    const engine = core.engine;
    const at = begin(TEMPLATE_WORD.epochChanged, 0, 1) & SLOT_START_MASK;
    words[at + EpochChanged.clusterId] = engine[ENGINE_CLUSTER_ID_LOW];
    words[at + EpochChanged.clusterId + 1] = engine[ENGINE_CLUSTER_ID_HIGH];
    words[at + EpochChanged.epoch] = engine[ENGINE_EPOCH];
    words[at + EpochChanged.nodeId] = engine[ENGINE_NODE_ID];
    finishRare(at, EpochChanged.words);
  };

  const massCancelled = (account: number, orderCount: number): void => {
    const at = begin(TEMPLATE_WORD.massCancelled, account, 1) & SLOT_START_MASK;
    words[at + MassCancelled.orderCount] = orderCount;
    words[at + MassCancelled.orderCount + 1] = 0;
    finishRare(at, MassCancelled.words);
  };

  const tradeSide = (
    order: number,
    price: number,
    quantity: number,
    liquidity: number,
    answer: number,
  ): void => {
    const priceTicks = price | 0;
    const quantityLots = quantity | 0;
    const from = order & handleMask;
    const at = begin(TEMPLATE_WORD.trade, records[from + ORDER_ACCOUNT], answer) & SLOT_START_MASK;
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
      fold(fold(fold(fold(state[HEADER_HASH], orderIdLow), clientIdLow), tradeIdLow), priceTicks),
      leaves,
    );
    const second = fold(
      fold(
        fold(fold(fold(fold(orderIdHigh, clientIdHigh), tradeIdHigh), bookSide), quantityLots),
        cumulative,
      ),
      terms,
    );
    finish(at, Trade.words, first, second);
  };

  /**
   * Claims a slot and writes the header and the two numbers that every event starts with. `account` is the handle
   * of the addressee, 0 = nobody; `answer` is 1 when the event answers the session of the command.
   */
  const begin = (templateWord: number, account: number, answer: number): number => {
    const at = next() & SLOT_START_MASK;
    const index = state[INDEX];
    let hash = fold(state[COMMAND_HASH], templateWord + index);
    state[INDEX] = index + 1;
    words[at] = templateWord;
    words[at + HEADER_SEQUENCE] = state[SEQUENCE_LOW];
    words[at + HEADER_SEQUENCE + 1] = state[SEQUENCE_HIGH];
    words[at + HEADER_TIMESTAMP_US] = state[TIMESTAMP_LOW];
    words[at + HEADER_TIMESTAMP_US + 1] = state[TIMESTAMP_HIGH];
    words[at + HEADER_INDEX] = index;
    if (answer !== 0) {
      const sessionId = state[SESSION_ID];
      const clientSequenceLow = state[CLIENT_SEQUENCE_LOW];
      const clientSequenceHigh = state[CLIENT_SEQUENCE_HIGH];
      words[at + HEADER_SESSION_ID] = sessionId;
      words[at + CLIENT_SEQUENCE] = clientSequenceLow;
      words[at + CLIENT_SEQUENCE + 1] = clientSequenceHigh;
      hash = fold(fold(fold(hash, sessionId), clientSequenceLow), clientSequenceHigh);
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
      const from = account & handleMask;
      nextReport(from);
      const accountId = records[from + ACCOUNT_ID];
      const reportSequenceLow = records[from + ACCOUNT_REPORT_SEQUENCE];
      const reportSequenceHigh = records[from + ACCOUNT_REPORT_SEQUENCE + 1];
      words[at + HEADER_ACCOUNT_ID] = accountId;
      words[at + REPORT_SEQUENCE] = reportSequenceLow;
      words[at + REPORT_SEQUENCE + 1] = reportSequenceHigh;
      hash = fold(fold(fold(hash, accountId), reportSequenceLow), reportSequenceHigh);
    }
    state[HEADER_HASH] = hash;
    return at;
  };

  /** Clears what is left of the slot after its `used` words, 20 to 24; takes the two hashes of the event. */
  const finish = (start: number, used: number, first: number, second: number): void => {
    const at = start & SLOT_START_MASK;
    const pair = at >> 1;
    if (used < MIDDLE_WORD) {
      // A word that follows an odd number of used words is cleared alone, the others in pairs.
      if ((used & 1) !== 0) words[at + used] = 0;
      if (used <= 22) slotDoubles[pair + 11] = 0;
      if (used <= 20) slotDoubles[pair + 10] = 0;
    }
    slotDoubles[pair + 12] = 0;
    slotDoubles[pair + 13] = 0;
    slotDoubles[pair + 14] = 0;
    slotDoubles[pair + 15] = 0;
    state[LANE_LOW] = fold(state[LANE_LOW], first) ^ second;
    state[LANE_HIGH] = fold(state[LANE_HIGH], second) ^ first;
  };

  /** The same for an event that is rare or of another length: clears and hashes word by word. */
  const finishRare = (at: number, used: number): void => {
    for (let i = used; i < SLOT_WORDS; i += 1) words[at + i] = 0;
    let first = state[HEADER_HASH];
    let second = 0;
    for (let i = HEADER_BODY; i < used; i += 2) {
      first = fold(first, words[at + i]);
      second = fold(second, words[at + i + 1]);
    }
    // A rejected event has the account id of the command, also where there is no such account.
    first = fold(first, words[at + HEADER_ACCOUNT_ID]);
    state[LANE_LOW] = fold(state[LANE_LOW], first) ^ second;
    state[LANE_HIGH] = fold(state[LANE_HIGH], second) ^ first;
  };

  /** The output hash as a table of a snapshot: one that goes on from a snapshot is that of all events since genesis. */
  const table = makeTable('output', { laneLow: LANE_LOW, laneHigh: LANE_HIGH }, { memory: state });

  return {
    table,
    beginCommand,
    hashLow,
    hashHigh,
    rejected,
    accepted,
    trade,
    cancelled,
    replaced,
    balanceChanged,
    instrumentListed,
    accountOpened,
    apiKeyRegistered,
    bookDelta,
    orderStatus,
    snapshotEnd,
    epochChanged,
    massCancelled,
  };
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

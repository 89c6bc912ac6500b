/** Writes what the core says as event slots, numbers the reports of each account, and keeps the output hash. */
import { makeWords } from '../base/columns.js';
import { mix } from '../base/hash.js';
import { writeInt64 } from '../base/int64.js';
import { AccountWord } from '../core/accounts.js';
import { ApiKeyWord, PUBLIC_KEY_WORDS } from '../core/api-keys.js';
import { ASSET_CODE_WORDS } from '../core/assets.js';
import { AccountStatus, Liquidity, MarketState } from '../core/codes.js';
import { type Core, EngineWord } from '../core/core.js';
import { HoldingWord } from '../core/holdings.js';
import { InstrumentWord, SYMBOL_WORDS } from '../core/instruments.js';
import { ExtraWord } from '../core/order-extras.js';
import { OrderLimitsWord } from '../core/order-limits.js';
import { CounterWord, OrderWord } from '../core/orders.js';
import { PositionWord } from '../core/positions.js';
import { LevelWord, PRICE_MAX } from '../core/price-ladder.js';
import { makeTable } from '../core/table.js';
import { Template } from '../wire/schema.js';
import { HeaderWord, packTemplate, RECORD_VERSION, SLOT_WORDS } from '../wire/slot.js';
import type { EventOutput } from './event-output.js';
import { firstWordsOf, shiftOf, wordAround, wordOf, wordsOf } from './layout.js';

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
const ORDER_EXTRA = OrderWord.extra;
const EXTRA_EXPIRE_TIME_US = ExtraWord.expireTimeUs;
const EXTRA_DISPLAY_LOTS = ExtraWord.displayLots;
const EXTRA_TRIGGER = ExtraWord.trigger;
const EXTRA_FIRED_AT = ExtraWord.firedAt;
const LEVEL_ORDER_COUNT = LevelWord.orderCount;
const LEVEL_KEY = LevelWord.key;
const LEVEL_LOTS = LevelWord.lots;
const LEVEL_BOOK_SIDE = LevelWord.bookSide;
const ACCOUNT_ID = AccountWord.id;
const ACCOUNT_SETTINGS = AccountWord.settings;
const ACCOUNT_SELF_TRADE_GROUP = AccountWord.selfTradeGroup;
const ACCOUNT_REPORT_SEQUENCE = AccountWord.reportSequence;
const ACCOUNT_STATUS = AccountWord.status;
const ACCOUNT_THROTTLE_MAX_COMMANDS = AccountWord.throttleMaxCommands;
const ACCOUNT_THROTTLE_INTERVAL_US = AccountWord.throttleIntervalUs;
const HOLDING_ASSET_ID = HoldingWord.assetId;
const POSITION_ACCOUNT = PositionWord.account;
const POSITION_INSTRUMENT_ID = PositionWord.instrumentId;
const POSITION_LIMITS = PositionWord.limits;
const POSITION_MARGIN = PositionWord.margin;
const LIMITS_MAX_ORDER_LOTS = OrderLimitsWord.maxOrderLots;
const LIMITS_MAX_OPEN_ORDERS = OrderLimitsWord.maxOpenOrders;
const INSTRUMENT_SYMBOL = InstrumentWord.symbol;
const INSTRUMENT_BASE_ASSET = InstrumentWord.baseAsset;
const INSTRUMENT_QUOTE_ASSET = InstrumentWord.quoteAsset;
const INSTRUMENT_TICK_MANTISSA = InstrumentWord.tickMantissa;
const INSTRUMENT_LOT_MANTISSA = InstrumentWord.lotMantissa;
const INSTRUMENT_TICK_EXPONENT = InstrumentWord.tickExponent;
const INSTRUMENT_LOT_EXPONENT = InstrumentWord.lotExponent;
const INSTRUMENT_PROTECTION_PPM = InstrumentWord.protectionPpm;
const INSTRUMENT_FLAGS = InstrumentWord.flags;
const INSTRUMENT_MARK_PRICE = InstrumentWord.markPrice;
/** flags, initialMarginPpm, maintenanceMarginPpm, in the record as in the event. */
const MARGIN_TERM_WORDS = 3;
const INSTRUMENT_BOOK_SEQUENCE = InstrumentWord.bookSequence;
const INSTRUMENT_MIN_PRICE = InstrumentWord.minPrice;
const INSTRUMENT_MAX_PRICE = InstrumentWord.maxPrice;
const INSTRUMENT_REFERENCE_PRICE = InstrumentWord.referencePrice;
const INSTRUMENT_BAND_PPM = InstrumentWord.bandPpm;
const INSTRUMENT_MARKET_STATE = InstrumentWord.marketState;
const INSTRUMENT_NEXT_STATE = InstrumentWord.nextState;
const INSTRUMENT_END_TIME_US = InstrumentWord.endTimeUs;
const INSTRUMENT_AUCTION_REFERENCE = InstrumentWord.auctionReference;
const INSTRUMENT_INDICATED_PRICE = InstrumentWord.indicatedPrice;
const INSTRUMENT_INDICATED_LOTS = InstrumentWord.indicatedLots;
const INSTRUMENT_INDICATED_IMBALANCE = InstrumentWord.indicatedImbalance;
const INSTRUMENT_VOLATILITY_PPM = InstrumentWord.volatilityPpm;
const INSTRUMENT_VOLATILITY_WINDOW_US = InstrumentWord.volatilityWindowUs;
const INSTRUMENT_VOLATILITY_AUCTION_US = InstrumentWord.volatilityAuctionUs;
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
/** Pairs of words, counted from the start of the slot. */
const SEQUENCE_PAIR = HEADER_SEQUENCE >> 1;
const TIMESTAMP_PAIR = HEADER_TIMESTAMP_US >> 1;
const REPORT_SEQUENCE_PAIR = REPORT_SEQUENCE >> 1;
const CLIENT_SEQUENCE_PAIR = wordOf('accepted', 'clientSequence') >> 1;
/** A slot is 2^5 words. */
const SLOT_SHIFT = 31 - Math.clz32(SLOT_WORDS);

const Accepted = {
  orderId: wordOf('accepted', 'orderId'),
  clientOrderId: wordOf('accepted', 'clientOrderId'),
  instrumentId: wordOf('accepted', 'instrumentId'),
  priceTicks: wordOf('accepted', 'priceTicks'),
  quantityLots: wordOf('accepted', 'quantityLots'),
  side: wordOf('accepted', 'side'),
  expireTimeUs: wordOf('accepted', 'expireTimeUs'),
  firstWords: firstWordsOf('accepted'),
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
  fee: wordOf('trade', 'fee'),
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
  flags: wordOf('instrumentListed', 'flags'),
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
  expireTimeUs: wordOf('orderStatus', 'expireTimeUs'),
  words: wordsOf('orderStatus'),
} as const;
const SnapshotEnd = {
  balanceCount: wordOf('snapshotEnd', 'balanceCount'),
  orderCount: wordOf('snapshotEnd', 'orderCount'),
  positionCount: wordOf('snapshotEnd', 'positionCount'),
  words: wordsOf('snapshotEnd'),
} as const;
const Position = {
  quantityLots: wordOf('position', 'quantityLots'),
  cost: wordOf('position', 'cost'),
  realisedProfit: wordOf('position', 'realisedProfit'),
  instrumentId: wordOf('position', 'instrumentId'),
  initialMargin: wordOf('position', 'initialMargin'),
  words: wordsOf('position'),
} as const;
const MarkPriceChanged = {
  instrumentId: wordOf('markPriceChanged', 'instrumentId'),
  priceTicks: wordOf('markPriceChanged', 'priceTicks'),
  words: wordsOf('markPriceChanged'),
} as const;
const LiquidationStarted = {
  equity: wordOf('liquidationStarted', 'equity'),
  maintenanceMargin: wordOf('liquidationStarted', 'maintenanceMargin'),
  asset: wordOf('liquidationStarted', 'asset'),
  reserved0: wordOf('liquidationStarted', 'reserved0'),
  words: wordsOf('liquidationStarted'),
} as const;
const Deleveraged = {
  positionLots: wordOf('deleveraged', 'positionLots'),
  quantityLots: wordOf('deleveraged', 'quantityLots'),
  instrumentId: wordOf('deleveraged', 'instrumentId'),
  priceTicks: wordOf('deleveraged', 'priceTicks'),
  words: wordsOf('deleveraged'),
} as const;
const AccountChanged = {
  accountId: wordOf('accountChanged', 'accountId'),
  selfTradeGroup: wordOf('accountChanged', 'selfTradeGroup'),
  feeTier: wordOf('accountChanged', 'feeTier'),
  throttleMaxCommands: wordOf('accountChanged', 'throttleMaxCommands'),
  throttleIntervalUs: wordOf('accountChanged', 'throttleIntervalUs'),
  words: wordsOf('accountChanged'),
} as const;
const MarketStateChanged = {
  endTimeUs: wordOf('marketStateChanged', 'endTimeUs'),
  uncrossLots: wordOf('marketStateChanged', 'uncrossLots'),
  instrumentId: wordOf('marketStateChanged', 'instrumentId'),
  uncrossPriceTicks: wordOf('marketStateChanged', 'uncrossPriceTicks'),
  referencePriceTicks: wordOf('marketStateChanged', 'referencePriceTicks'),
  state: wordOf('marketStateChanged', 'state'),
  words: wordsOf('marketStateChanged'),
} as const;
const AuctionIndicated = {
  executableLots: wordOf('auctionIndicated', 'executableLots'),
  imbalanceLots: wordOf('auctionIndicated', 'imbalanceLots'),
  instrumentId: wordOf('auctionIndicated', 'instrumentId'),
  priceTicks: wordOf('auctionIndicated', 'priceTicks'),
  words: wordsOf('auctionIndicated'),
} as const;
const InstrumentChanged = {
  instrumentId: wordOf('instrumentChanged', 'instrumentId'),
  marketProtectionPpm: wordOf('instrumentChanged', 'marketProtectionPpm'),
  volatilityPpm: wordOf('instrumentChanged', 'volatilityPpm'),
  volatilityWindowUs: wordOf('instrumentChanged', 'volatilityWindowUs'),
  volatilityAuctionUs: wordOf('instrumentChanged', 'volatilityAuctionUs'),
  initialMarginPpm: wordOf('instrumentChanged', 'initialMarginPpm'),
  reserved0: wordOf('instrumentChanged', 'reserved0'),
  words: wordsOf('instrumentChanged'),
} as const;
const PriceBandChanged = {
  instrumentId: wordOf('priceBandChanged', 'instrumentId'),
  minPriceTicks: wordOf('priceBandChanged', 'minPriceTicks'),
  maxPriceTicks: wordOf('priceBandChanged', 'maxPriceTicks'),
  referencePriceTicks: wordOf('priceBandChanged', 'referencePriceTicks'),
  bandPpm: wordOf('priceBandChanged', 'bandPpm'),
  reserved0: wordOf('priceBandChanged', 'reserved0'),
  words: wordsOf('priceBandChanged'),
} as const;
const OrderLimitsChanged = {
  accountId: wordOf('orderLimitsChanged', 'accountId'),
  instrumentId: wordOf('orderLimitsChanged', 'instrumentId'),
  maxOrderNotional: wordOf('orderLimitsChanged', 'maxOrderNotional'),
  maxOrderLots: wordOf('orderLimitsChanged', 'maxOrderLots'),
  maxOpenOrders: wordOf('orderLimitsChanged', 'maxOpenOrders'),
  words: wordsOf('orderLimitsChanged'),
} as const;
const EpochChanged = {
  clusterId: wordOf('epochChanged', 'clusterId'),
  epoch: wordOf('epochChanged', 'epoch'),
  nodeId: wordOf('epochChanged', 'nodeId'),
  words: wordsOf('epochChanged'),
} as const;
const LogicActivated = {
  logicVersion: wordOf('logicActivated', 'logicVersion'),
  previousVersion: wordOf('logicActivated', 'previousVersion'),
  words: wordsOf('logicActivated'),
} as const;
const MassCancelled = {
  orderCount: wordOf('massCancelled', 'orderCount'),
  words: wordsOf('massCancelled'),
} as const;

const SelfTradePrevented = {
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
const InstrumentFeesChanged = {
  instrumentId: wordOf('instrumentFeesChanged', 'instrumentId'),
  feeTier: wordOf('instrumentFeesChanged', 'feeTier'),
  makerPpm: wordOf('instrumentFeesChanged', 'makerPpm'),
  words: wordsOf('instrumentFeesChanged'),
} as const;
const TradingDayChanged = {
  endTimeUs: wordOf('tradingDayChanged', 'endTimeUs'),
  words: wordsOf('tradingDayChanged'),
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
  triggered: packTemplate(Template.triggered, RECORD_VERSION, 0),
  selfTradePrevented: packTemplate(Template.selfTradePrevented, RECORD_VERSION, 0),
  instrumentFeesChanged: packTemplate(Template.instrumentFeesChanged, RECORD_VERSION, 0),
  tradingDayChanged: packTemplate(Template.tradingDayChanged, RECORD_VERSION, 0),
  position: packTemplate(Template.position, RECORD_VERSION, 0),
  accountChanged: packTemplate(Template.accountChanged, RECORD_VERSION, 0),
  priceBandChanged: packTemplate(Template.priceBandChanged, RECORD_VERSION, 0),
  marketStateChanged: packTemplate(Template.marketStateChanged, RECORD_VERSION, 0),
  auctionIndicated: packTemplate(Template.auctionIndicated, RECORD_VERSION, 0),
  instrumentChanged: packTemplate(Template.instrumentChanged, RECORD_VERSION, 0),
  orderLimitsChanged: packTemplate(Template.orderLimitsChanged, RECORD_VERSION, 0),
  markPriceChanged: packTemplate(Template.markPriceChanged, RECORD_VERSION, 0),
  liquidationStarted: packTemplate(Template.liquidationStarted, RECORD_VERSION, 0),
  deleveraged: packTemplate(Template.deleveraged, RECORD_VERSION, 0),
  logicActivated: packTemplate(Template.logicActivated, RECORD_VERSION, 0),
} as const;

/** Events that are written often end here at the latest; a slot that a longer one was in is cleaned when it is reused. */
const USUAL_WORDS = 26;

/** Slots start here at the latest; tells the compiler that word positions in a slot cannot overflow. */
const SLOT_START_MASK = 0x0fffffe0;

/** Words of the private state. 64-bit numbers that are only copied are moved as doubles: those come first, in pairs. */
const SEQUENCE = 0;
const TIMESTAMP = 2;
const CLIENT_SEQUENCE_NUMBER = 4;
const SESSION_ID = 6;
/** Hash of what all events of the command have in common; and what its answers have besides. */
const COMMAND_HASH = 7;
const SESSION_HASH = 8;
/** The index of the command's next event, the sum of the header of the event that is being written, */
const INDEX = 9;
const HEADER_SUM = 10;
/** the lanes of the output hash, */
const LANE_LOW = 11;
const LANE_HIGH = 12;
/** and how many slots have something behind USUAL_WORDS. */
const LONG_SLOTS = 13;
/** 1 while events can answer the command. */
const ANSWERING = 14;
const STATE_WORDS = 16;

/**
 * Multipliers of the words in the two sums that an event is hashed to: random and odd, so that a change of one word
 * always changes its sum, and a word that is 0 adds nothing. Words that tend to change together are in different sums.
 */
const M1 = 0x9e3779b1 | 0;
const M2 = 0x85ebca77 | 0;
const M3 = 0xc2b2ae3d | 0;
const M4 = 0x27d4eb2f | 0;
const M5 = 0x165667b1 | 0;
const M6 = 0xd3a2646d | 0;
const M7 = 0xfd7046c5 | 0;
const M8 = 0xb55a4f09 | 0;
/** Those of the header, which is in the first sum. */
const H1 = 0x5bd1e995 | 0;
const H2 = 0x7feb352d | 0;
const H3 = 0x846ca68b | 0;
const H4 = 0x68bc21eb | 0;
const H5 = 0x02e5be93 | 0;
const H6 = 0x967a889b | 0;
const H7 = 0xb8fe6c39 | 0;
const H8 = 0x23a44bbf | 0;
/** The same for events that are hashed word by word. */
const MULTIPLIERS = Int32Array.from({ length: SLOT_WORDS }, (_, n) => mix(n + 1) | 1);

checkPacking();

const times = Math.imul;

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
  const multipliers = MULTIPLIERS;
  const { nextReport } = core.accounts;
  /** All records: the arena, and the same as doubles. */
  const { words: records, doubles: recordDoubles, handleMask } = core.arena;
  const { slots: words, slotDoubles, next } = output;
  const counters = core.orders.counters;
  const state = makeWords(STATE_WORDS);
  const stateDoubles = new Float64Array(state.buffer);
  /** By slot: 1 when there is something behind USUAL_WORDS. */
  const longSlots = makeWords(words.length >> SLOT_SHIFT);

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
    const sessionId = command[at + HEADER_SESSION_ID];
    state[SEQUENCE] = sequenceLow;
    state[SEQUENCE + 1] = sequenceHigh;
    state[TIMESTAMP] = timestampLow;
    state[TIMESTAMP + 1] = timestampHigh;
    state[CLIENT_SEQUENCE_NUMBER] = clientSequenceLow;
    state[CLIENT_SEQUENCE_NUMBER + 1] = clientSequenceHigh;
    state[SESSION_ID] = sessionId;
    const numbers = (times(sequenceLow, M1) + times(sequenceHigh, M2)) | 0;
    const stamp = (times(timestampLow, M3) + times(timestampHigh, M4)) | 0;
    state[COMMAND_HASH] = fold(fold(0, numbers), stamp);
    state[SESSION_HASH] =
      (times(sessionId, H6) + times(clientSequenceLow, H7) + times(clientSequenceHigh, H8)) | 0;
    state[INDEX] = 0;
    state[ANSWERING] = 1;
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
    slotDoubles[(at + Accepted.orderId) >> 1] = recordDoubles[(from + ORDER_ORDER_ID) >> 1];
    words[at + Accepted.clientOrderId] = clientIdLow;
    words[at + Accepted.clientOrderId + 1] = clientIdHigh;
    words[at + Accepted.instrumentId] = bookSide >> 1;
    words[at + Accepted.priceTicks] = price;
    words[at + Accepted.quantityLots] = leaves;
    words[at + Accepted.side] = terms;
    let first = (times(orderIdLow, M4) + times(clientIdLow, M5) + times(price, M6)) | 0;
    let second =
      (times(orderIdHigh, M1) +
        times(clientIdHigh, M2) +
        times(bookSide, M3) +
        times(leaves, M4) +
        times(terms, M5)) |
      0;
    const extra = records[from + ORDER_EXTRA] & handleMask;
    if (extra === 0) {
      finish(at, Accepted.firstWords, first, second);
      return;
    }
    writeExtra(at + Accepted.expireTimeUs, extra);
    const display = times(records[extra + EXTRA_DISPLAY_LOTS], M8);
    first = (first + times(records[extra + EXTRA_EXPIRE_TIME_US], M7) + display) | 0;
    const trigger = times(records[extra + EXTRA_TRIGGER], M7);
    second = (second + times(records[extra + EXTRA_EXPIRE_TIME_US + 1], M6) + trigger) | 0;
    finish(at, Accepted.words, first, second);
  };

  /** Writes what an order with an extra record says more; without one all of it is 0. */
  const writeExtra = (to: number, extra: number): void => {
    copyWords(records, extra + EXTRA_EXPIRE_TIME_US, words, to, 2);
    words[to + 2] = records[extra + EXTRA_DISPLAY_LOTS];
    words[to + 3] = records[extra + EXTRA_TRIGGER];
  };

  const trade = (
    maker: number,
    taker: number,
    priceTicks: number,
    quantityLots: number,
    makerFee: number,
    takerFee: number,
  ): void => {
    tradeSide(maker, priceTicks, quantityLots, makerFee, MAKER, 0);
    tradeSide(taker, priceTicks, quantityLots, takerFee, TAKER, 1);
  };

  const cancelled = (order: number, reason: number, answer: number): void => {
    const from = order & handleMask;
    const at = begin(TEMPLATE_WORD.cancelled, records[from + ORDER_ACCOUNT], answer) & SLOT_START_MASK;
    const bookSide = records[from + ORDER_BOOK_SIDE];
    const orderIdLow = records[from + ORDER_ORDER_ID];
    const orderIdHigh = records[from + ORDER_ORDER_ID + 1];
    const clientIdLow = records[from + ORDER_CLIENT_ID_LOW];
    const clientIdHigh = records[from + ORDER_CLIENT_ID_HIGH];
    const price = records[from + ORDER_PRICE];
    const leaves = records[from + ORDER_LEAVES];
    const cumulative = records[from + ORDER_CUMULATIVE];
    const terms = sideOf(bookSide) | (reason << 8);
    slotDoubles[(at + Cancelled.orderId) >> 1] = recordDoubles[(from + ORDER_ORDER_ID) >> 1];
    words[at + Cancelled.clientOrderId] = clientIdLow;
    words[at + Cancelled.clientOrderId + 1] = clientIdHigh;
    words[at + Cancelled.instrumentId] = bookSide >> 1;
    words[at + Cancelled.priceTicks] = price;
    words[at + Cancelled.quantityLots] = leaves;
    words[at + Cancelled.cumulativeLots] = cumulative;
    words[at + Cancelled.side] = terms;
    const first =
      (times(orderIdLow, M4) + times(clientIdLow, M5) + times(price, M6) + times(cumulative, M7)) | 0;
    const second =
      (times(orderIdHigh, M1) +
        times(clientIdHigh, M2) +
        times(bookSide, M3) +
        times(leaves, M4) +
        times(terms, M5)) |
      0;
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
    slotDoubles[(at + Replaced.orderId) >> 1] = recordDoubles[(from + ORDER_ORDER_ID) >> 1];
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
    const first =
      (times(orderIdLow, M4) +
        times(clientIdLow, M5) +
        times(price, M6) +
        times(cumulative, M7) +
        times(originalIdLow, M8)) |
      0;
    const second =
      (times(orderIdHigh, M1) +
        times(clientIdHigh, M2) +
        times(bookSide, M3) +
        times(leaves, M4) +
        times(terms, M5) +
        times(originalIdHigh, M6)) |
      0;
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
    const at = begin(TEMPLATE_WORD.balanceChanged, account, 1);
    finishBalance(at, holding, transferIdLow, transferIdHigh, amount, reason, duplicate);
  };

  const balanceNotice = (
    account: number,
    holding: number,
    transferIdLow: number,
    transferIdHigh: number,
    amount: number,
    reason: number,
    duplicate: number,
  ): void => {
    const at = begin(TEMPLATE_WORD.balanceChanged, account, 0);
    finishBalance(at, holding, transferIdLow, transferIdHigh, amount, reason, duplicate);
  };

  const finishBalance = (
    start: number,
    holding: number,
    transferIdLow: number,
    transferIdHigh: number,
    amount: number,
    reason: number,
    duplicate: number,
  ): void => {
    const { holdings, assets } = core;
    const at = start & SLOT_START_MASK;
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
    copyWords(from, record + INSTRUMENT_FLAGS, words, at + InstrumentListed.flags, MARGIN_TERM_WORDS);
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
    const first = (times(sequenceLow, M4) + times(lotsLow, M5) + times(key, M6)) | 0;
    const second =
      (times(sequenceHigh, M1) + times(lotsHigh, M2) + times(bookSide, M3) + times(orderCount, M4)) | 0;
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
    writeExtra(at + OrderStatus.expireTimeUs, records[order + ORDER_EXTRA]);
    finishRare(at, OrderStatus.words);
  };

  const snapshotEnd = (
    account: number,
    balanceCount: number,
    orderCount: number,
    positionCount: number,
  ): void => {
    const at = begin(TEMPLATE_WORD.snapshotEnd, account, 1) & SLOT_START_MASK;
    words[at + SnapshotEnd.balanceCount] = balanceCount;
    words[at + SnapshotEnd.orderCount] = orderCount;
    words[at + SnapshotEnd.positionCount] = positionCount;
    words[at + SnapshotEnd.positionCount + 1] = 0;
    finishRare(at, SnapshotEnd.words);
  };

  const position = (handle: number): void => {
    const { positions } = core;
    const account = records[handle + POSITION_ACCOUNT];
    const at = begin(TEMPLATE_WORD.position, account, 1) & SLOT_START_MASK;
    writeInt64(words, at + Position.quantityLots, positions.quantityLots(handle));
    writeInt64(words, at + Position.cost, positions.cost(handle));
    writeInt64(words, at + Position.realisedProfit, positions.realisedProfit(handle));
    words[at + Position.instrumentId] = records[handle + POSITION_INSTRUMENT_ID];
    words[at + Position.instrumentId + 1] = 0;
    writeInt64(words, at + Position.initialMargin, core.margins.held(records[handle + POSITION_MARGIN]));
    finishRare(at, Position.words);
  };

  const markPriceChanged = (instrumentId: number): void => {
    const at = begin(TEMPLATE_WORD.markPriceChanged, 0, 1) & SLOT_START_MASK;
    words[at + MarkPriceChanged.instrumentId] = instrumentId;
    words[at + MarkPriceChanged.priceTicks] =
      records[core.instruments.handleOf(instrumentId) + INSTRUMENT_MARK_PRICE];
    finishRare(at, MarkPriceChanged.words);
  };

  const liquidationStarted = (
    account: number,
    assetId: number,
    equity: number,
    maintenanceMargin: number,
  ): void => {
    const { assets } = core;
    const at = begin(TEMPLATE_WORD.liquidationStarted, account, 0) & SLOT_START_MASK;
    writeInt64(words, at + LiquidationStarted.equity, equity);
    writeInt64(words, at + LiquidationStarted.maintenanceMargin, maintenanceMargin);
    copyWords(assets.words, assets.codeAt(assetId), words, at + LiquidationStarted.asset, ASSET_CODE_WORDS);
    words[at + LiquidationStarted.reserved0] = 0;
    finishRare(at, LiquidationStarted.words);
  };

  const deleveraged = (handle: number, quantityLots: number): void => {
    const at = begin(TEMPLATE_WORD.deleveraged, records[handle + POSITION_ACCOUNT], 0) & SLOT_START_MASK;
    const instrumentId = records[handle + POSITION_INSTRUMENT_ID];
    writeInt64(words, at + Deleveraged.positionLots, core.positions.quantityLots(handle));
    writeInt64(words, at + Deleveraged.quantityLots, quantityLots);
    words[at + Deleveraged.instrumentId] = instrumentId;
    words[at + Deleveraged.priceTicks] =
      records[core.instruments.handleOf(instrumentId) + INSTRUMENT_MARK_PRICE];
    finishRare(at, Deleveraged.words);
  };

  const accountChanged = (account: number): void => {
    const at = begin(TEMPLATE_WORD.accountChanged, account, 1) & SLOT_START_MASK;
    const status = records[account + ACCOUNT_STATUS] || AccountStatus.active;
    words[at + AccountChanged.accountId] = records[account + ACCOUNT_ID];
    words[at + AccountChanged.selfTradeGroup] = records[account + ACCOUNT_SELF_TRADE_GROUP];
    // Modes in records are counted from 0, those in messages from 1.
    words[at + AccountChanged.feeTier] = (records[account + ACCOUNT_SETTINGS] + (1 << 8)) | (status << 16);
    words[at + AccountChanged.throttleMaxCommands] = records[account + ACCOUNT_THROTTLE_MAX_COMMANDS];
    words[at + AccountChanged.throttleIntervalUs] = records[account + ACCOUNT_THROTTLE_INTERVAL_US];
    finishRare(at, AccountChanged.words);
  };

  const marketStateChanged = (
    instrumentId: number,
    previousState: number,
    priceTicks: number,
    lots: number,
    cause: number,
  ): void => {
    const instrument = core.instruments.handleOf(instrumentId);
    const at = begin(TEMPLATE_WORD.marketStateChanged, 0, 1) & SLOT_START_MASK;
    const state = records[instrument + INSTRUMENT_MARKET_STATE] || MarketState.continuous;
    const nextState = records[instrument + INSTRUMENT_NEXT_STATE];
    copyWords(records, instrument + INSTRUMENT_END_TIME_US, words, at + MarketStateChanged.endTimeUs, 2);
    writeInt64(words, at + MarketStateChanged.uncrossLots, lots);
    words[at + MarketStateChanged.instrumentId] = instrumentId;
    words[at + MarketStateChanged.uncrossPriceTicks] = priceTicks;
    words[at + MarketStateChanged.referencePriceTicks] = records[instrument + INSTRUMENT_AUCTION_REFERENCE];
    words[at + MarketStateChanged.state] = state | (previousState << 8) | (nextState << 16) | (cause << 24);
    finishRare(at, MarketStateChanged.words);
  };

  const auctionIndicated = (instrumentId: number): void => {
    const instrument = core.instruments.handleOf(instrumentId);
    const at = begin(TEMPLATE_WORD.auctionIndicated, 0, 0) & SLOT_START_MASK;
    const lots = recordDoubles[(instrument + INSTRUMENT_INDICATED_LOTS) >> 1];
    const imbalance = recordDoubles[(instrument + INSTRUMENT_INDICATED_IMBALANCE) >> 1];
    writeInt64(words, at + AuctionIndicated.executableLots, lots);
    writeInt64(words, at + AuctionIndicated.imbalanceLots, imbalance);
    words[at + AuctionIndicated.instrumentId] = instrumentId;
    words[at + AuctionIndicated.priceTicks] = records[instrument + INSTRUMENT_INDICATED_PRICE];
    finishRare(at, AuctionIndicated.words);
  };

  const instrumentChanged = (instrumentId: number): void => {
    const instrument = core.instruments.handleOf(instrumentId);
    const at = begin(TEMPLATE_WORD.instrumentChanged, 0, 1) & SLOT_START_MASK;
    words[at + InstrumentChanged.instrumentId] = instrumentId;
    words[at + InstrumentChanged.marketProtectionPpm] = records[instrument + INSTRUMENT_PROTECTION_PPM];
    words[at + InstrumentChanged.volatilityPpm] = records[instrument + INSTRUMENT_VOLATILITY_PPM];
    words[at + InstrumentChanged.volatilityWindowUs] = records[instrument + INSTRUMENT_VOLATILITY_WINDOW_US];
    words[at + InstrumentChanged.volatilityAuctionUs] =
      records[instrument + INSTRUMENT_VOLATILITY_AUCTION_US];
    copyWords(records, instrument + INSTRUMENT_FLAGS + 1, words, at + InstrumentChanged.initialMarginPpm, 2);
    words[at + InstrumentChanged.reserved0] = 0;
    finishRare(at, InstrumentChanged.words);
  };

  const priceBandChanged = (instrumentId: number): void => {
    const instrument = core.instruments.handleOf(instrumentId);
    const at = begin(TEMPLATE_WORD.priceBandChanged, 0, 1) & SLOT_START_MASK;
    words[at + PriceBandChanged.instrumentId] = instrumentId;
    words[at + PriceBandChanged.minPriceTicks] = records[instrument + INSTRUMENT_MIN_PRICE];
    words[at + PriceBandChanged.maxPriceTicks] = records[instrument + INSTRUMENT_MAX_PRICE];
    words[at + PriceBandChanged.referencePriceTicks] = records[instrument + INSTRUMENT_REFERENCE_PRICE];
    words[at + PriceBandChanged.bandPpm] = records[instrument + INSTRUMENT_BAND_PPM];
    words[at + PriceBandChanged.reserved0] = 0;
    finishRare(at, PriceBandChanged.words);
  };

  const orderLimitsChanged = (handle: number): void => {
    const account = records[handle + POSITION_ACCOUNT];
    const limits = records[handle + POSITION_LIMITS];
    const at = begin(TEMPLATE_WORD.orderLimitsChanged, account, 1) & SLOT_START_MASK;
    words[at + OrderLimitsChanged.accountId] = records[account + ACCOUNT_ID];
    words[at + OrderLimitsChanged.instrumentId] = records[handle + POSITION_INSTRUMENT_ID];
    writeInt64(words, at + OrderLimitsChanged.maxOrderNotional, recordDoubles[limits >> 1]);
    words[at + OrderLimitsChanged.maxOrderLots] = records[limits + LIMITS_MAX_ORDER_LOTS];
    words[at + OrderLimitsChanged.maxOpenOrders] = records[limits + LIMITS_MAX_OPEN_ORDERS];
    finishRare(at, OrderLimitsChanged.words);
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

  const logicActivated = (logicVersion: number, previousVersion: number): void => {
    const at = begin(TEMPLATE_WORD.logicActivated, 0, 1) & SLOT_START_MASK;
    words[at + LogicActivated.logicVersion] = logicVersion;
    words[at + LogicActivated.previousVersion] = previousVersion;
    finishRare(at, LogicActivated.words);
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
    fee: number,
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
    slotDoubles[(at + Trade.orderId) >> 1] = recordDoubles[(from + ORDER_ORDER_ID) >> 1];
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
    const feeLow = fee | 0;
    const feeHigh = Math.floor(fee / 4294967296) | 0;
    words[at + Trade.fee] = feeLow;
    words[at + Trade.fee + 1] = feeHigh;
    const first =
      (times(orderIdLow, M4) +
        times(clientIdLow, M5) +
        times(tradeIdLow, M6) +
        times(priceTicks, M7) +
        times(leaves, M8) +
        times(feeLow, M1)) |
      0;
    const second =
      (times(orderIdHigh, M1) +
        times(clientIdHigh, M2) +
        times(bookSide, M3) +
        times(tradeIdHigh, M4) +
        times(terms, M5) +
        times(quantityLots, M6) +
        times(cumulative, M7) +
        times(feeHigh, M8)) |
      0;
    finish(at, Trade.words, first, second);
  };

  const selfTradePrevented = (
    order: number,
    priceTicks: number,
    preventedLots: number,
    liquidity: number,
    mode: number,
    answer: number,
  ): void => {
    const from = order & handleMask;
    const at =
      begin(TEMPLATE_WORD.selfTradePrevented, records[from + ORDER_ACCOUNT], answer) & SLOT_START_MASK;
    const bookSide = records[from + ORDER_BOOK_SIDE];
    copyWords(records, from + ORDER_ORDER_ID, words, at + SelfTradePrevented.orderId, 2);
    copyWords(records, from + ORDER_CLIENT_ID_LOW, words, at + SelfTradePrevented.clientOrderId, 2);
    words[at + SelfTradePrevented.instrumentId] = bookSide >> 1;
    words[at + SelfTradePrevented.priceTicks] = priceTicks;
    words[at + SelfTradePrevented.preventedLots] = preventedLots;
    words[at + SelfTradePrevented.leavesLots] = records[from + ORDER_LEAVES];
    words[at + SelfTradePrevented.cumulativeLots] = records[from + ORDER_CUMULATIVE];
    words[at + SelfTradePrevented.side] = sideOf(bookSide) | (liquidity << 8) | (mode << 16);
    finishRare(at, SelfTradePrevented.words);
  };

  const triggered = (order: number): void => {
    const extra = records[order + ORDER_EXTRA];
    const at = begin(TEMPLATE_WORD.triggered, records[order + ORDER_ACCOUNT], 0) & SLOT_START_MASK;
    const bookSide = records[order + ORDER_BOOK_SIDE];
    copyWords(records, order + ORDER_ORDER_ID, words, at + Triggered.orderId, 2);
    copyWords(records, order + ORDER_CLIENT_ID_LOW, words, at + Triggered.clientOrderId, 2);
    words[at + Triggered.instrumentId] = bookSide >> 1;
    words[at + Triggered.triggerPriceTicks] = records[extra + EXTRA_TRIGGER];
    words[at + Triggered.lastPriceTicks] = records[extra + EXTRA_FIRED_AT];
    words[at + Triggered.priceTicks] = records[order + ORDER_PRICE];
    words[at + Triggered.leavesLots] = records[order + ORDER_LEAVES];
    words[at + Triggered.side] = sideOf(bookSide) | ((records[order + ORDER_TERMS] & 0xff) << 8);
    finishRare(at, Triggered.words);
  };

  const answering = (on: number): number => {
    const before = state[ANSWERING];
    state[ANSWERING] = on;
    return before;
  };

  const instrumentFeesChanged = (instrumentId: number, feeTier: number): void => {
    const { instruments } = core;
    const at = begin(TEMPLATE_WORD.instrumentFeesChanged, 0, 1) & SLOT_START_MASK;
    const rates = instruments.ratesAt(instruments.handleOf(instrumentId), feeTier);
    words[at + InstrumentFeesChanged.instrumentId] = instrumentId;
    words[at + InstrumentFeesChanged.feeTier] = feeTier;
    copyWords(records, rates, words, at + InstrumentFeesChanged.makerPpm, 2);
    finishRare(at, InstrumentFeesChanged.words);
  };

  const tradingDayChanged = (): void => {
    const at = begin(TEMPLATE_WORD.tradingDayChanged, 0, 1) & SLOT_START_MASK;
    copyWords(core.engine, EngineWord.tradingDayEndUs, words, at + TradingDayChanged.endTimeUs, 2);
    finishRare(at, TradingDayChanged.words);
  };

  /**
   * Claims a slot and writes the header and the two numbers that every event starts with. `account` is the handle
   * of the addressee, 0 = nobody; `answer` is 1 when the event answers the session of the command.
   */
  const begin = (templateWord: number, account: number, answer: number): number => {
    const at = next() & SLOT_START_MASK;
    const pair = at >> 1;
    const index = state[INDEX];
    const answers = answer & state[ANSWERING];
    let sum = (state[COMMAND_HASH] + times(templateWord + answers, H1) + times(index, H2)) | 0;
    state[INDEX] = index + 1;
    words[at] = templateWord;
    slotDoubles[pair + SEQUENCE_PAIR] = stateDoubles[SEQUENCE >> 1];
    slotDoubles[pair + TIMESTAMP_PAIR] = stateDoubles[TIMESTAMP >> 1];
    words[at + HEADER_INDEX] = index;
    if (answers !== 0) {
      words[at + HEADER_SESSION_ID] = state[SESSION_ID];
      slotDoubles[pair + CLIENT_SEQUENCE_PAIR] = stateDoubles[CLIENT_SEQUENCE_NUMBER >> 1];
      sum = (sum + state[SESSION_HASH]) | 0;
    } else {
      words[at + HEADER_SESSION_ID] = 0;
      slotDoubles[pair + CLIENT_SEQUENCE_PAIR] = 0;
    }
    if (account === 0) {
      words[at + HEADER_ACCOUNT_ID] = 0;
      slotDoubles[pair + REPORT_SEQUENCE_PAIR] = 0;
    } else {
      const from = account & handleMask;
      nextReport(from);
      const accountId = records[from + ACCOUNT_ID];
      const reportSequenceLow = records[from + ACCOUNT_REPORT_SEQUENCE];
      const reportSequenceHigh = records[from + ACCOUNT_REPORT_SEQUENCE + 1];
      words[at + HEADER_ACCOUNT_ID] = accountId;
      words[at + REPORT_SEQUENCE] = reportSequenceLow;
      words[at + REPORT_SEQUENCE + 1] = reportSequenceHigh;
      const numbered = times(reportSequenceLow, H4) + times(reportSequenceHigh, H5);
      sum = (sum + times(accountId, H3) + numbered) | 0;
    }
    state[HEADER_SUM] = sum;
    return at;
  };

  /** Clears what is left of the slot after its `used` words, 20 to 24; takes the two sums of the event's body. */
  const finish = (start: number, used: number, first: number, second: number): void => {
    const at = start & SLOT_START_MASK;
    const pair = at >> 1;
    // A word that follows an odd number of used words is cleared alone, the others in pairs.
    if ((used & 1) !== 0) words[at + used] = 0;
    if (used <= 24) slotDoubles[pair + 12] = 0;
    if (used <= 22) slotDoubles[pair + 11] = 0;
    if (used <= 20) slotDoubles[pair + 10] = 0;
    if (state[LONG_SLOTS] !== 0) cleanLongSlot(at);
    take((first + state[HEADER_SUM]) | 0, second);
  };

  /** The same for an event that is rare or of another length: clears and hashes word by word. */
  const finishRare = (at: number, used: number): void => {
    for (let i = used; i < USUAL_WORDS; i += 1) words[at + i] = 0;
    cleanLongSlot(at, used);
    if (used > USUAL_WORDS) {
      longSlots[at >> SLOT_SHIFT] = 1;
      state[LONG_SLOTS] += 1;
    }
    // A rejected event has the account id of the command, also where there is no such account.
    let first = state[HEADER_SUM] + times(words[at + HEADER_ACCOUNT_ID], H3);
    let second = 0;
    for (let i = HEADER_BODY; i < used; i += 2) {
      const multiplier = multipliers[i];
      first = (first + times(words[at + i], multiplier)) | 0;
      if (i + 1 < used) second = (second + times(words[at + i + 1], multiplier)) | 0;
    }
    take(first | 0, second);
  };

  /** Clears what an earlier and longer event left behind USUAL_WORDS, but not the first `used` words. */
  const cleanLongSlot = (at: number, used: number = USUAL_WORDS): void => {
    const slot = at >> SLOT_SHIFT;
    if (longSlots[slot] === 0) return;
    longSlots[slot] = 0;
    state[LONG_SLOTS] -= 1;
    for (let i = Math.max(used, USUAL_WORDS); i < SLOT_WORDS; i += 1) words[at + i] = 0;
  };

  /** Takes the two sums of an event into the output hash; the order of events counts. */
  const take = (first: number, second: number): void => {
    state[LANE_LOW] = fold(state[LANE_LOW], first) ^ second;
    state[LANE_HIGH] = fold(state[LANE_HIGH], second) ^ first;
  };

  /** The output hash as a table of a snapshot: one that goes on from a snapshot is that of all events since genesis. */
  const table = makeTable('output', { laneLow: LANE_LOW, laneHigh: LANE_HIGH }, { memory: state });
  // The memory may have been used before.
  for (let slot = 0; slot < longSlots.length; slot += 1) {
    for (let i = USUAL_WORDS; i < SLOT_WORDS; i += 1) {
      if (words[(slot << SLOT_SHIFT) + i] !== 0) longSlots[slot] = 1;
    }
    state[LONG_SLOTS] += longSlots[slot];
  }

  return {
    table,
    beginCommand,
    answering,
    hashLow,
    hashHigh,
    rejected,
    accepted,
    trade,
    cancelled,
    selfTradePrevented,
    triggered,
    replaced,
    instrumentFeesChanged,
    tradingDayChanged,
    balanceChanged,
    balanceNotice,
    instrumentListed,
    accountOpened,
    apiKeyRegistered,
    bookDelta,
    orderStatus,
    snapshotEnd,
    position,
    markPriceChanged,
    liquidationStarted,
    deleveraged,
    accountChanged,
    priceBandChanged,
    marketStateChanged,
    auctionIndicated,
    instrumentChanged,
    orderLimitsChanged,
    epochChanged,
    massCancelled,
    logicActivated,
  };
}

/** Stops the start when one of the words that are packed by hand is laid out otherwise in the schema. */
function checkPacking(): void {
  const packed: readonly [string, readonly string[]][] = [
    ['accepted', ['side', 'orderType', 'timeInForce', 'flags']],
    ['triggered', ['side', 'orderType']],
    ['selfTradePrevented', ['side', 'liquidity', 'selfTradePrevention', 'reserved0']],
    ['cancelled', ['side', 'reason']],
    ['replaced', ['side', 'priorityKept']],
    ['trade', ['side', 'liquidity']],
    ['balanceChanged', ['decimals', 'reason', 'duplicate']],
    ['instrumentListed', ['tickExponent', 'lotExponent', 'baseDecimals', 'quoteDecimals']],
    ['orderStatus', ['side', 'orderType', 'timeInForce', 'flags']],
    ['marketStateChanged', ['state', 'previousState', 'nextState', 'cause']],
    ['accountChanged', ['feeTier', 'selfTradePrevention', 'status', 'reserved0']],
  ];
  for (const [message, fields] of packed) {
    fields.forEach((field, index) => {
      const isInPlace =
        wordAround(message, field) === wordOf(message, fields[0]) && shiftOf(message, field) === index * 8;
      if (!isInPlace) throw new Error(`layout: ${message}.${field} is not byte ${index} of its word`);
    });
  }
  for (const message of ['accepted', 'orderStatus']) {
    const at = wordOf(message, 'expireTimeUs');
    if (wordOf(message, 'displayLots') !== at + 2 || wordOf(message, 'triggerPriceTicks') !== at + 3) {
      throw new Error(`layout: ${message} does not end with expireTimeUs, displayLots, triggerPriceTicks`);
    }
  }
  if (shiftOf('rejected', 'code') !== 0 || shiftOf('rejected', 'refTemplateId') !== 16) {
    throw new Error('layout: rejected.code and refTemplateId do not share a word');
  }
}

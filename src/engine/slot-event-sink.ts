/** Writes what the core says as event slots, numbers the reports of each account, and keeps the output hash. */
import { makeWords } from '../base/columns.js';
import { mix } from '../base/hash.js';
import { AccountWord } from '../core/accounts.js';
import { Liquidity } from '../core/codes.js';
import { SLOT_START_MASK } from '../core/command-words.js';
import type { Core } from '../core/core.js';
import { InstrumentWord } from '../core/instruments.js';
import { ExtraWord } from '../core/order-extras.js';
import { CounterWord, OrderWord } from '../core/orders.js';
import { LevelWord, PRICE_MAX } from '../core/price-ladder.js';
import { makeTable } from '../core/table.js';
import { HeaderWord, SLOT_WORDS } from '../wire/slot.js';
import { makeAccountEvents } from './account-events.js';
import type { EventOutput } from './event-output.js';
import { checkEventPacking } from './event-packing.js';
import { firstWordsOf, templateWordOf, wordOf, wordsOf } from './layout.js';
import { makeMarketEvents } from './market-events.js';
import { copyWords, type RareEventWriter } from './rare-event-writer.js';

// Local copies are folded into the code (../core/README.md).
const SLOT_MASK = SLOT_START_MASK;
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
const LEVEL_ORDER_COUNT = LevelWord.orderCount;
const LEVEL_KEY = LevelWord.key;
const LEVEL_LOTS = LevelWord.lots;
const LEVEL_BOOK_SIDE = LevelWord.bookSide;
const ACCOUNT_ID = AccountWord.id;
const ACCOUNT_REPORT_SEQUENCE = AccountWord.reportSequence;
const INSTRUMENT_BOOK_SEQUENCE = InstrumentWord.bookSequence;
const COUNTER_TRADE_ID = CounterWord.tradeId;
const HEADER_ACCOUNT_ID = HeaderWord.accountId;
const HEADER_SEQUENCE = HeaderWord.sequence;
const HEADER_TIMESTAMP_US = HeaderWord.timestampUs;
const HEADER_INDEX = HeaderWord.index;
const HEADER_BODY = HeaderWord.body;
const HEADER_SESSION_ID = HeaderWord.sessionId;

const REPORT_SEQUENCE = wordOf('accepted', 'reportSequence');
/** Pairs of words, counted from the start of the slot. */
const SEQUENCE_PAIR = HEADER_SEQUENCE >> 1;
const TIMESTAMP_PAIR = HEADER_TIMESTAMP_US >> 1;
const REPORT_SEQUENCE_PAIR = REPORT_SEQUENCE >> 1;
const CLIENT_SEQUENCE_PAIR = wordOf('accepted', 'clientSequence') >> 1;
/** A slot is 2^5 words. */
const SLOT_SHIFT = 31 - Math.clz32(SLOT_WORDS);

const Accepted = {
  template: templateWordOf('accepted'),
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
const Trade = {
  template: templateWordOf('trade'),
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
  template: templateWordOf('cancelled'),
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
  template: templateWordOf('replaced'),
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
const BookDelta = {
  template: templateWordOf('bookDelta'),
  bookSequence: wordOf('bookDelta', 'bookSequence'),
  levelLots: wordOf('bookDelta', 'levelLots'),
  instrumentId: wordOf('bookDelta', 'instrumentId'),
  priceTicks: wordOf('bookDelta', 'priceTicks'),
  orderCount: wordOf('bookDelta', 'orderCount'),
  side: wordOf('bookDelta', 'side'),
  words: wordsOf('bookDelta'),
} as const;

/** Events that are written often end here at the latest; a slot that a longer one was in is cleaned when it is reused. */
const USUAL_WORDS = 26;

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

checkEventPacking();

const times = Math.imul;

/** A hash after one more word; one to one in each of the two. */
const fold = (hash: number, word: number): number => {
  const product = Math.imul(hash ^ word, 0x9e3779b1);
  return (product << 13) | (product >>> 19);
};

const sideOf = (bookSide: number): number => (bookSide & 1) + 1;

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

  const accepted = (order: number): void => {
    const from = order & handleMask;
    const at = begin(Accepted.template, records[from + ORDER_ACCOUNT], 1) & SLOT_MASK;
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
    const at = begin(Cancelled.template, records[from + ORDER_ACCOUNT], answer) & SLOT_MASK;
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
    const at = begin(Replaced.template, records[from + ORDER_ACCOUNT], 1) & SLOT_MASK;
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

  const bookDelta = (level: number, instrument: number): void => {
    const from = level & handleMask;
    const sequence = (instrument & handleMask) + INSTRUMENT_BOOK_SEQUENCE;
    const at = begin(BookDelta.template, 0, 0) & SLOT_MASK;
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
    const at = begin(Trade.template, records[from + ORDER_ACCOUNT], answer) & SLOT_MASK;
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

  const answering = (on: number): number => {
    const before = state[ANSWERING];
    state[ANSWERING] = on;
    return before;
  };

  /**
   * Claims a slot and writes the header and the two numbers that every event starts with. `account` is the handle
   * of the addressee, 0 = nobody; `answer` is 1 when the event answers the session of the command.
   */
  const begin = (templateWord: number, account: number, answer: number): number => {
    const at = next() & SLOT_MASK;
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
    const at = start & SLOT_MASK;
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

  const rare: RareEventWriter = { words, begin, finishRare, writeExtra };

  return {
    table,
    beginCommand,
    answering,
    hashLow,
    hashHigh,
    accepted,
    trade,
    cancelled,
    replaced,
    bookDelta,
    ...makeAccountEvents(core, rare),
    ...makeMarketEvents(core, rare),
  };
}

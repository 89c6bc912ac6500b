/**
 * Order books: the queues of resting orders at the price levels. Price comes first, then priority: an order joins
 * its level at the tail, and is taken from the head.
 *
 * A level that a command touches is noted; `flush` reports each one once, in the order of first touch, and takes
 * the empty ones out of the ladder.
 */
import { makeWords } from '../base/columns.js';
import type { Arena } from './arena.js';
import type { AuctionsToTell } from './auctions-to-tell.js';
import type { EventSink } from './event-sink.js';
import { InstrumentControl, type Instruments, InstrumentWord } from './instruments.js';
import { ExtraWord } from './order-extras.js';
import { OrderWord } from './orders.js';
import { LevelWord, makePriceLadder, PRICE_MAX } from './price-ladder.js';

const TOUCHED = 0x80000000 | 0;
const BOOK_SIDE_MASK = 0x7fffffff;

// Local copies are folded into the code (README.md).
const MIRROR = PRICE_MAX;
const PRICE = OrderWord.price;
const LEAVES = OrderWord.leaves;
const ORDER_BOOK_SIDE = OrderWord.bookSide;
const LEVEL = OrderWord.level;
const NEXT = OrderWord.next;
const PREVIOUS = OrderWord.previous;
const EXTRA = OrderWord.extra;
const DISPLAY_LOTS = ExtraWord.displayLots;
const SHOWN_LOTS = ExtraWord.shownLots;
const ICEBERGS = InstrumentWord.icebergs;
const HEAD = LevelWord.head;
const TAIL = LevelWord.tail;
const ORDER_COUNT = LevelWord.orderCount;
const LOTS = LevelWord.lots;
const BOOK_SIDE = LevelWord.bookSide;

/** Words of the private state. */
const TOUCHED_COUNT = 0;

const CONTROLS = InstrumentWord.controls;
const AUCTION = InstrumentControl.auction;

export type OrderBooks = ReturnType<typeof makeOrderBooks>;

/** `maxLevels`: orders, and one more (a replaced order may leave an empty level until its command ends). */
export function makeOrderBooks(
  arena: Arena,
  instruments: Instruments,
  auctionsToTell: AuctionsToTell,
  maxLevels: number,
  assignPriority: (order: number) => void,
) {
  const state = makeWords(1);
  const { handleMask } = arena;
  const bookSides = (instruments.maxInstruments + 1) * 2;
  // As many again for the stops that wait (stop-orders.ts).
  const ladder = makePriceLadder(arena, bookSides * 2, maxLevels);
  const { findOrAdd, remove: removeLevel } = ladder;
  const { handleOf, nextBookSequence } = instruments;
  const { add: tellLater } = auctionsToTell;
  const words = arena.words;
  const doubles = arena.doubles;
  const touchedLevels = makeWords(maxLevels);

  /** The level, or the next one after it, that has orders: one that was emptied stays until the books are flushed. */
  const withOrders = (first: number): number => {
    let level = first;
    while (level !== 0 && words[level + ORDER_COUNT] === 0) level = ladder.next(level);
    return level;
  };

  /** Puts an order at the end of the queue of its price. */
  const append = (handle: number): void => {
    const order = handle & handleMask;
    const bookSide = words[order + ORDER_BOOK_SIDE];
    const price = words[order + PRICE];
    const key = (bookSide & 1) !== 0 ? price : (MIRROR - price) | 0;
    const level = findOrAdd(bookSide, key) & handleMask;
    const tail = words[level + TAIL] & handleMask;
    words[order + LEVEL] = level;
    words[order + PREVIOUS] = tail;
    words[order + NEXT] = 0;
    if (tail === 0) words[level + HEAD] = order;
    else words[tail + NEXT] = order;
    words[level + TAIL] = order;
    words[level + ORDER_COUNT] = words[level + ORDER_COUNT] + 1;
    if (words[order + EXTRA] !== 0) displayPeak(order);
    doubles[(level + LOTS) >> 1] += displayed(order);
    touch(level);
  };

  /** Takes an order out of the queue of its level. */
  const remove = (handle: number): void => {
    const order = handle & handleMask;
    const level = words[order + LEVEL] & handleMask;
    const next = words[order + NEXT] & handleMask;
    const previous = words[order + PREVIOUS] & handleMask;
    if (previous === 0) words[level + HEAD] = next;
    else words[previous + NEXT] = next;
    if (next === 0) words[level + TAIL] = previous;
    else words[next + PREVIOUS] = previous;
    words[order + LEVEL] = 0;
    words[level + ORDER_COUNT] = words[level + ORDER_COUNT] - 1;
    doubles[(level + LOTS) >> 1] -= displayed(order);
    if (isIceberg(order)) countIceberg(words[order + ORDER_BOOK_SIDE], -1);
    touch(level);
  };

  /** Takes lots off an order that keeps its place; what it does not display goes first. */
  const reduce = (handle: number, lots: number): void => {
    const order = handle & handleMask;
    const level = words[order + LEVEL] & handleMask;
    const before = displayed(order);
    const leaves = (words[order + LEAVES] - lots) | 0;
    words[order + LEAVES] = leaves;
    if (isIceberg(order)) words[words[order + EXTRA] + SHOWN_LOTS] = Math.min(before, leaves);
    doubles[(level + LOTS) >> 1] -= before - displayed(order);
    touch(level);
  };

  /** What a resting order displays, and may trade before it goes to the back of its level. */
  const displayed = (handle: number): number => {
    const order = handle & handleMask;
    return isIceberg(order) ? words[words[order + EXTRA] + SHOWN_LOTS] : words[order + LEAVES];
  };

  /** Whether an order does not display all. */
  const isIceberg = (order: number): boolean => {
    const extra = words[order + EXTRA] & handleMask;
    return extra !== 0 && words[extra + DISPLAY_LOTS] !== 0;
  };

  /**
   * Takes lots that were displayed, and are off the leaves already, from the display of a resting order. When that is
   * used up, the order goes to the back of its level with the next peak, or out of it when nothing is left.
   */
  const takeDisplayed = (handle: number, lots: number): void => {
    const order = handle & handleMask;
    const level = words[order + LEVEL] & handleMask;
    doubles[(level + LOTS) >> 1] -= lots;
    touch(level);
    if (isIceberg(order)) {
      const extra = words[order + EXTRA];
      words[extra + SHOWN_LOTS] = words[extra + SHOWN_LOTS] - lots;
    }
    if (displayed(order) !== 0) return;
    remove(order);
    if (words[order + LEAVES] !== 0) {
      assignPriority(order);
      append(order);
    }
  };

  /** Displays a fresh peak of an order that rests from now on. */
  const displayPeak = (order: number): void => {
    if (!isIceberg(order)) return;
    const extra = words[order + EXTRA];
    words[extra + SHOWN_LOTS] = Math.min(words[extra + DISPLAY_LOTS], words[order + LEAVES]);
    countIceberg(words[order + ORDER_BOOK_SIDE], 1);
  };

  const countIceberg = (bookSide: number, change: number): void => {
    const instrument = handleOf(bookSide >> 1);
    words[instrument + ICEBERGS] = words[instrument + ICEBERGS] + change;
  };

  /** Notes that the level is to be reported at the end of the command. */
  const touch = (handle: number): void => {
    const level = handle & handleMask;
    const bookSide = words[level + BOOK_SIDE];
    if (bookSide < 0) return;
    words[level + BOOK_SIDE] = bookSide | TOUCHED;
    touchedLevels[state[TOUCHED_COUNT]] = level;
    state[TOUCHED_COUNT] += 1;
  };

  /** Reports the touched levels and takes the empty ones away. The end of every command that may touch one. */
  const flush = (sink: EventSink): void => {
    const count = state[TOUCHED_COUNT];
    for (let i = 0; i < count; i += 1) {
      const level = touchedLevels[i] & handleMask;
      const bookSide = words[level + BOOK_SIDE] & BOOK_SIDE_MASK;
      words[level + BOOK_SIDE] = bookSide;
      const instrument = handleOf(bookSide >> 1);
      nextBookSequence(instrument);
      if ((words[instrument + CONTROLS] & AUCTION) !== 0) tellLater(bookSide >> 1);
      sink.bookDelta(level, instrument);
      if (words[level + ORDER_COUNT] === 0) removeLevel(level);
    }
    state[TOUCHED_COUNT] = 0;
  };

  return {
    ladder,
    withOrders,
    append,
    remove,
    reduce,
    displayed,
    takeDisplayed,
    firstStopSide: bookSides,
    touch,
    flush,
  };
}

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
) {
  const state = makeWords(1);
  const { handleMask } = arena;
  const ladder = makePriceLadder(arena, (instruments.maxInstruments + 1) * 2, maxLevels);
  const { findOrAdd, remove: removeLevel } = ladder;
  const { handleOf, nextBookSequence } = instruments;
  const { add: tellLater } = auctionsToTell;
  const words = arena.words;
  const doubles = arena.doubles;
  const touchedLevels = makeWords(maxLevels);

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
    doubles[(level + LOTS) >> 1] += words[order + LEAVES];
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
    doubles[(level + LOTS) >> 1] -= words[order + LEAVES];
    touch(level);
  };

  /** Takes lots off an order that keeps its place. */
  const reduce = (handle: number, lots: number): void => {
    const order = handle & handleMask;
    const level = words[order + LEVEL] & handleMask;
    words[order + LEAVES] = words[order + LEAVES] - lots;
    doubles[(level + LOTS) >> 1] -= lots;
    touch(level);
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
    append,
    remove,
    reduce,
    touch,
    flush,
  };
}

/**
 * Order books: the queues of resting orders at the price levels. Price comes first, then priority: an order joins
 * its level at the tail, and is taken from the head.
 *
 * A level that a command touches is noted; `flush` reports each one once, in the order of first touch, and takes
 * the empty ones out of the ladder.
 */
import { type Arena, HANDLE_MASK as HANDLES } from './arena.js';
import type { EventSink } from './event-sink.js';
import type { Instruments } from './instruments.js';
import { OrderWord } from './orders.js';
import { LevelWord, PRICE_MAX, PriceLadder } from './price-ladder.js';

const TOUCHED = 0x80000000 | 0;
const BOOK_SIDE_MASK = 0x7fffffff;

// Local copies are folded into the code (see orders.ts).
const HANDLE_MASK = HANDLES;
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

export class OrderBooks {
  readonly ladder: PriceLadder;
  private readonly words: Int32Array;
  private readonly doubles: Float64Array;
  private readonly instruments: Instruments;
  private readonly touchedLevels: Int32Array;
  private touchedCount: number;

  /** `maxLevels`: orders, and one more (a replaced order may leave an empty level until its command ends). */
  constructor(arena: Arena, instruments: Instruments, maxLevels: number) {
    this.ladder = new PriceLadder(arena, (instruments.maxInstruments + 1) * 2, maxLevels);
    this.words = arena.words;
    this.doubles = arena.doubles;
    this.instruments = instruments;
    this.touchedLevels = new Int32Array(maxLevels);
    this.touchedCount = 0;
  }

  /** Puts an order at the end of the queue of its price. */
  append(handle: number): void {
    const { words, doubles } = this;
    const order = handle & HANDLE_MASK;
    const bookSide = words[order + ORDER_BOOK_SIDE];
    const price = words[order + PRICE];
    const key = (bookSide & 1) !== 0 ? price : (MIRROR - price) | 0;
    const level = this.ladder.findOrAdd(bookSide, key) & HANDLE_MASK;
    const tail = words[level + TAIL] & HANDLE_MASK;
    words[order + LEVEL] = level;
    words[order + PREVIOUS] = tail;
    words[order + NEXT] = 0;
    if (tail === 0) words[level + HEAD] = order;
    else words[tail + NEXT] = order;
    words[level + TAIL] = order;
    words[level + ORDER_COUNT] = words[level + ORDER_COUNT] + 1;
    doubles[(level + LOTS) >> 1] += words[order + LEAVES];
    this.touch(level);
  }

  /** Takes an order out of the queue of its level. */
  remove(handle: number): void {
    const { words, doubles } = this;
    const order = handle & HANDLE_MASK;
    const level = words[order + LEVEL] & HANDLE_MASK;
    const next = words[order + NEXT] & HANDLE_MASK;
    const previous = words[order + PREVIOUS] & HANDLE_MASK;
    if (previous === 0) words[level + HEAD] = next;
    else words[previous + NEXT] = next;
    if (next === 0) words[level + TAIL] = previous;
    else words[next + PREVIOUS] = previous;
    words[order + LEVEL] = 0;
    words[level + ORDER_COUNT] = words[level + ORDER_COUNT] - 1;
    doubles[(level + LOTS) >> 1] -= words[order + LEAVES];
    this.touch(level);
  }

  /** Takes lots off an order that keeps its place. */
  reduce(handle: number, lots: number): void {
    const { words, doubles } = this;
    const order = handle & HANDLE_MASK;
    const level = words[order + LEVEL] & HANDLE_MASK;
    words[order + LEAVES] = words[order + LEAVES] - lots;
    doubles[(level + LOTS) >> 1] -= lots;
    this.touch(level);
  }

  /** Notes that the level is to be reported at the end of the command. */
  touch(handle: number): void {
    const words = this.words;
    const level = handle & HANDLE_MASK;
    const bookSide = words[level + BOOK_SIDE];
    if (bookSide < 0) return;
    words[level + BOOK_SIDE] = bookSide | TOUCHED;
    this.touchedLevels[this.touchedCount] = level;
    this.touchedCount += 1;
  }

  /** Reports the touched levels and takes the empty ones away. The end of every command that may touch one. */
  flush(sink: EventSink): void {
    const words = this.words;
    const instruments = this.instruments;
    const touchedLevels = this.touchedLevels;
    const count = this.touchedCount;
    for (let i = 0; i < count; i += 1) {
      const level = touchedLevels[i] & HANDLE_MASK;
      const bookSide = words[level + BOOK_SIDE] & BOOK_SIDE_MASK;
      words[level + BOOK_SIDE] = bookSide;
      const instrument = instruments.handleOf(bookSide >> 1);
      instruments.nextBookSequence(instrument);
      sink.bookDelta(level, instrument);
      if (words[level + ORDER_COUNT] === 0) this.ladder.remove(level);
    }
    this.touchedCount = 0;
  }
}

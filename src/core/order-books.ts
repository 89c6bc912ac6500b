/**
 * Order books: the queues of resting orders at the price levels. Price comes first, then priority: an order joins
 * its level at the tail, and is taken from the head.
 *
 * A level that a command touches is noted; `flush` reports each one once, in the order of first touch, and takes
 * the empty ones out of the ladder.
 */
import type { EventSink } from './event-sink.js';
import type { Instruments } from './instruments.js';
import { type Orders, OrderWord } from './orders.js';
import { keyOf, LevelWord, PriceLadder } from './price-ladder.js';

const ORDER_BOOK_SIDE = OrderWord.bookSide;
const ORDER_PRICE = OrderWord.price;
const ORDER_LEVEL = OrderWord.level;
const ORDER_PREVIOUS = OrderWord.previous;
const ORDER_NEXT = OrderWord.next;
const ORDER_LEAVES = OrderWord.leaves;
const LEVEL_TAIL = LevelWord.tail;
const LEVEL_HEAD = LevelWord.head;
const LEVEL_ORDER_COUNT = LevelWord.orderCount;
const LEVEL_LOTS = LevelWord.lots;
const LEVEL_BOOK_SIDE = LevelWord.bookSide;

const TOUCHED = 0x80000000 | 0;
const BOOK_SIDE_MASK = 0x7fffffff;

export class OrderBooks {
  readonly ladder: PriceLadder;
  private readonly orders: Orders;
  private readonly instruments: Instruments;
  private readonly touchedLevels: Int32Array;
  private touchedCount: number;

  constructor(orders: Orders, instruments: Instruments) {
    // A replaced order may leave one empty level behind until the end of its command, hence one more than orders.
    const maxLevels = orders.maxOrders + 1;
    this.ladder = new PriceLadder((instruments.maxInstruments + 1) * 2, maxLevels);
    this.orders = orders;
    this.instruments = instruments;
    this.touchedLevels = new Int32Array(maxLevels);
    this.touchedCount = 0;
  }

  /** Puts an order at the end of the queue of its price. */
  append(order: number): void {
    const orders = this.orders.words;
    const ladder = this.ladder;
    const bookSide = orders[order + ORDER_BOOK_SIDE];
    const level = ladder.findOrAdd(bookSide, keyOf(bookSide, orders[order + ORDER_PRICE]));
    const levels = ladder.levels;
    const tail = levels[level + LEVEL_TAIL];
    orders[order + ORDER_LEVEL] = level;
    orders[order + ORDER_PREVIOUS] = tail;
    orders[order + ORDER_NEXT] = 0;
    if (tail === 0) levels[level + LEVEL_HEAD] = order;
    else orders[tail + ORDER_NEXT] = order;
    levels[level + LEVEL_TAIL] = order;
    levels[level + LEVEL_ORDER_COUNT] = levels[level + LEVEL_ORDER_COUNT] + 1;
    ladder.levelDoubles[(level + LEVEL_LOTS) >> 1] += orders[order + ORDER_LEAVES];
    this.touch(level);
  }

  /** Takes an order out of the queue of its level. */
  remove(order: number): void {
    const orders = this.orders.words;
    const levels = this.ladder.levels;
    const level = orders[order + ORDER_LEVEL];
    const next = orders[order + ORDER_NEXT];
    const previous = orders[order + ORDER_PREVIOUS];
    if (previous === 0) levels[level + LEVEL_HEAD] = next;
    else orders[previous + ORDER_NEXT] = next;
    if (next === 0) levels[level + LEVEL_TAIL] = previous;
    else orders[next + ORDER_PREVIOUS] = previous;
    orders[order + ORDER_LEVEL] = 0;
    levels[level + LEVEL_ORDER_COUNT] = levels[level + LEVEL_ORDER_COUNT] - 1;
    this.ladder.levelDoubles[(level + LEVEL_LOTS) >> 1] -= orders[order + ORDER_LEAVES];
    this.touch(level);
  }

  /** Takes lots off an order that keeps its place. */
  reduce(order: number, lots: number): void {
    const orders = this.orders.words;
    const level = orders[order + ORDER_LEVEL];
    orders[order + ORDER_LEAVES] = orders[order + ORDER_LEAVES] - lots;
    this.ladder.levelDoubles[(level + LEVEL_LOTS) >> 1] -= lots;
    this.touch(level);
  }

  /** Notes that the level is to be reported at the end of the command. */
  touch(level: number): void {
    const levels = this.ladder.levels;
    const bookSide = levels[level + LEVEL_BOOK_SIDE];
    if (bookSide < 0) return;
    levels[level + LEVEL_BOOK_SIDE] = bookSide | TOUCHED;
    this.touchedLevels[this.touchedCount] = level;
    this.touchedCount += 1;
  }

  /** Reports the touched levels and takes the empty ones away. The end of every command that may touch one. */
  flush(sink: EventSink): void {
    const levels = this.ladder.levels;
    for (let i = 0; i < this.touchedCount; i += 1) {
      const level = this.touchedLevels[i];
      const bookSide = levels[level + LEVEL_BOOK_SIDE] & BOOK_SIDE_MASK;
      levels[level + LEVEL_BOOK_SIDE] = bookSide;
      this.instruments.nextBookSequence(bookSide >> 1);
      sink.bookDelta(level);
      if (levels[level + LEVEL_ORDER_COUNT] === 0) this.ladder.remove(level);
    }
    this.touchedCount = 0;
  }
}

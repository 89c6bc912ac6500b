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
    const bookSide = orders[order + OrderWord.bookSide];
    const level = ladder.findOrAdd(bookSide, keyOf(bookSide, orders[order + OrderWord.price]));
    const levels = ladder.levels;
    const tail = levels[level + LevelWord.tail];
    orders[order + OrderWord.level] = level;
    orders[order + OrderWord.previous] = tail;
    orders[order + OrderWord.next] = 0;
    if (tail === 0) levels[level + LevelWord.head] = order;
    else orders[tail + OrderWord.next] = order;
    levels[level + LevelWord.tail] = order;
    levels[level + LevelWord.orderCount] = levels[level + LevelWord.orderCount] + 1;
    ladder.levelDoubles[(level + LevelWord.lots) >> 1] += orders[order + OrderWord.leaves];
    this.touch(level);
  }

  /** Takes an order out of the queue of its level. */
  remove(order: number): void {
    const orders = this.orders.words;
    const levels = this.ladder.levels;
    const level = orders[order + OrderWord.level];
    const next = orders[order + OrderWord.next];
    const previous = orders[order + OrderWord.previous];
    if (previous === 0) levels[level + LevelWord.head] = next;
    else orders[previous + OrderWord.next] = next;
    if (next === 0) levels[level + LevelWord.tail] = previous;
    else orders[next + OrderWord.previous] = previous;
    orders[order + OrderWord.level] = 0;
    levels[level + LevelWord.orderCount] = levels[level + LevelWord.orderCount] - 1;
    this.ladder.levelDoubles[(level + LevelWord.lots) >> 1] -= orders[order + OrderWord.leaves];
    this.touch(level);
  }

  /** Takes lots off an order that keeps its place. */
  reduce(order: number, lots: number): void {
    const orders = this.orders.words;
    const level = orders[order + OrderWord.level];
    orders[order + OrderWord.leaves] = orders[order + OrderWord.leaves] - lots;
    this.ladder.levelDoubles[(level + LevelWord.lots) >> 1] -= lots;
    this.touch(level);
  }

  /** Notes that the level is to be reported at the end of the command. */
  touch(level: number): void {
    const levels = this.ladder.levels;
    const bookSide = levels[level + LevelWord.bookSide];
    if (bookSide < 0) return;
    levels[level + LevelWord.bookSide] = bookSide | TOUCHED;
    this.touchedLevels[this.touchedCount] = level;
    this.touchedCount += 1;
  }

  /** Reports the touched levels and takes the empty ones away. The end of every command that may touch one. */
  flush(sink: EventSink): void {
    const levels = this.ladder.levels;
    for (let i = 0; i < this.touchedCount; i += 1) {
      const level = this.touchedLevels[i];
      const bookSide = levels[level + LevelWord.bookSide] & BOOK_SIDE_MASK;
      levels[level + LevelWord.bookSide] = bookSide;
      this.instruments.nextBookSequence(bookSide >> 1);
      sink.bookDelta(level);
      if (levels[level + LevelWord.orderCount] === 0) this.ladder.remove(level);
    }
    this.touchedCount = 0;
  }
}

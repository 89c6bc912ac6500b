/**
 * The stops that wait for a trade, and the queue of those that were fired and have not acted yet.
 *
 * A waiting stop lies at the level of its trigger, in sides of the price ladder of its own: one for each instrument and
 * direction, best first = the one that fires first. In a level the order ids rise. The trades of an order are looked at
 * when it is done: each price makes the trailing stops follow, then fires all that wait for it; rising ones first, by
 * rising trigger, then falling ones, by falling trigger.
 */
import { makeWords } from '../base/columns.js';
import { readInt64 } from '../base/int64.js';
import type { Arena } from './arena.js';
import { Side, TriggerDirection } from './codes.js';
import { InstrumentControl, InstrumentWord } from './instruments.js';
import type { OrderBooks } from './order-books.js';
import { ExtraWord } from './order-extras.js';
import { type Orders, OrderWord } from './orders.js';
import { keyOf, LevelWord } from './price-ladder.js';

// Local copies are folded into the code (README.md).
const RISING = TriggerDirection.rising;
const BOOK_SIDE = OrderWord.bookSide;
const ORDER_ID = OrderWord.orderId;
const LEVEL = OrderWord.level;
const NEXT = OrderWord.next;
const PREVIOUS = OrderWord.previous;
const EXTRA = OrderWord.extra;
const TRIGGER = ExtraWord.trigger;
const DIRECTION = ExtraWord.direction;
const TRAILING_TICKS = ExtraWord.trailingTicks;
const TRAILING_NEXT = ExtraWord.trailingNext;
const TRAILING_PREVIOUS = ExtraWord.trailingPrevious;
const FIRED_AT = ExtraWord.firedAt;
const HEAD = LevelWord.head;
const TAIL = LevelWord.tail;
const ORDER_COUNT = LevelWord.orderCount;
const KEY = LevelWord.key;
const CONTROLS = InstrumentWord.controls;
const NOT_CONTINUOUS = InstrumentControl.notContinuous;
const STOPS = InstrumentWord.waitingStops;
const FIRST_TRAILING = InstrumentWord.firstTrailing;
const TRAILED_LOW = InstrumentWord.trailedLow;
const TRAILED_HIGH = InstrumentWord.trailedHigh;

/** Words of `StopOrders.pending`. */
export const PendingWord = {
  /** Trade prices of the order that is done which were not looked at yet. */
  prices: 0,
  /** Stops in the queue, those that acted too; the place of the next to act. */
  fired: 1,
  acted: 2,
} as const;
const PRICES = PendingWord.prices;
const FIRED = PendingWord.fired;
const ACTED = PendingWord.acted;

export type StopOrders = ReturnType<typeof makeStopOrders>;

export function makeStopOrders(
  arena: Arena,
  books: OrderBooks,
  orders: Orders,
  instrumentAt: (instrumentId: number) => number,
) {
  const { words, handleMask } = arena;
  const { best, findOrAdd, next: nextLevel, remove: removeLevel } = books.ladder;
  const { firstStopSide } = books;
  const { touch: touchOrder } = orders;
  const keyAt = keyOf;
  const readId = readInt64;
  const pending = makeWords(3);
  /** Prices at which the order that is done has traded, each level once. */
  const prices = makeWords(orders.maxOrders + 1);
  const queue = makeWords(orders.maxOrders);

  /** The side of the ladder for the stops of an instrument in a direction. */
  const sideOf = (instrumentId: number, direction: number): number => {
    return firstStopSide + instrumentId * 2 + (direction === RISING ? 1 : 0);
  };

  /** Adds a stop, with all it says in its extra record, to those that wait. `last`: price of the last trade or 0. */
  const add = (handle: number, last: number): void => {
    const order = handle & handleMask;
    const extra = words[order + EXTRA] & handleMask;
    const instrument = instrumentAt(words[order + BOOK_SIDE] >> 1);
    words[instrument + STOPS] = words[instrument + STOPS] + 1;
    place(order);
    if (words[extra + TRAILING_TICKS] === 0) return;
    const first = words[instrument + FIRST_TRAILING] & handleMask;
    words[extra + TRAILING_NEXT] = first;
    if (first !== 0) words[(words[first + EXTRA] & handleMask) + TRAILING_PREVIOUS] = order;
    words[instrument + FIRST_TRAILING] = order;
    words[instrument + TRAILED_LOW] = first === 0 ? last : Math.max(words[instrument + TRAILED_LOW], last);
    words[instrument + TRAILED_HIGH] = first === 0 ? last : Math.min(words[instrument + TRAILED_HIGH], last);
  };

  /** Takes out a stop that waits, or does nothing for one that was fired. */
  const remove = (handle: number): void => {
    const order = handle & handleMask;
    if (words[order + LEVEL] === 0) return;
    const extra = words[order + EXTRA] & handleMask;
    const instrument = instrumentAt(words[order + BOOK_SIDE] >> 1);
    words[instrument + STOPS] = words[instrument + STOPS] - 1;
    unplace(order);
    if (words[extra + TRAILING_TICKS] === 0) return;
    const next = words[extra + TRAILING_NEXT] & handleMask;
    const previous = words[extra + TRAILING_PREVIOUS] & handleMask;
    if (next !== 0) words[(words[next + EXTRA] & handleMask) + TRAILING_PREVIOUS] = previous;
    if (previous !== 0) words[(words[previous + EXTRA] & handleMask) + TRAILING_NEXT] = next;
    else words[instrument + FIRST_TRAILING] = next;
    words[extra + TRAILING_NEXT] = 0;
    words[extra + TRAILING_PREVIOUS] = 0;
  };

  /** Notes a trade price of the incoming order, where stops wait. */
  const notePrice = (price: number): void => {
    const count = pending[PRICES];
    if (count !== 0 && prices[count - 1] === price) return;
    prices[count] = price;
    pending[PRICES] = count + 1;
  };

  /**
   * Looks at the trades of the order that is done, in their order: fires the stops that waited for them, in continuous
   * trading.
   */
  const elect = (instrumentId: number): void => {
    const count = pending[PRICES];
    pending[PRICES] = 0;
    const fires = isContinuous(instrumentId);
    for (let i = 0; i < count; i += 1) {
      trail(instrumentId, prices[i]);
      if (!fires) continue;
      fireAt(sideOf(instrumentId, RISING), prices[i]);
      fireAt(sideOf(instrumentId, TriggerDirection.falling), prices[i]);
    }
  };

  /** Fires a new stop when the last trade was at its trigger already, or beyond. */
  const electNew = (handle: number, last: number): void => {
    const order = handle & handleMask;
    const extra = words[order + EXTRA];
    const side = sideOf(words[order + BOOK_SIDE] >> 1, words[extra + DIRECTION]);
    if (last !== 0 && keyAt(side, words[extra + TRIGGER]) <= keyAt(side, last)) fire(order, last);
  };

  /** The next stop in the queue to act, or 0 at its end. One that ended while it was in the queue is passed over. */
  const takeFired = (): number => {
    while (pending[ACTED] < pending[FIRED]) {
      const order = queue[pending[ACTED]] & handleMask;
      pending[ACTED] += 1;
      // The record of an order that ended is free, and none is taken before the queue is empty.
      if (words[order + OrderWord.price] !== 0) return order;
    }
    pending[FIRED] = 0;
    pending[ACTED] = 0;
    return 0;
  };

  /** Fires all stops of a side of the ladder that wait for a price. */
  const fireAt = (side: number, price: number): void => {
    const limitKey = keyAt(side, price);
    let level = best(side);
    while (level !== 0 && words[level + KEY] <= limitKey) {
      const next = nextLevel(level);
      for (let count = words[level + ORDER_COUNT]; count > 0; count -= 1) fire(words[level + HEAD], price);
      level = next;
    }
  };

  /** Whether the instrument trades continuously, which stops wait for too. */
  const isContinuous = (instrumentId: number): boolean => {
    return (words[instrumentAt(instrumentId) + CONTROLS] & NOT_CONTINUOUS) === 0;
  };

  /** Lets a stop that was fired, and taken from the queue, wait again; it has seen the trades up to that one. */
  const waitAgain = (order: number): void => {
    const extra = words[order + EXTRA];
    const price = words[extra + FIRED_AT];
    words[extra + FIRED_AT] = 0;
    add(order, price);
  };

  const fire = (order: number, price: number): void => {
    remove(order);
    words[words[order + EXTRA] + FIRED_AT] = price;
    queue[pending[FIRED]] = order;
    pending[FIRED] += 1;
  };

  /**
   * Moves the triggers of the trailing stops after a trade: that of a buy comes down with the price, that of a sell goes
   * up. Every one was moved by each price since it came in, so nothing moves between the lowest and the highest price
   * that the last of them has seen.
   */
  const trail = (instrumentId: number, price: number): void => {
    const instrument = instrumentAt(instrumentId);
    if (words[instrument + FIRST_TRAILING] === 0) return;
    const isLow = price < words[instrument + TRAILED_LOW];
    const isHigh = price > words[instrument + TRAILED_HIGH];
    if (!isLow && !isHigh) return;
    if (isLow) words[instrument + TRAILED_LOW] = price;
    if (isHigh) words[instrument + TRAILED_HIGH] = price;
    let order = words[instrument + FIRST_TRAILING];
    while (order !== 0) {
      const extra = words[order + EXTRA] & handleMask;
      const trigger = words[extra + TRIGGER];
      const distance = words[extra + TRAILING_TICKS];
      const isBuy = (words[order + BOOK_SIDE] & 1) + 1 === Side.buy;
      const moved = isBuy ? Math.min(trigger, price + distance) : Math.max(trigger, price - distance);
      if (moved !== trigger) {
        unplace(order);
        words[extra + TRIGGER] = moved;
        place(order);
        touchOrder(order);
      }
      order = words[extra + TRAILING_NEXT];
    }
  };

  /** Puts a stop into the level of its trigger, behind those with a lower order id. */
  const place = (handle: number): void => {
    const order = handle & handleMask;
    const extra = words[order + EXTRA] & handleMask;
    const side = sideOf(words[order + BOOK_SIDE] >> 1, words[extra + DIRECTION]);
    const level = findOrAdd(side, keyAt(side, words[extra + TRIGGER])) & handleMask;
    let previous = words[level + TAIL] & handleMask;
    while (previous !== 0 && readId(words, previous + ORDER_ID) > readId(words, order + ORDER_ID)) {
      previous = words[previous + PREVIOUS] & handleMask;
    }
    const next = previous === 0 ? words[level + HEAD] : words[previous + NEXT];
    words[order + LEVEL] = level;
    words[order + PREVIOUS] = previous;
    words[order + NEXT] = next;
    if (previous === 0) words[level + HEAD] = order;
    else words[previous + NEXT] = order;
    if (next === 0) words[level + TAIL] = order;
    else words[(next & handleMask) + PREVIOUS] = order;
    words[level + ORDER_COUNT] = words[level + ORDER_COUNT] + 1;
  };

  /** Takes a stop out of the level of its trigger, and the level away when it was the last. */
  const unplace = (handle: number): void => {
    const order = handle & handleMask;
    const level = words[order + LEVEL] & handleMask;
    const next = words[order + NEXT] & handleMask;
    const previous = words[order + PREVIOUS] & handleMask;
    words[order + LEVEL] = 0;
    if (previous === 0) words[level + HEAD] = next;
    else words[previous + NEXT] = next;
    if (next === 0) words[level + TAIL] = previous;
    else words[next + PREVIOUS] = previous;
    words[level + ORDER_COUNT] = words[level + ORDER_COUNT] - 1;
    if (words[level + ORDER_COUNT] === 0) removeLevel(level);
  };

  return {
    pending,
    sideOf,
    add,
    remove,
    notePrice,
    trail,
    elect,
    electNew,
    takeFired,
    isContinuous,
    waitAgain,
  };
}

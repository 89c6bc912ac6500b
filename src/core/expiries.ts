/**
 * The orders that expire, in a binary heap: the earliest expiry first, at one time the lowest order id. Most orders of
 * a day share its end and come in by rising order id, so that adding one is mostly one comparison.
 */
import { makeWords } from '../base/columns.js';
import { readInt64 } from '../base/int64.js';
import type { Arena } from './arena.js';
import { ExtraWord } from './order-extras.js';
import { OrderWord } from './orders.js';

const EXPIRE_TIME_US = ExtraWord.expireTimeUs;
const EXTRA_ORDER = ExtraWord.order;
const PLACE = ExtraWord.expiryPlace;
const ORDER_ID = OrderWord.orderId;
const EXTRA = OrderWord.extra;

/** High word of a time that never comes. */
const NEVER = 0x7fffffff;

const COUNT = 0;

export type Expiries = ReturnType<typeof makeExpiries>;

export function makeExpiries(arena: Arena, maxOrders: number) {
  const state = makeWords(1);
  const { words, handleMask } = arena;
  const readTime = readInt64;
  /** Places 1 to `state[COUNT]`: expiry times, and the extra records of the orders. */
  const times = new Float64Array(maxOrders + 1);
  const extras = new Int32Array(maxOrders + 1);
  /** The earliest expiry, as the two words of an i64. */
  const next = makeWords(2);
  next[1] = NEVER;

  /** Adds an order whose extra record has a time. */
  const add = (orderHandle: number): void => {
    const extra = words[(orderHandle & handleMask) + EXTRA];
    state[COUNT] += 1;
    rise(state[COUNT], extra, readTime(words, extra + EXPIRE_TIME_US));
    noteNext();
  };

  /** Takes out an order, given by its extra record, that is in here. */
  const remove = (extraHandle: number): void => {
    const extra = extraHandle & handleMask;
    const place = words[extra + PLACE];
    words[extra + PLACE] = 0;
    const last = state[COUNT];
    state[COUNT] = last - 1;
    if (place !== last) {
      // The last one fills the gap, and goes to where it belongs from there.
      const moved = extras[last];
      const time = times[last];
      rise(place, moved, time);
      if (words[(moved & handleMask) + PLACE] === place) sink(place, moved, time);
    }
    noteNext();
  };

  /** The order that expires next; there is one when `next` is a time that comes. */
  const first = (): number => {
    return words[extras[1] + EXTRA_ORDER];
  };

  /** What a walk finds wrong, or ''. */
  const violation = (): string => {
    for (let place = 1; place <= state[COUNT]; place += 1) {
      const extra = extras[place];
      if (words[extra + PLACE] !== place) return 'an order that expires does not know its place';
      if (readTime(words, extra + EXPIRE_TIME_US) !== times[place]) return 'an order expires at another time';
      const above = place >> 1;
      if (above !== 0 && isBefore(times[place], extra, above))
        return 'a later expiry stands before an earlier one';
    }
    return '';
  };

  /** Whether an expiry comes before that at a place. */
  const isBefore = (time: number, extra: number, place: number): boolean => {
    if (time !== times[place]) return time < times[place];
    const order = words[extra + EXTRA_ORDER];
    const other = words[extras[place] + EXTRA_ORDER];
    return readTime(words, order + ORDER_ID) < readTime(words, other + ORDER_ID);
  };

  const put = (place: number, extra: number, time: number): void => {
    extras[place] = extra;
    times[place] = time;
    words[(extra & handleMask) + PLACE] = place;
  };

  /** Puts an expiry at a place or above it, as far as it is before what is there. */
  const rise = (from: number, extra: number, time: number): void => {
    let place = from;
    while (place > 1 && isBefore(time, extra, place >> 1)) {
      put(place, extras[place >> 1], times[place >> 1]);
      place >>= 1;
    }
    put(place, extra, time);
  };

  /** Puts an expiry at a place or below it, as far as what is there is before it. */
  const sink = (from: number, extra: number, time: number): void => {
    const count = state[COUNT];
    let place = from;
    for (let child = place * 2; child <= count; child = place * 2) {
      if (child < count && isBefore(times[child + 1], extras[child + 1], child)) child += 1;
      if (isBefore(time, extra, child)) break;
      put(place, extras[child], times[child]);
      place = child;
    }
    put(place, extra, time);
  };

  const noteNext = (): void => {
    if (state[COUNT] === 0) {
      next[0] = 0;
      next[1] = NEVER;
    } else {
      next[0] = words[extras[1] + EXPIRE_TIME_US];
      next[1] = words[extras[1] + EXPIRE_TIME_US + 1];
    }
  };

  /** Makes the heap again, of the orders that were in it, after the records were read from a snapshot. */
  const rebuild = (forEachOrder: (visit: (order: number) => void) => void): void => {
    forEachOrder((order) => {
      const extra = words[order + EXTRA];
      if (extra !== 0 && words[extra + PLACE] !== 0) add(order);
    });
  };

  return {
    next,
    get count(): number {
      return state[COUNT];
    },
    add,
    remove,
    first,
    violation,
    rebuild,
  };
}

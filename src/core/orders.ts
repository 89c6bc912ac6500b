/** The records of all open orders. The state hash, the books and the accounts each use their part of them. */
import { assert } from '../base/assert.js';
import { makeWords } from '../base/columns.js';
import { incrementInt64 } from '../base/int64.js';
import type { Arena } from './arena.js';
import { type EntityHash, EntityKind, HashWord, makeEntityHash } from './entity-hash.js';
import type { Expiries } from './expiries.js';
import { ExtraWord, HASHED_EXTRA_WORDS, type OrderExtras } from './order-extras.js';
import { makeTable } from './table.js';

export const ORDER_WORDS = 28;

/** Bit of `OrderWord.idNext` that is set while the order is on the dirty list of the state hash. */
export const ORDER_DIRTY = 0x80000000 | 0;

/** Words of an order record. The first HASHED_WORDS are what the state hash is made of, with the account id. */
export const OrderWord = {
  /** Limit price in ticks; 0 in a record that is free. */
  price: 0,
  leaves: 1,
  cumulative: 2,
  /** Instrument id * 2, + 1 for a sell. */
  bookSide: 3,
  clientIdLow: 4,
  clientIdHigh: 5,
  /** i64 */
  orderId: 6,
  /** i64; lower goes first within a level. */
  priority: 8,
  /** Order type | time in force << 8 | flags << 16 | self-trade prevention mode, counted from 0 = allow, << 24. */
  terms: 10,
  /** Handle of the account. */
  account: 11,
  /** Handle of the price level; 0 while the order is incoming. */
  level: 12,
  /** Neighbours in the queue of the level; `next` links free records. */
  next: 13,
  previous: 14,
  /** Handles of the holdings that settlement moves; an order of a margin instrument moves no base (0). */
  quoteHolding: 15,
  baseHolding: 16,
  /** Neighbours among the open orders of the account, by order id. */
  accountNext: 17,
  accountPrevious: 18,
  /** Handle of the record with what most orders do not have, or 0 (order-extras.ts). */
  extra: 19,
  /**
   * Double: what each lot of the leaves reserves, in minor units: base of a sell, quote of a buy with its fee; in a
   * margin instrument what it may cost beyond its margin.
   */
  lotReserve: 20,
  /** Rates in millionths that the order took with its place. */
  makerPpm: 22,
  takerPpm: 23,
  /** Handle of the position that its trades change. */
  position: 24,
  /** The next order under the same place of the index of client order ids, and ORDER_DIRTY. */
  idNext: 25,
  /** What the order adds to the state hash. */
  hashLow: 26,
  hashHigh: 27,
} as const;

/** Words of `Orders.counters`: the last numbers given out, each an i64. */
export const CounterWord = { orderId: 0, tradeId: 2, priority: 4 } as const;
const COUNTER_WORDS = 6;

const HASHED_WORDS = 11;

/** What tells the groups of further words apart in the state hash: where they were when it was made. */
const EXTRA_GROUP = 23;
const LOT_RESERVE_GROUP = 24;
const RATES_GROUP = 26;
/** Words of the last rate in a snapshot, where there was room behind it once. */
const PACKED_RATE_WORDS = 4;

// An imported or exported binding is read anew each time, a local constant is folded into the code: hence these.
const DIRTY_COUNT = HashWord.dirtyCount;
const PRICE = OrderWord.price;
const ORDER_ID = OrderWord.orderId;
const PRIORITY = OrderWord.priority;
const ACCOUNT = OrderWord.account;
const LEVEL = OrderWord.level;
const NEXT = OrderWord.next;
const DIRTY = ORDER_DIRTY;
const ID_NEXT = OrderWord.idNext;
const HASH_LOW = OrderWord.hashLow;
const HASH_HIGH = OrderWord.hashHigh;
const EXTRA = OrderWord.extra;
const MAKER_PPM = OrderWord.makerPpm;
const BASE_HOLDING = OrderWord.baseHolding;
const LOT_RESERVE = OrderWord.lotReserve;
const LAST_ORDER_ID = CounterWord.orderId;
const LAST_PRIORITY = CounterWord.priority;

/** Orders that are read ahead for, while all are hashed. */
const ORDERS_AT_ONCE = 64;

/** Words of the private state. */
/** Orders in the records. */
const COUNT = 0;
/** The record released last is the next one taken, as it is still in the cache. */
const FREE = 1;
/** First record never used. */
const FRESH = 2;

export type Orders = ReturnType<typeof makeOrders>;

export function makeOrders(arena: Arena, maxOrders: number, extras: OrderExtras, expiries: Expiries) {
  const state = makeWords(3);
  const { handleMask } = arena;
  const increment = incrementInt64;
  const { allocate: allocateExtra, release: freeExtra } = extras;
  const { remove: removeExpiry } = expiries;
  const EXPIRY_PLACE = ExtraWord.expiryPlace;
  /** The arena. */
  const words = arena.words;
  const hash = makeEntityHash(EntityKind.order, maxOrders + 1);
  const { markDirty, subtract } = hash;
  const counters = makeWords(COUNTER_WORDS);
  // One more than may be open, for the order of a liquidation.
  const first = arena.reserve((maxOrders + 1) * ORDER_WORDS);
  state[FRESH] = first;
  const end = first + (maxOrders + 1) * ORDER_WORDS;

  /** Handle of record number 0, 1, 2 ... `used` - 1; free ones among them. */
  const handleOf = (number: number): number => first + number * ORDER_WORDS;

  const isFull = (): boolean => {
    return state[COUNT] === maxOrders;
  };

  /** A record with a new order id; the caller has seen that there is room and fills in the rest. */
  const allocate = (): number => {
    let order = state[FREE];
    if (order !== 0) {
      state[FREE] = words[(order & handleMask) + NEXT];
    } else {
      order = state[FRESH];
      assert(order < end, 'an order fits in the arena');
      state[FRESH] = order + ORDER_WORDS;
    }
    order &= handleMask;
    state[COUNT] += 1;
    increment(counters, LAST_ORDER_ID);
    words[order + ORDER_ID] = counters[LAST_ORDER_ID];
    words[order + ORDER_ID + 1] = counters[LAST_ORDER_ID + 1];
    words[order + LEVEL] = 0;
    return order;
  };

  /** Puts the order behind all others that came before it. */
  const assignPriority = (handle: number): void => {
    const order = handle & handleMask;
    increment(counters, LAST_PRIORITY);
    words[order + PRIORITY] = counters[LAST_PRIORITY];
    words[order + PRIORITY + 1] = counters[LAST_PRIORITY + 1];
  };

  /** Frees the record of an order that is in no queue, list or index any more. */
  const release = (handle: number): void => {
    const order = handle & handleMask;
    subtract(words[order + HASH_LOW], words[order + HASH_HIGH]);
    words[order + HASH_LOW] = 0;
    words[order + HASH_HIGH] = 0;
    words[order + PRICE] = 0;
    if (words[order + EXTRA] !== 0) releaseExtra(order);
    words[order + NEXT] = state[FREE] | 0;
    state[FREE] = order;
    state[COUNT] -= 1;
  };

  const releaseExtra = (order: number): void => {
    const extra = words[order + EXTRA] & handleMask;
    if (words[extra + EXPIRY_PLACE] !== 0) removeExpiry(extra);
    freeExtra(extra);
    words[order + EXTRA] = 0;
  };

  /** Gives an order the record of what most orders do not have; it goes with the order. */
  const addExtra = (handle: number): number => {
    const order = handle & handleMask;
    const extra = allocateExtra(order);
    words[order + EXTRA] = extra;
    return extra;
  };

  /** Notes for the state hash that the order changed. */
  const touch = (handle: number): void => {
    const order = handle & handleMask;
    const link = words[order + ID_NEXT];
    if (link < 0) return;
    words[order + ID_NEXT] = link | DIRTY;
    markDirty(order);
  };

  /** Hashes one order into `hash`. */
  const hashOrder = (order: number, hash: EntityHash): void => {
    // The first word of an account is its id.
    hash.hashRow(words, order, HASHED_WORDS, words[words[order + ACCOUNT]], 0);
    hash.extendRow(words, order + MAKER_PPM, 2, RATES_GROUP);
    // What it may cost beyond its margin depends on the mark price that it came in at.
    if (words[order + BASE_HOLDING] === 0) hash.extendRow(words, order + LOT_RESERVE, 2, LOT_RESERVE_GROUP);
    const extra = words[order + EXTRA];
    if (extra === 0) return;
    hash.extendRow(words, extra, HASHED_EXTRA_WORDS, EXTRA_GROUP);
    const partner = words[extra + ExtraWord.partner];
    if (partner !== 0) hash.extendRow(words, partner + ORDER_ID, 2, ORDER_ID);
  };

  /** Brings the sum of the state hash up to date. */
  const settleHash = (): void => {
    for (let i = 0; i < hash.state[DIRTY_COUNT]; i += 1) {
      const order = hash.dirtyRows[i];
      words[order + ID_NEXT] = words[order + ID_NEXT] & ~DIRTY;
      if (words[order + PRICE] === 0) continue;
      hashOrder(order, hash);
      hash.exchange(words, order + HASH_LOW);
    }
    hash.state[DIRTY_COUNT] = 0;
  };

  const tables = [
    makeTable('orders', OrderWord, {
      memory: words,
      first,
      recordWords: ORDER_WORDS,
      capacity: maxOrders + 1,
      rows: () => (state[FRESH] - first) / ORDER_WORDS,
      handles: {
        account: 'accounts',
        level: 'levels',
        next: 'orders',
        previous: 'orders',
        quoteHolding: 'holdings',
        baseHolding: 'holdings',
        accountNext: 'orders',
        accountPrevious: 'orders',
        extra: 'orderExtras',
        position: 'positions',
      },
      derived: ['idNext', 'hashLow', 'hashHigh'],
      packedWords: { takerPpm: PACKED_RATE_WORDS },
    }),
    makeTable(
      'orders.state',
      { count: COUNT, free: FREE, fresh: FRESH },
      {
        memory: state,
        handles: { free: 'orders', fresh: 'orders' },
      },
    ),
    makeTable('orders.counters', CounterWord, { memory: counters }),
  ];

  /**
   * Makes the hash again, after the records and those of all accounts were read from a snapshot; calls `visit` with each
   * order while it is in the cache.
   */
  const rebuild = (visit: (order: number) => void): void => {
    /** Takes what was read, so that the compiler does not drop the reading. */
    const sum = makeWords(1);
    for (let from = first; from < state[FRESH]; from += ORDERS_AT_ONCE * ORDER_WORDS) {
      const end = Math.min(from + ORDERS_AT_ONCE * ORDER_WORDS, state[FRESH]);
      // The accounts are anywhere in memory: read first, so that the processor waits for several at once.
      let read = 0;
      for (let order = from; order < end; order += ORDER_WORDS) read |= words[words[order + ACCOUNT]];
      sum[0] = read;
      // By themselves, as each visit waits for memory too.
      for (let order = from; order < end; order += ORDER_WORDS) if (words[order + PRICE] !== 0) visit(order);
      for (let order = from; order < end; order += ORDER_WORDS) {
        if (words[order + PRICE] === 0) continue;
        hashOrder(order, hash);
        hash.exchange(words, order + HASH_LOW);
      }
    }
  };

  /** Calls `visit` with every record that is in use, in the order of the records. */
  const forEach = (visit: (order: number) => void): void => {
    const isFree = new Uint8Array((state[FRESH] - first) / ORDER_WORDS);
    for (let order = state[FREE]; order !== 0; order = words[order + NEXT]) {
      isFree[(order - first) / ORDER_WORDS] = 1;
    }
    for (let n = 0; n < isFree.length; n += 1) if (isFree[n] === 0) visit(first + n * ORDER_WORDS);
  };

  return {
    words,
    maxOrders,
    hash,
    counters,
    get count(): number {
      return state[COUNT];
    },
    /** Records that were ever in use. */
    get used(): number {
      return (state[FRESH] - first) / ORDER_WORDS;
    },
    /** The free record that was freed last, 0 = there is none; `next` leads to the one freed before it. */
    get lastFreed(): number {
      return state[FREE];
    },
    handleOf,
    isFull,
    allocate,
    addExtra,
    assignPriority,
    release,
    touch,
    hashOrder,
    settleHash,
    tables,
    rebuild,
    forEach,
  };
}

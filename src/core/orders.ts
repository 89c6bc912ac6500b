/**
 * The columns of all open orders, interleaved: one order is one record of ORDER_WORDS int32 words, so that the
 * fields which a fill or a cancel needs share cache lines. A handle is the word index of the record; 0 is none.
 */
import { assert } from '../base/assert.js';
import { incrementInt64 } from '../base/int64.js';
import { EntityHash, EntityKind } from './entity-hash.js';

export const ORDER_WORDS = 32;

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
  /** Order type | time in force << 8. */
  terms: 10,
  /** Handle of the account. */
  account: 11,
  /** Handle of the price level; 0 while the order is incoming. */
  level: 12,
  /** Neighbours in the queue of the level, or of the free list. */
  next: 13,
  previous: 14,
  /** Handles of the holdings that settlement moves. */
  quoteHolding: 15,
  baseHolding: 16,
  /** Neighbours among the open orders of the account, by order id. */
  accountNext: 17,
  accountPrevious: 18,
  /** Hash of (account, client order id), as in the index. */
  clientIdHash: 19,
  /** 1 while on the dirty list of the state hash. */
  dirty: 20,
  /** What the order adds to the state hash. */
  hashLow: 21,
  hashHigh: 22,
} as const;
const ORDER_NEXT = OrderWord.next;
const ORDER_ORDER_ID = OrderWord.orderId;
const ORDER_LEVEL = OrderWord.level;
const ORDER_PRIORITY = OrderWord.priority;
const ORDER_HASH_LOW = OrderWord.hashLow;
const ORDER_HASH_HIGH = OrderWord.hashHigh;
const ORDER_PRICE = OrderWord.price;
const ORDER_DIRTY = OrderWord.dirty;
const ORDER_ACCOUNT = OrderWord.account;

const HASHED_WORDS = 11;

export class Orders {
  readonly words: Int32Array;
  readonly maxOrders: number;
  readonly hash: EntityHash;
  /** Orders in the columns. */
  count: number;
  /** First free record that was used before; the last one released is the next one taken, as it is in the cache. */
  private free: number;
  /** First record never used. */
  private fresh: number;
  /** Last order id, trade id and priority given out, as i64 words. */
  readonly counters: Int32Array;

  constructor(maxOrders: number) {
    this.words = new Int32Array((maxOrders + 1) * ORDER_WORDS);
    this.maxOrders = maxOrders;
    this.hash = new EntityHash(EntityKind.order, maxOrders + 1);
    this.count = 0;
    this.free = 0;
    this.fresh = ORDER_WORDS;
    this.counters = new Int32Array(6);
  }

  /** A record with a new order id; the caller has seen that there is room and fills in the rest. */
  allocate(): number {
    const words = this.words;
    let order = this.free;
    if (order !== 0) {
      this.free = words[order + ORDER_NEXT];
    } else {
      order = this.fresh;
      assert(order < words.length, 'an order fits in the columns');
      this.fresh = order + ORDER_WORDS;
    }
    this.count += 1;
    const counters = this.counters;
    incrementInt64(counters, COUNTER_ORDER_ID);
    words[order + ORDER_ORDER_ID] = counters[COUNTER_ORDER_ID];
    words[order + ORDER_ORDER_ID + 1] = counters[COUNTER_ORDER_ID + 1];
    words[order + ORDER_LEVEL] = 0;
    return order;
  }

  /** Puts the order behind all others that came before it. */
  assignPriority(order: number): void {
    const words = this.words;
    const counters = this.counters;
    incrementInt64(counters, COUNTER_PRIORITY);
    words[order + ORDER_PRIORITY] = counters[COUNTER_PRIORITY];
    words[order + ORDER_PRIORITY + 1] = counters[COUNTER_PRIORITY + 1];
  }

  /** Frees the record of an order that is in no queue, list or index any more. */
  release(order: number): void {
    const words = this.words;
    this.hash.subtract(words[order + ORDER_HASH_LOW], words[order + ORDER_HASH_HIGH]);
    words[order + ORDER_HASH_LOW] = 0;
    words[order + ORDER_HASH_HIGH] = 0;
    words[order + ORDER_PRICE] = 0;
    words[order + ORDER_NEXT] = this.free;
    this.free = order;
    this.count -= 1;
  }

  /** Notes for the state hash that the order changed. */
  touch(order: number): void {
    const words = this.words;
    if (words[order + ORDER_DIRTY] !== 0) return;
    words[order + ORDER_DIRTY] = 1;
    this.hash.markDirty(order);
  }

  /** Hashes one order into `hash`. */
  hashOrder(order: number, accountIds: Int32Array, hash: EntityHash): void {
    hash.hashRow(this.words, order, HASHED_WORDS, accountIds[this.words[order + ORDER_ACCOUNT]], 0);
  }

  /** Brings the sum of the state hash up to date. `accountIds` has the id of an account at its handle. */
  settleHash(accountIds: Int32Array): void {
    const words = this.words;
    const hash = this.hash;
    for (let i = 0; i < hash.dirtyCount; i += 1) {
      const order = hash.dirtyRows[i];
      words[order + ORDER_DIRTY] = 0;
      if (words[order + ORDER_PRICE] === 0) continue;
      this.hashOrder(order, accountIds, hash);
      hash.exchange(words[order + ORDER_HASH_LOW], words[order + ORDER_HASH_HIGH]);
      words[order + ORDER_HASH_LOW] = hash.rowLow;
      words[order + ORDER_HASH_HIGH] = hash.rowHigh;
    }
    hash.dirtyCount = 0;
  }
}

/** Words of `Orders.counters`. */
export const CounterWord = { orderId: 0, tradeId: 2, priority: 4 } as const;
const COUNTER_ORDER_ID = CounterWord.orderId;
const COUNTER_PRIORITY = CounterWord.priority;

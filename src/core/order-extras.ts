/**
 * What most orders do not have: an expiry, a hidden part, a trigger, a partner. An order that has some of it names a
 * record here, all others name none (handle 0), so that a plain order stays two cache lines and one look at a word
 * tells that there is nothing more to it.
 */
import { makeWords } from '../base/columns.js';
import type { Arena } from './arena.js';

export const ORDER_EXTRA_WORDS = 16;

/** Words of an extra record. The state hash takes `HASHED_EXTRA_WORDS` from the first on, and the partner's order id. */
export const ExtraWord = {
  /** i64: command time at which the order expires, 0 = never. */
  expireTimeUs: 0,
  /** Handle of the order; links free records. */
  order: 8,
  /** Place in the queue of expiries, counted from 1; 0 = not in it. */
  expiryPlace: 9,
} as const;

export const HASHED_EXTRA_WORDS = 2;

const ORDER = ExtraWord.order;
const RECORD_WORDS = ORDER_EXTRA_WORDS;

/** Words of the private state. */
const FREE = 0;
const FRESH = 1;

export type OrderExtras = ReturnType<typeof makeOrderExtras>;

export function makeOrderExtras(arena: Arena, maxOrders: number) {
  const state = makeWords(2);
  const { words, handleMask } = arena;
  state[FRESH] = arena.reserve(maxOrders * RECORD_WORDS);

  /** A record for an order, with nothing in it. */
  const allocate = (order: number): number => {
    let extra = state[FREE] & handleMask;
    if (extra !== 0) {
      state[FREE] = words[extra + ORDER];
    } else {
      extra = state[FRESH] & handleMask;
      state[FRESH] = extra + RECORD_WORDS;
    }
    words[extra + ORDER] = order;
    return extra;
  };

  /** Frees the record of an order that ends. */
  const release = (handle: number): void => {
    const extra = handle & handleMask;
    words.fill(0, extra, extra + RECORD_WORDS);
    words[extra + ORDER] = state[FREE];
    state[FREE] = extra;
  };

  return { allocate, release };
}

/**
 * What most orders do not have: an expiry, a hidden part, a trigger, a partner. An order that has some of it names a
 * record here, all others name none (handle 0), so that a plain order stays small and one look at a word tells that there
 * is nothing more to it. The record of handle 0 is always zero, so it can be looked at as well.
 */
import { makeWords } from '../base/columns.js';
import type { Arena } from './arena.js';
import { makeTable } from './table.js';

export const ORDER_EXTRA_WORDS = 16;

/** Words of an extra record. The state hash takes HASHED_EXTRA_WORDS from the first on, and the partner's order id. */
export const ExtraWord = {
  /** i64: command time at which the order expires, 0 = never. */
  expireTimeUs: 0,
  /** Most that is displayed at a time; 0 = all. */
  displayLots: 2,
  /** Trade price in ticks that a stop waits for; 0 = the order does not wait (any more). */
  trigger: 3,
  /** What is displayed now of an order that rests and does not display all. */
  shownLots: 4,
  /** TriggerDirection of a stop. */
  direction: 5,
  /** The trigger that a stop came in with. */
  triggerAtEntry: 6,
  /** Distance in ticks at which a trailing stop follows the last trade; 0 = it does not. */
  trailingTicks: 7,
  /** Handle of the other order of a linked pair, or 0. */
  partner: 8,
  /** Handle of the order; links free records. Made again after a start from a snapshot. */
  order: 9,
  /** Place in the queue of expiries, counted from 1; 0 = not in it. */
  expiryPlace: 10,
  /** Neighbours (orders) among the trailing stops of the instrument that wait. */
  trailingNext: 11,
  trailingPrevious: 12,
  /** Price of the trade that fired a stop which has not acted yet. */
  firedAt: 13,
} as const;

export const HASHED_EXTRA_WORDS = 8;

const ORDER = ExtraWord.order;
const RECORD_WORDS = ORDER_EXTRA_WORDS;

/** Words of the private state. */
const FREE = 0;
const FRESH = 1;

export type OrderExtras = ReturnType<typeof makeOrderExtras>;

export function makeOrderExtras(arena: Arena, maxOrders: number) {
  const state = makeWords(2);
  const { words, handleMask } = arena;
  const first = arena.reserve(maxOrders * RECORD_WORDS);
  state[FRESH] = first;

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

  const tables = [
    makeTable('orderExtras', ExtraWord, {
      memory: words,
      first,
      recordWords: RECORD_WORDS,
      capacity: maxOrders,
      rows: () => (state[FRESH] - first) / RECORD_WORDS,
      handles: { partner: 'orders', trailingNext: 'orders', trailingPrevious: 'orders' },
      derived: ['order'],
    }),
    makeTable(
      'orderExtras.state',
      { free: FREE, fresh: FRESH },
      { memory: state, handles: { fresh: 'orderExtras' }, derived: ['free'] },
    ),
  ];

  /**
   * Names the orders again, and links the free records, after the records were read from a snapshot. `extraWord`: where
   * an order has the handle of its record.
   */
  const rebuild = (forEachOrder: (visit: (order: number) => void) => void, extraWord: number): void => {
    forEachOrder((order) => {
      const extra = words[order + extraWord];
      if (extra !== 0) words[extra + ORDER] = order;
    });
    for (let extra = first; extra < state[FRESH]; extra += RECORD_WORDS) {
      if (words[extra + ORDER] !== 0) continue;
      words[extra + ORDER] = state[FREE];
      state[FREE] = extra;
    }
  };

  return {
    /** Records that were ever in use. */
    get used(): number {
      return (state[FRESH] - first) / RECORD_WORDS;
    },
    allocate,
    release,
    tables,
    rebuild,
  };
}

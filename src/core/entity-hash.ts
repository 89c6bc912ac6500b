/**
 * One kind of entity's part of the state hash: the sum, modulo 2^32 in two lanes, of the hashes of all its rows.
 * A sum does not depend on the order of rows, so the hash is a function of the state alone.
 *
 * It is lazy: a row that changes is only put on the dirty list (once; the row keeps a flag), and hashed again when
 * the state hash is asked for. Stores keep the last hash of each row, to take it out of the sum.
 */
import { makeWords } from '../base/columns.js';

/** Words of `EntityHash.state`: sums of the row hashes, lanes of the row hashed last, rows on the dirty list. */
export const HashWord = { low: 0, high: 1, rowLow: 2, rowHigh: 3, dirtyCount: 4 } as const;
const LOW = HashWord.low;
const HIGH = HashWord.high;
const ROW_LOW = HashWord.rowLow;
const ROW_HIGH = HashWord.rowHigh;
const DIRTY_COUNT = HashWord.dirtyCount;
const STATE_WORDS = 5;

export type EntityHash = ReturnType<typeof makeEntityHash>;

/** `kind` tells entities of different kinds with equal words apart; `maxRows` bounds the dirty list. */
export function makeEntityHash(kind: number, maxRows: number) {
  const state = makeWords(STATE_WORDS);
  const dirtyRows = makeWords(maxRows);

  /** Notes that a row changed. The caller has set the row's flag, which was not set. */
  const markDirty = (row: number): void => {
    const count = state[DIRTY_COUNT];
    dirtyRows[count] = row;
    state[DIRTY_COUNT] = count + 1;
  };

  /** Hashes `count` words from `at` and two more; the result is the row hashed last. */
  const hashRow = (words: Int32Array, at: number, count: number, first: number, second: number): void => {
    let low = Math.imul(kind ^ first, 0x9e3779b1);
    let high = Math.imul(kind + second, 0x85ebca77);
    low = Math.imul((low ^ (low >>> 15)) + second, 0x2c1b3c6d);
    high = Math.imul((high ^ (high >>> 13)) + first, 0x297a2d39);
    for (let i = at; i < at + count; i += 1) {
      const word = words[i];
      low = Math.imul(low ^ (low >>> 15) ^ word, 0x2c1b3c6d);
      high = Math.imul((high ^ (high >>> 13)) + word, 0x297a2d39);
    }
    state[ROW_LOW] = Math.imul(low ^ (low >>> 12), 0x21f0aaad) ^ (low >>> 15);
    state[ROW_HIGH] = Math.imul(high ^ (high >>> 16), 0x735a2d97) ^ (high >>> 14);
  };

  /**
   * Takes `count` more words from `at` into the row hashed last, unless all are 0: so columns that came later leave
   * the hash of what makes no use of them as it was. `first` tells groups of such columns apart.
   */
  const extendRow = (words: Int32Array, at: number, count: number, first: number): void => {
    let used = 0;
    for (let i = at; i < at + count; i += 1) used |= words[i];
    if (used === 0) return;
    let low = state[ROW_LOW] ^ first;
    let high = state[ROW_HIGH] + first;
    for (let i = at; i < at + count; i += 1) {
      const word = words[i];
      low = Math.imul(low ^ (low >>> 15) ^ word, 0x2c1b3c6d);
      high = Math.imul((high ^ (high >>> 13)) + word, 0x297a2d39);
    }
    state[ROW_LOW] = Math.imul(low ^ (low >>> 12), 0x21f0aaad) ^ (low >>> 15);
    state[ROW_HIGH] = Math.imul(high ^ (high >>> 16), 0x735a2d97) ^ (high >>> 14);
  };

  /** Adds the row hashed last, which is new, to the sum. */
  const add = (): void => {
    state[LOW] += state[ROW_LOW];
    state[HIGH] += state[ROW_HIGH];
  };

  /** Puts the row hashed last in the place of what is at `lanes[at]`, also in the sum. */
  const exchange = (lanes: Int32Array, at: number): void => {
    subtract(lanes[at], lanes[at + 1]);
    add();
    lanes[at] = state[ROW_LOW];
    lanes[at + 1] = state[ROW_HIGH];
  };

  /** Takes a row's part out of the sum. */
  const subtract = (low: number, high: number): void => {
    state[LOW] -= low;
    state[HIGH] -= high;
  };

  return { state, dirtyRows, markDirty, hashRow, extendRow, add, exchange, subtract };
}

/** Kinds of entities; numbers enter the state hash. */
export const EntityKind = {
  order: 1,
  account: 2,
  holding: 3,
  instrument: 4,
  asset: 5,
  apiKey: 6,
  transfer: 7,
  engine: 8,
  position: 9,
  orderLimits: 10,
  fees: 11,
  insurance: 12,
} as const;

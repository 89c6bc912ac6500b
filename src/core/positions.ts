/**
 * Positions: what an account has bought and sold in an instrument, by average cost, fees left out. A record is there
 * from the first order of the account in the instrument on; its handle is kept in the orders, so that settlement
 * finds it without a lookup. Records are never removed; a flat one without profit or loss counts as absent (it is in
 * no report and not in the state hash).
 *
 * A trade in the direction of the position adds its worth to the cost. One against it closes a part of the position:
 * that part of the cost, rounded down, leaves with it, and the difference to the worth at the price of the trade is
 * profit or loss; lots beyond the position open one the other way. Cost and profit end at 2^53-1.
 */
import { makeChainIndex } from '../base/chain-index.js';
import { makeWords } from '../base/columns.js';
import { hashPair } from '../base/hash.js';
import type { Arena } from './arena.js';
import { type EntityHash, EntityKind, HashWord, makeEntityHash } from './entity-hash.js';
import { MONEY_MAX, multiplyAndDivide } from './money.js';
import { makeTable } from './table.js';

export const POSITION_WORDS = 16;

/** Words of a position record. The first HASHED_WORDS are what the state hash is made of, with the two ids. */
export const PositionWord = {
  /** Double: lots bought minus lots sold. */
  quantity: 0,
  /** Double: quote minor units paid for what is held, or received for what is owed. */
  cost: 2,
  /** Double: quote minor units. */
  realisedProfit: 4,
  /** Handle of the account. */
  account: 6,
  instrumentId: 7,
  /** Handles of the holdings that orders of the account in the instrument move; 0 before the first order. */
  quoteHolding: 8,
  baseHolding: 9,
  /** Handle of the order limits (order-limits.ts), 0 = none. */
  limits: 10,
  /** 1 while on the dirty list of the state hash. */
  dirty: 11,
  hashLow: 12,
  hashHigh: 13,
  /** Handle of the margin record (margins.ts), 0 = none. */
  margin: 14,
  /** The next position under the same place of the index by account and instrument. */
  pairNext: 15,
} as const;

const HASHED_WORDS = 6;

// Local copies are folded into the code (README.md).
const DIRTY_COUNT = HashWord.dirtyCount;
const ACCOUNT = PositionWord.account;
const INSTRUMENT_ID = PositionWord.instrumentId;
const DIRTY = PositionWord.dirty;
const HASH_LOW = PositionWord.hashLow;
const HASH_HIGH = PositionWord.hashHigh;
const MONEY_LIMIT = MONEY_MAX;

/** Word of the private state. */
const COUNT = 0;

export type Positions = ReturnType<typeof makePositions>;

export function makePositions(arena: Arena, maxPositions: number) {
  const state = makeWords(1);
  const { words, doubles, handleMask } = arena;
  const pairHash = hashPair;
  const partOf = multiplyAndDivide;
  const hash = makeEntityHash(EntityKind.position, maxPositions);
  const { markDirty, subtract } = hash;
  const firstHandle = arena.reserve(maxPositions * POSITION_WORDS);
  const index = makeChainIndex({
    words,
    handleMask,
    linkWord: PositionWord.pairNext,
    maxRows: maxPositions,
    hashOf: (position) => pairHash(words[position + ACCOUNT], words[position + INSTRUMENT_ID]),
  });
  const { first: firstRow, next: nextRow, insertRow } = index;

  /** Handle of position number 0, 1, 2 ... `count` - 1. */
  const handleOf = (number: number): number => {
    return firstHandle + number * POSITION_WORDS;
  };

  const isFull = (): boolean => {
    return state[COUNT] === maxPositions;
  };

  /** Handle of the position of an account (a handle) in an instrument, or 0. */
  const find = (account: number, instrumentId: number): number => {
    const hash = pairHash(account | 0, instrumentId | 0);
    for (let position = firstRow(hash); position !== 0; position = nextRow(position)) {
      if (words[position + ACCOUNT] === account && words[position + INSTRUMENT_ID] === instrumentId) {
        return position;
      }
    }
    return 0;
  };

  /** Adds the position of an account in an instrument, which is new; the caller has seen that there is room. */
  const add = (account: number, instrumentId: number): number => {
    const position = handleOf(state[COUNT]);
    state[COUNT] += 1;
    words[position + ACCOUNT] = account;
    words[position + INSTRUMENT_ID] = instrumentId;
    insertRow(position);
    return position;
  };

  /** Lots bought minus lots sold; 0 for handle 0. */
  const quantityLots = (position: number): number => {
    return doubles[position >> 1];
  };

  /** Quote minor units paid for what is held, or received for what is owed. */
  const cost = (position: number): number => {
    return doubles[(position >> 1) + 1];
  };

  /** Profit of what was closed, in quote minor units; a loss is negative. */
  const realisedProfit = (position: number): number => {
    return doubles[(position >> 1) + 2];
  };

  /** Counts a trade. `direction`: 1 bought, -1 sold; `quotePerLot`: price of one lot in quote minor units. */
  const countTrade = (handle: number, direction: number, lots: number, quotePerLot: number): void => {
    const at = (handle & handleMask) >> 1;
    const quantity = doubles[at];
    if (quantity * direction >= 0) {
      doubles[at] = quantity + direction * lots;
      doubles[at + 1] = Math.min(doubles[at + 1] + lots * quotePerLot, MONEY_LIMIT);
    } else {
      countClosing(at, direction, lots, quotePerLot);
    }
    if (words[(handle & handleMask) + DIRTY] === 0) touch(handle);
  };

  /** A trade against the position at double `at`. */
  const countClosing = (at: number, direction: number, lots: number, quotePerLot: number): void => {
    const quantity = doubles[at];
    const held = Math.abs(quantity);
    const closing = Math.min(lots, held);
    const costBefore = doubles[at + 1];
    const part = closing === held ? costBefore : partOf(costBefore, closing, held);
    const gain = (part - closing * quotePerLot) * direction;
    const profit = doubles[at + 2] + gain;
    doubles[at] = quantity + direction * lots;
    doubles[at + 1] = Math.min(costBefore - part + (lots - closing) * quotePerLot, MONEY_LIMIT);
    doubles[at + 2] = Math.max(-MONEY_LIMIT, Math.min(profit, MONEY_LIMIT));
  };

  /** Notes for the state hash that the position, which was not noted yet, changed. */
  const touch = (handle: number): void => {
    const position = handle & handleMask;
    words[position + DIRTY] = 1;
    markDirty(position);
  };

  /** Whether nothing is held, owed, gained or lost. */
  const isFlat = (position: number): boolean => {
    return quantityLots(position) === 0 && realisedProfit(position) === 0;
  };

  /** Hashes one position that is not flat into `hash`. */
  const hashPosition = (position: number, hash: EntityHash): void => {
    // The first word of an account is its id.
    const accountId = words[words[position + ACCOUNT]];
    hash.hashRow(words, position, HASHED_WORDS, accountId, words[position + INSTRUMENT_ID]);
  };

  /** Brings the sum of the state hash up to date. */
  const settleHash = (): void => {
    for (let i = 0; i < hash.state[DIRTY_COUNT]; i += 1) {
      const position = hash.dirtyRows[i];
      words[position + DIRTY] = 0;
      if (isFlat(position)) {
        subtract(words[position + HASH_LOW], words[position + HASH_HIGH]);
        words[position + HASH_LOW] = 0;
        words[position + HASH_HIGH] = 0;
        continue;
      }
      hashPosition(position, hash);
      hash.exchange(words, position + HASH_LOW);
    }
    hash.state[DIRTY_COUNT] = 0;
  };

  const tables = [
    makeTable('positions', PositionWord, {
      memory: words,
      first: firstHandle,
      recordWords: POSITION_WORDS,
      capacity: maxPositions,
      rows: () => state[COUNT],
      handles: {
        account: 'accounts',
        quoteHolding: 'holdings',
        baseHolding: 'holdings',
        limits: 'orderLimits',
        margin: 'margins',
      },
      derived: ['dirty', 'hashLow', 'hashHigh', 'pairNext'],
    }),
    makeTable('positions.state', { count: COUNT }, { memory: state }),
  ];

  /** Makes index and hash again, after the records were read from a snapshot. */
  const rebuild = (): void => {
    index.expect(state[COUNT]);
    for (let n = 0; n < state[COUNT]; n += 1) {
      const position = handleOf(n);
      insertRow(position);
      if (isFlat(position)) continue;
      hashPosition(position, hash);
      hash.exchange(words, position + HASH_LOW);
    }
  };

  return {
    maxPositions,
    hash,
    get count(): number {
      return state[COUNT];
    },
    handleOf,
    isFull,
    find,
    add,
    quantityLots,
    cost,
    realisedProfit,
    isFlat,
    countTrade,
    hashPosition,
    settleHash,
    tables,
    rebuild,
  };
}

/**
 * How large and how many the orders of an account in an instrument may be; 0 = no limit. The handle of a record is
 * kept in the position of the pair (positions.ts). Open orders are counted from the first time that the pair gets
 * limits on, so that accounts without any pay nothing for it.
 */
import { makeWords } from '../base/columns.js';
import { AccountControl, AccountWord } from './accounts.js';
import type { Arena } from './arena.js';
import { RejectCode } from './codes.js';
import { type EntityHash, EntityKind, makeEntityHash } from './entity-hash.js';
import { OrderWord } from './orders.js';
import { PositionWord } from './positions.js';
import { makeTable } from './table.js';

export const ORDER_LIMITS_WORDS = 8;

/** Words of a limits record. The first HASHED_WORDS are what the state hash is made of, with the two ids. */
export const OrderLimitsWord = {
  /** Double: most that an order may be worth at its price, in quote minor units. */
  maxOrderNotional: 0,
  maxOrderLots: 2,
  maxOpenOrders: 3,
  /** Handle of the position of the same account and instrument. */
  position: 4,
  /** Orders of the account that are open in the instrument, stops that wait too. */
  openOrders: 5,
  hashLow: 6,
  hashHigh: 7,
} as const;

const HASHED_WORDS = 4;

// Local copies are folded into the code (README.md).
const MAX_ORDER_LOTS = OrderLimitsWord.maxOrderLots;
const MAX_OPEN_ORDERS = OrderLimitsWord.maxOpenOrders;
const OPEN_ORDERS = OrderLimitsWord.openOrders;
const LIMITS = PositionWord.limits;
const ORDER_POSITION = OrderWord.position;

/** Word of the private state. */
const COUNT = 0;

export type OrderLimits = ReturnType<typeof makeOrderLimits>;

export function makeOrderLimits(arena: Arena, maxOrderLimits: number) {
  const state = makeWords(1);
  const { words, doubles, handleMask } = arena;
  const hash = makeEntityHash(EntityKind.orderLimits, 0);
  const firstHandle = arena.reserve(maxOrderLimits * ORDER_LIMITS_WORDS);

  /** Handle of limits number 0, 1, 2 ... `count` - 1. */
  const handleOf = (number: number): number => {
    return firstHandle + number * ORDER_LIMITS_WORDS;
  };

  const isFull = (): boolean => {
    return state[COUNT] === maxOrderLimits;
  };

  /** Sets the limits of a position; the caller has seen that there is room when it has none yet. */
  const set = (
    position: number,
    maxOrderNotional: number,
    maxOrderLots: number,
    maxOpenOrders: number,
  ): void => {
    let limits = words[position + LIMITS];
    if (limits === 0) limits = add(position);
    doubles[limits >> 1] = maxOrderNotional;
    words[limits + MAX_ORDER_LOTS] = maxOrderLots;
    words[limits + MAX_OPEN_ORDERS] = maxOpenOrders;
    hashLimits(limits, hash);
    hash.exchange(words, limits + OrderLimitsWord.hashLow);
  };

  /** New limits, with the orders counted that are open now. */
  const add = (position: number): number => {
    const limits = handleOf(state[COUNT]);
    state[COUNT] += 1;
    words[position + LIMITS] = limits;
    words[limits + OrderLimitsWord.position] = position;
    const account = words[position + PositionWord.account];
    words[account + AccountWord.controls] |= AccountControl.limits;
    let order = words[account + AccountWord.firstOrder];
    while (order !== 0) {
      if (words[order + ORDER_POSITION] === position) words[limits + OPEN_ORDERS] += 1;
      order = words[order + OrderWord.accountNext];
    }
    return limits;
  };

  /** Counts an order of an account with limits that opens (`change` 1) or ends (-1). */
  const countOrder = (order: number, change: number): void => {
    const position = words[(order & handleMask) + ORDER_POSITION] & handleMask;
    const limits = words[position + LIMITS] & handleMask;
    if (limits !== 0) words[limits + OPEN_ORDERS] = words[limits + OPEN_ORDERS] + change;
  };

  /** Reject code for an order of a position (0 = none yet) with these lots, worth `notional`; 0 when it may be. */
  const checkSize = (position: number, lots: number, notional: number): number => {
    const limits = words[(position & handleMask) + LIMITS] & handleMask;
    if (limits === 0) return 0;
    const maxOrderLots = words[limits + MAX_ORDER_LOTS];
    if (maxOrderLots !== 0 && lots > maxOrderLots) return RejectCode.ORDER_TOO_LARGE;
    const maxOrderNotional = doubles[limits >> 1];
    if (maxOrderNotional !== 0 && notional > maxOrderNotional) return RejectCode.NOTIONAL_OVER_LIMIT;
    return 0;
  };

  /** Reject code for one more open order of a position (0 = none yet); 0 when it may be. */
  const checkCount = (position: number): number => {
    const limits = words[(position & handleMask) + LIMITS] & handleMask;
    const maxOpenOrders = words[limits + MAX_OPEN_ORDERS];
    return maxOpenOrders !== 0 && words[limits + OPEN_ORDERS] >= maxOpenOrders
      ? RejectCode.TOO_MANY_OPEN_ORDERS
      : 0;
  };

  /** Hashes the limits of one account and instrument into `hash`. */
  const hashLimits = (limits: number, hash: EntityHash): void => {
    const position = words[limits + OrderLimitsWord.position];
    // The first word of an account is its id.
    const accountId = words[words[position + PositionWord.account]];
    hash.hashRow(words, limits, HASHED_WORDS, accountId, words[position + PositionWord.instrumentId]);
  };

  const tables = [
    makeTable('orderLimits', OrderLimitsWord, {
      memory: words,
      first: firstHandle,
      recordWords: ORDER_LIMITS_WORDS,
      capacity: maxOrderLimits,
      rows: () => state[COUNT],
      handles: { position: 'positions' },
      derived: ['hashLow', 'hashHigh'],
    }),
    makeTable('orderLimits.state', { count: COUNT }, { memory: state }),
  ];

  /** Makes the hash again, after the records were read from a snapshot. */
  const rebuild = (): void => {
    for (let n = 0; n < state[COUNT]; n += 1) {
      hashLimits(handleOf(n), hash);
      hash.exchange(words, handleOf(n) + OrderLimitsWord.hashLow);
    }
  };

  return {
    maxOrderLimits,
    hash,
    get count(): number {
      return state[COUNT];
    },
    handleOf,
    isFull,
    set,
    countOrder,
    checkSize,
    checkCount,
    hashLimits,
    tables,
    rebuild,
  };
}

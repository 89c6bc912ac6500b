/** The open orders by account and client order id. */
import { hashTriple } from '../base/hash.js';
import { makeIndexFiller } from '../base/index-filler.js';
import { makeIntegerHashIndex } from '../base/integer-hash-index.js';
import type { Arena } from './arena.js';
import { OrderWord } from './orders.js';

// Local copies are folded into the code (README.md).
const CLIENT_ID_LOW = OrderWord.clientIdLow;
const CLIENT_ID_HIGH = OrderWord.clientIdHigh;
const ACCOUNT = OrderWord.account;

export type ClientOrderIds = ReturnType<typeof makeClientOrderIds>;

export function makeClientOrderIds(arena: Arena, maxOrders: number) {
  const { words, handleMask } = arena;
  const index = makeIntegerHashIndex(maxOrders);
  const { home, first: firstRow, next: nextRow, insert, remove } = index;

  /** The open order of an account with a client order id, or 0. `hash`: of these three, by `hashTriple`. */
  const find = (hash: number, account: number, clientIdLow: number, clientIdHigh: number): number => {
    for (let row = firstRow(hash); row !== 0; row = nextRow(hash)) {
      const order = row & handleMask;
      if (
        words[order + CLIENT_ID_LOW] === clientIdLow &&
        words[order + CLIENT_ID_HIGH] === clientIdHigh &&
        words[order + ACCOUNT] === account
      ) {
        return order;
      }
    }
    return 0;
  };

  /**
   * Makes the index again, after the records of the orders were read from a snapshot: `add` for each of the `count`
   * orders there are, then `flush`. `prepare` is called with the memory of the index before it is filled.
   */
  const rebuild = (count: number, prepare: (memory: Int32Array) => void) => {
    prepare(index.expect(count));
    const { add: addRow, flush } = makeIndexFiller(index);
    const add = (order: number): void => {
      const hash = hashTriple(
        words[order + ACCOUNT],
        words[order + CLIENT_ID_LOW],
        words[order + CLIENT_ID_HIGH],
      );
      words[order + OrderWord.clientIdHash] = hash;
      addRow(hash, order);
    };
    return { add, flush };
  };

  return {
    /** The open order that a hash most likely leads to, or 0: for looking ahead, not for finding. */
    candidate: home,
    /** Open orders. */
    get count(): number {
      return index.count;
    },
    find,
    insert,
    remove,
    rebuild,
  };
}

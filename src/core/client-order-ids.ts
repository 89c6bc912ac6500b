/** The open orders by account and client order id. */
import { makeChainIndex } from '../base/chain-index.js';
import { hashTriple } from '../base/hash.js';
import type { Arena } from './arena.js';
import { OrderWord } from './orders.js';

// Local copies are folded into the code (README.md).
const CLIENT_ID_LOW = OrderWord.clientIdLow;
const CLIENT_ID_HIGH = OrderWord.clientIdHigh;
const ACCOUNT = OrderWord.account;

export type ClientOrderIds = ReturnType<typeof makeClientOrderIds>;

export function makeClientOrderIds(arena: Arena, maxOrders: number) {
  const { words, handleMask } = arena;
  const tripleHash = hashTriple;

  const hashOf = (order: number): number => {
    return tripleHash(words[order + ACCOUNT], words[order + CLIENT_ID_LOW], words[order + CLIENT_ID_HIGH]);
  };

  const index = makeChainIndex({ words, handleMask, linkWord: OrderWord.idNext, maxRows: maxOrders, hashOf });
  const { first, next, insert, insertRow, remove: removeRow } = index;

  /** The open order of an account with a client order id, or 0. `hash`: of these three, by `hashTriple`. */
  const find = (hash: number, account: number, clientIdLow: number, clientIdHigh: number): number => {
    let order = first(hash);
    while (order !== 0) {
      if (
        words[order + CLIENT_ID_LOW] === clientIdLow &&
        words[order + CLIENT_ID_HIGH] === clientIdHigh &&
        words[order + ACCOUNT] === account
      ) {
        return order;
      }
      order = next(order);
    }
    return 0;
  };

  /** Removes an order that has the ids which it was inserted with. */
  const remove = (handle: number): void => {
    const order = handle & handleMask;
    removeRow(hashOf(order), order);
  };

  /**
   * Makes the index ready for the `count` orders of a snapshot, which `insertRow` adds next; `prepare` is called with its
   * memory before it is filled.
   */
  const expect = (count: number, prepare: (memory: Int32Array) => void): void => {
    prepare(index.expect(count));
  };

  return {
    /** The open order that a hash most likely leads to, or 0: for looking ahead, not for finding. */
    candidate: first,
    /** The next one that it may be. */
    candidateBehind: next,
    /** Open orders. */
    get count(): number {
      return index.count;
    },
    find,
    insert,
    insertRow,
    remove,
    expect,
  };
}

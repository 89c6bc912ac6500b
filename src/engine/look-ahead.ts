/**
 * Reads what a run of commands will need before the first of them is carried out, so that it is in the cache by then. In
 * a large book the order, its level and its neighbours are anywhere in memory, and each is found through the one before: a
 * command alone would wait for one load after the other. The run is looked at in waves, each a step further from what
 * the commands say; within a wave nothing waits for anything else, and the processor fetches all of it at once.
 *
 * Nothing depends on what is read: a command before may change it, and a command that is not about an order reads
 * something else. No state changes.
 */
import { makeWords } from '../base/columns.js';
import { hashTriple } from '../base/hash.js';
import { ApiKeyWord } from '../core/api-keys.js';
import { ReplaceOrderWord, SLOT_START_MASK } from '../core/command-words.js';
import type { Core } from '../core/core.js';
import { OrderWord } from '../core/orders.js';
import { keyOf, LevelWord } from '../core/price-ladder.js';
import { HeaderWord, SLOT_WORDS } from '../wire/slot.js';

/** Commands that are looked at together; a power of two. More of them displace each other from the first cache. */
export const LOOK_AHEAD_RUN = 8;

// Local copies are folded into the code (README.md).
const RUN = LOOK_AHEAD_RUN;
const RUN_MASK = RUN - 1;
const SLOT_MASK = SLOT_START_MASK;
const SLOT_LENGTH = SLOT_WORDS;
const SESSION_ID = HeaderWord.sessionId;
const KEY_ACCOUNT = ApiKeyWord.account;
const CLIENT_ORDER_ID = ReplaceOrderWord.clientOrderId;
const PRICE_TICKS = ReplaceOrderWord.priceTicks;
const BOOK_SIDE = OrderWord.bookSide;
const CLIENT_ID_LOW = OrderWord.clientIdLow;
const LEVEL = OrderWord.level;
const NEXT = OrderWord.next;
const PREVIOUS = OrderWord.previous;
const QUOTE_HOLDING = OrderWord.quoteHolding;
const BASE_HOLDING = OrderWord.baseHolding;
const ID_NEXT = OrderWord.idNext;
const TAIL = LevelWord.tail;

/** The waves: for `count` commands, LOOK_AHEAD_RUN at most, whose slots stand from `start` on. */
export function makeLookAhead(core: Core) {
  const { words, handleMask } = core.arena;
  const { handleOf: keyAt } = core.apiKeys;
  const { candidate, candidateBehind } = core.clientIds;
  const { find: findLevel } = core.books.ladder;
  const tripleHash = hashTriple;
  const keyAtPrice = keyOf;
  /** By command of the run: what the wave before has found. */
  const accounts = makeWords(RUN);
  const orders = makeWords(RUN);
  const levels = makeWords(RUN);
  /** Takes what was read, so that the compiler does not drop the reading. */
  const taken = makeWords(1);

  /** Reads the two or three lines of the cache that a record of an order lies in. */
  const readOrder = (handle: number): number => {
    const order = handle & handleMask;
    return words[order + BOOK_SIDE] ^ words[order + QUOTE_HOLDING] ^ words[order + ID_NEXT];
  };

  return (command: Int32Array, start: number, count: number): void => {
    let read = 0;
    for (let i = 0; i < count; i += 1) {
      const at = (start + i * SLOT_LENGTH) & SLOT_MASK;
      accounts[i & RUN_MASK] = words[(keyAt(command[at + SESSION_ID]) & handleMask) + KEY_ACCOUNT];
    }
    for (let i = 0; i < count; i += 1) {
      const at = (start + i * SLOT_LENGTH) & SLOT_MASK;
      const account = accounts[i & RUN_MASK] & handleMask;
      read ^= words[account];
      orders[i & RUN_MASK] = candidate(
        tripleHash(account, command[at + CLIENT_ORDER_ID], command[at + CLIENT_ORDER_ID + 1]),
      );
    }
    for (let i = 0; i < count; i += 1) read ^= readOrder(orders[i & RUN_MASK]);
    // Another order may stand before it in the index.
    for (let i = 0; i < count; i += 1) {
      const at = (start + i * SLOT_LENGTH) & SLOT_MASK;
      const order = orders[i & RUN_MASK] & handleMask;
      if (words[order + CLIENT_ID_LOW] === command[at + CLIENT_ORDER_ID]) continue;
      orders[i & RUN_MASK] = candidateBehind(order);
      read ^= readOrder(orders[i & RUN_MASK]);
    }
    for (let i = 0; i < count; i += 1) {
      const at = (start + i * SLOT_LENGTH) & SLOT_MASK;
      const order = orders[i & RUN_MASK] & handleMask;
      const bookSide = words[order + BOOK_SIDE];
      const level = findLevel(bookSide, keyAtPrice(bookSide, command[at + PRICE_TICKS])) & handleMask;
      levels[i & RUN_MASK] = level;
      const neighbours =
        words[words[order + NEXT] & handleMask] ^ words[words[order + PREVIOUS] & handleMask];
      const money =
        words[words[order + QUOTE_HOLDING] & handleMask] ^ words[words[order + BASE_HOLDING] & handleMask];
      read ^= neighbours ^ money ^ words[words[order + LEVEL] & handleMask] ^ words[level];
    }
    // The order that it will stand behind.
    for (let i = 0; i < count; i += 1) {
      read ^= words[words[(levels[i & RUN_MASK] & handleMask) + TAIL] & handleMask];
    }
    taken[0] = read;
  };
}

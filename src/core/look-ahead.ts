/**
 * Reads what commands will need some commands before they come, so that it is in the cache by then. In a large book
 * the order, its level and its neighbours are anywhere in memory, and each is found through the one before: a command
 * would wait for one load after the other. Here each command is brought nearer by one step at a time, while the
 * commands before it are carried out, and the processor waits for several loads at once.
 *
 * Nothing depends on what is read: a command before may change it, and a command that is not about an order reads
 * something else. No state changes.
 */
import { makeWords } from '../base/columns.js';
import { hashTriple } from '../base/hash.js';
import type { Accounts } from './accounts.js';
import { type ApiKeys, ApiKeyWord } from './api-keys.js';
import type { Arena } from './arena.js';
import type { ClientOrderIds } from './client-order-ids.js';
import { ReplaceOrderWord, SLOT_START_MASK } from './command-words.js';
import type { OrderBooks } from './order-books.js';
import { OrderWord } from './orders.js';
import { keyOf, LevelWord } from './price-ladder.js';

// Local copies are folded into the code (README.md).
const SLOT_MASK = SLOT_START_MASK;
const KEY_ACCOUNT = ApiKeyWord.account;
const CLIENT_ORDER_ID = ReplaceOrderWord.clientOrderId;
const PRICE_TICKS = ReplaceOrderWord.priceTicks;
const BOOK_SIDE = OrderWord.bookSide;
const LEVEL = OrderWord.level;
const NEXT = OrderWord.next;
const PREVIOUS = OrderWord.previous;
const QUOTE_HOLDING = OrderWord.quoteHolding;
const BASE_HOLDING = OrderWord.baseHolding;
const CLIENT_ID_HASH = OrderWord.clientIdHash;
const TAIL = LevelWord.tail;

/** Commands under way; a power of two above the largest distance at which one is looked at. */
const PLACES_MASK = 15;

export type LookAhead = ReturnType<typeof makeLookAhead>;

interface LookAheadParts {
  readonly arena: Arena;
  readonly accounts: Accounts;
  readonly apiKeys: ApiKeys;
  readonly books: OrderBooks;
  readonly clientIds: ClientOrderIds;
}

/** The steps on the parts of a core. `place` is the number of the command in its batch. */
export function makeLookAhead(core: LookAheadParts) {
  const { words, handleMask } = core.arena;
  const { handleOf: keyAt } = core.apiKeys;
  const { candidate } = core.clientIds;
  const { find: findLevel } = core.books.ladder;
  const tripleHash = hashTriple;
  const keyAtPrice = keyOf;
  const hashes = makeWords(PLACES_MASK + 1);
  const orders = makeWords(PLACES_MASK + 1);
  const levels = makeWords(PLACES_MASK + 1);
  /** Takes what was read, so that the compiler does not drop the reading. */
  const sum = makeWords(1);

  /** The account, and where the index would have the client order id. */
  const findIds = (command: Int32Array, start: number, sessionId: number, place: number): void => {
    const at = start & SLOT_MASK;
    const key = keyAt(sessionId) & handleMask;
    const account = words[key + KEY_ACCOUNT] & handleMask;
    const hash = tripleHash(account, command[at + CLIENT_ORDER_ID], command[at + CLIENT_ORDER_ID + 1]);
    hashes[place & PLACES_MASK] = hash;
    sum[0] = candidate(hash) ^ words[account];
  };

  /** The order. */
  const findOrder = (place: number): void => {
    const order = candidate(hashes[place & PLACES_MASK]) & handleMask;
    orders[place & PLACES_MASK] = order;
    sum[0] = words[order + BOOK_SIDE] ^ words[order + CLIENT_ID_HASH];
  };

  /** Its level and neighbours, its money, and the level at the price that it moves to. */
  const findLevels = (command: Int32Array, start: number, place: number): void => {
    const order = orders[place & PLACES_MASK] & handleMask;
    const bookSide = words[order + BOOK_SIDE];
    const price = command[(start & SLOT_MASK) + PRICE_TICKS];
    const level = findLevel(bookSide, keyAtPrice(bookSide, price)) & handleMask;
    levels[place & PLACES_MASK] = level;
    const neighbours = words[words[order + NEXT] & handleMask] ^ words[words[order + PREVIOUS] & handleMask];
    const money =
      words[words[order + QUOTE_HOLDING] & handleMask] ^ words[words[order + BASE_HOLDING] & handleMask];
    sum[0] = words[words[order + LEVEL] & handleMask] ^ neighbours ^ money ^ words[level];
  };

  /** The order that it will stand behind. */
  const findTail = (place: number): void => {
    const level = levels[place & PLACES_MASK] & handleMask;
    sum[0] = words[words[level + TAIL] & handleMask];
  };

  return { findIds, findOrder, findLevels, findTail };
}

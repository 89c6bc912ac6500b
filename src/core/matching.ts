/**
 * Matching and settlement of an incoming order against the opposite book side: best price first, then priority,
 * at the maker's price. Money moves with each fill by the exact amounts; nothing rounds.
 */
import { incrementInt64 } from '../base/int64.js';
import { HANDLE_MASK as HANDLES } from './arena.js';
import type { Core } from './core.js';
import { HoldingWord } from './holdings.js';
import { CounterWord, OrderWord } from './orders.js';
import { keyOf, LevelWord } from './price-ladder.js';

// Local copies are folded into the code (see orders.ts).
const HANDLE_MASK = HANDLES;
const PRICE = OrderWord.price;
const LEAVES = OrderWord.leaves;
const CUMULATIVE = OrderWord.cumulative;
const BOOK_SIDE = OrderWord.bookSide;
const ACCOUNT = OrderWord.account;
const NEXT = OrderWord.next;
const PREVIOUS = OrderWord.previous;
const QUOTE_HOLDING = OrderWord.quoteHolding;
const BASE_HOLDING = OrderWord.baseHolding;
const CLIENT_ID_HASH = OrderWord.clientIdHash;
const TRADE_ID = CounterWord.tradeId;
const HEAD = LevelWord.head;
const TAIL = LevelWord.tail;
const ORDER_COUNT = LevelWord.orderCount;
const KEY = LevelWord.key;
const LOTS = LevelWord.lots;
const AVAILABLE = HoldingWord.available;
const RESERVED = HoldingWord.reserved;

/** Whether all of an order can be filled at once within its price: what decides a fill-or-kill order. */
export function canFill(core: Core, order: number): boolean {
  const { ladder } = core.books;
  const words = core.orders.words;
  const opposite = words[order + BOOK_SIDE] ^ 1;
  const limitKey = keyOf(opposite, words[order + PRICE]);
  let missing = words[order + LEAVES];
  let level = ladder.best(opposite);
  while (level !== 0 && words[level + KEY] <= limitKey) {
    missing -= ladder.levelDoubles[(level + LOTS) >> 1];
    if (missing <= 0) return true;
    level = ladder.next(level);
  }
  return false;
}

/**
 * Matches `taker`, whose reservation is made, until it is filled or no price is left within its limit. Filled
 * makers are gone afterwards; the taker has its new leaves and cumulative quantity and what it no longer needs of
 * its reservation is released. Empty levels stay until the books are flushed.
 */
export function matchOrder(core: Core, takerHandle: number): void {
  const { books, orders, accounts, holdings, instruments, sink } = core;
  const { ladder } = books;
  const words = orders.words;
  const doubles = ladder.levelDoubles;
  const taker = takerHandle & HANDLE_MASK;
  const bookSide = words[taker + BOOK_SIDE];
  const opposite = bookSide ^ 1;
  const limitPrice = words[taker + PRICE];
  const limitKey = keyOf(opposite, limitPrice);
  const instrument = instruments.handleOf(bookSide >> 1);
  const quotePerTickLot = instruments.quoteMinorPerTickLot(instrument);
  const basePerLot = instruments.baseMinorPerLot(instrument);
  const makerSells = (opposite & 1) !== 0;
  const wanted = words[taker + LEAVES];
  let leaves = wanted;
  let quoteTraded = 0;
  let level = ladder.best(opposite) & HANDLE_MASK;
  while (level !== 0 && words[level + KEY] <= limitKey) {
    const price = keyOf(opposite, words[level + KEY]);
    const quotePerLot = price * quotePerTickLot;
    const leavesBefore = leaves;
    let maker = words[level + HEAD] & HANDLE_MASK;
    do {
      const makerLeaves = words[maker + LEAVES];
      const filled = Math.min(makerLeaves, leaves);
      leaves -= filled;
      words[maker + LEAVES] = makerLeaves - filled;
      words[maker + CUMULATIVE] = words[maker + CUMULATIVE] + filled;
      words[taker + LEAVES] = leaves;
      words[taker + CUMULATIVE] = words[taker + CUMULATIVE] + filled;
      const quote = filled * quotePerLot;
      const base = filled * basePerLot;
      quoteTraded += quote;
      const makerQuote = words[maker + QUOTE_HOLDING] & HANDLE_MASK;
      const makerBase = words[maker + BASE_HOLDING] & HANDLE_MASK;
      if (makerSells) {
        doubles[(makerQuote + AVAILABLE) >> 1] += quote;
        doubles[(makerBase + RESERVED) >> 1] -= base;
      } else {
        doubles[(makerQuote + RESERVED) >> 1] -= quote;
        doubles[(makerBase + AVAILABLE) >> 1] += base;
      }
      holdings.touch(makerQuote);
      holdings.touch(makerBase);
      incrementInt64(orders.counters, TRADE_ID);
      sink.trade(maker, taker, price, filled);
      if (makerLeaves !== filled) {
        orders.touch(maker);
        break;
      }
      const next = words[maker + NEXT] & HANDLE_MASK;
      words[level + ORDER_COUNT] = words[level + ORDER_COUNT] - 1;
      accounts.removeOrder(words[maker + ACCOUNT], maker);
      core.clientIds.remove(words[maker + CLIENT_ID_HASH], maker);
      orders.release(maker);
      maker = next;
    } while (leaves !== 0 && maker !== 0);
    words[level + HEAD] = maker;
    if (maker === 0) words[level + TAIL] = 0;
    else words[maker + PREVIOUS] = 0;
    doubles[(level + LOTS) >> 1] -= leavesBefore - leaves;
    books.touch(level);
    if (leaves === 0) break;
    level = ladder.next(level) & HANDLE_MASK;
  }

  const takerQuote = words[taker + QUOTE_HOLDING] & HANDLE_MASK;
  const takerBase = words[taker + BASE_HOLDING] & HANDLE_MASK;
  const baseTraded = (wanted - leaves) * basePerLot;
  if (makerSells) {
    const released = (wanted - leaves) * limitPrice * quotePerTickLot;
    doubles[(takerQuote + RESERVED) >> 1] -= released;
    doubles[(takerQuote + AVAILABLE) >> 1] += released - quoteTraded;
    doubles[(takerBase + AVAILABLE) >> 1] += baseTraded;
  } else {
    doubles[(takerBase + RESERVED) >> 1] -= baseTraded;
    doubles[(takerQuote + AVAILABLE) >> 1] += quoteTraded;
  }
  holdings.touch(takerQuote);
  holdings.touch(takerBase);
}

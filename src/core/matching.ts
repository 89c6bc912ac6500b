/**
 * Matching and settlement of an incoming order against the opposite book side: best price first, then priority,
 * at the maker's price. Money moves with each fill by the exact amounts; nothing rounds.
 */
import { incrementInt64 } from '../base/int64.js';
import type { Core } from './core.js';
import { CounterWord, OrderWord } from './orders.js';
import { isSellSide, keyOf, LevelWord } from './price-ladder.js';

const ORDER_BOOK_SIDE = OrderWord.bookSide;
const ORDER_PRICE = OrderWord.price;
const ORDER_LEAVES = OrderWord.leaves;
const ORDER_CUMULATIVE = OrderWord.cumulative;
const ORDER_QUOTE_HOLDING = OrderWord.quoteHolding;
const ORDER_BASE_HOLDING = OrderWord.baseHolding;
const ORDER_NEXT = OrderWord.next;
const ORDER_ACCOUNT = OrderWord.account;
const ORDER_CLIENT_ID_HASH = OrderWord.clientIdHash;
const ORDER_PREVIOUS = OrderWord.previous;
const LEVEL_KEY = LevelWord.key;
const LEVEL_LOTS = LevelWord.lots;
const LEVEL_HEAD = LevelWord.head;
const LEVEL_ORDER_COUNT = LevelWord.orderCount;
const LEVEL_TAIL = LevelWord.tail;
const COUNTER_TRADE_ID = CounterWord.tradeId;

/**
 * Whether `lots` can be filled at once within the order's price: what a fill-or-kill order must know before its
 * first trade.
 */
export function canFill(core: Core, order: number): boolean {
  const orders = core.orders.words;
  const ladder = core.books.ladder;
  const opposite = orders[order + ORDER_BOOK_SIDE] ^ 1;
  const limitKey = keyOf(opposite, orders[order + ORDER_PRICE]);
  let missing = orders[order + ORDER_LEAVES];
  let level = ladder.best[opposite];
  while (level !== 0 && ladder.levels[level + LEVEL_KEY] <= limitKey) {
    missing -= ladder.levelDoubles[(level + LEVEL_LOTS) >> 1];
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
export function matchOrder(core: Core, taker: number): void {
  const { books, orders: orderColumns, accounts, holdings, sink } = core;
  const { ladder } = books;
  const orders = orderColumns.words;
  const levels = ladder.levels;
  const lots = ladder.levelDoubles;
  const money = holdings.money;
  const bookSide = orders[taker + ORDER_BOOK_SIDE];
  const opposite = bookSide ^ 1;
  const limitPrice = orders[taker + ORDER_PRICE];
  const limitKey = keyOf(opposite, limitPrice);
  let level = ladder.best[opposite];
  if (level === 0 || levels[level + LEVEL_KEY] > limitKey) return;

  const quotePerTickLot = core.instruments.quoteMinorPerTickLot(bookSide >> 1);
  const basePerLot = core.instruments.baseMinorPerLot(bookSide >> 1);
  const makerSells = isSellSide(opposite);
  const wanted = orders[taker + ORDER_LEAVES];
  let leaves = wanted;
  let quoteTraded = 0;
  do {
    const price = keyOf(opposite, levels[level + LEVEL_KEY]);
    const quotePerLot = price * quotePerTickLot;
    const leavesBefore = leaves;
    let maker = levels[level + LEVEL_HEAD];
    do {
      const makerLeaves = orders[maker + ORDER_LEAVES];
      const filled = Math.min(makerLeaves, leaves);
      leaves -= filled;
      orders[maker + ORDER_LEAVES] = makerLeaves - filled;
      orders[maker + ORDER_CUMULATIVE] = orders[maker + ORDER_CUMULATIVE] + filled;
      orders[taker + ORDER_LEAVES] = leaves;
      orders[taker + ORDER_CUMULATIVE] = orders[taker + ORDER_CUMULATIVE] + filled;
      const quote = filled * quotePerLot;
      const base = filled * basePerLot;
      quoteTraded += quote;
      const makerQuote = orders[maker + ORDER_QUOTE_HOLDING];
      const makerBase = orders[maker + ORDER_BASE_HOLDING];
      if (makerSells) {
        money[makerQuote] += quote;
        money[makerBase + 1] -= base;
      } else {
        money[makerQuote + 1] -= quote;
        money[makerBase] += base;
      }
      holdings.touch(makerQuote);
      holdings.touch(makerBase);
      incrementInt64(orderColumns.counters, COUNTER_TRADE_ID);
      sink.trade(maker, taker, price, filled);
      if (makerLeaves !== filled) {
        orderColumns.touch(maker);
        break;
      }
      const next = orders[maker + ORDER_NEXT];
      levels[level + LEVEL_ORDER_COUNT] = levels[level + LEVEL_ORDER_COUNT] - 1;
      accounts.removeOrder(orders[maker + ORDER_ACCOUNT], orders, maker);
      core.clientIds.remove(orders[maker + ORDER_CLIENT_ID_HASH], maker);
      orderColumns.release(maker);
      maker = next;
    } while (leaves !== 0 && maker !== 0);
    levels[level + LEVEL_HEAD] = maker;
    if (maker === 0) levels[level + LEVEL_TAIL] = 0;
    else orders[maker + ORDER_PREVIOUS] = 0;
    lots[(level + LEVEL_LOTS) >> 1] -= leavesBefore - leaves;
    books.touch(level);
    if (leaves === 0) break;
    level = ladder.next(level);
  } while (level !== 0 && levels[level + LEVEL_KEY] <= limitKey);

  const takerQuote = orders[taker + ORDER_QUOTE_HOLDING];
  const takerBase = orders[taker + ORDER_BASE_HOLDING];
  const baseTraded = (wanted - leaves) * basePerLot;
  if (makerSells) {
    const released = (wanted - leaves) * limitPrice * quotePerTickLot;
    money[takerQuote + 1] -= released;
    money[takerQuote] += released - quoteTraded;
    money[takerBase] += baseTraded;
  } else {
    money[takerBase + 1] -= baseTraded;
    money[takerQuote] += quoteTraded;
  }
  holdings.touch(takerQuote);
  holdings.touch(takerBase);
}

/**
 * Matching and settlement of an incoming order against the opposite book side: best price first, then priority,
 * at the maker's price. Money moves with each fill by the exact amounts; nothing rounds.
 */
import { incrementInt64 } from '../base/int64.js';
import type { Core } from './core.js';
import { CounterWord, OrderWord } from './orders.js';
import { isSellSide, keyOf, LevelWord } from './price-ladder.js';

/**
 * Whether `lots` can be filled at once within the order's price: what a fill-or-kill order must know before its
 * first trade.
 */
export function canFill(core: Core, order: number): boolean {
  const orders = core.orders.words;
  const ladder = core.books.ladder;
  const opposite = orders[order + OrderWord.bookSide] ^ 1;
  const limitKey = keyOf(opposite, orders[order + OrderWord.price]);
  let missing = orders[order + OrderWord.leaves];
  let level = ladder.best[opposite];
  while (level !== 0 && ladder.levels[level + LevelWord.key] <= limitKey) {
    missing -= ladder.levelDoubles[(level + LevelWord.lots) >> 1];
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
  const bookSide = orders[taker + OrderWord.bookSide];
  const opposite = bookSide ^ 1;
  const limitPrice = orders[taker + OrderWord.price];
  const limitKey = keyOf(opposite, limitPrice);
  let level = ladder.best[opposite];
  if (level === 0 || levels[level + LevelWord.key] > limitKey) return;

  const quotePerTickLot = core.instruments.quoteMinorPerTickLot(bookSide >> 1);
  const basePerLot = core.instruments.baseMinorPerLot(bookSide >> 1);
  const makerSells = isSellSide(opposite);
  const wanted = orders[taker + OrderWord.leaves];
  let leaves = wanted;
  let quoteTraded = 0;
  do {
    const price = keyOf(opposite, levels[level + LevelWord.key]);
    const quotePerLot = price * quotePerTickLot;
    const leavesBefore = leaves;
    let maker = levels[level + LevelWord.head];
    do {
      const makerLeaves = orders[maker + OrderWord.leaves];
      const filled = Math.min(makerLeaves, leaves);
      leaves -= filled;
      orders[maker + OrderWord.leaves] = makerLeaves - filled;
      orders[maker + OrderWord.cumulative] = orders[maker + OrderWord.cumulative] + filled;
      orders[taker + OrderWord.leaves] = leaves;
      orders[taker + OrderWord.cumulative] = orders[taker + OrderWord.cumulative] + filled;
      const quote = filled * quotePerLot;
      const base = filled * basePerLot;
      quoteTraded += quote;
      const makerQuote = orders[maker + OrderWord.quoteHolding];
      const makerBase = orders[maker + OrderWord.baseHolding];
      if (makerSells) {
        money[makerQuote] += quote;
        money[makerBase + 1] -= base;
      } else {
        money[makerQuote + 1] -= quote;
        money[makerBase] += base;
      }
      holdings.touch(makerQuote);
      holdings.touch(makerBase);
      incrementInt64(orderColumns.counters, CounterWord.tradeId);
      sink.trade(maker, taker, price, filled);
      if (makerLeaves !== filled) {
        orderColumns.touch(maker);
        break;
      }
      const next = orders[maker + OrderWord.next];
      levels[level + LevelWord.orderCount] = levels[level + LevelWord.orderCount] - 1;
      accounts.removeOrder(orders[maker + OrderWord.account], orders, maker);
      core.clientIds.remove(orders[maker + OrderWord.clientIdHash], maker);
      orderColumns.release(maker);
      maker = next;
    } while (leaves !== 0 && maker !== 0);
    levels[level + LevelWord.head] = maker;
    if (maker === 0) levels[level + LevelWord.tail] = 0;
    else orders[maker + OrderWord.previous] = 0;
    lots[(level + LevelWord.lots) >> 1] -= leavesBefore - leaves;
    books.touch(level);
    if (leaves === 0) break;
    level = ladder.next(level);
  } while (level !== 0 && levels[level + LevelWord.key] <= limitKey);

  const takerQuote = orders[taker + OrderWord.quoteHolding];
  const takerBase = orders[taker + OrderWord.baseHolding];
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

/**
 * The part of the invariants that a live node can afford: a few records at a time, going round for ever. What takes a walk
 * over everything (conservation, sums of levels, reserved money) is invariants.ts, for tests and for copies of the
 * state.
 */
import { fail } from '../base/assert.js';
import { hashTriple } from '../base/hash.js';
import { readInt64 } from '../base/int64.js';
import { AccountWord } from './accounts.js';
import type { Core } from './core.js';
import { InstrumentWord } from './instruments.js';
import { MONEY_MAX } from './money.js';
import { OrderWord } from './orders.js';
import { PositionWord } from './positions.js';
import { keyOf, LevelWord } from './price-ladder.js';

export type RollingCheck = ReturnType<typeof makeRollingCheck>;

/** The check of `core`; call it between two commands. */
export function makeRollingCheck(core: Core) {
  const { accounts, books, clientIds, holdings, instruments, orders } = core;
  const { words } = core.arena;
  const { ladder } = books;
  let nextOrder = 0;
  let nextHolding = 0;
  let nextInstrument = 1;

  /**
   * Looks at the next `count` order records, holdings and instruments. Throws an Error that names the first invariant that
   * does not hold.
   */
  const step = (count: number): void => {
    const orderCount = Math.min(count, orders.used);
    for (let i = 0; i < orderCount; i += 1) {
      if (nextOrder >= orders.used) nextOrder = 0;
      checkOrder(orders.handleOf(nextOrder));
      nextOrder += 1;
    }
    const holdingCount = Math.min(count, holdings.count);
    for (let i = 0; i < holdingCount; i += 1) {
      if (nextHolding >= holdings.count) nextHolding = 0;
      checkHolding(holdings.handleOf(nextHolding));
      nextHolding += 1;
    }
    const instrumentCount = Math.min(count, instruments.count);
    for (let i = 0; i < instrumentCount; i += 1) {
      if (nextInstrument > instruments.count) nextInstrument = 1;
      checkTop(nextInstrument);
      nextInstrument += 1;
    }
  };

  /** One record: free, or an open order that everything which should know it knows. */
  const checkOrder = (order: number): void => {
    const price = words[order + OrderWord.price];
    if (price === 0) return;
    const orderId = readInt64(words, order + OrderWord.orderId);
    if (price < 1) fail('price of an open order is positive', orderId, price);
    if (words[order + OrderWord.leaves] < 1) fail('open order has leaves', orderId);
    if (words[order + OrderWord.cumulative] < 0) fail('cumulative quantity is not negative', orderId);
    const account = words[order + OrderWord.account];
    const idLow = words[order + OrderWord.clientIdLow];
    const idHigh = words[order + OrderWord.clientIdHigh];
    const hash = hashTriple(account, idLow, idHigh);
    if (clientIds.find(hash, account, idLow, idHigh) !== order) fail('order is found by its ids', orderId);
    const position = words[order + OrderWord.position];
    if (words[position + PositionWord.account] !== account) fail('position is of the account', orderId);
    if (words[position + PositionWord.instrumentId] !== words[order + OrderWord.bookSide] >> 1)
      fail('position is of the instrument', orderId);
    checkAccountLinks(order, account, orderId);
    checkQueueLinks(order, orderId);
  };

  const checkAccountLinks = (order: number, account: number, orderId: number): void => {
    const next = words[order + OrderWord.accountNext];
    const previous = words[order + OrderWord.accountPrevious];
    const isLinkedOn =
      next === 0
        ? accounts.words[account + AccountWord.lastOrder] === order
        : words[next + OrderWord.accountPrevious] === order &&
          words[next + OrderWord.account] === account &&
          readInt64(words, next + OrderWord.orderId) > orderId;
    if (!isLinkedOn) fail('account list runs on from an order by order id', orderId);
    const isLinkedBack =
      previous === 0
        ? accounts.words[account + AccountWord.firstOrder] === order
        : words[previous + OrderWord.accountNext] === order;
    if (!isLinkedBack) fail('account list leads to an order', orderId);
  };

  const checkQueueLinks = (order: number, orderId: number): void => {
    const level = words[order + OrderWord.level];
    const bookSide = words[order + OrderWord.bookSide];
    const { levels } = ladder;
    const levelSide = levels[level + LevelWord.bookSide];
    // A stop that waits is on a side of its own, by its trigger.
    if (levelSide >= books.firstStopSide) return;
    if (levelSide !== bookSide) fail('order rests on its side', orderId);
    if (keyOf(bookSide, levels[level + LevelWord.key]) !== words[order + OrderWord.price])
      fail('order rests at its price', orderId);
    const next = words[order + OrderWord.next];
    const previous = words[order + OrderWord.previous];
    const isLinkedOn =
      next === 0
        ? levels[level + LevelWord.tail] === order
        : words[next + OrderWord.previous] === order &&
          words[next + OrderWord.level] === level &&
          readInt64(words, next + OrderWord.priority) > readInt64(words, order + OrderWord.priority);
    if (!isLinkedOn) fail('queue runs on from an order by priority', orderId);
    const isLinkedBack =
      previous === 0 ? levels[level + LevelWord.head] === order : words[previous + OrderWord.next] === order;
    if (!isLinkedBack) fail('queue leads to an order', orderId);
  };

  /** Below 0 only in the quote of a margin instrument, so the bound is symmetric here. */
  const checkHolding = (holding: number): void => {
    const available = holdings.available(holding);
    const reserved = holdings.reserved(holding);
    if (!(Math.abs(available) <= MONEY_MAX)) fail('available stays within 2^53-1', available);
    if (!(reserved >= 0 && reserved <= MONEY_MAX)) fail('reserved is 0..2^53-1', reserved);
  };

  /** The best prices of an instrument in continuous trading do not cross, and there is something at them. */
  const checkTop = (instrumentId: number): void => {
    const bid = ladder.best(instrumentId * 2);
    const ask = ladder.best(instrumentId * 2 + 1);
    for (const level of [bid, ask]) {
      if (level === 0) continue;
      if (ladder.levels[level + LevelWord.orderCount] < 1) fail('best level has orders', instrumentId);
      if (!(ladder.levelDoubles[(level + LevelWord.lots) >> 1] >= 1))
        fail('best level has lots', instrumentId);
    }
    const instrument = instruments.handleOf(instrumentId);
    if (words[instrument + InstrumentWord.marketState] !== 0 || bid === 0 || ask === 0) return;
    const bidPrice = keyOf(0, ladder.levels[bid + LevelWord.key]);
    const askPrice = keyOf(1, ladder.levels[ask + LevelWord.key]);
    if (bidPrice >= askPrice) fail('book is not crossed', instrumentId, bidPrice, askPrice);
  };

  return { step };
}

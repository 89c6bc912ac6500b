/**
 * Call auctions: the price at which most can trade, and the trades at it.
 *
 * Of several prices with the most volume it is the one that leaves least over on one side. When buys are left over at
 * all of these it is the highest, when sells are, the lowest: then all orders that are better than it are filled. Where
 * neither side decides, it is the price of the range that is nearest to the reference, or without one the middle of the
 * range, half a tick rounded up.
 */
import { makeDoubles, makeWords } from '../base/columns.js';
import type { Core } from './core.js';
import type { Fillable } from './fillable.js';
import { InstrumentWord } from './instruments.js';
import type { Matching } from './matching.js';
import type { OrderEndings } from './order-endings.js';
import { OrderWord } from './orders.js';
import { keyOf, LevelWord } from './price-ladder.js';

const KEY = LevelWord.key;
const HEAD = LevelWord.head;
const ORDER_ID = OrderWord.orderId;
const LEAVES = OrderWord.leaves;

/** Doubles of what an auction would do: lots, and lots left over, of buys above 0, of sells below. */
export const OutcomeDouble = { executable: 0, imbalance: 1 } as const;
const EXECUTABLE = OutcomeDouble.executable;
const IMBALANCE = OutcomeDouble.imbalance;

export type Auction = ReturnType<typeof makeAuction>;

/** Auctions on `core`; money and reports of their trades are those of matching. */
export function makeAuction(
  core: Core,
  { settleTrade }: Matching,
  { lotsAt }: Fillable,
  { close, endLink }: OrderEndings,
) {
  const { words } = core.arena;
  const { books, instruments, orders, stops } = core;
  const { ladder, withOrders } = books;
  /** Levels of the buys that may trade, best first. */
  const buyLevels = makeWords(orders.maxOrders + 1);
  const outcome = makeDoubles(2);

  const bestBuy = (instrumentId: number): number => withOrders(ladder.best(instrumentId * 2));
  const bestSell = (instrumentId: number): number => withOrders(ladder.best(instrumentId * 2 + 1));
  const priceOf = (level: number): number => keyOf(words[level + LevelWord.bookSide] & 1, words[level + KEY]);

  /**
   * Finds the price of an auction now, 0 when nothing would trade; `outcome` has the volumes. `reference`: price in
   * ticks, 0 = none.
   */
  const findPrice = (instrumentId: number, reference: number): number => {
    outcome[EXECUTABLE] = 0;
    outcome[IMBALANCE] = 0;
    let sell = bestSell(instrumentId);
    let buy = bestBuy(instrumentId);
    if (sell === 0 || buy === 0) return 0;
    const lowest = priceOf(sell);
    const highest = priceOf(buy);
    if (highest < lowest) return 0;
    let buyCount = 0;
    let bought = 0;
    while (buy !== 0 && priceOf(buy) >= lowest) {
      buyLevels[buyCount] = buy;
      buyCount += 1;
      bought += lotsAt(buy);
      buy = withOrders(ladder.next(buy));
    }

    // All prices at which an order rests, upwards: buys at them and above, sells at them and below.
    let sold = 0;
    let most = 0;
    let least = 0;
    let first = 0;
    let last = 0;
    let highestBuySurplus = 0;
    let lowestSellSurplus = 0;
    while (buyCount > 0) {
      const buyPrice = priceOf(buyLevels[buyCount - 1]);
      const sellPrice = sell === 0 ? buyPrice : priceOf(sell);
      const price = Math.min(buyPrice, sellPrice);
      if (sell !== 0 && sellPrice === price) {
        sold += lotsAt(sell);
        sell = withOrders(ladder.next(sell));
      }
      const volume = Math.min(bought, sold);
      const surplus = bought - sold;
      const isBetter = volume > most || (volume === most && Math.abs(surplus) < least);
      if (isBetter) {
        most = volume;
        least = Math.abs(surplus);
        first = price;
        highestBuySurplus = 0;
        lowestSellSurplus = 0;
      }
      if (volume === most && Math.abs(surplus) === least) {
        last = price;
        if (surplus > 0) highestBuySurplus = price;
        if (surplus < 0 && lowestSellSurplus === 0) lowestSellSurplus = price;
      }
      if (buyPrice === price) {
        buyCount -= 1;
        bought -= lotsAt(buyLevels[buyCount]);
      }
    }
    outcome[EXECUTABLE] = most;
    let found: number;
    if (least > 0 && lowestSellSurplus === 0) {
      found = highestBuySurplus;
    } else if (least > 0 && highestBuySurplus === 0) {
      found = lowestSellSurplus;
    } else {
      const low = highestBuySurplus === 0 ? first : highestBuySurplus;
      const high = lowestSellSurplus === 0 ? last : lowestSellSurplus;
      found = reference === 0 ? Math.ceil((low + high) / 2) : Math.max(low, Math.min(high, reference));
    }
    // Between the two no order rests, and both sides are filled whole.
    if (found === highestBuySurplus) outcome[IMBALANCE] = least;
    else if (found === lowestSellSurplus) outcome[IMBALANCE] = -least;
    return found;
  };

  /** What the auction of an instrument has as its reference: its own, or the last trade; 0 = none. */
  const referenceOf = (instrumentId: number): number => {
    const instrument = instruments.handleOf(instrumentId);
    const given = words[instrument + InstrumentWord.auctionReference];
    if (given === 0) return words[instrument + InstrumentWord.lastPrice];
    return given === -1 ? 0 : given;
  };

  /**
   * Trades all orders that reach a price at that price: the first buy with the first sell, until one side has none left.
   * The older order of two is the maker. Self-trade prevention does not act.
   */
  const uncross = (instrumentId: number, price: number): void => {
    for (;;) {
      const buyLevel = bestBuy(instrumentId);
      const sellLevel = bestSell(instrumentId);
      if (buyLevel === 0 || sellLevel === 0) break;
      if (priceOf(buyLevel) < price || priceOf(sellLevel) > price) break;
      const buy = words[buyLevel + HEAD];
      const sell = words[sellLevel + HEAD];
      const isBuyMaker = isOlder(buy, sell);
      const maker = isBuyMaker ? buy : sell;
      const taker = isBuyMaker ? sell : buy;
      const lots = Math.min(books.displayed(buy), books.displayed(sell));
      settleTrade(maker, taker, price, lots);
      for (const order of [maker, taker]) {
        books.takeDisplayed(order, lots);
        orders.touch(order);
      }
      endLink(maker);
      endLink(taker);
      for (const order of [maker, taker]) if (words[order + LEAVES] === 0) close(order);
    }
    words[instruments.handleOf(instrumentId) + InstrumentWord.lastPrice] = price;
    stops.trail(instrumentId, price);
  };

  const isOlder = (order: number, other: number): boolean => {
    const high = words[order + ORDER_ID + 1];
    const otherHigh = words[other + ORDER_ID + 1];
    if (high !== otherHigh) return high < otherHigh;
    return words[order + ORDER_ID] >>> 0 < words[other + ORDER_ID] >>> 0;
  };

  return { outcome, findPrice, referenceOf, uncross };
}

/** The price of a call auction, found by trying every price at which an order rests. */
import { MarketState, Side } from '../../src/core/codes.js';
import type { ReferenceBook } from './reference-book.js';
import type { Indication, Order } from './reference-state.js';

/** What an auction would do when nothing can trade. */
export const NOTHING: Indication = { priceTicks: 0, executableLots: 0n, imbalanceLots: 0n };

/** Whether orders are collected for an uncross. */
export function isAuction(state: number): boolean {
  return (
    state === MarketState.openingAuction ||
    state === MarketState.closingAuction ||
    state === MarketState.volatilityAuction
  );
}

/** Whether orders rest and nothing matches. */
export function isCallPhase(state: number): boolean {
  return state === MarketState.preOpen || isAuction(state);
}

function sum(orders: readonly Order[]): bigint {
  return orders.reduce((lots, order) => lots + BigInt(order.leavesLots), 0n);
}

function absolute(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/**
 * The price at which most can trade; of several the one that leaves least over on one side. When buys are left over at
 * all of these it is the highest, when sells are, the lowest: then all orders that are better than it are filled. Where
 * neither side decides, it is the price of the range that is nearest to the reference, or without one the middle of the
 * range, half a tick rounded up. `referencePriceTicks` 0 = none.
 */
export function auctionPrice(book: ReferenceBook, referencePriceTicks: number): Indication {
  const [buy, sell] = [book.best(Side.buy), book.best(Side.sell)];
  if (buy === undefined || sell === undefined || buy.priceTicks < sell.priceTicks) return NOTHING;
  const at = (priceTicks: number) => {
    const bought = sum(book.buys.filter((order) => order.priceTicks >= priceTicks));
    const sold = sum(book.sells.filter((order) => order.priceTicks <= priceTicks));
    return {
      priceTicks,
      executableLots: bought < sold ? bought : sold,
      imbalanceLots: bought - sold,
    };
  };
  const prices = [...new Set([...book.buys, ...book.sells].map((order) => order.priceTicks))];
  let candidates = prices.sort((a, b) => a - b).map(at);
  const most = candidates.reduce(
    (lots, each) => (each.executableLots > lots ? each.executableLots : lots),
    0n,
  );
  if (most === 0n) return NOTHING;
  candidates = candidates.filter(({ executableLots }) => executableLots === most);
  const least = candidates
    .map(({ imbalanceLots }) => absolute(imbalanceLots))
    .reduce((a, b) => (a < b ? a : b));
  candidates = candidates.filter(({ imbalanceLots }) => absolute(imbalanceLots) === least);
  const withBuysOver = candidates.filter(({ imbalanceLots }) => imbalanceLots > 0n);
  const withSellsOver = candidates.filter(({ imbalanceLots }) => imbalanceLots < 0n);
  if (least > 0n && withSellsOver.length === 0) return withBuysOver.at(-1)!;
  if (least > 0n && withBuysOver.length === 0) return withSellsOver[0]!;
  const low = (withBuysOver.at(-1) ?? candidates[0]!).priceTicks;
  const high = (withSellsOver[0] ?? candidates.at(-1)!).priceTicks;
  if (referencePriceTicks !== 0) return at(Math.min(high, Math.max(low, referencePriceTicks)));
  return at(Math.ceil((low + high) / 2));
}

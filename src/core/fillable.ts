/** How much of an incoming order could trade at once: what decides a fill-or-kill order and a minimum quantity. */
import { SelfTradePrevention } from './codes.js';
import type { Core } from './core.js';
import { OrderWord } from './orders.js';
import { keyOf, LevelWord } from './price-ladder.js';
import type { SelfTrade } from './self-trade.js';

const CANCEL_OLDEST = SelfTradePrevention.cancelOldest - 1;

export function makeFillable(core: Core, { belongTogether }: SelfTrade) {
  const { words, doubles } = core.arena;
  const { best, next } = core.books.ladder;

  /**
   * Whether an order can trade `lots` within its price. Orders that self-trade prevention keeps it from do not count;
   * nor does anything behind the first of them, unless the order's mode is to cancel them and go on.
   */
  const canFill = (order: number, lots: number): boolean => {
    const opposite = words[order + OrderWord.bookSide] ^ 1;
    const limitKey = keyOf(opposite, words[order + OrderWord.price]);
    const mode = words[order + OrderWord.terms] >>> 24;
    let missing = lots;
    for (
      let level = best(opposite);
      level !== 0 && missing > 0 && words[level + LevelWord.key] <= limitKey;
      level = next(level)
    ) {
      if (mode === 0) {
        missing -= doubles[(level + LevelWord.lots) >> 1];
        continue;
      }
      for (let maker = words[level + LevelWord.head]; maker !== 0; maker = words[maker + OrderWord.next]) {
        if (!belongTogether(order, maker)) missing -= words[maker + OrderWord.leaves];
        else if (mode !== CANCEL_OLDEST) return missing <= 0;
      }
    }
    return missing <= 0;
  };

  return { canFill };
}

/** How much of an incoming order could trade at once: what decides a fill-or-kill order and a minimum quantity. */
import { SelfTradePrevention } from './codes.js';
import type { Core } from './core.js';
import { InstrumentControl, InstrumentWord } from './instruments.js';
import { OrderWord } from './orders.js';
import { keyOf, LevelWord } from './price-ladder.js';
import type { SelfTrade } from './self-trade.js';
import type { Volatility } from './volatility.js';

/** Book side of a level without the mark that it was touched. */
const BOOK_SIDE_MASK = 0x7fffffff;

const CANCEL_OLDEST = SelfTradePrevention.cancelOldest - 1;

export type Fillable = ReturnType<typeof makeFillable>;

export function makeFillable(core: Core, { belongTogether }: SelfTrade, { findRange, range }: Volatility) {
  const { words, doubles } = core.arena;
  const { displayed } = core.books;
  const { best, next } = core.books.ladder;
  const { handleOf: instrumentAt } = core.instruments;

  /**
   * Whether an order can trade `lots` within its price. Orders that self-trade prevention keeps it from do not count;
   * nor does anything behind the first of them, unless the order's mode is to cancel them and go on; nor what is beyond
   * the volatility limit.
   */
  const canFill = (order: number, lots: number): boolean => {
    const opposite = words[order + OrderWord.bookSide] ^ 1;
    const limitKey = keyOf(opposite, words[order + OrderWord.price]);
    const mode = words[order + OrderWord.terms] >>> 24;
    let missing = lots;
    const instrument = core.instruments.handleOf(opposite >> 1);
    const isLimited = (words[instrument + InstrumentWord.controls] & InstrumentControl.volatility) !== 0;
    if (isLimited) findRange(instrument, false);
    for (
      let level = best(opposite);
      level !== 0 && missing > 0 && words[level + LevelWord.key] <= limitKey;
      level = next(level)
    ) {
      const price = keyOf(opposite, words[level + LevelWord.key]);
      if (isLimited && (price < range[0] || price > range[1])) break;
      if (mode === 0) {
        missing -= lotsAt(level);
        continue;
      }
      let displayedLots = 0;
      let lots = 0;
      for (let maker = words[level + LevelWord.head]; maker !== 0; maker = words[maker + OrderWord.next]) {
        if (!belongTogether(order, maker)) {
          displayedLots += displayed(maker);
          lots += words[maker + OrderWord.leaves];
        } else if (mode !== CANCEL_OLDEST) {
          // What is hidden would only come behind the order that it must not trade with.
          return missing <= displayedLots;
        }
      }
      missing -= lots;
    }
    return missing <= 0;
  };

  /** All lots of a level, hidden ones too. */
  const lotsAt = (level: number): number => {
    const bookSide = words[level + LevelWord.bookSide] & BOOK_SIDE_MASK;
    if (words[instrumentAt(bookSide >> 1) + InstrumentWord.icebergs] === 0) {
      return doubles[(level + LevelWord.lots) >> 1];
    }
    let lots = 0;
    for (let maker = words[level + LevelWord.head]; maker !== 0; maker = words[maker + OrderWord.next]) {
      lots += words[maker + OrderWord.leaves];
    }
    return lots;
  };

  return { canFill, lotsAt };
}

/** What an amount of quote buys or sells at once: how a market order without a quantity gets one. */
import { makeWords } from '../base/columns.js';
import type { Core } from './core.js';
import type { Fillable } from './fillable.js';
import { feePerLot } from './money.js';
import { isSellSide, keyOf, LevelWord } from './price-ladder.js';

/** Words of `terms`. */
export const AmountWord = { lots: 0, price: 1 } as const;

const LOTS_MAX = 0x7fffffff;

export function makeQuoteAmount(core: Core, { lotsAt }: Fillable) {
  const { best, levels, next } = core.books.ladder;
  const { handleOf: instrumentAt, quoteMinorPerTickLot } = core.instruments;
  /** What the amount looked at last comes to: lots, 0 = none, and the worst price that they need. */
  const terms = makeWords(2);

  /**
   * Sets `terms` for an amount (minor units of quote) of an order of a book side within a limit, with its rates. A buy
   * takes the largest quantity whose reservation at the worst price that it needs fits the amount, so it never pays
   * more; a sell what the amount is worth at the best price, so it never receives more.
   */
  const termsFor = (
    bookSide: number,
    limit: number,
    amount: number,
    makerPpm: number,
    takerPpm: number,
  ): void => {
    const opposite = bookSide ^ 1;
    const limitKey = keyOf(opposite, limit);
    const perTick = quoteMinorPerTickLot(instrumentAt(bookSide >> 1));
    const isSell = isSellSide(bookSide);
    terms[AmountWord.lots] = 0;
    terms[AmountWord.price] = limit;
    let inReach = 0;
    let affordable = 0;
    for (
      let level = best(opposite);
      level !== 0 && levels[level + LevelWord.key] <= limitKey;
      level = next(level)
    ) {
      const price = keyOf(opposite, levels[level + LevelWord.key]);
      const lotPrice = price * perTick;
      if (!isSell) affordable = wholeParts(amount, lotPrice + feePerLot(lotPrice, makerPpm, takerPpm));
      else if (inReach === 0) affordable = wholeParts(amount, lotPrice);
      inReach += lotsAt(level);
      const lots = Math.min(inReach, affordable, LOTS_MAX);
      if (lots > terms[AmountWord.lots]) {
        terms[AmountWord.lots] = lots;
        if (!isSell) terms[AmountWord.price] = price;
      }
      // A worse price buys fewer lots for the amount, so only more lots in reach could have helped.
      if (inReach >= affordable) return;
    }
  };

  return { terms, termsFor };
}

/**
 * How often `part` goes into `amount`, both positive integers, the amount below 2^53: then the quotient of doubles is never
 * rounded up to the next integer.
 */
function wholeParts(amount: number, part: number): number {
  return Math.floor(amount / part);
}

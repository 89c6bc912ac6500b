/**
 * The volatility limit of an instrument: how far trades may go, in millionths, from the last trade before the present
 * window of command time. Window n is from n * volatilityWindowUs on, and starts with the first order that comes in to
 * match in it.
 */
import { makeWords } from '../base/columns.js';
import { readInt64 } from '../base/int64.js';
import { type Core, EngineWord } from './core.js';
import { InstrumentControl, InstrumentWord } from './instruments.js';
import { PPM } from './money.js';
import { PRICE_MAX } from './price-ladder.js';

const CONTROLS = InstrumentWord.controls;
const VOLATILITY = InstrumentControl.volatility;
const LAST_PRICE = InstrumentWord.lastPrice;
const VOLATILITY_PPM = InstrumentWord.volatilityPpm;
const WINDOW_US = InstrumentWord.volatilityWindowUs;
const AUCTION_US = InstrumentWord.volatilityAuctionUs;
const WINDOW = InstrumentWord.volatilityWindow;
const REFERENCE = InstrumentWord.volatilityReference;

export type Volatility = ReturnType<typeof makeVolatility>;

export function makeVolatility({ arena, engine, instruments }: Core) {
  const { words, doubles } = arena;
  /** Lowest and highest price of a trade, after `findRange`. */
  const range = makeWords(2);

  const windowNow = (instrument: number): number => {
    return Math.floor(readInt64(engine, EngineWord.timestampUs) / (words[instrument + WINDOW_US] >>> 0));
  };

  /** Sets the limit, from valid values, u32 as int32; all 0 = none. The window starts anew. */
  const set = (instrument: number, ppm: number, windowUs: number, auctionUs: number): void => {
    words[instrument + VOLATILITY_PPM] = ppm;
    words[instrument + WINDOW_US] = windowUs;
    words[instrument + AUCTION_US] = auctionUs;
    if (ppm === 0) words[instrument + CONTROLS] &= ~VOLATILITY;
    else words[instrument + CONTROLS] |= VOLATILITY;
    restart(instrument);
  };

  /** From now on the last trade is what prices are measured from. */
  const restart = (instrument: number): void => {
    const hasLimit = words[instrument + VOLATILITY_PPM] !== 0;
    doubles[(instrument + WINDOW) >> 1] = hasLimit ? windowNow(instrument) : 0;
    words[instrument + REFERENCE] = hasLimit ? words[instrument + LAST_PRICE] : 0;
    instruments.touch(instrument);
  };

  /** Finds the prices at which an instrument with a limit may trade now; an order that matches starts the window. */
  const findRange = (instrument: number, matches: boolean): void => {
    const isNew = doubles[(instrument + WINDOW) >> 1] !== windowNow(instrument);
    if (isNew && matches) restart(instrument);
    const reference = words[instrument + (isNew ? LAST_PRICE : REFERENCE)];
    const ppm = words[instrument + VOLATILITY_PPM];
    range[0] = reference === 0 ? 1 : Math.ceil((reference * (PPM - ppm)) / PPM);
    range[1] = reference === 0 ? PRICE_MAX : Math.min(PRICE_MAX, Math.floor((reference * (PPM + ppm)) / PPM));
  };

  return { range, set, restart, findRange };
}

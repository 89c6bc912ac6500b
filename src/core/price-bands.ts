/**
 * The prices that orders of an instrument may have: static bounds, and a distance in millionths from a reference,
 * which is a price that the admin gave, or else the last trade. The narrower bound of the two holds.
 */
import type { Arena } from './arena.js';
import { InstrumentControl, InstrumentWord } from './instruments.js';
import { PRICE_MAX } from './price-ladder.js';

// Local copies are folded into the code (README.md).
const CONTROLS = InstrumentWord.controls;
const BAND = InstrumentControl.band;
const LAST_PRICE = InstrumentWord.lastPrice;
const MIN_PRICE = InstrumentWord.minPrice;
const MAX_PRICE = InstrumentWord.maxPrice;
const REFERENCE_PRICE = InstrumentWord.referencePrice;
const BAND_PPM = InstrumentWord.bandPpm;
const HIGHEST = PRICE_MAX;

const PPM = 1_000_000;

export type PriceBands = ReturnType<typeof makePriceBands>;

export function makePriceBands({ words, handleMask }: Arena) {
  /** Price in the middle of the band in millionths; 0 when there is no such band. */
  const reference = (instrument: number): number => {
    if (words[instrument + BAND_PPM] === 0) return 0;
    const given = words[instrument + REFERENCE_PRICE];
    return given === 0 ? words[instrument + LAST_PRICE] : given;
  };

  /** Lowest price of an order in ticks. */
  const lowest = (instrument: number): number => {
    const low = Math.max(1, words[instrument + MIN_PRICE]);
    const middle = reference(instrument);
    return middle === 0
      ? low
      : Math.max(low, Math.ceil((middle * (PPM - words[instrument + BAND_PPM])) / PPM));
  };

  /** Highest price of an order in ticks. */
  const highest = (instrument: number): number => {
    const given = words[instrument + MAX_PRICE];
    const high = given === 0 ? HIGHEST : given;
    const middle = reference(instrument);
    return middle === 0
      ? high
      : Math.min(high, Math.floor((middle * (PPM + words[instrument + BAND_PPM])) / PPM));
  };

  /** Sets the band of an instrument, from valid values; all 0 takes it away. */
  const set = (
    instrument: number,
    minPrice: number,
    maxPrice: number,
    referencePrice: number,
    bandPpm: number,
  ): void => {
    words[instrument + MIN_PRICE] = minPrice;
    words[instrument + MAX_PRICE] = maxPrice;
    words[instrument + REFERENCE_PRICE] = referencePrice;
    words[instrument + BAND_PPM] = bandPpm;
    if ((minPrice | maxPrice | bandPpm) !== 0) words[instrument + CONTROLS] |= BAND;
    else words[instrument + CONTROLS] &= ~BAND;
  };

  /** Whether an order may not have this price. */
  const isOutside = (handle: number, price: number): boolean => {
    const instrument = handle & handleMask;
    return price < lowest(instrument) || price > highest(instrument);
  };

  /** A price that the engine made itself, moved into the band. */
  const moveInside = (handle: number, price: number): number => {
    const instrument = handle & handleMask;
    if ((words[instrument + CONTROLS] & BAND) === 0) return price;
    return Math.max(lowest(instrument), Math.min(highest(instrument), price));
  };

  return { lowest, highest, set, isOutside, moveInside };
}

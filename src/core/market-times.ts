/** When market states end: the instruments whose state has an end, and the earliest of these ends. */
import { makeWords } from '../base/columns.js';
import { readInt64, writeInt64 } from '../base/int64.js';
import type { Arena } from './arena.js';
import { type Instruments, InstrumentWord } from './instruments.js';

const END_TIME_US = InstrumentWord.endTimeUs;

/** High word of a time that never comes. */
const NEVER = 0x7fffffff;

export type MarketTimes = ReturnType<typeof makeMarketTimes>;

export function makeMarketTimes({ words }: Arena, instruments: Instruments) {
  /** The earliest end, as the two words of an i64. */
  const next = makeWords(2);
  next[1] = NEVER;

  /** Command time at which the state of an instrument (a handle) ends; 0 = it stays. */
  const endOf = (instrument: number): number => readInt64(words, instrument + END_TIME_US);

  /** Sets when the state of an instrument ends; 0 = it stays. */
  const setEnd = (instrument: number, endTimeUs: number): void => {
    if (endTimeUs === 0 && endOf(instrument) === 0) return;
    writeInt64(words, instrument + END_TIME_US, endTimeUs);
    rebuild();
  };

  /** Finds the earliest end again; also after the instruments were read from a snapshot. */
  const rebuild = (): void => {
    const first = firstToEnd();
    next[0] = 0;
    next[1] = NEVER;
    if (first !== 0) writeInt64(next, 0, endOf(instruments.handleOf(first)));
  };

  /** The instrument whose state ends first, of several the lowest id; 0 = none. A scan: ends are set rarely. */
  const firstToEnd = (): number => {
    let first = 0;
    let earliest = 0;
    for (let id = 1; id <= instruments.count; id += 1) {
      const end = endOf(instruments.handleOf(id));
      if (end === 0 || (first !== 0 && end >= earliest)) continue;
      first = id;
      earliest = end;
    }
    return first;
  };

  return { next, setEnd, firstToEnd, rebuild };
}

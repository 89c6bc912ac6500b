/** The instruments in an auction whose books changed in the present record, each once. */
import { makeWords } from '../base/columns.js';

export type AuctionsToTell = ReturnType<typeof makeAuctionsToTell>;

export function makeAuctionsToTell(maxInstruments: number) {
  const isNoted = new Uint8Array(maxInstruments + 1);
  const noted = makeWords(maxInstruments);
  /** One word: how many there are. */
  const count = makeWords(1);

  /** Notes an instrument. */
  const add = (instrumentId: number): void => {
    if (isNoted[instrumentId] !== 0) return;
    isNoted[instrumentId] = 1;
    noted[count[0]] = instrumentId;
    count[0] += 1;
  };

  /** Calls `tell` for each by rising id, and forgets them. */
  const take = (tell: (instrumentId: number) => void): void => {
    const end = count[0];
    count[0] = 0;
    sort(end);
    for (let i = 0; i < end; i += 1) {
      isNoted[noted[i]] = 0;
      tell(noted[i]);
    }
  };

  /** By insertion: it is mostly one. */
  const sort = (end: number): void => {
    for (let i = 1; i < end; i += 1) {
      const moved = noted[i];
      let place = i;
      for (; place > 0 && noted[place - 1] > moved; place -= 1) noted[place] = noted[place - 1];
      noted[place] = moved;
    }
  };

  return { count, add, take };
}

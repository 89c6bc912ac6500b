/**
 * How long the machine itself keeps a thread away: a loop that does nothing but read the clock. On a shared machine
 * its longest gap is the least that any latency measured there can have.
 */

import { readFileSync } from 'node:fs';

const SCHEDSTAT = '/proc/thread-self/schedstat';

/** How long this thread has waited for a processor that others had, in milliseconds; 0 where Linux does not say. */
function waitedMs(): number {
  try {
    return Number(readFileSync(SCHEDSTAT, 'latin1').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}

/** Gaps above a threshold, in microseconds. */
export interface PauseFigures {
  readonly longestUs: number;
  /** Gaps above 2 ms. */
  readonly above2ms: number;
  /** The same without what the thread waited for a processor that others had. */
  readonly ownLongestUs: number;
  readonly ownAbove2ms: number;
}

/** Gaps from which on it is asked how much of them was waiting, which takes some microseconds. */
const ASK_MS = 0.2;
const LONG_MS = 2;

/** The longest of many gaps. */
export class PauseClock {
  /** Milliseconds. */
  longest = 0;
  above2ms = 0;
  ownLongest = 0;
  ownAbove2ms = 0;
  private waited = waitedMs();

  /** Counts a gap, in milliseconds; returns whether this itself took a while. */
  note(gap: number): boolean {
    if (gap > this.longest) this.longest = gap;
    if (gap <= ASK_MS) return false;
    if (gap > LONG_MS) this.above2ms += 1;
    const before = this.waited;
    this.waited = waitedMs();
    const own = Math.max(0, gap - (this.waited - before));
    if (own > this.ownLongest) this.ownLongest = own;
    if (own > LONG_MS) this.ownAbove2ms += 1;
    return true;
  }

  figures(): PauseFigures {
    return {
      longestUs: Math.round(this.longest * 1000),
      above2ms: this.above2ms,
      ownLongestUs: Math.round(this.ownLongest * 1000),
      ownAbove2ms: this.ownAbove2ms,
    };
  }
}

/** Reads the clock for `ms` milliseconds. */
export function idlePauses(ms: number): PauseFigures {
  const pauses = new PauseClock();
  let last = performance.now();
  const end = last + ms;
  while (last < end) {
    const now = performance.now();
    last = pauses.note(now - last) ? performance.now() : now;
  }
  return pauses.figures();
}

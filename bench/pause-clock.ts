/**
 * How long the machine itself keeps a thread away: a loop that does nothing but read the clock. On a shared machine
 * its longest gap is the least that any latency measured there can have.
 */

/** Gaps above a threshold, in microseconds. */
export interface PauseFigures {
  readonly longestUs: number;
  /** Gaps above 2 ms. */
  readonly above2ms: number;
}

/** Reads the clock for `ms` milliseconds. */
export function idlePauses(ms: number): PauseFigures {
  let longestMs = 0;
  let above2ms = 0;
  let last = performance.now();
  const end = last + ms;
  while (last < end) {
    const now = performance.now();
    const gap = now - last;
    if (gap > longestMs) longestMs = gap;
    if (gap > 2) above2ms += 1;
    last = now;
  }
  return { longestUs: Math.round(longestMs * 1000), above2ms };
}

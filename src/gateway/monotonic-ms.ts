import type { Clock } from '../runtime/clock.js';

/** Monotonic milliseconds, for timeouts and rates. */
export function monotonicMs(clock: Clock): number {
  return clock.monotonicNanoseconds() / 1_000_000;
}

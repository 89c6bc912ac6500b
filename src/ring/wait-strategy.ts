import { waitCell } from './shared-cell.js';

/** `blocking` sleeps at once; `backoff` spins a little, then sleeps; `busy-spin` never sleeps (a core each). */
export type WaitStrategyName = 'blocking' | 'backoff' | 'busy-spin';

export const WAIT_STRATEGY_NAMES: readonly WaitStrategyName[] = ['blocking', 'backoff', 'busy-spin'];

/**
 * Loads before `backoff` sleeps: about half a microsecond. Each load takes the cache line from the thread that is
 * to write it; ten times as many more than halved the throughput of batches and did not shorten the latency.
 */
const BACKOFF_SPINS = 40;

/** Loads before `busy-spin` returns to its caller, which looks for other work and at its stop flag. */
const BUSY_SPINS = 10_000;

/** How a thread waits for a shared cell to move. One class for all strategies keeps the call sites monomorphic. */
export class WaitStrategy {
  readonly name: WaitStrategyName;
  private readonly spins: number;
  private readonly sleeps: boolean;

  constructor(name: WaitStrategyName) {
    if (!WAIT_STRATEGY_NAMES.includes(name)) throw new RangeError(`unknown wait strategy: ${name}`);
    this.name = name;
    this.spins = name === 'blocking' ? 0 : name === 'backoff' ? BACKOFF_SPINS : BUSY_SPINS;
    this.sleeps = name !== 'busy-spin';
  }

  /**
   * Returns when the cell's value differs from `seen`, after `timeoutMs`, or early; the caller looks again.
   * `busy-spin` has no clock: it returns after a bounded number of loads whatever `timeoutMs` says.
   */
  wait(words: Int32Array, cell: number, seen: number, timeoutMs: number): void {
    for (let spin = 0; spin < this.spins; spin++) {
      if (Atomics.load(words, cell) !== seen) return;
    }
    if (this.sleeps) waitCell(words, cell, seen, timeoutMs);
  }
}

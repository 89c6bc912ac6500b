import { waitCellAsync } from '../ring/shared-cell.js';
import { type Counter, counterCell, type NodeCounters } from './counters.js';

/** Resolves when the counter is at `value` or above, without blocking the thread; never, when it does not get there. */
export async function counterAtLeast(counters: NodeCounters, counter: Counter, value: number): Promise<void> {
  for (;;) {
    const seen = counters.get(counter);
    if (seen >= value) return;
    await waitCellAsync(counters.cells, counterCell(counter), seen | 0);
  }
}

/** Garbage collections of this thread while something is measured. */
import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';

export interface CollectionCounts {
  readonly minor: number;
  readonly major: number;
  readonly other: number;
}

/** How long collections take to be reported. */
const SETTLE_MS = 50;

/** Counts from its making until `end`. */
export class CollectionCounter {
  private readonly counts = { minor: 0, major: 0, other: 0 };
  private readonly observer: PerformanceObserver;

  constructor() {
    this.observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) this.count(entry);
    });
    this.observer.observe({ entryTypes: ['gc'] });
  }

  async end(): Promise<CollectionCounts> {
    await setTimeout(SETTLE_MS);
    this.observer.disconnect();
    return this.counts;
  }

  private count(entry: PerformanceEntry): void {
    const { kind } = (entry as PerformanceEntry & { detail: { kind: number } }).detail;
    if (kind === constants.NODE_PERFORMANCE_GC_MINOR) this.counts.minor += 1;
    else if (kind === constants.NODE_PERFORMANCE_GC_MAJOR) this.counts.major += 1;
    else this.counts.other += 1;
  }
}

import type { WaitSource } from '../ring/wait-source.js';
import type { WaitStrategy } from '../ring/wait-strategy.js';
import { type Counter, counterCell, type NodeCounters } from './counters.js';

/** A counter as a wait source: ready when it has moved since `read` was last called. */
export class CounterWatch implements WaitSource {
  readonly cells: Int32Array;
  blockingValue: number;
  private readonly counters: NodeCounters;
  private readonly counter: Counter;
  private readonly waitStrategy: WaitStrategy;

  constructor(counters: NodeCounters, counter: Counter, waitStrategy: WaitStrategy) {
    this.cells = counters.cells;
    this.counters = counters;
    this.counter = counter;
    this.waitStrategy = waitStrategy;
    this.blockingValue = 0;
    this.read();
  }

  /** The counter's value; from now on the watch is ready when it differs from that. */
  read(): number {
    const value = this.counters.get(this.counter);
    this.blockingValue = value | 0;
    return value;
  }

  blockingCell(): number {
    const cell = counterCell(this.counter);
    return Atomics.load(this.cells, cell) === this.blockingValue ? cell : -1;
  }

  wait(timeoutMs: number): void {
    const cell = this.blockingCell();
    if (cell >= 0) this.waitStrategy.wait(this.cells, cell, this.blockingValue, timeoutMs);
  }
}

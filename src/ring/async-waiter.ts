import { waitCellAsync } from './shared-cell.js';
import type { WaitSource } from './wait-source.js';

/** Longest delay of a Node timer. */
const FOREVER_MS = 2_147_483_647;

/**
 * Waits for a wait source on an event loop: drain the source, then `arm`, and `onReady` runs once, in a later turn
 * of the loop, as soon as there may be work. It never polls and never blocks the loop.
 *
 * `Atomics.waitAsync` alone does not keep a process or worker alive, so a referenced timer is held until `close`.
 */
export class AsyncWaiter {
  private readonly source: WaitSource;
  private readonly onReady: () => void;
  private readonly handle: NodeJS.Timeout;
  private armed: boolean;
  private closed: boolean;
  private cell: number;

  constructor(source: WaitSource, onReady: () => void) {
    this.source = source;
    this.onReady = onReady;
    this.handle = setInterval(() => {}, FOREVER_MS);
    this.armed = false;
    this.closed = false;
    this.cell = -1;
  }

  /** Asks for one call of `onReady`. Does nothing when one is already due, or after `close`. */
  arm(): void {
    if (this.armed || this.closed) return;
    this.armed = true;
    this.cell = this.source.blockingCell();
    const moved =
      this.cell < 0 ? undefined : waitCellAsync(this.source.cells, this.cell, this.source.blockingValue);
    // Work that is there already waits for a turn too: sockets and timers are served in between.
    if (moved === undefined) setImmediate(() => this.fire());
    else void moved.then(() => this.fire());
  }

  /** No more calls; lets the event loop end. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.handle);
    // Ends the pending wait; other waiters on the cell look again and go back to sleep.
    if (this.armed && this.cell >= 0) Atomics.notify(this.source.cells, this.cell);
  }

  private fire(): void {
    this.armed = false;
    if (!this.closed) this.onReady();
  }
}

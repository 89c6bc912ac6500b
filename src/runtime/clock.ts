import { hrtime } from 'node:process';

/** The time, given to whoever needs it; deterministic code gets it inside commands. */
export interface Clock {
  /** Microseconds since 1970 UTC as a safe integer; never less than any earlier answer of the same clock. */
  epochMicroseconds(): number;
  /** Nanoseconds since a fixed moment, the same for all threads of the machine; unaffected by wall-clock steps. */
  monotonicNanoseconds(): number;
}

/** How far the interpolated time may be from the wall clock, whose own resolution is a millisecond. */
const DRIFT_US_MAX = 2_000;

/** The machine's clock. The only place where the wall clock and the monotonic clock are read. */
export class SystemClock implements Clock {
  private anchorEpochUs: number;
  private anchorNs: number;
  private lastEpochUs: number;

  constructor() {
    this.anchorEpochUs = Date.now() * 1_000;
    this.anchorNs = this.monotonicNanoseconds();
    this.lastEpochUs = 0;
  }

  epochMicroseconds(): number {
    const nowNs = this.monotonicNanoseconds();
    const wallUs = Date.now() * 1_000;
    let epochUs = this.anchorEpochUs + Math.floor((nowNs - this.anchorNs) / 1_000);
    if (epochUs > wallUs + DRIFT_US_MAX || epochUs < wallUs - DRIFT_US_MAX) {
      this.anchorEpochUs = wallUs;
      this.anchorNs = nowNs;
      epochUs = wallUs;
    }
    // A wall clock that was set back stands still here until it has caught up.
    if (epochUs > this.lastEpochUs) this.lastEpochUs = epochUs;
    return this.lastEpochUs;
  }

  monotonicNanoseconds(): number {
    const [seconds, nanoseconds] = hrtime();
    return seconds * 1e9 + nanoseconds;
  }
}

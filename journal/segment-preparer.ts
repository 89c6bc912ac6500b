/** Starts the helper thread that makes segments ahead of their use. */
import { Worker } from 'node:worker_threads';
import { PreparerCell } from './prepared-segments.js';
import type { Allocation } from './storage.js';

export interface SegmentPreparerOptions {
  readonly directory: string;
  readonly segmentBytes: number;
  readonly allocation: Allocation;
  /** Segments to keep ready; default 2. */
  readonly ahead?: number;
  /** `PREPARER_STATE_BYTES`, which it shares with `PreparedSegments`. */
  readonly state: SharedArrayBuffer;
}

export interface SegmentPreparer {
  /** Ends the helper; resolves when it is gone. */
  stop(): Promise<void>;
}

const DEFAULT_AHEAD = 2;

/**
 * Starts the helper. The directory must be locked by this process (`JournalDirectory.open`), because leftovers of an
 * earlier run are cleared there. Failures to make a segment are tried again every second and shown in the state; an
 * unexpected error ends the process as an uncaught error of a worker does.
 */
export function startSegmentPreparer(options: SegmentPreparerOptions): SegmentPreparer {
  const worker = new Worker(new URL('./segment-preparer-worker.js', import.meta.url), {
    name: 'segment-preparer',
    workerData: { ...options, ahead: options.ahead ?? DEFAULT_AHEAD },
  });
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  return {
    async stop(): Promise<void> {
      const cells = new Int32Array(options.state);
      Atomics.store(cells, PreparerCell.stop, 1);
      Atomics.add(cells, PreparerCell.wake, 1);
      Atomics.notify(cells, PreparerCell.wake);
      await ended;
    },
  };
}

/**
 * Writes frames to a socket on a schedule, on a thread of its own, so that the thread that reads the answers sleeps in
 * the kernel until there are some: a timer of an event loop is a millisecond late at the earliest, and a loop that
 * looks at the clock all the time would take a core from the node.
 */
import { Worker } from 'node:worker_threads';

/** What is written when. */
export interface PacedFrames {
  /** File descriptor of the connected socket. */
  readonly fd: number;
  /** The frames, one behind the other. */
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  /** Where each frame ends in `bytes`. */
  readonly ends: Float64Array<SharedArrayBuffer>;
  /** Frame i is due at `startsAtMs + i * intervalMs`, in the time of `machineMs`. */
  readonly startsAtMs: number;
  readonly intervalMs: number;
}

/** Monotonic milliseconds, the same on all threads of the machine. */
export function machineMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

export class PacedWriter {
  private readonly stopCell: Int32Array<SharedArrayBuffer>;
  private readonly worker: Worker;

  constructor() {
    this.stopCell = new Int32Array(new SharedArrayBuffer(4));
    this.worker = new Worker(new URL('./paced-writer-worker.js', import.meta.url), {
      workerData: this.stopCell,
    });
  }

  /** Begins to write; `onError` hears why it had to stop, if it had. */
  start(frames: PacedFrames, onError: (error: Error) => void): void {
    this.worker.removeAllListeners('error');
    this.worker.on('error', onError);
    this.worker.postMessage(frames);
  }

  /** Writes no more. To be called as soon as the socket is closed: its descriptor may soon be another file's. */
  async close(): Promise<void> {
    Atomics.store(this.stopCell, 0, 1);
    Atomics.notify(this.stopCell, 0);
    await this.worker.terminate();
  }
}

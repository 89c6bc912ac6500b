/** Starts the helper thread that keeps the manifest. */
import { Worker } from 'node:worker_threads';
import type { JournalIdentity } from './segment.js';

export interface SegmentSealerOptions {
  readonly directory: string;
  readonly identity: JournalIdentity;
  /** File with the private key of the node. */
  readonly keyFile: string;
  /** Told what keeps a segment from being sealed; the helper tries again after a while. */
  readonly onProblem: (problem: SealProblem) => void;
}

export interface SealProblem {
  readonly code: string;
  readonly message: string;
}

export interface RunningSealer {
  /** Ends the helper; resolves when it is gone. */
  stop(): Promise<void>;
}

/** Starts the helper. An unexpected error ends the process as an uncaught error of a worker does. */
export function startSegmentSealer(options: SegmentSealerOptions): RunningSealer {
  const state = new SharedArrayBuffer(4);
  const { directory, identity, keyFile } = options;
  const worker = new Worker(new URL('./segment-sealer-worker.js', import.meta.url), {
    name: 'segment-sealer',
    workerData: { directory, identity, keyFile, state },
  });
  worker.on('message', options.onProblem);
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  return {
    async stop(): Promise<void> {
      const cells = new Int32Array(state);
      Atomics.store(cells, 0, 1);
      Atomics.notify(cells, 0);
      await ended;
    },
  };
}

/** The helper thread that keeps the manifest: looks for sealed segments once a second, reads them without hurry. */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { JournalError } from './errors.js';
import { signerOf } from './manifest-key.js';
import { openFlatStorage } from './open-storage.js';
import { SegmentSealer } from './seal-segments.js';
import type { JournalIdentity } from './segment.js';
import type { SealProblem } from './segment-sealer.js';

const LOOK_MS = 1000;
const RETRY_MS = 10_000;
/** After each piece that was read, so that the disk is free for the journaler most of the time. */
const REST_MS = 5;

interface Order {
  readonly directory: string;
  readonly identity: JournalIdentity;
  readonly keyFile: string;
  readonly state: SharedArrayBuffer;
}

const order = workerData as Order;
const stop = new Int32Array(order.state);
const sealer = new SegmentSealer(
  openFlatStorage(order.directory, 'positional'),
  order.identity,
  signerOf(readFileSync(order.keyFile, 'utf8')),
  () => Atomics.wait(stop, 0, 0, REST_MS),
);

while (Atomics.load(stop, 0) === 0) {
  let restMs = LOOK_MS;
  try {
    if (sealer.sealNext() !== '') restMs = 0;
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    const { code, message } = error;
    parentPort!.postMessage({ code, message } satisfies SealProblem);
    restMs = RETRY_MS;
  }
  Atomics.wait(stop, 0, 0, restMs);
}

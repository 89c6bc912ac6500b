/** Loads a snapshot once, in an isolate of its own, as the business-logic thread of a node does. */
import { parentPort, workerData } from 'node:worker_threads';
import { openFlatStorage } from '../journal/open-storage.js';
import { readSnapshotFile } from '../journal/snapshot-file.js';
import { loadSnapshot } from '../replay/load-snapshot.js';
import { Core, type CoreOptions } from '../src/core/core.js';
import { BusinessLogicProcessor } from '../src/engine/business-logic-processor.js';
import { EventBuffer } from '../src/engine/event-buffer.js';

export interface LoadOrder {
  readonly directory: string;
  readonly file: string;
  readonly options: CoreOptions;
}

/** Milliseconds. */
export interface LoadTimes {
  /** Reading the file and its SHA-256. */
  readonly readMs: number;
  /** Into the core, with all indexes, and every row hashed. */
  readonly loadMs: number;
}

const { directory, file, options } = workerData as LoadOrder;
const startMs = performance.now();
const snapshot = readSnapshotFile(openFlatStorage(directory, 'positional'), file);
const readAtMs = performance.now();
loadSnapshot(new BusinessLogicProcessor(new Core(options), new EventBuffer()), snapshot);
const times: LoadTimes = { readMs: readAtMs - startMs, loadMs: performance.now() - readAtMs };
parentPort!.postMessage(times);

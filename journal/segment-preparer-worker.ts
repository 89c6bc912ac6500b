/** The helper thread: keeps a few segments ready. Talks through shared memory only. */
import { workerData } from 'node:worker_threads';
import { JournalError } from './errors.js';
import { openStorage } from './open-storage.js';
import { PreparerCell, preparedName } from './prepared-segments.js';
import type { Allocation, Storage } from './storage.js';

const RETRY_MS = 1000;
/** After each piece of a segment, so that the disk is free for the journaler most of the time. */
const REST_MS = 2;
const ENOSPC = 28;
const EIO = 5;

interface Order {
  readonly directory: string;
  readonly segmentBytes: number;
  readonly allocation: Allocation;
  readonly ahead: number;
  readonly state: SharedArrayBuffer;
}

const order = workerData as Order;
const cells = new Int32Array(order.state);
const storage = openStorage(order.directory);

for (;;) {
  const wake = Atomics.load(cells, PreparerCell.wake);
  if (Atomics.load(cells, PreparerCell.stop) !== 0) break;
  const made = Atomics.load(cells, PreparerCell.made);
  const isEnough = ((made - Atomics.load(cells, PreparerCell.taken)) | 0) >= order.ahead;
  if (isEnough) Atomics.wait(cells, PreparerCell.wake, wake);
  else if (!makeSegment(storage, made)) Atomics.wait(cells, PreparerCell.wake, wake, RETRY_MS);
}

/** Makes one more; false when it could not be made now. A file whose sync failed is thrown away, never synced again. */
function makeSegment(target: Storage, index: number): boolean {
  const name = preparedName(index);
  try {
    if (target.exists(name)) target.remove(name);
    target.create(name, order.segmentBytes, order.allocation, () => rest(index));
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    Atomics.store(cells, PreparerCell.errno, error.code === 'JOURNAL_NO_SPACE' ? ENOSPC : EIO);
    Atomics.notify(cells, PreparerCell.made);
    return false;
  }
  Atomics.store(cells, PreparerCell.errno, 0);
  Atomics.store(cells, PreparerCell.made, (index + 1) | 0);
  Atomics.notify(cells, PreparerCell.made);
  return true;
}

/** Rests while a segment is ready; without one the writer may be waiting. Ends at once when one is taken. */
function rest(made: number): void {
  const wake = Atomics.load(cells, PreparerCell.wake);
  const ready = (made - Atomics.load(cells, PreparerCell.taken)) | 0;
  if (ready > 0 && Atomics.load(cells, PreparerCell.stop) === 0) {
    Atomics.wait(cells, PreparerCell.wake, wake, REST_MS);
  }
}

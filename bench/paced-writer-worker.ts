/** Thread of a PacedWriter. */
import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { machineMs, type PacedFrames } from './paced-writer.js';

/** Frames that fall due faster than this are written in groups, as many as are due after a sleep of `PAUSE_MS`. */
const GROUPED_MS = 0.25;
/** The kernel adds about 0.06 ms to it. At 50,000 a second 0.05 took a tenth of a core more and shortened nothing. */
const PAUSE_MS = 0.15;
/** A single frame is slept for until so long before it is due; the rest is looked at the clock, to be on time. */
const EARLY_MS = 0.1;

const stopCell = workerData as Int32Array<SharedArrayBuffer>;

parentPort!.on('message', (frames: PacedFrames) => pace(frames));

function pace({ fd, bytes, ends, startsAtMs, intervalMs }: PacedFrames): void {
  const count = ends.length;
  let written = 0;
  for (let sent = 0; sent < count; ) {
    const nowMs = machineMs();
    const due = Math.min(count, Math.floor((nowMs - startsAtMs) / intervalMs) + 1);
    if (due > sent) {
      const end = ends[due - 1]!;
      written += writeSome(fd, bytes, written, end - written);
      // What the socket does not take stays due.
      if (written === end) sent = due;
    }
    const leftMs = startsAtMs + sent * intervalMs - nowMs;
    if (intervalMs < GROUPED_MS || written < (ends[sent - 1] ?? 0)) pause(PAUSE_MS);
    else if (leftMs > EARLY_MS) pause(leftMs - EARLY_MS);
    if (Atomics.load(stopCell, 0) !== 0) return;
  }
}

function pause(ms: number): void {
  Atomics.wait(stopCell, 0, 0, ms);
}

/** How many bytes the socket took; 0 when its buffer is full. */
function writeSome(fd: number, bytes: Uint8Array, from: number, length: number): number {
  try {
    return writeSync(fd, bytes, from, length);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
    throw error;
  }
}

/** Threads that come on as soon as there is work for them. */
import { getPriority } from 'node:os';
import { loadLibc } from '../../journal/libc.js';

/** The least that Linux takes. */
const SLICE_NS = 100_000;

/**
 * The threads that `start` makes get short slices, which they inherit from the calling one. When such a thread wakes up it
 * takes the processor from any thread with slices of the usual length (1.4 ms on two processors), one in the background
 * too, which it would otherwise let finish. Advice only: see Libc.setSlice.
 */
export function withShortSlices<T>(start: () => T): T {
  const { libc } = loadLibc();
  const nice = getPriority();
  libc?.setSlice(SLICE_NS, nice);
  try {
    return start();
  } finally {
    libc?.setSlice(0, nice);
  }
}

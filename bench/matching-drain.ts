/**
 * The thread at the other end of the output ring: takes the events away as they come, and makes the report of a run
 * once the run is over, so that nothing of it falls into the measured time.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { readInt64 } from '../src/base/int64.js';
import { RingBuffer } from '../src/ring/ring-buffer.js';
import { RingConsumer } from '../src/ring/ring-consumer.js';
import { WaitStrategy } from '../src/ring/wait-strategy.js';
import { HeaderWord, SLOT_WORDS } from '../src/wire/slot.js';
import { reportSha256 } from './matching-report.js';

export interface DrainInput {
  readonly memory: SharedArrayBuffer;
  /** At the end of a run: events of all runs so far, and before that the sequence of its first measured command. */
  readonly control: Int32Array;
  readonly runs: number;
}

export interface DrainResult {
  /** Events of the measured commands. */
  readonly events: number;
  readonly reportSha256: string;
}

const input = workerData as DrainInput;
const ring = new RingBuffer(input.memory);
const consumer = new RingConsumer(ring, 0, new WaitStrategy('backoff'));
let store = new Int32Array(ring.words.length);

function takeRun(): number {
  const before = consumer.nextSequence - 1;
  for (;;) {
    const end = Atomics.load(input.control, 0);
    if (end >= 0 && consumer.nextSequence > end) return end - before;
    const count = consumer.contiguous(consumer.available());
    if (count === 0) {
      consumer.wait(1);
      continue;
    }
    const from = consumer.wordIndexAt(0);
    const to = (consumer.nextSequence - 1 - before) * SLOT_WORDS;
    if (to + count * SLOT_WORDS > store.length) {
      const larger = new Int32Array(store.length * 2);
      larger.set(store);
      store = larger;
    }
    store.set(ring.words.subarray(from, from + count * SLOT_WORDS), to);
    consumer.release(count);
  }
}

for (let run = 0; run < input.runs; run += 1) {
  const count = takeRun();
  const firstSequence = Atomics.load(input.control, 1);
  Atomics.store(input.control, 0, -1);
  let first = 0;
  while (readInt64(store, first * SLOT_WORDS + HeaderWord.sequence) < firstSequence) first += 1;
  const events = store.subarray(first * SLOT_WORDS, count * SLOT_WORDS);
  const result: DrainResult = {
    events: count - first,
    reportSha256: reportSha256(events, count - first, firstSequence),
  };
  parentPort!.postMessage(result);
}

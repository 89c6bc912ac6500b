/** One thread of the ring benchmark: a producer or a consumer of one ring, for throughput or for latency. */
import { parentPort, workerData } from 'node:worker_threads';
import { RingBuffer } from '../src/ring/ring-buffer.js';
import { RingConsumer } from '../src/ring/ring-consumer.js';
import { RingProducer } from '../src/ring/ring-producer.js';
import { WaitStrategy, type WaitStrategyName } from '../src/ring/wait-strategy.js';
import { SystemClock } from '../src/runtime/clock.js';
import { SLOT_WORDS } from '../src/wire/slot.js';
import { extendChecksum, extendWholeChecksum, writeWhole } from './ring-checksum.js';

export interface RingWorkerInput {
  readonly task: 'produce' | 'consume' | 'send' | 'receive';
  readonly memory: SharedArrayBuffer;
  readonly strategy: WaitStrategyName;
  /** Slots a round; the first round warms up. */
  readonly slots: number;
  readonly rounds: number;
  /** Slots a batch at most. */
  readonly batch: number;
  /** All 32 words of each slot are written and read, not just its sequence. */
  readonly whole: boolean;
  /** Latency runs: nanoseconds from one planned sending time to the next. */
  readonly intervalNs: number;
}

export interface ThroughputResult {
  readonly checksum: number;
  /** Nanoseconds that each round took. */
  readonly roundNs: readonly number[];
}

export interface LatencyResult {
  /** Nanoseconds from the planned sending time to the reading of each slot. */
  readonly latenciesNs: Float64Array;
}

const WAIT_MS = 1_000;

const input = workerData as RingWorkerInput;
const clock = new SystemClock();
const ring = new RingBuffer(input.memory);
const waitStrategy = new WaitStrategy(input.strategy);

function produce(): void {
  const producer = new RingProducer(ring, waitStrategy);
  let left = input.slots * input.rounds;
  while (left > 0) {
    const count = producer.claim(Math.min(input.batch, left));
    if (count === 0) {
      producer.waitForSpace(WAIT_MS);
      continue;
    }
    for (let done = 0; done < count; ) {
      const run = Math.min(count - done, ring.capacity - ((producer.nextSequence + done) & ring.mask));
      const word = producer.wordIndexAt(done);
      const low = (producer.nextSequence + done) | 0;
      if (input.whole) writeWhole(ring.words, word, run, low);
      else writeSequences(ring.words, word, run, low);
      done += run;
    }
    producer.publish(count);
    left -= count;
  }
}

function consume(): ThroughputResult {
  const consumer = new RingConsumer(ring, 0, waitStrategy);
  const roundNs: number[] = [];
  let checksum = 0;
  let roundStart = clock.monotonicNanoseconds();
  for (let round = 0; round < input.rounds; round++) {
    let left = input.slots;
    while (left > 0) {
      const count = Math.min(consumer.available(), input.batch, left);
      if (count === 0) {
        consumer.wait(WAIT_MS);
        continue;
      }
      for (let done = 0; done < count; ) {
        const run = Math.min(count - done, ring.capacity - ((consumer.nextSequence + done) & ring.mask));
        const word = consumer.wordIndexAt(done);
        checksum = input.whole
          ? extendWholeChecksum(checksum, ring.words, word, run)
          : extendChecksum(checksum, ring.words, word, run);
        done += run;
      }
      consumer.release(count);
      left -= count;
    }
    const now = clock.monotonicNanoseconds();
    roundNs.push(now - roundStart);
    roundStart = now;
  }
  return { checksum, roundNs };
}

/** Sends one slot at each planned time, which it carries; late ones go out at once and count from their plan. */
function send(): void {
  const producer = new RingProducer(ring, waitStrategy);
  const times = new Float64Array(ring.words.buffer, ring.words.byteOffset, ring.words.length / 2);
  const start = clock.monotonicNanoseconds() + 10_000_000;
  for (let i = 0; i < input.slots; i++) {
    const planned = start + i * input.intervalNs;
    while (clock.monotonicNanoseconds() < planned);
    while (producer.claim(1) === 0) producer.waitForSpace(WAIT_MS);
    times[producer.wordIndexAt(0) / 2] = planned;
    producer.publish(1);
  }
}

function receive(): LatencyResult {
  const consumer = new RingConsumer(ring, 0, waitStrategy);
  const times = new Float64Array(ring.words.buffer, ring.words.byteOffset, ring.words.length / 2);
  const latenciesNs = new Float64Array(input.slots);
  for (let i = 0; i < input.slots; ) {
    const count = consumer.available();
    if (count === 0) {
      consumer.wait(WAIT_MS);
      continue;
    }
    const now = clock.monotonicNanoseconds();
    for (let k = 0; k < count; k++) latenciesNs[i++] = now - times[consumer.wordIndexAt(k) / 2]!;
    consumer.release(count);
  }
  return { latenciesNs };
}

function writeSequences(words: Int32Array, word: number, count: number, low: number): void {
  for (let i = 0; i < count; i++) {
    words[word + i * SLOT_WORDS] = (low + i) | 0;
  }
}

switch (input.task) {
  case 'produce':
    produce();
    break;
  case 'consume':
    parentPort!.postMessage(consume());
    break;
  case 'send':
    send();
    break;
  case 'receive':
    parentPort!.postMessage(receive());
    break;
}

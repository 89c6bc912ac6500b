/** One thread of a ring stress run: a producer, correct or broken on purpose, or a checking consumer. */
import { parentPort, workerData } from 'node:worker_threads';
import { AsyncWaiter } from '../../dist/src/ring/async-waiter.js';
import { CURSOR_CELL, RingBuffer } from '../../dist/src/ring/ring-buffer.js';
import { RingConsumer } from '../../dist/src/ring/ring-consumer.js';
import { RingProducer } from '../../dist/src/ring/ring-producer.js';
import { WaitStrategy } from '../../dist/src/ring/wait-strategy.js';
import { SlotStreamChecker, stampSlot, writeSlot } from './ring-slot-stream.mjs';

/** Longer than the run may take: a lost wake-up then shows as a run that does not end. */
const WAIT_MS = 60_000;

const { role, memory, strategy, total, seed } = workerData;
const ring = new RingBuffer(memory);
const waiting = new WaitStrategy(strategy);
let random = seed | 0;

/** A batch size from 1 to capacity, small ones more often. */
function nextBatch() {
  random = (Math.imul(random, 1664525) + 1013904223) | 0;
  const bits = random >>> 16;
  return 1 + (bits % (bits & 1 ? 4 : ring.capacity));
}

function writeBatch(producer, count) {
  for (let i = 0; i < count; i++) writeSlot(ring.words, producer.wordIndexAt(i), producer.nextSequence + i);
}

function produce() {
  const producer = new RingProducer(ring, waiting, workerData.gating);
  for (let left = total; left > 0; ) {
    const free = producer.claim(Math.min(nextBatch(), left));
    if (free === 0) {
      producer.waitForSpace(WAIT_MS);
      continue;
    }
    writeBatch(producer, free);
    producer.publish(free);
    left -= free;
  }
}

/** Publishes before writing: each batch is written only after it was read. */
function producePublishedFirst() {
  const producer = new RingProducer(ring, waiting);
  for (let left = total; left > 0; ) {
    const count = producer.claim(Math.min(2, left));
    const first = producer.nextSequence;
    producer.publish(count);
    while (producer.claim(ring.capacity) < ring.capacity) sleep(1);
    for (let i = 0; i < count; i++) writeSlot(ring.words, ring.wordIndex(first + i), first + i);
    left -= count;
  }
}

/** Lets the consumer fall asleep, then moves the cursor without waking it. */
function produceSilently() {
  const producer = new RingProducer(ring, waiting);
  writeBatch(producer, total);
  while (Atomics.load(ring.cells, CURSOR_CELL + 32) === 0) sleep(1);
  sleep(50);
  Atomics.store(ring.cells, CURSOR_CELL, (producer.nextSequence + total - 1) | 0);
}

function sleep(milliseconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** Reads everything on the event loop, which it never blocks. */
function consumeOnEventLoop() {
  const consumer = new RingConsumer(ring, workerData.index, waiting, workerData.upstream);
  const checker = new SlotStreamChecker(consumer.nextSequence, false);
  let left = total;
  const waiter = new AsyncWaiter(consumer, drain);
  function drain() {
    const count = Math.min(consumer.available(), nextBatch());
    for (let i = 0; i < count; i++) checker.check(ring.words, consumer.wordIndexAt(i));
    if (count > 0) consumer.release(count);
    left -= count;
    if (left > 0) {
      waiter.arm();
      return;
    }
    waiter.close();
    parentPort.postMessage(verdict(checker));
  }
  drain();
}

/** Checks and releases every slot; stamps it for those downstream when told to. */
function consume() {
  const consumer = new RingConsumer(ring, workerData.index, waiting, workerData.upstream);
  const checker = new SlotStreamChecker(consumer.nextSequence, workerData.upstream.length > 0);
  for (let left = total; left > 0; ) {
    const count = Math.min(consumer.available(), nextBatch());
    if (count === 0) {
      consumer.wait(WAIT_MS);
      continue;
    }
    for (let i = 0; i < count; i++) {
      checker.check(ring.words, consumer.wordIndexAt(i));
      if (workerData.stamps) stampSlot(ring.words, consumer.wordIndexAt(i));
    }
    consumer.release(count);
    left -= count;
  }
  return verdict(checker);
}

function verdict(checker) {
  return {
    index: workerData.index,
    next: checker.nextSequence,
    faults: checker.faults,
    firstFault: checker.firstFault,
  };
}

if (role === 'produce') produce();
else if (role === 'produce-published-first') producePublishedFirst();
else if (role === 'produce-silently') produceSilently();
else if (role === 'consume-on-event-loop') consumeOnEventLoop();
else parentPort.postMessage(consume());

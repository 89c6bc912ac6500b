import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RingBuffer } from '../../src/ring/ring-buffer.js';
import { RingConsumer } from '../../src/ring/ring-consumer.js';
import { RingProducer } from '../../src/ring/ring-producer.js';
import { WaitStrategy } from '../../src/ring/wait-strategy.js';
import { SLOT_WORDS } from '../../src/wire/slot.js';

const seed = Number(process.env['RINGFENCE_SEED'] ?? 20260801);
const backoff = new WaitStrategy('backoff');

/** Starts around which the low word of a sequence wraps, as a signed and as an unsigned number. */
const STARTS = [1, 2 ** 31 - 5, 2 ** 32 - 5, 2 ** 40 - 5, 2 ** 50];

function ringOf(capacity: number, consumers: number, start = 1): RingBuffer {
  return new RingBuffer(RingBuffer.allocate(capacity, consumers, start));
}

/** Writes the next sequence into each of `count` slots and publishes them. */
function publish(producer: RingProducer, count: number): void {
  for (let i = 0; i < count; i++) {
    const word = producer.wordIndexAt(i);
    const sequence = producer.nextSequence + i;
    producer.ring.words[word] = sequence | 0;
    producer.ring.words[word + 1] = Math.floor(sequence / 2 ** 32);
  }
  producer.publish(count);
}

function sequenceAt(ring: RingBuffer, word: number): number {
  return ring.words[word + 1]! * 2 ** 32 + (ring.words[word]! >>> 0);
}

/** Reads and releases everything available. */
function drain(consumer: RingConsumer, max = Number.MAX_SAFE_INTEGER): number[] {
  const count = Math.min(consumer.available(), max);
  const sequences = Array.from({ length: count }, (_, i) =>
    sequenceAt(consumer.ring, consumer.wordIndexAt(i)),
  );
  if (count > 0) consumer.release(count);
  return sequences;
}

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}

describe('ring memory', () => {
  it.each([0, 1, 3, 100, 2 ** 24, -8, 8.5, Number.NaN])('refuses a capacity of %s', (capacity) => {
    expect(() => RingBuffer.allocate(capacity, 1)).toThrow(/capacity must be a power of two/);
  });

  it.each([0, 65, -1, 1.5])('refuses %s consumers', (consumers) => {
    expect(() => RingBuffer.allocate(8, consumers)).toThrow(/1 to 64 consumers/);
  });

  it.each([0, -1, 2 ** 53, 1.5])('refuses %s as the first sequence', (start) => {
    expect(() => RingBuffer.allocate(8, 1, start)).toThrow(/safe integers/);
  });

  it('refuses memory that is not a ring', () => {
    expect(() => new RingBuffer(new SharedArrayBuffer(4096))).toThrow(/not a ring/);
  });

  it('gives every slot 128 bytes of its own', () => {
    const ring = ringOf(8, 2);
    expect(ring.bytes.length).toBe(8 * 128);
    expect(range(1, 8).map((sequence) => ring.wordIndex(sequence) / SLOT_WORDS)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 0,
    ]);
  });

  it('finds the slot of sequences beyond 2^31 and 2^32', () => {
    const ring = ringOf(8, 1);
    for (const start of STARTS) expect(ring.wordIndex(start)).toBe(Number(BigInt(start) % 8n) * SLOT_WORDS);
  });
});

describe.each(STARTS)('ring that starts at %s', (start) => {
  it('hands every slot over once and in order while sequences wrap', () => {
    const ring = ringOf(4, 1, start);
    const producer = new RingProducer(ring, backoff);
    const consumer = new RingConsumer(ring, 0, backoff);
    const seen: number[] = [];
    for (let i = 0; i < 20; i++) {
      publish(producer, producer.claim(1 + (i % 4)));
      seen.push(...drain(consumer));
    }
    expect(seen).toEqual(range(start, 50));
    expect(ring.cursor()).toBe((start + 49) | 0);
  });

  it('is empty at first, full after capacity slots, and free again after a release', () => {
    const ring = ringOf(4, 1, start);
    const producer = new RingProducer(ring, backoff);
    const consumer = new RingConsumer(ring, 0, backoff);
    expect(consumer.available()).toBe(0);
    expect(producer.claim(10)).toBe(4);
    publish(producer, 4);
    expect(producer.claim(1)).toBe(0);
    expect(consumer.available()).toBe(4);
    consumer.release(1);
    expect(producer.claim(10)).toBe(1);
    publish(producer, 1);
    expect(producer.claim(1)).toBe(0);
    expect(consumer.available()).toBe(3);
    consumer.release(3);
    expect(consumer.available()).toBe(1);
  });

  it('lets a successor take over where a producer or a consumer has stopped', () => {
    const ring = ringOf(8, 1, start);
    const first = new RingProducer(ring, backoff);
    publish(first, first.claim(7));
    expect(drain(new RingConsumer(ring, 0, backoff), 5)).toEqual(range(start, 5));
    const second = new RingProducer(new RingBuffer(ring.memory), backoff);
    expect(second.nextSequence).toBe(start + 7);
    expect(second.claim(100)).toBe(6);
    publish(second, 6);
    expect(drain(new RingConsumer(new RingBuffer(ring.memory), 0, backoff))).toEqual(range(start + 5, 8));
  });
});

describe('ring gating', () => {
  it('the producer waits for the slowest of its consumers', () => {
    const ring = ringOf(4, 2);
    const producer = new RingProducer(ring, backoff);
    const fast = new RingConsumer(ring, 0, backoff);
    const slow = new RingConsumer(ring, 1, backoff);
    publish(producer, producer.claim(4));
    drain(fast);
    expect(producer.claim(1)).toBe(0);
    drain(slow, 2);
    expect(producer.claim(4)).toBe(2);
  });

  it('a consumer sees only what all consumers upstream of it have released', () => {
    const ring = ringOf(8, 3);
    const producer = new RingProducer(ring, backoff, [2]);
    const left = new RingConsumer(ring, 0, backoff);
    const right = new RingConsumer(ring, 1, backoff);
    const last = new RingConsumer(ring, 2, backoff, [0, 1]);
    publish(producer, producer.claim(6));
    expect(last.available()).toBe(0);
    drain(left, 5);
    expect(last.available()).toBe(0);
    drain(right, 3);
    expect(drain(last)).toEqual([1, 2, 3]);
    drain(right);
    expect(drain(last)).toEqual([4, 5]);
  });

  it('the producer asks only the consumers it was given', () => {
    const ring = ringOf(4, 2);
    const producer = new RingProducer(ring, backoff, [1]);
    const last = new RingConsumer(ring, 1, backoff);
    publish(producer, producer.claim(4));
    drain(last);
    expect(producer.claim(4)).toBe(4);
  });

  it('splits a batch into runs that do not wrap', () => {
    const ring = ringOf(8, 1);
    const producer = new RingProducer(ring, backoff);
    const consumer = new RingConsumer(ring, 0, backoff);
    publish(producer, producer.claim(5));
    drain(consumer);
    expect(producer.contiguous(producer.claim(8))).toBe(2);
    publish(producer, 8);
    expect(consumer.contiguous(consumer.available())).toBe(2);
    expect(consumer.contiguous(1)).toBe(1);
    consumer.release(2);
    expect(consumer.contiguous(consumer.available())).toBe(6);
    expect(consumer.wordIndexAt(0)).toBe(0);
  });

  it('refuses to publish what was not claimed and to release what was not readable', () => {
    const ring = ringOf(4, 1);
    const producer = new RingProducer(ring, backoff);
    const consumer = new RingConsumer(ring, 0, backoff);
    expect(() => consumer.release(1)).toThrow(/released 1 slots/);
    producer.claim(4);
    expect(() => producer.publish(5)).toThrow(/without a claim/);
    producer.publish(4);
    expect(() => producer.publish(1)).toThrow(/without a claim/);
    consumer.available();
    expect(() => consumer.release(5)).toThrow(/released 5 slots/);
    expect(() => consumer.release(0)).toThrow(/released 0 slots/);
  });

  it('refuses consumers that do not exist or that gate on themselves', () => {
    const ring = ringOf(4, 2);
    expect(() => new RingConsumer(ring, 2, backoff)).toThrow(/consumer 2 of 2/);
    expect(() => new RingConsumer(ring, 0, backoff, [0])).toThrow(/cannot gate on itself/);
    expect(() => new RingConsumer(ring, 0, backoff, [7])).toThrow(/consumer 7 of 2/);
    expect(() => new RingProducer(ring, backoff, [])).toThrow(/at least one consumer/);
  });

  it('stops when a consumer went back in shared memory', () => {
    const ring = ringOf(4, 1, 100);
    const producer = new RingProducer(ring, backoff);
    ring.cells[128] = 3;
    expect(() => producer.claim(4)).toThrow(/went back/);
  });
});

describe('ring of any shape', () => {
  it('never loses, doubles or reorders a slot and never overwrites an unread one', () => {
    const step = fc.record({ actor: fc.nat({ max: 3 }), count: fc.integer({ min: 1, max: 20 }) });
    fc.assert(
      fc.property(
        fc.constantFrom(...STARTS),
        fc.constantFrom(2, 4, 16),
        fc.boolean(),
        fc.array(step, { maxLength: 200 }),
        (start, capacity, chained, steps) => {
          const ring = ringOf(capacity, 2, start);
          const producer = new RingProducer(ring, backoff);
          const consumers = [
            new RingConsumer(ring, 0, backoff),
            new RingConsumer(ring, 1, backoff, chained ? [0] : []),
          ];
          let published = 0;
          const read = [0, 0];
          for (const { actor, count } of steps) {
            if (actor < 2) {
              const free = producer.claim(count);
              expect(free).toBe(Math.min(count, capacity - (published - Math.min(...read))));
              if (free > 0) publish(producer, free);
              published += free;
            } else {
              const index = actor - 2;
              const sequences = drain(consumers[index]!, count);
              expect(sequences).toEqual(range(start + read[index]!, sequences.length));
              if (sequences.length === 0)
                expect(read[index]).toBe(chained && index === 1 ? read[0] : published);
              read[index] = read[index]! + sequences.length;
            }
          }
        },
      ),
      { seed, numRuns: 300 },
    );
  });
});

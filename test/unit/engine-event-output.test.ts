import { describe, expect, test } from 'vitest';
import { EventBuffer } from '../../src/engine/event-buffer.js';
import { RingEventOutput } from '../../src/engine/ring-event-output.js';
import { RingBuffer } from '../../src/ring/ring-buffer.js';
import { RingConsumer } from '../../src/ring/ring-consumer.js';
import { RingProducer } from '../../src/ring/ring-producer.js';
import { WaitStrategy } from '../../src/ring/wait-strategy.js';
import { SLOT_WORDS } from '../../src/wire/slot.js';

describe('the event buffer', () => {
  test('keeps what was written, in order, beyond its window; both views are of the same memory', () => {
    const buffer = new EventBuffer(3);
    for (let i = 0; i < 100; i += 1) {
      const at = buffer.next();
      expect(at % SLOT_WORDS).toBe(0);
      buffer.slots[at] = i + 1;
      if (i === 50) expect(buffer.words[50 * SLOT_WORDS]).toBe(51);
    }
    expect(buffer.count).toBe(100);
    for (let i = 0; i < 100; i += 1) expect(buffer.words[i * SLOT_WORDS]).toBe(i + 1);
    buffer.clear();
    expect(buffer.count).toBe(0);
    expect(buffer.next()).toBe(0);
    buffer.slotDoubles[0] = 1;
    expect(buffer.words[1]).toBe(0x3ff00000);
  });
});

describe('the ring event output', () => {
  const strategy = new WaitStrategy('backoff');

  function write(output: RingEventOutput, value: number): void {
    const at = output.next();
    output.slots[at] = value;
    output.slotDoubles[(at >> 1) + 15] = 0;
  }

  test('shows events with the flush of a batch, in order, over many turns of the ring', () => {
    const ring = new RingBuffer(RingBuffer.allocate(8, 1));
    const consumer = new RingConsumer(ring, 0, strategy);
    const output = new RingEventOutput(new RingProducer(ring, strategy));
    let written = 0;
    let read = 0;
    for (let batch = 0; batch < 50; batch += 1) {
      const size = 1 + (batch % 8);
      for (let i = 0; i < size; i += 1) write(output, ++written);
      expect(consumer.available()).toBe(0);
      output.flush();
      expect(consumer.available()).toBe(size);
      for (let i = 0; i < size; i += 1) expect(ring.words[consumer.wordIndexAt(i)]).toBe(++read);
      consumer.release(size);
    }
    output.flush();
    expect(consumer.available()).toBe(0);
  });

  test('publishes what it has before it waits, since the consumers may be waiting for that', () => {
    const ring = new RingBuffer(RingBuffer.allocate(4, 1));
    const consumer = new RingConsumer(ring, 0, strategy);
    const producer = new RingProducer(ring, strategy);
    // The consumer runs when the producer waits, as another thread would.
    let waits = 0;
    producer.waitForSpace = () => {
      waits += 1;
      expect(consumer.available()).toBe(4);
      consumer.release(4);
    };
    const output = new RingEventOutput(producer);
    for (let value = 1; value <= 6; value += 1) write(output, value);
    output.flush();
    expect(waits).toBe(1);
    expect(consumer.available()).toBe(2);
    expect(ring.words[consumer.wordIndexAt(1)]).toBe(6);
  });

  test('shows events to one visitor and takes their slots back while it is muted, then goes on', () => {
    const ring = new RingBuffer(RingBuffer.allocate(8, 1));
    const consumer = new RingConsumer(ring, 0, strategy);
    const output = new RingEventOutput(new RingProducer(ring, strategy));
    // So that the slots that are taken back lie across the end of the ring.
    for (let value = 1; value <= 5; value += 1) write(output, value);
    output.flush();
    consumer.release(consumer.available());
    const seen: number[] = [];
    output.mute((at) => seen.push(ring.words[at]!) < 0);
    let written = 0;
    for (const size of [3, 8, 1, 20, 0, 7]) {
      for (let i = 0; i < size; i += 1) write(output, ++written);
      output.flush();
    }
    expect(seen).toEqual(Array.from({ length: written }, (_, n) => n + 1));
    expect(consumer.available()).toBe(0);
    output.unmute();
    for (let value = 100; value <= 107; value += 1) write(output, value);
    output.flush();
    expect(consumer.available()).toBe(8);
    for (let i = 0; i < 8; i += 1) expect(ring.words[consumer.wordIndexAt(i)]).toBe(100 + i);
  });

  test('publishes what the visitor wants while it is muted, in order, also across the end of the ring', () => {
    const ring = new RingBuffer(RingBuffer.allocate(8, 1));
    const consumer = new RingConsumer(ring, 0, strategy);
    const producer = new RingProducer(ring, strategy);
    const found: number[] = [];
    const take = (): void => {
      const count = consumer.available();
      for (let i = 0; i < count; i += 1) found.push(ring.words[consumer.wordIndexAt(i)]!);
      if (count > 0) consumer.release(count);
    };
    producer.waitForSpace = take;
    const output = new RingEventOutput(producer);
    output.mute((at) => ring.words[at]! % 3 === 0);
    let written = 0;
    for (const size of [3, 8, 1, 20, 0, 7, 2, 11]) {
      for (let i = 0; i < size; i += 1) write(output, ++written);
      output.flush();
      if (size !== 8) take();
    }
    output.unmute();
    write(output, ++written);
    output.flush();
    take();
    const wanted = Array.from({ length: written - 1 }, (_, n) => n + 1).filter((value) => value % 3 === 0);
    expect(found).toEqual([...wanted, written]);
  });

  test('writes to no slot of the ring when it is full and nobody will read any more', () => {
    const ring = new RingBuffer(RingBuffer.allocate(4, 1));
    const consumer = new RingConsumer(ring, 0, strategy);
    const output = new RingEventOutput(new RingProducer(ring, strategy), () => true);
    for (let value = 1; value <= 10; value += 1) write(output, value);
    output.flush();
    expect(consumer.available()).toBe(4);
    for (let i = 0; i < 4; i += 1) expect(ring.words[consumer.wordIndexAt(i)]).toBe(i + 1);
  });
});

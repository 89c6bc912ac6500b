import type { RingBuffer } from '../ring/ring-buffer.js';
import type { RingProducer } from '../ring/ring-producer.js';
import { Counter, type NodeCounters } from '../runtime/counters.js';
import { SLOT_WORDS } from '../wire/slot.js';

/** Copies received records into the standby's own input ring, in contiguous runs. */
export class RecordPublisher {
  /** Last sequence published. */
  sequence: number;
  readonly producer: RingProducer;
  private readonly ring: RingBuffer;
  private readonly counters: NodeCounters;

  /** Takes the ring over behind `sequence`; throws when the ring stands elsewhere, which is a mistake of the wiring. */
  constructor(ring: RingBuffer, producer: RingProducer, counters: NodeCounters, sequence: number) {
    if (producer.nextSequence !== sequence + 1) {
      throw new RangeError(`the input ring is at ${producer.nextSequence}, the journal ends at ${sequence}`);
    }
    this.sequence = sequence;
    this.producer = producer;
    this.ring = ring;
    this.counters = counters;
    counters.set(Counter.inputPublished, sequence);
  }

  /** Publishes as many of the `count` records at `wordIndex` as the ring has room for, and returns how many. */
  publish(words: Int32Array, wordIndex: number, count: number): number {
    const { producer } = this;
    const { words: ringWords } = this.ring;
    let published = 0;
    while (published < count) {
      const free = producer.claim(count - published);
      if (free === 0) break;
      const run = producer.contiguous(free);
      const from = wordIndex + published * SLOT_WORDS;
      ringWords.set(words.subarray(from, from + run * SLOT_WORDS), producer.wordIndexAt(0));
      producer.publish(run);
      published += run;
    }
    if (published > 0) {
      this.sequence += published;
      this.counters.set(Counter.inputPublished, this.sequence);
    }
    return published;
  }
}

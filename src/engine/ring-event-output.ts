import type { RingProducer } from '../ring/ring-producer.js';
import { SLOT_WORDS } from '../wire/slot.js';
import type { EventOutput } from './event-output.js';

/** How long one wait for space lasts before the ring is looked at again. */
const WAIT_MS = 100;
/** Local, so that it is folded into the code: a slot is 2^5 words. */
const SLOT_SHIFT = 31 - Math.clz32(SLOT_WORDS);
/** Slots claimed at once, so that the consumers' positions are read seldom. */
const CLAIM_SLOTS = 256;

/**
 * Events into a ring. A full ring stops the business logic here until its slowest consumer has moved on; what was
 * written before is published first, since the consumers may be waiting for just that.
 *
 * When the ring is full and `isConsumerGone` says so, nobody will read any more: events are then written to a slot of
 * no ring, so that a node that stops with a closed commit gate can finish the commands that it has taken.
 */
export class RingEventOutput implements EventOutput {
  words: Int32Array;
  doubles: Float64Array;
  private readonly producer: RingProducer;
  private readonly isConsumerGone: () => boolean;
  private capacityMask: number;
  private isDiscarding: boolean;
  /** Slots claimed, and of these written, since the last publish. */
  private claimed: number;
  private written: number;
  /** Slot number in the ring of the next slot. */
  private slot: number;

  constructor(producer: RingProducer, isConsumerGone: () => boolean = () => false) {
    const { words } = producer.ring;
    this.words = words;
    this.doubles = new Float64Array(words.buffer, words.byteOffset, words.length / 2);
    this.producer = producer;
    this.isConsumerGone = isConsumerGone;
    this.isDiscarding = false;
    this.capacityMask = producer.ring.mask;
    this.claimed = 0;
    this.written = 0;
    this.slot = producer.nextSequence & producer.ring.mask;
  }

  next(): number {
    if (this.written === this.claimed) this.claimMore();
    const slot = this.slot | 0;
    this.slot = (slot + 1) & this.capacityMask;
    this.written = (this.written + 1) | 0;
    return slot << SLOT_SHIFT;
  }

  flush(): void {
    if (this.written === 0 || this.isDiscarding) return;
    this.producer.publish(this.written);
    this.claimed -= this.written;
    this.written = 0;
  }

  private claimMore(): void {
    const wanted = Math.min(this.written + CLAIM_SLOTS, this.capacityMask + 1);
    this.claimed = this.producer.claim(wanted);
    if (this.claimed > this.written) return;
    this.flush();
    this.claimed = this.producer.claim(CLAIM_SLOTS);
    while (this.claimed === 0) {
      if (this.isConsumerGone()) {
        this.discard();
        return;
      }
      this.producer.waitForSpace(WAIT_MS);
      this.claimed = this.producer.claim(CLAIM_SLOTS);
    }
  }
  private discard(): void {
    this.isDiscarding = true;
    this.words = new Int32Array(SLOT_WORDS);
    this.capacityMask = 0;
    this.slot = 0;
    this.claimed = Number.MAX_SAFE_INTEGER;
  }
}

import { makeWords } from '../base/columns.js';
import type { RingProducer } from '../ring/ring-producer.js';
import { SLOT_WORDS } from '../wire/slot.js';
import type { EventOutput } from './event-output.js';

/** How long one wait for space lasts before the ring is looked at again. */
const WAIT_MS = 100;
/** Local, so that it is folded into the code: a slot is 2^5 words. */
const SLOT_SHIFT = 31 - Math.clz32(SLOT_WORDS);
/** Slots claimed at once, so that the consumers' positions are read seldom. */
const CLAIM_SLOTS = 256;

/** Words of the private state: slots claimed, and of these written, since the last publish; the next slot's number. */
const CLAIMED = 0;
const WRITTEN = 1;
const SLOT = 2;
const STATE_WORDS = 3;

/**
 * Events into a ring. A full ring stops the business logic here until its slowest consumer has moved on; what was
 * written before is published first, since the consumers may be waiting for just that.
 *
 * When the ring is full and `isConsumerGone` says so, nobody will read any more: events are then written to the ring's
 * spare slot, so that a node that stops with a closed commit gate can finish the commands that it has taken.
 */
export class RingEventOutput implements EventOutput {
  readonly slots: Int32Array;
  readonly slotDoubles: Float64Array;
  readonly next: () => number;
  readonly flush: () => void;

  constructor(producer: RingProducer, isConsumerGone: () => boolean = () => false) {
    const { capacity, mask, wordsAndSpare } = producer.ring;
    const state = makeWords(STATE_WORDS);
    const spare = capacity << SLOT_SHIFT;
    let isDiscarding = false;
    state[SLOT] = producer.nextSequence & mask;

    const flush = (): void => {
      const written = state[WRITTEN];
      if (written === 0) return;
      producer.publish(written);
      state[CLAIMED] -= written;
      state[WRITTEN] = 0;
    };

    /** Claims more slots, waiting for them if need be; false when there will never be any. */
    const claimMore = (): boolean => {
      if (isDiscarding) return false;
      const wanted = Math.min(state[WRITTEN] + CLAIM_SLOTS, capacity);
      state[CLAIMED] = producer.claim(wanted);
      if (state[CLAIMED] > state[WRITTEN]) return true;
      flush();
      state[CLAIMED] = producer.claim(CLAIM_SLOTS);
      while (state[CLAIMED] === 0) {
        if (isConsumerGone()) {
          isDiscarding = true;
          return false;
        }
        producer.waitForSpace(WAIT_MS);
        state[CLAIMED] = producer.claim(CLAIM_SLOTS);
      }
      return true;
    };

    this.slots = wordsAndSpare;
    this.slotDoubles = new Float64Array(
      wordsAndSpare.buffer,
      wordsAndSpare.byteOffset,
      wordsAndSpare.length / 2,
    );
    this.flush = flush;
    this.next = () => {
      if (state[WRITTEN] === state[CLAIMED] && !claimMore()) return spare;
      const slot = state[SLOT];
      state[SLOT] = (slot + 1) & mask;
      state[WRITTEN] += 1;
      return slot << SLOT_SHIFT;
    };
  }
}

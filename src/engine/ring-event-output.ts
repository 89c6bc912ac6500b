import { makeWords } from '../base/columns.js';
import { copyRun } from '../base/copy-run.js';
import type { RingProducer } from '../ring/ring-producer.js';
import { SLOT_WORDS } from '../wire/slot.js';
import type { EventOutput } from './event-output.js';

/** How long one wait for space lasts before the ring is looked at again. */
const WAIT_MS = 100;
/** Local, so that it is folded into the code: a slot is 2^5 words. */
const SLOT_SHIFT = 31 - Math.clz32(SLOT_WORDS);
const SLOT_LENGTH = SLOT_WORDS;
/** Slots claimed at once, so that the consumers' positions are read seldom. */
const CLAIM_SLOTS = 256;

/** Words of the private state: where the next event goes, and where the run of claimed slots ends. */
const NEXT = 0;
const END = 1;
/** Slots claimed since the last publish, those of them written in earlier runs, and where this run started. */
const CLAIMED = 2;
const WRITTEN = 3;
const RUN_START = 4;
const STATE_WORDS = 5;

/**
 * Events into a ring. A full ring stops the business logic here until its slowest consumer has moved on; what was
 * written before is published first, since the consumers may be waiting for just that.
 *
 * When the ring is full and `isConsumerGone` says so, nobody will read any more: events are then written to the ring's
 * spare slot, so that a node that stops with a closed commit gate can finish the commands that it has taken.
 *
 * While it is muted a flush shows each event to one visitor, publishes those that it wants, and takes the slots of the
 * others back, so that a long replay, of whose events few are waited for, keeps to the same few slots.
 */
export class RingEventOutput implements EventOutput {
  readonly slots: Int32Array;
  readonly slotDoubles: Float64Array;
  readonly next: () => number;
  readonly flush: () => void;
  /**
   * From now on `visit` gets the word where each event starts, and says whether to publish it. Nothing may be unpublished
   * yet.
   */
  readonly mute: (visit: (wordIndex: number) => boolean) => void;
  /** Publishes all again, from the next event on; all before must have been flushed. */
  readonly unmute: () => void;

  constructor(producer: RingProducer, isConsumerGone: () => boolean = () => false) {
    const { capacity, mask, wordsAndSpare } = producer.ring;
    const state = makeWords(STATE_WORDS);
    const spare = capacity << SLOT_SHIFT;
    let isDiscarding = false;
    let visitMuted: ((wordIndex: number) => boolean) | undefined;
    state[NEXT] = (producer.nextSequence & mask) << SLOT_SHIFT;
    state[END] = state[NEXT];
    state[RUN_START] = state[NEXT];

    /** Slots written since the last publish. */
    const written = (): number => state[WRITTEN] + ((state[NEXT] - state[RUN_START]) >> SLOT_SHIFT);

    const flush = (): void => {
      const count = written();
      if (count === 0) return;
      if (visitMuted !== undefined) {
        publish(moveWanted(count, visitMuted));
        takeBack();
        return;
      }
      publish(count);
      state[WRITTEN] = 0;
      state[RUN_START] = state[NEXT];
    };

    const publish = (count: number): void => {
      if (count === 0) return;
      producer.publish(count);
      state[CLAIMED] -= count;
    };

    /** Moves those of the next `count` events that are wanted to the front; returns how many. */
    const moveWanted = (count: number, visit: (wordIndex: number) => boolean): number => {
      let at = producer.wordIndexAt(0);
      let to = at;
      let wanted = 0;
      for (let i = 0; i < count; i += 1) {
        if (visit(at)) {
          if (to !== at) copyRun(wordsAndSpare, at, wordsAndSpare, to, SLOT_LENGTH);
          to = to + SLOT_LENGTH === spare ? 0 : to + SLOT_LENGTH;
          wanted += 1;
        }
        at = at + SLOT_LENGTH === spare ? 0 : at + SLOT_LENGTH;
      }
      return wanted;
    };

    /** Lets the next event be written where the first unpublished one stands. */
    const takeBack = (): void => {
      state[WRITTEN] = 0;
      state[NEXT] = producer.wordIndexAt(0);
      state[RUN_START] = state[NEXT];
      state[END] = Math.min(state[NEXT] + (state[CLAIMED] << SLOT_SHIFT), spare);
    };

    /** Claims slots, waiting for them if need be, so that there is one to write; false when there will never be any. */
    const claim = (): boolean => {
      const count = written();
      if (state[CLAIMED] > count) return true;
      state[CLAIMED] = producer.claim(Math.min(count + CLAIM_SLOTS, capacity));
      if (state[CLAIMED] > count) return true;
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

    /** Starts the next run of slots, at the beginning of the ring if this one ended with it. */
    const startRun = (): boolean => {
      if (isDiscarding || !claim()) return false;
      state[WRITTEN] = written();
      if (state[NEXT] === spare) state[NEXT] = 0;
      state[RUN_START] = state[NEXT];
      const end = state[NEXT] + ((state[CLAIMED] - state[WRITTEN]) << SLOT_SHIFT);
      state[END] = Math.min(end, spare);
      return true;
    };

    this.slots = wordsAndSpare;
    this.slotDoubles = new Float64Array(
      wordsAndSpare.buffer,
      wordsAndSpare.byteOffset,
      wordsAndSpare.length / 2,
    );
    this.flush = flush;
    this.mute = (visit) => {
      visitMuted = visit;
    };
    this.unmute = () => {
      visitMuted = undefined;
    };
    this.next = () => {
      if (state[NEXT] === state[END] && !startRun()) return spare;
      const at = state[NEXT];
      state[NEXT] = at + SLOT_LENGTH;
      return at;
    };
  }
}

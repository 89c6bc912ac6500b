import { SLOT_WORDS } from '../wire/slot.js';
import type { EventOutput } from './event-output.js';

/** Local, so that it is folded into the code: a slot is 2^5 words. */
const SLOT_SHIFT = 31 - Math.clz32(SLOT_WORDS);

/** Events in an array that grows: for tests, tools and replay. Slot i starts at word i * SLOT_WORDS. */
export class EventBuffer implements EventOutput {
  words: Int32Array;
  doubles: Float64Array;
  /** Slots written since `clear`. */
  count: number;
  private capacity: number;

  constructor(initialSlots = 1024) {
    this.capacity = Math.max(1, initialSlots);
    this.words = new Int32Array(this.capacity * SLOT_WORDS);
    this.doubles = new Float64Array(this.words.buffer);
    this.count = 0;
  }

  next(): number {
    const count = this.count | 0;
    if (count === this.capacity) this.grow();
    this.count = (count + 1) | 0;
    return count << SLOT_SHIFT;
  }

  /** Nothing to do: there is no other reader. */
  flush(): void {}

  /** Forgets all events; the memory is kept. */
  clear(): void {
    this.count = 0;
  }

  private grow(): void {
    this.capacity *= 2;
    const words = new Int32Array(this.capacity * SLOT_WORDS);
    words.set(this.words);
    this.words = words;
    this.doubles = new Float64Array(words.buffer);
  }
}

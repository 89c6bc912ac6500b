import { SLOT_WORDS } from '../wire/slot.js';
import type { EventOutput } from './event-output.js';

/** Events in an array that grows: for tests, tools and replay. Slot i starts at word i * SLOT_WORDS. */
export class EventBuffer implements EventOutput {
  words: Int32Array;
  doubles: Float64Array;
  /** Slots written since `clear`. */
  count: number;

  constructor(initialSlots = 1024) {
    this.words = new Int32Array(Math.max(1, initialSlots) * SLOT_WORDS);
    this.doubles = new Float64Array(this.words.buffer);
    this.count = 0;
  }

  next(): number {
    const at = this.count * SLOT_WORDS;
    if (at === this.words.length) this.grow();
    this.count += 1;
    return at;
  }

  /** Nothing to do: there is no other reader. */
  flush(): void {}

  /** Forgets all events; the memory is kept. */
  clear(): void {
    this.count = 0;
  }

  private grow(): void {
    const words = new Int32Array(this.words.length * 2);
    words.set(this.words);
    this.words = words;
    this.doubles = new Float64Array(words.buffer);
  }
}

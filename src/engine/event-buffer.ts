import { makeWords } from '../base/columns.js';
import { SLOT_WORDS } from '../wire/slot.js';
import type { EventOutput } from './event-output.js';

/** Local, so that it is folded into the code: a slot is 2^5 words. */
const SLOT_SHIFT = 31 - Math.clz32(SLOT_WORDS);

/** Word of the private state: slots written in the window. */
const USED = 0;

/**
 * Events in memory, as many as come: for tests, tools and replay. They are written into a window of constant size;
 * when it is full, and when somebody reads more than fits into it, they are gathered in an array that grows.
 */
export class EventBuffer implements EventOutput {
  readonly slots: Int32Array;
  readonly slotDoubles: Float64Array;
  readonly next: () => number;
  private readonly state: Int32Array;
  private gathered: Int32Array;
  private gatheredCount: number;

  constructor(windowSlots = 1024) {
    const slots = makeWords(windowSlots * SLOT_WORDS);
    const state = makeWords(1);
    const gather = () => this.gather();
    this.slots = slots;
    this.slotDoubles = new Float64Array(slots.buffer);
    this.state = state;
    this.gathered = new Int32Array(0);
    this.gatheredCount = 0;
    this.next = () => {
      if (state[USED] === windowSlots) gather();
      const used = state[USED];
      state[USED] = used + 1;
      return used << SLOT_SHIFT;
    };
  }

  /** Slots written since `clear`. */
  get count(): number {
    return this.gatheredCount + this.state[USED];
  }

  /** All of them: slot i starts at word i * SLOT_WORDS. Good until the next event. */
  get words(): Int32Array {
    if (this.gatheredCount === 0) return this.slots;
    this.gather();
    return this.gathered;
  }

  /** Nothing to do: there is no other reader. */
  flush(): void {}

  /** Forgets all events; the memory is kept. */
  clear(): void {
    this.state[USED] = 0;
    this.gatheredCount = 0;
  }

  /** Empties the window behind what was gathered before. */
  private gather(): void {
    const from = this.gatheredCount * SLOT_WORDS;
    const used = this.state[USED] * SLOT_WORDS;
    if (from + used > this.gathered.length) {
      const larger = new Int32Array((from + used) * 2);
      larger.set(this.gathered.subarray(0, from));
      this.gathered = larger;
    }
    this.gathered.set(this.slots.subarray(0, used), from);
    this.gatheredCount += this.state[USED];
    this.state[USED] = 0;
  }
}

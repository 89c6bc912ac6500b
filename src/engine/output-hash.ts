/**
 * Running hash over event slots, in four lanes so that the multiplications of neighbouring words overlap. Any one
 * word that differs changes the lane that it goes into, for good.
 */
import { mix } from '../base/hash.js';

/** Words of a slot that `add` takes; those after it are zero in nearly all messages. */
export const HASH_BLOCK_WORDS = 24;

/** A slot starts here at the latest; tells the compiler that positions in the slot cannot overflow. */
const SLOT_START_MASK = 0x0fffffe0;

export class OutputHash {
  private lane0: number;
  private lane1: number;
  private lane2: number;
  private lane3: number;

  constructor() {
    this.lane0 = 0x243f6a88 | 0;
    this.lane1 = 0x85a308d3 | 0;
    this.lane2 = 0x13198a2e | 0;
    this.lane3 = 0x03707344 | 0;
  }

  /** Adds the first HASH_BLOCK_WORDS words of the slot that starts at `start`. */
  add(words: Int32Array, start: number): void {
    const at = start & SLOT_START_MASK;
    let a = this.lane0;
    let b = this.lane1;
    let c = this.lane2;
    let d = this.lane3;
    a = step(a, words[at], words[at + 4]);
    b = step(b, words[at + 1], words[at + 5]);
    c = step(c, words[at + 2], words[at + 6]);
    d = step(d, words[at + 3], words[at + 7]);
    a = step(a, words[at + 8], words[at + 12]);
    b = step(b, words[at + 9], words[at + 13]);
    c = step(c, words[at + 10], words[at + 14]);
    d = step(d, words[at + 11], words[at + 15]);
    a = step(a, words[at + 16], words[at + 20]);
    b = step(b, words[at + 17], words[at + 21]);
    c = step(c, words[at + 18], words[at + 22]);
    d = step(d, words[at + 19], words[at + 23]);
    this.lane0 = a;
    this.lane1 = b;
    this.lane2 = c;
    this.lane3 = d;
  }

  /** Adds the words of the slot after those. */
  addRest(words: Int32Array, start: number): void {
    this.lane0 = step(this.lane0, words[start + 24], words[start + 28]);
    this.lane1 = step(this.lane1, words[start + 25], words[start + 29]);
    this.lane2 = step(this.lane2, words[start + 26], words[start + 30]);
    this.lane3 = step(this.lane3, words[start + 27], words[start + 31]);
  }

  /** Low half of the hash. */
  low(): number {
    return mix((Math.imul(this.lane0, 0x9e3779b1) + this.lane2) | 0);
  }

  /** High half of the hash. */
  high(): number {
    return mix((Math.imul(this.lane1, 0x85ebca77) + this.lane3) | 0);
  }
}

/** One lane after two more words; for a given lane and other word it is one to one in each word. */
function step(lane: number, first: number, second: number): number {
  const product = Math.imul(lane ^ first, 0x9e3779b1);
  return (((product << 13) | (product >>> 19)) + second) | 0;
}

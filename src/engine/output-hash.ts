/**
 * Running hash over event slots: four lanes, so that the multiplications of neighbouring words overlap. Words
 * beyond a message's length are zero and left out; the template says how many there are.
 */
import { mix } from '../base/hash.js';

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

  /** Adds `count` words, a multiple of 4, from `at`. */
  add(words: Int32Array, at: number, count: number): void {
    let a = this.lane0;
    let b = this.lane1;
    let c = this.lane2;
    let d = this.lane3;
    for (let i = at; i < at + count; i += 4) {
      a = Math.imul(a ^ words[i], 0x9e3779b1);
      b = Math.imul(b ^ words[i + 1], 0x85ebca77);
      c = Math.imul(c ^ words[i + 2], 0xc2b2ae3d);
      d = Math.imul(d ^ words[i + 3], 0x27d4eb2f);
      a = (a << 13) | (a >>> 19);
      b = (b << 13) | (b >>> 19);
      c = (c << 13) | (c >>> 19);
      d = (d << 13) | (d >>> 19);
    }
    this.lane0 = a;
    this.lane1 = b;
    this.lane2 = c;
    this.lane3 = d;
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

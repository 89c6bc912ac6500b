/**
 * Seeded pseudo-random numbers (sfc32) for tests and benchmarks: the same seed gives the same numbers on every
 * machine and version. Never used by the engine itself.
 */
export class Prng {
  private a: number;
  private b: number;
  private c: number;
  private counter: number;

  /** `seed`: any safe integer; both its halves count. */
  constructor(seed: number) {
    this.a = 0;
    this.b = seed | 0;
    this.c = Math.floor(seed / 4294967296) | 0;
    this.counter = 1;
    for (let round = 0; round < 12; round += 1) this.nextUint32();
  }

  /** The next number, 0..2^32-1. */
  nextUint32(): number {
    const sum = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum;
    this.c |= 0;
    return sum >>> 0;
  }

  /** A number in 0..bound-1; `bound` is 1..2^32. The bias is below bound / 2^32. */
  below(bound: number): number {
    return Math.floor((this.nextUint32() / 4294967296) * bound);
  }

  /** A number in low..high, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }
}

/** Numbers of a level: price in ticks, open lots, orders. */
const LEVEL_NUMBERS = 3;
const FIRST_LEVELS = 64;

/** One level of a side. */
export interface PublishedLevel {
  readonly priceTicks: number;
  readonly levelLots: number;
  readonly orderCount: number;
}

/**
 * Price levels of one side of a published book, in one array with the best level last: most changes are near it, so that a
 * level that comes or goes moves few others. It is not the book that matches.
 */
export class PublishedSide {
  /** 1 where a higher price is better (bids), -1 where a lower one is. */
  private readonly direction: 1 | -1;
  private numbers: Float64Array;
  /** Numbers in use. */
  private end: number;

  constructor(isHigherBetter: boolean) {
    this.direction = isHigherBetter ? 1 : -1;
    this.numbers = new Float64Array(FIRST_LEVELS * LEVEL_NUMBERS);
    this.end = 0;
  }

  /** Number of levels. */
  get depth(): number {
    return this.end / LEVEL_NUMBERS;
  }

  /** The best `count` levels, or all when there are fewer, best first. */
  best(count: number): PublishedLevel[] {
    const numbers = this.numbers;
    const levels: PublishedLevel[] = [];
    const from = Math.max(0, this.end - count * LEVEL_NUMBERS);
    for (let at = this.end - LEVEL_NUMBERS; at >= from; at -= LEVEL_NUMBERS) {
      levels.push({
        priceTicks: numbers[at]!,
        levelLots: numbers[at + 1]!,
        orderCount: numbers[at + 2]!,
      });
    }
    return levels;
  }

  /** Sets the level at a price to its new state; 0 lots takes it away. */
  set(priceTicks: number, levelLots: number, orderCount: number): void {
    const at = this.find(priceTicks);
    const isThere = at < this.end && this.numbers[at] === priceTicks;
    if (levelLots === 0) {
      if (!isThere) return;
      this.numbers.copyWithin(at, at + LEVEL_NUMBERS, this.end);
      this.end -= LEVEL_NUMBERS;
      return;
    }
    if (!isThere) this.makeRoom(at);
    this.numbers[at] = priceTicks;
    this.numbers[at + 1] = levelLots;
    this.numbers[at + 2] = orderCount;
  }

  /** Place of the price, or where it would be inserted. */
  private find(priceTicks: number): number {
    const numbers = this.numbers;
    const direction = this.direction;
    let low = 0;
    let high = this.end / LEVEL_NUMBERS;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((priceTicks - numbers[middle * LEVEL_NUMBERS]!) * direction > 0) low = middle + 1;
      else high = middle;
    }
    return low * LEVEL_NUMBERS;
  }

  private makeRoom(at: number): void {
    if (this.end === this.numbers.length) {
      const larger = new Float64Array(this.numbers.length * 2);
      larger.set(this.numbers);
      this.numbers = larger;
    }
    if (at < this.end) this.numbers.copyWithin(at + LEVEL_NUMBERS, at, this.end);
    this.end += LEVEL_NUMBERS;
  }
}

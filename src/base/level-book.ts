/**
 * Price levels of one side of a book, best first, in parallel arrays: what a client keeps of the market data that it gets.
 */
export class LevelSide {
  readonly priceTicks: number[] = [];
  readonly levelLots: number[] = [];
  readonly orderCounts: number[] = [];
  private readonly isDescending: boolean;

  /** Bids are best at the highest price, so they are kept descending. */
  constructor(isDescending: boolean) {
    this.isDescending = isDescending;
  }

  /** Number of levels. */
  get depth(): number {
    return this.priceTicks.length;
  }

  /** Sets the level at a price to its new state; 0 lots takes it away. */
  set(priceTicks: number, levelLots: number, orderCount: number): void {
    const at = this.find(priceTicks);
    const isThere = this.priceTicks[at] === priceTicks;
    if (levelLots === 0) {
      if (!isThere) return;
      this.priceTicks.splice(at, 1);
      this.levelLots.splice(at, 1);
      this.orderCounts.splice(at, 1);
      return;
    }
    if (isThere) {
      this.levelLots[at] = levelLots;
      this.orderCounts[at] = orderCount;
      return;
    }
    this.priceTicks.splice(at, 0, priceTicks);
    this.levelLots.splice(at, 0, levelLots);
    this.orderCounts.splice(at, 0, orderCount);
  }

  /** Takes all levels away. */
  clear(): void {
    this.priceTicks.length = 0;
    this.levelLots.length = 0;
    this.orderCounts.length = 0;
  }

  /** Index of the price, or where it would be inserted. */
  private find(priceTicks: number): number {
    let low = 0;
    let high = this.priceTicks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const isBefore = this.isDescending
        ? this.priceTicks[middle]! > priceTicks
        : this.priceTicks[middle]! < priceTicks;
      if (isBefore) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Both sides of a book, and the number of the last change that is in it. */
export class LevelBook {
  readonly bids = new LevelSide(true);
  readonly asks = new LevelSide(false);
  bookSequence = 0;
}

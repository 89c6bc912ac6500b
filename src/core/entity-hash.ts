/**
 * One kind of entity's part of the state hash: the sum, modulo 2^32 in two lanes, of the hashes of all its rows.
 * A sum does not depend on the order of rows, so the hash is a function of the state alone.
 *
 * It is lazy: a row that changes is only put on the dirty list (once; the row keeps a flag), and hashed again when
 * the state hash is asked for. Stores keep the last hash of each row, to take it out of the sum.
 */
export class EntityHash {
  /** Sums of the row hashes. */
  low: number;
  high: number;
  /** Lanes of the row hashed last. */
  rowLow: number;
  rowHigh: number;
  readonly dirtyRows: Int32Array;
  dirtyCount: number;
  private readonly kind: number;

  /** `kind` tells entities of different kinds with equal words apart; `maxRows` bounds the dirty list. */
  constructor(kind: number, maxRows: number) {
    this.low = 0;
    this.high = 0;
    this.rowLow = 0;
    this.rowHigh = 0;
    this.dirtyRows = new Int32Array(maxRows);
    this.dirtyCount = 0;
    this.kind = kind;
  }

  /** Notes that a row changed. The caller has set the row's flag, which was not set. */
  markDirty(row: number): void {
    const count = this.dirtyCount | 0;
    this.dirtyRows[count] = row | 0;
    this.dirtyCount = (count + 1) | 0;
  }

  /** Hashes `count` words from `at` and two more into `rowLow` and `rowHigh`. */
  hashRow(words: Int32Array, at: number, count: number, first: number, second: number): void {
    let low = Math.imul(this.kind ^ first, 0x9e3779b1);
    let high = Math.imul(this.kind + second, 0x85ebca77);
    low = Math.imul((low ^ (low >>> 15)) + second, 0x2c1b3c6d);
    high = Math.imul((high ^ (high >>> 13)) + first, 0x297a2d39);
    for (let i = at; i < at + count; i += 1) {
      const word = words[i];
      low = Math.imul(low ^ (low >>> 15) ^ word, 0x2c1b3c6d);
      high = Math.imul((high ^ (high >>> 13)) + word, 0x297a2d39);
    }
    this.rowLow = Math.imul(low ^ (low >>> 12), 0x21f0aaad) ^ (low >>> 15);
    this.rowHigh = Math.imul(high ^ (high >>> 16), 0x735a2d97) ^ (high >>> 14);
  }

  /** Replaces a row's part of the sum by the row hashed last. */
  exchange(oldLow: number, oldHigh: number): void {
    this.low = (this.low - oldLow + this.rowLow) | 0;
    this.high = (this.high - oldHigh + this.rowHigh) | 0;
  }

  /** Takes a row's part out of the sum. */
  subtract(oldLow: number, oldHigh: number): void {
    this.low = (this.low - oldLow) | 0;
    this.high = (this.high - oldHigh) | 0;
  }
}

/** Kinds of entities; numbers enter the state hash. */
export const EntityKind = {
  order: 1,
  account: 2,
  holding: 3,
  instrument: 4,
  asset: 5,
  apiKey: 6,
  transfer: 7,
  engine: 8,
} as const;

/**
 * An open-addressed hash index from 32-bit hashes to row numbers. The keys stay in the columns of the rows:
 *
 * ```
 * for (let row = index.first(hash); row !== 0; row = index.next(hash)) {
 *   if (the key columns of row match) return row;
 * }
 * ```
 *
 * Linear probing over pairs (hash, row), at most half full; row 0 means empty. Deletion shifts the rest of the
 * cluster back, so there are no tombstones and an index of constant size never degrades. Growth is spread: the old
 * table is emptied a few entries at each insertion into one twice the size, so that no single insertion pays for
 * all. While that lasts a row may be in either table: positions of the old table are numbered from OLD_TABLE on.
 */

import { assert, fail } from './assert.js';
import { isPowerOfTwo } from './bits.js';

const OLD_TABLE = 0x40000000;
/** Old entries looked at by one insertion; 2 would be enough to finish before the next growth. */
const MIGRATION_STEP = 16;

export class IntegerHashIndex {
  private table: Int32Array;
  /** Entries of `table` minus one. */
  private mask: number;
  private old: Int32Array;
  /** Entries of `old` minus one; -1 when there is no migration. */
  private oldMask: number;
  /** Entries of `old` before this one are empty. */
  private migrated: number;
  /** Where the row is that `first` or `next` returned last. */
  private position: number;
  /** Rows in the index. */
  count: number;

  /** `initialCapacity`: entries to start with, a power of two. */
  constructor(initialCapacity: number) {
    assert(isPowerOfTwo(initialCapacity), 'index capacity is a power of two');
    this.table = new Int32Array(initialCapacity * 2);
    this.mask = initialCapacity - 1;
    this.old = new Int32Array(0);
    this.oldMask = -1;
    this.migrated = 0;
    this.position = 0;
    this.count = 0;
  }

  /** The first row with this hash, or 0. */
  first(hash: number): number {
    const table = this.table;
    const mask = this.mask;
    let entry = hash & mask;
    for (let row = table[(entry << 1) | 1]; row !== 0; row = table[(entry << 1) | 1]) {
      if (table[entry << 1] === hash) {
        this.position = entry;
        return row;
      }
      entry = (entry + 1) & mask;
    }
    return this.oldMask < 0 ? 0 : this.scanOld(hash, hash & this.oldMask);
  }

  /** The row with the same hash after the one that `first` or `next` returned last, or 0. */
  next(hash: number): number {
    const position = this.position;
    if (position >= OLD_TABLE) return this.scanOld(hash, (position - OLD_TABLE + 1) & this.oldMask);
    const table = this.table;
    const mask = this.mask;
    let entry = (position + 1) & mask;
    for (let row = table[(entry << 1) | 1]; row !== 0; row = table[(entry << 1) | 1]) {
      if (table[entry << 1] === hash) {
        this.position = entry;
        return row;
      }
      entry = (entry + 1) & mask;
    }
    return this.oldMask < 0 ? 0 : this.scanOld(hash, hash & this.oldMask);
  }

  /** Adds a row (not 0) under a hash. The caller knows that its key is not in the index. */
  insert(hash: number, row: number): void {
    if (this.oldMask >= 0) this.migrate();
    else if (this.count * 2 > this.mask) this.grow();
    this.count += 1;
    this.place(hash, row);
  }

  /** Removes `row`, which must have been inserted under this hash. */
  remove(hash: number, row: number): void {
    let found = this.first(hash);
    while (found !== row && found !== 0) found = this.next(hash);
    if (found === 0) fail('row is in the index', hash, row);
    const position = this.position;
    this.count -= 1;
    if (position < OLD_TABLE) closeGap(this.table, this.mask, position);
    else closeGap(this.old, this.oldMask, position - OLD_TABLE);
  }

  private place(hash: number, row: number): void {
    const table = this.table;
    const mask = this.mask;
    let entry = hash & mask;
    while (table[(entry << 1) | 1] !== 0) entry = (entry + 1) & mask;
    table[entry << 1] = hash | 0;
    table[(entry << 1) | 1] = row | 0;
  }

  private scanOld(hash: number, start: number): number {
    const old = this.old;
    const mask = this.oldMask;
    let entry = start;
    for (let row = old[(entry << 1) | 1]; row !== 0; row = old[(entry << 1) | 1]) {
      if (old[entry << 1] === hash) {
        this.position = OLD_TABLE + entry;
        return row;
      }
      entry = (entry + 1) & mask;
    }
    return 0;
  }

  private grow(): void {
    this.old = this.table;
    this.oldMask = this.mask;
    this.migrated = 0;
    this.mask = this.mask * 2 + 1;
    this.table = new Int32Array((this.mask + 1) * 2);
  }

  /**
   * Moves some entries over. An entry leaves the old table by an ordinary removal, so clusters that are not yet
   * moved stay whole; the gap may be filled by a later entry, hence the inner loop on the same place.
   */
  private migrate(): void {
    const old = this.old;
    const end = Math.min(this.migrated + MIGRATION_STEP, this.oldMask + 1);
    for (let entry = this.migrated; entry < end; entry += 1) {
      while (old[(entry << 1) | 1] !== 0) {
        this.place(old[entry << 1], old[(entry << 1) | 1]);
        closeGap(old, this.oldMask, entry);
      }
    }
    this.migrated = end;
    if (end <= this.oldMask) return;
    this.old = new Int32Array(0);
    this.oldMask = -1;
  }
}

/** Empties entry `gap` and moves later entries of its cluster back, so that each stays reachable from its home. */
function closeGap(table: Int32Array, mask: number, gap: number): void {
  let entry = (gap + 1) & mask;
  while (table[(entry << 1) | 1] !== 0) {
    const home = table[entry << 1] & mask;
    if (((entry - home) & mask) >= ((entry - gap) & mask)) {
      table[gap << 1] = table[entry << 1];
      table[(gap << 1) | 1] = table[(entry << 1) | 1];
      gap = entry;
    }
    entry = (entry + 1) & mask;
  }
  table[gap << 1] = 0;
  table[(gap << 1) | 1] = 0;
}

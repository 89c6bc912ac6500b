/**
 * An open-addressed hash index from 32-bit hashes to row numbers. The keys stay in the columns of the rows:
 *
 * ```
 * for (let row = first(hash); row !== 0; row = next(hash)) {
 *   if (the key columns of row match) return row;
 * }
 * ```
 *
 * Linear probing over pairs (hash, row), at most half full; row 0 means empty. Deletion shifts the rest of the
 * cluster back, so there are no tombstones and an index of constant size never degrades.
 *
 * The index starts small and doubles, so that few rows stay close together in memory. All tables lie in one array
 * that is allocated at its full size: the table of `size` entries at entry `size`, the one that it replaced at entry
 * `size / 2`. Growth is spread: the old table is emptied a few entries at each insertion, so that no single insertion
 * pays for all; while that lasts an entry may be in either table.
 */
import { fail } from './assert.js';
import { makeWords, powerOfTwoFrom } from './columns.js';

const START_SIZE = 64;
/** Old entries looked at by one insertion; 2 would be enough to finish before the next growth. */
const MIGRATION_STEP = 16;

/** Words of the state of an index. */
const COUNT = 0;
const SIZE = 1;
/** Entries of the table that is being emptied, 0 when there is none; and the first of them that may be in use. */
const OLD_SIZE = 2;
const MIGRATED = 3;
/** The entry of the row that `first` or `next` returned last. */
const POSITION = 4;
const STATE_WORDS = 5;

export type IntegerHashIndex = ReturnType<typeof makeIntegerHashIndex>;

/** An index for up to `maxRows` rows. */
export function makeIntegerHashIndex(maxRows: number) {
  const maxSize = Math.max(START_SIZE, powerOfTwoFrom(maxRows * 2));
  const table = makeWords(maxSize * 4);
  const state = makeWords(STATE_WORDS);
  state[SIZE] = START_SIZE;

  /** The first row with this hash, or 0. */
  const first = (hash: number): number => {
    const size = state[SIZE];
    return scan(hash, size, (hash & (size - 1)) | size);
  };

  /** The row with the same hash after the one that `first` or `next` returned last, or 0. */
  const next = (hash: number): number => {
    const position = state[POSITION];
    const size = state[SIZE];
    if (position >= size) return scan(hash, size, ((position + 1) & (size - 1)) | size);
    const oldSize = state[OLD_SIZE];
    return scanOld(hash, oldSize, ((position + 1) & (oldSize - 1)) | oldSize);
  };

  /** Adds a row (not 0) under a hash. The caller knows that its key is not in the index, and that there is room. */
  const insert = (hash: number, row: number): void => {
    if (state[OLD_SIZE] !== 0) migrate();
    else if (state[COUNT] << 1 >= state[SIZE]) grow();
    state[COUNT] += 1;
    place(hash, row);
  };

  /** Makes an index that is empty large enough for `rows` rows, so that it need not grow while they are inserted. */
  const expect = (rows: number): void => {
    if (state[COUNT] !== 0) fail('the index is empty', state[COUNT]);
    state[SIZE] = Math.min(maxSize, Math.max(START_SIZE, powerOfTwoFrom(rows * 2)));
  };

  /** Removes `row`, which must have been inserted under this hash. */
  const remove = (hash: number, row: number): void => {
    let found = first(hash);
    while (found !== row && found !== 0) found = next(hash);
    if (found === 0) fail('row is in the index', hash, row);
    state[COUNT] -= 1;
    const position = state[POSITION];
    closeGap(position < state[SIZE] ? state[OLD_SIZE] : state[SIZE], position);
  };

  const scan = (hash: number, size: number, start: number): number => {
    let entry = start;
    for (let row = table[(entry << 1) | 1]; row !== 0; row = table[(entry << 1) | 1]) {
      if (table[entry << 1] === hash) {
        state[POSITION] = entry;
        return row;
      }
      entry = ((entry + 1) & (size - 1)) | size;
    }
    const oldSize = state[OLD_SIZE];
    return oldSize === 0 ? 0 : scanOld(hash, oldSize, (hash & (oldSize - 1)) | oldSize);
  };

  const scanOld = (hash: number, oldSize: number, start: number): number => {
    let entry = start;
    for (let row = table[(entry << 1) | 1]; row !== 0; row = table[(entry << 1) | 1]) {
      if (table[entry << 1] === hash) {
        state[POSITION] = entry;
        return row;
      }
      entry = ((entry + 1) & (oldSize - 1)) | oldSize;
    }
    return 0;
  };

  const place = (hash: number, row: number): void => {
    const size = state[SIZE];
    let entry = (hash & (size - 1)) | size;
    while (table[(entry << 1) | 1] !== 0) entry = ((entry + 1) & (size - 1)) | size;
    table[entry << 1] = hash;
    table[(entry << 1) | 1] = row;
  };

  const grow = (): void => {
    const size = state[SIZE];
    if (size === maxSize) fail('the index has room', state[COUNT]);
    state[OLD_SIZE] = size;
    state[MIGRATED] = 0;
    state[SIZE] = size << 1;
  };

  /**
   * Moves some entries over. An entry leaves the old table by an ordinary removal, so clusters that are not yet
   * moved stay whole; the gap may be filled by a later entry, hence the inner loop on the same place.
   */
  const migrate = (): void => {
    const oldSize = state[OLD_SIZE];
    const end = Math.min(state[MIGRATED] + MIGRATION_STEP, oldSize);
    for (let n = state[MIGRATED]; n < end; n += 1) {
      const entry = n | oldSize;
      while (table[(entry << 1) | 1] !== 0) {
        place(table[entry << 1], table[(entry << 1) | 1]);
        closeGap(oldSize, entry);
      }
    }
    state[MIGRATED] = end;
    if (end === oldSize) state[OLD_SIZE] = 0;
  };

  /** Empties an entry and moves later ones of its cluster back, so that each stays reachable from its home. */
  const closeGap = (size: number, position: number): void => {
    const mask = size - 1;
    let gap = position;
    let entry = ((gap + 1) & mask) | size;
    while (table[(entry << 1) | 1] !== 0) {
      const home = table[entry << 1];
      if (((entry - home) & mask) >= ((entry - gap) & mask)) {
        table[gap << 1] = table[entry << 1];
        table[(gap << 1) | 1] = table[(entry << 1) | 1];
        gap = entry;
      }
      entry = ((entry + 1) & mask) | size;
    }
    table[gap << 1] = 0;
    table[(gap << 1) | 1] = 0;
  };

  return {
    /** Rows in the index. */
    get count(): number {
      return state[COUNT];
    },
    first,
    next,
    insert,
    expect,
    remove,
  };
}

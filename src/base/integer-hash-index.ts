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
 * The index doubles in place (growing-places.ts), PLACES_AT_ONCE places at an insertion. That has to be over soon: while it
 * lasts, the places whose rows have not been shared out are as full as all would be without the new ones. Probing does
 * not wrap: behind the last place there is room for all rows, so that no choice of hashes can run over the end; what
 * is not used of it costs address space only.
 */
import { fail } from './assert.js';
import { makeWords, powerOfTwoFrom } from './columns.js';
import { addPlaceTo, PLACES_WORDS, PlacesWord, placeOf, START_PLACES, setPlaces } from './growing-places.js';

/** Places added by one insertion while the index doubles; divides START_PLACES. */
const PLACES_AT_ONCE = 16;

/** Words of the state of an index: its places (growing-places.ts), how many rows are in it, */
const LIMIT = PlacesWord.limit;
const MASK = PlacesWord.mask;
const COUNT = PLACES_WORDS;
/** the entry of the row that `first` or `next` returned last; */
const POSITION = COUNT + 1;
/** and what takes all that `insertAll` reads ahead, so that the compiler does not drop the reading. */
const READ = COUNT + 2;
const STATE_WORDS = COUNT + 3;

export type IntegerHashIndex = ReturnType<typeof makeIntegerHashIndex>;

/** An index for up to `maxRows` rows. */
export function makeIntegerHashIndex(maxRows: number) {
  const maxPlaces = Math.max(START_PLACES, powerOfTwoFrom(maxRows * 2));
  const table = makeWords((maxPlaces + maxRows + 1) * 2);
  const state = makeWords(STATE_WORDS);
  const placeIn = placeOf;
  const growBy = addPlaceTo;
  setPlaces(state, START_PLACES, START_PLACES - 1);

  /** The place where a hash belongs. */
  const homeOf = (hash: number): number => {
    return placeIn(state, hash);
  };

  /** The row in the place where a row with this hash belongs, or 0. */
  const home = (hash: number): number => {
    return table[(homeOf(hash) << 1) | 1];
  };

  /** The first row with this hash, or 0. */
  const first = (hash: number): number => {
    return scan(hash, homeOf(hash));
  };

  /** The row with the same hash after the one that `first` or `next` returned last, or 0. */
  const next = (hash: number): number => {
    return scan(hash, state[POSITION] + 1);
  };

  /** Adds a row (not 0) under a hash. The caller knows that its key is not in the index, and that there is room. */
  const insert = (hash: number, row: number): void => {
    const count = state[COUNT] + 1;
    if (count > maxRows) fail('the index has room', count);
    state[COUNT] = count;
    if (state[LIMIT] <= state[MASK] || count << 1 > state[LIMIT]) {
      for (let i = 0; i < PLACES_AT_ONCE; i += 1) addPlace();
    }
    place(hash, row);
  };

  /**
   * Adds `count` rows, each as `insert` does. The places where they belong are read first: each of these reads waits
   * for memory by itself, and the processor waits for several at once.
   */
  const insertAll = (hashes: Int32Array, rows: Int32Array, count: number): void => {
    let read = 0;
    for (let i = 0; i < count; i += 1) read |= home(hashes[i]);
    state[READ] = read;
    for (let i = 0; i < count; i += 1) insert(hashes[i], rows[i]);
  };

  /**
   * Makes an index that is empty large enough for `rows` rows, so that it need not grow while they are inserted; returns
   * the memory that they will be spread over.
   */
  const expect = (rows: number): Int32Array => {
    if (state[COUNT] !== 0) fail('the index is empty', state[COUNT]);
    const places = Math.max(START_PLACES, powerOfTwoFrom(rows * 2));
    setPlaces(state, places, places - 1);
    return table.subarray(0, places * 2);
  };

  /** Removes `row`, which must have been inserted under this hash. */
  const remove = (hash: number, row: number): void => {
    let found = first(hash);
    while (found !== row && found !== 0) found = next(hash);
    if (found === 0) fail('row is in the index', hash, row);
    state[COUNT] -= 1;
    closeGap(state[POSITION]);
  };

  const scan = (hash: number, start: number): number => {
    let entry = start;
    for (let row = table[(entry << 1) | 1]; row !== 0; row = table[(entry << 1) | 1]) {
      if (table[entry << 1] === hash) {
        state[POSITION] = entry;
        return row;
      }
      entry += 1;
    }
    return 0;
  };

  const place = (hash: number, row: number): void => {
    let entry = homeOf(hash);
    while (table[(entry << 1) | 1] !== 0) entry += 1;
    table[entry << 1] = hash;
    table[(entry << 1) | 1] = row;
  };

  /**
   * Adds a place. The rows that belong to it are in the cluster of the place with one bit less: each row from there on
   * is taken out and put where it belongs now, which also closes the gaps of those that go.
   */
  const addPlace = (): void => {
    let entry = growBy(state);
    for (let row = table[(entry << 1) | 1]; row !== 0; row = table[(entry << 1) | 1]) {
      table[(entry << 1) | 1] = 0;
      place(table[entry << 1], row);
      entry += 1;
    }
  };

  /** Empties an entry and moves later ones of its cluster back, so that each stays reachable from its home. */
  const closeGap = (position: number): void => {
    let gap = position;
    let entry = gap + 1;
    while (table[(entry << 1) | 1] !== 0) {
      if (homeOf(table[entry << 1]) <= gap) {
        table[gap << 1] = table[entry << 1];
        table[(gap << 1) | 1] = table[(entry << 1) | 1];
        gap = entry;
      }
      entry += 1;
    }
    table[gap << 1] = 0;
    table[(gap << 1) | 1] = 0;
  };

  /** The longest run of taken places, which bounds every search. A walk over all places, for tests. */
  const longestRun = (): number => {
    let longest = 0;
    let run = 0;
    for (let entry = 0; entry < maxPlaces + maxRows; entry += 1) {
      run = table[(entry << 1) | 1] === 0 ? 0 : run + 1;
      if (run > longest) longest = run;
    }
    return longest;
  };

  return {
    /** Rows in the index. */
    get count(): number {
      return state[COUNT];
    },
    first,
    next,
    insert,
    insertAll,
    expect,
    remove,
    longestRun,
  };
}

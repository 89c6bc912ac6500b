/**
 * A hash index over records that have a word to spare: chains of records, linked through that word, under places that
 * are one word each. So a row costs PLACES_PER_ROW words and its link, and all that tells rows apart stays in them:
 *
 * ```
 * for (let row = first(hash); row !== 0; row = next(row)) {
 *   if (the key words of row match) return row;
 * }
 * ```
 *
 * A chain holds rows of other hashes too. A row is the word where its record starts, 0 = none; the sign bit of the link
 * word is left alone and may mean something to the owner of the records.
 *
 * The index grows in place (growing-places.ts), by PLACES_AT_ONCE places an insertion. Chains that are not shared out yet
 * are twice as long as the others, and no longer, so growth need not hurry.
 */
import { fail } from './assert.js';
import { makeWords, powerOfTwoFrom } from './columns.js';
import { addPlaceTo, PLACES_WORDS, PlacesWord, placeOf, START_PLACES, setPlaces } from './growing-places.js';

/** Places for each row that an index has had. With one, twice as many rows of other hashes are in the way. */
const PLACES_PER_ROW = 2;
/** Places added by one insertion, while there are fewer; enough to keep up. */
const PLACES_AT_ONCE = 2;

/** The bit of a link word that is not the index's. */
const OWNERS_BIT = 0x80000000 | 0;

/** Words of the state of an index: its places (growing-places.ts), and how many rows are in it. */
const LIMIT = PlacesWord.limit;
const COUNT = PLACES_WORDS;
const STATE_WORDS = COUNT + 1;

interface ChainedRecords {
  /** Where the records are. */
  readonly words: Int32Array;
  /** `row & handleMask` changes no row. */
  readonly handleMask: number;
  /** Word of a record that links it. */
  readonly linkWord: number;
  readonly maxRows: number;
  /** Hash of a row in the index, by its key words. */
  readonly hashOf: (row: number) => number;
}

/** An empty index for up to `maxRows` rows; the caller sees to it that there are no more. */
export function makeChainIndex(records: ChainedRecords) {
  const { words, handleMask, linkWord, hashOf } = records;
  const places = Math.max(START_PLACES, records.maxRows * PLACES_PER_ROW + PLACES_AT_ONCE);
  const heads = makeWords(places);
  const state = makeWords(STATE_WORDS);
  const placeIn = placeOf;
  const growBy = addPlaceTo;
  setPlaces(state, START_PLACES, START_PLACES - 1);

  /** The place where a hash belongs. */
  const homeOf = (hash: number): number => {
    return placeIn(state, hash);
  };

  /** The first row of the chain where rows with this hash are, or 0. */
  const first = (hash: number): number => {
    return heads[homeOf(hash)] & handleMask;
  };

  /** The row behind `row` in its chain, or 0. */
  const next = (row: number): number => {
    return words[(row & handleMask) + linkWord] & handleMask;
  };

  /** Adds a row, whose key words are not in the index, under their hash. */
  const insert = (hash: number, row: number): void => {
    const count = state[COUNT] + 1;
    state[COUNT] = count;
    if (state[LIMIT] < count * PLACES_PER_ROW) {
      for (let i = 0; i < PLACES_AT_ONCE; i += 1) addPlace();
    }
    link(homeOf(hash), row);
  };

  /** Removes a row that was inserted under this hash. */
  const remove = (hash: number, removed: number): void => {
    const row = removed & handleMask;
    const place = homeOf(hash);
    const head = heads[place] & handleMask;
    state[COUNT] -= 1;
    if (head === row) heads[place] = next(row);
    else unlinkBehind(head, row);
  };

  /** Takes a row out of its chain, in which it is not the first one. */
  const unlinkBehind = (head: number, row: number): void => {
    let previous = head;
    while (previous !== 0 && next(previous) !== row) previous = next(previous);
    if (previous === 0) fail('row is in the index', row);
    words[previous + linkWord] = (words[previous + linkWord] & OWNERS_BIT) | next(row);
  };

  /** Puts a row at the head of a chain. */
  const link = (place: number, linked: number): void => {
    const row = linked & handleMask;
    words[row + linkWord] = (words[row + linkWord] & OWNERS_BIT) | heads[place];
    heads[place] = row;
  };

  /** Adds a place, which takes over the rows that belong to it now. */
  const addPlace = (): void => {
    const from = growBy(state);
    let row = heads[from] & handleMask;
    heads[from] = 0;
    while (row !== 0) {
      const behind = next(row);
      link(homeOf(hashOf(row)), row);
      row = behind;
    }
  };

  /** Adds a row with the key words that it has. */
  const insertRow = (row: number): void => {
    insert(hashOf(row), row);
  };

  /**
   * Makes an index that is empty large enough for `rows` rows, so that it need not grow while they are inserted; returns
   * the memory that they will be spread over.
   */
  const expect = (rows: number): Int32Array => {
    if (state[COUNT] !== 0) fail('the index is empty', state[COUNT]);
    const places = Math.max(START_PLACES, rows * PLACES_PER_ROW);
    setPlaces(state, places, powerOfTwoFrom(places) - 1);
    return heads.subarray(0, places);
  };

  /** Rows of the longest chain. A walk over all places, for tests. */
  const longestChain = (): number => {
    let longest = 0;
    for (const head of heads) {
      let length = 0;
      for (let row = head; row !== 0; row = next(row)) length += 1;
      longest = Math.max(longest, length);
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
    insertRow,
    remove,
    expect,
    longestChain,
  };
}

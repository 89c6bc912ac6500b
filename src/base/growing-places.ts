/**
 * The places of a hash index that grows in place, some at an insertion, so that no insertion pays for all and no old
 * table stays behind. A hash belongs to the place that as many of its low bits give as all places need, or one bit less
 * where that place is not there yet; a new place takes its rows over from the place with one bit less.
 *
 * How many there are is kept in two words of the state of the index.
 */

export const START_PLACES = 64;

/** Places there are, and the power of two at or above them, less 1. */
export const PlacesWord = { limit: 0, mask: 1 } as const;
export const PLACES_WORDS = 2;

// Local copies are folded into the code (../core/README.md).
const LIMIT = PlacesWord.limit;
const MASK = PlacesWord.mask;

/** Sets how many places there are, of which `mask` is the power of two at or above, less 1. */
export function setPlaces(state: Int32Array, places: number, mask: number): void {
  state[LIMIT] = places;
  state[MASK] = mask;
}

/** The place where a hash belongs. */
export function placeOf(state: Int32Array, hash: number): number {
  const mask = state[MASK];
  const place = hash & mask;
  return place < state[LIMIT] ? place : place & (mask >> 1);
}

/** Adds a place; returns the one whose rows may belong to the new one now. */
export function addPlaceTo(state: Int32Array): number {
  const added = state[LIMIT];
  if (added > state[MASK]) state[MASK] = (state[MASK] << 1) | 1;
  state[LIMIT] = added + 1;
  return added & (state[MASK] >> 1);
}

/**
 * Which ladder pages of each book side have levels, in order: a set of page numbers (26 bits) for each book side that
 * finds the next larger member. Three tiers of bitmaps; a node of the two lower tiers covers 1,024 children with
 * 32 words under one summary word, and exists only while something is in it.
 *
 * ```
 * page number  = top (6 bits) | middle (10 bits) | bottom (10 bits)
 * top: 64 bits per book side -> middle node (book side, top) -> bottom node (book side, top | middle)
 * ```
 */

import { lowestBit } from '../base/bits.js';
import { makeWords } from '../base/columns.js';
import { hashTriple } from '../base/hash.js';
import { makeIntegerHashIndex } from '../base/integer-hash-index.js';

const NODE_WORDS = 36;
const BOTTOM = 0;
const MIDDLE = 1;

/** Words of a node. */
const NodeWord = {
  /** Bit i: word i of the 32 is not zero. In a free node: the next free node. */
  summary: 0,
  bookSide: 1,
  tier: 2,
  prefix: 3,
  bits: 4,
} as const;

/** Words of the private state. */
const FREE = 0;
const FRESH = 1;

export type PageDirectory = ReturnType<typeof makePageDirectory>;

/** `maxPages` bounds the pages of all book sides together. */
export function makePageDirectory(bookSides: number, maxPages: number) {
  const state = makeWords(2);
  const tripleHash = hashTriple;
  const nodes = new Int32Array((2 * maxPages + 1) * NODE_WORDS);
  const index = makeIntegerHashIndex(2 * maxPages);
  const { first: firstRow, next: nextRow, insert: insertRow, remove: removeRow } = index;
  /** Two words for each book side. */
  const tops = new Int32Array(bookSides * 2);
  /** For each book side the bottom node used last, or 0: nearly all of its pages are there. */
  const lastNodes = new Int32Array(bookSides);
  state[FRESH] = NODE_WORDS;

  /** Adds a page, which is not in the set. */
  const add = (bookSide: number, page: number): void => {
    if (!setBit(BOTTOM, bookSide, page >>> 10, page & 1023)) return;
    if (!setBit(MIDDLE, bookSide, page >>> 20, (page >>> 10) & 1023)) return;
    const top = bookSide * 2 + (page >>> 25);
    tops[top] = tops[top] | (1 << (page >>> 20));
  };

  /** Removes a page, which is in the set. */
  const remove = (bookSide: number, page: number): void => {
    if (!clearBit(BOTTOM, bookSide, page >>> 10, page & 1023)) return;
    if (!clearBit(MIDDLE, bookSide, page >>> 20, (page >>> 10) & 1023)) return;
    const top = bookSide * 2 + (page >>> 25);
    tops[top] = tops[top] & ~(1 << (page >>> 20));
  };

  /** The smallest page above `page` in the set, or -1. `page` itself is in the set. */
  const nextAfter = (bookSide: number, page: number): number => {
    const bottom = bitAfter(findNode(BOTTOM, bookSide, page >>> 10), page & 1023);
    if (bottom >= 0) return (page & ~1023) | bottom;
    const middle = bitAfter(findNode(MIDDLE, bookSide, page >>> 20), (page >>> 10) & 1023);
    if (middle >= 0) return firstBelow(bookSide, ((page >>> 20) << 10) | middle);
    const top = topAfter(bookSide, page >>> 20);
    if (top < 0) return -1;
    return firstBelow(bookSide, (top << 10) | firstBit(findNode(MIDDLE, bookSide, top)));
  };

  /** The smallest page of the bottom node with this prefix, which exists. */
  const firstBelow = (bookSide: number, prefix: number): number => {
    return (prefix << 10) | firstBit(findNode(BOTTOM, bookSide, prefix));
  };

  const topAfter = (bookSide: number, top: number): number => {
    const low = tops[bookSide * 2];
    const high = tops[bookSide * 2 + 1];
    if (top < 32) {
      const inLow = low & bitsAbove(top);
      if (inLow !== 0) return lowestBit(inLow);
    }
    const inHigh = top < 32 ? high : high & bitsAbove(top - 32);
    return inHigh === 0 ? -1 : 32 + lowestBit(inHigh);
  };

  const firstBit = (node: number): number => {
    const word = lowestBit(nodes[node + NodeWord.summary]);
    return word * 32 + lowestBit(nodes[node + NodeWord.bits + word]);
  };

  const bitAfter = (node: number, bit: number): number => {
    const word = bit >>> 5;
    const inWord = nodes[node + NodeWord.bits + word] & bitsAbove(bit & 31);
    if (inWord !== 0) return word * 32 + lowestBit(inWord);
    const words = nodes[node + NodeWord.summary] & bitsAbove(word);
    if (words === 0) return -1;
    const next = lowestBit(words);
    return next * 32 + lowestBit(nodes[node + NodeWord.bits + next]);
  };

  /** Node of a tier and prefix, or 0. */
  const findNode = (tier: number, bookSide: number, prefix: number): number => {
    const last = lastNodes[bookSide];
    if (tier === BOTTOM && last !== 0 && nodes[last + NodeWord.prefix] === prefix) return last;
    const found = searchNode(tier, bookSide, prefix);
    if (tier === BOTTOM) lastNodes[bookSide] = found;
    return found;
  };

  const searchNode = (tier: number, bookSide: number, prefix: number): number => {
    const hash = tripleHash(bookSide, tier, prefix);
    for (let node = firstRow(hash); node !== 0; node = nextRow(hash)) {
      if (
        nodes[node + NodeWord.prefix] === prefix &&
        nodes[node + NodeWord.bookSide] === bookSide &&
        nodes[node + NodeWord.tier] === tier
      ) {
        return node;
      }
    }
    return 0;
  };

  /** Sets a bit, making the node when there is none; returns whether it was made. */
  const setBit = (tier: number, bookSide: number, prefix: number, bit: number): boolean => {
    let node = findNode(tier, bookSide, prefix);
    const isNew = node === 0;
    if (isNew) {
      node = allocate();
      nodes[node + NodeWord.bookSide] = bookSide;
      nodes[node + NodeWord.tier] = tier;
      nodes[node + NodeWord.prefix] = prefix;
      insertRow(tripleHash(bookSide, tier, prefix), node);
    }
    const word = bit >>> 5;
    nodes[node + NodeWord.bits + word] = nodes[node + NodeWord.bits + word] | (1 << (bit & 31));
    nodes[node + NodeWord.summary] = nodes[node + NodeWord.summary] | (1 << word);
    return isNew;
  };

  /** Clears a bit; frees the node when nothing is left in it and returns whether that was so. */
  const clearBit = (tier: number, bookSide: number, prefix: number, bit: number): boolean => {
    const node = findNode(tier, bookSide, prefix);
    const word = bit >>> 5;
    const left = nodes[node + NodeWord.bits + word] & ~(1 << (bit & 31));
    nodes[node + NodeWord.bits + word] = left;
    if (left !== 0) return false;
    const summary = nodes[node + NodeWord.summary] & ~(1 << word);
    nodes[node + NodeWord.summary] = summary;
    if (summary !== 0) return false;
    if (tier === BOTTOM) lastNodes[bookSide] = 0;
    removeRow(tripleHash(bookSide, tier, prefix), node);
    nodes[node + NodeWord.summary] = state[FREE];
    state[FREE] = node;
    return true;
  };

  const allocate = (): number => {
    const node = state[FREE];
    if (node !== 0) {
      state[FREE] = nodes[node + NodeWord.summary];
      nodes[node + NodeWord.summary] = 0;
      return node;
    }
    state[FRESH] += NODE_WORDS;
    return state[FRESH] - NODE_WORDS;
  };

  return {
    add,
    remove,
    nextAfter,
  };
}

/** Mask of the bits above `bit` (0..31). */
function bitsAbove(bit: number): number {
  return -2 << bit;
}

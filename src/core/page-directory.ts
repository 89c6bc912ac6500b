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
import { hashTriple } from '../base/hash.js';
import { IntegerHashIndex } from '../base/integer-hash-index.js';

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

export class PageDirectory {
  private readonly nodes: Int32Array;
  private readonly index: IntegerHashIndex;
  /** Two words for each book side. */
  private readonly tops: Int32Array;
  /** For each book side the bottom node used last, or 0: nearly all of its pages are there. */
  private readonly lastNodes: Int32Array;
  private free: number;
  private fresh: number;

  /** `maxPages` bounds the pages of all book sides together. */
  constructor(bookSides: number, maxPages: number) {
    this.nodes = new Int32Array((2 * maxPages + 1) * NODE_WORDS);
    this.index = new IntegerHashIndex(64);
    this.tops = new Int32Array(bookSides * 2);
    this.lastNodes = new Int32Array(bookSides);
    this.free = 0;
    this.fresh = NODE_WORDS;
  }

  /** Adds a page, which is not in the set. */
  add(bookSide: number, page: number): void {
    if (!this.setBit(BOTTOM, bookSide, page >>> 10, page & 1023)) return;
    if (!this.setBit(MIDDLE, bookSide, page >>> 20, (page >>> 10) & 1023)) return;
    const top = bookSide * 2 + (page >>> 25);
    this.tops[top] = this.tops[top] | (1 << (page >>> 20));
  }

  /** Removes a page, which is in the set. */
  remove(bookSide: number, page: number): void {
    if (!this.clearBit(BOTTOM, bookSide, page >>> 10, page & 1023)) return;
    if (!this.clearBit(MIDDLE, bookSide, page >>> 20, (page >>> 10) & 1023)) return;
    const top = bookSide * 2 + (page >>> 25);
    this.tops[top] = this.tops[top] & ~(1 << (page >>> 20));
  }

  /** The smallest page above `page` in the set, or -1. `page` itself is in the set. */
  nextAfter(bookSide: number, page: number): number {
    const bottom = this.bitAfter(this.findNode(BOTTOM, bookSide, page >>> 10), page & 1023);
    if (bottom >= 0) return (page & ~1023) | bottom;
    const middle = this.bitAfter(this.findNode(MIDDLE, bookSide, page >>> 20), (page >>> 10) & 1023);
    if (middle >= 0) return this.firstBelow(bookSide, ((page >>> 20) << 10) | middle);
    const top = this.topAfter(bookSide, page >>> 20);
    if (top < 0) return -1;
    return this.firstBelow(bookSide, (top << 10) | this.firstBit(this.findNode(MIDDLE, bookSide, top)));
  }

  /** The smallest page of the bottom node with this prefix, which exists. */
  private firstBelow(bookSide: number, prefix: number): number {
    return (prefix << 10) | this.firstBit(this.findNode(BOTTOM, bookSide, prefix));
  }

  private topAfter(bookSide: number, top: number): number {
    const low = this.tops[bookSide * 2];
    const high = this.tops[bookSide * 2 + 1];
    if (top < 32) {
      const inLow = low & bitsAbove(top);
      if (inLow !== 0) return lowestBit(inLow);
    }
    const inHigh = top < 32 ? high : high & bitsAbove(top - 32);
    return inHigh === 0 ? -1 : 32 + lowestBit(inHigh);
  }

  private firstBit(node: number): number {
    const word = lowestBit(this.nodes[node + NodeWord.summary]);
    return word * 32 + lowestBit(this.nodes[node + NodeWord.bits + word]);
  }

  private bitAfter(node: number, bit: number): number {
    const nodes = this.nodes;
    const word = bit >>> 5;
    const inWord = nodes[node + NodeWord.bits + word] & bitsAbove(bit & 31);
    if (inWord !== 0) return word * 32 + lowestBit(inWord);
    const words = nodes[node + NodeWord.summary] & bitsAbove(word);
    if (words === 0) return -1;
    const next = lowestBit(words);
    return next * 32 + lowestBit(nodes[node + NodeWord.bits + next]);
  }

  /** Node of a tier and prefix, or 0. */
  private findNode(tier: number, bookSide: number, prefix: number): number {
    const last = this.lastNodes[bookSide];
    if (tier === BOTTOM && last !== 0 && this.nodes[last + NodeWord.prefix] === prefix) return last;
    const found = this.searchNode(tier, bookSide, prefix);
    if (tier === BOTTOM) this.lastNodes[bookSide] = found | 0;
    return found;
  }

  private searchNode(tier: number, bookSide: number, prefix: number): number {
    const hash = hashTriple(bookSide, tier, prefix);
    const nodes = this.nodes;
    for (let node = this.index.first(hash); node !== 0; node = this.index.next(hash)) {
      if (
        nodes[node + NodeWord.prefix] === prefix &&
        nodes[node + NodeWord.bookSide] === bookSide &&
        nodes[node + NodeWord.tier] === tier
      ) {
        return node;
      }
    }
    return 0;
  }

  /** Sets a bit, making the node when there is none; returns whether it was made. */
  private setBit(tier: number, bookSide: number, prefix: number, bit: number): boolean {
    const nodes = this.nodes;
    let node = this.findNode(tier, bookSide, prefix);
    const isNew = node === 0;
    if (isNew) {
      node = this.allocate();
      nodes[node + NodeWord.bookSide] = bookSide | 0;
      nodes[node + NodeWord.tier] = tier | 0;
      nodes[node + NodeWord.prefix] = prefix | 0;
      this.index.insert(hashTriple(bookSide, tier, prefix), node);
    }
    const word = bit >>> 5;
    nodes[node + NodeWord.bits + word] = nodes[node + NodeWord.bits + word] | (1 << (bit & 31));
    nodes[node + NodeWord.summary] = nodes[node + NodeWord.summary] | (1 << word);
    return isNew;
  }

  /** Clears a bit; frees the node when nothing is left in it and returns whether that was so. */
  private clearBit(tier: number, bookSide: number, prefix: number, bit: number): boolean {
    const nodes = this.nodes;
    const node = this.findNode(tier, bookSide, prefix);
    const word = bit >>> 5;
    const left = nodes[node + NodeWord.bits + word] & ~(1 << (bit & 31));
    nodes[node + NodeWord.bits + word] = left;
    if (left !== 0) return false;
    const summary = nodes[node + NodeWord.summary] & ~(1 << word);
    nodes[node + NodeWord.summary] = summary;
    if (summary !== 0) return false;
    if (tier === BOTTOM) this.lastNodes[bookSide] = 0;
    this.index.remove(hashTriple(bookSide, tier, prefix), node);
    nodes[node + NodeWord.summary] = this.free | 0;
    this.free = node;
    return true;
  }

  private allocate(): number {
    const node = this.free;
    if (node !== 0) {
      this.free = this.nodes[node + NodeWord.summary];
      this.nodes[node + NodeWord.summary] = 0;
      return node;
    }
    this.fresh += NODE_WORDS;
    return this.fresh - NODE_WORDS;
  }
}

/** Mask of the bits above `bit` (0..31). */
function bitsAbove(bit: number): number {
  return -2 << bit;
}

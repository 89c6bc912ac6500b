/**
 * Price levels of all book sides: found by price, and walked from the best price on.
 *
 * A book side is numbered instrument id * 2, + 1 for sells. Within a side a level is placed by its *key*, which is
 * the price for sells and its mirror image for buys, so that the best level always has the lowest key and buys and
 * sells share all code. Keys are cut into pages of 32: a page is a bitmap and 32 level handles, found by hash, and
 * exists only while a level is in it. So a level near the market costs a hash probe and two loads, a level
 * anywhere in 1..2^31-1 costs one page, and the next level is a bit scan (across pages: page-directory.ts).
 *
 * Handles of levels and pages are word indices; 0 is none. An empty level stays in the ladder, and in the way,
 * until it is removed: the order books do that at the end of each command.
 */
import { lowestBit } from '../base/bits.js';
import { hashPair } from '../base/hash.js';
import { IntegerHashIndex } from '../base/integer-hash-index.js';
import { PageDirectory } from './page-directory.js';

export const PRICE_MAX = 0x7fffffff;
export const LEVEL_WORDS = 8;
const PAGE_WORDS = 36;

/** Words of a level record. */
export const LevelWord = {
  /** First and last order of the queue; `head` links free records. */
  head: 0,
  tail: 1,
  orderCount: 2,
  key: 3,
  /** Double: open lots of all orders. */
  lots: 4,
  /** Book side; the sign bit is set while the level is on the list of touched levels. */
  bookSide: 6,
  page: 7,
} as const;
const LEVEL_LOTS = LevelWord.lots;
const LEVEL_BOOK_SIDE = LevelWord.bookSide;
const LEVEL_PAGE = LevelWord.page;
const LEVEL_KEY = LevelWord.key;
const LEVEL_HEAD = LevelWord.head;
const LEVEL_TAIL = LevelWord.tail;
const LEVEL_ORDER_COUNT = LevelWord.orderCount;

/** Words of a page record. */
const PageWord = {
  /** Bit i: there is a level at key number * 32 + i. In a free page: the next free page. */
  bitmap: 0,
  bookSide: 1,
  number: 2,
  hash: 3,
  levels: 4,
} as const;

/** Whether orders of the book side sell. */
export function isSellSide(bookSide: number): boolean {
  return (bookSide & 1) !== 0;
}

/** Key of a price on a book side, and price of a key: the map is its own inverse. */
export function keyOf(bookSide: number, priceOrKey: number): number {
  return (bookSide & 1) !== 0 ? priceOrKey : PRICE_MAX - priceOrKey;
}

export class PriceLadder {
  readonly levels: Int32Array;
  /** `levels` as doubles: lots of a level are at [(level + LEVEL_LOTS) >> 1]. */
  readonly levelDoubles: Float64Array;
  /** Best level of each book side, or 0. */
  readonly best: Int32Array;
  /** Levels of each book side. */
  readonly levelCounts: Int32Array;
  private readonly pages: Int32Array;
  private readonly pageIndex: IntegerHashIndex;
  private readonly directory: PageDirectory;
  private freeLevel: number;
  private freshLevel: number;
  private freePage: number;
  private freshPage: number;

  /** `maxLevels` bounds the levels of all book sides together. */
  constructor(bookSides: number, maxLevels: number) {
    this.levels = new Int32Array((maxLevels + 1) * LEVEL_WORDS);
    this.levelDoubles = new Float64Array(this.levels.buffer);
    this.best = new Int32Array(bookSides);
    this.levelCounts = new Int32Array(bookSides);
    this.pages = new Int32Array((maxLevels + 1) * PAGE_WORDS);
    this.pageIndex = new IntegerHashIndex(64);
    this.directory = new PageDirectory(bookSides, maxLevels);
    this.freeLevel = 0;
    this.freshLevel = LEVEL_WORDS;
    this.freePage = 0;
    this.freshPage = PAGE_WORDS;
  }

  /** Level at a key, or 0. */
  find(bookSide: number, key: number): number {
    const page = this.findPage(bookSide, key >>> 5, hashPair(bookSide, key >>> 5));
    return page === 0 ? 0 : this.pages[page + PageWord.levels + (key & 31)];
  }

  /** Level at a key; a new and empty one when there is none. */
  findOrAdd(bookSide: number, key: number): number {
    const pages = this.pages;
    const hash = hashPair(bookSide, key >>> 5);
    let page = this.findPage(bookSide, key >>> 5, hash);
    if (page === 0) page = this.addPage(bookSide, key >>> 5, hash);
    const found = pages[page + PageWord.levels + (key & 31)];
    return found !== 0 ? found : this.addLevel(bookSide, key, page);
  }

  /** Takes an empty level out and frees it. */
  remove(level: number): void {
    const levels = this.levels;
    const pages = this.pages;
    const bookSide = levels[level + LEVEL_BOOK_SIDE];
    if (this.best[bookSide] === level) this.best[bookSide] = this.next(level);
    this.levelCounts[bookSide] = this.levelCounts[bookSide] - 1;
    const page = levels[level + LEVEL_PAGE];
    const bit = levels[level + LEVEL_KEY] & 31;
    pages[page + PageWord.levels + bit] = 0;
    const bitmap = pages[page + PageWord.bitmap] & ~(1 << bit);
    pages[page + PageWord.bitmap] = bitmap;
    levels[level + LEVEL_HEAD] = this.freeLevel;
    this.freeLevel = level;
    if (bitmap === 0) this.removePage(page);
  }

  /** The level after this one, away from the best price, or 0. */
  next(level: number): number {
    const pages = this.pages;
    const page = this.levels[level + LEVEL_PAGE];
    const bit = this.levels[level + LEVEL_KEY] & 31;
    const above = pages[page + PageWord.bitmap] & (-2 << bit);
    return above !== 0 ? pages[page + PageWord.levels + lowestBit(above)] : this.firstOfNextPage(page);
  }

  /** Pages in use, and what a full walk of them finds wrong: the first violation in words, or ''. */
  violation(): string {
    const pages = this.pages;
    let found = 0;
    for (let page = PAGE_WORDS; page < this.freshPage; page += PAGE_WORDS) {
      const bookSide = pages[page + PageWord.bookSide];
      if (bookSide === 0) continue;
      found += 1;
      if (pages[page + PageWord.bitmap] === 0) return 'a page in use has an empty bitmap';
      for (let bit = 0; bit < 32; bit += 1) {
        const level = pages[page + PageWord.levels + bit];
        if ((level !== 0) !== ((pages[page + PageWord.bitmap] & (1 << bit)) !== 0)) {
          return 'a bit of a page differs from its level handle';
        }
        if (level === 0) continue;
        const key = pages[page + PageWord.number] * 32 + bit;
        if (this.levels[level + LEVEL_KEY] !== key) return 'a level is in the place of another price';
        if (this.levels[level + LEVEL_BOOK_SIDE] !== bookSide) return 'a level is in a page of another side';
        if (this.levels[level + LEVEL_PAGE] !== page) return 'a level names another page';
        if (this.find(bookSide, key) !== level) return 'a level is not found by its price';
      }
    }
    return found === this.pageIndex.count ? '' : 'the page index does not have exactly the pages in use';
  }

  private findPage(bookSide: number, number: number, hash: number): number {
    const pages = this.pages;
    const index = this.pageIndex;
    for (let at = index.first(hash); at >= 0; at = index.next(at, hash)) {
      const page = index.rowAt(at);
      if (pages[page + PageWord.number] === number && pages[page + PageWord.bookSide] === bookSide)
        return page;
    }
    return 0;
  }

  private addPage(bookSide: number, number: number, hash: number): number {
    const pages = this.pages;
    let page = this.freePage;
    if (page !== 0) {
      this.freePage = pages[page + PageWord.bitmap];
      pages[page + PageWord.bitmap] = 0;
    } else {
      page = this.freshPage;
      this.freshPage = page + PAGE_WORDS;
    }
    pages[page + PageWord.bookSide] = bookSide;
    pages[page + PageWord.number] = number;
    pages[page + PageWord.hash] = hash;
    this.pageIndex.insert(hash, page);
    this.directory.add(bookSide, number);
    return page;
  }

  private removePage(page: number): void {
    const pages = this.pages;
    this.directory.remove(pages[page + PageWord.bookSide], pages[page + PageWord.number]);
    this.pageIndex.remove(pages[page + PageWord.hash], page);
    pages[page + PageWord.bookSide] = 0;
    pages[page + PageWord.bitmap] = this.freePage;
    this.freePage = page;
  }

  private addLevel(bookSide: number, key: number, page: number): number {
    const levels = this.levels;
    let level = this.freeLevel;
    if (level !== 0) {
      this.freeLevel = levels[level + LEVEL_HEAD];
    } else {
      level = this.freshLevel;
      this.freshLevel = level + LEVEL_WORDS;
    }
    levels[level + LEVEL_HEAD] = 0;
    levels[level + LEVEL_TAIL] = 0;
    levels[level + LEVEL_ORDER_COUNT] = 0;
    levels[level + LEVEL_KEY] = key;
    this.levelDoubles[(level + LEVEL_LOTS) >> 1] = 0;
    levels[level + LEVEL_BOOK_SIDE] = bookSide;
    levels[level + LEVEL_PAGE] = page;
    const pages = this.pages;
    pages[page + PageWord.levels + (key & 31)] = level;
    pages[page + PageWord.bitmap] = pages[page + PageWord.bitmap] | (1 << (key & 31));
    this.levelCounts[bookSide] = this.levelCounts[bookSide] + 1;
    const best = this.best[bookSide];
    if (best === 0 || key < levels[best + LEVEL_KEY]) this.best[bookSide] = level;
    return level;
  }

  private firstOfNextPage(page: number): number {
    const pages = this.pages;
    const bookSide = pages[page + PageWord.bookSide];
    const number = this.directory.nextAfter(bookSide, pages[page + PageWord.number]);
    if (number < 0) return 0;
    const next = this.findPage(bookSide, number, hashPair(bookSide, number));
    return pages[next + PageWord.levels + lowestBit(pages[next + PageWord.bitmap])];
  }
}

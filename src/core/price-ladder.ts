/**
 * Price levels of all book sides: found by price, and walked from the best price on.
 *
 * A book side is numbered instrument id * 2, + 1 for sells. Within a side a level is placed by its *key*, which is
 * the price for sells and its mirror image for buys, so that the best level always has the lowest key and buys and
 * sells share all code. Keys are cut into pages of 32: a page is a bitmap and 32 level handles, found by hash, and
 * exists only while a level is in it. So a level near the market costs a hash probe and two loads, a level
 * anywhere in 1..2^31-1 costs one page, and the next level is a bit scan (across pages: page-directory.ts).
 *
 * A page that becomes empty is not taken away at once, since prices come and go near the market: the last IDLE_PAGES
 * of them are kept.
 *
 * An empty level stays in the ladder, and in the way, until it is removed: the order books do that at the end of
 * each command.
 */
import { hashPair } from '../base/hash.js';
import { IntegerHashIndex } from '../base/integer-hash-index.js';
import { type Arena, HANDLE_MASK as HANDLES } from './arena.js';
import { PageDirectory } from './page-directory.js';

const PRICE_LIMIT = 0x7fffffff;
export const PRICE_MAX = PRICE_LIMIT;
export const LEVEL_WORDS = 8;
export const PAGE_WORDS = 36;
/** Pages kept though they became empty; a power of two. */
export const IDLE_PAGES = 64;
export const BOOK_SIDE_WORDS = 2;

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

/** Words of a page record. */
const PageWord = {
  /** Bit i: there is a level at key number * 32 + i. In a free page: the next free page. */
  bitmap: 0,
  /** 0 in a free page. */
  bookSide: 1,
  number: 2,
  /** 1 while on the list of idle pages, be it empty or in use again. */
  idle: 3,
  levels: 4,
} as const;

/** Words of a book side record: the best level, or 0, and the number of levels. */
const BookSideWord = { best: 0, levelCount: 1 } as const;

// Local copies are folded into the code (see orders.ts).
const HANDLE_MASK = HANDLES;
const HEAD = LevelWord.head;
const TAIL = LevelWord.tail;
const ORDER_COUNT = LevelWord.orderCount;
const KEY = LevelWord.key;
const LOTS = LevelWord.lots;
const BOOK_SIDE = LevelWord.bookSide;
const PAGE = LevelWord.page;
const LEVEL_RECORD_WORDS = LEVEL_WORDS;

/** Whether orders of the book side sell. */
export function isSellSide(bookSide: number): boolean {
  return (bookSide & 1) !== 0;
}

/** Key of a price on a book side, and price of a key: the map is its own inverse. */
export function keyOf(bookSide: number, priceOrKey: number): number {
  return (bookSide & 1) !== 0 ? priceOrKey : (PRICE_LIMIT - priceOrKey) | 0;
}

export class PriceLadder {
  /** The arena. */
  readonly levels: Int32Array;
  /** The arena as doubles: lots of a level are at [(level + LevelWord.lots) >> 1]. */
  readonly levelDoubles: Float64Array;
  private readonly pageIndex: IntegerHashIndex;
  private readonly directory: PageDirectory;
  private readonly bookSides: number;
  private readonly firstPage: number;
  private freeLevel: number;
  private freshLevel: number;
  private freePage: number;
  private freshPage: number;
  /** The pages that became empty last, in a circle, and how many there were in all (modulo 2^30). */
  private readonly idlePages: Int32Array;
  private idleCount: number;

  /** `maxLevels` bounds the levels of all book sides together. */
  constructor(arena: Arena, bookSides: number, maxLevels: number) {
    this.levels = arena.words;
    this.levelDoubles = arena.doubles;
    this.pageIndex = new IntegerHashIndex(64);
    this.directory = new PageDirectory(bookSides, maxLevels + IDLE_PAGES);
    this.bookSides = arena.reserve(bookSides * BOOK_SIDE_WORDS);
    this.freeLevel = 0;
    this.freshLevel = arena.reserve(maxLevels * LEVEL_WORDS);
    this.freePage = 0;
    this.firstPage = arena.reserve((maxLevels + IDLE_PAGES) * PAGE_WORDS);
    this.freshPage = this.firstPage;
    this.idlePages = new Int32Array(IDLE_PAGES);
    this.idleCount = 0;
  }

  /** Best level of a book side, or 0. */
  best(bookSide: number): number {
    return this.levels[this.recordOf(bookSide) + BookSideWord.best];
  }

  /** Number of levels of a book side. */
  levelCount(bookSide: number): number {
    return this.levels[this.recordOf(bookSide) + BookSideWord.levelCount];
  }

  /** Level at a key, or 0. */
  find(bookSide: number, key: number): number {
    const page = this.findPage(bookSide, key >>> 5, hashPair(bookSide, key >>> 5));
    return page === 0 ? 0 : this.levels[page + PageWord.levels + (key & 31)];
  }

  /** Level at a key; a new and empty one when there is none. */
  findOrAdd(bookSide: number, key: number): number {
    const number = (key | 0) >>> 5;
    const hash = hashPair(bookSide | 0, number);
    let page = this.findPage(bookSide, number, hash);
    if (page === 0) page = this.addPage(bookSide, number, hash);
    const found = this.levels[(page & HANDLE_MASK) + PageWord.levels + (key & 31)];
    return found !== 0 ? found : this.addLevel(bookSide, key, page);
  }

  /** Takes an empty level out and frees it. */
  remove(handle: number): void {
    const words = this.levels;
    const level = handle & HANDLE_MASK;
    const side = this.recordOf(words[level + BOOK_SIDE]);
    if (words[side + BookSideWord.best] === level) words[side + BookSideWord.best] = this.next(level) | 0;
    words[side + BookSideWord.levelCount] = words[side + BookSideWord.levelCount] - 1;
    const page = words[level + PAGE] & HANDLE_MASK;
    const bit = words[level + KEY] & 31;
    words[page + PageWord.levels + bit] = 0;
    const bitmap = words[page + PageWord.bitmap] & ~(1 << bit);
    words[page + PageWord.bitmap] = bitmap;
    words[level + HEAD] = this.freeLevel | 0;
    this.freeLevel = level;
    if (bitmap === 0) this.retire(page);
  }

  /** The level after this one, away from the best price, or 0. */
  next(handle: number): number {
    const words = this.levels;
    const level = handle & HANDLE_MASK;
    const page = words[level + PAGE] & HANDLE_MASK;
    const above = words[page + PageWord.bitmap] & (-2 << (words[level + KEY] & 31));
    if (above === 0) return this.firstOfNextPage(page);
    return words[page + PageWord.levels + 31 - Math.clz32(above & -above)];
  }

  /** What a full walk of the pages finds wrong: the first violation in words, or ''. */
  violation(): string {
    const words = this.levels;
    let found = 0;
    for (let page = this.firstPage; page < this.freshPage; page += PAGE_WORDS) {
      const bookSide = words[page + PageWord.bookSide];
      if (bookSide === 0) continue;
      found += 1;
      if (words[page + PageWord.bitmap] === 0 && words[page + PageWord.idle] === 0) {
        return 'an empty page is neither idle nor free';
      }
      for (let bit = 0; bit < 32; bit += 1) {
        const level = words[page + PageWord.levels + bit];
        if ((level !== 0) !== ((words[page + PageWord.bitmap] & (1 << bit)) !== 0)) {
          return 'a bit of a page differs from its level handle';
        }
        if (level === 0) continue;
        const key = words[page + PageWord.number] * 32 + bit;
        if (words[level + KEY] !== key) return 'a level is in the place of another price';
        if (words[level + BOOK_SIDE] !== bookSide) return 'a level is in a page of another side';
        if (words[level + PAGE] !== page) return 'a level names another page';
        if (this.find(bookSide, key) !== level) return 'a level is not found by its price';
      }
    }
    return found === this.pageIndex.count ? '' : 'the page index does not have exactly the pages in use';
  }

  private recordOf(bookSide: number): number {
    return ((this.bookSides | 0) + ((bookSide | 0) << 1)) & HANDLE_MASK;
  }

  private findPage(bookSide: number, number: number, hash: number): number {
    const words = this.levels;
    const index = this.pageIndex;
    for (let row = index.first(hash); row !== 0; row = index.next(hash)) {
      const page = row & HANDLE_MASK;
      if (words[page + PageWord.number] === number && words[page + PageWord.bookSide] === bookSide)
        return page;
    }
    return 0;
  }

  private addPage(bookSide: number, number: number, hash: number): number {
    const words = this.levels;
    let page = this.freePage;
    if (page !== 0) {
      this.freePage = words[page + PageWord.bitmap];
      words[page + PageWord.bitmap] = 0;
    } else {
      page = this.freshPage;
      this.freshPage = page + PAGE_WORDS;
    }
    words[page + PageWord.bookSide] = bookSide | 0;
    words[page + PageWord.number] = number | 0;
    this.pageIndex.insert(hash, page);
    return page;
  }

  /**
   * Takes a page that became empty out of the order of pages and puts it on the list of idle pages; the one whose
   * place it takes there is freed if it is still empty.
   */
  private retire(page: number): void {
    const words = this.levels;
    this.directory.remove(words[page + PageWord.bookSide], words[page + PageWord.number]);
    if (words[page + PageWord.idle] !== 0) return;
    const place = this.idleCount & (IDLE_PAGES - 1);
    this.idleCount = (this.idleCount + 1) & 0x3fffffff;
    const oldest = this.idlePages[place];
    this.idlePages[place] = page | 0;
    words[page + PageWord.idle] = 1;
    if (oldest === 0) return;
    words[oldest + PageWord.idle] = 0;
    if (words[oldest + PageWord.bitmap] === 0) this.releasePage(oldest);
  }

  private releasePage(page: number): void {
    const words = this.levels;
    this.pageIndex.remove(hashPair(words[page + PageWord.bookSide], words[page + PageWord.number]), page);
    words[page + PageWord.bookSide] = 0;
    words[page + PageWord.bitmap] = this.freePage | 0;
    this.freePage = page;
  }

  private addLevel(bookSide: number, key: number, pageHandle: number): number {
    const words = this.levels;
    const page = pageHandle & HANDLE_MASK;
    let level = this.freeLevel & HANDLE_MASK;
    if (level !== 0) {
      this.freeLevel = words[level + HEAD];
    } else {
      level = this.freshLevel & HANDLE_MASK;
      this.freshLevel = level + LEVEL_RECORD_WORDS;
    }
    words[level + HEAD] = 0;
    words[level + TAIL] = 0;
    words[level + ORDER_COUNT] = 0;
    words[level + KEY] = key | 0;
    this.levelDoubles[(level + LOTS) >> 1] = 0;
    words[level + BOOK_SIDE] = bookSide | 0;
    words[level + PAGE] = page;
    words[page + PageWord.levels + (key & 31)] = level;
    const bitmap = words[page + PageWord.bitmap];
    words[page + PageWord.bitmap] = bitmap | (1 << (key & 31));
    if (bitmap === 0) this.directory.add(bookSide, words[page + PageWord.number]);
    const side = this.recordOf(bookSide);
    words[side + BookSideWord.levelCount] = words[side + BookSideWord.levelCount] + 1;
    const best = words[side + BookSideWord.best] & HANDLE_MASK;
    if (best === 0 || key < words[best + KEY]) words[side + BookSideWord.best] = level;
    return level;
  }

  private firstOfNextPage(page: number): number {
    const words = this.levels;
    const bookSide = words[page + PageWord.bookSide];
    const number = this.directory.nextAfter(bookSide, words[page + PageWord.number]);
    if (number < 0) return 0;
    const next = this.findPage(bookSide, number, hashPair(bookSide, number));
    const bitmap = words[next + PageWord.bitmap];
    return words[next + PageWord.levels + 31 - Math.clz32(bitmap & -bitmap)];
  }
}

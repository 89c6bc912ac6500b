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
import { makeWords } from '../base/columns.js';
import { hashPair } from '../base/hash.js';
import { makeIntegerHashIndex } from '../base/integer-hash-index.js';
import type { Arena } from './arena.js';
import { makePageDirectory } from './page-directory.js';
import { makeTable } from './table.js';

const PRICE_LIMIT = 0x7fffffff;
export const PRICE_MAX = PRICE_LIMIT;
export const LEVEL_WORDS = 8;
export const PAGE_WORDS = 36;
export const BOOK_SIDE_WORDS = 2;
/** Pages kept though they became empty; a power of two. */
export const IDLE_PAGES = 64;

/** Words of a level record. */
export const LevelWord = {
  /** First and last order of the queue. */
  head: 0,
  tail: 1,
  orderCount: 2,
  key: 3,
  /** Double: open lots of all orders. */
  lots: 4,
  /** Book side; the sign bit is set while the level is on the list of touched levels. */
  bookSide: 6,
  /** Handle of the page; links free records. */
  page: 7,
} as const;

/** Words of a page record. */
export const PageWord = {
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

// Local copies are folded into the code (README.md).
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

/** Words of the private state. */
const FREE_LEVEL = 0;
const FRESH_LEVEL = 1;
const FREE_PAGE = 2;
const FRESH_PAGE = 3;
/** Pages that were put on the list of idle pages, modulo 2^30. */
const IDLE_COUNT = 4;
/** First side of the upper half, which depends on the number of instruments that there is room for. */
const UPPER_SIDE = 5;
const STATE_WORDS = 6;

/** Pages found last, by the low bits of their numbers and sides: most are found here and not by hash. */
const RECENT_PAGES = 256;

// Local copies are folded into the code (README.md).
const BITMAP = PageWord.bitmap;
const PAGE_BOOK_SIDE = PageWord.bookSide;
const NUMBER = PageWord.number;
const IDLE = PageWord.idle;
const LEVELS = PageWord.levels;
const BEST = BookSideWord.best;
const LEVEL_COUNT = BookSideWord.levelCount;
const IDLE_MASK = IDLE_PAGES - 1;

export type PriceLadder = ReturnType<typeof makePriceLadder>;

/** `maxLevels` bounds the levels of all book sides together. */
export function makePriceLadder(arena: Arena, bookSides: number, maxLevels: number) {
  const state = makeWords(STATE_WORDS);
  const { handleMask } = arena;
  const pairHash = hashPair;
  const words = arena.words;
  const doubles = arena.doubles;
  const pageIndex = makeIntegerHashIndex(maxLevels + IDLE_PAGES);
  const { first: firstRow, next: nextRow, insert: insertRow, remove: removeRow } = pageIndex;
  const {
    add: addNumber,
    remove: removeNumber,
    nextAfter,
  } = makePageDirectory(bookSides, maxLevels + IDLE_PAGES);
  const firstBookSide = arena.reserve(bookSides * BOOK_SIDE_WORDS);
  const firstLevel = arena.reserve(maxLevels * LEVEL_WORDS);
  state[FRESH_LEVEL] = firstLevel;
  state[UPPER_SIDE] = bookSides >> 1;
  const firstPage = arena.reserve((maxLevels + IDLE_PAGES) * PAGE_WORDS);
  state[FRESH_PAGE] = firstPage;
  /** The pages that became empty last, in a circle. */
  const idlePages = makeWords(IDLE_PAGES);
  const recentPages = makeWords(RECENT_PAGES);

  /** Best level of a book side, or 0. */
  const best = (bookSide: number): number => {
    return words[recordOf(bookSide) + BEST];
  };

  /** Number of levels of a book side. */
  const levelCount = (bookSide: number): number => {
    return words[recordOf(bookSide) + LEVEL_COUNT];
  };

  /** Level at a key, or 0. */
  const find = (bookSide: number, key: number): number => {
    const page = findPage(bookSide, key >>> 5);
    return page === 0 ? 0 : words[page + LEVELS + (key & 31)];
  };

  /** Level at a key; a new and empty one when there is none. */
  const findOrAdd = (bookSide: number, key: number): number => {
    const number = key >>> 5;
    let page = findPage(bookSide, number) & handleMask;
    if (page === 0) page = addPage(bookSide, number) & handleMask;
    const found = words[page + LEVELS + (key & 31)];
    return found !== 0 ? found : addLevel(bookSide, key, page);
  };

  /** Takes an empty level out and frees it. */
  const remove = (handle: number): void => {
    const level = handle & handleMask;
    const side = recordOf(words[level + BOOK_SIDE]);
    if (words[side + BEST] === level) words[side + BEST] = next(level) | 0;
    words[side + LEVEL_COUNT] = words[side + LEVEL_COUNT] - 1;
    const page = words[level + PAGE] & handleMask;
    const bit = words[level + KEY] & 31;
    words[page + LEVELS + bit] = 0;
    const bitmap = words[page + BITMAP] & ~(1 << bit);
    words[page + BITMAP] = bitmap;
    words[level + PAGE] = state[FREE_LEVEL] | 0;
    state[FREE_LEVEL] = level;
    if (bitmap === 0) retire(page);
  };

  /** The level after this one, away from the best price, or 0. */
  const next = (handle: number): number => {
    const level = handle & handleMask;
    const page = words[level + PAGE] & handleMask;
    const above = words[page + BITMAP] & (-2 << (words[level + KEY] & 31));
    if (above === 0) return firstOfNextPage(page);
    return words[page + LEVELS + 31 - Math.clz32(above & -above)];
  };

  /** What a full walk of the pages finds wrong: the first violation in words, or ''. */
  const violation = (): string => {
    let found = 0;
    for (let page = firstPage; page < state[FRESH_PAGE]; page += PAGE_WORDS) {
      const bookSide = words[page + PAGE_BOOK_SIDE];
      if (bookSide === 0) continue;
      found += 1;
      if (words[page + BITMAP] === 0 && words[page + IDLE] === 0) {
        return 'an empty page is neither idle nor free';
      }
      for (let bit = 0; bit < 32; bit += 1) {
        const level = words[page + LEVELS + bit];
        if ((level !== 0) !== ((words[page + BITMAP] & (1 << bit)) !== 0)) {
          return 'a bit of a page differs from its level handle';
        }
        if (level === 0) continue;
        const key = words[page + NUMBER] * 32 + bit;
        if (words[level + KEY] !== key) return 'a level is in the place of another price';
        if (words[level + BOOK_SIDE] !== bookSide) return 'a level is in a page of another side';
        if (words[level + PAGE] !== page) return 'a level names another page';
        if (find(bookSide, key) !== level) return 'a level is not found by its price';
      }
    }
    return found === pageIndex.count ? '' : 'the page index does not have exactly the pages in use';
  };

  const recordOf = (bookSide: number): number => {
    return (firstBookSide + ((bookSide | 0) << 1)) & handleMask;
  };

  /** The page of a side with a number, or 0. */
  const findPage = (bookSide: number, number: number): number => {
    const place = (number + number + bookSide) & (RECENT_PAGES - 1);
    const recent = recentPages[place] & handleMask;
    if (words[recent + NUMBER] === number && words[recent + PAGE_BOOK_SIDE] === bookSide) return recent;
    const found = searchPage(bookSide, number);
    recentPages[place] = found;
    return found;
  };

  const searchPage = (bookSide: number, number: number): number => {
    const hash = pairHash(bookSide, number);
    for (let row = firstRow(hash); row !== 0; row = nextRow(hash)) {
      const page = row & handleMask;
      if (words[page + NUMBER] === number && words[page + PAGE_BOOK_SIDE] === bookSide) return page;
    }
    return 0;
  };

  const addPage = (bookSide: number, number: number): number => {
    let page = state[FREE_PAGE];
    if (page !== 0) {
      state[FREE_PAGE] = words[page + BITMAP];
      words[page + BITMAP] = 0;
    } else {
      page = state[FRESH_PAGE];
      state[FRESH_PAGE] = page + PAGE_WORDS;
    }
    words[page + PAGE_BOOK_SIDE] = bookSide | 0;
    words[page + NUMBER] = number | 0;
    insertRow(pairHash(bookSide, number), page);
    return page;
  };

  /**
   * Takes a page that became empty out of the order of pages and puts it on the list of idle pages; the one whose
   * place it takes there is freed if it is still empty.
   */
  const retire = (page: number): void => {
    removeNumber(words[page + PAGE_BOOK_SIDE], words[page + NUMBER]);
    if (words[page + IDLE] !== 0) return;
    const place = state[IDLE_COUNT] & IDLE_MASK;
    state[IDLE_COUNT] = (state[IDLE_COUNT] + 1) & 0x3fffffff;
    const oldest = idlePages[place] & handleMask;
    idlePages[place] = page;
    words[page + IDLE] = 1;
    if (oldest === 0) return;
    words[oldest + IDLE] = 0;
    if (words[oldest + BITMAP] === 0) releasePage(oldest);
  };

  const releasePage = (page: number): void => {
    removeRow(pairHash(words[page + PAGE_BOOK_SIDE], words[page + NUMBER]), page);
    words[page + PAGE_BOOK_SIDE] = 0;
    words[page + BITMAP] = state[FREE_PAGE];
    state[FREE_PAGE] = page;
  };

  const addLevel = (bookSide: number, key: number, pageHandle: number): number => {
    const page = pageHandle & handleMask;
    let level = state[FREE_LEVEL] & handleMask;
    if (level !== 0) {
      state[FREE_LEVEL] = words[level + PAGE];
    } else {
      level = state[FRESH_LEVEL] & handleMask;
      state[FRESH_LEVEL] = level + LEVEL_RECORD_WORDS;
    }
    words[level + HEAD] = 0;
    words[level + TAIL] = 0;
    words[level + ORDER_COUNT] = 0;
    words[level + KEY] = key | 0;
    doubles[(level + LOTS) >> 1] = 0;
    words[level + BOOK_SIDE] = bookSide | 0;
    place(level, bookSide, key, page);
    return level;
  };

  /** Puts a level that is filled in into its page and its side. */
  const place = (level: number, bookSide: number, key: number, page: number): void => {
    words[level + PAGE] = page;
    words[page + LEVELS + (key & 31)] = level;
    const bitmap = words[page + BITMAP];
    words[page + BITMAP] = bitmap | (1 << (key & 31));
    if (bitmap === 0) addNumber(bookSide, words[page + NUMBER]);
    const side = recordOf(bookSide);
    words[side + LEVEL_COUNT] = words[side + LEVEL_COUNT] + 1;
    const best = words[side + BEST] & handleMask;
    if (best === 0 || key < words[best + KEY]) words[side + BEST] = level;
  };

  const tables = [
    makeTable('levels', LevelWord, {
      memory: words,
      first: firstLevel,
      recordWords: LEVEL_WORDS,
      capacity: maxLevels,
      rows: () => (state[FRESH_LEVEL] - firstLevel) / LEVEL_WORDS,
      handles: { head: 'orders', tail: 'orders' },
      derived: ['page'],
    }),
    makeTable(
      'levels.state',
      {
        free: FREE_LEVEL,
        fresh: FRESH_LEVEL,
        freePage: FREE_PAGE,
        freshPage: FRESH_PAGE,
        idleCount: IDLE_COUNT,
        upperSide: UPPER_SIDE,
      },
      {
        memory: state,
        handles: { fresh: 'levels' },
        derived: ['free', 'freePage', 'freshPage', 'idleCount'],
      },
    ),
  ];

  /** Makes pages, sides and the list of free levels again, after the levels were read from a snapshot. */
  const rebuild = (): void => {
    const upper = state[UPPER_SIDE];
    const moved = (bookSides >> 1) - upper;
    state[UPPER_SIDE] = bookSides >> 1;
    for (let level = firstLevel; level < state[FRESH_LEVEL]; level += LEVEL_WORDS) {
      if (words[level + ORDER_COUNT] === 0) {
        words[level + PAGE] = state[FREE_LEVEL];
        state[FREE_LEVEL] = level;
        continue;
      }
      if (words[level + BOOK_SIDE] >= upper) words[level + BOOK_SIDE] += moved;
      const bookSide = words[level + BOOK_SIDE];
      const key = words[level + KEY];
      const found = findPage(bookSide, key >>> 5);
      place(level, bookSide, key, found === 0 ? addPage(bookSide, key >>> 5) : found);
    }
  };

  const firstOfNextPage = (page: number): number => {
    const bookSide = words[page + PAGE_BOOK_SIDE];
    const number = nextAfter(bookSide, words[page + NUMBER]);
    if (number < 0) return 0;
    const next = findPage(bookSide, number);
    const bitmap = words[next + BITMAP];
    return words[next + LEVELS + 31 - Math.clz32(bitmap & -bitmap)];
  };

  return {
    /** The arena. */
    levels: words,
    /** The arena as doubles: lots of a level are at [(level + LevelWord.lots) >> 1]. */
    levelDoubles: doubles,
    best,
    levelCount,
    find,
    findOrAdd,
    remove,
    next,
    violation,
    tables,
    rebuild,
    /** Regions of the arena that `rebuild` makes. */
    rebuiltRegions: [firstBookSide, firstPage],
  };
}

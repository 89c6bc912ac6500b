import { describe, expect, test } from 'vitest';
import { hashPair } from '../../src/base/hash.js';
import { Prng } from '../../src/base/prng.js';
import { makeArena } from '../../src/core/arena.js';
import {
  IDLE_PAGES,
  keyOf,
  LEVEL_WORDS,
  LevelWord,
  makePriceLadder,
  PAGE_WORDS,
  PageWord,
  PRICE_MAX,
  type PriceLadder,
} from '../../src/core/price-ladder.js';

const MAX_LEVELS = 5_000;
const SIDES = [2, 3, 4, 5];

function newLadder(sides = 6): PriceLadder {
  const arena = makeArena([sides * 2, MAX_LEVELS * LEVEL_WORDS, (MAX_LEVELS + 64) * PAGE_WORDS]);
  return makePriceLadder(arena, sides, MAX_LEVELS);
}

/** Keys of a side, walked from the best level. */
function keysOf(ladder: PriceLadder, bookSide: number): number[] {
  const keys: number[] = [];
  for (let level = ladder.best(bookSide); level !== 0; level = ladder.next(level)) {
    keys.push(ladder.levels[level + LevelWord.key]!);
  }
  return keys;
}

describe('the price ladder', () => {
  test('mirrors the prices of buys, so that the best key is the lowest on both sides', () => {
    expect(keyOf(2, PRICE_MAX)).toBe(0);
    expect(keyOf(2, keyOf(2, 5))).toBe(5);
    expect(keyOf(3, 5)).toBe(5);
  });

  for (const [title, spread] of [
    ['a few neighbouring prices', 40],
    ['the prices of a page and its neighbours', 200],
    ['thousands of prices', 100_000],
    ['prices over the whole domain', PRICE_MAX - 1],
  ] as const) {
    test(`walks its levels in order after random additions and removals: ${title}`, () => {
      const prng = new Prng(spread);
      const ladder = newLadder();
      const keys = SIDES.map(() => new Map<number, number>());
      for (let step = 0; step < 6_000; step += 1) {
        const n = prng.below(SIDES.length);
        const bookSide = SIDES[n]!;
        const own = keys[n]!;
        if (prng.below(100) < (step % 3_000 < 2_000 ? 60 : 35) && own.size < 1_000) {
          const key = 1 + prng.below(spread);
          const level = ladder.findOrAdd(bookSide, key);
          if (own.has(key) && own.get(key) !== level) throw new Error(`two levels at key ${key}`);
          own.set(key, level);
        } else if (own.size > 0) {
          const known = [...own.keys()];
          const key = prng.below(2) === 0 ? Math.min(...known) : known[prng.below(known.length)]!;
          ladder.remove(own.get(key)!);
          own.delete(key);
          if (ladder.find(bookSide, key) !== 0) throw new Error(`a removed level is found at key ${key}`);
        }
        if (step % 300 !== 0) continue;
        expect(ladder.levelCount(bookSide)).toBe(own.size);
        SIDES.forEach((side, i) => {
          expect(keysOf(ladder, side)).toEqual([...keys[i]!.keys()].sort((a, b) => a - b));
        });
        expect(ladder.violation()).toBe('');
      }
    });
  }

  test('finds the next level across gaps of every tier of its page directory', () => {
    const ladder = newLadder();
    const keys = [
      0,
      31,
      32,
      1_023,
      1_024,
      32_767,
      32_768,
      2 ** 25 - 1,
      2 ** 25,
      2 ** 30 - 1,
      2 ** 30,
      PRICE_MAX,
    ];
    for (const key of keys.toReversed()) ladder.findOrAdd(3, key);
    expect(keysOf(ladder, 3)).toEqual(keys);
    for (const key of keys) {
      expect(ladder.levels[ladder.best(3) + LevelWord.key]).toBe(key);
      ladder.remove(ladder.best(3));
    }
    expect(ladder.best(3)).toBe(0);
  });

  test('keeps its memory when prices wander over the whole domain', () => {
    const ladder = newLadder();
    for (let i = 0; i < 50_000; i += 1) {
      const level = ladder.findOrAdd(2, (i * 40_009) % PRICE_MAX);
      ladder.remove(level);
    }
    expect(ladder.best(2)).toBe(0);
    expect(ladder.violation()).toBe('');
  });
});

test('pages that have one hash are told apart', () => {
  // hashPair mixes (side * odd) ^ number; of the low sides only these two are as close as page numbers can be.
  const [side, otherSide, otherNumber] = [2, 36, 61_075_334];
  expect(hashPair(otherSide, otherNumber)).toBe(hashPair(side, 0));
  const ladder = newLadder(otherSide + 1);
  const level = ladder.findOrAdd(side, 3);
  const otherKey = otherNumber * 32 + 3;
  expect(ladder.find(otherSide, otherKey)).toBe(0);
  const other = ladder.findOrAdd(otherSide, otherKey);
  expect([ladder.find(side, 3), ladder.find(otherSide, otherKey)]).toEqual([level, other]);
  expect(ladder.violation()).toBe('');
});

test('a page is not taken for the one whose number lies in front of it, as a handle of a level', () => {
  const ladder = newLadder();
  const handle = ladder.findOrAdd(2, 30);
  // The page that is made next, and remembered where one with that number would be.
  const number = handle + 128;
  ladder.findOrAdd(2, number * 32);
  expect(ladder.find(2, number * 32)).not.toBe(0);
  expect(ladder.find(2, handle * 32)).toBe(0);
});

test('takes all the memory that its pages can need, and no more', () => {
  const [sides, maxLevels] = [6, 100];
  const pageWords = (maxLevels + IDLE_PAGES) * PAGE_WORDS;
  const arena = makeArena([sides * 2, maxLevels * LEVEL_WORDS, pageWords, 16]);
  const { rebuiltRegions } = makePriceLadder(arena, sides, maxLevels);
  expect(arena.reserve(16) - rebuiltRegions[1]!).toBe(pageWords);
});

test('has room for all pages, and the walk over them ends there', () => {
  const [sides, maxLevels] = [6, 100];
  const pageWords = (maxLevels + IDLE_PAGES) * PAGE_WORDS;
  const arena = makeArena([sides * 2, maxLevels * LEVEL_WORDS, pageWords, 16]);
  const ladder = makePriceLadder(arena, sides, maxLevels);
  const behind = arena.reserve(16);
  arena.words.fill(1, behind, behind + 16);
  for (let page = 0; page < IDLE_PAGES; page += 1) ladder.remove(ladder.findOrAdd(2, page * 32));
  for (let page = 0; page < maxLevels; page += 1) ladder.findOrAdd(3, page * 32);
  expect(ladder.violation()).toBe('');
  expect([...arena.words.subarray(behind, behind + 16)]).toEqual(Array(16).fill(1));
});

describe('the walk over its pages', () => {
  type Damage = (words: Int32Array, level: number, page: number) => void;
  const damages: [string, Damage][] = [
    ['an empty page is neither idle nor free', (words, _, page) => (words[page + PageWord.bitmap] = 0)],
    [
      'a bit of a page differs from its level handle',
      (words, _, page) => (words[page + PageWord.bitmap] |= 1 << 9),
    ],
    [
      'a bit of a page differs from its level handle',
      (words, _, page) => (words[page + PageWord.levels + 31] = 0),
    ],
    ['a level is in the place of another price', (words, level) => (words[level + LevelWord.key] += 1)],
    ['a level is in a page of another side', (words, level) => (words[level + LevelWord.bookSide] = 3)],
    ['a level names another page', (words, level) => (words[level + LevelWord.page] += PAGE_WORDS)],
    [
      'a level is not found by its price',
      (words, level, page) => {
        words[page + PageWord.number] += 1_000;
        words[level + LevelWord.key] += 32_000;
      },
    ],
    [
      'the page index does not have exactly the pages in use',
      (words, _, page) => (words[page + PageWord.bookSide] = 0),
    ],
  ];
  test.each(damages)('finds that %s', (message, damage) => {
    const ladder = newLadder();
    ladder.remove(ladder.findOrAdd(2, 1_000));
    ladder.findOrAdd(3, 5);
    const level = ladder.findOrAdd(2, 63);
    expect(ladder.violation()).toBe('');
    damage(ladder.levels, level, ladder.levels[level + LevelWord.page]!);
    expect(ladder.violation()).toBe(message);
  });
});

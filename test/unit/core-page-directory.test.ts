/** The order of ladder pages, by itself: at its bounds, and where two of its nodes have one hash. */
import { expect, test } from 'vitest';
import { hashTriple } from '../../src/base/hash.js';
import { makePageDirectory } from '../../src/core/page-directory.js';

const PAGES_MAX = 2 ** 26 - 1;

test('takes as many pages as it was made for, each with nodes of its own', () => {
  const pages = [0, 2 ** 25, PAGES_MAX];
  const directory = makePageDirectory(2, pages.length);
  for (let round = 0; round < 2; round += 1) {
    for (const page of pages) directory.add(1, page);
    expect(pages.map((page) => directory.nextAfter(1, page))).toEqual([pages[1], pages[2], -1]);
    for (const page of pages) directory.remove(1, page);
  }
});

test('tells nodes apart that have one hash', () => {
  // The hash takes the prefix in last and whole: two nodes have one hash when the rest differs no more than prefixes do.
  const BOTTOM = 0;
  const sides = new Map<number, number>();
  let side = 0;
  let other: number | undefined;
  for (; other === undefined; side += 1) {
    const rest = unmixed(side) >>> 16;
    other = sides.get(rest);
    sides.set(rest, side);
  }
  side -= 1;
  const prefix = (unmixed(side) ^ unmixed(other)) >>> 0;
  expect(hashTriple(side, BOTTOM, prefix)).toBe(hashTriple(other, BOTTOM, 0));
  const directory = makePageDirectory(side + 1, 4);
  directory.add(side, prefix << 10);
  directory.add(other, 1);
  expect(directory.nextAfter(side, prefix << 10)).toBe(-1);
  directory.add(other, 7);
  expect(directory.nextAfter(other, 1)).toBe(7);
  expect(directory.nextAfter(side, prefix << 10)).toBe(-1);
});

/** What the hash of a bottom node of a side mixes with its prefix. */
function unmixed(side: number): number {
  return Math.imul(Math.imul(side, 0x9e3779b1), 0x85ebca77);
}

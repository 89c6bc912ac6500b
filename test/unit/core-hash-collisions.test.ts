/** Records are found by hash and told apart by what they are: two with the same hash are two records. */
import { expect, test } from 'vitest';
import { hashPair, hashTriple } from '../../src/base/hash.js';
import { API_KEY_WORDS, makeApiKeys, PUBLIC_KEY_WORDS } from '../../src/core/api-keys.js';
import { makeArena } from '../../src/core/arena.js';
import { makeClientOrderIds } from '../../src/core/client-order-ids.js';
import { HOLDING_WORDS, makeHoldings } from '../../src/core/holdings.js';
import { ORDER_WORDS, OrderWord } from '../../src/core/orders.js';
import { makePositions, POSITION_WORDS } from '../../src/core/positions.js';
import { Market } from '../support/market.js';

/** The second word that has the same pair hash with `otherFirst` as `second` has with `first`. */
function collidingWith(first: number, second: number, otherFirst: number): number {
  // hashPair mixes (first * odd) ^ second.
  const otherSecond = Math.imul(first, 0x9e3779b1) ^ second ^ Math.imul(otherFirst, 0x9e3779b1);
  expect(hashPair(otherFirst, otherSecond)).toBe(hashPair(first, second));
  return otherSecond;
}

const FIRST = 1000;
const OTHER = 1001;

test('positions of one hash are told apart', () => {
  const positions = makePositions(makeArena([2 * POSITION_WORDS]), 2);
  const otherId = collidingWith(FIRST, 7, OTHER);
  const one = positions.add(FIRST, 7);
  expect(positions.find(OTHER, otherId)).toBe(0);
  const other = positions.add(OTHER, otherId);
  expect([positions.find(FIRST, 7), positions.find(OTHER, otherId)]).toEqual([one, other]);
});

test('holdings of one hash are told apart', () => {
  const holdings = makeHoldings(makeArena([2 * HOLDING_WORDS]), 2);
  const otherId = collidingWith(FIRST, 7, OTHER);
  const one = holdings.add(FIRST, 7);
  expect(holdings.find(OTHER, otherId)).toBe(0);
  const other = holdings.add(OTHER, otherId);
  expect([holdings.find(FIRST, 7), holdings.find(OTHER, otherId)]).toEqual([one, other]);
});

test('transfers whose ids have one hash are told apart', () => {
  const market = new Market(1);
  const high = collidingWith(77, 0, 78) >>> 0;
  const id = (BigInt(high) << 32n) | 78n;
  expect(market.deposit(1, 'USD', 5, 77n)[0]).toMatch(/^balance 5 /);
  expect(market.deposit(1, 'USD', 6, id)[0]).toMatch(/^balance 6 .*\d$/);
  expect(market.deposit(1, 'USD', 6, id)[0]).toMatch(/duplicate$/);
  expect(market.deposit(1, 'USD', 5, 77n)[0]).toMatch(/duplicate$/);
});

test('keys that differ in the middle only, where their hash does not look, are told apart', () => {
  const market = new Market(1);
  const key = (middle: number) => new Uint8Array(32).fill(1).fill(middle, 4, 28);
  const register = (middle: number) => {
    const [event] = market.send(
      'registerApiKey',
      {},
      { accountId: 1, permissions: 1, publicKey: key(middle) },
    );
    return event?.name === 'apiKeyRegistered' ? event.fields.apiKeyId : event?.name;
  };
  expect([register(2), register(3)]).toEqual([1, 2]);
  expect([register(2), register(3)]).toEqual(['rejected', 'rejected']);
});

/** So many rows that some share a chain of an index with others whose hash is another one. */
const ROWS = 200;
const numbers = Array.from({ length: ROWS }, (_, n) => n + 1);

test('positions and holdings in one chain are told apart by each of their two words', () => {
  const positions = makePositions(makeArena([2 * ROWS * POSITION_WORDS]), 2 * ROWS);
  const holdings = makeHoldings(makeArena([2 * ROWS * HOLDING_WORDS]), 2 * ROWS);
  for (const rows of [positions, holdings]) {
    const ofOne = numbers.map((id) => rows.add(FIRST, id));
    const inOne = numbers.map((account) => rows.add(OTHER + account, 1));
    expect(numbers.map((id) => rows.find(FIRST, id))).toEqual(ofOne);
    expect(numbers.map((account) => rows.find(OTHER + account, 1))).toEqual(inOne);
    for (const absent of numbers) {
      expect(rows.find(FIRST, ROWS + absent)).toBe(0);
      expect(rows.find(OTHER + ROWS + absent, 1)).toBe(0);
    }
  }
});

test('keys are found among as many as there is room for', () => {
  const keys = makeApiKeys(makeArena([ROWS * API_KEY_WORDS]), ROWS);
  const publicKeys = new Int32Array(2 * ROWS * PUBLIC_KEY_WORDS).map((_, word) =>
    Math.imul(word, 0x9e3779b1),
  );
  const find = (n: number) => keys.find(publicKeys, n * PUBLIC_KEY_WORDS);
  const added = numbers.map((n) => keys.add(0, 1, publicKeys, n * PUBLIC_KEY_WORDS));
  expect(numbers.map(find)).toEqual(added);
  for (const absent of numbers.slice(1)) expect(find(ROWS + absent - 1)).toBe(0);
});

test.each([0, 1, 2])('orders in one chain are told apart by their ids and account: word %i', (varied) => {
  const arena = makeArena([ROWS * ORDER_WORDS]);
  const first = arena.reserve(ROWS * ORDER_WORDS);
  const ids = makeClientOrderIds(arena, ROWS);
  const wordsOf = (n: number) =>
    [0, 1, 2].map((word) => (word === varied ? n : FIRST)) as [number, number, number];
  const find = (n: number) => ids.find(hashTriple(...wordsOf(n)), ...wordsOf(n));
  const orders = numbers.map((n) => {
    const order = first + (n - 1) * ORDER_WORDS;
    const [account, low, high] = wordsOf(n);
    arena.words[order + OrderWord.account] = account;
    arena.words[order + OrderWord.clientIdLow] = low;
    arena.words[order + OrderWord.clientIdHigh] = high;
    ids.insertRow(order);
    return order;
  });
  expect(numbers.map(find)).toEqual(orders);
  for (const absent of numbers) expect(find(ROWS + absent)).toBe(0);
});

test('the index of orders says what memory the orders of a snapshot will be spread over', () => {
  const lengths: number[] = [];
  const ids = makeClientOrderIds(makeArena([]), ROWS);
  ids.expect(ROWS, (memory) => {
    lengths.push(memory.length);
  });
  expect(lengths).toEqual([2 * ROWS]);
});

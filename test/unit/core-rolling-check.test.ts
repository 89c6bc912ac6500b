/** The check that runs on a live node finds each kind of damage that it looks for, and nothing in a sound core. */
import { expect, test } from 'vitest';
import { AccountWord } from '../../src/core/accounts.js';
import { HoldingWord } from '../../src/core/holdings.js';
import { OrderWord } from '../../src/core/orders.js';
import { PositionWord } from '../../src/core/positions.js';
import { LevelWord } from '../../src/core/price-ladder.js';
import { makeRollingCheck } from '../../src/core/rolling-check.js';
import { Market } from '../support/market.js';

/** Three bids at 100 by two accounts, one at 99, asks at 105, and a record that is free again. */
function trading() {
  const market = new Market();
  for (const [account, id, price] of [
    [1, 1, 100],
    [2, 2, 100],
    [1, 3, 100],
    [1, 4, 99],
  ] as const) {
    market.buy(account, id, price, 10);
  }
  market.sell(3, 5, 105, 10);
  market.sell(3, 6, 105, 1);
  market.cancel(3, 5);
  const { core } = market.engine;
  const account = core.accounts.find(1);
  const first = core.accounts.words[account + AccountWord.firstOrder]!;
  return { market, core, words: core.arena.words, doubles: core.arena.doubles, account, first };
}

type Trading = ReturnType<typeof trading>;

/** Steps that look at everything once, in small bites as a node does. */
function lookAtAll({ core }: Trading): void {
  const check = makeRollingCheck(core);
  for (let i = 0; i < 20; i += 1) check.step(3);
}

test('finds nothing in a sound core, empty or trading', () => {
  lookAtAll({ ...trading(), core: new Market(0).engine.core });
  lookAtAll(trading());
});

const DAMAGES: readonly [string, RegExp, (at: Trading) => void][] = [
  ['a price below 1', /price of an open order/, ({ words, first }) => (words[first + OrderWord.price] = -5)],
  ['an order without leaves', /has leaves/, ({ words, first }) => (words[first + OrderWord.leaves] = 0)],
  [
    'a negative cumulative quantity',
    /cumulative quantity/,
    ({ words, first }) => (words[first + OrderWord.cumulative] = -1),
  ],
  [
    'an order under another id',
    /found by its ids/,
    ({ words, first }) => (words[first + OrderWord.clientIdLow] = 77),
  ],
  [
    'an order that the index does not know',
    /found by its ids/,
    ({ core, first }) => core.clientIds.remove(first),
  ],
  [
    'a position of another account',
    /position is of the account/,
    ({ words, first }) => (words[words[first + OrderWord.position]! + PositionWord.account] = 1),
  ],
  [
    'a position of another instrument',
    /position is of the instrument/,
    ({ words, first }) => (words[words[first + OrderWord.position]! + PositionWord.instrumentId] = 9),
  ],
  [
    'an account list that stops early',
    /account list runs on/,
    ({ words, first }) => (words[first + OrderWord.accountNext] = 0),
  ],
  [
    'an account list that begins late',
    /account list leads to/,
    ({ words, account, first }) =>
      (words[account + AccountWord.firstOrder] = words[first + OrderWord.accountNext]!),
  ],
  [
    'an order on the other side',
    /rests on its side/,
    ({ words, first }) => (words[words[first + OrderWord.level]! + LevelWord.bookSide] = 3),
  ],
  [
    'an order at another price',
    /rests at its price/,
    ({ words, first }) => (words[words[first + OrderWord.level]! + LevelWord.key] += 1),
  ],
  ['a queue that stops early', /queue runs on/, ({ words, first }) => (words[first + OrderWord.next] = 0)],
  [
    'a queue out of priority',
    /queue runs on/,
    ({ words, first }) => (words[first + OrderWord.priority] += 1_000),
  ],
  [
    'a queue that begins late',
    /queue leads to/,
    ({ words, first }) =>
      (words[words[first + OrderWord.level]! + LevelWord.head] = words[first + OrderWord.next]!),
  ],
  [
    'money that is no number',
    /available stays/,
    ({ doubles, core }) => (doubles[(core.holdings.handleOf(0) + HoldingWord.available) >> 1] = Number.NaN),
  ],
  [
    'a negative reservation',
    /reserved is 0/,
    ({ doubles, core }) => (doubles[(core.holdings.handleOf(0) + HoldingWord.reserved) >> 1] = -1),
  ],
  [
    'a best level without orders',
    /best level has orders/,
    ({ words, core }) => (words[core.books.ladder.best(2) + LevelWord.orderCount] = 0),
  ],
  [
    'a best level without lots',
    /best level has lots/,
    ({ doubles, core }) => (doubles[(core.books.ladder.best(2) + LevelWord.lots) >> 1] = 0),
  ],
];

for (const [title, message, damage] of DAMAGES) {
  test(`finds ${title}`, () => {
    const at = trading();
    damage(at);
    expect(() => lookAtAll(at)).toThrow(message);
  });
}

test('finds a crossed book, which no order alone shows', () => {
  const at = trading();
  const { core, words } = at;
  const ask = core.books.ladder.best(3);
  words[ask + LevelWord.key] = 100;
  words[words[ask + LevelWord.head]! + OrderWord.price] = 100;
  expect(() => lookAtAll(at)).toThrow(/book is not crossed/);
});

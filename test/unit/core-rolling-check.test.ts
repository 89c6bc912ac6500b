/** The check that runs on a live node finds each kind of damage that it looks for, and nothing in a sound core. */
import { expect, test } from 'vitest';
import { AccountWord } from '../../src/core/accounts.js';
import { MarketState } from '../../src/core/codes.js';
import { HoldingWord } from '../../src/core/holdings.js';
import { InstrumentWord } from '../../src/core/instruments.js';
import { MONEY_MAX } from '../../src/core/money.js';
import { OrderWord } from '../../src/core/orders.js';
import { PositionWord } from '../../src/core/positions.js';
import { LevelWord } from '../../src/core/price-ladder.js';
import { makeRollingCheck } from '../../src/core/rolling-check.js';
import { Market } from '../support/market.js';

const STOP = {
  instrumentId: 1,
  side: 1,
  orderType: 3,
  timeInForce: 1,
  quantityLots: 1,
  triggerPriceTicks: 120,
};

/** Three bids at 100 by two accounts, one at 99, asks at 105, a record that is free again, a bid at 1 and a stop. */
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
  market.buy(4, 7, 1, 1);
  market.send('newOrder', { accountId: 4 }, { ...STOP, clientOrderId: 8n });
  const { core } = market.engine;
  const account = core.accounts.find(1);
  const { words, doubles } = core.arena;
  const first = words[account + AccountWord.firstOrder]!;
  /** The next order of the account of the first, and the last of its level. */
  const second = words[first + OrderWord.accountNext]!;
  return { market, core, words, doubles, account, first, second };
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
    'an account list that does not lead back',
    /account list runs on/,
    ({ words, second }) => (words[second + OrderWord.accountPrevious] = 0),
  ],
  [
    'an account list with an order of another account',
    /account list runs on/,
    ({ words, core, second }) => (words[second + OrderWord.account] = core.accounts.find(2)),
  ],
  [
    'an account list with one order id twice',
    /account list runs on/,
    ({ words, first, second }) => (words[second + OrderWord.orderId] = words[first + OrderWord.orderId]!),
  ],
  [
    'an account list that ends with an order that is not its last',
    /account list runs on/,
    ({ words, account, first }) => (words[account + AccountWord.lastOrder] = first),
  ],
  [
    'an order on the other side',
    /rests on its side/,
    ({ words, first }) => (words[words[first + OrderWord.level]! + LevelWord.bookSide] = 3),
  ],
  [
    'an order that rests nowhere',
    /rests on its side/,
    ({ words, first }) => (words[first + OrderWord.level] = 0),
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
    'a queue that does not lead back',
    /queue runs on/,
    ({ words, first }) => (words[words[first + OrderWord.next]! + OrderWord.previous] = 0),
  ],
  [
    'a queue with an order of another level',
    /queue runs on/,
    ({ words, first, core }) =>
      (words[words[first + OrderWord.next]! + OrderWord.level] = core.books.ladder.best(3)),
  ],
  [
    'a queue with one priority twice',
    /queue runs on/,
    ({ words, first }) =>
      (words[words[first + OrderWord.next]! + OrderWord.priority] = words[first + OrderWord.priority]!),
  ],
  [
    'a queue that ends with an order that is not its last',
    /queue runs on/,
    ({ words, first, second }) => (words[words[second + OrderWord.level]! + LevelWord.tail] = first),
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
    'more money than there can be',
    /available stays/,
    ({ doubles, core }) =>
      (doubles[(core.holdings.handleOf(0) + HoldingWord.available) >> 1] = MONEY_MAX + 1),
  ],
  [
    'less money than anybody can owe',
    /available stays/,
    ({ doubles, core }) =>
      (doubles[(core.holdings.handleOf(0) + HoldingWord.available) >> 1] = -MONEY_MAX - 1),
  ],
  [
    'a reservation of more than there can be',
    /reserved is 0/,
    ({ doubles, core }) => (doubles[(core.holdings.handleOf(0) + HoldingWord.reserved) >> 1] = MONEY_MAX + 1),
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

test('lets money and reservations go up to their bounds, and debts of margin instruments', () => {
  const at = trading();
  const { core, doubles } = at;
  const holding = core.holdings.handleOf(0);
  for (const [available, reserved] of [
    [MONEY_MAX, 0],
    [0, MONEY_MAX],
    [-5, 5],
  ]) {
    doubles[(holding + HoldingWord.available) >> 1] = available!;
    doubles[(holding + HoldingWord.reserved) >> 1] = reserved!;
    expect(() => lookAtAll(at)).not.toThrow();
  }
});

test('finds a book at one price, but lets it be where nothing matches', () => {
  const market = new Market();
  market.send('setMarketState', {}, { instrumentId: 1, state: MarketState.openingAuction });
  market.buy(1, 1, 100, 1);
  market.sell(2, 2, 100, 1);
  const { core } = market.engine;
  const check = makeRollingCheck(core);
  expect(() => check.step(9)).not.toThrow();
  core.arena.words[core.instruments.handleOf(1) + InstrumentWord.marketState] = 0;
  expect(() => check.step(9)).toThrow(/book is not crossed \(1, 100, 100\)/);
});

test('lets a book be that has one side only, or none', () => {
  for (const enter of [
    () => {},
    (market: Market) => market.buy(1, 1, 100, 1),
    (market: Market) => market.sell(1, 1, 100, 1),
  ]) {
    const market = new Market();
    enter(market);
    expect(() => makeRollingCheck(market.engine.core).step(9)).not.toThrow();
  }
});

test('finds a list that leads past an order whose neighbour was looked at before', () => {
  for (const [link, message] of [
    [OrderWord.accountNext, /account list leads to/],
    [OrderWord.next, /queue leads to/],
  ] as const) {
    const { core, words, first } = trading();
    const check = makeRollingCheck(core);
    check.step(1);
    words[first + link] = 0;
    expect(() => {
      for (let i = 0; i < 4; i += 1) check.step(1);
    }).toThrow(message);
  }
});

test('looks at the next few of each kind, and begins anew behind the last', () => {
  const { core, words, doubles, market } = trading();
  market.send(
    'listInstrument',
    {},
    { symbol: 'X-USD', base: 'X', quote: 'USD', tickMantissa: 1, lotMantissa: 1 },
  );
  market.buy(2, 20, 7, 1, { instrumentId: 2 });
  const kinds: [number, (place: number) => number, number, RegExp][] = [
    [core.orders.used, (place) => core.orders.handleOf(place) + OrderWord.cumulative, -1, /cumulative/],
    [
      core.holdings.count,
      (place) => core.holdings.handleOf(place) + HoldingWord.reserved,
      -(2 ** 50),
      /reserved is 0/,
    ],
    [
      core.instruments.count,
      (place) => core.books.ladder.best(place * 2 + 2) + LevelWord.orderCount,
      -50,
      /best level/,
    ],
  ];
  for (const [count, wordOf, damage, message] of kinds) {
    const check = makeRollingCheck(core);
    for (const round of [0, 1]) {
      // The last one is damaged: it is found when all others were looked at, not before, in each round.
      const at = wordOf(count - 1);
      const memory = message.source.startsWith('reserved') ? doubles : words;
      const place = memory === doubles ? at >> 1 : at;
      memory[place]! += damage;
      for (let i = 0; i < count - 1; i += 1) check.step(1);
      expect(() => check.step(1), `round ${round}`).toThrow(message);
      memory[place]! -= damage;
      check.step(1);
    }
  }
});

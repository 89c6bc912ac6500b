/** Price-time priority and the times in force, one rule a test. */
import { describe, expect, test } from 'vitest';
import { OrderType, TimeInForce } from '../../src/core/codes.js';
import { FUNDS, Market } from '../support/market.js';

const IOC = { timeInForce: TimeInForce.IOC };
const FOK = { timeInForce: TimeInForce.FOK };
const MARKET = { orderType: OrderType.market, timeInForce: TimeInForce.IOC };

describe('price-time priority', () => {
  test('the best price trades first, then the oldest order', () => {
    const market = new Market();
    market.sell(1, 1, 102, 5);
    market.sell(1, 2, 101, 5);
    market.sell(2, 3, 101, 5);
    market.sell(2, 4, 100, 5);
    expect(market.buy(3, 9, 102, 20)).toEqual([
      'accepted 9',
      'trade 5 at 100 with 4 (leaves 0)',
      'trade 5 at 101 with 2 (leaves 0)',
      'trade 5 at 101 with 3 (leaves 0)',
      'trade 5 at 102 with 1 (leaves 0)',
    ]);
  });

  for (const [where, cancelled] of [
    ['head', [1]],
    ['middle', [3]],
    ['tail', [5]],
    ['head, middle and tail', [1, 3, 5]],
  ] as const) {
    test(`the queue keeps its order after cancels at the ${where}`, () => {
      const market = new Market();
      for (let id = 1; id <= 5; id += 1) market.buy(1, id, 100, id);
      for (const id of cancelled) market.cancel(1, id);
      const left = [1, 2, 3, 4, 5].filter((id) => !(cancelled as readonly number[]).includes(id));
      expect(market.sell(2, 9, 100, 15)).toEqual([
        'accepted 9',
        ...left.map((id) => `trade ${id} at 100 with ${id} (leaves 0)`),
      ]);
    });
  }

  test('a partially filled maker keeps its place between aggressors', () => {
    const market = new Market();
    market.sell(1, 1, 100, 10);
    market.sell(2, 2, 100, 10);
    expect(market.buy(3, 8, 100, 4)).toEqual(['accepted 8', 'trade 4 at 100 with 1 (leaves 6)']);
    expect(market.buy(3, 9, 100, 7)).toEqual([
      'accepted 9',
      'trade 6 at 100 with 1 (leaves 0)',
      'trade 1 at 100 with 2 (leaves 9)',
    ]);
  });

  test('5,000 makers at one price fill one after the other', () => {
    const market = new Market(2);
    for (let id = 1; id <= 5_000; id += 1) {
      market.engine.apply(
        market.script.command(
          'newOrder',
          { accountId: 1 },
          {
            clientOrderId: BigInt(id),
            instrumentId: 1,
            priceTicks: 7,
            quantityLots: 1,
            side: 2,
            orderType: 1,
            timeInForce: 1,
          },
        ),
      );
    }
    const events = market.buy(2, 9, 7, 5_000);
    expect(events.length).toBe(5_001);
    expect(events[1]).toBe('trade 1 at 7 with 1 (leaves 0)');
    expect(events[5_000]).toBe('trade 1 at 7 with 5000 (leaves 0)');
    expect(market.asks()).toEqual([]);
  });

  test('an account may trade with itself', () => {
    const market = new Market();
    market.sell(1, 1, 100, 5);
    expect(market.buy(1, 2, 100, 5)).toEqual(['accepted 2', 'trade 5 at 100 with 1 (leaves 0)']);
    expect(market.money(1, 'USD')).toEqual([FUNDS, 0]);
    expect(market.money(1, 'ABC')).toEqual([FUNDS, 0]);
  });
});

describe('sweeps', () => {
  function ladder(): Market {
    const market = new Market();
    for (const price of [100, 101, 102, 200]) market.sell(1, price, price, 10);
    return market;
  }

  test('stop exactly at the end of a level', () => {
    const market = ladder();
    market.buy(2, 1, 102, 20);
    expect(market.asks()).toEqual(['102 x 10 (1)', '200 x 10 (1)']);
    expect(market.bids()).toEqual([]);
  });

  test('stop in the middle of a level', () => {
    const market = ladder();
    market.buy(2, 1, 102, 15);
    expect(market.asks()).toEqual(['101 x 5 (1)', '102 x 10 (1)', '200 x 10 (1)']);
  });

  test('stop at the limit, and the rest rests there', () => {
    const market = ladder();
    market.buy(2, 1, 101, 25);
    expect(market.asks()).toEqual(['102 x 10 (1)', '200 x 10 (1)']);
    expect(market.bids()).toEqual(['101 x 5 (1)']);
  });

  test('stop when the book is empty', () => {
    const market = ladder();
    market.buy(2, 1, 500, 45);
    expect(market.asks()).toEqual([]);
    expect(market.bids()).toEqual(['500 x 5 (1)']);
  });

  test('leave no best price behind when the last order of a level goes', () => {
    const market = new Market();
    market.sell(1, 1, 100, 5);
    market.cancel(1, 1);
    expect(market.buy(2, 2, 100, 5)).toEqual(['accepted 2']);
    expect(market.bids()).toEqual(['100 x 5 (1)']);
    market.cancel(2, 2);
    expect(market.sell(1, 3, 100, 5)).toEqual(['accepted 3']);
  });

  test('reach from one end of the price domain to the other', () => {
    const market = new Market();
    market.sell(1, 1, 1, 1);
    market.sell(1, 2, 2_147_483_647, 2);
    expect(market.asks()).toEqual(['1 x 1 (1)', '2147483647 x 2 (1)']);
    expect(market.buy(2, 3, 2_147_483_647, 4)).toEqual([
      'accepted 3',
      'trade 1 at 1 with 1 (leaves 0)',
      'trade 2 at 2147483647 with 2 (leaves 0)',
    ]);
    expect(market.bids()).toEqual(['2147483647 x 1 (1)']);
    market.buy(2, 4, 1, 1);
    expect(market.bids()).toEqual(['2147483647 x 1 (1)', '1 x 1 (1)']);
    expect(market.sell(1, 5, 1, 2)).toEqual([
      'accepted 5',
      'trade 1 at 2147483647 with 3 (leaves 0)',
      'trade 1 at 1 with 4 (leaves 0)',
    ]);
  });
});

describe('time in force', () => {
  test('an IOC remainder is cancelled, not rested', () => {
    const market = new Market();
    market.sell(1, 1, 100, 5);
    expect(market.buy(2, 2, 100, 8, IOC)).toEqual([
      'accepted 2',
      'trade 5 at 100 with 1 (leaves 0)',
      'cancelled 2 of 3',
    ]);
    expect(market.bids()).toEqual([]);
    expect(market.money(2, 'USD')).toEqual([FUNDS - 500, 0]);
  });

  test('an IOC order that finds nothing is accepted and cancelled', () => {
    const market = new Market();
    expect(market.buy(2, 2, 100, 8, IOC)).toEqual(['accepted 2', 'cancelled 2 of 8']);
    expect(market.money(2, 'USD')).toEqual([FUNDS, 0]);
  });

  test('a FOK order fills whole over several levels', () => {
    const market = new Market();
    market.sell(1, 1, 100, 5);
    market.sell(1, 2, 101, 5);
    expect(market.buy(2, 3, 101, 10, FOK)).toEqual([
      'accepted 3',
      'trade 5 at 100 with 1 (leaves 0)',
      'trade 5 at 101 with 2 (leaves 0)',
    ]);
  });

  test('a FOK order that lacks one lot trades nothing', () => {
    const market = new Market();
    market.sell(1, 1, 100, 5);
    market.sell(1, 2, 101, 5);
    expect(market.buy(2, 3, 101, 11, FOK)).toEqual(['accepted 3', 'cancelled 3 of 11']);
    expect(market.asks()).toEqual(['100 x 5 (1)', '101 x 5 (1)']);
  });

  test('a FOK order does not count what lies beyond its limit', () => {
    const market = new Market();
    market.sell(1, 1, 100, 5);
    market.sell(1, 2, 101, 5);
    expect(market.buy(2, 3, 100, 6, FOK)).toEqual(['accepted 3', 'cancelled 3 of 6']);
  });

  test('the id of an order is free again after a fill, a cancel and an IOC', () => {
    const market = new Market();
    market.sell(1, 1, 100, 5);
    expect(market.sell(1, 1, 100, 5)).toEqual(['rejected DUPLICATE_CLIENT_ORDER_ID']);
    market.buy(2, 1, 100, 5);
    expect(market.sell(1, 1, 100, 5)).toEqual(['accepted 1']);
    market.cancel(1, 1);
    expect(market.sell(1, 1, 100, 5, IOC)).toEqual(['accepted 1', 'cancelled 1 of 5']);
    expect(market.sell(1, 1, 100, 5)).toEqual(['accepted 1']);
  });

  test('two accounts may use the same id', () => {
    const market = new Market();
    market.buy(1, 7, 100, 1);
    market.buy(2, 7, 101, 2);
    expect(market.cancel(1, 7)).toEqual(['cancelled 7 of 1']);
    expect(market.bids()).toEqual(['101 x 2 (1)']);
  });
});

describe('market orders', () => {
  test('trade up to the protection price, rounded towards the market, and no further', () => {
    const market = new Market();
    market.sell(1, 1, 50, 5);
    market.sell(1, 2, 52, 5);
    market.sell(1, 3, 53, 5);
    // 5 % above 50 is 52.5: the limit is 52.
    expect(market.buy(2, 4, 0, 20, MARKET)).toEqual([
      'accepted 4',
      'trade 5 at 50 with 1 (leaves 0)',
      'trade 5 at 52 with 2 (leaves 0)',
      'cancelled 4 of 10',
    ]);
  });

  test('to sell, stop at the protection price below the best bid', () => {
    const market = new Market();
    market.buy(1, 1, 50, 5);
    market.buy(1, 2, 48, 5);
    market.buy(1, 3, 47, 5);
    // 5 % below 50 is 47.5: the limit is 48.
    expect(market.sell(2, 4, 0, 20, MARKET)).toEqual([
      'accepted 4',
      'trade 5 at 50 with 1 (leaves 0)',
      'trade 5 at 48 with 2 (leaves 0)',
      'cancelled 4 of 10',
    ]);
  });

  test('with a price of their own use that', () => {
    const market = new Market();
    market.sell(1, 1, 50, 5);
    market.sell(1, 2, 90, 5);
    expect(market.buy(2, 3, 90, 10, MARKET)).toEqual([
      'accepted 3',
      'trade 5 at 50 with 1 (leaves 0)',
      'trade 5 at 90 with 2 (leaves 0)',
    ]);
  });

  test('are rejected when there is no opposite side and no price', () => {
    const market = new Market();
    market.buy(1, 1, 50, 5);
    expect(market.buy(2, 2, 0, 5, MARKET)).toEqual(['rejected NO_LIQUIDITY']);
  });

  test('at the edges of the domain have a price within it', () => {
    const market = new Market();
    market.sell(1, 1, 2_147_483_647, 1);
    expect(market.buy(2, 2, 0, 1, MARKET)).toEqual(['accepted 2', 'trade 1 at 2147483647 with 1 (leaves 0)']);
    market.buy(1, 3, 1, 1);
    expect(market.sell(2, 4, 0, 1, MARKET)).toEqual(['accepted 4', 'trade 1 at 1 with 3 (leaves 0)']);
  });
});

describe('settlement', () => {
  test('a buyer pays the price of the maker and gets the rest of its reservation back', () => {
    const market = new Market();
    market.sell(1, 1, 90, 10);
    market.buy(2, 2, 100, 15);
    expect(market.money(2, 'USD')).toEqual([FUNDS - 900 - 500, 500]);
    expect(market.money(2, 'ABC')).toEqual([FUNDS + 10, 0]);
    expect(market.money(1, 'USD')).toEqual([FUNDS + 900, 0]);
    expect(market.money(1, 'ABC')).toEqual([FUNDS - 10, 0]);
  });

  test('a seller gets the price of the maker', () => {
    const market = new Market();
    market.buy(1, 1, 110, 10);
    market.sell(2, 2, 100, 15);
    expect(market.money(2, 'USD')).toEqual([FUNDS + 1_100, 0]);
    expect(market.money(2, 'ABC')).toEqual([FUNDS - 15, 5]);
    expect(market.money(1, 'USD')).toEqual([FUNDS - 1_100, 0]);
  });

  test('a reservation is released whole by a cancel', () => {
    const market = new Market();
    market.buy(1, 1, 110, 10);
    expect(market.money(1, 'USD')).toEqual([FUNDS - 1_100, 1_100]);
    market.cancel(1, 1);
    expect(market.money(1, 'USD')).toEqual([FUNDS, 0]);
  });
});

/** Times in force, market orders and settlement, one rule a test. Queues and sweeps: core-book-invariants.test.ts. */
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

  test('an account may trade with itself', () => {
    const market = new Market();
    market.sell(1, 1, 100, 5);
    expect(market.buy(1, 2, 100, 5)).toEqual(['accepted 2', 'trade 5 at 100 with 1 (leaves 0)']);
    expect(market.money(1, 'USD')).toEqual([FUNDS, 0]);
    expect(market.money(1, 'ABC')).toEqual([FUNDS, 0]);
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

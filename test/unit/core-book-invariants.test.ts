/**
 * What every order book has to keep, one invariant a test, and each on both sides of the book.
 *
 * Prices are distances from the best maker: `at(0)` is the best price, `at(1)` one tick worse. Makers rest on `side`, the
 * taker comes from the other one, so that each case is played for asks and, mirrored, for bids. Market checks sums,
 * chains and indexes after every command.
 */
import { describe, expect, test } from 'vitest';
import { OrderType, Side, TimeInForce } from '../../src/core/codes.js';
import type { CoreOptions } from '../../src/core/core-options.js';
import { FUNDS, Market } from '../support/market.js';

const MIDDLE = 1_000;
const PRICE_MAX = 2_147_483_647;
const IOC = { timeInForce: TimeInForce.IOC };
const FOK = { timeInForce: TimeInForce.FOK };
const MARKET = { orderType: OrderType.market, timeInForce: TimeInForce.IOC };
const MAKER = 1;
const TAKER = 3;

for (const side of [Side.sell, Side.buy]) {
  const isSell = side === Side.sell;
  const at = (distance: number) => (isSell ? MIDDLE + distance : MIDDLE - distance);

  function book(options: CoreOptions = {}) {
    const market = new Market(4, options);
    return {
      market,
      make: (id: number, distance: number, lots: number, account = MAKER) =>
        isSell ? market.sell(account, id, at(distance), lots) : market.buy(account, id, at(distance), lots),
      take: (id: number, distance: number, lots: number, options = {}) =>
        isSell
          ? market.buy(TAKER, id, at(distance), lots, options)
          : market.sell(TAKER, id, at(distance), lots, options),
      /** The levels of the makers, and those of the taker's side. */
      makers: () => (isSell ? market.asks() : market.bids()),
      takers: () => (isSell ? market.bids() : market.asks()),
    };
  }
  type Book = ReturnType<typeof book>;
  const fill = (lots: number, distance: number, id: number, leaves = 0) =>
    `trade ${lots} at ${at(distance)} with ${id} (leaves ${leaves})`;
  const level = (distance: number, lots: number, orders: number) => `${at(distance)} x ${lots} (${orders})`;
  /** Ids 1 to `count`, of as many lots as the id says, at the best price. */
  const queue = (count: number): Book => {
    const one = book();
    for (let id = 1; id <= count; id += 1) one.make(id, 0, id);
    return one;
  };
  /** Ten lots at each of the distances 0, 1, 2 and 50, id = 1 + distance. */
  const ladder = (): Book => {
    const one = book();
    for (const distance of [0, 1, 2, 50]) one.make(1 + distance, distance, 10);
    return one;
  };

  describe(isSell ? 'asks' : 'bids', () => {
    describe('a queue keeps its order', () => {
      test('01 when nothing happens to it', () => {
        expect(queue(4).take(9, 0, 10)).toEqual([
          'accepted 9',
          fill(1, 0, 1),
          fill(2, 0, 2),
          fill(3, 0, 3),
          fill(4, 0, 4),
        ]);
      });

      test('02 after a cancel at its head', () => {
        const { market, take } = queue(3);
        market.cancel(MAKER, 1);
        expect(take(9, 0, 5)).toEqual(['accepted 9', fill(2, 0, 2), fill(3, 0, 3)]);
      });

      test('03 after a cancel in its middle', () => {
        const { market, take } = queue(3);
        market.cancel(MAKER, 2);
        expect(take(9, 0, 4)).toEqual(['accepted 9', fill(1, 0, 1), fill(3, 0, 3)]);
      });

      test('04 after a cancel at its tail, and takes the next order at the back', () => {
        const { market, make, take } = queue(3);
        market.cancel(MAKER, 3);
        make(4, 0, 4);
        expect(take(9, 0, 7)).toEqual(['accepted 9', fill(1, 0, 1), fill(2, 0, 2), fill(4, 0, 4)]);
      });

      test('05 after cancels scattered over it', () => {
        const { market, take } = queue(9);
        for (const id of [1, 4, 5, 9]) market.cancel(MAKER, id);
        expect(take(20, 0, 26)).toEqual([
          'accepted 20',
          fill(2, 0, 2),
          fill(3, 0, 3),
          fill(6, 0, 6),
          fill(7, 0, 7),
          fill(8, 0, 8),
        ]);
      });

      test('06 when all but one order are cancelled', () => {
        const { market, take, makers } = queue(5);
        for (const id of [5, 1, 3, 2]) market.cancel(MAKER, id);
        expect(makers()).toEqual([level(0, 4, 1)]);
        expect(take(9, 0, 4)).toEqual(['accepted 9', fill(4, 0, 4)]);
      });

      test('07 with orders of several accounts in it', () => {
        const { make, take } = book();
        make(1, 0, 1, 1);
        make(1, 0, 2, 2);
        make(2, 0, 3, 1);
        expect(take(9, 0, 6)).toEqual(['accepted 9', fill(1, 0, 1), fill(2, 0, 1), fill(3, 0, 2)]);
      });

      test('08 when its first order is partly filled between aggressors', () => {
        const { take, make } = book();
        make(1, 0, 10);
        make(2, 0, 10);
        expect(take(8, 0, 4)).toEqual(['accepted 8', fill(4, 0, 1, 6)]);
        expect(take(9, 0, 7)).toEqual(['accepted 9', fill(6, 0, 1), fill(1, 0, 2, 9)]);
      });

      test('09 when the partly filled order is reduced', () => {
        const { market, take, make } = book();
        make(1, 0, 10);
        make(2, 0, 10);
        take(8, 0, 4);
        expect(market.replace(MAKER, 1, at(0), 7)).toEqual([`replaced 1 3 at ${at(0)} in place`]);
        expect(take(9, 0, 4)).toEqual(['accepted 9', fill(3, 0, 1), fill(1, 0, 2, 9)]);
      });

      test('10 when one of it moves away and its siblings stay', () => {
        const { market, take, makers } = queue(3);
        market.replace(MAKER, 2, at(5), 2);
        expect(makers()).toEqual([level(0, 4, 2), level(5, 2, 1)]);
        expect(take(9, 0, 4)).toEqual(['accepted 9', fill(1, 0, 1), fill(3, 0, 3)]);
      });
    });

    describe('a replaced order', () => {
      test('11 that gets smaller keeps its place', () => {
        const { market, take } = queue(3);
        market.replace(MAKER, 2, at(0), 1);
        expect(take(9, 0, 2)).toEqual(['accepted 9', fill(1, 0, 1), fill(1, 0, 2)]);
      });

      test('12 that gets larger goes to the back', () => {
        const { market, take } = queue(3);
        market.replace(MAKER, 1, at(0), 2);
        expect(take(9, 0, 7)).toEqual(['accepted 9', fill(2, 0, 2), fill(3, 0, 3), fill(2, 0, 1)]);
      });

      test('13 that moves to another level goes to its back', () => {
        const { market, make, take } = book();
        make(1, 1, 1);
        make(2, 0, 2);
        market.replace(MAKER, 1, at(0), 1);
        expect(take(9, 0, 3)).toEqual(['accepted 9', fill(2, 0, 2), fill(1, 0, 1)]);
      });

      test('14 that moves away and back goes to the back', () => {
        const { market, take } = queue(2);
        market.replace(MAKER, 1, at(1), 1);
        market.replace(MAKER, 1, at(0), 1);
        expect(take(9, 0, 3)).toEqual(['accepted 9', fill(2, 0, 2), fill(1, 0, 1)]);
      });

      test('15 that crosses pays or gets the price of the maker, and both sides settle at it', () => {
        const { market, make, take } = book();
        make(1, 0, 5);
        take(2, -10, 5);
        expect(market.replace(TAKER, 2, at(10), 5)).toEqual([`replaced 2 5 at ${at(10)}`, fill(5, 0, 1)]);
        const paid = 5 * at(0);
        const [buyer, seller] = isSell ? [TAKER, MAKER] : [MAKER, TAKER];
        expect(market.money(buyer, 'USD')).toEqual([FUNDS - paid, 0]);
        expect(market.money(seller, 'USD')).toEqual([FUNDS + paid, 0]);
        expect(market.money(buyer, 'ABC')).toEqual([FUNDS + 5, 0]);
        expect(market.money(seller, 'ABC')).toEqual([FUNDS - 5, 0]);
      });

      test('16 that crosses in part rests with what is left', () => {
        const { market, make, take, makers, takers } = book();
        make(1, 0, 5);
        take(2, -10, 8);
        market.replace(TAKER, 2, at(3), 8);
        expect(makers()).toEqual([]);
        expect(takers()).toEqual([level(3, 3, 1)]);
      });

      test('17 to no more than it has traded is closed', () => {
        const { market, make, take, makers } = book();
        make(1, 0, 10);
        take(9, 0, 6);
        expect(market.replace(MAKER, 1, at(0), 6)).toEqual(['cancelled 1 of 4']);
        expect(makers()).toEqual([]);
      });
    });

    describe('a sweep', () => {
      test('18 stops exactly at the end of a level', () => {
        const { take, makers, takers } = ladder();
        expect(take(99, 2, 20)).toEqual(['accepted 99', fill(10, 0, 1), fill(10, 1, 2)]);
        expect(makers()).toEqual([level(2, 10, 1), level(50, 10, 1)]);
        expect(takers()).toEqual([]);
      });

      test('19 stops within a level', () => {
        const { take, makers } = ladder();
        take(99, 2, 25);
        expect(makers()).toEqual([level(2, 5, 1), level(50, 10, 1)]);
      });

      test('20 stops at its limit, and the rest rests there', () => {
        const { take, makers, takers } = ladder();
        take(99, 1, 25);
        expect(makers()).toEqual([level(2, 10, 1), level(50, 10, 1)]);
        expect(takers()).toEqual([level(1, 5, 1)]);
      });

      test('21 stops at the end of the book, and the rest rests at its limit', () => {
        const { take, makers, takers } = ladder();
        take(99, 60, 45);
        expect(makers()).toEqual([]);
        expect(takers()).toEqual([level(60, 5, 1)]);
      });

      test('22 passes over a gap between levels', () => {
        const { take } = ladder();
        expect(take(99, 50, 35)).toEqual([
          'accepted 99',
          fill(10, 0, 1),
          fill(10, 1, 2),
          fill(10, 2, 3),
          fill(5, 50, 51, 5),
        ]);
      });

      test('23 of an IOC order leaves nothing behind', () => {
        const { take, makers, takers } = ladder();
        expect(take(99, 1, 25, IOC).at(-1)).toBe('cancelled 99 of 5');
        expect(makers()).toEqual([level(2, 10, 1), level(50, 10, 1)]);
        expect(takers()).toEqual([]);
      });

      test('24 of a FOK order happens whole or not at all', () => {
        const { take, makers } = ladder();
        expect(take(98, 2, 31, FOK)).toEqual(['accepted 98', 'cancelled 98 of 31']);
        expect(makers()).toEqual([level(0, 10, 1), level(1, 10, 1), level(2, 10, 1), level(50, 10, 1)]);
        expect(take(99, 2, 30, FOK)).toEqual(['accepted 99', fill(10, 0, 1), fill(10, 1, 2), fill(10, 2, 3)]);
      });

      test('25 takes the better price first, whatever came first', () => {
        const { make, take } = book();
        make(1, 2, 1);
        make(2, 1, 1);
        make(3, 0, 1);
        expect(take(9, 2, 3)).toEqual(['accepted 9', fill(1, 0, 3), fill(1, 1, 2), fill(1, 2, 1)]);
      });

      test('26 fills 5,000 orders at one price one after the other', () => {
        const { market, take, makers } = book({ maxOrders: 5_001 });
        for (let id = 1; id <= 5_000; id += 1) {
          const order = {
            clientOrderId: BigInt(id),
            instrumentId: 1,
            priceTicks: at(0),
            quantityLots: 1,
            side,
          };
          const terms = { orderType: OrderType.limit, timeInForce: TimeInForce.GTC };
          market.engine.apply(
            market.script.command('newOrder', { accountId: MAKER }, { ...order, ...terms }),
          );
        }
        const fills = Array.from({ length: 5_000 }, (_, i) => fill(1, 0, i + 1));
        expect(take(9_999, 0, 5_000)).toEqual(['accepted 9999', ...fills]);
        expect(makers()).toEqual([]);
      });
    });

    describe('the id of an order is free again', () => {
      test('27 after a fill', () => {
        const { make, take } = book();
        make(1, 0, 5);
        expect(make(1, 1, 5)).toEqual(['rejected DUPLICATE_CLIENT_ORDER_ID']);
        take(9, 0, 5);
        expect(make(1, 1, 5)).toEqual(['accepted 1']);
      });

      test('28 after a cancel', () => {
        const { market, make, take } = book();
        make(1, 0, 5);
        market.cancel(MAKER, 1);
        expect(make(1, 1, 3)).toEqual(['accepted 1']);
        expect(take(9, 1, 3)).toEqual(['accepted 9', fill(3, 1, 1)]);
      });

      test('29 and a cancel of it that comes late is rejected', () => {
        const { market, make, take } = book();
        make(1, 0, 5);
        take(9, 0, 5);
        expect(market.cancel(MAKER, 1)).toEqual(['rejected UNKNOWN_ORDER']);
      });
    });

    describe('there is no phantom best price', () => {
      test('30 after the last order of a level is cancelled', () => {
        const { market, make, take, makers, takers } = book();
        make(1, 0, 5);
        make(2, 3, 5);
        market.cancel(MAKER, 1);
        expect(makers()).toEqual([level(3, 5, 1)]);
        expect(take(9, 2, 5)).toEqual(['accepted 9']);
        expect(takers()).toEqual([level(2, 5, 1)]);
      });

      test('31 after the last order of a level is filled', () => {
        const { make, take, takers } = book();
        make(1, 0, 5);
        take(8, 0, 5);
        expect(take(9, 0, 5)).toEqual(['accepted 9']);
        expect(takers()).toEqual([level(0, 5, 1)]);
      });

      test('32 after the last order of a level moves away', () => {
        const { market, make, take } = book();
        make(1, 0, 5);
        market.replace(MAKER, 1, at(4), 5);
        expect(take(8, 3, 5)).toEqual(['accepted 8']);
        expect(take(9, 4, 5, MARKET)).toEqual(['accepted 9', fill(5, 4, 1)]);
      });
    });

    describe('at the edges of the price domain', () => {
      const [best, worst] = isSell ? [1, PRICE_MAX] : [PRICE_MAX, 1];
      const rest = (market: Market, id: number, price: number, lots: number) =>
        isSell ? market.sell(MAKER, id, price, lots) : market.buy(MAKER, id, price, lots);
      const cross = (market: Market, id: number, price: number, lots: number) =>
        isSell ? market.buy(TAKER, id, price, lots) : market.sell(TAKER, id, price, lots);

      test('33 a sweep reaches from one end to the other', () => {
        const market = new Market();
        rest(market, 1, worst, 1);
        rest(market, 2, best, 1);
        expect(cross(market, 9, worst, 2)).toEqual([
          'accepted 9',
          `trade 1 at ${best} with 2 (leaves 0)`,
          `trade 1 at ${worst} with 1 (leaves 0)`,
        ]);
      });

      test('34 prices beyond it are rejected and change nothing', () => {
        const market = new Market();
        rest(market, 1, worst, 1);
        const before = market.view();
        for (const price of [0, -1, -2_147_483_648]) {
          expect(rest(market, 2, price, 1)).toEqual(['rejected INVALID_PRICE']);
        }
        expect(market.view()).toEqual(before);
      });
    });
  });
}

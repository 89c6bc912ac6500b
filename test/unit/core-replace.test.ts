/** Replace, mass cancel and snapshot, one rule a test. */
import { describe, expect, test } from 'vitest';
import { ReplaceFlag } from '../../src/core/codes.js';
import { FUNDS, Market } from '../support/market.js';
import { expectNullRecord } from '../support/null-record.js';

const REINSERT = ReplaceFlag.reinsert;

function twoBuyers(): Market {
  const market = new Market();
  market.buy(1, 1, 100, 10);
  market.buy(2, 2, 100, 10);
  return market;
}

describe('a replace', () => {
  test('that makes the order smaller keeps its place', () => {
    const market = twoBuyers();
    expect(market.replace(1, 1, 100, 4)).toEqual(['replaced 1 4 at 100 in place']);
    expect(market.sell(3, 9, 100, 5)).toEqual([
      'accepted 9',
      'trade 4 at 100 with 1 (leaves 0)',
      'trade 1 at 100 with 2 (leaves 9)',
    ]);
    expectNullRecord(market.engine.core);
  });

  test('that changes nothing keeps the place', () => {
    const market = twoBuyers();
    expect(market.replace(1, 1, 100, 10)).toEqual(['replaced 1 10 at 100 in place']);
    expect(market.sell(3, 9, 100, 1)[1]).toBe('trade 1 at 100 with 1 (leaves 9)');
  });

  test('that makes the order larger loses its place', () => {
    const market = twoBuyers();
    expect(market.replace(1, 1, 100, 11)).toEqual(['replaced 1 11 at 100']);
    expect(market.sell(3, 9, 100, 1)[1]).toBe('trade 1 at 100 with 2 (leaves 9)');
  });

  test('to another price and back loses the place', () => {
    const market = twoBuyers();
    market.replace(1, 1, 99, 10);
    expect(market.bids()).toEqual(['100 x 10 (1)', '99 x 10 (1)']);
    market.replace(1, 1, 100, 10);
    expect(market.sell(3, 9, 100, 1)[1]).toBe('trade 1 at 100 with 2 (leaves 9)');
  });

  test('leaves the siblings at its level as they are', () => {
    const market = twoBuyers();
    market.buy(3, 3, 100, 10);
    market.replace(2, 2, 98, 10);
    expect(market.bids()).toEqual(['100 x 20 (2)', '98 x 10 (1)']);
    expect(market.sell(4, 9, 100, 20)).toEqual([
      'accepted 9',
      'trade 10 at 100 with 1 (leaves 0)',
      'trade 10 at 100 with 3 (leaves 0)',
    ]);
  });

  test('that crosses pays the price of the maker, as a buyer', () => {
    const market = new Market();
    market.sell(1, 1, 101, 5);
    market.buy(2, 2, 100, 10);
    expect(market.replace(2, 2, 105, 10)).toEqual([
      'replaced 2 10 at 105',
      'trade 5 at 101 with 1 (leaves 0)',
    ]);
    expect(market.bids()).toEqual(['105 x 5 (1)']);
    expect(market.money(2, 'USD')).toEqual([FUNDS - 505 - 525, 525]);
  });

  test('that crosses gets the price of the maker, as a seller', () => {
    const market = new Market();
    market.buy(1, 1, 101, 5);
    market.sell(2, 2, 102, 10);
    expect(market.replace(2, 2, 95, 10)).toEqual(['replaced 2 10 at 95', 'trade 5 at 101 with 1 (leaves 0)']);
    expect(market.asks()).toEqual(['95 x 5 (1)']);
    expect(market.money(2, 'USD')).toEqual([FUNDS + 505, 0]);
    expect(market.money(2, 'ABC')).toEqual([FUNDS - 10, 5]);
  });

  test('that fills whole closes the order', () => {
    const market = new Market();
    market.sell(1, 1, 101, 10);
    market.buy(2, 2, 100, 10);
    market.replace(2, 2, 101, 10);
    expect(market.cancel(2, 2)).toEqual(['rejected UNKNOWN_ORDER']);
  });

  test('counts what was filled into the new total', () => {
    const market = new Market();
    market.buy(1, 1, 100, 10);
    market.sell(2, 2, 100, 4);
    expect(market.replace(1, 1, 100, 8)).toEqual(['replaced 1 4 at 100 in place']);
    expect(market.replace(1, 1, 101, 9)).toEqual(['replaced 1 5 at 101']);
  });

  test('to a total that is filled already cancels the rest', () => {
    for (const total of [3, 4]) {
      const market = new Market();
      market.buy(1, 1, 100, 10);
      market.sell(2, 2, 100, 4);
      expect(market.replace(1, 1, 120, total, 5)).toEqual(['cancelled 1 of 6']);
      expect(market.bids()).toEqual([]);
      expect(market.money(1, 'USD')).toEqual([FUNDS - 400, 0]);
    }
  });

  test('that reinserts takes the quantity as open, starts anew and loses the place', () => {
    const market = twoBuyers();
    market.sell(3, 8, 100, 4);
    expect(market.replace(1, 1, 100, 6, 1, REINSERT)).toEqual(['replaced 1 6 at 100']);
    expect(market.sell(3, 9, 100, 11)).toEqual([
      'accepted 9',
      'trade 10 at 100 with 2 (leaves 0)',
      'trade 1 at 100 with 1 (leaves 5)',
    ]);
    expect(market.replace(1, 1, 100, 5)).toEqual(['replaced 1 4 at 100 in place']);
  });

  test('may change the id; the old one is free, the new one taken', () => {
    const market = twoBuyers();
    market.buy(1, 7, 90, 1);
    expect(market.replace(1, 1, 100, 10, 7)).toEqual(['rejected DUPLICATE_CLIENT_ORDER_ID']);
    expect(market.replace(1, 1, 100, 10, 5)).toEqual(['replaced 5 10 at 100 in place']);
    expect(market.buy(1, 1, 90, 1)).toEqual(['accepted 1']);
    expect(market.buy(1, 5, 90, 1)).toEqual(['rejected DUPLICATE_CLIENT_ORDER_ID']);
    expect(market.cancel(1, 5)).toEqual(['cancelled 5 of 10']);
  });

  test('needs no more money than what the order holds and what is available', () => {
    const market = new Market();
    market.buy(1, 1, 100, 10);
    market.withdraw(1, 'USD', FUNDS - 1_000);
    expect(market.money(1, 'USD')).toEqual([0, 1_000]);
    expect(market.replace(1, 1, 50, 20)).toEqual(['replaced 1 20 at 50']);
    expect(market.replace(1, 1, 50, 21)).toEqual(['rejected INSUFFICIENT_FUNDS']);
    expect(market.replace(1, 1, 40, 20)).toEqual(['replaced 1 20 at 40']);
    expect(market.money(1, 'USD')).toEqual([200, 800]);
  });

  test('of an order that is gone, of another account or of another instrument is rejected', () => {
    const market = twoBuyers();
    expect(market.replace(1, 2, 100, 5)).toEqual(['rejected UNKNOWN_ORDER']);
    market.send(
      'listInstrument',
      {},
      { symbol: 'B', base: 'ABC', quote: 'EUR', tickMantissa: 1, lotMantissa: 1 },
    );
    expect(market.cancel(1, 1, 2)).toEqual(['rejected UNKNOWN_ORDER']);
    expect(market.cancel(1, 1, 3)).toEqual(['rejected UNKNOWN_INSTRUMENT']);
  });
});

describe('a mass cancel', () => {
  test('cancels all orders of the account, oldest first, and no others', () => {
    const market = twoBuyers();
    market.sell(1, 3, 200, 5);
    market.buy(1, 4, 90, 5);
    market.replace(1, 1, 95, 12);
    const names = market.send('massCancel', { accountId: 1 }, {}).map((event) => event.name);
    expect(names).toEqual([
      'cancelled',
      'cancelled',
      'cancelled',
      'massCancelled',
      'bookDelta',
      'bookDelta',
      'bookDelta',
    ]);
    expect(market.bids()).toEqual(['100 x 10 (1)']);
    expect(market.money(1, 'USD')).toEqual([FUNDS, 0]);
  });

  test('without orders only says so', () => {
    const market = new Market();
    const [event] = market.send('massCancel', { accountId: 1 }, {});
    expect(event).toMatchObject({ name: 'massCancelled', fields: { orderCount: 0, reportSequence: 3 } });
  });
});

describe('a snapshot', () => {
  test('has the balances by asset, the open orders by age, and their numbers', () => {
    const market = twoBuyers();
    market.buy(1, 3, 99, 5);
    market.sell(2, 9, 100, 4);
    const events = market.send('requestSnapshot', { accountId: 1 }, {});
    expect(events.map((event) => event.name)).toEqual([
      'balanceChanged',
      'balanceChanged',
      'orderStatus',
      'orderStatus',
      'snapshotEnd',
    ]);
    expect(events[0]).toMatchObject({
      fields: { asset: 'ABC', available: FUNDS + 4, reserved: 0, amount: 0 },
    });
    expect(events[1]).toMatchObject({
      fields: { asset: 'USD', available: FUNDS - 400 - 600 - 495, reserved: 1_095 },
    });
    expect(events[2]).toMatchObject({
      fields: { clientOrderId: 1n, quantityLots: 10, leavesLots: 6, cumulativeLots: 4, priceTicks: 100 },
    });
    expect(events[4]).toMatchObject({ fields: { balanceCount: 2, orderCount: 2 } });
  });

  test('leaves out balances with nothing in them', () => {
    const market = new Market();
    market.withdraw(1, 'ABC', FUNDS);
    const events = market.send('requestSnapshot', { accountId: 1 }, {});
    expect(events.map((event) => event.name)).toEqual(['balanceChanged', 'snapshotEnd']);
  });
});

describe('book changes', () => {
  test('come last, one for each level touched, numbered without a gap', () => {
    const market = new Market();
    market.sell(1, 1, 100, 5);
    market.sell(1, 2, 101, 5);
    const events = market.send(
      'newOrder',
      { accountId: 2 },
      {
        clientOrderId: 9n,
        instrumentId: 1,
        priceTicks: 101,
        quantityLots: 7,
        side: 1,
        orderType: 1,
        timeInForce: 1,
      },
    );
    const deltas = events.filter((event) => event.name === 'bookDelta').map((event) => event.fields);
    expect(events.slice(-2).every((event) => event.name === 'bookDelta')).toBe(true);
    expect(deltas).toMatchObject([
      { bookSequence: 3, priceTicks: 100, levelLots: 0, orderCount: 0, side: 2 },
      { bookSequence: 4, priceTicks: 101, levelLots: 3, orderCount: 1, side: 2 },
    ]);
  });

  test('of a reinsert at the same price are one, with the level as it is', () => {
    const market = new Market();
    market.buy(1, 1, 100, 5);
    const fields = {
      clientOrderId: 1n,
      newClientOrderId: 1n,
      instrumentId: 1,
      priceTicks: 100,
      quantityLots: 5,
    };
    const events = market.send('replaceOrder', { accountId: 1 }, { ...fields, flags: REINSERT });
    expect(events.map((event) => event.name)).toEqual(['replaced', 'bookDelta']);
    expect(events[1]).toMatchObject({ fields: { bookSequence: 2, levelLots: 5, orderCount: 1 } });
    const same = market.send('replaceOrder', { accountId: 1 }, { ...fields, flags: 0 });
    expect(same.map((event) => event.name)).toEqual(['replaced']);
  });

  test('carry level quantities beyond an int32', () => {
    const market = new Market();
    for (let id = 1; id <= 3; id += 1) market.buy(1, id, 1, 2_147_483_647);
    expect(market.bids()).toEqual([`1 x ${3 * 2_147_483_647} (3)`]);
    const events = market.send('cancelOrder', { accountId: 1 }, { clientOrderId: 1n, instrumentId: 1 });
    expect(events[1]).toMatchObject({ fields: { levelLots: 2 * 2_147_483_647, orderCount: 2 } });
  });
});

/** Status, throttle, order limits and price bands; transfers between accounts; positions in snapshots. */
import { describe, expect, test } from 'vitest';
import {
  AccountStatus,
  CancelReason,
  InstrumentFlag,
  OrderType,
  SnapshotFlag,
  TimeInForce,
} from '../../src/core/codes.js';
import { queryAccount, queryInstruments } from '../../src/core/queries.js';
import type { MessageFields } from '../../src/wire/message-fields.js';
import { FUNDS, Market, texts } from '../support/market.js';

const { active, suspended, killed } = AccountStatus;
const MARKET_IOC = { orderType: OrderType.market, timeInForce: TimeInForce.IOC };

function setStatus(market: Market, accountId: number, status: number): string[] {
  return texts(market.send('setAccountStatus', {}, { accountId, status }));
}

function limit(market: Market, limits: Partial<MessageFields['setOrderLimits']>): string[] {
  return texts(market.send('setOrderLimits', {}, { accountId: 1, instrumentId: 1, ...limits }));
}

function band(market: Market, terms: Partial<MessageFields['setPriceBand']>): string[] {
  return texts(market.send('setPriceBand', {}, { instrumentId: 1, ...terms }));
}

function move(market: Market, terms: Partial<MessageFields['transfer']>): string[] {
  const usual = { transferId: 900n, fromAccountId: 1, toAccountId: 2, asset: 'USD', amount: 70 };
  return texts(market.send('transfer', {}, { ...usual, ...terms }));
}

describe('a suspended account', () => {
  test('sends no orders and no replaces, but cancels and asks', () => {
    const market = new Market(1);
    market.buy(1, 1, 100, 10);
    market.buy(1, 2, 100, 10);
    expect(setStatus(market, 1, suspended)).toEqual(['accountChanged']);
    expect(market.buy(1, 3, 100, 10)).toEqual(['rejected ACCOUNT_SUSPENDED']);
    expect(market.replace(1, 1, 100, 5)).toEqual(['rejected ACCOUNT_SUSPENDED']);
    expect(market.cancel(1, 1)).toEqual(['cancelled 1 of 10']);
    expect(market.bids()).toEqual(['100 x 10 (1)']);
    expect(texts(market.send('massCancel', { accountId: 1 }, {}))).toEqual([
      'cancelled 2 of 10',
      'massCancelled',
    ]);
    expect(texts(market.send('requestSnapshot', { accountId: 1 }, {})).at(-1)).toBe('snapshotEnd');
  });

  test('still trades what rests, and trades again when it is active', () => {
    const market = new Market(2);
    market.buy(1, 1, 100, 10);
    setStatus(market, 1, suspended);
    expect(market.sell(2, 1, 100, 4)).toEqual(['accepted 1', 'trade 4 at 100 with 1 (leaves 6)']);
    setStatus(market, 1, active);
    expect(market.buy(1, 3, 100, 10)).toEqual(['accepted 3']);
  });
});

describe('the kill switch', () => {
  test('cancels all that the account has open, oldest first, and tells it without an answer', () => {
    const market = new Market(2);
    market.sell(2, 9, 200, 1);
    market.buy(1, 1, 100, 10);
    market.sell(1, 2, 110, 20);
    market.replace(1, 1, 99, 10);
    const [changed, ...events] = market.send(
      'setAccountStatus',
      { sessionId: 0 },
      { accountId: 1, status: killed, clientSequence: 77 },
    );
    expect(changed).toMatchObject({
      name: 'accountChanged',
      accountId: 1,
      fields: { status: killed, clientSequence: 77 },
    });
    const cancels = events.filter(({ name }) => name === 'cancelled');
    expect(cancels).toMatchObject([
      { accountId: 1, fields: { clientOrderId: 1n, reason: CancelReason.killSwitch, clientSequence: 0 } },
      { accountId: 1, fields: { clientOrderId: 2n, reason: CancelReason.killSwitch, clientSequence: 0 } },
    ]);
    expect(events.map(({ name }) => name)).toEqual(['cancelled', 'cancelled', 'bookDelta', 'bookDelta']);
    expect(market.money(1, 'USD')).toEqual([FUNDS, 0]);
    expect([market.bids(), market.asks()]).toEqual([[], ['200 x 1 (1)']]);
    expect(market.buy(1, 3, 100, 1)).toEqual(['rejected ACCOUNT_SUSPENDED']);
    expect(queryAccount(market.engine.core, 1)?.status).toBe(killed);
  });
});

describe('a throttle', () => {
  const INTERVAL_US = 1000;

  /** Account 1 may send two commands in each millisecond; the next command is the first of a new one. */
  function throttled(): Market {
    const market = new Market(2);
    market.send('setAccountThrottle', {}, { accountId: 1, maxCommands: 2, intervalUs: INTERVAL_US });
    const toNext = INTERVAL_US - 1 - (market.script.timestampUs % INTERVAL_US);
    market.send('timeAdvanced', { microseconds: toNext }, {});
    return market;
  }

  test('lets so many orders and replaces through in an interval of command time', () => {
    const market = throttled();
    market.buy(1, 1, 100, 10);
    expect(market.replace(1, 1, 100, 5)).toEqual(['replaced 1 5 at 100 in place']);
    expect(market.buy(1, 2, 100, 10)).toEqual(['rejected THROTTLED']);
    expect(market.replace(1, 1, 100, 4)).toEqual(['rejected THROTTLED']);
    expect(market.cancel(1, 1)).toEqual(['cancelled 1 of 5']);
    expect(market.buy(2, 2, 100, 10)).toEqual(['accepted 2']);
  });

  test('counts anew in the next interval, from its first microsecond on', () => {
    const market = throttled();
    for (const id of [1, 2]) market.buy(1, id, 100, 1);
    market.send('timeAdvanced', { microseconds: INTERVAL_US - 3 }, {});
    expect(market.script.timestampUs % INTERVAL_US).toBe(INTERVAL_US - 2);
    expect(market.buy(1, 3, 100, 1)).toEqual(['rejected THROTTLED']);
    expect(market.buy(1, 3, 100, 1)).toEqual(['accepted 3']);
  });

  test('counts what is rejected later, not what it refused itself', () => {
    const market = throttled();
    const hash = market.hash();
    market.buy(1, 1, 100, 0);
    expect(market.hash()).not.toBe(hash);
    expect(market.buy(1, 1, 0, 1)).toEqual(['rejected INVALID_PRICE']);
    expect(market.buy(1, 1, 100, 1)).toEqual(['rejected THROTTLED']);
  });

  test('that is set again starts empty, and one of no commands is none', () => {
    const market = throttled();
    for (const id of [1, 2]) market.buy(1, id, 100, 1);
    market.send('setAccountThrottle', {}, { accountId: 1, maxCommands: 1, intervalUs: 4_294_967_295 });
    expect(market.buy(1, 3, 100, 1)).toEqual(['accepted 3']);
    expect(market.buy(1, 4, 100, 1)).toEqual(['rejected THROTTLED']);
    expect(queryAccount(market.engine.core, 1)?.throttle).toEqual({
      maxCommands: 1,
      intervalUs: 4_294_967_295,
    });
    market.send('setAccountThrottle', {}, { accountId: 1, maxCommands: 0, intervalUs: 0 });
    expect(market.buy(1, 4, 100, 1)).toEqual(['accepted 4']);
  });
});

describe('order limits', () => {
  test('bound the quantity of an order and the new quantity of a replace', () => {
    const market = new Market(2);
    expect(limit(market, { maxOrderLots: 10 })).toEqual(['orderLimitsChanged']);
    expect(market.buy(1, 1, 100, 11)).toEqual(['rejected ORDER_TOO_LARGE']);
    expect(market.buy(1, 1, 100, 10)).toEqual(['accepted 1']);
    expect(market.replace(1, 1, 101, 11)).toEqual(['rejected ORDER_TOO_LARGE']);
    expect(market.buy(2, 1, 100, 11)).toEqual(['accepted 1']);
  });

  test('leave an order alone that only gets smaller', () => {
    const market = new Market(1);
    market.buy(1, 1, 100, 20);
    limit(market, { maxOrderLots: 10, maxOrderNotional: 1 });
    expect(market.replace(1, 1, 100, 15)).toEqual(['replaced 1 15 at 100 in place']);
    expect(market.replace(1, 1, 99, 15)).toEqual(['rejected ORDER_TOO_LARGE']);
  });

  test('bound what an order is worth at its price, to the unit', () => {
    const market = new Market(2);
    limit(market, { maxOrderNotional: 1000 });
    expect(market.buy(1, 1, 100, 10)).toEqual(['accepted 1']);
    expect(market.sell(1, 2, 1001, 1)).toEqual(['rejected NOTIONAL_OVER_LIMIT']);
    expect(market.replace(1, 1, 101, 10)).toEqual(['rejected NOTIONAL_OVER_LIMIT']);
    limit(market, { maxOrderNotional: Number.MAX_SAFE_INTEGER });
    expect(market.buy(1, 3, 2 ** 31 - 1, 2 ** 31 - 1)).toEqual(['rejected NOTIONAL_OVER_LIMIT']);
  });

  test('bound the open orders in the instrument, those too that were open before', () => {
    const market = new Market(2);
    market.send(
      'listInstrument',
      {},
      { symbol: 'X', base: 'ABC', quote: 'EUR', tickMantissa: 1, lotMantissa: 1 },
    );
    for (const id of [1, 2]) market.buy(1, id, 100, 1);
    limit(market, { maxOpenOrders: 3 });
    expect(market.sell(1, 3, 110, 1)).toEqual(['accepted 3']);
    expect(market.buy(1, 4, 100, 1)).toEqual(['rejected TOO_MANY_OPEN_ORDERS']);
    expect(market.sell(1, 5, 110, 1, { instrumentId: 2 })).toEqual(['accepted 5']);
    expect(market.replace(1, 1, 101, 1)).toEqual(['replaced 1 1 at 101']);
    market.sell(2, 1, 101, 1);
    expect(market.buy(1, 4, 100, 1)).toEqual(['accepted 4']);
    expect(market.buy(1, 6, 110, 1)).toEqual(['rejected TOO_MANY_OPEN_ORDERS']);
    market.cancel(1, 2);
    expect(market.buy(1, 6, 100, 1)).toEqual(['accepted 6']);
  });

  test('are told in the order: band, quantity, worth, open orders, then funds', () => {
    const market = new Market(1);
    const huge = () => market.buy(1, 9, 200, 1_000_000_000);
    market.buy(1, 1, 100, 1);
    expect(huge()).toEqual(['accepted 9']);
    market.cancel(1, 9);
    limit(market, { maxOpenOrders: 1 });
    expect(huge()).toEqual(['rejected TOO_MANY_OPEN_ORDERS']);
    limit(market, { maxOpenOrders: 1, maxOrderNotional: 1 });
    expect(huge()).toEqual(['rejected NOTIONAL_OVER_LIMIT']);
    limit(market, { maxOpenOrders: 1, maxOrderNotional: 1, maxOrderLots: 1 });
    expect(huge()).toEqual(['rejected ORDER_TOO_LARGE']);
    band(market, { maxPriceTicks: 199 });
    expect(huge()).toEqual(['rejected PRICE_OUT_OF_BAND']);
    limit(market, {});
    expect(huge()).toEqual(['rejected PRICE_OUT_OF_BAND']);
    band(market, {});
    expect(huge()).toEqual(['accepted 9']);
  });
});

describe('a price band', () => {
  test('bounds the prices of orders and of replaces that move', () => {
    const market = new Market(1);
    market.buy(1, 1, 80, 5);
    expect(band(market, { minPriceTicks: 90, maxPriceTicks: 110 })).toEqual(['priceBandChanged']);
    expect(market.buy(1, 2, 89, 1)).toEqual(['rejected PRICE_OUT_OF_BAND']);
    expect(market.sell(1, 2, 111, 1)).toEqual(['rejected PRICE_OUT_OF_BAND']);
    expect(market.buy(1, 2, 90, 1)).toEqual(['accepted 2']);
    expect(market.sell(1, 3, 110, 1)).toEqual(['accepted 3']);
    expect(market.replace(1, 2, 89, 1)).toEqual(['rejected PRICE_OUT_OF_BAND']);
    expect(market.replace(1, 1, 80, 4)).toEqual(['replaced 1 4 at 80 in place']);
    expect(market.replace(1, 1, 80, 5)).toEqual(['rejected PRICE_OUT_OF_BAND']);
  });

  test('in percent goes by its reference, or else by the last trade, each bound rounded inwards', () => {
    const market = new Market(2);
    band(market, { bandPpm: 15_000 });
    expect(market.buy(1, 1, 1, 1)).toEqual(['accepted 1']);
    market.sell(2, 1, 1, 1);
    expect(market.buy(1, 1, 2, 1)).toEqual(['rejected PRICE_OUT_OF_BAND']);
    band(market, { bandPpm: 15_000, referencePriceTicks: 1001 });
    // 1001 x 0.985 = 985.985, 1001 x 1.015 = 1016.015
    expect(market.buy(1, 1, 985, 1)).toEqual(['rejected PRICE_OUT_OF_BAND']);
    expect(market.buy(1, 1, 986, 1)).toEqual(['accepted 1']);
    expect(market.sell(1, 2, 1017, 1)).toEqual(['rejected PRICE_OUT_OF_BAND']);
    expect(market.sell(1, 2, 1016, 1)).toEqual(['accepted 2']);
    band(market, { bandPpm: 15_000, referencePriceTicks: 1001, minPriceTicks: 990, maxPriceTicks: 1010 });
    expect(market.buy(1, 3, 989, 1)).toEqual(['rejected PRICE_OUT_OF_BAND']);
    expect(market.sell(1, 3, 1011, 1)).toEqual(['rejected PRICE_OUT_OF_BAND']);
    band(market, { referencePriceTicks: 1001 });
    expect(market.buy(1, 3, 1, 1)).toEqual(['accepted 3']);
  });

  test('that is taken away leaves the instruments beside it alone', () => {
    const market = new Market(1);
    const margin = { flags: InstrumentFlag.margin, initialMarginPpm: 200_001, maintenanceMarginPpm: 100_001 };
    const listing = { base: 'ABC', quote: 'USD', tickMantissa: 1, lotMantissa: 1 };
    market.send('listInstrument', {}, { ...listing, ...margin, symbol: 'ABC-MARGIN' });
    market.send('listInstrument', {}, { ...listing, symbol: 'ABC-THIRD' });
    band(market, { instrumentId: 3 });
    const { core } = market.engine;
    expect(queryInstruments(core)[1]).toMatchObject({ initialMarginPpm: 200_001 });
  });

  test('moves the protection of a market order, and rejects a worst price that is named', () => {
    const market = new Market(2);
    market.sell(1, 1, 100, 1);
    market.sell(1, 2, 104, 1);
    market.buy(1, 3, 50, 1);
    band(market, { minPriceTicks: 49, maxPriceTicks: 103 });
    expect(market.buy(2, 1, 105, 2, MARKET_IOC)).toEqual(['rejected PRICE_OUT_OF_BAND']);
    expect(market.buy(2, 1, 0, 2, MARKET_IOC)).toEqual([
      'accepted 1',
      'trade 1 at 100 with 1 (leaves 0)',
      'cancelled 1 of 1',
    ]);
    band(market, { minPriceTicks: 60 });
    expect(market.sell(2, 1, 0, 1, MARKET_IOC)).toEqual(['accepted 1', 'cancelled 1 of 1']);
  });
});

describe('a transfer', () => {
  test('moves available money; the payer is told without an answer', () => {
    const market = new Market(2);
    const fields = { transferId: 900n, fromAccountId: 1, toAccountId: 2, asset: 'USD', amount: 70 };
    expect(market.send('transfer', {}, { ...fields, clientSequence: 5 })).toMatchObject([
      {
        name: 'balanceChanged',
        accountId: 1,
        fields: { amount: -70, available: FUNDS - 70, clientSequence: 0 },
      },
      {
        name: 'balanceChanged',
        accountId: 2,
        fields: { amount: 70, available: FUNDS + 70, clientSequence: 5 },
      },
    ]);
  });

  test('with a known id is answered as a duplicate when it says the same, in both accounts', () => {
    const market = new Market(3, { maxTransfers: 8 });
    move(market, {});
    expect(move(market, {})).toEqual([
      `balance -70 -> ${FUNDS - 70} + 0 duplicate`,
      `balance 70 -> ${FUNDS + 70} + 0 duplicate`,
    ]);
    for (const other of [
      { amount: 71 },
      { fromAccountId: 3 },
      { toAccountId: 3 },
      { asset: 'ABC' },
      { fromAccountId: 0 },
    ]) {
      expect(move(market, other)).toEqual(['rejected TRANSFER_ID_REUSED']);
    }
    expect(market.deposit(2, 'USD', 70, 900n)).toEqual(['rejected TRANSFER_ID_REUSED']);
    expect(market.withdraw(1, 'USD', 70, 900n)).toEqual(['rejected TRANSFER_ID_REUSED']);
    expect(move(market, { transferId: 1n })).toEqual(['rejected TRANSFER_ID_REUSED']);
    market.deposit(2, 'USD', 70, 901n);
    expect(move(market, { transferId: 901n, fromAccountId: 0 })).toEqual(['rejected TRANSFER_ID_REUSED']);
    expect(move(market, { transferId: 902n })).toEqual(['rejected TOO_MANY_TRANSFERS']);
  });

  test('cannot take what orders hold, nor fees that were not charged', () => {
    const market = new Market(2);
    market.buy(1, 1, 1000, FUNDS / 1000 - 1);
    expect(move(market, { amount: 1001 })).toEqual(['rejected INSUFFICIENT_FUNDS']);
    expect(move(market, { amount: 1000 })).toHaveLength(2);
    expect(move(market, { fromAccountId: 0, transferId: 7777n, amount: 1 })).toEqual([
      'rejected INSUFFICIENT_FUNDS',
    ]);
  });
});

describe('a snapshot', () => {
  test('tells positions when it is asked for them, between balances and orders', () => {
    const market = new Market(2);
    market.buy(1, 1, 100, 10);
    market.sell(2, 1, 100, 4);
    const names = (flags: number) =>
      market.send('requestSnapshot', { accountId: 2 }, { flags }).map(({ name }) => name);
    expect(names(0)).toEqual(['balanceChanged', 'balanceChanged', 'snapshotEnd']);
    expect(names(SnapshotFlag.positions)).toEqual([
      'balanceChanged',
      'balanceChanged',
      'position',
      'snapshotEnd',
    ]);
    const events = market.send('requestSnapshot', { accountId: 1 }, { flags: SnapshotFlag.positions });
    expect(events.slice(2)).toMatchObject([
      { name: 'position', fields: { instrumentId: 1, quantityLots: 4, cost: 400, realisedProfit: 0 } },
      { name: 'orderStatus' },
      { name: 'snapshotEnd', fields: { balanceCount: 2, orderCount: 1, positionCount: 1 } },
    ]);
    expect(texts(market.send('requestSnapshot', { accountId: 1 }, { flags: 2 }))).toEqual([
      'rejected INVALID_FLAGS',
    ]);
  });

  test('keeps a flat position that gained, and forgets one that did not', () => {
    const market = new Market(2);
    const positions = () => queryAccount(market.engine.core, 1)?.positions;
    market.buy(1, 1, 100, 1);
    market.sell(2, 1, 100, 1);
    market.sell(1, 1, 100, 1);
    market.buy(2, 1, 100, 1);
    expect(positions()).toEqual([]);
    market.buy(1, 1, 100, 1);
    market.sell(2, 1, 100, 1);
    market.sell(1, 1, 101, 1);
    market.buy(2, 1, 101, 1);
    expect(positions()).toEqual([
      { instrumentId: 1, quantityLots: 0, cost: 0, realisedProfit: 1, initialMargin: 0 },
    ]);
  });

  test('an account that trades with itself is flat', () => {
    const market = new Market(1);
    market.buy(1, 1, 100, 3);
    market.sell(1, 2, 100, 2);
    expect(queryAccount(market.engine.core, 1)?.positions).toEqual([]);
  });
});

describe('the commands of admins are refused', () => {
  test('for accounts and instruments that are not there, and for values that do not go', () => {
    const market = new Market(1);
    expect(setStatus(market, 9, active)).toEqual(['rejected UNKNOWN_ACCOUNT']);
    for (const status of [0, 4, 255])
      expect(setStatus(market, 1, status)).toEqual(['rejected INVALID_STATUS']);
    const throttle = (fields: object) =>
      texts(market.send('setAccountThrottle', {}, { accountId: 1, ...fields }));
    expect(throttle({ accountId: 9 })).toEqual(['rejected UNKNOWN_ACCOUNT']);
    expect(throttle({ maxCommands: 1 })).toEqual(['rejected INVALID_THROTTLE']);
    expect(band(market, { instrumentId: 2 })).toEqual(['rejected UNKNOWN_INSTRUMENT']);
    for (const wrong of [
      { minPriceTicks: -1 },
      { maxPriceTicks: -1 },
      { minPriceTicks: 3, maxPriceTicks: 2 },
      { referencePriceTicks: -1 },
      { bandPpm: 1_000_001 },
    ]) {
      expect(band(market, wrong)).toEqual(['rejected INVALID_BAND']);
    }
    expect(band(market, { minPriceTicks: 3, maxPriceTicks: 3, bandPpm: 1_000_000 })).toEqual([
      'priceBandChanged',
    ]);
    expect(limit(market, { accountId: 9 })).toEqual(['rejected UNKNOWN_ACCOUNT']);
    expect(limit(market, { instrumentId: 2 })).toEqual(['rejected UNKNOWN_INSTRUMENT']);
    for (const wrong of [
      { maxOrderLots: -1 },
      { maxOpenOrders: -1 },
      { maxOrderNotional: -1 },
      { maxOrderNotional: 2 ** 53 },
    ]) {
      expect(limit(market, wrong)).toEqual(['rejected INVALID_LIMIT']);
    }
  });

  test('for transfers that cannot be', () => {
    const market = new Market(2, { maxHoldings: 4 });
    market.send(
      'listInstrument',
      {},
      { symbol: 'X', base: 'ABC', quote: 'EUR', tickMantissa: 1, lotMantissa: 1 },
    );
    for (const amount of [0, -1, 2 ** 53])
      expect(move(market, { amount })).toEqual(['rejected INVALID_AMOUNT']);
    expect(move(market, { fromAccountId: 9 })).toEqual(['rejected UNKNOWN_ACCOUNT']);
    expect(move(market, { toAccountId: 9 })).toEqual(['rejected UNKNOWN_ACCOUNT']);
    expect(move(market, { toAccountId: 1 })).toEqual(['rejected INVALID_ACCOUNT']);
    expect(move(market, { asset: 'GBP' })).toEqual(['rejected UNKNOWN_ASSET']);
    expect(move(market, { asset: 'EUR' })).toEqual(['rejected INSUFFICIENT_FUNDS']);
    market.send('openAccount', {}, { accountId: 3 });
    expect(move(market, { toAccountId: 3 })).toEqual(['rejected TOO_MANY_HOLDINGS']);
  });

  test('where there is no room for another position or limit', () => {
    const market = new Market(3, { maxPositions: 2, maxOrderLimits: 1 });
    expect(limit(market, { maxOrderLots: 5 })).toEqual(['orderLimitsChanged']);
    expect(limit(market, { accountId: 2 })).toEqual(['rejected TOO_MANY_LIMITS']);
    expect(limit(market, { maxOrderLots: 6 })).toEqual(['orderLimitsChanged']);
    expect(market.buy(2, 1, 100, 1)).toEqual(['accepted 1']);
    expect(market.buy(3, 1, 100, 1)).toEqual(['rejected TOO_MANY_POSITIONS']);
    expect(market.buy(1, 1, 100, 6)).toEqual(['accepted 1']);
    const other = new Market(2, { maxPositions: 1 });
    other.buy(1, 1, 100, 1);
    expect(limit(other, { accountId: 2 })).toEqual(['rejected TOO_MANY_POSITIONS']);
  });
});

/** Icebergs, stops, pairs, amounts, expiry and fees in the corners that the pages do not show. */
import { describe, expect, test } from 'vitest';
import {
  CancelReason,
  OrderFlag,
  OrderType,
  ReplaceFlag,
  SelfTradePrevention,
  Side,
  TimeInForce,
} from '../../src/core/codes.js';
import { portionDown, portionUp } from '../../src/core/money.js';
import { queryInstruments } from '../../src/core/queries.js';
import type { MessageFields } from '../../src/wire/message-fields.js';
import type { DecodedSlot } from '../../src/wire/slot-codec.js';
import { FUNDS, Market, texts } from '../support/market.js';

const GTC_LIMIT = { instrumentId: 1, orderType: OrderType.limit, timeInForce: TimeInForce.GTC };

function events(
  market: Market,
  accountId: number,
  fields: Partial<MessageFields['newOrder']>,
): DecodedSlot[] {
  return market.send('newOrder', { accountId }, { ...GTC_LIMIT, ...fields });
}

function order(market: Market, accountId: number, fields: Partial<MessageFields['newOrder']>): string[] {
  return texts(events(market, accountId, fields));
}

/** A sell of 10 at 100 by account 1 with id 1 that displays 3, and one of 5 by account 2 with id 2 behind it. */
function marketWithIceberg(): Market {
  const market = new Market(4);
  order(market, 1, { clientOrderId: 1n, side: Side.sell, priceTicks: 100, quantityLots: 10, displayLots: 3 });
  market.sell(2, 2, 100, 5);
  return market;
}

/** A market that has traded one lot at a price. */
function tradedAt(price: number): Market {
  const market = new Market(4);
  market.sell(4, 91, price, 1);
  market.buy(4, 92, price, 1);
  return market;
}

function tradeAt(market: Market, price: number): DecodedSlot[] {
  market.sell(4, 93, price, 1);
  return events(market, 4, { clientOrderId: 94n, side: Side.buy, priceTicks: price, quantityLots: 1 });
}

describe('an iceberg', () => {
  test('shows its peak only, and takes part in its level again and again', () => {
    const market = marketWithIceberg();
    expect(market.asks()).toEqual(['100 x 8 (2)']);
    expect(market.buy(3, 3, 100, 15)).toEqual([
      'accepted 3',
      'trade 3 at 100 with 1 (leaves 7)',
      'trade 5 at 100 with 2 (leaves 0)',
      'trade 3 at 100 with 1 (leaves 4)',
      'trade 3 at 100 with 1 (leaves 1)',
      'trade 1 at 100 with 1 (leaves 0)',
    ]);
  });

  test('keeps its place and its peak when it is made smaller, until less is left than it displays', () => {
    const market = marketWithIceberg();
    expect(market.replace(1, 1, 100, 4)).toEqual(['replaced 1 4 at 100 in place']);
    expect(market.asks()).toEqual(['100 x 8 (2)']);
    market.replace(1, 1, 100, 2);
    expect(market.asks()).toEqual(['100 x 7 (2)']);
    expect(market.buy(3, 3, 100, 1)).toEqual(['accepted 3', 'trade 1 at 100 with 1 (leaves 1)']);
  });

  test('shows a fresh peak behind its level when it comes in anew', () => {
    const market = marketWithIceberg();
    market.buy(3, 3, 100, 2);
    expect(market.asks()).toEqual(['100 x 6 (2)']);
    market.replace(1, 1, 100, 6, 1, ReplaceFlag.reinsert);
    expect(market.asks()).toEqual(['100 x 8 (2)']);
    expect(market.buy(3, 4, 100, 1)).toEqual(['accepted 4', 'trade 1 at 100 with 2 (leaves 4)']);
  });

  test('displays a hundredth of what is open or more, also after a replace', () => {
    const market = new Market(4);
    const sell = { side: Side.sell, priceTicks: 100 };
    const largest = { ...sell, quantityLots: 200, displayLots: 2 };
    expect(order(market, 1, { ...largest, clientOrderId: 1n, quantityLots: 201 })).toEqual([
      'rejected INVALID_DISPLAY_QUANTITY',
    ]);
    expect(order(market, 1, { ...largest, clientOrderId: 1n })).toEqual(['accepted 1']);
    expect(market.replace(1, 1, 101, 200)).toEqual(['replaced 1 200 at 101']);
    expect(market.replace(1, 1, 101, 201)).toEqual(['rejected INVALID_DISPLAY_QUANTITY']);
    // What has traded is not open any more.
    market.buy(2, 2, 101, 50);
    expect(market.replace(1, 1, 101, 250)).toEqual(['replaced 1 200 at 101']);
    expect(market.replace(1, 1, 101, 201, 1, ReplaceFlag.reinsert)).toEqual([
      'rejected INVALID_DISPLAY_QUANTITY',
    ]);
    expect(market.asks()).toEqual(['101 x 2 (1)']);
  });

  test('trades as the incoming order with all it has, and rests with a peak', () => {
    const market = new Market(3);
    market.buy(2, 2, 100, 4);
    const lines = order(market, 1, {
      clientOrderId: 1n,
      side: Side.sell,
      priceTicks: 100,
      quantityLots: 10,
      displayLots: 2,
    });
    expect(lines).toEqual(['accepted 1', 'trade 4 at 100 with 2 (leaves 0)']);
    expect(market.asks()).toEqual(['100 x 2 (1)']);
  });

  test('counts whole for a fill-or-kill order', () => {
    const market = marketWithIceberg();
    const fok = { timeInForce: TimeInForce.FOK };
    expect(market.buy(3, 3, 100, 16, fok)).toEqual(['accepted 3', 'cancelled 3 of 16']);
    expect(market.buy(3, 3, 100, 15, fok)).toHaveLength(6);
  });

  test('counts with its peak only in front of an order that prevention keeps the taker from', () => {
    const market = marketWithIceberg();
    const fok = {
      clientOrderId: 3n,
      side: Side.buy,
      priceTicks: 100,
      timeInForce: TimeInForce.FOK,
      selfTradePrevention: SelfTradePrevention.cancelNewest,
    };
    expect(order(market, 2, { ...fok, quantityLots: 4 })).toEqual(['accepted 3', 'cancelled 3 of 4']);
    expect(order(market, 2, { ...fok, quantityLots: 3 })).toEqual([
      'accepted 3',
      'trade 3 at 100 with 1 (leaves 7)',
    ]);
  });

  test('loses what self-trade prevention takes from its peak, and shows the next behind its level', () => {
    const market = marketWithIceberg();
    const lines = order(market, 1, {
      clientOrderId: 3n,
      side: Side.buy,
      priceTicks: 100,
      quantityLots: 4,
      selfTradePrevention: SelfTradePrevention.decrement,
    });
    expect(lines).toEqual([
      'accepted 3',
      'selfTradePrevented',
      'selfTradePrevented',
      'trade 1 at 100 with 2 (leaves 4)',
    ]);
    expect(market.asks()).toEqual(['100 x 7 (2)']);
    expect(market.buy(3, 4, 100, 5)[1]).toBe('trade 4 at 100 with 2 (leaves 0)');
  });
});

describe('a stop', () => {
  const STOP = { clientOrderId: 1n, side: Side.buy, quantityLots: 2, orderType: OrderType.stop };

  test('reserves at its worst price, the trigger moved by the protection, and is in no book', () => {
    const market = new Market(2);
    order(market, 1, { ...STOP, triggerPriceTicks: 1000 });
    expect(market.money(1, 'USD')).toEqual([FUNDS - 2 * 1050, 2 * 1050]);
    expect(market.bids()).toEqual([]);
    market.cancel(1, 1);
    expect(market.money(1, 'USD')).toEqual([FUNDS, 0]);
  });

  test('acts at once when the last trade is at its trigger, as a notice to its account', () => {
    const market = tradedAt(100);
    market.sell(2, 2, 101, 5);
    const context = { accountId: 1, sessionId: 0 };
    const fields = { ...GTC_LIMIT, ...STOP, triggerPriceTicks: 100, clientSequence: 7 };
    const happened = market.send('newOrder', context, fields);
    const named = happened.filter((event) => event.name !== 'bookDelta');
    expect(named.map((event) => event.name)).toEqual(['accepted', 'triggered', 'trade', 'trade']);
    expect(named.map((event) => event.fields.clientSequence)).toEqual([7, 0, 0, 0]);
  });

  test('waits in the direction that it names, against the usual one of its side', () => {
    const market = tradedAt(100);
    market.sell(2, 2, 95, 5);
    const falling = { ...STOP, triggerPriceTicks: 96, triggerDirection: 2 };
    expect(order(market, 1, falling)).toEqual(['accepted 1']);
    expect(market.buy(3, 3, 95, 1)).toEqual([
      'accepted 3',
      'trade 1 at 95 with 2 (leaves 4)',
      'triggered',
      'trade 2 at 95 with 2 (leaves 2)',
    ]);
  });

  test('fires with others by trigger, then order id, each with the trade that reached it', () => {
    const market = tradedAt(100);
    const rising = { ...STOP, side: Side.buy, quantityLots: 1 };
    order(market, 1, { ...rising, clientOrderId: 1n, triggerPriceTicks: 103 });
    order(market, 1, { ...rising, clientOrderId: 2n, triggerPriceTicks: 101 });
    order(market, 1, { ...rising, clientOrderId: 3n, triggerPriceTicks: 101 });
    for (const price of [101, 103]) market.sell(2, price, price, 1);
    const fired = events(market, 3, {
      clientOrderId: 9n,
      side: Side.buy,
      priceTicks: 103,
      quantityLots: 2,
    }).flatMap((event) =>
      event.name === 'triggered' ? [[Number(event.fields.clientOrderId), event.fields.lastPriceTicks]] : [],
    );
    expect(fired).toEqual([
      [2, 101],
      [3, 101],
      [1, 103],
    ]);
  });

  test('that trails follows the price one way, and its price and reservation go with the trigger', () => {
    const market = tradedAt(100);
    order(market, 1, { ...STOP, orderType: OrderType.stopLimit, priceTicks: 112, trailingTicks: 10 });
    expect(market.money(1, 'USD')[1]).toBe(2 * 112);
    tradeAt(market, 95);
    tradeAt(market, 99);
    const fired = tradeAt(market, 105).find((event) => event.name === 'triggered');
    expect(fired?.fields).toMatchObject({ triggerPriceTicks: 105, priceTicks: 107, lastPriceTicks: 105 });
    expect(market.money(1, 'USD')[1]).toBe(2 * 107);
    expect(market.bids()).toEqual(['107 x 2 (1)']);
  });

  test('expires while it waits, and the trigger is gone with it', () => {
    const market = tradedAt(100);
    const expireTimeUs = market.script.timestampUs + 10;
    order(market, 1, { ...STOP, timeInForce: TimeInForce.GTD, expireTimeUs, triggerPriceTicks: 105 });
    const late = market.send('timeAdvanced', { microseconds: 20 }, {});
    expect(late[0]).toMatchObject({ name: 'cancelled', fields: { reason: CancelReason.expired } });
    expect(tradeAt(market, 105).some((event) => event.name === 'triggered')).toBe(false);
  });

  test('is counted by the mass cancel of its side, and goes with it', () => {
    const market = tradedAt(100);
    order(market, 1, { ...STOP, triggerPriceTicks: 105 });
    const lines = texts(market.send('massCancel', { accountId: 1 }, { side: Side.buy }));
    expect(lines).toEqual(['cancelled 1 of 2', 'massCancelled']);
  });
});

describe('a linked pair', () => {
  const STOP = { side: Side.sell, quantityLots: 3, orderType: OrderType.stop, triggerPriceTicks: 90 };
  const LINKED = { ...STOP, clientOrderId: 2n, flags: OrderFlag.linked, linkedClientOrderId: 1n };

  function marketWithPair(): Market {
    const market = new Market(4);
    market.sell(1, 1, 110, 3);
    order(market, 1, LINKED);
    return market;
  }

  test('holds both reservations, and counts once in a mass cancel', () => {
    const market = marketWithPair();
    expect(market.money(1, 'ABC')).toEqual([FUNDS - 6, 6]);
    const happened = market.send('massCancel', { accountId: 1 }, {});
    expect(texts(happened)).toEqual(['cancelled 1 of 3', 'cancelled 2 of 3', 'massCancelled']);
    expect(happened.find((event) => event.name === 'massCancelled')?.fields).toMatchObject({ orderCount: 1 });
    expect(market.money(1, 'ABC')).toEqual([FUNDS, 0]);
  });

  test('ends when the limit order trades as it comes in, after its first trade', () => {
    const market = new Market(4);
    order(market, 1, { ...STOP, clientOrderId: 2n });
    market.buy(2, 5, 101, 1);
    market.buy(2, 6, 100, 1);
    const second = { flags: OrderFlag.linked, linkedClientOrderId: 2n, side: Side.sell };
    expect(order(market, 1, { ...second, clientOrderId: 1n, priceTicks: 100, quantityLots: 3 })).toEqual([
      'accepted 1',
      'trade 1 at 101 with 5 (leaves 0)',
      'cancelled 2 of 3',
      'trade 1 at 100 with 6 (leaves 0)',
    ]);
  });

  test('survives a replace of the limit order', () => {
    const market = marketWithPair();
    market.replace(1, 1, 111, 2, 7);
    expect(market.buy(2, 5, 111, 1)).toEqual([
      'accepted 5',
      'trade 1 at 111 with 7 (leaves 1)',
      'cancelled 2 of 3',
    ]);
  });

  test('ends with a decrement by self-trade prevention, which counts as a trade', () => {
    const market = marketWithPair();
    const lines = order(market, 1, {
      clientOrderId: 5n,
      side: Side.buy,
      priceTicks: 110,
      quantityLots: 1,
      selfTradePrevention: SelfTradePrevention.decrement,
    });
    expect(lines).toEqual(['accepted 5', 'selfTradePrevented', 'selfTradePrevented', 'cancelled 2 of 3']);
  });

  test('ends when its incoming limit order is made smaller, or cancelled, by self-trade prevention', () => {
    for (const [mode, after] of [
      [SelfTradePrevention.decrement, ['cancelled 2 of 3']],
      [SelfTradePrevention.cancelNewest, ['cancelled 1 of 3', 'cancelled 2 of 3']],
    ] as const) {
      const market = new Market(4);
      order(market, 1, { ...STOP, clientOrderId: 2n });
      market.buy(1, 5, 100, 1);
      const lines = order(market, 1, {
        clientOrderId: 1n,
        side: Side.sell,
        priceTicks: 100,
        quantityLots: 3,
        flags: OrderFlag.linked,
        linkedClientOrderId: 2n,
        selfTradePrevention: mode,
      });
      expect(lines).toEqual(['accepted 1', 'selfTradePrevented', 'selfTradePrevented', ...after]);
    }
  });

  test('fires stops by a trade of its limit order as by any other', () => {
    const market = marketWithPair();
    market.sell(4, 8, 111, 1);
    order(market, 3, {
      clientOrderId: 7n,
      side: Side.buy,
      quantityLots: 1,
      orderType: OrderType.stop,
      triggerPriceTicks: 110,
    });
    expect(market.buy(2, 5, 110, 3).slice(-2)).toEqual(['triggered', 'trade 1 at 111 with 8 (leaves 0)']);
  });

  test('ends with its stop: the limit order is cancelled too', () => {
    const market = marketWithPair();
    expect(market.cancel(1, 2)).toEqual(['cancelled 2 of 3', 'cancelled 1 of 3']);
  });
});

describe('a market order for an amount', () => {
  const AMOUNT = { clientOrderId: 1n, orderType: OrderType.market, timeInForce: TimeInForce.IOC };

  function accepted(market: Market, fields: Partial<MessageFields['newOrder']>): unknown {
    const [event] = events(market, 1, { ...AMOUNT, ...fields });
    if (event?.name !== 'accepted') throw new Error(`not accepted: ${event?.name}`);
    return [event.fields.quantityLots, event.fields.priceTicks];
  }

  test('of a buy stops at the price beyond which the amount would buy less', () => {
    const market = new Market(3);
    market.sell(2, 1, 100, 5);
    market.sell(2, 2, 200, 50);
    expect(accepted(market, { side: Side.buy, quoteAmount: 1_001, priceTicks: 300 })).toEqual([5, 100]);
  });

  test('of a buy pays its fee out of the amount', () => {
    const market = new Market(3);
    market.send('setInstrumentFees', {}, { instrumentId: 1, feeTier: 0, takerPpm: 10_000 });
    market.sell(2, 1, 100, 50);
    expect(accepted(market, { side: Side.buy, quoteAmount: 1_010 })).toEqual([10, 100]);
    expect(market.money(1, 'USD')).toEqual([FUNDS - 1_010, 0]);
  });

  test('of a sell takes what the amount is worth at the best price, within its limit', () => {
    const market = new Market(3);
    market.buy(2, 1, 100, 5);
    market.buy(2, 2, 99, 50);
    expect(accepted(market, { side: Side.sell, quoteAmount: 999 })).toEqual([9, 95]);
    expect(market.money(1, 'USD')).toEqual([FUNDS + 5 * 100 + 4 * 99, 0]);
  });

  test('counts hidden lots, and is never more than there is', () => {
    const market = new Market(3);
    order(market, 2, {
      clientOrderId: 1n,
      side: Side.sell,
      priceTicks: 100,
      quantityLots: 8,
      displayLots: 1,
    });
    expect(accepted(market, { side: Side.buy, quoteAmount: 100_000 })).toEqual([8, 100]);
  });
});

describe('fees', () => {
  test('give a rebate that is rounded down, and kept by the venue as far as that', () => {
    const market = new Market(3);
    market.send('setInstrumentFees', {}, { instrumentId: 1, feeTier: 0, makerPpm: -1_000, takerPpm: 2_000 });
    market.sell(1, 1, 1_500, 1);
    market.buy(2, 2, 1_500, 1);
    // 1.5 is 1 as a rebate; the taker pays 3.
    expect(market.money(1, 'USD')).toEqual([FUNDS + 1_501, 0]);
    expect(market.money(2, 'USD')).toEqual([FUNDS - 1_503, 0]);
  });

  test('are portions that round up or down to the unit, exact to the last one', () => {
    const amounts = [
      0,
      1,
      999_999,
      1_000_000,
      1_000_001,
      9_007_199_254,
      2 ** 53 - 1,
      2 ** 53 - 1_000_000,
      4e15 + 1,
    ];
    for (const amount of amounts) {
      for (const ppm of [0, 1, 2, 250, 333_333, 999_999, 1_000_000]) {
        const product = BigInt(amount) * BigInt(ppm);
        expect(portionDown(amount, ppm)).toBe(Number(product / 1_000_000n));
        expect(portionUp(amount, ppm)).toBe(Number((product + 999_999n) / 1_000_000n));
      }
    }
  });

  test('are those of the moment when the order took its place, until it takes it anew', () => {
    const market = new Market(3);
    const setRates = (makerPpm: number) => {
      market.send('setInstrumentFees', {}, { instrumentId: 1, feeTier: 0, makerPpm, takerPpm: 0 });
    };
    setRates(10_000);
    market.sell(1, 1, 100, 10);
    setRates(20_000);
    market.replace(1, 1, 100, 8);
    market.buy(2, 2, 100, 2);
    expect(market.money(1, 'USD')).toEqual([FUNDS + 200 - 2, 0]);
    market.replace(1, 1, 100, 9, 1, ReplaceFlag.reinsert);
    market.buy(2, 3, 100, 2);
    expect(market.money(1, 'USD')).toEqual([FUNDS + 200 - 2 + 200 - 4, 0]);
  });

  test('of a replaced buy are reserved by the rates of now', () => {
    const market = new Market(2);
    market.buy(1, 1, 100, 10);
    market.send('setInstrumentFees', {}, { instrumentId: 1, feeTier: 0, makerPpm: 0, takerPpm: 10_000 });
    expect(market.money(1, 'USD')[1]).toBe(1_000);
    market.replace(1, 1, 100, 9);
    expect(market.money(1, 'USD')[1]).toBe(900);
    market.replace(1, 1, 101, 9);
    // ceil(1.01) for each lot
    expect(market.money(1, 'USD')[1]).toBe(9 * (101 + 2));
  });

  test('go by the tier of the account', () => {
    const market = new Market(3);
    const rates = { instrumentId: 1, feeTier: 3, makerPpm: -500, takerPpm: 1_000 };
    market.send('setInstrumentFees', {}, rates);
    market.send('setAccountFeeTier', {}, { accountId: 2, feeTier: 3 });
    expect(queryInstruments(market.engine.core)[0]?.fees[3]).toEqual({ makerPpm: -500, takerPpm: 1_000 });
    market.sell(1, 1, 1_000, 10);
    market.buy(2, 2, 1_000, 10);
    expect(market.money(1, 'USD')).toEqual([FUNDS + 10_000, 0]);
    expect(market.money(2, 'USD')).toEqual([FUNDS - 10_010, 0]);
  });
});

describe('expiry', () => {
  test('comes before a command that is rejected, and before a trade with what has expired', () => {
    const market = new Market(3);
    const expireTimeUs = market.script.timestampUs + 5;
    const gtd = { timeInForce: TimeInForce.GTD, expireTimeUs, side: Side.sell, priceTicks: 100 };
    order(market, 1, { ...gtd, clientOrderId: 1n, quantityLots: 5 });
    const fields = { ...GTC_LIMIT, clientOrderId: 1n, side: 9, clientSequence: 3 };
    // One microsecond has gone by with the order itself.
    const happened = market.send('newOrder', { accountId: 2, microseconds: 4 }, fields);
    expect(texts(happened)).toEqual(['cancelled 1 of 5', 'rejected INVALID_SIDE']);
    // The expiry answers nobody, the reject its command.
    const reports = happened.filter((event) => event.name !== 'bookDelta');
    expect(reports.map((event) => event.fields.clientSequence)).toEqual([0, 3]);
  });

  test('comes in the order of time, then order id, whatever was cancelled in between', () => {
    const market = new Market(1);
    const now = market.script.timestampUs;
    const times = [50, 30, 40, 30, 60, 20, 30, 45];
    for (const [n, time] of times.entries()) {
      const id = { clientOrderId: BigInt(n), side: Side.buy, priceTicks: 10, quantityLots: 1 };
      order(market, 1, { ...id, timeInForce: TimeInForce.GTD, expireTimeUs: now + time * 1_000 });
    }
    market.cancel(1, 3);
    market.cancel(1, 5);
    const happened = market.send('timeAdvanced', { microseconds: 50_000 }, {});
    const ids = happened.flatMap((event) =>
      event.name === 'cancelled' ? [Number(event.fields.clientOrderId)] : [],
    );
    expect(ids).toEqual([1, 6, 2, 7, 0]);
  });
});

/**
 * The core does what src/core/README.md shows: the books and sums of that page, played on the fast core, and on the
 * reference engine, by which everything else is measured.
 */
import { describe, expect, it } from 'vitest';
import {
  AccountStatus,
  CancelReason,
  OrderFlag,
  OrderType,
  RejectCode,
  SelfTradePrevention,
  Side,
  TimeInForce,
} from '../../src/core/codes.js';
import { RULE_ENGINES } from '../support/rule-engines.js';
import { A, B, C, Market, PLENTY, story } from '../support/rule-market.js';

describe.each(RULE_ENGINES)('%s', (_, makeEngine) => {
  it('trades by price, then time, at the price of the maker', () => {
    const market = new Market(makeEngine);
    market.sell(A, 5, 101);
    market.sell(B, 5, 101);
    market.sell(A, 5, 102);
    market.buy(C, 4, 99);
    expect(story(market.buy(C, 7, 102))).toEqual(['accepted', 'trade 5 at 101', 'trade 2 at 101']);
    expect(market.book()).toBe('99 C4 | 101 B3, 102 A5');
  });

  it('cancels what has expired before a command does anything, the earliest first', () => {
    const market = new Market(makeEngine);
    const now = market.script.timestampUs;
    market.sell(A, 5, 101, { timeInForce: TimeInForce.GTD, expireTimeUs: now + 10 });
    market.sell(B, 4, 101, { timeInForce: TimeInForce.GTD, expireTimeUs: now + 9 });
    market.apply('setTradingDayEnd', 0, { endTimeUs: now + 10 });
    market.sell(B, 3, 101, { timeInForce: TimeInForce.DAY });
    const late = market.script.command('timeAdvanced', { microseconds: 20 }, {});
    const reason = `reason ${CancelReason.expired}`;
    expect(story(market.engine.apply(late))).toEqual([
      `cancelled 4, ${reason}`,
      `cancelled 5, ${reason}`,
      `cancelled 3, ${reason}`,
    ]);
    expect(market.book()).toBe('|');
  });

  it('does nothing for an order that cannot have its minimum quantity', () => {
    const market = new Market(makeEngine);
    market.sell(A, 3, 101);
    const events = market.buy(C, 5, 101, { timeInForce: TimeInForce.IOC, minQuantityLots: 4 });
    expect(story(events)).toEqual(['accepted', `cancelled 5, reason ${CancelReason.minQuantityUnfillable}`]);
    expect(market.book()).toBe('| 101 A3');
    const enough = market.buy(C, 5, 101, { timeInForce: TimeInForce.IOC, minQuantityLots: 3 });
    expect(story(enough)).toEqual([
      'accepted',
      'trade 3 at 101',
      `cancelled 2, reason ${CancelReason.iocRemainder}`,
    ]);
  });

  it('lets a post-only order never take', () => {
    const market = new Market(makeEngine);
    market.sell(A, 5, 101);
    expect(story(market.buy(B, 2, 101, { flags: OrderFlag.postOnly }))).toEqual([
      `rejected ${RejectCode.POST_ONLY_WOULD_TRADE}`,
    ]);
    expect(story(market.buy(B, 2, 103, { flags: OrderFlag.postOnlyReprice }))).toEqual(['accepted']);
    expect(market.book()).toBe('100 B2 | 101 A5');
  });

  it.each([
    ['cancelNewest', ['prevented 5', 'cancelled 8, reason 8'], '| 101 A5 B5'],
    ['cancelOldest', ['prevented 5', 'cancelled 5, reason 8', 'trade 5 at 101'], '101 A3 |'],
    ['cancelBoth', ['prevented 5', 'cancelled 5, reason 8', 'cancelled 8, reason 8'], '| 101 B5'],
    ['decrement', ['prevented 5', 'trade 3 at 101'], '| 101 B2'],
    ['allow', ['trade 5 at 101', 'trade 3 at 101'], '| 101 B2'],
  ] as const)('prevents self-trades by %s', (mode, expected, book) => {
    const market = new Market(makeEngine);
    market.sell(A, 5, 101);
    market.sell(B, 5, 101);
    const events = market.buy(A, 8, 101, { selfTradePrevention: SelfTradePrevention[mode] });
    expect(story(events)).toEqual(['accepted', ...expected]);
    expect(market.book()).toBe(book);
  });

  it('counts for FOK only what self-trade prevention lets it take', () => {
    const market = new Market(makeEngine);
    market.sell(B, 2, 101);
    market.sell(A, 5, 101);
    market.sell(B, 5, 102);
    const buyAll = (lots: number, mode: number) =>
      story(market.buy(A, lots, 102, { timeInForce: TimeInForce.FOK, selfTradePrevention: mode }));
    const unfillable = `reason ${CancelReason.fokUnfillable}`;
    expect(buyAll(3, SelfTradePrevention.cancelNewest)).toEqual(['accepted', `cancelled 3, ${unfillable}`]);
    expect(buyAll(8, SelfTradePrevention.cancelOldest)).toEqual(['accepted', `cancelled 8, ${unfillable}`]);
    expect(market.book()).toBe('| 101 B2 A5, 102 B5');
    expect(buyAll(7, SelfTradePrevention.cancelOldest)).toEqual([
      'accepted',
      'trade 2 at 101',
      'prevented 5',
      `cancelled 5, reason ${CancelReason.selfTrade}`,
      'trade 5 at 102',
    ]);
  });

  it('charges and rebates as the sums of the page say', () => {
    const market = new Market(makeEngine);
    market.apply('setInstrumentFees', 0, { instrumentId: 1, feeTier: 0, makerPpm: -100, takerPpm: 250 });
    market.sell(A, 10, 5000);
    const [accepted, maker, taker] = market.buy(B, 10, 5100);
    expect(accepted?.name).toBe('accepted');
    expect(maker?.fields).toMatchObject({ fee: -5 });
    expect(taker?.fields).toMatchObject({ fee: 13 });
    expect(market.quoteOf(A)).toEqual({ available: PLENTY + 50_005, reserved: 0 });
    expect(market.quoteOf(B)).toEqual({ available: PLENTY - 50_013, reserved: 0 });
    expect(market.engine.fees('USD')).toBe(8);
    market.buy(B, 10, 4900);
    expect(market.quoteOf(B).reserved).toBe(10 * (4900 + 2));
  });

  it('pays no rebate beyond the fee of the taker', () => {
    const market = new Market(makeEngine);
    market.apply('setInstrumentFees', 0, { instrumentId: 1, feeTier: 0, makerPpm: -500_000, takerPpm: 1 });
    market.sell(A, 10, 100);
    const [, maker, taker] = market.buy(B, 10, 100);
    expect(maker?.fields).toMatchObject({ fee: -1 });
    expect(taker?.fields).toMatchObject({ fee: 1 });
  });

  it('cancels by instrument and side, the oldest first', () => {
    const market = new Market(makeEngine);
    market.sell(A, 1, 101);
    market.buy(A, 2, 99);
    market.sell(A, 3, 102);
    const events = market.apply('massCancel', A, { instrumentId: 1, side: Side.sell });
    const reason = `reason ${CancelReason.massCancel}`;
    expect(story(events)).toEqual([`cancelled 1, ${reason}`, `cancelled 3, ${reason}`, 'massCancelled']);
    expect(market.book()).toBe('99 A2 |');
  });

  it('displays the next peak of an iceberg behind its level, and uses a level up before the next price', () => {
    const market = new Market(makeEngine);
    market.sell(A, 6, 101, { displayLots: 2 });
    market.sell(B, 3, 101);
    market.sell(B, 9, 102);
    const events = market.buy(C, 4, 101);
    expect(story(events)).toEqual(['accepted', 'trade 2 at 101', 'trade 2 at 101']);
    expect(market.book()).toBe('| 101 B1 A4, 102 B9');
    expect(events.at(-1)?.fields).toMatchObject({ levelLots: 3, orderCount: 2 });
    expect(story(market.buy(C, 6, 102))).toEqual([
      'accepted',
      ...['trade 1 at 101', 'trade 2 at 101', 'trade 2 at 101', 'trade 1 at 102'],
    ]);
  });

  it('buys for an amount what fits it at the worst price that is needed', () => {
    const market = new Market(makeEngine);
    market.sell(A, 5, 100);
    market.sell(B, 5, 102);
    const market900 = {
      orderType: OrderType.market,
      timeInForce: TimeInForce.IOC,
      quoteAmount: 900,
    };
    const events = market.buy(C, 0, 0, market900);
    expect(events[0]?.fields).toMatchObject({ quantityLots: 8, priceTicks: 102 });
    expect(story(events)).toEqual(['accepted', 'trade 5 at 100', 'trade 3 at 102']);
    expect(market.quoteOf(C)).toEqual({ available: PLENTY - 806, reserved: 0 });
  });

  it('runs stops in a cascade, one completely after the other', () => {
    const market = new Market(makeEngine);
    for (const price of [101, 103, 105]) market.sell(A, 1, price);
    market.buy(B, 1, 0, { orderType: OrderType.stop, triggerPriceTicks: 101 });
    market.buy(C, 1, 0, { orderType: OrderType.stop, triggerPriceTicks: 103 });
    const events = market.buy(C, 1, 101);
    expect(story(events)).toEqual([
      'accepted',
      'trade 1 at 101',
      ...['triggered', 'trade 1 at 103'],
      ...['triggered', 'trade 1 at 105'],
    ]);
    const own = events.filter((event) => event.name === 'triggered').map((event) => event.accountId);
    expect(own).toEqual([B, C]);
  });

  it('lets a trailing stop follow the last trade and its price follow the trigger', () => {
    const market = new Market(makeEngine);
    const tradeAt = (price: number) => {
      market.sell(B, 1, price);
      return market.buy(C, 1, price);
    };
    tradeAt(100);
    market.sell(A, 1, 90, { orderType: OrderType.stopLimit, trailingTicks: 5 });
    tradeAt(110);
    expect(story(tradeAt(106))).not.toContain('triggered');
    const fired = tradeAt(105).find((event) => event.name === 'triggered');
    expect(fired?.fields).toMatchObject({ triggerPriceTicks: 105, lastPriceTicks: 105, priceTicks: 100 });
    expect(market.book()).toBe('| 100 A1');
  });

  it('cancels the other of a linked pair with the first trade, and with the end of either', () => {
    const market = new Market(makeEngine);
    const linked = (linkedClientOrderId: bigint) => ({
      orderType: OrderType.stop,
      triggerPriceTicks: 90,
      flags: OrderFlag.linked,
      linkedClientOrderId,
    });
    market.sell(A, 5, 110, { clientOrderId: 50n });
    market.sell(A, 5, 0, linked(50n));
    const reason = `reason ${CancelReason.linked}`;
    expect(story(market.buy(B, 1, 110))).toEqual(['accepted', 'trade 1 at 110', `cancelled 5, ${reason}`]);
    market.sell(A, 4, 0, linked(50n));
    const cancel = market.apply('cancelOrder', A, { clientOrderId: 50n, instrumentId: 1 });
    expect(story(cancel)).toEqual([
      `cancelled 4, reason ${CancelReason.requested}`,
      `cancelled 4, ${reason}`,
    ]);
    market.sell(A, 3, 112, { clientOrderId: 51n });
    market.buy(B, 1, 89);
    market.sell(A, 3, 0, linked(51n));
    expect(story(market.sell(C, 1, 89))).toEqual([
      ...['accepted', 'trade 1 at 89'],
      ...['triggered', `cancelled 3, ${reason}`, `cancelled 3, reason ${CancelReason.iocRemainder}`],
    ]);
  });

  it('takes cancels of a suspended account and nothing new, and the kill switch cancels all', () => {
    const market = new Market(makeEngine);
    market.sell(A, 1, 101, { clientOrderId: 60n });
    market.sell(A, 2, 102);
    market.apply('setAccountStatus', 0, { accountId: A, status: AccountStatus.suspended });
    expect(story(market.sell(A, 1, 103))).toEqual([`rejected ${RejectCode.ACCOUNT_SUSPENDED}`]);
    const cancel = market.apply('cancelOrder', A, { clientOrderId: 60n, instrumentId: 1 });
    expect(story(cancel)).toEqual([`cancelled 1, reason ${CancelReason.requested}`]);
    const kill = market.apply('setAccountStatus', 0, { accountId: A, status: AccountStatus.killed });
    expect(story(kill)).toEqual(['accountChanged', `cancelled 2, reason ${CancelReason.killSwitch}`]);
  });

  it('keeps prices in the band and orders in their limits, but lets a reduce pass', () => {
    const market = new Market(makeEngine);
    market.sell(A, 9, 105, { clientOrderId: 70n });
    market.apply('setPriceBand', 0, { instrumentId: 1, referencePriceTicks: 100, bandPpm: 40_000 });
    market.apply('setOrderLimits', 0, { accountId: A, instrumentId: 1, maxOrderLots: 5, maxOpenOrders: 2 });
    expect(story(market.buy(B, 1, 105))).toEqual([`rejected ${RejectCode.PRICE_OUT_OF_BAND}`]);
    expect(story(market.buy(B, 1, 104))).toEqual(['accepted']);
    expect(story(market.sell(A, 6, 104))).toEqual([`rejected ${RejectCode.ORDER_TOO_LARGE}`]);
    const reduce = {
      clientOrderId: 70n,
      newClientOrderId: 70n,
      instrumentId: 1,
      priceTicks: 105,
      quantityLots: 8,
    };
    expect(story(market.apply('replaceOrder', A, reduce))).toEqual(['replaced']);
    expect(story(market.buy(A, 1, 96))).toEqual(['accepted']);
    expect(story(market.buy(A, 1, 96))).toEqual([`rejected ${RejectCode.TOO_MANY_OPEN_ORDERS}`]);
  });

  it('throttles orders in intervals of command time, whatever becomes of them', () => {
    const market = new Market(makeEngine);
    market.apply('setAccountThrottle', 0, { accountId: A, maxCommands: 2, intervalUs: 1000 });
    const send = (microseconds: number) => {
      const fields = { clientOrderId: 80n, instrumentId: 9 };
      return story(
        market.engine.apply(market.script.command('newOrder', { accountId: A, microseconds }, fields)),
      );
    };
    const unknown = [`rejected ${RejectCode.UNKNOWN_INSTRUMENT}`];
    const toNextInterval = 1000 - (market.script.timestampUs % 1000);
    expect(send(toNextInterval)).toEqual(unknown);
    expect(send(1)).toEqual(unknown);
    expect(send(998)).toEqual([`rejected ${RejectCode.THROTTLED}`]);
    expect(send(1)).toEqual(unknown);
  });

  it('moves money once for each transfer id, and out of the fees', () => {
    const market = new Market(makeEngine);
    const transfer = { transferId: 900n, amount: 40, fromAccountId: A, toAccountId: B, asset: 'USD' };
    expect(market.apply('transfer', 0, transfer).map((event) => event.accountId)).toEqual([A, B]);
    expect(market.apply('transfer', 0, transfer)[1]?.fields).toMatchObject({ duplicate: 1, amount: 40 });
    expect(market.quoteOf(A).available).toBe(PLENTY - 40);
    expect(market.quoteOf(B).available).toBe(PLENTY + 40);
    const fees = { ...transfer, transferId: 901n, fromAccountId: 0, amount: 1 };
    expect(story(market.apply('transfer', 0, fees))).toEqual([`rejected ${RejectCode.INSUFFICIENT_FUNDS}`]);
  });

  it('keeps positions at average cost, with the profit that was realised', () => {
    const market = new Market(makeEngine);
    const trade = (side: number, lots: number, price: number) => {
      market.order(B, side === Side.buy ? Side.sell : Side.buy, lots, price);
      market.order(A, side, lots, price);
      const { quantityLots, cost, realisedProfit } = market.engine.position(A, 1);
      return [quantityLots, cost, realisedProfit];
    };
    expect(trade(Side.buy, 10, 100)).toEqual([10, 1000, 0]);
    expect(trade(Side.sell, 3, 110)).toEqual([7, 700, 30]);
    expect(trade(Side.sell, 9, 90)).toEqual([-2, 180, -40]);
    expect(trade(Side.buy, 2, 80)).toEqual([0, 0, -20]);
  });
});

/**
 * Rules at their edges, where one tick, one lot or one microsecond decides: on the fast core, and on the reference engine,
 * by which everything else is measured.
 */
import { describe, expect, it } from 'vitest';
import {
  CancelReason,
  MarketState,
  OrderFlag,
  OrderType,
  RejectCode,
  SelfTradePrevention,
  TimeInForce,
  TriggerDirection,
} from '../../src/core/codes.js';
import type { MessageFields } from '../../src/wire/message-fields.js';
import { RULE_ENGINES } from '../support/rule-engines.js';
import { A, B, C, Market, PLENTY, story } from '../support/rule-market.js';

const MONEY_MAX = Number.MAX_SAFE_INTEGER;
const PRICE_MAX = 2 ** 31 - 1;
const FOK = { timeInForce: TimeInForce.FOK };
const FOR_AMOUNT = { orderType: OrderType.market, timeInForce: TimeInForce.IOC };
const UNFILLABLE = `reason ${CancelReason.fokUnfillable}`;

/** Replaces an order, of one lot when nothing else is said, under its own id. */
function replace(
  market: Market,
  accountId: number,
  clientOrderId: bigint,
  fields: Partial<MessageFields['replaceOrder']>,
): string[] {
  const ids = { clientOrderId, newClientOrderId: clientOrderId, instrumentId: 1 };
  return story(
    market.apply('replaceOrder', accountId, { ...ids, priceTicks: 90, quantityLots: 1, ...fields }),
  );
}

describe.each(RULE_ENGINES)('%s', (_, makeEngine) => {
  /** A market where the last trade was at 100, and that pauses beyond 95 to 105. */
  function volatile(): Market {
    const market = new Market(makeEngine);
    market.sell(A, 1, 100);
    market.buy(B, 1, 100);
    market.apply('changeInstrument', 0, {
      instrumentId: 1,
      volatilityPpm: 50_000,
      volatilityWindowUs: 1_000_000,
      volatilityAuctionUs: 1_000_000,
    });
    return market;
  }

  it('takes an expiry at the last microsecond that there is', () => {
    const market = new Market(makeEngine);
    const gtd = { timeInForce: TimeInForce.GTD, expireTimeUs: MONEY_MAX };
    expect(story(market.buy(A, 1, 99, gtd))).toEqual(['accepted']);
  });

  it('takes rates up to the whole notional, and a day that ends at the last microsecond that there is', () => {
    const market = new Market(makeEngine);
    const fees = (makerPpm: number, takerPpm: number) =>
      story(market.apply('setInstrumentFees', 0, { instrumentId: 1, feeTier: 0, makerPpm, takerPpm }));
    const invalid = [`rejected ${RejectCode.INVALID_FEE}`];
    expect(fees(1_000_001, 0)).toEqual(invalid);
    expect(fees(0, 1_000_001)).toEqual(invalid);
    expect(fees(-1_000_001, 0)).toEqual(invalid);
    expect(fees(1_000_000, 1_000_000)).toEqual(['instrumentFeesChanged']);
    expect(fees(-1_000_000, 0)).toEqual(['instrumentFeesChanged']);
    expect(story(market.apply('setTradingDayEnd', 0, { endTimeUs: MONEY_MAX }))).toEqual([
      'tradingDayChanged',
    ]);
  });

  it.each([1, 2 ** 20, 2 ** 33])('lets command time never go back, not by %i microseconds', (back) => {
    const market = new Market(makeEngine);
    const now = market.script.timestampUs;
    const dayEnd = (endTimeUs: number) => story(market.apply('setTradingDayEnd', 0, { endTimeUs }));
    market.wait(-back);
    expect(dayEnd(now)).toEqual([`rejected ${RejectCode.INVALID_EXPIRE_TIME}`]);
    market.wait(-back);
    expect(dayEnd(now + 1)).toEqual(['tradingDayChanged']);
  });

  it('lets command time go on over 2^32 microseconds', () => {
    const market = new Market(makeEngine);
    const expireTimeUs = market.script.timestampUs + 2 ** 31;
    market.buy(A, 1, 99, { timeInForce: TimeInForce.GTD, expireTimeUs });
    // The low word of the time is less afterwards.
    expect(story(market.wait(2 ** 32 - 5))).toEqual([`cancelled 1, reason ${CancelReason.expired}`]);
  });

  it('takes an order for the day before the end of the day, not at it', () => {
    const market = new Market(makeEngine);
    const day = { timeInForce: TimeInForce.DAY };
    market.apply('setTradingDayEnd', 0, { endTimeUs: market.script.timestampUs + 3 });
    expect(story(market.buy(A, 1, 99, day))).toEqual(['accepted']);
    expect(story(market.buy(A, 1, 98, day))).toEqual([
      `cancelled 1, reason ${CancelReason.expired}`,
      `rejected ${RejectCode.TRADING_DAY_CLOSED}`,
    ]);
  });

  it('has no place one tick above the highest bid there can be', () => {
    const market = new Market(makeEngine, {}, PLENTY * PLENTY);
    market.buy(A, 1, PRICE_MAX);
    expect(story(market.sell(B, 1, 5, { flags: OrderFlag.postOnlyReprice }))).toEqual([
      `rejected ${RejectCode.POST_ONLY_WOULD_TRADE}`,
    ]);
  });

  it('takes a trailing stop whose trigger is the highest price, not one tick more', () => {
    const market = new Market(makeEngine, {}, PLENTY * PLENTY);
    market.sell(A, 1, 100);
    market.buy(B, 1, 100);
    const trailing = (trailingTicks: number) =>
      story(market.buy(C, 1, 0, { orderType: OrderType.stop, trailingTicks }));
    expect(trailing(PRICE_MAX - 99)).toEqual([`rejected ${RejectCode.INVALID_TRIGGER}`]);
    expect(trailing(PRICE_MAX - 100)).toEqual(['accepted']);
  });

  it('buys for an amount in units of quote, whatever a tick of a lot is worth', () => {
    const market = new Market(makeEngine, { tickMantissa: 5 });
    market.sell(A, 9, 100);
    const [accepted] = market.buy(B, 0, 0, { ...FOR_AMOUNT, quoteAmount: 2_499 });
    expect(accepted?.fields).toMatchObject({ quantityLots: 4, priceTicks: 100 });
    market.buy(A, 9, 90);
    const [sale] = market.sell(B, 0, 0, { ...FOR_AMOUNT, quoteAmount: 2_499 });
    expect(sale?.fields).toMatchObject({ quantityLots: 5 });
  });

  it.each([
    [2 ** 32, 4],
    [2 ** 32 - 1, 3],
    [2 ** 33 + 2 ** 30 - 1, 8],
  ])('buys for the amount of %i what it is worth', (quoteAmount, lots) => {
    const market = new Market(makeEngine, {}, PLENTY * PLENTY);
    market.sell(A, 9, 2 ** 30);
    const [accepted] = market.buy(B, 0, 0, { ...FOR_AMOUNT, quoteAmount });
    expect(accepted?.fields).toMatchObject({ quantityLots: lots });
  });

  it('keeps back the fee of the own tier when it buys for an amount', () => {
    const market = new Market(makeEngine);
    market.apply('setInstrumentFees', 0, {
      instrumentId: 1,
      feeTier: 1,
      makerPpm: 10_000,
      takerPpm: 250_000,
    });
    market.sell(A, 10, 100);
    const lotsFor = (quoteAmount: number) =>
      market.buy(B, 0, 0, { ...FOR_AMOUNT, quoteAmount })[0]?.fields as { quantityLots: number };
    expect(lotsFor(250)).toMatchObject({ quantityLots: 2 });
    market.apply('setAccountFeeTier', 0, { accountId: B, feeTier: 1 });
    expect(lotsFor(250)).toMatchObject({ quantityLots: 2 });
    expect(lotsFor(249)).toMatchObject({ quantityLots: 1 });
  });

  it.each([
    ['sell', 105, 106],
    ['buy', 95, 94],
  ] as const)(
    'fills or kills within the volatility limit: against a %s at %i, not at %i',
    (side, in_, out) => {
      const market = volatile();
      const take = (price: number) => (side === 'sell' ? market.buy : market.sell)(C, 1, price, FOK);
      market[side](A, 1, out);
      expect(story(take(out))).toEqual(['accepted', `cancelled 1, ${UNFILLABLE}`]);
      market[side](A, 1, in_);
      expect(story(take(in_))).toEqual(['accepted', `trade 1 at ${in_}`]);
    },
  );

  it('does not fill or kill where the best price has come below the volatility limit', () => {
    const market = volatile();
    market.sell(A, 1, 95);
    market.buy(A, 1, 80);
    expect(story(market.buy(C, 1, 100, FOK))).toEqual(['accepted', 'trade 1 at 95']);
    market.sell(A, 1, 94);
    expect(story(market.buy(C, 1, 100, FOK))).toEqual(['accepted', `cancelled 1, ${UNFILLABLE}`]);
    expect(market.book()).toBe('80 A1 | 94 A1');
  });

  it('lets an account spend all it has, to the last unit, and not one more', () => {
    const market = new Market(makeEngine, {}, 1_000);
    expect(story(market.buy(A, 1, 1_001))).toEqual([`rejected ${RejectCode.INSUFFICIENT_FUNDS}`]);
    expect(story(market.buy(A, 10, 100))).toEqual(['accepted']);
    expect(market.quoteOf(A)).toEqual({ available: 0, reserved: 1_000 });
    expect(story(market.sell(B, 1_001, 200))).toEqual([`rejected ${RejectCode.INSUFFICIENT_FUNDS}`]);
    expect(story(market.sell(B, 1_000, 200))).toEqual(['accepted']);
    expect(market.engine.balance(B, 'X')).toEqual({ available: 0, reserved: 1_000 });
    expect(replace(market, B, 4n, { priceTicks: 201, quantityLots: 1_001 })).toEqual([
      `rejected ${RejectCode.INSUFFICIENT_FUNDS}`,
    ]);
  });

  it('knows orders by all 64 bits of the id that the client gave', () => {
    const market = new Market(makeEngine);
    const high = 2n ** 32n;
    market.buy(A, 1, 90, { clientOrderId: 5n });
    market.buy(A, 1, 91, { clientOrderId: high + 5n });
    expect(market.book()).toBe('91 A1, 90 A1 |');
    expect(replace(market, A, high + 5n, { newClientOrderId: 2n * high + 5n, priceTicks: 92 })).toEqual([
      'replaced',
    ]);
    expect(replace(market, A, 5n, { newClientOrderId: 2n * high + 5n })).toEqual([
      `rejected ${RejectCode.DUPLICATE_CLIENT_ORDER_ID}`,
    ]);
    const cancel = (clientOrderId: bigint) =>
      story(market.apply('cancelOrder', A, { clientOrderId, instrumentId: 1 }));
    expect(cancel(high + 5n)).toEqual([`rejected ${RejectCode.UNKNOWN_ORDER}`]);
    expect(cancel(2n * high + 5n)).toEqual([`cancelled 1, reason ${CancelReason.requested}`]);
    expect(market.book()).toBe('90 A1 |');
  });

  it('reserves for an order that takes its place anew by the price, the value of a tick and the tier of now', () => {
    const market = new Market(makeEngine, { tickMantissa: 5 });
    market.apply('setInstrumentFees', 0, {
      instrumentId: 1,
      feeTier: 1,
      makerPpm: 10_000,
      takerPpm: 250_000,
    });
    market.buy(A, 10, 100);
    expect(market.quoteOf(A).reserved).toBe(10 * 500);
    market.apply('setAccountFeeTier', 0, { accountId: A, feeTier: 1 });
    // In its place it keeps the rates that it came in with.
    expect(replace(market, A, 1n, { priceTicks: 100, quantityLots: 9 })).toEqual(['replaced']);
    expect(market.quoteOf(A).reserved).toBe(9 * 500);
    expect(replace(market, A, 1n, { priceTicks: 101, quantityLots: 9 })).toEqual(['replaced']);
    expect(market.quoteOf(A).reserved).toBe(9 * (505 + 127));
  });

  it('counts fills of an order that is replaced in its total, and charges the new price when it trades', () => {
    const market = new Market(makeEngine);
    market.sell(B, 4, 100);
    market.buy(A, 10, 100);
    market.sell(B, 9, 103);
    expect(replace(market, A, 2n, { priceTicks: 103, quantityLots: 6 })).toEqual([
      'replaced',
      'trade 2 at 103',
    ]);
    expect(market.quoteOf(A)).toEqual({ available: PLENTY - 400 - 206, reserved: 0 });
    expect(market.book()).toBe('| 103 B7');
  });

  // 2^53-1 = 441,650,591 x 20,394,401
  const WIDE = { lotMantissa: 441_650_591 };
  const MOST_LOTS = 20_394_401;

  it.each(['buy', 'sell'] as const)('takes a %s worth 2^53-1, and not one lot more', (side) => {
    const market = new Market(makeEngine, WIDE, 0);
    const asset = side === 'buy' ? 'USD' : 'X';
    market.apply('deposit', 0, { accountId: A, asset, amount: MONEY_MAX, transferId: 99n });
    const tooLarge = [`rejected ${RejectCode.NOTIONAL_TOO_LARGE}`];
    expect(story(market[side](A, MOST_LOTS + 1, 1))).toEqual(tooLarge);
    expect(story(market[side](A, MOST_LOTS, 1, { clientOrderId: 7n }))).toEqual(['accepted']);
    expect(replace(market, A, 7n, { priceTicks: 1, quantityLots: MOST_LOTS + 1 })).toEqual(tooLarge);
    expect(replace(market, A, 7n, { priceTicks: 1, quantityLots: 1 })).toEqual(['replaced']);
    expect(replace(market, A, 7n, { priceTicks: 1, quantityLots: MOST_LOTS })).toEqual(['replaced']);
    expect(market.engine.balance(A, asset)).toEqual({ available: 0, reserved: MONEY_MAX });
  });

  it.each([
    ['in base', { lotMantissa: 10_000_000, tickMantissa: 1, tickExponent: -7 }, 'sell', 1],
    ['in base that it buys', { lotMantissa: 10_000_000, tickMantissa: 1, tickExponent: -7 }, 'buy', 1],
    ['in quote', { tickMantissa: 10_000_000 }, 'sell', 1],
    ['with its fees', { tickMantissa: 2_097_152 }, 'buy', 2],
  ] as const)(
    'refuses an order that is worth more than 2^53-1 %s, new or replaced',
    (_, terms, side, price) => {
      const market = new Market(makeEngine, terms, 2 ** 50);
      market.apply('setInstrumentFees', 0, { instrumentId: 1, feeTier: 0, makerPpm: 0, takerPpm: 10_000 });
      const most = 2 ** 31 - 1;
      const tooLarge = [`rejected ${RejectCode.NOTIONAL_TOO_LARGE}`];
      expect(story(market[side](A, most, price))).toEqual(tooLarge);
      market[side](A, 1, price, { clientOrderId: 7n });
      expect(replace(market, A, 7n, { priceTicks: price, quantityLots: most })).toEqual(tooLarge);
    },
  );

  it('looks at a stop that comes in during an auction when trading begins, also when its trade was there', () => {
    const market = new Market(makeEngine);
    market.sell(A, 1, 105);
    market.buy(B, 1, 105);
    market.sell(A, 1, 106);
    market.apply('setMarketState', 0, { instrumentId: 1, state: MarketState.preOpen });
    const stop = { orderType: OrderType.stop, triggerPriceTicks: 101 };
    expect(story(market.buy(C, 1, 0, stop))).toEqual(['accepted']);
    const begin = market.apply('setMarketState', 0, { instrumentId: 1, state: MarketState.continuous });
    expect(story(begin)).toEqual(['market continuous', 'triggered', 'trade 1 at 106']);
  });

  it('lets a replaced order that trades fire stops', () => {
    const market = new Market(makeEngine);
    market.sell(A, 1, 101);
    market.sell(A, 1, 102);
    market.buy(B, 1, 0, { orderType: OrderType.stop, triggerPriceTicks: 101 });
    market.buy(C, 1, 99, { clientOrderId: 7n });
    expect(replace(market, C, 7n, { priceTicks: 101 })).toEqual([
      'replaced',
      'trade 1 at 101',
      'triggered',
      'trade 1 at 102',
    ]);
  });

  it.each([
    ['resting', ['accepted', 'trade 1 at 110', `cancelled 5, reason ${CancelReason.linked}`], '| 110 A4'],
    ['incoming', ['accepted', 'trade 1 at 110', `cancelled 5, reason ${CancelReason.linked}`], '| 110 A4'],
  ] as const)(
    'cancels the stop of a pair with the first trade of the %s order, whatever came between them',
    (how, events, book) => {
      const market = new Market(makeEngine);
      market.sell(A, 5, 0, { orderType: OrderType.stop, triggerPriceTicks: 90, clientOrderId: 50n });
      market.buy(C, 1, 80, { timeInForce: TimeInForce.GTD, expireTimeUs: MONEY_MAX, clientOrderId: 51n });
      market.apply('cancelOrder', C, { clientOrderId: 51n, instrumentId: 1 });
      market.buy(C, 1, 80, { timeInForce: TimeInForce.GTD, expireTimeUs: MONEY_MAX, clientOrderId: 51n });
      const linked = { flags: OrderFlag.linked, linkedClientOrderId: 50n };
      if (how === 'incoming') market.buy(B, 1, 110);
      const arrival = market.sell(A, 5, 110, linked);
      expect(story(how === 'incoming' ? arrival : market.buy(B, 1, 110))).toEqual(events);
      market.apply('cancelOrder', C, { clientOrderId: 51n, instrumentId: 1 });
      expect(market.book()).toBe(book);
    },
  );

  it.each([
    ['sell', 'buy', 94, 95, 110],
    ['buy', 'sell', 106, 105, 90],
  ] as const)(
    'pauses at a %s that is too good for the limit, before what lies behind it',
    (maker, taker, best, next, limit) => {
      const market = volatile();
      market[maker](A, 1, best);
      market[maker](A, 1, next);
      const events = story(market[taker](C, 2, limit));
      expect(events.slice(0, 2)).toEqual(['accepted', 'market volatilityAuction']);
      expect(
        market
          .book()
          .split(' | ')
          .map((side) => side.split(',').length),
      ).toEqual(maker === 'sell' ? [1, 2] : [2, 1]);
    },
  );

  it.each([
    [{ displayLots: 1 }, C, ['accepted', 'market volatilityAuction', 'indicated 2 at 106, 0 over']],
    [{}, A, ['accepted', 'prevented 2', `cancelled 2, reason ${CancelReason.selfTrade}`]],
  ] as const)(
    'pauses before an iceberg beyond the limit, but prevents a self-trade there (%j)',
    (more, taker, events) => {
      const market = volatile();
      market.sell(A, 2, 106, more);
      const mode = { selfTradePrevention: SelfTradePrevention.cancelNewest };
      expect(story(market.buy(taker, 2, 110, mode))).toEqual(events);
    },
  );

  it.each([
    ['at once', 'continuous'],
    ['in an auction', 'openingAuction'],
  ] as const)(
    'settles %s in units of both assets, icebergs too, whatever lot and tick are worth',
    (_, state) => {
      const market = new Market(makeEngine, { tickMantissa: 5, lotMantissa: 10 });
      market.apply('setInstrumentFees', 0, {
        instrumentId: 1,
        feeTier: 0,
        makerPpm: 10_000,
        takerPpm: 20_000,
      });
      market.apply('setMarketState', 0, { instrumentId: 1, state: MarketState[state] });
      market.sell(A, 6, 100, { displayLots: 1 });
      market.sell(B, 4, 100);
      market.buy(C, 10, 100);
      market.apply('setMarketState', 0, { instrumentId: 1, state: MarketState.continuous });
      expect(market.book()).toBe('|');
      const base = (account: number) => market.engine.balance(account, 'X').available - PLENTY;
      expect([A, B, C].map(base)).toEqual([-60, -40, 100]);
      const quote = (account: number) => market.quoteOf(account).available - PLENTY;
      // 5,000 for a lot; 1 % for the maker, 2 % for the taker.
      expect([A, B, C].map(quote)).toEqual([29_700, 19_800, -51_000]);
      expect(market.engine.fees('USD')).toBe(1_500);
    },
  );

  it('rests an order at a price that the same command has used up', () => {
    const market = new Market(makeEngine);
    market.sell(A, 1, 101);
    market.sell(B, 2, 101, {
      orderType: OrderType.stopLimit,
      triggerPriceTicks: 101,
      triggerDirection: TriggerDirection.rising,
    });
    expect(story(market.buy(C, 1, 101))).toEqual(['accepted', 'trade 1 at 101', 'triggered']);
    expect(market.book()).toBe('| 101 B2');
    market.sell(A, 1, 101);
    expect(story(market.buy(C, 3, 101))).toEqual(['accepted', 'trade 2 at 101', 'trade 1 at 101']);
  });

  it('reserves for a trailing stop by the price that it has when it acts', () => {
    const market = new Market(makeEngine, { tickMantissa: 5 });
    market.apply('setInstrumentFees', 0, { instrumentId: 1, feeTier: 0, makerPpm: 0, takerPpm: 10_000 });
    const trade = (price: number) => {
      market.sell(A, 1, price);
      return story(market.buy(C, 1, price));
    };
    trade(110);
    market.buy(B, 3, 120, { orderType: OrderType.stopLimit, trailingTicks: 5 });
    // 600 for a lot, and 1 % of it.
    expect(market.quoteOf(B).reserved).toBe(3 * 606);
    trade(100);
    expect(trade(105)).toContain('triggered');
    expect(market.book()).toBe('110 B3 |');
    expect(market.quoteOf(B)).toEqual({ available: PLENTY - 3 * 556, reserved: 3 * 556 });
    market.apply('massCancel', B, {});
    expect(market.quoteOf(B)).toEqual({ available: PLENTY, reserved: 0 });
  });

  it('takes states to the last microsecond, and limits up to the whole price', () => {
    const market = new Market(makeEngine);
    const state = (endTimeUs: number) => {
      const fields = { instrumentId: 1, state: MarketState.halted, nextState: MarketState.continuous };
      return story(market.apply('setMarketState', 0, { ...fields, endTimeUs }));
    };
    expect(state(MONEY_MAX)).toEqual(['market halted']);
    expect(state(MONEY_MAX + 1)).toEqual([`rejected ${RejectCode.INVALID_EXPIRE_TIME}`]);
    const change = (marketProtectionPpm: number, volatilityPpm: number) => {
      const times = { volatilityWindowUs: 1, volatilityAuctionUs: 1 };
      const fields = { instrumentId: 1, marketProtectionPpm, volatilityPpm, ...times };
      return story(market.apply('changeInstrument', 0, fields));
    };
    expect(change(1_000_000, 1_000_000)).toEqual(['instrumentChanged']);
    expect(change(1_000_001, 1_000_000)).toEqual([`rejected ${RejectCode.INVALID_PROTECTION}`]);
    expect(change(1_000_000, 1_000_001)).toEqual([`rejected ${RejectCode.INVALID_VOLATILITY_LIMIT}`]);
  });

  it('moves market orders by the protection that was set last, or by the usual one', () => {
    const market = new Market(makeEngine);
    const priceOf = (side: 'buy' | 'sell') => {
      const terms = { orderType: OrderType.market, timeInForce: TimeInForce.IOC };
      return market[side](C, 1, 0, terms)[0]?.fields as { priceTicks: number };
    };
    const protect = (marketProtectionPpm: number) =>
      market.apply('changeInstrument', 0, { instrumentId: 1, marketProtectionPpm });
    market.sell(A, 9, 1_000);
    expect(priceOf('buy')).toMatchObject({ priceTicks: 1_050 });
    protect(20_000);
    expect(priceOf('buy')).toMatchObject({ priceTicks: 1_020 });
    protect(0);
    expect(priceOf('buy')).toMatchObject({ priceTicks: 1_050 });
  });

  it('sees every open order of an account when an instrument is to be removed', () => {
    const market = new Market(makeEngine, {}, 1_000);
    const second = { symbol: 'Y-USD', base: 'Y', quote: 'USD', tickMantissa: 1, lotMantissa: 1 };
    market.apply('listInstrument', 0, second);
    market.buy(A, 1, 10);
    market.buy(A, 1, 10, { instrumentId: 2 });
    market.buy(A, 1, 10);
    const remove = () => story(market.apply('removeInstrument', 0, { instrumentId: 2 }));
    expect(remove()).toEqual([`rejected ${RejectCode.INSTRUMENT_IN_USE}`]);
    market.apply('massCancel', A, { instrumentId: 2 });
    expect(remove()).toEqual(['market removed']);
  });

  it('passes over a stop that was fired and ended before its turn', () => {
    const market = new Market(makeEngine);
    market.sell(C, 1, 100);
    market.buy(B, 1, 100);
    const stop = { orderType: OrderType.stop, triggerDirection: TriggerDirection.rising };
    market.buy(A, 1, 99, { clientOrderId: 77n });
    const linked = { flags: OrderFlag.linked, linkedClientOrderId: 77n };
    market.buy(A, 1, 0, { ...stop, triggerPriceTicks: 102, ...linked });
    market.sell(B, 1, 0, { ...stop, triggerPriceTicks: 101 });
    market.sell(C, 2, 102);
    // Both are fired; the first sells to the partner of the second.
    expect(story(market.buy(B, 1, 102))).toEqual([
      'accepted',
      'trade 1 at 102',
      'triggered',
      'trade 1 at 99',
      `cancelled 1, reason ${CancelReason.linked}`,
    ]);
    expect(market.book()).toBe('| 102 C1');
  });

  it('fires a stop by the last of more trades than orders may be open', () => {
    const market = new Market(makeEngine);
    const lots = 60;
    market.sell(A, lots, 100, { displayLots: 1 });
    market.sell(A, 2, 101);
    market.buy(B, 1, 0, { orderType: OrderType.stop, triggerPriceTicks: 101 });
    const events = story(market.buy(C, lots + 1, 101));
    expect(events.slice(0, 2)).toEqual(['accepted', 'trade 1 at 100']);
    expect(events.slice(lots)).toEqual(['trade 1 at 100', 'trade 1 at 101', 'triggered', 'trade 1 at 101']);
  });

  it('lets trailing stops follow all trades of an order that the volatility limit stops', () => {
    const market = volatile();
    market.sell(B, 1, 0, { orderType: OrderType.stop, trailingTicks: 1 });
    for (const price of [99, 104, 106]) market.sell(A, 1, price, { clientOrderId: BigInt(price) });
    expect(story(market.buy(C, 3, 106, { clientOrderId: 50n }))).toEqual([
      'accepted',
      'trade 1 at 99',
      'trade 1 at 104',
      'market volatilityAuction',
      'indicated 1 at 106, 0 over',
    ]);
    market.apply('cancelOrder', C, { clientOrderId: 50n, instrumentId: 1 });
    market.buy(C, 2, 102);
    market.sell(A, 1, 102);
    // It waits for 103, one tick below the highest of these trades.
    const begin = market.apply('setMarketState', 0, { instrumentId: 1, state: MarketState.continuous });
    expect(story(begin)).toEqual(['market continuous', 'trade 1 at 102', 'triggered', 'trade 1 at 102']);
  });
});

/**
 * Rules at their edges, where one tick, one lot or one microsecond decides: on the fast core, and on the reference engine,
 * by which everything else is measured.
 */
import { describe, expect, it } from 'vitest';
import { CancelReason, OrderFlag, OrderType, RejectCode, TimeInForce } from '../../src/core/codes.js';
import { RULE_ENGINES } from '../support/rule-engines.js';
import { A, B, C, Market, PLENTY, story } from '../support/rule-market.js';

const MONEY_MAX = Number.MAX_SAFE_INTEGER;
const PRICE_MAX = 2 ** 31 - 1;
const FOK = { timeInForce: TimeInForce.FOK };
const FOR_AMOUNT = { orderType: OrderType.market, timeInForce: TimeInForce.IOC };
const UNFILLABLE = `reason ${CancelReason.fokUnfillable}`;

describe.each(RULE_ENGINES)('%s', (_, makeEngine) => {
  it('takes an expiry at the last microsecond that there is', () => {
    const market = new Market(makeEngine);
    const gtd = { timeInForce: TimeInForce.GTD, expireTimeUs: MONEY_MAX };
    expect(story(market.buy(A, 1, 99, gtd))).toEqual(['accepted']);
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
      const market = new Market(makeEngine);
      market.sell(A, 1, 100);
      market.buy(B, 1, 100);
      market.apply('changeInstrument', 0, {
        instrumentId: 1,
        volatilityPpm: 50_000,
        volatilityWindowUs: 1_000_000,
        volatilityAuctionUs: 1_000_000,
      });
      const take = (price: number) => (side === 'sell' ? market.buy : market.sell)(C, 1, price, FOK);
      market[side](A, 1, out);
      expect(story(take(out))).toEqual(['accepted', `cancelled 1, ${UNFILLABLE}`]);
      market[side](A, 1, in_);
      expect(story(take(in_))).toEqual(['accepted', `trade 1 at ${in_}`]);
    },
  );

  it('does not fill or kill where the best price has come below the volatility limit', () => {
    const market = new Market(makeEngine);
    market.sell(A, 1, 100);
    market.buy(B, 1, 100);
    market.apply('changeInstrument', 0, {
      instrumentId: 1,
      volatilityPpm: 50_000,
      volatilityWindowUs: 1_000_000,
      volatilityAuctionUs: 1_000_000,
    });
    market.sell(A, 1, 95);
    market.buy(A, 1, 80);
    expect(story(market.buy(C, 1, 100, FOK))).toEqual(['accepted', 'trade 1 at 95']);
    market.sell(A, 1, 94);
    expect(story(market.buy(C, 1, 100, FOK))).toEqual(['accepted', `cancelled 1, ${UNFILLABLE}`]);
    expect(market.book()).toBe('80 A1 | 94 A1');
  });
});

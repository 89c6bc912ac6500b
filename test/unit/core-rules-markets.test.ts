/**
 * The core does what src/core/README.md shows of market states, auctions, volatility pauses and instruments that change,
 * played on the fast core, and on the reference engine, by which everything else is measured.
 */
import { describe, expect, it } from 'vitest';
import {
  CancelReason,
  MarketState,
  OrderFlag,
  OrderType,
  RejectCode,
  TimeInForce,
} from '../../src/core/codes.js';
import { RULE_ENGINES } from '../support/rule-engines.js';
import { A, B, C, Market, PLENTY, story } from '../support/rule-market.js';

type MarketStateName = keyof typeof MarketState;

function setState(market: Market, state: MarketStateName, more: object = {}) {
  return market.apply('setMarketState', 0, { instrumentId: 1, state: MarketState[state], ...more });
}

/** The orders of the page: 8 can trade, at 101 or 102. */
function collect(market: Market): void {
  market.buy(A, 5, 103);
  market.buy(B, 3, 102);
  market.buy(A, 9, 99);
  market.sell(C, 4, 100);
  market.sell(C, 4, 101);
  market.sell(C, 5, 104);
}

const rejected = (code: number) => [`rejected ${code}`];

describe.each(RULE_ENGINES)('%s', (_, makeEngine) => {
  it('uncrosses at the price of most volume and least left over, in the middle without a reference', () => {
    const market = new Market(makeEngine);
    setState(market, 'openingAuction');
    collect(market);
    expect(market.book()).toBe('103 A5, 102 B3, 99 A9 | 100 C4, 101 C4, 104 C5');
    expect(story(setState(market, 'continuous'))).toEqual([
      'market continuous',
      'trade 4 at 102',
      'trade 1 at 102',
      'trade 3 at 102',
    ]);
    expect(market.book()).toBe('99 A9 | 104 C5');
    expect(market.quoteOf(A)).toEqual({ available: PLENTY - 5 * 102 - 9 * 99, reserved: 9 * 99 });
  });

  it('takes the price that is nearest to the reference: that of the auction, or the last trade', () => {
    const given = new Market(makeEngine);
    setState(given, 'openingAuction', { referencePriceTicks: 100 });
    collect(given);
    expect(story(setState(given, 'continuous'))).toContain('trade 4 at 101');

    const traded = new Market(makeEngine);
    traded.sell(C, 1, 101);
    traded.buy(A, 1, 101);
    setState(traded, 'closingAuction');
    collect(traded);
    expect(story(setState(traded, 'closed'))).toContain('trade 4 at 101');

    const without = new Market(makeEngine);
    without.sell(C, 1, 101);
    without.buy(A, 1, 101);
    setState(without, 'closingAuction', { referencePriceTicks: -1 });
    collect(without);
    expect(story(setState(without, 'closed'))).toContain('trade 4 at 102');
  });

  it('takes the highest price when buys are left over, and the lowest when sells are', () => {
    const buys = new Market(makeEngine);
    setState(buys, 'openingAuction', { referencePriceTicks: 101 });
    buys.buy(A, 10, 105);
    buys.sell(B, 6, 100);
    expect(story(setState(buys, 'continuous'))).toContain('trade 6 at 105');
    expect(buys.book()).toBe('105 A4 |');

    const sells = new Market(makeEngine);
    setState(sells, 'openingAuction', { referencePriceTicks: 104 });
    sells.buy(A, 6, 105);
    sells.sell(B, 10, 100);
    expect(story(setState(sells, 'continuous'))).toContain('trade 6 at 100');
  });

  it('prefers what leaves less over among prices with the same volume', () => {
    const market = new Market(makeEngine);
    setState(market, 'openingAuction', { referencePriceTicks: 100 });
    market.buy(A, 8, 104);
    market.sell(B, 8, 100);
    market.buy(C, 5, 101);
    // At 100 and 101 five buys would be left over, at 104 nothing.
    expect(story(setState(market, 'continuous'))).toContain('trade 8 at 104');
  });

  it('gives back what the price of the auction leaves of both reservations, and charges the older as the maker', () => {
    const market = new Market(makeEngine);
    market.apply('setInstrumentFees', 0, { instrumentId: 1, feeTier: 0, makerPpm: 10_000, takerPpm: 20_000 });
    setState(market, 'openingAuction');
    market.sell(B, 10, 90);
    market.buy(A, 10, 110);
    setState(market, 'continuous');
    // 10 at 100: a fee of 1 % for B, who came first, and of 2 % for A.
    expect(market.quoteOf(A)).toEqual({ available: PLENTY - 1000 - 20, reserved: 0 });
    expect(market.quoteOf(B)).toEqual({ available: PLENTY + 1000 - 10, reserved: 0 });
    expect(market.engine.fees('USD')).toBe(30);
  });

  it('indicates what the auction would do whenever that has changed, and only then', () => {
    const market = new Market(makeEngine);
    expect(story(setState(market, 'openingAuction'))).toEqual(['market openingAuction']);
    expect(story(market.buy(A, 5, 103))).toEqual(['accepted']);
    expect(story(market.sell(C, 4, 100))).toEqual(['accepted', 'indicated 4 at 103, 1 over']);
    expect(story(market.buy(A, 1, 90))).toEqual(['accepted']);
    expect(story(market.apply('massCancel', C, {}))).toEqual([
      'cancelled 4, reason 4',
      'massCancelled',
      'indicated 0 at 0, 0 over',
    ]);
  });

  it('ends an auction by time, before anything else of the command, and forgets nothing that is behind it', () => {
    const market = new Market(makeEngine);
    const endTimeUs = market.script.timestampUs + 1000;
    setState(market, 'openingAuction', { endTimeUs, nextState: MarketState.continuous });
    collect(market);
    market.buy(A, 1, 98, { timeInForce: TimeInForce.GTD, expireTimeUs: endTimeUs });
    market.buy(A, 1, 97, { timeInForce: TimeInForce.GTD, expireTimeUs: endTimeUs + 1 });
    expect(story(market.wait(1001))).toEqual([
      'cancelled 1, reason 6',
      'market continuous',
      'trade 4 at 102',
      'trade 1 at 102',
      'trade 3 at 102',
      'cancelled 1, reason 6',
    ]);
  });

  it('takes in each state what the table says', () => {
    const market = new Market(makeEngine);
    market.buy(A, 5, 90, { clientOrderId: 900n });
    const reduce = (priceTicks: number, quantityLots: number) =>
      story(
        market.apply('replaceOrder', A, {
          clientOrderId: 900n,
          newClientOrderId: 900n,
          instrumentId: 1,
          priceTicks,
          quantityLots,
        }),
      );
    for (const state of ['closed', 'halted'] as const) {
      setState(market, state);
      const code = state === 'halted' ? RejectCode.MARKET_HALTED : RejectCode.MARKET_CLOSED;
      expect(story(market.buy(A, 1, 90))).toEqual(rejected(code));
      expect(reduce(90, 4)).toEqual(rejected(code));
    }
    setState(market, 'cancelOnly');
    expect(story(market.buy(A, 1, 90))).toEqual(rejected(RejectCode.CANCEL_ONLY));
    expect(reduce(91, 5)).toEqual(rejected(RejectCode.CANCEL_ONLY));
    expect(reduce(90, 4)).toEqual(['replaced']);
    setState(market, 'preOpen');
    const immediate = { timeInForce: TimeInForce.IOC };
    expect(story(market.sell(B, 1, 90, immediate))).toEqual(rejected(RejectCode.NO_IMMEDIATE_EXECUTION));
    const postOnly = { flags: OrderFlag.postOnly };
    expect(story(market.sell(B, 1, 95, postOnly))).toEqual(rejected(RejectCode.POST_ONLY_WOULD_TRADE));
    expect(story(market.sell(B, 1, 90))).toEqual(['accepted']);
    expect(reduce(89, 4)).toEqual(['replaced']);
    setState(market, 'halted');
    const cancel = { clientOrderId: 900n, instrumentId: 1 };
    expect(story(market.apply('cancelOrder', A, cancel))).toEqual(['cancelled 4, reason 1']);
    expect(story(setState(market, 'disabled'))).toEqual([
      'market disabled',
      `cancelled 1, reason ${CancelReason.instrumentDisabled}`,
    ]);
    expect(market.book()).toBe('|');
  });

  it('leaves the orders of an auction that is halted as they are, and uncrosses them when trading goes on', () => {
    const market = new Market(makeEngine);
    setState(market, 'openingAuction');
    collect(market);
    expect(story(setState(market, 'halted'))).toEqual(['market halted']);
    expect(market.book()).toBe('103 A5, 102 B3, 99 A9 | 100 C4, 101 C4, 104 C5');
    expect(story(setState(market, 'continuous'))).toHaveLength(4);
    expect(market.book()).toBe('99 A9 | 104 C5');
  });

  it('fires stops only in continuous trading, and looks at them when it begins', () => {
    const market = new Market(makeEngine);
    const stop = { orderType: OrderType.stop, triggerPriceTicks: 101 };
    setState(market, 'closingAuction');
    collect(market);
    expect(story(market.buy(B, 1, 0, stop))).toEqual(['accepted']);
    expect(story(setState(market, 'closed'))).toHaveLength(4);
    expect(story(setState(market, 'continuous'))).toEqual([
      'market continuous',
      'triggered',
      'trade 1 at 104',
    ]);
  });

  it('starts a volatility auction instead of the trade that goes too far', () => {
    const market = new Market(makeEngine);
    market.sell(A, 1, 100);
    market.buy(B, 1, 100);
    market.apply('changeInstrument', 0, {
      instrumentId: 1,
      volatilityPpm: 50_000,
      volatilityWindowUs: 1_000_000,
      volatilityAuctionUs: 5000,
    });
    market.sell(A, 1, 104);
    market.sell(A, 1, 106);
    const beyond = { timeInForce: TimeInForce.FOK };
    expect(story(market.buy(B, 2, 110, beyond))).toEqual(['accepted', 'cancelled 2, reason 3']);
    expect(story(market.buy(B, 2, 110))).toEqual([
      'accepted',
      'trade 1 at 104',
      'market volatilityAuction',
      'indicated 1 at 106, 0 over',
    ]);
    expect(market.book()).toBe('110 B1 | 106 A1');
    expect(story(market.wait(4999))).toEqual([]);
    expect(story(market.wait(1))).toEqual(['market continuous', 'trade 1 at 106']);
    // The price of the auction is the new reference: 111 is in reach of 106 now, 112 is not.
    market.sell(A, 1, 111);
    market.sell(A, 1, 112);
    expect(story(market.buy(B, 2, 112)).slice(0, 3)).toEqual([
      'accepted',
      'trade 1 at 111',
      'market volatilityAuction',
    ]);
  });

  it('removes an instrument without open orders, and its symbol is free again', () => {
    const market = new Market(makeEngine);
    market.buy(A, 1, 90);
    const remove = () => story(market.apply('removeInstrument', 0, { instrumentId: 1 }));
    expect(remove()).toEqual(rejected(RejectCode.INSTRUMENT_IN_USE));
    setState(market, 'disabled');
    expect(remove()).toEqual(['market removed']);
    expect(remove()).toEqual(rejected(RejectCode.UNKNOWN_INSTRUMENT));
    expect(story(market.buy(A, 1, 90))).toEqual(rejected(RejectCode.UNKNOWN_INSTRUMENT));
    const again = { symbol: 'X-USD', base: 'X', quote: 'USD', tickMantissa: 1, lotMantissa: 1 };
    expect(market.apply('listInstrument', 0, again)[0]?.fields).toMatchObject({ instrumentId: 2 });
  });

  it('cancels what an account has open when its session is gone', () => {
    const market = new Market(makeEngine);
    market.buy(A, 1, 90);
    market.buy(B, 1, 90);
    market.sell(A, 2, 110);
    expect(story(market.apply('cancelOnDisconnect', A, { apiKeyId: 7 }))).toEqual([
      `cancelled 1, reason ${CancelReason.disconnected}`,
      `cancelled 2, reason ${CancelReason.disconnected}`,
    ]);
    expect(market.book()).toBe('90 B1 |');
  });
});

/**
 * The core does what src/core/README.md shows of margin instruments, played on the fast core, and on the reference
 * engine, by which everything else is measured.
 */
import { describe, expect, it } from 'vitest';
import { InstrumentFlag, OrderType, RejectCode, Side } from '../../src/core/codes.js';
import type { Limits } from '../model/reference-state.js';
import { RULE_ENGINES, type RuleEngine } from '../support/rule-engines.js';
import { A, B, C, Market, story } from '../support/rule-market.js';

const FUNDS = 1000;
const MARGIN = {
  flags: InstrumentFlag.margin,
  initialMarginPpm: 200_000,
  maintenanceMarginPpm: 100_000,
};
const rejected = (code: number) => [`rejected ${code}`];

const SEVEN = { clientOrderId: 7n, newClientOrderId: 7n, instrumentId: 1 };

function replaced(market: Market, fields: { priceTicks: number; quantityLots: number }) {
  return story(market.apply('replaceOrder', A, { ...SEVEN, ...fields }));
}

function mark(market: Market, priceTicks: number) {
  return story(market.apply('setMarkPrice', 0, { instrumentId: 1, priceTicks }));
}

/** A is short and B long 20 lots from 100, which is the mark price. */
function shortAndLong(makeEngine: (limits: Limits) => RuleEngine): Market {
  const market = new Market(makeEngine, MARGIN, FUNDS);
  mark(market, 100);
  market.sell(A, 20, 100);
  market.buy(B, 20, 100);
  return market;
}

/** Everything that anybody has, and the fees: it stays what was paid in. */
function total(market: Market): number {
  return [A, B, C].reduce((sum, account) => {
    const { available, reserved } = market.quoteOf(account);
    return sum + available + reserved;
  }, market.engine.fees('USD'));
}

describe.each(RULE_ENGINES)('%s', (_, makeEngine) => {
  it('moves no base, settles to the mark price and holds the initial margin', () => {
    const market = shortAndLong(makeEngine);
    expect(market.quoteOf(A)).toEqual({ available: 600, reserved: 400 });
    expect(market.quoteOf(B)).toEqual({ available: 600, reserved: 400 });
    expect(market.engine.balance(A, 'X')).toEqual({ available: FUNDS, reserved: 0 });
    expect(mark(market, 110)).toEqual(['markPriceChanged']);
    expect(market.quoteOf(A)).toEqual({ available: 360, reserved: 440 });
    expect(market.quoteOf(B)).toEqual({ available: 760, reserved: 440 });
    expect(market.engine.position(B, 1)).toMatchObject({ quantityLots: 20, initialMargin: 440 });
  });

  it('pays the difference of a trade to the mark price, and fees', () => {
    const market = new Market(makeEngine, MARGIN, FUNDS);
    market.apply('setInstrumentFees', 0, { instrumentId: 1, feeTier: 0, makerPpm: 0, takerPpm: 10_000 });
    mark(market, 100);
    market.sell(A, 10, 98);
    market.buy(B, 10, 98);
    // A sold 2 below the mark, B bought 2 below it and pays a fee of 1 % of 980, rounded up.
    expect(total(market)).toBe(3 * FUNDS);
    expect(market.quoteOf(A)).toEqual({ available: FUNDS - 20 - 200, reserved: 200 });
    expect(market.quoteOf(B)).toEqual({ available: FUNDS + 20 - 10 - 200, reserved: 200 });
  });

  it('holds the margin of the largest position that open orders lead to, and what they may cost beyond it', () => {
    const market = shortAndLong(makeEngine);
    // B is long 20: selling 20 and 20 more leads to short 20 at most; the price is 1 below the mark.
    market.sell(B, 40, 99);
    expect(market.quoteOf(B)).toEqual({ available: 560, reserved: 440 });
    market.buy(B, 5, 90);
    expect(market.quoteOf(B)).toEqual({ available: 460, reserved: 540 });
    market.apply('massCancel', B, {});
    expect(market.quoteOf(B)).toEqual({ available: 600, reserved: 400 });
  });

  it('rejects what the equity does not cover, but lets positions be closed', () => {
    const market = shortAndLong(makeEngine);
    expect(story(market.buy(B, 31, 100))).toEqual(rejected(RejectCode.INSUFFICIENT_MARGIN));
    expect(story(market.buy(B, 30, 100))).toEqual(['accepted']);
    market.apply('massCancel', B, {});
    mark(market, 130);
    // A has 400 of the 520 that its position needs, and more than the maintenance margin of 260.
    expect(market.quoteOf(A)).toEqual({ available: -120, reserved: 520 });
    expect(story(market.sell(A, 1, 130))).toEqual(rejected(RejectCode.INSUFFICIENT_MARGIN));
    // Closing at 151 may cost 20 x 21, more than the 400 that A has.
    expect(story(market.buy(A, 20, 151))).toEqual(rejected(RejectCode.INSUFFICIENT_MARGIN));
    expect(story(market.buy(A, 20, 131))).toEqual(['accepted']);
    const withdraw = { transferId: 80n, accountId: A, asset: 'USD', amount: 1 };
    expect(story(market.apply('withdraw', 0, withdraw))).toEqual(rejected(RejectCode.INSUFFICIENT_FUNDS));
  });

  it('needs a mark price, rates that make sense, and no position to be removed', () => {
    const market = new Market(makeEngine, MARGIN, FUNDS);
    expect(story(market.buy(A, 1, 100))).toEqual(rejected(RejectCode.NO_MARK_PRICE));
    expect(mark(market, 0)).toEqual(rejected(RejectCode.INVALID_PRICE));
    expect(mark(market, 100)).toEqual(['markPriceChanged']);
    const change = { instrumentId: 1, initialMarginPpm: 10, maintenanceMarginPpm: 11 };
    expect(story(market.apply('changeInstrument', 0, change))).toEqual(rejected(RejectCode.INVALID_MARGIN));
    market.sell(A, 1, 100);
    market.buy(B, 1, 100);
    const remove = market.apply('removeInstrument', 0, { instrumentId: 1 });
    expect(story(remove)).toEqual(rejected(RejectCode.INSTRUMENT_IN_USE));
    const spot = new Market(makeEngine);
    expect(mark(spot, 100)).toEqual(rejected(RejectCode.NOT_A_MARGIN_INSTRUMENT));
    const wrong = { instrumentId: 1, initialMarginPpm: 1, maintenanceMarginPpm: 1 };
    expect(story(spot.apply('changeInstrument', 0, wrong))).toEqual(rejected(RejectCode.INVALID_MARGIN));
  });

  it('keeps what is worth in margin instruments, and there is of their quote, below 2^52', () => {
    const market = new Market(makeEngine, { ...MARGIN, tickMantissa: 1_000_000 }, 2 ** 40);
    mark(market, 1);
    market.sell(A, 1000, 1);
    market.buy(B, 1000, 1);
    expect(mark(market, 2 ** 31 - 1)).toEqual(rejected(RejectCode.NOTIONAL_TOO_LARGE));
    expect(story(market.buy(B, 2_000_000, 2250))).toEqual(rejected(RejectCode.INSUFFICIENT_MARGIN));
    expect(story(market.buy(B, 2_000_000, 2252))).toEqual(rejected(RejectCode.NOTIONAL_TOO_LARGE));
    const deposit = { transferId: 70n, accountId: A, asset: 'USD', amount: 2 ** 52 };
    expect(story(market.apply('deposit', 0, deposit))).toEqual(rejected(RejectCode.SUPPLY_TOO_LARGE));
    const atMost = new Market(makeEngine, {}, 1);
    atMost.apply('deposit', 0, { ...deposit, amount: 2 ** 52 - 4 });
    const spot = new Market(makeEngine);
    spot.apply('deposit', 0, deposit);
    const listing = { symbol: 'Y-USD', base: 'Y', quote: 'USD', tickMantissa: 1, lotMantissa: 1, ...MARGIN };
    expect(story(spot.apply('listInstrument', 0, listing))).toEqual(rejected(RejectCode.SUPPLY_TOO_LARGE));
    expect(story(atMost.apply('listInstrument', 0, listing))).toEqual(['instrumentListed']);
  });

  it('closes positions by instrument, only until the equity is enough again', () => {
    const market = shortAndLong(makeEngine);
    const listing = { symbol: 'Y-USD', base: 'Y', quote: 'USD', tickMantissa: 1, lotMantissa: 1, ...MARGIN };
    market.apply('listInstrument', 0, listing);
    market.apply('setMarkPrice', 0, { instrumentId: 2, priceTicks: 100 });
    market.sell(C, 10, 100, { instrumentId: 2 });
    market.buy(A, 10, 100, { instrumentId: 2 });
    // A has 260 and needs 274 and 100; without the first position 260 is enough for the second.
    expect(mark(market, 137)).toContain('deleveraged 20 at 137');
    expect(market.engine.position(A, 1).quantityLots).toBe(0);
    expect(market.engine.position(A, 2).quantityLots).toBe(10);
  });

  it('closes a position with a market order around the mark price when the equity is too small', () => {
    const market = shortAndLong(makeEngine);
    market.buy(A, 1, 80);
    market.sell(C, 15, 146);
    market.sell(C, 5, 160);
    expect(mark(market, 145)).toEqual([
      'markPriceChanged',
      'liquidationStarted',
      'cancelled 1, reason 13',
      'accepted',
      'trade 15 at 146',
      'cancelled 5, reason 2',
      'deleveraged 5 at 145',
      'deleveraged -5 at 145',
    ]);
    expect(market.quoteOf(A)).toEqual({ available: 85, reserved: 0 });
    expect(market.engine.position(B, 1)).toMatchObject({ quantityLots: 15 });
    expect(market.engine.position(C, 1)).toMatchObject({ quantityLots: -15 });
    expect(total(market)).toBe(3 * FUNDS);
  });

  it('closes against the other side at the mark price where nobody trades', () => {
    const market = shortAndLong(makeEngine);
    expect(mark(market, 145)).toEqual([
      'markPriceChanged',
      'liquidationStarted',
      'deleveraged 20 at 145',
      'deleveraged -20 at 145',
    ]);
    expect(market.quoteOf(A)).toEqual({ available: 100, reserved: 0 });
    expect(market.quoteOf(B)).toEqual({ available: 1900, reserved: 0 });
    expect(market.engine.position(A, 1).quantityLots).toBe(0);
  });

  it.each([
    [B, C],
    [C, B],
  ])('closes against the lowest account of those that hold as much (%i came first)', (first, second) => {
    const market = new Market(makeEngine, MARGIN, FUNDS);
    mark(market, 100);
    market.sell(A, 20, 100);
    market.buy(first, 10, 100);
    market.buy(second, 10, 100);
    const events = market.apply('setMarkPrice', 0, { instrumentId: 1, priceTicks: 145 });
    const closed = events.filter(({ name }) => name === 'deleveraged');
    expect(closed.map(({ accountId }) => accountId)).toEqual([A, B, A, C]);
  });

  it('lets those who gained pay for a loss that nobody else can', () => {
    const market = shortAndLong(makeEngine);
    expect(mark(market, 160).slice(-2)).toEqual(['balance -200, lossShared', 'balance 200, lossCovered']);
    expect(market.quoteOf(A)).toEqual({ available: 0, reserved: 0 });
    expect(market.quoteOf(B)).toEqual({ available: 2000, reserved: 0 });
  });

  it('lets the fees of the liquidation pay for what nobody has gained', () => {
    const market = shortAndLong(makeEngine);
    mark(market, 135);
    market.apply('setInstrumentFees', 0, { instrumentId: 1, feeTier: 0, makerPpm: 0, takerPpm: 150_000 });
    market.sell(C, 20, 135);
    // A has 300, too little by the new rate, and pays a fee of 405 for closing at the mark price.
    const rates = { initialMarginPpm: 200_000, maintenanceMarginPpm: 200_000 };
    const changed = market.apply('changeInstrument', 0, { instrumentId: 1, ...rates });
    expect(story(changed).slice(-2)).toEqual(['trade 20 at 135', 'balance 105, lossCovered']);
    expect(market.engine.fees('USD')).toBe(300);
    expect(market.quoteOf(A)).toEqual({ available: 0, reserved: 0 });
    expect(total(market)).toBe(3 * FUNDS);
  });

  it('counts what is closed against the other side in units of quote', () => {
    const market = new Market(makeEngine, { ...MARGIN, tickMantissa: 5 }, 5 * FUNDS);
    mark(market, 100);
    market.sell(A, 20, 100);
    market.buy(B, 30, 100);
    market.sell(C, 10, 100);
    mark(market, 145);
    const closed = 20 * 45 * 5;
    expect(market.engine.position(A, 1)).toMatchObject({ cost: 0, realisedProfit: -closed });
    expect(market.engine.position(B, 1)).toMatchObject({ cost: 10 * 100 * 5, realisedProfit: closed });
  });

  it('lets the insurance fund pay first', () => {
    const market = shortAndLong(makeEngine);
    const pay = { transferId: 90n, amount: 150, fromAccountId: C, toAccountId: 0, asset: 'USD' };
    expect(story(market.apply('transfer', 0, pay))).toEqual(['balance -150, transfer']);
    expect(mark(market, 160).slice(-2)).toEqual(['balance -50, lossShared', 'balance 200, lossCovered']);
    expect(market.quoteOf(B)).toEqual({ available: 2150, reserved: 0 });
    expect(total(market)).toBe(3 * FUNDS);
  });

  it('liquidates the lowest account first, and the trades of it may bring down the next', () => {
    const market = new Market(makeEngine, MARGIN, FUNDS);
    mark(market, 100);
    market.order(A, Side.sell, 20, 100);
    market.order(B, Side.sell, 20, 100);
    market.order(C, Side.buy, 40, 100);
    const events = market.apply('setMarkPrice', 0, { instrumentId: 1, priceTicks: 146 });
    const started = events.filter(({ name }) => name === 'liquidationStarted');
    expect(started.map(({ accountId }) => accountId)).toEqual([A, B]);
    expect(total(market)).toBe(3 * FUNDS);
  });

  it('takes a replace that keeps its place whatever the margin is, and holds what is left', () => {
    const market = new Market(makeEngine, MARGIN, FUNDS);
    mark(market, 100);
    market.sell(A, 2, 100);
    market.buy(B, 2, 100);
    market.sell(A, 10, 60, { clientOrderId: 7n });
    // Short 12 at most, and 40 below the mark for each of 10.
    expect(market.engine.position(A, 1).initialMargin).toBe(240 + 400);
    mark(market, 500);
    // An order at 60 may cost 440 a lot now, more than A has.
    expect(market.quoteOf(A).available).toBeLessThan(0);
    expect(replaced(market, { priceTicks: 60, quantityLots: 8 })).toEqual(['replaced']);
    expect(market.engine.position(A, 1).initialMargin).toBe(1000 + 320);
    expect(replaced(market, { priceTicks: 61, quantityLots: 8 })).toEqual(
      rejected(RejectCode.INSUFFICIENT_MARGIN),
    );
    market.apply('massCancel', A, {});
    expect(market.engine.position(A, 1).initialMargin).toBe(200);
  });

  it('holds for an order in a new place what it may cost there, and asks for the difference', () => {
    const market = shortAndLong(makeEngine);
    market.sell(B, 5, 100, { clientOrderId: 7n });
    expect(market.quoteOf(B)).toEqual({ available: 600, reserved: 400 });
    const inNewPlace = (priceTicks: number, quantityLots: number) =>
      story(market.apply('replaceOrder', B, { ...SEVEN, priceTicks, quantityLots }));
    expect(inNewPlace(98, 45)).toEqual(['replaced']);
    // Short 25 at most, and 2 below the mark for each of 45.
    expect(market.quoteOf(B)).toEqual({ available: 410, reserved: 590 });
    expect(inNewPlace(97, 63)).toEqual(rejected(RejectCode.INSUFFICIENT_MARGIN));
    expect(inNewPlace(98, 61)).toEqual(['replaced']);
    expect(market.quoteOf(B)).toEqual({ available: 58, reserved: 942 });
  });

  /** A has an old order to buy far above the mark, and too little to hold what it gets. */
  function staleBid(): Market {
    const market = new Market(makeEngine, MARGIN, FUNDS);
    mark(market, 100);
    market.sell(B, 1, 100);
    market.buy(C, 1, 100);
    market.buy(A, 20, 100);
    mark(market, 54);
    return market;
  }

  it('liquidates in the same command when a stop acts at once', () => {
    const market = staleBid();
    const stop = { orderType: OrderType.stop, triggerPriceTicks: 100, triggerDirection: 1 };
    const events = story(market.sell(C, 20, 0, { ...stop, priceTicks: 100 }));
    expect(events.slice(0, 4)).toEqual(['accepted', 'triggered', 'trade 20 at 100', 'liquidationStarted']);
  });

  it('liquidates in the same command when a replaced order trades', () => {
    const market = staleBid();
    market.sell(C, 20, 110, { clientOrderId: 7n });
    const events = story(market.apply('replaceOrder', C, { ...SEVEN, priceTicks: 100, quantityLots: 20 }));
    expect(events.slice(0, 3)).toEqual(['replaced', 'trade 20 at 100', 'liquidationStarted']);
  });

  it('asks nobody to pay when a liquidated account has lost exactly all it had', () => {
    const market = shortAndLong(makeEngine);
    expect(mark(market, 150)).toEqual([
      'markPriceChanged',
      'liquidationStarted',
      'deleveraged 20 at 150',
      'deleveraged -20 at 150',
    ]);
    expect(market.quoteOf(A)).toEqual({ available: 0, reserved: 0 });
  });

  it('shares a loss by account id, and tells nobody who pays nothing of it', () => {
    const market = new Market(makeEngine, MARGIN, FUNDS);
    market.apply('deposit', 0, { transferId: 80n, accountId: A, asset: 'USD', amount: 1 });
    mark(market, 100);
    market.sell(A, 2, 100);
    for (const account of [C, B]) market.buy(account, 1, 100);
    // A has 1,001 and loses 1,002.
    const events = mark(market, 601);
    expect(events.filter((line) => line.startsWith('balance'))).toEqual([
      'balance -1, lossShared',
      'balance 1, lossCovered',
    ]);
    expect([A, B, C].map((account) => market.quoteOf(account).available)).toEqual([
      0,
      FUNDS + 500,
      FUNDS + 501,
    ]);
  });

  it('takes rates from a millionth to all, the maintenance margin not above the initial one', () => {
    const market = new Market(makeEngine, MARGIN, FUNDS);
    const change = (initialMarginPpm: number, maintenanceMarginPpm: number) => {
      const fields = { instrumentId: 1, initialMarginPpm, maintenanceMarginPpm };
      return story(market.apply('changeInstrument', 0, fields));
    };
    const wrong = [
      [5, 0],
      [0, 1],
      [1_000_001, 1],
      [4, 5],
    ] as const;
    for (const [initial, maintenance] of wrong) {
      expect(change(initial, maintenance)).toEqual(rejected(RejectCode.INVALID_MARGIN));
    }
    expect(change(1, 1)).toEqual(['instrumentChanged']);
    expect(change(1_000_000, 1_000_000)).toEqual(['instrumentChanged']);
  });

  it('holds the fee of an order by the higher of its price and the mark, in units of quote', () => {
    const market = new Market(makeEngine, { ...MARGIN, tickMantissa: 5 }, 10_000);
    market.apply('setInstrumentFees', 0, { instrumentId: 1, feeTier: 0, makerPpm: 0, takerPpm: 10_000 });
    mark(market, 100);
    // 20 % and 1 % of 500 for each of 3 lots.
    market.buy(A, 3, 90);
    expect(market.quoteOf(A).reserved).toBe(300 + 3 * 5);
    // 20 % of 500, 1 % of 550 rounded up, and 50 worse than the mark.
    market.buy(B, 1, 110);
    expect(market.quoteOf(B).reserved).toBe(100 + 6 + 50);
  });

  it('keeps equity and margins of each quote asset apart', () => {
    const market = new Market(makeEngine, MARGIN, FUNDS);
    const listing = { symbol: 'Y-X', base: 'Y', quote: 'X', tickMantissa: 1, lotMantissa: 1, ...MARGIN };
    market.apply('listInstrument', 0, listing);
    const secondMark = (priceTicks: number) =>
      story(market.apply('setMarkPrice', 0, { instrumentId: 2, priceTicks }));
    mark(market, 100);
    secondMark(100);
    market.sell(A, 20, 100);
    market.buy(B, 20, 100);
    market.sell(A, 20, 100, { instrumentId: 2 });
    market.buy(B, 20, 100, { instrumentId: 2 });
    // A has lost 720 of its 1,000 X, and needs 272 of them; it has 1,000 USD.
    expect(secondMark(136)).toEqual(['markPriceChanged']);
    // Now it has 260 X and needs 274. The position in USD stays.
    expect(secondMark(137)).toContain('deleveraged 20 at 137');
    expect(market.engine.position(A, 2).quantityLots).toBe(0);
    expect(market.engine.position(A, 1).quantityLots).toBe(-20);
  });

  it('lets what orders lead to be worth 2^52-1 at the mark price, and not more', () => {
    const most = 2 ** 52 - 1;
    // 2^52-1 = 3 x 5 x 53 x 157 x 1,613 x 2,731 x 8,191
    const lots = 8_191 * 2_731;
    const price = most / lots;
    const cheap = { flags: InstrumentFlag.margin, initialMarginPpm: 1, maintenanceMarginPpm: 1 };
    const tooLarge = rejected(RejectCode.NOTIONAL_TOO_LARGE);

    const market = new Market(makeEngine, cheap, 2 ** 40);
    mark(market, price);
    // Far below the mark, so that it counts; the mark counts the higher of the two.
    expect(story(market.buy(A, lots + 1, 1))).toEqual(tooLarge);
    expect(story(market.buy(A, lots, 1))).toEqual(['accepted']);
    expect(mark(market, price + 1)).toEqual(tooLarge);
    expect(mark(market, price - 1)).toEqual(['markPriceChanged']);
    expect(mark(market, price)).toEqual(['markPriceChanged']);

    const sells = new Market(makeEngine, cheap, 2 ** 40);
    mark(sells, price - 1);
    expect(story(sells.sell(A, lots, price))).toEqual(['accepted']);
    expect(mark(sells, price)).toEqual(['markPriceChanged']);
    expect(mark(sells, price + 1)).toEqual(tooLarge);
  });

  it('lets a position be closed at a cost of all the equity there is, and not more', () => {
    const market = shortAndLong(makeEngine);
    mark(market, 130);
    // A has 400; closing 20 at 150 costs 20 x 20.
    expect(story(market.buy(A, 20, 151))).toEqual(rejected(RejectCode.INSUFFICIENT_MARGIN));
    expect(story(market.buy(A, 20, 150))).toEqual(['accepted']);
  });

  it('leaves what a trailing stop holds as it came in, wherever its price has gone', () => {
    const market = shortAndLong(makeEngine);
    const trade = (price: number) => {
      market.sell(B, 1, price);
      return story(market.buy(A, 1, price));
    };
    const trailing = { orderType: OrderType.stopLimit, trailingTicks: 5 };
    market.buy(C, 10, 108, trailing);
    // 20 % of 1,000, and 8 worse than the mark for each of 10.
    expect(market.quoteOf(C).reserved).toBe(200 + 80);
    trade(95);
    expect(trade(100)).toContain('triggered');
    expect(market.book()).toBe('103 C10 |');
    expect(market.quoteOf(C).reserved).toBe(200 + 80);
    market.apply('massCancel', C, {});
    expect(market.quoteOf(C)).toEqual({ available: FUNDS, reserved: 0 });
  });

  it('holds by new rates at once, for all accounts, and liquidates by them', () => {
    const market = shortAndLong(makeEngine);
    market.buy(C, 10, 90);
    const change = (initialMarginPpm: number, maintenanceMarginPpm: number) => {
      const fields = { instrumentId: 1, initialMarginPpm, maintenanceMarginPpm };
      return story(market.apply('changeInstrument', 0, fields));
    };
    expect(change(300_000, 100_000)).toEqual(['instrumentChanged']);
    expect([A, B, C].map((account) => market.quoteOf(account).reserved)).toEqual([600, 600, 300]);
    mark(market, 130);
    // A has 400 and needs 260, then 520.
    expect(change(300_000, 200_000).slice(0, 2)).toEqual(['instrumentChanged', 'liquidationStarted']);
  });

  it('is not removed while anybody has a position, and then it is', () => {
    const market = shortAndLong(makeEngine);
    // C has come and gone.
    market.buy(C, 1, 100);
    market.sell(B, 1, 100);
    market.sell(C, 1, 100);
    market.buy(B, 1, 100);
    const remove = () => story(market.apply('removeInstrument', 0, { instrumentId: 1 }));
    expect(remove()).toEqual(rejected(RejectCode.INSTRUMENT_IN_USE));
    market.buy(A, 20, 100);
    market.sell(B, 20, 100);
    expect(remove()).toEqual(['market removed']);
  });
});

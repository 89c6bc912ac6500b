/** Market states, auctions, volatility pauses and instruments that change, in the corners that the pages do not show. */
import { describe, expect, test } from 'vitest';
import {
  CancelReason,
  MarketState,
  MarketStateCause,
  OrderFlag,
  OrderType,
  Side,
  TimeInForce,
} from '../../src/core/codes.js';
import { queryAccount, queryInstruments } from '../../src/core/queries.js';
import type { MessageFields } from '../../src/wire/message-fields.js';
import type { DecodedSlot } from '../../src/wire/slot-codec.js';
import { FUNDS, Market, texts } from '../support/market.js';

type StateName = keyof typeof MarketState;

const GTC_LIMIT = { instrumentId: 1, orderType: OrderType.limit, timeInForce: TimeInForce.GTC };
const NAMES = Object.keys(MarketState) as StateName[];

function setState(
  market: Market,
  state: StateName,
  more: Partial<MessageFields['setMarketState']> = {},
): DecodedSlot[] {
  return market.send('setMarketState', {}, { instrumentId: 1, state: MarketState[state], ...more });
}

function order(market: Market, accountId: number, fields: Partial<MessageFields['newOrder']>): string[] {
  return texts(market.send('newOrder', { accountId }, { ...GTC_LIMIT, ...fields }));
}

function change(market: Market, fields: Partial<MessageFields['changeInstrument']>): string[] {
  return texts(market.send('changeInstrument', {}, { instrumentId: 1, ...fields }));
}

function stateOf(market: Market): StateName | undefined {
  return NAMES[(queryInstruments(market.engine.core)[0]?.marketState ?? 0) - 1];
}

/** Goes on to a command time; returns the events. */
function waitUntil(market: Market, timeUs: number): DecodedSlot[] {
  return market.send('timeAdvanced', { microseconds: timeUs - market.script.timestampUs }, {});
}

/** Account 1 has a buy of 10 at 100 with id 1, account 2 a sell of 10 at 110 with id 1. */
function quoted(): Market {
  const market = new Market(4);
  market.buy(1, 1, 100, 10);
  market.sell(2, 1, 110, 10);
  return market;
}

describe('a state lets through', () => {
  const ENTRY = {
    preOpen: ['accepted 5'],
    openingAuction: ['accepted 5', 'auctionIndicated'],
    closingAuction: ['accepted 5', 'auctionIndicated'],
  } as const;
  const REFUSED = {
    halted: ['rejected MARKET_HALTED'],
    cancelOnly: ['rejected CANCEL_ONLY'],
    closed: ['rejected MARKET_CLOSED'],
  } as const;

  test.each(Object.entries({ ...ENTRY, ...REFUSED }))(
    'what it should of new orders: %s',
    (state, answers) => {
      const market = quoted();
      setState(market, state as StateName);
      expect(market.buy(1, 5, 120, 1)).toEqual(answers);
      expect(market.cancel(2, 1)[0]).toBe('cancelled 1 of 10');
    },
  );

  test.each(['preOpen', 'closingAuction', 'volatilityAuction'] as const)(
    'only orders that can rest: %s',
    (state) => {
      const market = quoted();
      setState(market, state);
      const buy = { clientOrderId: 7n, side: Side.buy, priceTicks: 90, quantityLots: 1 };
      for (const timeInForce of [TimeInForce.IOC, TimeInForce.FOK]) {
        expect(order(market, 1, { ...buy, timeInForce })).toEqual(['rejected NO_IMMEDIATE_EXECUTION']);
        const terms = { ...buy, timeInForce, orderType: OrderType.market, priceTicks: 0 };
        expect(order(market, 1, terms)).toEqual(['rejected NO_IMMEDIATE_EXECUTION']);
      }
      for (const flags of [OrderFlag.postOnly, OrderFlag.postOnlyReprice]) {
        expect(order(market, 1, { ...buy, flags })).toEqual(['rejected POST_ONLY_WOULD_TRADE']);
      }
    },
  );

  test('a replace that keeps its place or ends the order while only cancels are taken', () => {
    const market = quoted();
    setState(market, 'cancelOnly');
    expect(market.replace(1, 1, 101, 10)).toEqual(['rejected CANCEL_ONLY']);
    expect(market.replace(1, 1, 100, 11)).toEqual(['rejected CANCEL_ONLY']);
    expect(market.replace(1, 1, 100, 4)).toEqual(['replaced 1 4 at 100 in place']);
    setState(market, 'continuous');
    market.sell(3, 1, 100, 3);
    setState(market, 'cancelOnly');
    expect(market.replace(1, 1, 90, 3)).toEqual(['cancelled 1 of 1']);
    for (const [state, code] of [
      ['halted', 'MARKET_HALTED'],
      ['closed', 'MARKET_CLOSED'],
    ] as const) {
      setState(market, state);
      expect(market.replace(2, 1, 110, 4)).toEqual([`rejected ${code}`]);
    }
  });

  test('a replace in a call phase to its new place, without a trade', () => {
    const market = quoted();
    order(market, 3, {
      clientOrderId: 8n,
      side: Side.buy,
      priceTicks: 90,
      quantityLots: 5,
      flags: OrderFlag.postOnly,
    });
    setState(market, 'preOpen');
    expect(market.replace(1, 1, 115, 12)).toEqual(['replaced 1 12 at 115']);
    expect([market.bids()[0], market.asks()]).toEqual(['115 x 12 (1)', ['110 x 10 (1)']]);
    expect(market.replace(3, 8, 90, 4)).toEqual(['replaced 8 4 at 90 in place']);
    expect(market.replace(3, 8, 91, 4)).toEqual(['rejected POST_ONLY_WOULD_TRADE']);
  });
});

describe('a change of state', () => {
  test('is told with what was before, and answers the command', () => {
    const market = quoted();
    const endTimeUs = market.script.timestampUs + 100;
    const [event] = setState(market, 'openingAuction', {
      clientSequence: 9,
      endTimeUs,
      nextState: MarketState.continuous,
      referencePriceTicks: 105,
    });
    expect(event).toMatchObject({
      name: 'marketStateChanged',
      fields: {
        clientSequence: 9,
        endTimeUs,
        uncrossPriceTicks: 0,
        uncrossLots: 0,
        referencePriceTicks: 105,
        state: MarketState.openingAuction,
        previousState: MarketState.continuous,
        nextState: MarketState.continuous,
        cause: MarketStateCause.command,
      },
    });
  });

  test('that time brings comes before the command, and answers nobody', () => {
    const market = quoted();
    const endTimeUs = market.script.timestampUs + 100;
    setState(market, 'halted', { endTimeUs, nextState: MarketState.closed });
    waitUntil(market, endTimeUs - 1);
    expect(stateOf(market)).toBe('halted');
    const [event, answer] = market.send('newOrder', { accountId: 1 }, { ...GTC_LIMIT, clientSequence: 3 });
    expect(event).toMatchObject({
      name: 'marketStateChanged',
      fields: { clientSequence: 0, endTimeUs: 0, nextState: 0, cause: MarketStateCause.time },
    });
    expect(texts([answer as DecodedSlot])).toEqual(['rejected MARKET_CLOSED']);
  });

  test('comes after the orders that expire at the same time, and before those that expire later', () => {
    const market = quoted();
    const end = market.script.timestampUs + 100;
    const timed = (id: number, expireTimeUs: number) =>
      order(market, 1, {
        clientOrderId: BigInt(id),
        side: Side.buy,
        priceTicks: 90,
        quantityLots: 1,
        timeInForce: TimeInForce.GTD,
        expireTimeUs,
      });
    timed(20, end + 1);
    timed(21, end);
    setState(market, 'halted', { endTimeUs: end, nextState: MarketState.continuous });
    expect(texts(waitUntil(market, end + 1))).toEqual([
      'cancelled 21 of 1',
      'marketStateChanged',
      'cancelled 20 of 1',
    ]);
  });

  test('ends the markets that end together by their ids', () => {
    const market = quoted();
    market.send(
      'listInstrument',
      {},
      { symbol: 'X', base: 'ABC', quote: 'EUR', tickMantissa: 1, lotMantissa: 1 },
    );
    const endTimeUs = market.script.timestampUs + 100;
    const end = { endTimeUs, nextState: MarketState.continuous };
    setState(market, 'halted', { ...end, instrumentId: 2 });
    setState(market, 'halted', { ...end, endTimeUs: endTimeUs + 5 });
    setState(market, 'halted', end);
    const ids = waitUntil(market, endTimeUs).map((event) =>
      event.name === 'marketStateChanged' ? event.fields.instrumentId : 0,
    );
    expect(ids).toEqual([1, 2]);
    expect(waitUntil(market, endTimeUs + 10)).toEqual([]);
  });

  test('to disabled cancels all orders, waiting stops too, oldest first, and takes linked ones once', () => {
    const market = quoted();
    const stop = { clientOrderId: 30n, side: Side.sell, orderType: OrderType.stop, quantityLots: 1 };
    order(market, 1, { ...stop, triggerPriceTicks: 50 });
    order(market, 1, {
      ...GTC_LIMIT,
      clientOrderId: 31n,
      side: Side.sell,
      priceTicks: 120,
      quantityLots: 1,
      flags: OrderFlag.linked,
      linkedClientOrderId: 30n,
    });
    market.sell(2, 2, 130, 1);
    const cancels = setState(market, 'disabled').filter(({ name }) => name === 'cancelled');
    const { instrumentDisabled, linked } = CancelReason;
    expect(cancels.map(({ fields }) => fields)).toMatchObject([
      { clientOrderId: 1n, reason: instrumentDisabled, clientSequence: 0 },
      { clientOrderId: 1n, reason: instrumentDisabled },
      { clientOrderId: 30n, reason: instrumentDisabled },
      { clientOrderId: 31n, reason: linked },
      { clientOrderId: 2n, reason: instrumentDisabled },
    ]);
    expect([market.money(1, 'USD'), market.money(2, 'ABC')]).toEqual([
      [FUNDS, 0],
      [FUNDS, 0],
    ]);
    expect(market.buy(1, 5, 100, 1)).toEqual(['rejected MARKET_CLOSED']);
  });

  test('between states without matching leaves a crossed book as it is, and continuous trading uncrosses it', () => {
    const market = quoted();
    setState(market, 'preOpen');
    market.buy(3, 1, 112, 4);
    for (const state of ['halted', 'cancelOnly', 'closed', 'preOpen'] as const) {
      expect(texts(setState(market, state))).toEqual(['marketStateChanged']);
    }
    // In the middle of 110 and 112: buys alone are left over nowhere, sells at both, so it is the lowest.
    expect(texts(setState(market, 'continuous'))).toEqual([
      'marketStateChanged',
      'trade 4 at 110 with 1 (leaves 6)',
    ]);
  });

  test.each(['halted', 'cancelOnly', 'volatilityAuction'] as const)(
    'out of an auction to %s trades nothing',
    (next) => {
      const market = quoted();
      setState(market, 'openingAuction');
      market.buy(3, 1, 112, 4);
      expect(texts(setState(market, next))[0]).toBe('marketStateChanged');
      expect(market.bids()[0]).toBe('112 x 4 (1)');
      expect(texts(setState(market, 'closed'))).toHaveLength(next === 'volatilityAuction' ? 2 : 1);
    },
  );

  test('is refused when it says something that does not go together', () => {
    const market = quoted();
    const now = market.script.timestampUs;
    const set = (fields: Partial<MessageFields['setMarketState']>) =>
      texts(market.send('setMarketState', {}, { instrumentId: 1, state: MarketState.halted, ...fields }));
    expect(set({ instrumentId: 9 })).toEqual(['rejected UNKNOWN_INSTRUMENT']);
    for (const state of [0, MarketState.removed, 255]) {
      expect(set({ state })).toEqual(['rejected INVALID_MARKET_STATE']);
      expect(set({ endTimeUs: now + 1_000_000, nextState: state })).toEqual([
        'rejected INVALID_MARKET_STATE',
      ]);
    }
    expect(set({ nextState: MarketState.closed })).toEqual(['rejected INVALID_MARKET_STATE']);
    const { closed } = MarketState;
    expect(set({ endTimeUs: market.script.timestampUs + 1, nextState: closed })).toEqual([
      'rejected INVALID_EXPIRE_TIME',
    ]);
    expect(set({ endTimeUs: 2 ** 53, nextState: closed })).toEqual(['rejected INVALID_EXPIRE_TIME']);
    expect(set({ referencePriceTicks: 1 })).toEqual(['rejected INVALID_PRICE']);
    const auction = { state: MarketState.openingAuction };
    expect(set({ ...auction, referencePriceTicks: -2 })).toEqual(['rejected INVALID_PRICE']);
    expect(set({ ...auction, referencePriceTicks: -1 })).toEqual(['marketStateChanged']);
  });
});

describe('an uncross', () => {
  test('shows icebergs peak by peak, on both sides, and sends them to the back', () => {
    const market = new Market(4);
    setState(market, 'openingAuction');
    const sell = { side: Side.sell, priceTicks: 100 };
    order(market, 1, { ...sell, clientOrderId: 1n, quantityLots: 6, displayLots: 2 });
    order(market, 2, { ...sell, clientOrderId: 2n, quantityLots: 3 });
    market.buy(3, 3, 100, 8);
    expect(texts(setState(market, 'continuous'))).toEqual([
      'marketStateChanged',
      'trade 2 at 100 with 1 (leaves 4)',
      'trade 3 at 100 with 2 (leaves 0)',
      'trade 2 at 100 with 1 (leaves 2)',
      'trade 1 at 100 with 1 (leaves 1)',
    ]);
    expect(market.asks()).toEqual(['100 x 1 (1)']);
  });

  test('makes the older order the maker, whichever side it is on, and answers nobody', () => {
    const market = new Market(4);
    setState(market, 'openingAuction');
    market.buy(1, 1, 100, 1);
    market.sell(2, 2, 100, 2);
    market.buy(3, 3, 100, 1);
    const trades = setState(market, 'continuous', { clientSequence: 4 }).filter(
      ({ name }) => name === 'trade',
    );
    expect(trades.map(({ fields }) => fields)).toMatchObject([
      { clientOrderId: 1n, liquidity: 1, clientSequence: 0 },
      { clientOrderId: 2n, liquidity: 2, clientSequence: 0 },
      { clientOrderId: 2n, liquidity: 1 },
      { clientOrderId: 3n, liquidity: 2 },
    ]);
  });

  test('lets orders of one account trade, and ends the links of what traded', () => {
    const market = new Market(2);
    market.send('setSelfTradePrevention', {}, { accountId: 1, selfTradePrevention: 2 });
    setState(market, 'openingAuction');
    const stop = { clientOrderId: 5n, side: Side.sell, orderType: OrderType.stop, triggerPriceTicks: 50 };
    order(market, 1, { ...stop, quantityLots: 1 });
    const linked = { flags: OrderFlag.linked, linkedClientOrderId: 5n };
    order(market, 1, { ...linked, clientOrderId: 6n, side: Side.sell, priceTicks: 100, quantityLots: 2 });
    market.buy(1, 7, 100, 1);
    expect(texts(setState(market, 'continuous'))).toEqual([
      'marketStateChanged',
      'trade 1 at 100 with 6 (leaves 1)',
      'cancelled 5 of 1',
    ]);
  });

  test('fires the stops that waited for its price, once trading is continuous', () => {
    const market = new Market(4);
    market.buy(4, 9, 90, 5);
    setState(market, 'openingAuction');
    order(market, 1, {
      clientOrderId: 5n,
      side: Side.sell,
      orderType: OrderType.stop,
      triggerPriceTicks: 100,
      quantityLots: 2,
      priceTicks: 80,
    });
    market.sell(2, 1, 100, 1);
    market.buy(3, 1, 100, 1);
    expect(texts(setState(market, 'preOpen')).slice(1)).toEqual(['trade 1 at 100 with 1 (leaves 0)']);
    expect(texts(setState(market, 'continuous'))).toEqual([
      'marketStateChanged',
      'triggered',
      'trade 2 at 90 with 9 (leaves 3)',
    ]);
  });

  test('makes trailing stops follow its price at once, in whatever state comes next', () => {
    const market = new Market(4);
    market.buy(1, 1, 100, 1);
    market.sell(2, 1, 100, 1);
    setState(market, 'openingAuction');
    const stop = { clientOrderId: 5n, side: Side.sell, orderType: OrderType.stop, trailingTicks: 10 };
    order(market, 3, { ...stop, quantityLots: 1, priceTicks: 50 });
    market.buy(1, 2, 130, 1);
    market.sell(2, 2, 130, 1);
    setState(market, 'closed');
    expect(queryAccount(market.engine.core, 3)?.orders[0]?.triggerPriceTicks).toBe(120);
  });

  test('is indicated for each market that changed, by id, after all that the command tells', () => {
    const market = quoted();
    setState(market, 'openingAuction');
    const events = market.send(
      'newOrder',
      { accountId: 3 },
      { ...GTC_LIMIT, side: Side.buy, priceTicks: 110, quantityLots: 4 },
    );
    expect(events.map(({ name }) => name)).toEqual(['accepted', 'bookDelta', 'auctionIndicated']);
    expect(events.at(-1)).toMatchObject({
      fields: { instrumentId: 1, priceTicks: 110, executableLots: 4, imbalanceLots: -6, clientSequence: 0 },
    });
    expect(setState(market, 'openingAuction').map(({ name }) => name)).toEqual(['marketStateChanged']);
    expect(setState(market, 'closingAuction').map(({ name }) => name)).toEqual([
      'marketStateChanged',
      'auctionIndicated',
    ]);
    expect(setState(market, 'preOpen').map(({ name }) => name)).not.toContain('auctionIndicated');
  });
});

describe('a volatility limit', () => {
  const WINDOW_US = 1_000_000;

  /** Trades may go 10 % from the last trade, at 100; sells of 5 rest at 105, 110 and 111. */
  function limited(): Market {
    const market = new Market(4);
    market.buy(1, 1, 100, 1);
    market.sell(2, 1, 100, 1);
    change(market, { volatilityPpm: 100_000, volatilityWindowUs: WINDOW_US, volatilityAuctionUs: 500 });
    for (const price of [105, 110, 111]) market.sell(2, price, price, 5);
    return market;
  }

  test('stops an order before the trade that goes too far, and starts an auction', () => {
    const market = limited();
    const events = market.send(
      'newOrder',
      { accountId: 3 },
      { ...GTC_LIMIT, side: Side.buy, priceTicks: 120, quantityLots: 12 },
    );
    expect(texts(events)).toEqual([
      'accepted 0',
      'trade 5 at 105 with 105 (leaves 0)',
      'trade 5 at 110 with 110 (leaves 0)',
      'marketStateChanged',
      'auctionIndicated',
    ]);
    expect(events.find(({ name }) => name === 'marketStateChanged')).toMatchObject({
      fields: {
        state: MarketState.volatilityAuction,
        nextState: MarketState.continuous,
        endTimeUs: market.script.timestampUs + 500,
        cause: MarketStateCause.volatility,
      },
    });
    expect([market.bids(), market.asks()]).toEqual([['120 x 2 (1)'], ['111 x 5 (1)']]);
    expect(texts(waitUntil(market, market.script.timestampUs + 500))).toEqual([
      'marketStateChanged',
      'trade 2 at 111 with 111 (leaves 3)',
    ]);
  });

  test('cancels what may not rest, and counts nothing beyond it for an order that needs more', () => {
    const market = limited();
    const buy = { side: Side.buy, priceTicks: 120, quantityLots: 12 };
    expect(order(market, 3, { ...buy, timeInForce: TimeInForce.FOK })).toEqual([
      'accepted 0',
      'cancelled 0 of 12',
    ]);
    expect(order(market, 3, { ...buy, timeInForce: TimeInForce.IOC, minQuantityLots: 11 })).toHaveLength(2);
    expect(stateOf(market)).toBe('continuous');
    expect(order(market, 3, { ...buy, timeInForce: TimeInForce.IOC }).slice(3)).toEqual([
      'cancelled 0 of 2',
      'marketStateChanged',
    ]);
  });

  test('measures from the last trade before the window, and anew in the next', () => {
    const market = limited();
    market.buy(3, 1, 110, 10);
    market.sell(2, 2, 110, 1);
    market.buy(3, 2, 111, 2);
    expect(stateOf(market)).toBe('volatilityAuction');
    waitUntil(market, market.script.timestampUs + 500);
    const other = limited();
    other.buy(3, 1, 110, 10);
    waitUntil(other, (Math.floor(other.script.timestampUs / WINDOW_US) + 1) * WINDOW_US);
    expect(other.buy(3, 2, 111, 2)).toEqual(['accepted 2', 'trade 2 at 111 with 111 (leaves 3)']);
  });

  test('also stops a market that has gone down, and a replace', () => {
    const market = limited();
    market.buy(1, 5, 89, 5);
    market.buy(1, 6, 90, 5);
    market.sell(4, 1, 200, 7);
    expect(market.replace(4, 1, 80, 7)).toEqual([
      'replaced 1 7 at 80',
      'trade 5 at 90 with 6 (leaves 0)',
      'marketStateChanged',
      'auctionIndicated',
    ]);
  });

  test('lets a fired stop wait again when trading stops before it acts', () => {
    const market = limited();
    const stop = { side: Side.buy, orderType: OrderType.stop, quantityLots: 1, priceTicks: 150 };
    order(market, 4, { ...stop, clientOrderId: 40n, triggerPriceTicks: 104, quantityLots: 6 });
    order(market, 4, { ...stop, clientOrderId: 41n, triggerPriceTicks: 105 });
    expect(market.buy(3, 1, 105, 5)).toEqual([
      'accepted 1',
      'trade 5 at 105 with 105 (leaves 0)',
      'triggered',
      'trade 5 at 110 with 110 (leaves 0)',
      'cancelled 40 of 1',
      'marketStateChanged',
    ]);
    expect(texts(waitUntil(market, market.script.timestampUs + 500))).toEqual([
      'marketStateChanged',
      'triggered',
      'trade 1 at 111 with 111 (leaves 4)',
    ]);
  });

  test('is refused when it says something that does not go together', () => {
    const market = limited();
    const all = { volatilityPpm: 1, volatilityWindowUs: 1, volatilityAuctionUs: 1 };
    expect(change(market, { ...all, instrumentId: 9 })).toEqual(['rejected UNKNOWN_INSTRUMENT']);
    expect(change(market, { ...all, marketProtectionPpm: 1_000_001 })).toEqual([
      'rejected INVALID_PROTECTION',
    ]);
    for (const wrong of [
      { volatilityPpm: 1_000_001 },
      { volatilityPpm: 0 },
      { volatilityWindowUs: 0 },
      { volatilityAuctionUs: 0 },
    ]) {
      expect(change(market, { ...all, ...wrong })).toEqual(['rejected INVALID_VOLATILITY_LIMIT']);
    }
    expect(change(market, {})).toEqual(['instrumentChanged']);
    expect(queryInstruments(market.engine.core)[0]).toMatchObject({
      marketProtectionPpm: 50_000,
      volatilityPpm: 0,
    });
    expect(market.buy(3, 1, 111, 11)).toHaveLength(4);
  });
});

describe('a removed instrument', () => {
  test('is as if it had never been, but for its id; the symbol is free again', () => {
    const market = quoted();
    const remove = () => texts(market.send('removeInstrument', {}, { instrumentId: 1 }));
    expect(remove()).toEqual(['rejected INSTRUMENT_IN_USE']);
    market.cancel(1, 1);
    market.cancel(2, 1);
    order(market, 1, {
      clientOrderId: 3n,
      side: Side.buy,
      orderType: OrderType.stop,
      triggerPriceTicks: 200,
      priceTicks: 210,
      quantityLots: 1,
    });
    expect(remove()).toEqual(['rejected INSTRUMENT_IN_USE']);
    market.cancel(1, 3);
    expect(remove()).toEqual(['marketStateChanged']);
    const unknown = ['rejected UNKNOWN_INSTRUMENT'];
    expect(remove()).toEqual(unknown);
    expect(texts(setState(market, 'continuous'))).toEqual(unknown);
    expect(change(market, {})).toEqual(unknown);
    expect(market.buy(1, 1, 100, 1)).toEqual(unknown);
    expect(market.cancel(1, 1)).toEqual(unknown);
    expect(texts(market.send('setPriceBand', {}, { instrumentId: 1 }))).toEqual(unknown);
    const listing = { symbol: 'ABC-USD', base: 'ABC', quote: 'USD', tickMantissa: 1, lotMantissa: 1 };
    expect(texts(market.send('listInstrument', {}, listing))).toEqual(['instrumentListed']);
    expect(texts(market.send('listInstrument', {}, listing))).toEqual(['rejected INSTRUMENT_EXISTS']);
    expect(market.buy(1, 1, 100, 1, { instrumentId: 2 })).toEqual(['accepted 1']);
  });

  test('never ends a state that it had', () => {
    const market = new Market(1);
    setState(market, 'halted', {
      endTimeUs: market.script.timestampUs + 100,
      nextState: MarketState.continuous,
    });
    market.send('removeInstrument', {}, { instrumentId: 1 });
    expect(waitUntil(market, market.script.timestampUs + 200)).toEqual([]);
  });
});

describe('cancel on disconnect', () => {
  test('cancels all that the account has open, as notices, and says nothing else', () => {
    const market = quoted();
    market.buy(1, 2, 101, 3);
    const events = market.send('cancelOnDisconnect', { accountId: 1 }, { apiKeyId: 5, clientSequence: 0 });
    expect(events.map(({ name }) => name)).toEqual(['cancelled', 'cancelled', 'bookDelta', 'bookDelta']);
    expect(events.slice(0, 2).map(({ fields }) => fields)).toMatchObject([
      { clientOrderId: 1n, reason: CancelReason.disconnected },
      { clientOrderId: 2n, reason: CancelReason.disconnected },
    ]);
    expect(market.asks()).toEqual(['110 x 10 (1)']);
    expect(texts(market.send('cancelOnDisconnect', { accountId: 99 }, {}))).toEqual([
      'rejected UNKNOWN_ACCOUNT',
    ]);
  });

  test('is nothing that a key may send', () => {
    const market = quoted();
    market.send(
      'registerApiKey',
      {},
      { accountId: 1, permissions: 1, publicKey: new Uint8Array(32).fill(1) },
    );
    expect(
      texts(market.send('cancelOnDisconnect', { accountId: 1, sessionId: 1 }, { clientSequence: 1 })),
    ).toEqual(['rejected NOT_PERMITTED']);
  });
});

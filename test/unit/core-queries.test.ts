/** The views of the state have each value in its field. */
import { expect, test } from 'vitest';
import {
  AccountStatus,
  InstrumentFlag,
  MarketState,
  OrderFlag,
  OrderType,
  SelfTradePrevention,
  Side,
  TimeInForce,
} from '../../src/core/codes.js';
import {
  queryAccount,
  queryAssets,
  queryBook,
  queryInstruments,
  querySideOrders,
  queryTradingDayEnd,
} from '../../src/core/queries.js';
import { FUNDS, Market } from '../support/market.js';

const LATER = 1_800_000_000_000_000;

const LISTING = {
  symbol: 'ABCDEFGHIJKLMNOPQRST/U:1',
  base: 'XYZ',
  quote: 'EUR',
  tickMantissa: 3_000_000_000,
  lotMantissa: 4_000_000_000,
  tickExponent: -9,
  lotExponent: -6,
  baseDecimals: 2,
  quoteDecimals: 6,
  marketProtectionPpm: 70_000,
  flags: InstrumentFlag.margin,
  initialMarginPpm: 300_000,
  maintenanceMarginPpm: 200_000,
};

test('the view of an instrument', () => {
  const market = new Market(2);
  market.send('listInstrument', {}, LISTING);
  const instrumentId = 2;
  const change = {
    instrumentId,
    marketProtectionPpm: 70_001,
    initialMarginPpm: 300_000,
    maintenanceMarginPpm: 200_000,
  };
  const volatility = {
    volatilityPpm: 50_000,
    volatilityWindowUs: 3_000_000_000,
    volatilityAuctionUs: 4_000_000_000,
  };
  market.send('changeInstrument', {}, { ...change, ...volatility });
  for (const feeTier of [0, 7])
    market.send(
      'setInstrumentFees',
      {},
      { instrumentId, feeTier, makerPpm: -feeTier, takerPpm: 100 + feeTier },
    );
  const prices = { minPriceTicks: 3, maxPriceTicks: 2_000, referencePriceTicks: 500, bandPpm: 900_000 };
  market.send('setPriceBand', {}, { instrumentId, ...prices });
  market.send('setMarkPrice', {}, { instrumentId, priceTicks: 510 });
  for (const accountId of [1, 2]) market.deposit(accountId, 'EUR', 100_000_000_000_000);
  const order = (accountId: number, id: number, side: number, priceTicks: number, quantityLots: number) => {
    const terms = { orderType: OrderType.limit, timeInForce: TimeInForce.GTC };
    market.send(
      'newOrder',
      { accountId },
      { ...terms, clientOrderId: BigInt(id), instrumentId, side, priceTicks, quantityLots },
    );
  };
  order(1, 1, Side.sell, 505, 1);
  order(2, 1, Side.buy, 505, 1);
  const auction = { state: MarketState.closingAuction, endTimeUs: LATER, nextState: MarketState.closed };
  market.send('setMarketState', {}, { instrumentId, ...auction });
  order(1, 2, Side.sell, 503, 2);
  order(2, 2, Side.buy, 503, 5);
  const none = { makerPpm: 0, takerPpm: 0 };
  expect(queryInstruments(market.engine.core)[1]).toEqual({
    instrumentId,
    ...LISTING,
    marketProtectionPpm: 70_001,
    quoteMinorPerTickLot: 12_000_000_000,
    baseMinorPerLot: 400_000,
    bookSequence: 4,
    lastPriceTicks: 505,
    fees: [{ makerPpm: 0, takerPpm: 100 }, ...Array(6).fill(none), { makerPpm: -7, takerPpm: 107 }],
    band: prices,
    marketState: MarketState.closingAuction,
    endTimeUs: LATER,
    nextState: MarketState.closed,
    indicatedPriceTicks: 503,
    indicatedLots: 2,
    indicatedImbalance: 3,
    ...volatility,
    markPriceTicks: 510,
  });
  expect(queryInstruments(market.engine.core)[0]).toMatchObject({ marketState: MarketState.continuous });
});

test('the view of an account', () => {
  const market = new Market(2);
  market.send(
    'listInstrument',
    {},
    { symbol: 'X-USD', base: 'X', quote: 'USD', tickMantissa: 1, lotMantissa: 1 },
  );
  market.send(
    'listInstrument',
    {},
    { symbol: 'Y-USD', base: 'Y', quote: 'USD', tickMantissa: 1, lotMantissa: 1 },
  );
  market.send('setAccountFeeTier', {}, { accountId: 1, feeTier: 3 });
  market.send(
    'setSelfTradePrevention',
    {},
    { accountId: 1, selfTradeGroup: 3_000_000_000, selfTradePrevention: SelfTradePrevention.decrement },
  );
  market.send(
    'setAccountThrottle',
    {},
    { accountId: 1, maxCommands: 4_000_000_000, intervalUs: 3_000_000_000 },
  );
  market.send(
    'setOrderLimits',
    {},
    { accountId: 1, instrumentId: 3, maxOrderNotional: 2 ** 40, maxOrderLots: 50, maxOpenOrders: 9 },
  );
  market.sell(1, 1, 100, 5);
  market.buy(2, 1, 100, 3);
  market.send(
    'newOrder',
    { accountId: 1 },
    {
      clientOrderId: 0xfffffffe00000007n,
      instrumentId: 1,
      side: Side.buy,
      priceTicks: 90,
      quantityLots: 8,
      orderType: OrderType.limit,
      timeInForce: TimeInForce.GTD,
      expireTimeUs: LATER,
      displayLots: 3,
      flags: OrderFlag.postOnly,
    },
  );
  market.send(
    'newOrder',
    { accountId: 1 },
    {
      clientOrderId: 9n,
      instrumentId: 1,
      side: Side.sell,
      priceTicks: 80,
      quantityLots: 1,
      orderType: OrderType.stopLimit,
      timeInForce: TimeInForce.GTC,
      triggerPriceTicks: 85,
    },
  );
  market.send('setAccountStatus', {}, { accountId: 1, status: AccountStatus.suspended });
  const plain = {
    expireTimeUs: 0,
    displayLots: 0,
    triggerPriceTicks: 0,
    flags: 0,
    timeInForce: TimeInForce.GTC,
  };
  const rests = { ...plain, clientOrderIdHigh: 0, cumulativeLots: 0, instrumentId: 1 };
  expect(queryAccount(market.engine.core, 1)).toEqual({
    accountId: 1,
    reportSequence: 11,
    openOrderCount: 3,
    feeTier: 3,
    selfTradeGroup: 3_000_000_000,
    selfTradePrevention: SelfTradePrevention.decrement,
    status: AccountStatus.suspended,
    throttle: { maxCommands: 4_000_000_000, intervalUs: 3_000_000_000 },
    balances: [
      { asset: 'ABC', decimals: 0, available: FUNDS - 3 - 3, reserved: 2 + 1 },
      { asset: 'USD', decimals: 0, available: FUNDS + 300 - 720, reserved: 720 },
    ],
    positions: [{ instrumentId: 1, quantityLots: -3, cost: 300, realisedProfit: 0, initialMargin: 0 }],
    orders: [
      {
        ...rests,
        orderId: 1,
        clientOrderIdLow: 1,
        side: Side.sell,
        priceTicks: 100,
        quantityLots: 5,
        leavesLots: 2,
        cumulativeLots: 3,
      },
      {
        ...rests,
        orderId: 3,
        clientOrderIdLow: 7,
        clientOrderIdHigh: -2,
        side: Side.buy,
        priceTicks: 90,
        quantityLots: 8,
        leavesLots: 8,
        timeInForce: TimeInForce.GTD,
        expireTimeUs: LATER,
        displayLots: 3,
        flags: OrderFlag.postOnly,
      },
      {
        ...rests,
        orderId: 4,
        clientOrderIdLow: 9,
        side: Side.sell,
        priceTicks: 80,
        quantityLots: 1,
        leavesLots: 1,
        triggerPriceTicks: 85,
      },
    ],
    limits: [{ instrumentId: 3, maxOrderNotional: 2 ** 40, maxOrderLots: 50, maxOpenOrders: 9 }],
  });
  expect(queryAccount(market.engine.core, 3)).toBe(undefined);
});

test('the orders of a side in the order in which they would trade', () => {
  const market = new Market(3);
  const ids = (side: number) =>
    querySideOrders(market.engine.core, 1, side).map((order) => order.clientOrderIdLow);
  market.buy(1, 1, 99, 1);
  market.buy(2, 2, 100, 1);
  market.buy(3, 3, 99, 1);
  market.sell(1, 4, 105, 1);
  market.sell(2, 5, 104, 1);
  expect([ids(Side.buy), ids(Side.sell)]).toEqual([
    [2, 1, 3],
    [5, 4],
  ]);
});

test('the best levels of a book, as many as asked for', () => {
  const market = new Market(2);
  for (const [id, price] of [98, 100, 99].entries()) market.buy(1, id + 1, price, 1);
  const prices = (instrumentId: number, depth: number) =>
    queryBook(market.engine.core, instrumentId, depth).bids.map((level) => level.priceTicks);
  expect([prices(1, 0), prices(1, 2), prices(1, 9)]).toEqual([[], [100, 99], [100, 99, 98]]);
  // Stops lie in the ladder behind the books.
  market.send(
    'newOrder',
    { accountId: 1 },
    {
      clientOrderId: 9n,
      instrumentId: 1,
      side: Side.sell,
      priceTicks: 0,
      quantityLots: 1,
      orderType: OrderType.stop,
      timeInForce: TimeInForce.GTC,
      triggerPriceTicks: 50,
    },
  );
  for (let instrumentId = -1; instrumentId < 12; instrumentId += 1) {
    if (instrumentId !== 1)
      expect(queryBook(market.engine.core, instrumentId, 9)).toEqual({ instrumentId, bids: [], asks: [] });
  }
});

test('assets, and the end of the trading day', () => {
  const market = new Market(1);
  market.send('setTradingDayEnd', {}, { endTimeUs: LATER });
  expect(queryTradingDayEnd(market.engine.core)).toBe(LATER);
  expect(queryAssets(market.engine.core)).toEqual([
    { assetId: 1, asset: 'ABC', decimals: 0, supply: FUNDS, fees: 0, insurance: 0 },
    { assetId: 2, asset: 'USD', decimals: 0, supply: FUNDS, fees: 0, insurance: 0 },
  ]);
});

test('a snapshot of an account has what is all reserved', () => {
  const market = new Market(1);
  market.withdraw(1, 'ABC', FUNDS - 5);
  market.sell(1, 1, 100, 5);
  const balances = market
    .send('requestSnapshot', { accountId: 1 }, {})
    .flatMap((event) =>
      event.name === 'balanceChanged' ? [[event.fields.available, event.fields.reserved]] : [],
    );
  expect(balances).toEqual([
    [0, 5],
    [FUNDS, 0],
  ]);
});

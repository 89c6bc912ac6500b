/** Every reject code of risk, matching and admin is reachable, and a rejected command changes no state. */
import { describe, expect, test } from 'vitest';
import { OrderFlag, OrderType, rejectName, Side, TimeInForce } from '../../src/core/codes.js';
import type { CommandName, MessageFields } from '../../src/wire/message-fields.js';
import type { CommandContext } from '../support/command-script.js';
import { FUNDS, Market, reportSequenceOf } from '../support/market.js';

const ORDER = {
  clientOrderId: 50n,
  instrumentId: 1,
  priceTicks: 100,
  quantityLots: 1,
  side: 1,
  orderType: OrderType.limit as number,
  timeInForce: TimeInForce.GTC as number,
};
const MARKET = { orderType: OrderType.market, timeInForce: TimeInForce.IOC, priceTicks: 0 };
const STOP = { orderType: OrderType.stop, priceTicks: 0, triggerPriceTicks: 150 };
const REPLACE = { clientOrderId: 1n, newClientOrderId: 1n, instrumentId: 1, priceTicks: 99, quantityLots: 1 };
const LIST = { symbol: 'X', base: 'AAA', quote: 'BBB', tickMantissa: 1, lotMantissa: 1 };
const KEY = { accountId: 1, permissions: 1, publicKey: new Uint8Array(32).fill(9) };

/** One account with an order 1 to buy at 100, one key, and no room for anything more. */
function fullMarket(): Market {
  const market = new Market(2, {
    maxOrders: 1,
    maxAccounts: 2,
    maxHoldings: 4,
    maxInstruments: 2,
    maxAssets: 3,
    maxApiKeys: 1,
    maxTransfers: 5,
  });
  market.send('listInstrument', {}, { ...LIST, symbol: 'EUR', base: 'ABC', quote: 'EUR' });
  market.send('registerApiKey', {}, { ...KEY, publicKey: new Uint8Array(32).fill(1) });
  market.buy(1, 1, 100, 1);
  return market;
}

/** A roomy market with an order 1 to buy at 100 of account 1. */
function roomyMarket(): Market {
  const market = new Market(2, { maxHoldings: 100, maxTransfers: 100 });
  market.buy(1, 1, 100, 10);
  market.send('registerApiKey', {}, { ...KEY, publicKey: new Uint8Array(32).fill(1) });
  return market;
}

function expectReject<N extends CommandName>(
  market: Market,
  code: string,
  name: N,
  context: CommandContext,
  fields: Partial<MessageFields[N]>,
): void {
  // Command time is part of the state, so it stands still.
  const hash = market.hash();
  const view = market.view();
  const events = market.send(name, { microseconds: 0, ...context }, fields);
  expect(events.map((event) => event.name)).toEqual(['rejected']);
  const [event] = events;
  if (event?.name !== 'rejected') throw new Error('unreachable');
  expect(rejectName(event.fields.code)).toBe(code);
  // A report of an account is numbered, and that is all that the state may show of it.
  if (event.fields.reportSequence === 0) expect(market.hash()).toBe(hash);
  expect(market.view()).toEqual(view);
}

describe('a new order is rejected', () => {
  const account = { accountId: 1 };
  const cases: [string, Partial<MessageFields['newOrder']>][] = [
    ['UNKNOWN_INSTRUMENT', { instrumentId: 0 }],
    ['UNKNOWN_INSTRUMENT', { instrumentId: 2 }],
    ['UNKNOWN_INSTRUMENT', { instrumentId: 0xffffffff }],
    ['INVALID_SIDE', { side: 0 }],
    ['INVALID_SIDE', { side: 3 }],
    ['INVALID_ORDER_TYPE', { orderType: 0 }],
    ['INVALID_ORDER_TYPE', { orderType: 255 }],
    ['INVALID_TIME_IN_FORCE', { timeInForce: 0 }],
    ['INVALID_TIME_IN_FORCE', { timeInForce: 6 }],
    ['INVALID_TIME_IN_FORCE', { orderType: OrderType.market, timeInForce: TimeInForce.DAY }],
    ['INVALID_TIME_IN_FORCE', { orderType: OrderType.market, timeInForce: TimeInForce.GTC }],
    ['INVALID_FLAGS', { flags: 8 }],
    ['INVALID_FLAGS', { flags: OrderFlag.postOnly | OrderFlag.postOnlyReprice }],
    ['INVALID_FLAGS', { flags: OrderFlag.postOnly, timeInForce: TimeInForce.IOC }],
    ['INVALID_FLAGS', { flags: OrderFlag.postOnlyReprice, timeInForce: TimeInForce.FOK }],
    ['INVALID_SELF_TRADE_PREVENTION', { selfTradePrevention: 6 }],
    ['INVALID_MIN_QUANTITY', { minQuantityLots: 1 }],
    ['INVALID_MIN_QUANTITY', { minQuantityLots: -1, timeInForce: TimeInForce.IOC }],
    ['INVALID_MIN_QUANTITY', { minQuantityLots: 6, quantityLots: 5, timeInForce: TimeInForce.IOC }],
    ['INVALID_MIN_QUANTITY', { minQuantityLots: 1, timeInForce: TimeInForce.FOK }],
    ['INVALID_EXPIRE_TIME', { expireTimeUs: 2 ** 52 }],
    ['INVALID_EXPIRE_TIME', { timeInForce: TimeInForce.GTD }],
    ['INVALID_EXPIRE_TIME', { timeInForce: TimeInForce.GTD, expireTimeUs: 1_700_000_000_000_000 }],
    ['INVALID_EXPIRE_TIME', { timeInForce: TimeInForce.GTD, expireTimeUs: 2 ** 53 }],
    ['INVALID_EXPIRE_TIME', { timeInForce: TimeInForce.DAY, expireTimeUs: 2 ** 52 }],
    ['TRADING_DAY_CLOSED', { timeInForce: TimeInForce.DAY }],
    ['INVALID_TIME_IN_FORCE', { ...STOP, timeInForce: TimeInForce.IOC }],
    ['INVALID_FLAGS', { ...STOP, flags: OrderFlag.postOnly }],
    ['INVALID_FLAGS', { flags: OrderFlag.linked, timeInForce: TimeInForce.IOC }],
    ['INVALID_QUANTITY', { ...MARKET, quoteAmount: 5 }],
    ['INVALID_QUANTITY', { quantityLots: 0, quoteAmount: 5 }],
    ['INVALID_QUANTITY', { ...MARKET, quantityLots: 0, quoteAmount: -1 }],
    ['INVALID_QUANTITY', { ...MARKET, quantityLots: 0, quoteAmount: 2 ** 53 }],
    ['INVALID_QUANTITY', { ...MARKET, side: Side.sell, quantityLots: 0, quoteAmount: 99 }],
    ['INVALID_QUANTITY', { ...MARKET, side: Side.sell, quantityLots: 0, quoteAmount: 500, priceTicks: 101 }],
    ['INVALID_MIN_QUANTITY', { ...MARKET, quantityLots: 0, quoteAmount: 500, minQuantityLots: 1 }],
    ['INVALID_DISPLAY_QUANTITY', { displayLots: -1 }],
    ['INVALID_DISPLAY_QUANTITY', { displayLots: 2, quantityLots: 1 }],
    ['INVALID_DISPLAY_QUANTITY', { displayLots: 1, timeInForce: TimeInForce.IOC }],
    ['INVALID_DISPLAY_QUANTITY', { ...STOP, displayLots: 1 }],
    ['INVALID_DISPLAY_QUANTITY', { displayLots: 2, quantityLots: 201 }],
    ['INVALID_PRICE', { ...STOP, orderType: OrderType.stopLimit, priceTicks: 0 }],
    ['INVALID_PRICE', { ...STOP, priceTicks: -1 }],
    ['INVALID_TRIGGER', { triggerPriceTicks: 5 }],
    ['INVALID_TRIGGER', { trailingTicks: 5 }],
    ['INVALID_TRIGGER', { triggerDirection: 1 }],
    ['INVALID_TRIGGER', { ...STOP, triggerPriceTicks: 0 }],
    ['INVALID_TRIGGER', { ...STOP, triggerDirection: 3 }],
    ['INVALID_TRIGGER', { ...STOP, trailingTicks: -1 }],
    ['INVALID_TRIGGER', { ...STOP, trailingTicks: 5 }],
    ['INVALID_TRIGGER', { ...STOP, triggerPriceTicks: 0, trailingTicks: 5, triggerDirection: 1 }],
    ['NO_LAST_TRADE', { ...STOP, triggerPriceTicks: 0, trailingTicks: 5 }],
    ['INVALID_LINK', { linkedClientOrderId: 1n }],
    ['INVALID_LINK', { flags: OrderFlag.linked, linkedClientOrderId: 1n }],
    ['INVALID_LINK', { ...STOP, flags: OrderFlag.linked, linkedClientOrderId: 9n }],
    ['NO_LIQUIDITY', { ...MARKET, quantityLots: 0, quoteAmount: 500, priceTicks: 100 }],
    ['POST_ONLY_WOULD_TRADE', { flags: OrderFlag.postOnly, side: Side.sell, priceTicks: 100 }],
    ['INVALID_QUANTITY', { quantityLots: 0 }],
    ['INVALID_QUANTITY', { quantityLots: -1 }],
    ['INVALID_PRICE', { priceTicks: 0 }],
    ['INVALID_PRICE', { priceTicks: -2_147_483_648 }],
    ['INVALID_PRICE', { priceTicks: -1, orderType: OrderType.market, timeInForce: TimeInForce.IOC }],
    ['DUPLICATE_CLIENT_ORDER_ID', { clientOrderId: 1n }],
    ['NO_LIQUIDITY', { priceTicks: 0, orderType: OrderType.market, timeInForce: TimeInForce.FOK }],
    ['INSUFFICIENT_FUNDS', { priceTicks: 1_000_000, quantityLots: 1_000_000 }],
    ['INSUFFICIENT_FUNDS', { priceTicks: 2_000_000, quantityLots: 500_001, side: 1 }],
  ];
  for (const [code, fields] of cases) {
    test(`${code}: ${JSON.stringify(fields, (_, value) => (typeof value === 'bigint' ? Number(value) : value))}`, () => {
      expectReject(roomyMarket(), code, 'newOrder', account, { ...ORDER, ...fields });
    });
  }

  test.each([
    ['INVALID_EXPIRE_TIME', { expireTimeUs: 1 }],
    ['INVALID_EXPIRE_TIME', { expireTimeUs: 2 ** 32 }],
    ['INVALID_MIN_QUANTITY', { minQuantityLots: 1 }],
    ['INVALID_SELF_TRADE_PREVENTION', { selfTradePrevention: 6 }],
    ['INVALID_TRIGGER', { triggerDirection: 1 }],
    ['INVALID_DISPLAY_QUANTITY', { displayLots: 2, quantityLots: 1 }],
    ['INVALID_TRIGGER', { triggerPriceTicks: 1 }],
    ['INVALID_QUANTITY', { quoteAmount: 1 }],
    ['INVALID_QUANTITY', { quoteAmount: 2 ** 32 }],
    ['INVALID_LINK', { linkedClientOrderId: 1n }],
    ['INVALID_LINK', { linkedClientOrderId: 2n ** 32n }],
    ['INVALID_TRIGGER', { trailingTicks: 1 }],
  ] as [string, Partial<MessageFields['newOrder']>][])(
    '%s: one further term alone is seen, behind a command that says nothing',
    (code, fields) => {
      const market = roomyMarket();
      for (let place = 0; place < 8; place += 1) {
        market.send('timeAdvanced', {}, {});
        expectReject(market, code, 'newOrder', account, { ...ORDER, ...fields });
      }
    },
  );

  test('INVALID_TRIGGER: a trailing distance that leaves the domain of prices', () => {
    const market = roomyMarket();
    market.sell(2, 2, 100, 1);
    const trailing = { ...ORDER, ...STOP, triggerPriceTicks: 0 };
    const sell = { ...trailing, side: Side.sell };
    expectReject(market, 'INVALID_TRIGGER', 'newOrder', account, { ...sell, trailingTicks: 100 });
    expectReject(market, 'INVALID_TRIGGER', 'newOrder', account, { ...trailing, trailingTicks: 2 ** 31 - 1 });
    expect(market.send('newOrder', account, { ...sell, trailingTicks: 99 })[0]?.name).toBe('accepted');
  });

  test('INVALID_LINK: not one limit order and one waiting stop, another instrument, or linked already', () => {
    const market = roomyMarket();
    const linked = { ...ORDER, flags: OrderFlag.linked, linkedClientOrderId: 1n };
    market.send('listInstrument', {}, { ...LIST, base: 'ABC', quote: 'USD' });
    expectReject(market, 'INVALID_LINK', 'newOrder', account, { ...linked, ...STOP, instrumentId: 2 });
    market.send('newOrder', account, { ...linked, ...STOP, clientOrderId: 2n });
    expectReject(market, 'INVALID_LINK', 'newOrder', account, { ...linked, ...STOP });
    market.send('newOrder', account, { ...ORDER, ...STOP, clientOrderId: 3n });
    const toStop = { ...linked, linkedClientOrderId: 3n };
    expectReject(market, 'INVALID_LINK', 'newOrder', account, { ...toStop, ...STOP });
    expect(market.send('newOrder', account, toStop)[0]?.name).toBe('accepted');
  });

  test('POST_ONLY_WOULD_TRADE: a price one tick away that is not there', () => {
    const market = roomyMarket();
    market.cancel(1, 1);
    market.sell(1, 1, 1, 1);
    const reprice = { ...ORDER, flags: OrderFlag.postOnlyReprice };
    expectReject(market, 'POST_ONLY_WOULD_TRADE', 'newOrder', account, { ...reprice, priceTicks: 5 });
  });

  test('UNKNOWN_ACCOUNT: an account that was never opened; nothing is numbered', () => {
    const market = roomyMarket();
    expectReject(market, 'UNKNOWN_ACCOUNT', 'newOrder', { accountId: 3 }, ORDER);
    expectReject(market, 'UNKNOWN_ACCOUNT', 'newOrder', { accountId: 0 }, ORDER);
    for (const name of ['massCancel', 'requestSnapshot'] as const) {
      expectReject(market, 'UNKNOWN_ACCOUNT', name, { accountId: 3 }, {});
    }
    expectReject(market, 'UNKNOWN_ACCOUNT', 'cancelOrder', { accountId: 3 }, {});
    expectReject(market, 'UNKNOWN_ACCOUNT', 'replaceOrder', { accountId: 3 }, REPLACE);
  });

  test('NOTIONAL_TOO_LARGE: just above 2^53-1, not at it', () => {
    const market = new Market(1);
    // 2^53-1 = 6,361 x 69,431 x 20,394,401
    market.send('listInstrument', {}, { ...LIST, symbol: 'BIG', tickMantissa: 6_361 });
    const terms = { ...ORDER, instrumentId: 2, priceTicks: 20_394_401 };
    const context = { accountId: 1 };
    expectReject(market, 'INSUFFICIENT_FUNDS', 'newOrder', context, { ...terms, quantityLots: 69_431 });
    expectReject(market, 'NOTIONAL_TOO_LARGE', 'newOrder', context, { ...terms, quantityLots: 69_432 });
    expectReject(market, 'NOTIONAL_TOO_LARGE', 'newOrder', context, {
      ...terms,
      priceTicks: 20_394_402,
      quantityLots: 69_431,
      side: 2,
    });
  });

  test('NOTIONAL_TOO_LARGE: too much of base', () => {
    const market = new Market(1);
    market.send(
      'listInstrument',
      {},
      { ...LIST, symbol: 'BIG', lotMantissa: 4_294_967_295, baseDecimals: 3, lotExponent: 0 },
    );
    const context = { accountId: 1 };
    const terms = { ...ORDER, instrumentId: 2, priceTicks: 1 };
    expectReject(market, 'INSUFFICIENT_FUNDS', 'newOrder', context, { ...terms, quantityLots: 2_097 });
    expectReject(market, 'NOTIONAL_TOO_LARGE', 'newOrder', context, { ...terms, quantityLots: 2_098 });
  });

  test('TOO_MANY_ORDERS: no room, also for an IOC order; room again after a cancel', () => {
    const market = fullMarket();
    expectReject(market, 'TOO_MANY_ORDERS', 'newOrder', { accountId: 1 }, ORDER);
    expectReject(
      market,
      'TOO_MANY_ORDERS',
      'newOrder',
      { accountId: 2 },
      { ...ORDER, timeInForce: TimeInForce.IOC },
    );
    market.cancel(1, 1);
    expect(market.buy(2, 1, 100, 1)).toEqual(['accepted 1']);
  });

  test('TOO_MANY_HOLDINGS: the asset to be received has no place', () => {
    const market = fullMarket();
    market.cancel(1, 1);
    expectReject(
      market,
      'TOO_MANY_HOLDINGS',
      'newOrder',
      { accountId: 1 },
      { ...ORDER, instrumentId: 2, side: 2 },
    );
  });

  test('TOO_MANY_HOLDINGS: neither for the asset of a buy, but a margin instrument needs none', () => {
    const market = new Market(2, { maxHoldings: 5, maxInstruments: 3 });
    market.send('listInstrument', {}, { ...LIST, symbol: 'EUR', base: 'EUR', quote: 'USD' });
    const margin = { flags: 1, initialMarginPpm: 200_000, maintenanceMarginPpm: 100_000 };
    market.send('listInstrument', {}, { ...LIST, symbol: 'M', base: 'EUR', quote: 'USD', ...margin });
    market.send('setMarkPrice', {}, { instrumentId: 3, priceTicks: 100 });
    const order = { ...ORDER, instrumentId: 2 };
    market.send('newOrder', { accountId: 2 }, order);
    expectReject(market, 'TOO_MANY_HOLDINGS', 'newOrder', { accountId: 1 }, order);
    const [taken] = market.send('newOrder', { accountId: 1 }, { ...order, instrumentId: 3 });
    expect(taken?.name).toBe('accepted');
  });

  test('numbers the report of the account, and only that', () => {
    const market = roomyMarket();
    const [first] = market.send('newOrder', { accountId: 1 }, { ...ORDER, side: 0 });
    const [second] = market.send('newOrder', { accountId: 1 }, { ...ORDER, side: 0 });
    expect(reportSequenceOf(second)).toBe(reportSequenceOf(first) + 1);
    expect(market.buy(1, 50, 100, 1)).toEqual(['accepted 50']);
  });
});

describe('a replace is rejected', () => {
  const cases: [string, Partial<MessageFields['replaceOrder']>][] = [
    ['UNKNOWN_INSTRUMENT', { instrumentId: 3 }],
    ['INVALID_FLAGS', { flags: 2 }],
    ['INVALID_FLAGS', { flags: 0xffffffff }],
    ['INVALID_QUANTITY', { quantityLots: 0 }],
    ['INVALID_PRICE', { priceTicks: 0 }],
    ['UNKNOWN_ORDER', { clientOrderId: 2n }],
    ['UNKNOWN_ORDER', { clientOrderId: 1n + (1n << 32n) }],
    ['NOTIONAL_TOO_LARGE', { priceTicks: 2_147_483_647, quantityLots: 2_147_483_647 }],
    ['INSUFFICIENT_FUNDS', { priceTicks: 2_000_000, quantityLots: 1_000_000 }],
  ];
  for (const [code, fields] of cases) {
    test(`${code}: ${JSON.stringify(fields, (_, value) => (typeof value === 'bigint' ? String(value) : value))}`, () => {
      expectReject(roomyMarket(), code, 'replaceOrder', { accountId: 1 }, { ...REPLACE, ...fields });
    });
  }
});

describe('a stop or a post-only order is not replaced', () => {
  const account = { accountId: 1 };

  test('STOP_NOT_REPLACEABLE: while it waits', () => {
    const market = roomyMarket();
    market.send('newOrder', account, { ...ORDER, ...STOP, clientOrderId: 2n });
    expectReject(market, 'STOP_NOT_REPLACEABLE', 'replaceOrder', account, { ...REPLACE, clientOrderId: 2n });
  });

  test('POST_ONLY_WOULD_TRADE: to a price at which it would trade', () => {
    const market = roomyMarket();
    const terms = { ...ORDER, clientOrderId: 2n, flags: OrderFlag.postOnly, priceTicks: 98 };
    market.send('newOrder', account, terms);
    market.sell(2, 3, 101, 1);
    const replace = { ...REPLACE, clientOrderId: 2n, newClientOrderId: 2n, priceTicks: 101 };
    expectReject(market, 'POST_ONLY_WOULD_TRADE', 'replaceOrder', account, replace);
  });
});

describe('a mass cancel is rejected', () => {
  test('UNKNOWN_INSTRUMENT, INVALID_SIDE: for a scope that is not there', () => {
    const market = roomyMarket();
    const context = { accountId: 1 };
    expectReject(market, 'UNKNOWN_INSTRUMENT', 'massCancel', context, { instrumentId: 2 });
    expectReject(market, 'INVALID_SIDE', 'massCancel', context, { side: 3 });
  });
});

describe('an admin command is rejected', () => {
  const cases: [string, CommandName, object][] = [
    ['INVALID_SYMBOL', 'listInstrument', { ...LIST, symbol: '' }],
    ['INVALID_SYMBOL', 'listInstrument', { ...LIST, symbol: 'a' }],
    ['INVALID_SYMBOL', 'listInstrument', { ...LIST, symbol: 'A\0B' }],
    ['INVALID_SYMBOL', 'listInstrument', { ...LIST, symbol: 'A B' }],
    ['INVALID_ASSET', 'listInstrument', { ...LIST, base: '' }],
    ['INVALID_ASSET', 'listInstrument', { ...LIST, base: 'A-B' }],
    ['INVALID_ASSET', 'listInstrument', { ...LIST, quote: 'usd' }],
    ['INVALID_ASSET', 'listInstrument', { ...LIST, quote: 'AAA' }],
    ['INVALID_ASSET', 'listInstrument', { ...LIST, baseDecimals: 16 }],
    ['INVALID_ASSET', 'listInstrument', { ...LIST, quoteDecimals: 16 }],
    ['INVALID_TICK_OR_LOT', 'listInstrument', { ...LIST, tickMantissa: 0 }],
    ['INVALID_TICK_OR_LOT', 'listInstrument', { ...LIST, lotMantissa: 0 }],
    ['INVALID_TICK_OR_LOT', 'listInstrument', { ...LIST, tickExponent: -16 }],
    ['INVALID_TICK_OR_LOT', 'listInstrument', { ...LIST, tickExponent: 10 }],
    ['INVALID_TICK_OR_LOT', 'listInstrument', { ...LIST, lotExponent: 10 }],
    ['INVALID_TICK_OR_LOT', 'listInstrument', { ...LIST, tickExponent: -3, quoteDecimals: 2 }],
    ['INVALID_TICK_OR_LOT', 'listInstrument', { ...LIST, lotExponent: -1, tickExponent: 5 }],
    ['INVALID_TICK_OR_LOT', 'listInstrument', { ...LIST, tickExponent: 9, lotExponent: 7 }],
    // Each of these would come to whole units, but for the exponent that is out of its range.
    [
      'INVALID_TICK_OR_LOT',
      'listInstrument',
      { ...LIST, tickExponent: -16, lotExponent: 1, quoteDecimals: 15 },
    ],
    [
      'INVALID_TICK_OR_LOT',
      'listInstrument',
      { ...LIST, lotMantissa: 10, lotExponent: -16, tickExponent: 9, baseDecimals: 15, quoteDecimals: 6 },
    ],
    ['INVALID_ASSET', 'listInstrument', { ...LIST, base: 'ABCDE', quote: 'ABCDE' }],
    ['INVALID_FLAGS', 'listInstrument', { ...LIST, flags: 2 }],
    ['INVALID_MARGIN', 'listInstrument', { ...LIST, flags: 1 }],
    ['INVALID_MARGIN', 'listInstrument', { ...LIST, initialMarginPpm: 1, maintenanceMarginPpm: 1 }],
    ['INVALID_PROTECTION', 'listInstrument', { ...LIST, marketProtectionPpm: 1_000_001 }],
    ['INSTRUMENT_EXISTS', 'listInstrument', { ...LIST, symbol: 'ABC-USD' }],
    ['ASSET_DECIMALS_DIFFER', 'listInstrument', { ...LIST, base: 'ABC', baseDecimals: 1 }],
    ['ASSET_DECIMALS_DIFFER', 'listInstrument', { ...LIST, quote: 'USD', quoteDecimals: 1 }],
    ['INVALID_ACCOUNT', 'openAccount', { accountId: 0 }],
    ['INVALID_ACCOUNT', 'openAccount', { accountId: 0x80000000 }],
    ['ACCOUNT_EXISTS', 'openAccount', { accountId: 1 }],
    ['INVALID_API_KEY', 'registerApiKey', { ...KEY, permissions: 0 }],
    ['INVALID_API_KEY', 'registerApiKey', { ...KEY, permissions: 3 }],
    ['INVALID_API_KEY', 'registerApiKey', { ...KEY, permissions: 4 }],
    ['INVALID_API_KEY', 'registerApiKey', { ...KEY, publicKey: new Uint8Array(32) }],
    ['INVALID_ACCOUNT', 'registerApiKey', { ...KEY, permissions: 2 }],
    ['UNKNOWN_ACCOUNT', 'registerApiKey', { ...KEY, accountId: 9 }],
    ['UNKNOWN_ACCOUNT', 'registerApiKey', { ...KEY, accountId: 0 }],
    ['API_KEY_EXISTS', 'registerApiKey', { ...KEY, publicKey: new Uint8Array(32).fill(1) }],
    ['INVALID_AMOUNT', 'deposit', { accountId: 1, asset: 'USD', amount: 0, transferId: 99n }],
    ['INVALID_AMOUNT', 'deposit', { accountId: 1, asset: 'USD', amount: -1, transferId: 99n }],
    ['INVALID_AMOUNT', 'deposit', { accountId: 1, asset: 'USD', amount: 2 ** 53, transferId: 99n }],
    ['INVALID_AMOUNT', 'withdraw', { accountId: 1, asset: 'USD', amount: 0, transferId: 99n }],
    ['UNKNOWN_ACCOUNT', 'deposit', { accountId: 9, asset: 'USD', amount: 1, transferId: 99n }],
    ['UNKNOWN_ASSET', 'deposit', { accountId: 1, asset: 'XXX', amount: 1, transferId: 99n }],
    ['UNKNOWN_ASSET', 'deposit', { accountId: 1, asset: 'USD\0X', amount: 1, transferId: 99n }],
    ['UNKNOWN_ASSET', 'withdraw', { accountId: 1, asset: '', amount: 1, transferId: 99n }],
    ['TRANSFER_ID_REUSED', 'deposit', { accountId: 1, asset: 'USD', amount: 5, transferId: 1n }],
    [
      'TRANSFER_ID_REUSED',
      'deposit',
      { accountId: 1, asset: 'ABC', amount: FUNDS + 2 ** 32, transferId: 1n },
    ],
    ['TRANSFER_ID_REUSED', 'withdraw', { accountId: 1, asset: 'ABC', amount: FUNDS, transferId: 1n }],
    [
      'SUPPLY_TOO_LARGE',
      'deposit',
      { accountId: 1, asset: 'USD', amount: 2 ** 53 - 2 * FUNDS, transferId: 99n },
    ],
    ['INSUFFICIENT_FUNDS', 'withdraw', { accountId: 1, asset: 'USD', amount: FUNDS, transferId: 99n }],
    ['STALE_EPOCH', 'epochStarted', { epoch: 0 }],
    ['UNKNOWN_INSTRUMENT', 'setInstrumentFees', { instrumentId: 2 }],
    ['INVALID_FEE_TIER', 'setInstrumentFees', { instrumentId: 1, feeTier: 8 }],
    ['INVALID_FEE_TIER', 'setInstrumentFees', { instrumentId: 1, feeTier: 0xffffffff }],
    ['INVALID_FEE', 'setInstrumentFees', { instrumentId: 1, makerPpm: 1_000_001 }],
    ['INVALID_FEE', 'setInstrumentFees', { instrumentId: 1, makerPpm: -1_000_001 }],
    ['INVALID_FEE', 'setInstrumentFees', { instrumentId: 1, takerPpm: -1 }],
    ['INVALID_FEE', 'setInstrumentFees', { instrumentId: 1, takerPpm: 1_000_001 }],
    ['UNKNOWN_ACCOUNT', 'setAccountFeeTier', { accountId: 9, feeTier: 1 }],
    ['INVALID_FEE_TIER', 'setAccountFeeTier', { accountId: 1, feeTier: 8 }],
    ['UNKNOWN_ACCOUNT', 'setSelfTradePrevention', { accountId: 0, selfTradePrevention: 1 }],
    ['INVALID_SELF_TRADE_PREVENTION', 'setSelfTradePrevention', { accountId: 1, selfTradePrevention: 0 }],
    ['INVALID_SELF_TRADE_PREVENTION', 'setSelfTradePrevention', { accountId: 1, selfTradePrevention: 6 }],
    ['INVALID_EXPIRE_TIME', 'setTradingDayEnd', { endTimeUs: 1_700_000_000_000_000 }],
    ['INVALID_EXPIRE_TIME', 'setTradingDayEnd', { endTimeUs: 2 ** 53 }],
  ];
  for (const [code, name, fields] of cases) {
    test(`${code}: ${name} ${JSON.stringify(fields, (_, value) => (typeof value === 'bigint' ? String(value) : value))}`, () => {
      expectReject(roomyMarket(), code, name, {}, fields);
    });
  }

  const full: [string, CommandName, object][] = [
    ['TOO_MANY_INSTRUMENTS', 'listInstrument', { ...LIST, base: 'ABC', quote: 'EUR' }],
    ['TOO_MANY_ACCOUNTS', 'openAccount', { accountId: 9 }],
    ['TOO_MANY_API_KEYS', 'registerApiKey', KEY],
    ['TOO_MANY_HOLDINGS', 'deposit', { accountId: 1, asset: 'EUR', amount: 1, transferId: 99n }],
  ];
  for (const [code, name, fields] of full) {
    test(`${code}: there is no room`, () => {
      expectReject(fullMarket(), code, name, {}, fields);
    });
  }

  test('INVALID_TICK_OR_LOT: not at the lowest exponents that there are', () => {
    const market = new Market(0, { maxInstruments: 5, maxAssets: 8 });
    const taken = (fields: object) => market.send('listInstrument', {}, { ...LIST, ...fields })[0]?.name;
    expect(taken({ symbol: 'A', tickExponent: -15, quoteDecimals: 15 })).toBe('instrumentListed');
    const lot = { lotExponent: -15, tickExponent: 9, baseDecimals: 15, quoteDecimals: 6 };
    expect(taken({ symbol: 'B', base: 'CCC', quote: 'DDD', ...lot })).toBe('instrumentListed');
  });

  test('INVALID_ASSET: not for codes that differ in their last letter only', () => {
    const market = new Market(0);
    const codes = { base: 'ABCDE', quote: 'ABCDF' };
    expect(market.send('listInstrument', {}, { ...LIST, ...codes })[0]?.name).toBe('instrumentListed');
  });

  test('TOO_MANY_HOLDINGS: not for what is paid into the insurance fund', () => {
    const market = fullMarket();
    const fund = { fromAccountId: 1, toAccountId: 0, asset: 'USD', amount: 1, transferId: 98n };
    expect(market.send('transfer', {}, fund).map((event) => event.name)).toEqual(['balanceChanged']);
  });

  test('TOO_MANY_ASSETS: room for one is not room for two', () => {
    const market = new Market(1, { maxAssets: 3 });
    expectReject(market, 'TOO_MANY_ASSETS', 'listInstrument', {}, LIST);
    expect(market.send('listInstrument', {}, { ...LIST, base: 'ABC' }).map((event) => event.name)).toEqual([
      'instrumentListed',
    ]);
  });

  test('TOO_MANY_TRANSFERS: there is no room, but a duplicate is still answered', () => {
    const market = fullMarket();
    market.deposit(1, 'USD', 1, 98n);
    expectReject(
      market,
      'TOO_MANY_TRANSFERS',
      'deposit',
      {},
      { accountId: 1, asset: 'USD', amount: 1, transferId: 99n },
    );
    expectReject(
      market,
      'TOO_MANY_TRANSFERS',
      'withdraw',
      {},
      { accountId: 1, asset: 'USD', amount: 1, transferId: 99n },
    );
    expect(market.deposit(1, 'USD', 1, 98n)[0]).toMatch(/duplicate$/);
  });
});

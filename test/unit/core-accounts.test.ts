/** Transfers, listings and epochs, one rule a test. */
import { describe, expect, test } from 'vitest';
import { MarketState } from '../../src/core/codes.js';
import { queryAssets, queryInstruments } from '../../src/core/queries.js';
import { FUNDS, Market } from '../support/market.js';

const MAX = Number.MAX_SAFE_INTEGER;

describe('a transfer', () => {
  test('with an id seen before and the same content is answered and has no effect', () => {
    const market = new Market(1);
    expect(market.deposit(1, 'USD', 5, 77n)).toEqual([`balance 5 -> ${FUNDS + 5} + 0`]);
    market.buy(1, 1, 1, 3);
    expect(market.deposit(1, 'USD', 5, 77n)).toEqual([`balance 5 -> ${FUNDS + 2} + 3 duplicate`]);
    expect(market.withdraw(1, 'USD', 2, 78n)).toEqual([`balance -2 -> ${FUNDS} + 3`]);
    expect(market.withdraw(1, 'USD', 2, 78n)).toEqual([`balance -2 -> ${FUNDS} + 3 duplicate`]);
  });

  test('with an id seen before and other content is rejected, whatever differs', () => {
    const market = new Market(2);
    market.deposit(1, 'USD', 5, 77n);
    expect(market.deposit(1, 'USD', 6, 77n)).toEqual(['rejected TRANSFER_ID_REUSED']);
    expect(market.deposit(2, 'USD', 5, 77n)).toEqual(['rejected TRANSFER_ID_REUSED']);
    expect(market.deposit(1, 'ABC', 5, 77n)).toEqual(['rejected TRANSFER_ID_REUSED']);
    expect(market.withdraw(1, 'USD', 5, 77n)).toEqual(['rejected TRANSFER_ID_REUSED']);
  });

  test('is known by all 64 bits of its id', () => {
    const market = new Market(1);
    market.deposit(1, 'USD', 5, 77n);
    expect(market.deposit(1, 'USD', 6, 77n + (1n << 32n))[0]).toMatch(/^balance 6/);
    expect(market.deposit(1, 'USD', 7, (1n << 64n) - 1n)[0]).toMatch(/^balance 7/);
  });

  test('that was rejected may be tried again with its id', () => {
    const market = new Market(1);
    expect(market.withdraw(1, 'USD', FUNDS + 1, 77n)).toEqual(['rejected INSUFFICIENT_FUNDS']);
    market.deposit(1, 'USD', 1);
    expect(market.withdraw(1, 'USD', FUNDS + 1, 77n)).toEqual([`balance ${-FUNDS - 1} -> 0 + 0`]);
  });

  test('may bring the supply to 2^53-1 and no further; a withdrawal makes room', () => {
    const market = new Market(1);
    expect(market.deposit(1, 'USD', MAX - FUNDS)).toEqual([`balance ${MAX - FUNDS} -> ${MAX} + 0`]);
    expect(market.deposit(1, 'USD', 1)).toEqual(['rejected SUPPLY_TOO_LARGE']);
    market.withdraw(1, 'USD', 1);
    expect(market.deposit(1, 'USD', 1)).toEqual([`balance 1 -> ${MAX} + 0`]);
    expect(queryAssets(market.engine.core)).toMatchObject([{ asset: 'ABC' }, { asset: 'USD', supply: MAX }]);
  });

  test('cannot take money that open orders hold', () => {
    const market = new Market(1);
    market.buy(1, 1, 1_000, 1);
    expect(market.withdraw(1, 'USD', FUNDS)).toEqual(['rejected INSUFFICIENT_FUNDS']);
    expect(market.withdraw(1, 'USD', FUNDS - 1_000)).toEqual([`balance ${-FUNDS + 1_000} -> 0 + 1000`]);
  });
});

describe('a listing', () => {
  test('turns tick, lot and decimals into exact amounts of minor units', () => {
    const market = new Market(0);
    market.send(
      'listInstrument',
      {},
      {
        symbol: 'BTC/USDT',
        base: 'BTC',
        quote: 'USDT',
        tickMantissa: 25,
        tickExponent: -2,
        lotMantissa: 4,
        lotExponent: -5,
        baseDecimals: 8,
        quoteDecimals: 6,
        marketProtectionPpm: 1_000_000,
      },
    );
    expect(queryInstruments(market.engine.core)[1]).toEqual({
      instrumentId: 2,
      symbol: 'BTC/USDT',
      base: 'BTC',
      quote: 'USDT',
      tickMantissa: 25,
      tickExponent: -2,
      lotMantissa: 4,
      lotExponent: -5,
      baseDecimals: 8,
      quoteDecimals: 6,
      // 0.25 x 0.00004 USDT = 0.00001 USDT; 0.00004 BTC
      quoteMinorPerTickLot: 10,
      baseMinorPerLot: 4_000,
      marketProtectionPpm: 1_000_000,
      bookSequence: 0,
      lastPriceTicks: 0,
      band: { minPriceTicks: 0, maxPriceTicks: 0, referencePriceTicks: 0, bandPpm: 0 },
      fees: Array.from({ length: 8 }, () => ({ makerPpm: 0, takerPpm: 0 })),
      marketState: MarketState.continuous,
      endTimeUs: 0,
      nextState: 0,
      indicatedPriceTicks: 0,
      indicatedLots: 0,
      indicatedImbalance: 0,
      volatilityPpm: 0,
      volatilityWindowUs: 0,
      volatilityAuctionUs: 0,
      flags: 0,
      initialMarginPpm: 0,
      maintenanceMarginPpm: 0,
      markPriceTicks: 0,
    });
  });

  test('shares assets with others of the same decimals', () => {
    const market = new Market(0);
    market.send(
      'listInstrument',
      {},
      { symbol: 'B', base: 'USD', quote: 'ABC', tickMantissa: 1, lotMantissa: 1 },
    );
    expect(queryAssets(market.engine.core).map(({ asset }) => asset)).toEqual(['ABC', 'USD']);
  });

  test('reports the protection that is in force when none is given', () => {
    const market = new Market(0);
    const [event] = market.send(
      'listInstrument',
      {},
      { symbol: 'B', base: 'X', quote: 'Y', tickMantissa: 1, lotMantissa: 1 },
    );
    expect(event).toMatchObject({
      name: 'instrumentListed',
      accountId: 0,
      fields: { marketProtectionPpm: 50_000, reportSequence: 0 },
    });
  });
});

describe('an epoch', () => {
  test('must be greater than the one before, over all of a u32', () => {
    const market = new Market(0);
    const start = (epoch: number) =>
      market.send('epochStarted', {}, { epoch, nodeId: 1, clusterId: 5n })[0]?.name;
    expect(start(1)).toBe('epochChanged');
    expect(start(1)).toBe('rejected');
    expect(start(0x80000000)).toBe('epochChanged');
    expect(start(0x7fffffff)).toBe('rejected');
    expect(start(0xffffffff)).toBe('epochChanged');
    expect(start(0)).toBe('rejected');
  });

  test('moves no event when only time advances', () => {
    const market = new Market(0);
    expect(market.send('timeAdvanced', {}, {})).toEqual([]);
  });
});

test('an account that trades several instruments keeps their money apart', () => {
  const market = new Market(2);
  market.send(
    'listInstrument',
    {},
    { symbol: 'EUR-USD', base: 'EUR', quote: 'USD', tickMantissa: 1, lotMantissa: 1 },
  );
  market.deposit(1, 'EUR', 1_000);
  market.buy(1, 1, 10, 5);
  market.sell(1, 2, 20, 7, { instrumentId: 2 });
  market.buy(1, 3, 10, 5);
  expect(market.money(1, 'USD')).toEqual([FUNDS - 100, 100]);
  expect(market.money(1, 'EUR')).toEqual([993, 7]);
  expect(market.buy(2, 9, 20, 7, { instrumentId: 2 })).toEqual([
    'accepted 9',
    'trade 7 at 20 with 2 (leaves 0)',
  ]);
  expect(market.money(1, 'USD')).toEqual([FUNDS + 40, 100]);
  expect(market.money(2, 'EUR')).toEqual([7, 0]);
});

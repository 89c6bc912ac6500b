/** Auctions of small random books: price, trades and what is indicated, on the fast core as on the reference engine. */
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Prng } from '../../src/base/prng.js';
import { makeAuctionsToTell } from '../../src/core/auctions-to-tell.js';
import { MarketState, Side } from '../../src/core/codes.js';
import { PRICE_MAX } from '../../src/core/price-ladder.js';
import type { Event } from '../model/messages.js';
import { RULE_ENGINES } from '../support/rule-engines.js';
import { A, B, C, Market, PLENTY, story } from '../support/rule-market.js';

const ROUNDS = 60;
const MIDDLE = 100;

/** What both engines say of as many auctions, one after the other; every few of them with icebergs. */
function auctions(market: Market, seed: number) {
  const random = new Prng(seed);
  const told: unknown[] = [];
  let trades = 0;
  const note = (events: Event[]) => {
    for (const { name, fields } of events) told.push({ name, fields });
    trades += events.filter(({ name }) => name === 'trade').length;
  };
  const setState = (state: number, more = {}) =>
    note(market.apply('setMarketState', 0, { instrumentId: 1, state, ...more }));
  for (let round = 0; round < ROUNDS; round += 1) {
    const reference = [0, -1, MIDDLE - 3 + random.below(7)][random.below(3)]!;
    setState(MarketState.openingAuction, { referencePriceTicks: reference });
    const spread = 1 + random.below(6);
    for (let n = 2 + random.below(9); n > 0; n -= 1) {
      const account = [A, B, C][random.below(3)]!;
      const side = random.below(2) === 0 ? Side.buy : Side.sell;
      const price = MIDDLE - spread + random.below(2 * spread + 1);
      const lots = 1 + random.below(5);
      const displayLots = round % 4 === 0 ? random.below(lots + 1) : 0;
      note(market.order(account, side, lots, price, { displayLots }));
    }
    setState(MarketState.continuous);
    told.push(market.book());
    for (const account of [A, B, C]) market.apply('massCancel', account, {});
  }
  return { told, trades };
}

describe('auctions of random books', () => {
  const [reference, fast] = RULE_ENGINES.map(([, makeEngine]) => makeEngine);

  for (const seed of [1, 2]) {
    // Worked out once, however often a test runs: against mutants it runs thousands of times.
    let expected: ReturnType<typeof auctions> | undefined;
    it(`are on the fast core what they are on the reference engine (seed ${seed})`, () => {
      expected ??= auctions(new Market(reference!), seed);
      expect(expected.trades).toBeGreaterThan(2 * ROUNDS);
      const actual = auctions(new Market(fast!), seed);
      if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected);
    });
  }
});

describe.each(RULE_ENGINES)('%s', (_, makeEngine) => {
  it.each([
    ['the middle without a reference', -1, '10 at 102, 0 over'],
    ['the reference', 101, '10 at 101, 0 over'],
    ['the lower one when the reference is below', 90, '10 at 100, 5 over'],
    ['the higher one when the reference is above', 110, '10 at 103, -5 over'],
  ])(
    'of two prices where as much is left over, of buys and of sells, takes %s',
    (_title, reference, told) => {
      const market = new Market(makeEngine);
      const state = MarketState.openingAuction;
      market.apply('setMarketState', 0, { instrumentId: 1, state, referencePriceTicks: reference });
      market.buy(A, 10, 105);
      market.buy(A, 5, 100);
      market.sell(B, 10, 95);
      expect(story(market.sell(B, 5, 103))).toEqual(['accepted', `indicated ${told}`]);
    },
  );

  it('is told again when only the lots that would trade have changed', () => {
    const market = new Market(makeEngine);
    market.apply('setMarketState', 0, { instrumentId: 1, state: MarketState.openingAuction });
    for (const account of [A, B]) {
      market.buy(account, 2, 100);
      market.sell(account, 2, 100);
    }
    const events = story(market.apply('massCancel', A, {}));
    expect(events.filter((text) => text.startsWith('indicated'))).toEqual(['indicated 2 at 100, 0 over']);
  });

  it('ends at the highest price that there is when its sells are all filled', () => {
    const market = new Market(makeEngine, {}, PLENTY * PLENTY);
    const setState = (state: number) => market.apply('setMarketState', 0, { instrumentId: 1, state });
    setState(MarketState.openingAuction);
    market.buy(A, 2, PRICE_MAX);
    market.sell(B, 1, PRICE_MAX);
    expect(story(setState(MarketState.continuous))).toEqual(['market continuous', `trade 1 at ${PRICE_MAX}`]);
    expect(market.book()).toBe(`${PRICE_MAX} A1 |`);
  });

  it('tells what auctions would do now by rising instrument, whichever changed first', () => {
    const market = new Market(makeEngine);
    const second = { symbol: 'Y-USD', base: 'X', quote: 'USD', tickMantissa: 1, lotMantissa: 1 };
    market.apply('listInstrument', 0, second);
    for (const instrumentId of [1, 2]) {
      market.apply('setMarketState', 0, { instrumentId, state: MarketState.openingAuction });
    }
    for (const instrumentId of [2, 1, 2, 1]) market.sell(A, 1, 100, { instrumentId });
    for (const instrumentId of [1, 2]) market.buy(B, 3, 100, { instrumentId });
    const told = (events: Event[]) =>
      events.flatMap((event) => (event.name === 'auctionIndicated' ? [event.fields.instrumentId] : []));
    expect(told(market.apply('massCancel', A, {}))).toEqual([1, 2]);
    expect(told(market.sell(A, 1, 100, { instrumentId: 2 }))).toEqual([2]);
    expect(told(market.sell(A, 1, 100, { instrumentId: 1 }))).toEqual([1]);
  });
});

it('has each instrument to tell once, by rising id, and then none', () => {
  const { add, take } = makeAuctionsToTell(6);
  const taken = () => {
    const ids: number[] = [];
    take((instrumentId) => ids.push(instrumentId));
    return ids;
  };
  for (const ids of [
    [5, 2, 4, 2, 1, 6, 3, 5],
    [3, 3, 1],
  ]) {
    for (const instrumentId of ids) add(instrumentId);
    expect(taken()).toEqual([...new Set(ids)].sort());
    expect(taken()).toEqual([]);
  }
});

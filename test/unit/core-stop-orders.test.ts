/** What stops keep, seen from within: prices that trailing stops have seen, lists, and the sides of the ladder they lie in. */
import { expect, test } from 'vitest';
import { AccountWord } from '../../src/core/accounts.js';
import { OrderType, Side, TimeInForce, TriggerDirection } from '../../src/core/codes.js';
import { checkInvariants } from '../../src/core/invariants.js';
import { ExtraWord } from '../../src/core/order-extras.js';
import { OrderWord } from '../../src/core/orders.js';
import { fullStateHash } from '../../src/core/state-hash.js';
import type { MessageFields } from '../../src/wire/message-fields.js';
import { Market, SMALL_CORE } from '../support/market.js';
import { expectNullRecord } from '../support/null-record.js';

const [A, B, C, D] = [1, 2, 3, 4] as const;

/** A stop of one lot that trails, for account A; its trigger direction is the usual one. */
function trailing(market: Market, clientOrderId: bigint, side: number, trailingTicks: number): number {
  const terms = { orderType: OrderType.stop, timeInForce: TimeInForce.GTC, quantityLots: 1 };
  const fields: Partial<MessageFields['newOrder']> = { ...terms, clientOrderId, side, trailingTicks };
  market.send('newOrder', { accountId: A }, { ...fields, instrumentId: 1 });
  const { accounts } = market.engine.core;
  return accounts.words[accounts.find(A) + AccountWord.lastOrder]!;
}

function tradeAt(market: Market, price: number): void {
  market.sell(B, 900, price, 1);
  market.buy(C, 900, price, 1);
}

function triggerOf(market: Market, order: number): number {
  const { words } = market.engine.core.orders;
  return words[words[order + OrderWord.extra]! + ExtraWord.trigger]!;
}

test.each([
  { side: Side.sell, first: 100, second: 105, trigger: 104, opposite: Side.buy },
  { side: Side.buy, first: 105, second: 100, trigger: 101, opposite: Side.sell },
])('trailing stops that wait again have not seen what the later of them has: %o', (prices) => {
  const { side, opposite, first, second, trigger } = prices;
  const market = new Market();
  const { core } = market.engine;
  const { stops } = core;
  tradeAt(market, side === Side.sell ? 101 : 104);
  const early = trailing(market, 1n, side, 1);
  const late = trailing(market, 2n, opposite, 4);
  for (const price of [first, second]) {
    stops.notePrice(price);
    stops.elect(1);
  }
  for (const order of [early, late]) {
    expect(stops.takeFired()).toBe(order);
    stops.waitAgain(order);
  }
  expect(stops.takeFired()).toBe(0);
  checkInvariants(core);
  stops.trail(1, second);
  expect(triggerOf(market, early)).toBe(trigger);
  checkInvariants(core);
});

test('a trailing stop that waits again has seen the trades up to the one that fired it', () => {
  const market = new Market();
  const { core } = market.engine;
  const { stops } = core;
  tradeAt(market, 104);
  // One that lies in front of it in memory, and waits for a price far below.
  const terms = { orderType: OrderType.stop, timeInForce: TimeInForce.GTC, side: Side.sell, quantityLots: 1 };
  const fields = { ...terms, clientOrderId: 1n, instrumentId: 1, triggerPriceTicks: 50 };
  market.send('newOrder', { accountId: A }, fields);
  const order = trailing(market, 2n, Side.buy, 1);
  stops.notePrice(105);
  stops.elect(1);
  expect(stops.takeFired()).toBe(order);
  stops.waitAgain(order);
  expect(stops.takeFired()).toBe(0);
  checkInvariants(core);
});

test('trailing stops leave all alone that is not theirs, also the last account of a full core', () => {
  const market = new Market(D, { maxAccounts: D });
  const { core, processor } = market.engine;
  tradeAt(market, 3);
  for (const id of [1, 2, 3, 4, 5]) market.buy(D, id, 1, 1);
  const selling = trailing(market, 1n, Side.sell, 1);
  const buying = trailing(market, 2n, Side.buy, 9);
  tradeAt(market, 4);
  expect(triggerOf(market, selling)).toBe(3);
  expect(processor.stateHash()).toBe(fullStateHash(core));
  market.cancel(A, 1);
  tradeAt(market, 2);
  expect(triggerOf(market, buying)).toBe(11);
  market.buy(D, 6, 1, 1);
  expect(processor.stateHash()).toBe(fullStateHash(core));
});

test('the oldest of the trailing stops goes without a trace', () => {
  const market = new Market();
  tradeAt(market, 100);
  trailing(market, 1n, Side.sell, 5);
  trailing(market, 2n, Side.sell, 5);
  market.cancel(A, 1);
  expectNullRecord(market.engine.core);
});

test('the sides of stops keep their numbers, which are in snapshots', () => {
  const { books, stops } = new Market().engine.core;
  const { rising, falling } = TriggerDirection;
  const sides = [1, 2].flatMap((instrumentId) =>
    [falling, rising].map((direction) => stops.sideOf(instrumentId, direction)),
  );
  expect(books.firstStopSide).toBe(2 * (SMALL_CORE.maxInstruments! + 1));
  expect(sides).toEqual([2, 3, 4, 5].map((side) => books.firstStopSide + side));
});

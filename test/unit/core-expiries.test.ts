import { expect, test } from 'vitest';
import { OrderType, Side, TimeInForce } from '../../src/core/codes.js';
import { checkInvariants } from '../../src/core/invariants.js';
import { ExtraWord } from '../../src/core/order-extras.js';
import { OrderWord } from '../../src/core/orders.js';
import { EngineUnderTest } from '../support/engine-under-test.js';
import { Market, SMALL_CORE } from '../support/market.js';
import { packEngine, unpackEngine } from '../support/packed-engine.js';

/** Three orders that expire at one time; their records, and the words they lie in. */
function timedOrders() {
  const market = new Market(1);
  const { core } = market.engine;
  const expireTimeUs = market.script.timestampUs + 1_000;
  for (const clientOrderId of [1n, 2n, 3n]) {
    const terms = {
      orderType: OrderType.limit,
      timeInForce: TimeInForce.GTD,
      side: Side.buy,
      quantityLots: 1,
    };
    market.send(
      'newOrder',
      { accountId: 1 },
      { ...terms, clientOrderId, instrumentId: 1, priceTicks: 100, expireTimeUs },
    );
  }
  const { words } = core.orders;
  const first = core.expiries.first();
  const next = words[first + OrderWord.next]!;
  return { market, core, words, orders: [first, next, words[next + OrderWord.next]!] as const };
}

test('the check of the queue of expiries finds an order that expires at another time', () => {
  for (const place of [0, 2] as const) {
    const { core, words, orders } = timedOrders();
    expect(core.expiries.violation()).toBe('');
    words[words[orders[place] + OrderWord.extra]! + ExtraWord.expireTimeUs]! += 1;
    expect(core.expiries.violation()).toBe('an order expires at another time');
  }
});

test('the check of the queue of expiries finds an order that does not know its place', () => {
  const { core, words, orders } = timedOrders();
  words[words[orders[1] + OrderWord.extra]! + ExtraWord.expiryPlace] = 1;
  expect(core.expiries.violation()).toBe('an order that expires does not know its place');
});

test('the check of the queue of expiries finds one that stands behind a later one', () => {
  const { core, words, orders } = timedOrders();
  words[orders[0] + OrderWord.orderId]! += 10;
  expect(core.expiries.violation()).toBe('a later expiry stands before an earlier one');
});

test('orders expire after a snapshot as they would have before it', () => {
  const { market } = timedOrders();
  market.cancel(1, 1);
  market.buy(1, 4, 100, 1);
  const copy = new EngineUnderTest(SMALL_CORE);
  unpackEngine(copy.processor, packEngine(market.engine.processor));
  checkInvariants(copy.core);
  copy.apply(market.script.command('timeAdvanced', { microseconds: 1_000 }, {}));
  const cancelled = copy.decodedEvents().filter(({ name }) => name === 'cancelled');
  expect(cancelled.map(({ fields }) => fields)).toMatchObject([{ clientOrderId: 2n }, { clientOrderId: 3n }]);
  expect(copy.core.orders.count).toBe(1);
});

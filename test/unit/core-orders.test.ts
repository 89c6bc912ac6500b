/** The records of orders: how many there are, which are in use, and all of them after a snapshot. */
import { expect, test } from 'vitest';
import { checkInvariants } from '../../src/core/invariants.js';
import { OrderWord } from '../../src/core/orders.js';
import { EngineUnderTest } from '../support/engine-under-test.js';
import { Market, SMALL_CORE } from '../support/market.js';
import { packEngine, unpackEngine } from '../support/packed-engine.js';

const A = 1;

test('there are as many as orders may be open, and one for a liquidation', () => {
  const maxOrders = 3;
  const { orders } = new Market(1, { maxOrders }).engine.core;
  for (let n = 0; n < maxOrders + 1; n += 1) orders.allocate();
  expect(() => orders.allocate()).toThrow('an order fits in the arena');
});

test('those in use are visited, each once', () => {
  const market = new Market(1);
  for (const id of [1, 2, 3, 4, 5]) market.buy(A, id, 100, 1);
  for (const id of [4, 2]) market.cancel(A, id);
  const { orders } = market.engine.core;
  const visited: number[] = [];
  orders.forEach((order) => {
    visited.push(order);
  });
  expect(visited).toEqual([0, 2, 4].map(orders.handleOf));
});

test('those that were freed are named, the last first', () => {
  const market = new Market(1);
  const { orders } = market.engine.core;
  expect(orders.lastFreed).toBe(0);
  for (const id of [1, 2, 3]) market.buy(A, id, 100, 1);
  for (const id of [3, 1]) market.cancel(A, id);
  expect(orders.lastFreed).toBe(orders.handleOf(0));
  expect(orders.words[orders.lastFreed + OrderWord.next]).toBe(orders.handleOf(2));
});

test('more than are read at once are each found once after a snapshot', () => {
  const market = new Market(1);
  const ids = Array.from({ length: SMALL_CORE.maxOrders! }, (_, n) => n + 1);
  for (const id of ids) market.buy(A, id, 100, 1);
  const copy = new EngineUnderTest(SMALL_CORE);
  unpackEngine(copy.processor, packEngine(market.engine.processor));
  expect(copy.core.clientIds.count).toBe(ids.length);
  expect(copy.processor.stateHash()).toBe(market.hash());
  for (const id of ids) {
    const fields = { clientOrderId: BigInt(id), instrumentId: 1 };
    copy.apply(market.script.command('cancelOrder', { accountId: A }, fields));
  }
  checkInvariants(copy.core);
  expect(copy.core.orders.count).toBe(0);
});

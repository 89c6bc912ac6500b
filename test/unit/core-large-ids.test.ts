/** Ids and priorities that need both of their words: what goes by age goes by all 64 bits of it. */
import { expect, test } from 'vitest';
import { MarketState, OrderType, Side, TimeInForce } from '../../src/core/codes.js';
import type { MessageFields } from '../../src/wire/message-fields.js';
import type { DecodedSlot } from '../../src/wire/slot-codec.js';
import { Market } from '../support/market.js';

const LAST_OF_LOW_WORD = 2 ** 32 - 1;

/** A market whose next order has the id 2^32-1, and the one after it 2^32. */
function oldMarket(): Market {
  const market = new Market(4);
  const { counters } = market.engine.core.orders;
  // Order ids, trade ids and priorities, each an i64.
  for (const counter of [0, 2, 4]) counters[counter] = (LAST_OF_LOW_WORD - 1) | 0;
  return market;
}

function order(market: Market, accountId: number, fields: Partial<MessageFields['newOrder']>): DecodedSlot[] {
  const plain = {
    instrumentId: 1,
    orderType: OrderType.limit,
    timeInForce: TimeInForce.GTC,
    quantityLots: 1,
  };
  return market.send('newOrder', { accountId }, { ...plain, ...fields });
}

const ids = (events: DecodedSlot[], name: string) =>
  events.flatMap((event) => (event.name === name && 'orderId' in event.fields ? [event.fields.orderId] : []));

const BOTH = [LAST_OF_LOW_WORD, LAST_OF_LOW_WORD + 1];

test.each([Side.buy, Side.sell])(
  'the older order is the maker of an auction (side %i came first)',
  (first) => {
    const market = oldMarket();
    const state = (state: number) => market.send('setMarketState', {}, { instrumentId: 1, state });
    state(MarketState.openingAuction);
    order(market, 1, { side: first, priceTicks: 100, clientOrderId: 1n });
    order(market, 2, { side: 3 - first, priceTicks: 100, clientOrderId: 2n });
    const events = state(MarketState.continuous);
    expect(ids(events, 'trade')).toEqual(BOTH);
  },
);

test('orders that expire at one time go by age', () => {
  const market = oldMarket();
  const expireTimeUs = market.script.timestampUs + 100;
  const timed = { timeInForce: TimeInForce.GTD, expireTimeUs, side: Side.buy };
  order(market, 2, { ...timed, priceTicks: 90, clientOrderId: 1n });
  order(market, 1, { ...timed, priceTicks: 91, clientOrderId: 2n });
  expect(ids(market.send('timeAdvanced', { microseconds: 100 }, {}), 'cancelled')).toEqual(BOTH);
});

test('stops of one trigger act by age', () => {
  const market = oldMarket();
  const stop = { orderType: OrderType.stop, side: Side.buy, triggerPriceTicks: 100 };
  order(market, 2, { ...stop, clientOrderId: 1n });
  order(market, 1, { ...stop, clientOrderId: 2n });
  order(market, 3, { side: Side.sell, priceTicks: 100, quantityLots: 3, clientOrderId: 3n });
  expect(ids(order(market, 4, { side: Side.buy, priceTicks: 100, clientOrderId: 4n }), 'triggered')).toEqual(
    BOTH,
  );
});

test('a disabled instrument cancels what is open by age', () => {
  const market = oldMarket();
  order(market, 2, { side: Side.buy, priceTicks: 90, clientOrderId: 1n });
  order(market, 1, { side: Side.buy, priceTicks: 91, clientOrderId: 2n });
  const events = market.send('setMarketState', {}, { instrumentId: 1, state: MarketState.disabled });
  expect(ids(events, 'cancelled')).toEqual(BOTH);
});

test('orders of one price trade by age', () => {
  const market = oldMarket();
  order(market, 2, { side: Side.sell, priceTicks: 100, clientOrderId: 1n });
  order(market, 1, { side: Side.sell, priceTicks: 100, clientOrderId: 2n });
  const events = order(market, 3, { side: Side.buy, priceTicks: 100, quantityLots: 2, clientOrderId: 3n });
  expect(ids(events, 'trade').filter((id) => BOTH.includes(id))).toEqual(BOTH);
});

/**
 * Dense random flows of one kind, on the fast core as on the reference engine: what the long comparison of
 * `test/property` meets now and then only, and there between many other things.
 */
import { expect, it } from 'vitest';
import { Prng } from '../../src/base/prng.js';
import { MarketState, OrderType, Side, TimeInForce } from '../../src/core/codes.js';
import type { Event } from '../model/messages.js';
import { RULE_ENGINES } from '../support/rule-engines.js';
import { A, B, C, Market } from '../support/rule-market.js';

const MIDDLE = 100;

class Flow {
  readonly told: unknown[] = [];
  readonly random: Prng;
  readonly market: Market;
  #nextId = 1n;

  constructor(market: Market, seed: number) {
    this.market = market;
    this.random = new Prng(seed);
  }

  note(events: Event[]): void {
    for (const { name, fields } of events) this.told.push({ name, fields });
  }

  oneOf<T>(values: readonly T[]): T {
    return values[this.random.below(values.length)]!;
  }

  order(fields: object): void {
    const { random } = this;
    const clientOrderId = this.#nextId++;
    const side = this.oneOf([Side.buy, Side.sell]);
    const price = 'priceTicks' in fields ? (fields.priceTicks as number) : MIDDLE - 4 + random.below(9);
    const lots = 1 + random.below(4);
    this.note(this.market.order(this.oneOf([A, B, C]), side, lots, price, { clientOrderId, ...fields }));
  }

  /** Cancels one of the last orders, by whoever. */
  cancel(): void {
    const clientOrderId = this.#nextId - BigInt(1 + this.random.below(20));
    if (clientOrderId < 1n) return;
    this.note(this.market.apply('cancelOrder', this.oneOf([A, B, C]), { clientOrderId, instrumentId: 1 }));
  }

  cancelAll(): void {
    for (const account of [A, B, C]) this.note(this.market.apply('massCancel', account, {}));
  }
}

/** Stops of all kinds, many of them trailing, and trades that move over their triggers. */
function stops(flow: Flow): void {
  const { market, random } = flow;
  for (let step = 0; step < 500; step += 1) {
    const kind = random.below(100);
    if (kind < 45) {
      flow.order({});
    } else if (kind < 70) {
      const trailing = { triggerPriceTicks: 0, trailingTicks: 1 + random.below(4) };
      const fixed = { triggerPriceTicks: MIDDLE - 6 + random.below(13), triggerDirection: random.below(3) };
      const isLimit = random.below(2) === 0;
      flow.order({
        orderType: isLimit ? OrderType.stopLimit : OrderType.stop,
        priceTicks: isLimit ? MIDDLE - 4 + random.below(9) : 0,
        ...(random.below(3) === 0 ? fixed : trailing),
      });
    } else if (kind < 95) {
      flow.cancel();
    } else if (kind < 98) {
      const state = flow.oneOf([MarketState.preOpen, MarketState.continuous, MarketState.continuous]);
      flow.note(market.apply('setMarketState', 0, { instrumentId: 1, state }));
    } else {
      flow.cancelAll();
    }
  }
}

/** Many orders that expire, some at one time, with cancels in between. */
function expiries(flow: Flow): void {
  const { market, random } = flow;
  for (let step = 0; step < 500; step += 1) {
    const kind = random.below(100);
    if (kind < 70) {
      const expireTimeUs = market.script.timestampUs + 2 + 5 * random.below(30);
      flow.order({
        timeInForce: TimeInForce.GTD,
        expireTimeUs,
        priceTicks: 1 + random.below(50),
        side: Side.buy,
      });
    } else if (kind < 95) {
      flow.cancel();
    } else {
      flow.note(market.wait(1 + random.below(40)));
    }
  }
}

const [reference, fast] = RULE_ENGINES.map(([, makeEngine]) => makeEngine);

it.each([
  ['stops', 1, stops, 'triggered'],
  ['stops', 2, stops, 'triggered'],
  ['expiries', 3, expiries, 'cancelled'],
] as const)('%s do what they do on the reference engine (seed %i)', (_, seed, run, often) => {
  const expected = new Flow(new Market(reference!), seed);
  run(expected);
  const met = expected.told.filter((event) => (event as { name: string }).name === often).length;
  expect(met).toBeGreaterThan(40);
  const actual = new Flow(new Market(fast!), seed);
  run(actual);
  expect(actual.told).toEqual(expected.told);
});

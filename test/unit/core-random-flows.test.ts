/**
 * Dense random flows of one kind, on the fast core as on the reference engine: what the long comparison of
 * `test/property` meets now and then only, and there between many other things.
 */
import { isDeepStrictEqual } from 'node:util';
import { expect, it } from 'vitest';
import { Prng } from '../../src/base/prng.js';
import { InstrumentFlag, MarketState, OrderType, Side, TimeInForce } from '../../src/core/codes.js';
import type { Event } from '../model/messages.js';
import type { Limits } from '../model/reference-state.js';
import { RULE_ENGINES, type RuleEngine } from '../support/rule-engines.js';
import { A, B, C, Market } from '../support/rule-market.js';

const MIDDLE = 100;
const FUNDS = 1_000_000;
const LITTLE = 1_000;

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
    const account = 'accountId' in fields ? (fields.accountId as number) : this.oneOf([A, B, C]);
    const side = this.oneOf([Side.buy, Side.sell]);
    const price = 'priceTicks' in fields ? (fields.priceTicks as number) : MIDDLE - 4 + random.below(9);
    const lots = 1 + random.below(4);
    this.note(this.market.order(account, side, lots, price, { clientOrderId, ...fields }));
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

/**
 * Positions in two margin instruments, in one or two quote assets, marks that jump, and accounts that are brought down by
 * them and come back with new money; with fees, pauses, stops and spot orders.
 */
function margins(quote: string) {
  return (flow: Flow): void => {
    const { market, random } = flow;
    const rates = { initialMarginPpm: 150_000, maintenanceMarginPpm: 100_000 };
    const second = {
      symbol: 'Y',
      base: 'Y',
      quote,
      tickMantissa: 3,
      lotMantissa: 1,
      ...rates,
      flags: InstrumentFlag.margin,
    };
    flow.note(market.apply('listInstrument', 0, second));
    const spot = { symbol: 'S', base: 'X', quote: 'USD', tickMantissa: 1, lotMantissa: 1 };
    flow.note(market.apply('listInstrument', 0, spot));
    const accounts = [A, B, C, 4, 5];
    let transferId = 1000n;
    const pay = (accountId: number, asset: string, amount: number) => {
      transferId += 1n;
      flow.note(market.apply('deposit', 0, { accountId, asset, amount, transferId }));
    };
    for (const accountId of accounts) {
      flow.note(market.apply('openAccount', 0, { accountId }));
      for (const asset of ['X', 'USD']) pay(accountId, asset, LITTLE);
    }
    const marks = [0, MIDDLE, MIDDLE];
    const mark = (instrumentId: number) =>
      flow.note(market.apply('setMarkPrice', 0, { instrumentId, priceTicks: marks[instrumentId] }));
    for (const instrumentId of [1, 2]) {
      mark(instrumentId);
      for (const feeTier of [0, 1]) {
        const fees = { makerPpm: feeTier === 0 ? 0 : -500, takerPpm: feeTier === 0 ? 1_000 : 11_000 };
        flow.note(market.apply('setInstrumentFees', 0, { instrumentId, feeTier, ...fees }));
      }
    }
    for (const accountId of [B, 4])
      flow.note(market.apply('setAccountFeeTier', 0, { accountId, feeTier: 1 }));
    const pause = { volatilityPpm: 100_000, volatilityWindowUs: 20, volatilityAuctionUs: 30 };
    flow.note(
      market.apply('changeInstrument', 0, {
        instrumentId: 2,
        marketProtectionPpm: 200_000,
        ...rates,
        ...pause,
      }),
    );
    for (let step = 0; step < 2_000; step += 1) {
      const instrumentId = 1 + random.below(2);
      const near = marks[instrumentId]!;
      const accountId = flow.oneOf(accounts);
      const kind = random.below(100);
      if (kind < 10) {
        flow.order({ instrumentId: 3, accountId, priceTicks: 1 + random.below(8) });
      } else if (kind < 62) {
        const quantityLots = 1 + random.below(30);
        const priceTicks = Math.max(1, near - 6 + random.below(13));
        flow.order({ instrumentId, accountId, priceTicks, quantityLots });
      } else if (kind < 66) {
        const stop = {
          orderType: OrderType.stop,
          triggerPriceTicks: Math.max(1, near - 10 + random.below(21)),
        };
        flow.order({ instrumentId, accountId, priceTicks: 0, ...stop });
      } else if (kind < 80) {
        marks[instrumentId] = Math.max(20, near - 30 + random.below(61));
        mark(instrumentId);
      } else if (kind < 90) {
        pay(accountId, flow.oneOf(['X', 'USD']), 100 + random.below(600));
      } else if (kind < 93) {
        transferId += 1n;
        const fund = { transferId, amount: 100, fromAccountId: accountId, toAccountId: 0 };
        flow.note(market.apply('transfer', 0, { ...fund, asset: flow.oneOf(['X', 'USD']) }));
      } else if (kind < 97) {
        flow.cancel();
      } else {
        flow.note(market.apply('massCancel', accountId, {}));
      }
    }
  };
}

const MARGIN_TERMS = {
  flags: InstrumentFlag.margin,
  initialMarginPpm: 150_000,
  maintenanceMarginPpm: 100_000,
  marketProtectionPpm: 100_000,
};

const [reference, fast] = RULE_ENGINES.map(([, makeEngine]) => makeEngine);

/** The same engine with room for another instrument and many transfers. */
const roomy = (makeEngine: (limits: Limits) => RuleEngine) => (limits: Limits) =>
  makeEngine({ ...limits, instruments: 3, transfers: 1_000 });

const FLOWS = [
  ['stops', 1, {}, FUNDS, stops, 'triggered'],
  ['stops', 2, {}, FUNDS, stops, 'triggered'],
  ['expiries', 3, {}, FUNDS, expiries, 'cancelled'],
  ['margins in one asset', 4, MARGIN_TERMS, LITTLE, margins('USD'), 'deleveraged'],
  ['margins in two assets', 6, MARGIN_TERMS, LITTLE, margins('X'), 'deleveraged'],
] as const;

for (const [title, seed, terms, funds, run, often] of FLOWS) {
  const toldBy = (makeEngine: (limits: Limits) => RuleEngine) => {
    const flow = new Flow(new Market(roomy(makeEngine), terms, funds), seed);
    run(flow);
    return flow.told;
  };
  // Worked out once, however often a test runs: against mutants it runs thousands of times.
  let expected: unknown[] | undefined;
  it(`${title} do what they do on the reference engine (seed ${seed})`, () => {
    expected ??= toldBy(reference!);
    const met = expected.filter((event) => (event as { name: string }).name === often).length;
    expect(met).toBeGreaterThan(40);
    const actual = toldBy(fast!);
    if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected);
  });
}

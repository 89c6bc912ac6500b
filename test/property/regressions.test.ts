/**
 * Short runs that stay for ever: what a random run once found, and the corners that are easiest to get wrong. Each
 * is played on both engines, compared after every command, and the names of the last command's events are fixed too.
 */
import { describe, expect, test } from 'vitest';
import { hashTriple } from '../../src/base/hash.js';
import { Prng } from '../../src/base/prng.js';
import { OrderType, RejectCode, ReplaceFlag, Side, TimeInForce } from '../../src/core/codes.js';
import { checkInvariants } from '../../src/core/invariants.js';
import type { EventName } from '../../src/wire/message-fields.js';
import type { Command, Event, EventOf } from '../model/messages.js';
import { ReferenceEngine } from '../model/reference-engine.js';
import { CommandScript } from '../support/command-script.js';
import { EngineUnderTest } from '../support/engine-under-test.js';
import { ModelComparison } from '../support/model-comparison.js';
import { coreOptions } from './run-settings.js';
import { FACTORS_OF_MAX_MONEY } from './value-arbitraries.js';
import { limitsOf } from './worlds.js';

const MONEY = 10_000;
const MAX_LOTS = 2 ** 31 - 1;
/** So many random ids of 32-bit hashes that it would be a wonder if no two were equal. */
const ENOUGH_FOR_A_COLLISION = 1_000_000;
const LIMITS = limitsOf('ordinary');

/** A small market (instrument 1: one tick x lot = 1 minor unit) in which tests say only what matters to them. */
class Market {
  readonly #script = new CommandScript();
  readonly #engine = new EngineUnderTest(coreOptions(LIMITS));
  readonly #comparison = new ModelComparison(this.#engine, new ReferenceEngine(LIMITS));
  #transferId = 0n;

  constructor(lotMantissa = 1) {
    const listing = { symbol: 'AAA-USD', base: 'AAA', quote: 'USD', tickMantissa: 1, lotMantissa };
    this.#apply(this.#script.command('listInstrument', {}, listing));
  }

  account(accountId: number, base: number, quote: number): void {
    this.#apply(this.#script.command('openAccount', {}, { accountId }));
    for (const [asset, amount] of [['AAA', base] as const, ['USD', quote] as const]) {
      if (amount === 0) continue;
      this.#transferId += 1n;
      this.#apply(
        this.#script.command('deposit', {}, { accountId, asset, amount, transferId: this.#transferId }),
      );
    }
  }

  order(
    accountId: number,
    id: number | bigint,
    side: number,
    priceTicks: number,
    quantityLots: number,
    timeInForce: number = TimeInForce.GTC,
    orderType: number = OrderType.limit,
    displayLots = 0,
  ): Event[] {
    const fields = {
      clientOrderId: BigInt(id),
      instrumentId: 1,
      side,
      priceTicks,
      quantityLots,
      timeInForce,
      orderType,
      displayLots,
    };
    return this.#apply(this.#script.command('newOrder', { accountId }, fields));
  }

  replace(
    accountId: number,
    id: number | bigint,
    priceTicks: number,
    quantityLots: number,
    flags = 0,
  ): Event[] {
    const ids = { clientOrderId: BigInt(id), newClientOrderId: BigInt(id), instrumentId: 1 };
    return this.#apply(
      this.#script.command('replaceOrder', { accountId }, { ...ids, priceTicks, quantityLots, flags }),
    );
  }

  cancel(accountId: number, id: number | bigint): Event[] {
    const fields = { clientOrderId: BigInt(id), instrumentId: 1 };
    return this.#apply(this.#script.command('cancelOrder', { accountId }, fields));
  }

  /** Two client order ids of an account that have the same hash in the index of open orders. */
  collidingIds(accountId: number): [bigint, bigint] {
    const account = this.#engine.core.accounts.find(accountId);
    const random = new Prng(1);
    const idOfHash = new Map<number, bigint>();
    for (let tries = 0; tries < ENOUGH_FOR_A_COLLISION; tries++) {
      const low = random.nextUint32();
      const high = random.nextUint32();
      const hash = hashTriple(account, low | 0, high | 0);
      const id = (BigInt(high) << 32n) | BigInt(low);
      const other = idOfHash.get(hash);
      if (other !== undefined && other !== id) return [other, id];
      idOfHash.set(hash, id);
    }
    throw new Error('no two ids share a hash');
  }

  massCancel(accountId: number): Event[] {
    return this.#apply(this.#script.command('massCancel', { accountId }, {}));
  }

  #apply(command: Command): Event[] {
    const events = this.#comparison.apply(command);
    this.#comparison.compareState();
    checkInvariants(this.#engine.core);
    return events;
  }
}

function names(events: readonly Event[]): string[] {
  return events.map((event) => event.name);
}

/** The fields of the only event of a name. */
function only<N extends EventName>(events: readonly Event[], name: N): EventOf<N>['fields'] {
  const found = events.filter((event) => event.name === name);
  expect(found.length).toBe(1);
  return found[0]!.fields as EventOf<N>['fields'];
}

describe('kept runs', () => {
  // Seed 20230713 in the world that is wide: the next large order would have made 2,147,483,647 trades in one command.
  test('an order that shows one lot of very many is refused, and one of a hundred gives a hundred trades', () => {
    const market = new Market();
    market.account(1, MAX_LOTS, 0);
    market.account(2, 0, MAX_LOTS);
    const iceberg = [Side.sell, 1, MAX_LOTS, TimeInForce.GTC, OrderType.limit, 1] as const;
    expect(only(market.order(1, 1, ...iceberg), 'rejected').code).toBe(RejectCode.INVALID_DISPLAY_QUANTITY);
    market.order(1, 1, Side.sell, 1, 100, TimeInForce.GTC, OrderType.limit, 1);
    const events = market.order(2, 2, Side.buy, 1, MAX_LOTS);
    expect(events.filter(({ name }) => name === 'trade').length).toBe(200);
  });

  test('a reinsert of the only order at its own price reports its level once, as it is in the end', () => {
    const market = new Market();
    market.account(1, 0, MONEY);
    market.order(1, 1, Side.buy, 100, 5);
    const events = market.replace(1, 1, 100, 5, ReplaceFlag.reinsert);
    expect(names(events)).toEqual(['replaced', 'bookDelta']);
    expect(only(events, 'bookDelta')).toMatchObject({ levelLots: 5, orderCount: 1, bookSequence: 2 });
  });

  test('a replace to the same price and quantity keeps its place and touches no level', () => {
    const market = new Market();
    market.account(1, 0, MONEY);
    market.order(1, 1, Side.buy, 100, 5);
    const events = market.replace(1, 1, 100, 5);
    expect(names(events)).toEqual(['replaced']);
    expect(only(events, 'replaced').priorityKept).toBe(1);
  });

  test('a replace that crosses leaves its old level, trades, and rests at the new one: three deltas in that order', () => {
    const market = new Market();
    market.account(1, 0, MONEY);
    market.account(2, MONEY, 0);
    market.order(1, 1, Side.buy, 99, 5);
    market.order(2, 2, Side.sell, 101, 2);
    const events = market.replace(1, 1, 101, 5);
    expect(names(events)).toEqual(['replaced', 'trade', 'trade', 'bookDelta', 'bookDelta', 'bookDelta']);
    const levels = events.flatMap((event) =>
      event.name === 'bookDelta'
        ? [[event.fields.side, event.fields.priceTicks, event.fields.levelLots]]
        : [],
    );
    expect(levels).toEqual([
      [Side.buy, 99, 0],
      [Side.sell, 101, 0],
      [Side.buy, 101, 3],
    ]);
  });

  test('a new total at or below the filled quantity cancels the rest', () => {
    const market = new Market();
    market.account(1, 0, MONEY);
    market.account(2, MONEY, 0);
    market.order(1, 1, Side.buy, 100, 5);
    market.order(2, 2, Side.sell, 100, 3);
    expect(names(market.replace(1, 1, 100, 3))).toEqual(['cancelled', 'bookDelta']);
  });

  test('a reinsert after a fill starts at a cumulative quantity of 0', () => {
    const market = new Market();
    market.account(1, 0, MONEY);
    market.account(2, MONEY, 0);
    market.order(1, 1, Side.buy, 100, 5);
    market.order(2, 2, Side.sell, 100, 3);
    const events = market.replace(1, 1, 100, 3, ReplaceFlag.reinsert);
    expect(only(events, 'replaced')).toMatchObject({
      quantityLots: 3,
      leavesLots: 3,
      cumulativeLots: 0,
      priorityKept: 0,
    });
  });

  test('an account that trades with itself keeps its money', () => {
    const market = new Market();
    market.account(1, 10, 1000);
    market.order(1, 1, Side.sell, 100, 10);
    const events = market.order(1, 2, Side.buy, 100, 10);
    expect(names(events)).toEqual(['accepted', 'trade', 'trade', 'bookDelta']);
  });

  test('an unfillable fill-or-kill order is accepted and cancelled whole, and touches no level', () => {
    const market = new Market();
    market.account(1, 0, MONEY);
    market.account(2, MONEY, 0);
    market.order(2, 1, Side.sell, 100, 3);
    market.order(2, 2, Side.sell, 102, 9);
    const events = market.order(1, 3, Side.buy, 101, 4, TimeInForce.FOK);
    expect(names(events)).toEqual(['accepted', 'cancelled']);
    expect(only(events, 'cancelled')).toMatchObject({ quantityLots: 4, cumulativeLots: 0 });
  });

  test('a market order trades no further than its protection and cancels the rest', () => {
    const market = new Market();
    market.account(1, 0, MONEY);
    market.account(2, MONEY, 0);
    market.order(2, 1, Side.sell, 100, 1);
    market.order(2, 2, Side.sell, 105, 1);
    market.order(2, 3, Side.sell, 106, 1);
    const events = market.order(1, 4, Side.buy, 0, 3, TimeInForce.IOC, OrderType.market);
    expect(names(events)).toEqual([
      'accepted',
      'trade',
      'trade',
      'trade',
      'trade',
      'cancelled',
      'bookDelta',
      'bookDelta',
    ]);
    expect(only(events, 'accepted').priceTicks).toBe(105);
  });

  test('a buyer gets back at once what it reserved above the price of the maker', () => {
    const market = new Market();
    market.account(1, 0, 1000);
    market.account(2, 10, 0);
    market.order(2, 1, Side.sell, 90, 10);
    market.order(1, 2, Side.buy, 100, 10);
    // 1,000 were reserved and 900 paid: the last 100 are free to buy with.
    expect(names(market.order(1, 3, Side.buy, 100, 1))).toEqual(['accepted', 'bookDelta']);
    expect(names(market.order(1, 4, Side.buy, 1, 1))).toEqual(['rejected']);
  });

  test('a notional of exactly 2^53-1 minor units is taken, one tick or lot more is not', () => {
    const [price, lots, factor] = FACTORS_OF_MAX_MONEY;
    const market = new Market(factor);
    market.account(1, 0, Number.MAX_SAFE_INTEGER);
    expect(names(market.order(1, 1, Side.buy, price, lots + 1))).toEqual(['rejected']);
    expect(names(market.order(1, 1, Side.buy, price + 1, lots))).toEqual(['rejected']);
    expect(names(market.order(1, 1, Side.buy, price, lots))).toEqual(['accepted', 'bookDelta']);
  });

  test('a mass cancel goes by order id, also for an order that was replaced, and reports each level once', () => {
    const market = new Market();
    market.account(1, 0, MONEY);
    market.order(1, 1, Side.buy, 100, 1);
    market.order(1, 2, Side.buy, 99, 1);
    market.order(1, 3, Side.buy, 100, 1);
    market.replace(1, 1, 98, 1);
    const events = market.massCancel(1);
    const ids = events.flatMap((event) => (event.name === 'cancelled' ? [event.fields.clientOrderId] : []));
    expect(ids).toEqual([1n, 2n, 3n]);
    expect(names(events).slice(3)).toEqual(['massCancelled', 'bookDelta', 'bookDelta', 'bookDelta']);
  });

  test('orders whose ids share a hash are told apart', () => {
    const market = new Market();
    market.account(1, 0, MONEY);
    const [first, second] = market.collidingIds(1);
    market.order(1, first, Side.buy, 100, 1);
    expect(names(market.cancel(1, second))).toEqual(['rejected']);
    market.order(1, second, Side.buy, 99, 2);
    expect(only(market.cancel(1, first), 'cancelled')).toMatchObject({
      clientOrderId: first,
      priceTicks: 100,
    });
    expect(only(market.replace(1, second, 98, 2), 'replaced')).toMatchObject({
      clientOrderId: second,
    });
    expect(only(market.cancel(1, second), 'cancelled')).toMatchObject({ clientOrderId: second });
  });
});

/** The state hash. */
import { describe, expect, test } from 'vitest';
import { AccountWord } from '../../src/core/accounts.js';
import { OrderFlag } from '../../src/core/codes.js';
import { HashWord } from '../../src/core/entity-hash.js';
import { ExtraWord } from '../../src/core/order-extras.js';
import { OrderWord } from '../../src/core/orders.js';
import { LevelWord } from '../../src/core/price-ladder.js';
import { fullStateHash, stateHash } from '../../src/core/state-hash.js';
import { Market } from '../support/market.js';

describe('the state hash', () => {
  test('is the same for the same state, however often it was asked for on the way', () => {
    const often = new Market(2);
    const once = new Market(2);
    const commands: ((market: Market) => void)[] = [
      (market) => market.buy(1, 1, 100, 10),
      (market) => market.sell(2, 2, 100, 4),
      (market) => market.replace(1, 1, 101, 12),
      (market) => market.cancel(1, 1),
      (market) => market.buy(1, 1, 100, 10),
    ];
    for (const command of commands) {
      command(often);
      often.hash();
      command(once);
    }
    expect(once.hash()).toBe(often.hash());
    expect(once.hash()).toBe(fullStateHash(once.engine.core));
  });

  test('sees each part of the state', () => {
    const seen = new Set<string>();
    const market = new Market(2);
    const steps: (() => void)[] = [
      () => market.buy(1, 1, 100, 10),
      () => market.sell(2, 2, 100, 4),
      () => market.replace(1, 1, 100, 9),
      () => market.cancel(1, 1),
      () => market.deposit(1, 'USD', 1),
      () => market.send('openAccount', {}, { accountId: 3 }),
      () =>
        market.send(
          'registerApiKey',
          {},
          { accountId: 3, permissions: 1, publicKey: new Uint8Array(32).fill(3) },
        ),
      () =>
        market.send('cancelOrder', { accountId: 3, sessionId: 1, microseconds: 0 }, { clientSequence: 5 }),
      () => market.send('epochStarted', { microseconds: 0 }, { epoch: 1 }),
      () => market.send('timeAdvanced', {}, {}),
      () =>
        market.send(
          'listInstrument',
          { microseconds: 0 },
          { symbol: 'B', base: 'ABC', quote: 'X', tickMantissa: 1, lotMantissa: 1 },
        ),
    ];
    seen.add(market.hash());
    for (const step of steps) {
      step();
      seen.add(market.hash());
    }
    expect(seen.size).toBe(steps.length + 1);
  });

  test('sees the fees and the insurance fund of each asset', () => {
    const market = new Market(1);
    const { core } = market.engine;
    for (const assetId of [1, core.assets.count]) {
      for (const funds of [core.assets.fees, core.assets.insurance]) {
        const before = fullStateHash(core);
        funds[assetId] = 5;
        const low = fullStateHash(core);
        funds[assetId] = 5 + 2 ** 40;
        expect(new Set([before, low, fullStateHash(core), stateHash(core)]).size).toBe(3);
      }
    }
  });

  test('sees which order is linked with which', () => {
    const market = new Market(1);
    const { core } = market.engine;
    const terms = { instrumentId: 1, side: 2, timeInForce: 1, quantityLots: 1 };
    const send = (fields: object) => market.send('newOrder', { accountId: 1 }, { ...terms, ...fields });
    send({ clientOrderId: 1n, orderType: 1, priceTicks: 100 });
    send({ clientOrderId: 2n, orderType: 1, priceTicks: 101 });
    const stop = { orderType: 3, triggerPriceTicks: 90, flags: OrderFlag.linked, linkedClientOrderId: 1n };
    send({ clientOrderId: 3n, ...stop });
    const { words } = core.orders;
    const first = words[core.accounts.find(1) + AccountWord.firstOrder]!;
    const second = words[first + OrderWord.accountNext]!;
    const third = words[second + OrderWord.accountNext]!;
    const partnerAt = words[third + OrderWord.extra]! + ExtraWord.partner;
    expect(words[partnerAt]).toBe(first);
    const seen = new Set<string>();
    for (const partner of [first, second, 0]) {
      words[partnerAt] = partner;
      seen.add(fullStateHash(core));
    }
    expect(seen.size).toBe(3);
  });

  test('has a row that changed often on its list once', () => {
    const market = new Market(2);
    market.hash();
    const terms = {
      instrumentId: 1,
      side: 1,
      orderType: 1,
      timeInForce: 1,
      priceTicks: 100,
      quantityLots: 1,
    };
    for (const clientOrderId of [1n, 2n, 3n, 4n, 5n]) {
      // Not through the market, which asks for the hash to check it.
      market.engine.apply(market.script.command('newOrder', { accountId: 1 }, { ...terms, clientOrderId }));
    }
    const { accounts, holdings } = market.engine.core;
    const onList = [accounts, holdings].map(({ hash }) => hash.state[HashWord.dirtyCount]);
    expect(onList).toEqual([1, 1]);
  });

  test('tells two orders apart that differ in their priority only', () => {
    const one = new Market(2);
    one.buy(1, 1, 100, 10);
    one.buy(2, 2, 100, 10);
    const two = new Market(2);
    two.buy(1, 1, 100, 10);
    two.buy(2, 2, 100, 10);
    const { words } = two.engine.core.orders;
    const first = headOf(two);
    const second = words[first + OrderWord.next]!;
    [words[first + OrderWord.priority], words[second + OrderWord.priority]] = [
      words[second + OrderWord.priority]!,
      words[first + OrderWord.priority]!,
    ];
    expect(fullStateHash(two.engine.core)).not.toBe(fullStateHash(one.engine.core));
  });

  test('is not asked to forget: a record that is reused has the hash of its new order', () => {
    const market = new Market(2);
    market.buy(1, 1, 100, 10);
    market.hash();
    market.cancel(1, 1);
    market.sell(2, 2, 200, 3);
    expect(stateHash(market.engine.core)).toBe(fullStateHash(market.engine.core));
  });
});

function headOf(market: Market): number {
  const { ladder } = market.engine.core.books;
  return ladder.levels[ladder.best(2) + LevelWord.head]!;
}

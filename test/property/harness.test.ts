/**
 * The comparison itself must be able to fail: engines that are broken on purpose, each in one small way, must be
 * found, shrunk to a few commands, and shown as `exec` lines.
 */
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { ExecSession } from '../../src/cli/exec/exec-session.js';
import { Liquidity } from '../../src/core/codes.js';
import { OrderWord } from '../../src/core/orders.js';
import { LevelWord } from '../../src/core/price-ladder.js';
import type { ListInstrument } from '../../src/wire/message-fields.js';
import { SLOT_WORDS } from '../../src/wire/slot.js';
import type { Command, UnknownCommand } from '../model/messages.js';
import { ReferenceEngine } from '../model/reference-engine.js';
import { EngineUnderTest } from '../support/engine-under-test.js';
import { execLines } from '../support/exec-lines.js';
import { agreement } from './agreement.js';
import { assertProperty } from './assert-property.js';
import { intents, TRADING } from './command-arbitraries.js';
import { SEED, TIMEOUT_MS } from './run-settings.js';
import { buildRun } from './worlds.js';

type AnyCommand = Command | UnknownCommand;

/** Leaves out the last event of every command that has three or more. */
class DropsAnEvent extends EngineUnderTest {
  override apply(command: AnyCommand): void {
    super.apply(command);
    const { events } = this;
    if (events.count < 3) return;
    const kept = events.words.slice(0, (events.count - 1) * SLOT_WORDS);
    events.clear();
    for (let at = 0; at < kept.length; at += SLOT_WORDS) {
      events.slots.set(kept.subarray(at, at + SLOT_WORDS), events.next());
    }
  }
}

/** Exchanges the first two events of every command that has three or more. */
class SwapsTwoEvents extends EngineUnderTest {
  override apply(command: AnyCommand): void {
    super.apply(command);
    const { words, count } = this.events;
    if (count < 3) return;
    const first = words.slice(0, SLOT_WORDS);
    words.copyWithin(0, SLOT_WORDS, 2 * SLOT_WORDS);
    words.set(first, SLOT_WORDS);
  }
}

/** Leaves a stray bit in the last byte of every cancelled event, which no field uses. */
class LeavesAStrayBit extends EngineUnderTest {
  override apply(command: AnyCommand): void {
    super.apply(command);
    if (command.name === 'cancelOrder' && this.events.count === 2)
      this.events.words[SLOT_WORDS - 1] = 1 << 31;
  }
}

/** Lets the second order at the best price of the first instrument overtake the first one after every cancel. */
class SwapsPriority extends EngineUnderTest {
  override apply(command: AnyCommand): void {
    super.apply(command);
    if (command.name !== 'cancelOrder') return;
    const { ladder } = this.core.books;
    for (const bookSide of [2, 3]) {
      const level = ladder.best(bookSide);
      const head = ladder.levels[level + LevelWord.head]!;
      const second = this.core.orders.words[head + OrderWord.next]!;
      if (level !== 0 && second !== 0) this.#swap(level, head, second);
    }
  }

  #swap(level: number, head: number, second: number): void {
    const orders = this.core.orders.words;
    const { levels } = this.core.books.ladder;
    const third = orders[second + OrderWord.next]!;
    levels[level + LevelWord.head] = second;
    orders[second + OrderWord.previous] = 0;
    orders[second + OrderWord.next] = head;
    orders[head + OrderWord.previous] = second;
    orders[head + OrderWord.next] = third;
    if (third === 0) levels[level + LevelWord.tail] = head;
    else orders[third + OrderWord.previous] = head;
  }
}

/** Gives one minor unit to the holder of the first balance with every replace, and tells nobody. */
class MakesMoney extends EngineUnderTest {
  override apply(command: AnyCommand): void {
    super.apply(command);
    if (command.name === 'replaceOrder') this.core.holdings.money[firstMoney(this)]! += 1;
  }
}

/** Index of the available money of the first balance in the columns of the core. */
function firstMoney(engine: EngineUnderTest): number {
  return engine.core.holdings.money.findIndex((amount) => amount !== 0);
}

const BROKEN = [
  { title: 'that leaves out an event', engine: DropsAnEvent },
  { title: 'that sends two events in the wrong order', engine: SwapsTwoEvents },
  { title: 'that leaves a stray bit in unused bytes', engine: LeavesAStrayBit },
  { title: 'that swaps the priority of two orders', engine: SwapsPriority },
  { title: 'that makes money without an event', engine: MakesMoney },
];

const ENOUGH_RUNS = 40;
const MAX_INTENTS = 200;
const FEW_INTENTS = 8;

vi.setConfig({ testTimeout: TIMEOUT_MS });

describe('the comparison with the reference engine', () => {
  for (const { title, engine: Broken } of BROKEN) {
    test(`finds an engine ${title}, and shrinks the run to a few commands`, () => {
      const property = agreement(
        'ordinary',
        MAX_INTENTS,
        (options) => new Broken(options),
        () => {},
        () => {},
      );
      const result = fc.check(property, { seed: SEED, numRuns: ENOUGH_RUNS });
      expect(result.failed).toBe(true);
      expect(result.counterexample![0].length).toBeLessThanOrEqual(FEW_INTENTS);
      expect(String(result.errorInstance)).toMatch(/(events|states) differ/);
      expect(String(result.errorInstance)).toContain('{"type":"listInstrument","symbol":"AAA-USD"');
    });
  }

  test('finds nothing wrong with the same commands and the engine as it is', () => {
    const property = agreement(
      'ordinary',
      MAX_INTENTS,
      (options) => new EngineUnderTest(options),
      () => {},
      () => {},
    );
    expect(fc.check(property, { seed: SEED, numRuns: ENOUGH_RUNS }).failed).toBe(false);
  });
});

describe('a property that fails', () => {
  const property = fc.property(fc.array(fc.nat()), (list) => list.reduce((sum, each) => sum + each, 0) < 99);

  test('tells seed and path of its shortest failure', () => {
    expect(() => assertProperty(property, ENOUGH_RUNS, 1)).toThrow(
      /shrunk [1-9]\d* times: \{ seed: 1, path: "\d+(:\d+)+" \}/,
    );
  });

  test('is shrunk for a while only', () => {
    const slow = fc.property(fc.array(fc.nat()), (list) => {
      const end = performance.now() + 5;
      while (performance.now() < end);
      return list.length < 5;
    });
    expect(() => assertProperty(slow, ENOUGH_RUNS, 1, 0)).toThrow(
      /shrunk 0 times, ended after 0 ms: \{ seed: 1, path: "\d+" \}/,
    );
  });
});

describe('the printed lines of a run', () => {
  test('make the same trades when `exec` plays them', () => {
    const limits = {
      instruments: 100,
      assets: 100,
      accounts: 100,
      openOrders: 10_000,
      apiKeys: 100,
      transfers: 10_000,
      orderLimits: 1000,
    };
    let trades = 0;
    const property = fc.property(intents(TRADING, MAX_INTENTS), (list) => {
      const listings: ListInstrument[] = [];
      const commands = buildRun(
        'rich',
        // What a line cannot say (a negative quantity) is no command there, and so counts in no throttle.
        list
          .filter(({ name }) => name !== 'setAccountThrottle')
          .map((intent) => ({ ...intent, numbering: null })),
      );
      const model = new ReferenceEngine(limits);
      const expected: string[] = [];
      for (const command of commands) {
        let maker = '';
        for (const event of model.apply(command)) {
          if (event.name === 'instrumentListed') listings.push(event.fields);
          if (event.name !== 'trade') continue;
          const side = `${event.accountId} ${event.fields.clientOrderId}`;
          if (event.fields.liquidity === Liquidity.maker) maker = side;
          else expected.push(`${maker} ${side}`);
        }
      }
      const session = new ExecSession({ hasMarketData: false, maxOrders: limits.openOrders });
      const actual: string[] = [];
      for (const [index, line] of execLines(commands, listings).split('\n').entries()) {
        for (const answer of session.answer(line, index + 1).split('\n')) {
          if (!answer.startsWith('{"type":"trade"')) continue;
          const trade = JSON.parse(answer) as Record<string, unknown>;
          const maker = `${trade['makerAccount']} ${trade['makerClientOrderId']}`;
          actual.push(`${maker} ${trade['takerAccount']} ${trade['takerClientOrderId']}`);
        }
      }
      expect(actual).toEqual(expected);
      trades += actual.length;
    });
    fc.assert(property, { seed: SEED, numRuns: ENOUGH_RUNS });
    expect(trades).toBeGreaterThan(ENOUGH_RUNS);
  });
});

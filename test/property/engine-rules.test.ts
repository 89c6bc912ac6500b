/** Rules that hold whatever the model says: what a reject may touch, determinism of the hashes, conservation. */
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { checkInvariants } from '../../src/core/invariants.js';
import { queryAccount, queryAssets } from '../../src/core/queries.js';
import { fullStateHash } from '../../src/core/state-hash.js';
import type { DecodedSlot } from '../../src/wire/slot-codec.js';
import { ReferenceEngine } from '../model/reference-engine.js';
import { EngineUnderTest } from '../support/engine-under-test.js';
import { describeCore, stateText } from '../support/model-comparison.js';
import { assertProperty } from './assert-property.js';
import { intents, TRADING } from './command-arbitraries.js';
import { COMMANDS, coreOptions, runsFor, TIMEOUT_MS } from './run-settings.js';
import { buildRun, limitsOf, WORLDS } from './worlds.js';

/** Each of these properties takes a share of the volume, in shorter runs because it looks at the state often. */
const MAX_INTENTS = 200;
const RUNS = runsFor(COMMANDS / 50, MAX_INTENTS);

/** The wide world has too many accounts to look at after every command. */
const anyWorld = fc.constantFrom(...WORLDS.filter((world) => world !== 'wide'));

vi.setConfig({ testTimeout: TIMEOUT_MS });

describe('any sequence of commands', () => {
  test('a rejected command leaves books, orders, balances and assets as they were', () => {
    const property = fc.property(anyWorld, intents(TRADING, MAX_INTENTS), (world, list) => {
      const engine = new EngineUnderTest(coreOptions(limitsOf(world)));
      // The model only names the accounts to look at.
      const model = new ReferenceEngine(limitsOf(world));
      for (const command of buildRun(world, list)) {
        const before = withoutReportNumbers(stateText(describeCore(engine.core, model)));
        model.apply(command);
        engine.apply(command);
        const events = engine.decodedEvents();
        if (!events.some((event) => event.name === 'rejected')) continue;
        const others = events.filter((event) => event.name !== 'rejected');
        expect(others.length).toBe(events.length - 1);
        // Orders and market states may have ended before the command was looked at.
        if (others.length > 0) expect(others.every(isOfTime)).toBe(true);
        else expect(withoutReportNumbers(stateText(describeCore(engine.core, model)))).toBe(before);
      }
    });
    assertProperty(property, RUNS);
  });

  test('gives the same state hash and output hash when it is played again, however often the hashes are asked for', () => {
    const property = fc.property(
      anyWorld,
      intents(TRADING, MAX_INTENTS),
      fc.nat(20),
      (world, list, every) => {
        const first = new EngineUnderTest(coreOptions(limitsOf(world)));
        const second = new EngineUnderTest(coreOptions(limitsOf(world)));
        for (const [place, command] of buildRun(world, list).entries()) {
          first.apply(command);
          second.apply(command);
          if (place % (every + 1) === 0)
            expect(second.processor.stateHash()).toBe(fullStateHash(second.core));
        }
        expect(second.processor.stateHash()).toBe(first.processor.stateHash());
        expect(second.processor.outputHash()).toBe(first.processor.outputHash());
      },
    );
    assertProperty(property, RUNS);
  });

  test('never makes or loses money: balances of all accounts, fees and insurance add up to the supply after every command', () => {
    const property = fc.property(anyWorld, intents(TRADING, MAX_INTENTS), (world, list) => {
      const engine = new EngineUnderTest(coreOptions(limitsOf(world)));
      const model = new ReferenceEngine(limitsOf(world));
      for (const command of buildRun(world, list)) {
        model.apply(command);
        engine.apply(command);
        const held = new Map<string, bigint>();
        for (const accountId of model.accounts.keys()) {
          const account = queryAccount(engine.core, accountId);
          // Initial margin is held in full, also when the equity does not cover it; spot owes nothing.
          const holdsMargin = account?.positions.some(({ initialMargin }) => initialMargin !== 0) === true;
          for (const { asset, available, reserved } of account?.balances ?? []) {
            expect(Math.min(holdsMargin ? available + reserved : available, reserved)).toBeGreaterThanOrEqual(
              0,
            );
            held.set(asset, (held.get(asset) ?? 0n) + BigInt(available) + BigInt(reserved));
          }
        }
        for (const { asset, supply, fees, insurance } of queryAssets(engine.core)) {
          expect(Math.min(fees, insurance)).toBeGreaterThanOrEqual(0);
          expect((held.get(asset) ?? 0n) + BigInt(fees) + BigInt(insurance)).toBe(BigInt(supply));
        }
        checkInvariants(engine.core);
      }
    });
    assertProperty(property, RUNS);
  });

  test('changes the state hash with every command that changes a balance, an order or a book', () => {
    const property = fc.property(anyWorld, intents(TRADING, MAX_INTENTS), (world, list) => {
      const engine = new EngineUnderTest(coreOptions(limitsOf(world)));
      const model = new ReferenceEngine(limitsOf(world));
      for (const command of buildRun(world, list)) {
        const hashBefore = engine.processor.stateHash();
        const stateBefore = stateText(describeCore(engine.core, model));
        engine.apply(command);
        const isChanged = stateText(describeCore(engine.core, model)) !== stateBefore;
        model.apply(command);
        if (isChanged) expect(engine.processor.stateHash()).not.toBe(hashBefore);
      }
    });
    assertProperty(property, RUNS);
  });
});

/** Whether an event answers nobody, as those do of what ends by time. */
function isOfTime(event: DecodedSlot): boolean {
  const { clientSequence } = event.fields as { clientSequence?: number };
  return event.sessionId === 0 && clientSequence === 0;
}

/** Reject events are numbered as reports of their account: the one thing about an account that they change. */
function withoutReportNumbers(state: string): string {
  return state.replaceAll(/"reportSequence":\d+/g, '');
}

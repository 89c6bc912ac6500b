/**
 * A core that goes on from a snapshot is the core that was: same state hash, same invariants, and the same events,
 * byte by byte, for every command after the cut. What a part of the core keeps outside of the tables makes this fail.
 *
 * RINGFENCE_TEST_SNAPSHOT_CUTS: about how many cuts all worlds together make (default 240).
 */
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { checkInvariants } from '../../src/core/invariants.js';
import { fullStateHash } from '../../src/core/state-hash.js';
import { SLOT_WORDS } from '../../src/wire/slot.js';
import type { Command, UnknownCommand } from '../model/messages.js';
import { EngineUnderTest } from '../support/engine-under-test.js';
import { packEngine, unpackEngine } from '../support/packed-engine.js';
import { assertProperty } from './assert-property.js';
import { intents } from './command-arbitraries.js';
import { coreOptions } from './run-settings.js';
import { buildRun, limitsOf, maxIntentsOf, shapeOf, WORLDS, type World } from './worlds.js';

const CUTS = Number(process.env['RINGFENCE_TEST_SNAPSHOT_CUTS'] ?? 240);
/** Long runs are cut short: what matters here is the number of cuts. */
const MAX_INTENTS = 600;

vi.setConfig({ testTimeout: 120_000 + 100 * CUTS });

/** More than any run comes to, so that two of these differ in nothing but where their records lie. */
const AMPLE = { small: [40, 50], wide: [2, 3] } as const;

/** The original, and the core that is to go on in its place; when `isMoved` all of its records lie elsewhere. */
function twoEngines(world: World, isMoved: boolean): [EngineUnderTest, EngineUnderTest] {
  const options = coreOptions(limitsOf(world));
  if (!isMoved) return [new EngineUnderTest(options), new EngineUnderTest(options)];
  const [one, other] = AMPLE[world === 'wide' ? 'wide' : 'small'].map((factor) =>
    Object.fromEntries(Object.entries(options).map(([name, limit]) => [name, limit * factor])),
  );
  return [new EngineUnderTest(one!), new EngineUnderTest(other!)];
}

function eventsOf(engine: EngineUnderTest): Int32Array {
  return engine.events.words.slice(0, engine.events.count * SLOT_WORDS);
}

function checkCut(
  world: World,
  commands: readonly (Command | UnknownCommand)[],
  cut: number,
  isMoved: boolean,
): void {
  const [original, copy] = twoEngines(world, isMoved);
  for (const command of commands.slice(0, cut)) original.apply(command);
  unpackEngine(copy.processor, packEngine(original.processor));
  expect(copy.processor.stateHash()).toBe(original.processor.stateHash());
  expect(fullStateHash(copy.core)).toBe(original.processor.stateHash());
  expect(copy.processor.outputHash()).toBe(original.processor.outputHash());
  checkInvariants(copy.core);
  for (const command of commands.slice(cut)) {
    original.apply(command);
    copy.apply(command);
    if (Buffer.compare(Buffer.from(eventsOf(original).buffer), Buffer.from(eventsOf(copy).buffer)) !== 0) {
      expect(copy.decodedEvents()).toEqual(original.decodedEvents());
      expect.fail(`events of command ${command.sequence} differ in bytes that no field uses`);
    }
  }
  expect(copy.processor.stateHash()).toBe(original.processor.stateHash());
  expect(copy.processor.outputHash()).toBe(original.processor.outputHash());
  checkInvariants(copy.core);
}

describe('a core that goes on from a snapshot', () => {
  for (const world of WORLDS) {
    test(`does what the original does, from any cut on, in a world that is ${world}`, () => {
      const maxIntents = Math.min(MAX_INTENTS, maxIntentsOf(world));
      // Without the bias of fast-check, which would cut nearly always at the very beginning.
      const place = fc.noBias(fc.nat({ max: 1000 }));
      const property = fc.property(
        intents(shapeOf(world), maxIntents),
        place,
        fc.boolean(),
        (list, at, isMoved) => {
          const commands = buildRun(world, list);
          checkCut(world, commands, Math.round((at / 1000) * commands.length), isMoved);
        },
      );
      assertProperty(property, Math.max(1, Math.ceil(CUTS / WORLDS.length)));
    });
  }
});

/**
 * The comparison with the reference engine for judging mutants: what the reference engine does is worked out once, so that
 * comparing a mutant costs no more than the fast core. The commands are those of `test/property`, their seed is fixed.
 * Half of the runs go on from a snapshot in the middle. Hashes and the names in a snapshot have to be what they were the
 * first time, and the first time is without a mutant.
 */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { checkInvariants } from '../../../src/core/invariants.js';
import { makeRollingCheck } from '../../../src/core/rolling-check.js';
import { fullStateHash } from '../../../src/core/state-hash.js';
import { SLOT_WORDS } from '../../../src/wire/slot.js';
import { encodeSlot } from '../../../src/wire/slot-codec.js';
import { ReferenceEngine } from '../../model/reference-engine.js';
import { intents } from '../../property/command-arbitraries.js';
import { COMMANDS, coreOptions, SEED } from '../../property/run-settings.js';
import { buildRun, limitsOf, shapeOf, WORLDS, type World } from '../../property/worlds.js';
import { EngineUnderTest } from '../../support/engine-under-test.js';
import { describeCore, describeModel } from '../../support/model-comparison.js';
import { expectNullRecord } from '../../support/null-record.js';
import { packEngine, unpackEngine } from '../../support/packed-engine.js';

const MAX_INTENTS = 300;
/** Commands of a run, on average, with those that found the world. */
const RUN_COMMANDS = 180;
/** More records than these runs have. */
const EVERYTHING = 10_000;

/** More room for what is never the limit. */
const MORE = 50;

const RUNS = Math.ceil(COMMANDS / WORLDS.length / RUN_COMMANDS);

function record(world: World, list: Parameters<typeof buildRun>[1]) {
  const model = new ReferenceEngine(limitsOf(world));
  const steps = buildRun(world, list).map((command) => {
    const events = model.apply(command);
    const words = new Int32Array(events.length * SLOT_WORDS);
    for (const [place, event] of events.entries())
      encodeSlot(event.name, event, event.fields, words, place * SLOT_WORDS);
    return { command, count: events.length, words };
  });
  return { world, model, steps, state: describeModel(model) };
}

/** An engine whose records lie elsewhere and that goes on from a snapshot, and the names of what is in the snapshot. */
function moved(engine: EngineUnderTest, world: World): [EngineUnderTest, unknown] {
  const options = coreOptions(limitsOf(world));
  const maxHoldings = options.maxHoldings! + MORE;
  const copy = new EngineUnderTest({ ...options, maxHoldings, maxPositions: options.maxPositions! + MORE });
  const packed = packEngine(engine.processor);
  unpackEngine(copy.processor, packed);
  checkInvariants(copy.core);
  return [copy, packed.tables.map(({ name, fields }) => [name, fields])];
}

describe('what the reference engine did', () => {
  for (const world of WORLDS) {
    const lists = fc.sample(intents(shapeOf(world), MAX_INTENTS), { seed: SEED, numRuns: RUNS });
    for (const [place, list] of lists.entries()) {
      const { model, steps, state } = record(world, list);
      const cut = place % 2 === 1 ? steps.length >> 1 : -1;
      let bytes: string | undefined;
      test(`in the world ${world}, run ${place}`, () => {
        let engine = new EngineUnderTest(coreOptions(limitsOf(world)));
        let layout: unknown;
        for (const [step, { command, count, words }] of steps.entries()) {
          if (step === cut) [engine, layout] = moved(engine, world);
          engine.apply(command);
          const { events } = engine;
          if (events.count !== count) throw new Error(`step ${step}: ${events.count} events, not ${count}`);
          for (let word = 0; word < words.length; word++) {
            if (events.words[word] !== words[word]) throw new Error(`step ${step}: word ${word} differs`);
          }
        }
        if (!isDeepStrictEqual(describeCore(engine.core, model), state)) throw new Error('the states differ');
        checkInvariants(engine.core);
        makeRollingCheck(engine.core).step(EVERYTHING);
        expectNullRecord(engine.core);
        const hash = engine.processor.stateHash();
        if (hash !== fullStateHash(engine.core))
          throw new Error('the hash kept up is not the hash of the state');
        const now = JSON.stringify([hash, engine.processor.outputHash(), layout]);
        bytes ??= now;
        if (now !== bytes) throw new Error('hashes or fields of a snapshot are not what they were');
      });
    }
  }
});

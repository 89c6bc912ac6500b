/** The property that an engine and the reference engine agree, for real engines and for broken ones. */
import fc from 'fast-check';
import type { CoreOptions } from '../../src/core/core-options.js';
import type { Event } from '../model/messages.js';
import { ReferenceEngine } from '../model/reference-engine.js';
import { type ComparedEngine, ModelComparison } from '../support/model-comparison.js';
import { intents } from './command-arbitraries.js';
import { coreOptions } from './run-settings.js';
import { buildRun, limitsOf, shapeOf, type World } from './worlds.js';

/** The state is compared after every command of a run that is so short, as shrunk ones are, and now and then otherwise. */
const SHORT_RUN = 40;
const STATE_EVERY = 200;

/**
 * Random runs in a world: all events are compared after every command, the state now and then and at the end, and
 * then `checkEnd` may look at the engine. `onEvent` sees every event.
 */
export function agreement<E extends ComparedEngine>(
  world: World,
  maxIntents: number,
  makeEngine: (options: CoreOptions) => E,
  checkEnd: (engine: E) => void,
  onEvent: (event: Event) => void,
) {
  const limits = limitsOf(world);
  return fc.property(intents(shapeOf(world), maxIntents), (list) => {
    const engine = makeEngine(coreOptions(limits));
    const comparison = new ModelComparison(engine, new ReferenceEngine(limits));
    const stateEvery = list.length <= SHORT_RUN ? 1 : STATE_EVERY;
    for (const [place, command] of buildRun(world, list).entries()) {
      for (const event of comparison.apply(command)) onEvent(event);
      if (place % stateEvery === 0) comparison.compareState();
    }
    comparison.compareState();
    checkEnd(engine);
  });
}

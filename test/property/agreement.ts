/** The property that an engine and the reference engine agree, for real engines and for broken ones. */
import fc from 'fast-check';
import type { Event } from '../model/messages.js';
import { ReferenceEngine } from '../model/reference-engine.js';
import { type ComparedEngine, ModelComparison } from '../support/model-comparison.js';
import { intents } from './command-arbitraries.js';
import { LIMITS } from './run-settings.js';
import { buildRun, type World } from './worlds.js';

const STATE_EVERY = 50;

/**
 * Random runs in a world: all events are compared after every command, the state now and then and at the end, and
 * then `checkEnd` may look at the engine. `onEvent` sees every event.
 */
export function agreement<E extends ComparedEngine>(
  world: World,
  maxIntents: number,
  makeEngine: () => E,
  checkEnd: (engine: E) => void,
  onEvent: (event: Event) => void,
) {
  return fc.property(intents(maxIntents, world === 'empty'), (list) => {
    const engine = makeEngine();
    const comparison = new ModelComparison(engine, new ReferenceEngine(LIMITS));
    for (const [place, command] of buildRun(world, list).entries()) {
      for (const event of comparison.apply(command)) onEvent(event);
      if (place % STATE_EVERY === 0) comparison.compareState();
    }
    comparison.compareState();
    checkEnd(engine);
  });
}

/** `fc.assert` for long runs: shrinking them is bounded, and what a failure prints is short enough to read. */
import fc from 'fast-check';
import { SEED, SHRINK_MS } from './run-settings.js';

/**
 * Runs a property `numRuns` times from `seed` on. When it fails, the seed and path are printed at once, so that a run
 * which is too large to shrink can still be repeated; then it is shrunk for at most `shrinkMs` milliseconds.
 *
 * @throws Error with the seed and path of the shrunk run, and what went wrong in it.
 */
export function assertProperty<T>(
  property: fc.IProperty<T>,
  numRuns: number,
  seed = SEED,
  shrinkMs = SHRINK_MS,
): void {
  const first = fc.check(property, { seed, numRuns, endOnFailure: true });
  if (!first.failed) return;
  const { counterexamplePath: path } = first;
  console.error(`failed after ${first.numRuns} runs, { seed: ${seed}, path: "${path}" }; shrinking`);
  const shrunk = fc.check(property, { seed, path: path!, interruptAfterTimeLimit: shrinkMs });
  // A time that is over before the run was repeated leaves nothing in the second result.
  const { numShrinks, counterexamplePath, errorInstance } = shrunk.counterexample === null ? first : shrunk;
  throw new Error(
    `failed after ${first.numRuns} runs, shrunk ${numShrinks} times${shrunk.interrupted ? `, ended after ${shrinkMs} ms` : ''}: ` +
      `{ seed: ${seed}, path: "${counterexamplePath}" }\n${errorInstance instanceof Error ? errorInstance.stack : errorInstance}`,
  );
}

/** The tests that judge mutants of the core: rules, invariants and a short comparison with the reference engine. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'test/unit/core-*.test.ts',
      'test/unit/engine-processor.test.ts',
      'test/property/engine-model.test.ts',
    ],
    env: { RINGFENCE_PROPERTY_COMMANDS: '10000', RINGFENCE_SHRINK_MS: '0' },
    testTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 1,
  },
});

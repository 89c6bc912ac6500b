// A test runner of Stryker for the core. A vitest of its own for each mutant takes a second and more before the first test;
// here all tests are one bundle in one process, and a mutant costs little more than the first test that notices it.
//
// - Tests run in the order in which they last killed a mutant: neighbouring mutants are noticed by the same tests.
// - A test that failed is run again without the mutant. Only when it passes then, the mutant is killed; when it fails, an
//   earlier mutant has left something behind, and everything is loaded anew for another try.
// - A test that takes many times the steps that it takes without a mutant is stopped, at the same step every time, however
//   busy the machine is. Steps are counted in the mutated files only; a loop anywhere else is stopped by Stryker's time.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { INSTRUMENTER_CONSTANTS } from '@stryker-mutator/api/core';
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import { rolldown } from 'rolldown';
import { collected, startCollecting } from './vitest-in-process.mjs';

/** How many times its own steps a test may take under a mutant, and what it may take in any case. */
const STEPS_FACTOR = 10;
const STEPS_ANYWAY = 200_000;

const SHIM = new URL('./vitest-in-process.mjs', import.meta.url).href;
const BUNDLE = 'reports/core-tests.mjs';
const COVER = 'function cover() {';

function testFiles() {
  const unit = readdirSync('test/unit').filter((name) => /^core-.*\.test\.ts$/.test(name));
  return [
    'test/mutations/stryker/recorded-runs.ts',
    ...unit.map((name) => `test/unit/${name}`),
    'test/unit/engine-processor.test.ts',
    'test/property/regressions.test.ts',
  ];
}

/** All tests in one module; each file says its name first, and knows its own address. */
async function bundle() {
  const files = new Map(testFiles().map((name) => [join(process.cwd(), name), name]));
  const build = await rolldown({
    input: 'core-tests',
    platform: 'node',
    treeshake: false,
    logLevel: 'silent',
    external: (id) => !/^[./]/.test(id) && id !== 'core-tests' && id !== 'vitest',
    plugins: [
      {
        name: 'core-tests',
        resolveId(id) {
          if (id === 'core-tests') return id;
          return id === 'vitest' ? { id: SHIM, external: true } : null;
        },
        load(id) {
          return id === 'core-tests' ? [...files.keys()].map((file) => `import '${file}';`).join('\n') : null;
        },
        transform(code, id) {
          const named = files.has(id)
            ? `import { inFile } from 'vitest'; inFile('${files.get(id)}');\n${code}`
            : code;
          return named
            .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href))
            .replace(
              COVER,
              `${COVER} if (ns.maxSteps > 0) { if (++ns.steps > ns.maxSteps) throw new Error('too many steps'); return; }`,
            );
        },
      },
    ],
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
  });
  await build.write({ file: BUNDLE, format: 'esm', codeSplitting: false });
}

globalThis[INSTRUMENTER_CONSTANTS.NAMESPACE] ??= {};
/** What the instrumented code looks at. */
const ns = globalThis[INSTRUMENTER_CONSTANTS.NAMESPACE];

class CoreRunner {
  #loads = 0;
  /** Ids, those first that killed last. */
  #order = [];
  #stepsOf = new Map();

  capabilities() {
    return { reloadEnvironment: false };
  }

  async init() {
    process.env.RINGFENCE_PROPERTY_COMMANDS ??= '7000';
    await bundle();
    await this.#load();
    this.#order = [...collected.keys()];
  }

  async #load() {
    startCollecting();
    this.#stepsOf.clear();
    ns.activeMutant = undefined;
    this.#loads += 1;
    await import(`${pathToFileURL(BUNDLE).href}?${this.#loads}`);
  }

  async dryRun() {
    const tests = [];
    ns.maxSteps = 0;
    for (const { id, name, file, run } of collected.values()) {
      ns.currentTestId = id;
      const start = performance.now();
      const failureMessage = await failureOf(run);
      const timeSpentMs = performance.now() - start;
      tests.push(
        failureMessage === undefined
          ? { id, name, fileName: file, timeSpentMs, status: 0 }
          : { id, name, fileName: file, timeSpentMs, status: 1, failureMessage },
      );
    }
    ns.currentTestId = undefined;
    return { status: 'complete', tests, mutantCoverage: ns.mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter }) {
    const wanted = new Set(testFilter ?? collected.keys());
    for (let isRetry = false; ; isRetry = true) {
      const result = await this.#judge(activeMutant.id, wanted);
      if (result !== undefined) return result;
      if (isRetry) return { status: 'error', errorMessage: 'a test fails without a mutant' };
      await this.#load();
    }
  }

  /** What became of a mutant; undefined when a test fails without it too. */
  async #judge(mutantId, wanted) {
    let nrOfTests = 0;
    for (const [place, id] of this.#order.entries()) {
      if (!wanted.has(id)) continue;
      nrOfTests += 1;
      const { run } = collected.get(id);
      const maxSteps = STEPS_ANYWAY + STEPS_FACTOR * (await this.#ownSteps(id, run));
      ns.activeMutant = mutantId;
      ns.steps = 0;
      ns.maxSteps = maxSteps;
      const failureMessage = await failureOf(run);
      ns.activeMutant = undefined;
      const isEndless = ns.steps > maxSteps;
      if (failureMessage === undefined && !isEndless) continue;
      ns.steps = 0;
      if ((await failureOf(run)) !== undefined) return undefined;
      this.#order.splice(place, 1);
      this.#order.unshift(id);
      if (isEndless) return { status: 'timeout', reason: `more than ${maxSteps} steps in ${id}` };
      return { status: 'killed', killedBy: [id], failureMessage, nrOfTests };
    }
    return { status: 'survived', nrOfTests };
  }

  /** The steps of a test without a mutant. */
  async #ownSteps(id, run) {
    const known = this.#stepsOf.get(id);
    if (known !== undefined) return known;
    ns.steps = 0;
    ns.maxSteps = Number.MAX_SAFE_INTEGER;
    await failureOf(run);
    this.#stepsOf.set(id, ns.steps);
    return ns.steps;
  }
}

/** Why a test fails, undefined when it passes. */
async function failureOf(run) {
  try {
    await run();
    return undefined;
  } catch (error) {
    return String(error?.message ?? error).slice(0, 300);
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'core', CoreRunner)];

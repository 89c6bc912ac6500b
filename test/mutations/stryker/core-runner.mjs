// A test runner of Stryker for the core. A vitest of its own for each mutant takes a second and more before the first test;
// here all tests are one bundle in one process, and a mutant costs little more than the first test that notices it.
//
// - Tests run in the order in which they last killed a mutant: neighbouring mutants are noticed by the same tests.
// - A test that failed is run again without the mutant. Only when it passes then, the mutant is killed; when it fails, an
//   earlier mutant has left something behind, and everything is loaded anew for another try.
// - A test that takes many times the steps that it takes without a mutant is stopped, at the same step every time, however
//   busy the machine is. A step is a turn of any loop of ours, or a place with a mutant that is passed: what a mutant breaks
//   often goes round elsewhere, as a walk over levels that lead back to the first.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { INSTRUMENTER_CONSTANTS } from '@stryker-mutator/api/core';
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import { rolldown } from 'rolldown';
import { parseAst } from 'rolldown/parseAst';
import { Visitor } from 'rolldown/utils';
import { collected, startCollecting } from './vitest-in-process.mjs';

/** How many times its own steps a test may take under a mutant, and what it may take in any case. */
const STEPS_FACTOR = 10;
const STEPS_ANYWAY = 200_000;
/** Adding to it and comparing it comes to nothing. */
const NOT_COUNTED = Number.NaN;

const SHIM = new URL('./vitest-in-process.mjs', import.meta.url).href;
const BUNDLE = 'reports/core-tests.mjs';
/** What the instrumented code calls at each place with a mutant. */
const COVER = 'function cover() {';
const COUNT_IN_COVER =
  "if (ns.maxSteps > 0) { if (++ns.steps > ns.maxSteps) throw new Error('too many steps'); return; }";
const LOOPS = 'loopsOfTests';
const COUNT_IN_LOOP = `if (++${LOOPS}.steps > ${LOOPS}.maxSteps) throw new Error('too many steps');`;

function testFiles() {
  const unit = readdirSync('test/unit').filter((name) => /^core-.*\.test\.ts$/.test(name));
  return [
    'test/mutations/stryker/recorded-runs.ts',
    ...unit.map((name) => `test/unit/${name}`),
    'test/unit/engine-processor.test.ts',
    'test/property/regressions.test.ts',
  ];
}

/** The code with a count of steps in the body of each loop. */
function withCountedLoops(code) {
  const inserted = [];
  const visit = ({ body }) => {
    const isBlock = body.type === 'BlockStatement';
    inserted.push({
      at: isBlock ? body.start + 1 : body.start,
      text: isBlock ? COUNT_IN_LOOP : `{ ${COUNT_IN_LOOP}`,
    });
    if (!isBlock) inserted.push({ at: body.end, text: '}' });
  };
  new Visitor({
    ForStatement: visit,
    ForInStatement: visit,
    ForOfStatement: visit,
    WhileStatement: visit,
    DoWhileStatement: visit,
  }).visit(parseAst(code, { lang: 'ts' }));
  // From the end on, so that the places before keep their numbers.
  inserted.sort((a, b) => b.at - a.at);
  return inserted.reduce((all, { at, text }) => all.slice(0, at) + text + all.slice(at), code);
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
          const counted = id === 'core-tests' ? code : withCountedLoops(code);
          const named = files.has(id)
            ? `import { inFile } from 'vitest'; inFile('${files.get(id)}');\n${counted}`
            : counted;
          return named
            .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href))
            .replace(COVER, `${COVER} ${COUNT_IN_COVER}`);
        },
      },
    ],
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
  });
  await build.write({
    file: BUNDLE,
    format: 'esm',
    codeSplitting: false,
    banner: `const ${LOOPS} = globalThis.${INSTRUMENTER_CONSTANTS.NAMESPACE};`,
  });
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
    process.env.RINGFENCE_TEST_PROPERTY_COMMANDS ??= '7000';
    await bundle();
    await this.#load();
    this.#order = [...collected.keys()];
  }

  async #load() {
    startCollecting();
    this.#stepsOf.clear();
    ns.activeMutant = undefined;
    ns.maxSteps = 0;
    ns.steps = NOT_COUNTED;
    this.#loads += 1;
    await import(`${pathToFileURL(BUNDLE).href}?${this.#loads}`);
  }

  async dryRun() {
    const tests = [];
    ns.maxSteps = 0;
    ns.steps = NOT_COUNTED;
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

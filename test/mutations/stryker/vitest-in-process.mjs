// What the tests of the core use of vitest, for `core-runner.mjs`: tests are collected and called by it, in its own process.
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  chai,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
} from '@vitest/expect';

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

export const expect = Object.assign((value, message) => chai.expect(value, message), {
  ...globalThis[ASYMMETRIC_MATCHERS_OBJECT],
  unreachable: (message) => chai.assert.fail(message ?? 'expected not to come here'),
});

export const vi = { setConfig() {} };

/** The collected tests of the bundle that was imported last, by id. */
export const collected = new Map();
let file = '';
let suites = [];

/** The tests that are defined from here on are those of this file. */
export function inFile(name) {
  file = name;
}

export function startCollecting() {
  collected.clear();
}

function defineTest(name, run) {
  const title = `${file}#${[...suites, name].join(' > ')}`;
  let id = title;
  for (let n = 2; collected.has(id); n++) id = `${title} (${n})`;
  collected.set(id, { id, name: title, file, run });
}

function defineSuite(name, define) {
  const outer = suites;
  suites = [...suites, name];
  define();
  suites = outer;
}

/** `%s` and `%i` by the arguments, `$name` by fields of the first, as vitest does it, near enough for a name. */
function titleOf(name, row) {
  let next = 0;
  return name
    .replace(/%[sidjp]/g, () => String(row[next++]))
    .replace(/\$(\w+)/g, (all, key) => String(row[0]?.[key] ?? all));
}

const each = (define) => (rows) => (name, run) => {
  for (const row of rows) {
    const given = Array.isArray(row) ? row : [row];
    define(titleOf(name, given), () => run(...given));
  }
};

export const describe = Object.assign(defineSuite, { each: each(defineSuite) });
export const test = Object.assign(defineTest, {
  each: each(defineTest),
  skipIf: (isSkipped) => (isSkipped ? () => {} : defineTest),
});
export const it = test;

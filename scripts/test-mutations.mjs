// `npm run test:mutations`: takes each safety of test/mutations/mutations.json out of a copy of the tree and runs its test,
// which must go red. A suite that stays green without a safety proves nothing about it. `-- TEXT` takes those whose name
// contains TEXT, or those of that file.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const wanted = process.argv[2] ?? '';
const all = JSON.parse(readFileSync(join(root, 'test', 'mutations', 'mutations.json'), 'utf8'));
const mutations = all.filter(({ safety, file }) => safety.includes(wanted) || file === wanted);
const copy = mkdtempSync(join(tmpdir(), 'ringfence-mutations-'));
// Enough to go red, and few enough for a run of minutes.
const env = { ...process.env, RINGFENCE_TEST_SEEDS: '60' };
const HUNG_MS = 300_000;

/** `red`, `green`, or what kept the test from running. */
function run(test) {
  const output = join(copy, 'result.json');
  rmSync(output, { force: true });
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', ...test.split(' '), '--bail=1', '--reporter=json', `--outputFile=${output}`];
  const { status, signal } = spawnSync(process.execPath, args, {
    cwd: copy,
    env,
    stdio: 'ignore',
    timeout: HUNG_MS,
  });
  if (signal !== null) return 'hung';
  const { numFailedTests, numPassedTests } = JSON.parse(readFileSync(output, 'utf8'));
  if (status === 0 && numPassedTests > 0) return 'green';
  return numFailedTests > 0 ? 'red' : 'did not run';
}

function mutate({ file, text, replacement }) {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  if (source.split(text).length !== 2) throw new Error(`${file} does not hold this text once:\n${text}`);
  writeFileSync(
    path,
    source.replace(text, () => replacement),
  );
  return () => writeFileSync(path, source);
}

let failures = 0;
try {
  const skipped = new Set(['node_modules', 'dist', '.git']);
  cpSync(root, copy, {
    recursive: true,
    filter: (path) => !skipped.has(path.slice(root.length).split('/')[0]),
  });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  for (const test of new Set(mutations.map((mutation) => mutation.test))) {
    const state = run(test);
    if (state !== 'green') throw new Error(`${test} is ${state} with everything in place`);
  }
  const width = Math.max(...mutations.map(({ safety }) => safety.length));
  console.log(`${'safety taken out'.padEnd(width)}  outcome  test`);
  for (const mutation of mutations) {
    const restore = mutate(mutation);
    const state = run(mutation.test);
    restore();
    if (state !== 'red') failures++;
    console.log(`${mutation.safety.padEnd(width)}  ${state.padEnd(7)}  ${mutation.test}`);
  }
  console.log(`${mutations.length - failures} of ${mutations.length} went red`);
} finally {
  rmSync(copy, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;

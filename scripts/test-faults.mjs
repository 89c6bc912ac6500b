// `npm run test:faults`: all fault tests with their full numbers, then a table of what was tried, survived and lost.
// `-- --quick` takes the numbers of `npm test`; further arguments go to vitest (test/faults/NAME, --testNamePattern=TEXT).
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const args = process.argv.slice(2);
const isQuick = args.includes('--quick');
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const reporters = ['--reporter=default', '--reporter=./test/support/fault-table.ts'];
const filters = args.filter((arg) => arg !== '--quick');
if (!filters.some((arg) => !arg.startsWith('-'))) filters.unshift('test/faults/');
const { status } = spawnSync(process.execPath, [vitest, 'run', ...reporters, ...filters], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, ...(isQuick ? {} : { RINGFENCE_TEST_FAULTS: 'long' }) },
});
process.exitCode = status ?? 1;

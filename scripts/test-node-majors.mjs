// `npm run test:node-majors`: journal, replay and state hashes on every major of Node that the package supports, with
// binaries from the npm registry (packages node-<platform>-<arch>), and on the Node that runs this. Each of them plays a
// tape, journals it and takes snapshots; each replays the journals of all, whole and from snapshot to snapshot, and all
// hashes at 10,000 random cuts must be equal. `-- --cuts N` makes about N snapshots of random runs, too, at N random
// cuts, and plays what comes after each (test/property/snapshot*; default 240, which are seconds; 10,000 take half an
// hour a major).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const MAJORS = [20, 22, 24, 26];
const TESTS = [
  'test/property/snapshot',
  'test/unit/journal-',
  'test/unit/replay-',
  'test/golden/',
  'test/unit/core-state-hash',
  'test/unit/wire-',
];
const COMMANDS = '100000';
const CUTS = '10000';
const SEED = process.env.RINGFENCE_SEED ?? '7';
const { cuts } = parseArgs({ options: { cuts: { type: 'string', default: '240' } } }).values;

const root = fileURLToPath(new URL('..', import.meta.url));
const hashes = join(root, 'test', 'support', 'state-hash-process.mjs');
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const scratch = mkdtempSync(join(tmpdir(), 'ringfence-majors-'));
const platform = process.platform === 'win32' ? 'win' : process.platform;
let isGood = true;

/** Path of a binary of that major; empty where the registry has none or cannot be reached. */
function fetchNode(major) {
  const name = `node-${platform}-${process.arch}`;
  const prefix = join(scratch, `node-${major}`);
  const args = ['install', '--prefix', prefix, '--no-save', '--no-audit', '--no-fund', `${name}@${major}`];
  spawnSync('npm', args, { stdio: 'ignore' });
  const path = join(prefix, 'node_modules', name, 'bin', 'node');
  return existsSync(path) ? path : '';
}

function output(binary, ...args) {
  const { status, stdout, stderr } = spawnSync(binary, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${binary} ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

try {
  const binaries = [process.execPath];
  for (const major of MAJORS) {
    const binary = fetchNode(major);
    if (binary === '') console.log(`Node ${major}: no binary could be fetched, skipped`);
    else binaries.push(binary);
  }
  const made = binaries.map((binary, i) => {
    const directory = join(scratch, `journal-${i}`);
    return {
      directory,
      version: output(binary, '--version'),
      hash: output(binary, hashes, 'make', directory, COMMANDS, SEED, CUTS),
    };
  });
  const wanted = made[0].hash;
  console.log(`live on ${made[0].version}: ${wanted}`);
  for (const [i, binary] of binaries.entries()) {
    const { version, hash } = made[i];
    const [replayed, fromSnapshots] = ['replay', 'tail'].map(
      (mode) =>
        made.filter(
          ({ directory }) => output(binary, hashes, mode, directory, COMMANDS, SEED, CUTS) === wanted,
        ).length,
    );
    const env = { ...process.env, RINGFENCE_TEST_SNAPSHOT_CUTS: cuts };
    const tests = spawnSync(binary, [vitest, 'run', ...TESTS], { cwd: root, env, stdio: 'ignore' });
    const isEqual =
      hash === wanted && replayed === made.length && fromSnapshots === made.length && tests.status === 0;
    isGood &&= isEqual;
    console.log(
      `${version.padEnd(10)} live ${hash === wanted ? 'equal' : 'DIFFERS'}, ` +
        `of ${made.length} journals equal: ${replayed} replayed, ${fromSnapshots} from snapshots; ` +
        `tests ${tests.status === 0 ? 'passed' : 'FAILED'}`,
    );
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.exitCode = isGood ? 0 : 1;

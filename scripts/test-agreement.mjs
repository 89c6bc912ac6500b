// Random commands against the reference engine, 200,000 for each seed, two seeds at a time, each in a process of its own. A
// run that fails prints its seed and path, and no further one is begun.
//
// npm run test:agreement -- [seeds] [first seed]: ten seeds from 20,230,711 on unless it is told otherwise.
import { spawn } from 'node:child_process';

const AT_A_TIME = 2;
const COMMANDS = '200000';
const RUNS = integerArgument(2, 10);
const FIRST_SEED = integerArgument(3, 20_230_711);

function integerArgument(place, fallback) {
  const text = process.argv[place];
  if (text === undefined) return fallback;
  if (!/^[1-9]\d{0,9}$/.test(text))
    throw new Error(`test-agreement takes a number of seeds and a first seed, not ${text}`);
  return Number(text);
}

let next = 0;
let failed = false;

function run(index) {
  const seed = FIRST_SEED + index;
  const args = ['vitest', 'run', 'test/property/engine-model.test.ts', '-t', 'agree on every event'];
  const env = { ...process.env, RINGFENCE_SEED: `${seed}`, RINGFENCE_TEST_PROPERTY_COMMANDS: COMMANDS };
  return new Promise((resolve) => {
    const child = spawn('npx', args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (bytes) => {
      output += bytes;
    });
    child.stderr.on('data', (bytes) => {
      output += bytes;
    });
    child.on('close', (exitCode) => {
      console.log(`seed ${seed}: ${COMMANDS} commands ${exitCode === 0 ? 'agree' : 'DIFFER'}`);
      if (exitCode !== 0) {
        failed = true;
        console.log(output);
      }
      resolve();
    });
  });
}

async function lane() {
  while (next < RUNS && !failed) await run(next++);
}

await Promise.all(Array.from({ length: AT_A_TIME }, lane));
process.exitCode = failed ? 1 : 0;

// Two million random commands against the reference engine: ten runs of 200,000 with seeds of their own, two at a time, each
// in a process of its own, which keeps memory small. A run that fails prints its seed and path, and no further one is begun.
import { spawn } from 'node:child_process';

const RUNS = 10;
const AT_A_TIME = 2;
const COMMANDS = '200000';
const FIRST_SEED = 20_230_711;

let next = 0;
let failed = false;

function run(index) {
  const seed = FIRST_SEED + index;
  const args = ['vitest', 'run', 'test/property/engine-model.test.ts', '-t', 'agree on every event'];
  const env = { ...process.env, RINGFENCE_SEED: `${seed}`, RINGFENCE_PROPERTY_COMMANDS: COMMANDS };
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

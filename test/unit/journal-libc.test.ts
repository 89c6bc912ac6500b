import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';

/** Field of /proc/thread-self/stat, counted behind the name: the scheduling policy. */
const POLICY = 38;
const SCHED_IDLE = 5;

it('a thread that runs when idle is the only one of its process that does', async (test) => {
  test.skip(process.platform !== 'linux', 'a call of Linux');
  const module = new URL('../../dist/journal/libc.js', import.meta.url).href;
  const code = `
    const { readFileSync } = require('node:fs');
    const policy = (path) => Number(readFileSync(path + '/stat', 'latin1').split(') ')[1].split(' ')[${POLICY}]);
    import('${module}').then(({ loadLibc }) => {
      const errno = loadLibc().libc.runWhenIdle();
      const mine = policy('/proc/thread-self');
      require('node:worker_threads').parentPort.postMessage([errno, mine, policy('/proc/self')]);
    });`;
  const worker = new Worker(code, { eval: true });
  const found = await new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  expect(found).toEqual([0, SCHED_IDLE, 0]);
});

import { getPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';

it('a thread in the background comes second, and no other thread of the process', async (test) => {
  test.skip(process.platform !== 'linux', 'only Linux counts priorities by thread');
  const before = getPriority();
  const module = new URL('../../dist/src/runtime/background-thread.js', import.meta.url).href;
  const code = `
    import('${module}').then(({ runInBackground }) => {
      runInBackground();
      require('node:worker_threads').parentPort.postMessage(require('node:os').getPriority());
    });`;
  const worker = new Worker(code, { eval: true });
  const inWorker = await new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  expect(inWorker).toBe(Math.max(before, 10));
  expect(getPriority()).toBe(before);
});

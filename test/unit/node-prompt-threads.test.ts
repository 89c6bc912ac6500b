import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { withShortSlices } from '../../src/node/prompt-threads.js';

/** Nanoseconds, as the kernel tells them of a thread; undefined where it does not. */
function sliceIn(text: string): number | undefined {
  const found = /^se\.slice\s*:\s*(\d+)$/m.exec(text);
  return found === null ? undefined : Number(found[1]);
}

const CODE = `
  const text = require('node:fs').readFileSync('/proc/thread-self/sched', 'latin1');
  require('node:worker_threads').parentPort.postMessage([text, require('node:os').getPriority()]);`;

async function ask(worker: Worker): Promise<[string, number]> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

function ownSched(): string | undefined {
  try {
    return readFileSync('/proc/thread-self/sched', 'latin1');
  } catch {
    return undefined;
  }
}

it('threads come on promptly that are made for it, and neither the one that makes them nor later ones', async (test) => {
  const own = ownSched();
  const before = own === undefined ? undefined : sliceIn(own);
  test.skip(before === undefined, 'the kernel does not tell slices');
  const [prompt, nice] = await ask(withShortSlices(() => new Worker(CODE, { eval: true })));
  test.skip(sliceIn(prompt) === before, 'a kernel before Linux 6.12');
  expect(sliceIn(prompt)).toBe(100_000);
  expect(nice).toBe(getPriority());
  expect(sliceIn(ownSched()!)).toBe(before);
  const [later] = await ask(new Worker(CODE, { eval: true }));
  expect(sliceIn(later)).toBe(before);
});

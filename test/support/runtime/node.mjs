/**
 * A process with two workers, for the tests of the runtime: node.mjs FAILURE, where FAILURE tells what goes wrong.
 * Prints READY when both are ready and STOPPED when both have ended in good order; with `terminated`, TERMINATED when both were
 * ended as soon as they were begun.
 */
import { RingBuffer } from '../../../dist/src/ring/ring-buffer.js';
import { counterAtLeast } from '../../../dist/src/runtime/counter-at-least.js';
import { Counter, NodeCounters } from '../../../dist/src/runtime/counters.js';
import { ErrorLog } from '../../../dist/src/runtime/error-log.js';
import { startWorker, stopWorkers } from '../../../dist/src/runtime/worker-start.js';

const failure = process.argv[2];
const counters = new NodeCounters(NodeCounters.allocate());
const errorLog = new ErrorLog(ErrorLog.allocate());
const input = { ring: RingBuffer.allocate(16, 1), failure };
const looped = startWorker({
  name: 'looped',
  entry: new URL(failure === 'no-entry' ? './missing.mjs' : './looped-worker.mjs', import.meta.url),
  counters,
  errorLog,
  input,
});
const evented = startWorker({
  name: 'evented',
  entry: new URL('./evented-worker.mjs', import.meta.url),
  counters,
  errorLog,
  input,
});
if (failure === 'terminated') {
  counters.set(Counter.poison, 1);
  await Promise.all([looped.terminate(), evented.terminate()]);
  process.stdout.write(`TERMINATED ${JSON.stringify(counters.snapshot())}\n`);
  process.exit(0);
}
await counterAtLeast(counters, Counter.readyWorkers, 2);
process.stdout.write('READY\n');
if (failure === 'none') {
  await stopWorkers(counters, [[evented], [looped]]);
  process.stdout.write(`STOPPED ${JSON.stringify(counters.snapshot())}\n`);
}

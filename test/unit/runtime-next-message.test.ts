import { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { nextMessage } from '../../src/runtime/next-message.js';

it('waits for a message of one of the types, lets others pass, and stops listening', async () => {
  const worker = new EventEmitter() as Worker;
  const started = {
    name: 'replication',
    worker,
    ended: Promise.resolve(),
    terminate: () => Promise.resolve(),
  };
  const next = nextMessage(started, 'promoted', 'refused');
  worker.emit('message', { type: 'fetched' });
  expect(worker.listenerCount('message')).toBe(1);
  worker.emit('message', { type: 'refused', number: 1 });
  worker.emit('message', { type: 'promoted', number: 2 });
  expect(await next).toEqual({ type: 'refused', number: 1 });
  expect(worker.listenerCount('message')).toBe(0);
});

import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { RingBuffer } from '../../src/ring/ring-buffer.js';
import { WAIT_STRATEGY_NAMES, type WaitStrategyName } from '../../src/ring/wait-strategy.js';
import type { SlotFaults } from './ring-slot-stream.mjs';

interface Verdict {
  index: number;
  next: number;
  faults: SlotFaults;
  firstFault: string;
}

interface Run {
  strategy: WaitStrategyName;
  capacity: number;
  start: number;
  total: number;
  /** For each consumer the consumers it gates on. */
  upstream: number[][];
  producer?: 'produce' | 'produce-published-first' | 'produce-silently';
  consumer?: 'consume' | 'consume-on-event-loop';
  hangMs?: number;
}

const seed = Number(process.env['RINGFENCE_SEED'] ?? 20260801);

/** A run takes a second or two; one that hangs has lost a wake-up. */
const HANG_MS = 40_000;

const CLEAN: SlotFaults = { torn: 0, lost: 0, doubled: 0, unstamped: 0 };

/** Runs a producer thread and the consumer threads to the end and returns what each consumer has found. */
async function runThreads(run: Run): Promise<Verdict[]> {
  const memory = RingBuffer.allocate(run.capacity, run.upstream.length, run.start);
  const gated = new Set(run.upstream.flat());
  const gating = run.upstream.map((_, index) => index).filter((index) => !gated.has(index));
  const common = { memory, strategy: run.strategy, total: run.total, gating };
  const entry = new URL('./ring-stress-worker.mjs', import.meta.url);
  const workers: Worker[] = [];
  function start(workerData: object): Promise<Verdict | undefined> {
    const worker = new Worker(entry, { workerData, execArgv: [] });
    workers.push(worker);
    return new Promise((resolve, reject) => {
      let verdict: Verdict | undefined;
      worker.on('message', (message: Verdict) => {
        verdict = message;
      });
      worker.on('error', reject);
      worker.on('exit', () => resolve(verdict));
    });
  }
  let hangTimer: NodeJS.Timeout | undefined;
  const hang = new Promise<never>((_, reject) => {
    hangTimer = setTimeout(
      () => reject(new Error('the threads hang: a wake-up was lost')),
      run.hangMs ?? HANG_MS,
    );
  });
  try {
    const consumers = run.upstream.map((upstream, index) =>
      start({
        ...common,
        role: 'consume',
        index,
        upstream,
        stamps: gated.has(index),
        seed: seed + index + 1,
      }),
    );
    const producer = start({ ...common, role: run.producer ?? 'produce', seed });
    const verdicts = await Promise.race([Promise.all(consumers), hang]);
    await producer;
    return verdicts as Verdict[];
  } finally {
    clearTimeout(hangTimer);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

describe.each(WAIT_STRATEGY_NAMES)('ring between threads, %s', (strategy) => {
  // Threads that spin while there are more of them than cores cost milliseconds each time they are switched.
  const spinning = strategy === 'busy-spin';

  it('loses, doubles, tears and reorders nothing across an Int32 wrap of the cursor', async () => {
    const total = spinning ? 40_000 : 400_000;
    const start = 2 ** 31 - total / 2;
    const verdicts = await runThreads({ strategy, capacity: 256, start, total, upstream: [[]] });
    expect(verdicts).toEqual([{ index: 0, next: start + total, faults: CLEAN, firstFault: '' }]);
  });

  it('wakes both sides of a ring of two slots every time, across a wrap of the low word', async () => {
    const total = spinning ? 3_000 : 40_000;
    const start = 2 ** 32 - total / 2;
    const verdicts = await runThreads({ strategy, capacity: 2, start, total, upstream: [[]] });
    expect(verdicts).toEqual([{ index: 0, next: start + total, faults: CLEAN, firstFault: '' }]);
  });

  it('shows a gated consumer only what the one upstream has released', async () => {
    const total = spinning ? 4_000 : 200_000;
    const start = 2 ** 31 - total / 2;
    const verdicts = await runThreads({ strategy, capacity: 64, start, total, upstream: [[], [0]] });
    expect(verdicts).toEqual([
      { index: 0, next: start + total, faults: CLEAN, firstFault: '' },
      { index: 1, next: start + total, faults: CLEAN, firstFault: '' },
    ]);
  });
});

describe('ring to an event loop', () => {
  it('wakes the loop every time and hands over every slot in order', async () => {
    const total = 60_000;
    const start = 2 ** 31 - total / 2;
    const verdicts = await runThreads({
      strategy: 'backoff',
      capacity: 8,
      start,
      total,
      upstream: [[]],
      consumer: 'consume-on-event-loop',
    });
    expect(verdicts).toEqual([{ index: 0, next: start + total, faults: CLEAN, firstFault: '' }]);
  });
});

describe('control', () => {
  it('a producer that publishes before it writes is caught in every slot', async () => {
    const [verdict] = await runThreads({
      strategy: 'backoff',
      capacity: 8,
      start: 1,
      total: 100,
      upstream: [[]],
      producer: 'produce-published-first',
    });
    expect(verdict!.faults.doubled).toBe(100);
    expect(verdict!.firstFault).not.toBe('');
  });

  it('a producer that wakes nobody is caught as a hang', async () => {
    const run = runThreads({
      strategy: 'backoff',
      capacity: 8,
      start: 1,
      total: 4,
      upstream: [[]],
      producer: 'produce-silently',
      hangMs: 1_500,
    });
    await expect(run).rejects.toThrow(/a wake-up was lost/);
  });
});

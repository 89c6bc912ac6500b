/**
 * Slots from one thread to another through a ring.
 *
 * ```
 * throughput   [producer] --batches--> RING --> [consumer]     checksum over every slot, in order
 * latency      [sender] --one slot at each planned time--> RING --> [receiver]
 * ```
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { build } from 'hdr-histogram-js';
import { RingBuffer } from '../src/ring/ring-buffer.js';
import { WAIT_STRATEGY_NAMES, type WaitStrategyName } from '../src/ring/wait-strategy.js';
import { expectedChecksum } from './ring-checksum.js';
import type { LatencyResult, RingWorkerInput, ThroughputResult } from './ring-worker.js';

export interface RingOptions {
  readonly strategies: readonly WaitStrategyName[];
  readonly batches: readonly number[];
  /** Slots in the ring; a power of two. */
  readonly capacity: number;
  /** Measured rounds; one more goes before them to warm up. */
  readonly rounds: number;
  /** Called with a line for people as soon as each figure is known. */
  readonly onLine?: (line: string) => void;
}

export interface RingThroughput {
  readonly strategy: WaitStrategyName;
  readonly batch: number;
  /** `sequence`: one word a slot is written and read; `whole`: all 32 words. */
  readonly payload: 'sequence' | 'whole';
  readonly medianSlotsPerSecond: number;
  readonly bestSlotsPerSecond: number;
}

export interface RingLatency {
  readonly strategy: WaitStrategyName;
  readonly perSecond: number;
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly p999Ns: number;
  readonly maxNs: number;
}

export interface RingFigures {
  readonly throughput: readonly RingThroughput[];
  readonly latency: readonly RingLatency[];
}

export const DEFAULT_RING_OPTIONS: RingOptions = {
  strategies: WAIT_STRATEGY_NAMES,
  batches: [1, 16, 256],
  capacity: 4_096,
  rounds: 3,
};

/** Slots a second at which the latency is measured. */
const LATENCY_RATE = 20_000;
const LATENCY_SLOTS = 20_000;

/** Slots that one round moves: enough for a tenth of a second or more at the expected rate. */
function slotsPerRound(batch: number, whole: boolean): number {
  const slots = batch === 1 ? 1_000_000 : batch < 64 ? 4_000_000 : 12_000_000;
  return whole ? slots / 4 : slots;
}

/** Runs the benchmark. Throws when a checksum is wrong; no figure is given for slots that did not all arrive. */
export async function runRing(options: RingOptions = DEFAULT_RING_OPTIONS): Promise<RingFigures> {
  const throughput: RingThroughput[] = [];
  const latency: RingLatency[] = [];
  for (const strategy of options.strategies) {
    for (const batch of options.batches) {
      for (const whole of [false, true]) {
        const result = await measureThroughput(strategy, batch, whole, options);
        throughput.push(result);
        options.onLine?.(
          `${strategy.padEnd(9)} batch ${String(batch).padStart(4)} ${result.payload.padEnd(8)} ` +
            `${millions(result.medianSlotsPerSecond)} M slots/s (best ${millions(result.bestSlotsPerSecond)})`,
        );
      }
    }
    const result = await measureLatency(strategy, options.capacity);
    latency.push(result);
    options.onLine?.(
      `${strategy.padEnd(9)} one way at ${result.perSecond}/s, ns: p50 ${result.p50Ns}  p99 ${result.p99Ns}  ` +
        `p99.9 ${result.p999Ns}  max ${result.maxNs}`,
    );
  }
  return { throughput, latency };
}

/** The benchmark as the bench command knows it: `--strategy NAME --batch N --capacity N --rounds N`. */
export const ring = {
  summary: 'slots per second and one-way latency between two threads',
  async run(args: readonly string[], json: boolean): Promise<RingFigures> {
    const { values } = parseArgs({
      args: [...args],
      options: {
        strategy: { type: 'string' },
        batch: { type: 'string' },
        capacity: { type: 'string' },
        rounds: { type: 'string' },
      },
    });
    if (values.strategy !== undefined && !WAIT_STRATEGY_NAMES.includes(values.strategy as WaitStrategyName)) {
      throw new RangeError(`--strategy ${values.strategy}; allowed: ${WAIT_STRATEGY_NAMES.join(', ')}`);
    }
    const defaults = DEFAULT_RING_OPTIONS;
    const options: RingOptions = {
      strategies: values.strategy === undefined ? defaults.strategies : [values.strategy as WaitStrategyName],
      batches: values.batch === undefined ? defaults.batches : [count('batch', values.batch)],
      capacity: values.capacity === undefined ? defaults.capacity : count('capacity', values.capacity),
      rounds: values.rounds === undefined ? defaults.rounds : count('rounds', values.rounds),
      ...(json ? {} : { onLine: (line: string) => process.stdout.write(`${line}\n`) }),
    };
    if (!json && availableParallelism() < 2) {
      process.stdout.write('one core only: the two threads take turns\n');
    }
    return runRing(options);
  },
};

async function measureThroughput(
  strategy: WaitStrategyName,
  batch: number,
  whole: boolean,
  options: RingOptions,
): Promise<RingThroughput> {
  const slots = slotsPerRound(batch, whole);
  const rounds = options.rounds + 1;
  const common = {
    memory: RingBuffer.allocate(options.capacity, 1),
    strategy,
    slots,
    rounds,
    batch,
    whole,
    intervalNs: 0,
  };
  const { checksum, roundNs } = await runPair<ThroughputResult>(
    { ...common, task: 'produce' },
    { ...common, task: 'consume' },
  );
  const expected = expectedChecksum(slots * rounds, whole);
  if (checksum !== expected) {
    throw new Error(`the slots did not arrive as sent: checksum ${checksum} instead of ${expected}`);
  }
  const rates = roundNs
    .slice(1)
    .map((ns) => (slots / ns) * 1e9)
    .sort((a, b) => a - b);
  return {
    strategy,
    batch,
    payload: whole ? 'whole' : 'sequence',
    medianSlotsPerSecond: Math.round(rates[Math.floor(rates.length / 2)]!),
    bestSlotsPerSecond: Math.round(rates.at(-1)!),
  };
}

async function measureLatency(strategy: WaitStrategyName, capacity: number): Promise<RingLatency> {
  const common = {
    memory: RingBuffer.allocate(capacity, 1),
    strategy,
    slots: LATENCY_SLOTS,
    rounds: 1,
    batch: 1,
    whole: false,
    intervalNs: 1e9 / LATENCY_RATE,
  };
  const { latenciesNs } = await runPair<LatencyResult>(
    { ...common, task: 'send' },
    { ...common, task: 'receive' },
  );
  const histogram = build({ numberOfSignificantValueDigits: 3, highestTrackableValue: 60_000_000_000 });
  // The first tenth warms up.
  for (const ns of latenciesNs.subarray(LATENCY_SLOTS / 10))
    histogram.recordValue(Math.max(1, Math.round(ns)));
  return {
    strategy,
    perSecond: LATENCY_RATE,
    p50Ns: histogram.getValueAtPercentile(50),
    p99Ns: histogram.getValueAtPercentile(99),
    p999Ns: histogram.getValueAtPercentile(99.9),
    maxNs: histogram.maxValue,
  };
}

/** Runs both threads to their end and returns what the reading one has found. */
async function runPair<Result>(writer: RingWorkerInput, reader: RingWorkerInput): Promise<Result> {
  const results = await Promise.all([runThread(writer), runThread(reader)]);
  return results[1] as Result;
}

function runThread(input: RingWorkerInput): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let result: unknown;
    const worker = new Worker(new URL('./ring-worker.js', import.meta.url), { workerData: input });
    worker.on('message', (message: unknown) => {
      result = message;
    });
    worker.on('error', reject);
    worker.on('exit', () => resolve(result));
  });
}

function count(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new RangeError(`--${name} ${text}; allowed: a whole number from 1`);
  return value;
}

function millions(perSecond: number): string {
  return (perSecond / 1e6).toFixed(1).padStart(6);
}

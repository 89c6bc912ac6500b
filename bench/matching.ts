/**
 * Commands through the business logic, on one thread, with accounts, reservations, sessions and both hashes on:
 *
 * ```
 * command slots in memory -> [BusinessLogicProcessor] --batches--> OUTPUT RING --> [drain]: stores; report after the run
 * ```
 *
 * The time runs from the first command until the other thread has taken the last event. Reading and encoding of
 * commands before, and the making of reports after, are not in it. All runs are rounds of one
 * core, as a node has one: each cancels first what the round before left, and must give the same report, and the
 * published report hash where there is one, or no figure is printed. Both hashes are those after the first round.
 */
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { readInt64 } from '../src/base/int64.js';
import { Side, TimeInForce } from '../src/core/codes.js';
import { Core } from '../src/core/core.js';
import { checkInvariants } from '../src/core/invariants.js';
import { BusinessLogicProcessor } from '../src/engine/business-logic-processor.js';
import { EventBuffer } from '../src/engine/event-buffer.js';
import { RingEventOutput } from '../src/engine/ring-event-output.js';
import { RingBuffer } from '../src/ring/ring-buffer.js';
import { RingProducer } from '../src/ring/ring-producer.js';
import { WaitStrategy } from '../src/ring/wait-strategy.js';
import { tuneCompiler } from '../src/runtime/compiler-flags.js';
import { HeaderWord, SLOT_WORDS } from '../src/wire/slot.js';
import { CommandTape } from './command-tape.js';
import type { DrainInput, DrainResult } from './matching-drain.js';
import { mixCapacities } from './matching-mix.js';
import { expectedReportHash, workloadTape } from './matching-workload.js';

export interface MatchingOptions {
  /** A workload file; without it the mix is generated. */
  readonly workload?: string;
  /** Commands of the generated mix. */
  readonly commands: number;
  /** Seed of the generated mix. */
  readonly seed: number;
  /** Measured runs; WARM_UP_RUNS go before them. */
  readonly runs: number;
  /** Called with a line for people. */
  readonly onLine?: (line: string) => void;
}

export interface MatchingFigures {
  readonly commands: number;
  readonly events: number;
  readonly medianPerSecond: number;
  readonly bestPerSecond: number;
  readonly reportSha256: string;
  /** The published hash that the report was compared with, if there is one. */
  readonly expectedSha256?: string;
  readonly stateHash: string;
  readonly outputHash: string;
}

export interface MatchingMemoryFigures {
  readonly restingOrders: number;
  readonly prices: number;
  readonly rssMiB: number;
  readonly rssBeforeMiB: number;
}

const ACCOUNTS = 1_000;
const WARM_UP_RUNS = 3;
const BATCH = 256;
const RING_SLOTS = 4_096;

/** The benchmark as the bench command knows it: `--workload FILE --commands N --seed N --runs N`, or `--memory`. */
export const matching = {
  summary: 'commands per second through the core, with accounts and an output ring',
  async run(args: readonly string[], json: boolean): Promise<MatchingFigures | MatchingMemoryFigures> {
    const { values } = parseArgs({
      args: [...args],
      options: {
        workload: { type: 'string' },
        commands: { type: 'string', default: '1000000' },
        seed: { type: 'string', default: '1' },
        runs: { type: 'string', default: '10' },
        memory: { type: 'boolean', default: false },
      },
    });
    tuneCompiler();
    const onLine = json ? {} : { onLine: (line: string) => process.stdout.write(`${line}\n`) };
    if (values.memory) return measureMemory(onLine);
    return runMatching({
      ...(values.workload === undefined ? {} : { workload: values.workload }),
      commands: count('commands', values.commands),
      seed: count('seed', values.seed),
      runs: count('runs', values.runs),
      ...onLine,
    });
  },
};

/** Runs the benchmark. Throws, without figures, when a run gave another outcome than it must. */
export async function runMatching(options: MatchingOptions): Promise<MatchingFigures> {
  const { workload, onLine } = options;
  const tape =
    workload === undefined
      ? await makeMixTape(options.commands, options.seed)
      : workloadTape(workload, ACCOUNTS);
  const capacities = workload === undefined ? mixCapacities : { ...mixCapacities, maxOrders: 1_048_576 };
  const commands = tape.count - tape.setupCount;
  const expected = workload === undefined ? undefined : expectedReportHash(workload);
  onLine?.(`${commands} commands after ${tape.setupCount} of setup`);

  const memory = RingBuffer.allocate(RING_SLOTS, 1);
  const producer = new RingProducer(new RingBuffer(memory), new WaitStrategy('backoff'));
  const control = new Int32Array(new SharedArrayBuffer(8)).fill(-1);
  const runs = WARM_UP_RUNS + options.runs;
  const input: DrainInput = { memory, control, runs };
  const drain = new Worker(new URL('./matching-drain.js', import.meta.url), { workerData: input });
  const rates: number[] = [];
  let first: MatchingFigures | undefined;
  const processor = new BusinessLogicProcessor(new Core(capacities), new RingEventOutput(producer));
  try {
    for (let run = 0; run < runs; run += 1) {
      if (run > 0) tape.renumber();
      const seconds = playTape(tape, run === 0 ? 0 : tape.onceCount, processor, producer);
      const result = await endRun(drain, control, producer, sequenceAt(tape, tape.setupCount));
      const outcome = {
        commands,
        events: result.events,
        medianPerSecond: 0,
        bestPerSecond: 0,
        reportSha256: result.reportSha256,
        ...(expected === undefined ? {} : { expectedSha256: expected }),
        stateHash: first?.stateHash ?? processor.stateHash(),
        outputHash: first?.outputHash ?? processor.outputHash(),
      };
      if (expected !== undefined && result.reportSha256 !== expected) {
        throw new Error(`the report is ${result.reportSha256} instead of ${expected}`);
      }
      first ??= outcome;
      if (JSON.stringify(outcome) !== JSON.stringify(first))
        throw new Error('two runs gave different outcomes');
      if (run === 0) checkInvariants(processor.core);
      if (run >= WARM_UP_RUNS) rates.push(commands / seconds);
    }
    checkInvariants(processor.core);
  } finally {
    await drain.terminate();
  }
  rates.sort((a, b) => a - b);
  const figures: MatchingFigures = {
    ...first!,
    medianPerSecond: Math.round(rates[rates.length >> 1]),
    bestPerSecond: Math.round(rates[rates.length - 1]),
  };
  onLine?.(
    `${(figures.medianPerSecond / 1e6).toFixed(2)} M commands/s median of ${rates.length}, ` +
      `best ${(figures.bestPerSecond / 1e6).toFixed(2)} M; ${figures.events} events`,
  );
  onLine?.(`report ${figures.reportSha256}${expected === undefined ? '' : ' as expected'}`);
  return figures;
}

/** The mix, made on another thread (see matching-mix-worker.ts). */
async function makeMixTape(commands: number, seed: number): Promise<CommandTape> {
  const worker = new Worker(new URL('./matching-mix-worker.js', import.meta.url), {
    workerData: { commands, seed },
  });
  const tape = await new Promise<CommandTape>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  return Object.setPrototypeOf(tape, CommandTape.prototype);
}

function sequenceAt(tape: CommandTape, n: number): number {
  return readInt64(tape.words, n * SLOT_WORDS + HeaderWord.sequence);
}

/** Plays a tape from its command number `first`; returns the seconds that the measured commands took. */
function playTape(
  tape: CommandTape,
  first: number,
  processor: BusinessLogicProcessor,
  producer: RingProducer,
): number {
  const output = processor.output;
  for (let n = first; n < tape.setupCount; n += 1) processor.onCommand(tape.words, n * SLOT_WORDS);
  output.flush();
  awaitDrained(producer);
  const start = process.hrtime.bigint();
  for (let n = tape.setupCount; n < tape.count; ) {
    const end = Math.min(n + BATCH, tape.count);
    for (; n < end; n += 1) processor.onCommand(tape.words, n * SLOT_WORDS);
    output.flush();
  }
  awaitDrained(producer);
  return Number(process.hrtime.bigint() - start) / 1e9;
}

/** Waits until the other thread has taken everything. */
function awaitDrained(producer: RingProducer): void {
  while (producer.claim(producer.ring.capacity) < producer.ring.capacity);
}

function endRun(
  drain: Worker,
  control: Int32Array,
  producer: RingProducer,
  firstSequence: number,
): Promise<DrainResult> {
  const result = new Promise<DrainResult>((resolve, reject) => {
    drain.once('error', reject);
    drain.once('message', (message: DrainResult) => {
      drain.off('error', reject);
      resolve(message);
    });
  });
  Atomics.store(control, 1, firstSequence);
  Atomics.store(control, 0, producer.nextSequence - 1);
  return result;
}

/** Resident memory of this process with a million resting orders of 1,000 accounts at 20,000 prices. */
function measureMemory(options: Pick<MatchingOptions, 'onLine'>): MatchingMemoryFigures {
  const restingOrders = 1_000_000;
  const prices = 20_000;
  const rssBeforeMiB = rssMiB();
  const events = new EventBuffer();
  const processor = new BusinessLogicProcessor(new Core({ maxOrders: restingOrders }), events);
  const tape = new CommandTape(ACCOUNTS, 1);
  for (let n = 0; n < tape.setupCount; n += 1) processor.onCommand(tape.words, n * SLOT_WORDS);
  for (let id = 1; id <= restingOrders; id += 1) {
    // Each order is written over the one before, so that the commands themselves take no memory.
    tape.count = tape.setupCount;
    const side = id % 2 === 0 ? Side.buy : Side.sell;
    const distance = 1 + ((id >> 1) % (prices / 2));
    const price = side === Side.buy ? prices - distance : prices + distance;
    tape.newOrder(1 + (id % ACCOUNTS), id, side, price, 1 + (id % 100), TimeInForce.GTC);
    processor.onCommand(tape.words, tape.setupCount * SLOT_WORDS);
    events.clear();
  }
  const figures = { restingOrders, prices, rssMiB: rssMiB(), rssBeforeMiB };
  if (processor.core.orders.count !== restingOrders) throw new Error('not every order rests');
  options.onLine?.(`${restingOrders} resting orders: ${figures.rssMiB} MiB resident, ${rssBeforeMiB} before`);
  return figures;
}

function rssMiB(): number {
  return Math.round(process.memoryUsage.rss() / 2 ** 20);
}

function count(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`--${name} ${text}; allowed: a whole number from 1`);
  }
  return value;
}

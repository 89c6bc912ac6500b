/**
 * Ring, journal and core together, without network: every command is synced to disk before its events are drained.
 *
 * ```
 * [this thread] --> INPUT RING --> [journaler] -> mapped segments, one sync a batch -> durable
 *       ^                               \--> [logic] --> OUTPUT RING --+
 *       +------------- drains what the commit gate lets pass +
 * ```
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { JournalDirectory } from '../journal/journal-directory.js';
import { openStorage } from '../journal/open-storage.js';
import { PREPARER_STATE_BYTES } from '../journal/prepared-segments.js';
import { recover } from '../journal/recover.js';
import { startSegmentPreparer } from '../journal/segment-preparer.js';
import { replayJournal } from '../replay/replay-journal.js';
import { hex64 } from '../src/base/hex.js';
import { readInt64 } from '../src/base/int64.js';
import { allocateNodeMemory } from '../src/node/node-memory.js';
import { InputConsumer, OutputConsumer } from '../src/node/topology.js';
import { RingBuffer } from '../src/ring/ring-buffer.js';
import { RingConsumer } from '../src/ring/ring-consumer.js';
import { RingProducer } from '../src/ring/ring-producer.js';
import { WaitStrategy } from '../src/ring/wait-strategy.js';
import type { AcknowledgementPolicy } from '../src/runtime/acknowledgement-policy.js';
import { CheckpointRing } from '../src/runtime/checkpoint-ring.js';
import { CommitGate } from '../src/runtime/commit-gate.js';
import { tuneCompiler } from '../src/runtime/compiler-flags.js';
import { counterAtLeast } from '../src/runtime/counter-at-least.js';
import { Counter, NodeCounters } from '../src/runtime/counters.js';
import { ErrorLog } from '../src/runtime/error-log.js';
import { startWorker, stopWorkers } from '../src/runtime/worker-start.js';
import { HeaderWord, SLOT_WORDS } from '../src/wire/slot.js';
import { flowSlots } from './flow-slots.js';

const ACCOUNTS = 100;
const INPUT_SLOTS = 65_536;
const OUTPUT_SLOTS = 65_536;
const BATCH = 2048;

export interface PipelineOptions {
  readonly commands: number;
  readonly policy: AcknowledgementPolicy;
  readonly backend: 'mmap' | 'positional';
  readonly segmentBytes: number;
  readonly seed: number;
}

export interface PipelineFigures {
  readonly policy: string;
  readonly backend: string;
  readonly commands: number;
  readonly events: number;
  readonly perSecond: number;
  readonly stateHash: string;
}

/** Runs once; throws when the replay of the journal does not come to the live state. */
export async function runPipeline(options: PipelineOptions): Promise<PipelineFigures> {
  const { words, commands } = flowSlots(options.seed, ACCOUNTS, options.commands);
  const dataDir = mkdtempSync(join(tmpdir(), 'ringfence-pipeline-'));
  const directory = join(dataDir, 'journal');
  const identity = { clusterId: 1n, nodeId: 1 };
  const held = JournalDirectory.open(directory, identity);
  const prepared = new SharedArrayBuffer(PREPARER_STATE_BYTES);
  const preparer = startSegmentPreparer({
    directory,
    segmentBytes: options.segmentBytes,
    allocation: 'zero-fill',
    ahead: 2,
    state: prepared,
  });
  try {
    const memory = allocateNodeMemory(INPUT_SLOTS, OUTPUT_SLOTS);
    const counters = new NodeCounters(memory.counters);
    const errorLog = new ErrorLog(memory.errorLog);
    const recovered = recover(openStorage(directory, options.backend), identity);
    const start = (name: string, input: object) =>
      startWorker({
        name,
        entry: new URL(`../src/node/${name}-worker.js`, import.meta.url),
        counters,
        errorLog,
        input: { memory, waitStrategy: 'backoff', ...input },
      });
    const journaler = start('journaler', {
      directory,
      backend: options.backend,
      allocation: 'zero-fill',
      segmentBytes: options.segmentBytes,
      prepared,
      ...identity,
      recovered,
      sync: options.policy !== 'memory',
    });
    const logic = start('logic', { maxOrders: 1 << 20 });
    await counterAtLeast(counters, Counter.readyWorkers, 2);
    const { events, elapsedMs } = pump(memory, counters, words, commands, options.policy);
    await stopWorkers(counters, [[], [journaler], [logic]]);
    const stateHash = liveStateHash(memory.checkpoints, commands);
    const replayed = replayJournal({ directory });
    if (replayed.lastSequence !== commands || replayed.stateHash !== stateHash) {
      throw new Error(
        `the journal replays to ${replayed.stateHash} at ${replayed.lastSequence}, live was ${stateHash} at ${commands}`,
      );
    }
    const perSecond = Math.round((commands * 1000) / elapsedMs);
    return { policy: options.policy, backend: options.backend, commands, events, perSecond, stateHash };
  } finally {
    await preparer.stop();
    held.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Publishes all commands and drains all events; this thread never runs ahead of the commit gate. */
function pump(
  memory: ReturnType<typeof allocateNodeMemory>,
  counters: NodeCounters,
  words: Int32Array,
  commands: number,
  policy: AcknowledgementPolicy,
): { events: number; elapsedMs: number } {
  const waitStrategy = new WaitStrategy('backoff');
  const producer = new RingProducer(
    new RingBuffer(memory.inputRing),
    waitStrategy,
    Object.values(InputConsumer),
  );
  const output = new RingConsumer(new RingBuffer(memory.outputRing), OutputConsumer.gateway, waitStrategy);
  const gate = new CommitGate(counters, policy, waitStrategy);
  let published = 0;
  let events = 0;
  const startedAt = performance.now();
  while (
    gate.committedSequence() < commands ||
    counters.get(Counter.logicProcessed) < commands ||
    output.available() > 0
  ) {
    const free = producer.claim(Math.min(BATCH, commands - published));
    const run = free === 0 ? 0 : producer.contiguous(free);
    if (run > 0) {
      const from = published * SLOT_WORDS;
      producer.ring.words.set(words.subarray(from, from + run * SLOT_WORDS), producer.wordIndexAt(0));
      producer.publish(run);
      published += run;
    }
    const drained = drain(output, gate.committedSequence());
    events += drained;
    if (run === 0 && drained === 0) gate.wait(1);
  }
  return { events, elapsedMs: performance.now() - startedAt };
}

function drain(output: RingConsumer, committed: number): number {
  const available = output.available();
  let count = 0;
  while (count < available) {
    if (readInt64(output.ring.words, output.wordIndexAt(count) + HeaderWord.sequence) > committed) break;
    count += 1;
  }
  if (count > 0) output.release(count);
  return count;
}

function liveStateHash(checkpoints: SharedArrayBuffer, sequence: number): string {
  const checkpoint = new CheckpointRing(checkpoints).find(sequence);
  if (checkpoint === undefined) throw new Error(`the logic has no checkpoint at its end, ${sequence}`);
  return hex64(checkpoint.stateHashLow, checkpoint.stateHashHigh);
}

export const pipeline = {
  summary:
    'commands per second through ring, journal and core, without network (--commands, --policy, --backend, --runs)',
  async run(args: readonly string[], json: boolean): Promise<object> {
    tuneCompiler();
    const { values } = parseArgs({
      args: [...args],
      options: {
        commands: { type: 'string', default: '1000000' },
        policy: { type: 'string', default: 'disk' },
        backend: { type: 'string', default: 'mmap' },
        runs: { type: 'string', default: '3' },
      },
    });
    const options: PipelineOptions = {
      commands: Number(values.commands),
      policy: values.policy as AcknowledgementPolicy,
      backend: values.backend as 'mmap' | 'positional',
      segmentBytes: 64 << 20,
      seed: 1,
    };
    const figures: PipelineFigures[] = [];
    for (let i = 0; i < Number(values.runs); i++) {
      const result = await runPipeline(options);
      figures.push(result);
      if (!json) {
        const { policy, backend, perSecond, commands, events } = result;
        process.stdout.write(
          `policy ${policy}, ${backend}: ${perSecond} commands/s (${commands} commands, ${events} events)\n`,
        );
      }
    }
    const rates = figures.map((each) => each.perSecond).sort((a, b) => a - b);
    const { commands, events, stateHash } = figures[0]!;
    const medianPerSecond = rates[rates.length >> 1]!;
    if (!json) process.stdout.write(`median ${medianPerSecond}, best ${rates.at(-1)!} commands/s\n`);
    return {
      policy: options.policy,
      backend: options.backend,
      commands,
      events,
      medianPerSecond,
      bestPerSecond: rates.at(-1)!,
      stateHash,
    };
  },
};

/**
 * What a question about an account in the past costs with the index of accounts: a journal with a snapshot and so many
 * commands after it, a tenth of them about the orders of one account. That account is asked about at random moments after
 * the snapshot; for some of them the answer must be that of a replay. And what the index costs: bytes and time a command.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { IndexedJournal } from '../replay/index-journal.js';
import { Prng } from '../src/base/prng.js';
import { tuneCompiler } from '../src/runtime/compiler-flags.js';
import type { AskTimes, AsOfOrder } from './as-of-worker.js';
import { MIX_LOADS } from './matching-mix.js';
import { makeMixTape } from './matching-rig.js';
import { makeJournal } from './replay.js';

const BUSY_ACCOUNT = 1;
const BUSY_PERCENT = 10;
/** Questions that are also answered by replay. */
const PROVEN = 3;

/** Milliseconds, after the snapshot is loaded. */
interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

export interface AsOfFigures {
  readonly commands: number;
  /** Events of the account after the snapshot. */
  readonly events: number;
  readonly queries: number;
  readonly answerMs: Percentiles;
  /** First questions of new threads, and the last one at the end of the journal. */
  readonly coldMs: Percentiles;
  /** Median: looking at the journal, reading and loading the snapshot. */
  readonly loadMs: number;
  readonly indexBytesPerCommand: number;
  readonly journalBytesPerCommand: number;
  /** What the index adds to the replay of a command, and the replay; medians. */
  readonly indexNsPerCommand: number;
  readonly replayNsPerCommand: number;
}

/** The benchmark as the bench command knows it: `--commands N --queries N --cold N --runs N`. */
export const asOfBench = {
  summary: 'time to tell what an account was like at a moment, and cost of the index',
  async run(args: readonly string[], json: boolean): Promise<AsOfFigures> {
    tuneCompiler();
    const { values } = parseArgs({
      args: [...args],
      options: {
        commands: { type: 'string', default: '1000000' },
        queries: { type: 'string', default: '200' },
        cold: { type: 'string', default: '9' },
        runs: { type: 'string', default: '3' },
      },
    });
    const [commands, queries, cold, runs] = (['commands', 'queries', 'cold', 'runs'] as const).map((name) =>
      positive(name, values[name]),
    ) as [number, number, number, number];
    const say = (line: string): void => {
      if (!json) process.stdout.write(`${line}\n`);
    };
    const directory = mkdtempSync(join(tmpdir(), 'ringfence-bench-as-of-'));
    try {
      return await measure(join(directory, 'journal'), { commands, queries, cold, runs }, say);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

async function measure(
  directory: string,
  { cold, commands, queries, runs }: { commands: number; queries: number; cold: number; runs: number },
  say: (line: string) => void,
): Promise<AsOfFigures> {
  const tape = await makeMixTape(commands, 1, { ...MIX_LOADS.mix, busyPercent: BUSY_PERCENT });
  const { count } = tape;
  const snapshotAt = count - commands;
  await makeJournal({ directory, tape, snapshotAt, rounds: 1 });
  const accountId = BUSY_ACCOUNT;
  const events = await onThread<number>({ kind: 'count', directory, accountId, afterSequence: snapshotAt });
  say(`${commands} commands after a snapshot, with ${events} events of account ${accountId}`);

  const indexed: number[] = [];
  const replayed: number[] = [];
  let bytes = 0;
  for (let run = 0; run < runs; run++) {
    replayed.push(await onThread<number>({ kind: 'index', directory, isIndexed: false }));
    const made = await onThread<IndexedJournal>({ kind: 'index', directory, isIndexed: true });
    indexed.push(made.elapsedMs);
    bytes = made.bytes;
  }
  const replayMs = medianOf(replayed);
  const indexMs = medianOf(indexed) - replayMs;
  const indexBytesPerCommand = bytes / count;
  const nsPerCommand = (ms: number): number => Math.round((ms * 1e6) / count);
  say(
    `index: ${indexBytesPerCommand.toFixed(1)} bytes a command beside 128 of the journal; ${nsPerCommand(indexMs)} ns a ` +
      `command beside ${nsPerCommand(replayMs)} of the replay (medians of ${runs})`,
  );

  const prng = new Prng(7);
  const moments = (many: number) => Array.from({ length: many }, () => snapshotAt + 1 + prng.below(commands));
  const sequences = moments(queries);
  const proven = sequences.slice(-PROVEN);
  const warm = await onThread<AskTimes>({ kind: 'ask', directory, accountId, sequences, proven });
  const first: number[] = [];
  for (const sequence of [...moments(cold - 1), count]) {
    const times = await onThread<AskTimes>({
      kind: 'ask',
      directory,
      accountId,
      sequences: [sequence],
      proven: [],
    });
    first.push(times.answerMs[0]!);
  }
  const answerMs = percentilesOf(warm.answerMs);
  const coldMs = percentilesOf(first);
  const loadMs = medianOf(warm.loadMs);
  say(
    `snapshot loaded in ${loadMs.toFixed(1)} ms; then, milliseconds of ${queries} questions: ${text(answerMs)}`,
  );
  say(`first questions of ${cold} new threads: ${text(coldMs)}`);
  return {
    commands,
    events,
    queries,
    answerMs,
    coldMs,
    loadMs,
    indexBytesPerCommand,
    journalBytesPerCommand: 128,
    indexNsPerCommand: nsPerCommand(indexMs),
    replayNsPerCommand: nsPerCommand(replayMs),
  };
}

function onThread<T>(order: AsOfOrder): Promise<T> {
  const worker = new Worker(new URL('./as-of-worker.js', import.meta.url), { workerData: order });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

function percentilesOf(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: sorted.at(-1)! };
}

function medianOf(values: readonly number[]): number {
  return percentilesOf(values).p50;
}

function text({ max, p50, p90, p99 }: Percentiles): string {
  const [a, b, c, d] = [p50, p90, p99, max].map((ms) => ms.toFixed(1));
  return `p50 ${a}, p90 ${b}, p99 ${c}, max ${d}`;
}

function positive(name: string, value: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new Error(`--${name} ${value}: a whole number above 0`);
  return number;
}

/**
 * Replay of a warm journal: the mix of the matching benchmark is played once on one thread, journaled, and then replayed
 * from the files, which are in the page cache, by a fresh thread each time. Reading, checksums, business logic and the
 * compiler's work are in the time, making the journal is not. Both hashes must be those of the live run, or no figure is
 * printed. Beside it the matching benchmark of the same commands, before and after the replays, as a machine that is shared
 * with others changes its speed in between.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { ReplayResult } from '../replay/replay-journal.js';
import { tuneCompiler } from '../src/runtime/compiler-flags.js';
import { ROUND_COMMANDS } from './command-tape.js';
import { runMatching } from './matching.js';
import { MIX_LOADS } from './matching-mix.js';
import { makeMixTape } from './matching-rig.js';
import type { LiveRun, MakeOrder, ReplayOrder } from './replay-worker.js';

export interface ReplayBenchOptions {
  /** Commands of the mix; above a million in whole rounds of a million. */
  readonly commands: number;
  readonly seed: number;
  /** Measured replays. */
  readonly runs: number;
  readonly onLine?: (line: string) => void;
}

export interface ReplayFigures {
  readonly commands: number;
  /** Median of the runs. */
  readonly perSecond: number;
  readonly bestPerSecond: number;
  /** Medians of the matching benchmark before and after the replays. */
  readonly matchingPerSecond: readonly [number, number];
  /** The rate of the replay over the mean of these. */
  readonly ratio: number;
  readonly lastSequence: number;
  readonly stateHash: string;
  readonly outputHash: string;
  /** Bytes of the journal's segments. */
  readonly journalBytes: number;
}

/** The benchmark as the bench command knows it: `--commands N --seed N --runs N`. */
export const replay = {
  summary: 'commands per second from a journal on disk through the business logic',
  async run(args: readonly string[], json: boolean): Promise<ReplayFigures> {
    tuneCompiler();
    const { values } = parseArgs({
      args: [...args],
      options: {
        commands: { type: 'string', default: '10000000' },
        seed: { type: 'string', default: '1' },
        runs: { type: 'string', default: '3' },
      },
    });
    const onLine = json ? {} : { onLine: (line: string) => process.stdout.write(`${line}\n`) };
    return runReplay({
      commands: positive('commands', values.commands),
      seed: positive('seed', values.seed),
      runs: positive('runs', values.runs),
      ...onLine,
    });
  },
};

/** Runs the benchmark in a temporary directory. Throws, without figures, when a hash differs from the live run. */
export async function runReplay(options: ReplayBenchOptions): Promise<ReplayFigures> {
  const { commands, seed, runs, onLine } = options;
  const directory = mkdtempSync(join(tmpdir(), 'ringfence-bench-replay-'));
  try {
    const live = await makeJournal({
      directory,
      tape: await makeMixTape(Math.min(commands, ROUND_COMMANDS), seed, MIX_LOADS.mix),
      snapshotAt: 0,
      rounds: Math.ceil(commands / ROUND_COMMANDS),
    });
    onLine?.(`${live.commands} commands, ${Math.round(live.journalBytes / 2 ** 20)} MiB of journal`);
    const match = async (): Promise<number> => {
      const load = 'mix';
      const matched = await runMatching({ load, commands: Math.min(commands, ROUND_COMMANDS), seed, runs });
      return matched.medianPerSecond;
    };
    const matchedBefore = await match();
    const rates: number[] = [];
    for (let run = 0; run < runs; run++) {
      const result = await replayOnce({ directory, from: undefined });
      if (result.stateHash !== live.stateHash || result.outputHash !== live.outputHash) {
        throw new Error(
          `replay gave ${result.stateHash} ${result.outputHash}, live was ${live.stateHash} ${live.outputHash}`,
        );
      }
      rates.push(result.perSecond);
    }
    rates.sort((a, b) => a - b);
    const matchedAfter = await match();
    const perSecond = rates[rates.length >> 1];
    const figures: ReplayFigures = {
      commands: live.commands,
      perSecond,
      bestPerSecond: rates[rates.length - 1],
      matchingPerSecond: [matchedBefore, matchedAfter],
      ratio: (2 * perSecond) / (matchedBefore + matchedAfter),
      lastSequence: live.commands,
      stateHash: live.stateHash,
      outputHash: live.outputHash,
      journalBytes: live.journalBytes,
    };
    const millions = (rate: number) => `${(rate / 1e6).toFixed(2)} M`;
    onLine?.(
      `${millions(perSecond)} commands/s median of ${rates.length}, best ${millions(figures.bestPerSecond)}; ` +
        `${Math.round(figures.ratio * 100)} % of matching, ${millions(matchedBefore)} before and ${millions(matchedAfter)} after; ` +
        `state ${figures.stateHash}, output ${figures.outputHash}`,
    );
    return figures;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Plays a tape and writes its journal, on a thread of its own. */
export function makeJournal(order: MakeOrder): Promise<LiveRun> {
  return onThread(order) as Promise<LiveRun>;
}

/** Replays the journal, on a thread of its own. */
export function replayOnce(order: ReplayOrder): Promise<ReplayResult> {
  return onThread(order) as Promise<ReplayResult>;
}

function onThread(order: MakeOrder | ReplayOrder): Promise<unknown> {
  const worker = new Worker(new URL('./replay-worker.js', import.meta.url), { workerData: order });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} ${text}: a whole number above 0`);
  return value;
}

/**
 * How long a start from a snapshot takes: a book of resting orders of many accounts is written as a snapshot and loaded by
 * threads that have done nothing before; the state hash of all rows must be that of the original. And what the commands
 * after a snapshot cost: reading and checking their frames alone, with the business logic, and in a whole node.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { JournalReader } from '../journal/journal-reader.js';
import { openFlatStorage, openStorage } from '../journal/open-storage.js';
import { type TakenSnapshot, takeSnapshot } from '../replay/take-snapshot.js';
import { Prng } from '../src/base/prng.js';
import { Side, TimeInForce } from '../src/core/codes.js';
import { Core } from '../src/core/core.js';
import { BusinessLogicProcessor } from '../src/engine/business-logic-processor.js';
import { EventBuffer } from '../src/engine/event-buffer.js';
import { tuneCompiler } from '../src/runtime/compiler-flags.js';
import { SLOT_WORDS } from '../src/wire/slot.js';
import { CommandTape, ROUND_COMMANDS } from './command-tape.js';
import { MIX_LOADS } from './matching-mix.js';
import { makeMixTape } from './matching-rig.js';
import { measureNodeStart } from './recovery-node.js';
import type { LoadOrder, LoadTimes } from './recovery-worker.js';
import { makeJournal, replayOnce } from './replay.js';

const IDENTITY = { clusterId: 1n, nodeId: 1 };
const MIDDLE = 30_000;
const PRICES_A_SIDE = 25_000;
const BATCH = 1024;

export interface RecoveryFigures {
  readonly orders: number;
  readonly accounts: number;
  readonly snapshotBytes: number;
  /** Milliseconds. */
  readonly writeMs: number;
  readonly readMs: number;
  readonly loadMs: number;
  /** Median of the runs: reading, checking and loading. */
  readonly totalMs: number;
  readonly tailCommands: number;
  readonly readPerSecond: number;
  readonly replayPerSecond: number;
  /** Milliseconds until a node that replays as many commands is ready; median of the runs. */
  readonly nodeStartMs: number;
}

/** The benchmark as the bench command knows it: `--orders N --accounts N --tail N --runs N`. */
export const recovery = {
  summary: 'time to load a snapshot, and rate of the commands after it',
  async run(args: readonly string[], json: boolean): Promise<RecoveryFigures> {
    tuneCompiler();
    const { values } = parseArgs({
      args: [...args],
      options: {
        orders: { type: 'string', default: '1000000' },
        accounts: { type: 'string', default: '100000' },
        tail: { type: 'string', default: '2000000' },
        runs: { type: 'string', default: '5' },
      },
    });
    const [orders, accounts, tail, runs] = (['orders', 'accounts', 'tail', 'runs'] as const).map((name) =>
      positive(name, values[name]),
    );
    const say = (line: string): void => {
      if (!json) process.stdout.write(`${line}\n`);
    };
    const directory = mkdtempSync(join(tmpdir(), 'ringfence-bench-recovery-'));
    try {
      const load = await measureLoad(directory, orders!, accounts!, runs!, say);
      const rates = await measureTail(join(directory, 'journal'), tail!, runs!, say);
      const { elapsedMs } = await measureNodeStart(join(directory, 'node'), tail!, runs!, say);
      return {
        orders: orders!,
        accounts: accounts!,
        ...load,
        tailCommands: tail!,
        ...rates,
        nodeStartMs: elapsedMs,
      };
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

async function measureLoad(
  directory: string,
  orders: number,
  accounts: number,
  runs: number,
  say: (line: string) => void,
) {
  const options = {
    maxOrders: orders + 1,
    maxAccounts: accounts,
    maxHoldings: accounts * 2,
    maxApiKeys: accounts + 1,
    maxTransfers: accounts * 2,
  };
  const startMs = performance.now();
  const taken = writeBook(directory, orders, accounts, options);
  const writeMs = taken.ms;
  say(
    `${orders} resting orders of ${accounts} accounts: ${Math.round(taken.snapshot.bytes / 2 ** 20)} MiB, ` +
      `written in ${Math.round(writeMs)} ms (book made in ${Math.round((performance.now() - startMs) / 1000)} s)`,
  );
  const times: LoadTimes[] = [];
  for (let run = 0; run < runs; run++) {
    times.push(await loadOnce({ directory, file: taken.snapshot.file, options }));
    const { readMs, loadMs } = times.at(-1)!;
    say(`  read and SHA-256 ${Math.round(readMs)} ms, load and hash ${Math.round(loadMs)} ms`);
  }
  times.sort((one, other) => one.readMs + one.loadMs - other.readMs - other.loadMs);
  const { readMs, loadMs } = times[times.length >> 1]!;
  say(`load of the snapshot: ${Math.round(readMs + loadMs)} ms median of ${runs}`);
  return { snapshotBytes: taken.snapshot.bytes, writeMs, readMs, loadMs, totalMs: readMs + loadMs };
}

/** Fills a book whose sides do not meet and writes its snapshot. */
function writeBook(
  directory: string,
  orders: number,
  accounts: number,
  options: ConstructorParameters<typeof Core>[0],
): { snapshot: TakenSnapshot; ms: number } {
  const prng = new Prng(1);
  const tape = new CommandTape(accounts, orders);
  for (let id = 1; id <= orders; id++) {
    const side = id % 2 === 0 ? Side.buy : Side.sell;
    const distance = prng.between(1, PRICES_A_SIDE);
    const price = side === Side.buy ? MIDDLE - distance : MIDDLE + distance;
    tape.newOrder(prng.between(1, accounts), id, side, price, prng.between(1, 100), TimeInForce.GTC);
  }
  const events = new EventBuffer();
  const core = new Core(options);
  const processor = new BusinessLogicProcessor(core, events);
  for (let i = 0; i < tape.count; i++) {
    processor.onCommand(tape.words, i * SLOT_WORDS);
    events.clear();
  }
  if (core.orders.count !== orders) throw new Error(`${core.orders.count} orders rest, not ${orders}`);
  const startMs = performance.now();
  const storage = openFlatStorage(directory, 'positional');
  const order = { storage, ...IDENTITY, sequence: tape.count, chain: 0, takenAtMs: 0 };
  const snapshot = takeSnapshot(processor, order);
  return { snapshot, ms: performance.now() - startMs };
}

/** The loader throws when a hash differs: then there is no figure. */
function loadOnce(order: LoadOrder): Promise<LoadTimes> {
  const worker = new Worker(new URL('./recovery-worker.js', import.meta.url), { workerData: order });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

/** A journal of the mix with a snapshot in front of its last `tail` commands. */
async function measureTail(directory: string, tail: number, runs: number, say: (line: string) => void) {
  const tape = await makeMixTape(Math.min(tail, ROUND_COMMANDS), 1, MIX_LOADS.mix);
  const rounds = Math.ceil(tail / ROUND_COMMANDS);
  const snapshotAt = tape.setupCount;
  const { stateHash, commands: lastSequence } = await makeJournal({ directory, tape, snapshotAt, rounds });
  const storage = openStorage(directory, 'positional');
  const reads: number[] = [];
  const replays: number[] = [];
  for (let run = 0; run < runs; run++) {
    const readMs = readTail(storage, snapshotAt + 1, lastSequence);
    const result = await replayOnce({ directory, from: {} });
    if (result.stateHash !== stateHash || result.snapshotSequence !== snapshotAt) {
      throw new Error(
        `replay gave ${result.stateHash} from ${result.snapshotSequence}, live was ${stateHash}`,
      );
    }
    reads.push(((lastSequence - snapshotAt) / readMs) * 1000);
    replays.push(result.perSecond);
  }
  const readPerSecond = reads.sort((a, b) => a - b)[reads.length >> 1]!;
  const replayPerSecond = replays.sort((a, b) => a - b)[replays.length >> 1]!;
  say(
    `${lastSequence - snapshotAt} commands after it: ${(replayPerSecond / 1e6).toFixed(2)} M/s median of ${runs}, ` +
      `reading and checking alone ${(readPerSecond / 1e6).toFixed(2)} M/s`,
  );
  return { readPerSecond, replayPerSecond };
}

function readTail(storage: ReturnType<typeof openStorage>, fromSequence: number, toSequence: number): number {
  const records = new Int32Array(BATCH * SLOT_WORDS);
  const startMs = performance.now();
  const reader = new JournalReader(storage, { fromSequence, toSequence });
  while (reader.readRecords(records, 0, BATCH) > 0);
  reader.close();
  return performance.now() - startMs;
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} ${text}: a whole number above 0`);
  return value;
}

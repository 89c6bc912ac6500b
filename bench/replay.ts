/**
 * Replay of a warm journal: the mix of the matching benchmark is played once on one thread, journaled, and then replayed
 * from the files, which are in the page cache. Reading, checksums and business logic are in the time, making the journal
 * is not. Both hashes must be those of the live run, or no figure is printed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { JournalDirectory } from '../journal/journal-directory.js';
import { JournalWriter } from '../journal/journal-writer.js';
import { openStorage } from '../journal/open-storage.js';
import { recover } from '../journal/recover.js';
import { type ReplayResult, replayJournal } from '../replay/replay-journal.js';
import { Core } from '../src/core/core.js';
import { BusinessLogicProcessor } from '../src/engine/business-logic-processor.js';
import { EventBuffer } from '../src/engine/event-buffer.js';
import { tuneCompiler } from '../src/runtime/compiler-flags.js';
import { SLOT_WORDS } from '../src/wire/slot.js';
import type { CommandTape } from './command-tape.js';
import { mixCapacities, mixTape } from './matching-mix.js';

export interface ReplayBenchOptions {
  /** Commands of the mix. */
  readonly commands: number;
  readonly seed: number;
  /** Measured replays; one more goes before them. */
  readonly runs: number;
  readonly onLine?: (line: string) => void;
}

export interface ReplayFigures {
  readonly commands: number;
  /** Median of the runs. */
  readonly perSecond: number;
  readonly bestPerSecond: number;
  readonly lastSequence: number;
  readonly stateHash: string;
  readonly outputHash: string;
  /** Bytes of the journal's segments. */
  readonly journalBytes: number;
}

const IDENTITY = { clusterId: 1n, nodeId: 1 };
const BATCH = 1024;

/** The benchmark as the bench command knows it: `--commands N --seed N --runs N`. */
export const replay = {
  summary: 'commands per second from a journal on disk through the business logic',
  async run(args: readonly string[], json: boolean): Promise<ReplayFigures> {
    tuneCompiler();
    const { values } = parseArgs({
      args: [...args],
      options: {
        commands: { type: 'string', default: '3000000' },
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
export function runReplay(options: ReplayBenchOptions): ReplayFigures {
  const directory = mkdtempSync(join(tmpdir(), 'ringfence-bench-replay-'));
  try {
    const live = makeJournal(directory, mixTape(options.commands, options.seed));
    options.onLine?.(`${live.commands} commands, ${Math.round(live.journalBytes / 2 ** 20)} MiB of journal`);
    const results: ReplayResult[] = [];
    for (let run = 0; run <= options.runs; run++) {
      const result = replayJournal({ directory, core: new Core(mixCapacities()) });
      if (result.stateHash !== live.stateHash || result.outputHash !== live.outputHash) {
        throw new Error(
          `replay gave ${result.stateHash} ${result.outputHash}, live was ${live.stateHash} ${live.outputHash}`,
        );
      }
      if (run > 0) results.push(result);
    }
    const rates = results.map((result) => result.perSecond).sort((a, b) => a - b);
    const figures: ReplayFigures = {
      commands: live.commands,
      perSecond: rates[rates.length >> 1],
      bestPerSecond: rates[rates.length - 1],
      lastSequence: live.commands,
      stateHash: live.stateHash,
      outputHash: live.outputHash,
      journalBytes: live.journalBytes,
    };
    options.onLine?.(
      `${(figures.perSecond / 1e6).toFixed(2)} M commands/s median of ${rates.length}, ` +
        `best ${(figures.bestPerSecond / 1e6).toFixed(2)} M; state ${figures.stateHash}, output ${figures.outputHash}`,
    );
    return figures;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

interface LiveRun {
  readonly commands: number;
  readonly stateHash: string;
  readonly outputHash: string;
  readonly journalBytes: number;
}

/** Plays the tape and writes its journal. */
function makeJournal(directory: string, tape: CommandTape): LiveRun {
  const lock = JournalDirectory.open(directory, IDENTITY);
  const storage = openStorage(directory);
  const writer = JournalWriter.open(storage, IDENTITY, recover(storage, IDENTITY));
  const events = new EventBuffer();
  const processor = new BusinessLogicProcessor(new Core(mixCapacities()), events);
  for (let done = 0; done < tape.count; ) {
    const count = Math.min(BATCH, tape.count - done);
    writer.appendRecords(tape.words, done * SLOT_WORDS, count);
    for (let i = 0; i < count; i++) processor.onCommand(tape.words, (done + i) * SLOT_WORDS);
    events.clear();
    done += count;
  }
  writer.close();
  lock.close();
  return {
    commands: tape.count,
    stateHash: processor.stateHash(),
    outputHash: processor.outputHash(),
    journalBytes: recover(storage, IDENTITY).bytes,
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} ${text}: a whole number above 0`);
  return value;
}

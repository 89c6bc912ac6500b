/**
 * How long a node is away that replays many commands after its snapshot: from its start until it is ready for commands, all
 * threads in it.
 */
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { JournalDirectory } from '../journal/journal-directory.js';
import { JournalWriter } from '../journal/journal-writer.js';
import { openStorage } from '../journal/open-storage.js';
import { type RecoveryReport, recover } from '../journal/recover.js';
import { readInt64, writeInt64 } from '../src/base/int64.js';
import { initDataDir } from '../src/cli/init-data-dir.js';
import { takeSnapshotNow } from '../src/cli/snapshot-tools.js';
import { type NodeConfig, resolveConfig } from '../src/node/config.js';
import { startNode } from '../src/node/node.js';
import { HeaderWord, SLOT_WORDS } from '../src/wire/slot.js';
import { type CommandTape, ROUND_COMMANDS } from './command-tape.js';
import { MIX_LOADS } from './matching-mix.js';
import { makeMixTape } from './matching-rig.js';

const BATCH = 256;
const FLAGS = {
  port: '0',
  adminPort: '0',
  replicationPort: '0',
  snapshotEveryCommands: '0',
  snapshotEveryMinutes: '0',
  logLevel: 'silent',
};

export interface NodeStartFigures {
  readonly replayed: number;
  /** Milliseconds, as the node reports them; median of the runs. */
  readonly elapsedMs: number;
}

/**
 * Makes a node in `directory` with a snapshot of a market that is set up, gives its journal `commands` commands or some more,
 * and starts it `runs` times.
 */
export async function measureNodeStart(
  directory: string,
  commands: number,
  runs: number,
  say: (line: string) => void,
): Promise<NodeStartFigures> {
  initDataDir({ dataDir: directory, join: undefined, replicationKey: undefined, flags: FLAGS });
  const config = resolveConfig({ ...FLAGS, dataDir: directory }, {});
  // Begins the journal: its own epoch, and the administrator's key.
  await startOnce(config);
  const tape = await makeMixTape(Math.min(commands, ROUND_COMMANDS), 1, MIX_LOADS.mix);
  append(config, (writer, recovered) => {
    follow(tape, recovered.lastSequence, recovered.lastTimestampUs);
    appendSlots(writer, tape, 0, tape.setupCount);
  });
  await takeSnapshotNow({ dataDir: directory }, new PassThrough());
  append(config, (writer) => {
    appendSlots(writer, tape, tape.setupCount, tape.count);
    const round = tape.count - tape.onceCount;
    for (let appended = tape.count - tape.setupCount; appended < commands; appended += round) {
      tape.renumber();
      appendSlots(writer, tape, tape.onceCount, tape.count);
    }
  });
  const starts: NodeStartFigures[] = [];
  for (let run = 0; run < runs; run++) {
    starts.push(await startOnce(config));
    say(`  ${starts.at(-1)!.replayed} commands: ready after ${starts.at(-1)!.elapsedMs} ms`);
  }
  starts.sort((one, other) => one.elapsedMs - other.elapsedMs);
  const median = starts[starts.length >> 1]!;
  say(`start of a node: ${median.elapsedMs} ms median of ${runs}, ${median.replayed} commands replayed`);
  return median;
}

async function startOnce(config: NodeConfig): Promise<NodeStartFigures> {
  const node = await startNode(config);
  const { replayed, elapsedMs } = node.startReport();
  await node.stop();
  return { replayed, elapsedMs };
}

/** Writes to the journal of a node that does not run. */
function append(config: NodeConfig, write: (writer: JournalWriter, recovered: RecoveryReport) => void): void {
  const identity = { clusterId: BigInt(config.clusterId), nodeId: config.nodeId };
  const directory = join(config.dataDir, 'journal');
  const lock = JournalDirectory.open(directory, identity);
  const storage = openStorage(directory);
  const recovered = recover(storage, identity);
  const writer = JournalWriter.open(storage, identity, recovered);
  write(writer, recovered);
  writer.close();
  lock.close();
}

function appendSlots(writer: JournalWriter, tape: CommandTape, from: number, to: number): void {
  for (let n = from; n < to; n += BATCH) {
    writer.appendRecords(tape.words, n * SLOT_WORDS, Math.min(BATCH, to - n));
  }
}

/** Numbers and stamps a tape behind what is in the journal; its keys come behind the administrator's. */
function follow(tape: CommandTape, lastSequence: number, lastTimestampUs: number): void {
  const { words } = tape;
  for (let n = 0; n < tape.count; n++) {
    const at = n * SLOT_WORDS;
    writeInt64(words, at + HeaderWord.sequence, lastSequence + readInt64(words, at + HeaderWord.sequence));
    writeInt64(words, at + HeaderWord.timestampUs, lastTimestampUs + 1 + n);
    if (words[at + HeaderWord.sessionId] !== 0) words[at + HeaderWord.sessionId]! += 1;
  }
}

/**
 * One step of the replay benchmark in an isolate of its own: the code of the core holds the addresses of one core, so a
 * second one in the same thread would be slower than any that a node has.
 */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { JournalDirectory } from '../journal/journal-directory.js';
import { JournalWriter } from '../journal/journal-writer.js';
import { openStorage } from '../journal/open-storage.js';
import { recover } from '../journal/recover.js';
import type { SnapshotLimits } from '../journal/snapshot-store.js';
import { openSnapshots, SNAPSHOT_DIRECTORY } from '../journal/snapshot-store.js';
import { type ReplayResult, replayJournal } from '../replay/replay-journal.js';
import { takeSnapshot } from '../replay/take-snapshot.js';
import { Core } from '../src/core/core.js';
import { BusinessLogicProcessor } from '../src/engine/business-logic-processor.js';
import { EventBuffer } from '../src/engine/event-buffer.js';
import { SLOT_WORDS } from '../src/wire/slot.js';
import type { CommandTape } from './command-tape.js';
import { mixCapacities } from './matching-mix.js';

/** Plays a tape and writes its journal, with a snapshot after the command `snapshotAt` unless that is 0. */
export interface MakeOrder {
  readonly directory: string;
  readonly tape: Pick<CommandTape, 'words' | 'count'>;
  readonly snapshotAt: number;
}

export interface ReplayOrder {
  readonly directory: string;
  readonly from: SnapshotLimits | undefined;
}

export interface LiveRun {
  readonly commands: number;
  readonly stateHash: string;
  readonly outputHash: string;
  readonly journalBytes: number;
}

const IDENTITY = { clusterId: 1n, nodeId: 1 };
const BATCH = 1024;

const order = workerData as MakeOrder | ReplayOrder;
parentPort!.postMessage('tape' in order ? make(order) : play(order));

function play({ directory, from }: ReplayOrder): ReplayResult {
  const core = new Core(mixCapacities());
  return replayJournal({ directory, core, ...(from === undefined ? {} : { from }) });
}

function make({ directory, tape, snapshotAt }: MakeOrder): LiveRun {
  const lock = JournalDirectory.open(directory, IDENTITY);
  const storage = openStorage(directory);
  const writer = JournalWriter.open(storage, IDENTITY, recover(storage, IDENTITY));
  const events = new EventBuffer();
  const processor = new BusinessLogicProcessor(new Core(mixCapacities()), events);
  for (let done = 0; done < tape.count; ) {
    const end = done < snapshotAt ? snapshotAt : tape.count;
    const count = Math.min(BATCH, end - done);
    writer.appendRecords(tape.words, done * SLOT_WORDS, count);
    for (let i = 0; i < count; i++) processor.onCommand(tape.words, (done + i) * SLOT_WORDS);
    events.clear();
    done += count;
    if (done !== snapshotAt) continue;
    writer.sync();
    mkdirSync(join(directory, SNAPSHOT_DIRECTORY));
    const snapshots = openSnapshots(directory)!;
    const { chain } = writer;
    takeSnapshot(processor, { storage: snapshots, ...IDENTITY, sequence: done, chain, takenAtMs: 0 });
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

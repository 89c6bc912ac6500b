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
import { CommandTape } from './command-tape.js';
import { mixCapacities } from './matching-mix.js';

/**
 * Plays a tape and writes its journal, with a snapshot after the command `snapshotAt` of the first round unless that is 0.
 * What comes once is in the first round only.
 */
export interface MakeOrder {
  readonly directory: string;
  /** A CommandTape, without its methods. */
  readonly tape: CommandTape;
  readonly snapshotAt: number;
  readonly rounds: number;
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

function make({ directory, tape: plainTape, snapshotAt, rounds }: MakeOrder): LiveRun {
  const tape: CommandTape = Object.setPrototypeOf(plainTape, CommandTape.prototype);
  const lock = JournalDirectory.open(directory, IDENTITY);
  const storage = openStorage(directory);
  const writer = JournalWriter.open(storage, IDENTITY, recover(storage, IDENTITY));
  const events = new EventBuffer();
  const processor = new BusinessLogicProcessor(new Core(mixCapacities()), events);
  const play = (from: number, to: number): void => {
    for (let done = from; done < to; ) {
      const count = Math.min(BATCH, to - done);
      writer.appendRecords(tape.words, done * SLOT_WORDS, count);
      for (let i = 0; i < count; i++) processor.onCommand(tape.words, (done + i) * SLOT_WORDS);
      events.clear();
      done += count;
    }
  };
  play(0, snapshotAt);
  if (snapshotAt > 0) {
    writer.sync();
    mkdirSync(join(directory, SNAPSHOT_DIRECTORY));
    const snapshots = openSnapshots(directory)!;
    const { chain } = writer;
    takeSnapshot(processor, { storage: snapshots, ...IDENTITY, sequence: snapshotAt, chain, takenAtMs: 0 });
  }
  play(snapshotAt, tape.count);
  for (let round = 1; round < rounds; round++) {
    tape.renumber();
    play(tape.onceCount, tape.count);
  }
  const commands = writer.writtenSequence;
  writer.close();
  lock.close();
  return {
    commands,
    stateHash: processor.stateHash(),
    outputHash: processor.outputHash(),
    journalBytes: recover(storage, IDENTITY).bytes,
  };
}

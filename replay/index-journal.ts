/** Makes the index of accounts of a journal anew, by a replay of all that is there. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  ACCOUNT_INDEX_DIRECTORY,
  accountIndexNames,
  openAccountIndex,
} from '../journal/account-index-store.js';
import { JournalTail } from '../journal/journal-tail.js';
import { openStorage } from '../journal/open-storage.js';
import { recover } from '../journal/recover.js';
import {
  oldestSequenceNeeded,
  openSnapshots,
  parseSnapshotName,
  snapshotNames,
} from '../journal/snapshot-store.js';
import { readInt64 } from '../src/base/int64.js';
import { Core } from '../src/core/core.js';
import { HeaderWord } from '../src/wire/slot.js';
import { AccountIndexer } from './account-indexer.js';
import { chooseStart, replayInBatches } from './replay-journal.js';

export interface IndexJournalOptions {
  /** The journal directory; the caller holds its lock. */
  readonly directory: string;
  readonly clusterId: bigint;
  /** A fresh core of the capacity of the node; default one with the default capacities. */
  readonly core?: Core;
  readonly onProgress?: (sequence: number, lastSequence: number) => void;
}

export interface IndexedJournal {
  /** Commands that are in the index, the first and the last. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly blocks: number;
  readonly bytes: number;
  readonly elapsedMs: number;
}

/**
 * Removes the blocks that are there and writes all of them again: from the first command on, or from the oldest snapshot
 * where retention has removed what was before it.
 * @throws coded errors of the journal, for what is read and for a block that cannot be written
 */
export function indexJournal(options: IndexJournalOptions): IndexedJournal {
  const startMs = performance.now();
  const { clusterId, core = new Core(), directory, onProgress } = options;
  mkdirSync(join(directory, ACCOUNT_INDEX_DIRECTORY), { recursive: true, mode: 0o700 });
  const storage = openAccountIndex(directory)!;
  const journal = openStorage(directory, 'positional');
  const report = recover(journal, undefined, { mayBeginLater: true });
  for (const name of accountIndexNames(storage)) storage.remove(name);
  storage.syncDirectory();
  const tail = new JournalTail(journal);
  let position = { sequence: 0, chain: 0 };
  let indexer: AccountIndexer | undefined;
  const snapshots = openSnapshots(directory);
  const from = { sequence: oldestSequenceNeeded(snapshots) - 1 };
  // Blocks end where a node ends them.
  const snapshotsAt = new Set(snapshotNames(snapshots).map(parseSnapshotName));
  const replayOptions = {
    directory,
    core,
    ...(report.firstSequence > 1 ? { from } : {}),
    ...(onProgress === undefined ? {} : { onProgress }),
    onStart: () => {
      indexer = new AccountIndexer({ core, storage, clusterId, position, end: position, rest: () => {} });
    },
    onCommand: (words: Int32Array, at: number) => {
      const sequence = readInt64(words, at + HeaderWord.sequence);
      indexer!.note(sequence, readInt64(words, at + HeaderWord.timestampUs));
      const isEnd = snapshotsAt.has(sequence);
      if (isEnd || indexer!.isFull) indexer!.write(tail.placeOf(sequence)!, 0, true);
    },
  };
  const start = chooseStart(replayOptions, journal, report);
  if (start.snapshot !== undefined) position = start.snapshot.facts;
  const steps = replayInBatches(replayOptions, start);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  const { lastSequence } = step.value;
  indexer!.write(tail.placeOf(lastSequence)!, 0);
  return {
    firstSequence: position.sequence + 1,
    lastSequence,
    blocks: accountIndexNames(storage).length,
    bytes: indexer!.bytes,
    elapsedMs: Math.round(performance.now() - startMs),
  };
}

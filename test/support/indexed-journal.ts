/** A journal of random commands with a snapshot in the middle and an index of accounts, in a directory of its own. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openFlatStorage, openStorage } from '../../journal/open-storage.js';
import { SNAPSHOT_DIRECTORY } from '../../journal/snapshot-store.js';
import { indexJournal } from '../../replay/index-journal.js';
import { Core } from '../../src/core/core.js';
import { IDENTITY } from './journal-records.js';
import { temporaryDirectory } from './journal-storages.js';
import { CORE, writeSnapshotJournal } from './snapshot-journal.js';

/** Blocks end where the snapshots are taken, after the commands in `at`. Returns the journal directory. */
export function indexedJournal(words: Int32Array, at: readonly number[]): string {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, SNAPSHOT_DIRECTORY));
  const snapshots = openFlatStorage(join(directory, SNAPSHOT_DIRECTORY), 'positional');
  writeSnapshotJournal(openStorage(directory), snapshots, words, at);
  indexJournal({ directory, clusterId: IDENTITY.clusterId, core: new Core(CORE) });
  return directory;
}

/** Where a start goes on: the newest good snapshot, or the first command of the journal. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { missingBeginning, type RecoveryReport } from '../../journal/recover.js';
import {
  chooseSnapshot,
  openSnapshots,
  type RefusedSnapshot,
  removeUnfinishedSnapshots,
  SNAPSHOT_DIRECTORY,
} from '../../journal/snapshot-store.js';
import type { Storage } from '../../journal/storage.js';

export interface StartPoint {
  /** Undefined = the first command. */
  readonly snapshot: SharedArrayBuffer | undefined;
  readonly file: string;
  /** Last command that is in the snapshot; 0 without one. */
  readonly sequence: number;
  /** Snapshots that could not be gone on from, and why. */
  readonly refused: readonly RefusedSnapshot[];
  /** Half-written snapshots of a crash; they are gone. */
  readonly removed: readonly string[];
}

/**
 * Finds it. The caller holds the lock of the journal in `directory`.
 * @param excluded snapshots that an attempt to start has found to be of no use
 * @throws JournalCorruptionError when neither the first command nor a good snapshot is there
 */
export function findStartPoint(
  journal: Storage,
  directory: string,
  report: RecoveryReport,
  excluded: readonly RefusedSnapshot[],
): StartPoint {
  mkdirSync(join(directory, SNAPSHOT_DIRECTORY), { recursive: true, mode: 0o700 });
  const snapshots = openSnapshots(directory)!;
  const removed = removeUnfinishedSnapshots(snapshots);
  const { snapshot, file, refused } = chooseSnapshot(journal, snapshots, report, { excluded });
  if (snapshot === undefined && report.firstSequence > 1) throw missingBeginning(journal);
  const sequence = snapshot?.facts.sequence ?? 0;
  return { snapshot: snapshot?.memory, file, sequence, refused, removed };
}

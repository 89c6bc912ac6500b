/** The snapshots of a journal: which there are, which of them a start may go on from, and how long they are kept. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { JournalCorruptionError, JournalError } from './errors.js';
import { JournalTail } from './journal-tail.js';
import { openFlatStorage } from './open-storage.js';
import { type RecoveryReport, segmentNames } from './recover.js';
import { SegmentScanner } from './segment-scanner.js';
import {
  readSnapshotFacts,
  readSnapshotFile,
  type SnapshotFacts,
  type SnapshotFile,
} from './snapshot-file.js';
import type { Storage } from './storage.js';

/** Inside of the journal directory. */
export const SNAPSHOT_DIRECTORY = 'snapshots';
const NAME = /^(\d{20})\.snap$/;

/** `00000000000001000000.snap`: the last command that is in it, so that names sort as sequences do. */
export function snapshotName(sequence: number): string {
  return `${String(sequence).padStart(20, '0')}.snap`;
}

/** The sequence in a name, or undefined when it is not the name of a snapshot. */
export function parseSnapshotName(name: string): number | undefined {
  const match = NAME.exec(name);
  return match === null ? undefined : Number(match[1]);
}

/** The snapshots beside the journal in `journalDirectory`; undefined when there is no directory of them. */
export function openSnapshots(journalDirectory: string): Storage | undefined {
  const directory = join(journalDirectory, SNAPSHOT_DIRECTORY);
  return existsSync(directory) ? openFlatStorage(directory, 'positional') : undefined;
}

/** Names of the snapshots, newest first; whether they are good is not looked at. */
export function snapshotNames(storage: Storage | undefined): string[] {
  if (storage === undefined) return [];
  return storage
    .list()
    .filter((name) => parseSnapshotName(name) !== undefined)
    .reverse();
}

/**
 * The first command that the journal must still hold so that every snapshot that is kept can be gone on from; 1 when
 * there is none, because a start then replays everything. Retention may remove segments that end before it.
 */
export function oldestSequenceNeeded(storage: Storage | undefined): number {
  const oldest = snapshotNames(storage).at(-1);
  return oldest === undefined ? 1 : parseSnapshotName(oldest)! + 1;
}

/** Removes what a writer that was ended has left half written. For the owner of the directory only. */
export function removeUnfinishedSnapshots(storage: Storage): string[] {
  const unfinished = storage.list().filter((name) => name.endsWith('.snap.tmp'));
  for (const name of unfinished) storage.remove(name);
  return unfinished;
}

/**
 * Removes all but the `kept` newest snapshots; returns the names of those that went.
 * @param onPiece called after each piece of room that was given back
 */
export function removeOldSnapshots(storage: Storage, kept: number, onPiece?: () => void): string[] {
  const old = snapshotNames(storage).slice(kept);
  for (const name of old) storage.remove(name, onPiece);
  if (old.length > 0) storage.syncDirectory();
  return old;
}

export interface SnapshotChoice {
  /** The newest one that can be gone on from; undefined = the replay begins with the first command. */
  readonly snapshot: SnapshotFile | undefined;
  readonly file: string;
  /** Newer ones that cannot, and why. */
  readonly refused: readonly RefusedSnapshot[];
}

export interface RefusedSnapshot {
  readonly file: string;
  readonly reason: string;
}

export interface SnapshotLimits {
  /** Only snapshots of this command or of an earlier one. */
  readonly sequence?: number;
  /** Only snapshots of a command of this time, epoch microseconds, or of an earlier one. */
  readonly timeUs?: number;
  /** Files that are known to be of no use. */
  readonly excluded?: readonly RefusedSnapshot[];
}

/**
 * Chooses the newest good snapshot that belongs to the journal, which `report` is of, and from whose end on the journal is
 * there. One that is damaged, of a newer release, of another journal, or too old for what is left of the journal is
 * passed over.
 * @throws JournalCorruptionError when the journal ends before a good snapshot of it, and `limits` do not leave that out
 */
export function chooseSnapshot(
  journal: Storage,
  snapshots: Storage | undefined,
  report: RecoveryReport,
  limits: SnapshotLimits = {},
): SnapshotChoice {
  const { sequence = Number.MAX_SAFE_INTEGER, timeUs = Number.MAX_SAFE_INTEGER, excluded = [] } = limits;
  const refused: RefusedSnapshot[] = [];
  for (const file of snapshotNames(snapshots)) {
    if (parseSnapshotName(file)! > sequence) continue;
    const known = excluded.find((one) => one.file === file);
    if (known !== undefined) {
      refused.push(known);
      continue;
    }
    try {
      if (readSnapshotFacts(snapshots!, file).timestampUs > timeUs) continue;
      const snapshot = readSnapshotFile(snapshots!, file);
      const reason = whyNot(journal, report, snapshot.facts, parseSnapshotName(file)!);
      if (reason === '') return { snapshot, file, refused };
      refused.push({ file, reason });
    } catch (error) {
      if (!(error instanceof JournalError) || error instanceof JournalAheadError) throw error;
      refused.push({ file, reason: error.message });
    }
  }
  return { snapshot: undefined, file: '', refused };
}

/** A snapshot is of what was durable: a journal that ends before it has lost its end. */
class JournalAheadError extends JournalCorruptionError {}

/** Why a snapshot that is good in itself cannot be gone on from with this journal; '' = it can. */
function whyNot(journal: Storage, report: RecoveryReport, facts: SnapshotFacts, named: number): string {
  if (facts.sequence !== named) return `it holds command ${facts.sequence}, not ${named}`;
  if (facts.sequence < report.firstSequence - 1) {
    return `the journal begins with command ${report.firstSequence} only`;
  }
  if (facts.sequence > report.lastSequence) {
    const wanted = `sequence ${facts.sequence}, of which there is a snapshot`;
    throw new JournalAheadError(report.lastFile, report.lastFileEnd, wanted, 'the end');
  }
  const chain = chainAfter(journal, report, facts.sequence);
  return chain === facts.chain ? '' : `it is of another journal: chain ${facts.chain}, here ${chain}`;
}

/** Chain of the journal after a command that it holds, or after the one before its first. */
function chainAfter(journal: Storage, report: RecoveryReport, sequence: number): number | undefined {
  if (sequence === report.lastSequence) return report.chain;
  if (sequence >= report.firstSequence) return new JournalTail(journal).chainAt(sequence);
  const first = new SegmentScanner(journal, segmentNames(journal)[0]!);
  first.close();
  return first.header.chain;
}

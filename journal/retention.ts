/**
 * Retention: which of the oldest segments may go, which stay, and why. What stays decides:
 *
 * - the segments that a start from the oldest kept snapshot replays, and all of them while there is no snapshot;
 * - what the attached standby has not made durable yet;
 * - the newest segment, and those that have no line in the signed manifest;
 * - what is younger than the rule says, while all of it fits the size.
 *
 * Only the oldest segments go, without a gap. The removal is declared by a signed line in the manifest, durable before the
 * first file goes: a journal that begins later without such a line is a damaged one.
 */
import { ARCHIVE_SUFFIX, archiveName } from './archive-file.js';
import { JournalCorruptionError } from './errors.js';
import {
  appendToManifest,
  type ManifestEntry,
  readManifestLines,
  removedThrough,
  segmentEntries,
} from './manifest.js';
import type { ManifestSigner } from './manifest-key.js';
import { segmentNames } from './recover.js';
import type { JournalIdentity } from './segment.js';
import { layoutName } from './segment-layout.js';
import { SegmentScanner } from './segment-scanner.js';
import type { Storage } from './storage.js';
import { TieredStorage } from './tiered-storage.js';

/** The rule; a segment falls under it when one of the two says so. Without either nothing goes. */
export interface RetentionRule {
  /** Segments sealed at or before this wall clock time may go, epoch microseconds. */
  readonly sealedBeforeUs?: number;
  /** The oldest may go while all copies of all segments take more bytes on disk than this. */
  readonly maxBytes?: number;
}

/** What must stay whatever the rule says. */
export interface RetentionNeeds {
  /** First command that a start from the oldest kept snapshot replays; 1 = there is no snapshot. */
  readonly snapshotSequence: number;
  /** First command that the attached standby has not made durable; undefined = none is attached. */
  readonly standbySequence?: number;
}

export interface RetentionVerdict {
  readonly segment: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Of all its copies, here and in archives, as they stand on disk. */
  readonly storedBytes: number;
  readonly goes: boolean;
  readonly reason: string;
}

export interface RetentionPlan {
  /** Oldest first; those that go come before those that stay. */
  readonly verdicts: readonly RetentionVerdict[];
  readonly storedBytes: number;
  readonly freedBytes: number;
}

/**
 * Decides; changes nothing.
 * @param local the journal directory alone; @param archives its tiers
 * @throws coded errors when a segment or the manifest cannot be read
 */
export function planRetention(
  local: Storage,
  archives: readonly Storage[],
  rule: RetentionRule,
  needs: RetentionNeeds,
): RetentionPlan {
  const all = new TieredStorage(local, () => archives);
  const names = segmentNames(all);
  const entries = new Map(segmentEntries(readManifestLines(local)).map((entry) => [entry.segment, entry]));
  const stored = names.map((name) => storedBytesOf(name, local, archives));
  const storedBytes = stored.reduce((sum, bytes) => sum + bytes, 0);
  const verdicts: RetentionVerdict[] = [];
  let freedBytes = 0;
  let isOver = false;
  for (const [index, name] of names.entries()) {
    const successor = names[index + 1];
    const header = headerOf(all, name);
    const entry = entries.get(name);
    const kept = keptBecause(entry, successor, needs);
    const falls = kept === '' ? fallsUnder(all, successor!, rule, storedBytes - freedBytes) : '';
    // What follows a segment that stays, stays too: history has no holes.
    isOver ||= falls === '';
    if (!isOver) freedBytes += stored[index]!;
    verdicts.push({
      segment: name,
      firstSequence: header.firstSequence,
      lastSequence: entry?.lastSequence ?? (successor ? headerOf(all, successor).firstSequence - 1 : 0),
      storedBytes: stored[index]!,
      goes: !isOver,
      reason: isOver ? kept || (falls === '' ? 'the rule keeps it' : 'an older segment stays') : falls,
    });
  }
  return { verdicts, storedBytes, freedBytes };
}

/**
 * Removes what the plan lets go, oldest first. A crash at any place leaves a journal that the next run goes on with.
 * @param nowUs wall clock, for the record; @param onPiece called after each piece of room that was given back; @returns the last command that was removed, 0 = nothing was to go
 * @throws JournalCorruptionError when a segment has no line in the manifest: the plan is not of this journal
 */
export function applyRetention(
  local: Storage,
  archives: readonly Storage[],
  plan: RetentionPlan,
  identity: JournalIdentity,
  signer: ManifestSigner,
  nowUs: number,
  onPiece?: () => void,
): number {
  const going = plan.verdicts.filter(({ goes }) => goes);
  const [first] = going;
  const last = going.at(-1);
  if (first === undefined || last === undefined) return 0;
  const lines = readManifestLines(local);
  const entries = segmentEntries(lines);
  for (const { segment } of going) {
    if (entries.every((entry) => entry.segment !== segment))
      throw new JournalCorruptionError(segment, 0, 'a line in the manifest', 'none');
  }
  if (removedThrough(lines) < last.lastSequence) {
    const { firstSequence } = first;
    const { lastSequence, reason } = last;
    appendToManifest(
      local,
      { kind: 'removal', firstSequence, lastSequence, atUs: nowUs, reason },
      identity,
      signer,
    );
  }
  for (const { segment } of going) {
    for (const archive of archives) {
      if (!archive.exists(archiveName(segment))) continue;
      archive.remove(archiveName(segment), onPiece);
      archive.syncDirectory();
    }
    for (const name of [segment, layoutName(segment)]) if (local.exists(name)) local.remove(name, onPiece);
    local.syncDirectory();
  }
  return last.lastSequence;
}

/** Why the segment must stay whatever the rule says; '' = it need not. */
function keptBecause(
  entry: ManifestEntry | undefined,
  successor: string | undefined,
  { snapshotSequence, standbySequence }: RetentionNeeds,
): string {
  if (successor === undefined) return 'it is written to';
  if (entry === undefined) return 'it has no line in the signed manifest yet';
  if (snapshotSequence <= 1) return 'there is no snapshot to start from instead';
  if (entry.lastSequence >= snapshotSequence)
    return `the oldest kept snapshot goes on from command ${snapshotSequence}`;
  if (standbySequence !== undefined && entry.lastSequence >= standbySequence)
    return `the standby has yet to store command ${standbySequence}`;
  return '';
}

/** Which part of the rule the segment falls under; '' = none. */
function fallsUnder(all: Storage, successor: string, rule: RetentionRule, bytesLeft: number): string {
  // A segment is sealed when the next one is begun.
  const { sealedBeforeUs, maxBytes } = rule;
  const sealedAtUs = headerOf(all, successor).createdAtUs;
  if (sealedBeforeUs !== undefined && sealedAtUs <= sealedBeforeUs)
    return `sealed ${new Date(sealedAtUs / 1000).toISOString()}, before ${new Date(sealedBeforeUs / 1000).toISOString()}`;
  if (maxBytes !== undefined && bytesLeft > maxBytes) return `${bytesLeft} bytes are more than ${maxBytes}`;
  return '';
}

function storedBytesOf(name: string, local: Storage, archives: readonly Storage[]): number {
  let bytes = local.exists(name) ? sizeOf(local, name) : 0;
  for (const archive of archives) {
    if (archive.exists(name + ARCHIVE_SUFFIX)) bytes += sizeOf(archive, name + ARCHIVE_SUFFIX);
  }
  return bytes;
}

function sizeOf(storage: Storage, name: string): number {
  const file = storage.openForRead(name);
  try {
    return file.bytes;
  } finally {
    file.close();
  }
}

function headerOf(storage: Storage, name: string) {
  const scanner = new SegmentScanner(storage, name);
  scanner.close();
  return scanner.header;
}

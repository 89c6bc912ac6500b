/**
 * Reads sealed segments and archives again, without hurry, and compares them with the manifest: rot is to be found while
 * there is still another copy. Reads only; damage is reported, not thrown.
 */
import { ArchivedFile, archiveName } from './archive-file.js';
import { JournalCorruptionError, JournalError } from './errors.js';
import { type ManifestEntry, readManifestLines, removedThrough, segmentEntries } from './manifest.js';
import type { SegmentCopy } from './repair.js';
import { firstDifference, PIECE_BYTES, sumInSteps } from './segment-sum.js';
import type { Storage } from './storage.js';
import { differenceFrom, type JournalProblem, problemOf } from './verify.js';

export interface ScrubOptions {
  /** Raw bytes to read each second. */
  readonly bytesPerSecond: number;
  /** Waits so long. */
  readonly rest: (ms: number) => Promise<void>;
  readonly nowMs: () => number;
  /** Told after each piece. */
  readonly onProgress?: (bytesDone: number, bytesTotal: number) => void;
}

export interface ScrubReport {
  /** No copy of any segment has changed, and each segment has one. */
  readonly ok: boolean;
  /** Copies that were read: a segment may have one in the directory and one in an archive. */
  readonly copies: number;
  readonly bytes: number;
  readonly problems: readonly JournalProblem[];
}

/** A copy that is not what was signed, or cannot be read; without a copy the segment itself is gone. */
export interface Damage {
  readonly entry: ManifestEntry;
  readonly copy: SegmentCopy | undefined;
  readonly error: JournalError;
}

/**
 * Reads every copy of every segment in the manifest.
 * @param local the journal directory alone; @param archives its tiers
 * @throws coded errors when the manifest cannot be read
 */
export async function scrubJournal(
  local: Storage,
  archives: readonly Storage[],
  options: ScrubOptions,
): Promise<ScrubReport> {
  const problems: JournalProblem[] = [];
  const pace = new Pace(options);
  const steps = scrubInSteps(local, archives, ({ error }) => problems.push(problemOf(error)));
  for (;;) {
    const step = steps.next();
    if (step.done === true) return { ok: problems.length === 0, ...step.value, problems };
    options.onProgress?.(step.value.bytesDone, step.value.bytesTotal);
    await pace.after(step.value.bytesDone);
  }
}

/** The same a piece at a time, for a thread with other duties: yields after each piece. */
export function* scrubInSteps(
  local: Storage,
  archives: readonly Storage[],
  onDamage: (damage: Damage) => void,
): Generator<
  { readonly bytesDone: number; readonly bytesTotal: number },
  { readonly copies: number; readonly bytes: number }
> {
  const copies: SegmentCopy[] = [];
  const lines = readManifestLines(local);
  const removed = removedThrough(lines);
  for (const entry of segmentEntries(lines)) {
    const found = copiesOf(entry, local, archives);
    copies.push(...found);
    if (found.length === 0 && entry.lastSequence > removed)
      onDamage({ entry, copy: undefined, error: missing(entry) });
  }
  const bytesTotal = copies.reduce((sum, { entry }) => sum + entry.bytes, 0);
  let done = 0;
  for (const copy of copies) {
    // Moved or removed since the list was made: another pass looks at what it is then.
    if (!(copy.archive ?? local).exists(copy.file)) continue;
    try {
      for (const bytes of scrub(copy)) yield { bytesDone: done + bytes, bytesTotal };
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      if ((copy.archive ?? local).exists(copy.file)) onDamage({ entry: copy.entry, copy, error });
    }
    done += copy.entry.bytes;
  }
  return { copies: copies.length, bytes: bytesTotal };
}

/** All copies that there are; the one in the journal directory first. */
export function copiesOf(entry: ManifestEntry, local: Storage, archives: readonly Storage[]): SegmentCopy[] {
  const { segment } = entry;
  const copies: SegmentCopy[] = [];
  if (local.exists(segment)) {
    copies.push({ entry, file: segment, archive: undefined, open: () => local.openForRead(segment) });
  }
  for (const archive of archives) {
    const file = archiveName(segment);
    if (archive.exists(file))
      copies.push({ entry, file, archive, open: () => new ArchivedFile(archive, file) });
  }
  return copies;
}

/** Yields the bytes read so far after each piece; throws the finding, if there is one. */
function* scrub({ entry, file, open }: SegmentCopy): Generator<number, void> {
  const readable = open();
  try {
    const found = yield* sumInSteps(readable);
    const offset = firstDifference(entry, found);
    if (offset >= 0) throw differenceFrom(entry, offset, found.sha256, file);
  } finally {
    readable.close();
  }
}

function missing(entry: ManifestEntry): JournalCorruptionError {
  return new JournalCorruptionError(entry.segment, 0, 'the segment of the manifest', 'no such file');
}

/** Rests whenever more was read than the rate allows. */
class Pace {
  private readonly options: ScrubOptions;
  private readonly startMs: number;

  constructor(options: ScrubOptions) {
    this.options = options;
    this.startMs = options.nowMs();
  }

  async after(bytes: number): Promise<void> {
    const { bytesPerSecond, nowMs, rest } = this.options;
    const dueMs = this.startMs + (bytes * 1000) / bytesPerSecond;
    const earlyMs = dueMs - nowMs();
    if (earlyMs > 0) await rest(earlyMs);
  }
}

/** The slowest rate that still reads a piece in a few seconds. */
export const MIN_SCRUB_RATE = PIECE_BYTES / 4;

/**
 * Reads sealed segments and archives again, without hurry, and compares them with the manifest: rot is to be found while
 * there is still another copy. Reads only; damage is reported, not thrown.
 */
import { ArchivedFile, archiveName } from './archive-file.js';
import { JournalCorruptionError, JournalError } from './errors.js';
import { type ManifestEntry, readManifestLines, removedThrough, segmentEntries } from './manifest.js';
import { firstDifference, PIECE_BYTES, sumInSteps } from './segment-sum.js';
import type { ReadableFile, Storage } from './storage.js';
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

interface Copy {
  readonly entry: ManifestEntry;
  /** Name of the file it stands in, for the report. */
  readonly file: string;
  open(): ReadableFile;
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
  const copies: Copy[] = [];
  const lines = readManifestLines(local);
  const removed = removedThrough(lines);
  for (const entry of segmentEntries(lines)) {
    const found = copiesOf(entry, local, archives);
    copies.push(...found);
    if (found.length === 0 && entry.lastSequence > removed) problems.push(problemOf(missing(entry)));
  }
  const total = copies.reduce((sum, { entry }) => sum + entry.bytes, 0);
  const pace = new Pace(options);
  let done = 0;
  for (const copy of copies) {
    try {
      await scrub(copy, async (bytes) => {
        options.onProgress?.(done + bytes, total);
        await pace.after(done + bytes);
      });
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      problems.push(problemOf(error));
    }
    done += copy.entry.bytes;
  }
  return { ok: problems.length === 0, copies: copies.length, bytes: total, problems };
}

function copiesOf(entry: ManifestEntry, local: Storage, archives: readonly Storage[]): Copy[] {
  const { segment } = entry;
  const copies: Copy[] = [];
  if (local.exists(segment)) {
    copies.push({ entry, file: segment, open: () => local.openForRead(segment) });
  }
  for (const archive of archives) {
    const file = archiveName(segment);
    if (archive.exists(file)) copies.push({ entry, file, open: () => new ArchivedFile(archive, file) });
  }
  return copies;
}

/** Throws the finding, if there is one. */
async function scrub({ entry, file, open }: Copy, onBytes: (bytes: number) => Promise<void>): Promise<void> {
  const readable = open();
  try {
    const steps = sumInSteps(readable);
    for (;;) {
      const step = steps.next();
      if (!step.done) {
        await onBytes(step.value);
        continue;
      }
      const offset = firstDifference(entry, step.value);
      if (offset >= 0) throw differenceFrom(entry, offset, step.value.sha256, file);
      return;
    }
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

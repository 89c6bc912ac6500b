/** Checks a whole journal, every byte of it, and reports all that is wrong instead of stopping at the first. */
import { CONTROL_FILE, readControlFile } from './control-file.js';
import { digestJournal, formatDigest, type JournalDigest } from './digest.js';
import { JournalCorruptionError, JournalError } from './errors.js';
import { segmentHolding } from './journal-reader.js';
import {
  type ManifestEntry,
  type ManifestLine,
  manifestFaults,
  readManifestLines,
  removedThrough,
  type SignedSnapshot,
  segmentEntries,
} from './manifest.js';
import { recover, segmentNames } from './recover.js';
import { parseSegmentName } from './segment.js';
import { ScanStatus, SegmentScanner } from './segment-scanner.js';
import { firstDifference, sumFile } from './segment-sum.js';
import { snapshotLines } from './sign-snapshot.js';
import { SNAPSHOT_DIRECTORY } from './snapshot-store.js';
import type { Storage } from './storage.js';

export interface JournalProblem {
  /** `JOURNAL_CORRUPT`, `JOURNAL_NEWER_VERSION`, ... */
  readonly code: string;
  readonly file: string;
  readonly offset: number;
  readonly expected: string;
  readonly found: string;
  readonly message: string;
}

export interface VerifyReport {
  /** Nothing is wrong. A torn tail is not wrong: it is what a crash leaves, and the next start cuts it. */
  readonly ok: boolean;
  readonly segments: number;
  readonly frames: number;
  readonly records: number;
  readonly bytes: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly chain: number;
  readonly epoch: number;
  readonly durableSequence: number;
  readonly tornFile: string;
  readonly tornOffset: number;
  readonly tornBytes: number;
  /** Segments that the manifest vouches for, sealed ones that wait for their line, and the keys that signed. */
  readonly manifest: {
    readonly segments: number;
    readonly pending: number;
    /** Snapshots that are there and have their line. */
    readonly snapshots: number;
    /** Last command that retention has removed, which is no damage; 0 = none. */
    readonly removedThrough: number;
    readonly keys: readonly string[];
  };
  readonly problems: readonly JournalProblem[];
}

export interface VerifyOptions {
  /** Called after each segment. */
  readonly onProgress?: (segmentsDone: number, segmentsTotal: number) => void;
  /** Raw public key, hexadecimal, that must have signed the manifest; without it the keys that its lines name. */
  readonly publicKey?: string;
  /** What the journal must still be up to the digest's sequence. */
  readonly digest?: JournalDigest;
}

/**
 * Walks all segments. A segment with damage is left at that point and the walk goes on with the next one.
 * Never throws for what is wrong with the journal; throws for a directory that cannot be read.
 */
export function verifyJournal(storage: Storage, options: VerifyOptions = {}): VerifyReport {
  const problems: JournalProblem[] = [];
  const names = listed(storage, problems);
  let frames = 0;
  let records = 0;
  let bytes = 0;
  let last: SegmentScanner | undefined;
  for (const [index, name] of names.entries()) {
    const scanner = openSegment(storage, name, problems);
    if (scanner === undefined) continue;
    bytes += scanner.fileBytes;
    walk(scanner, index === names.length - 1, problems);
    frames += scanner.frames;
    records += scanner.nextSequence - scanner.header.firstSequence;
    checkSuccession(scanner, last, problems);
    scanner.close();
    last = scanner;
    options.onProgress?.(index + 1, names.length);
  }
  checkControlFile(storage, problems);
  const lines = checkManifest(storage, names, options.publicKey ?? '', problems);
  const entries = segmentEntries(lines);
  if (options.digest !== undefined) checkDigest(storage, options.digest, problems);
  const decision = decide(storage, problems);
  return {
    ok: problems.length === 0,
    segments: names.length,
    frames,
    records,
    bytes,
    firstSequence: records === 0 ? 0 : (parseSegmentName(names[0]!)?.firstSequence ?? 1),
    lastSequence: (last?.nextSequence ?? 1) - 1,
    chain: last?.chain ?? 0,
    epoch: last?.epoch ?? 0,
    durableSequence: decision?.durableSequence ?? last?.durableSequence ?? 0,
    tornFile: decision?.tornFile ?? '',
    tornOffset: decision?.tornOffset ?? 0,
    tornBytes: decision?.tornBytes ?? 0,
    manifest: {
      segments: entries.length,
      pending: names.slice(0, -1).filter((name) => entries.every(({ segment }) => segment !== name)).length,
      snapshots: [...snapshotLines(lines).keys()].filter((file) => storage.exists(snapshotPath(file))).length,
      removedThrough: removedThrough(lines),
      keys: [...new Set(lines.map((line) => line.key))],
    },
    problems,
  };
}

/** Checks the lines of the manifest, and each segment against its line. */
function checkManifest(
  storage: Storage,
  names: readonly string[],
  publicKey: string,
  problems: JournalProblem[],
): readonly ManifestLine[] {
  let lines: ManifestLine[];
  try {
    lines = readManifestLines(storage);
  } catch (error) {
    note(problems, error);
    return [];
  }
  for (const fault of manifestFaults(lines, publicKey)) note(problems, fault);
  const removed = removedThrough(lines);
  for (const line of snapshotLines(lines).values()) {
    try {
      checkSnapshot(storage, line);
    } catch (error) {
      note(problems, error);
    }
  }
  for (const entry of segmentEntries(lines)) {
    try {
      if (names.includes(entry.segment)) checkAgainst(storage, entry);
      else if (entry.lastSequence > removed)
        throw new JournalCorruptionError(entry.segment, 0, 'the segment of the manifest', 'no such file');
    } catch (error) {
      note(problems, error);
    }
  }
  return lines;
}

/** Throws when a snapshot is there and is not what was signed. Old ones go when there are enough newer ones. */
function checkSnapshot(storage: Storage, { file, sha256 }: SignedSnapshot): void {
  const name = snapshotPath(file);
  if (!storage.exists(name)) return;
  const snapshot = storage.openForRead(name);
  try {
    const found = sumFile(snapshot).sha256;
    if (found !== sha256)
      throw new JournalCorruptionError(name, 0, `SHA-256 ${sha256} of the manifest`, found);
  } finally {
    snapshot.close();
  }
}

function snapshotPath(file: string): string {
  return `${SNAPSHOT_DIRECTORY}/${file}`;
}

/** Throws when the bytes of a segment are not those that were signed; names the first piece that differs. */
function checkAgainst(storage: Storage, entry: ManifestEntry): void {
  const file = storage.openForRead(entry.segment);
  try {
    const found = sumFile(file);
    const offset = firstDifference(entry, found);
    if (offset < 0) return;
    throw differenceFrom(entry, offset, found.sha256);
  } finally {
    file.close();
  }
}

/** The finding that a segment is not what was signed. */
export function differenceFrom(
  entry: ManifestEntry,
  offset: number,
  found: string,
  file = entry.segment,
): JournalCorruptionError {
  return new JournalCorruptionError(file, offset, `SHA-256 ${entry.sha256} of the manifest`, found);
}

function checkDigest(storage: Storage, wanted: JournalDigest, problems: JournalProblem[]): void {
  try {
    const found = digestJournal(storage, { toSequence: wanted.sequence });
    if (formatDigest(found) === formatDigest(wanted)) return;
    const names = segmentNames(storage);
    const file = names[segmentHolding(names, wanted.sequence)] ?? storage.directory;
    note(
      problems,
      new JournalCorruptionError(file, 0, `digest ${formatDigest(wanted)}`, formatDigest(found)),
    );
  } catch (error) {
    note(problems, error);
  }
}

function listed(storage: Storage, problems: JournalProblem[]): string[] {
  try {
    return segmentNames(storage);
  } catch (error) {
    note(problems, error);
    return [];
  }
}

function openSegment(storage: Storage, name: string, problems: JournalProblem[]): SegmentScanner | undefined {
  try {
    return new SegmentScanner(storage, name);
  } catch (error) {
    note(problems, error);
    return undefined;
  }
}

/** Walks one segment to its end. The end of the newest one is for the decision of `recover`. */
function walk(scanner: SegmentScanner, isNewest: boolean, problems: JournalProblem[]): void {
  try {
    let status = scanner.step();
    while (status === ScanStatus.frame && !scanner.isSealed) status = scanner.step();
    if (isNewest) return;
    if (status === ScanStatus.unwritten) {
      note(problems, new JournalCorruptionError(scanner.name, scanner.position, 'a seal', 'the end'));
    } else if (status !== ScanStatus.frame) {
      note(
        problems,
        new JournalCorruptionError(scanner.name, scanner.position, scanner.expected, scanner.found),
      );
    } else {
      const garbage = scanner.firstNonZero(scanner.end());
      if (garbage < 0) return;
      note(
        problems,
        new JournalCorruptionError(scanner.name, garbage, 'zeros after the seal', 'other bytes'),
      );
    }
  } catch (error) {
    note(problems, error);
  }
}

function checkSuccession(
  scanner: SegmentScanner,
  previous: SegmentScanner | undefined,
  problems: JournalProblem[],
): void {
  if (previous === undefined || !previous.isSealed) return;
  const { header, name } = scanner;
  if (header.firstSequence === previous.nextSequence && header.chain === previous.chain) return;
  const expected = `sequence ${previous.nextSequence} and chain ${previous.chain}`;
  const found = `sequence ${header.firstSequence} and chain ${header.chain}`;
  note(problems, new JournalCorruptionError(name, 32, expected, found));
}

function checkControlFile(storage: Storage, problems: JournalProblem[]): void {
  if (!storage.exists(CONTROL_FILE)) return;
  try {
    for (const offset of readControlFile(storage).badPages) {
      note(problems, new JournalCorruptionError(CONTROL_FILE, offset, 'a valid statement', 'other bytes'));
    }
  } catch (error) {
    note(problems, error);
  }
}

/** What a start would decide; adds its refusal, unless the walk has found the same. */
function decide(storage: Storage, problems: JournalProblem[]): ReturnType<typeof recover> | undefined {
  try {
    return recover(storage);
  } catch (error) {
    note(problems, error);
    return undefined;
  }
}

function note(problems: JournalProblem[], error: unknown): void {
  if (!(error instanceof JournalError)) throw error;
  const problem = problemOf(error);
  if (!problems.some((known) => known.message === problem.message)) problems.push(problem);
}

/** The error as a plain object for reports. */
export function problemOf(error: JournalError): JournalProblem {
  const detail = error instanceof JournalCorruptionError ? error : undefined;
  return {
    code: error.code,
    file: detail?.file ?? '',
    offset: detail?.offset ?? 0,
    expected: detail?.expected ?? '',
    found: detail?.found ?? '',
    message: error.message,
  };
}

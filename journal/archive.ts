/**
 * Moves sealed segments between the journal directory and an archive. A segment leaves the directory only when its copy is
 * written, synced, read back byte by byte and named durably; a crash between any two steps leaves at least one whole copy.
 */
import { randomBytes } from 'node:crypto';
import { ARCHIVE_SUFFIX, ArchivedFile, archiveName, isArchiveOf, packSegment } from './archive-file.js';
import { JournalCorruptionError } from './errors.js';
import { type ManifestEntry, readManifest } from './manifest.js';
import { segmentNames } from './recover.js';
import { SegmentScanner } from './segment-scanner.js';
import { firstDifference, PIECE_BYTES, sumFile } from './segment-sum.js';
import { type ReadableFile, readFully, type Storage, type WritableFile } from './storage.js';
import { addTier } from './tiers.js';
import { differenceFrom } from './verify.js';

/** Bytes of an archive that are written and synced at once: the syncs of a journal on the same disk wait behind them. */
const WRITE_BYTES = 256 * 1024;
const noRest = (): void => {};
const newToken = (): string => randomBytes(4).toString('hex');

export interface ArchiveChoice {
  /** Sealed segments to keep in the directory: the newest ones. */
  readonly keep?: number;
  /** Only segments that were sealed at or before this wall clock time. */
  readonly sealedBeforeUs?: number;
}

export interface MovedSegment {
  readonly segment: string;
  readonly bytes: number;
  readonly archivedBytes: number;
}

/**
 * Segments of the directory that the choice allows to be archived, oldest first. Those without a line in the manifest are
 * never among them: nobody could say later what they were.
 */
export function archivable(local: Storage, choice: ArchiveChoice): ManifestEntry[] {
  const names = segmentNames(local);
  const entries = new Map(readManifest(local).map((entry) => [entry.segment, entry]));
  const chosen: ManifestEntry[] = [];
  for (const [index, name] of names.slice(0, -1).entries()) {
    const entry = entries.get(name);
    const isKept = names.length - 1 - index <= (choice.keep ?? 0);
    if (entry === undefined || isKept) break;
    // A segment is sealed when the next one is begun.
    if (choice.sealedBeforeUs !== undefined && createdAtUs(local, names[index + 1]!) > choice.sealedBeforeUs)
      break;
    chosen.push(entry);
  }
  return chosen;
}

/**
 * Moves one segment to `archive`, whose absolute path is `archive.directory`.
 * @param token makes the name of the temporary file this run's own
 * @param onPiece called after each piece that was read, compressed, written or removed, so that a node beside it may go first
 * @throws JournalCorruptionError when the segment is not what the manifest says; it then stays where it is
 */
export function archiveSegment(
  local: Storage,
  archive: Storage,
  entry: ManifestEntry,
  token = newToken(),
  onPiece = noRest,
): MovedSegment {
  const name = entry.segment;
  const archivedBytes = withFile(local.openForRead(name), (file) =>
    writeArchive(file, archive, entry, token, onPiece),
  );
  addTier(local, archive.directory);
  local.remove(name, onPiece);
  local.syncDirectory();
  return { segment: name, bytes: entry.bytes, archivedBytes };
}

/**
 * Writes the archive file of a segment that is read from `segment`, unless there is a good one; named durably when this
 * returns. @returns its bytes
 * @throws JournalCorruptionError when the segment is not what the manifest says
 */
export function writeArchive(
  segment: ReadableFile,
  archive: Storage,
  entry: ManifestEntry,
  token: string,
  onPiece = noRest,
): number {
  const target = archiveName(entry.segment);
  const packed = pack(segment, entry, onPiece);
  if (!archive.exists(target) || !isArchiveOf(archive, target, entry.sha256)) {
    const temporary = `${target}.${token}.tmp`;
    writeNew(archive, temporary, packed.length, (file) => {
      for (let from = 0; from < packed.length; from += WRITE_BYTES) {
        const to = Math.min(from + WRITE_BYTES, packed.length);
        file.write(from, packed.subarray(from, to));
        file.sync(from, to);
        onPiece();
      }
    });
    if (!isArchiveOf(archive, temporary, entry.sha256)) {
      throw new JournalCorruptionError(temporary, 0, `SHA-256 ${entry.sha256} when read back`, 'other bytes');
    }
    archive.rename(temporary, target);
  }
  // Also for a copy of an earlier run, which may have ended before its name was durable.
  archive.syncDirectory();
  return packed.length;
}

/**
 * Copies one segment back into the directory; the archive keeps its copy.
 * @throws JournalCorruptionError when the archive does not hold what it says
 */
export function restoreSegment(
  local: Storage,
  archive: Storage,
  name: string,
  token = newToken(),
): MovedSegment {
  const source = new ArchivedFile(archive, archiveName(name));
  try {
    const temporary = `restored.${token}.tmp`;
    writeNew(local, temporary, source.bytes, (file) => {
      const piece = new Uint8Array(Math.min(PIECE_BYTES, source.bytes));
      for (let position = 0; position < source.bytes; ) {
        const read = readFully(source, position, piece, 0, Math.min(piece.length, source.bytes - position));
        file.write(position, piece.subarray(0, read));
        position += read;
      }
    });
    const found = withFile(local.openForRead(temporary), (file) => sumFile(file).sha256);
    if (found !== source.sha256) {
      local.remove(temporary);
      throw new JournalCorruptionError(archiveName(name), 0, `SHA-256 ${source.sha256}`, found);
    }
    local.rename(temporary, name);
    local.syncDirectory();
    return { segment: name, bytes: source.bytes, archivedBytes: source.archivedBytes };
  } finally {
    source.close();
  }
}

/** Segments that are in the archive and not in the directory. */
export function restorable(local: Storage, archive: Storage): string[] {
  const here = new Set(segmentNames(local));
  return archive
    .list()
    .filter((name) => name.endsWith(ARCHIVE_SUFFIX))
    .map((name) => name.slice(0, -ARCHIVE_SUFFIX.length))
    .filter((name) => !here.has(name));
}

/** Removes what a run that was ended has left half written: archives, restored, repaired and fetched segments. */
export function removeUnfinished(storage: Storage): void {
  const unfinished = /(\.archive|^restored|^repaired|^fetched)\.[0-9a-f]+\.tmp$/;
  for (const name of storage.list()) if (unfinished.test(name)) storage.remove(name);
}

function pack(segment: ReadableFile, entry: ManifestEntry, onPiece: () => void): Uint8Array {
  const found = sumFile(segment, onPiece);
  const offset = firstDifference(entry, found);
  if (offset >= 0) throw differenceFrom(entry, offset, found.sha256);
  return packSegment(segment, entry.sha256, onPiece);
}

/** Makes a file of `bytes`, fills it by `write` and syncs it; its name is not durable yet. */
function writeNew(storage: Storage, name: string, bytes: number, write: (file: WritableFile) => void): void {
  storage.create(name, bytes, 'fallocate');
  const file = storage.openForWrite(name);
  try {
    write(file);
    file.sync(0, bytes);
  } finally {
    file.close();
  }
}

function createdAtUs(storage: Storage, name: string): number {
  const scanner = new SegmentScanner(storage, name);
  scanner.close();
  return scanner.header.createdAtUs;
}

function withFile<T>(file: ReadableFile, use: (file: ReadableFile) => T): T {
  try {
    return use(file);
  } finally {
    file.close();
  }
}

/**
 * Puts a good copy in the place of a bad one. Whatever it comes from, another copy of this node or the records of its peer,
 * it must be the segment that was signed, byte for byte (SHA-256 of the manifest), before it takes the name.
 */
import { randomBytes } from 'node:crypto';
import { writeArchive } from './archive.js';
import { JournalCorruptionError } from './errors.js';
import type { ManifestEntry } from './manifest.js';
import { type RecordFeed, readLayout, rebuildSegment } from './segment-layout.js';
import { PIECE_BYTES, sumFile } from './segment-sum.js';
import { type ReadableFile, readFully, type Storage, type WritableFile } from './storage.js';

/** A copy of a segment: in the journal directory, or in an archive. */
export interface SegmentCopy {
  readonly entry: ManifestEntry;
  /** Name of the file it stands in. */
  readonly file: string;
  /** The archive; undefined = the journal directory. */
  readonly archive: Storage | undefined;
  open(): ReadableFile;
}

/**
 * Replaces a bad copy by a good one of the same node.
 * @throws JournalCorruptionError when the other one is not good either; nothing is changed then
 */
export function repairFromCopy(local: Storage, bad: SegmentCopy, good: SegmentCopy): void {
  const { entry } = bad;
  const file = good.open();
  try {
    if (bad.archive !== undefined) {
      writeArchive(file, bad.archive, entry, randomBytes(4).toString('hex'));
      return;
    }
    replaceSegment(local, entry, (write) => {
      const piece = new Uint8Array(Math.min(PIECE_BYTES, file.bytes));
      for (let position = 0; position < file.bytes; ) {
        const length = readFully(file, position, piece, 0, Math.min(piece.length, file.bytes - position));
        write(position, piece.subarray(0, length));
        position += length;
      }
    });
  } finally {
    file.close();
  }
}

/**
 * Makes the segment of `entry` again in the journal directory, from its layout and from records of elsewhere.
 * @throws JournalCorruptionError when the result is not the segment that was signed; nothing is changed then
 */
export function repairFromRecords(local: Storage, entry: ManifestEntry, records: RecordFeed): void {
  const layout = readLayout(local, entry.segment);
  replaceSegment(local, entry, (write) => rebuildSegment(layout, records, write));
}

/** Writes the segment under another name, proves it, and renames it over the bad one. */
function replaceSegment(
  local: Storage,
  entry: ManifestEntry,
  fill: (write: (position: number, bytes: Uint8Array) => void) => void,
): void {
  const temporary = `repaired.${randomBytes(4).toString('hex')}.tmp`;
  local.create(temporary, entry.bytes, 'fallocate');
  try {
    withFile(local.openForWrite(temporary), (file) => {
      fill((position, bytes) => file.write(position, bytes));
      file.sync(0, entry.bytes);
    });
    const found = withFile(local.openForRead(temporary), (file) => sumFile(file).sha256);
    if (found !== entry.sha256)
      throw new JournalCorruptionError(entry.segment, 0, `SHA-256 ${entry.sha256} of the manifest`, found);
  } catch (error) {
    local.remove(temporary);
    throw error;
  }
  local.rename(temporary, entry.segment);
  local.syncDirectory();
}

function withFile<F extends ReadableFile | WritableFile, T>(file: F, use: (file: F) => T): T {
  try {
    return use(file);
  } finally {
    file.close();
  }
}

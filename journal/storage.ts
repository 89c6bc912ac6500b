/**
 * The files of one journal directory, as the rest of the journal sees them. Three make it real: mapped files, positional
 * writes, and the simulated disk of the tests. File names are plain names inside the directory.
 *
 * Rules that every backend keeps:
 * - nothing is durable before `sync` (contents) or `syncDirectory` (names) has returned;
 * - a sync that fails throws `JournalSyncError`, and is never tried again by the caller;
 * - all positions and lengths that are written are multiples of 8.
 */
export type Allocation = 'fallocate' | 'zero-fill';
export type StorageKind = 'mmap' | 'positional' | 'simulated';

/** A file open for writing; there is one owner of it at a time. */
export interface WritableFile {
  readonly name: string;
  readonly bytes: number;
  /**
   * Writes a frame: first the records, then the header, the length word (word 0 of the header) last, so that a reader
   * that meets a frame half-way sees length 0.
   * @param header 12 words
   * @param words source of the records, `wordCount` words from `wordIndex` on
   */
  writeFrame(
    position: number,
    header: Int32Array,
    words: Int32Array,
    wordIndex: number,
    wordCount: number,
  ): void;
  /** Writes plain bytes. */
  write(position: number, source: Uint8Array): void;
  /** Makes the bytes [from, to) durable, or throws `JournalSyncError`. */
  sync(from: number, to: number): void;
  /** Ends the use of the file; nothing may touch it afterwards. Syncs nothing. */
  close(): void;
}

/** A file open for reading. Reads see what this process and others have written so far. */
export interface ReadableFile {
  readonly name: string;
  readonly bytes: number;
  /** Reads up to `length` bytes into `target`; returns how many there were. */
  read(position: number, target: Uint8Array, offset: number, length: number): number;
  close(): void;
}

export interface Storage {
  readonly kind: StorageKind;
  /** For messages: the path of the directory. */
  readonly directory: string;
  /** Why a weaker backend than the wanted one is in use; empty when it is the wanted one. */
  readonly fallbackReason: string;
  /** Names of all files, sorted. */
  list(): string[];
  exists(name: string): boolean;
  /**
   * Makes a file of `bytes` zeros that has its room on disk, and syncs it (not its name). Fails when it exists.
   * @param onPiece called after each piece that was written and synced, so that the disk may be left to others
   */
  create(name: string, bytes: number, allocation: Allocation, onPiece?: () => void): void;
  openForWrite(name: string): WritableFile;
  openForRead(name: string): ReadableFile;
  rename(from: string, to: string): void;
  /**
   * @param onPiece with it the room of a large file is given back in pieces, unless somebody else has the file open; called
   * after each, so that the disk may be left to others
   */
  remove(name: string, onPiece?: () => void): void;
  syncDirectory(): void;
}

/** Reads exactly `length` bytes, or as many as there are before the end of the file. */
export function readFully(
  file: ReadableFile,
  position: number,
  target: Uint8Array,
  offset: number,
  length: number,
): number {
  let done = 0;
  while (done < length) {
    const read = file.read(position + done, target, offset + done, length - done);
    if (read === 0) break;
    done += read;
  }
  return done;
}

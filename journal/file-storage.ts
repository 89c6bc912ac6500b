/** The files of a journal directory on a real file system, mapped or written by position. */
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { fromFileError, JournalNoSpaceError, JournalSyncError } from './errors.js';
import { errnoName, type Libc } from './libc.js';
import { MappedFile } from './mapped-file.js';
import { PositionalFile } from './positional-file.js';
import type { Allocation, ReadableFile, Storage, StorageKind, WritableFile } from './storage.js';

const FILE_MODE = 0o600;
/**
 * Zeros are written page by page: what a larger write puts into the page cache is kept, and written back by each sync, as
 * one large folio, which made a sync of a few pages of a mapping take twice as long.
 */
const ZERO_FILL_BYTES = 4096;
/** Zeros that are synced at once: the syncs of the segment in use wait behind them. */
const ZERO_FILL_SYNC_BYTES = 256 * 1024;
/** Bytes that a removed file is shortened by at once: where free blocks are discarded, writes to the disk wait meanwhile. */
const FREED_BYTES = 1024 * 1024;
const ENOSPC = 28;
const EOPNOTSUPP = 95;
const EINVAL = 22;
const noRest = (): void => {};

export class FileStorage implements Storage {
  readonly kind: StorageKind;
  readonly directory: string;
  readonly fallbackReason: string;
  readonly #libc: Libc | undefined;

  /** @param libc undefined = files are zero-filled, whatever the allocation; needed for kind `mmap` */
  constructor(
    directory: string,
    kind: 'mmap' | 'positional',
    libc: Libc | undefined,
    fallbackReason: string,
  ) {
    this.directory = directory;
    this.kind = kind;
    this.#libc = libc;
    this.fallbackReason = fallbackReason;
  }

  list(): string[] {
    try {
      return readdirSync(this.directory).sort();
    } catch (error) {
      throw fromFileError(error, this.directory);
    }
  }

  exists(name: string): boolean {
    return existsSync(join(this.directory, name));
  }

  create(name: string, bytes: number, allocation: Allocation, onPiece: () => void = noRest): void {
    const path = join(this.directory, name);
    let fd: number;
    try {
      fd = openSync(path, 'wx', FILE_MODE);
    } catch (error) {
      throw fromFileError(error, path, bytes);
    }
    try {
      if (allocation === 'zero-fill' || !this.#allocate(fd, path, bytes)) zeroFill(fd, bytes, onPiece);
    } catch (error) {
      closeSync(fd);
      unlinkSync(path);
      throw fromFileError(error, path, bytes);
    }
    try {
      fsyncSync(fd);
    } catch (error) {
      throw new JournalSyncError(path, (error as NodeJS.ErrnoException).code ?? 'unknown', error);
    } finally {
      closeSync(fd);
    }
  }

  openForWrite(name: string): WritableFile {
    const path = join(this.directory, name);
    return this.kind === 'mmap' && this.#libc !== undefined
      ? new MappedFile(path, name, this.#libc)
      : new PositionalFile(path, name);
  }

  openForRead(name: string): ReadableFile {
    return new ReadOnlyFile(join(this.directory, name), name);
  }

  rename(from: string, to: string): void {
    try {
      renameSync(join(this.directory, from), join(this.directory, to));
    } catch (error) {
      throw fromFileError(error, join(this.directory, to));
    }
  }

  remove(name: string, onPiece?: () => void): void {
    const path = join(this.directory, name);
    try {
      if (onPiece === undefined || this.#libc === undefined) unlinkSync(path);
      else removeInPieces(path, this.#libc, onPiece);
    } catch (error) {
      throw fromFileError(error, path);
    }
  }

  syncDirectory(): void {
    let fd: number;
    try {
      fd = openSync(this.directory, 'r');
    } catch (error) {
      throw fromFileError(error, this.directory);
    }
    try {
      fsyncSync(fd);
    } catch (error) {
      throw new JournalSyncError(this.directory, (error as NodeJS.ErrnoException).code ?? 'unknown', error);
    } finally {
      closeSync(fd);
    }
  }

  /** Whether the room could be reserved; false where the file system does not know how. */
  #allocate(fd: number, path: string, bytes: number): boolean {
    if (this.#libc === undefined) return false;
    const errno = this.#libc.allocate(fd, bytes);
    if (errno === ENOSPC) throw new JournalNoSpaceError(path, bytes);
    if (errno === EOPNOTSUPP || errno === EINVAL) return false;
    if (errno !== 0) throw Object.assign(new Error('posix_fallocate'), { code: errnoName(errno) });
    return true;
  }
}

class ReadOnlyFile implements ReadableFile {
  readonly name: string;
  readonly bytes: number;
  readonly #path: string;
  readonly #fd: number;

  constructor(path: string, name: string) {
    this.name = name;
    this.#path = path;
    try {
      this.#fd = openSync(path, 'r');
      this.bytes = fstatSync(this.#fd).size;
    } catch (error) {
      throw fromFileError(error, path);
    }
  }

  read(position: number, target: Uint8Array, offset: number, length: number): number {
    try {
      return readSync(this.#fd, target, offset, length, position);
    } catch (error) {
      throw fromFileError(error, this.#path);
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** The name goes first, so that a crash leaves nothing half removed: the system frees what has no name. */
function removeInPieces(path: string, libc: Libc, onPiece: () => void): void {
  const fd = openSync(path, 'r+');
  try {
    unlinkSync(path);
    // Whoever reads it shall go on finding all of it.
    if (libc.ownAlone(fd) !== 0) return;
    for (let bytes = fstatSync(fd).size; bytes > 0; ) {
      bytes = Math.max(0, bytes - FREED_BYTES);
      ftruncateSync(fd, bytes);
      onPiece();
    }
  } finally {
    closeSync(fd);
  }
}

function zeroFill(fd: number, bytes: number, onPiece: () => void): void {
  const zeros = new Uint8Array(Math.min(bytes, ZERO_FILL_BYTES));
  for (let done = 0; done < bytes; ) {
    done += writeSync(fd, zeros, 0, Math.min(zeros.length, bytes - done), done);
    if (done % ZERO_FILL_SYNC_BYTES !== 0) continue;
    fdatasyncSync(fd);
    onPiece();
  }
}

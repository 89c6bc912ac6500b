/** A journal directory together with the archives of it: reads go through all of them, everything else stays local. */
import { ARCHIVE_SUFFIX, ArchivedFile, archiveName } from './archive-file.js';
import { JournalIoError } from './errors.js';
import type { Allocation, ReadableFile, Storage, StorageKind, WritableFile } from './storage.js';

export class TieredStorage implements Storage {
  readonly kind: StorageKind;
  readonly directory: string;
  readonly fallbackReason: string;
  readonly #local: Storage;
  readonly #archives: () => readonly Storage[];

  /** @param archives asked each time, because segments may be moved while a node or a tool reads */
  constructor(local: Storage, archives: () => readonly Storage[]) {
    this.kind = local.kind;
    this.directory = local.directory;
    this.fallbackReason = local.fallbackReason;
    this.#local = local;
    this.#archives = archives;
  }

  list(): string[] {
    // The archives last: what is moved meanwhile is listed twice, never not at all.
    const names = new Set(this.#local.list());
    for (const archive of this.#archives()) {
      for (const name of archive.list()) {
        if (name.endsWith(ARCHIVE_SUFFIX)) names.add(name.slice(0, -ARCHIVE_SUFFIX.length));
      }
    }
    return [...names].sort();
  }

  exists(name: string): boolean {
    return this.#local.exists(name) || this.#archiveOf(name) !== undefined;
  }

  create(name: string, bytes: number, allocation: Allocation, onPiece?: () => void): void {
    this.#local.create(name, bytes, allocation, onPiece);
  }

  openForWrite(name: string): WritableFile {
    return this.#local.openForWrite(name);
  }

  openForRead(name: string): ReadableFile {
    if (this.#local.exists(name)) {
      try {
        return this.#local.openForRead(name);
      } catch (error) {
        const isMoved = error instanceof JournalIoError && !this.#local.exists(name);
        if (!isMoved) throw error;
      }
    }
    const archive = this.#archiveOf(name);
    return archive === undefined
      ? this.#local.openForRead(name)
      : new ArchivedFile(archive, archiveName(name));
  }

  rename(from: string, to: string): void {
    this.#local.rename(from, to);
  }

  remove(name: string, onPiece?: () => void): void {
    this.#local.remove(name, onPiece);
  }

  syncDirectory(): void {
    this.#local.syncDirectory();
  }

  #archiveOf(name: string): Storage | undefined {
    return this.#archives().find((archive) => archive.exists(archiveName(name)));
  }
}

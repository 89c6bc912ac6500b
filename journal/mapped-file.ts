/**
 * A journal file written through a shared mapping and synced by msync.
 *
 * The file must have its room on disk already (a hole on a full disk is SIGBUS, not an error), and nobody may shorten it
 * while it is mapped. No handler for SIGBUS is installed: a fault must end the process at once, and a handler in
 * JavaScript would spin instead. The views are dropped before the memory is unmapped and never leave this file.
 */
import { closeSync, fstatSync, openSync } from 'node:fs';
import { fromFileError, JournalIoError, JournalSyncError } from './errors.js';
import { fail } from './fail.js';
import { FRAME_HEADER_WORDS, FrameWord } from './frame.js';
import { errnoName, type Libc, type Mapping } from './libc.js';
import type { WritableFile } from './storage.js';

/** Up to here a loop of stores is cheaper than making a view for a block copy. */
const LOOP_COPY_WORDS = 64;
/**
 * Pages are made ready in steps of this many bytes. A fault for each page costs half as much again as all of them in one
 * call; larger steps gave nothing more, and would be a longer wait for the frame that meets them.
 */
const POPULATE_BYTES = 64 * 1024;
const EFAULT = 14;

export class MappedFile implements WritableFile {
  readonly name: string;
  readonly bytes: number;
  readonly #path: string;
  readonly #mapping: Mapping;
  #view: Uint8Array;
  #words: Int32Array;
  /** The pages up to here have been made ready since the file was opened. */
  #populatedTo = 0;

  constructor(path: string, name: string, libc: Libc) {
    this.name = name;
    this.#path = path;
    let fd: number;
    try {
      fd = openSync(path, 'r+');
    } catch (error) {
      throw fromFileError(error, path);
    }
    try {
      this.bytes = fstatSync(fd).size;
      this.#mapping = libc.map(fd, this.bytes);
    } catch (error) {
      throw fromFileError(error, path);
    } finally {
      // The mapping keeps the file: one owner, and no second path to its errors.
      closeSync(fd);
    }
    this.#view = new Uint8Array(this.#mapping.memory);
    this.#words = new Int32Array(this.#mapping.memory);
  }

  writeFrame(
    position: number,
    header: Int32Array,
    words: Int32Array,
    wordIndex: number,
    wordCount: number,
  ): void {
    const target = this.#words;
    const at = position >> 2;
    if (at + FRAME_HEADER_WORDS + wordCount > target.length) fail('frame beyond the end of the segment');
    const end = position + (FRAME_HEADER_WORDS + wordCount) * 4;
    if (end > this.#populatedTo) this.#populate(position, end);
    const records = at + FRAME_HEADER_WORDS;
    if (wordCount <= LOOP_COPY_WORDS) {
      for (let i = 0; i < wordCount; i++) target[records + i] = words[wordIndex + i];
    } else {
      target.set(words.subarray(wordIndex, wordIndex + wordCount), records);
    }
    for (let i = 1; i < FRAME_HEADER_WORDS; i++) target[at + i] = header[i];
    Atomics.store(target, at, header[FrameWord.length]);
  }

  write(position: number, source: Uint8Array): void {
    this.#view.set(source, position);
  }

  sync(from: number, to: number): void {
    const errno = this.#mapping.sync(from, to);
    if (errno !== 0) throw new JournalSyncError(this.#path, `msync: ${errnoName(errno)}`);
  }

  #populate(from: number, end: number): void {
    const to = Math.min(Math.ceil(end / POPULATE_BYTES) * POPULATE_BYTES, this.bytes);
    const errno = this.#mapping.populate(Math.max(from, this.#populatedTo), to);
    this.#populatedTo = to;
    // Any other failure is of a kernel that does not know how: then there are faults, as ever.
    if (errno === EFAULT) throw new JournalIoError(this.#path, `no room behind the mapping at ${from}`);
  }

  close(): void {
    this.#view = new Uint8Array(0);
    this.#words = new Int32Array(0);
    const errno = this.#mapping.unmap();
    if (errno !== 0) throw new JournalIoError(this.#path, `munmap: ${errnoName(errno)}`);
  }
}

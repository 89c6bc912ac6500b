/**
 * A journal file written by positional writes and synced by fdatasync. Each frame is one write from a staging buffer, so
 * that the records are copied once more but the kernel is called once.
 */
import { closeSync, fdatasyncSync, fstatSync, openSync, writeSync } from 'node:fs';
import { fromFileError, JournalSyncError } from './errors.js';
import { FRAME_HEADER_BYTES, MAX_FRAME_BYTES } from './frame.js';
import type { WritableFile } from './storage.js';

export class PositionalFile implements WritableFile {
  readonly name: string;
  readonly bytes: number;
  readonly #path: string;
  readonly #fd: number;
  readonly #staging: Uint8Array;
  readonly #stagingWords: Int32Array;

  constructor(path: string, name: string) {
    this.name = name;
    this.#path = path;
    try {
      this.#fd = openSync(path, 'r+');
      this.bytes = fstatSync(this.#fd).size;
    } catch (error) {
      throw fromFileError(error, path);
    }
    this.#staging = new Uint8Array(MAX_FRAME_BYTES);
    this.#stagingWords = new Int32Array(this.#staging.buffer);
  }

  writeFrame(
    position: number,
    header: Int32Array,
    words: Int32Array,
    wordIndex: number,
    wordCount: number,
  ): void {
    this.#stagingWords.set(header, 0);
    this.#stagingWords.set(words.subarray(wordIndex, wordIndex + wordCount), header.length);
    this.#writeAll(position, this.#staging, FRAME_HEADER_BYTES + wordCount * 4);
  }

  write(position: number, source: Uint8Array): void {
    this.#writeAll(position, source, source.length);
  }

  /** fdatasync knows no range: everything written so far becomes durable. */
  sync(): void {
    try {
      fdatasyncSync(this.#fd);
    } catch (error) {
      throw new JournalSyncError(this.#path, (error as NodeJS.ErrnoException).code ?? 'unknown', error);
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  #writeAll(position: number, source: Uint8Array, length: number): void {
    let done = 0;
    try {
      while (done < length) done += writeSync(this.#fd, source, done, length - done, position + done);
    } catch (error) {
      throw fromFileError(error, this.#path, length - done);
    }
  }
}

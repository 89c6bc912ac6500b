import { RECORD_BYTES, RECORD_WORDS } from './frame.js';
import type { RecordFeed } from './segment-layout.js';
import { type ReadableFile, readFully, type Storage } from './storage.js';

/** Records in a plain file, one after the other. */
export class RecordFile implements RecordFeed {
  readonly #file: ReadableFile;
  #position = 0;

  constructor(storage: Storage, name: string) {
    this.#file = storage.openForRead(name);
  }

  readRecords(words: Int32Array, wordIndex: number, maxRecords: number): number {
    const target = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    const offset = wordIndex * 4;
    const wanted = Math.min(maxRecords, (words.length - wordIndex) / RECORD_WORDS) * RECORD_BYTES;
    const read = readFully(this.#file, this.#position, target, offset, wanted);
    this.#position += read;
    return Math.floor(read / RECORD_BYTES);
  }

  close(): void {
    this.#file.close();
  }
}

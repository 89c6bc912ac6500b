/**
 * `durable.ctl`: what is known to be durable, kept outside the segments, so that a start can tell a journal that lost its
 * end (a segment that is missing, zeroed or replaced by an old copy) from one that ended there.
 *
 * Two pages of 4 KiB are written in turn, so that a torn write can hurt only the older statement:
 * ```
 *  0 magic "RFDURABL"   8 generation u32   12 crc u32 (over bytes 0..40 with this word 0)
 *  16 durableSequence i64   24 firstSequence of the newest segment i64 (0 = none)   32 its epoch u32   36 reserved u32
 * ```
 * It is written when a segment begins, when the journal goes idle, and at a clean close: it may lag, it never leads.
 */
import { readInt64, writeInt64 } from '../src/base/int64.js';
import { crc32c } from './crc32c.js';
import { JournalCorruptionError } from './errors.js';
import { segmentName } from './segment.js';
import { readFully, type Storage, type WritableFile } from './storage.js';

export const CONTROL_FILE = 'durable.ctl';
const PAGE_BYTES = 4096;
const CONTROL_BYTES = 2 * PAGE_BYTES;
const STATEMENT_BYTES = 40;
const MAGIC_LOW = 0x55444652; // "RFDU"
const MAGIC_HIGH = 0x4c424152; // "RABL"

export interface ControlStatement {
  readonly generation: number;
  /** Everything up to here was durable when the statement was made. */
  readonly durableSequence: number;
  /** Newest segment then; empty when there was none. */
  readonly newestSegment: string;
}

export interface ControlState extends ControlStatement {
  /** Offsets of pages that hold neither zeros nor a valid statement: a torn write, or rot. */
  readonly badPages: readonly number[];
}

const NEW_CONTROL_FILE = `${CONTROL_FILE}.tmp`;

/** Makes the file with the statement "nothing yet", durable with its name. For a directory without segments. */
export function createControlFile(storage: Storage): void {
  if (storage.exists(NEW_CONTROL_FILE)) storage.remove(NEW_CONTROL_FILE);
  storage.create(NEW_CONTROL_FILE, CONTROL_BYTES, 'zero-fill');
  const file = storage.openForWrite(NEW_CONTROL_FILE);
  try {
    file.write(0, encodeStatement(1, 0, 0, 0));
    file.sync(0, CONTROL_BYTES);
  } finally {
    file.close();
  }
  storage.rename(NEW_CONTROL_FILE, CONTROL_FILE);
  storage.syncDirectory();
}

/** Reads the newer valid statement; throws when there is none. */
export function readControlFile(storage: Storage): ControlState {
  const file = storage.openForRead(CONTROL_FILE);
  const bytes = new Uint8Array(CONTROL_BYTES);
  try {
    const read = readFully(file, 0, bytes, 0, CONTROL_BYTES);
    if (file.bytes !== CONTROL_BYTES || read !== CONTROL_BYTES) {
      throw new JournalCorruptionError(CONTROL_FILE, 0, `${CONTROL_BYTES} bytes`, `${file.bytes} bytes`);
    }
  } finally {
    file.close();
  }
  let newest: ControlStatement | undefined;
  const badPages: number[] = [];
  for (let offset = 0; offset < CONTROL_BYTES; offset += PAGE_BYTES) {
    const page = bytes.subarray(offset, offset + PAGE_BYTES);
    const statement = decodeStatement(page);
    if (statement === undefined) {
      if (page.some((byte) => byte !== 0)) badPages.push(offset);
    } else if (newest === undefined || statement.generation > newest.generation) {
      newest = statement;
    }
  }
  if (newest === undefined) {
    throw new JournalCorruptionError(
      CONTROL_FILE,
      0,
      'a valid statement of the durable sequence',
      'none in either page',
    );
  }
  return { ...newest, badPages };
}

/** Writes statements, each over the older one of the two. */
export class ControlFile {
  readonly #file: WritableFile;
  #generation: number;

  /** @param generation of the newer statement in the file; 1 right after `createControlFile` */
  constructor(storage: Storage, generation: number) {
    this.#file = storage.openForWrite(CONTROL_FILE);
    this.#generation = Math.max(1, generation);
  }

  /** Makes the statement durable, or throws `JournalSyncError`. */
  write(durableSequence: number, newestFirstSequence: number, newestEpoch: number): void {
    this.#generation++;
    const offset = this.#generation % 2 === 1 ? 0 : PAGE_BYTES;
    this.#file.write(
      offset,
      encodeStatement(this.#generation, durableSequence, newestFirstSequence, newestEpoch),
    );
    this.#file.sync(offset, offset + PAGE_BYTES);
  }

  close(): void {
    this.#file.close();
  }
}

function encodeStatement(
  generation: number,
  durableSequence: number,
  newestFirstSequence: number,
  newestEpoch: number,
): Uint8Array {
  const bytes = new Uint8Array(STATEMENT_BYTES);
  const words = new Int32Array(bytes.buffer);
  words[0] = MAGIC_LOW;
  words[1] = MAGIC_HIGH;
  words[2] = generation;
  writeInt64(words, 4, durableSequence);
  writeInt64(words, 6, newestFirstSequence);
  words[8] = newestEpoch;
  words[3] = crc32c(0, bytes, 0, STATEMENT_BYTES);
  return bytes;
}

function decodeStatement(page: Uint8Array): ControlStatement | undefined {
  const bytes = page.slice(0, STATEMENT_BYTES);
  const words = new Int32Array(bytes.buffer);
  const found = words[3] >>> 0;
  words[3] = 0;
  if (words[0] !== MAGIC_LOW || words[1] !== MAGIC_HIGH || crc32c(0, bytes, 0, STATEMENT_BYTES) !== found)
    return undefined;
  for (let at = STATEMENT_BYTES; at < page.length; at++) if (page[at] !== 0) return undefined;
  const firstSequence = readInt64(words, 6);
  return {
    generation: words[2] >>> 0,
    durableSequence: readInt64(words, 4),
    newestSegment: firstSequence === 0 ? '' : segmentName(firstSequence, words[8] >>> 0),
  };
}

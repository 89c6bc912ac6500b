/**
 * A snapshot file: what the state was after one command, in named sections, so that a start need not replay everything
 * before it. It is written under another name, synced, and then renamed, so a file with the proper name is whole.
 *
 * ```
 *  0 magic "RFSNAPST"   8 format u32   12 bytes of the header u32   16 bytes of the file i64   24 zero
 * 32 SHA-256 of bytes 0..32 and 160..end
 * 64 Ed25519 public key of the node that took it   96 its signature of the sum
 * 160 header: JSON, filled up with spaces to a multiple of 8; then the sections, each filled up with zeros
 * ```
 * Magic and format keep their places in every later format, so that an old release can name a new one.
 */
import { createHash } from 'node:crypto';
import { readInt64, writeInt64 } from '../src/base/int64.js';
import { JournalVersionError, SnapshotDamagedError } from './errors.js';
import { prepareMemory } from './libc.js';
import { isSignedBy, type ManifestSigner } from './manifest-key.js';
import { type ReadableFile, readFully, type Storage } from './storage.js';

export const SNAPSHOT_FORMAT = 1;
const HEAD_BYTES = 160;
const SUM_OFFSET = 32;
const SUM_BYTES = 32;
const KEY_OFFSET = 64;
const SIGNATURE_OFFSET = 96;
const SIGNED_AS = 'ringfence snapshot 1\n';
const MAGIC_LOW = 0x4e534652; // "RFSN"
const MAGIC_HIGH = 0x54535041; // "APST"
/** Bytes that are written, and synced, at once at most: the syncs of the journal on the same disk wait behind them. */
const WRITE_BYTES = 256 * 1024;
const ALIGNMENT = 8;
const Word = { magicLow: 0, magicHigh: 1, format: 2, headerBytes: 3, fileBytes: 4 } as const;

/** What a snapshot is of. A later release may add fields. */
export interface SnapshotFacts {
  readonly clusterId: string;
  /** Node that took it. */
  readonly nodeId: number;
  readonly epoch: number;
  /** Last command that is in it. */
  readonly sequence: number;
  /** Time of that command. */
  readonly timestampUs: number;
  /** Chain of the journal after it. */
  readonly chain: number;
  /** 16 hex digits each. */
  readonly stateHash: string;
  readonly outputHash: string;
  /** Wall clock when it was taken, epoch milliseconds. */
  readonly takenAtMs: number;
  readonly release: string;
  /** Capacities of the core that it was taken of. */
  readonly coreOptions: Readonly<Record<string, number>>;
  /** What the sections of the core hold; see src/core/snapshot-tables.ts. */
  readonly tables: readonly {
    readonly name: string;
    readonly rows: number;
    readonly fields: readonly { readonly name: string; readonly words: number; readonly target: string }[];
  }[];
}

/** Part of a snapshot, as its writer gives it. */
export interface SectionSource {
  readonly name: string;
  readonly bytes: number;
  /** Pieces that make up `bytes`; each may be overwritten when the next one is asked for. */
  pieces(): Iterable<Uint8Array>;
}

interface SectionPlace {
  readonly name: string;
  /** From the end of the header on. */
  readonly offset: number;
  readonly bytes: number;
}

export interface WrittenSnapshot {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Writes a snapshot under `name`; it is there, durably, when this returns.
 * @param signer key of the node; undefined = not signed (a dump)
 * @param onPiece called after each piece, so that the thread may rest
 * @throws JournalNoSpaceError, JournalSyncError, JournalIoError; `name` does not exist then
 */
export function writeSnapshotFile(
  storage: Storage,
  name: string,
  facts: SnapshotFacts,
  sections: readonly SectionSource[],
  signer?: ManifestSigner,
  onPiece: () => void = () => {},
): WrittenSnapshot {
  const places = placesOf(sections);
  const header = encodeHeader(facts, places);
  const last = places.at(-1);
  const end = HEAD_BYTES + header.length + (last === undefined ? 0 : last.offset + padded(last.bytes));
  const head = new Uint8Array(HEAD_BYTES);
  const words = new Int32Array(head.buffer);
  words[Word.magicLow] = MAGIC_LOW;
  words[Word.magicHigh] = MAGIC_HIGH;
  words[Word.format] = SNAPSHOT_FORMAT;
  words[Word.headerBytes] = header.length;
  writeInt64(words, Word.fileBytes, end);
  const sum = createHash('sha256').update(head.subarray(0, SUM_OFFSET)).update(header);

  const temporary = `${name}.tmp`;
  if (storage.exists(temporary)) storage.remove(temporary);
  storage.create(temporary, end, 'fallocate');
  const file = storage.openForWrite(temporary);
  let sha256: string;
  try {
    file.write(HEAD_BYTES, header);
    let position = HEAD_BYTES + header.length;
    let synced = 0;
    const put = (bytes: Uint8Array): void => {
      for (let from = 0; from < bytes.length; from += WRITE_BYTES) {
        const piece = bytes.subarray(from, from + WRITE_BYTES);
        if (position + piece.length - synced > WRITE_BYTES) {
          file.sync(synced, position);
          synced = position;
        }
        sum.update(piece);
        file.write(position, piece);
        position += piece.length;
        onPiece();
      }
    };
    for (const [index, section] of sections.entries()) putSection(section, places[index]!, put);
    const digest = sum.digest();
    sha256 = digest.toString('hex');
    head.set(digest, SUM_OFFSET);
    if (signer !== undefined) {
      head.set(Buffer.from(signer.publicKey, 'hex'), KEY_OFFSET);
      head.set(Buffer.from(signer.sign(SIGNED_AS + sha256), 'hex'), SIGNATURE_OFFSET);
    }
    file.write(0, head);
    file.sync(0, end);
  } finally {
    file.close();
  }
  storage.rename(temporary, name);
  storage.syncDirectory();
  return { bytes: end, sha256 };
}

/** A snapshot in shared memory: read and checked once, then handed to the threads that need it. */
export class SnapshotFile {
  readonly memory: SharedArrayBuffer;
  readonly facts: SnapshotFacts;
  readonly #places: readonly SectionPlace[];
  readonly #start: number;

  /** @param memory of a snapshot that was read by `readSnapshotFile` */
  constructor(memory: SharedArrayBuffer) {
    const words = new Int32Array(memory, 0, HEAD_BYTES / 4);
    const header = new Uint8Array(memory, HEAD_BYTES, words[Word.headerBytes]!).slice();
    const { sections, ...facts } = decodeHeader(header);
    this.memory = memory;
    this.facts = facts;
    this.#places = sections;
    this.#start = HEAD_BYTES + header.length;
  }

  /** The words of a section; empty when the snapshot has none of that name. */
  words(name: string): Int32Array {
    const place = this.#places.find((one) => one.name === name);
    return place === undefined
      ? new Int32Array(0)
      : new Int32Array(this.memory, this.#start + place.offset, place.bytes / 4);
  }
}

/**
 * Reads a whole snapshot and checks it.
 * @throws SnapshotDamagedError when it is not what was written, JournalVersionError when a newer release has written it
 */
export function readSnapshotFile(storage: Storage, name: string): SnapshotFile {
  const file = storage.openForRead(name);
  try {
    checkHead(file, name);
    const memory = new SharedArrayBuffer(file.bytes);
    const bytes = new Uint8Array(memory);
    prepareMemory(bytes);
    const read = readFully(file, 0, bytes, 0, bytes.length);
    if (read !== bytes.length) throw new SnapshotDamagedError(name, read, `${bytes.length} bytes`, 'the end');
    const found = sumOf(bytes).toString('hex');
    const stated = hexOf(bytes, SUM_OFFSET, SUM_OFFSET + SUM_BYTES);
    if (found !== stated) throw new SnapshotDamagedError(name, SUM_OFFSET, `SHA-256 ${stated}`, found);
    checkSignature(name, bytes, stated);
    return new SnapshotFile(memory);
  } finally {
    file.close();
  }
}

/**
 * What a snapshot says that it is of; only its head is read, and the sum is not checked.
 * @throws as readSnapshotFile
 */
export function readSnapshotFacts(
  storage: Storage,
  name: string,
): SnapshotFacts & { readonly bytes: number; readonly sha256: string; readonly key: string } {
  const file = storage.openForRead(name);
  try {
    const head = checkHead(file, name);
    const header = new Uint8Array(new Int32Array(head.buffer)[Word.headerBytes]!);
    readFully(file, HEAD_BYTES, header, 0, header.length);
    try {
      const { sections: _, ...facts } = decodeHeader(header);
      const sha256 = hexOf(head, SUM_OFFSET, SUM_OFFSET + SUM_BYTES);
      return { ...facts, bytes: file.bytes, sha256, key: hexOf(head, KEY_OFFSET, SIGNATURE_OFFSET) };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new SnapshotDamagedError(name, HEAD_BYTES, 'the header of a snapshot', 'other bytes');
    }
  } finally {
    file.close();
  }
}

/** Reads the first bytes of a file and checks what can be checked without the rest. */
function checkHead(file: ReadableFile, name: string): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES);
  readFully(file, 0, head, 0, HEAD_BYTES);
  const words = new Int32Array(head.buffer);
  if (words[Word.magicLow] !== MAGIC_LOW || words[Word.magicHigh] !== MAGIC_HIGH) {
    throw new SnapshotDamagedError(name, 0, 'magic RFSNAPST', 'other bytes');
  }
  const format = words[Word.format]! >>> 0;
  if (format > SNAPSHOT_FORMAT) {
    throw new JournalVersionError(name, 'snapshot format', format, SNAPSHOT_FORMAT);
  }
  const stated = readInt64(words, Word.fileBytes);
  if (stated !== file.bytes) {
    throw new SnapshotDamagedError(name, 16, `a file of ${stated} bytes`, `${file.bytes} bytes`);
  }
  const headerBytes = words[Word.headerBytes]!;
  if (headerBytes < 0 || headerBytes % ALIGNMENT !== 0 || HEAD_BYTES + headerBytes > file.bytes) {
    throw new SnapshotDamagedError(name, 12, 'the length of the header', `${headerBytes}`);
  }
  return head;
}

function sumOf(bytes: Uint8Array): Buffer {
  const sum = createHash('sha256');
  return sum.update(bytes.subarray(0, SUM_OFFSET)).update(bytes.subarray(HEAD_BYTES)).digest();
}

/** A key and a signature that do not go together are damage; whose key it must be is for `snapshot verify`. */
function checkSignature(name: string, bytes: Uint8Array, sha256: string): void {
  const key = hexOf(bytes, KEY_OFFSET, SIGNATURE_OFFSET);
  const signature = hexOf(bytes, SIGNATURE_OFFSET, HEAD_BYTES);
  const isUnsigned = /^0*$/.test(key + signature);
  if (isUnsigned || isSignedBy(key, SIGNED_AS + sha256, signature)) return;
  throw new SnapshotDamagedError(name, SIGNATURE_OFFSET, `a signature by ${key}`, 'another one');
}

function hexOf(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.subarray(from, to)).toString('hex');
}

function putSection(section: SectionSource, place: SectionPlace, put: (bytes: Uint8Array) => void): void {
  let written = 0;
  for (const piece of section.pieces()) {
    put(piece);
    written += piece.length;
  }
  if (written !== place.bytes) {
    throw new Error(`section ${place.name} has ${written} bytes, not ${place.bytes}`);
  }
  const filling = padded(written) - written;
  if (filling > 0) put(new Uint8Array(filling));
}

function placesOf(sections: readonly SectionSource[]): SectionPlace[] {
  let offset = 0;
  return sections.map(({ name, bytes }) => {
    const place = { name, offset, bytes };
    offset += padded(bytes);
    return place;
  });
}

function encodeHeader(facts: SnapshotFacts, sections: readonly SectionPlace[]): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify({ ...facts, sections }));
  const header = new Uint8Array(padded(text.length)).fill(0x20);
  header.set(text);
  return header;
}

function decodeHeader(header: Uint8Array): SnapshotFacts & { readonly sections: readonly SectionPlace[] } {
  return JSON.parse(new TextDecoder().decode(header));
}

function padded(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

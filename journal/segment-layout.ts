/**
 * `<segment>.layout`: what a sealed segment holds besides its records, so that it can be made again, bit by bit, from the
 * same records of another node. A standby frames records itself, so its segments are other files; its records, which the
 * chain covers, are the same.
 *
 * The file is JSON: the header page and, for each frame, kind, number of records and how far its durable sequence lags behind
 * (three LEB128 numbers), compressed. Everything else in a frame header follows from the records. It proves nothing and is
 * not signed: what is made from it must have the SHA-256 of the manifest.
 */
import { createHash } from 'node:crypto';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { readInt64 } from '../src/base/int64.js';
import { offsetOf, Template } from '../src/wire/schema.js';
import { HeaderWord, templateOf } from '../src/wire/slot.js';
import { crc32cWords } from './crc32c.js';
import { JournalCorruptionError, JournalVersionError } from './errors.js';
import {
  FRAME_HEADER_BYTES,
  FRAME_HEADER_WORDS,
  FrameWord,
  frameFirstSequence,
  frameHeaderCrc,
  frameRecordCount,
  frameType,
  frameVersion,
  MAX_FRAME_BYTES,
  RECORD_BYTES,
  RECORD_WORDS,
  writeFrameHeader,
} from './frame.js';
import { replaceFile } from './replace-file.js';
import { decodeSegmentHeader, SEGMENT_HEADER_BYTES, type SegmentHeader } from './segment.js';
import { ScanStatus, SegmentScanner } from './segment-scanner.js';
import { readFully, type Storage } from './storage.js';

const LAYOUT_SUFFIX = '.layout';
const FORMAT = 1;
const EPOCH_WORD = HeaderWord.body + offsetOf('epochStarted', 'epoch') / 4;

/** Numbers of a frame in `SegmentLayout.frames`: type | version << 4, records, lag of its durable sequence. */
const NUMBERS = 3;

export interface SegmentLayout {
  readonly segment: string;
  readonly bytes: number;
  /** The header page as it stands in the file. */
  readonly header: Uint8Array;
  readonly frames: readonly number[];
}

/** Where the records of a segment come from, in sequence; a JournalReader with `asStored` fits. */
export interface RecordFeed {
  /** Copies the next records to word `wordIndex` of `words`; returns how many, 0 = there are no more. */
  readRecords(words: Int32Array, wordIndex: number, maxRecords: number): number;
}

export function layoutName(segment: string): string {
  return segment + LAYOUT_SUFFIX;
}

/** What a walk through a sealed segment finds. */
export interface SealedScan {
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Chain after its last record. */
  readonly chain: number;
  /** Undefined when it has a frame whose header does not follow from its records. */
  readonly layout: SegmentLayout | undefined;
}

/**
 * Walks through a sealed segment to its seal, checks every frame, and notes its layout.
 * @throws JournalCorruptionError when the segment is damaged
 */
export function scanSealed(storage: Storage, segment: string): SealedScan {
  const header = readHeaderPage(storage, segment);
  const scanner = new SegmentScanner(storage, segment);
  try {
    const frames: number[] = [];
    const maker = new FrameMaker(scanner.header);
    let follows = true;
    while (!scanner.isSealed) {
      if (scanner.step() !== ScanStatus.frame)
        throw new JournalCorruptionError(
          segment,
          scanner.position,
          scanner.expected || 'a seal',
          scanner.found || 'the end',
        );
      const { words, frameWord } = scanner;
      const first = frameFirstSequence(words, frameWord);
      const durable = readInt64(words, frameWord + FrameWord.durableSequence);
      const kind = frameType(words, frameWord) | (frameVersion(words, frameWord) << 4);
      const numbers = [kind, frameRecordCount(words, frameWord), first - 1 - durable] as const;
      const made = maker.make(...numbers, words, frameWord + FRAME_HEADER_WORDS);
      for (let i = 0; i < FRAME_HEADER_WORDS; i++) follows &&= made[i] === words[frameWord + i];
      frames.push(...numbers);
    }
    const layout = follows ? { segment, bytes: scanner.fileBytes, header, frames } : undefined;
    const { firstSequence } = scanner.header;
    return { firstSequence, lastSequence: scanner.nextSequence - 1, chain: scanner.chain, layout };
  } finally {
    scanner.close();
  }
}

/** Writes the layout beside the segments, durable when this returns. */
export function writeLayout(storage: Storage, layout: SegmentLayout): void {
  const { segment, bytes, header, frames } = layout;
  const packed = brotliCompressSync(Buffer.concat([header, encodeNumbers(frames)])).toString('base64');
  const text = JSON.stringify({ format: FORMAT, segment, bytes, packed, sha256: sha256Of(packed) });
  replaceFile(storage, layoutName(segment), `${text}\n`);
}

/** @throws JournalCorruptionError when the file is not there or damaged, JournalVersionError when it is newer */
export function readLayout(storage: Storage, segment: string): SegmentLayout {
  const name = layoutName(segment);
  if (!storage.exists(name)) throw new JournalCorruptionError(name, 0, 'the layout', 'no such file');
  const file = storage.openForRead(name);
  const raw = new Uint8Array(file.bytes);
  try {
    readFully(file, 0, raw, 0, raw.length);
  } finally {
    file.close();
  }
  const text = new TextDecoder().decode(raw);
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(text) as Record<string, unknown>;
  } catch {
    parsed = {};
  }
  const { format, bytes, packed, sha256 } = parsed;
  if (typeof format === 'number' && format > FORMAT)
    throw new JournalVersionError(name, 'layout format', format, FORMAT);
  const isWhole =
    parsed['segment'] === segment &&
    Number.isSafeInteger(bytes) &&
    typeof packed === 'string' &&
    sha256Of(packed) === sha256;
  if (!isWhole) throw new JournalCorruptionError(name, 0, 'a layout with its SHA-256', text.slice(0, 40));
  const content = brotliDecompressSync(Buffer.from(packed, 'base64'));
  return {
    segment,
    bytes: bytes as number,
    header: Uint8Array.from(content.subarray(0, SEGMENT_HEADER_BYTES)),
    frames: decodeNumbers(content.subarray(SEGMENT_HEADER_BYTES)),
  };
}

/**
 * Makes the bytes of the segment from its layout and its records and gives them to `write`, in order; what is not written
 * is zero. Whether they are the right ones is for the SHA-256 of the manifest to say.
 * @throws JournalCorruptionError when the records end early
 */
export function rebuildSegment(
  layout: SegmentLayout,
  records: RecordFeed,
  write: (position: number, bytes: Uint8Array) => void,
): void {
  const { segment, bytes, frames } = layout;
  const page = Uint8Array.from(layout.header);
  write(0, page);
  const maker = new FrameMaker(decodeSegmentHeader(page, segment, bytes, undefined));
  const frame = new Int32Array(MAX_FRAME_BYTES / 4);
  let position = SEGMENT_HEADER_BYTES;
  for (let i = 0; i < frames.length; i += NUMBERS) {
    const count = frames[i + 1]!;
    for (let done = 0; done < count; ) {
      const read = records.readRecords(frame, FRAME_HEADER_WORDS + done * RECORD_WORDS, count - done);
      if (read === 0)
        throw new JournalCorruptionError(segment, position, `${count} records`, `${done} from elsewhere`);
      done += read;
    }
    frame.set(maker.make(frames[i]!, count, frames[i + 2]!, frame, FRAME_HEADER_WORDS));
    const length = FRAME_HEADER_BYTES + count * RECORD_BYTES;
    write(position, new Uint8Array(frame.buffer, 0, length));
    position += length;
  }
}

/** Makes the headers of the frames of one segment, in order, as the writer did. */
class FrameMaker {
  readonly #words = new Int32Array(FRAME_HEADER_WORDS);
  #sequence: number;
  #epoch: number;
  #timestampUs: number;
  #chain: number;

  constructor(header: SegmentHeader) {
    this.#sequence = header.firstSequence;
    this.#epoch = header.epoch;
    this.#timestampUs = header.timestampUs;
    this.#chain = header.chain;
  }

  /** The header of the next frame, whose `count` records stand at word `at` of `records`. */
  make(kind: number, count: number, lag: number, records: Int32Array, at: number): Int32Array {
    const chainBefore = this.#chain;
    if (count > 0) {
      if (templateOf(records[at]!) === Template.epochStarted)
        this.#epoch = Math.max(this.#epoch, records[at + EPOCH_WORD]! >>> 0);
      this.#chain = crc32cWords(chainBefore, records, at, count * RECORD_WORDS);
      const last = at + (count - 1) * RECORD_WORDS;
      this.#timestampUs = readInt64(records, last + HeaderWord.timestampUs);
    }
    const words = this.#words;
    writeFrameHeader(
      words,
      0,
      kind & 15,
      count,
      this.#sequence,
      this.#epoch,
      this.#timestampUs,
      this.#sequence - 1 - lag,
      chainBefore,
      this.#chain,
    );
    words[FrameWord.type] = (kind & 15) | ((kind >> 4) << 16);
    words[FrameWord.headerCrc] = frameHeaderCrc(words, 0);
    this.#sequence += count;
    return words;
  }
}

function readHeaderPage(storage: Storage, segment: string): Uint8Array {
  const file = storage.openForRead(segment);
  const page = new Uint8Array(SEGMENT_HEADER_BYTES);
  try {
    readFully(file, 0, page, 0, page.length);
  } finally {
    file.close();
  }
  return page;
}

/** LEB128, low bits first; numbers are safe integers from 0. */
function encodeNumbers(numbers: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  for (const number of numbers) {
    let left = number;
    for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
    bytes.push(left);
  }
  return Uint8Array.from(bytes);
}

function decodeNumbers(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  let number = 0;
  let scale = 1;
  for (const byte of bytes) {
    number += (byte & 0x7f) * scale;
    scale *= 0x80;
    if (byte >= 0x80) continue;
    numbers.push(number);
    number = 0;
    scale = 1;
  }
  return numbers;
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

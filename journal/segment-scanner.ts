/**
 * Walks the frames of one segment in order and checks each one. It says what it finds and decides nothing: recovery,
 * readers and tools draw their own conclusions.
 */

import { readInt64 } from '../src/base/int64.js';
import { RECORD_VERSION } from '../src/wire/slot.js';
import { JournalVersionError } from './errors.js';
import {
  areRecordsIntact,
  FRAME_HEADER_BYTES,
  FRAME_VERSION,
  FrameType,
  FrameWord,
  frameFirstSequence,
  frameHeaderCrc,
  frameLastSequence,
  frameRecordCount,
  frameType,
  frameVersion,
  isFrameLength,
  isHeaderValid,
  isKnownFrame,
  MAX_FRAME_BYTES,
  type RecordSurvey,
  surveyRecords,
} from './frame.js';
import {
  decodeSegmentHeader,
  type JournalIdentity,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
} from './segment.js';
import { type ReadableFile, readFully, type Storage } from './storage.js';

export const ScanStatus = {
  /** A good frame that follows from the one before. */
  frame: 1,
  /** Length 0: nothing was written here. */
  unwritten: 2,
  /** Bytes that are no frame: a torn write, or rot. */
  damaged: 3,
  /** A frame that is good in itself but does not belong here: lost, stale or swapped bytes. */
  misplaced: 4,
} as const;

/** Read at once: what has been read, summed and looked at stays in the second cache; a longer frame is read as a whole. */
const DEFAULT_CHUNK_BYTES = 256 * 1024;

export class SegmentScanner {
  readonly name: string;
  readonly header: SegmentHeader;
  readonly fileBytes: number;
  /** The frame at hand starts at word `frameWord` of these; valid until the next step. */
  readonly words: Int32Array;
  frameWord = 0;
  /** File offset of the frame at hand, or of what stopped the walk. */
  position = SEGMENT_HEADER_BYTES;
  /** Length of the frame at hand in bytes; 0 when there is none. */
  length = 0;
  /** Sequence that the next record must have. */
  nextSequence: number;
  chain: number;
  epoch: number;
  /** Command time of the last record so far. */
  timestampUs: number;
  /** Highest durable sequence that a good frame has named. */
  durableSequence: number;
  isSealed = false;
  frames = 0;
  /** After `damaged` or `misplaced`: what should be there, and what is. */
  expected = '';
  found = '';
  /** Records of good headers are summed from the frame on that holds this one; those before it are only passed over. */
  verifyFrom = 0;
  /** What the records of the frame at hand are, when they were summed. */
  readonly survey: RecordSurvey = { oldestVersion: 0, newestVersion: 0, isDense: false };

  readonly #file: ReadableFile;
  readonly #bytes: Uint8Array;
  readonly #chunkBytes: number;
  /** File offset of the first byte in the buffer, and how many are in it. */
  #bufferStart = 0;
  #bufferLength = 0;

  /** Reads and checks the header page; throws coded errors for what is wrong with it. */
  constructor(storage: Storage, name: string, identity?: JournalIdentity, chunkBytes = DEFAULT_CHUNK_BYTES) {
    this.name = name;
    this.#file = storage.openForRead(name);
    this.fileBytes = this.#file.bytes;
    this.#chunkBytes = chunkBytes;
    const capacity = Math.min(
      Math.max(chunkBytes, MAX_FRAME_BYTES),
      Math.max(this.fileBytes, SEGMENT_HEADER_BYTES),
    );
    this.#bytes = new Uint8Array(Math.ceil(capacity / 8) * 8);
    this.words = new Int32Array(this.#bytes.buffer);
    try {
      this.#fill(0, SEGMENT_HEADER_BYTES);
      this.header = decodeSegmentHeader(
        this.#bytes.subarray(0, SEGMENT_HEADER_BYTES),
        name,
        this.fileBytes,
        identity,
      );
    } catch (error) {
      this.#file.close();
      throw error;
    }
    this.nextSequence = this.header.firstSequence;
    this.chain = this.header.chain;
    this.epoch = this.header.epoch;
    this.timestampUs = this.header.timestampUs;
    this.durableSequence = this.header.firstSequence - 1;
  }

  /** Goes to the next frame. @returns one of `ScanStatus`; after anything but `frame` the walk is over. */
  step(): number {
    this.position += this.length;
    this.length = 0;
    const position = this.position;
    if (this.fileBytes - position < FRAME_HEADER_BYTES)
      return this.#damaged('a frame', 'the end of the file');
    if (!this.#fill(position, FRAME_HEADER_BYTES)) return this.#damaged('a frame header', 'a file cut short');
    let at = (position - this.#bufferStart) >> 2;
    const length = this.words[at];
    if (length === 0) return ScanStatus.unwritten;
    if (!isFrameLength(length) || length > this.fileBytes - position) {
      return this.#damaged('the length of a frame', `${length >>> 0}`);
    }
    const headerCrc = frameHeaderCrc(this.words, at);
    if (this.words[at + FrameWord.headerCrc] >>> 0 !== headerCrc) {
      return this.#damaged(`header checksum ${headerCrc}`, `${this.words[at + FrameWord.headerCrc] >>> 0}`);
    }
    if (frameVersion(this.words, at) > FRAME_VERSION) {
      throw new JournalVersionError(this.name, 'frame format', frameVersion(this.words, at), FRAME_VERSION);
    }
    if (!isKnownFrame(this.words, at))
      return this.#misplaced('a known frame type', `${frameType(this.words, at)}`);
    const verifyRecords = frameLastSequence(this.words, at) >= this.verifyFrom;
    if (verifyRecords && !this.#fill(position, length))
      return this.#damaged(`a frame of ${length} bytes`, 'a file cut short');
    at = (position - this.#bufferStart) >> 2;
    if (verifyRecords && !areRecordsIntact(this.words, at)) {
      return this.#damaged(`records with chain ${this.words[at + FrameWord.chain] >>> 0}`, 'other bytes');
    }
    if (verifyRecords) {
      surveyRecords(this.words, at, this.survey);
      const { newestVersion } = this.survey;
      if (newestVersion > RECORD_VERSION) {
        throw new JournalVersionError(this.name, 'record version', newestVersion, RECORD_VERSION);
      }
    }
    return this.#follow(at, length, verifyRecords);
  }

  /** Looks at the place of the last failed step once more, in the file as it is now. */
  stepAgain(): number {
    this.#bufferLength = 0;
    return this.step();
  }

  /** First byte after the frame at hand; after a failed step, the place where it failed. */
  end(): number {
    return this.position + this.length;
  }

  /** Offset of the first byte from `from` on that is not zero, or -1 when there is none up to the end of the file. */
  firstNonZero(from: number): number {
    for (let position = from; position < this.fileBytes; ) {
      const length = Math.min(this.#bytes.length, this.fileBytes - position);
      this.#load(position, length);
      const at = indexOfNonZero(this.#bytes, this.#bufferLength);
      if (at >= 0) return position + at;
      if (this.#bufferLength < length) break;
      position += length;
    }
    return -1;
  }

  /** Offset of the last byte that is not zero, at or after `from`; `from - 1` when there is none. */
  lastNonZero(from: number): number {
    let last = from - 1;
    for (let position = this.firstNonZero(from); position >= 0; position = this.firstNonZero(position)) {
      const length = this.#bufferLength;
      for (let at = length - 1; at >= 0; at--) {
        if (this.#bytes[at] !== 0) {
          last = this.#bufferStart + at;
          break;
        }
      }
      position = this.#bufferStart + length;
    }
    return last;
  }

  /**
   * Looks through everything from `from` on for good frame headers, wherever they stand, and returns the highest durable
   * sequence that one of them names: proof that a sync was completed after those sequences were written.
   */
  durableEvidence(from: number): number {
    let evidence = this.durableSequence;
    for (let position = from; position < this.fileBytes; ) {
      const length = Math.min(this.#bytes.length, this.fileBytes - position);
      this.#load(position, length);
      const usable = this.#bufferLength - FRAME_HEADER_BYTES;
      for (let offset = 0; offset <= usable; offset += 8) {
        const at = offset >> 2;
        if (!isFrameLength(this.words[at]) || !isHeaderValid(this.words, at)) continue;
        if (frameFirstSequence(this.words, at) < this.nextSequence) continue;
        evidence = Math.max(evidence, readInt64(this.words, at + FrameWord.durableSequence));
      }
      if (length <= FRAME_HEADER_BYTES || usable < 0) break;
      position += length - FRAME_HEADER_BYTES + 8;
      if (length < this.#bytes.length) break;
    }
    return evidence;
  }

  close(): void {
    this.#file.close();
  }

  /** A frame that is good in itself: does it follow from the one before? */
  #follow(at: number, length: number, isVerified: boolean): number {
    const words = this.words;
    const firstSequence = frameFirstSequence(words, at);
    const count = frameRecordCount(words, at);
    const prevChain = words[at + FrameWord.prevChain] >>> 0;
    const epoch = words[at + FrameWord.epoch] >>> 0;
    const durable = readInt64(words, at + FrameWord.durableSequence);
    if (firstSequence !== this.nextSequence)
      return this.#misplaced(`sequence ${this.nextSequence}`, `${firstSequence}`);
    if (prevChain !== this.chain) return this.#misplaced(`previous chain ${this.chain}`, `${prevChain}`);
    if (epoch < this.epoch) return this.#misplaced(`epoch ${this.epoch} or later`, `${epoch}`);
    if (durable >= firstSequence)
      return this.#misplaced(`durable sequence below ${firstSequence}`, `${durable}`);
    if (isVerified && !this.survey.isDense) return this.#misplaced('records in sequence', 'others');
    this.nextSequence = firstSequence + count;
    this.chain = words[at + FrameWord.chain] >>> 0;
    this.epoch = epoch;
    this.timestampUs = readInt64(words, at + FrameWord.timestampUs);
    if (durable > this.durableSequence) this.durableSequence = durable;
    this.isSealed ||= frameType(words, at) === FrameType.seal;
    this.frames++;
    this.frameWord = at;
    this.length = length;
    return ScanStatus.frame;
  }

  #damaged(expected: string, found: string): number {
    this.expected = expected;
    this.found = found;
    return ScanStatus.damaged;
  }

  #misplaced(expected: string, found: string): number {
    this.expected = expected;
    this.found = found;
    return ScanStatus.misplaced;
  }

  /** Makes [position, position + length) available in the buffer; false when the file ends before. */
  #fill(position: number, length: number): boolean {
    const inBuffer =
      position >= this.#bufferStart && position + length <= this.#bufferStart + this.#bufferLength;
    if (!inBuffer) this.#load(position, Math.min(Math.max(length, this.#chunkBytes), this.#bytes.length));
    return this.#bufferLength >= position - this.#bufferStart + length;
  }

  #load(position: number, length: number): void {
    this.#bufferStart = position;
    this.#bufferLength = 0;
    this.#bufferLength = readFully(this.#file, position, this.#bytes, 0, length);
  }
}

const zeros = Buffer.alloc(64 * 1024);

function indexOfNonZero(bytes: Uint8Array, length: number): number {
  for (let start = 0; start < length; start += zeros.length) {
    const end = Math.min(length, start + zeros.length);
    if (zeros.compare(bytes, start, end, 0, end - start) === 0) continue;
    for (let at = start; at < end; at++) if (bytes[at] !== 0) return at;
  }
  return -1;
}

/**
 * Reads the raw frames of a journal while it is being written, for the replicator: history and the newest frames through
 * the same code. It never looks at bytes beyond the sequence that the caller says is written, and checks only what it
 * needs to find its way; the receiver checks each frame in full.
 */
import { crc32cWords } from './crc32c.js';
import { JournalCorruptionError } from './errors.js';
import {
  FRAME_HEADER_BYTES,
  FRAME_HEADER_WORDS,
  FrameType,
  FrameWord,
  frameFirstSequence,
  frameLastSequence,
  frameType,
  isHeaderValid,
  MAX_FRAME_BYTES,
  RECORD_BYTES,
  RECORD_WORDS,
} from './frame.js';
import { refuseRemoved, segmentHolding } from './journal-reader.js';
import { segmentNames } from './recover.js';
import { parseSegmentName, SEGMENT_HEADER_BYTES } from './segment.js';
import { SegmentScanner } from './segment-scanner.js';
import { type ReadableFile, readFully, type Storage } from './storage.js';

/** Most that is read at once while catching up. */
const CHUNK_BYTES = 2 * MAX_FRAME_BYTES;
/** Marks and a seal may stand before the next frame with records. */
const SLACK_BYTES = 4 * FRAME_HEADER_BYTES;

/** Chain of the journal after a record, and offset of its frame in its segment; 0 = the record is not there itself. */
export interface RecordPlace {
  readonly chain: number;
  readonly offset: number;
}

export class JournalTail {
  readonly #storage: Storage;
  readonly #bytes = new Uint8Array(CHUNK_BYTES);
  readonly #words = new Int32Array(this.#bytes.buffer);
  #file: ReadableFile | undefined;
  #names: readonly string[] = [];
  #segmentIndex = 0;
  /** File offset of the next frame, and the sequence of the next record there. */
  #position = 0;
  #nextSequence = 1;
  /** First record that is wanted. */
  #wantedSequence = 1;
  /** What the buffer holds: from which file offset, how much, and up to which record it was written when it was read. */
  #bufferStart = 0;
  #bufferLength = 0;
  #bufferLimit = 0;
  /** Of the frame that was read last. */
  #frameOffset = 0;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /**
   * Chain after record `sequence`, 0 for the empty journal. Does not move the place of `read`.
   * @returns undefined when the journal does not hold the record (never ask beyond what is written)
   */
  chainAt(sequence: number): number | undefined {
    return this.placeOf(sequence)?.chain;
  }

  /**
   * Chain after record `sequence`, and where its frame is.
   * @param offset where the frame was once, to look there first; 0 = not known
   */
  placeOf(sequence: number, offset = 0): RecordPlace | undefined {
    if (sequence === 0) return { chain: 0, offset: 0 };
    const entry = this.#chainAtEntry(sequence);
    if (entry !== undefined) return { chain: entry, offset: 0 };
    const probe = new JournalTail(this.#storage);
    try {
      return (offset === 0 ? undefined : probe.#placeAt(sequence, offset)) ?? probe.#placeAfter(sequence);
    } finally {
      probe.close();
    }
  }

  /** Offset in its segment of the frame that `read` returned last; 0 = none. */
  get frameOffset(): number {
    return this.#frameOffset;
  }

  /** The next `read` returns the frame that contains record `sequence`; it may begin before it. */
  seek(sequence: number): void {
    this.close();
    this.#wantedSequence = sequence;
  }

  /**
   * Copies the next frame with records, verbatim, to `target` from `offset` on.
   * @param limitSequence never look beyond this record: the writer's `journalWritten`, or less
   * @returns its bytes; 0 = the next frame does not end within the limit, or there is no room for it in `target`
   */
  read(target: Uint8Array, offset: number, limitSequence: number): number {
    if (!this.#advance(limitSequence)) return 0;
    let at = this.#frameWord();
    const length = this.#words[at];
    if (frameLastSequence(this.#words, at) > limitSequence || offset + length > target.length) return 0;
    if (!this.#fill(length)) this.#refuse('a whole frame');
    at = this.#frameWord();
    target.set(this.#bytes.subarray(at * 4, at * 4 + length), offset);
    this.#nextSequence = frameLastSequence(this.#words, at) + 1;
    this.#frameOffset = this.#position;
    this.#position += length;
    return length;
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #placeAfter(sequence: number): RecordPlace | undefined {
    this.seek(sequence);
    const [first] = segmentNames(this.#storage);
    if (first !== undefined && parseSegmentName(first)!.firstSequence > sequence) return undefined;
    if (sequence < 0 || !this.#openFirst() || !this.#advance(sequence)) return undefined;
    return this.#placeHere(sequence);
  }

  /** The same if the frame at `offset` of the segment holds the record. */
  #placeAt(sequence: number, offset: number): RecordPlace | undefined {
    this.seek(sequence);
    if (!this.#openFirst() || offset % 8 !== 0) return undefined;
    this.#position = offset;
    this.#readAt(FRAME_HEADER_BYTES);
    const isWhole = this.#bufferLength === FRAME_HEADER_BYTES && isHeaderValid(this.#words, 0);
    if (!isWhole || frameType(this.#words, 0) !== FrameType.commands) return undefined;
    const holds =
      frameFirstSequence(this.#words, 0) <= sequence && sequence <= frameLastSequence(this.#words, 0);
    return holds ? this.#placeHere(sequence) : undefined;
  }

  /** Of a record in the frame at hand. */
  #placeHere(sequence: number): RecordPlace {
    const count = sequence - frameFirstSequence(this.#words, this.#frameWord()) + 1;
    if (!this.#fill(FRAME_HEADER_BYTES + count * RECORD_BYTES)) this.#refuse('a whole frame');
    const at = this.#frameWord();
    const prevChain = this.#words[at + FrameWord.prevChain] >>> 0;
    const chain = crc32cWords(prevChain, this.#words, at + FRAME_HEADER_WORDS, count * RECORD_WORDS);
    return { chain, offset: this.#position };
  }

  /**
   * Goes to the next frame that holds wanted records; false when there is none within the limit. While the next record is
   * within the limit, its frame and the marks and seals before it are whole.
   */
  #advance(limitSequence: number): boolean {
    if (this.#file === undefined && !this.#openFirst()) return false;
    while (this.#nextSequence <= limitSequence) {
      this.#load(limitSequence);
      const words = this.#words;
      const at = this.#frameWord();
      if (!isHeaderValid(words, at)) this.#refuse('a frame header');
      const type = frameType(words, at);
      if (type === FrameType.seal) {
        this.#openSegment(this.#segmentIndex + 1);
        continue;
      }
      if (type === FrameType.commands) {
        const last = frameLastSequence(words, at);
        if (last >= this.#wantedSequence) return true;
        this.#nextSequence = last + 1;
      }
      this.#position += words[at];
    }
    return false;
  }

  #frameWord(): number {
    return (this.#position - this.#bufferStart) >> 2;
  }

  /**
   * Makes the next frame header available. Bytes that were read before the next record was written are read again, and
   * no more is read than the missing records can take: a live tail copies a frame, not a whole chunk of zeros.
   */
  #load(limitSequence: number): void {
    const isBuffered = this.#position + FRAME_HEADER_BYTES <= this.#bufferStart + this.#bufferLength;
    if (isBuffered && this.#nextSequence <= this.#bufferLimit) return;
    const missing = limitSequence - this.#nextSequence + 1;
    this.#readAt(missing * (RECORD_BYTES + FRAME_HEADER_BYTES) + SLACK_BYTES);
    this.#bufferLimit = limitSequence;
    if (this.#bufferLength < FRAME_HEADER_BYTES) this.#refuse('a frame header');
  }

  /** Makes `length` bytes of the frame at hand available; false when the file ends before. */
  #fill(length: number): boolean {
    if (this.#position + length > this.#bufferStart + this.#bufferLength) this.#readAt(length);
    return this.#bufferLength >= this.#position - this.#bufferStart + length;
  }

  #readAt(length: number): void {
    this.#bufferStart = this.#position;
    this.#bufferLength = readFully(
      this.#file!,
      this.#position,
      this.#bytes,
      0,
      Math.min(length, CHUNK_BYTES),
    );
  }

  /** Opens the segment with the first wanted record; false while there is no segment. */
  #openFirst(): boolean {
    this.#names = segmentNames(this.#storage);
    if (this.#names.length === 0) return false;
    refuseRemoved(this.#storage, this.#names, this.#wantedSequence);
    this.#openSegment(segmentHolding(this.#names, this.#wantedSequence));
    return true;
  }

  /** Chain after `sequence`, when that is the record right before the first one that is there; the header tells it. */
  #chainAtEntry(sequence: number): number | undefined {
    const [first] = segmentNames(this.#storage);
    if (first === undefined || parseSegmentName(first)!.firstSequence !== sequence + 1) return undefined;
    const scanner = new SegmentScanner(this.#storage, first);
    scanner.close();
    return scanner.header.chain;
  }

  #openSegment(index: number): void {
    if (index >= this.#names.length) this.#names = segmentNames(this.#storage);
    const name = this.#names[index];
    if (name === undefined) this.#refuse('the next segment');
    this.close();
    this.#file = this.#storage.openForRead(name);
    this.#segmentIndex = index;
    this.#nextSequence = parseSegmentName(name)!.firstSequence;
    this.#position = SEGMENT_HEADER_BYTES;
    this.#bufferStart = 0;
    this.#bufferLength = 0;
  }

  #refuse(expected: string): never {
    const file = this.#file?.name ?? this.#storage.directory;
    throw new JournalCorruptionError(
      file,
      this.#position,
      `${expected} for sequence ${this.#nextSequence}`,
      'other bytes',
    );
  }
}

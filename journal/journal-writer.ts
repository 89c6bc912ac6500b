/**
 * Writes the journal: frames into the newest segment, one sync for everything since the last one (group commit).
 *
 * After any failure it refuses everything: a sync that failed is never tried again, and what a failed write left behind
 * is for the next start to judge.
 *
 * Order of steps when a segment is full, each one durable before the next begins: seal of the old segment; header page of
 * the new one; its name; the statement of the control file; only then frames. So a segment that has a successor always
 * ends with a seal, and a segment that may hold records is always named by the control file or by its successor.
 */
import { readInt64 } from '../src/base/int64.js';
import { offsetOf, Template } from '../src/wire/schema.js';
import { HeaderWord, templateOf } from '../src/wire/slot.js';
import { CONTROL_FILE, ControlFile, createControlFile } from './control-file.js';
import { crc32cWords } from './crc32c.js';
import { JournalIoError, JournalSyncError } from './errors.js';
import { fail } from './fail.js';
import {
  FRAME_HEADER_BYTES,
  FRAME_HEADER_WORDS,
  FrameType,
  MAX_FRAME_RECORDS,
  RECORD_BYTES,
  RECORD_WORDS,
  writeFrameHeader,
} from './frame.js';
import { InlineSegments, PreparedSegments, type SegmentSource } from './prepared-segments.js';
import type { RecoveryReport } from './recover.js';
import {
  DEFAULT_SEGMENT_BYTES,
  encodeSegmentHeader,
  type JournalIdentity,
  MAX_SEGMENT_BYTES,
  MIN_FRAME_ROOM,
  MIN_SEGMENT_BYTES,
  SEGMENT_HEADER_BYTES,
  segmentName,
} from './segment.js';
import { type Allocation, readFully, type Storage, type WritableFile } from './storage.js';
import { cutTornTail } from './torn-tail.js';

export interface JournalWriterOptions {
  /** Size of a segment in bytes: 64 KiB to 1 GiB, a multiple of 4096. With `prepared` it must be the preparer's. */
  readonly segmentBytes: number;
  /** How the room of a segment is made; not used with `prepared`. */
  readonly allocation: Allocation;
  /** Records in one frame at most: 1 to 4096. */
  readonly maxFrameRecords: number;
  /** State of the segment preparer; null = the writer makes segments itself. */
  readonly prepared: SharedArrayBuffer | null;
  /** Wall clock in ms, for creation times and names of torn tails; 0 = not known. */
  readonly nowMs: () => number;
}

const REWRITE_CHUNK_BYTES = 1024 * 1024;
const noClock = (): number => 0;
const EPOCH_WORD = HeaderWord.body + offsetOf('epochStarted', 'epoch') / 4;

export class JournalWriter {
  readonly #storage: Storage;
  readonly #identity: JournalIdentity;
  readonly #options: JournalWriterOptions;
  readonly #source: SegmentSource;
  readonly #control: ControlFile;
  readonly #header = new Int32Array(FRAME_HEADER_WORDS);
  #file: WritableFile | undefined;
  /** Newest segment, also after its seal; empty before the first one. */
  #segmentName = '';
  #segmentFirstSequence = 0;
  #segmentEpoch = 0;
  #segmentBytes: number;
  #position = 0;
  #dirtyFrom = 0;
  #nextSequence: number;
  #durableSequence: number;
  #markedSequence = -1;
  #chain: number;
  #epoch: number;
  #timestampUs: number;
  /** The newest segment says that an older release may read it, which is not so of what is written from here on. */
  #isOutdated = false;
  #failure: Error | undefined;
  #segmentsOpened = 0;

  private constructor(
    storage: Storage,
    identity: JournalIdentity,
    report: RecoveryReport,
    options: JournalWriterOptions,
  ) {
    this.#storage = storage;
    this.#identity = identity;
    this.#options = options;
    this.#segmentBytes = options.segmentBytes;
    this.#source =
      options.prepared === null
        ? new InlineSegments(storage, options.segmentBytes, options.allocation)
        : new PreparedSegments(options.prepared, storage.directory);
    this.#nextSequence = report.lastSequence + 1;
    this.#durableSequence = report.lastSequence;
    this.#chain = report.chain;
    this.#epoch = report.epoch;
    this.#timestampUs = report.lastTimestampUs;
    this.#control = new ControlFile(storage, report.controlGeneration);
  }

  /**
   * Opens the journal for appending after what `recover` found: cuts the torn tail, if there is one, writes what nothing
   * proves to be on the disk once more, and syncs it and the names, because what could be read need not have been durable.
   * Afterwards everything up to `report.lastSequence` is.
   */
  static open(
    storage: Storage,
    identity: JournalIdentity,
    report: RecoveryReport,
    options: Partial<JournalWriterOptions> = {},
  ): JournalWriter {
    const all: JournalWriterOptions = {
      segmentBytes: options.segmentBytes ?? DEFAULT_SEGMENT_BYTES,
      allocation: options.allocation ?? 'zero-fill',
      maxFrameRecords: options.maxFrameRecords ?? MAX_FRAME_RECORDS,
      prepared: options.prepared ?? null,
      nowMs: options.nowMs ?? noClock,
    };
    const { segmentBytes, maxFrameRecords } = all;
    if (segmentBytes % 4096 !== 0 || segmentBytes < MIN_SEGMENT_BYTES || segmentBytes > MAX_SEGMENT_BYTES) {
      throw new RangeError(
        `segmentBytes ${segmentBytes}: a multiple of 4096 from ${MIN_SEGMENT_BYTES} to ${MAX_SEGMENT_BYTES}`,
      );
    }
    if (!Number.isInteger(maxFrameRecords) || maxFrameRecords < 1 || maxFrameRecords > MAX_FRAME_RECORDS) {
      throw new RangeError(`maxFrameRecords ${maxFrameRecords}: an integer from 1 to ${MAX_FRAME_RECORDS}`);
    }
    if (!storage.exists(CONTROL_FILE)) createControlFile(storage);
    // Whoever renamed a file here last may have died before the name was durable.
    else storage.syncDirectory();
    cutTornTail(storage, report, all.nowMs());
    const writer = new JournalWriter(storage, identity, report, all);
    try {
      writer.#reopenNewest(report);
    } catch (error) {
      writer.#releaseFiles();
      throw error;
    }
    return writer;
  }

  /** Last record that was appended, durable or not. */
  get writtenSequence(): number {
    return this.#nextSequence - 1;
  }

  /** Last record that a completed sync covers. */
  get durableSequence(): number {
    return this.#durableSequence;
  }

  /** Chain after the last record that was appended. */
  get chain(): number {
    return this.#chain;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** How often appending had to wait for a new segment to be made. */
  get segmentWaits(): number {
    return this.#source.waits;
  }

  get segmentsOpened(): number {
    return this.#segmentsOpened;
  }

  /** Bytes left in the segment written to; 0 when there is none. */
  get segmentRoom(): number {
    return this.#file === undefined ? 0 : this.#room();
  }

  /** Whether the idle mark after the last record has still to be written. */
  get isMarkDue(): boolean {
    return this.#file !== undefined && this.#markedSequence !== this.#nextSequence - 1;
  }

  /**
   * Appends `count` records that stand one after the other from word `wordIndex` on. One frame, unless an epoch starts
   * among them, they are more than a frame takes, or the segment ends. Nothing is durable before `sync`.
   */
  appendRecords(words: Int32Array, wordIndex: number, count: number): void {
    this.#refuseAfterFailure();
    if (readInt64(words, wordIndex + HeaderWord.sequence) !== this.#nextSequence)
      fail('records out of sequence');
    try {
      for (let done = 0; done < count; ) {
        const at = wordIndex + done * RECORD_WORDS;
        this.#noteEpoch(words, at);
        if (this.#file === undefined || this.#isOutdated || this.#room() < MIN_FRAME_ROOM)
          this.#beginSegment();
        const limit = Math.min(count - done, this.#options.maxFrameRecords, this.#recordsThatFit());
        const run = runOfOneEpoch(words, at, limit);
        this.#appendFrame(words, at, run);
        done += run;
      }
    } catch (error) {
      this.#failure = error as Error;
      throw error;
    }
  }

  /**
   * Makes everything appended so far durable.
   * @returns the durable sequence
   * @throws JournalSyncError once; the writer refuses everything afterwards
   */
  sync(): number {
    this.#refuseAfterFailure();
    try {
      this.#syncFrames();
    } catch (error) {
      this.#failure = error as Error;
      throw error;
    }
    return this.#durableSequence;
  }

  /**
   * Syncs, then says in the journal and in the control file that everything is durable: for idle moments and a clean
   * close, so that the last records are above suspicion at the next start.
   */
  mark(): void {
    this.sync();
    const file = this.#file;
    if (file === undefined || !this.isMarkDue) return;
    try {
      if (this.#room() >= MIN_FRAME_ROOM) {
        this.#writeEmptyFrame(file, FrameType.durableMark);
        this.#syncFrames();
      }
      this.#control.write(this.#durableSequence, this.#segmentFirstSequence, this.#segmentEpoch);
      this.#markedSequence = this.#durableSequence;
    } catch (error) {
      this.#failure = error as Error;
      throw error;
    }
  }

  /** Marks and closes. After a failure it only lets go of the files. */
  close(): void {
    try {
      if (this.#failure === undefined) this.mark();
    } finally {
      this.#failure ??= new JournalIoError(this.#storage.directory, 'the journal writer is closed');
      this.#releaseFiles();
    }
  }

  #reopenNewest(report: RecoveryReport): void {
    if (report.lastFile === '') return;
    this.#segmentName = report.lastFile;
    const file = this.#storage.openForWrite(report.lastFile);
    this.#file = file;
    rewrite(this.#storage, file, report.lastFileProvenEnd, report.lastFileEnd);
    file.sync(0, report.lastFileEnd);
    this.#segmentBytes = file.bytes;
    this.#position = report.lastFileEnd;
    this.#dirtyFrom = report.lastFileEnd;
    this.#segmentFirstSequence = report.lastFileFirstSequence;
    this.#segmentEpoch = report.lastFileEpoch;
    this.#control.write(this.#durableSequence, this.#segmentFirstSequence, this.#segmentEpoch);
    if (report.clean) this.#markedSequence = report.lastSequence;
    // A segment without a record goes on: the next one would have the same name.
    this.#isOutdated = report.isOutdated && report.lastSequence >= report.lastFileFirstSequence;
    if (report.isSealed) this.#closeFile();
  }

  /** The epoch of the frames from here on, when the record at word `at` starts one. */
  #noteEpoch(words: Int32Array, at: number): void {
    if (templateOf(words[at]) !== Template.epochStarted) return;
    // A stale epoch is for the business logic to reject; in the journal epochs only rise.
    this.#epoch = Math.max(this.#epoch, words[at + EPOCH_WORD] >>> 0);
  }

  #room(): number {
    return this.#segmentBytes - this.#position;
  }

  /** Records that fit into one frame here, with the seal behind it. */
  #recordsThatFit(): number {
    return Math.floor((this.#room() - 2 * FRAME_HEADER_BYTES) / RECORD_BYTES);
  }

  #appendFrame(words: Int32Array, at: number, count: number): void {
    const wordCount = count * RECORD_WORDS;
    const chain = crc32cWords(this.#chain, words, at, wordCount);
    const lastRecord = at + wordCount - RECORD_WORDS;
    this.#timestampUs = readInt64(words, lastRecord + HeaderWord.timestampUs);
    writeFrameHeader(
      this.#header,
      0,
      FrameType.commands,
      count,
      this.#nextSequence,
      this.#epoch,
      this.#timestampUs,
      this.#durableSequence,
      this.#chain,
      chain,
    );
    this.#file!.writeFrame(this.#position, this.#header, words, at, wordCount);
    this.#position += FRAME_HEADER_BYTES + count * RECORD_BYTES;
    this.#chain = chain;
    this.#nextSequence += count;
    if (readInt64(words, lastRecord + HeaderWord.sequence) !== this.#nextSequence - 1)
      fail('records out of sequence');
  }

  #writeEmptyFrame(file: WritableFile, type: number): void {
    const header = this.#header;
    writeFrameHeader(
      header,
      0,
      type,
      0,
      this.#nextSequence,
      this.#epoch,
      this.#timestampUs,
      this.#durableSequence,
      this.#chain,
      this.#chain,
    );
    file.writeFrame(this.#position, header, header, 0, 0);
    this.#position += FRAME_HEADER_BYTES;
  }

  #syncFrames(): void {
    if (this.#file === undefined || this.#dirtyFrom === this.#position) return;
    this.#file.sync(this.#dirtyFrom, this.#position);
    this.#dirtyFrom = this.#position;
    this.#durableSequence = this.#nextSequence - 1;
  }

  /** Seals the segment in use, if any, and begins the next one with the next record. */
  #beginSegment(): void {
    if (this.#file !== undefined) {
      this.#syncFrames();
      this.#writeEmptyFrame(this.#file, FrameType.seal);
      this.#syncFrames();
      this.#closeFile();
    }
    const storage = this.#storage;
    const temporary = this.#source.take();
    const name = segmentName(this.#nextSequence, this.#epoch);
    const fresh = storage.openForWrite(temporary);
    try {
      fresh.write(
        0,
        encodeSegmentHeader({
          clusterId: this.#identity.clusterId,
          nodeId: this.#identity.nodeId,
          epoch: this.#epoch,
          firstSequence: this.#nextSequence,
          chain: this.#chain,
          segmentBytes: fresh.bytes,
          previousName: this.#segmentName,
          previousChain: this.#chain,
          createdAtUs: this.#options.nowMs() * 1000,
          timestampUs: this.#timestampUs,
        }),
      );
      fresh.sync(0, SEGMENT_HEADER_BYTES);
    } finally {
      fresh.close();
    }
    if (storage.exists(name)) fail(`segment ${name} exists already`);
    storage.rename(temporary, name);
    storage.syncDirectory();
    this.#control.write(this.#durableSequence, this.#nextSequence, this.#epoch);
    this.#file = storage.openForWrite(name);
    this.#isOutdated = false;
    this.#segmentName = name;
    this.#segmentFirstSequence = this.#nextSequence;
    this.#segmentEpoch = this.#epoch;
    this.#segmentBytes = this.#file.bytes;
    this.#position = SEGMENT_HEADER_BYTES;
    this.#dirtyFrom = SEGMENT_HEADER_BYTES;
    this.#segmentsOpened++;
  }

  #refuseAfterFailure(): void {
    if (this.#failure === undefined) return;
    throw new JournalSyncError(
      this.#storage.directory,
      `refused after: ${this.#failure.message}`,
      this.#failure,
    );
  }

  #closeFile(): void {
    const file = this.#file;
    this.#file = undefined;
    file?.close();
  }

  #releaseFiles(): void {
    this.#closeFile();
    this.#control.close();
  }
}

/**
 * Writes the bytes [from, to) over themselves. After a sync that failed the kernel may keep pages that the disk never got
 * and call them clean; only pages that are written again go to the disk with the next sync.
 */
function rewrite(storage: Storage, file: WritableFile, from: number, to: number): void {
  const source = storage.openForRead(file.name);
  const bytes = new Uint8Array(Math.min(to - from, REWRITE_CHUNK_BYTES));
  try {
    for (let position = from; position < to; position += bytes.length) {
      const length = Math.min(bytes.length, to - position);
      readFully(source, position, bytes, 0, length);
      file.write(position, bytes.subarray(0, length));
    }
  } finally {
    source.close();
  }
}

/** How many of `limit` records from word `at` on belong to the epoch of the first one. */
function runOfOneEpoch(words: Int32Array, at: number, limit: number): number {
  for (let i = 1; i < limit; i++) {
    if (templateOf(words[at + i * RECORD_WORDS]) === Template.epochStarted) return i;
  }
  return limit;
}

/**
 * Reads records in sequence, across segments, and checks everything on the way: checksums, chain, sequence, epoch, seals,
 * links between segments. Of frames before the first record that is wanted, only the headers and what ties them together.
 * What it returns is what was written, or it throws. Records of older versions come out as records of the current one, so
 * that nobody behind it has to know them.
 */
import { RECORD_VERSION } from '../src/wire/slot.js';
import { upcastRecord } from '../src/wire/upcast.js';
import { JournalCorruptionError, JournalHistoryError } from './errors.js';
import {
  FRAME_HEADER_WORDS,
  FrameType,
  FrameWord,
  frameFirstSequence,
  frameRecordCount,
  frameType,
  RECORD_WORDS,
} from './frame.js';
import { segmentNames } from './recover.js';
import { parseSegmentName } from './segment.js';
import { ScanStatus, SegmentScanner } from './segment-scanner.js';
import type { Storage } from './storage.js';

export interface JournalReaderOptions {
  /** First record wanted; default 1. JournalHistoryError when it was removed. */
  readonly fromSequence?: number;
  /** Last record wanted; must be in the journal (`RecoveryReport.lastSequence` at most). */
  readonly toSequence: number;
  /** Records in the version in which they were stored, byte for byte: for sums of what is stored. Default false. */
  readonly asStored?: boolean;
}

export class JournalReader {
  /** The records of the frame at hand start at word `wordIndex` of `words`; valid until the next frame. */
  words: Int32Array = new Int32Array(0);
  wordIndex = 0;
  recordCount = 0;
  firstSequence = 0;
  epoch = 0;
  timestampUs = 0;
  /** Chain after the frame at hand. */
  chain = 0;
  /** File and offset of the frame at hand. */
  file = '';
  offset = 0;

  readonly #storage: Storage;
  readonly #fromSequence: number;
  readonly #toSequence: number;
  readonly #asStored: boolean;
  readonly #names: readonly string[];
  #segmentIndex: number;
  #scanner: SegmentScanner | undefined;
  /** Next record to hand out, and how many of the frame at hand are left. */
  #nextSequence: number;
  #left = 0;

  constructor(storage: Storage, options: JournalReaderOptions) {
    this.#storage = storage;
    this.#fromSequence = options.fromSequence ?? 1;
    this.#toSequence = options.toSequence;
    this.#asStored = options.asStored ?? false;
    this.#nextSequence = this.#fromSequence;
    this.#names = segmentNames(storage);
    this.#segmentIndex = segmentHolding(this.#names, this.#fromSequence);
    refuseRemoved(storage, this.#names, this.#fromSequence);
  }

  /** Sequence of the record that the next `readRecords` starts with. */
  get nextSequence(): number {
    return this.#nextSequence;
  }

  /**
   * Goes to the next frame that holds wanted records; the fields then describe them (whole frames, but without records
   * before `fromSequence` or after `toSequence`).
   * @returns false when `toSequence` has been read
   */
  nextFrame(): boolean {
    if (this.#nextSequence + this.#left > this.#toSequence) return false;
    this.#nextSequence += this.#left;
    this.#left = 0;
    for (;;) {
      const scanner = this.#scanner ?? this.#openSegment(undefined);
      const status = scanner.step();
      if (status !== ScanStatus.frame) this.#refuse(scanner, status);
      const type = frameType(scanner.words, scanner.frameWord);
      if (type === FrameType.seal) this.#openSegment(scanner);
      else if (type === FrameType.commands && scanner.nextSequence > this.#fromSequence) {
        this.#take(scanner);
        return true;
      }
    }
  }

  /**
   * Copies the next records to `words` from word `wordIndex` on.
   * @returns how many, at most `maxRecords`; 0 = `toSequence` has been read
   */
  readRecords(words: Int32Array, wordIndex: number, maxRecords: number): number {
    let copied = 0;
    while (copied < maxRecords) {
      if (this.#left === 0 && !this.nextFrame()) break;
      const count = Math.min(this.#left, maxRecords - copied);
      const from = this.wordIndex + (this.recordCount - this.#left) * RECORD_WORDS;
      words.set(this.words.subarray(from, from + count * RECORD_WORDS), wordIndex + copied * RECORD_WORDS);
      this.#left -= count;
      this.#nextSequence += count;
      copied += count;
    }
    return copied;
  }

  close(): void {
    this.#scanner?.close();
    this.#scanner = undefined;
  }

  #take(scanner: SegmentScanner): void {
    const { words, frameWord } = scanner;
    const first = frameFirstSequence(words, frameWord);
    const skipped = Math.max(0, this.#fromSequence - first);
    const last = Math.min(this.#toSequence, scanner.nextSequence - 1);
    this.words = words;
    this.wordIndex = frameWord + FRAME_HEADER_WORDS + skipped * RECORD_WORDS;
    this.firstSequence = first + skipped;
    this.recordCount = last - this.firstSequence + 1;
    this.epoch = words[frameWord + FrameWord.epoch] >>> 0;
    this.timestampUs = scanner.timestampUs;
    this.chain = scanner.chain;
    this.file = scanner.name;
    this.offset = scanner.position;
    this.#left = this.recordCount;
    if (frameRecordCount(words, frameWord) < this.recordCount)
      throw new Error('journal: more records than the frame has');
    if (!this.#asStored && scanner.survey.oldestVersion < RECORD_VERSION) this.#upcast();
  }

  /** Puts copies of the records at hand in their place, in the current version. */
  #upcast(): void {
    const current = new Int32Array(this.recordCount * RECORD_WORDS);
    for (let at = 0; at < current.length; at += RECORD_WORDS) {
      upcastRecord(this.words, this.wordIndex + at, current, at);
    }
    this.words = current;
    this.wordIndex = 0;
  }

  /** Opens the segment to start with, or the one after `sealed`. */
  #openSegment(sealed: SegmentScanner | undefined): SegmentScanner {
    const name = this.#names[this.#segmentIndex];
    if (name === undefined) {
      const after = sealed?.name ?? this.#storage.directory;
      throw new JournalCorruptionError(
        after,
        sealed?.end() ?? 0,
        `sequence ${this.#nextSequence}`,
        'the end',
      );
    }
    if (sealed !== undefined) {
      const garbage = sealed.firstNonZero(sealed.end());
      if (garbage >= 0)
        throw new JournalCorruptionError(sealed.name, garbage, 'zeros after the seal', 'other bytes');
    }
    const scanner = new SegmentScanner(this.#storage, name);
    scanner.verifyFrom = this.#fromSequence;
    if (sealed !== undefined) {
      const { header } = scanner;
      if (
        header.previousName !== sealed.name ||
        header.firstSequence !== sealed.nextSequence ||
        header.chain !== sealed.chain
      ) {
        scanner.close();
        throw new JournalCorruptionError(
          name,
          32,
          `sequence ${sealed.nextSequence} and chain ${sealed.chain} after ${sealed.name}`,
          `sequence ${header.firstSequence} and chain ${header.chain} after ${header.previousName || 'none'}`,
        );
      }
      sealed.close();
    }
    this.#segmentIndex++;
    this.#scanner = scanner;
    return scanner;
  }

  #refuse(scanner: SegmentScanner, status: number): never {
    const isEnd = status === ScanStatus.unwritten;
    const expected = isEnd ? `sequence ${scanner.nextSequence}` : scanner.expected;
    throw new JournalCorruptionError(
      scanner.name,
      scanner.position,
      expected,
      isEnd ? 'the end' : scanner.found,
    );
  }
}

/** Throws JournalHistoryError when the journal begins after `sequence`. */
export function refuseRemoved(storage: Storage, names: readonly string[], sequence: number): void {
  if (names.length === 0) return;
  const { firstSequence } = parseSegmentName(names[0]!)!;
  if (firstSequence > sequence) throw new JournalHistoryError(storage.directory, sequence, firstSequence);
}

/** Index of the segment that holds `sequence`: the last one that begins at it or before it. Binary search by name. */
export function segmentHolding(names: readonly string[], sequence: number): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (parseSegmentName(names[middle])!.firstSequence <= sequence) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

import { crc32cWords } from '../../../journal/crc32c.js';
import {
  FRAME_HEADER_WORDS,
  FrameType,
  frameFirstSequence,
  frameLastSequence,
  MAX_FRAME_RECORDS,
  RECORD_WORDS,
  writeFrameHeader,
} from '../../../journal/frame.js';
import { writeInt64 } from '../../../src/base/int64.js';
import { Prng } from '../../../src/base/prng.js';
import type { FrameSource } from '../../../src/replication/ports.js';
import { HeaderWord, packTemplate, RECORD_VERSION, templateOf } from '../../../src/wire/slot.js';

/** Builds one frame of `records` (whole records, back to back). */
export function buildFrame(records: Int32Array, first: number, epoch: number, prevChain: number): Int32Array {
  const count = records.length / RECORD_WORDS;
  const words = new Int32Array(FRAME_HEADER_WORDS + records.length);
  words.set(records, FRAME_HEADER_WORDS);
  const chain = crc32cWords(prevChain, words, FRAME_HEADER_WORDS, records.length);
  writeFrameHeader(
    words,
    0,
    FrameType.commands,
    count,
    first,
    epoch,
    first * 1000,
    first - 1,
    prevChain,
    chain,
  );
  return words;
}

/** Random records with the right sequence in their headers. */
export function makeRecords(prng: Prng, first: number, count: number): Int32Array {
  const records = new Int32Array(count * RECORD_WORDS);
  for (let i = 0; i < records.length; i++) records[i] = prng.nextUint32();
  for (let i = 0; i < count; i++) {
    const at = i * RECORD_WORDS;
    records[at] = packTemplate(templateOf(records[at]!), RECORD_VERSION, 0);
    writeInt64(records, at + HeaderWord.sequence, first + i);
  }
  return records;
}

/** A journal of frames in memory: appended to by a test, tailed by a replicator. */
export class MemoryJournal implements FrameSource {
  readonly frames: Int32Array[] = [];
  /** All records since genesis, by sequence - 1. */
  readonly records: Int32Array[] = [];
  /** Chain values by sequence. */
  readonly chains: number[] = [0];
  epoch: number;
  /** Thrown by the next read, as a rotten segment would. */
  failure: Error | undefined;
  private next = 0;
  private readonly prng: Prng;

  constructor(seed: number, epoch = 1) {
    this.prng = new Prng(seed);
    this.epoch = epoch;
  }

  get lastSequence(): number {
    return this.records.length;
  }

  get chain(): number {
    return this.chains[this.chains.length - 1]!;
  }

  /** Appends `count` random records in frames of at most `maxFrame`; returns the last sequence. */
  append(count: number, maxFrame = 16): number {
    let left = count;
    while (left > 0) {
      const size = Math.min(left, 1 + this.prng.below(maxFrame), MAX_FRAME_RECORDS);
      this.appendRecords(makeRecords(this.prng, this.lastSequence + 1, size));
      left -= size;
    }
    return this.lastSequence;
  }

  /** Appends given records as one frame. */
  appendRecords(records: Int32Array): void {
    this.frames.push(buildFrame(records, this.lastSequence + 1, this.epoch, this.chain));
    for (let at = 0; at < records.length; at += RECORD_WORDS) {
      this.records.push(records.slice(at, at + RECORD_WORDS));
      this.chains.push(crc32cWords(this.chain, records, at, RECORD_WORDS));
    }
  }

  chainAt(sequence: number): number | undefined {
    if (this.failure !== undefined) throw this.failure;
    return this.chains[sequence];
  }

  close(): void {}

  seek(sequence: number): void {
    this.next = this.frames.findIndex((frame) => frameLastSequence(frame, 0) >= sequence);
    if (this.next < 0) this.next = this.frames.length;
  }

  read(target: Uint8Array, offset: number, limitSequence: number): number {
    if (this.failure !== undefined) throw this.failure;
    const frame = this.frames[this.next];
    if (frame === undefined || frameLastSequence(frame, 0) > limitSequence) return 0;
    const bytes = new Uint8Array(frame.buffer, frame.byteOffset, frame.byteLength);
    if (bytes.length > target.length - offset) return 0;
    target.set(bytes, offset);
    this.next++;
    return bytes.length;
  }

  /** Sequence of the first record of the frame that holds `sequence`. */
  frameStart(sequence: number): number {
    return frameFirstSequence(this.frames.find((frame) => frameLastSequence(frame, 0) >= sequence)!, 0);
  }
}

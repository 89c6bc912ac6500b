/**
 * The frame: one batch of records, with a checksum over its header and one over its records.
 *
 * ```
 *  0        4           8                16      20     22        23      24             32                40          44      48
 *  | length | headerCrc | firstSequence  | epoch | type | version | flags | timestampUs  | durableSequence | prevChain | chain | records ...
 * ```
 * - `length` counts the whole frame in bytes and is written last; 0 = nothing was written here.
 * - `headerCrc` is over the length word and bytes 8..48.
 * - `chain` is the CRC-32C of all records since the first one of the journal, `prevChain` its value before this frame: it
 *   proves the records of the frame and ties the frame to the one before, whatever the framing. So two nodes that framed
 *   the same records differently have the same chain at the same sequence.
 * - `firstSequence` of a frame without records is the sequence of the next record.
 * - `durableSequence` is what the writer knew to be durable when it wrote the frame: the evidence that tells a torn tail
 *   from damage.
 * - `timestampUs` is the command time of the last record so far.
 */
import { readInt64, writeInt64 } from '../src/base/int64.js';
import { HeaderWord, SLOT_BYTES, SLOT_WORDS, versionOf } from '../src/wire/slot.js';
import { crc32cWords } from './crc32c.js';

export const RECORD_BYTES = SLOT_BYTES;
export const RECORD_WORDS = SLOT_WORDS;
export const FRAME_HEADER_BYTES = 48;
export const FRAME_HEADER_WORDS = 12;
/** More records are split over several frames. */
export const MAX_FRAME_RECORDS = 4096;
export const MAX_FRAME_BYTES = FRAME_HEADER_BYTES + MAX_FRAME_RECORDS * RECORD_BYTES;
/**
 * Version of the frame format written by this release, and the newest one it reads. Version 0 had no durable sequence: its
 * place was 0.
 */
export const FRAME_VERSION = 1;

export const FrameType = {
  /** Records. */
  commands: 1,
  /** No records: says that everything before it is durable. Written when idle and at a clean close. */
  durableMark: 2,
  /** No records: the segment ends here and goes on in the next one. */
  seal: 3,
} as const;

/** Word (4-byte) indices of the header fields. */
export const FrameWord = {
  length: 0,
  headerCrc: 1,
  firstSequence: 2,
  epoch: 4,
  /** type | formatVersion << 16 | flags << 24 */
  type: 5,
  timestampUs: 6,
  durableSequence: 8,
  prevChain: 10,
  chain: 11,
} as const;

/** The checksum that a header must carry. */
export function frameHeaderCrc(words: Int32Array, wordIndex: number): number {
  return crc32cWords(crc32cWords(0, words, wordIndex, 1), words, wordIndex + FrameWord.firstSequence, 10);
}

/** Fills a header at `wordIndex`, checksum included; the chain covers records that the caller has summed already. */
export function writeFrameHeader(
  words: Int32Array,
  wordIndex: number,
  type: number,
  recordCount: number,
  firstSequence: number,
  epoch: number,
  timestampUs: number,
  durableSequence: number,
  prevChain: number,
  chain: number,
): void {
  words[wordIndex + FrameWord.length] = FRAME_HEADER_BYTES + recordCount * RECORD_BYTES;
  writeInt64(words, wordIndex + FrameWord.firstSequence, firstSequence);
  words[wordIndex + FrameWord.epoch] = epoch;
  words[wordIndex + FrameWord.type] = type | (FRAME_VERSION << 16);
  writeInt64(words, wordIndex + FrameWord.timestampUs, timestampUs);
  writeInt64(words, wordIndex + FrameWord.durableSequence, durableSequence);
  words[wordIndex + FrameWord.prevChain] = prevChain;
  words[wordIndex + FrameWord.chain] = chain;
  words[wordIndex + FrameWord.headerCrc] = frameHeaderCrc(words, wordIndex);
}

/** Whether `length` can be that of a frame: whole records, not too many. */
export function isFrameLength(length: number): boolean {
  return (
    length >= FRAME_HEADER_BYTES &&
    length <= MAX_FRAME_BYTES &&
    (length - FRAME_HEADER_BYTES) % RECORD_BYTES === 0
  );
}

/** Whether the header at `wordIndex` is whole: possible length, right checksum. Says nothing about version and type. */
export function isHeaderIntact(words: Int32Array, wordIndex: number): boolean {
  return (
    isFrameLength(words[wordIndex]) &&
    words[wordIndex + FrameWord.headerCrc] >>> 0 === frameHeaderCrc(words, wordIndex)
  );
}

/** Whether the header is intact and means something to this release. */
export function isHeaderValid(words: Int32Array, wordIndex: number): boolean {
  return (
    isHeaderIntact(words, wordIndex) &&
    frameVersion(words, wordIndex) <= FRAME_VERSION &&
    isKnownFrame(words, wordIndex)
  );
}

/** Whether type and number of records of an intact header go together. */
export function isKnownFrame(words: Int32Array, wordIndex: number): boolean {
  const type = frameType(words, wordIndex);
  const hasRecords = frameRecordCount(words, wordIndex) > 0;
  // The same way for all types: a seal is so rare that a way of its own would be news to the compiled code of the readers.
  return hasRecords === (type === FrameType.commands) && type >= FrameType.commands && type <= FrameType.seal;
}

/** Whether the records are those that the header was written for. The header must be valid. */
export function areRecordsIntact(words: Int32Array, wordIndex: number): boolean {
  const recordWords = (words[wordIndex] - FRAME_HEADER_BYTES) >> 2;
  const prevChain = words[wordIndex + FrameWord.prevChain] >>> 0;
  return (
    crc32cWords(prevChain, words, wordIndex + FRAME_HEADER_WORDS, recordWords) ===
    words[wordIndex + FrameWord.chain] >>> 0
  );
}

/** Whether a whole frame stands at `wordIndex`, for receivers: header and records. Does not look at its neighbours. */
export function isFrameValid(words: Int32Array, wordIndex: number): boolean {
  return isHeaderValid(words, wordIndex) && areRecordsIntact(words, wordIndex);
}

export function frameType(words: Int32Array, wordIndex: number): number {
  return words[wordIndex + FrameWord.type] & 0xffff;
}

export function frameVersion(words: Int32Array, wordIndex: number): number {
  return (words[wordIndex + FrameWord.type] >>> 16) & 0xff;
}

export function frameRecordCount(words: Int32Array, wordIndex: number): number {
  return ((words[wordIndex] - FRAME_HEADER_BYTES) / RECORD_BYTES) | 0;
}

export function frameFirstSequence(words: Int32Array, wordIndex: number): number {
  return readInt64(words, wordIndex + FrameWord.firstSequence);
}

/** Sequence of the last record; of a frame without records, of the last record before it. */
export function frameLastSequence(words: Int32Array, wordIndex: number): number {
  return frameFirstSequence(words, wordIndex) + frameRecordCount(words, wordIndex) - 1;
}

/** What one walk over the records of a frame tells; of a frame without records, versions 255 and 0. */
export interface RecordSurvey {
  oldestVersion: number;
  newestVersion: number;
  /**
   * They carry the sequences that the header says. The checksum already covers them; this catches a writer that framed
   * the wrong records.
   */
  isDense: boolean;
}

/** Looks at each record of a valid frame, once. */
export function surveyRecords(words: Int32Array, wordIndex: number, survey: RecordSurvey): void {
  const count = frameRecordCount(words, wordIndex);
  const first = wordIndex + FRAME_HEADER_WORDS;
  const low = words[wordIndex + FrameWord.firstSequence];
  const high = words[wordIndex + FrameWord.firstSequence + 1];
  let otherTemplates = 0;
  let differences = 0;
  for (let i = 0; i < count; i++) {
    const record = first + i * RECORD_WORDS;
    otherTemplates |= words[record] ^ words[first];
    const expected = (low + i) | 0;
    differences |= words[record + HeaderWord.sequence] ^ expected;
    // The high half counts one more where the low half has gone from -1 to 0.
    const carry = (low & ~expected) >>> 31;
    differences |= words[record + HeaderWord.sequence + 1] ^ (high + carry);
  }
  survey.isDense = differences === 0;
  survey.oldestVersion = count === 0 ? 255 : versionOf(words[first]);
  survey.newestVersion = count === 0 ? 0 : survey.oldestVersion;
  if (versionOf(otherTemplates) === 0) return;
  for (let i = 1; i < count; i++) {
    const version = versionOf(words[first + i * RECORD_WORDS]);
    if (version > survey.newestVersion) survey.newestVersion = version;
    if (version < survey.oldestVersion) survey.oldestVersion = version;
  }
}

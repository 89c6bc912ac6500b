/**
 * The segment: a file of fixed size that begins with one header page and goes on with frames. Its name says the first
 * sequence and the epoch in which it was begun: `00000000000000000001-0000000001.wal`.
 *
 * Header page (4 KiB, little-endian, the rest zero):
 * ```
 *  0 magic "RINGFWAL"        8 formatMajor u16   10 formatMinor u16   12 headerCrc u32 (over the page with this word 0)
 *  16 clusterId u64          24 nodeId u32       28 epoch u32
 *  32 firstSequence i64      40 chain at entry u32  44 segmentBytes u32
 *  48 previous firstSequence i64 (0 = none)      56 previous epoch u32   60 previous final chain u32
 *  64 createdAtUs i64        72 schemaVersion u16   74 reserved u16       76 reserved u32
 *  80 timestampUs i64 of the last record before  88 release that wrote it, 24 characters
 * ```
 * Magic, format and checksum keep their places in every later format, so that an old release can name a new one.
 */
import { highWord, lowWord, readInt64, toBigUint64, writeInt64 } from '../src/base/int64.js';
import { SCHEMA_VERSION } from '../src/wire/schema.js';
import { crc32cWords } from './crc32c.js';
import { JournalCorruptionError, JournalForeignError, JournalVersionError } from './errors.js';
import { FRAME_HEADER_BYTES, RECORD_BYTES } from './frame.js';

export const SEGMENT_HEADER_BYTES = 4096;
export const SEGMENT_FORMAT_MAJOR = 1;
export const SEGMENT_FORMAT_MINOR = 0;
export const MIN_SEGMENT_BYTES = 64 * 1024;
export const MAX_SEGMENT_BYTES = 1024 * 1024 * 1024;
export const DEFAULT_SEGMENT_BYTES = 64 * 1024 * 1024;
/** The smallest room in which a frame with one record and the seal after it fit. */
export const MIN_FRAME_ROOM = FRAME_HEADER_BYTES + RECORD_BYTES + FRAME_HEADER_BYTES;
export const SEGMENT_SUFFIX = '.wal';

const MAGIC_LOW = 0x474e4952; // "RING"
const MAGIC_HIGH = 0x4c415746; // "FWAL"
const NAME = /^(\d{20})-(\d{10})\.wal$/;
const RELEASE_OFFSET = 88;
const RELEASE_BYTES = 24;
/** Written into headers for people who look at an old file. */
export const RELEASE = 'ringfence 0.1.0';

const Word = {
  magicLow: 0,
  magicHigh: 1,
  format: 2,
  crc: 3,
  clusterLow: 4,
  clusterHigh: 5,
  nodeId: 6,
  epoch: 7,
  firstSequence: 8,
  chain: 10,
  segmentBytes: 11,
  previousFirstSequence: 12,
  previousEpoch: 14,
  previousChain: 15,
  createdAtUs: 16,
  schemaVersion: 18,
  timestampUs: 20,
} as const;

/** Whose journal it is. */
export interface JournalIdentity {
  readonly clusterId: bigint;
  readonly nodeId: number;
}

export interface SegmentHeader {
  readonly clusterId: bigint;
  readonly nodeId: number;
  readonly epoch: number;
  readonly firstSequence: number;
  /** Chain before the first record of the segment. */
  readonly chain: number;
  readonly segmentBytes: number;
  /** Name of the segment before; empty for the first one. */
  readonly previousName: string;
  readonly previousChain: number;
  readonly createdAtUs: number;
  /** Command time of the last record before the segment; 0 = there is none. */
  readonly timestampUs: number;
  readonly schemaVersion: number;
  readonly release: string;
  /** Begun by a release with an older segment format or schema: older programs may still read it. */
  readonly isOutdated: boolean;
}

/** `<first sequence>-<epoch>.wal`, so that names sort as sequences do. */
export function segmentName(firstSequence: number, epoch: number): string {
  return `${String(firstSequence).padStart(20, '0')}-${String(epoch).padStart(10, '0')}${SEGMENT_SUFFIX}`;
}

/** First sequence and epoch from a name, or undefined when it is not the name of a segment. */
export function parseSegmentName(name: string): { firstSequence: number; epoch: number } | undefined {
  const match = NAME.exec(name);
  if (match === null) return undefined;
  const firstSequence = Number(match[1]);
  const epoch = Number(match[2]);
  return Number.isSafeInteger(firstSequence) && epoch <= 0xffffffff ? { firstSequence, epoch } : undefined;
}

/** For messages: `cluster 42 node 1`. */
export function describeIdentity(identity: JournalIdentity): string {
  return `cluster ${identity.clusterId} node ${identity.nodeId}`;
}

/** The header page, checksum included. */
export function encodeSegmentHeader(
  header: Omit<SegmentHeader, 'release' | 'schemaVersion' | 'isOutdated'>,
): Uint8Array {
  const page = new Uint8Array(SEGMENT_HEADER_BYTES);
  const words = new Int32Array(page.buffer);
  const previous =
    header.previousName === '' ? { firstSequence: 0, epoch: 0 } : parseSegmentName(header.previousName);
  if (previous === undefined) throw new Error(`journal: ${header.previousName} is no segment name`);
  words[Word.magicLow] = MAGIC_LOW;
  words[Word.magicHigh] = MAGIC_HIGH;
  words[Word.format] = SEGMENT_FORMAT_MAJOR | (SEGMENT_FORMAT_MINOR << 16);
  words[Word.clusterLow] = lowWord(header.clusterId);
  words[Word.clusterHigh] = highWord(header.clusterId);
  words[Word.nodeId] = header.nodeId;
  words[Word.epoch] = header.epoch;
  writeInt64(words, Word.firstSequence, header.firstSequence);
  words[Word.chain] = header.chain;
  words[Word.segmentBytes] = header.segmentBytes;
  writeInt64(words, Word.previousFirstSequence, previous.firstSequence);
  words[Word.previousEpoch] = previous.epoch;
  words[Word.previousChain] = header.previousChain;
  writeInt64(words, Word.createdAtUs, header.createdAtUs);
  words[Word.schemaVersion] = SCHEMA_VERSION;
  writeInt64(words, Word.timestampUs, header.timestampUs);
  page.set(new TextEncoder().encode(RELEASE).subarray(0, RELEASE_BYTES), RELEASE_OFFSET);
  words[Word.crc] = crc32cWords(0, words, 0, words.length);
  return page;
}

/**
 * Reads and checks a header page.
 * @param name of the file, which must agree with the page
 * @param fileBytes size of the file, which must too
 * @param identity whose journal it should be; undefined = anybody's (offline tools)
 */
export function decodeSegmentHeader(
  page: Uint8Array,
  name: string,
  fileBytes: number,
  identity: JournalIdentity | undefined,
): SegmentHeader {
  const words = new Int32Array(page.buffer, page.byteOffset, SEGMENT_HEADER_BYTES / 4);
  if (words[Word.magicLow] !== MAGIC_LOW || words[Word.magicHigh] !== MAGIC_HIGH) {
    throw new JournalCorruptionError(name, 0, 'magic RINGFWAL', printable(page.subarray(0, 8)));
  }
  const found = words[Word.crc] >>> 0;
  words[Word.crc] = 0;
  const expected = crc32cWords(0, words, 0, words.length);
  words[Word.crc] = found;
  if (found !== expected)
    throw new JournalCorruptionError(name, 12, `header checksum ${hex(expected)}`, hex(found));
  const major = words[Word.format] & 0xffff;
  if (major > SEGMENT_FORMAT_MAJOR)
    throw new JournalVersionError(name, 'segment format', major, SEGMENT_FORMAT_MAJOR);
  const schemaVersion = words[Word.schemaVersion] & 0xffff;
  if (schemaVersion > SCHEMA_VERSION)
    throw new JournalVersionError(name, 'schema version', schemaVersion, SCHEMA_VERSION);
  const previousFirst = readInt64(words, Word.previousFirstSequence);
  const header: SegmentHeader = {
    clusterId: toBigUint64(words[Word.clusterLow], words[Word.clusterHigh]),
    nodeId: words[Word.nodeId] >>> 0,
    epoch: words[Word.epoch] >>> 0,
    firstSequence: readInt64(words, Word.firstSequence),
    chain: words[Word.chain] >>> 0,
    segmentBytes: words[Word.segmentBytes] >>> 0,
    previousName: previousFirst === 0 ? '' : segmentName(previousFirst, words[Word.previousEpoch] >>> 0),
    previousChain: words[Word.previousChain] >>> 0,
    createdAtUs: readInt64(words, Word.createdAtUs),
    timestampUs: readInt64(words, Word.timestampUs),
    schemaVersion,
    release: printable(page.subarray(RELEASE_OFFSET, RELEASE_OFFSET + RELEASE_BYTES)),
    isOutdated: schemaVersion < SCHEMA_VERSION || isOlderFormat(words[Word.format]),
  };
  if (
    identity !== undefined &&
    (header.clusterId !== identity.clusterId || header.nodeId !== identity.nodeId)
  ) {
    throw new JournalForeignError(name, describeIdentity(header), describeIdentity(identity));
  }
  const ownName = segmentName(header.firstSequence, header.epoch);
  if (ownName !== name)
    throw new JournalCorruptionError(name, 32, `the segment ${name}`, `the contents of ${ownName}`);
  if (header.segmentBytes !== fileBytes) {
    throw new JournalCorruptionError(
      name,
      44,
      `a file of ${header.segmentBytes} bytes`,
      `${fileBytes} bytes`,
    );
  }
  return header;
}

function isOlderFormat(format: number): boolean {
  const major = format & 0xffff;
  return (
    major < SEGMENT_FORMAT_MAJOR || (major === SEGMENT_FORMAT_MAJOR && format >>> 16 < SEGMENT_FORMAT_MINOR)
  );
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}

function printable(bytes: Uint8Array): string {
  return new TextDecoder('latin1')
    .decode(bytes)
    .replace(/\0+$/, '')
    .replace(/[^ -~]/g, '?');
}

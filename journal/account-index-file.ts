/**
 * A block of the index of accounts: what some commands that follow each other have changed, by account, so that a question
 * about one account reads only what is about it. Derived from the journal, and of no use without it: a block may be missing,
 * and is passed over when it is not whole or not of this journal.
 *
 * ```
 *   0 magic "RFACCIDX"   8 format u32   12 CRC-32C of bytes 0..12 and 16..128   16 bytes of the file i64
 *  24 cluster u64   32 first, 40 last command i64   48 time of the first, 56 of the last i64, epoch microseconds
 *  64 chain of the journal before the first, 68 after the last u32
 *  72 bytes and CRC-32C of the listings, 80 of the times, 88 of the page index, 96 number of pages u32   100 zero
 * 104 where the frame of the last command is in its segment i64, 0 = not known: a hint, frames may be made again
 * 128 page index   listings   times   pages   long runs; each filled up to a multiple of 8
 * ```
 * - listings: JSON, or nothing;
 * - times: for every 256th command its time i64 and where what follows it begins i64; then, packed (packed-numbers.ts), how
 *   much later each other command is than the one before it;
 * - page index: for each page its first account, offset in the file, bytes and CRC-32C, u32 each; accounts rise;
 * - page: number of accounts; for each, packed: how much above the account before, bytes of its brief run, bytes of its
 *   long run, and if there is one its offset and CRC-32C; then the brief runs one after the other;
 * - a brief run leads from the account before the block to the account after it, a long run has all changes on the way.
 *   Where there is no long run, the brief run is that too. What is in them is for replay/account-runs.ts.
 *
 * Magic and format keep their places in every later format, so that an old release can name a new one.
 */
import { readInt64, writeInt64 } from '../src/base/int64.js';
import { crc32cWords } from './crc32c.js';
import { AccountIndexDamagedError, JournalVersionError } from './errors.js';
import { NumberReader, NumberWriter } from './packed-numbers.js';
import { replaceBytes } from './replace-file.js';
import { type ReadableFile, readFully, type Storage } from './storage.js';

export const ACCOUNT_INDEX_FORMAT = 1;
const MAGIC_LOW = 0x43414652; // "RFAC"
const MAGIC_HIGH = 0x58444943; // "CIDX"
const HEADER_BYTES = 128;
const HEADER_WORDS = HEADER_BYTES / 4;
const Word = {
  magicLow: 0,
  magicHigh: 1,
  format: 2,
  crc: 3,
  fileBytes: 4,
  clusterId: 6,
  firstSequence: 8,
  lastSequence: 10,
  firstTimeUs: 12,
  lastTimeUs: 14,
  chainBefore: 16,
  chain: 17,
  listings: 18,
  times: 20,
  pageIndex: 22,
  pageCount: 24,
  frameOffset: 26,
} as const;
/** Commands after which a time is written in full. */
const TIMES_APART = 256;
const TIME_ENTRY_WORDS = 4;
/** What is read at once with the header: mostly the page index, too. */
const FIRST_READ_BYTES = 4096;
const PAGE_ENTRY_WORDS = 4;
/** A page is full with so many accounts or so many bytes of brief runs. */
const PAGE_ACCOUNTS = 32;
const PAGE_BYTES = 8192;
const ALIGNMENT = 8;

/** What a block is of. */
export interface BlockFacts {
  readonly clusterId: bigint;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Times of these commands, epoch microseconds. */
  readonly firstTimeUs: number;
  readonly lastTimeUs: number;
  /** Chain of the journal before the first command and after the last. */
  readonly chainBefore: number;
  readonly chain: number;
  /** Where the frame of the last command was in its segment when the block was written; 0 = not known. */
  readonly frameOffset: number;
}

/** Changes of one account in the block; empty `long`: `brief` has them all. */
export interface AccountRuns {
  readonly brief: Uint8Array;
  readonly long: Uint8Array;
}

/** A block in memory, as its file is to be. Accounts are added one after the other. */
export class AccountIndexBlockWriter {
  readonly #index: number[] = [];
  readonly #pages = new NumberWriter(1 << 16);
  readonly #longs = new NumberWriter(1 << 16);
  readonly #page = new NumberWriter();
  readonly #briefs = new NumberWriter();
  #accounts = 0;
  #firstAccount = 0;
  #lastAccount = 0;

  /** `accountId` is above that of the call before. */
  add(accountId: number, { brief, long }: AccountRuns): void {
    if (this.#accounts === 0) this.#firstAccount = accountId;
    const page = this.#page;
    page.put(this.#accounts === 0 ? 0 : accountId - this.#lastAccount);
    page.put(brief.length);
    page.put(long.length);
    if (long.length > 0) {
      const at = this.#longs.length;
      this.#longs.putBytes(long);
      this.#longs.align(ALIGNMENT);
      page.put(at);
      page.put(checksum(this.#longs.bytes, at, this.#longs.length - at));
    }
    this.#briefs.putBytes(brief);
    this.#lastAccount = accountId;
    this.#accounts++;
    if (this.#accounts === PAGE_ACCOUNTS || this.#briefs.length >= PAGE_BYTES) this.#endPage();
  }

  /**
   * The bytes of the file.
   * @param times of all commands, epoch microseconds; @param listings JSON, '' = there is nothing to tell
   */
  finish(facts: BlockFacts, times: ArrayLike<number>, listings: string): Uint8Array {
    this.#endPage();
    const listingBytes = padded(new TextEncoder().encode(listings), 0x20);
    const timeBytes = packedTimes(times);
    const indexBytes = this.#index.length * 4;
    const pagesAt = HEADER_BYTES + listingBytes.length + timeBytes.length + paddedLength(indexBytes);
    const longsAt = pagesAt + this.#pages.length;
    const file = new Uint8Array(longsAt + this.#longs.length);
    const words = new Int32Array(file.buffer);
    const indexAt = HEADER_BYTES;
    const listingsAt = indexAt + paddedLength(indexBytes);
    const timesAt = listingsAt + listingBytes.length;
    file.set(listingBytes, listingsAt);
    file.set(timeBytes, timesAt);
    for (const [n, value] of this.#index.entries()) {
      words[indexAt / 4 + n] = n % PAGE_ENTRY_WORDS === 1 ? value + pagesAt : value;
    }
    file.set(this.#pages.written(), pagesAt);
    file.set(this.#longs.written(), longsAt);
    words[Word.magicLow] = MAGIC_LOW;
    words[Word.magicHigh] = MAGIC_HIGH;
    words[Word.format] = ACCOUNT_INDEX_FORMAT;
    writeInt64(words, Word.fileBytes, file.length);
    new DataView(file.buffer).setBigUint64(Word.clusterId * 4, facts.clusterId, true);
    writeInt64(words, Word.firstSequence, facts.firstSequence);
    writeInt64(words, Word.lastSequence, facts.lastSequence);
    writeInt64(words, Word.firstTimeUs, facts.firstTimeUs);
    writeInt64(words, Word.lastTimeUs, facts.lastTimeUs);
    words[Word.chainBefore] = facts.chainBefore;
    words[Word.chain] = facts.chain;
    writeInt64(words, Word.frameOffset, facts.frameOffset);
    writePart(words, Word.listings, listingBytes.length, checksum(file, listingsAt, listingBytes.length));
    writePart(words, Word.times, timeBytes.length, checksum(file, timesAt, timeBytes.length));
    writePart(words, Word.pageIndex, indexBytes, checksum(file, indexAt, indexBytes));
    words[Word.pageCount] = this.#index.length / PAGE_ENTRY_WORDS;
    words[Word.crc] = headerChecksum(words);
    return file;
  }

  #endPage(): void {
    if (this.#accounts === 0) return;
    const pages = this.#pages;
    const at = pages.length;
    pages.put(this.#accounts);
    pages.putBytes(this.#page.written());
    pages.putBytes(this.#briefs.written());
    pages.align(ALIGNMENT);
    const bytes = pages.length - at;
    // The place of the pages in the file is known in the end.
    this.#index.push(this.#firstAccount, at, bytes, checksum(pages.bytes, at, bytes));
    this.#page.clear();
    this.#briefs.clear();
    this.#accounts = 0;
  }
}

/** Makes a block durable under `name`; on an error `name` is as it was. */
export function writeBlock(storage: Storage, name: string, bytes: Uint8Array): void {
  try {
    replaceBytes(storage, name, bytes, 'fallocate');
  } catch (error) {
    const temporary = `${name}.tmp`;
    if (storage.exists(temporary)) storage.remove(temporary);
    throw error;
  }
}

/** A block of the disk: only what is asked for is read, and all that is read is checked. */
export class AccountIndexBlock {
  readonly name: string;
  readonly facts: BlockFacts;
  readonly #file: ReadableFile;
  /** The first bytes of the file; of its words those of the header are whole. */
  readonly #start: Uint8Array;
  readonly #words: Int32Array;

  /**
   * Reads the header.
   * @throws AccountIndexDamagedError, JournalVersionError when a newer release has written it
   */
  constructor(storage: Storage, name: string) {
    this.name = name;
    this.#file = storage.openForRead(name);
    try {
      this.#start = new Uint8Array(Math.max(HEADER_BYTES, Math.min(FIRST_READ_BYTES, this.#file.bytes)));
      this.#words = new Int32Array(this.#start.buffer, 0, HEADER_WORDS);
      this.facts = this.#readHeader();
    } catch (error) {
      this.#file.close();
      throw error;
    }
  }

  get fileBytes(): number {
    return this.#file.bytes;
  }

  close(): void {
    this.#file.close();
  }

  /** The JSON that was written as listings; '' = there is nothing to tell. */
  listings(): string {
    if (this.#words[Word.listings] === 0) return '';
    return new TextDecoder().decode(this.#readPart(Word.listings, this.#listingsAt()));
  }

  /**
   * The last of the first `most` commands of the block that is not after `toTimeUs`; undefined = there is none.
   * @param most from 1 on, no more than there are
   */
  lastWithin(
    most: number,
    toTimeUs: number,
  ): { readonly sequence: number; readonly timeUs: number } | undefined {
    const { firstSequence } = this.facts;
    const bytes = this.#readPart(Word.times, this.#timesAt());
    const entries = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
    let entry = Math.floor((most - 1) / TIMES_APART);
    while (entry >= 0 && readInt64(entries, entry * TIME_ENTRY_WORDS) > toTimeUs) entry--;
    if (entry < 0) return undefined;
    let timeUs = readInt64(entries, entry * TIME_ENTRY_WORDS);
    const reader = new NumberReader(bytes, readInt64(entries, entry * TIME_ENTRY_WORDS + 2));
    let place = entry * TIMES_APART;
    for (const end = Math.min(most, place + TIMES_APART); place + 1 < end; place++) {
      const next = timeUs + reader.next();
      if (next > toTimeUs) break;
      timeUs = next;
    }
    return { sequence: firstSequence + place, timeUs };
  }

  /**
   * The changes of an account; undefined = there are none in this block.
   * @param isBriefEnough the long run is not read, `long` is empty
   */
  runsOf(accountId: number, isBriefEnough: boolean): AccountRuns | undefined {
    const index = this.#readPart(Word.pageIndex, HEADER_BYTES);
    const entries = new Int32Array(index.buffer, index.byteOffset, index.byteLength >> 2);
    let page = this.#words[Word.pageCount]! - 1;
    while (page >= 0 && entries[page * PAGE_ENTRY_WORDS]! > accountId) page--;
    if (page < 0) return undefined;
    const [firstAccount, offset, bytes, crc] = entries.subarray(page * PAGE_ENTRY_WORDS);
    const reader = new NumberReader(this.#read(offset! >>> 0, bytes! >>> 0, crc! >>> 0));
    let found:
      | { briefAt: number; briefBytes: number; longAt: number; longBytes: number; crc: number }
      | undefined;
    let account = firstAccount!;
    let briefAt = 0;
    for (let left = reader.next(); left > 0; left--) {
      account += reader.next();
      const briefBytes = reader.next();
      const longBytes = reader.next();
      const longAt = longBytes === 0 ? 0 : reader.next();
      const longCrc = longBytes === 0 ? 0 : reader.next();
      if (account === accountId) found = { briefAt, briefBytes, longAt, longBytes, crc: longCrc };
      briefAt += briefBytes;
    }
    if (found === undefined) return undefined;
    const from = reader.at + found.briefAt;
    const brief = reader.bytes.subarray(from, from + found.briefBytes);
    if (isBriefEnough || found.longBytes === 0) return { brief, long: new Uint8Array(0) };
    const last = entries.subarray((this.#words[Word.pageCount]! - 1) * PAGE_ENTRY_WORDS);
    const longsAt = (last[1]! >>> 0) + (last[2]! >>> 0);
    const long = this.#read(longsAt + found.longAt, paddedLength(found.longBytes), found.crc);
    return { brief, long: long.subarray(0, found.longBytes) };
  }

  #readHeader(): BlockFacts {
    const words = this.#words;
    readFully(this.#file, 0, this.#start, 0, this.#start.length);
    if (words[Word.magicLow] !== MAGIC_LOW || words[Word.magicHigh] !== MAGIC_HIGH) {
      throw this.#damaged(0, 'magic RFACCIDX', 'other bytes');
    }
    const format = words[Word.format]! >>> 0;
    if (format > ACCOUNT_INDEX_FORMAT) {
      throw new JournalVersionError(this.name, 'account index format', format, ACCOUNT_INDEX_FORMAT);
    }
    const stated = words[Word.crc]! >>> 0;
    const found = headerChecksum(words);
    if (found !== stated) throw this.#damaged(12, `checksum ${stated}`, `${found}`);
    const fileBytes = readInt64(words, Word.fileBytes);
    if (fileBytes !== this.#file.bytes) {
      throw this.#damaged(16, `a file of ${fileBytes} bytes`, `${this.#file.bytes} bytes`);
    }
    return {
      clusterId: new DataView(words.buffer).getBigUint64(Word.clusterId * 4, true),
      firstSequence: readInt64(words, Word.firstSequence),
      lastSequence: readInt64(words, Word.lastSequence),
      firstTimeUs: readInt64(words, Word.firstTimeUs),
      lastTimeUs: readInt64(words, Word.lastTimeUs),
      chainBefore: words[Word.chainBefore]! >>> 0,
      chain: words[Word.chain]! >>> 0,
      frameOffset: readInt64(words, Word.frameOffset),
    };
  }

  #listingsAt(): number {
    return HEADER_BYTES + paddedLength(this.#words[Word.pageIndex]!);
  }

  #timesAt(): number {
    return this.#listingsAt() + this.#words[Word.listings]!;
  }

  #readPart(part: number, offset: number): Uint8Array {
    return this.#read(offset, this.#words[part]!, this.#words[part + 1]! >>> 0);
  }

  /** Reads `length` bytes, a multiple of 4, of which the checksum is known. */
  #read(offset: number, length: number, crc: number): Uint8Array {
    let bytes: Uint8Array;
    if (offset + length <= this.#start.length) {
      bytes = this.#start.subarray(offset, offset + length);
    } else {
      bytes = new Uint8Array(length);
      const read = readFully(this.#file, offset, bytes, 0, length);
      if (read !== length) throw this.#damaged(offset + read, `${length} bytes`, 'the end');
    }
    const found = checksum(bytes, 0, length);
    if (found !== crc) throw this.#damaged(offset, `checksum ${crc}`, `${found}`);
    return bytes;
  }

  #damaged(offset: number, expected: string, found: string): AccountIndexDamagedError {
    return new AccountIndexDamagedError(this.name, offset, expected, found);
  }
}

function packedTimes(times: ArrayLike<number>): Uint8Array {
  const entries = new Int32Array(Math.ceil(times.length / TIMES_APART) * TIME_ENTRY_WORDS);
  const writer = new NumberWriter(times.length * 2);
  for (let n = 0; n < times.length; n++) {
    if (n % TIMES_APART === 0) {
      const at = (n / TIMES_APART) * TIME_ENTRY_WORDS;
      writeInt64(entries, at, times[n]!);
      writeInt64(entries, at + 2, entries.byteLength + writer.length);
    } else {
      writer.put(times[n]! - times[n - 1]!);
    }
  }
  const bytes = new Uint8Array(paddedLength(entries.byteLength + writer.length));
  bytes.set(new Uint8Array(entries.buffer));
  bytes.set(writer.written(), entries.byteLength);
  return bytes;
}

function padded(bytes: Uint8Array, filler: number): Uint8Array {
  const full = new Uint8Array(paddedLength(bytes.length)).fill(filler);
  full.set(bytes);
  return full;
}

function paddedLength(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

function writePart(words: Int32Array, part: number, bytes: number, crc: number): void {
  words[part] = bytes;
  words[part + 1] = crc;
}

/** Of whole words that begin at a whole word of their buffer. */
function checksum(bytes: Uint8Array, offset: number, length: number): number {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + offset, length >> 2);
  return crc32cWords(0, words, 0, words.length);
}

function headerChecksum(words: Int32Array): number {
  return crc32cWords(crc32cWords(0, words, 0, Word.crc), words, Word.crc + 1, HEADER_WORDS - Word.crc - 1);
}

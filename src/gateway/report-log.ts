import { copyRun } from '../base/copy-run.js';
import { readInt64, writeInt64 } from '../base/int64.js';
import { SLOT_BYTES, SLOT_WORDS } from '../wire/slot.js';

/** No such entry: there is nothing to send. */
export const NO_ENTRY = 0;
/** Entries of a piece of a snapshot. */
const PIECE_ENTRIES = 2048;
/** The entries asked for are no longer kept. */
export const GONE = -1;
/** An entry that is no longer kept, in a log that goes on from a snapshot. */
const OVERWRITTEN = 1;

/** Words of an entry in a snapshot, whose slot is in another section: list, number, and 1 in the first of its list. */
const EntryWord = { list: 0, number: 1, isFirst: 3 } as const;
const ENTRY_WORDS = 4;
/** Words of a list in a snapshot. */
const ListWord = { key: 0, newestNumber: 1 } as const;
const LIST_WORDS = 4;

/** Names of the sections in a snapshot. */
const LISTS = 'gateway/report-lists';
const ENTRIES = 'gateway/report-entries';
const SLOTS = 'gateway/report-slots';

interface ReportList {
  newestEntry: number;
  newestNumber: number;
}

/**
 * The newest reports of all accounts, as slot copies in one circular buffer, so that a client that reconnects gets
 * exactly what it missed. Reports are chained both ways within their list (an account, or the answers to an admin
 * key). Entries are numbered from 1 over the life of the log; the oldest are overwritten.
 *
 * The memory is reserved at once and touched only as it fills.
 */
export class ReportLog {
  /** The slots, SLOT_WORDS an entry; see `wordIndex`. */
  readonly words: Int32Array;
  private readonly mask: number;
  private readonly listKeys: Int32Array;
  private readonly numbers: Float64Array;
  private readonly previousEntry: Float64Array;
  private readonly nextEntry: Float64Array;
  private readonly lists: Map<number, ReportList>;
  private head: number;

  /** `retention` entries are kept; a power of two, otherwise RangeError. */
  constructor(retention: number) {
    if (!Number.isInteger(retention) || retention < 2 || (retention & (retention - 1)) !== 0) {
      throw new RangeError(`reportRetention must be a power of two from 2: ${retention}`);
    }
    this.mask = retention - 1;
    this.words = new Int32Array(retention * SLOT_WORDS);
    this.listKeys = new Int32Array(retention);
    this.numbers = new Float64Array(retention);
    this.previousEntry = new Float64Array(retention);
    this.nextEntry = new Float64Array(retention);
    this.lists = new Map();
    this.head = 0;
  }

  /** Keeps the slot at word `wordIndex` of `words` as report `number` of a list; numbers rise within a list. */
  append(listKey: number, number: number, words: Int32Array, wordIndex: number): void {
    const entry = ++this.head;
    const at = entry & this.mask;
    const target = at * SLOT_WORDS;
    copyRun(words, wordIndex, this.words, target, SLOT_WORDS);
    this.listKeys[at] = listKey;
    this.numbers[at] = number;
    this.nextEntry[at] = NO_ENTRY;
    const list = this.lists.get(listKey);
    if (list === undefined) {
      this.previousEntry[at] = NO_ENTRY;
      this.lists.set(listKey, { newestEntry: entry, newestNumber: number });
      return;
    }
    this.previousEntry[at] = list.newestEntry;
    if (this.isKept(list.newestEntry)) this.nextEntry[list.newestEntry & this.mask] = entry;
    list.newestEntry = entry;
    list.newestNumber = number;
  }

  /** Notes that a list, which has no entry here, has had all reports up to `number`: none of them is kept. */
  skipTo(listKey: number, number: number): void {
    this.head = Math.max(this.head, this.mask + 2);
    this.lists.set(listKey, { newestEntry: OVERWRITTEN, newestNumber: number });
  }

  /** Number of the newest report of a list, 0 when it has none. */
  newestNumber(listKey: number): number {
    return this.lists.get(listKey)?.newestNumber ?? 0;
  }

  /**
   * The first entry of a list behind report `number`: from it on `next` leads to all the others. NO_ENTRY when there
   * is none, GONE when some of them are overwritten or `number` was never reached.
   */
  firstAfter(listKey: number, number: number): number {
    const list = this.lists.get(listKey);
    if (list === undefined) return number > 0 ? GONE : NO_ENTRY;
    if (number > list.newestNumber) return GONE;
    if (number === list.newestNumber) return NO_ENTRY;
    let entry = list.newestEntry;
    if (!this.isKept(entry)) return GONE;
    for (;;) {
      const previous = this.previousEntry[entry & this.mask]!;
      if (previous === NO_ENTRY) return entry;
      if (!this.isKept(previous)) return this.numberOf(entry) === number + 1 ? entry : GONE;
      if (this.numberOf(previous) <= number) return entry;
      entry = previous;
    }
  }

  /** The entry behind `entry`, which must be kept, in its list; NO_ENTRY at the end. */
  next(entry: number): number {
    return this.nextEntry[entry & this.mask]!;
  }

  /** False when the entry is overwritten. */
  isKept(entry: number): boolean {
    return entry > this.head - 1 - this.mask;
  }

  numberOf(entry: number): number {
    return this.numbers[entry & this.mask]!;
  }

  /** The log as sections of a snapshot. */
  sections(): { name: string; bytes: number; pieces(): Iterable<Uint8Array> }[] {
    const { head, mask } = this;
    const slots = new Uint8Array(this.words.buffer);
    const first = Math.max(1, head - mask);
    const count = head - first + 1;
    const lists = new Int32Array(this.lists.size * LIST_WORDS);
    let at = 0;
    for (const [key, { newestNumber }] of this.lists) {
      lists[at + ListWord.key] = key;
      writeInt64(lists, at + ListWord.newestNumber, newestNumber);
      at += LIST_WORDS;
    }
    const entries = new Int32Array(count * ENTRY_WORDS);
    for (let i = 0; i < count; i++) {
      const place = (first + i) & mask;
      entries[i * ENTRY_WORDS + EntryWord.list] = this.listKeys[place]!;
      writeInt64(entries, i * ENTRY_WORDS + EntryWord.number, this.numbers[place]!);
      entries[i * ENTRY_WORDS + EntryWord.isFirst] = this.previousEntry[place] === NO_ENTRY ? 1 : 0;
    }
    const slotOffset = (entry: number): number => this.wordIndex(entry) * 4;
    return [
      { name: LISTS, bytes: lists.byteLength, pieces: () => [new Uint8Array(lists.buffer)] },
      { name: ENTRIES, bytes: entries.byteLength, pieces: () => [new Uint8Array(entries.buffer)] },
      {
        name: SLOTS,
        bytes: count * SLOT_BYTES,
        *pieces(): Iterable<Uint8Array> {
          for (let entry = first; entry <= head; ) {
            const run = Math.min(PIECE_ENTRIES, head - entry + 1, mask + 1 - (entry & mask));
            yield slots.subarray(slotOffset(entry), slotOffset(entry) + run * SLOT_BYTES);
            entry += run;
          }
        },
      },
    ];
  }

  /** Takes over the log of a snapshot, before the first report; of a log that kept more, the newest. */
  restore(snapshot: { words(name: string): Int32Array }): void {
    const lists = snapshot.words(LISTS);
    const entries = snapshot.words(ENTRIES);
    const slots = snapshot.words(SLOTS);
    // What was before the snapshot is gone.
    this.head = this.mask + 2;
    for (let at = 0; at < lists.length; at += LIST_WORDS) {
      const newestNumber = readInt64(lists, at + ListWord.newestNumber);
      this.lists.set(lists[at + ListWord.key]!, { newestEntry: OVERWRITTEN, newestNumber });
    }
    const count = entries.length / ENTRY_WORDS;
    for (let i = Math.max(0, count - this.mask - 1); i < count; i++) {
      const at = i * ENTRY_WORDS;
      const listKey = entries[at + EntryWord.list]!;
      // Of a log that was never full.
      if (listKey === 0) continue;
      if (entries[at + EntryWord.isFirst] === 1) this.lists.delete(listKey);
      this.append(listKey, readInt64(entries, at + EntryWord.number), slots, i * SLOT_WORDS);
    }
  }

  /** Index in `words` of the entry's slot. */
  wordIndex(entry: number): number {
    return (entry & this.mask) * SLOT_WORDS;
  }
}

import { SLOT_WORDS } from '../wire/slot.js';

/** No such entry: there is nothing to send. */
export const NO_ENTRY = 0;
/** The entries asked for are no longer kept. */
export const GONE = -1;

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
    for (let i = 0; i < SLOT_WORDS; i++) this.words[target + i] = words[wordIndex + i]!;
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

  /** Index in `words` of the entry's slot. */
  wordIndex(entry: number): number {
    return (entry & this.mask) * SLOT_WORDS;
  }
}

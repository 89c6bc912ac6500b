/**
 * One block of memory for all records that the path of a command touches: orders, price levels, ladder pages,
 * accounts, holdings, instruments, keys. A handle is the word index of a record; 0 is none.
 *
 * One typed array instead of one for each kind keeps its address and length in registers over a whole command, and
 * a bounds check compares with the same number everywhere. It is allocated once at full size: the operating system
 * backs a page with memory when it is first written, so unused capacity costs address space only, and nothing is
 * ever copied to grow.
 */

/** Words in front of the first region: the record of handle 0, always zero. */
const NULL_RECORD_WORDS = 64;

/** A record of 16 words that starts at a multiple of this fills a cache line (see `LINE_OFFSET`). */
const LINE_WORDS = 16;

/** Memory this large starts 16 bytes into a page (the allocator's header); 12 words later a cache line starts. */
const LINE_OFFSET = 12;

/** Handles stay below this, so that a record's words cannot pass an int32. */
const WORDS_MAX = 0x40000000;

/**
 * A handle `& HANDLE_MASK` is itself. The mask is there for the compiler: it then knows the range, and drops the
 * overflow checks from every `handle + field`.
 */
export const HANDLE_MASK = WORDS_MAX - 1;

export class Arena {
  readonly words: Int32Array;
  /** The same memory as doubles. */
  readonly doubles: Float64Array;
  private end: number;

  /** Memory for regions of `regionWords` words each. Throws RangeError above 4 GiB. */
  constructor(regionWords: readonly number[]) {
    let total = NULL_RECORD_WORDS + LINE_OFFSET;
    for (const words of regionWords) total += roundUp(words);
    if (total > WORDS_MAX)
      throw new RangeError(`capacities need ${total * 4} bytes; at most ${WORDS_MAX * 4}`);
    this.words = new Int32Array(total);
    this.doubles = new Float64Array(this.words.buffer);
    this.end = NULL_RECORD_WORDS + LINE_OFFSET;
  }

  /** Takes a region; returns the handle of its first record. */
  reserve(words: number): number {
    const start = this.end;
    this.end += roundUp(words);
    if (this.end > this.words.length) throw new RangeError(`the arena has no ${words} words left`);
    return start;
  }
}

function roundUp(words: number): number {
  return Math.ceil(words / LINE_WORDS) * LINE_WORDS;
}

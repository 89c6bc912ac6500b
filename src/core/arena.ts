/**
 * One block of memory for all records that the path of a command touches: orders, price levels, ladder pages,
 * accounts, holdings, instruments, keys. A handle is the word index of a record; 0 is none.
 *
 * It is allocated once at full size: the operating system backs a page with memory when it is first written, so
 * unused capacity costs address space only, and nothing is ever copied to grow. Its size is a power of two and some
 * slack, so that `handle & handleMask` (which changes no handle) tells the compiler that every word of the record is
 * inside, and it drops the bounds checks.
 */
import { powerOfTwoFrom } from '../base/columns.js';

/** Words in front of the first region: the record of handle 0, always zero. */
const NULL_RECORD_WORDS = 128;

/** Words behind the last handle that the mask lets through; no record is longer. */
const SLACK_WORDS = 128;

/** A record of 16 words that starts at a multiple of this fills a cache line (see `LINE_OFFSET`). */
const LINE_WORDS = 16;

/** Memory this large starts 16 bytes into a page (the allocator's header); 12 words later a cache line starts. */
const LINE_OFFSET = 12;

/** Handles stay below this, so that a record's words cannot pass an int32. */
const WORDS_MAX = 0x40000000;

export type Arena = ReturnType<typeof makeArena>;

/** Memory for regions of `regionWords` words each. Throws RangeError above 4 GiB. */
export function makeArena(regionWords: readonly number[]) {
  let total = NULL_RECORD_WORDS + LINE_OFFSET;
  for (const region of regionWords) total += roundUp(region);
  if (total > WORDS_MAX) throw new RangeError(`capacities need ${total * 4} bytes; at most ${WORDS_MAX * 4}`);
  const size = powerOfTwoFrom(total);
  const words = new Int32Array(size + SLACK_WORDS);
  let end = NULL_RECORD_WORDS + LINE_OFFSET;
  const regions: number[] = [];

  /** Takes a region; returns the handle of its first record. */
  const reserve = (count: number): number => {
    const start = end;
    end += roundUp(count);
    regions.push(start);
    if (end > size) throw new RangeError(`the arena has no ${count} words left`);
    return start;
  };

  return {
    words,
    /** The same memory as doubles. */
    doubles: new Float64Array(words.buffer),
    handleMask: size - 1,
    reserve,
    /** First words of all regions. */
    regions,
  };
}

function roundUp(words: number): number {
  return Math.ceil(words / LINE_WORDS) * LINE_WORDS;
}

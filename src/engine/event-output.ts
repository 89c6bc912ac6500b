/** Where event slots are written: a ring, or a plain buffer. */
export interface EventOutput {
  /** The slots. May be another array after `next`, so it is read after it. */
  words: Int32Array;
  /** The same memory as doubles. */
  doubles: Float64Array;

  /**
   * Word index of the next free slot, a multiple of SLOT_WORDS; the slot counts as written from here on. What is
   * in it is undefined, so all of it is written. A ring waits here while it is full.
   */
  next(): number;

  /** Makes all slots written so far visible to readers. Called once for each batch of commands. */
  flush(): void;
}

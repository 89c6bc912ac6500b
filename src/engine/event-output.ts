/** Where event slots are written: a ring, or a plain buffer. */
export interface EventOutput {
  /** The memory of the slots. Always the same, so that compiled code holds its address as a constant. */
  readonly slots: Int32Array;
  /** The same memory as doubles. */
  readonly slotDoubles: Float64Array;

  /**
   * Word index in `slots` of the next free slot, a multiple of SLOT_WORDS; the slot counts as written from here on.
   * What is in it is undefined, so all of it is written. A ring waits here while it is full.
   */
  readonly next: () => number;

  /** Makes all slots written so far visible to readers. Called once for each batch of commands. */
  readonly flush: () => void;
}

/**
 * Something that an agent can wait for: a ring's next slot, free space in a ring, a counter that moves.
 * It is always one shared cell at a time, so a thread may sleep on it and an event loop may be woken by it.
 */
export interface WaitSource {
  /** The memory of the cells. */
  readonly cells: Int32Array;
  /** The cell that has to move before there is work, or -1 when there is work now. Sets `blockingValue`. */
  blockingCell(): number;
  /** The value of that cell as last seen; waiting ends when it differs. */
  readonly blockingValue: number;
  /** Waits on this thread until there may be work, at most about `timeoutMs`; may return early. */
  wait(timeoutMs: number): void;
}

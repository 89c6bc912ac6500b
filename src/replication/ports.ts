/** What replication needs from its neighbours: the journal's frames and a log. */

/**
 * The primary's record frames, read back from its segment files while they are being written.
 * Catch-up and live are the same calls.
 */
export interface FrameSource {
  /** Chain value (u32) after the record `sequence`, 0 = genesis; `undefined` when the journal does not have it. */
  chainAt(sequence: number): number | undefined;
  /** The next `read` returns the record frame that contains `sequence`; the frame may start before it. */
  seek(sequence: number): void;
  /**
   * Copies the next whole record frame verbatim to `target[offset..]` and returns its bytes. Returns 0 when there
   * is none that ends at or before `limitSequence`, or when it does not fit. Frames without records are skipped.
   */
  read(target: Uint8Array, offset: number, limitSequence: number): number;
  /** Lets go of files. */
  close(): void;
}

/** Where operators read what happened; a pino logger fits. */
export interface ReplicationLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

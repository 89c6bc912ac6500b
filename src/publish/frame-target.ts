/** A receiver of market data that takes SBE messages by copy and may fall behind. */
export interface FrameTarget {
  /** Makes room for `size` bytes and returns their offset in `bytes`. */
  claim(size: number): number;
  /** Where claimed bytes are written; look it up after each claim. */
  readonly bytes: Uint8Array;
  /** True while too much waits to be sent. */
  isBehind(): boolean;
}

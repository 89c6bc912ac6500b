/** What an event that is rare, and so is hashed and cleared word by word, is written with (slot-event-sink.ts). */
export interface RareEventWriter {
  /** The memory of the slots. */
  readonly words: Int32Array;
  /**
   * Claims a slot and writes its header; returns its first word. `account`: handle of the addressee, 0 = nobody; `answer`:
   * 1 when the event answers the session of the command.
   */
  readonly begin: (templateWord: number, account: number, answer: number) => number;
  /** Ends the event in the slot at `at`, of which it has written the first `used` words. */
  readonly finishRare: (at: number, used: number) => void;
  /** Writes what an order with an extra record says more, from word `to` on. */
  readonly writeExtra: (to: number, extra: number) => void;
}

export function copyWords(
  from: Int32Array,
  fromAt: number,
  to: Int32Array,
  toAt: number,
  count: number,
): void {
  for (let i = 0; i < count; i += 1) to[toAt + i] = from[fromAt + i];
}

export declare function writeSlot(words: Int32Array, word: number, sequence: number): void;
export declare function stampSlot(words: Int32Array, word: number): void;
export interface SlotFaults {
  torn: number;
  lost: number;
  doubled: number;
  unstamped: number;
}
export declare class SlotStreamChecker {
  constructor(firstSequence: number, stamped: boolean);
  nextSequence: number;
  readonly faults: SlotFaults;
  readonly firstFault: string;
  check(words: Int32Array, word: number): void;
}

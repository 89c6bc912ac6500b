import { CELL_WORDS, publishCell } from '../ring/shared-cell.js';

/** The hashes of the business logic after one command. Halves are unsigned 32-bit numbers. */
export interface Checkpoint {
  readonly sequence: number;
  readonly stateHashLow: number;
  readonly stateHashHigh: number;
  readonly outputHashLow: number;
  readonly outputHashHigh: number;
}

/** How many checkpoints are kept. */
export const CHECKPOINTS_KEPT = 64;
const ENTRY_WORDS = 16;
const TWO_32 = 4294967296;

/**
 * The last 64 state-hash checkpoints in shared memory. The business logic writes, anyone reads.
 *
 * ```
 * cell 0: checkpoints recorded so far     then 64 entries of 16 words:
 * word 0: version (odd while written)   1-2: sequence   3-4: state hash   5-6: output hash
 * ```
 *
 * A reader that finds an odd version, or another one after reading, reads the entry again (a sequence lock). Every
 * field is read and written with Atomics: plain accesses could be moved out of the lock, and there are few.
 */
export class CheckpointRing {
  readonly memory: SharedArrayBuffer;
  private readonly words: Int32Array;

  /** Makes the memory of an empty ring of checkpoints. */
  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer((CELL_WORDS + CHECKPOINTS_KEPT * ENTRY_WORDS) * 4);
  }

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.words = new Int32Array(memory);
    if (this.words.length !== CELL_WORDS + CHECKPOINTS_KEPT * ENTRY_WORDS) {
      throw new RangeError(`not the memory of a checkpoint ring: ${memory.byteLength} bytes`);
    }
  }

  /** Adds a checkpoint; sequences rise. Business logic only. */
  record(
    sequence: number,
    stateHashLow: number,
    stateHashHigh: number,
    outputHashLow: number,
    outputHashHigh: number,
  ): void {
    const words = this.words;
    const count = words[0]!;
    const entry = entryWord(count);
    const version = words[entry]!;
    Atomics.store(words, entry, version + 1);
    Atomics.store(words, entry + 1, sequence | 0);
    Atomics.store(words, entry + 2, Math.floor(sequence / TWO_32));
    Atomics.store(words, entry + 3, stateHashLow);
    Atomics.store(words, entry + 4, stateHashHigh);
    Atomics.store(words, entry + 5, outputHashLow);
    Atomics.store(words, entry + 6, outputHashHigh);
    Atomics.store(words, entry, version + 2);
    publishCell(words, 0, count + 1);
  }

  /** How many were recorded so far: asked often, it costs less than to look for a new one in vain. */
  recorded(): number {
    return Atomics.load(this.words, 0);
  }

  /** The newest checkpoint, or undefined when there is none. */
  latest(): Checkpoint | undefined {
    for (;;) {
      const count = Atomics.load(this.words, 0);
      if (count === 0) return undefined;
      const checkpoint = this.read(count - 1);
      // Unless 64 more were recorded meanwhile, the entry still holds the one that was newest.
      if (Atomics.load(this.words, 0) - count < CHECKPOINTS_KEPT) return checkpoint;
    }
  }

  /** The checkpoint taken at `sequence`, or undefined when there is none or it is no longer kept. */
  find(sequence: number): Checkpoint | undefined {
    const count = Atomics.load(this.words, 0);
    for (let number = count - 1; number >= 0 && number >= count - CHECKPOINTS_KEPT; number--) {
      const checkpoint = this.read(number);
      if (checkpoint.sequence === sequence) return checkpoint;
    }
    return undefined;
  }

  /** The oldest kept checkpoint after `sequence`, or undefined when there is none. */
  after(sequence: number): Checkpoint | undefined {
    const count = Atomics.load(this.words, 0);
    for (let number = Math.max(0, count - CHECKPOINTS_KEPT); number < count; number++) {
      const checkpoint = this.read(number);
      if (checkpoint.sequence > sequence) return checkpoint;
    }
    return undefined;
  }

  private read(number: number): Checkpoint {
    const words = this.words;
    const entry = entryWord(number);
    for (;;) {
      const version = Atomics.load(words, entry);
      const checkpoint: Checkpoint = {
        sequence: Atomics.load(words, entry + 2) * TWO_32 + (Atomics.load(words, entry + 1) >>> 0),
        stateHashLow: Atomics.load(words, entry + 3) >>> 0,
        stateHashHigh: Atomics.load(words, entry + 4) >>> 0,
        outputHashLow: Atomics.load(words, entry + 5) >>> 0,
        outputHashHigh: Atomics.load(words, entry + 6) >>> 0,
      };
      if ((version & 1) === 0 && Atomics.load(words, entry) === version) return checkpoint;
    }
  }
}

function entryWord(number: number): number {
  return CELL_WORDS + (number % CHECKPOINTS_KEPT) * ENTRY_WORDS;
}

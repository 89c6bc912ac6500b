/**
 * The ring: 128-byte slots in one SharedArrayBuffer, written by a single producer and read by several consumers
 * that gate each other.
 *
 * ```
 * word 0        64           128                192                      64 * (2 + consumers)
 *      | header | cursor     | consumer 0       | consumer 1       | ... | slot 0 | slot 1 | ... | slot capacity-1 | spare |
 *        magic    a cell       cells (see shared-cell.ts)
 *        capacity
 *        consumers
 * ```
 *
 * The spare slot has no sequence and no reader: the producer writes there what nobody is to see.
 *
 * The cursor is the sequence of the last published slot, a consumer's cell the sequence of the last slot it has
 * released; both are the low 32 bits of a safe integer and wrap. The word after each holds the high 32 bits: it is
 * only for whoever takes over the role of a producer or consumer that has stopped, and never read in the hot path.
 */
import { SLOT_BYTES, SLOT_WORDS } from '../wire/slot.js';
import { CELL_WORDS } from './shared-cell.js';

const MAGIC = 0x52494e47;
const HEADER_CAPACITY = 1;
const HEADER_CONSUMERS = 2;
const HIGH_WORD = 1;
const TWO_32 = 4294967296;

/** 2^23 slots are 1 GiB; more is a mistake in the configuration. */
const CAPACITY_MAX = 8_388_608;
const CONSUMERS_MAX = 64;

/** A view of one ring's memory; every thread makes its own. */
export class RingBuffer {
  readonly capacity: number;
  readonly mask: number;
  readonly consumerCount: number;
  /** The slots as Int32 words, SLOT_WORDS a slot. */
  readonly words: Int32Array;
  /** `words` and the spare slot behind them. */
  readonly wordsAndSpare: Int32Array;
  /** The slots as bytes, SLOT_BYTES a slot. */
  readonly bytes: Uint8Array;
  /** The control region: header, cursor and consumer sequences. */
  readonly cells: Int32Array;
  readonly memory: SharedArrayBuffer;

  /**
   * Makes the memory of an empty ring of `capacity` slots (a power of two) for `consumerCount` consumers, whose
   * first slot will have the sequence `nextSequence`. Throws RangeError on other values.
   */
  static allocate(capacity: number, consumerCount: number, nextSequence = 1): SharedArrayBuffer {
    if (
      !Number.isInteger(capacity) ||
      capacity < 2 ||
      capacity > CAPACITY_MAX ||
      (capacity & (capacity - 1)) !== 0
    ) {
      throw new RangeError(`ring capacity must be a power of two from 2 to ${CAPACITY_MAX}: ${capacity}`);
    }
    if (!Number.isInteger(consumerCount) || consumerCount < 1 || consumerCount > CONSUMERS_MAX) {
      throw new RangeError(`a ring has 1 to ${CONSUMERS_MAX} consumers: ${consumerCount}`);
    }
    if (!Number.isSafeInteger(nextSequence) || nextSequence < 1) {
      throw new RangeError(`ring sequences are safe integers from 1: ${nextSequence}`);
    }
    const controlWords = (2 + consumerCount) * CELL_WORDS;
    const memory = new SharedArrayBuffer(controlWords * 4 + (capacity + 1) * SLOT_BYTES);
    const cells = new Int32Array(memory, 0, controlWords);
    cells[HEADER_CAPACITY] = capacity;
    cells[HEADER_CONSUMERS] = consumerCount;
    for (let cell = CELL_WORDS; cell < controlWords; cell += CELL_WORDS) {
      writeHigh(cells, cell, nextSequence - 1);
      cells[cell] = (nextSequence - 1) | 0;
    }
    Atomics.store(cells, 0, MAGIC);
    return memory;
  }

  /** Throws when `memory` was not made by `allocate`. */
  constructor(memory: SharedArrayBuffer) {
    const header = new Int32Array(memory, 0, 3);
    if (Atomics.load(header, 0) !== MAGIC) throw new Error('not a ring: the magic number is missing');
    this.capacity = header[HEADER_CAPACITY]!;
    this.mask = this.capacity - 1;
    this.consumerCount = header[HEADER_CONSUMERS]!;
    const controlWords = (2 + this.consumerCount) * CELL_WORDS;
    this.words = new Int32Array(memory, controlWords * 4, this.capacity * SLOT_WORDS);
    this.wordsAndSpare = new Int32Array(memory, controlWords * 4, (this.capacity + 1) * SLOT_WORDS);
    this.bytes = new Uint8Array(memory, controlWords * 4, this.capacity * SLOT_BYTES);
    this.cells = new Int32Array(memory, 0, controlWords);
    this.memory = memory;
  }

  /** Index in `words` of the slot of `sequence`; right for sequences beyond 2^31 too. */
  wordIndex(sequence: number): number {
    return (sequence & this.mask) * SLOT_WORDS;
  }

  /** Low 32 bits, as an Int32, of the sequence last published. */
  cursor(): number {
    return Atomics.load(this.cells, CURSOR_CELL);
  }
}

/** Cell of the cursor in `RingBuffer.cells`. */
export const CURSOR_CELL = CELL_WORDS;

/** Cell of a consumer's sequence in `RingBuffer.cells`. Throws RangeError when there is no such consumer. */
export function consumerCell(ring: RingBuffer, consumerIndex: number): number {
  if (!Number.isInteger(consumerIndex) || consumerIndex < 0 || consumerIndex >= ring.consumerCount) {
    throw new RangeError(`ring consumer ${consumerIndex} of ${ring.consumerCount}`);
  }
  return (2 + consumerIndex) * CELL_WORDS;
}

/** The whole sequence in a cell whose writer is stopped, or is the caller. */
export function readWholeSequence(cells: Int32Array, cell: number): number {
  const low = Atomics.load(cells, cell);
  return cells[cell + HIGH_WORD]! * TWO_32 + (low >>> 0);
}

/** Notes the high half of a cell's sequence, before the low half is published. */
export function writeHigh(cells: Int32Array, cell: number, sequence: number): void {
  cells[cell + HIGH_WORD] = Math.floor(sequence / TWO_32);
}

import { CURSOR_CELL, consumerCell, type RingBuffer, readWholeSequence, writeHigh } from './ring-buffer.js';
import { publishCell } from './shared-cell.js';
import type { WaitSource } from './wait-source.js';
import type { WaitStrategy } from './wait-strategy.js';

/**
 * The single producer of a ring. Claim some slots, write their words with plain stores, publish them all at once.
 * There is one at a time; another may take over once this one has stopped and the taker has been told so through
 * shared memory. As a wait source it is ready when at least one slot is free.
 */
export class RingProducer implements WaitSource {
  readonly ring: RingBuffer;
  readonly cells: Int32Array;
  /** Sequence of the next slot to be published. */
  nextSequence: number;
  blockingValue: number;
  /** The last sequence released by the slowest consumer, as far as known. */
  private gatingSequence: number;
  private readonly gatingCells: Int32Array;
  private readonly waitStrategy: WaitStrategy;

  /**
   * Takes over at the ring's cursor. `gatingConsumers` are the indices of the consumers that no other consumer
   * gates on; without them all consumers are asked.
   */
  constructor(ring: RingBuffer, waitStrategy: WaitStrategy, gatingConsumers?: readonly number[]) {
    this.ring = ring;
    this.cells = ring.cells;
    this.nextSequence = readWholeSequence(ring.cells, CURSOR_CELL) + 1;
    this.blockingValue = 0;
    // A full ring's worth behind is the farthest that any consumer can be.
    this.gatingSequence = this.nextSequence - 1 - ring.capacity;
    const consumers = gatingConsumers ?? Array.from({ length: ring.consumerCount }, (_, index) => index);
    if (consumers.length === 0) throw new RangeError('a ring producer gates on at least one consumer');
    this.gatingCells = Int32Array.from(consumers, (index) => consumerCell(ring, index));
    this.waitStrategy = waitStrategy;
  }

  /** How many of `count` slots are free now, 0 to `count`. The consumers are asked only when it looks too full. */
  claim(count: number): number {
    let free = this.gatingSequence + this.ring.capacity + 1 - this.nextSequence;
    if (free < count) {
      this.readGatingSequence();
      free = this.gatingSequence + this.ring.capacity + 1 - this.nextSequence;
    }
    return Math.min(free, count);
  }

  /** Index in `ring.words` of the slot `offset` after the next one. */
  wordIndexAt(offset: number): number {
    return this.ring.wordIndex(this.nextSequence + offset);
  }

  /** How many of `count` slots from the next one on lie in one run, before the ring wraps. */
  contiguous(count: number): number {
    const run = this.ring.capacity - (this.nextSequence & this.ring.mask);
    return Math.min(run, count);
  }

  /** Makes the next `count` slots, all claimed and written, visible to the consumers and wakes those that wait. */
  publish(count: number): void {
    const cursor = this.nextSequence + count - 1;
    if (count < 1 || cursor - this.gatingSequence > this.ring.capacity) {
      throw new RangeError(`published ${count} slots at ${this.nextSequence} without a claim`);
    }
    this.nextSequence = cursor + 1;
    writeHigh(this.cells, CURSOR_CELL, cursor);
    publishCell(this.cells, CURSOR_CELL, cursor | 0);
  }

  /** Waits on this thread until a slot may be free, at most about `timeoutMs`; claim again afterwards. */
  waitForSpace(timeoutMs: number): void {
    const cell = this.blockingCell();
    if (cell >= 0) this.waitStrategy.wait(this.cells, cell, this.blockingValue, timeoutMs);
  }

  wait(timeoutMs: number): void {
    this.waitForSpace(timeoutMs);
  }

  blockingCell(): number {
    if (this.claim(1) > 0) return -1;
    const full = (this.nextSequence - 1 - this.ring.capacity) | 0;
    for (let i = 0; i < this.gatingCells.length; i++) {
      const cell = this.gatingCells[i]!;
      if (Atomics.load(this.cells, cell) === full) {
        this.blockingValue = full;
        return cell;
      }
    }
    return -1;
  }

  private readGatingSequence(): void {
    const known = this.gatingSequence;
    const knownLow = known | 0;
    let ahead = this.ring.capacity;
    for (let i = 0; i < this.gatingCells.length; i++) {
      const distance = (Atomics.load(this.cells, this.gatingCells[i]!) - knownLow) | 0;
      if (distance < ahead) ahead = distance;
    }
    if (ahead < 0) throw new Error(`a ring consumer went back: ${ahead} from ${known}`);
    this.gatingSequence = known + ahead;
  }
}

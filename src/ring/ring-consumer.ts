import { CURSOR_CELL, consumerCell, type RingBuffer, readWholeSequence, writeHigh } from './ring-buffer.js';
import { publishCell } from './shared-cell.js';
import type { WaitSource } from './wait-source.js';
import type { WaitStrategy } from './wait-strategy.js';

/**
 * One consumer of a ring, with its sequence barrier: it sees slots that the producer has published, or, when it
 * gates on other consumers, slots that all of those have released. Read a batch with plain loads, release it at
 * once; a released slot may be overwritten. As a wait source it is ready when at least one slot may be read.
 */
export class RingConsumer implements WaitSource {
  readonly ring: RingBuffer;
  readonly cells: Int32Array;
  /** Sequence of the next slot to be read. */
  nextSequence: number;
  blockingValue: number;
  /** The last sequence that may be read, as far as known. */
  private barrierSequence: number;
  private readonly ownCell: number;
  private readonly barrierCells: Int32Array;
  private readonly waitStrategy: WaitStrategy;

  /** Goes on after the last slot released by consumer `index`. `upstream` are consumers to gate on. */
  constructor(ring: RingBuffer, index: number, waitStrategy: WaitStrategy, upstream: readonly number[] = []) {
    if (upstream.includes(index)) throw new RangeError(`ring consumer ${index} cannot gate on itself`);
    this.ring = ring;
    this.cells = ring.cells;
    this.ownCell = consumerCell(ring, index);
    this.nextSequence = readWholeSequence(ring.cells, this.ownCell) + 1;
    this.blockingValue = 0;
    this.barrierSequence = this.nextSequence - 1;
    this.barrierCells =
      upstream.length === 0
        ? Int32Array.of(CURSOR_CELL)
        : Int32Array.from(upstream, (other) => consumerCell(ring, other));
    this.waitStrategy = waitStrategy;
  }

  /** How many slots may be read from `nextSequence` on. The shared cells are read only when none looks left. */
  available(): number {
    if (this.barrierSequence < this.nextSequence) this.readBarrierSequence();
    return this.barrierSequence + 1 - this.nextSequence;
  }

  /** How many of `count` slots from the next one on lie in one run, before the ring wraps. */
  contiguous(count: number): number {
    const run = this.ring.capacity - (this.nextSequence & this.ring.mask);
    return Math.min(run, count);
  }

  /** Index in `ring.words` of the slot `offset` after the next one. */
  wordIndexAt(offset: number): number {
    return this.ring.wordIndex(this.nextSequence + offset);
  }

  /** Gives the next `count` slots back, all read, and wakes a producer or downstream consumer that waits. */
  release(count: number): void {
    const released = this.nextSequence + count - 1;
    if (count < 1 || released > this.barrierSequence) {
      throw new RangeError(
        `released ${count} slots at ${this.nextSequence}, readable to ${this.barrierSequence}`,
      );
    }
    this.nextSequence = released + 1;
    writeHigh(this.cells, this.ownCell, released);
    publishCell(this.cells, this.ownCell, released | 0);
  }

  /** Waits on this thread until a slot may be readable, at most about `timeoutMs`; look again afterwards. */
  wait(timeoutMs: number): void {
    const cell = this.blockingCell();
    if (cell >= 0) this.waitStrategy.wait(this.cells, cell, this.blockingValue, timeoutMs);
  }

  blockingCell(): number {
    if (this.available() > 0) return -1;
    const empty = (this.nextSequence - 1) | 0;
    for (let i = 0; i < this.barrierCells.length; i++) {
      const cell = this.barrierCells[i]!;
      if (Atomics.load(this.cells, cell) === empty) {
        this.blockingValue = empty;
        return cell;
      }
    }
    return -1;
  }

  private readBarrierSequence(): void {
    const known = this.barrierSequence;
    const knownLow = known | 0;
    let ahead = this.ring.capacity;
    for (let i = 0; i < this.barrierCells.length; i++) {
      const distance = (Atomics.load(this.cells, this.barrierCells[i]!) - knownLow) | 0;
      if (distance < ahead) ahead = distance;
    }
    if (ahead < 0) throw new Error(`a ring barrier went back: ${ahead} from ${known}`);
    this.barrierSequence = known + ahead;
  }
}

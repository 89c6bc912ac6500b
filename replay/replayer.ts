/**
 * Feeds journaled commands to the business logic, exactly as the input ring does, and stops where it is told. Depends on
 * nothing but the records: no clock, no files.
 */
import { readInt64 } from '../src/base/int64.js';
import { HeaderWord, SLOT_WORDS } from '../src/wire/slot.js';

/** The business logic; `BusinessLogicProcessor` fits. */
export interface CommandHandler {
  /** Carries out `count` commands whose slots stand one after the other. */
  onCommands(words: Int32Array, wordIndex: number, count: number): void;
}

export interface ReplayLimits {
  /** Last command to carry out; default no limit. */
  readonly toSequence?: number;
  /** Last command time to carry out, epoch microseconds; default no limit. */
  readonly toTimeUs?: number;
}

export class Replayer {
  /** Commands carried out. */
  commands = 0;
  /** The last one of them; 0 = none. */
  lastSequence = 0;
  lastTimestampUs = 0;
  /** A limit was met: nothing more will be taken. */
  isDone = false;
  readonly #logic: CommandHandler;
  readonly #toSequence: number;
  readonly #toTimeUs: number;

  constructor(logic: CommandHandler, limits: ReplayLimits = {}) {
    this.#logic = logic;
    this.#toSequence = limits.toSequence ?? Number.MAX_SAFE_INTEGER;
    this.#toTimeUs = limits.toTimeUs ?? Number.MAX_SAFE_INTEGER;
  }

  /**
   * Carries out `count` records that stand one after the other from word `wordIndex` on, a multiple of a slot's words.
   * @returns how many were taken; fewer than `count` when a limit was met
   */
  feed(words: Int32Array, wordIndex: number, count: number): number {
    if (this.isDone || count === 0) return 0;
    const taken = this.#withinLimits(words, wordIndex, count);
    if (taken > 0) {
      this.#logic.onCommands(words, wordIndex, taken);
      const last = wordIndex + (taken - 1) * SLOT_WORDS;
      this.commands += taken;
      this.lastSequence = readInt64(words, last + HeaderWord.sequence);
      this.lastTimestampUs = readInt64(words, last + HeaderWord.timestampUs);
    }
    this.isDone = taken < count || this.lastSequence >= this.#toSequence;
    return taken;
  }

  /** Sequence and command time only rise, so that the last record that fits is found by halving. */
  #withinLimits(words: Int32Array, wordIndex: number, count: number): number {
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      const record = wordIndex + middle * SLOT_WORDS;
      const isWithin =
        readInt64(words, record + HeaderWord.sequence) <= this.#toSequence &&
        readInt64(words, record + HeaderWord.timestampUs) <= this.#toTimeUs;
      if (isWithin) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

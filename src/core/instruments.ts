/**
 * Instruments. Ids are 1, 2, 3 ...; a record starts at word id * INSTRUMENT_WORDS. The two amounts that turn ticks
 * and lots into money are doubles in the same record.
 */
import { incrementInt64 } from '../base/int64.js';
import { EntityHash, EntityKind } from './entity-hash.js';
import { sameWords } from './text-fields.js';

export const INSTRUMENT_WORDS = 32;
export const SYMBOL_WORDS = 6;
export const SYMBOL_BYTES = 24;

/** Words of an instrument record. The first HASHED_WORDS are what the state hash is made of. */
export const InstrumentWord = {
  symbol: 0,
  baseAsset: 6,
  quoteAsset: 7,
  tickMantissa: 8,
  lotMantissa: 9,
  tickExponent: 10,
  lotExponent: 11,
  protectionPpm: 12,
  /** i64: number of the last bookDelta. */
  bookSequence: 13,
  /** 1 while on the dirty list of the state hash. */
  dirty: 15,
  /** Double: quote minor units that one lot costs for each tick of its price. */
  quoteMinorPerTickLot: 16,
  /** Double: base minor units in one lot. */
  baseMinorPerLot: 18,
  hashLow: 20,
  hashHigh: 21,
} as const;
const INSTRUMENT_QUOTE_MINOR_PER_TICK_LOT = InstrumentWord.quoteMinorPerTickLot;
const INSTRUMENT_BASE_MINOR_PER_LOT = InstrumentWord.baseMinorPerLot;
const INSTRUMENT_BOOK_SEQUENCE = InstrumentWord.bookSequence;
const INSTRUMENT_DIRTY = InstrumentWord.dirty;
const INSTRUMENT_HASH_LOW = InstrumentWord.hashLow;
const INSTRUMENT_HASH_HIGH = InstrumentWord.hashHigh;

const HASHED_WORDS = 15;

export class Instruments {
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly maxInstruments: number;
  readonly hash: EntityHash;
  count: number;

  constructor(maxInstruments: number) {
    this.words = new Int32Array((maxInstruments + 1) * INSTRUMENT_WORDS);
    this.doubles = new Float64Array(this.words.buffer);
    this.maxInstruments = maxInstruments;
    this.hash = new EntityHash(EntityKind.instrument, maxInstruments + 1);
    this.count = 0;
  }

  /** Id of the instrument whose symbol lies at `at`, or 0. A scan: listings are rare. */
  find(text: Int32Array, at: number): number {
    for (let id = 1; id <= this.count; id += 1) {
      if (sameWords(this.words, id * INSTRUMENT_WORDS, text, at, SYMBOL_WORDS)) return id;
    }
    return 0;
  }

  /** Quote minor units that one lot costs for each tick of its price. */
  quoteMinorPerTickLot(instrumentId: number): number {
    return this.doubles[(instrumentId * INSTRUMENT_WORDS + INSTRUMENT_QUOTE_MINOR_PER_TICK_LOT) >> 1];
  }

  /** Base minor units in one lot. */
  baseMinorPerLot(instrumentId: number): number {
    return this.doubles[(instrumentId * INSTRUMENT_WORDS + INSTRUMENT_BASE_MINOR_PER_LOT) >> 1];
  }

  /** Numbers one more change of the book. */
  nextBookSequence(instrumentId: number): void {
    incrementInt64(this.words, instrumentId * INSTRUMENT_WORDS + INSTRUMENT_BOOK_SEQUENCE);
    this.touch(instrumentId);
  }

  /** Notes for the state hash that the instrument changed. */
  touch(instrumentId: number): void {
    const words = this.words;
    const dirty = instrumentId * INSTRUMENT_WORDS + INSTRUMENT_DIRTY;
    if (words[dirty] !== 0) return;
    words[dirty] = 1;
    this.hash.markDirty(instrumentId);
  }

  /** Hashes one instrument into `hash`. */
  hashInstrument(instrumentId: number, hash: EntityHash): void {
    hash.hashRow(this.words, instrumentId * INSTRUMENT_WORDS, HASHED_WORDS, instrumentId, 0);
  }

  /** Brings the sum of the state hash up to date. */
  settleHash(): void {
    const words = this.words;
    const hash = this.hash;
    for (let i = 0; i < hash.dirtyCount; i += 1) {
      const instrumentId = hash.dirtyRows[i];
      const at = instrumentId * INSTRUMENT_WORDS;
      words[at + INSTRUMENT_DIRTY] = 0;
      this.hashInstrument(instrumentId, hash);
      hash.exchange(words[at + INSTRUMENT_HASH_LOW], words[at + INSTRUMENT_HASH_HIGH]);
      words[at + INSTRUMENT_HASH_LOW] = hash.rowLow;
      words[at + INSTRUMENT_HASH_HIGH] = hash.rowHigh;
    }
    hash.dirtyCount = 0;
  }
}

/** Instruments, with ids 1, 2, 3 ... Their records also hold what turns ticks and lots into money. */
import { incrementInt64 } from '../base/int64.js';
import { type Arena, HANDLE_MASK as HANDLES } from './arena.js';
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

const HASHED_WORDS = 15;

// Local copies are folded into the code (see orders.ts).
const HANDLE_MASK = HANDLES;
const RECORD_SHIFT = 31 - Math.clz32(INSTRUMENT_WORDS);
const BOOK_SEQUENCE = InstrumentWord.bookSequence;
const DIRTY = InstrumentWord.dirty;
const QUOTE_MINOR_PER_TICK_LOT = InstrumentWord.quoteMinorPerTickLot;
const BASE_MINOR_PER_LOT = InstrumentWord.baseMinorPerLot;
const HASH_LOW = InstrumentWord.hashLow;
const HASH_HIGH = InstrumentWord.hashHigh;

export class Instruments {
  /** The arena. */
  readonly words: Int32Array;
  /** The arena as doubles. */
  readonly doubles: Float64Array;
  readonly maxInstruments: number;
  readonly hash: EntityHash;
  count: number;
  /** Where the record of id 0 would be. */
  private readonly origin: number;

  constructor(arena: Arena, maxInstruments: number) {
    this.words = arena.words;
    this.doubles = arena.doubles;
    this.maxInstruments = maxInstruments;
    this.hash = new EntityHash(EntityKind.instrument, maxInstruments);
    this.count = 0;
    this.origin = arena.reserve(maxInstruments * INSTRUMENT_WORDS) - INSTRUMENT_WORDS;
  }

  /** Handle of a listed instrument. */
  handleOf(instrumentId: number): number {
    return ((this.origin | 0) + ((instrumentId | 0) << RECORD_SHIFT)) & HANDLE_MASK;
  }

  /** Id of the instrument whose symbol lies at `at`, or 0. A scan: listings are rare. */
  find(text: Int32Array, at: number): number {
    for (let id = 1; id <= this.count; id += 1) {
      if (sameWords(this.words, this.handleOf(id), text, at, SYMBOL_WORDS)) return id;
    }
    return 0;
  }

  /** Quote minor units that one lot costs for each tick of its price. */
  quoteMinorPerTickLot(instrument: number): number {
    return this.doubles[((instrument & HANDLE_MASK) + QUOTE_MINOR_PER_TICK_LOT) >> 1];
  }

  /** Base minor units in one lot. */
  baseMinorPerLot(instrument: number): number {
    return this.doubles[((instrument & HANDLE_MASK) + BASE_MINOR_PER_LOT) >> 1];
  }

  /** Numbers one more change of the book. */
  nextBookSequence(handle: number): void {
    const instrument = handle & HANDLE_MASK;
    incrementInt64(this.words, instrument + BOOK_SEQUENCE);
    if (this.words[instrument + DIRTY] === 0) this.touch(instrument);
  }

  /** Notes for the state hash that the instrument, which was not noted yet, changed. */
  touch(instrument: number): void {
    this.words[instrument + DIRTY] = 1;
    this.hash.markDirty(instrument);
  }

  /** Hashes one instrument into `hash`. */
  hashInstrument(instrument: number, hash: EntityHash): void {
    const id = (instrument - this.origin) / INSTRUMENT_WORDS;
    hash.hashRow(this.words, instrument, HASHED_WORDS, id, 0);
  }

  /** Brings the sum of the state hash up to date. */
  settleHash(): void {
    const { words, hash } = this;
    for (let i = 0; i < hash.dirtyCount; i += 1) {
      const instrument = hash.dirtyRows[i];
      words[instrument + DIRTY] = 0;
      this.hashInstrument(instrument, hash);
      hash.exchange(words[instrument + HASH_LOW], words[instrument + HASH_HIGH]);
      words[instrument + HASH_LOW] = hash.rowLow;
      words[instrument + HASH_HIGH] = hash.rowHigh;
    }
    hash.dirtyCount = 0;
  }
}

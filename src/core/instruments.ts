/** Instruments, with ids 1, 2, 3 ... Their records also hold what turns ticks and lots into money. */
import { makeWords } from '../base/columns.js';
import { incrementInt64 } from '../base/int64.js';
import type { Arena } from './arena.js';
import { type EntityHash, EntityKind, HashWord, makeEntityHash } from './entity-hash.js';
import { makeTable } from './table.js';
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

// Local copies are folded into the code (README.md).
const DIRTY_COUNT = HashWord.dirtyCount;
const RECORD_SHIFT = 31 - Math.clz32(INSTRUMENT_WORDS);
const BOOK_SEQUENCE = InstrumentWord.bookSequence;
const DIRTY = InstrumentWord.dirty;
const QUOTE_MINOR_PER_TICK_LOT = InstrumentWord.quoteMinorPerTickLot;
const BASE_MINOR_PER_LOT = InstrumentWord.baseMinorPerLot;
const HASH_LOW = InstrumentWord.hashLow;

/** Words of the private state. */
const COUNT = 0;

export type Instruments = ReturnType<typeof makeInstruments>;

export function makeInstruments(arena: Arena, maxInstruments: number) {
  const state = makeWords(1);
  const { handleMask } = arena;
  const increment = incrementInt64;
  const areSame = sameWords;
  /** The arena. */
  const words = arena.words;
  /** The arena as doubles. */
  const doubles = arena.doubles;
  const hash = makeEntityHash(EntityKind.instrument, maxInstruments);
  const { markDirty } = hash;
  /** Where the record of id 0 would be. */
  const origin = arena.reserve(maxInstruments * INSTRUMENT_WORDS) - INSTRUMENT_WORDS;

  /** Takes the next instrument id; the caller has seen that there is room and fills in the record. */
  const allocate = (): number => {
    state[COUNT] += 1;
    return state[COUNT];
  };

  const isListed = (instrumentId: number): boolean => {
    return instrumentId >= 1 && instrumentId <= state[COUNT];
  };

  /** Handle of a listed instrument. */
  const handleOf = (instrumentId: number): number => {
    return ((origin | 0) + ((instrumentId | 0) << RECORD_SHIFT)) & handleMask;
  };

  /** Id of the instrument whose symbol lies at `at`, or 0. A scan: listings are rare. */
  const find = (text: Int32Array, at: number): number => {
    for (let id = 1; id <= state[COUNT]; id += 1) {
      if (areSame(words, handleOf(id), text, at, SYMBOL_WORDS)) return id;
    }
    return 0;
  };

  /** Quote minor units that one lot costs for each tick of its price. */
  const quoteMinorPerTickLot = (instrument: number): number => {
    return doubles[((instrument & handleMask) + QUOTE_MINOR_PER_TICK_LOT) >> 1];
  };

  /** Base minor units in one lot. */
  const baseMinorPerLot = (instrument: number): number => {
    return doubles[((instrument & handleMask) + BASE_MINOR_PER_LOT) >> 1];
  };

  /** Numbers one more change of the book. */
  const nextBookSequence = (handle: number): void => {
    const instrument = handle & handleMask;
    increment(words, instrument + BOOK_SEQUENCE);
    if (words[instrument + DIRTY] === 0) touch(instrument);
  };

  /** Notes for the state hash that the instrument, which was not noted yet, changed. */
  const touch = (instrument: number): void => {
    words[instrument + DIRTY] = 1;
    markDirty(instrument);
  };

  /** Hashes one instrument into `hash`. */
  const hashInstrument = (instrument: number, hash: EntityHash): void => {
    const id = (instrument - origin) / INSTRUMENT_WORDS;
    hash.hashRow(words, instrument, HASHED_WORDS, id, 0);
  };

  /** Brings the sum of the state hash up to date. */
  const settleHash = (): void => {
    for (let i = 0; i < hash.state[DIRTY_COUNT]; i += 1) {
      const instrument = hash.dirtyRows[i];
      words[instrument + DIRTY] = 0;
      hashInstrument(instrument, hash);
      hash.exchange(words, instrument + HASH_LOW);
    }
    hash.state[DIRTY_COUNT] = 0;
  };

  const tables = [
    makeTable('instruments', InstrumentWord, {
      memory: words,
      first: origin + INSTRUMENT_WORDS,
      recordWords: INSTRUMENT_WORDS,
      capacity: maxInstruments,
      rows: () => state[COUNT],
      derived: ['dirty', 'hashLow', 'hashHigh'],
    }),
    makeTable('instruments.state', { count: COUNT }, { memory: state }),
  ];

  /** Makes the hash again, after the records were read from a snapshot. */
  const rebuild = (): void => {
    for (let id = 1; id <= state[COUNT]; id += 1) touch(handleOf(id));
  };

  return {
    words,
    doubles,
    maxInstruments,
    hash,
    get count(): number {
      return state[COUNT];
    },
    allocate,
    isListed,
    handleOf,
    find,
    quoteMinorPerTickLot,
    baseMinorPerLot,
    nextBookSequence,
    touch,
    hashInstrument,
    settleHash,
    tables,
    rebuild,
  };
}

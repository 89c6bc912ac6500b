/** Instruments, with ids 1, 2, 3 ... Their records also hold what turns ticks and lots into money. */
import { makeWords } from '../base/columns.js';
import { incrementInt64 } from '../base/int64.js';
import type { Arena } from './arena.js';
import { FEE_TIERS } from './codes.js';
import { type EntityHash, EntityKind, HashWord, makeEntityHash } from './entity-hash.js';
import { makeTable } from './table.js';
import { sameWords } from './text-fields.js';

export const INSTRUMENT_WORDS = 128;
/** Protection of market orders, in millionths, where a listing names none. */
export const DEFAULT_PROTECTION_PPM = 50_000;
export const SYMBOL_WORDS = 6;
export const SYMBOL_BYTES = 24;

/** Words of an instrument record. The first HASHED_WORDS, and terms that are not 0, make the state hash. */
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
  /** Ticks of the last trade; 0 = there was none yet. */
  lastPrice: 22,
  /** Resting orders that do not display all. */
  icebergs: 23,
  /** Stops that wait for a trade, the first of those that trail, and the prices between which none of these moves. */
  waitingStops: 24,
  firstTrailing: 25,
  trailedLow: 26,
  trailedHigh: 27,
  /** Maker and taker rate in millionths of each fee tier. */
  fees: 32,
  /** InstrumentControl bits: what an order of the instrument has to be held against; 0 = nothing. */
  controls: 31,
  /** The price band (price-bands.ts), in ticks and millionths; 0 = no such bound. */
  minPrice: 60,
  maxPrice: 61,
  referencePrice: 62,
  bandPpm: 63,
  /** MarketState; 0 = continuous. */
  marketState: 64,
  /** MarketState that follows at the end. */
  nextState: 65,
  /** i64: command time at which the state ends; 0 = it stays. */
  endTimeUs: 66,
  /** Of an auction, in ticks: 0 = the last trade, -1 = none. */
  auctionReference: 68,
  /** Of an auction: what was told last (market-states.ts); the lots and what is left over of them are doubles. */
  indicatedPrice: 69,
  indicatedLots: 70,
  indicatedImbalance: 72,
  /** The volatility limit (volatility.ts), u32; 0 = none. */
  volatilityPpm: 74,
  volatilityWindowUs: 75,
  volatilityAuctionUs: 76,
  /** Price from which the present window measures, in ticks; 0 = no price. */
  volatilityReference: 77,
  /** Double: number of the present window. */
  volatilityWindow: 78,
  /** InstrumentFlag bits. */
  flags: 96,
  /** Margin rates in millionths; 0 for spot. */
  initialMarginPpm: 97,
  maintenanceMarginPpm: 98,
  /** Price in ticks that positions are settled to; 0 = none yet. */
  markPrice: 99,
  /** Handle of a margin record (margins.ts), or 0. */
  firstMargin: 100,
} as const;

/** Bits of `InstrumentWord.controls`. */
export const InstrumentControl = {
  /** Prices are bounded: price-bands.ts. */
  band: 1,
  /** It is a margin instrument: margins.ts. */
  margin: 32,
  /** It has no mark price yet. */
  unmarked: 64,
  /** It was removed, and counts as if it had never been. */
  removed: 2,
  /** Its state is another one than continuous: market-states.ts. */
  notContinuous: 4,
  /** Its state is an auction. */
  auction: 8,
  /** Trades may not go too far at once: volatility.ts. */
  volatility: 16,
} as const;

const HASHED_WORDS = 15;
const LAST_PRICE = InstrumentWord.lastPrice;
const FIRST_BAND = InstrumentWord.minPrice;
const BAND_WORDS = 4;
const FIRST_MARGIN_TERM = InstrumentWord.flags;
const MARGIN_TERM_WORDS = 4;
const FIRST_MARKET_WORD = InstrumentWord.marketState;
const MARKET_WORDS = 16;
const FEE_WORDS = 2 * FEE_TIERS;
const TIER_MASK = FEE_TIERS - 1;

// Local copies are folded into the code (README.md).
const DIRTY_COUNT = HashWord.dirtyCount;
const RECORD_SHIFT = 31 - Math.clz32(INSTRUMENT_WORDS);
const BOOK_SEQUENCE = InstrumentWord.bookSequence;
const DIRTY = InstrumentWord.dirty;
const FEES = InstrumentWord.fees;
const QUOTE_MINOR_PER_TICK_LOT = InstrumentWord.quoteMinorPerTickLot;
const BASE_MINOR_PER_LOT = InstrumentWord.baseMinorPerLot;
const HASH_LOW = InstrumentWord.hashLow;
const CONTROLS = InstrumentWord.controls;
const REMOVED = InstrumentControl.removed;

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
    if (instrumentId < 1 || instrumentId > state[COUNT]) return false;
    return (words[handleOf(instrumentId) + CONTROLS] & REMOVED) === 0;
  };

  /** Handle of a listed instrument. */
  const handleOf = (instrumentId: number): number => {
    return ((origin | 0) + ((instrumentId | 0) << RECORD_SHIFT)) & handleMask;
  };

  /** Id of the instrument, not removed, whose symbol lies at `at`, or 0. A scan: listings are rare. */
  const find = (text: Int32Array, at: number): number => {
    for (let id = 1; id <= state[COUNT]; id += 1) {
      if (isListed(id) && areSame(words, handleOf(id), text, at, SYMBOL_WORDS)) return id;
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

  /** Word of the rates, maker's and then taker's, of a fee tier. */
  const ratesAt = (instrument: number, feeTier: number): number => {
    return (instrument & handleMask) + FEES + ((feeTier & TIER_MASK) << 1);
  };

  /** Notes for the state hash that the instrument changed. */
  const touch = (instrument: number): void => {
    if (words[instrument + DIRTY] !== 0) return;
    words[instrument + DIRTY] = 1;
    markDirty(instrument);
  };

  /** Hashes one instrument into `hash`. */
  const hashInstrument = (instrument: number, hash: EntityHash): void => {
    const id = (instrument - origin) / INSTRUMENT_WORDS;
    hash.hashRow(words, instrument, HASHED_WORDS, id, 0);
    hash.extendRow(words, instrument + FEES, FEE_WORDS, FEES);
    hash.extendRow(words, instrument + LAST_PRICE, 1, LAST_PRICE);
    hash.extendRow(words, instrument + FIRST_BAND, BAND_WORDS, FIRST_BAND);
    hash.extendRow(words, instrument + FIRST_MARGIN_TERM, MARGIN_TERM_WORDS, FIRST_MARGIN_TERM);
    hash.extendRow(words, instrument + FIRST_MARKET_WORD, MARKET_WORDS, FIRST_MARKET_WORD);
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
      handles: { firstTrailing: 'orders', firstMargin: 'margins' },
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
    ratesAt,
    touch,
    hashInstrument,
    settleHash,
    tables,
    rebuild,
  };
}

/** The level-2 books of all instruments as a section of a snapshot, best level first. */
import { readInt64, writeInt64 } from '../base/int64.js';
import { Side } from '../core/codes.js';
import type { Core } from '../core/core.js';
import { queryBook, queryInstruments } from '../core/queries.js';

/** Name of the section. */
export const BOOKS = 'gateway/books';
/** Words of a row: a level; or, with side 0, an instrument, whose `lots` is the number of its last bookDelta. */
export const BookRow = {
  instrumentId: 0,
  side: 1,
  priceTicks: 2,
  orderCount: 3,
  lots: 4,
  /** Of the last bookDelta; in the row of an instrument only. */
  timestampUs: 6,
} as const;
export const BOOK_ROW_WORDS = 8;

const ALL_LEVELS = 0x7fffffff;
const PIECE_ROWS = 8192;

/** The section. `timesUs` is the time of the last bookDelta by instrument id. */
export function booksOf(
  core: Core,
  timesUs: readonly (number | undefined)[],
): { name: string; bytes: number; pieces(): Iterable<Uint8Array> } {
  let rows = 0;
  let words = new Int32Array(PIECE_ROWS * BOOK_ROW_WORDS);
  const row = (instrumentId: number, side: number, price: number, orders: number, lots: number): number => {
    const at = rows++ * BOOK_ROW_WORDS;
    if (at === words.length) {
      const larger = new Int32Array(words.length * 2);
      larger.set(words);
      words = larger;
    }
    words[at + BookRow.instrumentId] = instrumentId;
    words[at + BookRow.side] = side;
    words[at + BookRow.priceTicks] = price;
    words[at + BookRow.orderCount] = orders;
    writeInt64(words, at + BookRow.lots, lots);
    return at;
  };
  for (const { instrumentId, bookSequence } of queryInstruments(core)) {
    const at = row(instrumentId, 0, 0, 0, bookSequence);
    writeInt64(words, at + BookRow.timestampUs, timesUs[instrumentId] ?? 0);
    const { bids, asks } = queryBook(core, instrumentId, ALL_LEVELS);
    for (const level of bids)
      row(instrumentId, Side.buy, level.priceTicks, level.orderCount, level.levelLots);
    for (const level of asks)
      row(instrumentId, Side.sell, level.priceTicks, level.orderCount, level.levelLots);
  }
  const bytes = new Uint8Array(words.buffer, 0, rows * BOOK_ROW_WORDS * 4);
  return { name: BOOKS, bytes: bytes.length, pieces: () => [bytes] };
}

/** The times that `booksOf` was given, from a snapshot. */
export function bookTimesIn(snapshot: { words(name: string): Int32Array }): number[] {
  const words = snapshot.words(BOOKS);
  const timesUs: number[] = [];
  for (let at = 0; at < words.length; at += BOOK_ROW_WORDS) {
    if (words[at + BookRow.side] !== 0) continue;
    timesUs[words[at + BookRow.instrumentId]!] = readInt64(words, at + BookRow.timestampUs);
  }
  return timesUs;
}

/** Fills an index with many rows, for what is made again after a start from a snapshot. */
import { makeWords } from './columns.js';
import type { IntegerHashIndex } from './integer-hash-index.js';

/** Rows whose places are read before the first of them is added: more than a processor can wait for at once. */
const ROWS_AT_ONCE = 64;

/** An `add` that collects rows for `index`, and a `flush` that must follow the last one. */
export function makeIndexFiller(index: IntegerHashIndex) {
  const { insertAll } = index;
  const hashes = makeWords(ROWS_AT_ONCE);
  const rows = makeWords(ROWS_AT_ONCE);
  let count = 0;

  const flush = (): void => {
    insertAll(hashes, rows, count);
    count = 0;
  };

  /** Adds a row (not 0) under a hash, at the next flush at the latest. */
  const add = (hash: number, row: number): void => {
    hashes[count] = hash;
    rows[count] = row;
    count += 1;
    if (count === ROWS_AT_ONCE) flush();
  };

  return { add, flush };
}

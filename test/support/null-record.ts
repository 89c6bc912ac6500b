/** The record of handle 0, which every lookup that found nothing leads to. */
import type { Core } from '../../src/core/core.js';

/** Words of the longest record. */
const LONGEST = 128;

/** Throws when something was written into the record of handle 0: it would be found where there is nothing. */
export function expectNullRecord(core: Core): void {
  const word = core.arena.words.subarray(0, LONGEST).findIndex((value) => value !== 0);
  if (word !== -1) throw new Error(`word ${word} of the record of handle 0 is ${core.arena.words[word]}`);
}

/**
 * The one place where a record of an older version becomes one of the current version. Stored bytes are never rewritten:
 * whoever reads a journal gets copies.
 *
 * Rules for a new version:
 * - raise RECORD_VERSION and, so that older programs refuse the journal at its first segment, SCHEMA_VERSION;
 * - add the function from the version before to the end of UPCASTERS; it never changes afterwards;
 * - the slot header keeps its layout, and so does `epochStarted`: the journal reads them in every version;
 * - keep a journal of the old version in test/golden, with the hashes that it replays to.
 */
import { upcastRecordV0 } from './record-v0.js';
import { RECORD_VERSION, SLOT_WORDS, versionOf } from './slot.js';

/** By version: turns the record at a word index into one of the next version, in place. */
const UPCASTERS: readonly ((words: Int32Array, at: number) => void)[] = [upcastRecordV0];

if (UPCASTERS.length !== RECORD_VERSION)
  throw new Error('upcast: a record version has no way to the next one');

/** Whether the record that begins with `word0` is of an older version. */
export function isOlderRecord(word0: number): boolean {
  return versionOf(word0) < RECORD_VERSION;
}

/**
 * Copies the record at word `from` of `source` to word `to` of `target`, as one of the current version. Pure: the same
 * bytes always give the same bytes. The version must not be newer than this build's.
 */
export function upcastRecord(source: Int32Array, from: number, target: Int32Array, to: number): void {
  for (let i = 0; i < SLOT_WORDS; i++) target[to + i] = source[from + i]!;
  for (let version = versionOf(target[to]!); version < RECORD_VERSION; version++) {
    UPCASTERS[version]!(target, to);
  }
}

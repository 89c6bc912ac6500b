/** The records of a journal as JSON lines, decoded by the schema. */
import { readInt64 } from '../src/base/int64.js';
import { HeaderWord } from '../src/wire/slot.js';
import { decodeSlot } from '../src/wire/slot-codec.js';
import { RECORD_WORDS } from './frame.js';
import { JournalReader } from './journal-reader.js';
import { recover } from './recover.js';
import type { Storage } from './storage.js';

export interface CatOptions {
  /** First and last record; default all that are there. */
  readonly fromSequence?: number;
  readonly toSequence?: number;
  /** Command times, epoch microseconds, both included. */
  readonly fromTimeUs?: number;
  readonly toTimeUs?: number;
}

/**
 * Yields one JSON object a record, without newline: `{"sequence":1,"timestampUs":...,"type":"newOrder","account":...,
 * "session":...,"epoch":...,...fields}`. u64 fields are decimal strings, byte fields hex strings.
 * @throws the coded errors of recovery and of reading
 */
export function* catRecords(storage: Storage, options: CatOptions = {}): Generator<string> {
  const { firstSequence, lastSequence } = recover(storage);
  const toSequence = Math.min(options.toSequence ?? lastSequence, lastSequence);
  const fromTimeUs = options.fromTimeUs ?? Number.NEGATIVE_INFINITY;
  const toTimeUs = options.toTimeUs ?? Number.POSITIVE_INFINITY;
  const reader = new JournalReader(storage, {
    fromSequence: Math.max(1, options.fromSequence ?? firstSequence),
    toSequence,
  });
  try {
    while (reader.nextFrame()) {
      for (let i = 0; i < reader.recordCount; i++) {
        const at = reader.wordIndex + i * RECORD_WORDS;
        const timestampUs = readInt64(reader.words, at + HeaderWord.timestampUs);
        // Command time never goes backwards.
        if (timestampUs > toTimeUs) return;
        if (timestampUs >= fromTimeUs) {
          yield slotJson(reader.words, at, { frameEpoch: reader.epoch });
        }
      }
    }
  } finally {
    reader.close();
  }
}

/**
 * The slot at word `at`, a command or an event, as a JSON object with all its fields: u64 as decimal strings, bytes as hex
 * strings. `more` goes in before the fields.
 * @throws WireError for a slot that the schema does not know
 */
export function slotJson(words: Int32Array, at: number, more: object = {}): string {
  const { name, sequence, timestampUs, accountId, sessionId, fields } = decodeSlot(words, at);
  return JSON.stringify(
    {
      sequence,
      timestampUs,
      type: name,
      account: accountId,
      session: sessionId,
      ...more,
      ...fields,
    },
    (_key, value: unknown) => {
      if (typeof value === 'bigint') return value.toString();
      return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
    },
  );
}

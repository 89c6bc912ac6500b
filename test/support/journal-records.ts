/** Records and journals for tests. */

import { JournalReader } from '../../journal/journal-reader.js';
import { JournalWriter, type JournalWriterOptions } from '../../journal/journal-writer.js';
import { recover } from '../../journal/recover.js';
import type { JournalIdentity } from '../../journal/segment.js';
import type { Storage } from '../../journal/storage.js';
import { writeInt64 } from '../../src/base/int64.js';
import { offsetOf, Template } from '../../src/wire/schema.js';
import { HeaderWord, packTemplate, RECORD_VERSION, SLOT_WORDS } from '../../src/wire/slot.js';

export const IDENTITY: JournalIdentity = { clusterId: 42n, nodeId: 1 };
export const SEGMENT_BYTES = 64 * 1024;
export const START_US = 1_700_000_000_000_000;
const EPOCH_WORD = HeaderWord.body + offsetOf('epochStarted', 'epoch') / 4;

/** `count` records from `firstSequence` on; the body of each follows from its sequence. */
export function makeRecords(firstSequence: number, count: number): Int32Array {
  const words = new Int32Array(count * SLOT_WORDS);
  for (let i = 0; i < count; i++) {
    const sequence = firstSequence + i;
    const at = i * SLOT_WORDS;
    words[at] = packTemplate(Template.cancelOrder, RECORD_VERSION, 0);
    writeInt64(words, at + HeaderWord.sequence, sequence);
    writeInt64(words, at + HeaderWord.timestampUs, START_US + sequence);
    for (let word = HeaderWord.body; word < SLOT_WORDS; word++)
      words[at + word] = Math.imul(sequence, 0x9e3779b1) + word;
  }
  return words;
}

/** The same, with the first record starting `epoch`. */
export function makeEpoch(firstSequence: number, count: number, epoch: number): Int32Array {
  const words = makeRecords(firstSequence, count);
  words[0] = packTemplate(Template.epochStarted, RECORD_VERSION, 0);
  words[EPOCH_WORD] = epoch;
  return words;
}

/** Opens the journal for writing as a start does. */
export function openWriter(storage: Storage, options: Partial<JournalWriterOptions> = {}): JournalWriter {
  const report = recover(storage, IDENTITY);
  return JournalWriter.open(storage, IDENTITY, report, {
    segmentBytes: SEGMENT_BYTES,
    nowMs: () => 1_700_000_000_000,
    ...options,
  });
}

/** Appends batches of the given sizes, a sync after each. */
export function appendBatches(writer: JournalWriter, sizes: readonly number[]): void {
  for (const size of sizes) {
    writer.appendRecords(makeRecords(writer.writtenSequence + 1, size), 0, size);
    writer.sync();
  }
}

/** All records as a reader returns them. */
export function readAll(storage: Storage, fromSequence = 1): Int32Array {
  const { lastSequence } = recover(storage);
  const count = Math.max(0, lastSequence - fromSequence + 1);
  const words = new Int32Array(count * SLOT_WORDS);
  const reader = new JournalReader(storage, { fromSequence, toSequence: lastSequence });
  try {
    let done = 0;
    for (;;) {
      const read = reader.readRecords(words, done * SLOT_WORDS, count - done);
      if (read === 0) break;
      done += read;
    }
    if (done !== count) throw new Error(`read ${done} of ${count} records`);
  } finally {
    reader.close();
  }
  return words;
}

/** Throws unless the words are exactly the records from `firstSequence` on that `makeRecords` makes. */
export function expectRecords(words: Int32Array, firstSequence: number, count: number): void {
  const wanted = makeRecords(firstSequence, count);
  if (words.length !== wanted.length) throw new Error(`${words.length / SLOT_WORDS} records, not ${count}`);
  if (Buffer.compare(bytesOf(words), bytesOf(wanted)) !== 0)
    throw new Error('records differ from what was written');
}

function bytesOf(words: Int32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

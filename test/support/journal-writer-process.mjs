// A process that writes a journal until it is told to stop, fails or is killed: node journal-writer-process.mjs
// DIRECTORY BACKEND BATCHES. Prints `open`, then the durable sequence after each sync, then `closed`; an error as
// `CODE message` on standard error, with the exit code of the error.

import { writeSync } from 'node:fs';
import { JournalDirectory } from '../../dist/journal/journal-directory.js';
import { JournalWriter } from '../../dist/journal/journal-writer.js';
import { openStorage } from '../../dist/journal/open-storage.js';
import { recover } from '../../dist/journal/recover.js';
import { startSegmentPreparer } from '../../dist/journal/segment-preparer.js';

const [directory, backend, batches] = process.argv.slice(2);
const IDENTITY = { clusterId: 42n, nodeId: 1 };
const SEGMENT_BYTES = 64 * 1024;
const BATCH = 20;
const RECORD_WORDS = 32;

/** The records of the test support, made here again so that this file needs nothing but the build. */
function makeRecords(firstSequence, count) {
  const words = new Int32Array(count * RECORD_WORDS);
  for (let i = 0; i < count; i++) {
    const sequence = firstSequence + i;
    const at = i * RECORD_WORDS;
    const timestampUs = 1_700_000_000_000_000 + sequence;
    words[at] = 7 | (1 << 16);
    words[at + 2] = sequence;
    words[at + 4] = timestampUs | 0;
    words[at + 5] = Math.floor(timestampUs / 4294967296);
    for (let word = 8; word < RECORD_WORDS; word++) words[at + word] = Math.imul(sequence, 0x9e3779b1) + word;
  }
  return words;
}

try {
  const lock = JournalDirectory.open(directory, IDENTITY);
  const storage = openStorage(directory, backend);
  const preparer = startSegmentPreparer({ directory, segmentBytes: SEGMENT_BYTES, allocation: 'fallocate' });
  const writer = JournalWriter.open(storage, IDENTITY, recover(storage, IDENTITY), {
    segmentBytes: SEGMENT_BYTES,
    prepared: preparer.state,
  });
  writeSync(1, 'open\n');
  for (let i = 0; i < Number(batches); i++) {
    writer.appendRecords(makeRecords(writer.writtenSequence + 1, BATCH), 0, BATCH);
    writeSync(1, `${writer.sync()}\n`);
  }
  writer.close();
  await preparer.stop();
  lock.close();
  writeSync(1, 'closed\n');
} catch (error) {
  writeSync(2, `${error.code} ${error.message}\n`);
  process.exit(error.exitCode ?? 70);
}

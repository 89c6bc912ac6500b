// A process that writes a journal until it is told to stop, fails or is killed: node journal-writer-process.mjs
// DIRECTORY BACKEND BATCHES. Prints `open`, then the durable sequence after each sync, then `closed`; an error as
// `CODE message` on standard error, with the exit code of the error.
//
// Environment: SEGMENT_BYTES, ALLOCATION; LYING_SYNC=1 makes each sync of a segment a lie (the control run of power cuts).

import { writeSync } from 'node:fs';
import koffi from 'koffi';
import { JournalDirectory } from '../../dist/journal/journal-directory.js';
import { JournalWriter } from '../../dist/journal/journal-writer.js';
import { openStorage } from '../../dist/journal/open-storage.js';
import { PREPARER_STATE_BYTES } from '../../dist/journal/prepared-segments.js';
import { recover } from '../../dist/journal/recover.js';
import { startSegmentPreparer } from '../../dist/journal/segment-preparer.js';
import { LyingStorage } from './lying-storage.mjs';
import { IDENTITY, makeRecords, say } from './process-records.mjs';

/** Ends without the exit handlers of libraries: those of koffi 3.3.4 can wait for a lock that their own thread holds. */
const exitAtOnce = koffi.load(null).func('void _exit(int)');

const [directory, backend, batches] = process.argv.slice(2);
const SEGMENT_BYTES = Number(process.env.SEGMENT_BYTES ?? 64 * 1024);
const ALLOCATION = process.env.ALLOCATION ?? 'fallocate';
const BATCH = 20;

try {
  const lock = JournalDirectory.open(directory, IDENTITY);
  const honest = openStorage(directory, backend);
  const storage = process.env.LYING_SYNC === '1' ? new LyingStorage(honest) : honest;
  const prepared = new SharedArrayBuffer(PREPARER_STATE_BYTES);
  const order = { directory, segmentBytes: SEGMENT_BYTES, allocation: ALLOCATION, state: prepared };
  const preparer = startSegmentPreparer(order);
  const writer = JournalWriter.open(storage, IDENTITY, recover(storage, IDENTITY), {
    segmentBytes: SEGMENT_BYTES,
    prepared,
  });
  say('open');
  for (let i = 0; i < Number(batches); i++) {
    writer.appendRecords(makeRecords(writer.writtenSequence + 1, BATCH), 0, BATCH);
    say(writer.sync());
  }
  writer.close();
  await preparer.stop();
  lock.close();
  say('closed');
  exitAtOnce(0);
} catch (error) {
  writeSync(2, `${error.code} ${error.message}\n`);
  exitAtOnce(error.exitCode ?? 70);
}

// A whole life of a journal, every step of it over a storage that ends the process at a named point:
// node kill-point-process.mjs DIRECTORY ARCHIVE BACKEND. Opens the journal, appends over several segments, closes it;
// finds a torn tail, cuts it, appends more; signs the sealed segments, archives one and brings it back. Prints the durable
// sequence after each sync, then how often each point was passed as JSON.

import { generateKeyPairSync } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import {
  archivable,
  archiveSegment,
  removeUnfinished,
  restorable,
  restoreSegment,
} from '../../dist/journal/archive.js';
import { JournalDirectory } from '../../dist/journal/journal-directory.js';
import { JournalWriter } from '../../dist/journal/journal-writer.js';
import { signerOf } from '../../dist/journal/manifest-key.js';
import { openFlatStorage } from '../../dist/journal/open-storage.js';
import { recover } from '../../dist/journal/recover.js';
import { SegmentSealer } from '../../dist/journal/seal-segments.js';
import { TieredStorage } from '../../dist/journal/tiered-storage.js';
import { readTiers } from '../../dist/journal/tiers.js';
import { KillingStorage } from './killing-storage.mjs';
import { IDENTITY, makeRecords, say } from './process-records.mjs';

const [directory, archiveDirectory, backend] = process.argv.slice(2);
const killAt = process.env.KILL_AT ?? '';
const counts = new Map();
const BATCH = 20;

const lock = JournalDirectory.open(directory, IDENTITY);
const local = new KillingStorage(openFlatStorage(directory, backend), killAt, counts);
const archive = new KillingStorage(
  openFlatStorage(archiveDirectory, 'positional'),
  killAt,
  counts,
  'archive-',
);
const journal = new TieredStorage(local, () => (readTiers(local).length === 0 ? [] : [archive]));
removeUnfinished(local);
removeUnfinished(archive);

function append(batches) {
  const options = { segmentBytes: 64 * 1024, nowMs: () => 1_700_000_000_000 };
  const writer = JournalWriter.open(journal, IDENTITY, recover(journal, IDENTITY), options);
  for (let i = 0; i < batches; i++) {
    writer.appendRecords(makeRecords(writer.writtenSequence + 1, BATCH), 0, BATCH);
    say(writer.sync());
    if (i % 10 === 9) writer.mark();
  }
  writer.close();
}

append(40);
const { lastFile, lastFileEnd } = recover(journal, IDENTITY);
const fd = openSync(join(directory, lastFile), 'r+');
writeSync(fd, new Uint8Array(300).fill(0x5a), 0, 300, lastFileEnd);
closeSync(fd);
append(20);

const { privateKey } = generateKeyPairSync('ed25519');
const sealer = new SegmentSealer(
  local,
  IDENTITY,
  signerOf(privateKey.export({ type: 'pkcs8', format: 'pem' })),
);
while (sealer.sealNext() !== '');
for (const entry of archivable(local, { keep: 1 })) archiveSegment(local, archive, entry);
for (const name of restorable(local, archive)) restoreSegment(local, archive, name);
lock.close();
say(JSON.stringify(Object.fromEntries(counts)));

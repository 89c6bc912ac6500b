// A whole life of a journal, every step of it over a storage that ends the process at a named point:
// node kill-point-process.mjs DIRECTORY ARCHIVE BACKEND. Opens the journal, appends over several segments, takes a
// snapshot, closes it; finds a torn tail, cuts it, appends more; takes another snapshot from the first one on and removes
// the older ones; signs the sealed segments, archives one and brings it back. Prints the durable sequence after each sync,
// then how often each point was passed as JSON.

import { generateKeyPairSync } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import {
  archivable,
  archiveSegment,
  removeUnfinished,
  restorable,
  restoreSegment,
} from '../../dist/journal/archive.js';
import { JournalDirectory } from '../../dist/journal/journal-directory.js';
import { JournalReader } from '../../dist/journal/journal-reader.js';
import { JournalWriter } from '../../dist/journal/journal-writer.js';
import { signerOf } from '../../dist/journal/manifest-key.js';
import { openFlatStorage } from '../../dist/journal/open-storage.js';
import { recover } from '../../dist/journal/recover.js';
import { SegmentSealer } from '../../dist/journal/seal-segments.js';
import {
  chooseSnapshot,
  removeOldSnapshots,
  removeUnfinishedSnapshots,
  SNAPSHOT_DIRECTORY,
} from '../../dist/journal/snapshot-store.js';
import { TieredStorage } from '../../dist/journal/tiered-storage.js';
import { readTiers } from '../../dist/journal/tiers.js';
import { loadSnapshot } from '../../dist/replay/load-snapshot.js';
import { takeSnapshot } from '../../dist/replay/take-snapshot.js';
import { Core } from '../../dist/src/core/core.js';
import { BusinessLogicProcessor } from '../../dist/src/engine/business-logic-processor.js';
import { EventBuffer } from '../../dist/src/engine/event-buffer.js';
import { SLOT_WORDS } from '../../dist/src/wire/slot.js';
import { KillingStorage } from './killing-storage.mjs';
import { IDENTITY, makeRecords, SMALL_CORE, say } from './process-records.mjs';

const [directory, archiveDirectory, backend] = process.argv.slice(2);
const killAt = process.env.KILL_AT ?? '';
const counts = new Map();
const BATCH = 20;
const KEPT_SNAPSHOTS = 2;

const lock = JournalDirectory.open(directory, IDENTITY);
const local = new KillingStorage(openFlatStorage(directory, backend), killAt, counts);
const archive = new KillingStorage(
  openFlatStorage(archiveDirectory, 'positional'),
  killAt,
  counts,
  'archive-',
);
const journal = new TieredStorage(local, () => (readTiers(local).length === 0 ? [] : [archive]));
mkdirSync(join(directory, SNAPSHOT_DIRECTORY), { recursive: true });
const snapshots = new KillingStorage(
  openFlatStorage(join(directory, SNAPSHOT_DIRECTORY), 'positional'),
  killAt,
  counts,
  'snapshots-',
);
const { privateKey } = generateKeyPairSync('ed25519');
const signer = signerOf(privateKey.export({ type: 'pkcs8', format: 'pem' }));
removeUnfinished(local);
removeUnfinished(archive);
removeUnfinishedSnapshots(snapshots);

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

/** As the follower of a node does: goes on from the newest snapshot, replays what is durable, writes a snapshot of it. */
function takeNextSnapshot() {
  const report = recover(journal, IDENTITY);
  const { snapshot } = chooseSnapshot(journal, snapshots, report);
  const events = new EventBuffer();
  const processor = new BusinessLogicProcessor(new Core(SMALL_CORE), events);
  if (snapshot !== undefined) loadSnapshot(processor, snapshot);
  const fromSequence = (snapshot?.facts.sequence ?? 0) + 1;
  const reader = new JournalReader(journal, { fromSequence, toSequence: report.lastSequence });
  const slots = new Int32Array(BATCH * SLOT_WORDS);
  for (let count = reader.readRecords(slots, 0, BATCH); count > 0; ) {
    for (let i = 0; i < count; i++) processor.onCommand(slots, i * SLOT_WORDS);
    events.clear();
    count = reader.readRecords(slots, 0, BATCH);
  }
  reader.close();
  const { lastSequence: sequence, chain } = report;
  takeSnapshot(processor, { storage: snapshots, ...IDENTITY, sequence, chain, takenAtMs: 0, signer });
  removeOldSnapshots(snapshots, KEPT_SNAPSHOTS);
}

append(40);
takeNextSnapshot();
const { lastFile, lastFileEnd } = recover(journal, IDENTITY);
const fd = openSync(join(directory, lastFile), 'r+');
writeSync(fd, new Uint8Array(300).fill(0x5a), 0, 300, lastFileEnd);
closeSync(fd);
append(20);
takeNextSnapshot();
append(1);
takeNextSnapshot();

const sealer = new SegmentSealer(local, IDENTITY, signer);
while (sealer.sealNext() !== '');
for (const entry of archivable(local, { keep: 1 })) archiveSegment(local, archive, entry);
for (const name of restorable(local, archive)) restoreSegment(local, archive, name);
lock.close();
say(JSON.stringify(Object.fromEntries(counts)));

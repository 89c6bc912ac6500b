// State hashes of one journal at many places, for comparison between versions of Node:
//   node state-hash-process.mjs make DIRECTORY COMMANDS SEED CUTS    plays a tape, journals it, takes snapshots
//   node state-hash-process.mjs replay DIRECTORY COMMANDS SEED CUTS  replays the journal
//   node state-hash-process.mjs tail DIRECTORY COMMANDS SEED CUTS    replays from each snapshot up to the next one
// All print one SHA-256 over state and output hash at so many random cuts (the same for the same seed), and at the end.

import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { mixCapacities, mixTape } from '../../dist/bench/matching-mix.js';
import { JournalDirectory } from '../../dist/journal/journal-directory.js';
import { JournalWriter } from '../../dist/journal/journal-writer.js';
import { openFlatStorage, openStorage } from '../../dist/journal/open-storage.js';
import { recover } from '../../dist/journal/recover.js';
import { SNAPSHOT_DIRECTORY } from '../../dist/journal/snapshot-store.js';
import { replayJournal } from '../../dist/replay/replay-journal.js';
import { takeSnapshot } from '../../dist/replay/take-snapshot.js';
import { Prng } from '../../dist/src/base/prng.js';
import { Core } from '../../dist/src/core/core.js';
import { BusinessLogicProcessor } from '../../dist/src/engine/business-logic-processor.js';
import { EventBuffer } from '../../dist/src/engine/event-buffer.js';
import { SLOT_WORDS } from '../../dist/src/wire/slot.js';

const SNAPSHOTS = 50;
const BATCH = 200;
const IDENTITY = { clusterId: 1n, nodeId: 1 };

const [mode, directory, ...numbers] = process.argv.slice(2);
const [commands, seed, cutCount] = numbers.map(Number);
const prng = new Prng(seed);
const cuts = new Set(Array.from({ length: cutCount }, () => 1 + prng.below(commands)));
const snapshotsAt = new Set(Array.from({ length: SNAPSHOTS }, () => 1 + prng.below(commands)));
const sum = createHash('sha256');
let sequence = 0;

function note(logic) {
  sequence++;
  if (cuts.has(sequence)) sum.update(`${sequence} ${logic.stateHash()} ${logic.outputHash()}\n`);
}

function make() {
  const tape = mixTape(commands, seed);
  const lock = JournalDirectory.open(directory, IDENTITY);
  const journal = openStorage(directory);
  mkdirSync(join(directory, SNAPSHOT_DIRECTORY));
  const storage = openFlatStorage(join(directory, SNAPSHOT_DIRECTORY), 'positional');
  const writer = JournalWriter.open(journal, IDENTITY, recover(journal, IDENTITY), { segmentBytes: 4 << 20 });
  const events = new EventBuffer();
  const logic = new BusinessLogicProcessor(new Core(mixCapacities()), events);
  for (let done = 0; done < tape.count; ) {
    let count = 0;
    while (count < BATCH && done + count < tape.count) {
      logic.onCommand(tape.words, (done + count) * SLOT_WORDS);
      events.clear();
      note(logic);
      count++;
      if (snapshotsAt.has(sequence)) break;
    }
    writer.appendRecords(tape.words, done * SLOT_WORDS, count);
    done += count;
    if (!snapshotsAt.has(done)) continue;
    writer.sync();
    takeSnapshot(logic, { storage, ...IDENTITY, sequence: done, chain: writer.chain, takenAtMs: 0 });
  }
  writer.close();
  lock.close();
  return { stateHash: logic.stateHash(), outputHash: logic.outputHash() };
}

/** @param from as of replayJournal; undefined = all from the first command on */
function replay(from, toSequence) {
  const onCommand = (_words, _at, _events, logic) => note(logic);
  return replayJournal({ directory, core: new Core(mixCapacities()), toSequence, from, onCommand });
}

function tail() {
  // The tape is longer than `commands`: the last replay goes to its end.
  const ends = [...[...snapshotsAt].sort((a, b) => a - b), undefined];
  let result;
  let snapshot = 0;
  for (const end of ends) {
    result = replay({ sequence: snapshot }, end);
    if (result.snapshotSequence !== snapshot)
      throw new Error(`began with the snapshot of ${result.snapshotSequence}, not of ${snapshot}`);
    snapshot = end;
  }
  return result;
}

const { stateHash, outputHash } = mode === 'make' ? make() : mode === 'tail' ? tail() : replay();
console.log(`${sum.digest('hex')} ${stateHash} ${outputHash}`);

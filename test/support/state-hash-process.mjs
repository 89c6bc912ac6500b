// State hashes of one journal at many places, for comparison between versions of Node:
//   node state-hash-process.mjs make DIRECTORY COMMANDS SEED    plays a tape, journals it
//   node state-hash-process.mjs replay DIRECTORY COMMANDS SEED  replays the journal
// Both print one SHA-256 over state and output hash at 10,000 random cuts (the same for the same seed), and at the end.

import { createHash } from 'node:crypto';
import { mixCapacities, mixTape } from '../../dist/bench/matching-mix.js';
import { JournalDirectory } from '../../dist/journal/journal-directory.js';
import { JournalWriter } from '../../dist/journal/journal-writer.js';
import { openStorage } from '../../dist/journal/open-storage.js';
import { recover } from '../../dist/journal/recover.js';
import { replayJournal } from '../../dist/replay/replay-journal.js';
import { Prng } from '../../dist/src/base/prng.js';
import { Core } from '../../dist/src/core/core.js';
import { BusinessLogicProcessor } from '../../dist/src/engine/business-logic-processor.js';
import { EventBuffer } from '../../dist/src/engine/event-buffer.js';
import { SLOT_WORDS } from '../../dist/src/wire/slot.js';

const CUTS = 10_000;
const BATCH = 200;
const IDENTITY = { clusterId: 1n, nodeId: 1 };

const [mode, directory, commands, seed] = process.argv.slice(2);
const prng = new Prng(Number(seed));
const cuts = new Set(Array.from({ length: CUTS }, () => 1 + prng.below(Number(commands))));
const sum = createHash('sha256');
let sequence = 0;

function note(logic) {
  sequence++;
  if (cuts.has(sequence)) sum.update(`${sequence} ${logic.stateHash()} ${logic.outputHash()}\n`);
}

function make() {
  const tape = mixTape(Number(commands), Number(seed));
  const lock = JournalDirectory.open(directory, IDENTITY);
  const storage = openStorage(directory);
  const writer = JournalWriter.open(storage, IDENTITY, recover(storage, IDENTITY), { segmentBytes: 4 << 20 });
  const events = new EventBuffer();
  const logic = new BusinessLogicProcessor(new Core(mixCapacities), events);
  for (let done = 0; done < tape.count; done += BATCH) {
    const count = Math.min(BATCH, tape.count - done);
    writer.appendRecords(tape.words, done * SLOT_WORDS, count);
    for (let i = 0; i < count; i++) {
      logic.onCommand(tape.words, (done + i) * SLOT_WORDS);
      events.clear();
      note(logic);
    }
  }
  writer.close();
  lock.close();
  return { stateHash: logic.stateHash(), outputHash: logic.outputHash() };
}

function replay() {
  const core = new Core(mixCapacities);
  return replayJournal({ directory, core, onCommand: (_words, _at, _events, logic) => note(logic) });
}

const { stateHash, outputHash } = mode === 'make' ? make() : replay();
console.log(`${sum.digest('hex')} ${stateHash} ${outputHash}`);

/** A journal of random commands with snapshots of it, on any storage. */
import fc from 'fast-check';
import type { JournalWriter } from '../../journal/journal-writer.js';
import type { Storage } from '../../journal/storage.js';
import { takeSnapshot } from '../../replay/take-snapshot.js';
import type { CoreOptions } from '../../src/core/core-options.js';
import { SLOT_WORDS } from '../../src/wire/slot.js';
import { intents, TRADING } from '../property/command-arbitraries.js';
import { buildRun } from '../property/worlds.js';
import { writeCommand } from './command-slot.js';
import { EngineUnderTest } from './engine-under-test.js';
import { IDENTITY, openWriter } from './journal-records.js';

/** Small, so that a core is made quickly. */
export const CORE: CoreOptions = {
  maxOrders: 4096,
  maxAccounts: 64,
  maxHoldings: 512,
  maxInstruments: 64,
  maxAssets: 64,
  maxApiKeys: 64,
  maxTransfers: 4096,
  maxPositions: 512,
  maxOrderLimits: 64,
};

/** Slots of `count` random commands, dense from 1 on. */
export function randomSlots(count: number, seed: number): Int32Array {
  const lists = fc.sample(intents(TRADING, 600), { seed, numRuns: 20 + Math.ceil(count / 20) });
  // What no release has written yet is refused by the readers of journals.
  const known = lists.flat().filter((intent) => intent.name !== 'unknown');
  const commands = buildRun('ordinary', known).slice(0, count);
  if (commands.length < count) throw new Error(`only ${commands.length} random commands`);
  const words = new Int32Array(commands.length * SLOT_WORDS);
  for (const [place, command] of commands.entries()) writeCommand(command, words, place * SLOT_WORDS);
  return words;
}

export interface SnapshotJournal {
  /** Commands in the journal. */
  readonly count: number;
  /** State and output hash after each command; index 0 = before the first. */
  readonly hashes: readonly (readonly [string, string])[];
}

/** Journals `words` in batches of `batch` and takes a snapshot after each of the commands in `at`. */
export function writeSnapshotJournal(
  journal: Storage,
  snapshots: Storage,
  words: Int32Array,
  at: readonly number[],
  batch = 10,
): SnapshotJournal {
  const writer: JournalWriter = openWriter(journal);
  const engine = new EngineUnderTest(CORE);
  const count = words.length / SLOT_WORDS;
  const hashes: [string, string][] = [[engine.processor.stateHash(), engine.processor.outputHash()]];
  for (let sequence = 1; sequence <= count; sequence++) {
    writer.appendRecords(words, (sequence - 1) * SLOT_WORDS, 1);
    if (sequence % batch === 0) writer.sync();
    engine.events.clear();
    engine.processor.onCommand(words, (sequence - 1) * SLOT_WORDS);
    hashes.push([engine.processor.stateHash(), engine.processor.outputHash()]);
    if (!at.includes(sequence)) continue;
    writer.sync();
    takeSnapshot(engine.processor, {
      storage: snapshots,
      ...IDENTITY,
      sequence,
      chain: writer.chain,
      takenAtMs: 1_700_000_000_000,
    });
  }
  writer.close();
  return { count, hashes };
}

/**
 * The index of accounts tells of every account what a replay tells, at any moment, in every world: with blocks that are
 * written in the middle, writers that are ended and go on from a snapshot, and questions that begin with a snapshot or with
 * nothing. RINGFENCE_TEST_INDEX_RUNS: how many runs there are of each world (default 2).
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  ACCOUNT_INDEX_DIRECTORY,
  accountIndexNames,
  resumeAccountIndex,
} from '../../journal/account-index-store.js';
import { openFlatStorage, openStorage } from '../../journal/open-storage.js';
import { SNAPSHOT_DIRECTORY } from '../../journal/snapshot-store.js';
import { accountAsOf } from '../../replay/account-as-of.js';
import { AccountIndexer } from '../../replay/account-indexer.js';
import { takeSnapshot } from '../../replay/take-snapshot.js';
import { Prng } from '../../src/base/prng.js';
import { Core } from '../../src/core/core.js';
import { type AccountView, queryAccount } from '../../src/core/queries.js';
import { SLOT_WORDS } from '../../src/wire/slot.js';
import type { Command } from '../model/messages.js';
import { writeCommand } from '../support/command-slot.js';
import { EngineUnderTest } from '../support/engine-under-test.js';
import { IDENTITY, openWriter } from '../support/journal-records.js';
import { removeTemporaryDirectories, temporaryDirectory } from '../support/journal-storages.js';
import { intents } from './command-arbitraries.js';
import { coreOptions, SEED } from './run-settings.js';
import { buildRun, limitsOf, maxIntentsOf, shapeOf, WORLDS, type World } from './worlds.js';

const RUNS = Number(process.env['RINGFENCE_TEST_INDEX_RUNS'] ?? 2);
const MAX_COMMANDS = 1500;
const BLOCK_COMMANDS = 128;
/** So few that many runs have a brief one beside them. */
const LONG_RUN_BYTES = 60;
/** So few that many long runs have several sections. */
const SECTION_BYTES = 90;
const MOMENTS = 12;

vi.setConfig({ testTimeout: 120_000 + 20_000 * RUNS });
afterEach(removeTemporaryDirectories);

interface IndexedJournal {
  readonly directory: string;
  readonly commands: readonly Command[];
  /** By sequence and account; only for `moments`. */
  readonly views: ReadonlyMap<number, readonly (AccountView | undefined)[]>;
}

/** Random commands of a world, journaled and indexed. */
function indexed(world: World, seed: number): IndexedJournal {
  const lists = fc.sample(intents(shapeOf(world), Math.min(600, maxIntentsOf(world))), { seed, numRuns: 4 });
  // What no release has written yet is refused by the readers of journals.
  const known = lists.flat().filter((intent) => intent.name !== 'unknown');
  const commands = renumbered(buildRun(world, known) as Command[]).slice(0, MAX_COMMANDS);
  const prng = new Prng(seed);
  const directory = temporaryDirectory();
  for (const name of [SNAPSHOT_DIRECTORY, ACCOUNT_INDEX_DIRECTORY]) mkdirSync(join(directory, name));
  const snapshots = openFlatStorage(join(directory, SNAPSHOT_DIRECTORY), 'positional');
  const storage = openFlatStorage(join(directory, ACCOUNT_INDEX_DIRECTORY), 'positional');
  const journal = openStorage(directory);
  const writer = openWriter(journal);
  const engine = new EngineUnderTest(coreOptions(limitsOf(world)));
  const start = (sequence: number): AccountIndexer => {
    const position = { sequence, chain: writer.chain };
    const end = resumeAccountIndex(storage, journal, IDENTITY.clusterId, position);
    const { core } = engine;
    const rest = () => {};
    const sizes = {
      blockCommands: BLOCK_COMMANDS,
      longRunBytes: LONG_RUN_BYTES,
      sectionBytes: SECTION_BYTES,
    };
    return new AccountIndexer({
      core,
      storage,
      clusterId: IDENTITY.clusterId,
      position,
      end,
      rest,
      ...sizes,
    });
  };
  let indexer = start(0);
  const moments = new Set(Array.from({ length: MOMENTS }, () => 1 + prng.below(commands.length)));
  const views = new Map<number, (AccountView | undefined)[]>();
  const slot = new Int32Array(SLOT_WORDS);
  for (const command of commands) {
    const { sequence } = command;
    writeCommand(command, slot, 0);
    writer.appendRecords(slot, 0, 1);
    engine.apply(command);
    indexer.note(sequence, command.timestampUs);
    if (indexer.isFull || prng.below(60) === 0) indexer.write({ chain: writer.chain, offset: 0 }, 0);
    if (prng.below(300) === 0) {
      writer.sync();
      indexer.write({ chain: writer.chain, offset: 0 }, 0, prng.below(2) === 0 ? true : undefined);
      takeSnapshot(engine.processor, {
        storage: snapshots,
        ...IDENTITY,
        sequence,
        chain: writer.chain,
        takenAtMs: 1_700_000_000_000,
      });
    }
    // The writer is ended, and another one goes on where the core stands.
    if (prng.below(200) === 0) {
      writer.sync();
      indexer.write({ chain: writer.chain, offset: 0 }, 0);
      indexer = start(sequence);
    }
    if (!moments.has(sequence)) continue;
    const accounts = Array.from({ length: limitsOf(world).accounts }, (_, id) =>
      queryAccount(engine.core, id + 1),
    );
    views.set(sequence, accounts);
  }
  writer.sync();
  indexer.write({ chain: writer.chain, offset: 0 }, 0);
  writer.close();
  return { directory, commands, views };
}

/** Dense sequences from 1 on, as a journal has. */
function renumbered(commands: readonly Command[]): Command[] {
  return commands.map((command, place) => ({ ...command, sequence: place + 1 }));
}

describe('the index of accounts', () => {
  test.each(
    WORLDS.flatMap((world) => Array.from({ length: RUNS }, (_, run) => [world, SEED + run] as const)),
  )('tells what a replay tells in the world %s, seed %i', (world, seed) => {
    const { directory, commands, views } = indexed(world, seed);
    const index = openFlatStorage(join(directory, ACCOUNT_INDEX_DIRECTORY), 'positional');
    expect(accountIndexNames(index).length).toBeGreaterThan(commands.length / BLOCK_COMMANDS - 1);
    const prng = new Prng(seed + 1);
    for (const [sequence, accounts] of views) {
      const timeUs = commands[sequence - 1]!.timestampUs;
      const isLastOfTime = commands[sequence]?.timestampUs !== timeUs;
      const from = prng.below(2) === 0 ? {} : { sequence: 0 };
      for (const [place, wanted] of accounts.entries()) {
        const moment = isLastOfTime && prng.below(2) === 0 ? { timeUs } : { sequence };
        const core = new Core(coreOptions(limitsOf(world)));
        const found = accountAsOf(place + 1, { directory, moment, core, from });
        expect(found.reason).toBe('');
        expect([found.sequence, found.timestampUs]).toEqual([sequence, timeUs]);
        expect(found.view).toEqual(wanted);
      }
    }
  });
});

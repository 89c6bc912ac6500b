import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { AccountIndexBlock } from '../../journal/account-index-file.js';
import {
  accountIndexName,
  accountIndexNames,
  resumeAccountIndex,
} from '../../journal/account-index-store.js';
import { JournalTail } from '../../journal/journal-tail.js';
import { signerOf } from '../../journal/manifest-key.js';
import { recover } from '../../journal/recover.js';
import { readSnapshotFacts, readSnapshotFile, type SnapshotFile } from '../../journal/snapshot-file.js';
import { chooseSnapshot, snapshotName, snapshotNames } from '../../journal/snapshot-store.js';
import { AccountIndexer } from '../../replay/account-indexer.js';
import { loadSnapshot } from '../../replay/load-snapshot.js';
import { Core } from '../../src/core/core.js';
import { BusinessLogicProcessor } from '../../src/engine/business-logic-processor.js';
import { EventBuffer } from '../../src/engine/event-buffer.js';
import { EventRecord } from '../../src/gateway/event-record.js';
import { Follower, type FollowerParts } from '../../src/node/follower.js';
import { bookTimesIn } from '../../src/publish/books-section.js';
import { CheckpointRing } from '../../src/runtime/checkpoint-ring.js';
import { IDENTITY } from '../support/journal-records.js';
import { SimulatedDisk } from '../support/simulated-disk.js';
import {
  CORE,
  randomSlots,
  type SnapshotJournal,
  writeSnapshotJournal,
} from '../support/snapshot-journal.js';

const COUNT = 900;
const SIGNER = signerOf(
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
);
const slots = randomSlots(COUNT, 3);

/** A journal of 900 random commands, and a follower of it that is stepped by hand. */
class Rig {
  readonly journal = new SimulatedDisk();
  readonly snapshots: SimulatedDisk;
  readonly accounts = new SimulatedDisk();
  /** Errors of the index of accounts. */
  readonly indexErrors: string[] = [];
  readonly made: SnapshotJournal;
  readonly checkpoints = new CheckpointRing(CheckpointRing.allocate());
  follower!: Follower;
  nowMs = 0;
  /** Snapshots that went into the manifest. */
  readonly added: string[] = [];

  constructor(frameCommands = 70) {
    this.snapshots = new SimulatedDisk();
    this.made = writeSnapshotJournal(this.journal, new SimulatedDisk(), slots, [], frameCommands);
  }

  /** With an index of accounts in blocks of 256 commands. */
  followIndexed(options: Partial<FollowerParts> = {}, snapshot?: SnapshotFile): Follower {
    const events = new EventBuffer();
    const core = new Core(CORE);
    const processor = new BusinessLogicProcessor(core, events);
    if (snapshot !== undefined) loadSnapshot(processor, snapshot);
    const position = snapshot?.facts ?? { sequence: 0, chain: 0 };
    const { accounts: storage, journal } = this;
    const { clusterId } = IDENTITY;
    const end = resumeAccountIndex(storage, journal, clusterId, position);
    const accountIndex = new AccountIndexer({
      core,
      storage,
      clusterId,
      position,
      end,
      rest: () => {},
      blockCommands: 256,
    });
    return this.follow({ processor, events, accountIndex, ...options }, snapshot);
  }

  /** First and last commands of the blocks of the index. */
  blocks(): [number, number][] {
    return accountIndexNames(this.accounts).map((name) => {
      const { firstSequence, lastSequence, chain } = new AccountIndexBlock(this.accounts, name).facts;
      expect(chain).toBe(new JournalTail(this.journal).chainAt(lastSequence));
      return [firstSequence, lastSequence];
    });
  }

  follow(options: Partial<FollowerParts> = {}, snapshot?: SnapshotFile): Follower {
    const events = new EventBuffer();
    const processor = new BusinessLogicProcessor(new Core(CORE), events);
    const record = new EventRecord(256);
    if (snapshot !== undefined) {
      if (options.processor === undefined) loadSnapshot(processor, snapshot);
      record.restore(snapshot, snapshot.facts.epoch);
    }
    const { sequence, chain, epoch } = snapshot?.facts ?? { sequence: 0, chain: 0, epoch: 0 };
    this.follower = new Follower({
      journal: new JournalTail(this.journal),
      snapshots: this.snapshots,
      processor,
      events,
      record,
      bookTimesUs: snapshot === undefined ? [] : bookTimesIn(snapshot),
      position: { sequence, chain, epoch },
      snapshotSequence: sequence,
      checkpoints: this.checkpoints,
      ...IDENTITY,
      everyCommands: 0,
      everyMs: 0,
      kept: 3,
      signer: SIGNER,
      addToManifest: (file) => void this.added.push(file),
      clock: { epochMicroseconds: () => 1e15, monotonicNanoseconds: () => this.nowMs * 1e6 },
      rest: () => {},
      accountIndex: undefined,
      onIndexError: ({ message }) => void this.indexErrors.push(message),
      ...options,
    });
    return this.follower;
  }

  /** Steps until there is nothing left to do up to `limit`. */
  run(limit: number): void {
    while (this.follower.step(limit) > 0);
  }

  /** A checkpoint as the business logic takes it; `wrong` changes the state hash. */
  checkpoint(sequence: number, wrong = 0): void {
    const [state, output] = this.made.hashes[sequence]!;
    const half = (hash: string, at: number): number => Number.parseInt(hash.slice(at, at + 8), 16);
    this.checkpoints.record(
      sequence,
      (half(state, 8) ^ wrong) >>> 0,
      half(state, 0),
      half(output, 8),
      half(output, 0),
    );
  }

  newest(): SnapshotFile {
    return readSnapshotFile(this.snapshots, snapshotNames(this.snapshots)[0]!);
  }
}

describe('a follower', () => {
  test('writes snapshots at multiples of the number of commands, and keeps the newest ones', () => {
    const rig = new Rig();
    rig.follow({ everyCommands: 200 });
    rig.run(COUNT);
    expect(rig.follower.sequence).toBe(COUNT);
    expect(rig.follower.snapshotSequence).toBe(800);
    expect(snapshotNames(rig.snapshots)).toEqual([800, 600, 400].map(snapshotName));
    expect(rig.added).toEqual([200, 400, 600, 800].map(snapshotName));
    for (const sequence of [400, 600, 800]) {
      const { facts } = readSnapshotFile(rig.snapshots, snapshotName(sequence));
      expect([facts.stateHash, facts.outputHash]).toEqual(rig.made.hashes[sequence]);
    }
    // In the middle of frames, too, a snapshot names the chain of the journal at its command.
    const choice = chooseSnapshot(rig.journal, rig.snapshots, recover(rig.journal, IDENTITY));
    expect(choice).toMatchObject({ file: snapshotName(800), refused: [] });
  });

  test('signs them: another signature, key or sum is not taken', () => {
    const rig = new Rig();
    rig.follow({ everyCommands: 800 });
    rig.run(COUNT);
    expect(readSnapshotFacts(rig.snapshots, snapshotName(800)).key).toBe(SIGNER.publicKey);
    for (const at of [64, 95, 96, 159]) {
      const copy = rig.snapshots.clone();
      copy.contents(snapshotName(800))[at]! ^= 1;
      expect(() => readSnapshotFile(copy, snapshotName(800))).toThrow(/a signature by/);
    }
  });

  test('goes no further than what is durable', () => {
    const rig = new Rig();
    rig.follow();
    rig.run(500);
    expect(rig.follower.sequence).toBeGreaterThan(400);
    expect(rig.follower.sequence).toBeLessThanOrEqual(500);
    rig.run(COUNT);
    expect(rig.follower.sequence).toBe(COUNT);
  });

  test('writes one when so much time has passed, and one when it is asked to, but none twice', () => {
    const rig = new Rig();
    rig.follow({ everyMs: 1000 });
    rig.run(COUNT);
    expect(rig.follower.snapshotSequence).toBe(0);
    rig.nowMs = 1000;
    rig.follower.step(COUNT);
    expect(rig.follower.snapshotSequence).toBe(COUNT);
    expect(rig.follower.take()).toBe(false);
    expect(snapshotNames(rig.snapshots)).toHaveLength(1);
  });

  test('goes on from a snapshot, and its next one is that of a follower that saw everything', () => {
    const rig = new Rig();
    rig.follow({ everyCommands: 300 });
    rig.run(620);
    const first = rig.newest();
    expect(first.facts.sequence).toBe(600);
    rig.follow({ everyCommands: 300 }, first);
    rig.run(COUNT);
    const again = readSnapshotFacts(rig.snapshots, snapshotName(900));
    rig.follow({ everyCommands: 300 });
    rig.run(COUNT);
    // Sum and signature may differ: the order of free records and of a heap is that of how the state came about.
    const { stateHash, outputHash, chain, bytes } = readSnapshotFacts(rig.snapshots, snapshotName(900));
    expect({ ...again, stateHash, outputHash, chain, bytes }).toEqual(again);
  });

  test('compares each checkpoint of the node that it comes to, also those that the ring has forgotten since', () => {
    const rig = new Rig();
    rig.follow();
    for (let sequence = 10; sequence <= 800; sequence += 10) {
      rig.checkpoint(sequence);
      if (sequence % 100 === 0) rig.follower.step(0);
    }
    rig.run(640);
    const before = rig.follower.comparedCount;
    expect(before).toBeGreaterThan(0);
    rig.checkpoint(COUNT);
    rig.run(COUNT);
    expect(rig.follower.comparedCount).toBeGreaterThan(before);
    expect(rig.follower.difference).toBeUndefined();
  });

  test('stops at a difference, writes no snapshot of it, and keeps its state when it is asked to', () => {
    const rig = new Rig();
    rig.follow({ everyCommands: COUNT });
    rig.checkpoint(COUNT, 1);
    rig.run(COUNT);
    expect(rig.follower.difference!.sequence).toBe(COUNT);
    expect(rig.follower.difference!.text).toContain(`and ${rig.made.hashes[COUNT]![0]}, output`);
    expect(snapshotNames(rig.snapshots)).toEqual([]);
    rig.follower.dump('diverged.snap');
    expect(readSnapshotFile(rig.snapshots, 'diverged.snap').facts.sequence).toBe(COUNT);
    expect(snapshotNames(rig.snapshots)).toEqual([]);
  });

  test('writes no snapshot of a state in which an invariant does not hold', () => {
    const rig = new Rig();
    const core = new Core(CORE);
    const events = new EventBuffer();
    rig.follow({ processor: new BusinessLogicProcessor(core, events), events, everyCommands: 700 });
    rig.run(600);
    core.assets.supply[1]! += 1;
    rig.run(COUNT);
    expect(rig.follower.difference!.sequence).toBe(700);
    expect(rig.follower.difference!.text).toMatch(/an invariant does not hold: .*supply/);
    expect(snapshotNames(rig.snapshots)).toEqual([]);
  });

  test('leaves nothing half written behind when the disk is full, and tries again', () => {
    const rig = new Rig();
    rig.follow({ everyCommands: 400 });
    rig.snapshots.capacity = 1000;
    expect(() => rig.run(COUNT)).toThrow(/no (room|space)|space/);
    expect(rig.snapshots.list()).toEqual([]);
    rig.snapshots.capacity = Number.POSITIVE_INFINITY;
    rig.run(COUNT);
    expect(snapshotNames(rig.snapshots)).toEqual([snapshotName(800)]);
  });

  test('writes the index of accounts: full blocks at once, others before a snapshot and after a while', () => {
    const rig = new Rig();
    rig.followIndexed();
    rig.run(300);
    expect(rig.blocks()).toEqual([[1, 256]]);
    rig.run(600);
    const { sequence } = rig.follower;
    expect(sequence).toBeGreaterThan(512);
    expect(rig.blocks()).toEqual([
      [1, 256],
      [257, 512],
    ]);
    rig.nowMs = 60_000;
    rig.follower.step(600);
    expect(rig.blocks().at(-1)).toEqual([513, sequence]);
    // The next one takes the place of the short one.
    rig.run(700);
    rig.nowMs = 120_000;
    rig.follower.step(700);
    expect(rig.blocks().slice(2)).toEqual([[513, rig.follower.sequence]]);
    rig.follower.take();
    rig.run(COUNT);
    rig.follower.take();
    expect(rig.blocks().slice(2)).toEqual([
      [513, 700],
      [701, 768],
      [769, COUNT],
    ]);
  });

  test('goes on with the index where it is, and makes again what is not of the journal', () => {
    const rig = new Rig();
    rig.followIndexed({ everyCommands: 300 });
    rig.run(620);
    const first = rig.newest();
    expect(first.facts.sequence).toBe(600);
    rig.followIndexed({}, first);
    rig.run(COUNT);
    rig.follower.take();
    const ends = rig.blocks().map(([, last]) => last);
    expect(ends).toEqual([256, 300, 512, 600, 768, COUNT]);
    rig.accounts.contents(accountIndexName(601))[30]! ^= 1;
    rig.followIndexed({}, first);
    expect(rig.blocks().map(([, last]) => last)).toEqual([256, 300, 512, 600]);
    rig.run(COUNT);
    rig.follower.take();
    expect(rig.blocks().map(([, last]) => last)).toEqual(ends);
    // A follower that begins before the end of the index writes nothing twice.
    const steps = rig.accounts.steps;
    rig.followIndexed({}, first);
    rig.run(COUNT);
    rig.follower.take();
    expect(rig.accounts.steps).toBe(steps);
  });

  test('takes its snapshots although the index cannot be written', () => {
    const rig = new Rig();
    rig.accounts.capacity = 100;
    rig.followIndexed({ everyCommands: 400 });
    rig.run(COUNT);
    expect(rig.indexErrors.length).toBeGreaterThan(2);
    expect(rig.indexErrors[0]).toMatch(/no space/);
    expect(rig.accounts.list()).toEqual([]);
    expect(snapshotNames(rig.snapshots)).toEqual([snapshotName(800), snapshotName(400)]);
    // With room again it goes on with the next block.
    rig.accounts.capacity = Number.POSITIVE_INFINITY;
    rig.follower.take();
    expect(rig.blocks()).toEqual([[801, COUNT]]);
  });

  test('says where the journal is damaged', () => {
    const rig = new Rig();
    const name = rig.journal.list().find((file) => file.endsWith('.wal'))!;
    rig.journal.contents(name)[4096 + 48 + 128 * 20]! ^= 1;
    rig.follow();
    expect(() => rig.run(COUNT)).toThrow(/damaged/);
  });
});

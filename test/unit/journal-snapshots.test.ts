import { beforeAll, describe, expect, test } from 'vitest';
import { recover } from '../../journal/recover.js';
import { readSnapshotFacts, readSnapshotFile, writeSnapshotFile } from '../../journal/snapshot-file.js';
import {
  chooseSnapshot,
  oldestSequenceNeeded,
  parseSnapshotName,
  removeOldSnapshots,
  removeUnfinishedSnapshots,
  snapshotName,
  snapshotNames,
} from '../../journal/snapshot-store.js';
import { loadSnapshot, SnapshotUnusableError } from '../../replay/load-snapshot.js';
import { takeSnapshot } from '../../replay/take-snapshot.js';
import { EngineUnderTest } from '../support/engine-under-test.js';
import { IDENTITY, openWriter } from '../support/journal-records.js';
import { PowerCut, SimulatedDisk, seededRandom } from '../support/simulated-disk.js';
import {
  CORE,
  randomSlots,
  type SnapshotJournal,
  writeSnapshotJournal,
} from '../support/snapshot-journal.js';

const CUTS = [100, 200, 300];
let journal: SimulatedDisk;
let snapshots: SimulatedDisk;
let made: SnapshotJournal;

beforeAll(() => {
  journal = new SimulatedDisk();
  snapshots = new SimulatedDisk();
  made = writeSnapshotJournal(journal, snapshots, randomSlots(380, 5), CUTS);
});

/** The same snapshots, of which those of `sequences` have one bit changed, at a place that `seed` decides. */
function damaged(sequences: readonly number[], seed = 1): SimulatedDisk {
  const copy = snapshots.clone();
  const random = seededRandom(seed);
  for (const sequence of sequences) {
    const bytes = copy.contents(snapshotName(sequence));
    bytes[Math.floor(random() * bytes.length)]! ^= 1 << Math.floor(random() * 8);
  }
  return copy;
}

function choose(storage: SimulatedDisk | undefined) {
  return chooseSnapshot(journal, storage, recover(journal, IDENTITY));
}

describe('a snapshot', () => {
  test('gives back the state that it was taken of', () => {
    for (const sequence of CUTS) {
      const engine = new EngineUnderTest(CORE);
      loadSnapshot(engine.processor, readSnapshotFile(snapshots, snapshotName(sequence)));
      expect([engine.processor.stateHash(), engine.processor.outputHash()]).toEqual(made.hashes[sequence]);
    }
  });

  test('says what it is of', () => {
    const facts = readSnapshotFacts(snapshots, snapshotName(200));
    expect(facts).toMatchObject({
      clusterId: '42',
      nodeId: 1,
      sequence: 200,
      stateHash: made.hashes[200]![0],
      outputHash: made.hashes[200]![1],
      coreOptions: CORE,
    });
    expect(facts.bytes).toBe(snapshots.contents(snapshotName(200)).length);
  });

  test('with any one bit changed is not taken for one', () => {
    for (let seed = 1; seed <= 400; seed++) {
      expect(() => readSnapshotFile(damaged([300], seed), snapshotName(300)), `seed ${seed}`).toThrow(
        /damaged|this release supports up to/,
      );
    }
  });

  test('cut short is not taken for one', () => {
    const bytes = snapshots.contents(snapshotName(300));
    for (const length of [0, 32, 160, 4096, bytes.length - 8]) {
      const disk = new SimulatedDisk();
      disk.create(snapshotName(300), length, 'fallocate');
      if (length > 0) disk.openForWrite(snapshotName(300)).write(0, bytes.subarray(0, length));
      expect(() => readSnapshotFile(disk, snapshotName(300))).toThrow(/damaged/);
    }
  });

  test('of a newer format is refused by name', () => {
    const copy = snapshots.clone();
    copy.contents(snapshotName(300))[8] = 2;
    expect(() => readSnapshotFile(copy, snapshotName(300))).toThrow(/snapshot format 2.*supports up to 1/);
  });

  test('whose state hash is not that of its tables is of no use', () => {
    const { facts } = readSnapshotFile(snapshots, snapshotName(100));
    const disk = new SimulatedDisk();
    writeSnapshotFile(disk, 'x', { ...facts, tables: [] }, []);
    const engine = new EngineUnderTest(CORE);
    expect(() => loadSnapshot(engine.processor, readSnapshotFile(disk, 'x'))).toThrow(SnapshotUnusableError);
  });

  test('is written in small pieces, none of which waits long for its sync', () => {
    const disk = new SimulatedDisk();
    const { facts } = readSnapshotFile(snapshots, snapshotName(300));
    let unsynced = 0;
    let mostUnsynced = 0;
    let rests = 0;
    const open = disk.openForWrite.bind(disk);
    disk.openForWrite = (name) => {
      const file = open(name);
      const write = (position: number, source: Uint8Array): void => {
        file.write(position, source);
        unsynced += source.length;
        mostUnsynced = Math.max(mostUnsynced, unsynced);
      };
      const sync = (from: number, to: number): void => {
        file.sync(from, to);
        unsynced = 0;
      };
      return { ...file, write, sync };
    };
    const large = new Uint8Array(1 << 20);
    const small = new Uint8Array(128);
    const sections = [
      { name: 'large', bytes: large.length, pieces: () => [large] },
      { name: 'small', bytes: 9000 * 128, pieces: () => new Array<Uint8Array>(9000).fill(small) },
    ];
    writeSnapshotFile(disk, 'x', { ...facts, tables: [] }, sections, undefined, () => rests++);
    expect(mostUnsynced).toBeLessThanOrEqual((1 << 18) + 160);
    expect(disk.syncs).toBeLessThan(20);
    expect(rests).toBe(4 + 9000);
    expect(readSnapshotFile(disk, 'x').words('large')).toHaveLength(large.length / 4);
  });

  test('that a crash interrupts at any write or sync is there whole or not at all', () => {
    const engine = new EngineUnderTest(CORE);
    loadSnapshot(engine.processor, readSnapshotFile(snapshots, snapshotName(300)));
    const take = (storage: SimulatedDisk) =>
      takeSnapshot(engine.processor, { storage, ...IDENTITY, sequence: 300, chain: 1, takenAtMs: 0 });
    const whole = new SimulatedDisk();
    take(whole);
    expect(whole.steps).toBeGreaterThan(10);
    // Retention removes older ones, and commands before it, as soon as it is there: it must stay.
    expect(snapshotNames(whole.afterPowerCut(() => 1))).toEqual([snapshotName(300)]);
    for (let at = 1; at <= whole.steps + whole.syncs; at++) {
      const disk = new SimulatedDisk();
      if (at <= whole.steps) disk.cutAfterStep = at;
      else disk.failSyncAt = at - whole.steps;
      expect(() => take(disk)).toThrow(at <= whole.steps ? PowerCut : /sync of/);
      for (const seed of [1, 2, 3]) {
        const left = disk.afterPowerCut(seededRandom(at * 10 + seed));
        removeUnfinishedSnapshots(left);
        for (const name of snapshotNames(left)) expect(readSnapshotFile(left, name).facts.sequence).toBe(300);
        expect(left.list()).toEqual(snapshotNames(left));
      }
    }
  });
});

describe('a start', () => {
  test('goes on from the newest snapshot', () => {
    expect(choose(snapshots)).toMatchObject({ file: snapshotName(300), refused: [] });
    expect(choose(undefined)).toMatchObject({ snapshot: undefined, file: '', refused: [] });
  });

  test('passes over damaged ones, says which and why, and in the end begins with the first command', () => {
    const one = choose(damaged([300]));
    expect(one.file).toBe(snapshotName(200));
    expect(one.refused.map(({ file }) => file)).toEqual([snapshotName(300)]);
    expect(one.refused[0]!.reason).not.toBe('');
    const none = choose(damaged(CUTS));
    expect(none.snapshot).toBeUndefined();
    expect(none.refused).toHaveLength(3);
  });

  test('passes over a snapshot of another journal, and one with the name of another', () => {
    const copy = snapshots.clone();
    const { facts } = readSnapshotFile(copy, snapshotName(300));
    copy.remove(snapshotName(300));
    writeSnapshotFile(copy, snapshotName(300), { ...facts, chain: facts.chain + 1 }, []);
    copy.rename(snapshotName(100), snapshotName(250));
    const { file, refused } = choose(copy);
    expect(file).toBe(snapshotName(200));
    expect(refused[0]!.reason).toMatch(/another journal/);
    expect(refused[1]!.reason).toMatch(/holds command 100, not 250/);
  });

  test('may be told that a snapshot is of no use, or that it must not be newer than a moment', () => {
    const report = recover(journal, IDENTITY);
    const excluded = [{ file: snapshotName(300), reason: 'tried' }];
    expect(chooseSnapshot(journal, snapshots, report, { excluded })).toMatchObject({
      file: snapshotName(200),
      refused: excluded,
    });
    expect(chooseSnapshot(journal, snapshots, report, { sequence: 199 }).file).toBe(snapshotName(100));
    const { timestampUs } = readSnapshotFacts(snapshots, snapshotName(200));
    expect(chooseSnapshot(journal, snapshots, report, { timeUs: timestampUs }).file).toBe(snapshotName(200));
    expect(chooseSnapshot(journal, snapshots, report, { timeUs: timestampUs - 1 }).file).toBe(
      snapshotName(100),
    );
  });

  test('is refused when the journal ends before a good snapshot of it: it has lost its end', () => {
    const short = new SimulatedDisk();
    const writer = openWriter(short);
    writer.appendRecords(randomSlots(380, 5), 0, 250);
    writer.close();
    expect(() => chooseSnapshot(short, snapshots, recover(short, IDENTITY))).toThrow(
      /sequence 300, of which there is a snapshot/,
    );
  });
});

describe('the snapshots of a journal', () => {
  test('have names that sort as sequences do', () => {
    expect(parseSnapshotName(snapshotName(2 ** 52))).toBe(2 ** 52);
    expect(parseSnapshotName('00000000000000000300.snap.tmp')).toBeUndefined();
    expect(snapshotNames(snapshots)).toEqual([300, 200, 100].map(snapshotName));
  });

  test('go when newer ones are enough, and what is half written goes at a start', () => {
    const copy = snapshots.clone();
    copy.create(`${snapshotName(400)}.tmp`, 64, 'fallocate');
    expect(removeUnfinishedSnapshots(copy)).toEqual([`${snapshotName(400)}.tmp`]);
    let rests = 0;
    expect(removeOldSnapshots(copy, 2, () => rests++)).toEqual([snapshotName(100)]);
    expect(rests).toBe(1);
    expect(copy.list()).toEqual([snapshotName(200), snapshotName(300)]);
  });

  test('say which commands they still need', () => {
    expect(oldestSequenceNeeded(snapshots)).toBe(101);
    expect(oldestSequenceNeeded(new SimulatedDisk())).toBe(1);
    expect(oldestSequenceNeeded(undefined)).toBe(1);
  });
});

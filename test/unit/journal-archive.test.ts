/** Tiers: segments move to an archive and back, readers see one log, and no crash loses anything. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import {
  archivable,
  archiveSegment,
  removeUnfinished,
  restorable,
  restoreSegment,
} from '../../journal/archive.js';
import { archiveName } from '../../journal/archive-file.js';
import { digestJournal } from '../../journal/digest.js';
import { openFlatStorage, openStorage } from '../../journal/open-storage.js';
import { segmentNames } from '../../journal/recover.js';
import type { Storage } from '../../journal/storage.js';
import { TieredStorage } from '../../journal/tiered-storage.js';
import { readTiers, TIERS_FILE } from '../../journal/tiers.js';
import { verifyJournal } from '../../journal/verify.js';
import { CutStorage, StepCounter } from '../support/cut-storage.js';
import { expectRecords, readAll, SEGMENT_BYTES } from '../support/journal-records.js';
import { removeTemporaryDirectories, temporaryDirectory } from '../support/journal-storages.js';
import { fill, journal, sealAll, sealedJournal } from '../support/sealed-journal.js';
import { PowerCut, SimulatedDisk, seededRandom } from '../support/simulated-disk.js';

afterEach(removeTemporaryDirectories);

function archiveAll(local: Storage, archive: Storage): number {
  const entries = archivable(local, {});
  for (const entry of entries) archiveSegment(local, archive, entry, 'aa');
  return entries.length;
}

function tiers(local: Storage, archive: Storage): Storage {
  return new TieredStorage(local, () => (readTiers(local).length === 0 ? [] : [archive]));
}

describe('an archive', () => {
  test('takes the sealed segments, and all readers see one log through it', () => {
    const local = sealedJournal();
    const before = digestJournal(local);
    const archive = new SimulatedDisk();
    const names = segmentNames(local);
    expect(archiveAll(local, archive)).toBe(names.length - 1);
    expect(segmentNames(local)).toEqual(names.slice(-1));
    const both = tiers(local, archive);
    expect(segmentNames(both)).toEqual(names);
    expectRecords(readAll(both), 1, 1800);
    expectRecords(readAll(both, 500), 500, 1301);
    expect(digestJournal(both)).toEqual(before);
    expect(verifyJournal(both)).toMatchObject({ ok: true, segments: names.length, records: 1800 });
    expect(archive.usedBytes()).toBeLessThan((names.length - 1) * SEGMENT_BYTES);
  });

  test('leaves the disk to others after the pieces of a segment that goes', () => {
    const local = sealedJournal();
    const [entry] = archivable(local, {});
    let rests = 0;
    archiveSegment(local, new SimulatedDisk(), entry!, 'aa', () => {
      if (!local.exists(entry!.segment)) rests++;
    });
    expect(rests).toBe(1);
  });

  test('leaves a journal that goes on, seals and archives more', () => {
    const local = sealedJournal();
    const archive = new SimulatedDisk();
    archiveAll(local, archive);
    const both = tiers(local, archive);
    fill(both, 20, 60);
    expect(sealAll(local)).toBeGreaterThan(0);
    expect(archiveAll(local, archive)).toBeGreaterThan(0);
    expectRecords(readAll(tiers(local, archive)), 1, 3000);
  });

  test('keeps the newest segments that are asked for, and those that are too young or not in the manifest', () => {
    const local = sealedJournal();
    const sealed = segmentNames(local).length - 1;
    expect(archivable(local, { keep: 2 })).toHaveLength(sealed - 2);
    expect(archivable(local, { keep: sealed })).toEqual([]);
    const madeAtUs = 1_700_000_000_000_000;
    expect(archivable(local, { sealedBeforeUs: madeAtUs - 1 })).toEqual([]);
    expect(archivable(local, { sealedBeforeUs: madeAtUs })).toHaveLength(sealed);
    expect(archivable(journal(), {})).toEqual([]);
  });

  test('does not take a segment that is not what the manifest says', () => {
    const local = sealedJournal();
    const [name] = segmentNames(local);
    local.contents(name!)[9000]! ^= 1;
    const archive = new SimulatedDisk();
    expect(() => archiveAll(local, archive)).toThrow(/SHA-256/);
    expect(local.exists(name!)).toBe(true);
    expect(archive.list()).toEqual([]);
  });

  test('that reads back wrong does not cost the original', () => {
    const local = sealedJournal();
    const archive = new SimulatedDisk();
    const rotten = new Proxy(archive, {
      get(target, key) {
        const value = Reflect.get(target, key) as unknown;
        if (key !== 'openForRead') return typeof value === 'function' ? value.bind(target) : value;
        return (name: string) => {
          target.contents(name)[200]! ^= 1;
          return target.openForRead(name);
        };
      },
    });
    const [entry] = archivable(local, {});
    expect(() => archiveSegment(local, rotten, entry!)).toThrow(/read back/);
    expect(local.exists(entry!.segment)).toBe(true);
  });

  test('shows damage by its own name and offset, and a damaged copy is written again before the original goes', () => {
    const local = sealedJournal();
    const archive = new SimulatedDisk();
    const kept = local.clone();
    archiveAll(local, archive);
    const target = archive.list()[0]!;
    archive.contents(target)[4000]! ^= 0xff;
    const { ok, problems } = verifyJournal(tiers(local, archive));
    expect(ok).toBe(false);
    expect(problems.map(({ file }) => file).some((file) => target.startsWith(file))).toBe(true);
    archiveSegment(kept, archive, archivable(kept, {})[0]!);
    expect(verifyJournal(tiers(local, archive)).ok).toBe(true);
  });

  test('gives a segment back byte by byte, and keeps its copy', () => {
    const local = sealedJournal();
    const before = local.clone();
    const archive = new SimulatedDisk();
    archiveAll(local, archive);
    const names = restorable(local, archive);
    expect(names).toEqual(segmentNames(before).slice(0, -1));
    for (const name of names) restoreSegment(local, archive, name);
    for (const name of names) expect(Buffer.compare(local.contents(name), before.contents(name))).toBe(0);
    expect(archive.list()).toEqual(names.map(archiveName));
    expect(restorable(local, archive)).toEqual([]);
  });

  test('on a real file system is found by every reader of the directory', () => {
    const directory = temporaryDirectory();
    const archiveDirectory = join(directory, 'cold');
    mkdirSync(archiveDirectory);
    const storage = openStorage(directory, 'positional');
    fill(storage, 30, 60);
    sealAll(storage);
    const local = openFlatStorage(directory, 'positional');
    expect(archiveAll(local, openFlatStorage(archiveDirectory, 'positional'))).toBeGreaterThan(2);
    expectRecords(readAll(storage), 1, 1800);
    expectRecords(readAll(openStorage(directory)), 1, 1800);
  });
});

/** Runs `work` with the power cut before each of its steps in turn, and after the last; `check` gets what is left on the disks. */
function cutEverywhere(
  start: () => [SimulatedDisk, SimulatedDisk],
  work: (local: Storage, archive: Storage) => void,
  check: (local: SimulatedDisk, archive: SimulatedDisk) => void,
): number {
  let isDone = false;
  for (let cutAt = 1; ; cutAt++) {
    for (let seed = 1; seed <= 4; seed++) {
      const [local, archive] = start();
      const counter = new StepCounter(cutAt);
      try {
        work(new CutStorage(local, counter), new CutStorage(archive, counter, 'archive'));
        isDone = true;
      } catch (error) {
        if (!(error instanceof PowerCut)) throw error;
      }
      const random = seededRandom(cutAt * 10 + seed);
      check(local.afterPowerCut(random), archive.afterPowerCut(random));
    }
    if (isDone) return cutAt;
  }
}

describe('a power cut at any step', () => {
  const BATCHES = 20;
  const RECORDS = 1200;

  test('of archiving loses nothing, and the next run ends the work', () => {
    const before = sealedJournal(BATCHES);
    expect(archivable(before, {})).toHaveLength(2);
    const steps = cutEverywhere(
      () => [before.clone(), new SimulatedDisk()],
      (local, archive) => archiveAll(local, archive),
      (local, archive) => {
        expectRecords(readAll(tiers(local, archive)), 1, RECORDS);
        removeUnfinished(archive);
        archiveAll(local, archive);
        expect(verifyJournal(tiers(local, archive)).problems).toEqual([]);
        expectRecords(readAll(tiers(local, archive)), 1, RECORDS);
        expect(segmentNames(local)).toHaveLength(1);
        expect(archive.list().filter((name) => name.endsWith('.tmp'))).toEqual([]);
        expect(local.exists(TIERS_FILE)).toBe(true);
      },
    );
    expect(steps).toBeGreaterThan(10);
  });

  test('of restoring loses nothing', () => {
    const before = sealedJournal(BATCHES);
    const archived = new SimulatedDisk();
    archiveAll(before, archived);
    cutEverywhere(
      () => [before.clone(), archived.clone()],
      (local, archive) => {
        for (const name of restorable(local, archive)) restoreSegment(local, archive, name);
      },
      (local, archive) => {
        expectRecords(readAll(tiers(local, archive)), 1, RECORDS);
        removeUnfinished(local);
        expect(local.list().filter((name) => name.startsWith('restored'))).toEqual([]);
      },
    );
  });
});

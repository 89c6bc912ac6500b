/**
 * The real writer and recovery on a disk that behaves as badly as one may: pages in any order, torn at 512 bytes, power
 * cuts between any two steps, syncs and reads that fail, and bytes that rot.
 *
 * Again: RINGFENCE_SEED=<seed> RINGFENCE_TEST_SEEDS=1 npx vitest run test/faults/simulated-disk.test.ts
 */
import { describe, expect, test } from 'vitest';
import { JournalCorruptionError, JournalIoError, JournalSyncError } from '../../journal/errors.js';
import { FRAME_HEADER_BYTES, RECORD_WORDS } from '../../journal/frame.js';
import type { JournalWriter } from '../../journal/journal-writer.js';
import { recover, segmentNames } from '../../journal/recover.js';
import { ScanStatus, SegmentScanner } from '../../journal/segment-scanner.js';
import { verifyJournal } from '../../journal/verify.js';
import { BASE_SEED, FaultTally, tries } from '../support/fault-tally.js';
import { expectRecords, IDENTITY, makeRecords, openWriter, readAll } from '../support/journal-records.js';
import { PowerCut, SimulatedDisk, seededRandom } from '../support/simulated-disk.js';

const SEEDS = tries(500, 10_000);
const LIVES = 4;
const TIMEOUT_MS = 3_600_000;

interface Life {
  /** What the records of this life carry, so that one of an earlier life cannot pass for them; by sequence from 1. */
  salt: number;
  readonly salts: number[];
  /** Last sequence that was called durable. */
  acknowledged: number;
  /** Last sequence that was handed to the writer. */
  appended: number;
}

/** Records that carry the salt of their life. */
function saltedRecords(firstSequence: number, salts: readonly number[]): Int32Array {
  const words = makeRecords(firstSequence, salts.length);
  for (let i = 0; i < salts.length; i++) words[i * RECORD_WORDS + RECORD_WORDS - 1] = salts[i]!;
  return words;
}

/** Runs a writer until the power fails after a random step, a sync fails, or it has done enough. */
function live(disk: SimulatedDisk, random: () => number, life: Life): void {
  const fate = random();
  if (fate < 0.7) disk.cutAfterStep = disk.steps + 1 + Math.floor(random() * 60);
  else if (fate < 0.9) disk.failSyncAt = disk.syncs + 1 + Math.floor(random() * 20);
  let writer: JournalWriter | undefined;
  try {
    writer = openWriter(disk, { maxFrameRecords: 1 + Math.floor(random() * 200) });
    life.acknowledged = Math.max(life.acknowledged, writer.durableSequence);
    life.appended = Math.max(life.acknowledged, writer.writtenSequence);
    for (let step = 0; step < 30 && random() < 0.97; step++) {
      const choice = random();
      if (choice < 0.6) {
        const count = 1 + Math.floor(random() * (choice < 0.1 ? 400 : 8));
        const salts = Array<number>(count).fill(life.salt);
        life.appended = writer.writtenSequence + count;
        life.salts.push(...salts);
        writer.appendRecords(saltedRecords(writer.writtenSequence + 1, salts), 0, count);
      } else if (choice < 0.9) {
        life.acknowledged = writer.sync();
      } else {
        writer.mark();
        life.acknowledged = writer.durableSequence;
      }
    }
    if (random() < 0.1) {
      writer.close();
      life.acknowledged = life.appended;
    }
  } catch (error) {
    if (!(error instanceof PowerCut || error instanceof JournalSyncError)) throw error;
  }
  if (writer !== undefined) life.acknowledged = Math.max(life.acknowledged, writer.durableSequence);
  disk.cutAfterStep = 0;
  disk.failSyncAt = 0;
}

/** What a start finds must be what was written, from the last acknowledged record to the last appended one. */
function judge(disk: SimulatedDisk, life: Life): { torn: boolean; cut: boolean } {
  const report = recover(disk, IDENTITY);
  expect(report.lastSequence).toBeGreaterThanOrEqual(life.acknowledged);
  expect(report.lastSequence).toBeLessThanOrEqual(life.appended);
  const verdict = { torn: report.tornBytes > 0, cut: report.lastSequence < life.appended };
  // What survived is part of the next life, acknowledged or not.
  life.appended = report.lastSequence;
  life.salts.length = report.lastSequence;
  expect(Buffer.from(readAll(disk).buffer).equals(Buffer.from(saltedRecords(1, life.salts).buffer))).toBe(
    true,
  );
  return verdict;
}

/** Reads that fail end a start with an error and change nothing. */
function tryFailingRead(disk: SimulatedDisk, random: () => number): void {
  const victim = disk.clone();
  victim.failReadAt = 1 + Math.floor(random() * 6);
  const { steps } = victim;
  try {
    recover(victim, IDENTITY);
  } catch (error) {
    expect(error).toBeInstanceOf(JournalIoError);
  }
  victim.failReadAt = 0;
  expect(victim.steps).toBe(steps);
  expect(recover(victim, IDENTITY)).toEqual(recover(disk, IDENTITY));
}

interface FramePlace {
  readonly file: string;
  readonly from: number;
  readonly to: number;
  readonly lastSequence: number;
}

function frames(disk: SimulatedDisk): FramePlace[] {
  const places: FramePlace[] = [];
  for (const file of segmentNames(disk)) {
    const scanner = new SegmentScanner(disk, file);
    while (!scanner.isSealed && scanner.step() === ScanStatus.frame) {
      const { position: from, length, nextSequence } = scanner;
      places.push({ file, from, to: from + length, lastSequence: nextSequence - 1 });
    }
    scanner.close();
  }
  return places;
}

/**
 * Damages a frame below what is proven to be durable: it must be refused, never cut as a torn tail. The damage stays in
 * the frame: with the frames that vouch for it gone, too, it would be a lost end, which no single disk can tell.
 */
function tryRot(disk: SimulatedDisk, random: () => number): void {
  const { durableSequence } = recover(disk, IDENTITY);
  const below = frames(disk).filter(({ lastSequence }) => lastSequence <= durableSequence);
  // A mark or seal vouches for what is before it; only a later record vouches for it.
  let last = below.length - 1;
  while (last >= 0 && below[last]!.to - below[last]!.from === FRAME_HEADER_BYTES) last--;
  const proven = below.slice(0, last + 1);
  if (proven.length === 0) return;
  const { file, from, to } = proven[Math.floor(random() * proven.length)]!;
  const victim = disk.clone();
  const bytes = victim.contents(file);
  const before = bytes.slice();
  const at = from + Math.floor(random() * (to - from));
  const kind = random();
  if (kind < 0.5) bytes[at]! ^= 1 << Math.floor(random() * 8);
  else if (kind < 0.75) bytes.fill(0, Math.max(from, at - (at % 512)), Math.min(to, at - (at % 512) + 512));
  else bytes.fill(0xff, at, Math.min(to, at + 1 + Math.floor(random() * 64)));
  if (Buffer.compare(before, bytes) === 0) return;
  const { steps } = victim;
  expect(() => {
    recover(victim, IDENTITY);
    readAll(victim);
  }).toThrow(JournalCorruptionError);
  expect(victim.steps).toBe(steps);
}

describe(`a bad disk (${SEEDS} seeds from ${BASE_SEED})`, () => {
  test('loses nothing that was called durable, invents nothing, and the journal goes on', {
    timeout: TIMEOUT_MS,
  }, (context) => {
    const powerCuts = new FaultTally(context, 'simulated disk: power cuts and failed syncs, 4 lives a seed');
    const rot = new FaultTally(context, 'simulated disk: rot below the durable sequence');
    const reads = new FaultTally(context, 'simulated disk: a read that fails');
    let torn = 0;
    let cut = 0;
    for (let seed = BASE_SEED; seed < BASE_SEED + SEEDS; seed++) {
      const random = seededRandom(seed);
      let disk = new SimulatedDisk();
      const life: Life = { salt: 0, salts: [], acknowledged: 0, appended: 0 };
      powerCuts.try(`seed ${seed}`, () => {
        for (let round = 0; round < LIVES; round++) {
          life.salt = round + 1;
          live(disk, random, life);
          // Now and then only the process is gone: what it wrote is there, but need not be durable.
          if (random() < 0.6) disk = disk.afterPowerCut(random, random());
          const verdict = judge(disk, life);
          if (verdict.torn) torn++;
          if (verdict.cut) cut++;
        }
        const { problems } = verifyJournal(disk);
        // A page of the control file may be torn; nothing else may be wrong.
        expect(problems.filter((problem) => problem.file !== 'durable.ctl')).toEqual([]);
      });
      rot.try(`seed ${seed}`, () => tryRot(disk, random));
      reads.try(`seed ${seed}`, () => tryFailingRead(disk, random));
    }
    if (SEEDS > 50) {
      expect(torn).toBeGreaterThan(SEEDS / 10);
      expect(cut).toBeGreaterThan(SEEDS / 10);
    }
    for (const tally of [powerCuts, rot, reads]) tally.check();
  });

  test('a journal that is never synced loses what it called durable: the disk of these tests does bite', () => {
    let lost = 0;
    for (let seed = BASE_SEED; seed < BASE_SEED + 200; seed++) {
      const random = seededRandom(seed);
      const disk = new SimulatedDisk({ honoursSync: false });
      const life: Life = { salt: 0, salts: [], acknowledged: 0, appended: 0 };
      live(disk, random, life);
      if (life.acknowledged === 0) continue;
      const after = disk.afterPowerCut(random, 0.5);
      try {
        if (recover(after, IDENTITY).lastSequence < life.acknowledged) lost++;
      } catch {
        lost++;
      }
    }
    expect(lost).toBeGreaterThan(100);
  });
});

describe('a sync that fails', () => {
  test('advances no durable sequence, is never tried again, and loses nothing that was durable before', (context) => {
    const tally = new FaultTally(context, 'simulated disk: each sync of a journal fails once');
    for (let failSyncAt = 1; failSyncAt <= 60; failSyncAt++) {
      const random = seededRandom(BASE_SEED + failSyncAt);
      const disk = new SimulatedDisk();
      disk.failSyncAt = failSyncAt;
      let acknowledged = 0;
      let writer: JournalWriter | undefined;
      let failure: unknown;
      try {
        writer = openWriter(disk);
        for (let step = 0; step < 40; step++) {
          const count = 1 + Math.floor(random() * 60);
          writer.appendRecords(makeRecords(writer.writtenSequence + 1, count), 0, count);
          acknowledged = writer.sync();
          if (step % 7 === 6) writer.mark();
        }
      } catch (error) {
        failure = error;
      }
      if (failure === undefined) continue;
      tally.try(`sync ${failSyncAt}`, () => {
        expect(failure).toBeInstanceOf(JournalSyncError);
        if (writer !== undefined) {
          const failed = writer;
          const syncs = disk.syncs;
          expect(() => failed.sync()).toThrow(JournalSyncError);
          expect(() => failed.appendRecords(makeRecords(failed.writtenSequence + 1, 1), 0, 1)).toThrow(
            JournalSyncError,
          );
          expect(() => failed.mark()).toThrow(JournalSyncError);
          failed.close();
          expect(disk.syncs).toBe(syncs);
          // The sync of a full segment may have advanced it before a later one failed; never past what is on the disk.
          acknowledged = Math.max(acknowledged, failed.durableSequence);
        }
        for (let again = 0; again < 5; again++) {
          const after = disk.afterPowerCut(random, random());
          const { lastSequence } = recover(after, IDENTITY);
          expect(lastSequence).toBeGreaterThanOrEqual(acknowledged);
          expectRecords(readAll(after), 1, lastSequence);
        }
      });
    }
    expect(tally.tried).toBeGreaterThan(40);
    tally.check();
  });

  test('and a restart that reads the lost pages from the cache: what it then calls durable is durable', () => {
    const disk = new SimulatedDisk();
    const failed = openWriter(disk);
    failed.appendRecords(makeRecords(1, 3), 0, 3);
    failed.sync();
    failed.appendRecords(makeRecords(4, 3), 0, 3);
    disk.failSyncAt = disk.syncs + 1;
    expect(() => failed.sync()).toThrow(JournalSyncError);
    // The pages are clean and lost, but reads still show them: records 4 to 6 are recovered.
    const again = openWriter(disk);
    expect(again.durableSequence).toBe(6);
    const after = disk.afterPowerCut(() => 1);
    expect(recover(after, IDENTITY).lastSequence).toBe(6);
    expectRecords(readAll(after), 1, 6);
  });
});

describe('a statement of the control file is on the disk before anyone relies on it, so that after a power cut', () => {
  /** A killed journal of a full segment and some more, marked as durable, after a power cut that keeps nothing unsynced. */
  function markedJournal(): SimulatedDisk {
    const disk = new SimulatedDisk();
    const writer = openWriter(disk);
    while (segmentNames(disk).length < 2) {
      writer.appendRecords(makeRecords(writer.writtenSequence + 1, 100), 0, 100);
      writer.sync();
    }
    writer.mark();
    return disk.afterPowerCut(() => 1);
  }

  test('the records that a mark vouched for cannot be missing in silence', () => {
    const disk = markedJournal();
    const last = frames(disk).at(-2)!;
    disk.contents(last.file).fill(0, last.from);
    expect(() => recover(disk, IDENTITY)).toThrow(JournalCorruptionError);
  });

  test('nor can the newest segment', () => {
    const disk = markedJournal();
    const newest = segmentNames(disk).at(-1)!;
    disk.remove(newest);
    expect(() => recover(disk, IDENTITY)).toThrow(newest);
  });
});

test('a segment whose name was not durable when the process died is durable once the next one has opened', () => {
  const disk = new SimulatedDisk();
  const first = openWriter(disk);
  first.appendRecords(makeRecords(1, 1), 0, 1);
  first.sync();
  const { length } = segmentNames(disk);
  // Up to the rename of the second segment, and no further.
  const beforeRename = (): boolean => segmentNames(disk).length === length;
  for (let cut = 1; beforeRename(); cut++) {
    const trial = disk.clone();
    const writer = openWriter(trial);
    trial.cutAfterStep = trial.steps + cut;
    try {
      writer.appendRecords(makeRecords(2, 600), 0, 600);
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
    }
    trial.cutAfterStep = 0;
    if (segmentNames(trial).length === length) continue;
    const next = openWriter(trial);
    const sequence = next.writtenSequence + 1;
    next.appendRecords(makeRecords(sequence, 1), 0, 1);
    expect(next.sync()).toBe(sequence);
    const after = trial.afterPowerCut(() => 1);
    expect(recover(after, IDENTITY).lastSequence).toBe(sequence);
    return;
  }
});

/** Retention: what may go goes, what is needed stays, and everybody is told where history begins. */
import { describe, expect, test } from 'vitest';
import { archivable, archiveSegment } from '../../journal/archive.js';
import { catRecords } from '../../journal/cat.js';
import { digestJournal } from '../../journal/digest.js';
import { JournalCorruptionError, JournalHistoryError } from '../../journal/errors.js';
import { JournalTail } from '../../journal/journal-tail.js';
import { listSegments } from '../../journal/ls.js';
import { MANIFEST_FILE, readManifest, readManifestLines } from '../../journal/manifest.js';
import { recover, segmentNames } from '../../journal/recover.js';
import {
  applyRetention,
  planRetention,
  type RetentionNeeds,
  type RetentionRule,
} from '../../journal/retention.js';
import { scrubJournal } from '../../journal/scrub.js';
import type { Storage } from '../../journal/storage.js';
import { TieredStorage } from '../../journal/tiered-storage.js';
import { verifyJournal } from '../../journal/verify.js';
import { CutStorage, StepCounter } from '../support/cut-storage.js';
import {
  appendBatches,
  expectRecords,
  IDENTITY,
  openWriter,
  readAll,
  SEGMENT_BYTES,
} from '../support/journal-records.js';
import { fill, journal, sealAll, sealedJournal, signer } from '../support/sealed-journal.js';
import { PowerCut, SimulatedDisk, seededRandom } from '../support/simulated-disk.js';

const ALL: RetentionRule = { sealedBeforeUs: Number.MAX_SAFE_INTEGER };
const SNAPSHOT_AT_END: RetentionNeeds = { snapshotSequence: 1801 };
const NOW_US = 1_800_000_000_000_000;

function retain(local: Storage, rule: RetentionRule, needs: RetentionNeeds, archives: Storage[] = []) {
  const plan = planRetention(local, archives, rule, needs);
  return applyRetention(local, archives, plan, IDENTITY, signer, NOW_US);
}

const reasons = (plan: ReturnType<typeof planRetention>) =>
  plan.verdicts.map(({ goes, reason }) => `${goes ? 'goes' : 'stays'}: ${reason}`);

test('retention leaves the disk to others after the pieces of each file that goes', () => {
  const disk = sealedJournal();
  const archive = new SimulatedDisk();
  for (const entry of archivable(disk, { keep: 2 })) archiveSegment(disk, archive, entry, 'aa');
  const before = disk.list().length + archive.list().length;
  const plan = planRetention(disk, [archive], ALL, SNAPSHOT_AT_END);
  let rests = 0;
  applyRetention(disk, [archive], plan, IDENTITY, signer, NOW_US, () => rests++);
  expect(rests).toBe(before - disk.list().length - archive.list().length);
  expect(rests).toBeGreaterThan(1);
});

describe('retention never removes', () => {
  test('anything while there is no snapshot', () => {
    const disk = sealedJournal();
    const plan = planRetention(disk, [], { ...ALL, maxBytes: 0 }, { snapshotSequence: 1 });
    expect(plan.verdicts.filter(({ goes }) => goes)).toEqual([]);
    expect(plan.freedBytes).toBe(0);
    expect(reasons(plan)[0]).toBe('stays: there is no snapshot to start from instead');
    expect(retain(disk, ALL, { snapshotSequence: 1 })).toBe(0);
    expectRecords(readAll(disk), 1, 1800);
  });

  test('what a start from the oldest kept snapshot replays, to the command', () => {
    const disk = sealedJournal();
    const [, second] = readManifest(disk);
    // The snapshot holds everything but the last command of the second segment.
    retain(disk, ALL, { snapshotSequence: second!.lastSequence });
    expect(recover(disk).firstSequence).toBe(second!.firstSequence);
    retain(disk, ALL, { snapshotSequence: second!.lastSequence + 1 });
    expect(recover(disk).firstSequence).toBe(second!.lastSequence + 1);
  });

  test('what the attached standby has yet to store', () => {
    const disk = sealedJournal();
    const [, , third] = readManifest(disk);
    const needs = { ...SNAPSHOT_AT_END, standbySequence: third!.firstSequence };
    expect(reasons(planRetention(disk, [], ALL, needs))[2]).toBe(
      `stays: the standby has yet to store command ${third!.firstSequence}`,
    );
    retain(disk, ALL, needs);
    expect(recover(disk).firstSequence).toBe(third!.firstSequence);
  });

  test('the newest segment, or one without a line in the manifest', () => {
    const disk = sealedJournal();
    const names = segmentNames(disk);
    retain(disk, ALL, { snapshotSequence: 999_999 });
    expect(segmentNames(disk)).toEqual(names.slice(-1));
    const unsigned = journal();
    const plan = planRetention(unsigned, [], ALL, SNAPSHOT_AT_END);
    expect(reasons(plan)[0]).toBe('stays: it has no line in the signed manifest yet');
    expect(reasons(plan).at(-1)).toBe('stays: it is written to');
    expect(plan.freedBytes).toBe(0);
  });

  test('a segment behind one that stays, as after a clock that was set back', () => {
    const disk = new SimulatedDisk();
    let nowMs = 1_700_000_000_000;
    const writer = openWriter(disk, { nowMs: () => (nowMs -= 1000) });
    appendBatches(writer, new Array(30).fill(60));
    writer.close();
    sealAll(disk);
    const sealedAt = listSegments(disk).at(-1)!.createdAtUs;
    const plan = planRetention(disk, [], { sealedBeforeUs: sealedAt }, SNAPSHOT_AT_END);
    expect(plan.freedBytes).toBe(0);
    expect(reasons(plan).slice(0, 2)).toEqual(['stays: the rule keeps it', 'stays: the rule keeps it']);
    expect(reasons(plan).at(-2)).toBe('stays: an older segment stays');
  });
});

describe('retention removes', () => {
  test('by age what was sealed before, and by size the oldest until the rest fits', () => {
    const disk = sealedJournal();
    const sealed = segmentNames(disk).length - 1;
    expect(planRetention(disk, [], ALL, SNAPSHOT_AT_END).freedBytes).toBe(sealed * SEGMENT_BYTES);
    const plan = planRetention(disk, [], { maxBytes: 2 * SEGMENT_BYTES }, SNAPSHOT_AT_END);
    expect(plan.storedBytes - plan.freedBytes).toBe(2 * SEGMENT_BYTES);
    expect(planRetention(disk, [], {}, SNAPSHOT_AT_END).freedBytes).toBe(0);
  });

  test('all copies, and counts them all', () => {
    const disk = sealedJournal();
    const archive = new SimulatedDisk();
    for (const entry of archivable(disk, { keep: 2 })) archiveSegment(disk, archive, entry, 'aa');
    const plan = planRetention(disk, [archive], ALL, SNAPSHOT_AT_END);
    const archived = archive.list().reduce((sum, name) => sum + archive.contents(name).length, 0);
    expect(plan.storedBytes).toBe(segmentNames(disk).length * SEGMENT_BYTES + archived);
    const through = retain(disk, ALL, SNAPSHOT_AT_END, [archive]);
    expect(archive.list()).toEqual([]);
    expect(segmentNames(disk)).toHaveLength(1);
    const both = new TieredStorage(disk, () => [archive]);
    expect(recover(both).firstSequence).toBe(through + 1);
    expectRecords(readAll(both, through + 1), through + 1, 1800 - through);
  });
});

describe('a journal whose beginning was removed', () => {
  const shortened = () => {
    const disk = sealedJournal();
    const before = { digest: digestJournal(disk), third: readManifest(disk)[2]! };
    const needs = { snapshotSequence: before.third.firstSequence };
    expect(retain(disk, ALL, needs)).toBe(before.third.firstSequence - 1);
    return { disk, first: before.third.firstSequence, ...before };
  };

  test('is whole for verify and scrub, which say where history begins', async () => {
    const { disk, first } = shortened();
    const report = verifyJournal(disk, { publicKey: signer.publicKey });
    expect(report).toMatchObject({ ok: true, firstSequence: first, lastSequence: 1800 });
    expect(report.manifest.removedThrough).toBe(first - 1);
    expect(listSegments(disk)[0]!.firstSequence).toBe(first);
    const scrubbed = await scrubJournal(disk, [], {
      bytesPerSecond: 1e9,
      rest: async () => {},
      nowMs: () => 0,
    });
    expect(scrubbed.ok).toBe(true);
  });

  test('is read from there on, and refuses by name what was before', () => {
    const { disk, first, digest } = shortened();
    expectRecords(readAll(disk, first), first, 1801 - first);
    expect(recover(disk)).toMatchObject({ firstSequence: first, chain: digest.chain });
    expect(() => readAll(disk, first - 1)).toThrow(JournalHistoryError);
    expect(() => readAll(disk)).toThrow(`begins at command ${first}: command 1 was removed by retention`);
    expect(() => digestJournal(disk)).toThrow(JournalHistoryError);
    // The made-up bodies are nothing to show, but they are reached.
    expect(() => catRecords(disk).next()).toThrow(/cancelOrder/);
    expect(() => catRecords(disk, { fromSequence: 1 }).next()).toThrow(JournalHistoryError);
    const problems = verifyJournal(disk, { digest }).problems;
    expect(problems.map(({ code }) => code)).toEqual(['JOURNAL_HISTORY_REMOVED']);
  });

  test('serves a standby that has what is gone, and no other', () => {
    const { disk, first, third } = shortened();
    const tail = new JournalTail(disk);
    expect(tail.chainAt(first - 2)).toBeUndefined();
    expect(tail.chainAt(first - 1)).toBe(listChain(disk, third.segment));
    const target = new Uint8Array(1 << 20);
    tail.seek(first);
    expect(tail.read(target, 0, 1800)).toBeGreaterThan(0);
    tail.seek(1);
    expect(() => tail.read(target, 0, 1800)).toThrow(JournalHistoryError);
    tail.close();
  });

  test('goes on, seals and is shortened again', () => {
    const { disk, first } = shortened();
    fill(disk, 20, 60);
    expect(sealAll(disk)).toBeGreaterThan(0);
    expect(verifyJournal(disk, { publicKey: signer.publicKey }).problems).toEqual([]);
    expect(retain(disk, ALL, { snapshotSequence: 2000 })).toBeGreaterThan(first);
    expect(verifyJournal(disk, { publicKey: signer.publicKey }).problems).toEqual([]);
  });

  test('is damaged when the signed line does not say so, or when more is missing than it says', () => {
    const disk = sealedJournal();
    const [oldest] = segmentNames(disk);
    disk.remove(oldest!);
    expect(() => recover(disk)).toThrow(JournalCorruptionError);
    const { disk: declared } = shortened();
    declared.remove(segmentNames(declared)[0]!);
    expect(() => recover(declared)).toThrow(JournalCorruptionError);
    expect(verifyJournal(declared).ok).toBe(false);
  });

  test('cannot be said to begin later by anybody without the key', () => {
    const { disk } = shortened();
    const lines = new TextDecoder().decode(disk.contents(MANIFEST_FILE)).trimEnd().split('\n');
    const at = lines.findIndex((line) => line.includes('"removal"'));
    const forged = lines[at]!.replace(/"reason":"[^"]*"/, (text) => text.replace('sealed', 'sealEd'));
    disk.contents(MANIFEST_FILE).set(new TextEncoder().encode([...lines.slice(0, at), forged].join('\n')));
    expect(verifyJournal(disk, { publicKey: signer.publicKey }).problems[0]!.expected).toContain(
      'a signature of the removal of 1..',
    );
  });
});

test('a power cut at any step of a removal leaves a journal that starts, and the next run ends it', () => {
  const steps = 12;
  for (let cutAt = 1; cutAt <= steps; cutAt++) {
    const disk = sealedJournal();
    const third = readManifest(disk)[2]!;
    const needs = { snapshotSequence: third.firstSequence };
    const counter = new StepCounter(cutAt);
    try {
      retain(new CutStorage(disk, counter), ALL, needs);
      expect(cutAt).toBeGreaterThan(8);
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
    }
    const after = disk.afterPowerCut(seededRandom(cutAt));
    expect(recover(after).lastSequence).toBe(1800);
    expect(verifyJournal(after).problems).toEqual([]);
    retain(after, ALL, needs);
    expect(recover(after).firstSequence).toBe(third.firstSequence);
    expect(readManifestLines(after).filter(({ kind }) => kind === 'removal')).toHaveLength(1);
  }
});

function listChain(disk: Storage, segment: string): number {
  const entries = readManifest(disk);
  return entries[entries.findIndex((entry) => entry.segment === segment) - 1]!.chain;
}

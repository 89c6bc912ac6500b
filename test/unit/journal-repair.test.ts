/** Segments made again from the records of the peer, byte for byte, or not at all; and the thread that does it by itself. */
import { describe, expect, test } from 'vitest';
import { archivable, archiveSegment } from '../../journal/archive.js';
import { archiveName } from '../../journal/archive-file.js';
import { JournalCorruptionError } from '../../journal/errors.js';
import { JournalReader } from '../../journal/journal-reader.js';
import { type ManifestEntry, readManifest } from '../../journal/manifest.js';
import { recover, segmentNames } from '../../journal/recover.js';
import { repairFromRecords } from '../../journal/repair.js';
import { layoutName, readLayout, scanSealed, writeLayout } from '../../journal/segment-layout.js';
import type { Storage } from '../../journal/storage.js';
import { TieredStorage } from '../../journal/tiered-storage.js';
import {
  JournalUpkeep,
  type UpkeepEvent,
  type UpkeepRules,
  type WantedRecords,
} from '../../journal/upkeep.js';
import { verifyJournal } from '../../journal/verify.js';
import { SLOT_WORDS } from '../../src/wire/slot.js';
import { CutStorage, StepCounter } from '../support/cut-storage.js';
import { appendBatches, IDENTITY, makeEpoch, openWriter, readAll } from '../support/journal-records.js';
import { journal, sealAll, sealedJournal, signer } from '../support/sealed-journal.js';
import { PowerCut, SimulatedDisk, seededRandom } from '../support/simulated-disk.js';

/** The same records in the frames of another node. */
function peerOf(disk: Storage): SimulatedDisk {
  const peer = new SimulatedDisk();
  const writer = openWriter(peer, { maxFrameRecords: 7 });
  const words = readAll(disk);
  for (let at = 0; at < words.length; at += 11 * SLOT_WORDS) {
    writer.appendRecords(words, at, Math.min(11, (words.length - at) / SLOT_WORDS));
    writer.sync();
  }
  writer.close();
  return peer;
}

function recordsFrom(peer: Storage, { firstSequence, lastSequence }: ManifestEntry): JournalReader {
  return new JournalReader(peer, { fromSequence: firstSequence, toSequence: lastSequence, asStored: true });
}

/** A journal with everything that a frame can be: batches, frames of one sync, marks, epochs, a torn start. */
function manifold(): SimulatedDisk {
  const disk = new SimulatedDisk();
  const writer = openWriter(disk, { maxFrameRecords: 13 });
  for (let epoch = 1; epoch < 40; epoch++) {
    const count = 5 + ((epoch * 7) % 40);
    writer.appendRecords(makeEpoch(writer.writtenSequence + 1, count, epoch), 0, count);
    appendBatches(writer, [1, 2, 3]);
    if (epoch % 3 === 0) writer.mark();
  }
  writer.close();
  sealAll(disk);
  return disk;
}

describe('a segment is made again from its layout and the records of the peer', () => {
  test.each([
    ['plain', () => sealedJournal()],
    ['with marks, epochs and frames of one sync', manifold],
  ])('byte for byte: %s', (_name, make) => {
    const disk = make();
    const peer = peerOf(disk);
    const entries = readManifest(disk);
    expect(entries.length).toBeGreaterThan(1);
    for (const entry of entries) {
      const before = disk.contents(entry.segment).slice();
      // All of it: header page, frames, seal.
      disk.contents(entry.segment).fill(0x5a);
      repairFromRecords(disk, entry, recordsFrom(peer, entry));
      expect(Buffer.compare(disk.contents(entry.segment), before)).toBe(0);
    }
    expect(verifyJournal(disk, { publicKey: signer.publicKey }).problems).toEqual([]);
    expect(disk.list().filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('or not at all: other records, too few, or another layout leave everything as it was', () => {
    const disk = sealedJournal();
    const peer = peerOf(disk);
    const [first, second] = readManifest(disk);
    const bad = disk.contents(second!.segment);
    bad[5000]! ^= 1;
    const before = bad.slice();
    const one = readAll(peer, second!.firstSequence);
    one[20]! ^= 1;
    const feeds = [
      { readRecords: feedOf(one) },
      { readRecords: feedOf(one.subarray(0, 10 * SLOT_WORDS)) },
      recordsFrom(peer, { ...second!, firstSequence: second!.firstSequence - 1 }),
    ];
    for (const feed of feeds) {
      expect(() => repairFromRecords(disk, second!, feed)).toThrow(JournalCorruptionError);
    }
    writeLayout(disk, {
      ...readLayout(disk, first!.segment),
      segment: second!.segment,
      bytes: second!.bytes,
    });
    expect(() => repairFromRecords(disk, second!, recordsFrom(peer, second!))).toThrow(
      JournalCorruptionError,
    );
    expect(Buffer.compare(disk.contents(second!.segment), before)).toBe(0);
    expect(disk.list().filter((name) => name.startsWith('repaired'))).toEqual([]);
  });

  test('and a power cut at any step leaves the bad one or the good one', () => {
    const original = sealedJournal();
    const peer = peerOf(original);
    const [entry] = readManifest(original);
    const good = original.contents(entry!.segment).slice();
    for (let cutAt = 1; cutAt <= 8; cutAt++) {
      const disk = original.clone();
      disk.contents(entry!.segment)[9000]! ^= 4;
      disk.syncDirectory();
      const counter = new StepCounter(cutAt);
      let isDone = false;
      try {
        repairFromRecords(new CutStorage(disk, counter), entry!, recordsFrom(peer, entry!));
        isDone = true;
      } catch (error) {
        if (!(error instanceof PowerCut)) throw error;
      }
      const after = disk.afterPowerCut(seededRandom(cutAt));
      const isGood = Buffer.compare(after.contents(entry!.segment), good) === 0;
      if (isDone) expect(isGood).toBe(true);
      expect(segmentNames(after)).toEqual(segmentNames(original));
    }
  });

  test('the layout notes what it should, and is refused when it has changed', () => {
    const disk = sealedJournal();
    const [entry] = readManifest(disk);
    expect(scanSealed(disk, entry!.segment).layout).toEqual(readLayout(disk, entry!.segment));
    const bytes = disk.contents(layoutName(entry!.segment));
    expect(bytes.length).toBeLessThan(1024);
    bytes[60]! ^= 1;
    expect(() => readLayout(disk, entry!.segment)).toThrow(JournalCorruptionError);
  });
});

function feedOf(words: Int32Array) {
  let at = 0;
  return (target: Int32Array, wordIndex: number, maxRecords: number): number => {
    const count = Math.min(maxRecords, (words.length - at) / SLOT_WORDS);
    target.set(words.subarray(at, at + count * SLOT_WORDS), wordIndex);
    at += count * SLOT_WORDS;
    return count;
  };
}

const RULES: UpkeepRules = {
  scrubBytesPerSecond: 1 << 20,
  scrubPauseMs: 60_000,
  archiveAfterMs: 0,
  retainMs: 0,
  retainBytes: 0,
};

/** Upkeep in the hands of a test: its clock, its events, its requests. */
class Rig {
  readonly events: UpkeepEvent[] = [];
  readonly wanted: WantedRecords[] = [];
  readonly archive = new SimulatedDisk();
  readonly disk: SimulatedDisk;
  nowMs = 1_800_000_000_000;
  snapshotSequence = 1;
  readonly upkeep: JournalUpkeep;

  constructor(disk: SimulatedDisk, rules: Partial<UpkeepRules> = {}) {
    this.disk = disk;
    this.upkeep = new JournalUpkeep({
      local: disk,
      archives: () => [this.archive],
      accountIndex: () => undefined,
      archiveTo: this.archive,
      identity: IDENTITY,
      signer,
      rules: { ...RULES, ...rules },
      needs: () => ({ snapshotSequence: this.snapshotSequence }),
      nowMs: () => this.nowMs,
      rest: () => {},
      onEvent: (event) => this.events.push(event),
      requestRecords: (wanted) => this.wanted.push(wanted),
    });
  }

  /** Steps until the next pass of the scrub has ended, or for ten minutes. */
  pass(): Rig {
    const until = this.nowMs + 600_000;
    const passes = this.count('scrubbed');
    while (this.nowMs < until && this.count('scrubbed') === passes) this.nowMs += this.upkeep.step();
    return this;
  }

  count(type: UpkeepEvent['type']): number {
    return this.events.filter((event) => event.type === type).length;
  }

  /** Writes the records that were asked for as the replication thread does. */
  answer(peer: Storage): void {
    const { firstSequence, lastSequence, file } = this.wanted.at(-1)!;
    const words = readAll(peer, firstSequence).subarray(0, (lastSequence - firstSequence + 1) * SLOT_WORDS);
    this.disk.create(file, words.byteLength, 'zero-fill');
    const writable = this.disk.openForWrite(file);
    writable.write(0, new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
    writable.close();
    this.upkeep.onRecords(file, '');
  }
}

describe('the upkeep of a journal', () => {
  test('seals, then reads everything at its rate, and rests', () => {
    const rig = new Rig(journal());
    const start = rig.nowMs;
    rig.pass();
    const sealed = readManifest(rig.disk);
    expect(sealed.length).toBe(segmentNames(rig.disk).length - 1);
    const bytes = sealed.reduce((sum, entry) => sum + entry.bytes, 0);
    expect(rig.events).toEqual([{ type: 'scrubbed', copies: sealed.length, bytes, damaged: 0 }]);
    expect(rig.nowMs - start).toBeGreaterThanOrEqual((bytes / RULES.scrubBytesPerSecond) * 900);
    const ended = rig.nowMs;
    rig.pass();
    expect(rig.nowMs - ended).toBeGreaterThanOrEqual(RULES.scrubPauseMs);
  });

  test('finds a flipped bit, asks for the records and puts the segment back, byte for byte', () => {
    const disk = sealedJournal();
    const peer = peerOf(disk);
    const { segment, firstSequence, lastSequence } = readManifest(disk)[1]!;
    const before = disk.contents(segment).slice();
    disk.contents(segment)[20_000]! ^= 0x10;
    const rig = new Rig(disk).pass();
    expect(rig.count('problem')).toBe(1);
    expect(rig.wanted).toHaveLength(1);
    expect(rig.wanted[0]).toMatchObject({
      firstSequence,
      lastSequence,
      chainBefore: readManifest(disk)[0]!.chain,
    });
    rig.answer(peer);
    expect(rig.events.at(-1)).toEqual({ type: 'repaired', file: segment, from: 'records of the peer' });
    expect(Buffer.compare(disk.contents(segment), before)).toBe(0);
    rig.pass();
    expect(rig.events.at(-1)).toMatchObject({ type: 'scrubbed', damaged: 0 });
    expect(disk.list().some((name) => name.startsWith('fetched'))).toBe(false);
  });

  test('makes a segment again that is gone, and says so when the peer cannot help', () => {
    const disk = sealedJournal();
    const peer = peerOf(disk);
    const [entry] = readManifest(disk);
    disk.remove(entry!.segment);
    const rig = new Rig(disk).pass();
    rig.upkeep.onRecords(rig.wanted[0]!.file, 'no standby is attached');
    expect(rig.events.at(-1)).toMatchObject({ code: 'REPAIR_FAILED' });
    rig.pass().answer(peer);
    expect(recover(disk).lastSequence).toBe(1800);
    expect(verifyJournal(disk).problems).toEqual([]);
  });

  test('takes a good copy of its own before it asks anybody', () => {
    const disk = sealedJournal();
    const rig = new Rig(disk);
    const [first, second] = archivable(disk, {});
    for (const entry of [first!, second!]) {
      const bytes = disk.contents(entry.segment).slice();
      archiveSegment(disk, rig.archive, entry, 'aa');
      disk.create(entry.segment, bytes.length, 'zero-fill');
      disk.contents(entry.segment).set(bytes);
    }
    disk.contents(first!.segment)[9000]! ^= 1;
    rig.archive.contents(archiveName(second!.segment))[100]! ^= 1;
    rig.pass();
    expect(rig.wanted).toEqual([]);
    expect(rig.events.filter(({ type }) => type === 'repaired')).toEqual([
      { type: 'repaired', file: first!.segment, from: archiveName(first!.segment) },
      { type: 'repaired', file: archiveName(second!.segment), from: second!.segment },
    ]);
    rig.pass();
    expect(rig.events.at(-1)).toMatchObject({ type: 'scrubbed', damaged: 0 });
  });

  test('makes an archived segment again when its only copy is bad', () => {
    const disk = sealedJournal();
    const peer = peerOf(disk);
    const rig = new Rig(disk);
    const [entry] = archivable(disk, {});
    archiveSegment(disk, rig.archive, entry!, 'aa');
    rig.archive.contents(archiveName(entry!.segment))[100]! ^= 1;
    rig.pass().answer(peer);
    expect(disk.exists(entry!.segment)).toBe(false);
    const both = new TieredStorage(disk, () => [rig.archive]);
    expect(verifyJournal(both).problems).toEqual([]);
    expect(recover(both).lastSequence).toBe(1800);
  });

  test('notes layouts that are missing or have changed', () => {
    const disk = sealedJournal();
    const names = readManifest(disk).map(({ segment }) => layoutName(segment));
    disk.remove(names[0]!);
    disk.contents(names[1]!)[60]! ^= 1;
    const rig = new Rig(disk).pass();
    expect(disk.exists(names[0]!)).toBe(true);
    rig.pass().pass();
    for (const { segment } of readManifest(disk)) readLayout(disk, segment);
  });

  test('archives and removes by age, never before there is a snapshot', () => {
    const disk = sealedJournal();
    const sealed = readManifest(disk).length;
    const rig = new Rig(disk, { archiveAfterMs: 1000, retainMs: 1000 }).pass();
    expect(rig.count('archived')).toBe(sealed);
    expect(rig.archive.list()).toHaveLength(sealed);
    expect(rig.count('removed')).toBe(0);
    rig.snapshotSequence = 1801;
    rig.pass();
    expect(rig.archive.list()).toEqual([]);
    expect(rig.count('removed')).toBe(1);
    expect(rig.events.at(-1)).toMatchObject({ type: 'scrubbed', copies: 0, damaged: 0 });
  });
});

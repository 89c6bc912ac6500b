/** Scrubbing: every copy is read, at the rate that was asked for, and rot is named by file and offset. */
import { describe, expect, test } from 'vitest';
import { archivable, archiveSegment, restorable, restoreSegment } from '../../journal/archive.js';
import { ArchivedFile, archiveName } from '../../journal/archive-file.js';
import { MANIFEST_FILE } from '../../journal/manifest.js';
import { segmentNames } from '../../journal/recover.js';
import { type ScrubReport, scrubJournal } from '../../journal/scrub.js';
import { PIECE_BYTES } from '../../journal/segment-sum.js';
import type { Storage } from '../../journal/storage.js';
import { SEGMENT_BYTES } from '../support/journal-records.js';
import { journal, sealAll, sealedJournal } from '../support/sealed-journal.js';
import { SimulatedDisk } from '../support/simulated-disk.js';

async function scrub(
  local: Storage,
  archives: readonly Storage[] = [],
  bytesPerSecond = 1e12,
): Promise<ScrubReport & { elapsedMs: number; seen: number[] }> {
  let nowMs = 0;
  const seen: number[] = [];
  const report = await scrubJournal(local, archives, {
    bytesPerSecond,
    nowMs: () => nowMs,
    rest: async (ms) => {
      nowMs += ms;
    },
    onProgress: (done) => seen.push(done),
  });
  return { ...report, elapsedMs: nowMs, seen };
}

describe('a scrub', () => {
  test('of a whole journal finds nothing and reads every sealed segment', async () => {
    const disk = sealedJournal();
    const sealed = segmentNames(disk).length - 1;
    const report = await scrub(disk);
    expect(report).toMatchObject({ ok: true, copies: sealed, bytes: sealed * SEGMENT_BYTES, problems: [] });
    expect(report.seen.at(-1)).toBe(report.bytes);
  });

  test('reads no faster than it may', async () => {
    const disk = sealedJournal();
    const { bytes, elapsedMs } = await scrub(disk, [], SEGMENT_BYTES);
    expect(elapsedMs).toBeCloseTo((bytes / SEGMENT_BYTES) * 1000, 3);
  });

  test('finds each single flipped bit of a sealed segment, by file and piece, also where nothing was written', async () => {
    const disk = journal(40, 1000, 2 * PIECE_BYTES);
    sealAll(disk);
    const [first, second] = segmentNames(disk);
    for (const [name, offset] of [
      [first, 3],
      [first, PIECE_BYTES - 1],
      [second, PIECE_BYTES],
      [second, 2 * PIECE_BYTES - 1],
    ] as const) {
      disk.contents(name!)[offset]! ^= 16;
      const { ok, problems } = await scrub(disk);
      expect(ok).toBe(false);
      expect(problems).toMatchObject([{ file: name, offset: offset - (offset % PIECE_BYTES) }]);
      disk.contents(name!)[offset]! ^= 16;
    }
    expect((await scrub(disk)).ok).toBe(true);
  });

  test('reads copies in archives, and names the one of two that is rotten', async () => {
    const local = sealedJournal();
    const archive = new SimulatedDisk();
    for (const entry of archivable(local, {})) archiveSegment(local, archive, entry);
    const names = restorable(local, archive);
    for (const name of names) restoreSegment(local, archive, name);
    expect(await scrub(local, [archive])).toMatchObject({ ok: true, copies: 2 * names.length });
    const target = archiveName(names[1]!);
    const bytes = archive.contents(target);
    const packedBytes = new ArchivedFile(archive, target).archivedBytes;
    for (const offset of [0, 4000, Math.floor(packedBytes / 2), packedBytes - 100, packedBytes - 1]) {
      bytes[offset]! ^= 1;
      const { problems } = await scrub(local, [archive]);
      expect([offset, problems.map(({ file }) => file)]).toEqual([offset, [target]]);
      bytes[offset]! ^= 1;
    }
    local.contents(names[1]!)[5000]! ^= 1;
    expect((await scrub(local, [archive])).problems).toMatchObject([{ file: names[1], offset: 0 }]);
  });

  test('names a segment of which no copy is left, and goes on after what it cannot read', async () => {
    const disk = sealedJournal();
    const [first, second, third] = segmentNames(disk);
    disk.remove(first!);
    disk.unreadableFile = second!;
    disk.contents(third!)[70]! ^= 1;
    const { problems } = await scrub(disk);
    expect(problems.map(({ code, file }) => [code, file])).toEqual([
      ['JOURNAL_CORRUPT', first],
      ['JOURNAL_IO', ''],
      ['JOURNAL_CORRUPT', third],
    ]);
  });

  test('does not go by a manifest that it cannot read', async () => {
    const disk = sealedJournal();
    disk.contents(MANIFEST_FILE)[0] = 0x41;
    await expect(scrub(disk)).rejects.toThrow(/manifest/);
  });
});

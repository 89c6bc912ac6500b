/** The manifest and the digest: what was sealed cannot be changed afterwards without being found, by place. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { crc32c } from '../../journal/crc32c.js';
import { digestJournal, formatDigest, parseDigest } from '../../journal/digest.js';
import { FRAME_HEADER_BYTES, FrameWord, frameHeaderCrc } from '../../journal/frame.js';
import {
  appendToManifest,
  MANIFEST_FILE,
  manifestFaults,
  readManifest,
  readManifestLines,
} from '../../journal/manifest.js';
import { segmentNames } from '../../journal/recover.js';
import { replaceFile } from '../../journal/replace-file.js';
import { SegmentSealer } from '../../journal/seal-segments.js';
import { SEGMENT_HEADER_BYTES } from '../../journal/segment.js';
import { SegmentScanner } from '../../journal/segment-scanner.js';
import { PIECE_BYTES } from '../../journal/segment-sum.js';
import { signSnapshots, snapshotFault, snapshotLines } from '../../journal/sign-snapshot.js';
import { type SnapshotFacts, writeSnapshotFile } from '../../journal/snapshot-file.js';
import { snapshotName } from '../../journal/snapshot-store.js';
import { verifyJournal } from '../../journal/verify.js';
import { appendBatches, IDENTITY, makeRecords, openWriter, START_US } from '../support/journal-records.js';
import { fill, journal, makeSigner, sealAll, sealedJournal, signer } from '../support/sealed-journal.js';
import { PowerCut, SimulatedDisk, seededRandom } from '../support/simulated-disk.js';

function textOf(disk: SimulatedDisk): string {
  return Buffer.from(disk.contents(MANIFEST_FILE)).toString('latin1').trimEnd();
}

/** Changes the last record of the first segment's last frame, with its checksums and the header after it made to fit. */
function forgeRecord(disk: SimulatedDisk, name: string): number {
  const scanner = new SegmentScanner(disk, name);
  let position = SEGMENT_HEADER_BYTES;
  scanner.step();
  while (!scanner.isSealed) {
    if (scanner.length > FRAME_HEADER_BYTES) position = scanner.position;
    scanner.step();
  }
  const bytes = disk.contents(name);
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const at = position / 4;
  const length = words[at]!;
  bytes[position + length - 1]! ^= 1;
  const chain = crc32c(
    words[at + FrameWord.prevChain]! >>> 0,
    bytes,
    position + FRAME_HEADER_BYTES,
    length - FRAME_HEADER_BYTES,
  );
  words[at + FrameWord.chain] = chain;
  words[at + FrameWord.headerCrc] = frameHeaderCrc(words, at);
  const seal = (position + length) / 4;
  words[seal + FrameWord.prevChain] = chain;
  words[seal + FrameWord.chain] = chain;
  words[seal + FrameWord.headerCrc] = frameHeaderCrc(words, seal);
  return position + length - 1;
}

describe('the manifest', () => {
  test('has a signed line for each segment but the newest, and grows with the journal', () => {
    const disk = journal();
    const names = segmentNames(disk);
    expect(names.length).toBeGreaterThan(3);
    expect(sealAll(disk)).toBe(names.length - 1);
    expect(sealAll(disk)).toBe(0);
    expect(readManifest(disk).map(({ segment }) => segment)).toEqual(names.slice(0, -1));
    const writer = openWriter(disk);
    appendBatches(writer, [400, 400]);
    writer.close();
    expect(sealAll(disk)).toBe(segmentNames(disk).length - names.length);
    expect(verifyJournal(disk, { publicKey: signer.publicKey })).toMatchObject({
      ok: true,
      manifest: { segments: segmentNames(disk).length - 1, pending: 0, keys: [signer.publicKey] },
    });
  });

  test('does not vouch for a damaged segment', () => {
    const disk = journal();
    const [name] = segmentNames(disk);
    disk.contents(name!)[SEGMENT_HEADER_BYTES + 100]! ^= 1;
    expect(() => sealAll(disk)).toThrow(/damaged/);
    expect(disk.exists(MANIFEST_FILE)).toBe(false);
  });

  test('shows a byte that no checksum of the journal covers, by segment and piece', () => {
    const disk = journal(40, 1000, 2 * PIECE_BYTES);
    sealAll(disk);
    const name = segmentNames(disk)[1]!;
    const scanner = new SegmentScanner(disk, name);
    while (scanner.position < PIECE_BYTES) scanner.step();
    // The command time in a frame header, with the header's checksum made to fit.
    const bytes = disk.contents(name);
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    const at = scanner.position / 4;
    words[at + FrameWord.timestampUs]! ^= 1;
    words[at + FrameWord.headerCrc] = frameHeaderCrc(words, at);
    const { problems } = verifyJournal(disk, { publicKey: signer.publicKey });
    expect(problems).toMatchObject([{ file: name, offset: PIECE_BYTES }]);
    expect(problems[0]!.expected).toMatch(/SHA-256 .* of the manifest/);
  });

  test('shows a forged record although all checksums of its segment fit', () => {
    const disk = sealedJournal();
    const name = segmentNames(disk)[0]!;
    forgeRecord(disk, name);
    const files = verifyJournal(disk).problems.map((problem) => problem.file);
    expect(files).toContain(name);
  });

  test('shows a line that was changed, left out, moved, or signed by another key', () => {
    const disk = sealedJournal();
    const lines = textOf(disk).split('\n');
    const altered = (change: (lines: string[]) => string[]): string[] => {
      const copy = disk.clone();
      replaceFile(copy, MANIFEST_FILE, `${change([...lines]).join('\n')}\n`);
      return verifyJournal(copy, { publicKey: signer.publicKey }).problems.map(({ file }) => file);
    };
    expect(altered((all) => all)).toEqual([]);
    expect(altered(([first, ...rest]) => [first!.replace(/"chain":\d/, '"chain":7'), ...rest])).toContain(
      MANIFEST_FILE,
    );
    expect(altered(([, ...rest]) => rest)).toContain(MANIFEST_FILE);
    expect(altered(([first, , ...rest]) => [first!, ...rest])).toContain(MANIFEST_FILE);
    expect(altered(([first, second, ...rest]) => [second!, first!, ...rest])).toContain(MANIFEST_FILE);
    const changeLast = (all: string[]): string[] => [
      ...all.slice(0, -1),
      all.at(-1)!.replace(/"sha256":"./, '"sha256":"x'),
    ];
    expect(altered(changeLast)).toContain(MANIFEST_FILE);
    expect(altered((all) => [...all, '{'])).toContain(MANIFEST_FILE);
    const other = makeSigner();
    const problems = verifyJournal(disk, { publicKey: other.publicKey }).problems;
    expect(problems[0]).toMatchObject({ file: MANIFEST_FILE, expected: `the key ${other.publicKey}` });
  });

  test('vouches for snapshots too: one that has changed is shown, one that went is not missed', () => {
    const disk = sealedJournal();
    const name = 'snapshots/00000000000000000600.snap';
    disk.create(name, 4096, 'zero-fill');
    disk.contents(name).fill(7);
    const sha256 = createHash('sha256').update(disk.contents(name)).digest('hex');
    const file = name.slice('snapshots/'.length);
    const snapshot = { kind: 'snapshot', file, sequence: 600, bytes: 4096, sha256 } as const;
    appendToManifest(disk, snapshot, IDENTITY, signer);
    fill(disk, 20, 60);
    sealAll(disk);
    const key = { publicKey: signer.publicKey };
    expect(verifyJournal(disk, key).problems).toEqual([]);
    disk.contents(name)[100]! ^= 1;
    expect(verifyJournal(disk, key).problems.map((problem) => problem.file)).toEqual([name]);
    disk.remove(name);
    expect(verifyJournal(disk, key).problems).toEqual([]);
  });

  test('has a line of every snapshot of the node, also of those that an older release has taken, and of no other', () => {
    const disk = sealedJournal();
    const snapshots = new SimulatedDisk();
    const facts = { tables: [] } as unknown as SnapshotFacts;
    for (const sequence of [100, 200, 300, 400]) {
      const signedBy = sequence === 200 ? makeSigner() : signer;
      writeSnapshotFile(snapshots, snapshotName(sequence), facts, [], signedBy);
    }
    snapshots.contents(snapshotName(300))[170]! ^= 1;
    const sign = (sequence: number) =>
      signSnapshots(disk, snapshots, snapshotName(sequence), IDENTITY, signer, () => {});
    const inManifest = () =>
      readManifestLines(disk).flatMap((line) => (line.kind === 'snapshot' ? line.sequence : []));
    sign(400);
    expect(inManifest()).toEqual([400, 100]);
    // Taken once more, it is another file, and the newest line counts.
    snapshots.remove(snapshotName(400));
    writeSnapshotFile(snapshots, snapshotName(400), { ...facts, takenAtMs: 5 }, [], signer);
    sign(400);
    expect(inManifest()).toEqual([400, 100, 400]);
    const newest = snapshotLines(readManifestLines(disk)).get(snapshotName(400));
    expect(snapshotFault(snapshots, snapshotName(400), newest)).toBe('');
    expect(manifestFaults(readManifestLines(disk), signer.publicKey)).toEqual([]);
  });

  test('shows a segment that is gone', () => {
    const disk = sealedJournal();
    const name = segmentNames(disk)[0]!;
    disk.remove(name);
    const found = verifyJournal(disk).problems.map(({ file, found: what }) => [file, what]);
    expect(found).toContainEqual([name, 'no such file']);
  });

  test('is whole after a power cut at any step of its own, and keeps every line that was called written', () => {
    const before = journal(14);
    const names = segmentNames(before);
    for (let cut = 1; cut <= 5 * names.length; cut++) {
      const disk = before.clone();
      disk.cutAfterStep = cut;
      const sealer = new SegmentSealer(disk, IDENTITY, signer);
      let sealed = 0;
      try {
        while (sealer.sealNext() !== '') sealed++;
      } catch (error) {
        if (!(error instanceof PowerCut)) throw error;
      }
      const after = disk.afterPowerCut(seededRandom(cut));
      expect(readManifest(after).length).toBeGreaterThanOrEqual(sealed);
      sealAll(after);
      expect(verifyJournal(after, { publicKey: signer.publicKey }).problems).toEqual([]);
      expect(readManifest(after)).toHaveLength(names.length - 1);
    }
  });
});

describe('a digest', () => {
  test('is the same however the records were framed, and reads back', () => {
    const one = digestJournal(journal(30, 60));
    const other = digestJournal(journal(60, 30));
    expect(one).toEqual(other);
    expect(one.sequence).toBe(1800);
    expect(parseDigest(formatDigest(one))).toEqual(one);
    for (const text of ['', 'rf1-1-2-3', `${formatDigest(one)}0`]) expect(parseDigest(text)).toBeUndefined();
  });

  test('at a command or a time is that of the prefix, and stays when the journal grows', () => {
    const disk = journal(30, 60);
    const prefix = digestJournal(journal(5, 60));
    expect(digestJournal(disk, { toSequence: 300 })).toEqual(prefix);
    expect(digestJournal(disk, { atTimeUs: START_US + 300 })).toEqual(prefix);
    expect(digestJournal(disk, { toSequence: 301 })).not.toEqual(prefix);
    expect(digestJournal(disk, { toSequence: 333 }).sequence).toBe(333);
    expect(digestJournal(disk, { toSequence: 0 })).toMatchObject({ sequence: 0, chain: 0 });
    expect(verifyJournal(disk, { digest: prefix }).ok).toBe(true);
    expect(() => digestJournal(disk, { toSequence: 1801 })).toThrow(/sequence 1801/);
  });

  test('shows a journal that was written again with one other bit, although every checksum of it is right', () => {
    const digest = digestJournal(journal(3), { toSequence: 150 });
    const disk = new SimulatedDisk();
    const writer = openWriter(disk);
    appendBatches(writer, [60]);
    const words = new Int32Array(32);
    words.set(makeRecords(61, 1));
    words[20]! ^= 1;
    writer.appendRecords(words, 0, 1);
    appendBatches(writer, [119]);
    writer.close();
    expect(verifyJournal(disk).problems).toEqual([]);
    const report = verifyJournal(disk, { digest });
    expect(report.ok).toBe(false);
    expect(report.problems).toMatchObject([
      { file: segmentNames(disk)[0], expected: `digest ${formatDigest(digest)}` },
    ]);
  });

  test('shows a journal that is shorter', () => {
    const digest = digestJournal(journal(3));
    expect(verifyJournal(journal(2), { digest }).problems).toMatchObject([{ expected: 'sequence 180' }]);
  });
});

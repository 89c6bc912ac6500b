import { describe, expect, it } from 'vitest';
import { FrameWord, frameHeaderCrc } from '../../journal/frame.js';
import { Prng } from '../../src/base/prng.js';
import { FrameVerifier } from '../../src/replication/frame-verifier.js';
import { RefusalError } from '../../src/replication/refusal.js';
import { packTemplate, RECORD_VERSION, SLOT_WORDS } from '../../src/wire/slot.js';
import { buildFrame, MemoryJournal, makeRecords } from '../support/replication/memory-journal.js';

function journalOf(...sizes: number[]): MemoryJournal {
  const journal = new MemoryJournal(1, 3);
  for (const size of sizes)
    journal.appendRecords(makeRecords(new Prng(size), journal.lastSequence + 1, size));
  return journal;
}

function verifierAt(journal: MemoryJournal, sequence: number): FrameVerifier {
  return new FrameVerifier({ sequence, chain: journal.chains[sequence]!, epoch: sequence === 0 ? 0 : 3 });
}

/** The code that a frame is refused with, or 'passed'. */
function verdict(
  verifier: FrameVerifier,
  frame: Int32Array,
  bytes = frame.byteLength,
  primaryEpoch = 3,
): string {
  try {
    verifier.verify(frame, 0, bytes, primaryEpoch);
    return 'passed';
  } catch (error) {
    if (!(error instanceof RefusalError)) throw error;
    return error.code;
  }
}

describe('frame verification', () => {
  it('moves the position on by each frame that continues the chain', () => {
    const journal = journalOf(2, 3, 1);
    const verifier = verifierAt(journal, 0);
    for (const frame of journal.frames) expect(verdict(verifier, frame)).toBe('passed');
    expect([verifier.sequence, verifier.chain, verifier.epoch]).toEqual([6, journal.chain, 3]);
    expect([verifier.newWordIndex, verifier.newCount]).toEqual([12, 1]);
  });

  it('detects every single flipped bit of a frame, and stays where it was', () => {
    const journal = journalOf(2, 2);
    const frame = journal.frames[1]!;
    const bits = frame.byteLength * 8;
    let passed = 0;
    for (let bit = 0; bit < bits; bit++) {
      const damaged = frame.slice();
      new Uint8Array(damaged.buffer)[bit >> 3]! ^= 1 << (bit & 7);
      const verifier = verifierAt(journal, 2);
      if (verdict(verifier, damaged, frame.byteLength) === 'passed') passed++;
      if (verifier.sequence !== 2 || verifier.chain !== journal.chains[2]) passed++;
    }
    expect(bits).toBe(2432);
    expect(passed).toBe(0);
  });

  it('detects every flipped bit of a frame that it has in part, also in the part that it skips', () => {
    const journal = journalOf(3);
    const frame = journal.frames[0]!;
    for (let bit = 0; bit < frame.byteLength * 8; bit++) {
      const damaged = frame.slice();
      new Uint8Array(damaged.buffer)[bit >> 3]! ^= 1 << (bit & 7);
      expect(verdict(verifierAt(journal, 1), damaged, frame.byteLength)).not.toBe('passed');
    }
  });

  it.each([0, 1, 2, 3, 4])(
    'takes exactly the new records of a frame of five when it has %i of them',
    (have) => {
      const journal = journalOf(5);
      const verifier = verifierAt(journal, have);
      expect(verdict(verifier, journal.frames[0]!)).toBe('passed');
      expect([verifier.newWordIndex, verifier.newCount]).toEqual([12 + have * 32, 5 - have]);
      expect([verifier.sequence, verifier.chain]).toEqual([5, journal.chain]);
    },
  );

  it('takes an overlap only in the first frame of a connection', () => {
    const journal = journalOf(4, 4);
    const merged = new Int32Array(8 * 32);
    for (const [i, record] of journal.records.entries()) merged.set(record, i * 32);
    const overlapping = buildFrame(merged, 1, 3, 0);
    const verifier = verifierAt(journal, 0);
    expect(verdict(verifier, journal.frames[0]!)).toBe('passed');
    expect(verdict(verifier, overlapping)).toBe('SEQUENCE_GAP');
    verifier.restart();
    expect(verdict(verifier, overlapping)).toBe('passed');
    expect(verifier.sequence).toBe(8);
  });

  it('refuses a frame of which it has every record', () => {
    const journal = journalOf(4, 4);
    expect(verdict(verifierAt(journal, 4), journal.frames[0]!)).toBe('SEQUENCE_GAP');
  });

  it('refuses a frame whose length is not that of the message around it', () => {
    const journal = journalOf(2);
    expect(verdict(verifierAt(journal, 0), journal.frames[0]!, journal.frames[0]!.byteLength - 128)).toBe(
      'BAD_FRAME',
    );
  });

  it('refuses other records with the same sequences: the chain tells', () => {
    const journal = journalOf(2);
    const forked = buildFrame(makeRecords(new Prng(99), 3, 2), 3, 3, 0xabcdef);
    expect(verdict(verifierAt(journal, 2), forked)).toBe('CHAIN_BROKEN');
  });

  it('epochs never fall, and never pass that of the primary', () => {
    const journal = journalOf(2);
    const next = makeRecords(new Prng(5), 3, 1);
    const withEpoch = (epoch: number) => buildFrame(next, 3, epoch, journal.chain);
    expect(verdict(verifierAt(journal, 2), withEpoch(2), undefined, 9)).toBe('STALE_EPOCH');
    expect(verdict(verifierAt(journal, 2), withEpoch(3), undefined, 9)).toBe('passed');
    expect(verdict(verifierAt(journal, 2), withEpoch(9), undefined, 9)).toBe('passed');
    expect(verdict(verifierAt(journal, 2), withEpoch(10), undefined, 9)).toBe('BAD_FRAME');
  });

  it('holds beyond 2^32 records', () => {
    const first = 4294967295;
    const verifier = new FrameVerifier({ sequence: first - 1, chain: 77, epoch: 1 });
    expect(verdict(verifier, buildFrame(makeRecords(new Prng(1), first, 4), first, 1, 77))).toBe('passed');
    expect(verifier.sequence).toBe(first + 3);
  });

  it('names frames and records of a newer release, instead of calling them damaged', () => {
    const journal = journalOf(2);
    const frame = journal.frames[0]!.slice();
    frame[FrameWord.type]! += 1 << 16;
    frame[FrameWord.headerCrc] = frameHeaderCrc(frame, 0);
    expect(verdict(verifierAt(journal, 0), frame)).toBe('NEWER_RELEASE');
    const records = makeRecords(new Prng(1), 1, 2);
    records[SLOT_WORDS] = packTemplate(6, RECORD_VERSION + 1, 0);
    expect(verdict(verifierAt(journal, 0), buildFrame(records, 1, 3, 0))).toBe('NEWER_RELEASE');
  });
});

/**
 * The golden journal of format 0: another record layout, frames without a durable sequence, a header page without a schema.
 * It is read for ever, by everything that reads a journal, and replays to the hashes that were recorded with it.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { catRecords } from '../../journal/cat.js';
import { CONTROL_FILE } from '../../journal/control-file.js';
import { digestJournal } from '../../journal/digest.js';
import { FRAME_HEADER_BYTES, FRAME_HEADER_WORDS } from '../../journal/frame.js';
import { JournalReader } from '../../journal/journal-reader.js';
import { JournalTail } from '../../journal/journal-tail.js';
import { Journaler } from '../../journal/journaler.js';
import { listSegments } from '../../journal/ls.js';
import { openStorage } from '../../journal/open-storage.js';
import { recover, segmentNames } from '../../journal/recover.js';
import { SEGMENT_HEADER_BYTES, segmentName } from '../../journal/segment.js';
import { SegmentScanner } from '../../journal/segment-scanner.js';
import type { Storage } from '../../journal/storage.js';
import { verifyJournal } from '../../journal/verify.js';
import { replayJournal } from '../../replay/replay-journal.js';
import { Core } from '../../src/core/core.js';
import { BusinessLogicProcessor } from '../../src/engine/business-logic-processor.js';
import { EventBuffer } from '../../src/engine/event-buffer.js';
import { LogicAgent } from '../../src/node/logic-agent.js';
import { FrameVerifier } from '../../src/replication/frame-verifier.js';
import { RingBuffer } from '../../src/ring/ring-buffer.js';
import { RingConsumer } from '../../src/ring/ring-consumer.js';
import { RingProducer } from '../../src/ring/ring-producer.js';
import { WaitStrategy } from '../../src/ring/wait-strategy.js';
import { CheckpointRing } from '../../src/runtime/checkpoint-ring.js';
import { NodeCounters } from '../../src/runtime/counters.js';
import { offsetOf } from '../../src/wire/schema.js';
import { HeaderWord, SLOT_WORDS, versionOf } from '../../src/wire/slot.js';
import { goldenCommands } from '../support/journal-golden-commands.js';
import { IDENTITY, openWriter, readAll, SEGMENT_BYTES } from '../support/journal-records.js';
import { removeTemporaryDirectories, temporaryDirectory } from '../support/journal-storages.js';
import { downcastToV0, writeV0Journal } from '../support/journal-v0-writer.js';
import { SimulatedDisk } from '../support/simulated-disk.js';
import { GOLDEN_V0_OUTPUT_HASH, GOLDEN_V0_SEGMENT } from './journal-v0.js';
import { GOLDEN_STATE_HASH } from './journal-v1.js';

const SEGMENT = segmentName(1, 1);
const BATCHES = [2, 1, 6, 7, 4, 4];
const COMMANDS = 24;
const CLIENT_ORDER_ID = HeaderWord.body + offsetOf('newOrder', 'clientOrderId') / 4;

afterAll(removeTemporaryDirectories);

/** The golden commands, in version 1, without the client order id that version 0 could not hold. */
function commands(): Int32Array {
  const words = goldenCommands();
  for (let at = 0; at < words.length; at += SLOT_WORDS) {
    const isLong = words[at + CLIENT_ORDER_ID] === -1 && words[at + CLIENT_ORDER_ID + 1] === -1;
    if (isLong) words.fill(0, at + CLIENT_ORDER_ID + 1, at + CLIENT_ORDER_ID + 2);
  }
  return words;
}

function built(): SimulatedDisk {
  const disk = new SimulatedDisk();
  writeV0Journal(disk, downcastToV0(commands()), BATCHES);
  return disk;
}

/** The recorded journal in a directory of its own. */
function recorded(): { directory: string; storage: Storage } {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, SEGMENT), inflateRawSync(Buffer.from(GOLDEN_V0_SEGMENT, 'base64')));
  writeFileSync(join(directory, CONTROL_FILE), built().contents(CONTROL_FILE));
  return { directory, storage: openStorage(directory, 'positional') };
}

function bytesOf(words: Int32Array): Buffer {
  return Buffer.from(words.buffer, words.byteOffset, words.byteLength);
}

describe('the golden journal of format 0', () => {
  test('is what its description says, byte for byte', () => {
    const bytes = Buffer.from(built().contents(SEGMENT));
    // For a new description: the text to record.
    if ((GOLDEN_V0_SEGMENT as string) === '')
      expect.fail(deflateRawSync(bytes, { level: 9 }).toString('base64'));
    expect(bytes.equals(inflateRawSync(Buffer.from(GOLDEN_V0_SEGMENT, 'base64')))).toBe(true);
  });

  test('replays to the hashes that were recorded with it', () => {
    const { directory, storage } = recorded();
    expect(recover(storage, IDENTITY)).toMatchObject({ lastSequence: COMMANDS, epoch: 3, isOutdated: true });
    expect(verifyJournal(storage).problems).toEqual([]);
    expect(replayJournal({ directory })).toMatchObject({
      commands: COMMANDS,
      stateHash: GOLDEN_STATE_HASH,
      outputHash: GOLDEN_V0_OUTPUT_HASH,
    });
  });

  test('is read as the records that version 1 would have written, and shown as such', () => {
    const { storage } = recorded();
    expect(bytesOf(readAll(storage)).equals(bytesOf(commands()))).toBe(true);
    expect(bytesOf(readAll(storage, 7)).equals(bytesOf(commands().slice(6 * SLOT_WORDS)))).toBe(true);
    const lines = [...catRecords(storage)];
    const today = new SimulatedDisk();
    const writer = openWriter(today);
    writer.appendRecords(commands(), 0, COMMANDS);
    writer.close();
    const withoutEpoch = (line: string) => line.replace(/"frameEpoch":\d+,/, '');
    expect(lines.map(withoutEpoch)).toEqual([...catRecords(today)].map(withoutEpoch));
    expect(lines[5]).toContain('"type":"deposit"');
    expect(lines[5]).toContain('"amount":100000000');
  });

  test('keeps its own bytes: the chain, the digest and the raw records are those of version 0', () => {
    const { storage } = recorded();
    const stored = downcastToV0(commands());
    const raw = new Int32Array(COMMANDS * SLOT_WORDS);
    const reader = new JournalReader(storage, { toSequence: COMMANDS, asStored: true });
    for (let done = 0; done < COMMANDS; ) done += reader.readRecords(raw, done * SLOT_WORDS, COMMANDS - done);
    reader.close();
    expect(bytesOf(raw).equals(bytesOf(stored))).toBe(true);
    expect(digestJournal(storage).chain).toBe(recover(storage).chain);
    expect(versionOf(raw[0]!)).toBe(0);
  });

  test('is recovered into the ring of a node, whose logic comes to the same state', () => {
    const { storage } = recorded();
    const rig = new LogicRig();
    const journaler = new Journaler({
      storage,
      identity: IDENTITY,
      recovered: recover(storage, IDENTITY),
      words: rig.ring.words,
      source: new RingConsumer(rig.ring, 0, rig.wait),
      sink: new RingProducer(rig.ring, rig.wait),
      cursors: { setJournalWritten: () => {}, setDurable: () => {}, setSegmentRoom: () => {} },
      clock: { epochMicroseconds: () => 0, monotonicNanoseconds: () => 0 },
      writer: { segmentBytes: SEGMENT_BYTES },
    });
    journaler.onStart();
    while (journaler.isRecovering) journaler.doWork();
    rig.agent.doWork();
    expect(rig.hashes()).toEqual([GOLDEN_STATE_HASH, GOLDEN_V0_OUTPUT_HASH]);
    journaler.onClose();
  });

  test('goes to a standby as it is stored: the same chain there, the same state', () => {
    const { storage } = recorded();
    const tail = new JournalTail(storage);
    const verifier = new FrameVerifier({ sequence: 0, chain: 0, epoch: 0 });
    const standby = new SimulatedDisk();
    const writer = openWriter(standby);
    const rig = new LogicRig();
    const frame = new Int32Array(SEGMENT_BYTES / 4);
    for (;;) {
      const bytes = tail.read(new Uint8Array(frame.buffer), 0, COMMANDS);
      if (bytes === 0) break;
      verifier.verify(frame, 0, bytes, 3);
      writer.appendRecords(frame, FRAME_HEADER_WORDS, verifier.newCount);
      rig.publish(frame, FRAME_HEADER_WORDS, (bytes - FRAME_HEADER_BYTES) / 128);
      rig.agent.doWork();
    }
    writer.close();
    tail.close();
    expect(recover(standby).chain).toBe(recover(storage).chain);
    expect(digestJournal(standby)).toEqual(digestJournal(storage));
    expect(rig.hashes()).toEqual([GOLDEN_STATE_HASH, GOLDEN_V0_OUTPUT_HASH]);
  });

  test('goes on in a new segment, so that an older program cannot take new records for old ones', () => {
    const { storage } = recorded();
    const frames = built().contents(SEGMENT).slice();
    const writer = openWriter(storage);
    const more = commands().slice(0, SLOT_WORDS);
    more.set([COMMANDS + 1], HeaderWord.sequence);
    writer.appendRecords(more, 0, 1);
    writer.close();
    const names = segmentNames(storage);
    expect(names).toEqual([SEGMENT, segmentName(COMMANDS + 1, 3)]);
    const [old, fresh] = names.map((name) => {
      const scanner = new SegmentScanner(storage, name);
      scanner.close();
      return scanner.header;
    });
    expect([old!.isOutdated, fresh!.isOutdated]).toEqual([true, false]);
    expect(listSegments(storage).map(({ isSealed }) => isSealed)).toEqual([true, false]);
    // Nothing of what was stored was rewritten.
    const after = Buffer.alloc(frames.length);
    const file = storage.openForRead(SEGMENT);
    file.read(0, after, 0, after.length);
    file.close();
    const end = SEGMENT_HEADER_BYTES + BATCHES.length * FRAME_HEADER_BYTES + COMMANDS * 128;
    expect(after.subarray(0, end).equals(frames.subarray(0, end))).toBe(true);
    expect(verifyJournal(storage).problems).toEqual([]);
  });
});

/** The business logic of a node on a ring of its own. */
class LogicRig {
  readonly wait = new WaitStrategy('backoff');
  readonly ring = new RingBuffer(RingBuffer.allocate(64, 2));
  readonly processor = new BusinessLogicProcessor(new Core(), new EventBuffer());
  readonly agent = new LogicAgent({
    processor: this.processor,
    input: new RingConsumer(this.ring, 1, this.wait),
    checkpoints: new CheckpointRing(CheckpointRing.allocate()),
    counters: new NodeCounters(NodeCounters.allocate()),
    replayTo: 0,
    flush: () => {},
    dump: () => {},
  });
  private producer: RingProducer | undefined;

  publish(words: Int32Array, at: number, count: number): void {
    this.producer ??= new RingProducer(this.ring, this.wait);
    this.producer.claim(count);
    for (let i = 0; i < count; i++) {
      const from = at + i * SLOT_WORDS;
      this.ring.words.set(words.subarray(from, from + SLOT_WORDS), this.producer.wordIndexAt(i));
    }
    this.producer.publish(count);
  }

  hashes(): [string, string] {
    return [this.processor.stateHash(), this.processor.outputHash()];
  }
}

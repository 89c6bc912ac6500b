import { describe, expect, test } from 'vitest';
import { Journaler, type JournalerOptions } from '../../journal/journaler.js';
import { listSegments } from '../../journal/ls.js';
import { recover } from '../../journal/recover.js';
import { RingBuffer } from '../../src/ring/ring-buffer.js';
import { RingConsumer } from '../../src/ring/ring-consumer.js';
import { RingProducer } from '../../src/ring/ring-producer.js';
import { WaitStrategy } from '../../src/ring/wait-strategy.js';
import { SLOT_WORDS } from '../../src/wire/slot.js';
import { expectRecords, IDENTITY, makeRecords, SEGMENT_BYTES } from '../support/journal-records.js';
import { SimulatedDisk } from '../support/simulated-disk.js';

const CAPACITY = 64;

/** A node of one thread: input ring, journaler, and a second consumer in the place of the business logic. */
class Rig {
  readonly disk: SimulatedDisk;
  readonly ring = new RingBuffer(RingBuffer.allocate(CAPACITY, 2));
  /** Of live commands: made when recovery is over, as the gateway does. */
  producer!: RingProducer;
  readonly logic: RingConsumer;
  readonly journaler: Journaler;
  readonly seen: number[] = [];
  written = -1;
  durable = -1;
  nowNs = 0;

  constructor(disk: SimulatedDisk, options: Partial<JournalerOptions> = {}) {
    this.disk = disk;
    const waitStrategy = new WaitStrategy('backoff');
    this.logic = new RingConsumer(this.ring, 1, waitStrategy);
    this.journaler = new Journaler({
      storage: disk,
      identity: IDENTITY,
      recovered: recover(disk, IDENTITY),
      words: this.ring.words,
      source: new RingConsumer(this.ring, 0, waitStrategy),
      sink: new RingProducer(this.ring, waitStrategy),
      cursors: {
        setJournalWritten: (sequence) => {
          this.written = sequence;
        },
        setSegmentRoom: () => {},
        setDurable: (sequence) => {
          expect(sequence).toBeLessThanOrEqual(this.written);
          this.durable = sequence;
        },
      },
      clock: { epochMicroseconds: () => 1_700_000_000_000_000, monotonicNanoseconds: () => this.nowNs },
      writer: { segmentBytes: SEGMENT_BYTES },
      markIdleMs: 20,
      ...options,
    });
    this.journaler.onStart();
  }

  /** Steps until the recovered records are in the ring and the writer is open. */
  recover(): Rig {
    while (this.journaler.isRecovering) {
      this.journaler.doWork();
      this.consume();
    }
    this.producer = new RingProducer(this.ring, new WaitStrategy('backoff'));
    expect(this.producer.nextSequence).toBe(this.durable + 1);
    return this;
  }

  publish(count: number): void {
    const records = makeRecords(this.producer.nextSequence, count);
    expect(this.producer.claim(count)).toBe(count);
    for (let i = 0; i < count; i++) {
      this.ring.words.set(
        records.subarray(i * SLOT_WORDS, (i + 1) * SLOT_WORDS),
        this.producer.wordIndexAt(i),
      );
    }
    this.producer.publish(count);
  }

  consume(): void {
    for (let left = this.logic.available(); left > 0; left = this.logic.available()) {
      const at = this.logic.wordIndexAt(0);
      expectRecords(this.ring.words.slice(at, at + SLOT_WORDS), this.logic.nextSequence, 1);
      this.seen.push(this.logic.nextSequence);
      this.logic.release(1);
    }
  }
}

describe('the journaler', () => {
  test('makes everything in the ring durable with one frame for each run and one sync', () => {
    const rig = new Rig(new SimulatedDisk()).recover();
    expect([rig.written, rig.durable]).toEqual([0, 0]);
    rig.publish(40);
    rig.journaler.doWork();
    rig.consume();
    expect([rig.written, rig.durable]).toEqual([40, 40]);
    const syncs = rig.disk.syncs;
    rig.publish(30);
    expect(rig.journaler.doWork()).toBe(30);
    expect(rig.disk.syncs).toBe(syncs + 1);
    expect([rig.written, rig.durable]).toEqual([70, 70]);
    // 40, then 24 before the ring wraps and 6 after.
    expect(listSegments(rig.disk)[0]!.frames).toBe(3);
  });

  test('puts a recovered journal through a ring that is smaller than the journal, in order, and goes on behind it', () => {
    const disk = new SimulatedDisk();
    const first = new Rig(disk).recover();
    for (let round = 0; round < 20; round++) {
      first.publish(50);
      first.journaler.doWork();
      first.consume();
    }
    first.journaler.onClose();
    const second = new Rig(disk).recover();
    expect(second.seen).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
    expect([second.written, second.durable]).toEqual([1000, 1000]);
    second.publish(5);
    expect(second.journaler.doWork()).toBe(5);
    expect(second.durable).toBe(1005);
    second.journaler.onClose();
    expect(recover(disk, IDENTITY)).toMatchObject({ lastSequence: 1005, clean: true });
  });

  test('cuts a torn tail only after everything before it was read', () => {
    const disk = new SimulatedDisk();
    const first = new Rig(disk).recover();
    first.publish(10);
    first.journaler.doWork();
    const [name] = disk.list().filter((file) => file.endsWith('.wal'));
    const { lastFileEnd } = recover(disk, IDENTITY);
    disk.contents(name!).fill(0xff, lastFileEnd, lastFileEnd + 300);
    const second = new Rig(disk);
    second.journaler.doWork();
    expect(disk.list().some((file) => file.includes('.torn-'))).toBe(false);
    second.recover();
    expect(disk.list().some((file) => file.includes('.torn-'))).toBe(true);
    expect(second.durable).toBe(10);
  });

  test('says that the journal is durable to its end once it has been idle', () => {
    const rig = new Rig(new SimulatedDisk()).recover();
    rig.publish(3);
    rig.journaler.doWork();
    rig.nowNs += 19_000_000;
    expect(rig.journaler.doWork()).toBe(0);
    expect(recover(rig.disk, IDENTITY).durableSequence).toBe(0);
    rig.nowNs += 2_000_000;
    expect(rig.journaler.doWork()).toBe(1);
    expect(rig.journaler.doWork()).toBe(0);
    expect(recover(rig.disk, IDENTITY)).toMatchObject({ durableSequence: 3, clean: true });
  });

  test('writes what is left in the ring before it closes', () => {
    const rig = new Rig(new SimulatedDisk(), { maxBatchRecords: 8 }).recover();
    rig.publish(50);
    rig.journaler.onClose();
    expect(rig.durable).toBe(50);
    expect(recover(rig.disk, IDENTITY)).toMatchObject({ lastSequence: 50, clean: true });
  });

  test('throws and calls nothing durable when the sync fails', () => {
    const rig = new Rig(new SimulatedDisk()).recover();
    rig.publish(5);
    rig.journaler.doWork();
    rig.publish(5);
    rig.disk.failSyncAt = rig.disk.syncs + 1;
    expect(() => rig.journaler.doWork()).toThrow('sync of');
    expect([rig.written, rig.durable]).toEqual([10, 5]);
    expect(() => rig.journaler.onClose()).not.toThrow();
    rig.publish(5);
    expect(() => rig.journaler.doWork()).toThrow('refused after');
    expect(rig.durable).toBe(5);
  });

  test('without syncs, under the policy memory, calls written what it has written', () => {
    const rig = new Rig(new SimulatedDisk(), { sync: false }).recover();
    rig.publish(5);
    rig.journaler.doWork();
    const syncs = rig.disk.syncs;
    rig.publish(5);
    rig.journaler.doWork();
    expect(rig.durable).toBe(10);
    expect(rig.disk.syncs).toBe(syncs);
  });

  test('a damaged record in an older segment ends the start', () => {
    const disk = new SimulatedDisk();
    const first = new Rig(disk).recover();
    for (let round = 0; round < 20; round++) {
      first.publish(50);
      first.journaler.doWork();
      first.consume();
    }
    first.journaler.onClose();
    const [name] = disk.list().filter((file) => file.endsWith('.wal'));
    disk.contents(name!)[30_000]! ^= 1;
    expect(() => new Rig(disk).recover()).toThrow(name);
  });

  test('a disk that is full ends it with a clear error', () => {
    const disk = new SimulatedDisk({ capacity: 3 * SEGMENT_BYTES });
    const rig = new Rig(disk).recover();
    expect(() => {
      for (let round = 0; round < 100; round++) {
        rig.publish(50);
        rig.journaler.doWork();
        rig.consume();
      }
    }).toThrow(/no space for 65536 bytes/);
    expect(rig.durable).toBeGreaterThan(0);
    expect(recover(disk, IDENTITY).lastSequence).toBeGreaterThanOrEqual(rig.durable);
  });
});

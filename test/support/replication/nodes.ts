import { RECORD_WORDS } from '../../../journal/frame.js';
import { PromisedEpoch } from '../../../src/replication/promised-epoch.js';
import type { StandbyPosition } from '../../../src/replication/protocol.js';
import { Receiver, type ReceiverOptions } from '../../../src/replication/receiver.js';
import { type Refusal, refusalName } from '../../../src/replication/refusal.js';
import { Replicator, type ReplicatorOptions } from '../../../src/replication/replicator.js';
import { RingBuffer } from '../../../src/ring/ring-buffer.js';
import { RingConsumer } from '../../../src/ring/ring-consumer.js';
import { RingProducer } from '../../../src/ring/ring-producer.js';
import { WaitStrategy } from '../../../src/ring/wait-strategy.js';
import { type Checkpoint, CheckpointRing } from '../../../src/runtime/checkpoint-ring.js';
import { SystemClock } from '../../../src/runtime/clock.js';
import { Counter, NodeCounters } from '../../../src/runtime/counters.js';
import type { MemoryJournal } from './memory-journal.js';

export const KEY = Buffer.alloc(32, 7);
export const CLUSTER_ID = 0x1122334455667788n;

/** Keeps log lines for assertions. */
export class CapturedLog {
  readonly lines: { level: string; fields: Record<string, unknown>; message: string }[] = [];
  info(fields: object, message: string): void {
    this.lines.push({ level: 'info', fields: { ...fields }, message });
  }
  warn(fields: object, message: string): void {
    this.lines.push({ level: 'warn', fields: { ...fields }, message });
  }
  error(fields: object, message: string): void {
    this.lines.push({ level: 'error', fields: { ...fields }, message });
  }
  codes(): unknown[] {
    return this.lines.map((line) => line.fields['code']).filter((code) => code !== undefined);
  }
  text(): string {
    return JSON.stringify(this.lines);
  }
}

/** Waits until `condition` holds; fails with `what` after ten seconds, which is a hang and no measurement. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Lets sockets, timers and immediates run for a while, where a test shows that nothing happens. */
export function settle(ms = 40): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A primary without a pipeline: a journal in memory, counters, and a replicator. */
export class TestPrimary {
  readonly journal: MemoryJournal;
  readonly counters = new NodeCounters(NodeCounters.allocate());
  readonly checkpoints = new CheckpointRing(CheckpointRing.allocate());
  readonly log = new CapturedLog();
  readonly higherEpochs: number[] = [];
  readonly divergences: [Checkpoint, Checkpoint][] = [];
  readonly replicator: Replicator;

  constructor(journal: MemoryJournal, overrides: Partial<ReplicatorOptions> = {}) {
    this.journal = journal;
    this.counters.set(Counter.journalWritten, journal.lastSequence);
    this.replicator = new Replicator({
      port: 0,
      key: KEY,
      clusterId: CLUSTER_ID,
      nodeId: 1,
      epoch: journal.epoch,
      source: journal,
      checkpoints: this.checkpoints,
      counters: this.counters,
      clock: new SystemClock(),
      log: this.log,
      onHigherEpoch: (epoch) => this.higherEpochs.push(epoch),
      onDivergence: (primary, standby) => this.divergences.push([primary, standby]),
      heartbeatMs: 20,
      ...overrides,
    });
  }

  async start(): Promise<this> {
    await this.replicator.start();
    return this;
  }

  append(count: number, maxFrame = 16): void {
    this.counters.set(Counter.journalWritten, this.journal.append(count, maxFrame));
  }

  get received(): number {
    return this.counters.get(Counter.replicaReceived);
  }

  get durable(): number {
    return this.counters.get(Counter.replicaDurable);
  }

  get isAttached(): boolean {
    return this.counters.get(Counter.replicaConnected) === 1;
  }
}

/** A standby without a pipeline: a ring that is drained into a list of records, and a receiver. */
export class TestStandby {
  readonly counters = new NodeCounters(NodeCounters.allocate());
  readonly checkpoints = new CheckpointRing(CheckpointRing.allocate());
  readonly log = new CapturedLog();
  readonly refusals: string[] = [];
  readonly divergences: [Checkpoint, Checkpoint][] = [];
  readonly promise: PromisedEpoch;
  readonly receiver: Receiver;
  readonly ring: RingBuffer;
  /** Records that left the ring, from the position after the start on. */
  readonly records: Int32Array[] = [];
  /** Whether the ring is drained; a standby whose pipeline stands still when false. */
  isDraining = true;
  private readonly consumer: RingConsumer;
  private readonly drainTimer: NodeJS.Timeout;

  constructor(
    port: number,
    dataDir: string,
    position: StandbyPosition = { sequence: 0, chain: 0, epoch: 0 },
    overrides: Partial<ReceiverOptions> = {},
    ringCapacity = 256,
  ) {
    const waiting = new WaitStrategy('blocking');
    this.ring = new RingBuffer(RingBuffer.allocate(ringCapacity, 1, position.sequence + 1));
    this.consumer = new RingConsumer(this.ring, 0, waiting);
    this.promise = PromisedEpoch.open(dataDir);
    this.counters.set(Counter.durable, position.sequence);
    this.receiver = new Receiver({
      host: '127.0.0.1',
      port,
      key: KEY,
      clusterId: CLUSTER_ID,
      nodeId: 2,
      position,
      promise: this.promise,
      ring: this.ring,
      producer: new RingProducer(this.ring, waiting),
      checkpoints: this.checkpoints,
      counters: this.counters,
      log: this.log,
      onDivergence: (primary, standby) => this.divergences.push([primary, standby]),
      onRefused: (refusal: Refusal) => this.refusals.push(refusalName(refusal.code)),
      heartbeatMs: 20,
      retryMinMs: 2,
      retryMaxMs: 20,
      ...overrides,
    });
    this.drainTimer = setInterval(() => this.drain(), 1);
  }

  async start(): Promise<this> {
    await this.receiver.start();
    return this;
  }

  /** What the pipeline of a standby does with the ring: takes the records, and makes them durable. */
  drain(): void {
    if (!this.isDraining) return;
    const count = this.consumer.available();
    if (count === 0) return;
    for (let i = 0; i < count; i++) {
      const at = this.consumer.wordIndexAt(i);
      this.records.push(this.ring.words.slice(at, at + RECORD_WORDS));
    }
    this.consumer.release(count);
    this.counters.set(Counter.durable, this.consumer.nextSequence - 1);
  }

  get isFollowing(): boolean {
    return this.counters.get(Counter.primaryConnected) === 1;
  }

  async stop(): Promise<void> {
    this.isDraining = true;
    await this.receiver.close();
    clearInterval(this.drainTimer);
    this.drain();
  }

  /** Stops draining for good, as a killed process would. */
  halt(): void {
    clearInterval(this.drainTimer);
  }
}

/** The records from `first` on are equal, bit for bit. */
export function sameRecords(expected: readonly Int32Array[], got: readonly Int32Array[]): boolean {
  return (
    expected.length === got.length &&
    expected.every((record, i) => record.every((word, w) => word === got[i]![w]))
  );
}

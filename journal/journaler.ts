/**
 * The journaler: the agent that owns the journal of a running node.
 *
 * ```
 *  start:   segment files --> reader --> input ring (as its producer)        the same slots, the same consumers
 *  then:    input ring --> frames --> journalWritten --> sync --> durable     one sync for all that came meanwhile
 * ```
 * While it recovers it also passes its own place in the ring over what it has just published, so that a journal of any
 * length fits through a ring of any size. Whoever produces commands next may start when the durable cursor has reached the
 * end of the recovered journal.
 *
 * Any error is final: the runner must end the process.
 */
import { fail } from './fail.js';
import { JournalReader } from './journal-reader.js';
import { JournalWriter, type JournalWriterOptions } from './journal-writer.js';
import type { RecoveryReport } from './recover.js';
import type { JournalIdentity } from './segment.js';
import type { Storage } from './storage.js';

/** The input ring as its consumer sees it. */
export interface RecordSource {
  /** Records that may be read now. */
  available(): number;
  /** How many of `count` stand in one run before the ring wraps. */
  contiguous(count: number): number;
  /** Word index of the record `offset` places on. */
  wordIndexAt(offset: number): number;
  /** Done with `count` records. */
  release(count: number): void;
}

/** The input ring as its producer sees it; used while recovering only. */
export interface RecordSink {
  claim(count: number): number;
  contiguous(count: number): number;
  wordIndexAt(offset: number): number;
  publish(count: number): void;
  /** Returns when there is room, or after the time. */
  waitForSpace(timeoutMs: number): void;
}

/** Where the progress of the journal is published. */
export interface JournalCursors {
  /** Records up to here are in the files (not yet durable); the replicator follows it. */
  setJournalWritten(sequence: number): void;
  /** Records up to here survive a power cut; the commit gate follows it. */
  setDurable(sequence: number): void;
  /** Bytes left in the segment written to; 0 when there is none. */
  setSegmentRoom(bytes: number): void;
}

export interface JournalClock {
  /** Wall clock: names torn tails, dates segments. */
  epochMicroseconds(): number;
  /** Measures idle time. */
  monotonicNanoseconds(): number;
}

export interface JournalerOptions {
  readonly storage: Storage;
  readonly identity: JournalIdentity;
  readonly recovered: RecoveryReport;
  /** Last command whose state is loaded already, from a snapshot; default 0. The ring begins behind it. */
  readonly replayAfter?: number;
  /** Slots of the input ring. */
  readonly words: Int32Array;
  readonly source: RecordSource;
  readonly sink: RecordSink;
  readonly cursors: JournalCursors;
  readonly clock: JournalClock;
  readonly writer?: Partial<JournalWriterOptions>;
  /** Idle time after which the journal says that it is durable to its end; default 20 ms. */
  readonly markIdleMs?: number;
  /** Records in one sync at most; default 65,536. */
  readonly maxBatchRecords?: number;
  /** False only under the policy `memory`: written is called durable, no sync is made before the close. */
  readonly sync?: boolean;
}

const DEFAULT_MARK_IDLE_MS = 20;
const DEFAULT_MAX_BATCH_RECORDS = 65_536;
/** Recovered records are published in runs of this many at most, so that the business logic starts early. */
const RECOVERY_RUN_RECORDS = 4096;
const SPACE_WAIT_MS = 20;

export class Journaler {
  readonly #options: JournalerOptions;
  readonly #words: Int32Array;
  readonly #source: RecordSource;
  readonly #cursors: JournalCursors;
  readonly #maxBatchRecords: number;
  readonly #markIdleNs: number;
  readonly #isSyncing: boolean;
  #reader: JournalReader | undefined;
  #writer: JournalWriter | undefined;
  #lastAppendNs = 0;

  constructor(options: JournalerOptions) {
    this.#options = options;
    this.#words = options.words;
    this.#source = options.source;
    this.#cursors = options.cursors;
    this.#maxBatchRecords = options.maxBatchRecords ?? DEFAULT_MAX_BATCH_RECORDS;
    this.#markIdleNs = (options.markIdleMs ?? DEFAULT_MARK_IDLE_MS) * 1_000_000;
    this.#isSyncing = options.sync ?? true;
  }

  roleName(): string {
    return 'journaler';
  }

  onStart(): void {
    const { storage, recovered, replayAfter = 0 } = this.#options;
    const { lastSequence: toSequence } = recovered;
    // The ring holds records as they are stored, from a primary as from disk; the business logic reads all versions.
    const wanted = { fromSequence: replayAfter + 1, toSequence, asStored: true };
    this.#reader = new JournalReader(storage, wanted);
  }

  /** @returns records moved, or 1 for other work, 0 when there was nothing to do */
  doWork(): number {
    const writer = this.#writer;
    if (writer === undefined) return this.#recover();
    const available = this.#source.available();
    if (available === 0) return this.#markWhenIdle(writer);
    const count = Math.min(available, this.#maxBatchRecords);
    for (let done = 0; done < count; ) {
      const run = this.#source.contiguous(count - done);
      writer.appendRecords(this.#words, this.#source.wordIndexAt(0), run);
      this.#source.release(run);
      done += run;
    }
    this.#cursors.setJournalWritten(writer.writtenSequence);
    this.#cursors.setDurable(this.#isSyncing ? writer.sync() : writer.writtenSequence);
    this.#cursors.setSegmentRoom(writer.segmentRoom);
    this.#lastAppendNs = this.#options.clock.monotonicNanoseconds();
    return count;
  }

  /** Writes what is left in the ring, marks the journal as durable to its end and closes it. */
  onClose(): void {
    this.#reader?.close();
    if (this.#writer === undefined) return;
    while (this.#source.available() > 0) this.doWork();
    this.#writer.close();
  }

  get isRecovering(): boolean {
    return this.#writer === undefined;
  }

  /** How often a new segment was not ready when it was needed. */
  get segmentWaits(): number {
    return this.#writer?.segmentWaits ?? 0;
  }

  /** Publishes the next recovered records; opens the writer after the last one. */
  #recover(): number {
    const { sink, recovered, clock } = this.#options;
    const reader = this.#reader!;
    const left = recovered.lastSequence - reader.nextSequence + 1;
    if (left > 0) {
      const room = sink.claim(Math.min(left, RECOVERY_RUN_RECORDS));
      if (room === 0) {
        sink.waitForSpace(SPACE_WAIT_MS);
        return sink.claim(1);
      }
      const run = sink.contiguous(room);
      const read = reader.readRecords(this.#words, sink.wordIndexAt(0), run);
      sink.publish(read);
      // A consumer may release only what it has seen: these are on disk already.
      this.#source.available();
      // A consumer may release only what it has seen.
      if (this.#source.available() < read) fail('recovered records that the own consumer cannot see');
      this.#source.release(read);
      return read;
    }
    reader.close();
    const writer = JournalWriter.open(this.#options.storage, this.#options.identity, recovered, {
      nowMs: () => Math.floor(clock.epochMicroseconds() / 1000),
      ...this.#options.writer,
    });
    this.#writer = writer;
    this.#lastAppendNs = clock.monotonicNanoseconds();
    this.#cursors.setJournalWritten(writer.writtenSequence);
    this.#cursors.setDurable(writer.durableSequence);
    this.#cursors.setSegmentRoom(writer.segmentRoom);
    return 1;
  }

  #markWhenIdle(writer: JournalWriter): number {
    if (!this.#isSyncing || !writer.isMarkDue) return 0;
    if (this.#options.clock.monotonicNanoseconds() - this.#lastAppendNs < this.#markIdleNs) return 0;
    writer.mark();
    return 1;
  }
}

/**
 * The follower: replays the durable journal behind the node, in a core of its own, and writes snapshots of it, and the index
 * of accounts. Nothing waits for it. Each of its checkpoints is compared with the one that the business logic took at the same command: an
 * error of memory or a command that is not deterministic shows before a snapshot could carry it on.
 */
import { crc32cWords } from '../../journal/crc32c.js';
import { JournalCorruptionError, JournalError } from '../../journal/errors.js';
import { FRAME_HEADER_BYTES, FrameWord, MAX_FRAME_BYTES } from '../../journal/frame.js';
import type { JournalTail } from '../../journal/journal-tail.js';
import type { ManifestSigner } from '../../journal/manifest-key.js';
import { removeOldSnapshots, removeUnfinishedSnapshots } from '../../journal/snapshot-store.js';
import type { Storage } from '../../journal/storage.js';
import type { AccountIndexer } from '../../replay/account-indexer.js';
import { takeSnapshot } from '../../replay/take-snapshot.js';
import { hex64 } from '../base/hex.js';
import { readInt64 } from '../base/int64.js';
import { checkInvariants } from '../core/invariants.js';
import type { BusinessLogicProcessor } from '../engine/business-logic-processor.js';
import type { EventBuffer } from '../engine/event-buffer.js';
import type { EventRecord } from '../gateway/event-record.js';
import { booksOf } from '../publish/books-section.js';
import { FrameVerifier } from '../replication/frame-verifier.js';
import type { StandbyPosition } from '../replication/protocol.js';
import { RefusalError, refusalText } from '../replication/refusal.js';
import type { Checkpoint, CheckpointRing } from '../runtime/checkpoint-ring.js';
import { offsetOf, Template } from '../wire/schema.js';
import { HeaderWord, SLOT_WORDS, templateOf } from '../wire/slot.js';
import { isOlderRecord, upcastRecord } from '../wire/upcast.js';
import { CHECKPOINT_INTERVAL } from './logic-agent.js';

/** Commands after which the events of a step are looked at, so that they stay in the cache. */
const BATCH = 64;
/** Puts the records of a frame at whole slots: what the business logic asks for. */
const FRAME_OFFSET = SLOT_WORDS * 4 - FRAME_HEADER_BYTES;
const FRAME_WORD = FRAME_OFFSET / 4;
const NEWEST_EPOCH = 0xffffffff;
const DELTA_INSTRUMENT = HeaderWord.body + (offsetOf('bookDelta', 'instrumentId') >> 2);

export interface FollowerParts {
  readonly journal: JournalTail;
  readonly snapshots: Storage;
  /** Of the state after `position`; its events go to `events`. */
  readonly processor: BusinessLogicProcessor;
  readonly events: EventBuffer;
  readonly record: EventRecord;
  /** Time of the last bookDelta by instrument; kept up here. */
  readonly bookTimesUs: number[];
  readonly position: StandbyPosition;
  /** Last command of the newest snapshot that is there; 0 = none. */
  readonly snapshotSequence: number;
  readonly checkpoints: CheckpointRing;
  readonly clusterId: bigint;
  readonly nodeId: number;
  /** A snapshot at every multiple of so many commands; 0 = not by number. */
  readonly everyCommands: number;
  /** A snapshot when so long has passed since the last one; 0 = not by time. */
  readonly everyMs: number;
  readonly kept: number;
  readonly signer: ManifestSigner;
  /** Adds the line of a snapshot, by its file, to the manifest. */
  readonly addToManifest: (file: string) => void;
  readonly clock: { epochMicroseconds(): number; monotonicNanoseconds(): number };
  /** Called after each piece of a snapshot. */
  readonly rest: () => void;
  /** Of the same core; undefined = no index is written. */
  readonly accountIndex: AccountIndexer | undefined;
  /** Gets the error of a block of the index that could not be written: nothing else suffers from it. */
  readonly onIndexError: (error: JournalError) => void;
}

export interface StateDifference {
  /** The command after which it was seen. */
  readonly sequence: number;
  /** What differs, or does not hold. */
  readonly text: string;
}

export class Follower {
  /** Last command of the newest snapshot that is there; 0 = none. */
  snapshotSequence: number;
  /** Checkpoints that were found equal. */
  comparedCount: number;
  /** The first checkpoint that was not; nothing more is carried out or written then, unless asked for. */
  difference: StateDifference | undefined;
  private readonly parts: FollowerParts;
  private readonly verifier: FrameVerifier;
  private readonly frame: Int32Array;
  private readonly frameBytes: Uint8Array;
  private readonly hashes: Int32Array;
  /** A record of an old journal, as records are today. */
  private readonly current: Int32Array;
  /** Checkpoints of the business logic that this core has not come to yet, by sequence. */
  private readonly awaited: Map<number, Checkpoint>;
  private collectedSequence: number;
  /** How many checkpoints had been recorded when they were last collected. */
  private collectedCount: number;
  private snapshotAtNs: number;
  /** Records of the frame at hand that are not carried out yet: word of the next, and how many. */
  private next: number;
  private left: number;

  constructor(parts: FollowerParts) {
    this.parts = parts;
    this.snapshotSequence = parts.snapshotSequence;
    this.comparedCount = 0;
    this.difference = undefined;
    this.verifier = new FrameVerifier(parts.position);
    this.frame = new Int32Array((FRAME_OFFSET + MAX_FRAME_BYTES) / 4);
    this.frameBytes = new Uint8Array(this.frame.buffer);
    this.hashes = new Int32Array(4);
    this.current = new Int32Array(SLOT_WORDS);
    this.awaited = new Map();
    this.collectedSequence = parts.position.sequence;
    this.collectedCount = 0;
    this.snapshotAtNs = parts.clock.monotonicNanoseconds();
    this.next = 0;
    this.left = 0;
    parts.journal.seek(parts.position.sequence + 1);
  }

  /** Last command that was carried out. */
  get sequence(): number {
    return this.verifier.sequence - this.left;
  }

  /**
   * Carries out some commands up to `limitSequence`, which is durable, and takes a snapshot where one is due; returns how
   * many commands that were.
   * @throws coded errors of the journal, for what is read and for a snapshot that cannot be written
   */
  step(limitSequence: number): number {
    this.collect();
    if (this.difference !== undefined) return 0;
    if (this.left === 0 && !this.readFrame(limitSequence)) {
      this.compare();
      this.takeByTime();
      this.writeIndexWhenDue();
      return 0;
    }
    const { everyCommands } = this.parts;
    const toBoundary = CHECKPOINT_INTERVAL - (this.sequence % CHECKPOINT_INTERVAL);
    const toSnapshot = everyCommands === 0 ? Infinity : everyCommands - (this.sequence % everyCommands);
    const count = Math.min(this.left, BATCH, toBoundary, toSnapshot);
    this.carryOut(count);
    this.compare();
    if (count === toSnapshot && this.difference === undefined) this.take();
    return count;
  }

  /**
   * Writes a snapshot of the command that was carried out last, unless there is one; returns whether it did.
   * @throws JournalNoSpaceError, JournalSyncError, JournalIoError; nothing half written is left then
   */
  take(): boolean {
    const { sequence } = this;
    const { clock, kept, processor, rest, snapshots } = this.parts;
    this.snapshotAtNs = clock.monotonicNanoseconds();
    // Before the snapshot: whoever goes on from it indexes only what comes after it.
    this.writeIndex(true);
    if (sequence === this.snapshotSequence || sequence === 0) return false;
    // Before a broken state could be carried on: here the walk costs the live node nothing.
    if (!this.isSound()) return false;
    try {
      const { file } = takeSnapshot(processor, this.order());
      this.parts.addToManifest(file);
    } catch (error) {
      removeUnfinishedSnapshots(snapshots);
      throw error;
    }
    this.snapshotSequence = sequence;
    removeOldSnapshots(snapshots, kept, rest);
    return true;
  }

  /** The full walk of the state; false when something does not hold, which counts like a difference of the hashes. */
  private isSound(): boolean {
    try {
      checkInvariants(this.parts.processor.core);
      return true;
    } catch (error) {
      const { sequence } = this;
      this.difference = { sequence, text: `an invariant does not hold: ${(error as Error).message}` };
      return false;
    }
  }

  /** Goes on to `sequence` whatever checkpoints say; false when the journal does not come to it. */
  followTo(sequence: number): boolean {
    while (this.sequence < sequence) {
      if (this.left === 0 && !this.readFrame(sequence)) return false;
      this.carryOut(Math.min(this.left, BATCH, sequence - this.sequence));
    }
    return this.sequence === sequence;
  }

  /** Writes the state of this core under a name that no start looks at. */
  dump(name: string): void {
    takeSnapshot(this.parts.processor, { ...this.order(), name });
  }

  private order() {
    const { bookTimesUs, clock, clusterId, nodeId, processor, record, rest, signer, snapshots } = this.parts;
    return {
      storage: snapshots,
      clusterId,
      nodeId,
      sequence: this.sequence,
      chain: this.chain(),
      takenAtMs: Math.floor(clock.epochMicroseconds() / 1000),
      sections: [...record.sections(), booksOf(processor.core, bookTimesUs)],
      signer,
      onPiece: rest,
    };
  }

  /** Chain after the command that was carried out last. */
  private chain(): number {
    if (this.left === 0) return this.verifier.chain;
    const before = this.frame[FRAME_WORD + FrameWord.prevChain]! >>> 0;
    return crc32cWords(before, this.frame, SLOT_WORDS, this.next - SLOT_WORDS);
  }

  private takeByTime(): void {
    const { clock, everyMs } = this.parts;
    if (everyMs === 0 || this.difference !== undefined) return;
    if (clock.monotonicNanoseconds() - this.snapshotAtNs >= everyMs * 1e6) this.take();
  }

  private readFrame(limitSequence: number): boolean {
    const { journal } = this.parts;
    if (this.verifier.sequence >= limitSequence) return false;
    const bytes = journal.read(this.frameBytes, FRAME_OFFSET, limitSequence);
    if (bytes === 0) return false;
    try {
      this.verifier.verify(this.frame, FRAME_WORD, bytes, NEWEST_EPOCH);
    } catch (error) {
      if (!(error instanceof RefusalError)) throw error;
      const expected = `a frame that follows command ${this.verifier.sequence}`;
      throw new JournalCorruptionError('the journal', 0, expected, refusalText(error.refusal));
    }
    this.next = this.verifier.newWordIndex;
    this.left = this.verifier.newCount;
    return true;
  }

  private carryOut(count: number): void {
    const { accountIndex, events, processor } = this.parts;
    events.clear();
    for (let i = 0; i < count; i++) {
      const isOlder = isOlderRecord(this.frame[this.next]!);
      if (isOlder) upcastRecord(this.frame, this.next, this.current, 0);
      const words = isOlder ? this.current : this.frame;
      const at = isOlder ? 0 : this.next;
      processor.onCommand(words, at);
      this.next += SLOT_WORDS;
      this.left--;
      if (accountIndex === undefined) continue;
      accountIndex.note(this.sequence, readInt64(words, at + HeaderWord.timestampUs));
      if (accountIndex.isFull) this.writeIndex();
    }
    this.note();
  }

  private writeIndexWhenDue(): void {
    const { accountIndex, clock } = this.parts;
    if (accountIndex?.isDue(clock.monotonicNanoseconds() / 1e6)) this.writeIndex();
  }

  private writeIndex(isEnd?: boolean): void {
    const { accountIndex, clock, journal, onIndexError } = this.parts;
    if (accountIndex === undefined || this.difference !== undefined) return;
    const place = { chain: this.chain(), offset: journal.frameOffset };
    try {
      accountIndex.write(place, clock.monotonicNanoseconds() / 1e6, isEnd);
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      onIndexError(error);
    }
  }

  private note(): void {
    const { bookTimesUs, events, record } = this.parts;
    const { words } = events;
    const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    for (let at = 0; at < events.count * SLOT_WORDS; at += SLOT_WORDS) {
      if (templateOf(words[at]!) !== Template.bookDelta) record.note(words, bytes, at);
      else bookTimesUs[words[at + DELTA_INSTRUMENT]!] = readInt64(words, at + HeaderWord.timestampUs);
    }
  }

  /** Copies the checkpoints that are new: the ring forgets them long before a follower that is behind gets there. */
  private collect(): void {
    const { checkpoints } = this.parts;
    const recorded = checkpoints.recorded();
    if (recorded === this.collectedCount) return;
    this.collectedCount = recorded;
    for (;;) {
      const checkpoint = checkpoints.after(this.collectedSequence);
      if (checkpoint === undefined) return;
      this.collectedSequence = checkpoint.sequence;
      if (checkpoint.sequence >= this.sequence) this.awaited.set(checkpoint.sequence, checkpoint);
    }
  }

  /** An idle business logic takes a checkpoint wherever it stands; this core may pass it in the middle of a batch. */
  private forgetPassed(): void {
    for (const sequence of this.awaited.keys()) if (sequence < this.sequence) this.awaited.delete(sequence);
  }

  private compare(): void {
    if (this.sequence % CHECKPOINT_INTERVAL === 0) this.forgetPassed();
    const live = this.awaited.get(this.sequence);
    if (live === undefined) return;
    this.awaited.delete(this.sequence);
    const { processor } = this.parts;
    const hashes = this.hashes;
    processor.writeHashes(hashes, 0);
    const isEqual =
      live.stateHashLow === hashes[0]! >>> 0 &&
      live.stateHashHigh === hashes[1]! >>> 0 &&
      live.outputHashLow === hashes[2]! >>> 0 &&
      live.outputHashHigh === hashes[3]! >>> 0;
    if (isEqual) {
      this.comparedCount++;
      return;
    }
    const state = hex64(live.stateHashLow, live.stateHashHigh);
    const output = hex64(live.outputHashLow, live.outputHashHigh);
    const text =
      `the node and its follower came to different states: state ${state} and ${processor.stateHash()}, ` +
      `output ${output} and ${processor.outputHash()}`;
    this.difference = { sequence: live.sequence, text };
  }
}

import { EngineWord } from '../core/core.js';
import { logicVersionOf } from '../core/logic-version.js';
import { makeRollingCheck, type RollingCheck } from '../core/rolling-check.js';
import type { BusinessLogicProcessor } from '../engine/business-logic-processor.js';
import type { RingConsumer } from '../ring/ring-consumer.js';
import type { Agent } from '../runtime/agent.js';
import { CHECKPOINTS_KEPT, type CheckpointRing } from '../runtime/checkpoint-ring.js';
import { Counter, type NodeCounters } from '../runtime/counters.js';
import { SLOT_WORDS } from '../wire/slot.js';
import { isOlderRecord, upcastRecord } from '../wire/upcast.js';

/** Commands between two checkpoints of the hashes. Part of the replication protocol: equal on both nodes. */
export const CHECKPOINT_INTERVAL = 4096;

/** Records that are looked at for broken invariants at each checkpoint: some microseconds. */
const CHECKED_RECORDS = 64;

/** Commands after which events are made visible at the latest. */
const BATCH_MAX = 256;

/** What the agent works with. */
export interface LogicParts {
  readonly processor: BusinessLogicProcessor;
  readonly input: RingConsumer;
  readonly checkpoints: CheckpointRing;
  readonly counters: NodeCounters;
  /** Last command that is replayed at the start; 0 = none is. */
  readonly replayTo: number;
  /** Makes the events of all commands up to `sequence` visible. */
  readonly flush: (sequence: number) => void;
  /** Keeps the state after `sequence` as a file. */
  readonly dump: (sequence: number) => void;
}

/**
 * The business-logic thread: feeds commands from the input ring to the processor, in batches.
 *
 * Every CHECKPOINT_INTERVAL commands it records the state and output hashes, by sequence and so at the same places on
 * both nodes; and once whenever it runs idle, so that an operator sees the hash of the very last command. Each time it
 * looks at a few more records of the core: a broken invariant throws, and ends the node before it gets worse. Of a long
 * replay it records only the last checkpoints, as many as are kept.
 */
export class LogicAgent implements Agent {
  private readonly parts: LogicParts;
  private readonly processor: BusinessLogicProcessor;
  private readonly input: RingConsumer;
  private readonly counters: NodeCounters;
  private readonly rollingCheck: RollingCheck;
  private readonly hashes: Int32Array;
  /** A record of an older version, as one of the current version. */
  private readonly current: Int32Array;
  private readonly firstSequence: number;
  /** There are no checkpoints at commands before this one. */
  private readonly firstCheckpoint: number;
  private checkpointSequence: number;
  private idleRounds: number;

  constructor(parts: LogicParts) {
    const { input, processor } = parts;
    this.parts = parts;
    this.processor = processor;
    this.input = input;
    this.counters = parts.counters;
    this.rollingCheck = makeRollingCheck(processor.core);
    this.hashes = new Int32Array(4);
    this.current = new Int32Array(SLOT_WORDS);
    this.firstSequence = input.nextSequence;
    this.firstCheckpoint = parts.replayTo - (CHECKPOINTS_KEPT - 1) * CHECKPOINT_INTERVAL;
    this.checkpointSequence = 0;
    this.idleRounds = 0;
    // What a snapshot held is done: nobody needs to wait for a command after it.
    const last = input.nextSequence - 1;
    if (last > 0) this.publishProgress(last);
  }

  roleName(): string {
    return 'logic';
  }

  doWork(): number {
    if (this.counters.get(Counter.dumpAsked) !== 0) return this.dumpAndStop();
    const input = this.input;
    const count = Math.min(input.available(), BATCH_MAX);
    if (count === 0) {
      this.idleRounds++;
      if (this.idleRounds === 2) this.checkpoint(input.nextSequence - 1);
      return 0;
    }
    this.idleRounds = 0;
    const words = input.ring.words;
    const first = input.nextSequence;
    for (let done = 0; done < count; ) {
      const at = input.wordIndexAt(done);
      const toWrap = (words.length - at) / SLOT_WORDS;
      const toCheckpoint = CHECKPOINT_INTERVAL - ((first + done - 1) % CHECKPOINT_INTERVAL);
      const run = this.carryOut(words, at, Math.min(count - done, toWrap, toCheckpoint));
      done += run;
      if (run === toCheckpoint) this.checkpoint(first + done - 1);
    }
    // Hashed once early, so that V8 has seen rows change again after a checkpoint before it compiles the path of a command.
    if (first === this.firstSequence) this.processor.writeHashes(this.hashes, 0);
    this.parts.flush(first + count - 1);
    input.release(count);
    this.publishProgress(first + count - 1);
    return count;
  }

  onClose(): void {
    this.checkpoint(this.input.nextSequence - 1);
  }

  /** The follower has come to another state: this one is kept as it is, and nothing more is done to it. */
  private dumpAndStop(): number {
    if (this.counters.get(Counter.dumped) !== 0) return 0;
    const sequence = this.input.nextSequence - 1;
    this.parts.dump(sequence);
    this.counters.set(Counter.dumped, sequence);
    return 0;
  }

  private publishProgress(sequence: number): void {
    const engine = this.processor.core.engine;
    this.counters.set(Counter.epoch, engine[EngineWord.epoch]! >>> 0);
    this.counters.set(Counter.leaderNode, engine[EngineWord.nodeId]! >>> 0);
    this.counters.set(Counter.logicVersion, logicVersionOf(this.processor.core));
    this.counters.set(Counter.logicProcessed, sequence);
  }

  /** Carries out the first commands of `count` slots that stand one after the other; returns how many, at least 1. */
  private carryOut(words: Int32Array, at: number, count: number): number {
    if (isOlderRecord(words[at]!)) {
      // Of an old journal, which the journaler of a standby stores as it is.
      upcastRecord(words, at, this.current, 0);
      this.processor.onCommand(this.current, 0);
      return 1;
    }
    let run = 1;
    while (run < count && !isOlderRecord(words[at + run * SLOT_WORDS]!)) run++;
    this.processor.onCommands(words, at, run);
    return run;
  }

  private checkpoint(sequence: number): void {
    if (sequence === this.checkpointSequence || sequence < this.firstCheckpoint) return;
    this.checkpointSequence = sequence;
    const hashes = this.hashes;
    this.processor.writeHashes(hashes, 0);
    this.parts.checkpoints.record(
      sequence,
      hashes[0]! >>> 0,
      hashes[1]! >>> 0,
      hashes[2]! >>> 0,
      hashes[3]! >>> 0,
    );
    this.rollingCheck.step(CHECKED_RECORDS);
  }
}

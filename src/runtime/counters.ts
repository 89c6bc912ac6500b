/**
 * The node's counters in shared memory: how far each stage has come, what the node is, and figures for `status`.
 * Each counter is a shared cell with a single writer (see ring/shared-cell.ts), so that anyone may wait for it.
 *
 * A counter holds a safe integer from 0. The cell's value is its low 32 bits; the high 32 bits are kept twice:
 *
 * ```
 * word 0: low      word 1: high, written before low      word 2: high, written after low
 * ```
 *
 * A reader takes word 2, word 0, word 1 and repeats until both highs agree. The first high had not changed yet and
 * the second had changed already, so the low word between them belongs to that high. This holds while the high half
 * only rises; counters that may fall (gauges, roles) stay below 2^32, where it never changes.
 */
import { CELL_WORDS, publishCell } from '../ring/shared-cell.js';

/** Which counter; the writer is named beside it. Sequences are those of the input ring. */
export const Counter = {
  /** Last command published into the input ring: its producer of the moment. */
  inputPublished: 0,
  /** Last command in a frame written to the journal, synced or not: journaler. */
  journalWritten: 1,
  /** Last command in a synced frame of the local journal: journaler. */
  durable: 2,
  /** Last command whose events are all in the output ring: business logic. */
  logicProcessed: 3,
  /** Last slot published into the output ring: business logic. */
  outputPublished: 4,
  /** Last command that the standby holds in memory: replicator. */
  replicaReceived: 5,
  /** Last command in a synced frame of the standby's journal: replicator. */
  replicaDurable: 6,
  /** Last command that came from the journal at the start: journaler. */
  recoveredSequence: 7,
  /** Last command received from a primary before this node was promoted: receiver. */
  promotedSequence: 8,
  /** The epoch in force: business logic. */
  epoch: 9,
  /** A NodeRole: main thread. */
  role: 10,
  /** 1 when an agent has failed and the process is ending: any thread. */
  poison: 11,
  /** Agents of this stop phase or a lower one end when their work is done: main thread. */
  stopPhase: 12,
  /** Workers that have started: each worker adds one. */
  readyWorkers: 13,
  /** 1 while a standby is connected: replicator. */
  replicaConnected: 14,
  /** 1 while connected to the primary: receiver. */
  primaryConnected: 15,
  /** Last command the primary is known to have: receiver. */
  primaryPublished: 16,
  /** Sessions logged on: gateway. */
  gatewaySessions: 17,
  /** Reports sent to sessions: gateway. */
  gatewayReports: 18,
  /** Commands received from sessions: gateway. */
  gatewayCommands: 19,
  /** Frames answered with a gateway reject: gateway. */
  gatewayRejects: 20,
  /** Times that the input ring was full and BUSY was answered: gateway. */
  gatewayBusy: 21,
  /** Sessions closed because they did not read: gateway. */
  gatewaySlowReaders: 22,
  /** Frames written to the journal: journaler. */
  journalFrames: 23,
  /** Bytes written to the journal: journaler. */
  journalBytes: 24,
  /** Number of the segment written to: journaler. */
  journalSegment: 25,
  /** Port that the order-entry listener got: gateway. */
  gatewayPort: 26,
  /** Port that the admin listener got: gateway. */
  adminPort: 27,
  /** Port that the replication listener got: replicator. */
  replicationPort: 28,
  /** The node that leads the epoch in force: business logic. */
  leaderNode: 29,
  /** 1 while new orders and replaces are refused because the disk is nearly full: main thread. */
  lowDiskSpace: 30,
  /** Times that `lowDiskSpace` was raised: main thread. */
  lowDiskAlarms: 31,
  /** Bytes left in the segment written to; 0 when there is none: journaler. */
  journalSegmentRoom: 32,
  /** Version of the rules in force: business logic. */
  logicVersion: 33,
  /** Last command that the follower has carried out; 0 when there is no follower: follower. */
  followed: 34,
  /** Last command of the newest snapshot; 0 = none: main thread at the start, then the follower. */
  snapshotSequence: 35,
  /** How many snapshots were asked for: main thread. */
  snapshotsAsked: 36,
  /** How many of them are answered: follower. */
  snapshotsServed: 37,
  /** 1 when the business logic is to write out its state and stop there: follower. */
  dumpAsked: 38,
  /** The command whose state the business logic has written out: business logic. */
  dumped: 39,
} as const;

export type Counter = (typeof Counter)[keyof typeof Counter];

/** Values of the role counter. */
export const NodeRole = { starting: 0, recovering: 1, standby: 2, primary: 3, stopping: 4 } as const;

export const COUNTER_NAMES = Object.keys(Counter) as readonly (keyof typeof Counter)[];

const HIGH_BEFORE = 1;
const HIGH_AFTER = 2;
const TWO_32 = 4294967296;

/** A view of the node's counters; every thread makes its own over the one memory. */
export class NodeCounters {
  readonly memory: SharedArrayBuffer;
  /** The counters as cells; see `counterCell`. */
  readonly cells: Int32Array;

  /** Makes the memory, all counters 0. */
  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(COUNTER_NAMES.length * CELL_WORDS * 4);
  }

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.cells = new Int32Array(memory);
    if (this.cells.length !== COUNTER_NAMES.length * CELL_WORDS) {
      throw new RangeError(`not the memory of ${COUNTER_NAMES.length} counters: ${memory.byteLength} bytes`);
    }
  }

  /** The counter's value, never torn. */
  get(counter: Counter): number {
    const cell = counterCell(counter);
    for (;;) {
      const highAfter = Atomics.load(this.cells, cell + HIGH_AFTER);
      const low = Atomics.load(this.cells, cell);
      if (Atomics.load(this.cells, cell + HIGH_BEFORE) === highAfter) return highAfter * TWO_32 + (low >>> 0);
    }
  }

  /** Sets the counter to a safe integer from 0 and wakes whoever waits for it. Single writer. */
  set(counter: Counter, value: number): void {
    const cell = counterCell(counter);
    const high = Math.floor(value / TWO_32);
    if (high === this.cells[cell + HIGH_BEFORE]) {
      publishCell(this.cells, cell, value | 0);
      return;
    }
    Atomics.store(this.cells, cell + HIGH_BEFORE, high);
    publishCell(this.cells, cell, value | 0);
    Atomics.store(this.cells, cell + HIGH_AFTER, high);
  }

  /** Adds to a counter that this thread alone writes. */
  add(counter: Counter, amount: number): void {
    this.set(counter, this.get(counter) + amount);
  }

  /** Adds one to a counter that several threads write and that stays below 2^31. */
  addShared(counter: Counter): void {
    const cell = counterCell(counter);
    Atomics.add(this.cells, cell, 1);
    Atomics.notify(this.cells, cell);
  }

  /** All counters by name, for `status`. Each value is whole; together they are no instant's picture. */
  snapshot(): Record<keyof typeof Counter, number> {
    const values = {} as Record<keyof typeof Counter, number>;
    for (const name of COUNTER_NAMES) values[name] = this.get(Counter[name]);
    return values;
  }
}

/** Index of the counter's cell in `NodeCounters.cells`. */
export function counterCell(counter: Counter): number {
  return counter * CELL_WORDS;
}

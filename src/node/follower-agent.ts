import type { Logger } from 'pino';
import { JournalError } from '../../journal/errors.js';
import type { Agent } from '../runtime/agent.js';
import type { CounterWatch } from '../runtime/counter-watch.js';
import { Counter, counterCell, type NodeCounters } from '../runtime/counters.js';
import type { Follower } from './follower.js';
import type { FromFollower } from './worker-messages.js';

/** After work that took a while the follower rests so many times as long. */
const RESTS = 3;
/** Rests are gathered, so that it takes the processor seldom. */
const REST_MS_MIN = 4;
const REST_MS_MAX = 100;
/** How long the business logic is waited for when its state is to be written out. */
const DUMP_WAIT_MS = 5000;

/** Names of the two states that are kept when they differ. */
export function dumpName(sequence: number, whose: 'live' | 'follower'): string {
  return `diverged-${String(sequence).padStart(20, '0')}-${whose}.snap`;
}

/**
 * Runs the follower on a thread of its own, a quarter of the time at most while the node works, and without rest once the
 * node stops. It is not woken by each sync, but looks for what has become durable when it has rested: of many commands
 * at once each costs less, and the journaler has one thread less to wake. What keeps snapshots from being written is logged and costs the node nothing else; a difference of the states
 * ends it.
 */
export class FollowerAgent implements Agent {
  private readonly follower: Follower;
  private readonly counters: NodeCounters;
  private readonly stopPhase: CounterWatch;
  private readonly log: Logger;
  private readonly tell: (message: FromFollower) => void;
  private readonly clock: { monotonicNanoseconds(): number };
  private workedSinceNs: number;
  private isEnded: boolean;
  private served: number;
  /** Last command that the snapshot that was asked for has to hold; -1 = none is. */
  private wanted: number;

  constructor(parts: {
    readonly follower: Follower;
    readonly counters: NodeCounters;
    /** Watches Counter.stopPhase; all that it waits for when idle. */
    readonly stopPhase: CounterWatch;
    readonly log: Logger;
    readonly tell: (message: FromFollower) => void;
    readonly clock: { monotonicNanoseconds(): number };
  }) {
    this.follower = parts.follower;
    this.counters = parts.counters;
    this.stopPhase = parts.stopPhase;
    this.log = parts.log;
    this.tell = parts.tell;
    this.clock = parts.clock;
    this.workedSinceNs = parts.clock.monotonicNanoseconds();
    this.isEnded = false;
    this.served = 0;
    this.wanted = -1;
    this.publish();
  }

  roleName(): string {
    return 'follower';
  }

  doWork(): number {
    this.stopPhase.read();
    const durable = this.counters.get(Counter.durable);
    if (this.isEnded) return 0;
    try {
      const count = this.follower.step(durable);
      this.publish();
      if (this.follower.difference !== undefined) this.endDiverged();
      else this.takeWhenAsked(durable);
      // What was idle is not to be paid for by resting.
      if (count === 0) this.workedSinceNs = this.clock.monotonicNanoseconds();
      this.rest();
      return count;
    } catch (error) {
      this.report(error);
      return 0;
    }
  }

  onClose(): void {
    if (this.isEnded || this.follower.difference !== undefined) return;
    try {
      this.follower.take();
      this.publish();
    } catch (error) {
      this.report(error);
    }
  }

  /** Rests if it has worked for a while; called between commands and between the pieces of a snapshot. */
  rest(): void {
    const workedMs = (this.clock.monotonicNanoseconds() - this.workedSinceNs) / 1e6;
    const restMs = Math.min(workedMs * RESTS, REST_MS_MAX);
    if (restMs < REST_MS_MIN) return;
    const { cells } = this.counters;
    if (this.counters.get(Counter.stopPhase) === 0) {
      Atomics.wait(cells, counterCell(Counter.stopPhase), 0, restMs);
    }
    this.workedSinceNs = this.clock.monotonicNanoseconds();
  }

  private takeWhenAsked(durable: number): void {
    const asked = this.counters.get(Counter.snapshotsAsked);
    if (asked === this.served) return;
    if (this.wanted < 0) this.wanted = durable;
    if (this.follower.sequence < this.wanted) return;
    try {
      this.follower.take();
    } finally {
      this.wanted = -1;
      this.served = asked;
      this.publish();
      this.counters.set(Counter.snapshotsServed, asked);
    }
  }

  private publish(): void {
    this.counters.set(Counter.followed, this.follower.sequence);
    this.counters.set(Counter.snapshotSequence, this.follower.snapshotSequence);
  }

  /** A snapshot that could not be written is tried again later; a journal that cannot be read ends the follower. */
  private report(error: unknown): void {
    if (!(error instanceof JournalError)) throw error;
    const { code, message } = error;
    this.isEnded = code === 'JOURNAL_CORRUPT' || code === 'JOURNAL_NEWER_VERSION';
    this.log.error({ code }, this.isEnded ? `no more snapshots: ${message}` : `no snapshot: ${message}`);
  }

  /** Keeps both states, of the same command if that can be, and ends the node. */
  private endDiverged(): void {
    const { counters, follower } = this;
    const { sequence, text } = follower.difference!;
    this.isEnded = true;
    counters.set(Counter.dumpAsked, 1);
    const giveUpAtNs = this.clock.monotonicNanoseconds() + DUMP_WAIT_MS * 1e6;
    while (counters.get(Counter.dumped) === 0 && this.clock.monotonicNanoseconds() < giveUpAtNs) {
      Atomics.wait(counters.cells, counterCell(Counter.dumped), 0, 10);
    }
    const dumped = counters.get(Counter.dumped);
    while (counters.get(Counter.durable) < dumped && this.clock.monotonicNanoseconds() < giveUpAtNs) {
      Atomics.wait(counters.cells, counterCell(Counter.durable), counters.get(Counter.durable) | 0, 10);
    }
    const kept: string[] = dumped === 0 ? [] : [dumpName(dumped, 'live')];
    try {
      if (dumped !== 0) follower.followTo(Math.min(dumped, counters.get(Counter.durable)));
      follower.dump(dumpName(follower.sequence, 'follower'));
      kept.push(dumpName(follower.sequence, 'follower'));
    } catch (error) {
      this.log.error({ error: (error as Error).message }, 'the state of the follower could not be kept');
    }
    const message = `after command ${sequence} ${text}; kept in journal/snapshots: ${kept.join(', ')}`;
    this.tell({ type: 'diverged', message });
  }
}

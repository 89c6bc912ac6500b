import type { WaitSource } from '../ring/wait-source.js';
import type { WaitStrategy } from '../ring/wait-strategy.js';
import { type AcknowledgementPolicy, policyCounters } from './acknowledgement-policy.js';
import { Counter, counterCell, type NodeCounters } from './counters.js';

/**
 * Tells up to which command outputs may leave the node: the outputs of command S may when
 * `committedSequence() >= S`. A policy that cannot be met stalls the gate; it never weakens, and the gate never goes
 * back, because what has left cannot be called back. On a poisoned node it stays where it is: a node that is ending,
 * or that has met a higher epoch, acknowledges nothing more.
 *
 * As a wait source it is ready when the committed sequence has moved since it was last asked for; otherwise it
 * blocks on a copy that is furthest behind.
 */
export class CommitGate implements WaitSource {
  readonly policy: AcknowledgementPolicy;
  readonly cells: Int32Array;
  blockingValue: number;
  private readonly counters: NodeCounters;
  private readonly required: readonly Counter[];
  private readonly waitStrategy: WaitStrategy;
  private committed: number;

  constructor(counters: NodeCounters, policy: AcknowledgementPolicy, waitStrategy: WaitStrategy) {
    this.policy = policy;
    this.cells = counters.cells;
    this.blockingValue = 0;
    this.counters = counters;
    this.required = policyCounters(policy);
    this.waitStrategy = waitStrategy;
    this.committed = 0;
  }

  /** The last command that the policy's copies all hold. */
  committedSequence(): number {
    if (this.counters.get(Counter.poison) !== 0) return this.committed;
    const slowest = this.counters.get(this.slowestCopy());
    if (slowest > this.committed) this.committed = slowest;
    return this.committed;
  }

  blockingCell(): number {
    const slowest = this.slowestCopy();
    const sequence = this.counters.get(slowest);
    if (sequence > this.committed && this.counters.get(Counter.poison) === 0) return -1;
    this.blockingValue = sequence | 0;
    return counterCell(slowest);
  }

  wait(timeoutMs: number): void {
    const cell = this.blockingCell();
    if (cell >= 0) this.waitStrategy.wait(this.cells, cell, this.blockingValue, timeoutMs);
  }

  private slowestCopy(): Counter {
    let slowest = this.required[0]!;
    let least = this.counters.get(slowest);
    for (let i = 1; i < this.required.length; i++) {
      const sequence = this.counters.get(this.required[i]!);
      if (sequence < least) {
        least = sequence;
        slowest = this.required[i]!;
      }
    }
    return slowest;
  }
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WaitStrategy } from '../../src/ring/wait-strategy.js';
import {
  ACKNOWLEDGEMENT_POLICIES,
  type AcknowledgementPolicy,
} from '../../src/runtime/acknowledgement-policy.js';
import { CommitGate } from '../../src/runtime/commit-gate.js';
import { Counter, counterCell, NodeCounters } from '../../src/runtime/counters.js';

const seed = Number(process.env['RINGFENCE_SEED'] ?? 20260801);
const blocking = new WaitStrategy('blocking');

function gateOf(policy: AcknowledgementPolicy): { counters: NodeCounters; gate: CommitGate } {
  const counters = new NodeCounters(NodeCounters.allocate());
  return { counters, gate: new CommitGate(counters, policy, blocking) };
}

/** Where the copies are: published into the ring, on the local disk, in the standby's memory, on its disk. */
const COPIES = ['inputPublished', 'durable', 'replicaReceived', 'replicaDurable'] as const;

/** The policies as they are named, a row for each: which copies must exist. */
const TRUTH: readonly [AcknowledgementPolicy, boolean, boolean, boolean, boolean][] = [
  ['memory', true, false, false, false],
  ['disk', false, true, false, false],
  ['replica', false, false, true, false],
  ['disk+replica', false, true, true, false],
  ['two-disks', false, true, false, true],
];

describe('the commit gate', () => {
  it('knows the five policies', () => {
    expect(TRUTH.map(([policy]) => policy)).toEqual(ACKNOWLEDGEMENT_POLICIES);
  });

  it('lets nothing more pass on a poisoned node', () => {
    const { counters, gate } = gateOf('disk');
    counters.set(Counter.durable, 5);
    expect(gate.committedSequence()).toBe(5);
    counters.set(Counter.poison, 1);
    counters.set(Counter.durable, 9);
    expect(gate.committedSequence()).toBe(5);
    expect(gate.blockingCell()).toBe(counterCell(Counter.durable));
  });

  it('refuses a policy it does not know and says what is allowed', () => {
    for (const policy of ['none', 'toString', '']) {
      expect(() => gateOf(policy as AcknowledgementPolicy)).toThrow(
        `unknown acknowledgement policy "${policy}"; allowed: memory, disk, replica, disk+replica, two-disks`,
      );
    }
  });

  describe.each(TRUTH)('%s', (policy, ...required) => {
    it('opens for a command exactly when every copy it names exists, whatever the others do', () => {
      for (let present = 0; present < 16; present++) {
        const { counters, gate } = gateOf(policy);
        COPIES.forEach((copy, i) => {
          if (present & (1 << i)) counters.set(Counter[copy], 42);
        });
        const met = required.every((needed, i) => !needed || (present & (1 << i)) !== 0);
        expect(gate.committedSequence(), `copies ${present.toString(2)}`).toBe(met ? 42 : 0);
      }
    });

    it('commits up to the copy that is furthest behind', () => {
      const values = fc.tuple(fc.nat(), fc.nat(), fc.nat(), fc.nat());
      fc.assert(
        fc.property(values, (sequences) => {
          const { counters, gate } = gateOf(policy);
          COPIES.forEach((copy, i) => {
            counters.set(Counter[copy], sequences[i]!);
          });
          expect(gate.committedSequence()).toBe(Math.min(...sequences.filter((_, i) => required[i])));
        }),
        { seed, numRuns: 100 },
      );
    });

    it('blocks on a missing copy, and is ready when all have moved', () => {
      const { counters, gate } = gateOf(policy);
      expect(gate.committedSequence()).toBe(0);
      for (;;) {
        const cell = gate.blockingCell();
        if (cell < 0) break;
        const blocking = COPIES.find((copy) => counterCell(Counter[copy]) === cell)!;
        expect(required[COPIES.indexOf(blocking)]).toBe(true);
        expect(counters.get(Counter[blocking])).toBe(0);
        counters.set(Counter[blocking], 9);
      }
      expect(gate.committedSequence()).toBe(9);
      expect(gate.blockingCell()).toBeGreaterThanOrEqual(0);
    });
  });

  it('never goes back, even when a new standby starts from nothing', () => {
    const { counters, gate } = gateOf('disk+replica');
    counters.set(Counter.durable, 100);
    counters.set(Counter.replicaReceived, 90);
    expect(gate.committedSequence()).toBe(90);
    counters.set(Counter.replicaReceived, 0);
    expect(gate.committedSequence()).toBe(90);
    expect(gate.blockingCell()).toBe(counterCell(Counter.replicaReceived));
    counters.set(Counter.replicaReceived, 95);
    expect(gate.committedSequence()).toBe(95);
  });

  it('counts beyond 2^32', () => {
    const { counters, gate } = gateOf('disk');
    counters.set(Counter.durable, 2 ** 32 - 1);
    expect(gate.committedSequence()).toBe(2 ** 32 - 1);
    counters.set(Counter.durable, 2 ** 32 + 5);
    expect(gate.blockingCell()).toBe(-1);
    expect(gate.committedSequence()).toBe(2 ** 32 + 5);
  });
});

import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { JournalNoSpaceError, SnapshotDamagedError } from '../../journal/errors.js';
import type { Follower } from '../../src/node/follower.js';
import { dumpName, FollowerAgent } from '../../src/node/follower-agent.js';
import { WaitStrategy } from '../../src/ring/wait-strategy.js';
import { CounterWatch } from '../../src/runtime/counter-watch.js';
import { Counter, NodeCounters } from '../../src/runtime/counters.js';

/** A follower of which only the ends are real. */
function rig(fake: Partial<Record<keyof Follower, unknown>>) {
  const counters = new NodeCounters(NodeCounters.allocate());
  const told: string[] = [];
  const dumps: string[] = [];
  const follower = {
    sequence: 100,
    snapshotSequence: 0,
    difference: undefined,
    step: () => 0,
    take: () => true,
    followTo: () => true,
    dump: (name: string) => dumps.push(name),
    ...fake,
  } as unknown as Follower;
  const stopPhase = new CounterWatch(counters, Counter.stopPhase, new WaitStrategy('blocking'));
  const agent = new FollowerAgent({
    follower,
    counters,
    stopPhase,
    log: pino({ level: 'silent' }),
    tell: ({ message }) => told.push(message),
    clock: { monotonicNanoseconds: () => performance.now() * 1e6 },
  });
  return { agent, counters, told, dumps, follower, stopPhase };
}

const difference = { sequence: 96, text: 'the states differ' };

describe('the agent of the follower', () => {
  test('at a difference has both states kept, of the same command, and ends the node', () => {
    const { agent, counters, told, dumps, follower } = rig({ difference });
    // The business logic has answered already, and has come further.
    counters.set(Counter.dumped, 120);
    counters.set(Counter.durable, 120);
    const followed: number[] = [];
    Object.assign(follower, {
      followTo: (sequence: number) => {
        followed.push(sequence);
        Object.assign(follower, { sequence });
        return true;
      },
    });
    agent.doWork();
    expect(counters.get(Counter.dumpAsked)).toBe(1);
    expect(followed).toEqual([120]);
    expect(dumps).toEqual([dumpName(120, 'follower')]);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/after command 96 the states differ; kept/);
    expect(told[0]).toContain(dumpName(120, 'live'));
    agent.doWork();
    agent.onClose();
    expect(told).toHaveLength(1);
  });

  test('takes a snapshot that was asked for once it holds all that was durable then', () => {
    const taken: number[] = [];
    const { agent, counters, follower } = rig({});
    Object.assign(follower, { take: () => taken.push(follower.sequence) });
    counters.set(Counter.durable, 130);
    counters.set(Counter.snapshotsAsked, 1);
    agent.doWork();
    expect(taken).toEqual([]);
    Object.assign(follower, { sequence: 130 });
    counters.set(Counter.durable, 900);
    agent.doWork();
    agent.doWork();
    expect(taken).toEqual([130]);
    expect(counters.get(Counter.snapshotsServed)).toBe(1);
  });

  test('goes to what is durable by itself, and waits for nothing but the order to stop', () => {
    const limits: number[] = [];
    const { agent, counters, stopPhase } = rig({ step: (limit: number) => limits.push(limit) && 0 });
    counters.set(Counter.durable, 7);
    agent.doWork();
    counters.set(Counter.durable, 9);
    expect(stopPhase.blockingCell()).toBeGreaterThanOrEqual(0);
    agent.doWork();
    expect(limits).toEqual([7, 9]);
    counters.set(Counter.stopPhase, 1);
    expect(stopPhase.blockingCell()).toBe(-1);
    // Seen: it does not spin through the phases before its own.
    agent.doWork();
    expect(stopPhase.blockingCell()).toBeGreaterThanOrEqual(0);
  });

  test('takes one at a clean stop', () => {
    const taken: number[] = [];
    const { agent } = rig({ take: () => taken.push(1) });
    agent.onClose();
    expect(taken).toEqual([1]);
  });

  test('goes on after a snapshot that found no room, and ends where the journal is damaged', () => {
    const errors: Error[] = [new JournalNoSpaceError('x', 1)];
    let steps = 0;
    const { agent, follower } = rig({
      step: () => {
        steps++;
        const error = errors.pop();
        if (error !== undefined) throw error;
        return 0;
      },
    });
    agent.doWork();
    agent.doWork();
    expect(steps).toBe(2);
    const damage = Object.assign(new SnapshotDamagedError('x', 0, 'a', 'b'), { code: 'JOURNAL_CORRUPT' });
    errors.push(damage);
    agent.doWork();
    agent.doWork();
    expect(steps).toBe(3);
    Object.assign(follower, { difference: undefined });
    const broken = rig({
      step: () => {
        throw new TypeError('ours');
      },
    });
    expect(() => broken.agent.doWork()).toThrow('ours');
  });
});

import { afterEach, describe, expect, it, vi } from 'vitest';
import type { WaitSource } from '../../src/ring/wait-source.js';
import type { Agent } from '../../src/runtime/agent.js';
import { AgentRunner } from '../../src/runtime/agent-runner.js';
import { SystemClock } from '../../src/runtime/clock.js';
import { Counter, NodeCounters } from '../../src/runtime/counters.js';

/** An agent that writes down what is done to it and works off a list of answers, then calls `then`. */
function scriptedAgent(answers: number[], calls: string[], then: () => void): Agent {
  return {
    roleName: () => 'scripted',
    onStart: () => calls.push('onStart'),
    doWork: () => {
      const answer = answers.shift() ?? 0;
      calls.push(`doWork ${answer}`);
      if (answers.length === 0) then();
      return answer;
    },
    onClose: () => calls.push('onClose'),
  };
}

function source(name: string, ready: boolean, calls: string[]): WaitSource {
  return {
    cells: new Int32Array(new SharedArrayBuffer(4)),
    blockingValue: 0,
    blockingCell: () => (ready ? -1 : 0),
    wait: () => calls.push(`wait ${name}`),
  };
}

describe('an agent runner', () => {
  it('starts, works, waits when idle for the first source that is not ready, drains and closes', () => {
    const counters = new NodeCounters(NodeCounters.allocate());
    const calls: string[] = [];
    const agent = scriptedAgent([2, 0, 3], calls, () => counters.set(Counter.stopPhase, 1));
    const sources = [
      source('space', true, calls),
      source('input', false, calls),
      source('other', false, calls),
    ];
    new AgentRunner(agent, counters, sources).run(() => calls.push('started'));
    expect(calls).toEqual([
      'onStart',
      'started',
      'doWork 2',
      'doWork 0',
      'wait input',
      'doWork 3',
      'doWork 0',
      'onClose',
    ]);
  });

  it('goes on until its own stop phase has come', () => {
    const counters = new NodeCounters(NodeCounters.allocate());
    counters.set(Counter.stopPhase, 1);
    const calls: string[] = [];
    const agent = scriptedAgent([0, 0, 0], calls, () => counters.set(Counter.stopPhase, 3));
    new AgentRunner(agent, counters, [], 2).run();
    expect(calls).toEqual(['onStart', 'doWork 0', 'doWork 0', 'doWork 0', 'doWork 0', 'onClose']);
  });

  it('leaves at once, without closing, when the node is poisoned', () => {
    const counters = new NodeCounters(NodeCounters.allocate());
    const calls: string[] = [];
    const agent = scriptedAgent([1, 1], calls, () => counters.set(Counter.poison, 1));
    new AgentRunner(agent, counters, []).run();
    expect(calls).toEqual(['onStart', 'doWork 1', 'doWork 1']);
  });

  it('throws on what the agent throws, without closing it', () => {
    const calls: string[] = [];
    const agent = scriptedAgent([1], calls, () => {
      throw new Error('broken');
    });
    const runner = new AgentRunner(agent, new NodeCounters(NodeCounters.allocate()), []);
    expect(() => runner.run()).toThrow('broken');
    expect(calls).toEqual(['onStart', 'doWork 1']);
  });
});

describe('the system clock', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('is within 3 ms of the wall clock and never goes back', () => {
    const clock = new SystemClock();
    let last = 0;
    for (let i = 0; i < 10_000; i++) {
      const before = Date.now();
      const now = clock.epochMicroseconds();
      expect(Number.isSafeInteger(now)).toBe(true);
      if (now < last || now < before * 1_000 - 3_000 || now > (Date.now() + 1) * 1_000 + 3_000) {
        expect.fail(`${now} after ${last} at ${before} ms`);
      }
      last = now;
    }
  });

  it('stands still while the wall clock is set back, and follows when it is set forward', () => {
    const wall = vi.spyOn(Date, 'now').mockReturnValue(1_000_000);
    const monotonic = vi.spyOn(SystemClock.prototype, 'monotonicNanoseconds').mockReturnValue(0);
    const clock = new SystemClock();
    const start = clock.epochMicroseconds();
    expect(start).toBe(1_000_000_000);
    monotonic.mockReturnValue(1_500_000);
    expect(clock.epochMicroseconds()).toBe(start + 1_500);
    wall.mockReturnValue(400_000);
    monotonic.mockReturnValue(3_000_000);
    expect(clock.epochMicroseconds()).toBe(start + 1_500);
    wall.mockReturnValue(2_000_000);
    expect(clock.epochMicroseconds()).toBe(2_000_000_000);
    monotonic.mockReturnValue(3_400_000);
    expect(clock.epochMicroseconds()).toBe(2_000_000_400);
  });

  it('has a monotonic time in nanoseconds', () => {
    const clock = new SystemClock();
    const first = clock.monotonicNanoseconds();
    const second = clock.monotonicNanoseconds();
    expect(second).toBeGreaterThanOrEqual(first);
    expect(second - first).toBeLessThan(10_000_000_000);
  });
});

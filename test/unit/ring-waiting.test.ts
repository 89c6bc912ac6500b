import { afterEach, describe, expect, it } from 'vitest';
import { AsyncWaiter } from '../../src/ring/async-waiter.js';
import { RingBuffer } from '../../src/ring/ring-buffer.js';
import { RingConsumer } from '../../src/ring/ring-consumer.js';
import { RingProducer } from '../../src/ring/ring-producer.js';
import { CELL_WORDS, publishCell, waitCell, waitCellAsync } from '../../src/ring/shared-cell.js';
import { WAIT_STRATEGY_NAMES, WaitStrategy, type WaitStrategyName } from '../../src/ring/wait-strategy.js';

const WAITERS = 32;

function pair(capacity = 4): { ring: RingBuffer; producer: RingProducer; consumer: RingConsumer } {
  const ring = new RingBuffer(RingBuffer.allocate(capacity, 1));
  const waiting = new WaitStrategy('blocking');
  return { ring, producer: new RingProducer(ring, waiting), consumer: new RingConsumer(ring, 0, waiting) };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('the waiting protocol', () => {
  /** Runs `action` and notes before each read of a cell's word what the cell's words are. */
  function readsDuring(action: () => void): string[] {
    const reads: string[] = [];
    const load = Atomics.load;
    Atomics.load = ((words: Int32Array, index: number) => {
      reads.push(`${index === 0 ? 'value' : 'waiters'} read: value ${words[0]}, waiters ${words[WAITERS]}`);
      return load(words, index);
    }) as typeof Atomics.load;
    try {
      action();
    } finally {
      Atomics.load = load;
    }
    return reads;
  }

  it('a writer has stored the value before it looks for waiters', () => {
    const cells = new Int32Array(new SharedArrayBuffer(CELL_WORDS * 4));
    expect(readsDuring(() => publishCell(cells, 0, 5))).toEqual(['waiters read: value 5, waiters 0']);
  });

  it('a waiter is counted before it looks at the value', () => {
    const cells = new Int32Array(new SharedArrayBuffer(CELL_WORDS * 4));
    cells[0] = 5;
    expect(readsDuring(() => waitCell(cells, 0, 4, 60_000))).toEqual(['value read: value 5, waiters 1']);
    expect(cells[WAITERS]).toBe(0);
  });

  it('a waiter on an event loop is counted until its wait has ended', async () => {
    const cells = new Int32Array(new SharedArrayBuffer(CELL_WORDS * 4));
    expect(waitCellAsync(cells, 0, 4)).toBeUndefined();
    expect(cells[WAITERS]).toBe(0);
    const woken = waitCellAsync(cells, 0, 0);
    expect(cells[WAITERS]).toBe(1);
    publishCell(cells, 0, 1);
    await woken;
    expect(cells[WAITERS]).toBe(0);
  });
});

describe('wait strategy', () => {
  it('is known by its name only', () => {
    expect(WAIT_STRATEGY_NAMES).toEqual(['blocking', 'backoff', 'busy-spin']);
    expect(() => new WaitStrategy('sleep' as WaitStrategyName)).toThrow(/unknown wait strategy: sleep/);
  });

  it.each(WAIT_STRATEGY_NAMES)('%s returns at once when the value has moved already', (name) => {
    const cells = new Int32Array(new SharedArrayBuffer(CELL_WORDS * 4));
    cells[0] = 7;
    new WaitStrategy(name).wait(cells, 0, 6, 60_000);
    expect(cells[WAITERS]).toBe(0);
  });

  it.each(WAIT_STRATEGY_NAMES)(
    '%s gives up when the value does not move, and is no longer counted',
    (name) => {
      const cells = new Int32Array(new SharedArrayBuffer(CELL_WORDS * 4));
      new WaitStrategy(name).wait(cells, 0, 0, 1);
      expect(cells[WAITERS]).toBe(0);
    },
  );

  it('a consumer with slots to read and a producer with free slots do not wait', () => {
    const { producer, consumer } = pair();
    producer.waitForSpace(60_000);
    producer.publish(producer.claim(1));
    consumer.wait(60_000);
    expect(consumer.available()).toBe(1);
  });
});

describe('waiting on an event loop', () => {
  const waiters: AsyncWaiter[] = [];
  afterEach(() => {
    for (const waiter of waiters.splice(0)) waiter.close();
  });

  function countCalls(source: ConstructorParameters<typeof AsyncWaiter>[0]) {
    const calls = { count: 0, next: undefined as (() => void) | undefined };
    const waiter = new AsyncWaiter(source, () => {
      calls.count++;
      calls.next?.();
    });
    waiters.push(waiter);
    const called = (): Promise<void> =>
      new Promise((resolve) => {
        calls.next = resolve;
      });
    return { waiter, calls, called };
  }

  it('calls once for each arming, when a slot is published', async () => {
    const { producer, consumer } = pair();
    const { waiter, calls, called } = countCalls(consumer);
    waiter.arm();
    waiter.arm();
    await turn();
    expect(calls.count).toBe(0);
    const first = called();
    producer.publish(producer.claim(1));
    expect(calls.count).toBe(0);
    await first;
    producer.publish(producer.claim(1));
    await turn();
    await turn();
    expect(calls.count).toBe(1);
    consumer.release(consumer.available());
    const second = called();
    waiter.arm();
    producer.publish(producer.claim(1));
    await second;
    expect(calls.count).toBe(2);
  });

  it('calls in a later turn when there is work already, so that sockets get theirs', async () => {
    const { producer, consumer } = pair();
    producer.publish(producer.claim(1));
    const { waiter, calls, called } = countCalls(consumer);
    const done = called();
    waiter.arm();
    await Promise.resolve();
    expect(calls.count).toBe(0);
    await done;
    expect(calls.count).toBe(1);
  });

  it('a producer is called when space is released', async () => {
    const { producer, consumer } = pair(2);
    producer.publish(producer.claim(2));
    const { waiter, calls, called } = countCalls(producer);
    waiter.arm();
    await turn();
    expect(calls.count).toBe(0);
    const done = called();
    consumer.available();
    consumer.release(1);
    await done;
    expect(producer.claim(2)).toBe(1);
  });

  it('is not counted as waiting any more after a call or a close', async () => {
    const { ring, producer, consumer } = pair();
    const cursorWaiters = CELL_WORDS + WAITERS;
    const { waiter, calls, called } = countCalls(consumer);
    waiter.arm();
    expect(ring.cells[cursorWaiters]).toBe(1);
    const done = called();
    producer.publish(producer.claim(1));
    await done;
    expect(ring.cells[cursorWaiters]).toBe(0);
    consumer.release(consumer.available());
    waiter.arm();
    expect(ring.cells[cursorWaiters]).toBe(1);
    waiter.close();
    await turn();
    await turn();
    expect(ring.cells[cursorWaiters]).toBe(0);
    expect(calls.count).toBe(1);
  });
});

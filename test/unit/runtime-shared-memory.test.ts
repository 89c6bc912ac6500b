import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WaitStrategy } from '../../src/ring/wait-strategy.js';
import { CheckpointRing } from '../../src/runtime/checkpoint-ring.js';
import { CounterWatch } from '../../src/runtime/counter-watch.js';
import { COUNTER_NAMES, Counter, counterCell, NodeCounters } from '../../src/runtime/counters.js';
import { ErrorLog } from '../../src/runtime/error-log.js';

const seed = Number(process.env['RINGFENCE_SEED'] ?? 20260801);

describe('the counters', () => {
  it('are numbered densely from 0, so that each has its own cell', () => {
    expect(COUNTER_NAMES.map((name) => Counter[name])).toEqual(COUNTER_NAMES.map((_, i) => i));
  });

  it('hold any rising run of safe integers', () => {
    const memory = NodeCounters.allocate();
    const writer = new NodeCounters(memory);
    const reader = new NodeCounters(memory);
    fc.assert(
      fc.property(fc.array(fc.maxSafeNat(), { minLength: 1 }), (values) => {
        for (const value of values.sort((a, b) => a - b)) {
          writer.set(Counter.durable, value);
          expect(reader.get(Counter.durable)).toBe(value);
        }
      }),
      { seed, numRuns: 200 },
    );
  });

  it('keep each other untouched', () => {
    const counters = new NodeCounters(NodeCounters.allocate());
    COUNTER_NAMES.forEach((name, i) => {
      counters.set(Counter[name], 2 ** 40 + i);
    });
    counters.add(Counter.epoch, 5);
    counters.addShared(Counter.readyWorkers);
    const expected = Object.fromEntries(COUNTER_NAMES.map((name, i) => [name, 2 ** 40 + i]));
    expected['epoch'] = expected['epoch']! + 5;
    expected['readyWorkers'] = expected['readyWorkers']! + 1;
    expect(counters.snapshot()).toEqual(expected);
  });

  it('are read again while the high half is being written', () => {
    const counters = new NodeCounters(NodeCounters.allocate());
    counters.set(Counter.durable, 2 ** 32 - 1);
    const cell = counterCell(Counter.durable);
    // The writer has stored the first high half and the low half of 2^32 + 5, but not the second high half.
    counters.cells[cell + 1] = 1;
    counters.cells[cell] = 5;
    const load = Atomics.load;
    let loads = 0;
    Atomics.load = ((words: Int32Array, index: number) => {
      if (++loads === 4) counters.cells[cell + 2] = 1;
      return load(words, index);
    }) as typeof Atomics.load;
    try {
      expect(counters.get(Counter.durable)).toBe(2 ** 32 + 5);
    } finally {
      Atomics.load = load;
    }
    expect(loads).toBe(6);
  });

  it('refuse memory of another size', () => {
    expect(() => new NodeCounters(new SharedArrayBuffer(64))).toThrow(/not the memory of/);
  });

  it('are ready for a watcher when they differ from what it last read', () => {
    const counters = new NodeCounters(NodeCounters.allocate());
    const watch = new CounterWatch(counters, Counter.durable, new WaitStrategy('blocking'));
    expect(watch.blockingCell()).toBe(counterCell(Counter.durable));
    counters.set(Counter.durable, 3);
    expect(watch.blockingCell()).toBe(-1);
    watch.wait(60_000);
    expect(watch.read()).toBe(3);
    expect(watch.blockingCell()).toBe(counterCell(Counter.durable));
  });
});

describe('the checkpoint ring', () => {
  const hashes = (sequence: number) =>
    [1, 2, 3, 4].map((salt) => Math.imul(sequence + salt, 0x9e3779b1) >>> 0) as [
      number,
      number,
      number,
      number,
    ];
  const checkpoint = (sequence: number) => {
    const [stateHashLow, stateHashHigh, outputHashLow, outputHashHigh] = hashes(sequence);
    return { sequence, stateHashLow, stateHashHigh, outputHashLow, outputHashHigh };
  };

  it('keeps the last 64 and forgets those before', () => {
    const memory = CheckpointRing.allocate();
    const writer = new CheckpointRing(memory);
    const reader = new CheckpointRing(memory);
    expect(reader.latest()).toBeUndefined();
    expect(reader.find(0)).toBeUndefined();
    expect(reader.after(0)).toBeUndefined();
    const base = 2 ** 33;
    for (let i = 1; i <= 200; i++) {
      writer.record(base + i * 4096, ...hashes(base + i * 4096));
      expect(reader.latest()).toEqual(checkpoint(base + i * 4096));
    }
    expect(reader.find(base + 136 * 4096)).toBeUndefined();
    for (let i = 137; i <= 200; i++) {
      expect(reader.find(base + i * 4096)).toEqual(checkpoint(base + i * 4096));
    }
    expect(reader.find(base + 150 * 4096 + 1)).toBeUndefined();
    expect(reader.after(0)).toEqual(checkpoint(base + 137 * 4096));
    expect(reader.after(base + 150 * 4096)).toEqual(checkpoint(base + 151 * 4096));
    expect(reader.after(base + 200 * 4096)).toBeUndefined();
  });

  it('refuses memory of another size', () => {
    expect(() => new CheckpointRing(new SharedArrayBuffer(64))).toThrow(/not the memory of/);
  });
});

describe('the error log', () => {
  it('keeps an error with its role, stack and time', () => {
    const log = new ErrorLog(ErrorLog.allocate());
    const error = new RangeError('segment 7: no space');
    log.record('journaler', error, 1_722_000_000_000_001);
    const [record, ...others] = new ErrorLog(log.memory).read();
    expect(others).toEqual([]);
    expect(record).toEqual({
      role: 'journaler',
      text: error.stack,
      count: 1,
      firstUs: 1_722_000_000_000_001,
      lastUs: 1_722_000_000_000_001,
    });
  });

  it('counts the same error instead of keeping it twice', () => {
    const log = new ErrorLog(ErrorLog.allocate());
    for (const timeUs of [10, 20, 30]) log.record('gateway', 'reset', timeUs);
    log.record('replicator', 'reset', 40);
    expect(log.read()).toEqual([
      { role: 'gateway', text: 'reset', count: 3, firstUs: 10, lastUs: 30 },
      { role: 'replicator', text: 'reset', count: 1, firstUs: 40, lastUs: 40 },
    ]);
  });

  it('cuts long texts and counts what finds no room', () => {
    const log = new ErrorLog(ErrorLog.allocate());
    log.record('a', 'x'.repeat(100_000), 1);
    expect(log.read()[0]!.text.length).toBe(4096 - 32 - 'a\0'.length);
    for (let i = 0; i < 40; i++) log.record('b', `error ${i}`, 1);
    expect(log.read().length).toBe(32);
    expect(log.dropped()).toBe(9);
  });

  it('records whatever was thrown', () => {
    const log = new ErrorLog(ErrorLog.allocate());
    for (const thrown of [undefined, null, 7, { code: 1 }, '']) log.record('odd', thrown, 1);
    expect(log.read().map((record) => record.text)).toEqual([
      'undefined',
      'null',
      '7',
      '[object Object]',
      '',
    ]);
  });

  it('refuses memory of another size', () => {
    expect(() => new ErrorLog(new SharedArrayBuffer(64))).toThrow(/not the memory of/);
  });
});

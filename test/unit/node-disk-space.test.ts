/** What a filling disk means: the marks, and that orders are not taken and refused in turn. */
import { tmpdir } from 'node:os';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { DiskSpaceAlarm } from '../../src/node/disk-space-alarm.js';
import { DiskSpaceGuard, freeBytesOf } from '../../src/node/disk-space-guard.js';
import { Counter, NodeCounters } from '../../src/runtime/counters.js';

const SEGMENT = 1000;
const ENOSPC = 28;

class Disk {
  ready = 2;
  errno = 0;
  free = 100_000;
  room = SEGMENT;
  readonly guard: DiskSpaceGuard;

  constructor(minFreeBytes: number) {
    this.guard = new DiskSpaceGuard({
      prepared: { ready: () => this.ready, errno: () => this.errno },
      freeBytes: () => this.free,
      segmentRoom: () => this.room,
      segmentBytes: SEGMENT,
      minFreeBytes,
    });
  }

  isLow(change: Partial<Pick<Disk, 'ready' | 'errno' | 'free' | 'room'>>): boolean {
    Object.assign(this, change);
    this.guard.look();
    return this.guard.isLow;
  }
}

describe('a disk', () => {
  test('is low when a segment could not be made and fewer than two are ready', () => {
    const disk = new Disk(0);
    expect(disk.isLow({ ready: 1 })).toBe(false);
    expect(disk.isLow({ ready: 2, errno: ENOSPC })).toBe(false);
    expect(disk.isLow({ ready: 1, errno: ENOSPC })).toBe(true);
  });

  test('is low below the mark of free bytes, and not without a mark', () => {
    expect(new Disk(5000).isLow({ free: 5000 })).toBe(false);
    expect(new Disk(5000).isLow({ free: 4999 })).toBe(true);
    expect(new Disk(0).isLow({ free: 0 })).toBe(false);
  });

  test('is no longer low at a higher mark than that at which it became low', () => {
    const disk = new Disk(5000);
    expect(disk.isLow({ free: 4999 })).toBe(true);
    expect(disk.isLow({ free: 5000 })).toBe(true);
    expect(disk.isLow({ free: 6999 })).toBe(true);
    expect(disk.isLow({ free: 7000 })).toBe(false);
    expect(disk.isLow({ free: 5000 })).toBe(false);
  });

  test('is no longer low only when two segments are ready and two more would fit', () => {
    const disk = new Disk(0);
    expect(disk.isLow({ ready: 1, errno: ENOSPC, free: 500 })).toBe(true);
    expect(disk.isLow({ errno: 0, free: 9000 })).toBe(true);
    expect(disk.isLow({ ready: 2, free: 1999 })).toBe(true);
    expect(disk.isLow({ free: 2000 })).toBe(false);
  });

  test('that does not say how much is free is judged by the segments alone', () => {
    const disk = new Disk(5000);
    expect(disk.isLow({ free: -1 })).toBe(false);
    expect(disk.isLow({ ready: 0, errno: ENOSPC })).toBe(true);
    expect(disk.isLow({ ready: 2, errno: 0 })).toBe(false);
  });

  test('ends the reserve when the last segment is nearly full, not before', () => {
    const disk = new Disk(0);
    const isEnding = (change: Parameters<Disk['isLow']>[0]): boolean => {
      disk.isLow(change);
      return disk.guard.isReserveEnding;
    };
    expect(isEnding({ ready: 1, errno: ENOSPC, room: 10 })).toBe(false);
    expect(isEnding({ ready: 0, room: 250 })).toBe(false);
    expect(isEnding({ room: 249 })).toBe(true);
    expect(isEnding({ errno: 0 })).toBe(false);
    expect(isEnding({ errno: ENOSPC, room: 0 })).toBe(false);
  });
});

test('free bytes are those of the system, or -1', () => {
  expect(freeBytesOf('.')).toBeGreaterThan(0);
  expect(freeBytesOf('/no/such/place')).toBe(-1);
});

test('the alarm is told once when it begins and once when it ends, and says when the node has to stop', () => {
  const prepared = { made: 2, failure: 0, ready: () => prepared.made, errno: () => prepared.failure };
  const counters = new NodeCounters(NodeCounters.allocate());
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => lines.push(line) });
  const config = { minFreeBytes: 0, segmentBytes: SEGMENT };
  const alarm = new DiskSpaceAlarm({ directory: tmpdir(), config, prepared, counters, log });
  const look = (made: number, failure: number): [string | undefined, number, number] => {
    Object.assign(prepared, { made, failure });
    const code = alarm.look()?.code;
    return [code, counters.get(Counter.lowDiskSpace), lines.length];
  };
  counters.set(Counter.journalSegmentRoom, SEGMENT);
  expect(look(2, 0)).toEqual([undefined, 0, 0]);
  expect(look(1, ENOSPC)).toEqual([undefined, 1, 1]);
  expect(look(1, ENOSPC)).toEqual([undefined, 1, 1]);
  expect(look(2, 0)).toEqual([undefined, 0, 2]);
  expect(look(0, ENOSPC)).toEqual([undefined, 1, 3]);
  counters.set(Counter.journalSegmentRoom, 1);
  expect(look(0, ENOSPC)[0]).toBe('JOURNAL_NO_SPACE');
  expect(counters.get(Counter.lowDiskAlarms)).toBe(2);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GONE, NO_ENTRY, ReportLog } from '../../src/gateway/report-log.js';
import { SLOT_WORDS } from '../../src/wire/slot.js';

const SEED = Number(process.env.RINGFENCE_SEED ?? 20_260_801);

/** A slot whose bytes name the report. */
function slotOf(list: number, number: number): Int32Array {
  const slot = new Int32Array(SLOT_WORDS);
  slot[0] = list;
  slot[SLOT_WORDS - 1] = number;
  return slot;
}

/** The reports behind `last`, read from the log, or undefined when it says that they are gone. */
function readAfter(log: ReportLog, list: number, last: number): number[] | undefined {
  const numbers: number[] = [];
  let entry = log.firstAfter(list, last);
  if (entry === GONE) return undefined;
  for (; entry !== NO_ENTRY; entry = log.next(entry)) {
    const slot = log.words.subarray(log.wordIndex(entry), log.wordIndex(entry) + SLOT_WORDS);
    expect(slot[0]).toBe(list);
    expect(slot[SLOT_WORDS - 1]).toBe(log.numberOf(entry));
    numbers.push(log.numberOf(entry));
  }
  return numbers;
}

describe('the report log', () => {
  test('gives exactly the reports behind a number, or says that they are gone', () => {
    const retention = 16;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 80 }), (lists) => {
        const log = new ReportLog(retention);
        const all: { list: number; number: number }[] = [];
        const newest = new Map<number, number>();
        for (const list of lists) {
          const number = (newest.get(list) ?? 0) + 1;
          newest.set(list, number);
          all.push({ list, number });
          log.append(list, number, slotOf(list, number), 0);
        }
        const kept = all.slice(-retention);
        for (const list of [1, 2, 3, 4]) {
          const count = newest.get(list) ?? 0;
          expect(log.newestNumber(list)).toBe(count);
          for (let last = 0; last <= count + 1; last++) {
            const wanted = Array.from({ length: Math.max(0, count - last) }, (_, i) => last + 1 + i);
            const isKept = wanted.every((number) =>
              kept.some((report) => report.list === list && report.number === number),
            );
            expect(readAfter(log, list, last)).toEqual(isKept && last <= count ? wanted : undefined);
          }
        }
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  test('follows a list on from where a reader stopped', () => {
    const log = new ReportLog(8);
    log.append(1, 1, slotOf(1, 1), 0);
    const entry = log.firstAfter(1, 0);
    expect(log.next(entry)).toBe(NO_ENTRY);
    log.append(2, 1, slotOf(2, 1), 0);
    log.append(1, 2, slotOf(1, 2), 0);
    expect(log.numberOf(log.next(entry))).toBe(2);
  });

  test('tells when the entry of a reader has been overwritten', () => {
    const log = new ReportLog(4);
    log.append(1, 1, slotOf(1, 1), 0);
    const entry = log.firstAfter(1, 0);
    for (let number = 1; number <= 3; number++) log.append(2, number, slotOf(2, number), 0);
    expect(log.isKept(entry)).toBe(true);
    log.append(2, 4, slotOf(2, 4), 0);
    expect(log.isKept(entry)).toBe(false);
  });

  test('copes with lists whose numbers have gaps, as the answers to an admin key do', () => {
    const log = new ReportLog(8);
    for (const number of [3, 7, 9]) log.append(-1, number, slotOf(-1, number), 0);
    expect(readAfter(log, -1, 0)).toEqual([3, 7, 9]);
    expect(readAfter(log, -1, 5)).toEqual([7, 9]);
    expect(readAfter(log, -1, 9)).toEqual([]);
  });

  test.each([0, 1, 3, 1000, 1.5])('refuses to keep %d reports', (retention) => {
    expect(() => new ReportLog(retention)).toThrow(RangeError);
  });
});

/** Runs of changes: what comes back after each command, and that a brief run makes the same of an account. */
import { describe, expect, test } from 'vitest';
import { NumberWriter } from '../../journal/packed-numbers.js';
import { type AccountRows, emptyRows, mergeRows, ROW_COLUMNS, RowKind } from '../../replay/account-rows.js';
import { RunWriter, readRun } from '../../replay/account-runs.js';
import { Prng } from '../../src/base/prng.js';

const BASE = 2 ** 40;
const MAX = Number.MAX_SAFE_INTEGER;
const VALUES = [0, 1, -1, 63, 64, -64, 8191, 2 ** 31, -(2 ** 31), 1_700_000_000_000_000, MAX, -MAX];

interface Change {
  readonly sequence: number;
  readonly kind: number;
  readonly key: number;
  readonly columns: Float64Array;
}

/** Random changes of rows of all kinds; orders come, change and end. Many orders stay open. */
function changesOf(prng: Prng, count: number, firstOrderId: number): Change[] {
  const open: number[] = [];
  let lastOrderId = firstOrderId;
  return Array.from({ length: count }, (_, n) => {
    const sequence = BASE + 1 + Math.floor(n / 3);
    let kind = prng.below(6);
    let key = kind === RowKind.account ? 0 : 1 + prng.below(5);
    if (kind === RowKind.ended && open.length === 0) kind = RowKind.order;
    if (kind === RowKind.ended) key = open.splice(prng.below(open.length), 1)[0]!;
    if (kind === RowKind.order) {
      const isNew = open.length === 0 || prng.below(4) > 0;
      key = isNew ? ++lastOrderId : open[prng.below(open.length)]!;
      if (isNew) open.push(key);
    }
    const columns = new Float64Array(ROW_COLUMNS[kind]!);
    // The numbers of orders do not come so close to the limit that two of them are too far apart.
    const values = kind === RowKind.order ? VALUES.length - 2 : VALUES.length;
    for (let i = 0; i < columns.length; i++) columns[i] = VALUES[prng.below(values)]!;
    return { sequence, kind, key, columns };
  });
}

/** What the changes come to, with nothing that was written or read. */
function applied(changes: readonly Change[], toSequence: number): AccountRows {
  const rows = emptyRows();
  for (const { sequence, kind, key, columns } of changes) {
    if (sequence > toSequence) break;
    if (kind === RowKind.ended) rows[RowKind.order]!.delete(key);
    else rows[kind]!.set(key, [...columns]);
  }
  return rows;
}

function written(changes: readonly Change[]): { run: Uint8Array; writer: RunWriter } {
  const numbers = new NumberWriter();
  const writer = new RunWriter(numbers);
  writer.begin(BASE);
  for (const { sequence, kind, key, columns } of changes) writer.put(sequence, kind, key, columns, 0);
  return { run: numbers.written(), writer };
}

function merged(run: AccountRows): AccountRows {
  const rows = emptyRows();
  mergeRows(rows, run);
  return rows;
}

describe('a run', () => {
  test('tells what the rows are like after each command', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const changes = changesOf(new Prng(seed), 3000, 500);
      const { run } = written(changes);
      for (const count of [1, 2, 3, 10, 100, 500, 999, 1000, 5000]) {
        expect(merged(readRun(run, BASE, BASE + count))).toEqual(applied(changes, BASE + count));
      }
    }
  });

  test('takes nothing for what has not changed', () => {
    const change = { sequence: BASE + 1, kind: RowKind.holding, key: 3, columns: Float64Array.of(5, 6) };
    const again = { ...change, sequence: BASE + 2 };
    expect(written([change, again]).run.length).toBe(written([change]).run.length);
    // A row that is all zeros is there.
    const zeros = { ...change, kind: RowKind.limits, columns: new Float64Array(3) };
    expect(readRun(written([zeros]).run, BASE, BASE + 1)[RowKind.limits]!.get(3)).toEqual([0, 0, 0]);
  });

  test('has a brief one that makes the same of the account before it', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const changes = changesOf(new Prng(seed), 900, 500);
      const middle = BASE + 100;
      const before = changes.filter(({ sequence }) => sequence <= middle);
      const after = changes.filter(({ sequence }) => sequence > middle);
      const lastOrderIdBefore = Math.max(
        ...before.filter(({ kind }) => kind === RowKind.order).map(({ key }) => key),
      );
      const numbers = new NumberWriter();
      const { run, writer } = written(after);
      writer.putBrief(new RunWriter(numbers), middle, BASE + 300, lastOrderIdBefore);
      expect(numbers.length).toBeLessThan(run.length);
      const rows = merged(applied(before, middle));
      mergeRows(rows, readRun(numbers.written(), middle, BASE + 300));
      expect(rows).toEqual(applied(changes, BASE + 300));
    }
  });
});

/**
 * A run: the changes of one account in one block of the index, in bytes. One change after the other:
 *
 * ```
 *  tag        kind of the row, + 8 when a new command begins
 *  command    only then: by how much its sequence is above that of the change before (of the first: above the base)
 *  key        signed: above the key of the change of that kind before
 *  mask       a bit for each column that differs from the row as it was in the run before; not of an order that ended
 *  columns    signed: the differences, of the bits that are set, lowest first
 * ```
 * All numbers are packed (journal/packed-numbers.ts). A row that was not in the run before differs from zeros, an order from
 * the order written last, which mostly has much in common with it. So a run says what the rows that changed are like in the
 * end, whatever was before it.
 */
import { NumberReader, type NumberWriter } from '../journal/packed-numbers.js';
import { type AccountRows, MAX_COLUMNS, ROW_COLUMNS, RowKind } from './account-rows.js';

const KIND_MASK = 7;
const NEW_COMMAND = 8;

/** What both sides know of the run so far. */
class RunState {
  sequence: number;
  readonly rows: Map<number, number[]>[];
  readonly keys: number[];
  lastOrder: readonly number[];

  /** `baseSequence`: the command before the block. */
  constructor(baseSequence: number) {
    this.sequence = baseSequence;
    this.rows = ROW_COLUMNS.map(() => new Map());
    this.keys = ROW_COLUMNS.map(() => 0);
    this.lastOrder = new Array<number>(MAX_COLUMNS).fill(0);
  }

  /** The row that a change of a new row differs from, as the row itself. */
  addRow(kind: number, key: number): number[] {
    const row = kind === RowKind.order ? [...this.lastOrder] : new Array<number>(ROW_COLUMNS[kind]!).fill(0);
    this.rows[kind]!.set(key, row);
    return row;
  }

  end(orderId: number): void {
    this.rows[RowKind.order]!.delete(orderId);
    this.rows[RowKind.ended]!.set(orderId, []);
  }
}

export class RunWriter {
  readonly #writer: NumberWriter;
  readonly #state: RunState;
  readonly #zeros = new Float64Array(MAX_COLUMNS);
  /** The command of the change before; -1 = none. */
  #lastSequence = -1;

  /** Writes to the end of `writer`. */
  constructor(writer: NumberWriter, baseSequence: number) {
    this.#writer = writer;
    this.#state = new RunState(baseSequence);
  }

  /** What the rows are like after the changes so far; orders that ended too. */
  get rows(): AccountRows {
    return this.#state.rows;
  }

  /** One change, by command `sequence`; the columns are at `columns[at]` and after it. Nothing when there is no change. */
  put(sequence: number, kind: number, key: number, columns: ArrayLike<number>, at: number): void {
    const state = this.#state;
    if (kind === RowKind.ended) {
      state.end(key);
      this.#begin(sequence, kind, key);
      return;
    }
    const known = state.rows[kind]!.get(key);
    const row = known ?? state.addRow(kind, key);
    let mask = 0;
    let isSafe = true;
    for (let i = 0; i < row.length; i++) {
      const difference = columns[at + i]! - row[i]!;
      if (difference === 0) continue;
      mask |= 1 << i;
      isSafe &&= Number.isSafeInteger(difference);
    }
    if (known !== undefined && mask === 0) return;
    if (!isSafe) {
      // By way of zeros each of the two differences is a number that is in the row.
      this.put(sequence, kind, key, this.#zeros, 0);
      this.put(sequence, kind, key, columns, at);
      return;
    }
    this.#begin(sequence, kind, key);
    const writer = this.#writer;
    writer.put(mask);
    for (let i = 0; i < row.length; i++) {
      if ((mask & (1 << i)) === 0) continue;
      writer.putSigned(columns[at + i]! - row[i]!);
      row[i] = columns[at + i]!;
    }
    if (kind === RowKind.order) state.lastOrder = row;
  }

  #begin(sequence: number, kind: number, key: number): void {
    const { keys } = this.#state;
    const isNew = sequence !== this.#lastSequence;
    this.#writer.put(isNew ? kind + NEW_COMMAND : kind);
    if (isNew) {
      this.#writer.put(sequence - this.#state.sequence);
      this.#state.sequence = sequence;
      this.#lastSequence = sequence;
    }
    this.#writer.putSigned(key - keys[kind]!);
    keys[kind] = key;
  }
}

/** Writes a run of one command, the last of the block, that makes the same of the account as the whole run of `rows`. */
export function putBrief(
  writer: NumberWriter,
  baseSequence: number,
  sequence: number,
  rows: AccountRows,
  /** Orders above it were not open before the block. */
  lastOrderIdBefore: number,
): void {
  const brief = new RunWriter(writer, baseSequence);
  for (const [kind, changed] of rows.entries()) {
    for (const [key, columns] of changed) {
      if (kind === RowKind.ended && key > lastOrderIdBefore) continue;
      brief.put(sequence, kind, key, columns, 0);
    }
  }
}

/** The rows that a run changes up to command `toSequence`, as they are after it. */
export function readRun(bytes: Uint8Array, baseSequence: number, toSequence: number): AccountRows {
  const reader = new NumberReader(bytes);
  const state = new RunState(baseSequence);
  while (!reader.isAtEnd) {
    const tag = reader.next();
    const kind = tag & KIND_MASK;
    if (tag >= NEW_COMMAND) {
      state.sequence += reader.next();
      if (state.sequence > toSequence) break;
    }
    const key = state.keys[kind]! + reader.nextSigned();
    state.keys[kind] = key;
    if (kind === RowKind.ended) {
      state.end(key);
      continue;
    }
    const row = state.rows[kind]!.get(key) ?? state.addRow(kind, key);
    const mask = reader.next();
    for (let i = 0; i < row.length; i++) {
      if ((mask & (1 << i)) !== 0) row[i] = row[i]! + reader.nextSigned();
    }
    if (kind === RowKind.order) state.lastOrder = row;
  }
  return state.rows;
}

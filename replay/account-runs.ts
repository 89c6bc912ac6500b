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
 *
 * A long run is cut into sections, so that a question about its end need not go through all of it:
 *
 * ```
 *  sections   how many; for each but the first: command before it above the base, bytes of its brief run; for each: bytes
 *  bytes      the first section, then brief run and section of each other one
 * ```
 * The brief run of a section makes the same of the account as all sections before it. Rows are known from there on, but
 * command, keys and the order written last begin anew.
 */
import { NumberReader, type NumberWriter } from '../journal/packed-numbers.js';
import { type AccountRows, MAX_COLUMNS, ROW_COLUMNS, RowKind } from './account-rows.js';

const KIND_MASK = 7;
const NEW_COMMAND = 8;

const FIRST_POOL_DOUBLES = 1 << 12;

/** What both sides know of the run so far. */
class RunState {
  sequence = 0;
  /** Places of the rows in the pool by kind and key; of orders that ended: 0. */
  readonly places: readonly Map<number, number>[] = ROW_COLUMNS.map(() => new Map());
  readonly keys: number[] = ROW_COLUMNS.map(() => 0);
  /** Columns of the rows; at 0 those of no order. */
  pool = new Float64Array(FIRST_POOL_DOUBLES);
  /** Place of the order that was written last. */
  lastOrder = 0;
  #end = MAX_COLUMNS;

  /** `baseSequence`: the command before the block. */
  begin(baseSequence: number): void {
    for (const places of this.places) if (places.size > 0) places.clear();
    this.#end = MAX_COLUMNS;
    this.beginSection(baseSequence);
  }

  /** `sequence`: the command before the section. */
  beginSection(sequence: number): void {
    this.sequence = sequence;
    this.keys.fill(0);
    this.lastOrder = 0;
  }

  /** Adds a row, with what its first change differs from; returns its place. */
  addRow(kind: number, key: number): number {
    const place = this.#end;
    const columns = ROW_COLUMNS[kind]!;
    this.#end += columns;
    if (this.#end > this.pool.length) this.#grow();
    if (kind === RowKind.order) this.pool.copyWithin(place, this.lastOrder, this.lastOrder + columns);
    else this.pool.fill(0, place, this.#end);
    this.places[kind]!.set(key, place);
    return place;
  }

  end(orderId: number): void {
    this.places[RowKind.order]!.delete(orderId);
    this.places[RowKind.ended]!.set(orderId, 0);
  }

  #grow(): void {
    const larger = new Float64Array(this.pool.length * 2);
    larger.set(this.pool);
    this.pool = larger;
  }
}

/** Writes runs, one after the other. */
export class RunWriter {
  readonly #writer: NumberWriter;
  readonly #state = new RunState();
  readonly #zeros = new Float64Array(MAX_COLUMNS);
  /** The command of the change before; -1 = none. */
  #lastSequence = -1;

  /** Writes to the end of `writer`. */
  constructor(writer: NumberWriter) {
    this.#writer = writer;
  }

  /** Begins a run of a block that comes after command `baseSequence`. */
  begin(baseSequence: number): void {
    this.#state.begin(baseSequence);
    this.#lastSequence = -1;
  }

  /** Begins a section after command `sequence`. */
  beginSection(sequence: number): void {
    this.#state.beginSection(sequence);
    this.#lastSequence = -1;
  }

  /** One change, by command `sequence`; the columns are at `columns[at]` and after it. Nothing when there is no change. */
  put(sequence: number, kind: number, key: number, columns: Float64Array, at: number): void {
    const state = this.#state;
    if (kind === RowKind.ended) {
      state.end(key);
      this.#begin(sequence, kind, key);
      return;
    }
    const known = state.places[kind]!.get(key);
    const row = known ?? state.addRow(kind, key);
    const { pool } = state;
    const count = ROW_COLUMNS[kind]!;
    let mask = 0;
    let largest = 0;
    for (let i = 0; i < count; i++) {
      const difference = columns[at + i]! - pool[row + i]!;
      if (difference === 0) continue;
      mask |= 1 << i;
      largest = Math.max(largest, Math.abs(difference));
    }
    if (known !== undefined && mask === 0) return;
    if (largest > Number.MAX_SAFE_INTEGER) {
      // By way of zeros each of the two differences is a number that is in the row.
      this.put(sequence, kind, key, this.#zeros, 0);
      this.put(sequence, kind, key, columns, at);
      return;
    }
    this.#begin(sequence, kind, key);
    this.#writer.put(mask);
    for (let i = 0; i < count; i++) {
      if ((mask & (1 << i)) === 0) continue;
      this.#writer.putSigned(columns[at + i]! - pool[row + i]!);
      pool[row + i] = columns[at + i]!;
    }
    if (kind === RowKind.order) state.lastOrder = row;
  }

  /**
   * Writes to `brief` a run of one command, the last of the block, that makes the same of an account before the block as
   * the run so far. Orders above `lastOrderIdBefore` were not open before the block.
   */
  putBrief(brief: RunWriter, baseSequence: number, sequence: number, lastOrderIdBefore: number): void {
    const { places, pool } = this.#state;
    brief.begin(baseSequence);
    for (const [kind, rows] of places.entries()) {
      for (const [key, place] of rows) {
        if (kind === RowKind.ended && key > lastOrderIdBefore) continue;
        brief.put(sequence, kind, key, pool, place);
      }
    }
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

/** The rows that a run changes up to command `toSequence`, as they are after it. */
export function readRun(bytes: Uint8Array, baseSequence: number, toSequence: number): AccountRows {
  const state = new RunState();
  state.begin(baseSequence);
  applyRun(state, bytes, toSequence);
  return rowsOf(state);
}

/** A section of a long run: command before it, and its brief run and itself as they were written one after the other. */
export interface RunSection {
  readonly sequence: number;
  /** Where they begin: the brief run among those of the other sections, the section in the run. */
  readonly briefAt: number;
  readonly at: number;
}

/** Writes a long run to `writer`. The first section begins at 0, and has no brief run. */
export function putLongRun(
  writer: NumberWriter,
  baseSequence: number,
  sections: readonly RunSection[],
  briefs: Uint8Array,
  run: Uint8Array,
): void {
  const endOf = (place: number) => sections[place + 1] ?? { briefAt: briefs.length, at: run.length };
  writer.put(sections.length);
  for (const [place, { at, briefAt, sequence }] of sections.entries()) {
    if (place > 0) {
      writer.put(sequence - baseSequence);
      writer.put(endOf(place).briefAt - briefAt);
    }
    writer.put(endOf(place).at - at);
  }
  for (const [place, { at, briefAt }] of sections.entries()) {
    writer.putBytes(briefs.subarray(briefAt, endOf(place).briefAt));
    writer.putBytes(run.subarray(at, endOf(place).at));
  }
}

/**
 * As readRun, of a long run.
 * @param isFromBase the rows are put over the account as it was before the block: then brief runs will do
 */
export function readLongRun(
  bytes: Uint8Array,
  baseSequence: number,
  toSequence: number,
  isFromBase: boolean,
): AccountRows {
  const reader = new NumberReader(bytes);
  const sections = Array.from({ length: reader.next() }, (_, place) => ({
    sequence: baseSequence + (place === 0 ? 0 : reader.next()),
    briefBytes: place === 0 ? 0 : reader.next(),
    bytes: reader.next(),
  }));
  const last = sections.findLastIndex(({ sequence }) => sequence < toSequence);
  const state = new RunState();
  state.begin(baseSequence);
  let at = reader.at;
  for (const [place, { briefBytes, bytes: length, sequence }] of sections.entries()) {
    if (place > last) break;
    const sectionAt = at + briefBytes;
    if (place === last && isFromBase) applyRun(state, bytes.subarray(at, sectionAt), Number.MAX_SAFE_INTEGER);
    if (place === last || !isFromBase) {
      state.beginSection(sequence);
      applyRun(state, bytes.subarray(sectionAt, sectionAt + length), toSequence);
    }
    at = sectionAt + length;
  }
  return rowsOf(state);
}

/** Carries out the changes up to command `toSequence`. */
function applyRun(state: RunState, bytes: Uint8Array, toSequence: number): void {
  const reader = new NumberReader(bytes);
  while (!reader.isAtEnd) {
    const tag = reader.next();
    const kind = tag & KIND_MASK;
    if (tag >= NEW_COMMAND) {
      state.sequence += reader.next();
      if (state.sequence > toSequence) return;
    }
    const key = state.keys[kind]! + reader.nextSigned();
    state.keys[kind] = key;
    if (kind === RowKind.ended) {
      state.end(key);
      continue;
    }
    const row = state.places[kind]!.get(key) ?? state.addRow(kind, key);
    let place = row;
    for (let mask = reader.next(); mask !== 0; mask >>= 1) {
      if ((mask & 1) !== 0) state.pool[place] = state.pool[place]! + reader.nextSigned();
      place++;
    }
    if (kind === RowKind.order) state.lastOrder = row;
  }
}

function rowsOf({ places, pool }: RunState): AccountRows {
  return places.map((placesOfKind, kind) => {
    const rows = new Map<number, readonly number[]>();
    for (const [key, place] of placesOfKind) {
      const columns: number[] = [];
      for (let i = 0; i < ROW_COLUMNS[kind]!; i++) columns.push(pool[place + i]!);
      rows.set(key, columns);
    }
    return rows;
  });
}

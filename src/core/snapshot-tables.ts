/**
 * The state of a core as packed tables, and back. A packed row has the words of the fields of its table one after the
 * other; a handle is the number of its record, 0 for none. What is packed describes itself: a build that has other
 * fields, or a core of other capacities, reads what it knows, and refuses by name what it would have to drop.
 */
import type { Table, TableField } from './table.js';

export interface PackedField {
  readonly name: string;
  readonly words: number;
  /** The table that its handles lead to; '' = no handle. */
  readonly target: string;
}

export interface PackedTable {
  readonly name: string;
  readonly rows: number;
  readonly fields: readonly PackedField[];
}

/** A packed table that this build or this core cannot take, or that contradicts itself. */
export class SnapshotTableError extends Error {
  override readonly name = 'SnapshotTableError';
  readonly code = 'SNAPSHOT_UNREADABLE';
}

/** Rows that are read at once, so that the records stay in the cache while column after column is filled in. */
const BLOCK_ROWS = 128;

/** What `packRows` packs at present. The state hash must have been asked for since the last command. */
export function packedTables(tables: readonly Table[]): PackedTable[] {
  return tables.map((table) => ({
    name: table.name,
    rows: table.rows(),
    fields: table.fields.map(({ name, packedWords, target }) => ({ name, words: packedWords, target })),
  }));
}

/** Words of a packed row. */
export function packedRowWords(table: { readonly fields: readonly PackedField[] }): number {
  return table.fields.reduce((sum, field) => sum + field.words, 0);
}

/** Packs `count` rows of one of the tables, from row `from` (0, 1, 2 ...) on, to word `at` of `target`. */
export function packRows(
  tables: readonly Table[],
  table: Table,
  from: number,
  count: number,
  target: Int32Array,
  at: number,
): void {
  const rowWords = table.fields.reduce((sum, field) => sum + field.packedWords, 0);
  let column = at;
  for (const field of table.fields) {
    if (field.target === '') copyColumn(table, field, from, count, target, column, rowWords);
    else packHandles(table, tableNamed(tables, field.target), field, from, count, target, column, rowWords);
    column += field.packedWords;
  }
}

/**
 * Reads packed tables into those of a core that has seen no command; what is derived from them is made by the core.
 * `wordsOf` gives the packed rows of a table by its place in `packed`; `prepare` is called with the memory of each table
 * before it is filled.
 * @throws SnapshotTableError naming the table and the field
 */
export function unpackTables(
  tables: readonly Table[],
  packed: readonly PackedTable[],
  wordsOf: (place: number) => Int32Array,
  prepare: (memory: Int32Array) => void,
): void {
  const rowsOf = (name: string): number => packed.find((table) => table.name === name)?.rows ?? 0;
  packed.forEach((source, place) => {
    const table = tables.find((one) => one.name === source.name);
    if (table !== undefined && source.rows > table.capacity) {
      throw new SnapshotTableError(
        `${source.name}: ${source.rows} records, and room for ${table.capacity}; raise the limit to what it was`,
      );
    }
    if (table !== undefined) {
      prepare(table.memory.subarray(table.first, table.first + source.rows * table.recordWords));
    }
    const words = wordsOf(place);
    const columns = columnsOf(tables, table, source, rowsOf);
    for (let from = 0; from < source.rows; from += BLOCK_ROWS) {
      const count = Math.min(BLOCK_ROWS, source.rows - from);
      for (const readColumn of columns) readColumn(words, from, count);
    }
  });
}

type ReadColumn = (words: Int32Array, from: number, count: number) => void;

/** How each column of a packed table is read into `table`; undefined = a table that this build does not have. */
function columnsOf(
  tables: readonly Table[],
  table: Table | undefined,
  source: PackedTable,
  rowsOf: (name: string) => number,
): ReadColumn[] {
  const rowWords = packedRowWords(source);
  const columns: ReadColumn[] = [];
  /** Fields that stand side by side in both are copied together. */
  const runs: { word: number; column: number; words: number }[] = [];
  let column = 0;
  for (const field of source.fields) {
    const at = column;
    const own = table?.fields.find((one) => one.name === field.name);
    const known = own === undefined ? 0 : Math.min(own.words, field.words);
    for (let i = known; i < field.words; i += 1) {
      const name = `${source.name}.${field.name}`;
      columns.push((words, from, count) => refuseUnknown(name, words, at + i, rowWords, from, count));
    }
    if (own !== undefined && own.target !== field.target) {
      throw new SnapshotTableError(
        `${source.name}.${field.name} leads to "${field.target}", not to "${own.target}"`,
      );
    }
    if (own !== undefined && own.target === '') {
      const last = runs.at(-1);
      const follows =
        last !== undefined && last.word + last.words === own.word && last.column + last.words === at;
      if (follows) last.words += known;
      else runs.push({ word: own.word, column: at, words: known });
    }
    if (table !== undefined && own !== undefined && own.target !== '') {
      const records = tableNamed(tables, own.target);
      const limit = rowsOf(own.target) + 1;
      columns.push((words, from, count) =>
        unpackHandles(table, records, own, limit, words, at, rowWords, from, count),
      );
    }
    column += field.words;
  }
  for (const run of runs) {
    columns.push((words, from, count) =>
      copyIn(table!, run.word, run.words, words, run.column, rowWords, from, count),
    );
  }
  return columns;
}

function tableNamed(tables: readonly Table[], name: string): Table {
  const table = tables.find((one) => one.name === name);
  if (table === undefined) throw new Error(`there is no table ${name}`);
  return table;
}

function copyColumn(
  table: Table,
  field: TableField,
  from: number,
  count: number,
  target: Int32Array,
  column: number,
  rowWords: number,
): void {
  const { memory, recordWords } = table;
  for (let i = 0; i < field.packedWords; i += 1) {
    const isInRecord = i < field.words;
    let word = table.first + from * recordWords + field.word + i;
    let to = column + i;
    for (let row = 0; row < count; row += 1) {
      target[to] = isInRecord ? memory[word] : 0;
      word += recordWords;
      to += rowWords;
    }
  }
}

function packHandles(
  table: Table,
  records: Table,
  field: TableField,
  from: number,
  count: number,
  target: Int32Array,
  column: number,
  rowWords: number,
): void {
  const { memory, recordWords } = table;
  // One behind the last: where the next new record will be.
  const limit = records.rows() + 1;
  for (let row = 0; row < count; row += 1) {
    const handle = memory[table.first + (from + row) * recordWords + field.word];
    const isNone = handle === 0;
    const number = isNone ? 0 : (handle - records.first) / records.recordWords + 1;
    if (!isNone && (number < 1 || number > limit || number !== (number | 0))) {
      throw new Error(
        `${table.name}.${field.name} of record ${from + row + 1} is no handle of ${records.name}`,
      );
    }
    target[column + row * rowWords] = number;
  }
}

function copyIn(
  table: Table,
  word: number,
  width: number,
  source: Int32Array,
  column: number,
  rowWords: number,
  from: number,
  count: number,
): void {
  const { memory, recordWords } = table;
  let to = (table.first + from * recordWords + word) | 0;
  let at = (column + from * rowWords) | 0;
  for (let row = 0; row < count; row += 1) {
    for (let i = 0; i < width; i += 1) memory[to + i] = source[at + i];
    to = (to + recordWords) | 0;
    at = (at + rowWords) | 0;
  }
}

function unpackHandles(
  table: Table,
  records: Table,
  field: TableField,
  limit: number,
  source: Int32Array,
  column: number,
  rowWords: number,
  from: number,
  count: number,
): void {
  const { memory, recordWords } = table;
  const targetWords = records.recordWords;
  const origin = records.first - targetWords;
  let to = (table.first + from * recordWords + field.word) | 0;
  let at = (column + from * rowWords) | 0;
  for (let row = 0; row < count; row += 1) {
    const number = source[at];
    if (number < 0 || number > limit) {
      throw new SnapshotTableError(
        `${table.name}.${field.name} of record ${from + row + 1} leads to no ${records.name}`,
      );
    }
    memory[to] = number === 0 ? 0 : (origin + Math.imul(number, targetWords)) | 0;
    to = (to + recordWords) | 0;
    at = (at + rowWords) | 0;
  }
}

/** What this build does not know must be zero: dropping it would change what happens next. */
function refuseUnknown(
  name: string,
  source: Int32Array,
  column: number,
  rowWords: number,
  from: number,
  count: number,
): void {
  for (let row = from; row < from + count; row += 1) {
    if (source[column + row * rowWords] === 0) continue;
    throw new SnapshotTableError(`${name} is not known to this release, and is in use (record ${row + 1})`);
  }
}

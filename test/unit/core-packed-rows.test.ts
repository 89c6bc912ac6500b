/** Packed rows by themselves, on tables made for it: more rows than are read at once, and each thing that is refused. */
import { describe, expect, test } from 'vitest';
import {
  type PackedTable,
  packedRowWords,
  packedTables,
  packRows,
  SnapshotTableError,
  unpackTables,
} from '../../src/core/snapshot-tables.js';
import { makeTable, type Table } from '../../src/core/table.js';

const ROWS = 300;
const OTHERS = 9;

/** Records with a pair of words, a handle, and two words more; `places` says where in the record. */
function tablesWith(places: Record<'pair' | 'link' | 'one' | 'end', number>, start: number, capacity = ROWS) {
  const memory = new Int32Array(8_000);
  const others = makeTable(
    'others',
    { value: 0 },
    { memory, first: start, recordWords: 3, capacity: OTHERS, rows: () => OTHERS },
  );
  const things = makeTable('things', places, {
    memory,
    first: start + 100,
    recordWords: 9,
    capacity,
    rows: () => ROWS,
    handles: { link: 'others' },
  });
  return { memory, others, things, tables: [others, things] };
}

/** Neither the record nor its fields lie where they lie in the other one. */
const HERE = { pair: 0, one: 2, link: 3, end: 7 };
const THERE = { end: 1, link: 3, one: 4, pair: 6 };

function filled() {
  const here = tablesWith(HERE, 40);
  const { memory, things, others } = here;
  for (let row = 0; row < ROWS; row += 1) {
    const at = things.first + row * things.recordWords;
    const { pair, one, link, end } = HERE;
    memory.set([row + 1, -row - 1], at + pair);
    memory[at + one] = row * 3 + 7;
    // None, each of the records, and one behind the last: where the next new one will be.
    const number = row % (OTHERS + 2);
    memory[at + link] = number === 0 ? 0 : others.first + (number - 1) * others.recordWords;
    memory.set([row ^ 0x5555, row << 20], at + end);
  }
  for (let row = 0; row < OTHERS; row += 1) memory.set([row + 70, row + 80], others.first + row * 3);
  return here;
}

/** What row `row` of the things is packed to. */
const packedRow = (row: number) => [
  row + 1,
  -row - 1,
  row * 3 + 7,
  row % (OTHERS + 2),
  row ^ 0x5555,
  row << 20,
];
const ALL_ROWS = Array.from({ length: ROWS }, (_, row) => packedRow(row)).flat();

function packAll(tables: readonly Table[], table: Table): Int32Array {
  const words = new Int32Array(table.rows() * packedRowWords(table));
  packRows(tables, table, 0, table.rows(), words, 0);
  return words;
}

/** Reads packed things into tables where all lies elsewhere. */
function unpack(
  packed: readonly PackedTable[],
  words: readonly Int32Array[],
  there = tablesWith(THERE, 1_000),
) {
  const prepared: [number, number][] = [];
  unpackTables(
    there.tables,
    packed,
    (place) => words[place]!,
    (memory) => prepared.push([memory.byteOffset / 4, memory.length]),
  );
  return { ...there, prepared };
}

/** What is packed of the filled tables, with another table of things in its place. */
function changed(change: (table: PackedTable) => PackedTable, words: number[] = ALL_ROWS) {
  const { tables } = filled();
  const [others, things] = packedTables(tables);
  return [
    [others!, change(things!)],
    [packAll(tables, tables[0]!), Int32Array.from(words)],
  ] as const;
}

describe('packed rows', () => {
  test('have the words of their fields, with the numbers of records for handles, from any row on', () => {
    const { tables, things } = filled();
    expect([...packAll(tables, things)]).toEqual(ALL_ROWS);
    const part = new Int32Array(20).fill(-9);
    packRows(tables, things, 140, 2, part, 5);
    expect([...part]).toEqual([
      ...Array(5).fill(-9),
      ...packedRow(140),
      ...packedRow(141),
      ...Array(3).fill(-9),
    ]);
  });

  test('are read where the records and their fields lie elsewhere', () => {
    const { tables } = filled();
    const elsewhere = tablesWith(THERE, 1_000);
    const behind = elsewhere.things.first + ROWS * elsewhere.things.recordWords;
    elsewhere.memory.fill(7, behind, behind + 9);
    const { prepared, ...there } = unpack(
      packedTables(tables),
      tables.map((table) => packAll(tables, table)),
      elsewhere,
    );
    expect([...there.memory.subarray(behind, behind + 9)]).toEqual(Array(9).fill(7));
    for (let row = 0; row < ROWS; row += 1) {
      const at = there.things.first + row * there.things.recordWords;
      const [first, second, one, number, low, high] = packedRow(row);
      const handle = number === 0 ? 0 : there.others.first + (number! - 1) * there.others.recordWords;
      expect([...there.memory.subarray(at, at + 9)]).toEqual([
        0,
        low,
        high,
        handle,
        one,
        0,
        first,
        second,
        0,
      ]);
    }
    const others = [...there.memory.subarray(there.others.first, there.others.first + OTHERS * 3)];
    expect(others).toEqual(Array.from({ length: OTHERS }, (_, row) => [row + 70, row + 80, 0]).flat());
    expect(prepared).toEqual([
      [there.others.first, OTHERS * 3],
      [there.things.first, ROWS * 9],
    ]);
  });

  test('are refused where there is room for one less', () => {
    const { tables } = filled();
    const words = tables.map((table) => packAll(tables, table));
    expect(() => unpack(packedTables(tables), words, tablesWith(THERE, 1_000, ROWS - 1))).toThrow(
      'things: 300 records, and room for 299; raise the limit to what it was',
    );
    expect(new SnapshotTableError('')).toMatchObject({
      name: 'SnapshotTableError',
      code: 'SNAPSHOT_UNREADABLE',
    });
  });

  test.each([
    ['the first', 0],
    ['the last that is read at once', 127],
    ['one of those after it', 128],
    ['the last', ROWS - 1],
  ])('are refused when a handle of %s leads nowhere', (_, row) => {
    for (const number of [-1, OTHERS + 2]) {
      const words = ALL_ROWS.with(row * 6 + 3, number);
      expect(() => unpack(...changed((table) => table, words))).toThrow(
        `things.link of record ${row + 1} leads to no others`,
      );
    }
  });

  test.each([0, 127, 128, ROWS - 1])('are refused when an unknown word of row %i is in use', (row) => {
    const rename = (table: PackedTable) => ({
      ...table,
      fields: table.fields.map((field) => (field.name === 'end' ? { ...field, name: 'colour' } : field)),
    });
    const words = ALL_ROWS.map((word, place) => (place % 6 >= 4 ? 0 : word));
    expect(() => unpack(...changed(rename, words))).not.toThrow();
    for (const word of [4, 5]) {
      expect(() => unpack(...changed(rename, words.with(row * 6 + word, 1)))).toThrow(
        `things.colour is not known to this release, and is in use (record ${row + 1})`,
      );
    }
  });

  test('are refused when a field is a handle there and none here, or the other way', () => {
    const leading = (name: string, target: string) => (table: PackedTable) => ({
      ...table,
      fields: table.fields.map((field) => (field.name === name ? { ...field, target } : field)),
    });
    expect(() => unpack(...changed(leading('one', 'others')))).toThrow(
      'things.one leads to "others", not to ""',
    );
    expect(() => unpack(...changed(leading('link', '')))).toThrow('things.link leads to "", not to "others"');
  });

  test('with handles into a table that is not packed have none that lead anywhere', () => {
    const { tables, things } = filled();
    const packed = packedTables([things]);
    const one = packAll(tables, things).subarray(0, 6);
    const only = [{ ...packed[0]!, rows: 1 }];
    one[3] = 1;
    expect(() => unpack(only, [one])).not.toThrow();
    one[3] = 2;
    expect(() => unpack(only, [one])).toThrow('things.link of record 1 leads to no others');
  });

  test('are not made of handles that lead to no record', () => {
    const { memory, others, tables, things } = filled();
    const at = things.first + 150 * things.recordWords + HERE.link;
    for (const handle of [
      others.first - 3,
      others.first + 1,
      others.first + (OTHERS + 1) * others.recordWords,
    ]) {
      memory[at] = handle;
      expect(() => packAll(tables, things)).toThrow('things.link of record 151 is no handle of others');
    }
    expect(() => packAll([things], things)).toThrow('there is no table others');
  });

  test('with an unknown field between two that lie side by side here are read field by field', () => {
    const between = (table: PackedTable) => ({
      ...table,
      rows: 1,
      fields: table.fields.toSpliced(1, 0, { name: 'colour', words: 1, target: '' }),
    });
    const here = tablesWith(HERE, 1_000);
    const { memory, things } = unpack(...changed(between, [1, 2, 0, 3, 0, 5, 6]), here);
    expect([...memory.subarray(things.first, things.first + 9)]).toEqual([1, 2, 3, 0, 0, 0, 0, 5, 6]);
  });

  test('of a shorter field leave the rest of it 0', () => {
    const shorter = (table: PackedTable) => ({
      ...table,
      rows: 1,
      fields: table.fields.map((field) => (field.name === 'end' ? { ...field, words: 1 } : field)),
    });
    const { memory, things } = unpack(...changed(shorter, [1, 2, 3, 0, 5]));
    expect([...memory.subarray(things.first, things.first + 9)]).toEqual([0, 5, 0, 0, 3, 0, 1, 2, 0]);
  });
});

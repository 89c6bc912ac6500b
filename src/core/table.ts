/**
 * What of the core's memory is state, in the form in which it goes into a snapshot: tables of records, each word of a
 * record with its name. The names come from the object that gives the words of the record their numbers, so a new word
 * is in the snapshot as soon as it has a name there. Only two kinds must be told apart by hand:
 *
 * - a *handle* leads to a record of a table, or is 0; in a snapshot it is the number of that record, from 1 on, so that
 *   a core of other capacities, where records lie elsewhere, can read it;
 * - what is *derived* is not in the snapshot: `rebuild` of its part makes it again.
 *
 * A field is as long as the distance to the next one; the last one has two words if there are as many.
 */

export interface TableField {
  readonly name: string;
  /** Word in the record. */
  readonly word: number;
  readonly words: number;
  /** Words in a packed row; those beyond `words` are 0. */
  readonly packedWords: number;
  /** The table that the handles in this field lead to; '' = no handle. */
  readonly target: string;
}

export interface Table {
  readonly name: string;
  readonly memory: Int32Array;
  /** Word in `memory` where record number 1 starts: its handle, for records in the arena. */
  readonly first: number;
  readonly recordWords: number;
  /** Records that there is room for. */
  readonly capacity: number;
  /** Those that are in a snapshot, by their place in the record. */
  readonly fields: readonly TableField[];
  /** Records in use at present, from the first on; free ones between them count. */
  readonly rows: () => number;
}

export interface TableOptions<Name extends string> {
  readonly memory: Int32Array;
  /** Default 0. */
  readonly first?: number;
  /** Default: all of the memory is one record. */
  readonly recordWords?: number;
  /** Default 1. */
  readonly capacity?: number;
  /** Default: always 1. */
  readonly rows?: () => number;
  /** Fields that hold handles, and the table of the records that these lead to. */
  readonly handles?: Readonly<Partial<Record<Name, string>>>;
  /** Fields that are made again, not read. */
  readonly derived?: readonly Name[];
  /** Fields that have more words in a packed row than in the record, since there was room behind them once. */
  readonly packedWords?: Readonly<Partial<Record<Name, number>>>;
}

const WORDS_OF_LAST_FIELD = 2;

/** A table of records whose words have the places and names of `places`. Throws when two names have one place. */
export function makeTable<Places extends Readonly<Record<string, number>>>(
  name: string,
  places: Places,
  options: TableOptions<keyof Places & string>,
): Table {
  const { memory, first = 0, capacity = 1, rows = () => 1 } = options;
  const recordWords = options.recordWords ?? memory.length;
  const handles: Readonly<Record<string, string | undefined>> = options.handles ?? {};
  const derived: readonly string[] = options.derived ?? [];
  const packedWords: Readonly<Record<string, number | undefined>> = options.packedWords ?? {};
  const names = Object.keys(places).sort((one, other) => places[one] - places[other]);
  const fields: TableField[] = [];
  names.forEach((field, index) => {
    const word = places[field];
    const next = names[index + 1];
    const room = next === undefined ? Math.min(recordWords - word, WORDS_OF_LAST_FIELD) : places[next] - word;
    if (room < 1) throw new Error(`table ${name}: ${field} has the place of ${next} or is behind the record`);
    if (derived.includes(field)) return;
    const target = handles[field] ?? '';
    const words = target === '' ? room : 1;
    fields.push({ name: field, word, words, packedWords: packedWords[field] ?? words, target });
  });
  return { name, memory, first, recordWords, capacity, fields, rows };
}

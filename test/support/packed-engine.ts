/** The state of a processor packed in memory and taken over by another one, as a snapshot file does it. */
import { type PackedTable, packedRowWords, packedTables, packRows } from '../../src/core/snapshot-tables.js';
import type { BusinessLogicProcessor } from '../../src/engine/business-logic-processor.js';

export interface PackedEngine {
  tables: PackedTable[];
  words: Int32Array[];
}

/** Rows of a piece: few, so that tables are packed in several pieces. */
const PIECE_ROWS = 7;

export function packEngine(processor: BusinessLogicProcessor): PackedEngine {
  processor.stateHash();
  const { tables } = processor;
  const packed = packedTables(tables);
  const words = packed.map((one, place) => {
    const rowWords = packedRowWords(one);
    const target = new Int32Array(one.rows * rowWords);
    for (let from = 0; from < one.rows; from += PIECE_ROWS) {
      const count = Math.min(PIECE_ROWS, one.rows - from);
      packRows(tables, tables[place]!, from, count, target, from * rowWords);
    }
    return target;
  });
  // As text, the way a file has it.
  return { tables: JSON.parse(JSON.stringify(packed)) as PackedTable[], words };
}

export function unpackEngine(processor: BusinessLogicProcessor, packed: PackedEngine): void {
  processor.restore(packed.tables, (place) => packed.words[place]!);
}

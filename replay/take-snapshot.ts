/** Writes the state of a business logic into the snapshots of a journal. */

import type { ManifestSigner } from '../journal/manifest-key.js';
import { RELEASE } from '../journal/segment.js';
import type { SectionSource, SnapshotFacts, WrittenSnapshot } from '../journal/snapshot-file.js';
import { writeSnapshotFile } from '../journal/snapshot-file.js';
import { snapshotName } from '../journal/snapshot-store.js';
import type { Storage } from '../journal/storage.js';
import { readInt64 } from '../src/base/int64.js';
import { EngineWord } from '../src/core/core.js';
import { type PackedTable, packedRowWords, packedTables, packRows } from '../src/core/snapshot-tables.js';
import type { Table } from '../src/core/table.js';
import type { BusinessLogicProcessor } from '../src/engine/business-logic-processor.js';
import { tableSection } from './load-snapshot.js';

/** Bytes of a table that are packed at once. */
const PIECE_BYTES = 256 * 1024;

export interface SnapshotOrder {
  /** The directory of the snapshots. */
  readonly storage: Storage;
  readonly clusterId: bigint;
  readonly nodeId: number;
  /** Last command that the processor has carried out, and the chain of the journal after it. */
  readonly sequence: number;
  readonly chain: number;
  readonly takenAtMs: number;
  /** What others want to find again beside the state. */
  readonly sections?: readonly SectionSource[];
  /** Default: named by the sequence. */
  readonly name?: string;
  /** Key of the node; undefined = not signed. */
  readonly signer?: ManifestSigner;
  /** Called after each piece, so that the thread may rest. */
  readonly onPiece?: () => void;
}

export interface TakenSnapshot extends WrittenSnapshot {
  readonly file: string;
  readonly facts: SnapshotFacts;
}

/**
 * Writes a snapshot of the state as it is. It is durable when this returns.
 * @throws as writeSnapshotFile
 */
export function takeSnapshot(processor: BusinessLogicProcessor, order: SnapshotOrder): TakenSnapshot {
  const { core, tables } = processor;
  // Asked for first: it brings the sums of all tables up to date.
  const stateHash = processor.stateHash();
  const packed = packedTables(tables);
  const facts: SnapshotFacts = {
    clusterId: order.clusterId.toString(),
    nodeId: order.nodeId,
    epoch: core.engine[EngineWord.epoch]! >>> 0,
    sequence: order.sequence,
    timestampUs: readInt64(core.engine, EngineWord.timestampUs),
    chain: order.chain,
    stateHash,
    outputHash: processor.outputHash(),
    takenAtMs: order.takenAtMs,
    release: RELEASE,
    coreOptions: { ...core.options },
    tables: packed,
  };
  const sections = packed.map((one, place) => tableSource(tables, tables[place]!, one));
  const file = order.name ?? snapshotName(order.sequence);
  const all = [...sections, ...(order.sections ?? [])];
  const { storage, signer, onPiece } = order;
  return { file, facts, ...writeSnapshotFile(storage, file, facts, all, signer, onPiece) };
}

function tableSource(tables: readonly Table[], table: Table, packed: PackedTable): SectionSource {
  const rowWords = packedRowWords(packed);
  const rowsAtOnce = Math.max(1, Math.floor(PIECE_BYTES / (rowWords * 4)));
  return {
    name: tableSection(packed.name),
    bytes: packed.rows * rowWords * 4,
    *pieces(): Iterable<Uint8Array> {
      const words = new Int32Array(Math.min(rowsAtOnce, packed.rows) * rowWords);
      for (let from = 0; from < packed.rows; from += rowsAtOnce) {
        const count = Math.min(rowsAtOnce, packed.rows - from);
        packRows(tables, table, from, count, words, 0);
        yield new Uint8Array(words.buffer, 0, count * rowWords * 4);
      }
    },
  };
}

import type { RecoveryReport } from '../../journal/recover.js';
import type { RefusedSnapshot } from '../../journal/snapshot-store.js';
import type { StartPoint } from './start-point.js';

/** What a start found and did: for the operator, in the log and in the status. */
export interface StartReport {
  /** The snapshot that was loaded, empty when none was, and its last command. */
  readonly snapshot: string;
  readonly snapshotSequence: number;
  /** Newer snapshots that could not be used, and why. */
  readonly refused: readonly RefusedSnapshot[];
  /** Commands that were replayed. */
  readonly replayed: number;
  /** Last command that was in the journal. */
  readonly lastSequence: number;
  /** The segment whose torn tail was cut, empty when there was none, and how much that was. */
  readonly cutFile: string;
  readonly cutBytes: number;
  /** Half-written snapshots that were removed. */
  readonly removed: readonly string[];
  /** From the opening of the journal until all of it was carried out. */
  readonly elapsedMs: number;
}

/** Makes it; `processed` is the last command that is carried out so far. */
export function startReport(
  recovered: RecoveryReport,
  point: StartPoint,
  processed: number,
  elapsedMs: number,
): StartReport {
  return {
    snapshot: point.file,
    snapshotSequence: point.sequence,
    refused: point.refused,
    replayed: Math.max(0, Math.min(processed, recovered.lastSequence) - point.sequence),
    lastSequence: recovered.lastSequence,
    cutFile: recovered.tornFile,
    cutBytes: recovered.tornBytes,
    removed: point.removed,
    elapsedMs,
  };
}

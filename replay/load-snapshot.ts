/** A business logic that goes on where a snapshot ends. */
import { prepareMemory } from '../journal/libc.js';
import type { SnapshotFile } from '../journal/snapshot-file.js';
import { SnapshotTableError } from '../src/core/snapshot-tables.js';
import type { BusinessLogicProcessor } from '../src/engine/business-logic-processor.js';

/** Name of the section of a table of the core. */
export function tableSection(table: string): string {
  return `core/${table}`;
}

/** A snapshot that is whole, but that this build cannot turn into the state that it says it is of. */
export class SnapshotUnusableError extends Error {
  override readonly name = 'SnapshotUnusableError';
  readonly code = 'SNAPSHOT_UNUSABLE';
  readonly exitCode = 4;
}

/**
 * Gives `processor`, which has seen no command, the state of the snapshot, and checks that it is that state: every row is
 * hashed again.
 * @throws SnapshotUnusableError; the processor is of no use then
 */
export function loadSnapshot(processor: BusinessLogicProcessor, snapshot: SnapshotFile): void {
  const { facts } = snapshot;
  try {
    const wordsOf = (place: number) => snapshot.words(tableSection(facts.tables[place]!.name));
    processor.restore(facts.tables, wordsOf, prepareMemory);
  } catch (error) {
    if (!(error instanceof SnapshotTableError)) throw error;
    throw new SnapshotUnusableError(`the snapshot of command ${facts.sequence}: ${error.message}`);
  }
  // All rows are new to the sum of the state hash, so this hashes every one of them.
  const found = [processor.stateHash(), processor.outputHash()];
  const wanted = [facts.stateHash, facts.outputHash];
  const at = wanted.findIndex((hash, index) => hash !== found[index]);
  if (at < 0) return;
  throw new SnapshotUnusableError(
    `the snapshot of command ${facts.sequence} gives the ${at === 0 ? 'state' : 'output'} hash ${found[at]}, and was of ${wanted[at]}`,
  );
}

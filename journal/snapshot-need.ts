import { oldestSequenceNeeded, openSnapshots } from './snapshot-store.js';

/**
 * The first command that the journal in `directory` must still hold so that every kept snapshot can be gone on from; 1 while
 * there is none, because a start then replays from the first command.
 */
export function snapshotNeedOf(directory: string): number {
  return oldestSequenceNeeded(openSnapshots(directory));
}

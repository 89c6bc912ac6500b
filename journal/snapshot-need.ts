/**
 * The first command that the journal in `directory` must still hold so that every kept snapshot can be gone on from; 1 while
 * a start replays from the first command.
 */
export function snapshotNeedOf(_directory: string): number {
  return 1;
}

import { constants, getPriority, setPriority } from 'node:os';

/**
 * Makes the calling thread one that others come before: what it does is not waited for by any client. It still gets a
 * tenth of a processor that is fought for, so that it comes on where there is never an idle moment.
 *
 * Linux counts the nice value by thread, and so does Node there; elsewhere it would be that of the whole process.
 */
export function runInBackground(): void {
  const wanted = constants.priority.PRIORITY_BELOW_NORMAL;
  // Only ever down: nobody but root may go up.
  if (process.platform === 'linux' && getPriority() < wanted) setPriority(wanted);
}

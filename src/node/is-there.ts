import { statSync } from 'node:fs';

/** Whether a file or directory exists. Throws what the system says when that may not be known, such as EACCES. */
export function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

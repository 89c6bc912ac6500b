import { join } from 'node:path';
import { isThere } from '../node/is-there.js';
import { CliError, ExitCode } from './failure.js';

/** The journal directory of a data directory. Throws CliError where there is none. */
export function journalOf(dataDir: string): string {
  const directory = join(dataDir, 'journal');
  if (isThere(directory)) return directory;
  throw new CliError(
    `${dataDir} has no journal (there is no ${directory}); name the data directory of a node that has run with --data-dir`,
    ExitCode.failure,
  );
}

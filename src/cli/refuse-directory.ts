import { statSync } from 'node:fs';
import { CliError, ExitCode } from './failure.js';

/** Throws where `path` is a directory: reading one fails later, and then without its name. */
export function refuseDirectory(path: string): void {
  if (statSync(path).isDirectory())
    throw new CliError(`${path} is a directory; name a file`, ExitCode.failure);
}

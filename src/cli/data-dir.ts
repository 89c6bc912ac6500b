import { resolve } from 'node:path';
import { DEFAULT_DATA_DIR } from '../node/config.js';

/** The data directory of a command that needs nothing else of the configuration. */
export function dataDirOf(flags: { dataDir?: string }): string {
  return resolve(flags.dataDir ?? process.env['RINGFENCE_DATA_DIR'] ?? DEFAULT_DATA_DIR);
}

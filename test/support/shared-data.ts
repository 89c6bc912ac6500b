/**
 * Finds the real order flow beside the project. It may not be redistributed, so it is never copied here; a test that
 * needs it is skipped, saying so, where the folder is absent.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const FOLDER = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

export const hasSharedData = existsSync(FOLDER);

/** Said in the title of a skipped test. */
export const sharedDataNote = hasSharedData ? '' : ' (skipped: ../shared/data is absent)';

/** The bytes of a gzip file of the shared folder. */
export function readSharedGzip(path: string): Buffer {
  return gunzipSync(readFileSync(FOLDER + path));
}

/** The bytes of a file of the shared folder. */
export function readShared(path: string): Buffer {
  return readFileSync(FOLDER + path);
}

/** The rows of a gzipped CSV file of the shared folder, each split at its commas. */
export function readSharedRows(path: string): string[][] {
  const lines = readSharedGzip(path).toString('latin1').trimEnd().split('\n');
  return lines.map((line) => line.split(','));
}

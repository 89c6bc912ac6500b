/** The three backends of the journal, for suites that hold for all of them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadLibc } from '../../journal/libc.js';
import { openStorage } from '../../journal/open-storage.js';
import type { Storage } from '../../journal/storage.js';
import { SimulatedDisk } from './simulated-disk.js';

const made: string[] = [];

/** A new directory that `removeTemporaryDirectories` removes. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'ringfence-journal-'));
  made.push(directory);
  return directory;
}

export function removeTemporaryDirectories(): void {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
}

export const hasMapping = loadLibc().libc !== undefined;

/** Name and maker of an empty storage for each backend. */
export const STORAGES: readonly (readonly [string, () => Storage])[] = [
  ...(hasMapping ? [['mmap', () => openStorage(temporaryDirectory(), 'mmap')] as const] : []),
  ['positional', () => openStorage(temporaryDirectory(), 'positional')],
  ['simulated', () => new SimulatedDisk()],
];

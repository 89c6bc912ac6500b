/** Picks the backend for a journal directory. */
import { FileStorage } from './file-storage.js';
import { loadLibc } from './libc.js';
import type { Storage } from './storage.js';
import { TieredStorage } from './tiered-storage.js';
import { readTiers } from './tiers.js';

export type BackendName = 'mmap' | 'positional';
export const BACKEND_NAMES: readonly BackendName[] = ['mmap', 'positional'];

/**
 * The journal in `directory`, with the segments that were moved to archives (see tiers.ts). Backends as in
 * `openFlatStorage`.
 */
export function openStorage(directory: string, backend: BackendName = 'mmap'): Storage {
  const local = openFlatStorage(directory, backend);
  return new TieredStorage(local, () =>
    readTiers(local).map((archive) => openFlatStorage(archive, 'positional')),
  );
}

/**
 * The files of `directory` and nothing else. `mmap` turns into `positional` where mapping is not available; the storage then says why in
 * `fallbackReason`. Cheap; each thread opens its own.
 */
export function openFlatStorage(directory: string, backend: BackendName): Storage {
  const { libc, reason } = loadLibc();
  if (backend === 'mmap' && libc !== undefined) return new FileStorage(directory, 'mmap', libc, '');
  return new FileStorage(directory, 'positional', libc, backend === 'mmap' ? reason : '');
}

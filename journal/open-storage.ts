/** Picks the backend for a journal directory. */
import { FileStorage } from './file-storage.js';
import { loadLibc } from './libc.js';
import type { Storage } from './storage.js';

export type BackendName = 'mmap' | 'positional';
export const BACKEND_NAMES: readonly BackendName[] = ['mmap', 'positional'];

/**
 * The files of `directory`. `mmap` turns into `positional` where mapping is not available; the storage then says why in
 * `fallbackReason`. Cheap; each thread opens its own.
 */
export function openStorage(directory: string, backend: BackendName = 'mmap'): Storage {
  const { libc, reason } = loadLibc();
  if (backend === 'mmap' && libc !== undefined) return new FileStorage(directory, 'mmap', libc, '');
  return new FileStorage(directory, 'positional', libc, backend === 'mmap' ? reason : '');
}

import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fromFileError, JournalIoError, JournalLockedError } from './errors.js';
import { errnoName, loadLibc } from './libc.js';
import type { Storage } from './storage.js';

const LOCK_FILE = 'manifest.lock';
const FILE_MODE = 0o600;
const EAGAIN = 11;
const WAIT_MS = 10_000;
const RETRY_MS = 5;
const nobody = new Int32Array(new SharedArrayBuffer(4));

/**
 * Runs `change` while nobody else changes the manifest of the directory: threads of a node and commands beside it each
 * replace the whole file. Where libc is not available, and on a disk of tests, there is no lock.
 * @throws JournalLockedError when the holder does not give it back within ten seconds
 */
export function withManifestLock<T>(storage: Storage, change: () => T): T {
  const { libc } = loadLibc();
  if (libc === undefined || storage.kind === 'simulated') return change();
  const path = join(storage.directory, LOCK_FILE);
  let fd: number;
  try {
    fd = openSync(path, 'a', FILE_MODE);
  } catch (error) {
    throw fromFileError(error, path);
  }
  try {
    for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
      const errno = libc.lock(fd);
      if (errno === 0) break;
      if (errno !== EAGAIN) throw new JournalIoError(path, `flock: ${errnoName(errno)}`);
      if (waitedMs >= WAIT_MS)
        throw new JournalLockedError(storage.directory, 'another writer of its manifest');
      Atomics.wait(nobody, 0, 0, RETRY_MS);
    }
    return change();
  } finally {
    closeSync(fd);
  }
}

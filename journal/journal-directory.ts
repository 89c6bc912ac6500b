/**
 * The directory of a journal: made with tight permissions, held by one process at a time, owned by one node for ever.
 */
import {
  chmodSync,
  closeSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32c } from './crc32c.js';
import {
  fromFileError,
  JournalCorruptionError,
  JournalForeignError,
  JournalIoError,
  JournalLockedError,
  JournalVersionError,
} from './errors.js';
import { errnoName, loadLibc } from './libc.js';
import { openStorage } from './open-storage.js';
import { isPreparedName } from './prepared-segments.js';
import { describeIdentity, type JournalIdentity } from './segment.js';

export const LOCK_FILE = 'LOCK';
export const IDENTITY_FILE = 'identity.json';
const IDENTITY_FORMAT = 1;
const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;
const EAGAIN = 11;

export type LockKind = 'flock' | 'pid-file';

export class JournalDirectory {
  readonly directory: string;
  readonly identity: JournalIdentity;
  /** `pid-file` where libc is not available: weaker, because a crash leaves the file and the check is by process id. */
  readonly lockKind: LockKind;
  readonly #lockFd: number;

  private constructor(directory: string, identity: JournalIdentity, lockKind: LockKind, lockFd: number) {
    this.directory = directory;
    this.identity = identity;
    this.lockKind = lockKind;
    this.#lockFd = lockFd;
  }

  /**
   * Opens the directory for one node, makes it when it is not there, and removes segments that were made ahead and never
   * used. The lock is held until `close` or the end of the process, whatever ends it.
   * @throws JournalLockedError, JournalForeignError, JournalVersionError, JournalPermissionError, JournalCorruptionError
   */
  static open(directory: string, identity: JournalIdentity): JournalDirectory {
    try {
      if (mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE }) !== undefined) {
        chmodSync(directory, DIRECTORY_MODE);
      }
    } catch (error) {
      throw fromFileError(error, directory);
    }
    const { libc } = loadLibc();
    const lockKind: LockKind = libc === undefined ? 'pid-file' : 'flock';
    const lockFd = openLockFile(directory);
    try {
      if (libc === undefined) {
        refuseLivingHolder(directory, lockFd);
      } else {
        const errno = libc.lock(lockFd);
        if (errno === EAGAIN) throw new JournalLockedError(directory, `process ${readHolder(lockFd)}`);
        if (errno !== 0) throw new JournalIoError(join(directory, LOCK_FILE), `flock: ${errnoName(errno)}`);
      }
      ftruncateSync(lockFd, 0);
      writeSync(lockFd, `${process.pid}\n`, 0);
      checkIdentity(directory, identity);
      removeLeftOvers(directory);
    } catch (error) {
      closeSync(lockFd);
      throw error;
    }
    return new JournalDirectory(directory, identity, lockKind, lockFd);
  }

  /** Lets go of the lock: the last thing to do. */
  close(): void {
    ftruncateSync(this.#lockFd, 0);
    closeSync(this.#lockFd);
  }
}

function openLockFile(directory: string): number {
  const path = join(directory, LOCK_FILE);
  try {
    return openSync(path, 'a+', FILE_MODE);
  } catch (error) {
    throw fromFileError(error, path);
  }
}

function readHolder(fd: number): string {
  const bytes = Buffer.alloc(32);
  const length = readSync(fd, bytes, 0, bytes.length, 0);
  return bytes.toString('latin1', 0, length).trim() || 'unknown';
}

/** Without flock: the file names its holder; a holder that is gone does not count. */
function refuseLivingHolder(directory: string, fd: number): void {
  const holder = Number(readHolder(fd));
  if (!Number.isInteger(holder) || holder <= 0 || holder === process.pid) return;
  try {
    process.kill(holder, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
  }
  throw new JournalLockedError(directory, `process ${holder}`);
}

/** Creates the identity of a new directory, or compares that of an old one. */
function checkIdentity(directory: string, identity: JournalIdentity): void {
  const path = join(directory, IDENTITY_FILE);
  const found = readIdentity(path);
  if (found === undefined) {
    writeIdentity(directory, identity);
    return;
  }
  if (found.clusterId !== identity.clusterId || found.nodeId !== identity.nodeId) {
    throw new JournalForeignError(directory, describeIdentity(found), describeIdentity(identity));
  }
}

/**
 * Whose directory it is; undefined = nobody's yet.
 * @throws JournalCorruptionError when the file cannot be understood, JournalVersionError when it is newer
 */
export function readIdentity(path: string): JournalIdentity | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fromFileError(error, path);
  }
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new JournalCorruptionError(IDENTITY_FILE, 0, 'a JSON object', text.slice(0, 40));
  }
  const { format, clusterId, nodeId, checksum } = parsed;
  if (typeof format === 'number' && format > IDENTITY_FORMAT) {
    throw new JournalVersionError(path, 'identity format', format, IDENTITY_FORMAT);
  }
  const expected = identityChecksum(String(clusterId), Number(nodeId));
  if (checksum !== expected) {
    throw new JournalCorruptionError(IDENTITY_FILE, 0, `checksum ${expected}`, String(checksum));
  }
  return { clusterId: BigInt(String(clusterId)), nodeId: Number(nodeId) };
}

function writeIdentity(directory: string, identity: JournalIdentity): void {
  const clusterId = identity.clusterId.toString();
  const { nodeId } = identity;
  const checksum = identityChecksum(clusterId, nodeId);
  const text = `${JSON.stringify({ format: IDENTITY_FORMAT, clusterId, nodeId, checksum })}\n`;
  const storage = openStorage(directory, 'positional');
  const temporary = `${IDENTITY_FILE}.tmp`;
  const path = join(directory, temporary);
  try {
    const fd = openSync(path, 'w', FILE_MODE);
    try {
      writeSync(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw fromFileError(error, path, text.length);
  }
  storage.rename(temporary, IDENTITY_FILE);
  storage.syncDirectory();
}

function identityChecksum(clusterId: string, nodeId: number): string {
  const bytes = new TextEncoder().encode(`${clusterId}/${nodeId}`);
  return crc32c(0, bytes, 0, bytes.length).toString(16).padStart(8, '0');
}

function removeLeftOvers(directory: string): void {
  for (const name of openStorage(directory, 'positional').list()) {
    if (isPreparedName(name)) unlinkSync(join(directory, name));
  }
}

/**
 * What can go wrong with a journal, as errors with a stable code, a sentence for people that names the thing, and the
 * exit code of a process that ends because of it (3 damaged, 4 refused, 1 failed).
 */

export class JournalError extends Error {
  readonly code: string;
  readonly exitCode: number;

  constructor(code: string, exitCode: number, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.exitCode = exitCode;
  }
}

/** Another process works on the directory. */
export class JournalLockedError extends JournalError {
  constructor(directory: string, holder: string) {
    super(
      'JOURNAL_LOCKED',
      4,
      `journal ${directory} is in use by another process (${holder}): stop it first`,
    );
  }
}

/** The directory or a file in it belongs to another cluster or node. */
export class JournalForeignError extends JournalError {
  constructor(where: string, found: string, wanted: string) {
    super('JOURNAL_FOREIGN', 4, `${where} belongs to ${found}, not to ${wanted}: check the data directory`);
  }
}

/** Written by a newer release than this one can read. */
export class JournalVersionError extends JournalError {
  constructor(where: string, what: string, found: number, supported: number) {
    super(
      'JOURNAL_NEWER_VERSION',
      4,
      `${where} has ${what} ${found}, this release supports up to ${supported}: use a newer release`,
    );
  }
}

/** Stored bytes are not what was written, and what was written counts. Nothing is changed on disk. */
export class JournalCorruptionError extends JournalError {
  readonly file: string;
  readonly offset: number;
  readonly expected: string;
  readonly found: string;

  constructor(file: string, offset: number, expected: string, found: string) {
    super(
      'JOURNAL_CORRUPT',
      3,
      `journal is damaged: ${file} at offset ${offset}: expected ${expected}, found ${found}; nothing was changed, restore the file from the standby or a backup`,
    );
    this.file = file;
    this.offset = offset;
    this.expected = expected;
    this.found = found;
  }
}

/** A snapshot is not what was written. Nothing is lost by that: an older one, or the whole journal, does the same. */
export class SnapshotDamagedError extends JournalError {
  constructor(file: string, offset: number, expected: string, found: string) {
    super(
      'SNAPSHOT_DAMAGED',
      3,
      `snapshot ${file} is damaged at offset ${offset}: expected ${expected}, found ${found}`,
    );
  }
}

/** A block of the index of accounts is not what was written. Nothing is lost by that: the journal tells the same. */
export class AccountIndexDamagedError extends JournalError {
  constructor(file: string, offset: number, expected: string, found: string) {
    super(
      'ACCOUNT_INDEX_DAMAGED',
      3,
      `index of accounts ${file} is damaged at offset ${offset}: expected ${expected}, found ${found}`,
    );
  }
}

/** A command is asked for that retention has removed. */
export class JournalHistoryError extends JournalError {
  readonly firstSequence: number;

  /** @param firstSequence first command that is still there */
  constructor(where: string, wanted: number, firstSequence: number) {
    super(
      'JOURNAL_HISTORY_REMOVED',
      4,
      `the history of ${where} begins at command ${firstSequence}: command ${wanted} was removed by retention; ` +
        `ask for a later one, or go on from a snapshot of command ${firstSequence - 1} or later`,
    );
    this.firstSequence = firstSequence;
  }
}

/**
 * A sync failed. The kernel may have marked the lost pages clean, so a second try would answer "done" about bytes that
 * are gone: the process has to end and recover from what is really on disk.
 */
export class JournalSyncError extends JournalError {
  constructor(file: string, reason: string, cause?: unknown) {
    super(
      'JOURNAL_SYNC_FAILED',
      1,
      `sync of ${file} failed (${reason}): nothing after the last sync is durable`,
      cause,
    );
  }
}

export class JournalNoSpaceError extends JournalError {
  /** @param text what to say instead of how many bytes were wanted */
  constructor(where: string, bytes: number, cause?: unknown, text = '') {
    super(
      'JOURNAL_NO_SPACE',
      1,
      text || `no space for ${bytes} bytes in ${where}: free some or use a larger disk`,
      cause,
    );
  }

  /** The segments made ahead are used up, and there is no room for another one. */
  static ofReserve(directory: string): JournalNoSpaceError {
    const text = `the disk of ${directory} is full and the segments made ahead are used up: free some space, then start the node again; everything acknowledged is kept`;
    return new JournalNoSpaceError(directory, 0, undefined, text);
  }
}

export class JournalPermissionError extends JournalError {
  constructor(path: string, reason: string, cause?: unknown) {
    super(
      'JOURNAL_NO_PERMISSION',
      4,
      `no permission for ${path} (${reason}): check its owner and mode`,
      cause,
    );
  }
}

export class JournalIoError extends JournalError {
  constructor(path: string, reason: string, cause?: unknown) {
    super('JOURNAL_IO', 1, `${path}: ${reason}`, cause);
  }
}

/**
 * Turns an error of `node:fs` into one of ours, by its code.
 * @param bytes how much room the step wanted, for the message about a full disk
 */
export function fromFileError(error: unknown, path: string, bytes = 0): JournalError {
  if (error instanceof JournalError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
  if (code === 'ENOSPC' || code === 'EDQUOT') return new JournalNoSpaceError(path, bytes, error);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new JournalPermissionError(path, code, error);
  return new JournalIoError(path, `${code}: ${(error as Error).message}`, error);
}

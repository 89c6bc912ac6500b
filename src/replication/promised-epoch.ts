import { closeSync, fchmodSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

const FILE_NAME = 'promised-epoch.json';
const MAX_EPOCH = 0xffffffff;

/** The promise file is there but cannot be trusted: a node that forgot its promise could follow a zombie. */
export class PromiseFileError extends Error {
  readonly code = 'PROMISED_EPOCH_CORRUPT';

  constructor(path: string, reason: string) {
    super(
      `${path} ${reason}; restore it, or write {"promisedEpoch":N} with N the highest epoch this pair ever had`,
    );
    this.name = 'PromiseFileError';
  }
}

/**
 * The highest epoch that this node has promised to follow or to lead, kept over restarts. It only rises.
 *
 * Kept in `<dataDir>/promised-epoch.json` (mode 0600), written to a temporary file, synced, renamed, and the
 * directory synced: after `raise` returns, no power cut takes the promise back.
 */
export class PromisedEpoch {
  readonly path: string;
  private promised: number;

  /** For `open` and for tests that need no file; use `open`. */
  private constructor(path: string, promised: number) {
    this.path = path;
    this.promised = promised;
  }

  /** Reads the promise of a data directory; 0 when none was ever made. Throws `PromiseFileError` on a bad file. */
  static open(dataDir: string): PromisedEpoch {
    const path = join(dataDir, FILE_NAME);
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new PromisedEpoch(path, 0);
      throw error;
    }
    return new PromisedEpoch(path, parsePromise(path, text));
  }

  get epoch(): number {
    return this.promised;
  }

  /**
   * Promises `epoch` and returns once that is on disk. Promising the present epoch again writes nothing.
   * Throws `RangeError` when `epoch` is lower than the promise, and lets I/O errors pass: the promise is then not made.
   */
  raise(epoch: number): void {
    if (!Number.isInteger(epoch) || epoch < 1 || epoch > MAX_EPOCH)
      throw new RangeError(`${epoch} is not an epoch`);
    if (epoch < this.promised)
      throw new RangeError(`epoch ${epoch} is lower than the promised ${this.promised}`);
    if (epoch === this.promised) return;
    const temporary = `${this.path}.tmp`;
    const file = openSync(temporary, 'w', 0o600);
    try {
      // The mode above counts for a new file only, and a crash may have left one behind.
      fchmodSync(file, 0o600);
      writeSync(file, `${JSON.stringify({ promisedEpoch: epoch })}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, this.path);
    const directory = openSync(dirname(this.path), 'r');
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
    this.promised = epoch;
  }
}

function parsePromise(path: string, text: string): number {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new PromiseFileError(path, 'is not JSON');
  }
  const epoch = (parsed as { promisedEpoch?: unknown } | null)?.promisedEpoch;
  if (typeof epoch !== 'number' || !Number.isInteger(epoch) || epoch < 0 || epoch > MAX_EPOCH) {
    throw new PromiseFileError(path, 'holds no promisedEpoch');
  }
  return epoch;
}

/**
 * Segments made ahead of their use. Making one takes as long as the disk likes (room, zeros, a sync), so a helper thread
 * does it and counts in shared memory; the writer only renames. Without a helper the writer makes them itself.
 */
import { JournalIoError, JournalNoSpaceError } from './errors.js';
import { errnoName } from './libc.js';
import type { Allocation, Storage } from './storage.js';

/** Int32 cells of the shared state. All but `wake` have one writer. */
export const PreparerCell = {
  /** Segments made so far, by the helper. */
  made: 0,
  /** Segments used so far, by the writer. */
  taken: 1,
  /** Last failure of the helper, 0 = none since the last success. */
  errno: 2,
  /** 1 = the helper should end. */
  stop: 3,
  /** Bumped whenever the helper should look again. */
  wake: 4,
} as const;

export const PREPARER_STATE_BYTES = 64;
const ENOSPC = 28;
/** How long the writer waits for a helper that reports neither a segment nor a failure. */
const PATIENCE_MS = 30_000;
const LOOK_AGAIN_MS = 100;
const PREPARED = /^prepared-\d+\.tmp$/;

export function preparedName(index: number): string {
  return `prepared-${index}.tmp`;
}

export function isPreparedName(name: string): boolean {
  return PREPARED.test(name);
}

/** Where the writer gets its next file from. */
export interface SegmentSource {
  /** Name of a file of the right size, with room on disk, zeros inside, and synced. Throws when there is no room. */
  take(): string;
  /** How many times `take` had to wait. */
  readonly waits: number;
}

/** Makes each segment when it is asked for. */
export class InlineSegments implements SegmentSource {
  waits = 0;
  readonly #storage: Storage;
  readonly #segmentBytes: number;
  readonly #allocation: Allocation;
  #made = 0;

  constructor(storage: Storage, segmentBytes: number, allocation: Allocation) {
    this.#storage = storage;
    this.#segmentBytes = segmentBytes;
    this.#allocation = allocation;
  }

  take(): string {
    const name = preparedName(this.#made++);
    if (this.#storage.exists(name)) this.#storage.remove(name);
    this.#storage.create(name, this.#segmentBytes, this.#allocation);
    this.waits++;
    return name;
  }
}

/** The segments that a helper thread makes; also the view of them for status pages and the gateway. */
export class PreparedSegments implements SegmentSource {
  waits = 0;
  readonly #cells: Int32Array;
  readonly #directory: string;

  /** @param state as given to `startSegmentPreparer`; @param directory for messages */
  constructor(state: SharedArrayBuffer, directory = '') {
    this.#cells = new Int32Array(state);
    this.#directory = directory;
  }

  /** Segments that are ready now. Few of them and an `errno` that is not 0 mean that the disk is filling up. */
  ready(): number {
    return (Atomics.load(this.#cells, PreparerCell.made) - Atomics.load(this.#cells, PreparerCell.taken)) | 0;
  }

  /** Last failure of the helper; 28 = no space; 0 = none. */
  errno(): number {
    return Atomics.load(this.#cells, PreparerCell.errno);
  }

  take(): string {
    if (this.ready() <= 0) this.#await();
    const index = Atomics.load(this.#cells, PreparerCell.taken);
    Atomics.store(this.#cells, PreparerCell.taken, (index + 1) | 0);
    this.#wakeHelper();
    return preparedName(index);
  }

  #await(): void {
    this.waits++;
    for (let waitedMs = 0; this.ready() <= 0; waitedMs += LOOK_AGAIN_MS) {
      const errno = this.errno();
      if (errno === ENOSPC) throw JournalNoSpaceError.ofReserve(this.#directory);
      if (errno !== 0)
        throw new JournalIoError(this.#directory, `no segment could be made ahead: ${errnoName(errno)}`);
      if (waitedMs >= PATIENCE_MS)
        throw new JournalIoError(this.#directory, `no segment was made in ${PATIENCE_MS} ms`);
      this.#wakeHelper();
      Atomics.wait(
        this.#cells,
        PreparerCell.made,
        Atomics.load(this.#cells, PreparerCell.taken),
        LOOK_AGAIN_MS,
      );
    }
  }

  #wakeHelper(): void {
    Atomics.add(this.#cells, PreparerCell.wake, 1);
    Atomics.notify(this.#cells, PreparerCell.wake);
  }
}

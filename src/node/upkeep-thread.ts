/** Starts the helper thread that keeps the journal in order (upkeep.ts). */
import { Worker } from 'node:worker_threads';
import type { JournalIdentity } from '../../journal/segment.js';
import type { UpkeepEvent, UpkeepRules, WantedRecords } from '../../journal/upkeep.js';

export interface UpkeepThreadOptions {
  readonly directory: string;
  readonly identity: JournalIdentity;
  /** File with the private key of the node. */
  readonly keyFile: string;
  /** Directory to which segments are archived; '' = nowhere. */
  readonly archiveTo: string;
  readonly rules: UpkeepRules;
  /** What is told to the operator; the helper tries again after a while what failed. */
  readonly onEvent: (event: UpkeepEvent) => void;
  /** Records are wanted from the peer; answer by `answerRecords`. */
  readonly onWanted: (wanted: WantedRecords) => void;
}

/** From the thread. */
export type FromUpkeep = UpkeepEvent | ({ readonly type: 'wanted' } & WantedRecords);

/** To the thread: the records are in their file, or why not. */
export interface RecordsAnswer {
  readonly file: string;
  readonly problem: string;
}

export interface UpkeepThread {
  /** First command that the attached standby has not made durable; 0 = none was ever attached. Retention keeps it. */
  setStandbySequence(sequence: number): void;
  /** @param problem why the records did not come; '' = they are in the file */
  answerRecords(file: string, problem: string): void;
  /** Ends the helper; resolves when it is gone. */
  stop(): Promise<void>;
}

/** Memory that the threads share: 1 = stop, and the sequence of the standby. */
export const UPKEEP_STATE_BYTES = 16;
export const STOP_CELL = 0;
export const STANDBY_CELL = 1;

/** Starts the helper. An unexpected error ends the process as an uncaught error of a worker does. */
export function startUpkeep(options: UpkeepThreadOptions): UpkeepThread {
  const state = new SharedArrayBuffer(UPKEEP_STATE_BYTES);
  const { directory, identity, keyFile, archiveTo, rules } = options;
  const worker = new Worker(new URL('./upkeep-worker.js', import.meta.url), {
    name: 'journal-upkeep',
    workerData: { directory, identity, keyFile, archiveTo, rules, state },
  });
  worker.on('message', (message: FromUpkeep) => {
    if (message.type === 'wanted') options.onWanted(message);
    else options.onEvent(message);
  });
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const cells = new Int32Array(state);
  return {
    setStandbySequence(sequence: number): void {
      Atomics.store(new BigInt64Array(state), STANDBY_CELL, BigInt(sequence));
    },
    answerRecords(file: string, problem: string): void {
      worker.postMessage({ file, problem } satisfies RecordsAnswer);
      Atomics.notify(cells, STOP_CELL);
    },
    async stop(): Promise<void> {
      Atomics.store(cells, STOP_CELL, 1);
      Atomics.notify(cells, STOP_CELL);
      await ended;
    },
  };
}

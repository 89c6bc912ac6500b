/** The state of the exchange as it was at a moment: the nearest snapshot before it, and the journal replayed from there. Reads only. */
import { JournalReader } from '../journal/journal-reader.js';
import { openStorage } from '../journal/open-storage.js';
import { recover } from '../journal/recover.js';
import type { SnapshotLimits } from '../journal/snapshot-store.js';
import type { Storage } from '../journal/storage.js';
import { readInt64 } from '../src/base/int64.js';
import { Core } from '../src/core/core.js';
import { HeaderWord, SLOT_WORDS } from '../src/wire/slot.js';
import {
  type CommandObserver,
  chooseStart,
  type ReplayOptions,
  type ReplayStart,
  replayInBatches,
} from './replay-journal.js';

/** After a command, or after the last command of a time; neither = the end of the journal. */
export interface Moment {
  readonly sequence?: number;
  /** Epoch microseconds. */
  readonly timeUs?: number;
}

export interface AsOfOptions {
  /** The journal directory. */
  readonly directory: string;
  readonly moment: Moment;
  /** A fresh core of the capacity of the node; default one with the default capacities. */
  readonly core?: Core;
  /** Called after each command up to the moment that is replayed; see ReplayOptions. */
  readonly onCommand?: CommandObserver;
  /** Which snapshots it may begin with; default any, or none when every command is to be seen by `onCommand`. */
  readonly from?: SnapshotLimits;
  readonly onProgress?: (sequence: number, lastSequence: number) => void;
  /** Called once before the first command is replayed; see ReplayOptions. */
  readonly onStart?: () => void;
}

export interface AsOf {
  readonly core: Core;
  /** Last command that happened by then, and its time. */
  readonly sequence: number;
  readonly timestampUs: number;
  /** Last command that was in the snapshot that it was made from; 0 = none was. */
  readonly snapshotSequence: number;
}

/** A moment that the journal cannot speak about. */
export class MomentError extends Error {
  override readonly name = 'MomentError';
  readonly code: 'JOURNAL_EMPTY' | 'BEFORE_FIRST_COMMAND' | 'BEYOND_LAST_COMMAND';

  constructor(code: MomentError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Looks at the journal, and chooses the snapshot to begin with.
 * @throws MomentError for a sequence after the last command; the coded errors of the journal
 */
export function startAsOf(options: AsOfOptions): ReplayStart {
  const { directory, moment } = options;
  const storage = openStorage(directory, 'positional');
  const report = recover(storage, undefined, { mayBeginLater: true });
  const { lastSequence } = report;
  if (lastSequence === 0) {
    throw new MomentError('JOURNAL_EMPTY', `the journal ${directory} holds no command yet`);
  }
  if (moment.sequence !== undefined && moment.sequence > lastSequence) {
    throw new MomentError(
      'BEYOND_LAST_COMMAND',
      `there is no command ${moment.sequence}: the last one in the journal is ${lastSequence}`,
    );
  }
  return chooseStart(replayOptions(options), storage, report);
}

/**
 * Replays up to the moment, yielding now and then, and returns the state as it was then.
 * @param start of the same options
 * @throws MomentError for a moment before the first command or a sequence after the last; the coded errors of the journal
 */
export function* replayAsOf(options: AsOfOptions, start = startAsOf(options)): Generator<number, AsOf> {
  const { core = new Core() } = options;
  const result = yield* replayInBatches({ ...replayOptions(options), core }, start);
  if (result.lastSequence === 0) {
    const { report, storage } = start;
    const first = new Date(firstTimestampUs(storage, report.firstSequence) / 1000).toISOString();
    throw new MomentError(
      'BEFORE_FIRST_COMMAND',
      `nothing had happened by then: the first command of the journal is of ${first}`,
    );
  }
  const { lastSequence: sequence, lastTimestampUs: timestampUs, snapshotSequence } = result;
  return { core, sequence, timestampUs, snapshotSequence };
}

function replayOptions({ moment, ...options }: AsOfOptions): ReplayOptions {
  return {
    ...options,
    ...(moment.sequence === undefined ? {} : { toSequence: moment.sequence }),
    ...(moment.timeUs === undefined ? {} : { atTimeUs: moment.timeUs }),
    ...(options.onCommand === undefined ? { from: options.from ?? {} } : {}),
  };
}

/** The state at a moment at once; see replayAsOf. */
export function asOf(options: AsOfOptions): AsOf {
  const steps = replayAsOf(options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

function firstTimestampUs(storage: Storage, firstSequence: number): number {
  const record = new Int32Array(SLOT_WORDS);
  const reader = new JournalReader(storage, { fromSequence: firstSequence, toSequence: firstSequence });
  try {
    reader.readRecords(record, 0, 1);
  } finally {
    reader.close();
  }
  return readInt64(record, HeaderWord.timestampUs);
}

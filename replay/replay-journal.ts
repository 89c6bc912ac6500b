/** Replays the journal in a directory through a business logic of its own: offline, read-only. */
import { JournalReader } from '../journal/journal-reader.js';
import { openStorage } from '../journal/open-storage.js';
import { recover } from '../journal/recover.js';
import { Core } from '../src/core/core.js';
import { BusinessLogicProcessor } from '../src/engine/business-logic-processor.js';
import { EventBuffer } from '../src/engine/event-buffer.js';
import { SLOT_WORDS } from '../src/wire/slot.js';
import { type CommandHandler, Replayer } from './replayer.js';

export interface ReplayOptions {
  /** The journal directory. */
  readonly directory: string;
  /** Last command to carry out; default all. */
  readonly toSequence?: number;
  /** Stop before the first command after this command time, epoch microseconds. */
  readonly atTimeUs?: number;
  /** Called every 65,536 commands or so, and at the end. */
  readonly onProgress?: (sequence: number, lastSequence: number) => void;
  /** A fresh core to replay into, for capacities or to look at afterwards; default one with the default capacities. */
  readonly core?: Core;
  /**
   * Called after each command with its slot, its events, which stand there until the next one, and the logic, for its
   * hashes; nothing of what it is given may be kept or changed.
   */
  readonly onCommand?: CommandObserver;
}

export type CommandObserver = (
  words: Int32Array,
  wordIndex: number,
  events: EventBuffer,
  logic: BusinessLogicProcessor,
) => void;

export interface ReplayResult {
  readonly commands: number;
  readonly perSecond: number;
  readonly elapsedMs: number;
  /** Last command that was carried out; 0 = none. */
  readonly lastSequence: number;
  readonly lastTimestampUs: number;
  /** 16 hex digits each. */
  readonly stateHash: string;
  readonly outputHash: string;
  /** Last command in the journal, and its epoch. */
  readonly journalSequence: number;
  readonly epoch: number;
  /** Bytes of a torn tail, which a replay does not touch. */
  readonly tornBytes: number;
}

/** Commands that are read at once, after which their events are thrown away: few enough to stay in the cache. */
const BATCH = 256;
const PROGRESS_COMMANDS = 65_536;

/**
 * Replays up to the limits and returns hashes and speed. Takes no lock and writes nothing, so that it may run beside the
 * node that owns the journal.
 * @throws the coded errors of the journal: damage, newer version, no permission
 */
export function replayJournal(options: ReplayOptions): ReplayResult {
  const batches = replayInBatches(options);
  for (;;) {
    const step = batches.next();
    if (step.done === true) return step.value;
  }
}

/**
 * The same a few hundred commands at a time, for callers that hand on what they see while it goes: yields its last
 * sequence after each batch and returns the result.
 * @throws as replayJournal
 */
export function* replayInBatches(options: ReplayOptions): Generator<number, ReplayResult> {
  const storage = openStorage(options.directory, 'positional');
  const report = recover(storage);
  const events = new EventBuffer();
  const processor = new BusinessLogicProcessor(options.core ?? new Core(), events);
  const toSequence = Math.min(options.toSequence ?? report.lastSequence, report.lastSequence);
  const limits = options.atTimeUs === undefined ? { toSequence } : { toSequence, toTimeUs: options.atTimeUs };
  const { onCommand } = options;
  const observed: CommandHandler = {
    onCommand(words, wordIndex) {
      events.clear();
      processor.onCommand(words, wordIndex);
      onCommand?.(words, wordIndex, events, processor);
    },
  };
  const replayer = new Replayer(onCommand === undefined ? processor : observed, limits);
  // Copied out of the frames, because the business logic wants slots that start at whole slots.
  const records = new Int32Array(BATCH * SLOT_WORDS);
  const reader = new JournalReader(storage, { toSequence });
  const startMs = performance.now();
  let progressAt = PROGRESS_COMMANDS;
  try {
    for (;;) {
      const count = reader.readRecords(records, 0, BATCH);
      if (count === 0 || replayer.feed(records, 0, count) < count) break;
      events.clear();
      if (replayer.commands >= progressAt) {
        progressAt = replayer.commands + PROGRESS_COMMANDS;
        options.onProgress?.(replayer.lastSequence, toSequence);
      }
      yield replayer.lastSequence;
    }
  } finally {
    reader.close();
  }
  const elapsedMs = performance.now() - startMs;
  options.onProgress?.(replayer.lastSequence, toSequence);
  return {
    commands: replayer.commands,
    perSecond: elapsedMs === 0 ? 0 : Math.round((replayer.commands / elapsedMs) * 1000),
    elapsedMs: Math.round(elapsedMs),
    lastSequence: replayer.lastSequence,
    lastTimestampUs: replayer.lastTimestampUs,
    stateHash: processor.stateHash(),
    outputHash: processor.outputHash(),
    journalSequence: report.lastSequence,
    epoch: report.epoch,
    tornBytes: report.tornBytes,
  };
}

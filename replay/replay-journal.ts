/** Replays the journal in a directory through a business logic of its own: offline, read-only. */
import { JournalReader } from '../journal/journal-reader.js';
import { openStorage } from '../journal/open-storage.js';
import { missingBeginning, type RecoveryReport, recover } from '../journal/recover.js';
import type { SnapshotFile } from '../journal/snapshot-file.js';
import {
  chooseSnapshot,
  openSnapshots,
  type RefusedSnapshot,
  type SnapshotChoice,
  type SnapshotLimits,
} from '../journal/snapshot-store.js';
import type { Storage } from '../journal/storage.js';
import { Core } from '../src/core/core.js';
import { BusinessLogicProcessor } from '../src/engine/business-logic-processor.js';
import { EventBuffer } from '../src/engine/event-buffer.js';
import { SLOT_WORDS } from '../src/wire/slot.js';
import { loadSnapshot } from './load-snapshot.js';
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
  /**
   * May begin with the state of a snapshot within these limits, the newest one, and replay what comes after it; `onCommand`
   * then sees only that. Default: every command from the first on.
   */
  readonly from?: SnapshotLimits;
  /** Called once before the first command is replayed, when the core has the state of the snapshot if there is one. */
  readonly onStart?: () => void;
}

/** Where a replay begins. */
export interface ReplayStart {
  readonly storage: Storage;
  /** What was found in the journal. */
  readonly report: RecoveryReport;
  /** Undefined = with the first command. */
  readonly snapshot: SnapshotFile | undefined;
  /** Newer snapshots that could not be used, and why. */
  readonly refused: readonly RefusedSnapshot[];
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
  /** Last command that was in the snapshot that the replay began with; 0 = it began with the first command. */
  readonly snapshotSequence: number;
  /** Newer snapshots that could not be used, and why. */
  readonly refused: readonly RefusedSnapshot[];
}

/** Commands that are read at once, after which their events are thrown away: few enough to stay in the cache. */
const BATCH = 256;
const PROGRESS_COMMANDS = 65_536;

/**
 * Replays up to the limits and returns hashes and speed. Takes no lock and writes nothing, so that it may run beside the
 * node that owns the journal.
 * @throws the coded errors of the journal: damage, newer version, no permission; SnapshotUnusableError
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
 * @param start of the same options
 * @throws as replayJournal
 */
export function* replayInBatches(
  options: ReplayOptions,
  start = startOf(options),
): Generator<number, ReplayResult> {
  const { refused, report, snapshot, storage } = start;
  const events = new EventBuffer();
  const processor = new BusinessLogicProcessor(options.core ?? new Core(), events);
  const toSequence = lastWanted(options, report);
  if (snapshot !== undefined) loadSnapshot(processor, snapshot);
  const begun = snapshot?.facts ?? { sequence: 0, timestampUs: 0 };
  options.onStart?.();
  const limits = options.atTimeUs === undefined ? { toSequence } : { toSequence, toTimeUs: options.atTimeUs };
  const { onCommand } = options;
  const observed: CommandHandler = {
    onCommands(words, wordIndex, count) {
      for (let at = wordIndex; at < wordIndex + count * SLOT_WORDS; at += SLOT_WORDS) {
        events.clear();
        processor.onCommand(words, at);
        onCommand?.(words, at, events, processor);
      }
    },
  };
  const replayer = new Replayer(onCommand === undefined ? processor : observed, limits);
  // Copied out of the frames, because the business logic wants slots that start at whole slots.
  const records = new Int32Array(BATCH * SLOT_WORDS);
  const reader = new JournalReader(storage, { fromSequence: begun.sequence + 1, toSequence });
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
  const isAtStart = replayer.commands === 0;
  const lastSequence = isAtStart ? begun.sequence : replayer.lastSequence;
  options.onProgress?.(lastSequence, toSequence);
  return {
    commands: replayer.commands,
    perSecond: elapsedMs === 0 ? 0 : Math.round((replayer.commands / elapsedMs) * 1000),
    elapsedMs: Math.round(elapsedMs),
    lastSequence,
    lastTimestampUs: isAtStart ? begun.timestampUs : replayer.lastTimestampUs,
    stateHash: processor.stateHash(),
    outputHash: processor.outputHash(),
    journalSequence: report.lastSequence,
    epoch: report.epoch,
    tornBytes: report.tornBytes,
    snapshotSequence: begun.sequence,
    refused,
  };
}

function startOf(options: ReplayOptions): ReplayStart {
  const storage = openStorage(options.directory, 'positional');
  return chooseStart(options, storage, recover(storage, undefined, { mayBeginLater: true }));
}

/**
 * The snapshot that a replay of the journal begins with, if there is one.
 * @param report of the journal in `storage`
 * @throws JournalCorruptionError when the journal begins later, and no good snapshot within the limits goes so far
 */
export function chooseStart(options: ReplayOptions, storage: Storage, report: RecoveryReport): ReplayStart {
  const { snapshot, refused } = choose(options, storage, report);
  if (snapshot === undefined && report.firstSequence > 1) throw missingBeginning(storage);
  return { storage, report, snapshot, refused };
}

function choose(
  options: ReplayOptions,
  storage: Storage,
  report: RecoveryReport,
): Pick<SnapshotChoice, 'snapshot' | 'refused'> {
  const { from, directory, atTimeUs = Number.MAX_SAFE_INTEGER } = options;
  if (from === undefined) return { snapshot: undefined, refused: [] };
  // A snapshot may have been taken after the journal was looked at: it would be ahead of the report.
  const sequence = Math.min(from.sequence ?? report.lastSequence, lastWanted(options, report));
  const timeUs = Math.min(from.timeUs ?? atTimeUs, atTimeUs);
  return chooseSnapshot(storage, openSnapshots(directory), report, { ...from, sequence, timeUs });
}

function lastWanted(options: ReplayOptions, report: RecoveryReport): number {
  return Math.min(options.toSequence ?? report.lastSequence, report.lastSequence);
}

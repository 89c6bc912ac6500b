/**
 * Correction by replay: the journal again without some commands, or with others in their place, into a new journal. The
 * original is only read. Both run side by side, so that every difference is seen where it comes up.
 */
import { join } from 'node:path';
import { IDENTITY_FILE, JournalDirectory, readIdentity } from '../journal/journal-directory.js';
import { JournalReader } from '../journal/journal-reader.js';
import { JournalWriter } from '../journal/journal-writer.js';
import { openStorage } from '../journal/open-storage.js';
import { recover } from '../journal/recover.js';
import { readInt64, writeInt64 } from '../src/base/int64.js';
import type { Core } from '../src/core/core.js';
import { BusinessLogicProcessor } from '../src/engine/business-logic-processor.js';
import { EventBuffer } from '../src/engine/event-buffer.js';
import { messageById, offsetOf, Template } from '../src/wire/schema.js';
import { HeaderWord, SLOT_WORDS, templateOf } from '../src/wire/slot.js';
import { type AccountDifference, diffAccounts, sameEvents } from './diff.js';

/**
 * Writes the command that takes the place of the one at word `wordIndex` of `words` over it. `corrected` is the state
 * that it will meet. Sequence and time of the slot are set afterwards and cannot be changed.
 */
export type Replacement = (words: Int32Array, wordIndex: number, corrected: Core) => void;
export type Correction = 'skip' | Replacement;

export interface CorrectionOptions {
  /** The journal directory to read. */
  readonly directory: string;
  /** The journal directory to make; must not be there. */
  readonly target: string;
  /** By sequence. */
  readonly corrections: ReadonlyMap<number, Correction>;
  /** Makes a fresh core of the capacity of the node. */
  readonly makeCore: () => Core;
  readonly segmentBytes?: number;
  /** Called now and then, and at the end. */
  readonly onProgress?: (sequence: number, lastSequence: number) => void;
}

/** A command and what the two runs answered. */
export interface Divergence {
  /** In the original journal. */
  readonly sequence: number;
  /** In the new one; 0 = it is not there. */
  readonly newSequence: number;
  /** One slot each; empty where there is none. */
  readonly originalCommand: Int32Array;
  readonly correctedCommand: Int32Array;
  /** Slots one after the other. */
  readonly originalEvents: Int32Array;
  readonly correctedEvents: Int32Array;
}

export interface CorrectionReport {
  /** Commands in the original and in the new journal. */
  readonly commands: number;
  readonly written: number;
  /** The corrected commands themselves. */
  readonly changes: readonly Divergence[];
  /** How many of the other commands were answered differently, and the first of them. */
  readonly differentCommands: number;
  readonly firstDifference: Divergence | undefined;
  /** Balances and open orders that differ at the end. */
  readonly accounts: readonly AccountDifference[];
  readonly original: { readonly core: Core; readonly stateHash: string };
  readonly corrected: { readonly core: Core; readonly stateHash: string };
}

/** A correction that would not mean what it says. */
export class CorrectionError extends Error {
  override readonly name = 'CorrectionError';
  readonly code: 'CORRECTION_REFUSED' | 'NO_SUCH_COMMAND';

  constructor(message: string, code: CorrectionError['code'] = 'CORRECTION_REFUSED') {
    super(message);
    this.code = code;
  }
}

const BATCH = 256;
const SYNC_COMMANDS = 65_536;
const bodyWord = (name: string, field: string) => HeaderWord.body + offsetOf(name, field) / 4;
const INSTRUMENT_ID_WORD = bodyWord('instrumentListed', 'instrumentId');
const API_KEY_ID_WORD = bodyWord('apiKeyRegistered', 'apiKeyId');
const OPENED_ACCOUNT_WORD = bodyWord('accountOpened', 'accountId');
const NO_SLOTS = new Int32Array(0);

/**
 * Writes the corrected journal and reports what it changed. Sequences are dense again; times stay.
 * @throws CorrectionError for corrections that cannot be made: commands that are not there, the start of an epoch, and
 *   what would give later commands another instrument or session than they meant; the coded errors of the journal
 */
export function correctJournal(options: CorrectionOptions): CorrectionReport {
  const { directory, target, corrections, makeCore, onProgress } = options;
  const source = openStorage(directory, 'positional');
  const { lastSequence, lastTimestampUs } = recover(source);
  for (const sequence of corrections.keys()) {
    if (sequence >= 1 && sequence <= lastSequence) continue;
    throw new CorrectionError(
      `there is no command ${sequence}: the journal has 1 to ${lastSequence}`,
      'NO_SUCH_COMMAND',
    );
  }
  const identity = readIdentity(join(directory, IDENTITY_FILE));
  if (identity === undefined) throw new CorrectionError(`${directory} has no ${IDENTITY_FILE}`);

  const runs = new CorrectionRuns(corrections, makeCore);
  const lock = JournalDirectory.open(target, identity);
  try {
    const storage = openStorage(target, 'positional');
    const writer = JournalWriter.open(storage, identity, recover(storage, identity), {
      // The same original and corrections give the same files.
      nowMs: () => Math.floor(lastTimestampUs / 1000),
      ...(options.segmentBytes === undefined ? {} : { segmentBytes: options.segmentBytes }),
    });
    const reader = new JournalReader(source, { toSequence: lastSequence });
    const records = new Int32Array(BATCH * SLOT_WORDS);
    const kept = new Int32Array(BATCH * SLOT_WORDS);
    try {
      let syncAt = SYNC_COMMANDS;
      for (;;) {
        const count = reader.readRecords(records, 0, BATCH);
        if (count === 0) break;
        let keptCount = 0;
        for (let i = 0; i < count; i++) {
          if (runs.step(records, i * SLOT_WORDS)) kept.set(runs.slot, keptCount++ * SLOT_WORDS);
        }
        if (keptCount > 0) writer.appendRecords(kept, 0, keptCount);
        if (runs.commands < syncAt) continue;
        syncAt += SYNC_COMMANDS;
        writer.sync();
        onProgress?.(runs.commands, lastSequence);
      }
    } finally {
      reader.close();
      writer.close();
    }
  } finally {
    lock.close();
  }
  onProgress?.(runs.commands, lastSequence);
  return runs.report();
}

/** The two runs, a command at a time. */
class CorrectionRuns {
  /** Commands of the original so far. */
  commands = 0;
  /** The command of the corrected journal after a step that made one. */
  readonly slot = new Int32Array(SLOT_WORDS);
  private written = 0;
  private differentCommands = 0;
  private firstDifference: Divergence | undefined;
  private readonly changes: Divergence[] = [];
  private readonly accountIds = new Set<number>();
  private readonly corrections: ReadonlyMap<number, Correction>;
  private readonly originalEvents = new EventBuffer();
  private readonly correctedEvents = new EventBuffer();
  private readonly originalCore: Core;
  private readonly correctedCore: Core;
  private readonly original: BusinessLogicProcessor;
  private readonly corrected: BusinessLogicProcessor;

  constructor(corrections: ReadonlyMap<number, Correction>, makeCore: () => Core) {
    this.corrections = corrections;
    this.originalCore = makeCore();
    this.correctedCore = makeCore();
    this.original = new BusinessLogicProcessor(this.originalCore, this.originalEvents);
    this.corrected = new BusinessLogicProcessor(this.correctedCore, this.correctedEvents);
  }

  /** Carries out the original's next command; true when the corrected journal has one for it, in `slot`. */
  step(words: Int32Array, at: number): boolean {
    const sequence = readInt64(words, at + HeaderWord.sequence);
    const correction = this.corrections.get(sequence);
    this.commands++;
    this.originalEvents.clear();
    this.correctedEvents.clear();
    this.original.onCommand(words, at);
    const isKept = correction !== 'skip';
    if (correction !== undefined) refuseEpoch(words, at, sequence);
    if (isKept) this.stepCorrected(words, at, correction);
    this.learnAccounts(this.originalEvents);
    this.learnAccounts(this.correctedEvents);
    if (correction !== undefined) {
      this.changes.push(this.divergence(words, at, sequence, isKept));
    } else if (!sameEvents(this.originalEvents, this.correctedEvents)) {
      this.refuseOtherIds(words, at, sequence);
      this.differentCommands++;
      this.firstDifference ??= this.divergence(words, at, sequence, isKept);
    }
    return isKept;
  }

  report(): CorrectionReport {
    const accountIds = [...this.accountIds].sort((a, b) => a - b);
    return {
      commands: this.commands,
      written: this.written,
      changes: this.changes,
      differentCommands: this.differentCommands,
      firstDifference: this.firstDifference,
      accounts: diffAccounts(this.originalCore, this.correctedCore, accountIds),
      original: { core: this.originalCore, stateHash: this.original.stateHash() },
      corrected: { core: this.correctedCore, stateHash: this.corrected.stateHash() },
    };
  }

  private stepCorrected(words: Int32Array, at: number, replacement: Replacement | undefined): void {
    const { slot } = this;
    slot.set(words.subarray(at, at + SLOT_WORDS));
    replacement?.(slot, 0, this.correctedCore);
    this.written++;
    writeInt64(slot, HeaderWord.sequence, this.written);
    writeInt64(slot, HeaderWord.timestampUs, readInt64(words, at + HeaderWord.timestampUs));
    this.corrected.onCommand(slot, 0);
  }

  /**
   * Commands name instruments and sessions by numbers that were given out in order. A correction that shifts them would
   * turn later commands to another instrument or another account.
   */
  private refuseOtherIds(words: Int32Array, at: number, sequence: number): void {
    const before = givenId(this.originalEvents);
    const after = givenId(this.correctedEvents);
    if (before === after || before === 0 || after === 0) return;
    const command = messageById(templateOf(words[at]!))?.name;
    throw new CorrectionError(
      `command ${sequence} (${command}) would get number ${after} instead of ${before}, so that later commands would mean ` +
        'something else; patch the command before it that gave out a number instead of skipping it',
    );
  }

  private learnAccounts(events: EventBuffer): void {
    for (let i = 0; i < events.count; i++) {
      const at = i * SLOT_WORDS;
      if (templateOf(events.words[at]!) === Template.accountOpened) {
        this.accountIds.add(events.words[at + OPENED_ACCOUNT_WORD]!);
      }
    }
  }

  private divergence(words: Int32Array, at: number, sequence: number, isKept: boolean): Divergence {
    const slotsOf = (events: EventBuffer) => events.words.slice(0, events.count * SLOT_WORDS);
    return {
      sequence,
      newSequence: isKept ? this.written : 0,
      originalCommand: words.slice(at, at + SLOT_WORDS),
      correctedCommand: isKept ? this.slot.slice() : NO_SLOTS,
      originalEvents: slotsOf(this.originalEvents),
      correctedEvents: slotsOf(this.correctedEvents),
    };
  }
}

function refuseEpoch(words: Int32Array, at: number, sequence: number): void {
  if (templateOf(words[at]!) !== Template.epochStarted) return;
  throw new CorrectionError(
    `command ${sequence} starts an epoch; a journal is not one without it: correct another command`,
  );
}

/** The number that a listing or a key got; 0 = none. */
function givenId(events: EventBuffer): number {
  for (let i = 0; i < events.count; i++) {
    const at = i * SLOT_WORDS;
    const template = templateOf(events.words[at]!);
    if (template === Template.instrumentListed) return events.words[at + INSTRUMENT_ID_WORD]!;
    if (template === Template.apiKeyRegistered) return events.words[at + API_KEY_ID_WORD]!;
  }
  return 0;
}

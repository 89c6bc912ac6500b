/**
 * Writes the index of accounts while the commands of a journal are carried out: a block for every BLOCK_COMMANDS of them,
 * at multiples of it, so that blocks of two writers of the same journal are the same. A block that is not full yet is
 * written as well, now and then, and later once more with what came after it.
 */
import { AccountIndexBlockWriter, type AccountRuns, writeBlock } from '../journal/account-index-file.js';
import { type AccountIndexEnd, accountIndexName } from '../journal/account-index-store.js';
import type { RecordPlace } from '../journal/journal-tail.js';
import { NumberWriter } from '../journal/packed-numbers.js';
import type { Storage } from '../journal/storage.js';
import type { Core } from '../src/core/core.js';
import { AccountRecorder } from './account-recorder.js';
import { putLongRun, type RunSection, RunWriter } from './account-runs.js';
import { listingsAfter } from './index-listings.js';

export const BLOCK_COMMANDS = 65_536;
/** A block ends before that when its changes take so many doubles. */
const MAX_LOG_DOUBLES = 1 << 22;
/** Longer runs get a brief one. */
const LONG_RUN_BYTES = 1024;
/** A section of a long run ends after so many bytes. */
const SECTION_BYTES = 16_384;
/** A short block is written again when this has passed, and so much more for each byte of it: at most 32 KiB a second. */
const REWRITE_MS = 1000;
const REWRITE_BYTES_PER_MS = 32.768;
const NOTHING = new Uint8Array(0);
/** Accounts after which the thread may rest while a block is made. */
const ACCOUNTS_AT_ONCE = 256;

export interface AccountIndexerParts {
  /** As it is after command `position.sequence`. */
  readonly core: Core;
  /** Directory of the index. */
  readonly storage: Storage;
  readonly clusterId: bigint;
  readonly position: AccountIndexEnd;
  /** The index that is there goes so far, which may be beyond the position: nothing up to it is written again. */
  readonly end: AccountIndexEnd;
  /** Called now and then while a block is made. */
  readonly rest: () => void;
  /** Default BLOCK_COMMANDS. */
  readonly blockCommands?: number;
  /** Default LONG_RUN_BYTES. */
  readonly longRunBytes?: number;
  /** Default SECTION_BYTES. */
  readonly sectionBytes?: number;
}

export class AccountIndexer {
  /** Last command that is in the index. */
  writtenSequence: number;
  /** Bytes of the blocks that were written, those that were replaced left out. */
  bytes = 0;
  readonly #parts: AccountIndexerParts;
  readonly #recorder: AccountRecorder;
  readonly #blockCommands: number;
  readonly #times: Float64Array;
  readonly #run = new NumberWriter();
  readonly #runWriter = new RunWriter(this.#run);
  /** Brief runs of the sections, then that of the block. */
  readonly #briefs = new NumberWriter();
  readonly #briefWriter = new RunWriter(this.#briefs);
  readonly #long = new NumberWriter();
  #sequence: number;
  /** Of the block: command before it, chain there, and what there was already. */
  #before: AccountIndexEnd;
  #assets = 0;
  #instruments = 0;
  #lastOrderId = 0;
  #blockBytes = 0;
  #writtenAtMs = 0;

  constructor(parts: AccountIndexerParts) {
    this.#parts = parts;
    this.#blockCommands = parts.blockCommands ?? BLOCK_COMMANDS;
    this.#times = new Float64Array(this.#blockCommands);
    this.#recorder = new AccountRecorder(parts.core);
    this.#sequence = parts.position.sequence;
    this.writtenSequence = parts.end.sequence;
    this.#before = parts.end;
    this.#begin(parts.end);
  }

  /** To be called after each command of the core. */
  note(sequence: number, timestampUs: number): void {
    this.#sequence = sequence;
    this.#recorder.note(sequence);
    if (sequence <= this.#before.sequence) {
      // It is there already.
      if (sequence === this.#before.sequence) this.#begin(this.#before);
      this.#recorder.clear();
      return;
    }
    this.#times[sequence - this.#before.sequence - 1] = timestampUs;
  }

  /** Whether the block has to be written after the command that was noted last. */
  get isFull(): boolean {
    const isEnd = this.#sequence % this.#blockCommands === 0 || this.#recorder.size > MAX_LOG_DOUBLES;
    return isEnd && this.#sequence > this.#before.sequence;
  }

  /** Whether a block that is not full may be written at the time `nowMs`, which only has to rise. */
  isDue(nowMs: number): boolean {
    if (!this.#hasNews) return false;
    return nowMs - this.#writtenAtMs >= REWRITE_MS + this.#blockBytes / REWRITE_BYTES_PER_MS;
  }

  /**
   * Writes what came since the block began, unless it is written.
   * @param place of the command that was noted last in the journal
   * @param isEnd the next command begins another block, even if this one is not full: so what comes after a snapshot is
   *   not in a block with what was before it
   * @throws JournalNoSpaceError, JournalSyncError, JournalIoError; the index has a gap then, when the block was full
   */
  write(place: RecordPlace, nowMs: number, isEnd = this.isFull): void {
    const sequence = this.#sequence;
    try {
      if (!this.#hasNews) return;
      this.#writtenAtMs = nowMs;
      const bytes = this.#blockOf(place);
      writeBlock(this.#parts.storage, accountIndexName(this.#before.sequence + 1), bytes);
      this.bytes += bytes.length - this.#blockBytes;
      this.#blockBytes = bytes.length;
      this.writtenSequence = sequence;
    } finally {
      if (isEnd && sequence > this.#before.sequence) this.#begin({ sequence, chain: place.chain });
    }
  }

  /** What could not be written of a full block is left to whoever makes the index again. */
  get #hasNews(): boolean {
    return this.#sequence > this.writtenSequence && this.#sequence > this.#before.sequence;
  }

  #begin(before: AccountIndexEnd): void {
    const { assets, instruments } = this.#parts.core;
    this.#before = before;
    this.#assets = assets.count;
    this.#instruments = instruments.count;
    this.#lastOrderId = this.#recorder.lastOrderId;
    this.#blockBytes = 0;
    this.#recorder.clear();
  }

  #blockOf({ chain, offset }: RecordPlace): Uint8Array {
    const { sequence: before, chain: chainBefore } = this.#before;
    const block = new AccountIndexBlockWriter();
    for (const [place, accountId] of this.#recorder.changedAccounts().entries()) {
      if (place % ACCOUNTS_AT_ONCE === 0) this.#parts.rest();
      block.add(accountId, this.#runsOf(accountId));
    }
    const times = this.#times.subarray(0, this.#sequence - before);
    const facts = {
      clusterId: this.#parts.clusterId,
      firstSequence: before + 1,
      lastSequence: this.#sequence,
      firstTimeUs: times[0]!,
      lastTimeUs: times[times.length - 1]!,
      chainBefore,
      chain,
      frameOffset: offset,
    };
    return block.finish(facts, times, this.#listings());
  }

  /** Assets and instruments that the block is the first to have. */
  #listings(): string {
    const { assets, instruments } = listingsAfter(this.#parts.core, this.#assets, this.#instruments);
    return assets.length + instruments.length === 0 ? '' : JSON.stringify({ assets, instruments });
  }

  /** The runs of an account, which stand there until the next ones. */
  #runsOf(accountId: number): AccountRuns {
    const { longRunBytes = LONG_RUN_BYTES, sectionBytes = SECTION_BYTES } = this.#parts;
    const { sequence: before } = this.#before;
    const writer = this.#runWriter;
    const run = cleared(this.#run);
    const briefs = cleared(this.#briefs);
    const sections: RunSection[] = [{ sequence: before, briefAt: 0, at: 0 }];
    let sectionAt = 0;
    let last = before;
    writer.begin(before);
    this.#recorder.forEachChange(accountId, (sequence, kind, key, columns, at) => {
      if (sequence !== last && run.length - sectionAt >= sectionBytes) {
        sectionAt = run.length;
        sections.push({ sequence: last, briefAt: briefs.length, at: sectionAt });
        writer.putBrief(this.#briefWriter, before, last, this.#lastOrderId);
        writer.beginSection(last);
      }
      last = sequence;
      writer.put(sequence, kind, key, columns, at);
    });
    if (run.length <= longRunBytes && sections.length === 1) return { brief: run.written(), long: NOTHING };
    const long = cleared(this.#long);
    putLongRun(long, before, sections, briefs.written(), run.written());
    cleared(briefs);
    writer.putBrief(this.#briefWriter, before, this.#sequence, this.#lastOrderId);
    return { brief: briefs.written(), long: long.written() };
  }
}

function cleared(writer: NumberWriter): NumberWriter {
  writer.clear();
  return writer;
}

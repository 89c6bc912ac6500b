import { readInt64 } from '../base/int64.js';
import { AccountWord } from '../core/accounts.js';
import { ApiKeyWord } from '../core/api-keys.js';
import { Permission } from '../core/codes.js';
import type { Core } from '../core/core.js';
import { adminListKey, EventRecord, type Sections } from '../gateway/event-record.js';
import { isInstrumentNews } from '../gateway/instrument-news.js';
import { booksOf, bookTimesIn } from '../publish/books-section.js';
import { offsetOf, Template } from '../wire/schema.js';
import { HeaderWord, templateOf } from '../wire/slot.js';
import type { BooksMessage, RecordMessage, SectionInMemory } from './worker-messages.js';

const DELTA_INSTRUMENT = HeaderWord.body + (offsetOf('bookDelta', 'instrumentId') >> 2);
/** Of the report log nothing is kept here; the least it can be made with. */
const RETENTION = 2;
const NO_WORDS = new Int32Array(0);
/** By template, 1 for events of which something lasts. A look at this is all that most events cost. */
const LASTS = new Uint8Array(1 + Math.max(...Object.values(Template)));
for (const templateId of Object.values(Template)) if (isInstrumentNews(templateId)) LASTS[templateId] = 1;
for (const name of ['instrumentListed', 'apiKeyRegistered', 'epochChanged'] as const)
  LASTS[Template[name]] = 1;

/**
 * What a gateway has to know of events that it does not get: in a long replay all of those before the reports that it keeps,
 * and from there on the bookDeltas, of which it needs only what they come to. Listings, keys and news are noted as they come,
 * which is seldom; how far reports and answers have come, and the books, are in the core when it is asked for.
 */
export class MutedRecord {
  private readonly core: Core;
  private readonly record: EventRecord;
  /** Time of the last bookDelta by instrument. */
  private readonly bookTimesUs: number[];
  /** Whether `message` was asked for. */
  isTold: boolean;

  /** `core` has the state of the snapshot of epoch `epoch`; without one it is new. */
  constructor(core: Core, snapshot?: Sections, epoch = 0) {
    this.core = core;
    this.record = new EventRecord(RETENTION);
    this.bookTimesUs = snapshot === undefined ? [] : bookTimesIn(snapshot);
    this.isTold = false;
    if (snapshot !== undefined) this.record.restore(withoutReports(snapshot), epoch);
  }

  /**
   * Notes the event in the slot at word `at` of `words`, unless the gateway is to get it, and returns whether it is; `bytes` is
   * the same memory.
   */
  note(words: Int32Array, bytes: Uint8Array, at: number): boolean {
    const templateId = templateOf(words[at]!);
    if (templateId === Template.bookDelta) {
      this.bookTimesUs[words[at + DELTA_INSTRUMENT]!] = readInt64(words, at + HeaderWord.timestampUs);
      return false;
    }
    if (this.isTold) return true;
    if (LASTS[templateId] === 1) this.record.noteLasting(words, bytes, at);
    return false;
  }

  /** All that a gateway goes on from. It is to get the events after this, but for bookDeltas. */
  message(): RecordMessage {
    this.isTold = true;
    const { record } = this;
    const { accounts, apiKeys } = this.core;
    for (const key of record.keys.all()) {
      const taken = readInt64(apiKeys.words, apiKeys.handleOf(key.apiKeyId) + ApiKeyWord.clientSequence);
      key.answeredSequence = taken;
      if (taken === 0 || (key.permissions & Permission.admin) === 0) continue;
      record.reportLog.skipTo(adminListKey(key.apiKeyId), taken);
    }
    for (let n = 0; n < accounts.count; n++) {
      const account = accounts.handleOf(n);
      const reports = readInt64(accounts.words, account + AccountWord.reportSequence);
      if (reports > 0) record.reportLog.skipTo(accounts.words[account + AccountWord.id]!, reports);
    }
    return {
      type: 'record',
      epoch: record.epoch,
      sections: [...record.sections().map(inMemory), ...this.books().sections],
    };
  }

  /** The books, with all bookDeltas so far in them. */
  books(): BooksMessage {
    return { type: 'books', sections: [inMemory(booksOf(this.core, this.bookTimesUs))] };
  }
}

/** Sections that came in a message, by name. */
export function sectionsOf(sections: readonly SectionInMemory[]): Sections {
  return { words: (name) => sections.find((one) => one.name === name)?.words ?? NO_WORDS };
}

function inMemory({
  name,
  bytes,
  pieces,
}: {
  readonly name: string;
  readonly bytes: number;
  pieces(): Iterable<Uint8Array>;
}): SectionInMemory {
  return { name, words: wordsOf(bytes, pieces()) };
}

function withoutReports(snapshot: Sections): Sections {
  return { words: (name) => (name.startsWith('gateway/report-') ? NO_WORDS : snapshot.words(name)) };
}

function wordsOf(bytes: number, pieces: Iterable<Uint8Array>): Int32Array {
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return new Int32Array(all.buffer);
}

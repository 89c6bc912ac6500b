import { readInt64, writeInt64 } from '../base/int64.js';
import { Permission } from '../core/codes.js';
import { offsetOf, Template } from '../wire/schema.js';
import { HeaderWord, SLOT_BYTES, SLOT_HEADER_BYTES, SLOT_WORDS, templateOf } from '../wire/slot.js';
import { InstrumentNews } from './instrument-news.js';
import { KeyTable } from './key-table.js';
import { ReportLog } from './report-log.js';

const word = (name: string, field: string): number => HeaderWord.body + (offsetOf(name, field) >> 2);
const REPORT_SEQUENCE = word('accepted', 'reportSequence');
const CLIENT_SEQUENCE = word('accepted', 'clientSequence');
const KEY_ACCOUNT = word('apiKeyRegistered', 'accountId');
const KEY_PERMISSIONS = word('apiKeyRegistered', 'permissions');
const KEY_ID = word('apiKeyRegistered', 'apiKeyId');
const EPOCH = word('epochChanged', 'epoch');
const PUBLIC_KEY_BYTE = SLOT_HEADER_BYTES + offsetOf('apiKeyRegistered', 'publicKey');
const PUBLIC_KEY_BYTES = 32;

/** Words of a key in a snapshot. */
const KeyWord = { apiKeyId: 0, accountId: 1, permissions: 2, answered: 3, publicKey: 5 } as const;
const KEY_WORDS = 13;

/** Names of the sections in a snapshot. */
const KEYS = 'gateway/keys';
const LISTINGS = 'gateway/listings';
const NEWS = 'gateway/news';

/** Sections of a snapshot, by name; empty for one that is not there. */
export interface Sections {
  words(name: string): Int32Array;
}

/** Key of the list of answers to an admin key; accounts are positive. */
export function adminListKey(apiKeyId: number): number {
  return -apiKeyId;
}

/**
 * What a gateway has to know of all events so far, whoever was connected: API keys, listings, the epoch, and the newest
 * reports. The follower of a node keeps the same record from the same events, so that a gateway can go on from a snapshot.
 */
export class EventRecord {
  readonly keys: KeyTable;
  readonly reportLog: ReportLog;
  /** Slots of the instrumentListed events. */
  readonly listings: Int32Array[];
  readonly news: InstrumentNews;
  /** The epoch in force, 0 before the first. */
  epoch: number;

  /** `retention` reports are kept; see ReportLog. */
  constructor(retention: number) {
    this.keys = new KeyTable();
    this.reportLog = new ReportLog(retention);
    this.listings = [];
    this.news = new InstrumentNews();
    this.epoch = 0;
  }

  /** Notes the event in the slot at word `at` of `words`; `bytes` is the same memory. What is of a book only is not noted. */
  note(words: Int32Array, bytes: Uint8Array, at: number): void {
    const templateId = templateOf(words[at]!);
    if (templateId === Template.bookDelta || templateId === Template.auctionIndicated) return;
    this.noteLasting(words, bytes, at);
    this.noteReport(words, at);
    this.noteAnswer(words, at);
  }

  /** Notes of an event, given as to `note`, what does not pass: listings, keys, the epoch, and news of instruments. */
  noteLasting(words: Int32Array, bytes: Uint8Array, at: number): void {
    const templateId = templateOf(words[at]!);
    if (templateId === Template.instrumentListed) {
      this.listings.push(words.slice(at, at + SLOT_WORDS));
    } else if (templateId === Template.apiKeyRegistered) {
      const from = at * 4 + PUBLIC_KEY_BYTE;
      const publicKey = bytes.slice(from, from + PUBLIC_KEY_BYTES);
      this.keys.add(words[at + KEY_ID]!, words[at + KEY_ACCOUNT]!, words[at + KEY_PERMISSIONS]!, publicKey);
    } else if (templateId === Template.epochChanged) {
      this.epoch = words[at + EPOCH]!;
    }
    this.news.note(words, at);
  }

  /** The number of the event among the reports of the account that it is for; 0 = it is nobody's report. */
  reportNumberOf(words: Int32Array, at: number): number {
    // An event for an account that does not exist has no number: it is only an answer.
    return words[at + HeaderWord.accountId] === 0 ? 0 : readInt64(words, at + REPORT_SEQUENCE);
  }

  /** The record as sections of a snapshot. */
  sections(): { name: string; bytes: number; pieces(): Iterable<Uint8Array> }[] {
    const keys = this.packKeys();
    const listings = this.listings.map(bytesOf);
    const news = [...this.news.slots()].map(bytesOf);
    return [
      { name: KEYS, bytes: keys.length, pieces: () => [keys] },
      { name: LISTINGS, bytes: listings.length * SLOT_BYTES, pieces: () => listings },
      { name: NEWS, bytes: news.length * SLOT_BYTES, pieces: () => news },
      ...this.reportLog.sections(),
    ];
  }

  /** Takes over the record of a snapshot, before the first event. */
  restore(snapshot: Sections, epoch: number): void {
    this.epoch = epoch;
    const words = snapshot.words(KEYS);
    for (let at = 0; at < words.length; at += KEY_WORDS) {
      const publicKey = new Uint8Array(words.slice(at + KeyWord.publicKey, at + KEY_WORDS).buffer);
      const apiKeyId = words[at + KeyWord.apiKeyId]!;
      this.keys.add(apiKeyId, words[at + KeyWord.accountId]!, words[at + KeyWord.permissions]!, publicKey);
      this.keys.get(apiKeyId)!.answeredSequence = readInt64(words, at + KeyWord.answered);
    }
    const listings = snapshot.words(LISTINGS);
    for (let at = 0; at < listings.length; at += SLOT_WORDS) {
      this.listings.push(listings.slice(at, at + SLOT_WORDS));
    }
    const news = snapshot.words(NEWS);
    for (let at = 0; at < news.length; at += SLOT_WORDS) this.news.note(news, at);
    this.reportLog.restore(snapshot);
  }

  private noteReport(words: Int32Array, at: number): void {
    const number = this.reportNumberOf(words, at);
    if (number !== 0) this.reportLog.append(words[at + HeaderWord.accountId]!, number, words, at);
  }

  private noteAnswer(words: Int32Array, at: number): void {
    const key = this.keys.get(words[at + HeaderWord.sessionId]!);
    if (key === undefined) return;
    const clientSequence = readInt64(words, at + CLIENT_SEQUENCE);
    if (clientSequence <= key.answeredSequence) return;
    key.answeredSequence = clientSequence;
    if ((key.permissions & Permission.admin) === 0) return;
    this.reportLog.append(adminListKey(key.apiKeyId), clientSequence, words, at);
  }

  private packKeys(): Uint8Array {
    const keys = this.keys.all();
    const words = new Int32Array(keys.length * KEY_WORDS);
    const bytes = new Uint8Array(words.buffer);
    for (const [place, key] of keys.entries()) {
      const at = place * KEY_WORDS;
      words[at + KeyWord.apiKeyId] = key.apiKeyId;
      words[at + KeyWord.accountId] = key.accountId;
      words[at + KeyWord.permissions] = key.permissions;
      writeInt64(words, at + KeyWord.answered, key.answeredSequence);
      bytes.set(key.publicKey, (at + KeyWord.publicKey) * 4);
    }
    return bytes;
  }
}

function bytesOf(slot: Int32Array): Uint8Array {
  return new Uint8Array(slot.buffer);
}

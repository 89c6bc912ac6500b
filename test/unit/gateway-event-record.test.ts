import { describe, expect, test } from 'vitest';
import { readInt64 } from '../../src/base/int64.js';
import { EventRecord, type Sections } from '../../src/gateway/event-record.js';
import { GONE, NO_ENTRY, ReportLog } from '../../src/gateway/report-log.js';
import { MutedRecord, sectionsOf } from '../../src/node/muted-record.js';
import { booksOf, bookTimesIn } from '../../src/publish/books-section.js';
import { MarketData } from '../../src/publish/market-data.js';
import { offsetOf, Template } from '../../src/wire/schema.js';
import { HeaderWord, SLOT_WORDS, templateOf } from '../../src/wire/slot.js';
import { EngineUnderTest } from '../support/engine-under-test.js';
import { CORE, randomSlots } from '../support/snapshot-journal.js';

const COMMANDS = 700;
const slots = randomSlots(COMMANDS, 11);

type Section = { name: string; bytes: number; pieces(): Iterable<Uint8Array> };

/** The sections as a snapshot gives them back. */
function stored(sections: readonly Section[]): Sections {
  const words = new Map<string, Int32Array>();
  for (const { name, bytes, pieces } of sections) {
    const whole = new Uint8Array(bytes);
    let at = 0;
    for (const piece of pieces()) {
      whole.set(piece, at);
      at += piece.length;
    }
    expect(at).toBe(bytes);
    words.set(name, new Int32Array(whole.buffer));
  }
  return { words: (name) => words.get(name) ?? new Int32Array(0) };
}

/** A gateway's memory that sees the events of commands one after the other. */
class Watcher {
  readonly record: EventRecord;
  readonly market = new MarketData(1 << 20);
  readonly bookTimesUs: number[];

  constructor(retention: number, bookTimesUs: number[] = []) {
    this.record = new EventRecord(retention);
    this.bookTimesUs = bookTimesUs;
  }

  see(engine: EngineUnderTest): void {
    const { words, count } = engine.events;
    const bytes = new Uint8Array(words.buffer);
    for (let at = 0; at < count * SLOT_WORDS; at += SLOT_WORDS) this.seeOne(words, bytes, at);
  }

  seeOne(words: Int32Array, bytes: Uint8Array, at: number): void {
    this.record.note(words, bytes, at);
    const template = templateOf(words[at]!);
    if (template === Template.instrumentListed) this.market.list(words[at + LISTED]!);
    if (template !== Template.bookDelta) return;
    this.market.onBookDelta(words, at);
    this.bookTimesUs[words[at + DELTA]!] = readInt64(words, at + HeaderWord.timestampUs);
  }
}

/** Accounts, and the answers to admin keys. */
const LISTS = [...Array(8).keys(), -1, -2, -3];
const LISTED = HeaderWord.body + offset('instrumentListed');
const DELTA = HeaderWord.body + offset('bookDelta');

function offset(name: string): number {
  return offsetOf(name, 'instrumentId') >> 2;
}

/** Slots behind `number` in a list, or why there are none. */
function answerOf(log: ReportLog, listKey: number, number: number): string {
  const first = log.firstAfter(listKey, number);
  if (first === GONE) return 'gone';
  const found: string[] = [];
  for (let entry = first; entry !== NO_ENTRY; entry = log.next(entry)) {
    const at = log.wordIndex(entry);
    found.push(log.words.subarray(at, at + SLOT_WORDS).join());
  }
  return `${log.newestNumber(listKey)}:${found.join()}`;
}

function expectSame(live: Watcher, restored: Watcher, engine: EngineUnderTest): void {
  expectSameButReports(live, restored, engine);
  for (const list of LISTS) {
    const newest = live.record.reportLog.newestNumber(list);
    expect(restored.record.reportLog.newestNumber(list)).toBe(newest);
    for (let number = 0; number <= newest + 1; number += number < 80 ? 1 : 13) {
      const answer = answerOf(restored.record.reportLog, list, number);
      expect(answer, `list ${list} after ${number}`).toBe(answerOf(live.record.reportLog, list, number));
    }
  }
}

function expectSameButReports(live: Watcher, restored: Watcher, engine: EngineUnderTest): void {
  expect(restored.record.epoch).toBe(live.record.epoch);
  expect(restored.record.listings).toEqual(live.record.listings);
  expect([...restored.record.news.slots()]).toEqual([...live.record.news.slots()]);
  expect(restored.record.keys.all()).toEqual(live.record.keys.all());
  for (let id = 1; id <= engine.core.instruments.count; id++) {
    expect(restored.market.bookOf(id)).toEqual(live.market.bookOf(id));
  }
  for (let id = 1; id <= engine.core.instruments.count; id++) {
    expect(restored.bookTimesUs[id] ?? 0).toBe(live.bookTimesUs[id] ?? 0);
  }
}

describe('what a gateway knows', () => {
  for (const retention of [64, 512, 8192]) {
    test(`is the same after a start from a snapshot, and goes on the same (${retention} reports kept)`, () => {
      for (const cut of [0, 40, COMMANDS >> 1, COMMANDS - 1]) {
        const engine = new EngineUnderTest(CORE);
        const live = new Watcher(retention);
        let restored: Watcher | undefined;
        for (let n = 0; n < COMMANDS; n++) {
          engine.events.clear();
          engine.processor.onCommand(slots, n * SLOT_WORDS);
          live.see(engine);
          restored?.see(engine);
          if (n !== cut) continue;
          const snapshot = stored([...live.record.sections(), booksOf(engine.core, live.bookTimesUs)]);
          restored = new Watcher(retention, bookTimesIn(snapshot));
          restored.record.restore(snapshot, live.record.epoch);
          restored.market.restore(snapshot);
          expectSame(live, restored, engine);
        }
        expectSame(live, restored!, engine);
      }
    });
  }

  for (const from of [-1, 60]) {
    test(`is the same after a replay whose events it did not get (${from < 0 ? 'no' : 'with a'} snapshot), but for reports of then`, () => {
      const mutedTo = COMMANDS >> 1;
      const engine = new EngineUnderTest(CORE);
      const live = new Watcher(8192);
      const newestThen = new Map<number, number>();
      let restored: Watcher | undefined;
      let muted = from < 0 ? new MutedRecord(engine.core) : undefined;
      for (let n = 0; n < COMMANDS; n++) {
        engine.events.clear();
        engine.processor.onCommand(slots, n * SLOT_WORDS);
        live.see(engine);
        const { words, count } = engine.events;
        const bytes = new Uint8Array(words.buffer);
        for (let i = 0; i < count; i++) {
          const isWanted = muted?.note(words, bytes, i * SLOT_WORDS) ?? false;
          expect(isWanted && restored === undefined).toBe(false);
          if (isWanted) restored!.seeOne(words, bytes, i * SLOT_WORDS);
        }
        if (n === from) {
          const snapshot = stored([...live.record.sections(), booksOf(engine.core, live.bookTimesUs)]);
          muted = new MutedRecord(engine.core, snapshot, live.record.epoch);
        }
        if (n !== mutedTo) continue;
        const message = structuredClone(muted!.message());
        const sections = sectionsOf(message.sections);
        restored = new Watcher(8192, bookTimesIn(sections));
        restored.record.restore(sections, message.epoch);
        restored.market.restore(sections);
        for (const list of LISTS) newestThen.set(list, live.record.reportLog.newestNumber(list));
      }
      const books = sectionsOf(structuredClone(muted!.books()).sections);
      restored!.market.restore(books);
      bookTimesIn(books).forEach((timeUs, id) => {
        restored!.bookTimesUs[id] = timeUs;
      });
      expectSameButReports(live, restored!, engine);
      expect([...newestThen.values()].filter((number) => number > 0).length).toBeGreaterThan(3);
      for (const list of LISTS) {
        const newest = live.record.reportLog.newestNumber(list);
        const then = newestThen.get(list)!;
        expect(restored!.record.reportLog.newestNumber(list)).toBe(newest);
        for (let number = 0; number <= newest + 1; number++) {
          const wanted = number < then ? 'gone' : answerOf(live.record.reportLog, list, number);
          expect(answerOf(restored!.record.reportLog, list, number), `list ${list} after ${number}`).toBe(
            wanted,
          );
        }
      }
    });
  }

  test('says that a snapshot is required for reports that a log of another size no longer has', () => {
    const log = new ReportLog(64);
    for (let number = 1; number <= 60; number++) log.append(7, number, slots, 0);
    const smaller = new ReportLog(16);
    smaller.restore(stored(log.sections()));
    expect(smaller.newestNumber(7)).toBe(60);
    expect(smaller.firstAfter(7, 43)).toBe(GONE);
    expect(smaller.numberOf(smaller.firstAfter(7, 44))).toBe(45);
    expect(smaller.firstAfter(7, 60)).toBe(NO_ENTRY);
    expect(smaller.firstAfter(8, 0)).toBe(NO_ENTRY);
  });
});

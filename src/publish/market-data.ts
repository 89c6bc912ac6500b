/**
 * Public market data: a level-2 book of each instrument, kept from the engine's bookDelta events, and the tape, from
 * the taker side of its trades. A subscriber of a book gets a snapshot and then every change, gaplessly numbered.
 *
 * A subscriber that does not keep up gets nothing until it has caught up: market data is dropped for it, never queued
 * without bound. Its books then begin again with a new snapshot; trades of the tape are not repeated.
 */
import { readInt64, writeInt64 } from '../base/int64.js';
import { Liquidity, Side } from '../core/codes.js';
import { blockLengthOf, writeEventFrame, writeSbeHeader } from '../wire/sbe.js';
import { offsetOf, SBE_HEADER_BYTES, Template } from '../wire/schema.js';
import { HeaderWord } from '../wire/slot.js';
import { BOOK_ROW_WORDS, BOOKS, BookRow } from './books-section.js';
import type { FrameTarget } from './frame-target.js';
import { type PublishedLevel, PublishedSide } from './published-side.js';

/** Bits of the `channels` field. */
export const Channel = { book: 1, trades: 2 } as const;

const BookFlag = { snapshot: 1, first: 2, last: 4, empty: 8 } as const;

const word = (name: string, field: string): number => offsetOf(name, field) >> 2;
const DELTA_BOOK_SEQUENCE = HeaderWord.body + word('bookDelta', 'bookSequence');
const DELTA_LEVEL_LOTS = HeaderWord.body + word('bookDelta', 'levelLots');
const DELTA_INSTRUMENT = HeaderWord.body + word('bookDelta', 'instrumentId');
const DELTA_PRICE = HeaderWord.body + word('bookDelta', 'priceTicks');
const DELTA_ORDERS = HeaderWord.body + word('bookDelta', 'orderCount');
const DELTA_SIDE = HeaderWord.body + word('bookDelta', 'side');
const INDICATED_INSTRUMENT = HeaderWord.body + word('auctionIndicated', 'instrumentId');
const TRADE_ID = HeaderWord.body + word('trade', 'tradeId');
const TRADE_INSTRUMENT = HeaderWord.body + word('trade', 'instrumentId');
const TRADE_PRICE = HeaderWord.body + word('trade', 'priceTicks');
const TRADE_LOTS = HeaderWord.body + word('trade', 'quantityLots');
const TRADE_SIDE = HeaderWord.body + word('trade', 'side');

const HEADER_WORDS = SBE_HEADER_BYTES >> 2;
const LEVEL_BOOK_SEQUENCE = HEADER_WORDS + word('bookLevel', 'bookSequence');
const LEVEL_LOTS = HEADER_WORDS + word('bookLevel', 'levelLots');
const LEVEL_TIMESTAMP = HEADER_WORDS + word('bookLevel', 'timestampUs');
const LEVEL_INSTRUMENT = HEADER_WORDS + word('bookLevel', 'instrumentId');
const LEVEL_PRICE = HEADER_WORDS + word('bookLevel', 'priceTicks');
const LEVEL_ORDERS = HEADER_WORDS + word('bookLevel', 'orderCount');
const LEVEL_SIDE = HEADER_WORDS + word('bookLevel', 'side');
const TAPE_ID = HEADER_WORDS + word('publicTrade', 'tradeId');
const TAPE_SEQUENCE = HEADER_WORDS + word('publicTrade', 'sequence');
const TAPE_TIMESTAMP = HEADER_WORDS + word('publicTrade', 'timestampUs');
const TAPE_INSTRUMENT = HEADER_WORDS + word('publicTrade', 'instrumentId');
const TAPE_PRICE = HEADER_WORDS + word('publicTrade', 'priceTicks');
const TAPE_LOTS = HEADER_WORDS + word('publicTrade', 'quantityLots');
const TAPE_SIDE = HEADER_WORDS + word('publicTrade', 'takerSide');

interface BookSubscription {
  readonly target: FrameTarget;
  /** True when changes were dropped: a new snapshot is due. */
  isStale: boolean;
}

interface Instrument {
  readonly instrumentId: number;
  readonly bids: PublishedSide;
  readonly asks: PublishedSide;
  /** Number of the last change that is in the book, and its time. */
  bookSequence: number;
  timestampUs: number;
  readonly bookSubscriptions: BookSubscription[];
  readonly tradeTargets: FrameTarget[];
}

/** One SBE message that is built in place and copied to each subscriber. */
class MessageScratch {
  readonly words: Int32Array;
  private readonly bytes: Uint8Array;

  constructor(templateId: number) {
    this.bytes = new Uint8Array(SBE_HEADER_BYTES + blockLengthOf[templateId]!);
    this.words = new Int32Array(this.bytes.buffer);
    writeSbeHeader(this.bytes, 0, templateId);
  }

  /** Takes over the event in the slot at word `wordIndex`. */
  copyEvent(words: Int32Array, wordIndex: number): void {
    writeEventFrame(words, wordIndex, this.words, 0);
  }

  copyTo(target: FrameTarget): void {
    const offset = target.claim(this.bytes.length);
    target.bytes.set(this.bytes, offset);
  }
}

/** The books, the tape and who wants them. */
export class MarketData {
  private readonly snapshotLevels: number;
  private readonly instruments: (Instrument | undefined)[] = [];
  private readonly level = new MessageScratch(Template.bookLevel);
  private readonly tape = new MessageScratch(Template.publicTrade);
  private readonly indication = new MessageScratch(Template.auctionIndicated);
  private staleCount = 0;

  /** `snapshotBytes` bounds a snapshot: of a deeper book it has the best levels of each side, and deltas follow for all. */
  constructor(snapshotBytes: number) {
    const levelBytes = SBE_HEADER_BYTES + blockLengthOf[Template.bookLevel]!;
    this.snapshotLevels = Math.max(1, Math.floor(snapshotBytes / levelBytes / 2));
  }

  /** Makes an instrument known. */
  list(instrumentId: number): void {
    this.instruments[instrumentId] = {
      instrumentId,
      bids: new PublishedSide(true),
      asks: new PublishedSide(false),
      bookSequence: 0,
      timestampUs: 0,
      bookSubscriptions: [],
      tradeTargets: [],
    };
  }

  /** Makes the books of a snapshot known, before the first event: see `booksOf` (books-section.ts). */
  restore(snapshot: { words(name: string): Int32Array }): void {
    const words = snapshot.words(BOOKS);
    for (let at = 0; at < words.length; at += BOOK_ROW_WORDS) {
      if (words[at + BookRow.side] !== 0) continue;
      const instrumentId = words[at + BookRow.instrumentId]!;
      this.list(instrumentId);
      const instrument = this.instruments[instrumentId]!;
      instrument.bookSequence = readInt64(words, at + BookRow.lots);
      instrument.timestampUs = readInt64(words, at + BookRow.timestampUs);
    }
    // From the last row on, because a side keeps its best level last, and the section has it first.
    for (let at = words.length - BOOK_ROW_WORDS; at >= 0; at -= BOOK_ROW_WORDS) {
      const side = words[at + BookRow.side]!;
      if (side === 0) continue;
      const levels = sideOf(this.instruments[words[at + BookRow.instrumentId]!]!, side);
      const levelLots = readInt64(words, at + BookRow.lots);
      levels.set(words[at + BookRow.priceTicks]!, levelLots, words[at + BookRow.orderCount]!);
    }
  }

  /** The book of an instrument, best levels first, or undefined when it is not listed. */
  bookOf(
    instrumentId: number,
  ): { bookSequence: number; bids: PublishedLevel[]; asks: PublishedLevel[] } | undefined {
    const instrument = this.instruments[instrumentId];
    if (instrument === undefined) return undefined;
    const { bids, asks, bookSequence } = instrument;
    return { bookSequence, bids: bids.best(bids.depth), asks: asks.best(asks.depth) };
  }

  /** Takes the bookDelta event in the slot at word `wordIndex` and passes it on. */
  onBookDelta(words: Int32Array, wordIndex: number): void {
    const instrument = this.instruments[words[wordIndex + DELTA_INSTRUMENT]!];
    if (instrument === undefined) throw new Error('bookDelta of an instrument that is not listed');
    const side = words[wordIndex + DELTA_SIDE]! & 0xff;
    const levels = sideOf(instrument, side);
    const levelLots = readInt64(words, wordIndex + DELTA_LEVEL_LOTS);
    levels.set(words[wordIndex + DELTA_PRICE]!, levelLots, words[wordIndex + DELTA_ORDERS]!);
    instrument.bookSequence = readInt64(words, wordIndex + DELTA_BOOK_SEQUENCE);
    instrument.timestampUs = readInt64(words, wordIndex + HeaderWord.timestampUs);
    if (instrument.bookSubscriptions.length === 0) return;
    this.buildLevel(
      instrument,
      side,
      words[wordIndex + DELTA_PRICE]!,
      levelLots,
      words[wordIndex + DELTA_ORDERS]!,
      0,
    );
    for (const subscription of instrument.bookSubscriptions) {
      if (subscription.isStale) continue;
      if (!subscription.target.isBehind()) {
        this.level.copyTo(subscription.target);
        continue;
      }
      subscription.isStale = true;
      this.staleCount++;
    }
  }

  /** Takes the auctionIndicated event in the slot at word `wordIndex` and passes it on with the book. */
  onAuctionIndicated(words: Int32Array, wordIndex: number): void {
    const subscriptions = this.instruments[words[wordIndex + INDICATED_INSTRUMENT]!]?.bookSubscriptions;
    if (subscriptions === undefined || subscriptions.length === 0) return;
    this.indication.copyEvent(words, wordIndex);
    for (const { target, isStale } of subscriptions)
      if (!isStale && !target.isBehind()) this.indication.copyTo(target);
  }

  /** Takes the trade event in the slot at word `wordIndex`; its taker side goes to the tape. */
  onTrade(words: Int32Array, wordIndex: number): void {
    const sides = words[wordIndex + TRADE_SIDE]!;
    if (((sides >>> 8) & 0xff) !== Liquidity.taker) return;
    const targets = this.instruments[words[wordIndex + TRADE_INSTRUMENT]!]?.tradeTargets;
    if (targets === undefined || targets.length === 0) return;
    const tape = this.tape.words;
    copyInt64(words, wordIndex + TRADE_ID, tape, TAPE_ID);
    copyInt64(words, wordIndex + HeaderWord.sequence, tape, TAPE_SEQUENCE);
    copyInt64(words, wordIndex + HeaderWord.timestampUs, tape, TAPE_TIMESTAMP);
    tape[TAPE_INSTRUMENT] = words[wordIndex + TRADE_INSTRUMENT]!;
    tape[TAPE_PRICE] = words[wordIndex + TRADE_PRICE]!;
    tape[TAPE_LOTS] = words[wordIndex + TRADE_LOTS]!;
    tape[TAPE_SIDE] = sides & 0xff;
    for (const target of targets) if (!target.isBehind()) this.tape.copyTo(target);
  }

  /**
   * Subscribes to the channels of an instrument (bits of Channel). Asking for a book again sends a new snapshot.
   * False when the instrument is unknown.
   */
  subscribe(target: FrameTarget, instrumentId: number, channels: number): boolean {
    const instrument = this.instruments[instrumentId];
    if (instrument === undefined) return false;
    if ((channels & Channel.trades) !== 0 && !instrument.tradeTargets.includes(target)) {
      instrument.tradeTargets.push(target);
    }
    if ((channels & Channel.book) !== 0) {
      this.removeBook(instrument, target);
      instrument.bookSubscriptions.push({ target, isStale: false });
      this.sendSnapshot(instrument, target);
    }
    return true;
  }

  /** Ends channels of an instrument; nothing happens when they were not subscribed to. */
  unsubscribe(target: FrameTarget, instrumentId: number, channels: number): boolean {
    const instrument = this.instruments[instrumentId];
    if (instrument === undefined) return false;
    if ((channels & Channel.trades) !== 0) {
      const at = instrument.tradeTargets.indexOf(target);
      if (at >= 0) instrument.tradeTargets.splice(at, 1);
    }
    if ((channels & Channel.book) !== 0) this.removeBook(instrument, target);
    return true;
  }

  /** Ends everything that goes to a target. */
  remove(target: FrameTarget): void {
    for (const instrument of this.instruments) {
      if (instrument !== undefined) {
        this.unsubscribe(target, instrument.instrumentId, Channel.book | Channel.trades);
      }
    }
  }

  /** Sends a new snapshot to every subscriber that missed changes and has caught up. */
  refresh(): void {
    if (this.staleCount === 0) return;
    for (const instrument of this.instruments) {
      if (instrument === undefined) continue;
      for (const subscription of instrument.bookSubscriptions) {
        if (!subscription.isStale || subscription.target.isBehind()) continue;
        subscription.isStale = false;
        this.staleCount--;
        this.sendSnapshot(instrument, subscription.target);
      }
    }
  }

  private removeBook(instrument: Instrument, target: FrameTarget): void {
    const at = instrument.bookSubscriptions.findIndex((subscription) => subscription.target === target);
    if (at < 0) return;
    if (instrument.bookSubscriptions[at]!.isStale) this.staleCount--;
    instrument.bookSubscriptions.splice(at, 1);
  }

  private sendSnapshot(instrument: Instrument, target: FrameTarget): void {
    const bids = instrument.bids.best(this.snapshotLevels);
    const asks = instrument.asks.best(this.snapshotLevels);
    const total = bids.length + asks.length;
    if (total === 0) {
      const flags = BookFlag.snapshot | BookFlag.first | BookFlag.last | BookFlag.empty;
      this.buildLevel(instrument, Side.buy, 0, 0, 0, flags);
      this.level.copyTo(target);
      return;
    }
    this.sendLevels(instrument, target, Side.buy, bids, 0, total);
    this.sendLevels(instrument, target, Side.sell, asks, bids.length, total);
  }

  /** Sends levels of one side, which are number `sent` on of `total` in the snapshot. */
  private sendLevels(
    instrument: Instrument,
    target: FrameTarget,
    side: number,
    levels: readonly PublishedLevel[],
    sent: number,
    total: number,
  ): void {
    for (const [i, { priceTicks, levelLots, orderCount }] of levels.entries()) {
      const isFirst = sent + i === 0 ? BookFlag.first : 0;
      const isLast = sent + i === total - 1 ? BookFlag.last : 0;
      const flags = BookFlag.snapshot | isFirst | isLast;
      this.buildLevel(instrument, side, priceTicks, levelLots, orderCount, flags);
      this.level.copyTo(target);
    }
  }

  private buildLevel(
    instrument: Instrument,
    side: number,
    priceTicks: number,
    levelLots: number,
    orderCount: number,
    flags: number,
  ): void {
    const level = this.level.words;
    writeInt64(level, LEVEL_BOOK_SEQUENCE, instrument.bookSequence);
    writeInt64(level, LEVEL_LOTS, levelLots);
    writeInt64(level, LEVEL_TIMESTAMP, instrument.timestampUs);
    level[LEVEL_INSTRUMENT] = instrument.instrumentId;
    level[LEVEL_PRICE] = priceTicks;
    level[LEVEL_ORDERS] = orderCount;
    level[LEVEL_SIDE] = side | (flags << 8);
  }
}

function sideOf(instrument: Instrument, side: number): PublishedSide {
  return side === Side.buy ? instrument.bids : instrument.asks;
}

function copyInt64(from: Int32Array, fromWord: number, to: Int32Array, toWord: number): void {
  to[toWord] = from[fromWord]!;
  to[toWord + 1] = from[fromWord + 1]!;
}

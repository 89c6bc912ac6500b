import { readInt64 } from '../base/int64.js';
import type { MarketData } from '../publish/market-data.js';
import type { RingConsumer } from '../ring/ring-consumer.js';
import type { CommitGate } from '../runtime/commit-gate.js';
import { Counter, type NodeCounters } from '../runtime/counters.js';
import { offsetOf, Template } from '../wire/schema.js';
import { HeaderWord, templateOf } from '../wire/slot.js';
import type { EventRecord } from './event-record.js';
import { isInstrumentNews } from './instrument-news.js';
import { NO_ENTRY } from './report-log.js';
import type { ReportSender } from './report-sender.js';
import type { Session } from './session.js';
import type { SessionTable } from './session-table.js';

/** Events taken in one step, so that sockets and timers get their turn in between. */
const EVENTS_PER_STEP = 4096;

const word = (name: string, field: string): number => HeaderWord.body + (offsetOf(name, field) >> 2);
const LISTED_ID = word('instrumentListed', 'instrumentId');

/** The collaborators of an EgressPublisher. */
export interface EgressPublisherParts {
  readonly output: RingConsumer;
  readonly counters: NodeCounters;
  readonly sessions: SessionTable;
  readonly record: EventRecord;
  readonly sender: ReportSender;
  readonly marketData: MarketData;
}

/**
 * Takes the events of the output ring to their receivers.
 *
 * While this node leads an event is taken only when the commit gate lets its command through, so nothing behind this
 * point can be seen by anyone before it is safe. A closed gate therefore holds up the ring, the business logic behind
 * it and in the end the clients: that is the back-pressure we want. A node that does not lead takes everything at
 * once; it has no sessions to tell, and only records.
 */
export class EgressPublisher {
  /** What events have to pass; given when this node leads, until then they are only recorded. */
  gate: CommitGate | undefined;
  /** True when the last step stopped at the commit gate. */
  private isHeldByGate: boolean;
  private readonly parts: EgressPublisherParts;
  /** What the gate had let through when it was last asked. */
  private committed: number;

  constructor(parts: EgressPublisherParts) {
    this.parts = parts;
    this.gate = undefined;
    this.isHeldByGate = false;
    this.committed = 0;
  }

  /** Takes the events that may leave now; returns how many. The caller flushes the sessions afterwards. */
  step(): number {
    const output = this.parts.output;
    const words = output.ring.words;
    const count = Math.min(output.available(), EVENTS_PER_STEP);
    this.isHeldByGate = false;
    this.committed = this.gate?.committedSequence() ?? Number.MAX_SAFE_INTEGER;
    const committed = this.committed;
    let taken = 0;
    while (taken < count) {
      const wordIndex = output.wordIndexAt(taken);
      if (readInt64(words, wordIndex + HeaderWord.sequence) > committed) {
        this.isHeldByGate = true;
        break;
      }
      this.onEvent(words, wordIndex);
      taken++;
    }
    if (taken > 0) output.release(taken);
    return taken;
  }

  /**
   * True when nothing more can leave before the commit gate moves: the next event is held by it, or all events of the
   * commands that it has let through were taken. Otherwise the next thing to come is an event.
   */
  isWaitingForGate(): boolean {
    const { counters, output } = this.parts;
    if (this.isHeldByGate || this.gate === undefined) return this.isHeldByGate;
    // In this order: the events of a command are in the ring before it counts as processed.
    const isProcessed = counters.get(Counter.logicProcessed) >= this.committed;
    return isProcessed && output.available() === 0;
  }

  private onEvent(words: Int32Array, wordIndex: number): void {
    const templateId = templateOf(words[wordIndex]!);
    if (templateId === Template.bookDelta) {
      this.parts.marketData.onBookDelta(words, wordIndex);
      return;
    }
    const { marketData, output, record } = this.parts;
    if (templateId === Template.auctionIndicated) {
      marketData.onAuctionIndicated(words, wordIndex);
      return;
    }
    record.note(words, output.ring.bytes, wordIndex);
    if (templateId === Template.trade) marketData.onTrade(words, wordIndex);
    else if (templateId === Template.instrumentListed) this.onInstrumentListed(words, wordIndex);
    else if (templateId === Template.epochChanged) this.onEpochChanged(wordIndex);
    else if (isInstrumentNews(templateId)) this.tellOthers(words, wordIndex);
    const reportedTo = this.sendToAccount(words, wordIndex);
    this.sendToSession(words, wordIndex, reportedTo);
  }

  /** Sends a report to the sessions of its account; returns the account. */
  private sendToAccount(words: Int32Array, wordIndex: number): number {
    const { record, sessions } = this.parts;
    if (record.reportNumberOf(words, wordIndex) === 0) return 0;
    const accountId = words[wordIndex + HeaderWord.accountId]!;
    const receivers = sessions.ofAccount(accountId);
    for (let i = 0; i < receivers.length; i++) this.sendLive(receivers[i]!, wordIndex);
    return accountId;
  }

  /** Sends an answer to a command to the session that asked, if it did not get it as a report. */
  private sendToSession(words: Int32Array, wordIndex: number, reportedTo: number): void {
    const apiKeyId = words[wordIndex + HeaderWord.sessionId]!;
    if (apiKeyId === 0) return;
    const { record, sessions } = this.parts;
    const key = record.keys.get(apiKeyId);
    if (key === undefined) return;
    if (reportedTo !== 0 && reportedTo === key.accountId) return;
    const session = sessions.ofKey(apiKeyId);
    if (session !== undefined) this.sendLive(session, wordIndex);
  }

  private sendLive(session: Session, wordIndex: number): void {
    if (!session.isAdmitted || session.resendEntry !== NO_ENTRY) return;
    this.parts.sender.send(session, this.parts.output.ring.words, wordIndex);
  }

  private onInstrumentListed(words: Int32Array, wordIndex: number): void {
    const { marketData } = this.parts;
    marketData.list(words[wordIndex + LISTED_ID]!);
    this.tellOthers(words, wordIndex);
  }

  /** Sends a public event to every session but the one that gets it as its answer. */
  private tellOthers(words: Int32Array, wordIndex: number): void {
    const apiKeyId = words[wordIndex + HeaderWord.sessionId]!;
    for (const session of this.parts.sessions.all()) {
      if (session.isAdmitted && session.key!.apiKeyId !== apiKeyId) this.sendPublic(session, wordIndex);
    }
  }

  private onEpochChanged(wordIndex: number): void {
    for (const session of this.parts.sessions.all())
      if (session.isAdmitted) this.sendPublic(session, wordIndex);
  }

  private sendPublic(session: Session, wordIndex: number): void {
    this.parts.sender.send(session, this.parts.output.ring.words, wordIndex);
  }
}

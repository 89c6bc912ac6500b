/**
 * What a replay brings forth as lines for history and audit: the lines of `exec`, each with the time, the command that
 * caused it, the session that sent that command and its number there; a trade also with the money that changed hands.
 */
import { readInt64 } from '../../base/int64.js';
import { BalanceReason } from '../../core/codes.js';
import { type Core, EngineWord } from '../../core/core.js';
import { type InstrumentView, queryInstruments } from '../../core/queries.js';
import type { EventBuffer } from '../../engine/event-buffer.js';
import { formatUnits, minorUnit } from '../../wire/decimal.js';
import { messageById, offsetOf, Template } from '../../wire/schema.js';
import { HeaderWord, SLOT_WORDS, templateOf } from '../../wire/slot.js';
import { decodeSlot } from '../../wire/slot-codec.js';
import { EventText } from '../exec/event-text.js';
import { Listings, listingsOf } from '../exec/listings.js';
import { isoTime } from '../iso-time.js';
import { commandContextOf, NOTHING_NAMED } from './command-context.js';

export interface RecordFilter {
  /** Events of this account only, all of them; without, the business events of everybody. */
  readonly account?: number;
  /** Events of commands from this time on, epoch microseconds. */
  readonly fromTimeUs?: number;
}

const bodyWord = (name: string, field: string) => HeaderWord.body + offsetOf(name, field) / 4;

const CLIENT_SEQUENCE_WORD = bodyWord('newOrder', 'clientSequence');
const INSTRUMENT_WORD = bodyWord('trade', 'instrumentId');
const PRICE_WORD = bodyWord('trade', 'priceTicks');
const QUANTITY_WORD = bodyWord('trade', 'quantityLots');
const OPENED_ACCOUNT_WORD = bodyWord('accountOpened', 'accountId');
const KEY_ACCOUNT_WORD = bodyWord('apiKeyRegistered', 'accountId');
const REASON_OFFSET = HeaderWord.body * 4 + offsetOf('balanceChanged', 'reason');

export class EventRecords {
  /** Lines made so far. */
  count = 0;
  private readonly core: Core;
  private readonly account: number;
  private readonly fromTimeUs: number;
  private readonly listings = new Listings();
  private readonly text = new EventText(this.listings, false);
  private instruments: readonly InstrumentView[] = [];
  private epoch = 0;

  /** `core` is the one that carries out the commands; see `begin`. */
  constructor(core: Core, filter: RecordFilter) {
    this.core = core;
    this.account = filter.account ?? -1;
    this.fromTimeUs = filter.fromTimeUs ?? 0;
  }

  /** Learns what is listed already, when the core begins with a snapshot. */
  begin(): void {
    listingsOf(this.core, this.listings);
    this.instruments = queryInstruments(this.core);
    this.epoch = this.core.engine[EngineWord.epoch]! >>> 0;
  }

  /** JSON lines, each with its newline, of the events of the command at word `at` of `words` that pass the filter. */
  linesOf(words: Int32Array, at: number, events: EventBuffer): string[] {
    const lines: string[] = [];
    const previousEpoch = this.epoch;
    this.epoch = this.core.engine[EngineWord.epoch]! >>> 0;
    const isInTime = readInt64(words, at + HeaderWord.timestampUs) >= this.fromTimeUs;
    for (let i = 0; i < events.count; i++) {
      const event = i * SLOT_WORDS;
      const template = templateOf(events.words[event]!);
      const isTrade = template === Template.trade;
      // A trade has two events and one line.
      if (isTrade) i++;
      if (template === Template.instrumentListed) this.learnListings(events.words, event);
      if (!isInTime || !this.isWanted(template, events.words, event, words, at)) continue;
      const context =
        template === Template.rejected ? commandContextOf(words, at, this.listings) : NOTHING_NAMED;
      const line = this.text.lineAt(events.words, event, context);
      const money = isTrade ? this.moneyOf(events.words, event) : '';
      const epochs = template === Template.epochChanged ? `,"previousEpoch":${previousEpoch}` : '';
      lines.push(`${line.slice(0, -2)}${money}${epochs}${causeOf(words, at)}}\n`);
    }
    this.count += lines.length;
    return lines;
  }

  /** Every listing must be known for later, whether its line is wanted or not. */
  private learnListings(words: Int32Array, event: number): void {
    this.text.lineAt(words, event, NOTHING_NAMED);
    this.instruments = queryInstruments(this.core);
  }

  private isWanted(
    template: number,
    events: Int32Array,
    event: number,
    command: Int32Array,
    at: number,
  ): boolean {
    const { account } = this;
    if (account < 0) return isBusiness(template, events, event);
    if (events[event + HeaderWord.accountId] === account) return true;
    switch (template) {
      case Template.trade:
        return events[event + SLOT_WORDS + HeaderWord.accountId] === account;
      case Template.accountOpened:
        return events[event + OPENED_ACCOUNT_WORD] === account;
      case Template.apiKeyRegistered:
        return events[event + KEY_ACCOUNT_WORD] === account;
      case Template.rejected:
        return commandContextOf(command, at, this.listings).account === account;
      default:
        return false;
    }
  }

  /** `,"base":"AAPL","baseAmount":"30","quote":"USD","quoteAmount":"17559.90"` of a trade. */
  private moneyOf(words: Int32Array, event: number): string {
    const listed = this.instruments[words[event + INSTRUMENT_WORD]! - 1]!;
    const lots = words[event + QUANTITY_WORD]!;
    const quote = words[event + PRICE_WORD]! * lots * listed.quoteMinorPerTickLot;
    return (
      `,"base":"${listed.base}","baseAmount":"${formatUnits(lots * listed.baseMinorPerLot, minorUnit(listed.baseDecimals))}"` +
      `,"quote":"${listed.quote}","quoteAmount":"${formatUnits(quote, minorUnit(listed.quoteDecimals))}"`
    );
  }
}

/** What tells something new about money, orders or rules: not the answers to questions and not the levels of books. */
function isBusiness(template: number, words: Int32Array, event: number): boolean {
  switch (template) {
    case Template.bookDelta:
    case Template.orderStatus:
    case Template.snapshotEnd:
      return false;
    case Template.balanceChanged: {
      const reason = words[event + (REASON_OFFSET >> 2)]! >>> ((REASON_OFFSET & 3) * 8);
      return (reason & 0xff) !== BalanceReason.snapshot;
    }
    default:
      return true;
  }
}

/** Time, command, session and number of what caused an event; of a promotion also who did it. */
function causeOf(words: Int32Array, at: number): string {
  const command = messageById(templateOf(words[at]!))?.name ?? 'unknown';
  const actor = command === 'epochStarted' ? actorOf(words, at) : '';
  return (
    `,"time":"${isoTime(readInt64(words, at + HeaderWord.timestampUs))}","cause":"${command}",` +
    `"session":${words[at + HeaderWord.sessionId]! >>> 0},"clientSequence":${readInt64(words, at + CLIENT_SEQUENCE_WORD)}${actor}`
  );
}

/** `,"actor":"alice"` of an epoch that a promotion began. */
function actorOf(words: Int32Array, at: number): string {
  const command = decodeSlot(words, at);
  if (command.name !== 'epochStarted' || command.fields.actor === '') return '';
  return `,"actor":${JSON.stringify(command.fields.actor)}`;
}

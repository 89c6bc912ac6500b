/** What the reference engine knows, how it is looked up, and how events are told. */
import { MarketState, RejectCode } from '../../src/core/codes.js';
import type { EventName, MessageFields } from '../../src/wire/message-fields.js';
import { Template } from '../../src/wire/schema.js';
import type { Command, Event, EventOf, UnknownCommand } from './messages.js';
import type { ReferenceBook } from './reference-book.js';
import { isCommandNumber } from './reference-numbers.js';
import {
  type Account,
  type ApiKey,
  type Asset,
  type Instrument,
  type Limits,
  type Order,
  type Transfer,
  visibleLots,
} from './reference-state.js';
import { Rejection } from './rejection.js';

/** Whether a report answers the command, or tells an account what somebody else caused. */
export type ReportKind = 'answer' | 'notice';

/** A price level that the current command has touched. */
interface TouchedLevel {
  instrument: Instrument;
  side: number;
  priceTicks: number;
}

/** What an event says, without the two numbers that all events carry. */
type Answer<N extends EventName> = Omit<MessageFields[N], 'reportSequence' | 'clientSequence'>;

export class Exchange {
  readonly assets: Asset[] = [];
  readonly instruments: Instrument[] = [];
  readonly books = new Map<Instrument, ReferenceBook>();
  readonly accounts = new Map<number, Account>();
  readonly apiKeys: ApiKey[] = [];
  readonly transfers = new Map<bigint, Transfer>();
  /** Command time: the highest timestamp seen. */
  timeUs = 0;
  /** Where DAY orders that are entered now expire; 0 = no day was opened yet. */
  tradingDayEndUs = 0;
  epoch = 0;
  logicVersion = 1;
  nextOrderId = 1;
  nextTradeId = 1;
  nextPriority = 1;

  readonly limits: Limits;
  command: Command | UnknownCommand | undefined;
  events: Event[] = [];
  touched: TouchedLevel[] = [];
  /** Whether what the incoming order does answers the command; a stop that has fired answers nobody. */
  incoming: ReportKind = 'answer';
  /** Prices of the trades of the incoming order, in their order. */
  tradePrices: number[] = [];
  /** The open orders that expire, and those that came in as stops. */
  readonly timedOrders = new Set<Order>();
  readonly stops = new Set<Order>();
  /** Stops that have fired and not acted yet, with the trade price that fired them. */
  elected: { order: Order; priceTicks: number }[] = [];

  constructor(limits: Limits) {
    this.limits = limits;
  }

  /** The asset of a code, if an instrument has named it. */
  asset(code: string): Asset | undefined {
    return this.assets.find((asset) => asset.code === code);
  }

  /** The open order of an account with a client order id, in any instrument. */
  openOrder(account: Account, clientOrderId: bigint): Order | undefined {
    return account.openOrders.get(clientOrderId);
  }

  /** The book of an instrument. */
  book(instrument: Instrument): ReferenceBook {
    const book = this.books.get(instrument);
    if (book === undefined) throw new Error('reference engine: an instrument without a book');
    return book;
  }

  /** What is counted for one phase of a record, which is what ends by time or the command itself. */
  startPhase(): void {
    this.incoming = 'notice';
    for (const account of this.accounts.values()) account.gains.clear();
  }

  isInFuture(timeUs: number): boolean {
    return timeUs > this.timeUs && timeUs <= Number.MAX_SAFE_INTEGER;
  }

  account(accountId: number): Account {
    const account = this.accounts.get(accountId);
    if (account === undefined) throw new Rejection(RejectCode.UNKNOWN_ACCOUNT);
    return account;
  }

  instrument(instrumentId: number): Instrument {
    const instrument = this.instruments.find((candidate) => candidate.instrumentId === instrumentId);
    if (instrument === undefined || instrument.marketState === MarketState.removed)
      throw new Rejection(RejectCode.UNKNOWN_INSTRUMENT);
    return instrument;
  }

  /** The open orders of an account, the oldest first; a replace does not make an order younger. */
  openOrdersOf(account: Account): Order[] {
    return [...account.openOrders.values()].sort((a, b) => a.orderId - b.orderId);
  }

  /** The open orders of all accounts. */
  allOpenOrders(): Order[] {
    return [...this.accounts.values()].flatMap((account) => [...account.openOrders.values()]);
  }

  openOrderCount(): number {
    let count = 0;
    for (const account of this.accounts.values()) count += account.openOrders.size;
    return count;
  }

  /** Notes that the level of an order changes; the first touch decides the order of the book deltas. */
  touch(order: Order): void {
    const { instrument, side, priceTicks } = order;
    const known = this.touched.some(
      (level) => level.instrument === instrument && level.side === side && level.priceTicks === priceTicks,
    );
    if (!known) this.touched.push({ instrument, side, priceTicks });
  }

  /** Book deltas come after all other events of a command: one for each touched level, with its state at the end. */
  reportTouchedLevels(): void {
    const touched = this.touched;
    this.touched = [];
    for (const { instrument, side, priceTicks } of touched) {
      const orders = this.book(instrument).level(side, priceTicks);
      instrument.bookSequence += 1;
      this.emit('bookDelta', 0, 0, 0, {
        bookSequence: instrument.bookSequence,
        levelLots: orders.reduce((lots, order) => lots + visibleLots(order), 0),
        instrumentId: instrument.instrumentId,
        priceTicks,
        orderCount: orders.length,
        side,
        reserved0: 0,
        reserved1: 0,
      });
    }
  }

  reject(code: number): void {
    const command = this.currentCommand();
    const namesOrder =
      command.name === 'newOrder' || command.name === 'cancelOrder' || command.name === 'replaceOrder';
    // A number that is no number of a command cannot be named in an answer either.
    const { clientSequence } = command.fields;
    const answered = isCommandNumber(clientSequence) ? clientSequence : 0;
    this.emit('rejected', command.accountId, command.sessionId, answered, {
      clientOrderId: namesOrder ? command.fields.clientOrderId : 0n,
      instrumentId: namesOrder ? command.fields.instrumentId : 0,
      code,
      refTemplateId: command.name === 'unknown' ? command.templateId : Template[command.name],
    });
  }

  currentCommand(): Command | UnknownCommand {
    if (this.command === undefined) throw new Error('reference engine: no command is being applied');
    return this.command;
  }

  /** An answer to the account and session of the command. */
  report<N extends EventName>(name: N, answer: Answer<N>): void {
    const command = this.currentCommand();
    this.emit(name, command.accountId, command.sessionId, command.fields.clientSequence, answer);
  }

  /** A report to the account of the incoming order. */
  tellTaker<N extends EventName>(taker: Order, name: N, answer: Answer<N>): void {
    if (this.incoming === 'answer') this.report(name, answer);
    else this.emit(name, taker.account.accountId, 0, 0, answer);
  }

  /** An answer to the session of the command that belongs to no account. */
  answerAdmin<N extends EventName>(name: N, answer: Answer<N>): void {
    const command = this.currentCommand();
    this.emit(name, 0, command.sessionId, command.fields.clientSequence, answer);
  }

  /** Every event to an open account takes the next number of that account's reports; all others carry 0. */
  emit<N extends EventName>(
    name: N,
    accountId: number,
    sessionId: number,
    clientSequence: number,
    answer: Answer<N>,
  ): void {
    const command = this.currentCommand();
    const account = this.accounts.get(accountId);
    if (account !== undefined) account.reportSequence += 1;
    const event: EventOf<N> = {
      name,
      accountId,
      sessionId,
      sequence: command.sequence,
      timestampUs: command.timestampUs,
      index: this.events.length,
      fields: { reportSequence: account?.reportSequence ?? 0, clientSequence, ...answer } as MessageFields[N],
    };
    this.events.push(event as unknown as Event);
  }
}

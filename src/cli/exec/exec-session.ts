/**
 * One run of `exec`: lines of commands and queries in, lines of events and answers out, through the core alone.
 *
 * Nothing here knows the clock or files: the same lines give the same output, byte for byte.
 */
import { nearestName } from '../../base/nearest-name.js';
import { Core } from '../../core/core.js';
import { queryAccount } from '../../core/queries.js';
import { BusinessLogicProcessor } from '../../engine/business-logic-processor.js';
import { EventBuffer } from '../../engine/event-buffer.js';
import { COMMAND_TYPES } from './command-line-fields.js';
import { CommandSlot } from './command-slot.js';
import { EventText } from './event-text.js';
import { LineError } from './line-error.js';
import {
  accountField,
  integerField,
  type LineObject,
  refuseUnknownFields,
  shown,
  textField,
} from './line-fields.js';
import { Listings } from './listings.js';
import { ALL_LEVELS, balanceObject, bookObject, orderObject, positionObject } from './view-objects.js';

export interface ExecOptions {
  /** Book deltas are printed too. */
  readonly hasMarketData: boolean;
  /** Open orders that the core holds at most. */
  readonly maxOrders: number;
}

const QUERIES = ['book', 'account', 'hash'];
const LINE_TYPES = [...COMMAND_TYPES, 'query'];
const BOOK_FIELDS = new Set(['type', 'what', 'symbol', 'depth']);
const ACCOUNT_FIELDS = new Set(['type', 'what', 'account']);
const HASH_FIELDS = new Set(['type', 'what']);

export class ExecSession {
  /** Commands that the engine has seen, rejected ones too. */
  commands = 0;
  /** Lines that made no command. */
  errors = 0;
  private readonly listings = new Listings();
  private readonly slot = new CommandSlot(this.listings);
  private readonly events = new EventBuffer();
  private readonly text: EventText;
  private readonly logic: BusinessLogicProcessor;
  private timestampUs = 0;

  constructor(options: ExecOptions) {
    this.text = new EventText(this.listings, options.hasMarketData);
    this.logic = new BusinessLogicProcessor(new Core({ maxOrders: options.maxOrders }), this.events);
  }

  /** The output lines, each with its newline, of the input line `text` with the number `lineNumber` (from 1). */
  answer(text: string, lineNumber: number): string {
    try {
      return this.answerObject(parsedLine(text));
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      this.errors++;
      return errorLine(error, lineNumber);
    }
  }

  /** The output for a line that cannot be looked at (too long, say). */
  refuse(lineNumber: number, message: string): string {
    this.errors++;
    return errorLine(new LineError('MALFORMED_FRAME', '', message), lineNumber);
  }

  private answerObject(line: LineObject): string {
    const type = textField(line, 'type');
    if (type === 'query') return this.query(line);
    const timestampUs = timeOf(line, this.timestampUs);
    const sequence = this.commands + 1;
    if (!this.slot.encode(type, line, sequence, timestampUs)) {
      const nearest = nearestName(type, LINE_TYPES);
      const hint = nearest === undefined ? `allowed: ${LINE_TYPES.join(', ')}` : `did you mean "${nearest}"?`;
      throw new LineError('UNKNOWN_COMMAND', 'type', `there is no type ${shown(type)}; ${hint}`);
    }
    this.timestampUs = timestampUs;
    this.commands = sequence;
    this.events.clear();
    this.logic.onCommand(this.slot.words, 0);
    return this.text.linesOf(this.events.words, this.events.count, this.slot);
  }

  private query(line: LineObject): string {
    switch (textField(line, 'what')) {
      case 'book':
        return jsonLine(this.book(line));
      case 'account':
        return jsonLine(this.account(line));
      case 'hash':
        refuseUnknownFields(line, 'query hash', HASH_FIELDS);
        return jsonLine({
          type: 'hash',
          stateHash: this.logic.stateHash(),
          outputHash: this.logic.outputHash(),
          sequence: this.commands,
        });
      default:
        throw new LineError(
          'BAD_FIELD',
          'what',
          `what is ${shown(line['what'])}; allowed: ${QUERIES.map((name) => `"${name}"`).join(', ')}`,
        );
    }
  }

  private book(line: LineObject): object {
    refuseUnknownFields(line, 'query book', BOOK_FIELDS);
    const symbol = textField(line, 'symbol');
    const depth = line['depth'] === undefined ? ALL_LEVELS : integerField(line, 'depth', 1, ALL_LEVELS);
    const instrument = this.listings.instrument(symbol);
    if (instrument === undefined) {
      throw new LineError(
        'UNKNOWN_INSTRUMENT',
        'symbol',
        `there is no instrument ${shown(symbol)}; list it first`,
      );
    }
    return {
      type: 'book',
      symbol,
      ...bookObject(this.logic.core, instrument, depth),
      sequence: this.commands,
    };
  }

  private account(line: LineObject): object {
    refuseUnknownFields(line, 'query account', ACCOUNT_FIELDS);
    const account = accountField(line);
    const view = queryAccount(this.logic.core, account);
    if (view === undefined) {
      throw new LineError('UNKNOWN_ACCOUNT', 'account', `there is no account ${account}; open it first`);
    }
    return {
      type: 'account',
      account,
      balances: view.balances.map(balanceObject),
      positions: view.positions.map((position) => positionObject(position, this.listings)),
      orders: view.orders.map((order) => orderObject(order, this.listings)),
      sequence: this.commands,
    };
  }
}

function parsedLine(text: string): LineObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new LineError('MALFORMED_FRAME', '', `the line is not JSON: ${shown(text)}`);
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as LineObject;
  throw new LineError('MALFORMED_FRAME', '', `the line is ${shown(parsed)}; a JSON object is required`);
}

/** Command time of a line: its own, or the one before. */
function timeOf(line: LineObject, last: number): number {
  let timestampUs = last;
  if (line['timestampUs'] !== undefined) {
    timestampUs = integerField(line, 'timestampUs', 0, Number.MAX_SAFE_INTEGER);
  } else if (line['time'] !== undefined) {
    const text = textField(line, 'time');
    timestampUs = Date.parse(text) * 1000;
    if (!(timestampUs >= 0)) {
      throw new LineError(
        'BAD_FIELD',
        'time',
        `time is ${shown(text)}; allowed: ISO 8601 such as "2024-05-01T09:30:00.000Z"`,
      );
    }
  }
  if (timestampUs < last) {
    throw new LineError(
      'BAD_FIELD',
      'timestampUs',
      `the time goes back from ${last} to ${timestampUs} us; it may only go on`,
    );
  }
  return timestampUs;
}

function jsonLine(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

function errorLine(error: LineError, lineNumber: number): string {
  const line = { type: 'error', line: lineNumber, code: error.code, name: error.codeName };
  const field = error.field === '' ? {} : { field: error.field };
  return jsonLine({ ...line, ...field, message: error.message });
}

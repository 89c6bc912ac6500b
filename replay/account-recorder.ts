/**
 * Notes after each command what changed of which account, from what the core puts on the dirty lists of its state hash:
 * a row that changed without being there would make the state hash wrong. So no change is missed, with or without an event
 * about it, and the path of a command pays nothing for it. The state hash is settled after each command for that.
 */
import { readInt64 } from '../src/base/int64.js';
import { ACCOUNT_WORDS, AccountWord } from '../src/core/accounts.js';
import type { Core } from '../src/core/core.js';
import { HashWord } from '../src/core/entity-hash.js';
import { HoldingWord } from '../src/core/holdings.js';
import { MarginWord } from '../src/core/margins.js';
import { OrderLimitsWord } from '../src/core/order-limits.js';
import { CounterWord, ORDER_WORDS, OrderWord } from '../src/core/orders.js';
import { PositionWord } from '../src/core/positions.js';
import { MAX_COLUMNS, ROW_COLUMNS, RowKind, readColumns } from './account-rows.js';

/** A change in the log: place of the next one of the account, sequence, kind, key, columns. */
const NEXT = 0;
const SEQUENCE = 1;
const KIND = 2;
const KEY = 3;
const COLUMNS = 4;
const FIRST_LOG_DOUBLES = 1 << 16;

/** Gets a change; the columns are at `columns[at]` and after it. */
export type ChangeVisitor = (
  sequence: number,
  kind: number,
  key: number,
  columns: Float64Array,
  at: number,
) => void;

export class AccountRecorder {
  readonly #core: Core;
  readonly #firstAccount: number;
  readonly #firstOrder: number;
  /** Changes, linked by account. Place 0 is not used. */
  #log = new Float64Array(FIRST_LOG_DOUBLES);
  #end = 1;
  /** First and last change by number of the account; 0 = none. */
  readonly #heads: Int32Array;
  readonly #tails: Int32Array;
  /** Handles of the accounts with changes. */
  readonly #changed: number[] = [];
  /** Id (0 = free) and account of the open orders, by number of the record: of an order that has ended the core keeps neither. */
  readonly #orderIds: Float64Array;
  readonly #orderAccounts: Int32Array;
  #freeOrders = 0;
  #lastOrderId = 0;
  /** Hash by number of the limits: they have no dirty list. */
  readonly #limitsHashes: Int32Array;
  #limitsLow = 0;
  #limitsHigh = 0;

  /** @param core as it is before the next command */
  constructor(core: Core) {
    this.#core = core;
    const { accounts, orders, orderLimits } = core;
    this.#firstAccount = accounts.handleOf(0);
    this.#firstOrder = orders.handleOf(0);
    this.#heads = new Int32Array(accounts.maxAccounts);
    this.#tails = new Int32Array(accounts.maxAccounts);
    this.#orderIds = new Float64Array(orders.maxOrders + 1);
    this.#orderAccounts = new Int32Array(orders.maxOrders + 1);
    this.#limitsHashes = new Int32Array(orderLimits.maxOrderLimits * 2);
    orders.forEach((order) => {
      this.#noteOrder(order);
    });
    this.#countOrders();
    this.#noteLimits(0);
    this.#settle();
    this.clear();
  }

  /** Doubles that the log takes. */
  get size(): number {
    return this.#end;
  }

  /** Highest order id that was given out. */
  get lastOrderId(): number {
    return this.#lastOrderId;
  }

  /** To be called after each command. */
  note(sequence: number): void {
    const { accounts, holdings, orders, positions } = this.#core;
    this.#noteEnded(sequence);
    // Loops of their own: this is done for every command.
    for (let i = 0; i < orders.hash.state[HashWord.dirtyCount]; i++) {
      this.#noteOrderChange(sequence, orders.hash.dirtyRows[i]);
    }
    for (let i = 0; i < holdings.hash.state[HashWord.dirtyCount]; i++) {
      this.#noteHolding(sequence, holdings.hash.dirtyRows[i]);
    }
    for (let i = 0; i < positions.hash.state[HashWord.dirtyCount]; i++) {
      this.#notePosition(sequence, positions.hash.dirtyRows[i]);
    }
    for (let i = 0; i < accounts.hash.state[HashWord.dirtyCount]; i++) {
      const account = accounts.hash.dirtyRows[i];
      this.#append(account, sequence, RowKind.account, 0, account);
    }
    this.#noteLimits(sequence);
    this.#settle();
  }

  /** Forgets the changes so far. */
  clear(): void {
    for (const account of this.#changed) {
      this.#heads[this.#numberOf(account)] = 0;
      this.#tails[this.#numberOf(account)] = 0;
    }
    this.#changed.length = 0;
    this.#end = 1;
  }

  /** Ids of the accounts with changes, rising. */
  changedAccounts(): Int32Array {
    const { words } = this.#core.arena;
    return Int32Array.from(this.#changed, (account) => words[account + AccountWord.id]).sort();
  }

  /** The changes of one account, in their order. */
  forEachChange(accountId: number, visit: ChangeVisitor): void {
    const log = this.#log;
    for (
      let at = this.#heads[this.#numberOf(this.#core.accounts.find(accountId))];
      at !== 0;
      at = log[at + NEXT]
    ) {
      visit(log[at + SEQUENCE], log[at + KIND], log[at + KEY], log, at + COLUMNS);
    }
  }

  /** Orders that were open before the command and are not now: their records were freed. */
  #noteEnded(sequence: number): void {
    const { arena, orders } = this.#core;
    const { words } = arena;
    const freeBefore = this.#freeOrders;
    const orderIdBefore = this.#lastOrderId;
    this.#countOrders();
    // Records are freed onto a stack and taken from it: no deeper than this was it changed.
    const untouched = Math.max(0, freeBefore - (this.#lastOrderId - orderIdBefore));
    let order = orders.lastFreed;
    for (let left = this.#freeOrders - untouched; left > 0; left--) {
      this.#endOrder(sequence, order);
      order = words[order + OrderWord.next];
    }
  }

  /** Notes the end of the order that had the record, if one had. */
  #endOrder(sequence: number, order: number): void {
    const number = this.#orderNumber(order);
    const orderId = this.#orderIds[number];
    if (orderId === 0) return;
    this.#orderIds[number] = 0;
    this.#link(this.#orderAccounts[number], sequence, RowKind.ended, orderId);
  }

  #noteOrderChange(sequence: number, order: number): void {
    const { words } = this.#core.arena;
    if (words[order + OrderWord.price] === 0) return;
    const orderId = readInt64(words, order + OrderWord.orderId);
    // The record may have been another order's.
    if (this.#orderIds[this.#orderNumber(order)] !== orderId) this.#endOrder(sequence, order);
    this.#noteOrder(order);
    this.#append(words[order + OrderWord.account], sequence, RowKind.order, orderId, order);
  }

  #noteHolding(sequence: number, holding: number): void {
    const { arena, margins } = this.#core;
    const { words } = arena;
    const account = words[holding + HoldingWord.account];
    this.#append(account, sequence, RowKind.holding, words[holding + HoldingWord.assetId], holding);
    // What is held for a position is not in its hash, but moves money here.
    for (let margin = words[account + AccountWord.firstMargin]; margin !== 0; ) {
      if (margins.quoteHoldingOf(margin) === holding) {
        this.#notePosition(sequence, words[margin + MarginWord.position]);
      }
      margin = words[margin + MarginWord.nextOfAccount];
    }
  }

  #notePosition(sequence: number, position: number): void {
    const { words } = this.#core.arena;
    const instrumentId = words[position + PositionWord.instrumentId];
    this.#append(words[position + PositionWord.account], sequence, RowKind.position, instrumentId, position);
  }

  #noteLimits(sequence: number): void {
    const { arena, orderLimits } = this.#core;
    const { words } = arena;
    const { state } = orderLimits.hash;
    if (state[HashWord.low] === this.#limitsLow && state[HashWord.high] === this.#limitsHigh) return;
    this.#limitsLow = state[HashWord.low];
    this.#limitsHigh = state[HashWord.high];
    for (let n = 0; n < orderLimits.count; n++) {
      const limits = orderLimits.handleOf(n);
      const low = words[limits + OrderLimitsWord.hashLow];
      const high = words[limits + OrderLimitsWord.hashHigh];
      if (this.#limitsHashes[n * 2] === low && this.#limitsHashes[n * 2 + 1] === high) continue;
      this.#limitsHashes[n * 2] = low;
      this.#limitsHashes[n * 2 + 1] = high;
      const position = words[limits + OrderLimitsWord.position];
      const instrumentId = words[position + PositionWord.instrumentId];
      this.#append(words[position + PositionWord.account], sequence, RowKind.limits, instrumentId, limits);
    }
  }

  /** Empties the dirty lists. */
  #settle(): void {
    const { accounts, holdings, orders, positions } = this.#core;
    orders.settleHash();
    holdings.settleHash();
    positions.settleHash();
    accounts.settleHash();
  }

  #noteOrder(order: number): void {
    const { words } = this.#core.arena;
    const number = this.#orderNumber(order);
    this.#orderIds[number] = readInt64(words, order + OrderWord.orderId);
    this.#orderAccounts[number] = words[order + OrderWord.account];
  }

  #countOrders(): void {
    const { orders } = this.#core;
    this.#freeOrders = orders.used - orders.count;
    this.#lastOrderId = readInt64(orders.counters, CounterWord.orderId);
  }

  #append(account: number, sequence: number, kind: number, key: number, handle: number): void {
    const at = this.#link(account, sequence, kind, key);
    readColumns(this.#core, kind, handle, this.#log, at + COLUMNS);
  }

  /** A change without its columns; returns its place. */
  #link(account: number, sequence: number, kind: number, key: number): number {
    const at = this.#end;
    this.#end = at + COLUMNS + ROW_COLUMNS[kind];
    if (at + COLUMNS + MAX_COLUMNS > this.#log.length) this.#grow();
    const log = this.#log;
    const number = this.#numberOf(account);
    if (this.#heads[number] === 0) {
      this.#heads[number] = at;
      this.#changed.push(account);
    } else {
      log[this.#tails[number] + NEXT] = at;
    }
    this.#tails[number] = at;
    log[at + NEXT] = 0;
    log[at + SEQUENCE] = sequence;
    log[at + KIND] = kind;
    log[at + KEY] = key;
    return at;
  }

  #grow(): void {
    const larger = new Float64Array(this.#log.length * 2);
    larger.set(this.#log);
    this.#log = larger;
  }

  #numberOf(account: number): number {
    return (account - this.#firstAccount) / ACCOUNT_WORDS;
  }

  #orderNumber(order: number): number {
    return (order - this.#firstOrder) / ORDER_WORDS;
  }
}

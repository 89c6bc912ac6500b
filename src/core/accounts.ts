/**
 * Accounts: id, report numbering and the list of open orders. A handle is the word index of the record; 0 is none.
 * Accounts are never removed.
 */
import { mix } from '../base/hash.js';
import { incrementInt64 } from '../base/int64.js';
import { IntegerHashIndex } from '../base/integer-hash-index.js';
import { EntityHash, EntityKind } from './entity-hash.js';
import { OrderWord } from './orders.js';

const ORDER_ACCOUNT_PREVIOUS = OrderWord.accountPrevious;
const ORDER_ACCOUNT_NEXT = OrderWord.accountNext;

export const ACCOUNT_WORDS = 16;

export const AccountWord = {
  id: 0,
  /** i64: number of the last report. */
  reportSequence: 1,
  /** Oldest and newest open order; the list runs by rising order id. */
  firstOrder: 3,
  lastOrder: 4,
  openOrders: 5,
  /** 1 while on the dirty list of the state hash. */
  dirty: 6,
  hashLow: 7,
  hashHigh: 8,
} as const;
const ACCOUNT_ID = AccountWord.id;
const ACCOUNT_REPORT_SEQUENCE = AccountWord.reportSequence;
const ACCOUNT_DIRTY = AccountWord.dirty;
const ACCOUNT_LAST_ORDER = AccountWord.lastOrder;
const ACCOUNT_FIRST_ORDER = AccountWord.firstOrder;
const ACCOUNT_OPEN_ORDERS = AccountWord.openOrders;
const ACCOUNT_HASH_LOW = AccountWord.hashLow;
const ACCOUNT_HASH_HIGH = AccountWord.hashHigh;

const HASHED_WORDS = 3;

export class Accounts {
  readonly words: Int32Array;
  readonly maxAccounts: number;
  readonly hash: EntityHash;
  count: number;
  private readonly index: IntegerHashIndex;

  constructor(maxAccounts: number) {
    this.words = new Int32Array((maxAccounts + 1) * ACCOUNT_WORDS);
    this.maxAccounts = maxAccounts;
    this.hash = new EntityHash(EntityKind.account, maxAccounts + 1);
    this.count = 0;
    this.index = new IntegerHashIndex(64);
  }

  /** Handle of the account with this id, or 0. */
  find(accountId: number): number {
    const hash = mix(accountId);
    const index = this.index;
    for (let at = index.first(hash); at >= 0; at = index.next(at, hash)) {
      const account = index.rowAt(at);
      if (this.words[account + ACCOUNT_ID] === accountId) return account;
    }
    return 0;
  }

  /** Adds an account whose id is new; the caller has seen that there is room. Returns its handle. */
  add(accountId: number): number {
    this.count += 1;
    const account = this.count * ACCOUNT_WORDS;
    this.words[account + ACCOUNT_ID] = accountId;
    this.index.insert(mix(accountId), account);
    this.touch(account);
    return account;
  }

  /** Numbers one more report of the account. */
  nextReport(account: number): void {
    const words = this.words;
    incrementInt64(words, account + ACCOUNT_REPORT_SEQUENCE);
    if (words[account + ACCOUNT_DIRTY] === 0) this.touch(account);
  }

  /** Appends an order, newer than all others, to the open orders of its account. */
  addOrder(account: number, orders: Int32Array, order: number): void {
    const words = this.words;
    const last = words[account + ACCOUNT_LAST_ORDER];
    orders[order + ORDER_ACCOUNT_PREVIOUS] = last;
    orders[order + ORDER_ACCOUNT_NEXT] = 0;
    if (last === 0) words[account + ACCOUNT_FIRST_ORDER] = order;
    else orders[last + ORDER_ACCOUNT_NEXT] = order;
    words[account + ACCOUNT_LAST_ORDER] = order;
    words[account + ACCOUNT_OPEN_ORDERS] = words[account + ACCOUNT_OPEN_ORDERS] + 1;
  }

  /** Takes an order out of the open orders of its account. */
  removeOrder(account: number, orders: Int32Array, order: number): void {
    const words = this.words;
    const previous = orders[order + ORDER_ACCOUNT_PREVIOUS];
    const next = orders[order + ORDER_ACCOUNT_NEXT];
    if (previous === 0) words[account + ACCOUNT_FIRST_ORDER] = next;
    else orders[previous + ORDER_ACCOUNT_NEXT] = next;
    if (next === 0) words[account + ACCOUNT_LAST_ORDER] = previous;
    else orders[next + ORDER_ACCOUNT_PREVIOUS] = previous;
    words[account + ACCOUNT_OPEN_ORDERS] = words[account + ACCOUNT_OPEN_ORDERS] - 1;
  }

  /** Hashes one account into `hash`. */
  hashAccount(account: number, hash: EntityHash): void {
    hash.hashRow(this.words, account, HASHED_WORDS, 0, 0);
  }

  /** Brings the sum of the state hash up to date. */
  settleHash(): void {
    const words = this.words;
    const hash = this.hash;
    for (let i = 0; i < hash.dirtyCount; i += 1) {
      const account = hash.dirtyRows[i];
      words[account + ACCOUNT_DIRTY] = 0;
      this.hashAccount(account, hash);
      hash.exchange(words[account + ACCOUNT_HASH_LOW], words[account + ACCOUNT_HASH_HIGH]);
      words[account + ACCOUNT_HASH_LOW] = hash.rowLow;
      words[account + ACCOUNT_HASH_HIGH] = hash.rowHigh;
    }
    hash.dirtyCount = 0;
  }

  private touch(account: number): void {
    this.words[account + ACCOUNT_DIRTY] = 1;
    this.hash.markDirty(account);
  }
}

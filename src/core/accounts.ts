/**
 * Accounts: id, report numbering and the list of open orders. A handle is the word index of the record; 0 is none.
 * Accounts are never removed.
 */
import { mix } from '../base/hash.js';
import { incrementInt64 } from '../base/int64.js';
import { IntegerHashIndex } from '../base/integer-hash-index.js';
import { EntityHash, EntityKind } from './entity-hash.js';
import { OrderWord } from './orders.js';

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
      if (this.words[account + AccountWord.id] === accountId) return account;
    }
    return 0;
  }

  /** Adds an account whose id is new; the caller has seen that there is room. Returns its handle. */
  add(accountId: number): number {
    this.count += 1;
    const account = this.count * ACCOUNT_WORDS;
    this.words[account + AccountWord.id] = accountId;
    this.index.insert(mix(accountId), account);
    this.touch(account);
    return account;
  }

  /** Numbers one more report of the account. */
  nextReport(account: number): void {
    const words = this.words;
    incrementInt64(words, account + AccountWord.reportSequence);
    if (words[account + AccountWord.dirty] === 0) this.touch(account);
  }

  /** Appends an order, newer than all others, to the open orders of its account. */
  addOrder(account: number, orders: Int32Array, order: number): void {
    const words = this.words;
    const last = words[account + AccountWord.lastOrder];
    orders[order + OrderWord.accountPrevious] = last;
    orders[order + OrderWord.accountNext] = 0;
    if (last === 0) words[account + AccountWord.firstOrder] = order;
    else orders[last + OrderWord.accountNext] = order;
    words[account + AccountWord.lastOrder] = order;
    words[account + AccountWord.openOrders] = words[account + AccountWord.openOrders] + 1;
  }

  /** Takes an order out of the open orders of its account. */
  removeOrder(account: number, orders: Int32Array, order: number): void {
    const words = this.words;
    const previous = orders[order + OrderWord.accountPrevious];
    const next = orders[order + OrderWord.accountNext];
    if (previous === 0) words[account + AccountWord.firstOrder] = next;
    else orders[previous + OrderWord.accountNext] = next;
    if (next === 0) words[account + AccountWord.lastOrder] = previous;
    else orders[next + OrderWord.accountPrevious] = previous;
    words[account + AccountWord.openOrders] = words[account + AccountWord.openOrders] - 1;
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
      words[account + AccountWord.dirty] = 0;
      this.hashAccount(account, hash);
      hash.exchange(words[account + AccountWord.hashLow], words[account + AccountWord.hashHigh]);
      words[account + AccountWord.hashLow] = hash.rowLow;
      words[account + AccountWord.hashHigh] = hash.rowHigh;
    }
    hash.dirtyCount = 0;
  }

  private touch(account: number): void {
    this.words[account + AccountWord.dirty] = 1;
    this.hash.markDirty(account);
  }
}

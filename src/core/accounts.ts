/** Accounts: id, report numbering and the list of open orders. Accounts are never removed. */
import { mix } from '../base/hash.js';
import { incrementInt64 } from '../base/int64.js';
import { IntegerHashIndex } from '../base/integer-hash-index.js';
import { type Arena, HANDLE_MASK as HANDLES } from './arena.js';
import { EntityHash, EntityKind } from './entity-hash.js';
import { OrderWord } from './orders.js';

export const ACCOUNT_WORDS = 16;

/** Words of an account record. The first HASHED_WORDS are what the state hash is made of. */
export const AccountWord = {
  /** First, so that an account's handle leads to its id at once. */
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
  /** The instrument of the last order and its holdings, so that most orders need not look them up. */
  lastInstrument: 9,
  lastQuoteHolding: 10,
  lastBaseHolding: 11,
} as const;

const HASHED_WORDS = 3;

// Local copies are folded into the code (see orders.ts).
const HANDLE_MASK = HANDLES;
const ID = AccountWord.id;
const REPORT_SEQUENCE = AccountWord.reportSequence;
const FIRST_ORDER = AccountWord.firstOrder;
const LAST_ORDER = AccountWord.lastOrder;
const OPEN_ORDERS = AccountWord.openOrders;
const DIRTY = AccountWord.dirty;
const HASH_LOW = AccountWord.hashLow;
const HASH_HIGH = AccountWord.hashHigh;
const ACCOUNT_NEXT = OrderWord.accountNext;
const ACCOUNT_PREVIOUS = OrderWord.accountPrevious;

export class Accounts {
  /** The arena. */
  readonly words: Int32Array;
  readonly maxAccounts: number;
  readonly hash: EntityHash;
  count: number;
  private readonly first: number;
  private readonly index: IntegerHashIndex;

  constructor(arena: Arena, maxAccounts: number) {
    this.words = arena.words;
    this.maxAccounts = maxAccounts;
    this.hash = new EntityHash(EntityKind.account, maxAccounts);
    this.count = 0;
    this.first = arena.reserve(maxAccounts * ACCOUNT_WORDS);
    this.index = new IntegerHashIndex(64);
  }

  /** Handle of account number 0, 1, 2 ... `count` - 1. */
  handleOf(number: number): number {
    return this.first + number * ACCOUNT_WORDS;
  }

  /** Handle of the account with this id, or 0. */
  find(accountId: number): number {
    const hash = mix(accountId | 0);
    const index = this.index;
    for (let account = index.first(hash); account !== 0; account = index.next(hash)) {
      if (this.words[account + ID] === accountId) return account;
    }
    return 0;
  }

  /** Adds an account whose id is new; the caller has seen that there is room. */
  add(accountId: number): void {
    const account = this.handleOf(this.count);
    this.count += 1;
    this.words[account + ID] = accountId;
    this.index.insert(mix(accountId), account);
    this.touch(account);
  }

  /** Numbers one more report of the account. */
  nextReport(handle: number): void {
    const words = this.words;
    const account = handle & HANDLE_MASK;
    incrementInt64(words, account + REPORT_SEQUENCE);
    if (words[account + DIRTY] === 0) this.touch(account);
  }

  /** Appends an order, newer than all others, to the open orders of its account. */
  addOrder(accountHandle: number, orderHandle: number): void {
    const words = this.words;
    const account = accountHandle & HANDLE_MASK;
    const order = orderHandle & HANDLE_MASK;
    const last = words[account + LAST_ORDER] & HANDLE_MASK;
    words[order + ACCOUNT_PREVIOUS] = last;
    words[order + ACCOUNT_NEXT] = 0;
    if (last === 0) words[account + FIRST_ORDER] = order;
    else words[last + ACCOUNT_NEXT] = order;
    words[account + LAST_ORDER] = order;
    words[account + OPEN_ORDERS] = words[account + OPEN_ORDERS] + 1;
  }

  /** Takes an order out of the open orders of its account. */
  removeOrder(accountHandle: number, orderHandle: number): void {
    const words = this.words;
    const account = accountHandle & HANDLE_MASK;
    const order = orderHandle & HANDLE_MASK;
    const previous = words[order + ACCOUNT_PREVIOUS] & HANDLE_MASK;
    const next = words[order + ACCOUNT_NEXT] & HANDLE_MASK;
    if (previous === 0) words[account + FIRST_ORDER] = next;
    else words[previous + ACCOUNT_NEXT] = next;
    if (next === 0) words[account + LAST_ORDER] = previous;
    else words[next + ACCOUNT_PREVIOUS] = previous;
    words[account + OPEN_ORDERS] = words[account + OPEN_ORDERS] - 1;
  }

  /** Hashes one account into `hash`. */
  hashAccount(account: number, hash: EntityHash): void {
    hash.hashRow(this.words, account, HASHED_WORDS, 0, 0);
  }

  /** Brings the sum of the state hash up to date. */
  settleHash(): void {
    const { words, hash } = this;
    for (let i = 0; i < hash.dirtyCount; i += 1) {
      const account = hash.dirtyRows[i];
      words[account + DIRTY] = 0;
      this.hashAccount(account, hash);
      hash.exchange(words[account + HASH_LOW], words[account + HASH_HIGH]);
      words[account + HASH_LOW] = hash.rowLow;
      words[account + HASH_HIGH] = hash.rowHigh;
    }
    hash.dirtyCount = 0;
  }

  private touch(account: number): void {
    this.words[account + DIRTY] = 1;
    this.hash.markDirty(account);
  }
}

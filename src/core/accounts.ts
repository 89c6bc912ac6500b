/** Accounts: id, report numbering, settings and the list of open orders. Accounts are never removed. */
import { makeChainIndex } from '../base/chain-index.js';
import { makeWords } from '../base/columns.js';
import { mix } from '../base/hash.js';
import { incrementInt64 } from '../base/int64.js';
import type { Arena } from './arena.js';
import { type EntityHash, EntityKind, HashWord, makeEntityHash } from './entity-hash.js';
import { OrderWord } from './orders.js';
import { makeTable } from './table.js';

export const ACCOUNT_WORDS = 32;

/** Words of an account record. The first HASHED_WORDS, and settings that are not 0, make the state hash. */
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
  /** The instrument of the last order, its holdings and its position, so that most orders need not look them up. */
  lastInstrument: 9,
  lastQuoteHolding: 10,
  lastBaseHolding: 11,
  /** Fee tier | self-trade prevention mode of orders that name none, counted from 0 = allow, << 8. */
  settings: 12,
  /** u32: accounts of one group do not trade with each other; 0 = none. */
  selfTradeGroup: 13,
  lastPosition: 14,
  /** AccountControl bits: what an order of the account has to be held against; 0 = nothing. */
  controls: 15,
  /** 0 = active, otherwise AccountStatus. */
  status: 24,
  /** u32: orders and replaces in one interval of command time; 0 = no limit. */
  throttleMaxCommands: 25,
  /** Double: the interval in which commands were counted last. */
  throttleWindow: 26,
  /** u32: how many were counted in it. */
  throttleCounted: 28,
  /** u32: length of the intervals in microseconds. */
  throttleIntervalUs: 29,
  /** Handle of a margin record (margins.ts), 0 = the account has never had an order in a margin instrument. */
  firstMargin: 30,
  /** The next account under the same place of the index by id. */
  idNext: 31,
} as const;

/** Bits of `AccountWord.controls`. */
export const AccountControl = {
  /** It is not active, or throttled: account-controls.ts. */
  flow: 1,
  /** It has limits in an instrument, and its open orders are counted there: order-limits.ts. */
  limits: 2,
} as const;

const HASHED_WORDS = 3;
const FIRST_SETTING = AccountWord.status;
const SETTING_WORDS = 6;

// Local copies are folded into the code (README.md).
const DIRTY_COUNT = HashWord.dirtyCount;
const ID = AccountWord.id;
const REPORT_SEQUENCE = AccountWord.reportSequence;
const SETTINGS = AccountWord.settings;
const FIRST_ORDER = AccountWord.firstOrder;
const LAST_ORDER = AccountWord.lastOrder;
const OPEN_ORDERS = AccountWord.openOrders;
const DIRTY = AccountWord.dirty;
const HASH_LOW = AccountWord.hashLow;
const CONTROLS = AccountWord.controls;
const LIMITS = AccountControl.limits;
const ACCOUNT_NEXT = OrderWord.accountNext;
const ACCOUNT_PREVIOUS = OrderWord.accountPrevious;

/** Words of the private state. */
const COUNT = 0;

export type Accounts = ReturnType<typeof makeAccounts>;

/** `countOrder` counts an order of an account with limits: 1 opens, -1 ends (order-limits.ts). */
export function makeAccounts(
  arena: Arena,
  maxAccounts: number,
  countOrder: (order: number, change: number) => void,
) {
  const state = makeWords(1);
  const { handleMask } = arena;
  const wordHash = mix;
  const increment = incrementInt64;
  /** The arena. */
  const words = arena.words;
  const hash = makeEntityHash(EntityKind.account, maxAccounts);
  const { markDirty } = hash;
  const first = arena.reserve(maxAccounts * ACCOUNT_WORDS);
  const index = makeChainIndex({
    words,
    handleMask,
    linkWord: AccountWord.idNext,
    maxRows: maxAccounts,
    hashOf: (account) => wordHash(words[account + ID]),
  });
  const { first: firstRow, next: nextRow, insertRow } = index;

  /** Handle of account number 0, 1, 2 ... `state[COUNT]` - 1. */
  const handleOf = (number: number): number => {
    return first + number * ACCOUNT_WORDS;
  };

  /** Handle of the account with this id, or 0. */
  const find = (accountId: number): number => {
    const hash = wordHash(accountId | 0);
    for (let account = firstRow(hash); account !== 0; account = nextRow(account)) {
      if (words[account + ID] === accountId) return account;
    }
    return 0;
  };

  /** Adds an account whose id is new; the caller has seen that there is room. */
  const add = (accountId: number): void => {
    const account = handleOf(state[COUNT]);
    state[COUNT] += 1;
    words[account + ID] = accountId;
    insertRow(account);
    touch(account);
  };

  /** Numbers one more report of the account. */
  const nextReport = (handle: number): void => {
    const account = handle & handleMask;
    increment(words, account + REPORT_SEQUENCE);
    if (words[account + DIRTY] === 0) touch(account);
  };

  /** Appends an order, newer than all others, to the open orders of its account. */
  const addOrder = (accountHandle: number, orderHandle: number): void => {
    const account = accountHandle & handleMask;
    const order = orderHandle & handleMask;
    const last = words[account + LAST_ORDER] & handleMask;
    words[order + ACCOUNT_PREVIOUS] = last;
    words[order + ACCOUNT_NEXT] = 0;
    if (last === 0) words[account + FIRST_ORDER] = order;
    else words[last + ACCOUNT_NEXT] = order;
    words[account + LAST_ORDER] = order;
    words[account + OPEN_ORDERS] = words[account + OPEN_ORDERS] + 1;
    if ((words[account + CONTROLS] & LIMITS) !== 0) countOrder(order, 1);
  };

  /** Takes an order out of the open orders of its account. */
  const removeOrder = (accountHandle: number, orderHandle: number): void => {
    const account = accountHandle & handleMask;
    const order = orderHandle & handleMask;
    const previous = words[order + ACCOUNT_PREVIOUS] & handleMask;
    const next = words[order + ACCOUNT_NEXT] & handleMask;
    if (previous === 0) words[account + FIRST_ORDER] = next;
    else words[previous + ACCOUNT_NEXT] = next;
    if (next === 0) words[account + LAST_ORDER] = previous;
    else words[next + ACCOUNT_PREVIOUS] = previous;
    words[account + OPEN_ORDERS] = words[account + OPEN_ORDERS] - 1;
    if ((words[account + CONTROLS] & LIMITS) !== 0) countOrder(order, -1);
  };

  /** Hashes one account into `hash`. */
  const hashAccount = (account: number, hash: EntityHash): void => {
    hash.hashRow(words, account, HASHED_WORDS, 0, 0);
    hash.extendRow(words, account + SETTINGS, 2, SETTINGS);
    hash.extendRow(words, account + FIRST_SETTING, SETTING_WORDS, FIRST_SETTING);
  };

  /** Brings the sum of the state hash up to date. */
  const settleHash = (): void => {
    for (let i = 0; i < hash.state[DIRTY_COUNT]; i += 1) {
      const account = hash.dirtyRows[i];
      words[account + DIRTY] = 0;
      hashAccount(account, hash);
      hash.exchange(words, account + HASH_LOW);
    }
    hash.state[DIRTY_COUNT] = 0;
  };

  /** Notes for the state hash that the account changed. */
  const touch = (account: number): void => {
    if (words[account + DIRTY] !== 0) return;
    words[account + DIRTY] = 1;
    markDirty(account);
  };

  const tables = [
    makeTable('accounts', AccountWord, {
      memory: words,
      first,
      recordWords: ACCOUNT_WORDS,
      capacity: maxAccounts,
      rows: () => state[COUNT],
      handles: {
        firstOrder: 'orders',
        lastOrder: 'orders',
        lastQuoteHolding: 'holdings',
        lastBaseHolding: 'holdings',
        lastPosition: 'positions',
        firstMargin: 'margins',
      },
      derived: ['dirty', 'hashLow', 'hashHigh', 'idNext'],
    }),
    makeTable('accounts.state', { count: COUNT }, { memory: state }),
  ];

  /** Makes index and hash again, after the records were read from a snapshot. */
  const rebuild = (): void => {
    index.expect(state[COUNT]);
    for (let n = 0; n < state[COUNT]; n += 1) {
      const account = handleOf(n);
      insertRow(account);
      hashAccount(account, hash);
      hash.exchange(words, account + HASH_LOW);
    }
  };

  return {
    words,
    maxAccounts,
    hash,
    get count(): number {
      return state[COUNT];
    },
    handleOf,
    find,
    add,
    nextReport,
    touch,
    addOrder,
    removeOrder,
    hashAccount,
    settleHash,
    tables,
    rebuild,
  };
}

import { readInt64, writeInt64 } from '../src/base/int64.js';
import { OrderType, Permission, type ReplaceFlag } from '../src/core/codes.js';
import { wordOf } from '../src/engine/layout.js';
import { Template } from '../src/wire/schema.js';
import { HeaderWord, packTemplate, RECORD_VERSION, SLOT_WORDS } from '../src/wire/slot.js';

/** Command time of the first command, epoch microseconds; each next one is a microsecond later. */
const START_US = 1_700_000_000_000_000;
/** Base and quote minor units that each account starts with. */
const FUNDS = 2_000_000_000_000;

const NewOrder = {
  clientOrderId: wordOf('newOrder', 'clientOrderId'),
  instrumentId: wordOf('newOrder', 'instrumentId'),
  priceTicks: wordOf('newOrder', 'priceTicks'),
  quantityLots: wordOf('newOrder', 'quantityLots'),
  terms: wordOf('newOrder', 'side'),
} as const;
const CancelOrder = {
  clientOrderId: wordOf('cancelOrder', 'clientOrderId'),
  instrumentId: wordOf('cancelOrder', 'instrumentId'),
} as const;
const ReplaceOrder = {
  clientOrderId: wordOf('replaceOrder', 'clientOrderId'),
  newClientOrderId: wordOf('replaceOrder', 'newClientOrderId'),
  instrumentId: wordOf('replaceOrder', 'instrumentId'),
  priceTicks: wordOf('replaceOrder', 'priceTicks'),
  quantityLots: wordOf('replaceOrder', 'quantityLots'),
  flags: wordOf('replaceOrder', 'flags'),
} as const;

/**
 * Command slots laid end to end, numbered and stamped as the sequencer would: what a benchmark feeds to the business
 * logic. Every account trades through a session of its own, numbered like a real one.
 */
export class CommandTape {
  words: Int32Array;
  count: number;
  /** Commands that come once: listing, accounts, keys, money. Those after them can be played again and again. */
  onceCount: number;
  /** Commands before the ones that are measured; the first of each round cancel what the round before left. */
  setupCount: number;
  private readonly clientSequences: Float64Array;

  /** `funds`: minor units of both assets for each account; the supply of an asset ends at 2^53-1. */
  constructor(accounts: number, expectedCommands: number, funds = FUNDS) {
    this.words = new Int32Array((expectedCommands + accounts * 5 + 16) * SLOT_WORDS);
    this.count = 0;
    this.onceCount = 0;
    this.setupCount = 0;
    this.clientSequences = new Float64Array(accounts + 1);
    this.setUp(accounts, funds);
  }

  /** A limit order in instrument 1. The client order id is a safe integer. */
  newOrder(
    account: number,
    id: number,
    side: number,
    price: number,
    quantity: number,
    timeInForce: number,
  ): void {
    const at = this.add(Template.newOrder, account);
    writeInt64(this.words, at + NewOrder.clientOrderId, id);
    this.words[at + NewOrder.instrumentId] = 1;
    this.words[at + NewOrder.priceTicks] = price;
    this.words[at + NewOrder.quantityLots] = quantity;
    this.words[at + NewOrder.terms] = side | (OrderType.limit << 8) | (timeInForce << 16);
  }

  cancelOrder(account: number, id: number): void {
    const at = this.add(Template.cancelOrder, account);
    writeInt64(this.words, at + CancelOrder.clientOrderId, id);
    this.words[at + CancelOrder.instrumentId] = 1;
  }

  /** A replace that keeps the client order id. `flags`: ReplaceFlag or 0. */
  replaceOrder(
    account: number,
    id: number,
    price: number,
    quantity: number,
    flags: 0 | typeof ReplaceFlag.reinsert,
  ): void {
    const at = this.add(Template.replaceOrder, account);
    writeInt64(this.words, at + ReplaceOrder.clientOrderId, id);
    writeInt64(this.words, at + ReplaceOrder.newClientOrderId, id);
    this.words[at + ReplaceOrder.instrumentId] = 1;
    this.words[at + ReplaceOrder.priceTicks] = price;
    this.words[at + ReplaceOrder.quantityLots] = quantity;
    this.words[at + ReplaceOrder.flags] = flags;
  }

  /** Numbers and stamps the commands of a round for the next one, which comes right after it. */
  renumber(): void {
    const { words } = this;
    const accountOf = (n: number) => words[n * SLOT_WORDS + HeaderWord.accountId];
    const counts = new Float64Array(this.clientSequences.length);
    for (let n = this.onceCount; n < this.count; n += 1) counts[accountOf(n)] += 1;
    const length = this.count - this.onceCount;
    const raise = (at: number, by: number) => writeInt64(words, at, readInt64(words, at) + by);
    for (let n = this.onceCount; n < this.count; n += 1) {
      const at = n * SLOT_WORDS;
      raise(at + HeaderWord.sequence, length);
      raise(at + HeaderWord.timestampUs, length);
      raise(at + HeaderWord.body, counts[accountOf(n)]);
    }
  }

  private setUp(accounts: number, funds: number): void {
    const list = this.add(Template.listInstrument, 0);
    this.text(list + wordOf('listInstrument', 'symbol'), 'BENCH-USD');
    this.text(list + wordOf('listInstrument', 'base'), 'BENCH');
    this.text(list + wordOf('listInstrument', 'quote'), 'USD');
    this.words[list + wordOf('listInstrument', 'tickMantissa')] = 1;
    this.words[list + wordOf('listInstrument', 'lotMantissa')] = 1;
    // Exponents -2 and 0, 0 and 2 decimals: one tick of one lot is one cent.
    this.words[list + wordOf('listInstrument', 'tickExponent')] = 0xfe | (2 << 24);
    for (let account = 1; account <= accounts; account += 1) {
      const open = this.add(Template.openAccount, 0);
      this.words[open + wordOf('openAccount', 'accountId')] = account;
      const key = this.add(Template.registerApiKey, 0);
      this.words[key + wordOf('registerApiKey', 'accountId')] = account;
      this.words[key + wordOf('registerApiKey', 'permissions')] = Permission.trade;
      this.words[key + wordOf('registerApiKey', 'publicKey')] = account;
      this.deposit(account, account * 2, 'BENCH', funds);
      this.deposit(account, account * 2 + 1, 'USD', funds);
    }
    this.onceCount = this.count;
    for (let account = 1; account <= accounts; account += 1) this.add(Template.massCancel, account);
    this.setupCount = this.count;
  }

  private deposit(account: number, transferId: number, asset: string, funds: number): void {
    const at = this.add(Template.deposit, 0);
    writeInt64(this.words, at + wordOf('deposit', 'transferId'), transferId);
    writeInt64(this.words, at + wordOf('deposit', 'amount'), funds);
    this.words[at + wordOf('deposit', 'accountId')] = account;
    this.text(at + wordOf('deposit', 'asset'), asset);
  }

  /** A command of an account's session, or of the node (account 0); returns the word where its slot starts. */
  private add(templateId: number, account: number): number {
    const at = this.count * SLOT_WORDS;
    if (at === this.words.length) {
      const larger = new Int32Array(this.words.length * 2);
      larger.set(this.words);
      this.words = larger;
    }
    const words = this.words;
    this.count += 1;
    words[at] = packTemplate(templateId, RECORD_VERSION, 0);
    words[at + HeaderWord.accountId] = account;
    writeInt64(words, at + HeaderWord.sequence, this.count);
    writeInt64(words, at + HeaderWord.timestampUs, START_US + this.count);
    // Keys are registered in the order of accounts, so that key n belongs to account n.
    words[at + HeaderWord.sessionId] = account;
    if (account !== 0) {
      this.clientSequences[account] += 1;
      writeInt64(words, at + HeaderWord.body, this.clientSequences[account]);
    }
    return at;
  }

  private text(at: number, text: string): void {
    for (let i = 0; i < text.length; i += 1) {
      this.words[at + (i >> 2)] |= text.charCodeAt(i) << ((i & 3) * 8);
    }
  }
}

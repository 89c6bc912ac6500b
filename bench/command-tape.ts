import { readInt64, writeInt64 } from '../src/base/int64.js';
import { OrderType, Permission, type ReplaceFlag } from '../src/core/codes.js';
import { wordOf } from '../src/engine/layout.js';
import { Template } from '../src/wire/schema.js';
import { HeaderWord, packTemplate, RECORD_VERSION, SLOT_WORDS } from '../src/wire/slot.js';

/** Command time of the first command, epoch microseconds; each next one is a microsecond later. */
const START_US = 1_700_000_000_000_000;
/** Commands of a round of a long run: a tape of more would not fit the business logic's view of one memory. */
export const ROUND_COMMANDS = 1_000_000;
/** Minor units of an asset that all accounts have together at the start. */
const FUNDS = 2_000_000_000_000_000;

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
  /** The asset that each instrument trades, and behind them the one that all are quoted in. */
  readonly assets: readonly string[];
  private readonly funds: number;
  private transferId: number;

  /**
   * Instruments 1, 2 ... are listed with an asset each; accounts 1, 2 ... have money in all of them and a key. All
   * `accounts` are opened at once, or the first `opened` of them.
   */
  constructor(accounts: number, expectedCommands: number, instruments = 1, opened = accounts) {
    const perAccount = instruments + 4;
    this.words = new Int32Array((expectedCommands + opened * perAccount + instruments + 16) * SLOT_WORDS);
    this.assets = [...Array.from({ length: instruments }, (_, n) => `BENCH${n + 1}`), 'USD'];
    this.funds = Math.floor(FUNDS / accounts);
    this.transferId = 0;
    this.count = 0;
    this.onceCount = 0;
    this.setupCount = 0;
    this.clientSequences = new Float64Array(accounts + 1);
    this.setUp(opened);
  }

  /** A limit order. The client order id is a safe integer. */
  newOrder(
    account: number,
    id: number,
    side: number,
    price: number,
    quantity: number,
    timeInForce: number,
    instrumentId = 1,
  ): void {
    const at = this.add(Template.newOrder, account);
    writeInt64(this.words, at + NewOrder.clientOrderId, id);
    this.words[at + NewOrder.instrumentId] = instrumentId;
    this.words[at + NewOrder.priceTicks] = price;
    this.words[at + NewOrder.quantityLots] = quantity;
    this.words[at + NewOrder.terms] = side | (OrderType.limit << 8) | (timeInForce << 16);
  }

  cancelOrder(account: number, id: number, instrumentId = 1): void {
    const at = this.add(Template.cancelOrder, account);
    writeInt64(this.words, at + CancelOrder.clientOrderId, id);
    this.words[at + CancelOrder.instrumentId] = instrumentId;
  }

  /** A replace that keeps the client order id. `flags`: ReplaceFlag or 0. */
  replaceOrder(
    account: number,
    id: number,
    price: number,
    quantity: number,
    flags: 0 | typeof ReplaceFlag.reinsert,
    instrumentId = 1,
  ): void {
    const at = this.add(Template.replaceOrder, account);
    writeInt64(this.words, at + ReplaceOrder.clientOrderId, id);
    writeInt64(this.words, at + ReplaceOrder.newClientOrderId, id);
    this.words[at + ReplaceOrder.instrumentId] = instrumentId;
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

  /** Opens an account and gives it a key and money in `assets`; accounts come in the order of their ids. */
  openAccount(account: number, assets: readonly string[] = this.assets): void {
    const open = this.add(Template.openAccount, 0);
    this.words[open + wordOf('openAccount', 'accountId')] = account;
    const key = this.add(Template.registerApiKey, 0);
    this.words[key + wordOf('registerApiKey', 'accountId')] = account;
    this.words[key + wordOf('registerApiKey', 'permissions')] = Permission.trade;
    this.words[key + wordOf('registerApiKey', 'publicKey')] = account;
    for (const asset of assets) this.deposit(account, asset);
  }

  private setUp(accounts: number): void {
    for (const base of this.assets.slice(0, -1)) this.listInstrument(base);
    for (let account = 1; account <= accounts; account += 1) this.openAccount(account);
    this.onceCount = this.count;
    for (let account = 1; account <= accounts; account += 1) this.add(Template.massCancel, account);
    this.setupCount = this.count;
  }

  private listInstrument(base: string): void {
    const at = this.add(Template.listInstrument, 0);
    this.text(at + wordOf('listInstrument', 'symbol'), `${base}-USD`);
    this.text(at + wordOf('listInstrument', 'base'), base);
    this.text(at + wordOf('listInstrument', 'quote'), 'USD');
    this.words[at + wordOf('listInstrument', 'tickMantissa')] = 1;
    this.words[at + wordOf('listInstrument', 'lotMantissa')] = 1;
    // Exponents -2 and 0, 0 and 2 decimals: one tick of one lot is one cent.
    this.words[at + wordOf('listInstrument', 'tickExponent')] = 0xfe | (2 << 24);
  }

  private deposit(account: number, asset: string): void {
    const at = this.add(Template.deposit, 0);
    this.transferId += 1;
    writeInt64(this.words, at + wordOf('deposit', 'transferId'), this.transferId);
    writeInt64(this.words, at + wordOf('deposit', 'amount'), this.funds);
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
    words.fill(0, at, at + SLOT_WORDS);
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

/** Writes what the core says as event slots, numbers the reports of each account, and keeps the output hash. */
import { writeInt64 } from '../base/int64.js';
import { AccountWord } from '../core/accounts.js';
import { ApiKeyWord, PUBLIC_KEY_WORDS } from '../core/api-keys.js';
import { ASSET_CODE_WORDS } from '../core/assets.js';
import { Liquidity } from '../core/codes.js';
import { type Core, EngineWord } from '../core/core.js';
import type { EventSink } from '../core/event-sink.js';
import { HoldingWord } from '../core/holdings.js';
import { INSTRUMENT_WORDS, InstrumentWord, SYMBOL_WORDS } from '../core/instruments.js';
import { CounterWord, OrderWord } from '../core/orders.js';
import { keyOf, LevelWord } from '../core/price-ladder.js';
import { Template } from '../wire/schema.js';
import { HeaderWord, packTemplate, RECORD_VERSION, SLOT_WORDS } from '../wire/slot.js';
import type { EventOutput } from './event-output.js';
import { shiftOf, wordAround, wordOf, wordsOf } from './layout.js';
import { OutputHash } from './output-hash.js';

const REPORT_SEQUENCE = wordOf('accepted', 'reportSequence');
const CLIENT_SEQUENCE = wordOf('accepted', 'clientSequence');

const Accepted = {
  orderId: wordOf('accepted', 'orderId'),
  clientOrderId: wordOf('accepted', 'clientOrderId'),
  instrumentId: wordOf('accepted', 'instrumentId'),
  priceTicks: wordOf('accepted', 'priceTicks'),
  quantityLots: wordOf('accepted', 'quantityLots'),
  side: wordOf('accepted', 'side'),
  words: wordsOf('accepted'),
} as const;
const Rejected = {
  clientOrderId: wordOf('rejected', 'clientOrderId'),
  instrumentId: wordOf('rejected', 'instrumentId'),
  code: wordOf('rejected', 'code'),
  words: wordsOf('rejected'),
} as const;
const Trade = {
  orderId: wordOf('trade', 'orderId'),
  clientOrderId: wordOf('trade', 'clientOrderId'),
  tradeId: wordOf('trade', 'tradeId'),
  instrumentId: wordOf('trade', 'instrumentId'),
  priceTicks: wordOf('trade', 'priceTicks'),
  quantityLots: wordOf('trade', 'quantityLots'),
  leavesLots: wordOf('trade', 'leavesLots'),
  cumulativeLots: wordOf('trade', 'cumulativeLots'),
  side: wordOf('trade', 'side'),
  words: wordsOf('trade'),
} as const;
const Cancelled = {
  orderId: wordOf('cancelled', 'orderId'),
  clientOrderId: wordOf('cancelled', 'clientOrderId'),
  instrumentId: wordOf('cancelled', 'instrumentId'),
  priceTicks: wordOf('cancelled', 'priceTicks'),
  quantityLots: wordOf('cancelled', 'quantityLots'),
  cumulativeLots: wordOf('cancelled', 'cumulativeLots'),
  side: wordOf('cancelled', 'side'),
  words: wordsOf('cancelled'),
} as const;
const Replaced = {
  orderId: wordOf('replaced', 'orderId'),
  clientOrderId: wordOf('replaced', 'clientOrderId'),
  originalClientOrderId: wordOf('replaced', 'originalClientOrderId'),
  instrumentId: wordOf('replaced', 'instrumentId'),
  priceTicks: wordOf('replaced', 'priceTicks'),
  quantityLots: wordOf('replaced', 'quantityLots'),
  leavesLots: wordOf('replaced', 'leavesLots'),
  cumulativeLots: wordOf('replaced', 'cumulativeLots'),
  side: wordOf('replaced', 'side'),
  words: wordsOf('replaced'),
} as const;
const BalanceChanged = {
  transferId: wordOf('balanceChanged', 'transferId'),
  amount: wordOf('balanceChanged', 'amount'),
  available: wordOf('balanceChanged', 'available'),
  reserved: wordOf('balanceChanged', 'reserved'),
  asset: wordOf('balanceChanged', 'asset'),
  decimals: wordOf('balanceChanged', 'decimals'),
  words: wordsOf('balanceChanged'),
} as const;
const InstrumentListed = {
  symbol: wordOf('instrumentListed', 'symbol'),
  base: wordOf('instrumentListed', 'base'),
  quote: wordOf('instrumentListed', 'quote'),
  tickMantissa: wordOf('instrumentListed', 'tickMantissa'),
  lotMantissa: wordOf('instrumentListed', 'lotMantissa'),
  tickExponent: wordOf('instrumentListed', 'tickExponent'),
  marketProtectionPpm: wordOf('instrumentListed', 'marketProtectionPpm'),
  instrumentId: wordOf('instrumentListed', 'instrumentId'),
  words: wordsOf('instrumentListed'),
} as const;
const AccountOpened = {
  accountId: wordOf('accountOpened', 'accountId'),
  words: wordsOf('accountOpened'),
} as const;
const ApiKeyRegistered = {
  accountId: wordOf('apiKeyRegistered', 'accountId'),
  permissions: wordOf('apiKeyRegistered', 'permissions'),
  publicKey: wordOf('apiKeyRegistered', 'publicKey'),
  apiKeyId: wordOf('apiKeyRegistered', 'apiKeyId'),
  words: wordsOf('apiKeyRegistered'),
} as const;
const BookDelta = {
  bookSequence: wordOf('bookDelta', 'bookSequence'),
  levelLots: wordOf('bookDelta', 'levelLots'),
  instrumentId: wordOf('bookDelta', 'instrumentId'),
  priceTicks: wordOf('bookDelta', 'priceTicks'),
  orderCount: wordOf('bookDelta', 'orderCount'),
  side: wordOf('bookDelta', 'side'),
  words: wordsOf('bookDelta'),
} as const;
const OrderStatus = {
  orderId: wordOf('orderStatus', 'orderId'),
  clientOrderId: wordOf('orderStatus', 'clientOrderId'),
  instrumentId: wordOf('orderStatus', 'instrumentId'),
  priceTicks: wordOf('orderStatus', 'priceTicks'),
  quantityLots: wordOf('orderStatus', 'quantityLots'),
  leavesLots: wordOf('orderStatus', 'leavesLots'),
  cumulativeLots: wordOf('orderStatus', 'cumulativeLots'),
  side: wordOf('orderStatus', 'side'),
  words: wordsOf('orderStatus'),
} as const;
const SnapshotEnd = {
  balanceCount: wordOf('snapshotEnd', 'balanceCount'),
  orderCount: wordOf('snapshotEnd', 'orderCount'),
  words: wordsOf('snapshotEnd'),
} as const;
const EpochChanged = {
  clusterId: wordOf('epochChanged', 'clusterId'),
  epoch: wordOf('epochChanged', 'epoch'),
  nodeId: wordOf('epochChanged', 'nodeId'),
  words: wordsOf('epochChanged'),
} as const;
const MassCancelled = {
  orderCount: wordOf('massCancelled', 'orderCount'),
  words: wordsOf('massCancelled'),
} as const;

const TEMPLATE_WORD = {
  accepted: packTemplate(Template.accepted, RECORD_VERSION, 0),
  rejected: packTemplate(Template.rejected, RECORD_VERSION, 0),
  trade: packTemplate(Template.trade, RECORD_VERSION, 0),
  cancelled: packTemplate(Template.cancelled, RECORD_VERSION, 0),
  replaced: packTemplate(Template.replaced, RECORD_VERSION, 0),
  balanceChanged: packTemplate(Template.balanceChanged, RECORD_VERSION, 0),
  instrumentListed: packTemplate(Template.instrumentListed, RECORD_VERSION, 0),
  accountOpened: packTemplate(Template.accountOpened, RECORD_VERSION, 0),
  apiKeyRegistered: packTemplate(Template.apiKeyRegistered, RECORD_VERSION, 0),
  bookDelta: packTemplate(Template.bookDelta, RECORD_VERSION, 0),
  orderStatus: packTemplate(Template.orderStatus, RECORD_VERSION, 0),
  snapshotEnd: packTemplate(Template.snapshotEnd, RECORD_VERSION, 0),
  epochChanged: packTemplate(Template.epochChanged, RECORD_VERSION, 0),
  massCancelled: packTemplate(Template.massCancelled, RECORD_VERSION, 0),
} as const;

checkPacking();

export class SlotEventSink implements EventSink {
  readonly outputHash: OutputHash;
  private readonly core: Core;
  private readonly output: EventOutput;
  /** The command that is answered. */
  private sequenceLow: number;
  private sequenceHigh: number;
  private timestampLow: number;
  private timestampHigh: number;
  private sessionId: number;
  private clientSequenceLow: number;
  private clientSequenceHigh: number;
  /** Index of its next event. */
  private index: number;

  constructor(core: Core, output: EventOutput) {
    this.outputHash = new OutputHash();
    this.core = core;
    this.output = output;
    this.sequenceLow = 0;
    this.sequenceHigh = 0;
    this.timestampLow = 0;
    this.timestampHigh = 0;
    this.sessionId = 0;
    this.clientSequenceLow = 0;
    this.clientSequenceHigh = 0;
    this.index = 0;
  }

  /** Turns to the next command; its header is in the slot at `at`, its clientSequence is given in two words. */
  beginCommand(words: Int32Array, at: number, clientSequenceLow: number, clientSequenceHigh: number): void {
    this.sequenceLow = words[at + HeaderWord.sequence];
    this.sequenceHigh = words[at + HeaderWord.sequence + 1];
    this.timestampLow = words[at + HeaderWord.timestampUs];
    this.timestampHigh = words[at + HeaderWord.timestampUs + 1];
    this.sessionId = words[at + HeaderWord.sessionId];
    this.clientSequenceLow = clientSequenceLow;
    this.clientSequenceHigh = clientSequenceHigh;
    this.index = 0;
  }

  /** The command was rejected. `account` is the handle of account `accountId`, or 0. */
  rejected(
    account: number,
    accountId: number,
    clientIdLow: number,
    clientIdHigh: number,
    instrumentId: number,
    code: number,
    templateId: number,
  ): void {
    const at = this.beginAnswer(TEMPLATE_WORD.rejected, account);
    const words = this.output.words;
    words[at + HeaderWord.accountId] = accountId;
    words[at + Rejected.clientOrderId] = clientIdLow;
    words[at + Rejected.clientOrderId + 1] = clientIdHigh;
    words[at + Rejected.instrumentId] = instrumentId;
    words[at + Rejected.code] = code | (templateId << 16);
    this.finish(words, at, Rejected.words);
  }

  accepted(order: number): void {
    const orders = this.core.orders.words;
    const at = this.beginAnswer(TEMPLATE_WORD.accepted, orders[order + OrderWord.account]);
    const words = this.output.words;
    const bookSide = orders[order + OrderWord.bookSide];
    words[at + Accepted.orderId] = orders[order + OrderWord.orderId];
    words[at + Accepted.orderId + 1] = orders[order + OrderWord.orderId + 1];
    words[at + Accepted.clientOrderId] = orders[order + OrderWord.clientIdLow];
    words[at + Accepted.clientOrderId + 1] = orders[order + OrderWord.clientIdHigh];
    words[at + Accepted.instrumentId] = bookSide >> 1;
    words[at + Accepted.priceTicks] = orders[order + OrderWord.price];
    words[at + Accepted.quantityLots] = orders[order + OrderWord.leaves];
    words[at + Accepted.side] = sideOf(bookSide) | (orders[order + OrderWord.terms] << 8);
    this.finish(words, at, Accepted.words);
  }

  trade(maker: number, taker: number, priceTicks: number, quantityLots: number): void {
    const makerAccount = this.core.orders.words[maker + OrderWord.account];
    const takerAccount = this.core.orders.words[taker + OrderWord.account];
    const first = this.begin(TEMPLATE_WORD.trade, makerAccount, 0, 0, 0);
    this.tradeBody(first, maker, priceTicks, quantityLots, Liquidity.maker);
    const second = this.beginAnswer(TEMPLATE_WORD.trade, takerAccount);
    this.tradeBody(second, taker, priceTicks, quantityLots, Liquidity.taker);
  }

  cancelled(order: number, reason: number): void {
    const orders = this.core.orders.words;
    const at = this.beginAnswer(TEMPLATE_WORD.cancelled, orders[order + OrderWord.account]);
    const words = this.output.words;
    const bookSide = orders[order + OrderWord.bookSide];
    words[at + Cancelled.orderId] = orders[order + OrderWord.orderId];
    words[at + Cancelled.orderId + 1] = orders[order + OrderWord.orderId + 1];
    words[at + Cancelled.clientOrderId] = orders[order + OrderWord.clientIdLow];
    words[at + Cancelled.clientOrderId + 1] = orders[order + OrderWord.clientIdHigh];
    words[at + Cancelled.instrumentId] = bookSide >> 1;
    words[at + Cancelled.priceTicks] = orders[order + OrderWord.price];
    words[at + Cancelled.quantityLots] = orders[order + OrderWord.leaves];
    words[at + Cancelled.cumulativeLots] = orders[order + OrderWord.cumulative];
    words[at + Cancelled.side] = sideOf(bookSide) | (reason << 8);
    this.finish(words, at, Cancelled.words);
  }

  replaced(order: number, originalIdLow: number, originalIdHigh: number, priorityKept: number): void {
    const orders = this.core.orders.words;
    const at = this.beginAnswer(TEMPLATE_WORD.replaced, orders[order + OrderWord.account]);
    const words = this.output.words;
    const bookSide = orders[order + OrderWord.bookSide];
    const leaves = orders[order + OrderWord.leaves];
    const cumulative = orders[order + OrderWord.cumulative];
    words[at + Replaced.orderId] = orders[order + OrderWord.orderId];
    words[at + Replaced.orderId + 1] = orders[order + OrderWord.orderId + 1];
    words[at + Replaced.clientOrderId] = orders[order + OrderWord.clientIdLow];
    words[at + Replaced.clientOrderId + 1] = orders[order + OrderWord.clientIdHigh];
    words[at + Replaced.originalClientOrderId] = originalIdLow;
    words[at + Replaced.originalClientOrderId + 1] = originalIdHigh;
    words[at + Replaced.instrumentId] = bookSide >> 1;
    words[at + Replaced.priceTicks] = orders[order + OrderWord.price];
    words[at + Replaced.quantityLots] = leaves + cumulative;
    words[at + Replaced.leavesLots] = leaves;
    words[at + Replaced.cumulativeLots] = cumulative;
    words[at + Replaced.side] = sideOf(bookSide) | (priorityKept << 8);
    this.finish(words, at, Replaced.words);
  }

  balanceChanged(
    account: number,
    holding: number,
    transferIdLow: number,
    transferIdHigh: number,
    amount: number,
    reason: number,
    duplicate: number,
  ): void {
    const { holdings, assets } = this.core;
    const at = this.beginAnswer(TEMPLATE_WORD.balanceChanged, account);
    const words = this.output.words;
    const assetId = holdings.words[holding * 2 + HoldingWord.assetId];
    const code = assets.codeAt(assetId);
    words[at + BalanceChanged.transferId] = transferIdLow;
    words[at + BalanceChanged.transferId + 1] = transferIdHigh;
    writeInt64(words, at + BalanceChanged.amount, amount);
    writeInt64(words, at + BalanceChanged.available, holdings.money[holding]);
    writeInt64(words, at + BalanceChanged.reserved, holdings.money[holding + 1]);
    copyWords(assets.words, code, words, at + BalanceChanged.asset, ASSET_CODE_WORDS);
    words[at + BalanceChanged.decimals] = assets.decimals(assetId) | (reason << 8) | (duplicate << 16);
    this.finish(words, at, BalanceChanged.words);
  }

  instrumentListed(instrumentId: number): void {
    const { instruments, assets } = this.core;
    const at = this.beginAnswer(TEMPLATE_WORD.instrumentListed, 0);
    const words = this.output.words;
    const from = instruments.words;
    const record = instrumentId * INSTRUMENT_WORDS;
    const base = from[record + InstrumentWord.baseAsset];
    const quote = from[record + InstrumentWord.quoteAsset];
    copyWords(from, record + InstrumentWord.symbol, words, at + InstrumentListed.symbol, SYMBOL_WORDS);
    copyWords(assets.words, assets.codeAt(base), words, at + InstrumentListed.base, ASSET_CODE_WORDS);
    copyWords(assets.words, assets.codeAt(quote), words, at + InstrumentListed.quote, ASSET_CODE_WORDS);
    words[at + InstrumentListed.tickMantissa] = from[record + InstrumentWord.tickMantissa];
    words[at + InstrumentListed.lotMantissa] = from[record + InstrumentWord.lotMantissa];
    words[at + InstrumentListed.tickExponent] =
      (from[record + InstrumentWord.tickExponent] & 0xff) |
      ((from[record + InstrumentWord.lotExponent] & 0xff) << 8) |
      (assets.decimals(base) << 16) |
      (assets.decimals(quote) << 24);
    words[at + InstrumentListed.marketProtectionPpm] = from[record + InstrumentWord.protectionPpm];
    words[at + InstrumentListed.instrumentId] = instrumentId;
    this.finish(words, at, InstrumentListed.words);
  }

  accountOpened(accountId: number): void {
    const at = this.beginAnswer(TEMPLATE_WORD.accountOpened, 0);
    const words = this.output.words;
    words[at + AccountOpened.accountId] = accountId;
    this.finish(words, at, AccountOpened.words);
  }

  apiKeyRegistered(apiKeyId: number): void {
    const { accounts, apiKeys } = this.core;
    const at = this.beginAnswer(TEMPLATE_WORD.apiKeyRegistered, 0);
    const words = this.output.words;
    const key = apiKeys.recordAt(apiKeyId);
    const account = apiKeys.words[key + ApiKeyWord.account];
    words[at + ApiKeyRegistered.accountId] = accounts.words[account + AccountWord.id];
    words[at + ApiKeyRegistered.permissions] = apiKeys.words[key + ApiKeyWord.permissions];
    copyWords(
      apiKeys.words,
      key + ApiKeyWord.publicKey,
      words,
      at + ApiKeyRegistered.publicKey,
      PUBLIC_KEY_WORDS,
    );
    words[at + ApiKeyRegistered.apiKeyId] = apiKeyId;
    this.finish(words, at, ApiKeyRegistered.words);
  }

  bookDelta(level: number): void {
    const { ladder } = this.core.books;
    const instruments = this.core.instruments.words;
    const at = this.begin(TEMPLATE_WORD.bookDelta, 0, 0, 0, 0);
    const words = this.output.words;
    const bookSide = ladder.levels[level + LevelWord.bookSide];
    const instrumentId = bookSide >> 1;
    const sequence = instrumentId * INSTRUMENT_WORDS + InstrumentWord.bookSequence;
    words[at + BookDelta.bookSequence] = instruments[sequence];
    words[at + BookDelta.bookSequence + 1] = instruments[sequence + 1];
    writeInt64(words, at + BookDelta.levelLots, ladder.levelDoubles[(level + LevelWord.lots) >> 1]);
    words[at + BookDelta.instrumentId] = instrumentId;
    words[at + BookDelta.priceTicks] = keyOf(bookSide, ladder.levels[level + LevelWord.key]);
    words[at + BookDelta.orderCount] = ladder.levels[level + LevelWord.orderCount];
    words[at + BookDelta.side] = sideOf(bookSide);
    this.finish(words, at, BookDelta.words);
  }

  orderStatus(order: number): void {
    const orders = this.core.orders.words;
    const at = this.beginAnswer(TEMPLATE_WORD.orderStatus, orders[order + OrderWord.account]);
    const words = this.output.words;
    const bookSide = orders[order + OrderWord.bookSide];
    const leaves = orders[order + OrderWord.leaves];
    const cumulative = orders[order + OrderWord.cumulative];
    words[at + OrderStatus.orderId] = orders[order + OrderWord.orderId];
    words[at + OrderStatus.orderId + 1] = orders[order + OrderWord.orderId + 1];
    words[at + OrderStatus.clientOrderId] = orders[order + OrderWord.clientIdLow];
    words[at + OrderStatus.clientOrderId + 1] = orders[order + OrderWord.clientIdHigh];
    words[at + OrderStatus.instrumentId] = bookSide >> 1;
    words[at + OrderStatus.priceTicks] = orders[order + OrderWord.price];
    words[at + OrderStatus.quantityLots] = leaves + cumulative;
    words[at + OrderStatus.leavesLots] = leaves;
    words[at + OrderStatus.cumulativeLots] = cumulative;
    words[at + OrderStatus.side] = sideOf(bookSide) | (orders[order + OrderWord.terms] << 8);
    this.finish(words, at, OrderStatus.words);
  }

  snapshotEnd(account: number, balanceCount: number, orderCount: number): void {
    const at = this.beginAnswer(TEMPLATE_WORD.snapshotEnd, account);
    const words = this.output.words;
    words[at + SnapshotEnd.balanceCount] = balanceCount;
    words[at + SnapshotEnd.orderCount] = orderCount;
    this.finish(words, at, SnapshotEnd.words);
  }

  epochChanged(): void {
    const engine = this.core.engine;
    const at = this.beginAnswer(TEMPLATE_WORD.epochChanged, 0);
    const words = this.output.words;
    words[at + EpochChanged.clusterId] = engine[EngineWord.clusterIdLow];
    words[at + EpochChanged.clusterId + 1] = engine[EngineWord.clusterIdHigh];
    words[at + EpochChanged.epoch] = engine[EngineWord.epoch];
    words[at + EpochChanged.nodeId] = engine[EngineWord.nodeId];
    this.finish(words, at, EpochChanged.words);
  }

  massCancelled(account: number, orderCount: number): void {
    const at = this.beginAnswer(TEMPLATE_WORD.massCancelled, account);
    const words = this.output.words;
    words[at + MassCancelled.orderCount] = orderCount;
    words[at + MassCancelled.orderCount + 1] = 0;
    this.finish(words, at, MassCancelled.words);
  }

  private tradeBody(
    at: number,
    order: number,
    priceTicks: number,
    quantityLots: number,
    liquidity: number,
  ): void {
    const words = this.output.words;
    const orders = this.core.orders.words;
    const counters = this.core.orders.counters;
    const bookSide = orders[order + OrderWord.bookSide];
    words[at + Trade.orderId] = orders[order + OrderWord.orderId];
    words[at + Trade.orderId + 1] = orders[order + OrderWord.orderId + 1];
    words[at + Trade.clientOrderId] = orders[order + OrderWord.clientIdLow];
    words[at + Trade.clientOrderId + 1] = orders[order + OrderWord.clientIdHigh];
    words[at + Trade.tradeId] = counters[CounterWord.tradeId];
    words[at + Trade.tradeId + 1] = counters[CounterWord.tradeId + 1];
    words[at + Trade.instrumentId] = bookSide >> 1;
    words[at + Trade.priceTicks] = priceTicks;
    words[at + Trade.quantityLots] = quantityLots;
    words[at + Trade.leavesLots] = orders[order + OrderWord.leaves];
    words[at + Trade.cumulativeLots] = orders[order + OrderWord.cumulative];
    words[at + Trade.side] = sideOf(bookSide) | (liquidity << 8);
    this.finish(words, at, Trade.words);
  }

  /** Starts an event that answers the command, for an account (a handle, 0 = nobody's). */
  private beginAnswer(templateWord: number, account: number): number {
    return this.begin(templateWord, account, this.sessionId, this.clientSequenceLow, this.clientSequenceHigh);
  }

  /** Claims a slot and writes the header and the two numbers that every event starts with. */
  private begin(
    templateWord: number,
    account: number,
    sessionId: number,
    clientSequenceLow: number,
    clientSequenceHigh: number,
  ): number {
    const at = this.output.next();
    const words = this.output.words;
    words[at] = templateWord;
    words[at + HeaderWord.sequence] = this.sequenceLow;
    words[at + HeaderWord.sequence + 1] = this.sequenceHigh;
    words[at + HeaderWord.timestampUs] = this.timestampLow;
    words[at + HeaderWord.timestampUs + 1] = this.timestampHigh;
    words[at + HeaderWord.index] = this.index;
    words[at + HeaderWord.sessionId] = sessionId;
    this.index += 1;
    if (account !== 0) {
      const accounts = this.core.accounts;
      accounts.nextReport(account);
      words[at + HeaderWord.accountId] = accounts.words[account + AccountWord.id];
      words[at + REPORT_SEQUENCE] = accounts.words[account + AccountWord.reportSequence];
      words[at + REPORT_SEQUENCE + 1] = accounts.words[account + AccountWord.reportSequence + 1];
    } else {
      words[at + HeaderWord.accountId] = 0;
      words[at + REPORT_SEQUENCE] = 0;
      words[at + REPORT_SEQUENCE + 1] = 0;
    }
    words[at + CLIENT_SEQUENCE] = clientSequenceLow;
    words[at + CLIENT_SEQUENCE + 1] = clientSequenceHigh;
    return at;
  }

  /** Clears what is left of the slot after its `used` words, and adds it to the output hash. */
  private finish(words: Int32Array, at: number, used: number): void {
    for (let i = at + used; i < at + SLOT_WORDS; i += 1) words[i] = 0;
    this.outputHash.add(words, at, (used + 3) & ~3);
  }
}

function sideOf(bookSide: number): number {
  return (bookSide & 1) + 1;
}

function copyWords(from: Int32Array, fromAt: number, to: Int32Array, toAt: number, count: number): void {
  for (let i = 0; i < count; i += 1) to[toAt + i] = from[fromAt + i];
}

/** Stops the start when one of the words that are packed by hand is laid out otherwise in the schema. */
function checkPacking(): void {
  const packed: readonly [string, readonly string[]][] = [
    ['accepted', ['side', 'orderType', 'timeInForce']],
    ['cancelled', ['side', 'reason']],
    ['replaced', ['side', 'priorityKept']],
    ['trade', ['side', 'liquidity']],
    ['balanceChanged', ['decimals', 'reason', 'duplicate']],
    ['instrumentListed', ['tickExponent', 'lotExponent', 'baseDecimals', 'quoteDecimals']],
    ['orderStatus', ['side', 'orderType', 'timeInForce']],
  ];
  for (const [message, fields] of packed) {
    fields.forEach((field, index) => {
      const isInPlace =
        wordAround(message, field) === wordOf(message, fields[0]) && shiftOf(message, field) === index * 8;
      if (!isInPlace) throw new Error(`layout: ${message}.${field} is not byte ${index} of its word`);
    });
  }
  if (shiftOf('rejected', 'code') !== 0 || shiftOf('rejected', 'refTemplateId') !== 16) {
    throw new Error('layout: rejected.code and refTemplateId do not share a word');
  }
}

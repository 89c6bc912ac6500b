/**
 * The deterministic domain: all state of the exchange, and the commands that change it. No clock, no randomness,
 * no I/O; what happened leaves through an EventSink.
 *
 * Each command returns 0, or the reject code of the first check that failed: all checks come before the first
 * change, so a rejected command has changed nothing. An account is given by its handle (`accounts.find`), 0 when
 * there is none. 64-bit ids are given in two int32 halves, u32 fields as int32.
 */
import { hashTriple } from '../base/hash.js';
import { IntegerHashIndex } from '../base/integer-hash-index.js';
import { ACCOUNT_WORDS, Accounts, AccountWord } from './accounts.js';
import { API_KEY_WORDS, ApiKeys, PUBLIC_KEY_WORDS } from './api-keys.js';
import { Arena, HANDLE_MASK as HANDLES } from './arena.js';
import { ASSET_CODE_BYTES, Assets } from './assets.js';
import {
  BalanceReason,
  CancelReason,
  OrderType,
  Permission,
  RejectCode,
  ReplaceFlag,
  Side,
  TimeInForce,
} from './codes.js';
import { type CoreOptions, resolveCoreOptions } from './core-options.js';
import type { EventSink } from './event-sink.js';
import { HOLDING_WORDS, Holdings } from './holdings.js';
import { INSTRUMENT_WORDS, Instruments, InstrumentWord, SYMBOL_BYTES, SYMBOL_WORDS } from './instruments.js';
import { canFill, matchOrder } from './matching.js';
import { MONEY_MAX, scaledProduct } from './money.js';
import { OrderBooks } from './order-books.js';
import { ORDER_WORDS, Orders, OrderWord } from './orders.js';
import {
  BOOK_SIDE_WORDS,
  IDLE_PAGES,
  isSellSide,
  keyOf,
  LEVEL_WORDS,
  LevelWord,
  PAGE_WORDS,
  PRICE_MAX,
  type PriceLadder,
} from './price-ladder.js';
import { isAssetCode, isSymbol } from './text-fields.js';
import { Transfers } from './transfers.js';

// Local copies are folded into the code (see orders.ts).
const HANDLE_MASK = HANDLES;
const MONEY_LIMIT = MONEY_MAX;
const BUY = Side.buy;
const SELL = Side.sell;
const LIMIT = OrderType.limit;
const MARKET = OrderType.market;
const GTC = TimeInForce.GTC;
const FOK = TimeInForce.FOK;
const REINSERT = ReplaceFlag.reinsert;
const KEY = LevelWord.key;
const MIRROR = PRICE_MAX;
const LAST_INSTRUMENT = AccountWord.lastInstrument;
const LAST_QUOTE_HOLDING = AccountWord.lastQuoteHolding;
const LAST_BASE_HOLDING = AccountWord.lastBaseHolding;
const QUOTE_ASSET = InstrumentWord.quoteAsset;
const BASE_ASSET = InstrumentWord.baseAsset;
const PRICE = OrderWord.price;
const LEAVES = OrderWord.leaves;
const CUMULATIVE = OrderWord.cumulative;
const BOOK_SIDE = OrderWord.bookSide;
const CLIENT_ID_LOW = OrderWord.clientIdLow;
const CLIENT_ID_HIGH = OrderWord.clientIdHigh;
const TERMS = OrderWord.terms;
const ACCOUNT = OrderWord.account;
const QUOTE_HOLDING = OrderWord.quoteHolding;
const BASE_HOLDING = OrderWord.baseHolding;
const CLIENT_ID_HASH = OrderWord.clientIdHash;
const ACCOUNT_NEXT = OrderWord.accountNext;

const EXPONENT_MIN = -15;
const EXPONENT_MAX = 9;
const DECIMALS_MAX = 15;
const PPM = 1_000_000;
const DEFAULT_PROTECTION_PPM = 50_000;

export type { CoreOptions };

/** Words of `Core.engine`. */
export const EngineWord = { epoch: 0, nodeId: 1, clusterIdLow: 2, clusterIdHigh: 3, timestampUs: 4 } as const;
export const ENGINE_WORDS = 6;
const TIMESTAMP_US = EngineWord.timestampUs;

export class Core {
  readonly accounts: Accounts;
  readonly assets: Assets;
  readonly instruments: Instruments;
  readonly holdings: Holdings;
  readonly apiKeys: ApiKeys;
  readonly transfers: Transfers;
  readonly orders: Orders;
  readonly books: OrderBooks;
  /** (account, client order id) -> order. */
  readonly clientIds: IntegerHashIndex;
  private readonly words: Int32Array;
  private readonly ladder: PriceLadder;
  /** Epoch, node, cluster and command time. */
  readonly engine: Int32Array;
  /** Set by `connect`, before the first command. */
  sink!: EventSink;

  constructor(options: CoreOptions = {}) {
    const limits = resolveCoreOptions(options);
    const maxLevels = limits.maxOrders + 1;
    const arena = new Arena([
      limits.maxAccounts * ACCOUNT_WORDS,
      limits.maxInstruments * INSTRUMENT_WORDS,
      limits.maxHoldings * HOLDING_WORDS,
      limits.maxApiKeys * API_KEY_WORDS,
      (limits.maxInstruments + 1) * 2 * BOOK_SIDE_WORDS,
      maxLevels * LEVEL_WORDS,
      (maxLevels + IDLE_PAGES) * PAGE_WORDS,
      limits.maxOrders * ORDER_WORDS,
    ]);
    this.accounts = new Accounts(arena, limits.maxAccounts);
    this.instruments = new Instruments(arena, limits.maxInstruments);
    this.holdings = new Holdings(arena, limits.maxHoldings);
    this.apiKeys = new ApiKeys(arena, limits.maxApiKeys);
    this.books = new OrderBooks(arena, this.instruments, maxLevels);
    this.orders = new Orders(arena, limits.maxOrders);
    this.words = arena.words;
    this.ladder = this.books.ladder;
    this.assets = new Assets(limits.maxAssets);
    this.transfers = new Transfers(limits.maxTransfers);
    this.clientIds = new IntegerHashIndex(1024);
    this.engine = new Int32Array(ENGINE_WORDS);
  }

  /** Says where events go; before the first command. */
  connect(sink: EventSink): void {
    this.sink = sink;
  }

  /** Lists an instrument. The three texts lie in `text` at the given words; mantissas and ppm are u32. */
  listInstrument(
    text: Int32Array,
    symbolAt: number,
    baseAt: number,
    quoteAt: number,
    tickMantissa: number,
    lotMantissa: number,
    tickExponent: number,
    lotExponent: number,
    baseDecimals: number,
    quoteDecimals: number,
    protectionPpm: number,
  ): number {
    const { assets, instruments } = this;
    if (!isSymbol(text, symbolAt, SYMBOL_BYTES)) return RejectCode.INVALID_SYMBOL;
    if (!isAssetCode(text, baseAt, ASSET_CODE_BYTES)) return RejectCode.INVALID_ASSET;
    if (!isAssetCode(text, quoteAt, ASSET_CODE_BYTES)) return RejectCode.INVALID_ASSET;
    let isSameAsset = true;
    for (let i = 0; i < ASSET_CODE_BYTES / 4; i += 1) {
      if (text[baseAt + i] !== text[quoteAt + i]) isSameAsset = false;
    }
    if (isSameAsset) return RejectCode.INVALID_ASSET;
    if (baseDecimals > DECIMALS_MAX || quoteDecimals > DECIMALS_MAX) return RejectCode.INVALID_ASSET;

    if (tickExponent < EXPONENT_MIN || tickExponent > EXPONENT_MAX) return RejectCode.INVALID_TICK_OR_LOT;
    if (lotExponent < EXPONENT_MIN || lotExponent > EXPONENT_MAX) return RejectCode.INVALID_TICK_OR_LOT;
    const quoteExponent = tickExponent + lotExponent + quoteDecimals;
    const quotePerTickLot = scaledProduct(tickMantissa >>> 0, lotMantissa >>> 0, quoteExponent);
    const basePerLot = scaledProduct(lotMantissa >>> 0, 1, lotExponent + baseDecimals);
    if (quotePerTickLot === 0 || basePerLot === 0) return RejectCode.INVALID_TICK_OR_LOT;
    if (protectionPpm >>> 0 > PPM) return RejectCode.INVALID_PROTECTION;

    if (instruments.find(text, symbolAt) !== 0) return RejectCode.INSTRUMENT_EXISTS;
    let base = assets.find(text, baseAt);
    let quote = assets.find(text, quoteAt);
    if (base !== 0 && assets.decimals(base) !== baseDecimals) return RejectCode.ASSET_DECIMALS_DIFFER;
    if (quote !== 0 && assets.decimals(quote) !== quoteDecimals) return RejectCode.ASSET_DECIMALS_DIFFER;
    if (instruments.count === instruments.maxInstruments) return RejectCode.TOO_MANY_INSTRUMENTS;
    const newAssets = (base === 0 ? 1 : 0) + (quote === 0 ? 1 : 0);
    if (assets.count + newAssets > assets.maxAssets) return RejectCode.TOO_MANY_ASSETS;

    if (base === 0) base = assets.add(text, baseAt, baseDecimals);
    if (quote === 0) quote = assets.add(text, quoteAt, quoteDecimals);
    instruments.count += 1;
    const instrumentId = instruments.count;
    const at = instruments.handleOf(instrumentId);
    const words = instruments.words;
    for (let i = 0; i < SYMBOL_WORDS; i += 1) words[at + InstrumentWord.symbol + i] = text[symbolAt + i];
    words[at + InstrumentWord.baseAsset] = base;
    words[at + InstrumentWord.quoteAsset] = quote;
    words[at + InstrumentWord.tickMantissa] = tickMantissa;
    words[at + InstrumentWord.lotMantissa] = lotMantissa;
    words[at + InstrumentWord.tickExponent] = tickExponent;
    words[at + InstrumentWord.lotExponent] = lotExponent;
    words[at + InstrumentWord.protectionPpm] = protectionPpm === 0 ? DEFAULT_PROTECTION_PPM : protectionPpm;
    instruments.doubles[(at + InstrumentWord.quoteMinorPerTickLot) >> 1] = quotePerTickLot;
    instruments.doubles[(at + InstrumentWord.baseMinorPerLot) >> 1] = basePerLot;
    instruments.touch(at);
    this.sink.instrumentListed(instrumentId);
    return 0;
  }

  /** Opens an account under an id that the admin chose. */
  openAccount(accountId: number): number {
    const { accounts } = this;
    if (accountId < 1) return RejectCode.INVALID_ACCOUNT;
    if (accounts.find(accountId) !== 0) return RejectCode.ACCOUNT_EXISTS;
    if (accounts.count === accounts.maxAccounts) return RejectCode.TOO_MANY_ACCOUNTS;
    accounts.add(accountId);
    this.sink.accountOpened(accountId);
    return 0;
  }

  /** Registers the public key (eight words at `keyAt`) of a trading session of an account, or of an admin. */
  registerApiKey(accountId: number, permissions: number, keyWords: Int32Array, keyAt: number): number {
    const { accounts, apiKeys } = this;
    if (permissions !== Permission.trade && permissions !== Permission.admin)
      return RejectCode.INVALID_API_KEY;
    let isZero = true;
    for (let i = 0; i < PUBLIC_KEY_WORDS; i += 1) if (keyWords[keyAt + i] !== 0) isZero = false;
    if (isZero) return RejectCode.INVALID_API_KEY;
    if (permissions === Permission.admin && accountId !== 0) return RejectCode.INVALID_ACCOUNT;
    const account = accountId === 0 ? 0 : accounts.find(accountId);
    if (permissions === Permission.trade && account === 0) return RejectCode.UNKNOWN_ACCOUNT;
    if (apiKeys.find(keyWords, keyAt) !== 0) return RejectCode.API_KEY_EXISTS;
    if (apiKeys.count === apiKeys.maxApiKeys) return RejectCode.TOO_MANY_API_KEYS;
    this.sink.apiKeyRegistered(apiKeys.add(account, permissions, keyWords, keyAt));
    return 0;
  }

  /** Credits an account, once for each transfer id. The asset code lies in `text` at `assetAt`. */
  deposit(
    accountId: number,
    transferIdLow: number,
    transferIdHigh: number,
    amount: number,
    text: Int32Array,
    assetAt: number,
  ): number {
    const { accounts, assets, holdings, transfers } = this;
    if (!(amount >= 1 && amount <= MONEY_LIMIT)) return RejectCode.INVALID_AMOUNT;
    const account = accounts.find(accountId);
    if (account === 0) return RejectCode.UNKNOWN_ACCOUNT;
    const assetId = assets.find(text, assetAt);
    if (assetId === 0) return RejectCode.UNKNOWN_ASSET;
    const reason = BalanceReason.deposit;
    const done = transfers.find(transferIdLow, transferIdHigh);
    let holding = holdings.find(account, assetId);
    if (done !== 0) {
      if (!transfers.isSame(done, accountId, assetId, amount)) return RejectCode.TRANSFER_ID_REUSED;
      this.sink.balanceChanged(account, holding, transferIdLow, transferIdHigh, amount, reason, 1);
      return 0;
    }
    if (transfers.count === transfers.maxTransfers) return RejectCode.TOO_MANY_TRANSFERS;
    if (assets.supply[assetId] + amount > MONEY_LIMIT) return RejectCode.SUPPLY_TOO_LARGE;
    if (holding === 0 && holdings.count === holdings.maxHoldings) return RejectCode.TOO_MANY_HOLDINGS;

    if (holding === 0) holding = holdings.add(account, assetId);
    assets.supply[assetId] += amount;
    holdings.money[holding >> 1] += amount;
    holdings.touch(holding);
    transfers.add(transferIdLow, transferIdHigh, accountId, assetId, amount);
    this.sink.balanceChanged(account, holding, transferIdLow, transferIdHigh, amount, reason, 0);
    return 0;
  }

  /** Debits available money of an account, once for each transfer id. */
  withdraw(
    accountId: number,
    transferIdLow: number,
    transferIdHigh: number,
    amount: number,
    text: Int32Array,
    assetAt: number,
  ): number {
    const { accounts, assets, holdings, transfers } = this;
    if (!(amount >= 1 && amount <= MONEY_LIMIT)) return RejectCode.INVALID_AMOUNT;
    const account = accounts.find(accountId);
    if (account === 0) return RejectCode.UNKNOWN_ACCOUNT;
    const assetId = assets.find(text, assetAt);
    if (assetId === 0) return RejectCode.UNKNOWN_ASSET;
    const reason = BalanceReason.withdraw;
    const done = transfers.find(transferIdLow, transferIdHigh);
    const holding = holdings.find(account, assetId);
    if (done !== 0) {
      if (!transfers.isSame(done, accountId, assetId, -amount)) return RejectCode.TRANSFER_ID_REUSED;
      this.sink.balanceChanged(account, holding, transferIdLow, transferIdHigh, -amount, reason, 1);
      return 0;
    }
    if (transfers.count === transfers.maxTransfers) return RejectCode.TOO_MANY_TRANSFERS;
    if (holdings.available(holding) < amount) return RejectCode.INSUFFICIENT_FUNDS;

    assets.supply[assetId] -= amount;
    holdings.money[holding >> 1] -= amount;
    holdings.touch(holding);
    transfers.add(transferIdLow, transferIdHigh, accountId, assetId, -amount);
    this.sink.balanceChanged(account, holding, transferIdLow, transferIdHigh, -amount, reason, 0);
    return 0;
  }

  /**
   * Enters an order: reserves what it may cost, matches it, and rests or cancels the remainder by its time in
   * force. A fill-or-kill order that cannot be filled whole within its price trades nothing.
   */
  newOrder(
    account: number,
    idLow: number,
    idHigh: number,
    instrumentId: number,
    priceTicks: number,
    quantity: number,
    side: number,
    orderType: number,
    timeInForce: number,
    flags: number,
  ): number {
    const { orders, holdings, instruments, books } = this;
    // `| 0` on arguments: they are used as integers, not by way of a double.
    const clientIdLow = idLow | 0;
    const clientIdHigh = idHigh | 0;
    const quantityLots = quantity | 0;
    if (account === 0) return RejectCode.UNKNOWN_ACCOUNT;
    if (!this.isInstrument(instrumentId)) return RejectCode.UNKNOWN_INSTRUMENT;
    if (side !== BUY && side !== SELL) return RejectCode.INVALID_SIDE;
    if (orderType !== LIMIT && orderType !== MARKET) return RejectCode.INVALID_ORDER_TYPE;
    if (timeInForce < GTC || timeInForce > FOK) return RejectCode.INVALID_TIME_IN_FORCE;
    if (orderType === MARKET && timeInForce === GTC) {
      return RejectCode.INVALID_TIME_IN_FORCE;
    }
    if (flags !== 0) return RejectCode.INVALID_FLAGS;
    if (quantityLots < 1) return RejectCode.INVALID_QUANTITY;
    if (priceTicks < (orderType === LIMIT ? 1 : 0)) return RejectCode.INVALID_PRICE;
    const clientIdHash = hashTriple(account | 0, clientIdLow, clientIdHigh);
    if (this.findOrder(clientIdHash, account, clientIdLow, clientIdHigh) !== 0) {
      return RejectCode.DUPLICATE_CLIENT_ORDER_ID;
    }
    if (orders.count === orders.maxOrders) return RejectCode.TOO_MANY_ORDERS;
    const bookSide = ((instrumentId << 1) + side - 1) | 0;
    let price = priceTicks | 0;
    if (price === 0) {
      price = this.protectedPrice(bookSide) | 0;
      if (price === 0) return RejectCode.NO_LIQUIDITY;
    }
    const instrument = instruments.handleOf(instrumentId);
    const quoteAmount = price * quantityLots * instruments.quoteMinorPerTickLot(instrument);
    const baseAmount = quantityLots * instruments.baseMinorPerLot(instrument);
    if (quoteAmount > MONEY_LIMIT || baseAmount > MONEY_LIMIT) return RejectCode.NOTIONAL_TOO_LARGE;
    const words = this.words;
    const owner = account & HANDLE_MASK;
    const isKnown = words[owner + LAST_INSTRUMENT] === instrumentId;
    let quoteHolding = isKnown ? words[owner + LAST_QUOTE_HOLDING] : this.quoteHolding(account, instrument);
    let baseHolding = isKnown ? words[owner + LAST_BASE_HOLDING] : this.baseHolding(account, instrument);
    const isSell = side === SELL;
    const funding = isSell ? baseHolding : quoteHolding;
    const reservation = isSell ? baseAmount : quoteAmount;
    if (holdings.available(funding) < reservation) return RejectCode.INSUFFICIENT_FUNDS;
    if ((quoteHolding === 0 || baseHolding === 0) && holdings.count === holdings.maxHoldings) {
      return RejectCode.TOO_MANY_HOLDINGS;
    }

    if (!isKnown) {
      if (quoteHolding === 0) quoteHolding = holdings.add(account, words[instrument + QUOTE_ASSET]);
      if (baseHolding === 0) baseHolding = holdings.add(account, words[instrument + BASE_ASSET]);
      words[owner + LAST_INSTRUMENT] = instrumentId | 0;
      words[owner + LAST_QUOTE_HOLDING] = quoteHolding;
      words[owner + LAST_BASE_HOLDING] = baseHolding;
    }
    holdings.reserve(funding, reservation);
    const order = orders.allocate() & HANDLE_MASK;
    words[order + PRICE] = price;
    words[order + LEAVES] = quantityLots;
    words[order + CUMULATIVE] = 0;
    words[order + BOOK_SIDE] = bookSide;
    words[order + CLIENT_ID_LOW] = clientIdLow;
    words[order + CLIENT_ID_HIGH] = clientIdHigh;
    words[order + TERMS] = orderType | (timeInForce << 8);
    words[order + ACCOUNT] = account | 0;
    words[order + QUOTE_HOLDING] = quoteHolding | 0;
    words[order + BASE_HOLDING] = baseHolding | 0;
    words[order + CLIENT_ID_HASH] = clientIdHash;
    this.sink.accepted(order);

    if (timeInForce === FOK && !canFill(this, order)) {
      this.cancelIncoming(order, CancelReason.fokUnfillable);
      return 0;
    }
    if (this.isMarketable(order)) matchOrder(this, order);
    if (words[order + LEAVES] === 0) {
      orders.release(order);
    } else if (timeInForce === GTC) {
      this.clientIds.insert(clientIdHash, order);
      this.accounts.addOrder(account, order);
      this.rest(order);
    } else {
      this.cancelIncoming(order, CancelReason.iocRemainder);
    }
    books.flush(this.sink);
    return 0;
  }

  /** Cancels what is left of an open order. */
  cancelOrder(account: number, idLow: number, idHigh: number, instrumentId: number): number {
    const clientIdLow = idLow | 0;
    const clientIdHigh = idHigh | 0;
    if (account === 0) return RejectCode.UNKNOWN_ACCOUNT;
    if (!this.isInstrument(instrumentId)) return RejectCode.UNKNOWN_INSTRUMENT;
    const hash = hashTriple(account | 0, clientIdLow, clientIdHigh);
    const order = this.findOrder(hash, account, clientIdLow, clientIdHigh) & HANDLE_MASK;
    if (order === 0 || this.words[order + BOOK_SIDE] >> 1 !== instrumentId) {
      return RejectCode.UNKNOWN_ORDER;
    }
    this.cancelResting(order, CancelReason.requested);
    this.books.flush(this.sink);
    return 0;
  }

  /**
   * Changes an open order in one step. `quantity` is the new total of the chain, fills included, so that a
   * fill that was under way cannot make it trade more than was meant; a total that is filled already cancels the
   * rest. The order keeps its place when the price stays and the quantity does not grow; otherwise it comes in
   * anew under the same order id, and may trade. With ReplaceFlag.reinsert `quantity` is the new open
   * quantity, the filled quantity starts at 0 again, and the place is always lost.
   */
  replaceOrder(
    account: number,
    idLow: number,
    idHigh: number,
    newLow: number,
    newHigh: number,
    instrumentId: number,
    price: number,
    quantity: number,
    flags: number,
  ): number {
    const { orders, holdings, instruments, books } = this;
    const clientIdLow = idLow | 0;
    const clientIdHigh = idHigh | 0;
    const newIdLow = newLow | 0;
    const newIdHigh = newHigh | 0;
    const priceTicks = price | 0;
    const quantityLots = quantity | 0;
    if (account === 0) return RejectCode.UNKNOWN_ACCOUNT;
    if (!this.isInstrument(instrumentId)) return RejectCode.UNKNOWN_INSTRUMENT;
    if ((flags & ~REINSERT) !== 0) return RejectCode.INVALID_FLAGS;
    if (quantityLots < 1) return RejectCode.INVALID_QUANTITY;
    if (priceTicks < 1) return RejectCode.INVALID_PRICE;
    const words = this.words;
    const hash = hashTriple(account | 0, clientIdLow, clientIdHigh);
    const order = this.findOrder(hash, account, clientIdLow, clientIdHigh) & HANDLE_MASK;
    if (order === 0 || words[order + BOOK_SIDE] >> 1 !== instrumentId) return RejectCode.UNKNOWN_ORDER;
    const isNewId = newIdLow !== clientIdLow || newIdHigh !== clientIdHigh;
    const newHash = isNewId ? hashTriple(account | 0, newIdLow, newIdHigh) : hash;
    if (isNewId && this.findOrder(newHash, account, newIdLow, newIdHigh) !== 0) {
      return RejectCode.DUPLICATE_CLIENT_ORDER_ID;
    }
    const reinsert = flags !== 0;
    const oldLeaves = words[order + LEAVES];
    const oldPrice = words[order + PRICE];
    const leaves = reinsert ? quantityLots : (quantityLots - words[order + CUMULATIVE]) | 0;
    if (leaves <= 0) {
      this.cancelResting(order, CancelReason.replacedToFilled);
      books.flush(this.sink);
      return 0;
    }
    const instrument = instruments.handleOf(instrumentId);
    const quotePerTickLot = instruments.quoteMinorPerTickLot(instrument);
    const basePerLot = instruments.baseMinorPerLot(instrument);
    const quoteAmount = priceTicks * leaves * quotePerTickLot;
    const baseAmount = leaves * basePerLot;
    if (quoteAmount > MONEY_LIMIT || baseAmount > MONEY_LIMIT) return RejectCode.NOTIONAL_TOO_LARGE;
    const isSell = (words[order + BOOK_SIDE] & 1) !== 0;
    const funding = isSell ? words[order + BASE_HOLDING] : words[order + QUOTE_HOLDING];
    const more = isSell
      ? baseAmount - oldLeaves * basePerLot
      : quoteAmount - oldPrice * oldLeaves * quotePerTickLot;
    if (holdings.available(funding) < more) return RejectCode.INSUFFICIENT_FUNDS;

    if (more !== 0) holdings.reserve(funding, more);
    if (isNewId) {
      this.clientIds.remove(hash, order);
      this.clientIds.insert(newHash, order);
      words[order + CLIENT_ID_LOW] = newIdLow;
      words[order + CLIENT_ID_HIGH] = newIdHigh;
      words[order + CLIENT_ID_HASH] = newHash;
    }
    if (!reinsert && priceTicks === oldPrice && leaves <= oldLeaves) {
      if (leaves !== oldLeaves) books.reduce(order, oldLeaves - leaves);
      orders.touch(order);
      this.sink.replaced(order, clientIdLow, clientIdHigh, 1);
    } else {
      books.remove(order);
      words[order + PRICE] = priceTicks;
      words[order + LEAVES] = leaves;
      if (reinsert) words[order + CUMULATIVE] = 0;
      this.sink.replaced(order, clientIdLow, clientIdHigh, 0);
      if (this.isMarketable(order)) matchOrder(this, order);
      if (words[order + LEAVES] === 0) this.close(order);
      else this.rest(order);
    }
    books.flush(this.sink);
    return 0;
  }

  /** Cancels all open orders of the account, oldest first. */
  massCancel(account: number): number {
    const { accounts } = this;
    if (account === 0) return RejectCode.UNKNOWN_ACCOUNT;
    const count = accounts.words[account + AccountWord.openOrders];
    for (let i = 0; i < count; i += 1) {
      this.cancelResting(accounts.words[account + AccountWord.firstOrder], CancelReason.massCancel);
    }
    this.sink.massCancelled(account, count);
    this.books.flush(this.sink);
    return 0;
  }

  /** Reports balances by asset id and open orders by order id of the account. */
  requestSnapshot(account: number): number {
    const { accounts, assets, holdings, sink } = this;
    if (account === 0) return RejectCode.UNKNOWN_ACCOUNT;
    let balanceCount = 0;
    for (let assetId = 1; assetId <= assets.count; assetId += 1) {
      const holding = holdings.find(account, assetId);
      if (holdings.available(holding) === 0 && holdings.reserved(holding) === 0) continue;
      balanceCount += 1;
      sink.balanceChanged(account, holding, 0, 0, 0, BalanceReason.snapshot, 0);
    }
    const words = this.words;
    let orderCount = 0;
    let order = accounts.words[account + AccountWord.firstOrder];
    while (order !== 0) {
      orderCount += 1;
      sink.orderStatus(order);
      order = words[order + ACCOUNT_NEXT];
    }
    sink.snapshotEnd(account, balanceCount, orderCount);
    return 0;
  }

  /** Opens the epoch of a primary; it must be greater than every one before. u32 and u64 in int32 words. */
  startEpoch(epoch: number, nodeId: number, clusterIdLow: number, clusterIdHigh: number): number {
    const engine = this.engine;
    if (epoch >>> 0 <= engine[EngineWord.epoch] >>> 0) return RejectCode.STALE_EPOCH;
    engine[EngineWord.epoch] = epoch;
    engine[EngineWord.nodeId] = nodeId;
    engine[EngineWord.clusterIdLow] = clusterIdLow;
    engine[EngineWord.clusterIdHigh] = clusterIdHigh;
    this.sink.epochChanged();
    return 0;
  }

  /** Moves command time to the timestamp (i64 in two words) of a command; it never goes back. */
  advanceTime(low: number, high: number): void {
    const engine = this.engine;
    const nowHigh = engine[TIMESTAMP_US + 1];
    if (high < nowHigh || (high === nowHigh && low >>> 0 <= engine[TIMESTAMP_US] >>> 0)) return;
    engine[TIMESTAMP_US] = low | 0;
    engine[TIMESTAMP_US + 1] = high | 0;
  }

  private quoteHolding(account: number, instrument: number): number {
    return this.holdings.find(account, this.words[instrument + QUOTE_ASSET]);
  }

  private baseHolding(account: number, instrument: number): number {
    return this.holdings.find(account, this.words[instrument + BASE_ASSET]);
  }

  private isInstrument(instrumentId: number): boolean {
    return instrumentId >= 1 && instrumentId <= this.instruments.count;
  }

  /** The open order of an account with a client order id, or 0. */
  findOrder(hash: number, account: number, clientIdLow: number, clientIdHigh: number): number {
    const index = this.clientIds;
    const words = this.words;
    for (let row = index.first(hash); row !== 0; row = index.next(hash)) {
      const order = row & HANDLE_MASK;
      if (
        words[order + CLIENT_ID_LOW] === clientIdLow &&
        words[order + CLIENT_ID_HIGH] === clientIdHigh &&
        words[order + ACCOUNT] === account
      ) {
        return order;
      }
    }
    return 0;
  }

  /**
   * Worst price of a market order that names none: the best opposite price, moved by the protection of the
   * instrument and rounded towards it. 0 when there is no opposite side.
   */
  private protectedPrice(bookSide: number): number {
    const { ladder } = this.books;
    const opposite = bookSide ^ 1;
    const level = ladder.best(opposite);
    if (level === 0) return 0;
    const best = keyOf(opposite, ladder.levels[level + LevelWord.key]);
    const ppm =
      this.instruments.words[this.instruments.handleOf(bookSide >> 1) + InstrumentWord.protectionPpm];
    return isSellSide(bookSide)
      ? Math.max(1, Math.ceil((best * (PPM - ppm)) / PPM))
      : Math.min(PRICE_MAX, Math.floor((best * (PPM + ppm)) / PPM));
  }

  /** Whether an order, by its price, trades with the best opposite level. */
  private isMarketable(handle: number): boolean {
    const words = this.words;
    const order = handle & HANDLE_MASK;
    const opposite = words[order + BOOK_SIDE] ^ 1;
    const level = this.ladder.best(opposite) & HANDLE_MASK;
    if (level === 0) return false;
    const price = words[order + PRICE];
    return words[level + KEY] <= ((opposite & 1) !== 0 ? price : MIRROR - price);
  }

  /** Puts what is left of an order into the book, behind all that is there. */
  private rest(order: number): void {
    this.orders.assignPriority(order);
    this.books.append(order);
    this.orders.touch(order);
  }

  /** Cancels what is left of an order that is not in the book. */
  private cancelIncoming(order: number, reason: number): void {
    this.sink.cancelled(order, reason);
    this.releaseReservation(order);
    this.orders.release(order);
  }

  /** Cancels what is left of an order that is in the book. */
  private cancelResting(order: number, reason: number): void {
    this.sink.cancelled(order, reason);
    this.books.remove(order);
    this.releaseReservation(order);
    this.close(order);
  }

  /** Forgets an order that was open. */
  private close(order: number): void {
    const words = this.words;
    this.accounts.removeOrder(words[order + ACCOUNT], order);
    this.clientIds.remove(words[order + CLIENT_ID_HASH], order);
    this.orders.release(order);
  }

  /** Frees what the leaves of the order still reserve. */
  private releaseReservation(handle: number): void {
    const { holdings, instruments } = this;
    const words = this.words;
    const order = handle & HANDLE_MASK;
    const bookSide = words[order + BOOK_SIDE];
    const leaves = words[order + LEAVES];
    const instrument = instruments.handleOf(bookSide >> 1);
    if ((bookSide & 1) !== 0) {
      holdings.reserve(words[order + BASE_HOLDING], -(leaves * instruments.baseMinorPerLot(instrument)));
    } else {
      const amount = words[order + PRICE] * leaves * instruments.quoteMinorPerTickLot(instrument);
      holdings.reserve(words[order + QUOTE_HOLDING], -amount);
    }
  }
}

/**
 * The reference engine: the slow, obvious judge of the fast core.
 *
 * It applies one command at a time to plain objects and returns the events that the command causes, in order. It
 * shares nothing with `src/core` but the numbers in `codes.ts`, is never optimised, and states every rule where it
 * is applied. A rule is a check that throws a Rejection; all checks of a command come before its first change, so a
 * rejected command changes nothing but the numbering of sessions and reports.
 */
import {
  BalanceReason,
  CancelReason,
  Liquidity,
  OrderType,
  Permission,
  RejectCode,
  ReplaceFlag,
  Side,
  TimeInForce,
} from '../../src/core/codes.js';
import type { CommandName, EventName, MessageFields } from '../../src/wire/message-fields.js';
import { Template } from '../../src/wire/schema.js';
import type { Command, CommandOf, Event, EventOf, UnknownCommand } from './messages.js';
import { crosses, opposite, ReferenceBook } from './reference-book.js';
import { checkListing } from './reference-listing.js';
import {
  balanceOf,
  checkNotional,
  MAX_MONEY,
  release,
  reservation,
  reserve,
  reservedBalance,
  settle,
} from './reference-money.js';
import type { Account, ApiKey, Asset, Instrument, Limits, Order, Transfer } from './reference-state.js';
import { Rejection } from './rejection.js';

const MAX_INT32 = 2 ** 31 - 1;
const DEFAULT_PROTECTION_PPM = 50_000;
const PPM = 1_000_000n;

/** The permission that a session needs for a command; none is enough for what only the node may say. */
const PERMISSION_FOR: Readonly<Record<CommandName, number | undefined>> = {
  listInstrument: Permission.admin,
  openAccount: Permission.admin,
  registerApiKey: Permission.admin,
  deposit: Permission.admin,
  withdraw: Permission.admin,
  newOrder: Permission.trade,
  cancelOrder: Permission.trade,
  replaceOrder: Permission.trade,
  massCancel: Permission.trade,
  requestSnapshot: Permission.trade,
  timeAdvanced: undefined,
  epochStarted: undefined,
  activateLogic: Permission.admin,
};

/** A price level that the current command has touched. */
interface TouchedLevel {
  instrument: Instrument;
  side: number;
  priceTicks: number;
}

function isCommandNumber(clientSequence: number): boolean {
  return clientSequence >= 0 && clientSequence <= Number.MAX_SAFE_INTEGER;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** What an event says, without the two numbers that all events carry. */
type Answer<N extends EventName> = Omit<MessageFields[N], 'reportSequence' | 'clientSequence'>;

export class ReferenceEngine {
  readonly assets: Asset[] = [];
  readonly instruments: Instrument[] = [];
  readonly books = new Map<Instrument, ReferenceBook>();
  readonly accounts = new Map<number, Account>();
  readonly apiKeys: ApiKey[] = [];
  readonly transfers = new Map<bigint, Transfer>();
  epoch = 0;
  logicVersion = 1;
  nextOrderId = 1;
  nextTradeId = 1;
  nextPriority = 1;

  readonly #limits: Limits;
  #command: Command | UnknownCommand | undefined;
  #events: Event[] = [];
  #touched: TouchedLevel[] = [];

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Applies one command and returns the events that it causes, in order. */
  apply(command: Command | UnknownCommand): Event[] {
    this.#command = command;
    this.#events = [];
    this.#touched = [];
    try {
      const session = this.#session(command);
      this.#checkNumber(session, command.fields.clientSequence);
      if (command.name === 'unknown') throw new Rejection(RejectCode.UNKNOWN_COMMAND);
      this.#checkPermission(session, command.name);
      this.#execute(command);
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      if (this.#events.length > 0) throw new Error('reference engine: a rejection after an event');
      this.#reject(error.code);
    }
    this.#reportTouchedLevels();
    return this.#events;
  }

  /** The asset of a code, if an instrument has named it. */
  asset(code: string): Asset | undefined {
    return this.assets.find((asset) => asset.code === code);
  }

  /** The open order of an account with a client order id, in any instrument. */
  openOrder(account: Account, clientOrderId: bigint): Order | undefined {
    return account.openOrders.get(clientOrderId);
  }

  /** The book of an instrument. */
  book(instrument: Instrument): ReferenceBook {
    const book = this.books.get(instrument);
    if (book === undefined) throw new Error('reference engine: an instrument without a book');
    return book;
  }

  /**
   * The session of a command: its key must exist and belong to the account that the command is for. Session 0 is the
   * node itself, or a tool: it may do everything for any account, and its numbers are echoed but never compared.
   */
  #session(command: Command | UnknownCommand): ApiKey | undefined {
    if (command.sessionId === 0) return undefined;
    const key = this.apiKeys.find((candidate) => candidate.apiKeyId === command.sessionId);
    if (key === undefined || key.accountId !== command.accountId)
      throw new Rejection(RejectCode.NOT_PERMITTED);
    return key;
  }

  /**
   * Sessions number their commands strictly upwards; a number at or below the highest one seen is a duplicate and
   * has no effect. The number is used up even when the command is rejected later. 0 is not numbered.
   */
  #checkNumber(session: ApiKey | undefined, clientSequence: number): void {
    if (!isCommandNumber(clientSequence)) throw new Rejection(RejectCode.BAD_FIELD);
    if (session === undefined || clientSequence === 0) return;
    if (clientSequence <= session.highWater) throw new Rejection(RejectCode.DUPLICATE_COMMAND);
    session.highWater = clientSequence;
  }

  /** A trading key may trade, an admin key may administer, and what the node says no session may say. */
  #checkPermission(session: ApiKey | undefined, name: CommandName): void {
    if (session === undefined) return;
    if (session.permissions !== PERMISSION_FOR[name]) throw new Rejection(RejectCode.NOT_PERMITTED);
  }

  #execute(command: Command): void {
    switch (command.name) {
      case 'listInstrument':
        this.#listInstrument(command);
        break;
      case 'openAccount':
        this.#openAccount(command);
        break;
      case 'registerApiKey':
        this.#registerApiKey(command);
        break;
      case 'deposit':
      case 'withdraw':
        this.#transfer(command);
        break;
      case 'newOrder':
        this.#newOrder(command);
        break;
      case 'cancelOrder':
        this.#cancelOrder(command);
        break;
      case 'replaceOrder':
        this.#replaceOrder(command);
        break;
      case 'massCancel':
        this.#massCancel(command);
        break;
      case 'requestSnapshot':
        this.#requestSnapshot(command);
        break;
      case 'timeAdvanced':
        break;
      case 'epochStarted':
        this.#epochStarted(command);
        break;
      case 'activateLogic':
        this.#activateLogic(command);
        break;
    }
  }

  // --- administration -------------------------------------------------------------------------------------------

  /** Lists an instrument; its base, then its quote, become assets when they are new. */
  #listInstrument(command: CommandOf<'listInstrument'>): void {
    const listing = command.fields;
    const factors = checkListing(listing);
    if (this.instruments.some((instrument) => instrument.symbol === listing.symbol)) {
      throw new Rejection(RejectCode.INSTRUMENT_EXISTS);
    }
    const knownBase = this.asset(listing.base);
    const knownQuote = this.asset(listing.quote);
    if (knownBase !== undefined && knownBase.decimals !== listing.baseDecimals) {
      throw new Rejection(RejectCode.ASSET_DECIMALS_DIFFER);
    }
    if (knownQuote !== undefined && knownQuote.decimals !== listing.quoteDecimals) {
      throw new Rejection(RejectCode.ASSET_DECIMALS_DIFFER);
    }
    if (this.instruments.length >= this.#limits.instruments)
      throw new Rejection(RejectCode.TOO_MANY_INSTRUMENTS);
    const newAssets = [knownBase, knownQuote].filter((known) => known === undefined).length;
    if (this.assets.length + newAssets > this.#limits.assets) throw new Rejection(RejectCode.TOO_MANY_ASSETS);

    const base = knownBase ?? this.#addAsset(listing.base, listing.baseDecimals);
    const quote = knownQuote ?? this.#addAsset(listing.quote, listing.quoteDecimals);
    const marketProtectionPpm =
      listing.marketProtectionPpm === 0 ? DEFAULT_PROTECTION_PPM : listing.marketProtectionPpm;
    const instrument: Instrument = {
      instrumentId: this.instruments.length + 1,
      symbol: listing.symbol,
      base,
      quote,
      ...factors,
      marketProtectionPpm,
      bookSequence: 0,
    };
    this.instruments.push(instrument);
    this.books.set(instrument, new ReferenceBook());
    const { clientSequence: _, ...terms } = listing;
    this.#answerAdmin('instrumentListed', {
      ...terms,
      marketProtectionPpm,
      instrumentId: instrument.instrumentId,
    });
  }

  #addAsset(code: string, decimals: number): Asset {
    const asset = { assetId: this.assets.length + 1, code, decimals, supply: 0n };
    this.assets.push(asset);
    return asset;
  }

  /** Opens an account under the id that the administrator chose, 1..2^31-1. */
  #openAccount(command: CommandOf<'openAccount'>): void {
    const { accountId } = command.fields;
    if (accountId < 1 || accountId > MAX_INT32) throw new Rejection(RejectCode.INVALID_ACCOUNT);
    if (this.accounts.has(accountId)) throw new Rejection(RejectCode.ACCOUNT_EXISTS);
    if (this.accounts.size >= this.#limits.accounts) throw new Rejection(RejectCode.TOO_MANY_ACCOUNTS);
    this.accounts.set(accountId, {
      accountId,
      reportSequence: 0,
      balances: new Map(),
      openOrders: new Map(),
    });
    this.#answerAdmin('accountOpened', { accountId });
  }

  /** Registers a key: either a trading key of an open account, or an admin key of account 0. */
  #registerApiKey(command: CommandOf<'registerApiKey'>): void {
    const { accountId, permissions, publicKey } = command.fields;
    const isTrade = permissions === Permission.trade;
    const isAdmin = permissions === Permission.admin;
    if (!isTrade && !isAdmin) throw new Rejection(RejectCode.INVALID_API_KEY);
    if (publicKey.every((byte) => byte === 0)) throw new Rejection(RejectCode.INVALID_API_KEY);
    if (isAdmin && accountId !== 0) throw new Rejection(RejectCode.INVALID_ACCOUNT);
    if (isTrade && !this.accounts.has(accountId)) throw new Rejection(RejectCode.UNKNOWN_ACCOUNT);
    if (this.apiKeys.some((key) => sameBytes(key.publicKey, publicKey)))
      throw new Rejection(RejectCode.API_KEY_EXISTS);
    if (this.apiKeys.length >= this.#limits.apiKeys) throw new Rejection(RejectCode.TOO_MANY_API_KEYS);
    const apiKeyId = this.apiKeys.length + 1;
    this.apiKeys.push({ apiKeyId, accountId, permissions, publicKey, highWater: 0 });
    this.#answerAdmin('apiKeyRegistered', { accountId, permissions, publicKey, apiKeyId });
  }

  /** Epochs strictly rise. */
  #epochStarted(command: CommandOf<'epochStarted'>): void {
    const { clusterId, epoch, nodeId } = command.fields;
    if (epoch <= this.epoch) throw new Rejection(RejectCode.STALE_EPOCH);
    this.epoch = epoch;
    this.#answerAdmin('epochChanged', { clusterId, epoch, nodeId });
  }

  /** Versions of the rules strictly rise. */
  #activateLogic(command: CommandOf<'activateLogic'>): void {
    const { logicVersion } = command.fields;
    const previousVersion = this.logicVersion;
    if (logicVersion <= previousVersion) throw new Rejection(RejectCode.LOGIC_NOT_NEWER);
    this.logicVersion = logicVersion;
    this.#answerAdmin('logicActivated', { logicVersion, previousVersion });
  }

  // --- money ----------------------------------------------------------------------------------------------------

  /**
   * A deposit credits, a withdrawal debits available money, once for each transfer id. A repeat with the same
   * content is answered as a duplicate; the same id with other content is refused. Only transfers that were done
   * use their id up. The supply of an asset stays within 2^53-1.
   */
  #transfer(command: CommandOf<'deposit'> | CommandOf<'withdraw'>): void {
    const { name: kind, fields } = command;
    const { transferId, accountId } = fields;
    if (transferId === 0n && this.logicVersion >= 2) throw new Rejection(RejectCode.INVALID_TRANSFER_ID);
    if (fields.amount < 1 || fields.amount > Number.MAX_SAFE_INTEGER)
      throw new Rejection(RejectCode.INVALID_AMOUNT);
    const amount = BigInt(fields.amount);
    const account = this.#account(accountId);
    const asset = this.asset(fields.asset);
    if (asset === undefined) throw new Rejection(RejectCode.UNKNOWN_ASSET);
    const balance = balanceOf(account, asset);

    const earlier = this.transfers.get(transferId);
    if (earlier !== undefined) {
      const isSame =
        earlier.kind === kind &&
        earlier.accountId === accountId &&
        earlier.asset === fields.asset &&
        earlier.amount === amount;
      if (!isSame) throw new Rejection(RejectCode.TRANSFER_ID_REUSED);
    } else if (this.transfers.size >= this.#limits.transfers) {
      throw new Rejection(RejectCode.TOO_MANY_TRANSFERS);
    } else if (kind === 'deposit') {
      if (asset.supply + amount > MAX_MONEY) throw new Rejection(RejectCode.SUPPLY_TOO_LARGE);
      asset.supply += amount;
      balance.available += amount;
    } else {
      if (balance.available < amount) throw new Rejection(RejectCode.INSUFFICIENT_FUNDS);
      asset.supply -= amount;
      balance.available -= amount;
    }
    this.transfers.set(transferId, { kind, accountId, asset: fields.asset, amount });

    this.#emit('balanceChanged', accountId, command.sessionId, fields.clientSequence, {
      transferId,
      amount: kind === 'deposit' ? fields.amount : -fields.amount,
      available: Number(balance.available),
      reserved: Number(balance.reserved),
      asset: asset.code,
      decimals: asset.decimals,
      reason: kind === 'deposit' ? BalanceReason.deposit : BalanceReason.withdraw,
      duplicate: earlier === undefined ? 0 : 1,
      reserved0: 0,
    });
  }

  // --- orders ---------------------------------------------------------------------------------------------------

  /** Enters an order: accepted, then its trades, then the cancel of what may not rest. */
  #newOrder(command: CommandOf<'newOrder'>): void {
    const { fields } = command;
    const account = this.#account(command.accountId);
    const instrument = this.#instrument(fields.instrumentId);
    if (fields.side !== Side.buy && fields.side !== Side.sell) throw new Rejection(RejectCode.INVALID_SIDE);
    const isMarket = fields.orderType === OrderType.market;
    if (!isMarket && fields.orderType !== OrderType.limit) throw new Rejection(RejectCode.INVALID_ORDER_TYPE);
    // A market order has nothing to rest at.
    const allowed = isMarket
      ? [TimeInForce.IOC, TimeInForce.FOK]
      : [TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK];
    if (!allowed.some((timeInForce) => timeInForce === fields.timeInForce)) {
      throw new Rejection(RejectCode.INVALID_TIME_IN_FORCE);
    }
    if (fields.flags !== 0) throw new Rejection(RejectCode.INVALID_FLAGS);
    if (fields.quantityLots < 1) throw new Rejection(RejectCode.INVALID_QUANTITY);
    // A market order may name the worst price that it takes; 0 leaves that to the instrument's protection.
    if (fields.priceTicks < (isMarket ? 0 : 1)) throw new Rejection(RejectCode.INVALID_PRICE);
    if (this.openOrder(account, fields.clientOrderId) !== undefined) {
      throw new Rejection(RejectCode.DUPLICATE_CLIENT_ORDER_ID);
    }
    if (this.#openOrderCount() >= this.#limits.openOrders) throw new Rejection(RejectCode.TOO_MANY_ORDERS);
    const priceTicks =
      fields.priceTicks === 0 ? this.#protectionPrice(instrument, fields.side) : fields.priceTicks;
    checkNotional(instrument, priceTicks, fields.quantityLots);
    const needed = reservation(instrument, fields.side, priceTicks, fields.quantityLots);
    if (reservedBalance(account, instrument, fields.side).available < needed) {
      throw new Rejection(RejectCode.INSUFFICIENT_FUNDS);
    }

    const order: Order = {
      orderId: this.nextOrderId++,
      clientOrderId: fields.clientOrderId,
      account,
      instrument,
      side: fields.side,
      orderType: fields.orderType,
      timeInForce: fields.timeInForce,
      priceTicks,
      quantityLots: fields.quantityLots,
      leavesLots: fields.quantityLots,
      cumulativeLots: 0,
      priority: this.nextPriority++,
    };
    account.openOrders.set(order.clientOrderId, order);
    reserve(order);
    this.#report('accepted', {
      ...this.#terms(order),
      orderType: order.orderType,
      timeInForce: order.timeInForce,
      reserved0: 0,
    });

    const tradable = this.book(instrument).tradableLots(order.side, order.priceTicks);
    if (order.timeInForce === TimeInForce.FOK && tradable < order.leavesLots) {
      this.#cancelRemainder(order, CancelReason.fokUnfillable);
      return;
    }
    this.#match(order);
    if (order.leavesLots === 0) return;
    if (order.timeInForce === TimeInForce.GTC) this.#rest(order);
    else this.#cancelRemainder(order, CancelReason.iocRemainder);
  }

  /**
   * The worst price that a market order without one accepts: the best opposite price, worse by the protection of
   * the instrument, rounded towards the best price (down for a buy, up for a sell).
   */
  #protectionPrice(instrument: Instrument, side: number): number {
    const best = this.book(instrument).best(opposite(side));
    if (best === undefined) throw new Rejection(RejectCode.NO_LIQUIDITY);
    const price = BigInt(best.priceTicks);
    const ppm = BigInt(instrument.marketProtectionPpm);
    if (side === Side.buy) {
      const roundedDown = (price * (PPM + ppm)) / PPM;
      return Math.min(MAX_INT32, Number(roundedDown));
    }
    const roundedUp = (price * (PPM - ppm) + PPM - 1n) / PPM;
    return Math.max(1, Number(roundedUp));
  }

  /** Trades an incoming order against the opposite side: best price first, and at a price the earliest first. */
  #match(taker: Order): void {
    const book = this.book(taker.instrument);
    while (taker.leavesLots > 0) {
      const maker = book.best(opposite(taker.side));
      if (maker === undefined || !crosses(taker.side, taker.priceTicks, maker.priceTicks)) return;
      const lots = Math.min(taker.leavesLots, maker.leavesLots);
      settle(maker, taker, lots);
      for (const order of [maker, taker]) {
        order.leavesLots -= lots;
        order.cumulativeLots += lots;
      }
      this.#touch(maker);
      if (maker.leavesLots === 0) {
        book.remove(maker);
        this.#forget(maker);
      }
      if (taker.leavesLots === 0) this.#forget(taker);
      this.#reportTrade(maker, taker, lots);
    }
  }

  /** The two sides of a trade: the maker's report, which answers nobody's command, then the taker's. */
  #reportTrade(maker: Order, taker: Order, lots: number): void {
    const tradeId = this.nextTradeId++;
    const fields = (order: Order, liquidity: number) => ({
      ...this.#terms(order),
      priceTicks: maker.priceTicks,
      quantityLots: lots,
      tradeId,
      leavesLots: order.leavesLots,
      cumulativeLots: order.cumulativeLots,
      liquidity,
      reserved0: 0,
    });
    this.#emit('trade', maker.account.accountId, 0, 0, fields(maker, Liquidity.maker));
    this.#report('trade', fields(taker, Liquidity.taker));
  }

  /** Cancels what is left of an open order of the account. */
  #cancelOrder(command: CommandOf<'cancelOrder'>): void {
    const account = this.#account(command.accountId);
    const instrument = this.#instrument(command.fields.instrumentId);
    const order = this.#restingOrder(account, instrument, command.fields.clientOrderId);
    this.#cancelResting(order, CancelReason.requested);
  }

  /**
   * Changes price and quantity in one step. `quantityLots` is the new total with the fills in it; at or below what
   * is already filled, the order is done and what is left of it is cancelled. The place in the level is kept only
   * at the same price and a total that does not grow; otherwise the order matches again like an incoming one.
   * With the flag reinsert, `quantityLots` is the new open quantity, filled quantity starts at 0 again and the
   * place is always lost.
   */
  #replaceOrder(command: CommandOf<'replaceOrder'>): void {
    const { fields } = command;
    const account = this.#account(command.accountId);
    const instrument = this.#instrument(fields.instrumentId);
    if (fields.flags !== 0 && fields.flags !== ReplaceFlag.reinsert)
      throw new Rejection(RejectCode.INVALID_FLAGS);
    if (fields.quantityLots < 1) throw new Rejection(RejectCode.INVALID_QUANTITY);
    if (fields.priceTicks < 1) throw new Rejection(RejectCode.INVALID_PRICE);
    const order = this.#restingOrder(account, instrument, fields.clientOrderId);
    if (
      fields.newClientOrderId !== fields.clientOrderId &&
      this.openOrder(account, fields.newClientOrderId) !== undefined
    ) {
      throw new Rejection(RejectCode.DUPLICATE_CLIENT_ORDER_ID);
    }
    const isReinsert = fields.flags === ReplaceFlag.reinsert;
    if (!isReinsert && fields.quantityLots <= order.cumulativeLots) {
      this.#cancelResting(order, CancelReason.replacedToFilled);
      return;
    }

    const newCumulative = isReinsert ? 0 : order.cumulativeLots;
    const newLeaves = fields.quantityLots - newCumulative;
    checkNotional(instrument, fields.priceTicks, newLeaves);
    const held = reservation(instrument, order.side, order.priceTicks, order.leavesLots);
    const needed = reservation(instrument, order.side, fields.priceTicks, newLeaves);
    if (reservedBalance(account, instrument, order.side).available + held < needed) {
      throw new Rejection(RejectCode.INSUFFICIENT_FUNDS);
    }

    const keepsPriority =
      !isReinsert && fields.priceTicks === order.priceTicks && fields.quantityLots <= order.quantityLots;
    if (!keepsPriority) {
      this.#touch(order);
      this.book(instrument).remove(order);
    } else if (newLeaves !== order.leavesLots) {
      this.#touch(order);
    }
    release(order);
    account.openOrders.delete(order.clientOrderId);
    account.openOrders.set(fields.newClientOrderId, order);
    order.clientOrderId = fields.newClientOrderId;
    order.priceTicks = fields.priceTicks;
    order.quantityLots = fields.quantityLots;
    order.cumulativeLots = newCumulative;
    order.leavesLots = newLeaves;
    reserve(order);
    this.#report('replaced', {
      ...this.#terms(order),
      originalClientOrderId: fields.clientOrderId,
      leavesLots: order.leavesLots,
      cumulativeLots: order.cumulativeLots,
      priorityKept: keepsPriority ? 1 : 0,
      reserved0: 0,
    });
    if (keepsPriority) return;
    order.priority = this.nextPriority++;
    this.#match(order);
    if (order.leavesLots > 0) this.#rest(order);
  }

  /** Cancels all open orders of the account, in all instruments, the oldest (lowest order id) first. */
  #massCancel(command: CommandOf<'massCancel'>): void {
    const account = this.#account(command.accountId);
    const orders = this.openOrdersOf(account);
    for (const order of orders) this.#cancelResting(order, CancelReason.massCancel);
    this.#report('massCancelled', { orderCount: orders.length, reserved0: 0 });
  }

  /** Reports every balance that is not zero by asset id, every open order by order id, and the end. */
  #requestSnapshot(command: CommandOf<'requestSnapshot'>): void {
    const account = this.#account(command.accountId);
    let balanceCount = 0;
    for (const asset of this.assets) {
      const balance = balanceOf(account, asset);
      if (balance.available === 0n && balance.reserved === 0n) continue;
      balanceCount += 1;
      this.#report('balanceChanged', {
        transferId: 0n,
        amount: 0,
        available: Number(balance.available),
        reserved: Number(balance.reserved),
        asset: asset.code,
        decimals: asset.decimals,
        reason: BalanceReason.snapshot,
        duplicate: 0,
        reserved0: 0,
      });
    }
    const orders = this.openOrdersOf(account);
    for (const order of orders) {
      this.#report('orderStatus', {
        ...this.#terms(order),
        leavesLots: order.leavesLots,
        cumulativeLots: order.cumulativeLots,
        orderType: order.orderType,
        timeInForce: order.timeInForce,
        reserved0: 0,
      });
    }
    this.#report('snapshotEnd', { balanceCount, orderCount: orders.length });
  }

  // --- parts of the commands ------------------------------------------------------------------------------------

  #account(accountId: number): Account {
    const account = this.accounts.get(accountId);
    if (account === undefined) throw new Rejection(RejectCode.UNKNOWN_ACCOUNT);
    return account;
  }

  #instrument(instrumentId: number): Instrument {
    const instrument = this.instruments.find((candidate) => candidate.instrumentId === instrumentId);
    if (instrument === undefined) throw new Rejection(RejectCode.UNKNOWN_INSTRUMENT);
    return instrument;
  }

  /** The open order of an account that a cancel or replace names; it must be in the named instrument. */
  #restingOrder(account: Account, instrument: Instrument, clientOrderId: bigint): Order {
    const order = this.openOrder(account, clientOrderId);
    if (order === undefined || order.instrument !== instrument) throw new Rejection(RejectCode.UNKNOWN_ORDER);
    return order;
  }

  /** The open orders of an account, the oldest first; a replace does not make an order younger. */
  openOrdersOf(account: Account): Order[] {
    return [...account.openOrders.values()].sort((a, b) => a.orderId - b.orderId);
  }

  #openOrderCount(): number {
    let count = 0;
    for (const account of this.accounts.values()) count += account.openOrders.size;
    return count;
  }

  #rest(order: Order): void {
    this.book(order.instrument).rest(order);
    this.#touch(order);
  }

  #cancelResting(order: Order, reason: number): void {
    this.#touch(order);
    this.book(order.instrument).remove(order);
    this.#cancelRemainder(order, reason);
  }

  /** Ends an order that is in no book (any more): its money is free again. */
  #cancelRemainder(order: Order, reason: number): void {
    release(order);
    this.#forget(order);
    this.#report('cancelled', {
      ...this.#terms(order),
      quantityLots: order.leavesLots,
      cumulativeLots: order.cumulativeLots,
      reason,
      reserved0: 0,
    });
  }

  #forget(order: Order): void {
    order.account.openOrders.delete(order.clientOrderId);
  }

  // --- events ---------------------------------------------------------------------------------------------------

  #terms(order: Order) {
    return {
      orderId: order.orderId,
      clientOrderId: order.clientOrderId,
      instrumentId: order.instrument.instrumentId,
      priceTicks: order.priceTicks,
      quantityLots: order.quantityLots,
      side: order.side,
    };
  }

  /** Notes that the level of an order changes; the first touch decides the order of the book deltas. */
  #touch(order: Order): void {
    const { instrument, side, priceTicks } = order;
    const known = this.#touched.some(
      (level) => level.instrument === instrument && level.side === side && level.priceTicks === priceTicks,
    );
    if (!known) this.#touched.push({ instrument, side, priceTicks });
  }

  /** Book deltas come after all other events of a command: one for each touched level, with its state at the end. */
  #reportTouchedLevels(): void {
    for (const { instrument, side, priceTicks } of this.#touched) {
      const orders = this.book(instrument).level(side, priceTicks);
      instrument.bookSequence += 1;
      this.#emit('bookDelta', 0, 0, 0, {
        bookSequence: instrument.bookSequence,
        levelLots: orders.reduce((lots, order) => lots + order.leavesLots, 0),
        instrumentId: instrument.instrumentId,
        priceTicks,
        orderCount: orders.length,
        side,
        reserved0: 0,
        reserved1: 0,
      });
    }
  }

  #reject(code: number): void {
    const command = this.#currentCommand();
    const namesOrder =
      command.name === 'newOrder' || command.name === 'cancelOrder' || command.name === 'replaceOrder';
    // A number that is no number of a command cannot be named in an answer either.
    const { clientSequence } = command.fields;
    const answered = isCommandNumber(clientSequence) ? clientSequence : 0;
    this.#emit('rejected', command.accountId, command.sessionId, answered, {
      clientOrderId: namesOrder ? command.fields.clientOrderId : 0n,
      instrumentId: namesOrder ? command.fields.instrumentId : 0,
      code,
      refTemplateId: command.name === 'unknown' ? command.templateId : Template[command.name],
    });
  }

  #currentCommand(): Command | UnknownCommand {
    if (this.#command === undefined) throw new Error('reference engine: no command is being applied');
    return this.#command;
  }

  /** An answer to the account and session of the command. */
  #report<N extends EventName>(name: N, answer: Answer<N>): void {
    const command = this.#currentCommand();
    this.#emit(name, command.accountId, command.sessionId, command.fields.clientSequence, answer);
  }

  /** An answer to the session of the command that belongs to no account. */
  #answerAdmin<N extends EventName>(name: N, answer: Answer<N>): void {
    const command = this.#currentCommand();
    this.#emit(name, 0, command.sessionId, command.fields.clientSequence, answer);
  }

  /** Every event to an open account takes the next number of that account's reports; all others carry 0. */
  #emit<N extends EventName>(
    name: N,
    accountId: number,
    sessionId: number,
    clientSequence: number,
    answer: Answer<N>,
  ): void {
    const command = this.#currentCommand();
    const account = this.accounts.get(accountId);
    if (account !== undefined) account.reportSequence += 1;
    const event: EventOf<N> = {
      name,
      accountId,
      sessionId,
      sequence: command.sequence,
      timestampUs: command.timestampUs,
      index: this.#events.length,
      fields: { reportSequence: account?.reportSequence ?? 0, clientSequence, ...answer } as MessageFields[N],
    };
    this.#events.push(event as unknown as Event);
  }
}

/**
 * The reference engine: the slow, obvious judge of the fast core.
 *
 * It applies one command at a time to plain objects and returns the events that the command causes, in order. It
 * shares nothing with `src/core` but the numbers in `codes.ts`, is never optimised, and states every rule where it
 * is applied. A rule is a check that throws a Rejection; all checks of a command come before its first change, so a
 * rejected command changes nothing but the numbering of sessions and reports.
 */
import {
  AccountStatus,
  BalanceReason,
  CancelReason,
  FEE_TIERS,
  Liquidity,
  MarketState,
  MarketStateCause,
  OrderFlag,
  OrderType,
  Permission,
  RejectCode,
  ReplaceFlag,
  SelfTradePrevention,
  Side,
  SnapshotFlag,
  TimeInForce,
  TriggerDirection,
} from '../../src/core/codes.js';
import type { CommandName, EventName, MessageFields, NewOrder } from '../../src/wire/message-fields.js';
import { Template } from '../../src/wire/schema.js';
import type { Command, CommandOf, Event, EventOf, UnknownCommand } from './messages.js';
import { auctionPrice, isAuction, isCallPhase, NOTHING } from './reference-auction.js';
import { crosses, opposite, ReferenceBook } from './reference-book.js';
import { checkListing, checkMarginRates } from './reference-listing.js';
import {
  checkMargin,
  equityOf,
  gain,
  hold,
  isMargin,
  isTooLargeAt,
  lotCostOf,
  MAX_MARGIN_MONEY,
  maintenanceOf,
} from './reference-margin.js';
import {
  balanceOf,
  checkNotional,
  MAX_MONEY,
  notional,
  release,
  reservation,
  reserve,
  reservedBalance,
  settle,
  type TradeFees,
} from './reference-money.js';
import { countTrade, positionOf } from './reference-position.js';
import {
  type Account,
  type ApiKey,
  type Asset,
  type FeeRates,
  type Instrument,
  type Limits,
  type Order,
  type Transfer,
  visibleLots,
} from './reference-state.js';
import { Rejection } from './rejection.js';

const MAX_INT32 = 2 ** 31 - 1;
const DEFAULT_PROTECTION_PPM = 50_000;
const PPM = 1_000_000n;
const MAX_RATE_PPM = 1_000_000;
const MAX_SELF_TRADE_PREVENTION = 5;
const { rising: RISING, falling: FALLING } = TriggerDirection;

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
  setInstrumentFees: Permission.admin,
  setAccountFeeTier: Permission.admin,
  setSelfTradePrevention: Permission.admin,
  setTradingDayEnd: Permission.admin,
  setAccountStatus: Permission.admin,
  setPriceBand: Permission.admin,
  setOrderLimits: Permission.admin,
  transfer: Permission.admin,
  setAccountThrottle: Permission.admin,
  setMarketState: Permission.admin,
  changeInstrument: Permission.admin,
  removeInstrument: Permission.admin,
  setMarkPrice: Permission.admin,
  cancelOnDisconnect: undefined,
  timeAdvanced: undefined,
  epochStarted: undefined,
  activateLogic: Permission.admin,
};

const FLAT = { quantityLots: 0n, cost: 0n, realisedProfit: 0n };

/** Whether a report answers the command, or tells an account what somebody else caused. */
type ReportKind = 'answer' | 'notice';

/** How an instrument's market goes on. */
interface StateChange {
  state: number;
  endTimeUs: number;
  nextState: number;
  referencePriceTicks: number;
}

/** A price level that the current command has touched. */
interface TouchedLevel {
  instrument: Instrument;
  side: number;
  priceTicks: number;
}

function smallest(...values: bigint[]): bigint {
  return values.reduce((least, value) => (value < least ? value : least));
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
  /** Command time: the highest timestamp seen. */
  timeUs = 0;
  /** Where DAY orders that are entered now expire; 0 = no day was opened yet. */
  tradingDayEndUs = 0;
  epoch = 0;
  logicVersion = 1;
  nextOrderId = 1;
  nextTradeId = 1;
  nextPriority = 1;

  readonly #limits: Limits;
  #command: Command | UnknownCommand | undefined;
  #events: Event[] = [];
  #touched: TouchedLevel[] = [];
  /** Whether what the incoming order does answers the command; a stop that has fired answers nobody. */
  #incoming: ReportKind = 'answer';
  /** Prices of the trades of the incoming order, in their order. */
  #tradePrices: number[] = [];
  /** The open orders that expire, and those that came in as stops. */
  readonly #timedOrders = new Set<Order>();
  readonly #stops = new Set<Order>();
  /** Stops that have fired and not acted yet, with the trade price that fired them. */
  #elected: { order: Order; priceTicks: number }[] = [];

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Applies one command and returns the events that it causes, in order. */
  apply(command: Command | UnknownCommand): Event[] {
    this.#command = command;
    this.#events = [];
    this.#touched = [];
    this.timeUs = Math.max(this.timeUs, command.timestampUs);
    this.#startPhase();
    this.#endWhatIsDue();
    this.#checkMargins();
    this.#reportTouchedLevels();
    const eventsOfTime = this.#events.length;
    this.#startPhase();
    this.#incoming = 'answer';
    try {
      const session = this.#session(command);
      this.#checkNumber(session, command.fields.clientSequence);
      if (command.name === 'unknown') throw new Rejection(RejectCode.UNKNOWN_COMMAND);
      this.#checkPermission(session, command.name);
      this.#execute(command);
      this.#runElectedStops();
      this.#checkMargins();
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      if (this.#events.length > eventsOfTime) throw new Error('reference engine: a rejection after an event');
      this.#reject(error.code);
    }
    this.#reportTouchedLevels();
    this.#reportIndications();
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
      case 'setInstrumentFees':
        this.#setInstrumentFees(command);
        break;
      case 'setAccountFeeTier':
        this.#setAccountFeeTier(command);
        break;
      case 'setSelfTradePrevention':
        this.#setSelfTradePrevention(command);
        break;
      case 'setTradingDayEnd':
        this.#setTradingDayEnd(command);
        break;
      case 'setAccountStatus':
        this.#setAccountStatus(command);
        break;
      case 'setPriceBand':
        this.#setPriceBand(command);
        break;
      case 'setOrderLimits':
        this.#setOrderLimits(command);
        break;
      case 'transfer':
        this.#moveMoney(command);
        break;
      case 'setAccountThrottle':
        this.#setAccountThrottle(command);
        break;
      case 'setMarketState':
        this.#setMarketState(command);
        break;
      case 'changeInstrument':
        this.#changeInstrument(command);
        break;
      case 'removeInstrument':
        this.#removeInstrument(command);
        break;
      case 'setMarkPrice':
        this.#setMarkPrice(command);
        break;
      case 'cancelOnDisconnect':
        this.#cancelAll(this.openOrdersOf(this.#account(command.accountId)), CancelReason.disconnected);
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

  /** What is counted for one phase of a record, which is what ends by time or the command itself. */
  #startPhase(): void {
    this.#incoming = 'notice';
    for (const account of this.accounts.values()) account.gains.clear();
  }

  /**
   * Ends what is due before the command does anything: orders that expire and market states, in the order of their
   * times; at one time the orders first by order id, then the states by instrument id. Nobody asked for it, so the
   * reports answer no session.
   */
  #endWhatIsDue(): void {
    for (;;) {
      const order = [...this.#timedOrders]
        .filter(({ expireTimeUs }) => expireTimeUs <= this.timeUs)
        .sort((a, b) => a.expireTimeUs - b.expireTimeUs || a.orderId - b.orderId)[0];
      const instrument = this.instruments
        .filter(({ endTimeUs }) => endTimeUs !== 0 && endTimeUs <= this.timeUs)
        .sort((a, b) => a.endTimeUs - b.endTimeUs || a.instrumentId - b.instrumentId)[0];
      if (order !== undefined && (instrument === undefined || order.expireTimeUs <= instrument.endTimeUs)) {
        this.#cancelOpen(order, CancelReason.expired, 'notice');
      } else if (instrument !== undefined) {
        const change = { state: instrument.nextState, endTimeUs: 0, nextState: 0, referencePriceTicks: 0 };
        this.#changeState(instrument, change, MarketStateCause.time);
        this.#runElectedStops();
      } else {
        return;
      }
    }
  }

  // --- administration -------------------------------------------------------------------------------------------

  /** Lists an instrument; its base, then its quote, become assets when they are new. */
  #listInstrument(command: CommandOf<'listInstrument'>): void {
    const listing = command.fields;
    const factors = checkListing(listing);
    const isListed = ({ symbol, marketState }: Instrument) =>
      symbol === listing.symbol && marketState !== MarketState.removed;
    if (this.instruments.some(isListed)) throw new Rejection(RejectCode.INSTRUMENT_EXISTS);
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
    if (listing.flags !== 0 && (knownQuote?.supply ?? 0n) > MAX_MARGIN_MONEY)
      throw new Rejection(RejectCode.SUPPLY_TOO_LARGE);

    const base = knownBase ?? this.#addAsset(listing.base, listing.baseDecimals);
    const quote = knownQuote ?? this.#addAsset(listing.quote, listing.quoteDecimals);
    if (listing.flags !== 0) quote.isMarginQuote = true;
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
      lastPriceTicks: 0,
      band: { minPriceTicks: 0, maxPriceTicks: 0, referencePriceTicks: 0, bandPpm: 0 },
      marketState: MarketState.continuous,
      endTimeUs: 0,
      nextState: 0,
      referencePriceTicks: 0,
      indicated: NOTHING,
      volatility: {
        volatilityPpm: 0,
        volatilityWindowUs: 0,
        volatilityAuctionUs: 0,
        window: 0,
        referencePriceTicks: 0,
      },
      flags: listing.flags,
      initialMarginPpm: listing.initialMarginPpm,
      maintenanceMarginPpm: listing.maintenanceMarginPpm,
      markPriceTicks: 0,
      fees: Array.from({ length: FEE_TIERS }, () => ({ makerPpm: 0, takerPpm: 0 })),
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
    const assetId = this.assets.length + 1;
    const asset = { assetId, code, decimals, supply: 0n, fees: 0n, insurance: 0n, isMarginQuote: false };
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
      feeTier: 0,
      selfTradeGroup: 0,
      selfTradePrevention: SelfTradePrevention.allow,
      status: AccountStatus.active,
      throttle: { maxCommands: 0, intervalUs: 0, interval: 0, counted: 0 },
      limits: new Map(),
      positions: new Map(),
      margins: new Map(),
      gains: new Map(),
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

  /** Sets the rates of one tier in one instrument; open orders keep the rates that they have. */
  #setInstrumentFees(command: CommandOf<'setInstrumentFees'>): void {
    const { instrumentId, feeTier, makerPpm, takerPpm } = command.fields;
    const instrument = this.#instrument(instrumentId);
    if (feeTier >= FEE_TIERS) throw new Rejection(RejectCode.INVALID_FEE_TIER);
    if (makerPpm < -MAX_RATE_PPM || makerPpm > MAX_RATE_PPM) throw new Rejection(RejectCode.INVALID_FEE);
    if (takerPpm < 0 || takerPpm > MAX_RATE_PPM) throw new Rejection(RejectCode.INVALID_FEE);
    instrument.fees[feeTier] = { makerPpm, takerPpm };
    this.#answerAdmin('instrumentFeesChanged', { instrumentId, feeTier, makerPpm, takerPpm });
  }

  /** Puts an account into a fee tier, for orders from now on. */
  #setAccountFeeTier(command: CommandOf<'setAccountFeeTier'>): void {
    const { accountId, feeTier } = command.fields;
    const account = this.#account(accountId);
    if (feeTier >= FEE_TIERS) throw new Rejection(RejectCode.INVALID_FEE_TIER);
    account.feeTier = feeTier;
    this.#reportSettings(account);
  }

  /** Sets the group of an account at once, and the mode of its orders from now on. */
  #setSelfTradePrevention(command: CommandOf<'setSelfTradePrevention'>): void {
    const { accountId, selfTradeGroup, selfTradePrevention } = command.fields;
    const account = this.#account(accountId);
    if (selfTradePrevention < 1 || selfTradePrevention > MAX_SELF_TRADE_PREVENTION)
      throw new Rejection(RejectCode.INVALID_SELF_TRADE_PREVENTION);
    account.selfTradeGroup = selfTradeGroup;
    account.selfTradePrevention = selfTradePrevention;
    this.#reportSettings(account);
  }

  /** The settings of an account as they are now: a report to that account which answers the session that set them. */
  #reportSettings(account: Account): void {
    const { accountId, selfTradeGroup, feeTier, selfTradePrevention, status, throttle } = account;
    const command = this.#currentCommand();
    this.#emit('accountChanged', accountId, command.sessionId, command.fields.clientSequence, {
      accountId,
      selfTradeGroup,
      feeTier,
      selfTradePrevention,
      status,
      reserved0: 0,
      throttleMaxCommands: throttle.maxCommands,
      throttleIntervalUs: throttle.intervalUs,
    });
  }

  /** Suspends or resumes an account; the kill switch cancels all that it has open too. */
  #setAccountStatus(command: CommandOf<'setAccountStatus'>): void {
    const { accountId, status } = command.fields;
    const account = this.#account(accountId);
    if (!Object.values(AccountStatus).some((known) => known === status))
      throw new Rejection(RejectCode.INVALID_STATUS);
    account.status = status;
    this.#reportSettings(account);
    if (status !== AccountStatus.killed) return;
    this.#cancelAll(this.openOrdersOf(account), CancelReason.killSwitch);
  }

  /** Sets the prices that orders of an instrument may have from now on. */
  #setPriceBand(command: CommandOf<'setPriceBand'>): void {
    const { clientSequence: _, reserved0, ...band } = command.fields;
    const { instrumentId, minPriceTicks, maxPriceTicks, referencePriceTicks, bandPpm } = band;
    const instrument = this.#instrument(instrumentId);
    const isValid =
      minPriceTicks >= 0 &&
      maxPriceTicks >= 0 &&
      (maxPriceTicks === 0 || minPriceTicks <= maxPriceTicks) &&
      referencePriceTicks >= 0 &&
      bandPpm <= MAX_RATE_PPM;
    if (!isValid) throw new Rejection(RejectCode.INVALID_BAND);
    instrument.band = { minPriceTicks, maxPriceTicks, referencePriceTicks, bandPpm };
    this.#answerAdmin('priceBandChanged', { ...band, reserved0: 0 });
  }

  /** Sets how large and how many the orders of an account in an instrument may be from now on. */
  #setOrderLimits(command: CommandOf<'setOrderLimits'>): void {
    const { accountId, instrumentId, maxOrderNotional, maxOrderLots, maxOpenOrders } = command.fields;
    const account = this.#account(accountId);
    this.#instrument(instrumentId);
    const isValid =
      maxOrderNotional >= 0 &&
      maxOrderNotional <= Number.MAX_SAFE_INTEGER &&
      maxOrderLots >= 0 &&
      maxOpenOrders >= 0;
    if (!isValid) throw new Rejection(RejectCode.INVALID_LIMIT);
    let known = 0;
    for (const { limits } of this.accounts.values()) known += limits.size;
    if (!account.limits.has(instrumentId) && known >= this.#limits.orderLimits)
      throw new Rejection(RejectCode.TOO_MANY_LIMITS);
    account.limits.set(instrumentId, { maxOrderNotional, maxOrderLots, maxOpenOrders });
    const { sessionId } = command;
    this.#emit('orderLimitsChanged', accountId, sessionId, command.fields.clientSequence, {
      accountId,
      instrumentId,
      maxOrderNotional,
      maxOrderLots,
      maxOpenOrders,
    });
  }

  /** Sets how many orders and replaces an account may send; what was counted before is forgotten. */
  #setAccountThrottle(command: CommandOf<'setAccountThrottle'>): void {
    const { accountId, maxCommands, intervalUs } = command.fields;
    const account = this.#account(accountId);
    if (maxCommands !== 0 && intervalUs === 0) throw new Rejection(RejectCode.INVALID_THROTTLE);
    account.throttle = { maxCommands, intervalUs, interval: 0, counted: 0 };
    this.#reportSettings(account);
  }

  /**
   * Whether an account may send an order or a replace now. In each interval of command time so many of them count,
   * whatever becomes of them then; the ones that are refused here do not.
   */
  #checkFlow({ status, throttle }: Account): void {
    if (status !== AccountStatus.active) throw new Rejection(RejectCode.ACCOUNT_SUSPENDED);
    if (throttle.maxCommands === 0) return;
    const interval = Math.floor(this.timeUs / throttle.intervalUs);
    if (interval !== throttle.interval) {
      throttle.interval = interval;
      throttle.counted = 0;
    }
    if (throttle.counted >= throttle.maxCommands) throw new Rejection(RejectCode.THROTTLED);
    throttle.counted += 1;
  }

  /** The lowest and highest price that an order of an instrument may have now. */
  #bandOf({ band, lastPriceTicks }: Instrument): { low: number; high: number } {
    const { minPriceTicks, maxPriceTicks, bandPpm } = band;
    let low = Math.max(1, minPriceTicks);
    let high = maxPriceTicks === 0 ? MAX_INT32 : maxPriceTicks;
    const reference = BigInt(band.referencePriceTicks || lastPriceTicks);
    if (bandPpm !== 0 && reference !== 0n) {
      const ppm = BigInt(bandPpm);
      low = Math.max(low, Number((reference * (PPM - ppm) + PPM - 1n) / PPM));
      high = Math.min(high, Number((reference * (PPM + ppm)) / PPM));
    }
    return { low, high };
  }

  /** A price that the engine made itself gives way to the band. */
  #withinBand(instrument: Instrument, priceTicks: number): number {
    const { low, high } = this.#bandOf(instrument);
    return Math.max(1, low, Math.min(high, priceTicks));
  }

  /** The band of the instrument and the limits of the account in it, for an order that takes its place now. */
  #checkLimits(
    account: Account,
    instrument: Instrument,
    priceTicks: number,
    lots: number,
    limit: number,
  ): void {
    const { low, high } = this.#bandOf(instrument);
    if (limit < low || limit > high) throw new Rejection(RejectCode.PRICE_OUT_OF_BAND);
    const limits = account.limits.get(instrument.instrumentId);
    if (limits === undefined) return;
    const { maxOrderLots, maxOrderNotional } = limits;
    if (maxOrderLots !== 0 && lots > maxOrderLots) throw new Rejection(RejectCode.ORDER_TOO_LARGE);
    if (maxOrderNotional !== 0 && notional(instrument, priceTicks, lots) > BigInt(maxOrderNotional))
      throw new Rejection(RejectCode.NOTIONAL_OVER_LIMIT);
  }

  #checkOpenOrders(account: Account, instrument: Instrument): void {
    const most = account.limits.get(instrument.instrumentId)?.maxOpenOrders ?? 0;
    const open = this.openOrdersOf(account).filter((order) => order.instrument === instrument).length;
    if (most !== 0 && open >= most) throw new Rejection(RejectCode.TOO_MANY_OPEN_ORDERS);
  }

  /** Opens a trading day. DAY orders that are open already keep the end that they have. */
  #setTradingDayEnd(command: CommandOf<'setTradingDayEnd'>): void {
    const { endTimeUs } = command.fields;
    if (!this.#isInFuture(endTimeUs)) throw new Rejection(RejectCode.INVALID_EXPIRE_TIME);
    this.tradingDayEndUs = endTimeUs;
    this.#answerAdmin('tradingDayChanged', { endTimeUs });
  }

  #isInFuture(timeUs: number): boolean {
    return timeUs > this.timeUs && timeUs <= Number.MAX_SAFE_INTEGER;
  }

  /** Versions of the rules strictly rise. */
  #activateLogic(command: CommandOf<'activateLogic'>): void {
    const { logicVersion } = command.fields;
    const previousVersion = this.logicVersion;
    if (logicVersion <= previousVersion) throw new Rejection(RejectCode.LOGIC_NOT_NEWER);
    this.logicVersion = logicVersion;
    this.#answerAdmin('logicActivated', { logicVersion, previousVersion });
  }

  // --- market states --------------------------------------------------------------------------------------------

  /** New orders and replaces are refused where only cancels are taken. */
  #checkMarketOpen({ marketState }: Instrument): void {
    if (marketState === MarketState.closed || marketState === MarketState.disabled)
      throw new Rejection(RejectCode.MARKET_CLOSED);
    if (marketState === MarketState.halted) throw new Rejection(RejectCode.MARKET_HALTED);
  }

  /** While orders are collected nobody knows which of them will take: a promise not to cannot be kept. */
  #checkNotPostOnly(flags: number): void {
    if ((flags & (OrderFlag.postOnly | OrderFlag.postOnlyReprice)) !== 0)
      throw new Rejection(RejectCode.POST_ONLY_WOULD_TRADE);
  }

  #setMarketState(command: CommandOf<'setMarketState'>): void {
    const { instrumentId, state, endTimeUs, nextState, referencePriceTicks } = command.fields;
    const instrument = this.#instrument(instrumentId);
    const isState = (value: number) => value >= MarketState.continuous && value <= MarketState.disabled;
    if (!isState(state) || (endTimeUs === 0 ? nextState !== 0 : !isState(nextState)))
      throw new Rejection(RejectCode.INVALID_MARKET_STATE);
    if (endTimeUs !== 0 && !this.#isInFuture(endTimeUs)) throw new Rejection(RejectCode.INVALID_EXPIRE_TIME);
    if (referencePriceTicks < -1 || (referencePriceTicks !== 0 && !isAuction(state)))
      throw new Rejection(RejectCode.INVALID_PRICE);
    this.#changeState(
      instrument,
      { state, endTimeUs, nextState, referencePriceTicks },
      MarketStateCause.command,
    );
  }

  /**
   * A market goes on in another state. An auction that ends in continuous trading, pre-open or closed uncrosses, and so
   * does whatever becomes continuous; otherwise orders stay as they are. Only continuous trading fires stops.
   */
  #changeState(instrument: Instrument, change: StateChange, cause: number): void {
    const { marketState: previousState, lastPriceTicks } = instrument;
    const { state, endTimeUs, nextState, referencePriceTicks } = change;
    const isEntered = state !== previousState;
    const endsAuction =
      isAuction(previousState) && (state === MarketState.preOpen || state === MarketState.closed);
    const isUncrossed = endsAuction || (isEntered && state === MarketState.continuous);
    const uncross = isUncrossed ? this.#indicationOf(instrument) : NOTHING;
    Object.assign(instrument, { marketState: state, endTimeUs, nextState, referencePriceTicks });
    if (isEntered) instrument.indicated = NOTHING;
    const fields = {
      endTimeUs,
      uncrossLots: Number(uncross.executableLots),
      instrumentId: instrument.instrumentId,
      uncrossPriceTicks: uncross.priceTicks,
      referencePriceTicks,
      state,
      previousState,
      nextState,
      cause,
    };
    if (cause === MarketStateCause.command) this.#answerAdmin('marketStateChanged', fields);
    else this.#emit('marketStateChanged', 0, 0, 0, fields);
    if (uncross.priceTicks !== 0) this.#uncross(instrument, uncross.priceTicks);
    if (state === MarketState.disabled) {
      const orders = this.#allOpenOrders().filter((order) => order.instrument === instrument);
      this.#cancelAll(
        orders.sort((a, b) => a.orderId - b.orderId),
        CancelReason.instrumentDisabled,
      );
    }
    if (state !== MarketState.continuous || !isEntered) return;
    this.#restartVolatilityWindow(instrument);
    const last = uncross.priceTicks || lastPriceTicks;
    if (last !== 0) this.#electStops(instrument, last);
  }

  /** What an uncross would do now. */
  #indicationOf(instrument: Instrument) {
    const { referencePriceTicks, lastPriceTicks } = instrument;
    const reference = referencePriceTicks === -1 ? 0 : referencePriceTicks || lastPriceTicks;
    return auctionPrice(this.book(instrument), reference);
  }

  /**
   * Trades all orders that reach the price of the auction, at that price: the first buy with the first sell, until one
   * side has none left. The older order of two is the maker. Self-trade prevention does not act.
   */
  #uncross(instrument: Instrument, priceTicks: number): void {
    const book = this.book(instrument);
    for (;;) {
      const [buy, sell] = [book.best(Side.buy), book.best(Side.sell)];
      if (buy === undefined || sell === undefined) break;
      if (buy.priceTicks < priceTicks || sell.priceTicks > priceTicks) break;
      const [maker, taker] = buy.orderId < sell.orderId ? [buy, sell] : [sell, buy];
      const lots = Math.min(visibleLots(buy), visibleLots(sell));
      const fees = this.#settle(maker, taker, lots, priceTicks);
      this.#shrinkMaker(maker, lots);
      this.#shrinkMaker(taker, lots);
      const incoming = this.#incoming;
      this.#incoming = 'notice';
      this.#reportTrade(maker, taker, lots, priceTicks, fees);
      this.#incoming = incoming;
      this.#endLink(maker);
      this.#endLink(taker);
    }
    this.#followTrade(instrument, priceTicks);
  }

  /** What the auctions would do now, where it is not what was told last. */
  #reportIndications(): void {
    for (const instrument of this.instruments) {
      if (!isAuction(instrument.marketState)) continue;
      const now = this.#indicationOf(instrument);
      const before = instrument.indicated;
      const isSame =
        now.priceTicks === before.priceTicks &&
        now.executableLots === before.executableLots &&
        now.imbalanceLots === before.imbalanceLots;
      if (isSame) continue;
      instrument.indicated = now;
      this.#emit('auctionIndicated', 0, 0, 0, {
        executableLots: Number(now.executableLots),
        imbalanceLots: Number(now.imbalanceLots),
        instrumentId: instrument.instrumentId,
        priceTicks: now.priceTicks,
      });
    }
  }

  /** Sets what may change of an instrument; open orders keep what they have. */
  #changeInstrument(command: CommandOf<'changeInstrument'>): void {
    const { clientSequence: _, reserved0, ...settings } = command.fields;
    const { instrumentId, volatilityPpm, volatilityWindowUs, volatilityAuctionUs } = settings;
    const { initialMarginPpm, maintenanceMarginPpm } = settings;
    const instrument = this.#instrument(instrumentId);
    if (settings.marketProtectionPpm > MAX_RATE_PPM) throw new Rejection(RejectCode.INVALID_PROTECTION);
    const isValid =
      volatilityPpm === 0
        ? volatilityWindowUs === 0 && volatilityAuctionUs === 0
        : volatilityPpm <= MAX_RATE_PPM && volatilityWindowUs !== 0 && volatilityAuctionUs !== 0;
    if (!isValid) throw new Rejection(RejectCode.INVALID_VOLATILITY_LIMIT);
    checkMarginRates(isMargin(instrument), settings);
    const marketProtectionPpm = settings.marketProtectionPpm || DEFAULT_PROTECTION_PPM;
    Object.assign(instrument, { marketProtectionPpm, initialMarginPpm, maintenanceMarginPpm });
    Object.assign(instrument.volatility, { volatilityPpm, volatilityWindowUs, volatilityAuctionUs });
    this.#restartVolatilityWindow(instrument);
    this.#answerAdmin('instrumentChanged', { ...settings, marketProtectionPpm, reserved0: 0 });
    for (const account of this.#marginAccounts(instrument)) hold(account, instrument);
  }

  /** Removes an instrument in which nothing is open. */
  #removeInstrument(command: CommandOf<'removeInstrument'>): void {
    const instrument = this.#instrument(command.fields.instrumentId);
    const hasOrders = this.#allOpenOrders().some((order) => order.instrument === instrument);
    const hasPositions = this.#marginAccounts(instrument).some(
      (account) => positionOf(account, instrument).quantityLots !== 0n,
    );
    if (hasOrders || hasPositions) throw new Rejection(RejectCode.INSTRUMENT_IN_USE);
    this.#changeState(
      instrument,
      { state: MarketState.removed, endTimeUs: 0, nextState: 0, referencePriceTicks: 0 },
      MarketStateCause.command,
    );
  }

  // --- margin ---------------------------------------------------------------------------------------------------

  /** The accounts that hold margin in an instrument, or have, by account id; none in a spot instrument. */
  #marginAccounts(instrument: Instrument): Account[] {
    return [...this.accounts.values()]
      .filter(({ margins }) => margins.has(instrument.instrumentId))
      .sort((a, b) => a.accountId - b.accountId);
  }

  #lotCostOf(instrument: Instrument, side: number, priceTicks: number, rates: FeeRates): bigint {
    return isMargin(instrument) ? lotCostOf(instrument, side, priceTicks, rates) : 0n;
  }

  #equityOf(account: Account, asset: Asset): bigint {
    return equityOf(account, asset, this.instruments);
  }

  /** Settles every position of an instrument to a price: what the ones gain, the others lose. */
  #setMarkPrice(command: CommandOf<'setMarkPrice'>): void {
    const { instrumentId, priceTicks } = command.fields;
    const instrument = this.#instrument(instrumentId);
    if (!isMargin(instrument)) throw new Rejection(RejectCode.NOT_A_MARGIN_INSTRUMENT);
    if (priceTicks < 1) throw new Rejection(RejectCode.INVALID_PRICE);
    const holders = this.#marginAccounts(instrument);
    if (holders.some((account) => isTooLargeAt(account, instrument, priceTicks)))
      throw new Rejection(RejectCode.NOTIONAL_TOO_LARGE);
    const moved = BigInt(priceTicks - instrument.markPriceTicks) * instrument.quoteMinorPerTickLot;
    instrument.markPriceTicks = priceTicks;
    for (const account of holders) {
      gain(account, instrument.quote, positionOf(account, instrument).quantityLots * moved);
      hold(account, instrument);
    }
    this.#answerAdmin('markPriceChanged', { instrumentId, priceTicks });
  }

  /** Liquidates as long as an account has less than the maintenance margin: lowest account id, then lowest asset id. */
  #checkMargins(): void {
    const next = () => {
      const accounts = [...this.accounts.values()].sort((a, b) => a.accountId - b.accountId);
      for (const account of accounts) {
        for (const asset of this.assets)
          if (this.#isBelowMaintenance(account, asset)) return { account, asset };
      }
      return undefined;
    };
    for (let due = next(); due !== undefined; due = next()) {
      this.#liquidate(due.account, due.asset);
      this.#runElectedStops();
    }
  }

  #isBelowMaintenance(account: Account, asset: Asset): boolean {
    if (account.margins.size === 0) return false;
    return this.#equityOf(account, asset) < maintenanceOf(account, asset, this.instruments);
  }

  /**
   * Cancels the margin orders of an account and closes its positions, by instrument id, until the equity is enough
   * again. What is lost beyond the equity is paid by others.
   */
  #liquidate(account: Account, asset: Asset): void {
    this.#incoming = 'notice';
    this.#emit('liquidationStarted', account.accountId, 0, 0, {
      equity: Number(this.#equityOf(account, asset)),
      maintenanceMargin: Number(maintenanceOf(account, asset, this.instruments)),
      asset: asset.code,
      reserved0: 0,
    });
    const orders = this.openOrdersOf(account).filter(
      ({ instrument }) => isMargin(instrument) && instrument.quote === asset,
    );
    this.#cancelAll(orders, CancelReason.liquidation);
    for (const instrument of this.instruments) {
      if (!isMargin(instrument) || instrument.quote !== asset) continue;
      if (!this.#isBelowMaintenance(account, asset)) break;
      if (positionOf(account, instrument).quantityLots === 0n) continue;
      this.#closeByOrder(account, instrument);
      this.#deleverage(account, instrument);
    }
    this.#coverLoss(account, asset);
  }

  /** Trades a position away with a market order within the protection around the mark price. */
  #closeByOrder(account: Account, instrument: Instrument): void {
    const held = positionOf(account, instrument).quantityLots;
    const side = held > 0n ? Side.sell : Side.buy;
    const isTraded = instrument.marketState === MarketState.continuous;
    if (!isTraded || this.book(instrument).best(opposite(side)) === undefined) return;
    const lots = Number(smallest(held < 0n ? -held : held, BigInt(MAX_INT32)));
    const order: Order = {
      orderId: this.nextOrderId++,
      clientOrderId: 0n,
      account,
      instrument,
      side,
      orderType: OrderType.market,
      timeInForce: TimeInForce.IOC,
      priceTicks: this.#withinBand(instrument, this.#protected(instrument, side, instrument.markPriceTicks)),
      quantityLots: lots,
      leavesLots: lots,
      cumulativeLots: 0,
      priority: this.nextPriority++,
      flags: OrderFlag.liquidation,
      expireTimeUs: 0,
      selfTradePrevention: SelfTradePrevention.allow,
      displayLots: 0,
      shownLots: 0,
      triggerPriceTicks: 0,
      triggerDirection: 0,
      triggerAtEntry: 0,
      trailingTicks: 0,
      partner: undefined,
      lotCost: 0n,
      rates: this.#ratesOf(account, instrument),
    };
    reserve(order);
    this.#emit('accepted', account.accountId, 0, 0, {
      ...this.#terms(order),
      orderType: order.orderType,
      timeInForce: order.timeInForce,
      flags: order.flags,
      expireTimeUs: 0,
      displayLots: 0,
      triggerPriceTicks: 0,
    });
    this.#trade(order, false);
  }

  /** Closes what is left of a position at the mark price, against the largest positions of the other side. */
  #deleverage(account: Account, instrument: Instrument): void {
    const lotsOf = (holder: Account) => positionOf(holder, instrument).quantityLots;
    const size = (lots: bigint) => (lots < 0n ? -lots : lots);
    for (let held = lotsOf(account); held !== 0n; held = lotsOf(account)) {
      const holder = this.#marginAccounts(instrument)
        .filter((candidate) => lotsOf(candidate) * held < 0n)
        .sort((a, b) => Number(size(lotsOf(b)) - size(lotsOf(a))))[0]!;
      const lots = smallest(size(held), size(lotsOf(holder)));
      for (const closing of [account, holder]) {
        const isSale = lotsOf(closing) > 0n;
        const side = isSale ? Side.sell : Side.buy;
        countTrade(closing, instrument, side, instrument.markPriceTicks, lots);
        hold(closing, instrument);
        this.#emit('deleveraged', closing.accountId, 0, 0, {
          positionLots: Number(lotsOf(closing)),
          quantityLots: Number(isSale ? -lots : lots),
          instrumentId: instrument.instrumentId,
          priceTicks: instrument.markPriceTicks,
        });
      }
    }
  }

  /**
   * Pays for what an account has lost beyond its equity: the insurance fund first, then those who have gained in this
   * phase, in proportion, and last the fees that were charged in it.
   */
  #coverLoss(account: Account, asset: Asset): void {
    const loss = -this.#equityOf(account, asset);
    if (loss <= 0n) return;
    const insured = smallest(loss, asset.insurance);
    asset.insurance -= insured;
    const gainOf = (holder: Account) => holder.gains.get(asset.assetId) ?? 0n;
    const winners = [...this.accounts.values()]
      .filter((holder) => gainOf(holder) > 0n)
      .sort((a, b) => a.accountId - b.accountId);
    const gains = winners.reduce((sum, holder) => sum + gainOf(holder), 0n);
    const shared = smallest(loss - insured, gains);
    let left = shared;
    for (const winner of winners) {
      const share = smallest(left, (shared * gainOf(winner) + gains - 1n) / gains);
      if (share === 0n) continue;
      left -= share;
      gain(winner, asset, -share);
      this.#reportLoss(winner, asset, -share, BalanceReason.lossShared);
    }
    asset.fees -= loss - insured - shared;
    balanceOf(account, asset).available += loss;
    this.#reportLoss(account, asset, loss, BalanceReason.lossCovered);
  }

  #reportLoss(account: Account, asset: Asset, amount: bigint, reason: number): void {
    const { available, reserved } = balanceOf(account, asset);
    this.#emit('balanceChanged', account.accountId, 0, 0, {
      transferId: 0n,
      amount: Number(amount),
      available: Number(available),
      reserved: Number(reserved),
      asset: asset.code,
      decimals: asset.decimals,
      reason,
      duplicate: 0,
      reserved0: 0,
    });
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
        earlier.fromAccountId === 0 &&
        earlier.accountId === accountId &&
        earlier.asset === fields.asset &&
        earlier.amount === amount;
      if (!isSame) throw new Rejection(RejectCode.TRANSFER_ID_REUSED);
    } else if (this.transfers.size >= this.#limits.transfers) {
      throw new Rejection(RejectCode.TOO_MANY_TRANSFERS);
    } else if (kind === 'deposit') {
      const most = asset.isMarginQuote ? MAX_MARGIN_MONEY : MAX_MONEY;
      if (asset.supply + amount > most) throw new Rejection(RejectCode.SUPPLY_TOO_LARGE);
      asset.supply += amount;
      balance.available += amount;
    } else {
      if (balance.available < amount) throw new Rejection(RejectCode.INSUFFICIENT_FUNDS);
      asset.supply -= amount;
      balance.available -= amount;
    }
    this.transfers.set(transferId, { kind, fromAccountId: 0, accountId, asset: fields.asset, amount });

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

  /**
   * Moves available money from one account to another, out of the fees (from account 0) or into the insurance fund (to
   * account 0), once for each transfer id. The payer is told without an answer, the payee's report answers the command;
   * where there is no payee, the payer's does.
   */
  #moveMoney(command: CommandOf<'transfer'>): void {
    const { transferId, fromAccountId, toAccountId, amount } = command.fields;
    if (amount < 1 || amount > Number.MAX_SAFE_INTEGER) throw new Rejection(RejectCode.INVALID_AMOUNT);
    const from = fromAccountId === 0 ? undefined : this.#account(fromAccountId);
    const to = toAccountId === 0 ? undefined : this.#account(toAccountId);
    if (from === to) throw new Rejection(RejectCode.INVALID_ACCOUNT);
    const asset = this.asset(command.fields.asset);
    if (asset === undefined) throw new Rejection(RejectCode.UNKNOWN_ASSET);
    const moved = BigInt(amount);
    const earlier = this.transfers.get(transferId);
    if (earlier !== undefined) {
      const isSame =
        earlier.kind === 'transfer' &&
        earlier.fromAccountId === fromAccountId &&
        earlier.accountId === toAccountId &&
        earlier.asset === asset.code &&
        earlier.amount === moved;
      if (!isSame) throw new Rejection(RejectCode.TRANSFER_ID_REUSED);
    } else {
      if (this.transfers.size >= this.#limits.transfers) throw new Rejection(RejectCode.TOO_MANY_TRANSFERS);
      const funds = from === undefined ? asset.fees : balanceOf(from, asset).available;
      if (funds < moved) throw new Rejection(RejectCode.INSUFFICIENT_FUNDS);
      if (from === undefined) asset.fees -= moved;
      else balanceOf(from, asset).available -= moved;
      if (to === undefined) asset.insurance += moved;
      else balanceOf(to, asset).available += moved;
      const content = { fromAccountId, accountId: toAccountId, asset: asset.code, amount: moved };
      this.transfers.set(transferId, { kind: 'transfer', ...content });
    }
    const fields = (account: Account, signed: number) => ({
      transferId,
      amount: signed,
      available: Number(balanceOf(account, asset).available),
      reserved: Number(balanceOf(account, asset).reserved),
      asset: asset.code,
      decimals: asset.decimals,
      reason: BalanceReason.transfer,
      duplicate: earlier === undefined ? 0 : 1,
      reserved0: 0,
    });
    const { sessionId } = command;
    const { clientSequence } = command.fields;
    if (from !== undefined) {
      const answered = to === undefined ? ([sessionId, clientSequence] as const) : ([0, 0] as const);
      this.#emit('balanceChanged', fromAccountId, ...answered, fields(from, -amount));
    }
    if (to !== undefined)
      this.#emit('balanceChanged', toAccountId, sessionId, clientSequence, fields(to, amount));
  }

  // --- orders ---------------------------------------------------------------------------------------------------

  /** Enters an order: accepted, then its trades, then the cancel of what may not rest. */
  #newOrder(command: CommandOf<'newOrder'>): void {
    const { fields } = command;
    const account = this.#account(command.accountId);
    this.#checkFlow(account);
    const instrument = this.#instrument(fields.instrumentId);
    this.#checkMarketOpen(instrument);
    if (instrument.marketState === MarketState.cancelOnly) throw new Rejection(RejectCode.CANCEL_ONLY);
    if (fields.side !== Side.buy && fields.side !== Side.sell) throw new Rejection(RejectCode.INVALID_SIDE);
    const { orderType, timeInForce } = fields;
    if (!Object.values(OrderType).some((known) => known === orderType))
      throw new Rejection(RejectCode.INVALID_ORDER_TYPE);
    const isMarket = orderType === OrderType.market;
    const isLimit = orderType === OrderType.limit;
    const isStop = orderType === OrderType.stop || orderType === OrderType.stopLimit;
    const isImmediate = timeInForce === TimeInForce.IOC || timeInForce === TimeInForce.FOK;
    const isKnown = Object.values(TimeInForce).some((known) => known === timeInForce);
    // A market order has nothing to rest at, and a stop has to wait.
    if (!isKnown || (isMarket && !isImmediate) || (isStop && isImmediate))
      throw new Rejection(RejectCode.INVALID_TIME_IN_FORCE);
    this.#checkFlags(fields.flags, isLimit && !isImmediate, !isImmediate);
    if (fields.selfTradePrevention > MAX_SELF_TRADE_PREVENTION)
      throw new Rejection(RejectCode.INVALID_SELF_TRADE_PREVENTION);
    this.#checkQuantity(fields, isMarket);
    const mayHaveMinimum = timeInForce === TimeInForce.IOC;
    if (fields.minQuantityLots < 0 || fields.minQuantityLots > (mayHaveMinimum ? fields.quantityLots : 0))
      throw new Rejection(RejectCode.INVALID_MIN_QUANTITY);
    const mayHide = isLimit && !isImmediate;
    if (fields.displayLots < 0 || fields.displayLots > (mayHide ? fields.quantityLots : 0))
      throw new Rejection(RejectCode.INVALID_DISPLAY_QUANTITY);
    this.#checkHidden(fields.displayLots, fields.quantityLots);
    // Market orders and stops may name the worst price that they take; 0 leaves that to the instrument's protection.
    const needsPrice = isLimit || orderType === OrderType.stopLimit;
    if (fields.priceTicks < (needsPrice ? 1 : 0)) throw new Rejection(RejectCode.INVALID_PRICE);
    this.#checkTrigger(fields, isStop);
    const expireTimeUs = this.#expireTime(timeInForce, fields.expireTimeUs);
    if (this.openOrder(account, fields.clientOrderId) !== undefined) {
      throw new Rejection(RejectCode.DUPLICATE_CLIENT_ORDER_ID);
    }
    const partner = this.#partnerOf(account, instrument, fields, isStop);
    if (this.#openOrderCount() >= this.#limits.openOrders) throw new Rejection(RejectCode.TOO_MANY_ORDERS);
    if (isCallPhase(instrument.marketState)) {
      if (isMarket || isImmediate) throw new Rejection(RejectCode.NO_IMMEDIATE_EXECUTION);
      this.#checkNotPostOnly(fields.flags);
    }
    if (isMargin(instrument) && instrument.markPriceTicks === 0)
      throw new Rejection(RejectCode.NO_MARK_PRICE);
    const direction = fields.triggerDirection || (fields.side === Side.buy ? RISING : FALLING);
    const trigger = isStop ? this.#triggerAtEntry(instrument, fields) : 0;
    const rates = this.#ratesOf(account, instrument);
    const { priceTicks, quantityLots, limit } = this.#entryTerms(instrument, fields, trigger, rates);
    this.#checkLimits(account, instrument, priceTicks, quantityLots, limit);
    this.#checkOpenOrders(account, instrument);
    checkNotional(instrument, fields.side, priceTicks, quantityLots, rates);
    const lotCost = this.#lotCostOf(instrument, fields.side, priceTicks, rates);
    if (isMargin(instrument)) {
      const entering = { side: fields.side, priceTicks, lots: quantityLots, lotCost };
      checkMargin(account, instrument, entering, undefined, this.#equityOf(account, instrument.quote));
    } else {
      const needed = reservation(instrument, fields.side, priceTicks, quantityLots, rates);
      if (reservedBalance(account, instrument, fields.side).available < needed)
        throw new Rejection(RejectCode.INSUFFICIENT_FUNDS);
    }

    const order: Order = {
      orderId: this.nextOrderId++,
      clientOrderId: fields.clientOrderId,
      account,
      instrument,
      side: fields.side,
      orderType,
      timeInForce,
      priceTicks,
      quantityLots,
      leavesLots: quantityLots,
      cumulativeLots: 0,
      priority: this.nextPriority++,
      flags: fields.flags,
      expireTimeUs,
      selfTradePrevention: fields.selfTradePrevention || account.selfTradePrevention,
      displayLots: fields.displayLots,
      shownLots: 0,
      triggerPriceTicks: trigger,
      triggerDirection: isStop ? direction : 0,
      triggerAtEntry: trigger,
      trailingTicks: fields.trailingTicks,
      partner,
      lotCost,
      rates,
    };
    if (partner !== undefined) partner.partner = order;
    account.openOrders.set(order.clientOrderId, order);
    if (expireTimeUs !== 0) this.#timedOrders.add(order);
    if (isStop) this.#stops.add(order);
    reserve(order);
    this.#report('accepted', {
      ...this.#terms(order),
      orderType,
      timeInForce,
      flags: order.flags,
      expireTimeUs,
      displayLots: order.displayLots,
      triggerPriceTicks: trigger,
    });

    if (isStop) {
      const last = instrument.lastPriceTicks;
      const isLookedAt = last !== 0 && instrument.marketState === MarketState.continuous;
      if (isLookedAt && this.#fires(order, last)) this.#elected.push({ order, priceTicks: last });
      return;
    }
    const fillable = this.#fillableLots(order);
    if (timeInForce === TimeInForce.FOK && fillable < order.leavesLots) {
      this.#cancelRemainder(order, CancelReason.fokUnfillable, 'answer');
    } else if (fillable < fields.minQuantityLots) {
      this.#cancelRemainder(order, CancelReason.minQuantityUnfillable, 'answer');
    } else {
      this.#trade(order, !isImmediate);
    }
  }

  /** A quantity, or for a market order an amount of quote instead. */
  #checkQuantity(fields: NewOrder, isMarket: boolean): void {
    const { quantityLots, quoteAmount } = fields;
    const isValid =
      quoteAmount === 0
        ? quantityLots >= 1
        : isMarket && quantityLots === 0 && quoteAmount >= 1 && quoteAmount <= Number.MAX_SAFE_INTEGER;
    if (!isValid) throw new Rejection(RejectCode.INVALID_QUANTITY);
  }

  /** A stop has a trigger or a trailing distance, a trailing one goes by its side; others have nothing of it. */
  #checkTrigger(fields: NewOrder, isStop: boolean): void {
    const { triggerPriceTicks, trailingTicks, triggerDirection } = fields;
    let isValid: boolean;
    if (!isStop) isValid = triggerPriceTicks === 0 && trailingTicks === 0 && triggerDirection === 0;
    else if (trailingTicks > 0) isValid = triggerPriceTicks === 0 && triggerDirection === 0;
    else isValid = trailingTicks === 0 && triggerPriceTicks >= 1 && triggerDirection <= FALLING;
    if (!isValid) throw new Rejection(RejectCode.INVALID_TRIGGER);
  }

  /** The open order that a new one is linked with: of the two, one is a limit order and one a waiting stop. */
  #partnerOf(account: Account, instrument: Instrument, fields: NewOrder, isStop: boolean): Order | undefined {
    const isLinked = (fields.flags & OrderFlag.linked) !== 0;
    if (!isLinked) {
      if (fields.linkedClientOrderId !== 0n) throw new Rejection(RejectCode.INVALID_LINK);
      return undefined;
    }
    const partner = this.openOrder(account, fields.linkedClientOrderId);
    const isPair =
      partner !== undefined &&
      partner.instrument === instrument &&
      partner.partner === undefined &&
      (isStop ? partner.orderType === OrderType.limit : partner.triggerPriceTicks !== 0);
    if (!isPair) throw new Rejection(RejectCode.INVALID_LINK);
    return partner;
  }

  /** The trigger of a new stop: as it says, or for a trailing one at its distance from the last trade. */
  #triggerAtEntry(instrument: Instrument, fields: NewOrder): number {
    if (fields.trailingTicks === 0) return fields.triggerPriceTicks;
    const last = instrument.lastPriceTicks;
    if (last === 0) throw new Rejection(RejectCode.NO_LAST_TRADE);
    const trigger = fields.side === Side.buy ? last + fields.trailingTicks : last - fields.trailingTicks;
    if (trigger < 1 || trigger > MAX_INT32) throw new Rejection(RejectCode.INVALID_TRIGGER);
    return trigger;
  }

  /** The price and quantity that a new order comes in with. */
  #entryTerms(instrument: Instrument, fields: NewOrder, trigger: number, rates: FeeRates) {
    const { side, quantityLots } = fields;
    const derived = (from: number) => this.#withinBand(instrument, this.#protected(instrument, side, from));
    let limit: number;
    if (trigger !== 0) {
      limit = fields.priceTicks || derived(trigger);
    } else if (fields.orderType === OrderType.limit) {
      limit = isCallPhase(instrument.marketState)
        ? fields.priceTicks
        : this.#makerPrice(instrument, side, fields.priceTicks, fields.flags);
    } else {
      const best = this.book(instrument).best(opposite(side));
      if (best === undefined && (fields.priceTicks === 0 || fields.quoteAmount !== 0))
        throw new Rejection(RejectCode.NO_LIQUIDITY);
      limit = fields.priceTicks || derived(best?.priceTicks ?? 0);
    }
    if (fields.quoteAmount === 0) return { priceTicks: limit, quantityLots, limit };
    return { ...this.#termsForAmount(instrument, side, limit, BigInt(fields.quoteAmount), rates), limit };
  }

  /**
   * What an amount of quote buys or sells within a limit. A buy takes the largest quantity whose reservation at the
   * worst price that it needs fits the amount, so it never pays more; a sell what the amount is worth at the best
   * price, so it never receives more.
   */
  #termsForAmount(instrument: Instrument, side: number, limit: number, amount: bigint, rates: FeeRates) {
    const book = this.book(instrument);
    let priceTicks = limit;
    let most = 0n;
    for (const price of book.pricesInReach(side, limit)) {
      const inReach = book.inReach(side, price).reduce((lots, maker) => lots + BigInt(maker.leavesLots), 0n);
      const best = book.best(opposite(side))!.priceTicks;
      const lotPrice =
        side === Side.buy ? reservation(instrument, side, price, 1, rates) : notional(instrument, best, 1);
      const lots = smallest(inReach, amount / lotPrice, BigInt(MAX_INT32));
      if (lots <= most) continue;
      most = lots;
      if (side === Side.buy) priceTicks = price;
    }
    if (most === 0n) throw new Rejection(RejectCode.INVALID_QUANTITY);
    return { priceTicks, quantityLots: Number(most) };
  }

  /**
   * Trades an incoming order, rests or cancels what is left, and sees which stops its trades have fired. Outside
   * continuous trading it only rests. A trade that would go too far stops it, and starts a volatility auction.
   */
  #trade(order: Order, mayRest: boolean): void {
    const { instrument } = order;
    if (instrument.marketState !== MarketState.continuous) {
      this.#rest(order);
      return;
    }
    this.#tradePrices = [];
    const isStopped = this.#match(order) === 'beyond the limit';
    if (order.leavesLots > 0) {
      if (mayRest) this.#rest(order);
      else this.#cancelRemainder(order, CancelReason.iocRemainder, this.#incoming);
    }
    if (isStopped) {
      const change = {
        state: MarketState.volatilityAuction,
        endTimeUs: this.timeUs + instrument.volatility.volatilityAuctionUs,
        nextState: MarketState.continuous,
        referencePriceTicks: 0,
      };
      this.#changeState(instrument, change, MarketStateCause.volatility);
    }
    for (const priceTicks of this.#tradePrices) this.#electStops(order.instrument, priceTicks);
  }

  /** The stops of an instrument that wait for a trade. */
  #waitingStops(instrument: Instrument): Order[] {
    return [...this.#stops]
      .filter((order) => order.instrument === instrument && order.triggerPriceTicks !== 0)
      .filter((order) => !this.#elected.some((elected) => elected.order === order));
  }

  #fires(stop: Order, lastPriceTicks: number): boolean {
    return stop.triggerDirection === RISING
      ? lastPriceTicks >= stop.triggerPriceTicks
      : lastPriceTicks <= stop.triggerPriceTicks;
  }

  /**
   * A trade at a price: trailing stops follow it, then, in continuous trading, every stop that it fires goes to the end
   * of the queue. Rising ones by rising trigger, then falling ones by falling trigger, at one trigger the lowest order id
   * first.
   */
  #electStops(instrument: Instrument, priceTicks: number): void {
    this.#followTrade(instrument, priceTicks);
    if (instrument.marketState !== MarketState.continuous) return;
    const fired = this.#waitingStops(instrument).filter((stop) => this.#fires(stop, priceTicks));
    fired.sort((a, b) => a.orderId - b.orderId);
    const rising = fired.filter((stop) => stop.triggerDirection === RISING);
    const falling = fired.filter((stop) => stop.triggerDirection === FALLING);
    rising.sort((a, b) => a.triggerPriceTicks - b.triggerPriceTicks);
    falling.sort((a, b) => b.triggerPriceTicks - a.triggerPriceTicks);
    for (const order of [...rising, ...falling]) this.#elected.push({ order, priceTicks });
  }

  /** The last trade was at a price, and trailing stops follow it. */
  #followTrade(instrument: Instrument, priceTicks: number): void {
    instrument.lastPriceTicks = priceTicks;
    for (const stop of this.#waitingStops(instrument)) {
      if (stop.trailingTicks === 0) continue;
      const { triggerPriceTicks: trigger, trailingTicks: distance } = stop;
      stop.triggerPriceTicks =
        stop.side === Side.buy
          ? Math.min(trigger, priceTicks + distance)
          : Math.max(trigger, priceTicks - distance);
    }
  }

  /** The stops that have fired act one after the other, each completely; their trades may fire more. */
  #runElectedStops(): void {
    this.#incoming = 'notice';
    for (let next = this.#elected.shift(); next !== undefined; next = this.#elected.shift()) {
      // Its partner may have traded in the meantime, or trading may have stopped: then it waits again.
      const isTraded = next.order.instrument.marketState === MarketState.continuous;
      if (isTraded && this.#isOpen(next.order)) this.#actStop(next.order, next.priceTicks);
    }
  }

  /** A stop acts: its partner goes, and it comes in as a market or limit order. A trailing price has followed. */
  #actStop(order: Order, lastPriceTicks: number): void {
    const moved = order.priceTicks + order.triggerPriceTicks - order.triggerAtEntry;
    release(order);
    order.priceTicks = Math.max(1, Math.min(MAX_INT32, moved));
    reserve(order);
    this.#emit('triggered', order.account.accountId, 0, 0, {
      orderId: order.orderId,
      clientOrderId: order.clientOrderId,
      instrumentId: order.instrument.instrumentId,
      triggerPriceTicks: order.triggerPriceTicks,
      lastPriceTicks,
      priceTicks: order.priceTicks,
      leavesLots: order.leavesLots,
      side: order.side,
      orderType: order.orderType,
      reserved0: 0,
    });
    order.triggerPriceTicks = 0;
    this.#endLink(order);
    this.#trade(order, order.orderType === OrderType.stopLimit);
  }

  /** Whether an order is still open: another one may have its id by now. */
  #isOpen(order: Order): boolean {
    return order.account.openOrders.get(order.clientOrderId) === order;
  }

  /** The pair of an order comes apart: the other one is cancelled. It answers nobody. */
  #endLink(order: Order): void {
    const { partner } = order;
    if (partner === undefined) return;
    order.partner = undefined;
    partner.partner = undefined;
    this.#cancelOpen(partner, CancelReason.linked, 'notice');
  }

  /** At most one of the post-only flags, and only on a limit order that may rest; a link only where it may wait. */
  /** At least one lot in a hundred that are open has to be displayed, by orders that do not display all. */
  #checkHidden(displayLots: number, openLots: number): void {
    if (displayLots > 0 && displayLots < openLots / 100)
      throw new Rejection(RejectCode.INVALID_DISPLAY_QUANTITY);
  }

  #checkFlags(flags: number, mayBePostOnly: boolean, mayBeLinked: boolean): void {
    const postOnly = flags & ~OrderFlag.linked;
    const allowed: number[] = mayBePostOnly ? [0, OrderFlag.postOnly, OrderFlag.postOnlyReprice] : [0];
    const isLinked = (flags & OrderFlag.linked) !== 0;
    if (!allowed.includes(postOnly) || (isLinked && !mayBeLinked))
      throw new Rejection(RejectCode.INVALID_FLAGS);
  }

  /** When a new order expires: GTD says it, DAY takes the end of the trading day, the others never do. */
  #expireTime(timeInForce: number, expireTimeUs: number): number {
    if (timeInForce === TimeInForce.GTD) {
      if (!this.#isInFuture(expireTimeUs)) throw new Rejection(RejectCode.INVALID_EXPIRE_TIME);
      return expireTimeUs;
    }
    if (expireTimeUs !== 0) throw new Rejection(RejectCode.INVALID_EXPIRE_TIME);
    if (timeInForce !== TimeInForce.DAY) return 0;
    if (!this.#isInFuture(this.tradingDayEndUs)) throw new Rejection(RejectCode.TRADING_DAY_CLOSED);
    return this.tradingDayEndUs;
  }

  /**
   * The price at which an order comes in. A post-only order that would trade at once is rejected, or moved to one
   * tick away from the best opposite price, where there is such a price.
   */
  #makerPrice(instrument: Instrument, side: number, limit: number, flags: number): number {
    const postOnly = flags & ~OrderFlag.linked;
    if (postOnly === 0) return limit;
    const best = this.book(instrument).best(opposite(side));
    if (best === undefined || !crosses(side, limit, best.priceTicks)) return limit;
    const price = side === Side.buy ? best.priceTicks - 1 : best.priceTicks + 1;
    if (postOnly === OrderFlag.postOnly || price < 1 || price > MAX_INT32)
      throw new Rejection(RejectCode.POST_ONLY_WOULD_TRADE);
    return price;
  }

  /** The rates of an order that takes its place now. */
  #ratesOf(account: Account, instrument: Instrument): FeeRates {
    const rates = instrument.fees[account.feeTier];
    if (rates === undefined) throw new Error('reference engine: an account in a tier that is not there');
    return rates;
  }

  /** Whether two orders are of one account or of one account group. */
  #belongTogether(a: Order, b: Order): boolean {
    if (a.account === b.account) return true;
    return a.account.selfTradeGroup !== 0 && a.account.selfTradeGroup === b.account.selfTradeGroup;
  }

  /** Whether the incoming order may not trade with a resting one. */
  #isPrevented(taker: Order, maker: Order): boolean {
    return taker.selfTradePrevention !== SelfTradePrevention.allow && this.#belongTogether(taker, maker);
  }

  /**
   * What an incoming order could trade at once: with the orders in its reach up to the first of its own group, which
   * ends the order or makes it smaller. An order that cancels the oldest goes on behind it. Of a level with an own
   * order only what is displayed before it can be had: hidden quantity comes behind.
   */
  #fillableLots(taker: Order): number {
    const book = this.book(taker.instrument);
    let lots = 0;
    const { low, high } = this.#volatilityRangeOf(taker.instrument);
    for (const price of book.pricesInReach(taker.side, taker.priceTicks)) {
      if (price < low || price > high) return lots;
      const level = book.level(opposite(taker.side), price);
      const firstOwn = level.findIndex((maker) => this.#isPrevented(taker, maker));
      if (firstOwn !== -1 && taker.selfTradePrevention !== SelfTradePrevention.cancelOldest) {
        for (const maker of level.slice(0, firstOwn)) lots += visibleLots(maker);
        return lots;
      }
      for (const maker of level) if (!this.#isPrevented(taker, maker)) lots += maker.leavesLots;
    }
    return lots;
  }

  /**
   * The worst price that an order without one accepts: a price (the best opposite one, or the trigger of a stop),
   * worse by the protection of the instrument, rounded towards that price (down for a buy, up for a sell).
   */
  #protected(instrument: Instrument, side: number, priceTicks: number): number {
    const price = BigInt(priceTicks);
    const ppm = BigInt(instrument.marketProtectionPpm);
    if (side === Side.buy) {
      const roundedDown = (price * (PPM + ppm)) / PPM;
      return Math.min(MAX_INT32, Number(roundedDown));
    }
    const roundedUp = (price * (PPM - ppm) + PPM - 1n) / PPM;
    return Math.max(1, Number(roundedUp));
  }

  /**
   * Trades an incoming order against the opposite side: best price first, and at a price the earliest first. It ends
   * early before a trade that would go further than the volatility limit.
   */
  #match(taker: Order): 'done' | 'beyond the limit' {
    const { low, high } = this.#volatilityRangeOf(taker.instrument, 'start the window');
    const book = this.book(taker.instrument);
    while (taker.leavesLots > 0) {
      const maker = book.best(opposite(taker.side));
      if (maker === undefined || !crosses(taker.side, taker.priceTicks, maker.priceTicks)) return 'done';
      if (this.#isPrevented(taker, maker)) {
        this.#preventSelfTrade(taker, maker);
        continue;
      }
      if (maker.priceTicks < low || maker.priceTicks > high) return 'beyond the limit';
      const lots = Math.min(taker.leavesLots, visibleLots(maker));
      const { priceTicks } = maker;
      const fees = this.#settle(maker, taker, lots, priceTicks);
      this.#tradePrices.push(priceTicks);
      this.#shrinkMaker(maker, lots);
      if (taker.leavesLots === 0) this.#forget(taker);
      this.#reportTrade(maker, taker, lots, priceTicks, fees);
      this.#endLink(maker);
      this.#endLink(taker);
    }
    return 'done';
  }

  /** Money, quantities and positions of a trade. */
  #settle(maker: Order, taker: Order, lots: number, priceTicks: number): TradeFees {
    const fees = settle(maker, taker, lots, priceTicks);
    for (const order of [maker, taker]) {
      order.leavesLots -= lots;
      order.cumulativeLots += lots;
      countTrade(order.account, order.instrument, order.side, priceTicks, BigInt(lots));
    }
    for (const { account, instrument } of [maker, taker]) if (isMargin(instrument)) hold(account, instrument);
    return fees;
  }

  /**
   * The prices at which an instrument may trade now: so far from the last trade before the present window of command
   * time. The window starts with the first order that comes in to match in it.
   */
  #volatilityRangeOf(instrument: Instrument, start?: 'start the window'): { low: number; high: number } {
    const { volatility } = instrument;
    if (volatility.volatilityPpm === 0) return { low: 0, high: MAX_INT32 };
    const window = Math.floor(this.timeUs / volatility.volatilityWindowUs);
    const isNew = window !== volatility.window;
    const referencePriceTicks = isNew ? instrument.lastPriceTicks : volatility.referencePriceTicks;
    if (start !== undefined) Object.assign(volatility, { window, referencePriceTicks });
    if (referencePriceTicks === 0) return { low: 0, high: MAX_INT32 };
    const reference = BigInt(referencePriceTicks);
    const ppm = BigInt(volatility.volatilityPpm);
    return {
      low: Number((reference * (PPM - ppm) + PPM - 1n) / PPM),
      high: Number((reference * (PPM + ppm)) / PPM),
    };
  }

  /** From now on the reference is the last trade. */
  #restartVolatilityWindow({ volatility, lastPriceTicks }: Instrument): void {
    const { volatilityPpm, volatilityWindowUs } = volatility;
    volatility.window = volatilityPpm === 0 ? 0 : Math.floor(this.timeUs / volatilityWindowUs);
    volatility.referencePriceTicks = volatilityPpm === 0 ? 0 : lastPriceTicks;
  }

  /** A resting order has lost some of what it displays: it is gone, or displays more at the back of its level. */
  #shrinkMaker(maker: Order, lots: number): void {
    const book = this.book(maker.instrument);
    this.#touch(maker);
    maker.shownLots -= lots;
    if (maker.leavesLots === 0) {
      book.remove(maker);
      this.#forget(maker);
    } else if (visibleLots(maker) === 0) {
      book.remove(maker);
      this.#rest(maker);
    }
  }

  /** The two sides of a trade: the maker's report, which answers nobody's command, then the taker's. */
  #reportTrade(maker: Order, taker: Order, lots: number, priceTicks: number, fees: TradeFees): void {
    const tradeId = this.nextTradeId++;
    const fields = (order: Order, liquidity: number, fee: bigint) => ({
      ...this.#terms(order),
      priceTicks,
      quantityLots: lots,
      tradeId,
      leavesLots: order.leavesLots,
      cumulativeLots: order.cumulativeLots,
      liquidity,
      reserved0: 0,
      fee: Number(fee),
    });
    this.#emit('trade', maker.account.accountId, 0, 0, fields(maker, Liquidity.maker, fees.maker));
    this.#tellTaker(taker, 'trade', fields(taker, Liquidity.taker, fees.taker));
  }

  /**
   * An incoming order meets one of its own group: both sides are told how much did not trade, then the mode of the
   * incoming order decides which of them ends, or makes both smaller by what did not trade. An order that becomes
   * smaller keeps its place; one with nothing left is gone, which its report says.
   */
  #preventSelfTrade(taker: Order, maker: Order): void {
    const lots = Math.min(taker.leavesLots, visibleLots(maker));
    const mode = taker.selfTradePrevention;
    if (mode === SelfTradePrevention.decrement) {
      for (const order of [maker, taker]) {
        release(order, lots);
        order.leavesLots -= lots;
        order.quantityLots -= lots;
      }
      this.#shrinkMaker(maker, lots);
      if (taker.leavesLots === 0) this.#forget(taker);
    }
    const fields = (order: Order, liquidity: number) => ({
      orderId: order.orderId,
      clientOrderId: order.clientOrderId,
      instrumentId: order.instrument.instrumentId,
      priceTicks: maker.priceTicks,
      preventedLots: lots,
      leavesLots: order.leavesLots,
      cumulativeLots: order.cumulativeLots,
      side: order.side,
      liquidity,
      selfTradePrevention: mode,
      reserved0: 0,
    });
    this.#emit('selfTradePrevented', maker.account.accountId, 0, 0, fields(maker, Liquidity.maker));
    this.#tellTaker(taker, 'selfTradePrevented', fields(taker, Liquidity.taker));
    if (mode === SelfTradePrevention.decrement) {
      this.#endLink(maker);
      this.#endLink(taker);
    }
    if (mode === SelfTradePrevention.cancelOldest || mode === SelfTradePrevention.cancelBoth)
      this.#cancelOpen(maker, CancelReason.selfTrade, 'notice');
    if (mode === SelfTradePrevention.cancelNewest || mode === SelfTradePrevention.cancelBoth) {
      this.#cancelRemainder(taker, CancelReason.selfTrade, this.#incoming);
      taker.leavesLots = 0;
    }
  }

  /** Cancels what is left of an open order of the account. */
  #cancelOrder(command: CommandOf<'cancelOrder'>): void {
    const account = this.#account(command.accountId);
    const instrument = this.#instrument(command.fields.instrumentId);
    const order = this.#restingOrder(account, instrument, command.fields.clientOrderId);
    this.#cancelOpen(order, CancelReason.requested, 'answer');
  }

  /**
   * Changes price and quantity in one step. `quantityLots` is the new total with the fills in it; at or below what
   * is already filled, the order is done and what is left of it is cancelled. The place in the level is kept only
   * at the same price and a total that does not grow; otherwise the order matches again like an incoming one.
   * An order that takes its place anew takes the rates of now; a post-only order stays post-only.
   * With the flag reinsert, `quantityLots` is the new open quantity, filled quantity starts at 0 again and the
   * place is always lost. A hidden order must not grow beyond what it may hide.
   */
  #replaceOrder(command: CommandOf<'replaceOrder'>): void {
    const { fields } = command;
    const account = this.#account(command.accountId);
    this.#checkFlow(account);
    const instrument = this.#instrument(fields.instrumentId);
    this.#checkMarketOpen(instrument);
    if (fields.flags !== 0 && fields.flags !== ReplaceFlag.reinsert)
      throw new Rejection(RejectCode.INVALID_FLAGS);
    if (fields.quantityLots < 1) throw new Rejection(RejectCode.INVALID_QUANTITY);
    if (fields.priceTicks < 1) throw new Rejection(RejectCode.INVALID_PRICE);
    const order = this.#restingOrder(account, instrument, fields.clientOrderId);
    if (order.triggerPriceTicks !== 0) throw new Rejection(RejectCode.STOP_NOT_REPLACEABLE);
    if (
      fields.newClientOrderId !== fields.clientOrderId &&
      this.openOrder(account, fields.newClientOrderId) !== undefined
    ) {
      throw new Rejection(RejectCode.DUPLICATE_CLIENT_ORDER_ID);
    }
    const isReinsert = fields.flags === ReplaceFlag.reinsert;
    if (!isReinsert && fields.quantityLots <= order.cumulativeLots) {
      this.#cancelOpen(order, CancelReason.replacedToFilled, 'answer');
      return;
    }

    const newCumulative = isReinsert ? 0 : order.cumulativeLots;
    const newLeaves = fields.quantityLots - newCumulative;
    this.#checkHidden(order.displayLots, newLeaves);
    const isContinuous = instrument.marketState === MarketState.continuous;
    const priceTicks = isContinuous
      ? this.#makerPrice(instrument, order.side, fields.priceTicks, order.flags)
      : fields.priceTicks;
    const keepsPriority =
      !isReinsert && priceTicks === order.priceTicks && fields.quantityLots <= order.quantityLots;
    if (!keepsPriority && instrument.marketState === MarketState.cancelOnly)
      throw new Rejection(RejectCode.CANCEL_ONLY);
    if (!keepsPriority && !isContinuous) this.#checkNotPostOnly(order.flags);
    const rates = keepsPriority ? order.rates : this.#ratesOf(account, instrument);
    const lotCost = keepsPriority
      ? order.lotCost
      : this.#lotCostOf(instrument, order.side, priceTicks, rates);
    if (!keepsPriority) this.#checkLimits(account, instrument, priceTicks, newLeaves, priceTicks);
    checkNotional(instrument, order.side, priceTicks, newLeaves, rates);
    if (isMargin(instrument)) {
      const entering = { side: order.side, priceTicks, lots: newLeaves, lotCost };
      if (!keepsPriority)
        checkMargin(account, instrument, entering, order, this.#equityOf(account, instrument.quote));
    } else {
      const held = reservation(instrument, order.side, order.priceTicks, order.leavesLots, order.rates);
      const needed = reservation(instrument, order.side, priceTicks, newLeaves, rates);
      if (reservedBalance(account, instrument, order.side).available + held < needed)
        throw new Rejection(RejectCode.INSUFFICIENT_FUNDS);
    }

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
    order.priceTicks = priceTicks;
    order.rates = rates;
    order.lotCost = lotCost;
    order.quantityLots = fields.quantityLots;
    order.cumulativeLots = newCumulative;
    order.leavesLots = newLeaves;
    order.shownLots = Math.min(order.shownLots, newLeaves);
    reserve(order);
    this.#report('replaced', {
      ...this.#terms(order),
      originalClientOrderId: fields.clientOrderId,
      leavesLots: order.leavesLots,
      cumulativeLots: order.cumulativeLots,
      priorityKept: keepsPriority ? 1 : 0,
      reserved0: 0,
    });
    if (!keepsPriority) this.#trade(order, true);
  }

  /** Cancels the open orders of the account, or those of an instrument or side, the lowest order id first. */
  #massCancel(command: CommandOf<'massCancel'>): void {
    const account = this.#account(command.accountId);
    const { instrumentId, side } = command.fields;
    if (instrumentId !== 0) this.#instrument(instrumentId);
    if (side !== 0 && side !== Side.buy && side !== Side.sell) throw new Rejection(RejectCode.INVALID_SIDE);
    const orders = this.openOrdersOf(account).filter(
      (order) =>
        (instrumentId === 0 || order.instrument.instrumentId === instrumentId) &&
        (side === 0 || order.side === side),
    );
    let orderCount = 0;
    for (const order of orders) {
      // It may have gone with its partner.
      if (!this.#isOpen(order)) continue;
      this.#cancelOpen(order, CancelReason.massCancel, 'answer');
      orderCount += 1;
    }
    this.#report('massCancelled', { orderCount, reserved0: 0 });
  }

  /** Reports every balance that is not zero by asset id, every position by instrument id when asked for, every open order by order id, and the end. */
  #requestSnapshot(command: CommandOf<'requestSnapshot'>): void {
    const account = this.#account(command.accountId);
    if ((command.fields.flags & ~SnapshotFlag.positions) !== 0) throw new Rejection(RejectCode.INVALID_FLAGS);
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
    const withPositions = (command.fields.flags & SnapshotFlag.positions) !== 0;
    let positionCount = 0;
    for (const { instrumentId } of withPositions ? this.instruments : []) {
      const position = account.positions.get(instrumentId);
      const initialMargin = account.margins.get(instrumentId)?.held ?? 0n;
      const { quantityLots, cost, realisedProfit } = position ?? FLAT;
      if (quantityLots === 0n && realisedProfit === 0n && initialMargin === 0n) continue;
      positionCount += 1;
      this.#report('position', {
        quantityLots: Number(quantityLots),
        cost: Number(cost),
        realisedProfit: Number(realisedProfit),
        instrumentId,
        reserved0: 0,
        initialMargin: Number(initialMargin),
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
        flags: order.flags,
        expireTimeUs: order.expireTimeUs,
        displayLots: order.displayLots,
        triggerPriceTicks: order.triggerPriceTicks,
      });
    }
    this.#report('snapshotEnd', {
      balanceCount,
      orderCount: orders.length,
      positionCount,
      reserved0: 0,
    });
  }

  // --- parts of the commands ------------------------------------------------------------------------------------

  #account(accountId: number): Account {
    const account = this.accounts.get(accountId);
    if (account === undefined) throw new Rejection(RejectCode.UNKNOWN_ACCOUNT);
    return account;
  }

  #instrument(instrumentId: number): Instrument {
    const instrument = this.instruments.find((candidate) => candidate.instrumentId === instrumentId);
    if (instrument === undefined || instrument.marketState === MarketState.removed)
      throw new Rejection(RejectCode.UNKNOWN_INSTRUMENT);
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

  /** The open orders of all accounts. */
  #allOpenOrders(): Order[] {
    return [...this.accounts.values()].flatMap((account) => [...account.openOrders.values()]);
  }

  #openOrderCount(): number {
    let count = 0;
    for (const account of this.accounts.values()) count += account.openOrders.size;
    return count;
  }

  /** Puts an order behind all others at its price. */
  #rest(order: Order): void {
    order.priority = this.nextPriority++;
    order.shownLots = Math.min(order.displayLots, order.leavesLots);
    this.book(order.instrument).rest(order);
    this.#touch(order);
  }

  /** Cancels an open order: one that rests in a book, or a stop that waits. */
  #cancelOpen(order: Order, reason: number, kind: ReportKind): void {
    if (order.triggerPriceTicks === 0) {
      this.#touch(order);
      this.book(order.instrument).remove(order);
    }
    this.#cancelRemainder(order, reason, kind);
  }

  /** Cancels orders that nobody asked to cancel; one may have gone with its partner. */
  #cancelAll(orders: readonly Order[], reason: number): void {
    for (const order of orders) if (this.#isOpen(order)) this.#cancelOpen(order, reason, 'notice');
  }

  /** Ends an order that is in no book (any more): its money is free again. */
  #cancelRemainder(order: Order, reason: number, kind: ReportKind): void {
    release(order);
    this.#forget(order);
    const fields = {
      ...this.#terms(order),
      quantityLots: order.leavesLots,
      cumulativeLots: order.cumulativeLots,
      reason,
      reserved0: 0,
    };
    if (kind === 'answer') this.#report('cancelled', fields);
    else this.#emit('cancelled', order.account.accountId, 0, 0, fields);
    this.#endLink(order);
  }

  #forget(order: Order): void {
    if (this.#isOpen(order)) order.account.openOrders.delete(order.clientOrderId);
    this.#timedOrders.delete(order);
    this.#stops.delete(order);
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
    const touched = this.#touched;
    this.#touched = [];
    for (const { instrument, side, priceTicks } of touched) {
      const orders = this.book(instrument).level(side, priceTicks);
      instrument.bookSequence += 1;
      this.#emit('bookDelta', 0, 0, 0, {
        bookSequence: instrument.bookSequence,
        levelLots: orders.reduce((lots, order) => lots + visibleLots(order), 0),
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

  /** A report to the account of the incoming order. */
  #tellTaker<N extends EventName>(taker: Order, name: N, answer: Answer<N>): void {
    if (this.#incoming === 'answer') this.#report(name, answer);
    else this.#emit(name, taker.account.accountId, 0, 0, answer);
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

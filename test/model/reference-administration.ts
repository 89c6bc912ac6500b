/** Accounts, keys, fees and other settings. */
import {
  AccountStatus,
  CancelReason,
  FEE_TIERS,
  Permission,
  RejectCode,
  SelfTradePrevention,
} from '../../src/core/codes.js';
import type { CommandOf } from './messages.js';
import { cancelAll } from './reference-endings.js';
import type { Exchange } from './reference-exchange.js';
import { MAX_INT32, MAX_RATE_PPM, MAX_SELF_TRADE_PREVENTION } from './reference-numbers.js';
import type { Account } from './reference-state.js';
import { Rejection } from './rejection.js';

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** Opens an account under the id that the administrator chose, 1..2^31-1. */
export function openAccount(exchange: Exchange, command: CommandOf<'openAccount'>): void {
  const { accountId } = command.fields;
  if (accountId < 1 || accountId > MAX_INT32) throw new Rejection(RejectCode.INVALID_ACCOUNT);
  if (exchange.accounts.has(accountId)) throw new Rejection(RejectCode.ACCOUNT_EXISTS);
  if (exchange.accounts.size >= exchange.limits.accounts) throw new Rejection(RejectCode.TOO_MANY_ACCOUNTS);
  exchange.accounts.set(accountId, {
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
  exchange.answerAdmin('accountOpened', { accountId });
}

/** Registers a key: either a trading key of an open account, or an admin key of account 0. */
export function registerApiKey(exchange: Exchange, command: CommandOf<'registerApiKey'>): void {
  const { accountId, permissions, publicKey } = command.fields;
  const isTrade = permissions === Permission.trade;
  const isAdmin = permissions === Permission.admin;
  if (!isTrade && !isAdmin) throw new Rejection(RejectCode.INVALID_API_KEY);
  if (publicKey.every((byte) => byte === 0)) throw new Rejection(RejectCode.INVALID_API_KEY);
  if (isAdmin && accountId !== 0) throw new Rejection(RejectCode.INVALID_ACCOUNT);
  if (isTrade && !exchange.accounts.has(accountId)) throw new Rejection(RejectCode.UNKNOWN_ACCOUNT);
  if (exchange.apiKeys.some((key) => sameBytes(key.publicKey, publicKey)))
    throw new Rejection(RejectCode.API_KEY_EXISTS);
  if (exchange.apiKeys.length >= exchange.limits.apiKeys) throw new Rejection(RejectCode.TOO_MANY_API_KEYS);
  const apiKeyId = exchange.apiKeys.length + 1;
  exchange.apiKeys.push({ apiKeyId, accountId, permissions, publicKey, highWater: 0 });
  exchange.answerAdmin('apiKeyRegistered', { accountId, permissions, publicKey, apiKeyId });
}

/** Epochs strictly rise. */
export function epochStarted(exchange: Exchange, command: CommandOf<'epochStarted'>): void {
  const { clusterId, epoch, nodeId } = command.fields;
  if (epoch <= exchange.epoch) throw new Rejection(RejectCode.STALE_EPOCH);
  exchange.epoch = epoch;
  exchange.answerAdmin('epochChanged', { clusterId, epoch, nodeId });
}

/** Sets the rates of one tier in one instrument; open orders keep the rates that they have. */
export function setInstrumentFees(exchange: Exchange, command: CommandOf<'setInstrumentFees'>): void {
  const { instrumentId, feeTier, makerPpm, takerPpm } = command.fields;
  const instrument = exchange.instrument(instrumentId);
  if (feeTier >= FEE_TIERS) throw new Rejection(RejectCode.INVALID_FEE_TIER);
  if (makerPpm < -MAX_RATE_PPM || makerPpm > MAX_RATE_PPM) throw new Rejection(RejectCode.INVALID_FEE);
  if (takerPpm < 0 || takerPpm > MAX_RATE_PPM) throw new Rejection(RejectCode.INVALID_FEE);
  instrument.fees[feeTier] = { makerPpm, takerPpm };
  exchange.answerAdmin('instrumentFeesChanged', { instrumentId, feeTier, makerPpm, takerPpm });
}

/** Puts an account into a fee tier, for orders from now on. */
export function setAccountFeeTier(exchange: Exchange, command: CommandOf<'setAccountFeeTier'>): void {
  const { accountId, feeTier } = command.fields;
  const account = exchange.account(accountId);
  if (feeTier >= FEE_TIERS) throw new Rejection(RejectCode.INVALID_FEE_TIER);
  account.feeTier = feeTier;
  reportSettings(exchange, account);
}

/** Sets the group of an account at once, and the mode of its orders from now on. */
export function setSelfTradePrevention(
  exchange: Exchange,
  command: CommandOf<'setSelfTradePrevention'>,
): void {
  const { accountId, selfTradeGroup, selfTradePrevention } = command.fields;
  const account = exchange.account(accountId);
  if (selfTradePrevention < 1 || selfTradePrevention > MAX_SELF_TRADE_PREVENTION)
    throw new Rejection(RejectCode.INVALID_SELF_TRADE_PREVENTION);
  account.selfTradeGroup = selfTradeGroup;
  account.selfTradePrevention = selfTradePrevention;
  reportSettings(exchange, account);
}

/** The settings of an account as they are now: a report to that account which answers the session that set them. */
function reportSettings(exchange: Exchange, account: Account): void {
  const { accountId, selfTradeGroup, feeTier, selfTradePrevention, status, throttle } = account;
  const command = exchange.currentCommand();
  exchange.emit('accountChanged', accountId, command.sessionId, command.fields.clientSequence, {
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
export function setAccountStatus(exchange: Exchange, command: CommandOf<'setAccountStatus'>): void {
  const { accountId, status } = command.fields;
  const account = exchange.account(accountId);
  if (!Object.values(AccountStatus).some((known) => known === status))
    throw new Rejection(RejectCode.INVALID_STATUS);
  account.status = status;
  reportSettings(exchange, account);
  if (status !== AccountStatus.killed) return;
  cancelAll(exchange, exchange.openOrdersOf(account), CancelReason.killSwitch);
}

/** Sets how many orders and replaces an account may send; what was counted before is forgotten. */
export function setAccountThrottle(exchange: Exchange, command: CommandOf<'setAccountThrottle'>): void {
  const { accountId, maxCommands, intervalUs } = command.fields;
  const account = exchange.account(accountId);
  if (maxCommands !== 0 && intervalUs === 0) throw new Rejection(RejectCode.INVALID_THROTTLE);
  account.throttle = { maxCommands, intervalUs, interval: 0, counted: 0 };
  reportSettings(exchange, account);
}

/** Opens a trading day. DAY orders that are open already keep the end that they have. */
export function setTradingDayEnd(exchange: Exchange, command: CommandOf<'setTradingDayEnd'>): void {
  const { endTimeUs } = command.fields;
  if (!exchange.isInFuture(endTimeUs)) throw new Rejection(RejectCode.INVALID_EXPIRE_TIME);
  exchange.tradingDayEndUs = endTimeUs;
  exchange.answerAdmin('tradingDayChanged', { endTimeUs });
}

/** Versions of the rules strictly rise. */
export function activateLogic(exchange: Exchange, command: CommandOf<'activateLogic'>): void {
  const { logicVersion } = command.fields;
  const previousVersion = exchange.logicVersion;
  if (logicVersion <= previousVersion) throw new Rejection(RejectCode.LOGIC_NOT_NEWER);
  exchange.logicVersion = logicVersion;
  exchange.answerAdmin('logicActivated', { logicVersion, previousVersion });
}

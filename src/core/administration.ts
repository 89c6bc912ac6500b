/**
 * The commands of admins and of the node: listing, accounts, keys, money in and out, epochs and time.
 *
 * Each command returns 0, or the reject code of the first check that failed: all checks come before the first
 * change, so a rejected command has changed nothing. 64-bit ids are given in two int32 halves, u32 fields as int32.
 */
import { PUBLIC_KEY_WORDS } from './api-keys.js';
import { ASSET_CODE_BYTES } from './assets.js';
import { BalanceReason, InstrumentFlag, Permission, RejectCode } from './codes.js';
import { type Core, EngineWord } from './core.js';
import type { EventSink } from './event-sink.js';
import {
  DEFAULT_PROTECTION_PPM,
  InstrumentControl,
  InstrumentWord,
  SYMBOL_BYTES,
  SYMBOL_WORDS,
} from './instruments.js';
import { LogicVersion, LogicVersionError, logicVersionOf } from './logic-version.js';
import { areMarginRates, MARGIN_MONEY_MAX } from './margins.js';
import { MONEY_MAX, PPM, scaledProduct } from './money.js';
import { isAssetCode, isSymbol } from './text-fields.js';
import { NO_PAYER } from './transfers.js';

const EXPONENT_MIN = -15;
const EXPONENT_MAX = 9;
const DECIMALS_MAX = 15;
const TIMESTAMP_US = EngineWord.timestampUs;

export type Administration = ReturnType<typeof makeAdministration>;

/** The commands on `core`, with their events into `sink`. */
export function makeAdministration(core: Core, sink: EventSink) {
  const { accounts, apiKeys, assets, engine, holdings, instruments, transfers } = core;

  /** Lists an instrument. The three texts lie in `text` at the given words; mantissas and ppm are u32. */
  const listInstrument = (
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
    flags: number,
    initialMarginPpm: number,
    maintenanceMarginPpm: number,
  ): number => {
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
    if ((flags & ~InstrumentFlag.margin) !== 0) return RejectCode.INVALID_FLAGS;
    if (!areMarginRates(flags, initialMarginPpm, maintenanceMarginPpm)) return RejectCode.INVALID_MARGIN;

    if (instruments.find(text, symbolAt) !== 0) return RejectCode.INSTRUMENT_EXISTS;
    let base = assets.find(text, baseAt);
    let quote = assets.find(text, quoteAt);
    if (base !== 0 && assets.decimals(base) !== baseDecimals) return RejectCode.ASSET_DECIMALS_DIFFER;
    if (quote !== 0 && assets.decimals(quote) !== quoteDecimals) return RejectCode.ASSET_DECIMALS_DIFFER;
    if (instruments.count === instruments.maxInstruments) return RejectCode.TOO_MANY_INSTRUMENTS;
    const newAssets = (base === 0 ? 1 : 0) + (quote === 0 ? 1 : 0);
    if (assets.count + newAssets > assets.maxAssets) return RejectCode.TOO_MANY_ASSETS;
    const isMargin = flags !== 0;
    if (isMargin && assets.supply[quote] > MARGIN_MONEY_MAX) return RejectCode.SUPPLY_TOO_LARGE;

    if (base === 0) base = assets.add(text, baseAt, baseDecimals);
    if (quote === 0) quote = assets.add(text, quoteAt, quoteDecimals);
    const instrumentId = instruments.allocate();
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
    words[at + InstrumentWord.flags] = flags;
    words[at + InstrumentWord.initialMarginPpm] = initialMarginPpm;
    words[at + InstrumentWord.maintenanceMarginPpm] = maintenanceMarginPpm;
    if (isMargin) {
      words[at + InstrumentWord.controls] = InstrumentControl.margin | InstrumentControl.unmarked;
      assets.supplyMax[quote] = MARGIN_MONEY_MAX;
    }
    instruments.touch(at);
    sink.instrumentListed(instrumentId);
    return 0;
  };

  /** Opens an account under an id that the admin chose. */
  const openAccount = (accountId: number): number => {
    if (accountId < 1) return RejectCode.INVALID_ACCOUNT;
    if (accounts.find(accountId) !== 0) return RejectCode.ACCOUNT_EXISTS;
    if (accounts.count === accounts.maxAccounts) return RejectCode.TOO_MANY_ACCOUNTS;
    accounts.add(accountId);
    sink.accountOpened(accountId);
    return 0;
  };

  /** Registers the public key (eight words at `keyAt`) of a trading session of an account, or of an admin. */
  const registerApiKey = (
    accountId: number,
    permissions: number,
    keyWords: Int32Array,
    keyAt: number,
  ): number => {
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
    sink.apiKeyRegistered(apiKeys.add(account, permissions, keyWords, keyAt));
    return 0;
  };

  /**
   * Makes the command that credits an account, or debits what is available there, once for each transfer id. The asset code
   * lies in `text` at `assetAt`.
   */
  const makeMove =
    (isDeposit: boolean) =>
    (
      accountId: number,
      transferIdLow: number,
      transferIdHigh: number,
      amount: number,
      text: Int32Array,
      assetAt: number,
    ): number => {
      if (isIdMissing(transferIdLow, transferIdHigh)) return RejectCode.INVALID_TRANSFER_ID;
      if (!(amount >= 1 && amount <= MONEY_MAX)) return RejectCode.INVALID_AMOUNT;
      const account = accounts.find(accountId);
      if (account === 0) return RejectCode.UNKNOWN_ACCOUNT;
      const assetId = assets.find(text, assetAt);
      if (assetId === 0) return RejectCode.UNKNOWN_ASSET;
      const reason = isDeposit ? BalanceReason.deposit : BalanceReason.withdraw;
      const change = isDeposit ? amount : -amount;
      const done = transfers.find(transferIdLow, transferIdHigh);
      let holding = holdings.find(account, assetId);
      if (done !== 0) {
        if (!transfers.isSame(done, accountId, assetId, change, NO_PAYER))
          return RejectCode.TRANSFER_ID_REUSED;
        sink.balanceChanged(account, holding, transferIdLow, transferIdHigh, change, reason, 1);
        return 0;
      }
      if (transfers.count === transfers.maxTransfers) return RejectCode.TOO_MANY_TRANSFERS;
      if (isDeposit) {
        if (assets.supply[assetId] + amount > assets.supplyMax[assetId]) return RejectCode.SUPPLY_TOO_LARGE;
        if (holding === 0 && holdings.count === holdings.maxHoldings) return RejectCode.TOO_MANY_HOLDINGS;
      } else if (holdings.available(holding) < amount) {
        return RejectCode.INSUFFICIENT_FUNDS;
      }

      if (holding === 0) holding = holdings.add(account, assetId);
      assets.supply[assetId] += change;
      holdings.money[holding >> 1] += change;
      holdings.touch(holding);
      transfers.add(transferIdLow, transferIdHigh, accountId, assetId, change, NO_PAYER);
      sink.balanceChanged(account, holding, transferIdLow, transferIdHigh, change, reason, 0);
      return 0;
    };

  /**
   * Moves available money from one account to another, out of the fees (from account 0) or into the insurance fund (to
   * account 0), once for each transfer id. The payer is told without an answer, the payee's report answers the command;
   * where there is no payee, the payer's does.
   */
  const transfer = (
    fromAccountId: number,
    toAccountId: number,
    transferIdLow: number,
    transferIdHigh: number,
    amount: number,
    text: Int32Array,
    assetAt: number,
  ): number => {
    if (!(amount >= 1 && amount <= MONEY_MAX)) return RejectCode.INVALID_AMOUNT;
    const from = fromAccountId === 0 ? 0 : accounts.find(fromAccountId);
    const to = toAccountId === 0 ? 0 : accounts.find(toAccountId);
    if ((fromAccountId !== 0 && from === 0) || (toAccountId !== 0 && to === 0))
      return RejectCode.UNKNOWN_ACCOUNT;
    if (from === to) return RejectCode.INVALID_ACCOUNT;
    const assetId = assets.find(text, assetAt);
    if (assetId === 0) return RejectCode.UNKNOWN_ASSET;
    const done = transfers.find(transferIdLow, transferIdHigh);
    const payer = from === 0 ? 0 : holdings.find(from, assetId);
    let payee = to === 0 ? 0 : holdings.find(to, assetId);
    if (done !== 0) {
      if (!transfers.isSame(done, toAccountId, assetId, amount, fromAccountId)) {
        return RejectCode.TRANSFER_ID_REUSED;
      }
    } else {
      if (transfers.count === transfers.maxTransfers) return RejectCode.TOO_MANY_TRANSFERS;
      const funds = from === 0 ? assets.fees[assetId] : holdings.available(payer);
      if (funds < amount) return RejectCode.INSUFFICIENT_FUNDS;
      const isNewHolding = to !== 0 && payee === 0;
      if (isNewHolding && holdings.count === holdings.maxHoldings) return RejectCode.TOO_MANY_HOLDINGS;

      if (isNewHolding) payee = holdings.add(to, assetId);
      if (from === 0) {
        assets.fees[assetId] -= amount;
      } else {
        holdings.money[payer >> 1] -= amount;
        holdings.touch(payer);
      }
      if (to === 0) {
        assets.insurance[assetId] += amount;
      } else {
        holdings.money[payee >> 1] += amount;
        holdings.touch(payee);
      }
      transfers.add(transferIdLow, transferIdHigh, toAccountId, assetId, amount, fromAccountId);
    }
    const reason = BalanceReason.transfer;
    const duplicate = done === 0 ? 0 : 1;
    if (to === 0) {
      sink.balanceChanged(from, payer, transferIdLow, transferIdHigh, -amount, reason, duplicate);
      return 0;
    }
    if (from !== 0) {
      sink.balanceNotice(from, payer, transferIdLow, transferIdHigh, -amount, reason, duplicate);
    }
    sink.balanceChanged(to, payee, transferIdLow, transferIdHigh, amount, reason, duplicate);
    return 0;
  };

  /** Opens the epoch of a primary; it must be greater than every one before. u32 and u64 in int32 words. */
  const startEpoch = (epoch: number, nodeId: number, clusterIdLow: number, clusterIdHigh: number): number => {
    if (epoch >>> 0 <= engine[EngineWord.epoch] >>> 0) return RejectCode.STALE_EPOCH;
    engine[EngineWord.epoch] = epoch;
    engine[EngineWord.nodeId] = nodeId;
    engine[EngineWord.clusterIdLow] = clusterIdLow;
    engine[EngineWord.clusterIdHigh] = clusterIdHigh;
    sink.epochChanged();
    return 0;
  };

  /**
   * Switches the rules from the next command on; versions only rise. Gateways let no version pass that they do not know,
   * so that one that this release does not know can only come from the journal of a newer one: LogicVersionError.
   */
  const activateLogic = (logicVersion: number): number => {
    const version = logicVersion >>> 0;
    const previous = logicVersionOf(core);
    if (version <= previous) return RejectCode.LOGIC_NOT_NEWER;
    if (version > LogicVersion.newest) throw new LogicVersionError(version);
    engine[EngineWord.logicVersion] = version;
    sink.logicActivated(version, previous);
    return 0;
  };

  /** Whether the id says nothing and the rules want one that does. */
  const isIdMissing = (transferIdLow: number, transferIdHigh: number): boolean =>
    (transferIdLow | transferIdHigh) === 0 && logicVersionOf(core) >= 2;

  /** Moves command time to the timestamp (i64 in two words) of a command; it never goes back. */
  const advanceTime = (low: number, high: number): void => {
    const nowHigh = engine[TIMESTAMP_US + 1];
    if (high < nowHigh || (high === nowHigh && low >>> 0 <= engine[TIMESTAMP_US] >>> 0)) return;
    engine[TIMESTAMP_US] = low | 0;
    engine[TIMESTAMP_US + 1] = high | 0;
  };

  return {
    listInstrument,
    openAccount,
    registerApiKey,
    deposit: makeMove(true),
    withdraw: makeMove(false),
    transfer,
    startEpoch,
    activateLogic,
    advanceTime,
  };
}

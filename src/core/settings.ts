/**
 * The commands of admins that set how orders trade from now on: fees, self-trade prevention, the trading day.
 *
 * Each command returns 0, or the reject code of the first check that failed, and has then changed nothing. u32 fields
 * are given as int32.
 */
import { readInt64, writeInt64 } from '../base/int64.js';
import { AccountWord } from './accounts.js';
import { FEE_TIERS, RejectCode, SelfTradePrevention } from './codes.js';
import { type Core, EngineWord } from './core.js';
import type { EventSink } from './event-sink.js';
import { MONEY_MAX, PPM } from './money.js';

/** Bits of AccountWord.settings. */
const TIER_BITS = 0xff;
const MODE_SHIFT = 8;

export function makeSettings(core: Core, sink: EventSink) {
  const { accounts, engine, instruments } = core;
  const words = core.arena.words;

  /**
   * Sets the rates of a fee tier in an instrument, in millionths of the notional, for orders that take their place from
   * now on. A maker rate below 0 is a rebate.
   */
  const setInstrumentFees = (
    instrumentId: number,
    feeTier: number,
    makerPpm: number,
    takerPpm: number,
  ): number => {
    if (!instruments.isListed(instrumentId)) return RejectCode.UNKNOWN_INSTRUMENT;
    if (feeTier >>> 0 >= FEE_TIERS) return RejectCode.INVALID_FEE_TIER;
    if (makerPpm < -PPM || makerPpm > PPM) return RejectCode.INVALID_FEE;
    if (takerPpm < 0 || takerPpm > PPM) return RejectCode.INVALID_FEE;
    const instrument = instruments.handleOf(instrumentId);
    const at = instruments.ratesAt(instrument, feeTier);
    words[at] = makerPpm;
    words[at + 1] = takerPpm;
    instruments.touch(instrument);
    sink.instrumentFeesChanged(instrumentId, feeTier);
    return 0;
  };

  /** Puts an account into a fee tier, for orders that take their place from now on. */
  const setAccountFeeTier = (accountId: number, feeTier: number): number => {
    const account = accounts.find(accountId);
    if (account === 0) return RejectCode.UNKNOWN_ACCOUNT;
    if (feeTier >>> 0 >= FEE_TIERS) return RejectCode.INVALID_FEE_TIER;
    const at = account + AccountWord.settings;
    words[at] = (words[at] & ~TIER_BITS) | feeTier;
    accounts.touch(account);
    sink.accountChanged(account);
    return 0;
  };

  /** Sets the group of an account at once (0 = none), and the mode of its orders from now on that name none. */
  const setSelfTradePrevention = (accountId: number, group: number, mode: number): number => {
    const account = accounts.find(accountId);
    if (account === 0) return RejectCode.UNKNOWN_ACCOUNT;
    if (mode < SelfTradePrevention.allow || mode > SelfTradePrevention.decrement) {
      return RejectCode.INVALID_SELF_TRADE_PREVENTION;
    }
    const at = account + AccountWord.settings;
    words[at] = (words[at] & TIER_BITS) | ((mode - SelfTradePrevention.allow) << MODE_SHIFT);
    words[account + AccountWord.selfTradeGroup] = group;
    accounts.touch(account);
    sink.accountChanged(account);
    return 0;
  };

  /** Opens a trading day that ends at a command time; DAY orders that are open keep the end that they have. */
  const setTradingDayEnd = (endTimeUs: number): number => {
    if (!(endTimeUs > readInt64(engine, EngineWord.timestampUs) && endTimeUs <= MONEY_MAX)) {
      return RejectCode.INVALID_EXPIRE_TIME;
    }
    writeInt64(engine, EngineWord.tradingDayEndUs, endTimeUs);
    sink.tradingDayChanged();
    return 0;
  };

  return { setInstrumentFees, setAccountFeeTier, setSelfTradePrevention, setTradingDayEnd };
}

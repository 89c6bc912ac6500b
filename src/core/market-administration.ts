/**
 * The commands of admins on markets while they run: states, settings, removal; and the node's word that a session ended.
 *
 * Each command returns 0, or the reject code of the first check that failed, before it changed anything. u32 fields
 * are given as int32.
 */
import { readInt64 } from '../base/int64.js';
import { AccountWord } from './accounts.js';
import { CancelReason, MarketState, MarketStateCause, RejectCode } from './codes.js';
import { type Core, EngineWord } from './core.js';
import type { EventSink } from './event-sink.js';
import { DEFAULT_PROTECTION_PPM, InstrumentWord } from './instruments.js';
import type { Liquidation } from './liquidation.js';
import { areMarginRates } from './margins.js';
import { isAuctionState, type MarketStates } from './market-states.js';
import { MONEY_MAX, PPM } from './money.js';
import { OrderWord } from './orders.js';
import type { Volatility } from './volatility.js';

export type MarketAdministration = ReturnType<typeof makeMarketAdministration>;

export function makeMarketAdministration(
  core: Core,
  sink: EventSink,
  states: MarketStates,
  volatility: Volatility,
  runStops: (instrumentId: number) => void,
  cancelNotice: (order: number, reason: number) => void,
  { checkMargins, isFlat, setRates }: Liquidation,
) {
  const { accounts, books, engine, instruments } = core;
  const { words } = core.arena;

  /**
   * Changes the state of a market; any may follow any. `nextState` follows by itself at command time `endTimeUs`, 0 =
   * the state stays. `reference`: of an auction, in ticks, 0 = the last trade, -1 = none.
   */
  const setMarketState = (
    instrumentId: number,
    state: number,
    endTimeUs: number,
    nextState: number,
    reference: number,
  ): number => {
    if (!instruments.isListed(instrumentId)) return RejectCode.UNKNOWN_INSTRUMENT;
    if (!isState(state)) return RejectCode.INVALID_MARKET_STATE;
    if (endTimeUs === 0 ? nextState !== 0 : !isState(nextState)) return RejectCode.INVALID_MARKET_STATE;
    const now = readInt64(engine, EngineWord.timestampUs);
    if (endTimeUs !== 0 && !(endTimeUs > now && endTimeUs <= MONEY_MAX))
      return RejectCode.INVALID_EXPIRE_TIME;
    if (reference < -1 || (reference !== 0 && !isAuctionState(state))) return RejectCode.INVALID_PRICE;
    states.changeState(instrumentId, state, endTimeUs, nextState, reference, MarketStateCause.command);
    runStops(instrumentId);
    checkMargins();
    books.flush(sink);
    return 0;
  };

  /** Sets what may change of an instrument, all of it; open orders keep what they have. */
  const changeInstrument = (
    instrumentId: number,
    protectionPpm: number,
    volatilityPpm: number,
    volatilityWindowUs: number,
    volatilityAuctionUs: number,
    initialMarginPpm: number,
    maintenanceMarginPpm: number,
  ): number => {
    if (!instruments.isListed(instrumentId)) return RejectCode.UNKNOWN_INSTRUMENT;
    if (protectionPpm >>> 0 > PPM) return RejectCode.INVALID_PROTECTION;
    const isValid =
      volatilityPpm === 0
        ? (volatilityWindowUs | volatilityAuctionUs) === 0
        : volatilityPpm >>> 0 <= PPM && volatilityWindowUs !== 0 && volatilityAuctionUs !== 0;
    if (!isValid) return RejectCode.INVALID_VOLATILITY_LIMIT;
    const instrument = instruments.handleOf(instrumentId);
    const flags = words[instrument + InstrumentWord.flags];
    if (!areMarginRates(flags, initialMarginPpm, maintenanceMarginPpm)) return RejectCode.INVALID_MARGIN;
    words[instrument + InstrumentWord.protectionPpm] =
      protectionPpm === 0 ? DEFAULT_PROTECTION_PPM : protectionPpm;
    volatility.set(instrument, volatilityPpm, volatilityWindowUs, volatilityAuctionUs);
    setRates(instrument, initialMarginPpm, maintenanceMarginPpm);
    sink.instrumentChanged(instrumentId);
    checkMargins();
    books.flush(sink);
    return 0;
  };

  /** Removes an instrument in which no order and no margin position is open: from now on it is as if it had never been, but for its id. */
  const removeInstrument = (instrumentId: number): number => {
    if (!instruments.isListed(instrumentId)) return RejectCode.UNKNOWN_INSTRUMENT;
    if (hasOrders(instrumentId) || !isFlat(instruments.handleOf(instrumentId)))
      return RejectCode.INSTRUMENT_IN_USE;
    states.changeState(instrumentId, MarketState.removed, 0, 0, 0, MarketStateCause.command);
    return 0;
  };

  /** A session that asked for it has ended: cancels all open orders of the account, oldest first. */
  const cancelOnDisconnect = (account: number): number => {
    if (account === 0) return RejectCode.UNKNOWN_ACCOUNT;
    // An order may take its linked partner along, so the next one is asked for anew.
    let order = words[account + AccountWord.firstOrder];
    while (order !== 0) {
      cancelNotice(order, CancelReason.disconnected);
      order = words[account + AccountWord.firstOrder];
    }
    books.flush(sink);
    return 0;
  };

  /** A walk over all accounts: waiting stops are in no book, and instruments are removed rarely. */
  const hasOrders = (instrumentId: number): boolean => {
    for (let n = 0; n < accounts.count; n += 1) {
      let order = words[accounts.handleOf(n) + AccountWord.firstOrder];
      while (order !== 0) {
        if (words[order + OrderWord.bookSide] >> 1 === instrumentId) return true;
        order = words[order + OrderWord.accountNext];
      }
    }
    return false;
  };

  return { setMarketState, changeInstrument, removeInstrument, cancelOnDisconnect };
}

/** Whether a command may ask for a state. */
function isState(state: number): boolean {
  return state >= MarketState.continuous && state <= MarketState.disabled;
}

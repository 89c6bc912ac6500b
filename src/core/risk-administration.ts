/**
 * The commands of admins that bound what accounts may do: status, throttle, order limits, price bands.
 *
 * Each command returns 0, or the reject code of the first check that failed, before it changed anything. u32 fields
 * are given as int32.
 */
import { makeAccountControls } from './account-controls.js';
import { AccountWord } from './accounts.js';
import { AccountStatus, CancelReason, RejectCode } from './codes.js';
import type { Core } from './core.js';
import type { EventSink } from './event-sink.js';
import { MONEY_MAX } from './money.js';
import { PositionWord } from './positions.js';

const PPM = 1_000_000;

export type RiskAdministration = ReturnType<typeof makeRiskAdministration>;

/** `cancelOpen` cancels an open order as a notice, its link too. */
export function makeRiskAdministration(
  core: Core,
  sink: EventSink,
  cancelOpen: (order: number, reason: number) => void,
) {
  const { accounts, books, instruments, orderLimits, positions, priceBands } = core;
  const { words } = core.arena;
  const { setStatus, setThrottle } = makeAccountControls(core);

  /** Suspends or resumes an account; the kill switch cancels all that it has open too, oldest first. */
  const setAccountStatus = (accountId: number, status: number): number => {
    const account = accounts.find(accountId);
    if (account === 0) return RejectCode.UNKNOWN_ACCOUNT;
    if (status < AccountStatus.active || status > AccountStatus.killed) return RejectCode.INVALID_STATUS;
    setStatus(account, status);
    sink.accountChanged(account);
    if (status !== AccountStatus.killed) return 0;
    // An order may take its linked partner along, so the next one is asked for anew.
    let order = words[account + AccountWord.firstOrder];
    while (order !== 0) {
      cancelOpen(order, CancelReason.killSwitch);
      order = words[account + AccountWord.firstOrder];
    }
    books.flush(sink);
    return 0;
  };

  /** Sets how many orders and replaces an account may send in each interval; nothing is counted yet. */
  const setAccountThrottle = (accountId: number, maxCommands: number, intervalUs: number): number => {
    const account = accounts.find(accountId);
    if (account === 0) return RejectCode.UNKNOWN_ACCOUNT;
    if (maxCommands !== 0 && intervalUs === 0) return RejectCode.INVALID_THROTTLE;
    setThrottle(account, maxCommands, intervalUs);
    sink.accountChanged(account);
    return 0;
  };

  /** Sets the prices that orders of an instrument may have from now on; all 0 = no bounds. */
  const setPriceBand = (
    instrumentId: number,
    minPrice: number,
    maxPrice: number,
    referencePrice: number,
    bandPpm: number,
  ): number => {
    if (!instruments.isListed(instrumentId)) return RejectCode.UNKNOWN_INSTRUMENT;
    const isRange = minPrice >= 0 && maxPrice >= 0 && (maxPrice === 0 || minPrice <= maxPrice);
    if (!isRange || referencePrice < 0 || bandPpm >>> 0 > PPM) return RejectCode.INVALID_BAND;
    const instrument = instruments.handleOf(instrumentId);
    priceBands.set(instrument, minPrice, maxPrice, referencePrice, bandPpm);
    instruments.touch(instrument);
    sink.priceBandChanged(instrumentId);
    return 0;
  };

  /** Sets how large and how many the orders of an account in an instrument may be from now on; 0 = no limit. */
  const setOrderLimits = (
    accountId: number,
    instrumentId: number,
    maxOrderNotional: number,
    maxOrderLots: number,
    maxOpenOrders: number,
  ): number => {
    const account = accounts.find(accountId);
    if (account === 0) return RejectCode.UNKNOWN_ACCOUNT;
    if (!instruments.isListed(instrumentId)) return RejectCode.UNKNOWN_INSTRUMENT;
    if (!(maxOrderNotional >= 0 && maxOrderNotional <= MONEY_MAX)) return RejectCode.INVALID_LIMIT;
    if (maxOrderLots < 0 || maxOpenOrders < 0) return RejectCode.INVALID_LIMIT;
    let position = positions.find(account, instrumentId);
    const isNew = words[position + PositionWord.limits] === 0;
    if (isNew && orderLimits.isFull()) return RejectCode.TOO_MANY_LIMITS;
    if (position === 0 && positions.isFull()) return RejectCode.TOO_MANY_POSITIONS;

    if (position === 0) position = positions.add(account, instrumentId);
    orderLimits.set(position, maxOrderNotional, maxOrderLots, maxOpenOrders);
    sink.orderLimitsChanged(position);
    return 0;
  };

  return { setAccountStatus, setAccountThrottle, setPriceBand, setOrderLimits };
}

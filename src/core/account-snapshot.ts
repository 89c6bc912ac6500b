/** The answer to a client that asks how its account stands. */
import { AccountWord } from './accounts.js';
import { BalanceReason, RejectCode, SnapshotFlag } from './codes.js';
import type { Core } from './core.js';
import type { EventSink } from './event-sink.js';
import { OrderWord } from './orders.js';
import { PositionWord } from './positions.js';

/** The command on `core`, with its events into `sink`. */
export function makeAccountSnapshot(core: Core, sink: EventSink) {
  const { assets, holdings, instruments, margins, positions } = core;
  const { words } = core.arena;

  /**
   * Reports the balances of an account (a handle) by asset id, with the flag its positions by instrument id, its open
   * orders by order id, and the end. Returns the reject code, or 0.
   */
  const requestSnapshot = (account: number, flags: number): number => {
    if (account === 0) return RejectCode.UNKNOWN_ACCOUNT;
    if ((flags & ~SnapshotFlag.positions) !== 0) return RejectCode.INVALID_FLAGS;
    const balanceCount = reportBalances(account);
    const positionCount = flags === 0 ? 0 : reportPositions(account);
    let orderCount = 0;
    let order = words[account + AccountWord.firstOrder];
    while (order !== 0) {
      orderCount += 1;
      sink.orderStatus(order);
      order = words[order + OrderWord.accountNext];
    }
    sink.snapshotEnd(account, balanceCount, orderCount, positionCount);
    return 0;
  };

  const reportBalances = (account: number): number => {
    let count = 0;
    for (let assetId = 1; assetId <= assets.count; assetId += 1) {
      const holding = holdings.find(account, assetId);
      if (holdings.available(holding) === 0 && holdings.reserved(holding) === 0) continue;
      count += 1;
      sink.balanceChanged(account, holding, 0, 0, 0, BalanceReason.snapshot, 0);
    }
    return count;
  };

  const reportPositions = (account: number): number => {
    let count = 0;
    for (let instrumentId = 1; instrumentId <= instruments.count; instrumentId += 1) {
      const position = positions.find(account, instrumentId);
      const holdsNothing = margins.held(words[position + PositionWord.margin]) === 0;
      if (holdsNothing && positions.isFlat(position)) continue;
      count += 1;
      sink.position(position);
    }
    return count;
  };

  return requestSnapshot;
}

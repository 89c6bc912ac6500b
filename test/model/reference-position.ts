/** Positions of the reference engine: average cost and realised profit, exact, in BigInt. */
import { Side } from '../../src/core/codes.js';
import { MAX_MONEY, notional } from './reference-money.js';
import type { Account, Instrument, Position } from './reference-state.js';

function absolute(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** Numbers that can be reported end at 2^53-1. */
function bounded(value: bigint): bigint {
  if (value > MAX_MONEY) return MAX_MONEY;
  return value < -MAX_MONEY ? -MAX_MONEY : value;
}

/** The position of an account in an instrument; flat when it never traded. */
export function positionOf(account: Account, instrument: Instrument): Position {
  let position = account.positions.get(instrument.instrumentId);
  if (position === undefined) {
    position = { quantityLots: 0n, cost: 0n, realisedProfit: 0n };
    account.positions.set(instrument.instrumentId, position);
  }
  return position;
}

/**
 * Counts a trade into the position of an account. What goes on in its direction adds to the cost. What
 * goes against it closes a part: that part of the cost, rounded down, leaves with it, and the difference to the price
 * is profit or loss. What is beyond the position opens one the other way.
 */
export function countTrade(
  account: Account,
  instrument: Instrument,
  side: number,
  priceTicks: number,
  lots: bigint,
): void {
  const position = positionOf(account, instrument);
  const direction = side === Side.buy ? 1n : -1n;
  const worth = (quantity: bigint) => notional(instrument, priceTicks, 1) * quantity;
  let opening = lots;
  const held = absolute(position.quantityLots);
  if (position.quantityLots * direction < 0n) {
    const closing = opening < held ? opening : held;
    opening -= closing;
    const part = (position.cost * closing) / held;
    const gain = direction < 0n ? worth(closing) - part : part - worth(closing);
    position.cost -= part;
    position.realisedProfit = bounded(position.realisedProfit + gain);
    position.quantityLots += direction * closing;
  }
  position.quantityLots += direction * opening;
  position.cost = bounded(position.cost + worth(opening));
}

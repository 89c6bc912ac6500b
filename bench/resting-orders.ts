import { FlowKind } from '../src/cli/import/flow-command.js';
import { Side, TimeInForce } from '../src/core/codes.js';
import type { CommandSource } from './load-session.js';

/** Above the ids of any other flow. */
const FIRST_ID = 2n ** 40n;
/** Far below any price of the load, so that they are never reached. */
const LEVELS = 1000;

/** Bids of one lot that rest for ever, at so many prices: state that a snapshot has to hold. */
export function restingOrders(): CommandSource {
  let made = 0;
  return {
    next: () => ({
      kind: FlowKind.newOrder,
      timestampUs: 0,
      account: 0,
      clientOrderId: FIRST_ID + BigInt(made),
      newClientOrderId: 0n,
      side: Side.buy,
      priceTicks: 1 + (made++ % LEVELS),
      quantityLots: 1,
      timeInForce: TimeInForce.GTC,
      isReinsert: false,
    }),
  };
}

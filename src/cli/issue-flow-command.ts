import type { RingfenceClient } from '../client/client.js';
import { OrderType, ReplaceFlag } from '../core/codes.js';
import type { DecodedMessage } from '../wire/sbe-frames.js';
import { type FlowCommand, FlowKind } from './import/flow-command.js';

/** Sends a command of order flow on a session; resolves with the report that answers it. */
export function issueFlowCommand(
  session: RingfenceClient,
  instrumentId: number,
  command: FlowCommand,
): Promise<DecodedMessage> {
  const { clientOrderId, newClientOrderId, priceTicks, quantityLots, side, timeInForce } = command;
  switch (command.kind) {
    case FlowKind.cancelOrder:
      return session.cancelOrder({ clientOrderId, instrumentId });
    case FlowKind.replaceOrder: {
      const flags = command.isReinsert ? ReplaceFlag.reinsert : 0;
      return session.replaceOrder({
        clientOrderId,
        newClientOrderId,
        instrumentId,
        priceTicks,
        quantityLots,
        flags,
      });
    }
    default: {
      const orderType = OrderType.limit;
      return session.newOrder({
        clientOrderId,
        instrumentId,
        side,
        orderType,
        timeInForce,
        priceTicks,
        quantityLots,
      });
    }
  }
}

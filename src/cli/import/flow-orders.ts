/**
 * The orders that a file has entered and not yet taken out again, as the file itself tells it, and the commands that
 * drive an exchange along the same way.
 *
 * A record about an order from before the file began finds nothing here: it makes no command and is counted.
 */
import { Side, TimeInForce } from '../../core/codes.js';
import { countRecord, type FlowCommand, type FlowCounts, FlowKind } from './flow-command.js';

interface OpenOrder {
  readonly account: number;
  readonly side: number;
  readonly priceTicks: number;
  /** Total of the chain: quantity entered less the quantity cancelled off it. */
  totalLots: number;
  /** Open quantity. */
  leavesLots: number;
}

/** Ids of the aggressive orders count from here up, far above those that exchanges give out. */
const FIRST_TAKER_ID = 1n << 62n;
const MAX_TICKS = 0x7fffffff;

export class FlowOrders {
  readonly counts: FlowCounts = {};
  private readonly byId = new Map<bigint, OpenOrder>();
  private readonly accounts: number;
  private entered = 0;
  private nextTakerId = FIRST_TAKER_ID;

  /** `accounts`: the orders are dealt to so many accounts, one after the other. */
  constructor(accounts: number) {
    this.accounts = accounts;
  }

  /** A new limit order that rests. */
  enter(
    timestampUs: number,
    id: bigint,
    side: number,
    priceTicks: number,
    lots: number,
  ): FlowCommand | undefined {
    if (!Number.isInteger(priceTicks) || priceTicks < 1 || priceTicks > MAX_TICKS)
      return this.skip('price off tick');
    if (lots < 1 || lots > MAX_TICKS) return this.skip('quantity out of range');
    countRecord(this.counts, 'new order');
    const account = this.entered++ % this.accounts;
    this.byId.set(id, { account, side, priceTicks, totalLots: lots, leavesLots: lots });
    return {
      ...blank(FlowKind.newOrder, timestampUs, account, id),
      side,
      priceTicks,
      quantityLots: lots,
      timeInForce: TimeInForce.GTC,
    };
  }

  /** Takes `lots` off an order; it keeps its priority. */
  reduce(timestampUs: number, id: bigint, lots: number): FlowCommand | undefined {
    const order = this.byId.get(id);
    if (order === undefined) return this.skip('unknown order');
    if (lots >= order.leavesLots) return this.cancel(timestampUs, id);
    countRecord(this.counts, 'partial cancel');
    order.totalLots -= lots;
    order.leavesLots -= lots;
    return {
      ...blank(FlowKind.replaceOrder, timestampUs, order.account, id),
      newClientOrderId: id,
      side: order.side,
      priceTicks: order.priceTicks,
      quantityLots: order.totalLots,
    };
  }

  /** Takes an order out. */
  cancel(timestampUs: number, id: bigint): FlowCommand | undefined {
    const order = this.byId.get(id);
    if (order === undefined) return this.skip('unknown order');
    countRecord(this.counts, 'cancel');
    this.byId.delete(id);
    return { ...blank(FlowKind.cancelOrder, timestampUs, order.account, id), side: order.side };
  }

  /** Puts an order out and another one in its stead, at the end of its price level. */
  reinsert(
    timestampUs: number,
    id: bigint,
    newId: bigint,
    priceTicks: number,
    lots: number,
  ): FlowCommand | undefined {
    const order = this.byId.get(id);
    if (order === undefined) return this.skip('unknown order');
    if (!Number.isInteger(priceTicks) || priceTicks < 1 || priceTicks > MAX_TICKS)
      return this.skip('price off tick');
    if (lots < 1 || lots > MAX_TICKS) return this.skip('quantity out of range');
    countRecord(this.counts, 'replace');
    this.byId.delete(id);
    this.byId.set(newId, { ...order, priceTicks, totalLots: lots, leavesLots: lots });
    return {
      ...blank(FlowKind.replaceOrder, timestampUs, order.account, id),
      newClientOrderId: newId,
      side: order.side,
      priceTicks,
      quantityLots: lots,
      isReinsert: true,
    };
  }

  /** An execution of a resting order: an aggressive order of another account (when there is one) takes it. */
  execute(timestampUs: number, id: bigint, lots: number): FlowCommand | undefined {
    const order = this.byId.get(id);
    if (order === undefined) return this.skip('unknown order');
    countRecord(this.counts, 'execution');
    order.leavesLots -= lots;
    if (order.leavesLots <= 0) this.byId.delete(id);
    return {
      ...blank(FlowKind.newOrder, timestampUs, (order.account + 1) % this.accounts, this.nextTakerId++),
      side: order.side === Side.buy ? Side.sell : Side.buy,
      priceTicks: order.priceTicks,
      quantityLots: lots,
      timeInForce: TimeInForce.IOC,
    };
  }

  /** Counts a record that makes no command. */
  skip(reason: string): undefined {
    countRecord(this.counts, `skipped: ${reason}`);
  }
}

function blank(kind: number, timestampUs: number, account: number, clientOrderId: bigint): FlowCommand {
  return {
    kind,
    timestampUs,
    account,
    clientOrderId,
    newClientOrderId: 0n,
    side: 0,
    priceTicks: 0,
    quantityLots: 0,
    timeInForce: 0,
    isReinsert: false,
  };
}

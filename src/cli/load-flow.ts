/**
 * A seeded generator of order flow with the figures of a real hour: NASDAQ AAPL, 2012-06-21, 09:30-10:30, from LOBSTER
 * (89,796 messages about visible orders). Measured there and used here:
 *
 * - mix: 49.3 % new orders, 45.7 % deletes, 0.5 % partial cancels (half of the open quantity), 4.5 % executions;
 * - sides: 50.9 % of new orders sell; sizes: 53 % are 100, 11 % are 18, 7 % are 200, ... (table below);
 * - distance of a new order from the best price of its side, in cents: quantiles below; 28 % improve the price;
 * - spread: half of the time between 15 and 25 cents, median 20;
 * - lifetime of orders that are deleted, in messages: quantiles below; half of them within 19;
 * - size of executions: 85 at the median, 100 at three quarters; 72 % take all that is left of the resting order;
 * - open orders: about 300 through the hour.
 *
 * The generator keeps a small book of its own, so that cancels and executions name orders that are open, and prices
 * follow the best price. It has no clock: the same seed gives the same flow for ever.
 */
import { Prng } from '../base/prng.js';
import { Side, TimeInForce } from '../core/codes.js';
import { type FlowCommand, FlowKind } from './import/flow-command.js';

export interface LoadFlowOptions {
  readonly seed: number;
  /** The orders are dealt to so many accounts. */
  readonly accounts: number;
  /** Price around which the flow begins, in ticks; 58,533 (585.33 dollars) when left out. */
  readonly startTicks?: number;
}

/** Cumulative shares of 10,000 and the value drawn below each. */
type Table = readonly (readonly [number, number])[];

const SIZES: Table = [
  [5275, 100],
  [6388, 18],
  [7115, 200],
  [7470, 22],
  [7764, 1000],
  [8013, 19],
  [8197, 20],
  [8381, 1],
  [8543, 23],
  [8682, 10],
  [8821, 8],
  [8950, 17],
  [9025, 25],
  [9088, 6],
  [9140, 12],
  [9188, 50],
  [9235, 2],
  [9276, 16],
  [9317, 21],
  [9357, 14],
  [9427, 5],
  [9457, 4],
  [9487, 44],
  [9515, 300],
  [9770, 35],
  [9900, 150],
  [9980, 500],
  [10000, 1117],
];

const EXECUTION_SIZES: Table = [
  [3435, 100],
  [3885, 1],
  [4266, 18],
  [4603, 200],
  [4878, 50],
  [5109, 10],
  [5328, 20],
  [5525, 8],
  [5700, 2],
  [5870, 5],
  [6008, 25],
  [6131, 3],
  [7500, 85],
  [9000, 60],
  [9800, 123],
  [10000, 598],
];

/** Quantiles of the distance from the best price of the own side; below zero = better than the best. */
const DISTANCES: Table = [
  [10, -29],
  [100, -15],
  [500, -5],
  [1000, -3],
  [2000, -1],
  [3000, 1],
  [4000, 3],
  [5000, 8],
  [6000, 12],
  [7000, 18],
  [7500, 24],
  [8000, 32],
  [9000, 74],
  [9500, 124],
  [9800, 160],
  [9900, 174],
  [10000, 469],
];

/** Quantiles of the lifetime of orders that are deleted, in messages. */
const LIFETIMES: Table = [
  [0, 1],
  [500, 1],
  [1000, 2],
  [2000, 4],
  [3000, 7],
  [4000, 11],
  [5000, 19],
  [6000, 30],
  [7000, 50],
  [7500, 68],
  [8000, 97],
  [9000, 246],
  [9500, 518],
  [9900, 2693],
  [10000, 9000],
];

const TEN_THOUSAND = 10_000;
const NEW_SHARE = 4930;
const DELETE_SHARE = 4570;
const PARTIAL_SHARE = 50;
const SELL_SHARE = 5085;
const WHOLE_EXECUTION_SHARE = 7200;
/** Deletes get rarer below, new orders above these numbers of open orders, so that the flow may go on for ever. */
const FEW_ORDERS = 200;
const MANY_ORDERS = 450;
const CAPACITY = 1024;
const STALE = -2;
const USUAL_SPREAD_TICKS = 20;
/** A new order improves the price only if the spread stays above a number drawn from this range. */
const LEAST_SPREAD_TICKS = 12;
const MOST_SPREAD_TICKS = 32;
const START_TICKS = 58_533;
/** Mean time between messages of the hour: 3,600 s / 89,796. */
const MEAN_GAP_US = 40_091;

export class LoadFlow {
  /** Orders that are open in the generator's own book. */
  openOrders = 0;
  private readonly prng: Prng;
  private readonly accounts: number;
  private readonly startTicks: number;
  private nextId = 1;
  private messages = 0;
  private timestampUs = 0;
  /** Open orders, oldest first. */
  private readonly ids = new Float64Array(CAPACITY);
  private readonly entered = new Float64Array(CAPACITY);
  private readonly account = new Int32Array(CAPACITY);
  private readonly side = new Int32Array(CAPACITY);
  private readonly price = new Int32Array(CAPACITY);
  private readonly total = new Int32Array(CAPACITY);
  private readonly leaves = new Int32Array(CAPACITY);
  /** Index of the first order at the best price, by side; STALE when it must be looked for, -1 when there is none. */
  private readonly best = [-1, -1, -1];

  constructor(options: LoadFlowOptions) {
    this.prng = new Prng(options.seed);
    this.accounts = options.accounts;
    this.startTicks = options.startTicks ?? START_TICKS;
  }

  /** Best bid of the own book in ticks, or 0. */
  bestBid(): number {
    const at = this.bestOf(Side.buy);
    return at < 0 ? 0 : this.price[at]!;
  }

  /** Best ask of the own book in ticks, or 0. */
  bestAsk(): number {
    const at = this.bestOf(Side.sell);
    return at < 0 ? 0 : this.price[at]!;
  }

  /** The next command of the flow. */
  next(): FlowCommand {
    this.messages++;
    this.timestampUs += 1 + this.prng.below(2 * MEAN_GAP_US);
    let draw = this.prng.below(TEN_THOUSAND);
    if (this.openOrders < FEW_ORDERS && draw >= NEW_SHARE) draw = this.prng.below(TEN_THOUSAND);
    if (this.openOrders > MANY_ORDERS && draw < NEW_SHARE) draw = NEW_SHARE;
    if (this.openOrders < 2 || draw < NEW_SHARE) return this.enter();
    if (draw < NEW_SHARE + DELETE_SHARE) return this.delete();
    if (draw < NEW_SHARE + DELETE_SHARE + PARTIAL_SHARE) return this.reduce();
    return this.execute();
  }

  private enter(): FlowCommand {
    const side = this.prng.below(TEN_THOUSAND) < SELL_SHARE ? Side.sell : Side.buy;
    const lots = drawn(SIZES, this.prng.below(TEN_THOUSAND));
    const priceTicks = this.restingPrice(side, between(DISTANCES, this.prng.below(TEN_THOUSAND)));
    const best = this.bestOf(side);
    const at = this.openOrders++;
    if (best < 0 || this.isBetter(side, priceTicks, this.price[best]!)) this.best[side] = at;
    const id = this.nextId++;
    const account = this.prng.below(this.accounts);
    this.ids[at] = id;
    this.entered[at] = this.messages;
    this.account[at] = account;
    this.side[at] = side;
    this.price[at] = priceTicks;
    this.total[at] = lots;
    this.leaves[at] = lots;
    return {
      ...this.command(FlowKind.newOrder, account, id),
      side,
      priceTicks,
      quantityLots: lots,
      timeInForce: TimeInForce.GTC,
    };
  }

  private delete(): FlowCommand {
    const lifetime = between(LIFETIMES, this.prng.below(TEN_THOUSAND));
    const at = this.enteredNearest(this.messages - lifetime);
    const command = this.command(FlowKind.cancelOrder, this.account[at]!, this.ids[at]!);
    command.side = this.side[at]!;
    this.remove(at);
    return command;
  }

  private reduce(): FlowCommand {
    const at = this.prng.below(this.openOrders);
    const half = this.leaves[at]! >> 1;
    if (half === 0) return this.delete();
    this.leaves[at]! -= half;
    this.total[at]! -= half;
    const id = this.ids[at]!;
    return {
      ...this.command(FlowKind.replaceOrder, this.account[at]!, id),
      newClientOrderId: BigInt(id),
      side: this.side[at]!,
      priceTicks: this.price[at]!,
      quantityLots: this.total[at]!,
    };
  }

  /** An aggressive order takes (a part of) the first order at the best price; it may take several smaller ones. */
  private execute(): FlowCommand {
    const side = this.executedSide();
    const first = this.bestOf(side);
    const priceTicks = this.price[first]!;
    const isWhole = this.prng.below(TEN_THOUSAND) < WHOLE_EXECUTION_SHARE;
    const lots = isWhole ? this.leaves[first]! : drawn(EXECUTION_SIZES, this.prng.below(TEN_THOUSAND));
    const account = (this.account[first]! + 1) % this.accounts;
    let open = lots;
    for (let at = first; open > 0 && at >= 0 && this.price[at] === priceTicks; at = this.bestOf(side)) {
      const taken = Math.min(open, this.leaves[at]!);
      open -= taken;
      this.leaves[at]! -= taken;
      if (this.leaves[at]! > 0) break;
      this.remove(at);
      if (this.openOrders === 0) break;
    }
    return {
      ...this.command(FlowKind.newOrder, account, this.nextId++),
      side: side === Side.buy ? Side.sell : Side.buy,
      priceTicks,
      quantityLots: lots,
      timeInForce: TimeInForce.IOC,
    };
  }

  /** The side that is hit: either, but rather the one that leads the price back to where it began. */
  private executedSide(): number {
    const bid = this.bestBid();
    const ask = this.bestAsk();
    if (bid === 0) return Side.sell;
    if (ask === 0) return Side.buy;
    const drift = (bid + ask) / 2 - this.startTicks;
    const lean = Math.max(-2000, Math.min(2000, Math.trunc((drift * TEN_THOUSAND) / this.startTicks)));
    return this.prng.below(TEN_THOUSAND) < 5000 + lean ? Side.buy : Side.sell;
  }

  /**
   * A price that does not cross. Improvements are taken only while the spread is wide: that is what keeps the spread
   * near the one of the hour.
   */
  private restingPrice(side: number, distance: number): number {
    const own = this.bestOf(side);
    const other = this.bestOf(side === Side.buy ? Side.sell : Side.buy);
    const away = side === Side.buy ? -1 : 1;
    if (own < 0) {
      const anchor = other < 0 ? this.startTicks : this.price[other]! + away * USUAL_SPREAD_TICKS;
      return Math.max(1, anchor + away * Math.abs(distance));
    }
    const best = this.price[own]!;
    let ticks = best + away * distance;
    if (distance < 0 && other >= 0) {
      const spread = Math.abs(this.price[other]! - best);
      if (spread + distance < this.prng.between(LEAST_SPREAD_TICKS, MOST_SPREAD_TICKS))
        ticks = best - away * distance;
    }
    return Math.max(1, ticks);
  }

  /** Index of the order that is first at the best price of a side, or -1. */
  private bestOf(side: number): number {
    const known = this.best[side]!;
    if (known !== STALE) return known;
    let best = -1;
    for (let at = 0; at < this.openOrders; at++) {
      if (this.side[at] !== side) continue;
      if (best < 0 || this.isBetter(side, this.price[at]!, this.price[best]!)) best = at;
    }
    this.best[side] = best;
    return best;
  }

  private isBetter(side: number, ticks: number, thanTicks: number): boolean {
    return side === Side.buy ? ticks > thanTicks : ticks < thanTicks;
  }

  /** Index of the open order that was entered nearest to message `wanted`. */
  private enteredNearest(wanted: number): number {
    let low = 0;
    let high = this.openOrders - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.entered[middle]! <= wanted) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private remove(at: number): void {
    const end = this.openOrders--;
    this.ids.copyWithin(at, at + 1, end);
    this.entered.copyWithin(at, at + 1, end);
    this.account.copyWithin(at, at + 1, end);
    this.side.copyWithin(at, at + 1, end);
    this.price.copyWithin(at, at + 1, end);
    this.total.copyWithin(at, at + 1, end);
    this.leaves.copyWithin(at, at + 1, end);
    for (let side = Side.buy as number; side <= Side.sell; side++) {
      if (this.best[side] === at) this.best[side] = STALE;
      else if (this.best[side]! > at) this.best[side]!--;
    }
  }

  private command(kind: number, account: number, id: number): FlowCommand {
    return {
      kind,
      timestampUs: this.timestampUs,
      account,
      clientOrderId: BigInt(id),
      newClientOrderId: 0n,
      side: 0,
      priceTicks: 0,
      quantityLots: 0,
      timeInForce: 0,
      isReinsert: false,
    };
  }
}

/** The value whose share `draw` (0..9,999) falls into. */
function drawn(table: Table, draw: number): number {
  for (const [share, value] of table) if (draw < share) return value;
  return table[table.length - 1]![1];
}

/** The value at quantile `draw` (0..9,999), between the table's points in a straight line. */
function between(table: Table, draw: number): number {
  for (let i = 1; i < table.length; i++) {
    const [share, value] = table[i]!;
    if (draw >= share) continue;
    const [lowerShare, lowerValue] = table[i - 1]!;
    return Math.round(
      lowerValue + ((value - lowerValue) * Math.max(0, draw - lowerShare)) / (share - lowerShare),
    );
  }
  return table[table.length - 1]![1];
}

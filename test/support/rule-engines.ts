/** The reference engine and the fast core behind one face, for tests of rules that both are held to. */

import { Side } from '../../src/core/codes.js';
import { checkInvariants } from '../../src/core/invariants.js';
import { type PositionView, queryAccount, queryAssets, querySideOrders } from '../../src/core/queries.js';
import type { Command, Event } from '../model/messages.js';
import { ReferenceEngine } from '../model/reference-engine.js';
import type { Limits } from '../model/reference-state.js';
import { EngineUnderTest } from './engine-under-test.js';

/** A resting order, as a book shows it. */
export interface RestingOrder {
  readonly accountId: number;
  readonly priceTicks: number;
  readonly leavesLots: number;
}

export interface RuleEngine {
  apply(command: Command): Event[];
  /** The resting orders of a side of instrument 1, the first to trade first. */
  side(side: number): RestingOrder[];
  balance(accountId: number, asset: string): { available: number; reserved: number };
  /** What the venue holds of the fees of an asset. */
  fees(asset: string): number;
  position(accountId: number, instrumentId: number): Omit<PositionView, 'instrumentId'>;
}

class Reference implements RuleEngine {
  readonly #engine: ReferenceEngine;

  constructor(limits: Limits) {
    this.#engine = new ReferenceEngine(limits);
  }

  apply(command: Command): Event[] {
    return this.#engine.apply(command);
  }

  side(side: number): RestingOrder[] {
    const book = this.#engine.book(this.#engine.instruments[0]!);
    return book.side(side).map(({ account, priceTicks, leavesLots }) => {
      return { accountId: account.accountId, priceTicks, leavesLots };
    });
  }

  balance(accountId: number, asset: string): { available: number; reserved: number } {
    const { assetId } = this.#engine.asset(asset)!;
    const { available, reserved } = this.#engine.accounts.get(accountId)!.balances.get(assetId)!;
    return { available: Number(available), reserved: Number(reserved) };
  }

  fees(asset: string): number {
    return Number(this.#engine.asset(asset)!.fees);
  }

  position(accountId: number, instrumentId: number): Omit<PositionView, 'instrumentId'> {
    const account = this.#engine.accounts.get(accountId)!;
    const position = account.positions.get(instrumentId);
    return {
      quantityLots: Number(position?.quantityLots ?? 0n),
      cost: Number(position?.cost ?? 0n),
      realisedProfit: Number(position?.realisedProfit ?? 0n),
      initialMargin: Number(account.margins.get(instrumentId)?.held ?? 0n),
    };
  }
}

class Fast implements RuleEngine {
  readonly #engine: EngineUnderTest;

  constructor(limits: Limits) {
    this.#engine = new EngineUnderTest({
      maxInstruments: limits.instruments,
      maxAssets: limits.assets,
      maxAccounts: limits.accounts,
      maxOrders: limits.openOrders,
      maxApiKeys: limits.apiKeys,
      maxTransfers: limits.transfers,
      maxOrderLimits: limits.orderLimits,
      maxHoldings: limits.accounts * limits.assets,
      maxPositions: limits.accounts * limits.instruments,
    });
  }

  apply(command: Command): Event[] {
    this.#engine.apply(command);
    checkInvariants(this.#engine.core);
    return this.#engine.decodedEvents() as unknown as Event[];
  }

  side(side: number): RestingOrder[] {
    const { core } = this.#engine;
    const owners = new Map<number, number>();
    for (let n = 0; n < core.accounts.count; n++) {
      const accountId = core.accounts.words[core.accounts.handleOf(n)]!;
      for (const { orderId } of queryAccount(core, accountId)!.orders) owners.set(orderId, accountId);
    }
    return querySideOrders(core, 1, side).map(({ orderId, priceTicks, leavesLots }) => {
      return { accountId: owners.get(orderId)!, priceTicks, leavesLots };
    });
  }

  balance(accountId: number, asset: string): { available: number; reserved: number } {
    const found = queryAccount(this.#engine.core, accountId)!.balances.find((one) => one.asset === asset);
    return { available: found?.available ?? 0, reserved: found?.reserved ?? 0 };
  }

  fees(asset: string): number {
    return queryAssets(this.#engine.core).find((one) => one.asset === asset)!.fees;
  }

  position(accountId: number, instrumentId: number): Omit<PositionView, 'instrumentId'> {
    const { positions } = queryAccount(this.#engine.core, accountId)!;
    const found = positions.find((one) => one.instrumentId === instrumentId);
    const { quantityLots = 0, cost = 0, realisedProfit = 0, initialMargin = 0 } = found ?? {};
    return { quantityLots, cost, realisedProfit, initialMargin };
  }
}

/** Both, by name. */
export const RULE_ENGINES: readonly (readonly [string, (limits: Limits) => RuleEngine])[] = [
  ['the reference engine', (limits) => new Reference(limits)],
  ['the fast core', (limits) => new Fast(limits)],
];

/** Both sides of the book of instrument 1, with a letter for each account: `99 C4 | 101 A5 B5`. */
export function bookText(engine: RuleEngine): string {
  const text = (orders: readonly RestingOrder[]) => {
    const prices = [...new Set(orders.map((order) => order.priceTicks))];
    const levels = prices.map((price) => {
      const level = orders.filter((order) => order.priceTicks === price);
      const names = level.map((order) => ' ABC'[order.accountId]! + order.leavesLots);
      return `${price} ${names.join(' ')}`;
    });
    return levels.join(', ');
  };
  return `${text(engine.side(Side.buy))} | ${text(engine.side(Side.sell))}`.trim();
}

/** A small market for tests of rules, on any engine. */
import { BalanceReason, MarketState, nameOf, OrderType, Side, TimeInForce } from '../../src/core/codes.js';
import type { CommandName, MessageFields } from '../../src/wire/message-fields.js';
import type { Event } from '../model/messages.js';
import type { Limits } from '../model/reference-state.js';
import { CommandScript } from './command-script.js';
import { bookText, type RuleEngine } from './rule-engines.js';

export const [A, B, C] = [1, 2, 3] as const;
export const PLENTY = 1_000_000;
const LIMITS = {
  instruments: 2,
  assets: 4,
  accounts: 5,
  openOrders: 50,
  apiKeys: 5,
  transfers: 50,
  orderLimits: 5,
};

/**
 * A market of one instrument (one tick x one lot = 1 minor unit of quote) and three accounts with plenty, or with what
 * a test gives them. `terms` go beyond a plain spot listing.
 */
export class Market {
  readonly engine: RuleEngine;
  readonly script = new CommandScript();
  #nextId = 1n;

  constructor(
    makeEngine: (limits: Limits) => RuleEngine,
    terms: Partial<MessageFields['listInstrument']> = {},
    funds = PLENTY,
  ) {
    this.engine = makeEngine(LIMITS);
    this.apply('listInstrument', 0, {
      symbol: 'X-USD',
      base: 'X',
      quote: 'USD',
      tickMantissa: 1,
      lotMantissa: 1,
      ...terms,
    });
    let transferId = 0n;
    for (const accountId of [A, B, C]) {
      this.apply('openAccount', 0, { accountId });
      for (const asset of ['X', 'USD']) {
        transferId += 1n;
        this.apply('deposit', 0, { accountId, asset, amount: funds, transferId });
      }
    }
  }

  apply<N extends CommandName>(name: N, accountId: number, fields: Partial<MessageFields[N]>): Event[] {
    return this.engine.apply(this.script.command(name, { accountId }, fields));
  }

  order(
    accountId: number,
    side: number,
    quantityLots: number,
    priceTicks: number,
    more: Partial<MessageFields['newOrder']> = {},
  ): Event[] {
    const clientOrderId = this.#nextId++;
    return this.apply('newOrder', accountId, {
      clientOrderId,
      instrumentId: 1,
      side,
      quantityLots,
      priceTicks,
      orderType: OrderType.limit,
      timeInForce: TimeInForce.GTC,
      ...more,
    });
  }

  buy = (account: number, lots: number, price: number, more = {}) =>
    this.order(account, Side.buy, lots, price, more);
  sell = (account: number, lots: number, price: number, more = {}) =>
    this.order(account, Side.sell, lots, price, more);

  /** Both sides of the book, as in the README: `99 C4 | 101 A5 B5`. */
  book(): string {
    return bookText(this.engine);
  }

  /** Moves command time on. */
  wait(microseconds: number): Event[] {
    return this.engine.apply(this.script.command('timeAdvanced', { microseconds }, {}));
  }

  quoteOf(accountId: number): { available: number; reserved: number } {
    return this.engine.balance(accountId, 'USD');
  }
}

/** Names of the events but book deltas, with what was traded and why something ended. */
export function story(events: readonly Event[]): string[] {
  return events.flatMap((event) => {
    switch (event.name) {
      case 'bookDelta':
        return [];
      case 'trade':
        return event.fields.liquidity === 2
          ? [`trade ${event.fields.quantityLots} at ${event.fields.priceTicks}`]
          : [];
      case 'cancelled':
        return [`cancelled ${event.fields.quantityLots}, reason ${event.fields.reason}`];
      case 'selfTradePrevented':
        return event.fields.liquidity === 2 ? [`prevented ${event.fields.preventedLots}`] : [];
      case 'rejected':
        return [`rejected ${event.fields.code}`];
      case 'auctionIndicated': {
        const { executableLots, priceTicks, imbalanceLots } = event.fields;
        return [`indicated ${executableLots} at ${priceTicks}, ${imbalanceLots} over`];
      }
      case 'marketStateChanged':
        return [`market ${nameOf(MarketState, event.fields.state)}`];
      case 'deleveraged':
        return [`deleveraged ${event.fields.quantityLots} at ${event.fields.priceTicks}`];
      case 'balanceChanged':
        return [`balance ${event.fields.amount}, ${nameOf(BalanceReason, event.fields.reason)}`];
      default:
        return [event.name];
    }
  });
}

/**
 * A small exchange for rule tests: one instrument, a few funded accounts, one line of code for each command. The
 * invariants are checked after every command.
 */
import { Liquidity, OrderType, rejectName, Side, TimeInForce } from '../../src/core/codes.js';
import type { CoreOptions } from '../../src/core/core-options.js';
import { checkInvariants } from '../../src/core/invariants.js';
import { queryAccount, queryAssets, queryBook, queryInstruments } from '../../src/core/queries.js';
import type { CommandName, MessageFields } from '../../src/wire/message-fields.js';
import type { DecodedSlot } from '../../src/wire/slot-codec.js';
import { type CommandContext, CommandScript } from './command-script.js';
import { EngineUnderTest } from './engine-under-test.js';

export const SMALL_CORE: CoreOptions = {
  maxOrders: 200,
  maxAccounts: 10,
  maxHoldings: 40,
  maxPositions: 40,
  maxOrderLimits: 40,
  maxInstruments: 4,
  maxAssets: 6,
  maxApiKeys: 4,
  maxTransfers: 40,
};

export const FUNDS = 1_000_000_000_000;

/** One tick of one lot is 1 minor unit of quote, one lot 1 minor unit of base: money can be read off. */
const LISTING = { symbol: 'ABC-USD', base: 'ABC', quote: 'USD', tickMantissa: 1, lotMantissa: 1 };

export interface OrderOptions {
  readonly instrumentId?: number;
  readonly orderType?: number;
  readonly timeInForce?: number;
}

export class Market {
  readonly engine: EngineUnderTest;
  readonly script = new CommandScript();
  private transferId = 1n;

  /** Accounts 1, 2 ... `accounts`, each with FUNDS of both assets. */
  constructor(accounts = 4, options: CoreOptions = {}) {
    this.engine = new EngineUnderTest({ ...SMALL_CORE, ...options });
    this.send('listInstrument', {}, LISTING);
    for (let accountId = 1; accountId <= accounts; accountId += 1) {
      this.send('openAccount', {}, { accountId });
      this.deposit(accountId, 'ABC', FUNDS);
      this.deposit(accountId, 'USD', FUNDS);
    }
  }

  /** Sends a command; returns all its events. */
  send<N extends CommandName>(
    name: N,
    context: CommandContext,
    fields: Partial<MessageFields[N]>,
  ): DecodedSlot[] {
    this.engine.apply(this.script.command(name, context, fields));
    checkInvariants(this.engine.core);
    return this.engine.decodedEvents();
  }

  deposit(accountId: number, asset: string, amount: number, transferId = this.transferId++): string[] {
    return texts(this.send('deposit', {}, { accountId, asset, amount, transferId }));
  }

  withdraw(accountId: number, asset: string, amount: number, transferId = this.transferId++): string[] {
    return texts(this.send('withdraw', {}, { accountId, asset, amount, transferId }));
  }

  buy(
    accountId: number,
    id: number,
    priceTicks: number,
    quantityLots: number,
    options?: OrderOptions,
  ): string[] {
    return this.order(accountId, id, Side.buy, priceTicks, quantityLots, options);
  }

  sell(
    accountId: number,
    id: number,
    priceTicks: number,
    quantityLots: number,
    options?: OrderOptions,
  ): string[] {
    return this.order(accountId, id, Side.sell, priceTicks, quantityLots, options);
  }

  cancel(accountId: number, id: number, instrumentId = 1): string[] {
    return texts(this.send('cancelOrder', { accountId }, { clientOrderId: BigInt(id), instrumentId }));
  }

  replace(
    accountId: number,
    id: number,
    priceTicks: number,
    quantityLots: number,
    newId = id,
    flags = 0,
  ): string[] {
    const ids = { clientOrderId: BigInt(id), newClientOrderId: BigInt(newId), instrumentId: 1 };
    return texts(this.send('replaceOrder', { accountId }, { ...ids, priceTicks, quantityLots, flags }));
  }

  /** Levels as 'price x lots (orders)', best first. */
  bids(): string[] {
    return queryBook(this.engine.core, 1, 100).bids.map(levelText);
  }

  asks(): string[] {
    return queryBook(this.engine.core, 1, 100).asks.map(levelText);
  }

  /** All that can be seen of the state but the numbers of reports. */
  view(): unknown {
    const { core } = this.engine;
    const accounts = [];
    for (let accountId = 1; accountId <= 10; accountId += 1) {
      const account = queryAccount(core, accountId);
      if (account !== undefined) accounts.push({ ...account, reportSequence: 0 });
    }
    const instruments = queryInstruments(core);
    const books = instruments.map(({ instrumentId }) => queryBook(core, instrumentId, 1_000));
    return { accounts, instruments, books, assets: queryAssets(core) };
  }

  /** [available, reserved] of an account in an asset. */
  money(accountId: number, asset: string): [number, number] {
    const balance = queryAccount(this.engine.core, accountId)?.balances.find((one) => one.asset === asset);
    return [balance?.available ?? 0, balance?.reserved ?? 0];
  }

  hash(): string {
    return this.engine.processor.stateHash();
  }

  private order(
    accountId: number,
    id: number,
    side: number,
    priceTicks: number,
    quantityLots: number,
    options: OrderOptions = {},
  ): string[] {
    const { instrumentId = 1, orderType = OrderType.limit, timeInForce = TimeInForce.GTC } = options;
    const terms = { side, priceTicks, quantityLots, orderType, timeInForce, instrumentId };
    return texts(this.send('newOrder', { accountId }, { clientOrderId: BigInt(id), ...terms }));
  }
}

/** The number of a report in its account. Throws for what is no report. */
export function reportSequenceOf(event: DecodedSlot | undefined): number {
  if (event === undefined || !('reportSequence' in event.fields)) throw new Error('not a report');
  return event.fields.reportSequence;
}

/** Events as short lines; book changes are left out. A trade is one line, from the taker's side. */
export function texts(events: readonly DecodedSlot[]): string[] {
  const lines: string[] = [];
  let maker = '';
  for (const event of events) {
    switch (event.name) {
      case 'bookDelta':
        break;
      case 'accepted':
        lines.push(`accepted ${event.fields.clientOrderId}`);
        break;
      case 'rejected':
        lines.push(`rejected ${rejectName(event.fields.code)}`);
        break;
      case 'trade': {
        const { clientOrderId, liquidity, priceTicks, quantityLots, leavesLots } = event.fields;
        if (liquidity === Liquidity.maker) maker = `${clientOrderId} (leaves ${leavesLots})`;
        else lines.push(`trade ${quantityLots} at ${priceTicks} with ${maker}`);
        break;
      }
      case 'cancelled':
        lines.push(`cancelled ${event.fields.clientOrderId} of ${event.fields.quantityLots}`);
        break;
      case 'replaced': {
        const { clientOrderId, priceTicks, leavesLots, priorityKept } = event.fields;
        lines.push(
          `replaced ${clientOrderId} ${leavesLots} at ${priceTicks}${priorityKept === 1 ? ' in place' : ''}`,
        );
        break;
      }
      case 'balanceChanged': {
        const { amount, available, reserved, duplicate } = event.fields;
        lines.push(`balance ${amount} -> ${available} + ${reserved}${duplicate === 1 ? ' duplicate' : ''}`);
        break;
      }
      default:
        lines.push(event.name);
    }
  }
  return lines;
}

function levelText(level: { priceTicks: number; levelLots: number; orderCount: number }): string {
  return `${level.priceTicks} x ${level.levelLots} (${level.orderCount})`;
}

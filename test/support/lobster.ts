/**
 * An hour of NASDAQ AAPL, order by order, as commands.
 *
 * Rows are `time, type, order id, size, price (USD x 10000), direction`. A new order (1) becomes a limit order, a
 * partial cancel (2) a replace with a smaller total, a delete (3) a cancel, and an execution (4) an aggressive IOC of
 * the other side at that price and size. Hidden executions (5) and halts (7) are skipped. Orders that rested before
 * the hour are absent; what is said about them is left to the engine to refuse.
 */
import { OrderType, Side, TimeInForce } from '../../src/core/codes.js';
import type { Command } from '../model/messages.js';
import { CommandScript } from './command-script.js';
import { readSharedRows } from './shared-data.js';

const FILE = 'lobster/AAPL_2012-06-21_0930-1030_message_50.csv.gz';
const ACCOUNTS = 7;
const CASH = 1_000_000_000_000;
const SHARES = 1_000_000_000;
const PRICE_PER_TICK = 100;
const MICROSECONDS = 1_000_000;
/** Client order ids of the aggressive orders start here, above every id of the file. */
const FIRST_TAKER_ID = 1n << 40n;

const RowType = { newOrder: 1, partialCancel: 2, deletion: 3, execution: 4 } as const;

/** A command of the hour, and for an execution the order of the file that was executed. */
export interface LobsterStep {
  command: Command;
  executedOrder: bigint | null;
}

/** All commands: listing, accounts, money, then one for each row that says something about a visible order. */
export function* lobsterSteps(): Generator<LobsterStep> {
  const script = new CommandScript();
  const step = (command: Command, executedOrder: bigint | null = null) => ({ command, executedOrder });
  const listing = { symbol: 'AAPL-USD', base: 'AAPL', quote: 'USD', tickMantissa: 1, tickExponent: -2 };
  yield step(script.command('listInstrument', {}, { ...listing, lotMantissa: 1, quoteDecimals: 2 }));
  for (let accountId = 1; accountId <= ACCOUNTS; accountId++) {
    yield step(script.command('openAccount', {}, { accountId }));
    const cash = { accountId, asset: 'USD', amount: CASH, transferId: BigInt(2 * accountId) };
    const shares = { accountId, asset: 'AAPL', amount: SHARES, transferId: BigInt(2 * accountId + 1) };
    yield step(script.command('deposit', {}, cash));
    yield step(script.command('deposit', {}, shares));
  }

  /** Total quantity of each order of the file, fills included, partial cancels taken off. */
  const totals = new Map<string, number>();
  let lastUs = 0;
  let takers = 0n;
  for (const [time, type, id, size, price, direction] of readSharedRows(FILE)) {
    const timeUs = Math.round(Number(time) * MICROSECONDS);
    const microseconds = lastUs === 0 ? 0 : timeUs - lastUs;
    lastUs = timeUs;
    const context = { accountId: 1 + (Number(id) % ACCOUNTS), microseconds };
    const order = { clientOrderId: BigInt(id!), instrumentId: 1 };
    const priceTicks = Number(price) / PRICE_PER_TICK;
    const side = direction === '1' ? Side.buy : Side.sell;
    switch (Number(type)) {
      case RowType.newOrder: {
        totals.set(id!, Number(size));
        const terms = { priceTicks, quantityLots: Number(size), side };
        const kind = { orderType: OrderType.limit, timeInForce: TimeInForce.GTC };
        yield step(script.command('newOrder', context, { ...order, ...terms, ...kind }));
        break;
      }
      case RowType.partialCancel: {
        const quantityLots = (totals.get(id!) ?? Number(size) + 1) - Number(size);
        totals.set(id!, quantityLots);
        const newClientOrderId = order.clientOrderId;
        yield step(
          script.command('replaceOrder', context, { ...order, newClientOrderId, priceTicks, quantityLots }),
        );
        break;
      }
      case RowType.deletion:
        yield step(script.command('cancelOrder', context, order));
        break;
      case RowType.execution: {
        takers += 1n;
        const taker = { accountId: 1 + Number(takers % BigInt(ACCOUNTS)), microseconds };
        const fields = {
          clientOrderId: FIRST_TAKER_ID + takers,
          instrumentId: 1,
          priceTicks,
          quantityLots: Number(size),
          side: side === Side.buy ? Side.sell : Side.buy,
          orderType: OrderType.limit,
          timeInForce: TimeInForce.IOC,
        };
        yield step(script.command('newOrder', taker, fields), order.clientOrderId);
        break;
      }
    }
  }
}

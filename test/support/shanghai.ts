/**
 * One stock's continuous session on the Shanghai Stock Exchange as commands, and the trades that the exchange made.
 *
 * Prices come in 1/1000 CNY with a tick of 10, so one tick is 0.01 CNY and one lot is one share: a tick x lot is one
 * minor unit of quote. Orders are spread over a few funded accounts by their id.
 */
import { OrderType, Side, TimeInForce } from '../../src/core/codes.js';
import type { Command } from '../model/messages.js';
import { CommandScript } from './command-script.js';
import { readSharedRows } from './shared-data.js';

export const SHANGHAI_STOCKS = ['600536', '600761', '600961', '601825'] as const;

const DAY = '20230711';

const ACCOUNTS = 7;
const CASH = 1_000_000_000_000;
const SHARES = 1_000_000_000;
const PRICE_PER_TICK = 10;

/** All commands of a stock: listing, accounts, money, the book after the opening auction, then the flow. */
export function* shanghaiCommands(stock: string): Generator<Command> {
  const script = new CommandScript();
  yield script.command(
    'listInstrument',
    {},
    {
      symbol: stock,
      base: stock,
      quote: 'CNY',
      tickMantissa: 1,
      tickExponent: -2,
      lotMantissa: 1,
      lotExponent: 0,
      baseDecimals: 0,
      quoteDecimals: 2,
    },
  );
  for (let accountId = 1; accountId <= ACCOUNTS; accountId++) {
    yield script.command('openAccount', {}, { accountId });
    const cash = { accountId, asset: 'CNY', amount: CASH, transferId: BigInt(2 * accountId) };
    const shares = { accountId, asset: stock, amount: SHARES, transferId: BigInt(2 * accountId + 1) };
    yield script.command('deposit', {}, cash);
    yield script.command('deposit', {}, shares);
  }
  for (const [operation, , orderId, side, price, quantity] of readSharedRows(
    `sse/${stock}_${DAY}.input.csv.gz`,
  ).slice(1)) {
    const accountId = 1 + (Number(orderId) % ACCOUNTS);
    const order = { clientOrderId: BigInt(orderId!), instrumentId: 1 };
    if (operation === 'C') {
      yield script.command('cancelOrder', { accountId }, order);
      continue;
    }
    yield script.command(
      'newOrder',
      { accountId },
      {
        ...order,
        side: side === 'B' ? Side.buy : Side.sell,
        orderType: OrderType.limit,
        timeInForce: TimeInForce.GTC,
        priceTicks: Number(price) / PRICE_PER_TICK,
        quantityLots: Number(quantity),
      },
    );
  }
}

/** The trades of a stock as the exchange made them, one text each: `buyer,seller,price,quantity,aggressor`. */
export function shanghaiTrades(stock: string): string[] {
  return readSharedRows(`sse/${stock}_${DAY}.expected_trades.csv.gz`)
    .slice(1)
    .map((row) => row.join(','));
}

/** The same text for a trade of ours, from the maker's and the taker's order. */
export function shanghaiTrade(
  makerOrder: bigint,
  takerOrder: bigint,
  takerSide: number,
  priceTicks: number,
  quantityLots: number,
): string {
  const isBuy = takerSide === Side.buy;
  const buyer = isBuy ? takerOrder : makerOrder;
  const seller = isBuy ? makerOrder : takerOrder;
  return `${buyer},${seller},${priceTicks * PRICE_PER_TICK},${quantityLots},${isBuy ? 'B' : 'S'}`;
}

/** Real order flow as JSON lines through `exec`, as a user would run it. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ExecSession } from '../../src/cli/exec/exec-session.js';
import { flowLine, flowSymbol, setupLines } from '../../src/cli/import/flow-lines.js';
import { type FlowFormat, openFlowFile } from '../../src/cli/import/read-flow.js';
import { SHANGHAI_STOCKS, shanghaiTrades } from '../support/shanghai.js';
import { hasSharedData, readSharedRows, sharedDataNote } from '../support/shared-data.js';

const ACCOUNTS = 5;

interface TradeLine {
  type: 'trade';
  price: string;
  quantity: string;
  makerClientOrderId: string;
  takerClientOrderId: string;
  takerSide: string;
  tradeId: number;
}

class Run {
  readonly trades: TradeLine[] = [];
  readonly counts: Record<string, number> = {};
  private readonly session = new ExecSession({ hasMarketData: false, maxOrders: 100_000 });
  private lineNumber = 0;

  take(text: string): void {
    for (const line of text.split('\n')) {
      if (line === '') continue;
      for (const answer of this.session.answer(line, ++this.lineNumber).split('\n')) {
        if (answer === '') continue;
        const event = JSON.parse(answer) as TradeLine;
        this.counts[event.type] = (this.counts[event.type] ?? 0) + 1;
        if (event.type === 'trade') this.trades.push(event);
      }
    }
  }
}

function shanghaiLine([operation, , id, side, price, quantity]: string[], symbol: string): string {
  const account = 1 + (Number(id) % ACCOUNTS);
  if (operation === 'C') return JSON.stringify({ type: 'cancelOrder', account, symbol, clientOrderId: id });
  return JSON.stringify({
    type: 'newOrder',
    account,
    symbol,
    clientOrderId: id,
    side: side === 'B' ? 'buy' : 'sell',
    orderType: 'limit',
    timeInForce: 'GTC',
    price: `${price!.slice(0, -3)}.${price!.slice(-3)}`,
    quantity,
  });
}

/** `buyer,seller,price,quantity,aggressor` with the price in 1/1000 CNY, as the exchange's file has it. */
function shanghaiText(trade: TradeLine): string {
  const isBuy = trade.takerSide === 'buy';
  const buyer = isBuy ? trade.takerClientOrderId : trade.makerClientOrderId;
  const seller = isBuy ? trade.makerClientOrderId : trade.takerClientOrderId;
  return `${buyer},${seller},${Number(trade.price.replace('.', '')) * 10},${trade.quantity},${isBuy ? 'B' : 'S'}`;
}

async function runFile(format: FlowFormat, path: string) {
  const file = openFlowFile(path, format, ACCOUNTS, '');
  const run = new Run();
  let isFirst = true;
  for await (const commands of file.batches()) {
    if (isFirst) run.take(setupLines(file.symbol, ACCOUNTS));
    isFirst = false;
    for (const command of commands) run.take(flowLine(command, flowSymbol(file.symbol)));
  }
  return { run, file };
}

const shared = (path: string) => fileURLToPath(new URL(`../../../shared/data/${path}`, import.meta.url));

describe.skipIf(!hasSharedData)(`real order flow through exec${sharedDataNote}`, () => {
  it.each(SHANGHAI_STOCKS)('Shanghai %s: every trade that the exchange made, in its order', (stock) => {
    const run = new Run();
    const symbol = `${stock}-CNY`;
    const listing = { symbol, base: stock, quote: 'CNY', tickSize: '0.010', lotSize: '1' };
    run.take(JSON.stringify({ type: 'listInstrument', ...listing }));
    for (let account = 1; account <= ACCOUNTS; account++) {
      run.take(JSON.stringify({ type: 'openAccount', account }));
      const cash = { account, asset: 'CNY', amount: '10000000000.00', transferId: `${account}` };
      const shares = { account, asset: stock, amount: '1000000000', transferId: `${account + ACCOUNTS}` };
      run.take(JSON.stringify({ type: 'deposit', ...cash }));
      run.take(JSON.stringify({ type: 'deposit', ...shares }));
    }
    const rows = readSharedRows(`sse/${stock}_20230711.input.csv.gz`).slice(1);
    for (const row of rows) run.take(shanghaiLine(row, symbol));
    expect(run.counts['error']).toBeUndefined();
    expect(run.counts['rejected']).toBeUndefined();
    expect(run.trades.map(shanghaiText)).toEqual(shanghaiTrades(stock));
  });

  it('the AAPL hour of LOBSTER: what the file says was executed is what trades', async () => {
    const { run, file } = await runFile(
      'lobster',
      shared('lobster/AAPL_2012-06-21_0930-1030_message_50.csv.gz'),
    );
    expect(file.symbol).toBe('AAPL');
    expect(file.counts).toEqual({
      'new order': 44_256,
      'partial cancel': 469,
      cancel: 40_932,
      execution: 4055,
      'skipped: hidden execution': 2201,
      'skipped: unknown order': 84,
    });
    expect(run.counts['accepted']).toBe(44_256 + 4055);
    expect(run.counts['error']).toBeUndefined();
    // Four orders are gone when the file cancels them: an aggressive order met a better price that the hour had not.
    expect(run.counts['rejected']).toBe(4);
    expect(run.counts['trade']).toBe(4104);
  });

  it('the ITCH bytes of AAPL: each execution is a trade with the order that was executed', async () => {
    const { run, file } = await runFile('itch', shared('itch/AAPL_20200130_first10k.itch50.bin'));
    expect(file.symbol).toBe('AAPL');
    expect(file.counts).toMatchObject({
      'new order': 4760,
      execution: 849,
      cancel: 4083,
      replace: 7,
      'partial cancel': 6,
    });
    expect(file.counts['skipped: unknown order']).toBeUndefined();
    expect(run.counts['rejected']).toBeUndefined();
    expect(run.counts['trade']).toBe(849);
  });
});

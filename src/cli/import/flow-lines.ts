/** Order flow as lines for `exec`. */
import { nameOf, Side, TimeInForce } from '../../core/codes.js';
import { type DecimalUnit, formatUnits, parseUnit } from '../../wire/decimal.js';
import { FLOW_LOT_SIZE, FLOW_QUOTE, FLOW_TICK_SIZE, type FlowCommand, FlowKind } from './flow-command.js';

const TICK = parseUnit(FLOW_TICK_SIZE) as DecimalUnit;
const LOT = parseUnit(FLOW_LOT_SIZE) as DecimalUnit;

/** What each account is given; times 1,000 accounts it stays below the largest supply of an asset. */
export const FLOW_DEPOSIT_QUOTE = '10000000000.00';
export const FLOW_DEPOSIT_BASE = '1000000000';
export const MAX_FLOW_ACCOUNTS = 1000;

/** The instrument symbol for a stock: "AAPL" -> "AAPL-USD". */
export function flowSymbol(stock: string): string {
  return `${stock}-${FLOW_QUOTE}`;
}

/** The asset code for a stock: asset codes are letters and digits only. */
export function flowAsset(stock: string): string {
  return stock.replace(/[^A-Z0-9]/g, '');
}

/** Lines that list the instrument, open accounts 1..`accounts` and give them money. */
export function setupLines(stock: string, accounts: number): string {
  const base = flowAsset(stock);
  const lines: object[] = [
    {
      type: 'listInstrument',
      symbol: flowSymbol(stock),
      base,
      quote: FLOW_QUOTE,
      tickSize: FLOW_TICK_SIZE,
      lotSize: FLOW_LOT_SIZE,
    },
  ];
  for (let account = 1; account <= accounts; account++) {
    lines.push({ type: 'openAccount', account });
    lines.push({
      type: 'deposit',
      account,
      asset: FLOW_QUOTE,
      amount: FLOW_DEPOSIT_QUOTE,
      transferId: String(account * 2 - 1),
    });
    lines.push({
      type: 'deposit',
      account,
      asset: base,
      amount: FLOW_DEPOSIT_BASE,
      transferId: String(account * 2),
    });
  }
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** The line of a command; accounts count from 1 there. */
export function flowLine(command: FlowCommand, symbol: string): string {
  const start = `"account":${command.account + 1},"symbol":"${symbol}","clientOrderId":"${command.clientOrderId}"`;
  const end = `,"timestampUs":${command.timestampUs}}\n`;
  const terms = () =>
    `,"price":"${formatUnits(command.priceTicks, TICK)}","quantity":"${formatUnits(command.quantityLots, LOT)}"`;
  switch (command.kind) {
    case FlowKind.newOrder:
      return (
        `{"type":"newOrder",${start},"side":"${nameOf(Side, command.side)}","orderType":"limit","timeInForce":"` +
        `${nameOf(TimeInForce, command.timeInForce)}"${terms()}${end}`
      );
    case FlowKind.replaceOrder:
      return (
        `{"type":"replaceOrder",${start},"newClientOrderId":"${command.newClientOrderId}"${terms()}` +
        `${command.isReinsert ? ',"reinsert":true' : ''}${end}`
      );
    default:
      return `{"type":"cancelOrder",${start}${end}`;
  }
}

/** Records of an audit as CSV (RFC 4180): one column for each field that any event has, empty where it has none. */

export const CSV_COLUMNS = [
  'sequence',
  'time',
  'type',
  'cause',
  'session',
  'clientSequence',
  'account',
  'symbol',
  'side',
  'orderType',
  'timeInForce',
  'clientOrderId',
  'originalClientOrderId',
  'orderId',
  'price',
  'quantity',
  'leaves',
  'cumulative',
  'priorityKept',
  'reason',
  'tradeId',
  'makerAccount',
  'makerClientOrderId',
  'takerAccount',
  'takerClientOrderId',
  'takerSide',
  'base',
  'baseAmount',
  'quote',
  'quoteAmount',
  'asset',
  'amount',
  'available',
  'reserved',
  'transferId',
  'duplicate',
  'code',
  'name',
  'command',
  'message',
  'orders',
  'permissions',
  'publicKey',
  'apiKeyId',
  'instrumentId',
  'tickSize',
  'lotSize',
  'baseDecimals',
  'quoteDecimals',
  'marketProtectionPpm',
  'clusterId',
  'epoch',
  'nodeId',
  'logicVersion',
  'previousVersion',
  'previousEpoch',
  'actor',
] as const;

export const CSV_HEAD = `${CSV_COLUMNS.join(',')}\r\n`;

/** The row of a record's JSON line. */
export function csvRow(line: string): string {
  const record = JSON.parse(line) as Record<string, unknown>;
  return `${CSV_COLUMNS.map((column) => csvCell(record[column])).join(',')}\r\n`;
}

function csvCell(value: unknown): string {
  const text = value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Order flow, independent of where it came from (a file or a generator) and of where it goes (exec lines or a node). */

export const FlowKind = { newOrder: 1, replaceOrder: 2, cancelOrder: 3 } as const;

export interface FlowCommand {
  /** A value of FlowKind. */
  kind: number;
  /** Time of the flow, microseconds. */
  timestampUs: number;
  /** Account, counted from 0. */
  account: number;
  clientOrderId: bigint;
  /** For a replace: the id from then on; otherwise 0. */
  newClientOrderId: bigint;
  /** A value of Side; for a new order. */
  side: number;
  priceTicks: number;
  /** New order: quantity. Replace: total of the chain, or the open quantity when `isReinsert`. */
  quantityLots: number;
  /** A value of TimeInForce; for a new order. */
  timeInForce: number;
  /** A replace that always loses priority. */
  isReinsert: boolean;
}

/** What the flow is about: the same for all the sources here (US equities: ticks of a cent, lots of one share). */
export const FLOW_QUOTE = 'USD';
export const FLOW_TICK_SIZE = '0.01';
export const FLOW_LOT_SIZE = '1';

/** What became of the records of a file, by name, in the order in which they were first seen. */
export type FlowCounts = Record<string, number>;

/** A file that is not what it was said to be: the message names the place and what was expected. */
export class ImportError extends Error {
  readonly code = 'IMPORT_MALFORMED';
  override readonly name = 'ImportError';
}

/** Adds one to a count. */
export function countRecord(counts: FlowCounts, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

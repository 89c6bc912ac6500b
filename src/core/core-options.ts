/**
 * Capacities of the core. Every column is allocated once at its full size: the operating system backs a page with
 * memory when it is first written, so what is not used costs address space only, and growing never copies.
 */
export interface CoreOptions {
  /** Orders open at the same time, over all instruments; more are rejected with TOO_MANY_ORDERS. */
  readonly maxOrders?: number;
  readonly maxAccounts?: number;
  /** Balances, that is pairs of account and asset. */
  readonly maxHoldings?: number;
  /** Positions and order limits: pairs of account and instrument in which an order was entered or limited. */
  readonly maxPositions?: number;
  readonly maxInstruments?: number;
  readonly maxAssets?: number;
  readonly maxApiKeys?: number;
  /** Deposits, withdrawals and transfers remembered by their transfer id. */
  readonly maxTransfers?: number;
  /** Pairs of account and instrument with order limits; more are rejected with TOO_MANY_LIMITS. */
  readonly maxOrderLimits?: number;
}

/** Upper bounds that keep every row number times its width within an int32. */
const LIMITS = {
  maxOrders: 33_554_432,
  maxAccounts: 67_108_864,
  maxHoldings: 134_217_728,
  maxPositions: 67_108_864,
  maxInstruments: 1_048_576,
  maxAssets: 1_048_576,
  maxApiKeys: 16_777_216,
  maxTransfers: 134_217_728,
  maxOrderLimits: 16_777_216,
} as const;

const DEFAULTS: Required<CoreOptions> = {
  maxOrders: 1_048_576,
  maxAccounts: 131_072,
  maxHoldings: 524_288,
  maxPositions: 524_288,
  maxOrderLimits: 65_536,
  maxInstruments: 4_096,
  maxAssets: 4_096,
  maxApiKeys: 65_536,
  maxTransfers: 4_194_304,
};

/** Fills in the defaults. Throws RangeError, naming the option, on a value that is not 1 to its limit. */
export function resolveCoreOptions(options: CoreOptions): Required<CoreOptions> {
  const resolved = { ...DEFAULTS, ...options };
  for (const name of Object.keys(LIMITS) as (keyof typeof LIMITS)[]) {
    const value = resolved[name];
    if (!Number.isInteger(value) || value < 1 || value > LIMITS[name]) {
      throw new RangeError(`${name} must be an integer from 1 to ${LIMITS[name]}: ${value}`);
    }
  }
  return resolved;
}

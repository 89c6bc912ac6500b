/** The state of the reference engine: plain objects and lists, money in BigInt. */

export interface Asset {
  assetId: number;
  code: string;
  decimals: number;
  /** Deposits minus withdrawals, in minor units. */
  supply: bigint;
  /** What the venue holds of the fees that it charged, in minor units; part of the supply. */
  fees: bigint;
}

export interface Balance {
  available: bigint;
  reserved: bigint;
}

export interface Account {
  accountId: number;
  /** Number of the last report of this account. */
  reportSequence: number;
  /** By asset id. */
  balances: Map<number, Balance>;
  /** By client order id. */
  openOrders: Map<bigint, Order>;
  feeTier: number;
  /** 0 = none. */
  selfTradeGroup: number;
  /** Mode of orders that name none. */
  selfTradePrevention: number;
  /** AccountStatus. */
  status: number;
  throttle: Throttle;
  /** By instrument id. */
  limits: Map<number, OrderLimits>;
  /** By instrument id. */
  positions: Map<number, Position>;
}

/** How many orders and replaces an account may send in an interval of command time; 0 = no limit. */
export interface Throttle {
  maxCommands: number;
  intervalUs: number;
  /** The interval in which commands were counted last, and how many. */
  interval: number;
  counted: number;
}

/** Of an account in an instrument; 0 = no limit. */
export interface OrderLimits {
  maxOrderNotional: number;
  maxOrderLots: number;
  maxOpenOrders: number;
}

/** What an account has bought and sold in an instrument, fees left out. */
export interface Position {
  /** Bought minus sold. */
  quantityLots: bigint;
  /** Paid for what is held, or received for what is owed. */
  cost: bigint;
  realisedProfit: bigint;
}

/** Prices that the orders of an instrument may have; 0 = no bound. */
export interface PriceBand {
  minPriceTicks: number;
  maxPriceTicks: number;
  /** 0 = the last trade. */
  referencePriceTicks: number;
  bandPpm: number;
}

export interface ApiKey {
  apiKeyId: number;
  /** 0 for an admin key. */
  accountId: number;
  permissions: number;
  publicKey: Uint8Array;
  /** Highest clientSequence that the session of this key has used. */
  highWater: number;
}

export interface Transfer {
  kind: 'deposit' | 'withdraw' | 'transfer';
  /** Of a transfer: the account that pays; 0 = the fees. */
  fromAccountId: number;
  accountId: number;
  asset: string;
  amount: bigint;
}

/** Rates in millionths of the notional; a negative maker rate is a rebate. */
export interface FeeRates {
  makerPpm: number;
  takerPpm: number;
}

export interface Instrument {
  instrumentId: number;
  symbol: string;
  base: Asset;
  quote: Asset;
  quoteMinorPerTickLot: bigint;
  baseMinorPerLot: bigint;
  marketProtectionPpm: number;
  /** Number of the last book delta of this instrument. */
  bookSequence: number;
  /** Price of the last trade; 0 = there was none yet. */
  lastPriceTicks: number;
  band: PriceBand;
  /** By fee tier. */
  fees: FeeRates[];
}

export interface Order {
  orderId: number;
  clientOrderId: bigint;
  account: Account;
  instrument: Instrument;
  side: number;
  orderType: number;
  timeInForce: number;
  priceTicks: number;
  /** Total of the chain, fills included. */
  quantityLots: number;
  leavesLots: number;
  cumulativeLots: number;
  /** Rises with every entry into the book; smaller = earlier in its level. */
  priority: number;
  /** OrderFlag bits. */
  flags: number;
  /** Command time at which the order expires; 0 = never. */
  expireTimeUs: number;
  /** What it does to orders of its own group that it meets as the incoming one. */
  selfTradePrevention: number;
  /** Most that is displayed at a time; 0 = all. */
  displayLots: number;
  /** What is displayed now of an order that rests and does not display all. */
  shownLots: number;
  /** Trade price that a stop waits for; 0 = the order does not wait (any more). */
  triggerPriceTicks: number;
  /** TriggerDirection of a stop. */
  triggerDirection: number;
  /** The trigger that a stop came in with. */
  triggerAtEntry: number;
  /** Distance at which a trailing stop follows the last trade; 0 = it does not. */
  trailingTicks: number;
  /** The other order of a linked pair. */
  partner: Order | undefined;
  /** The rates in force when it last took its place. */
  rates: FeeRates;
}

/** How many of each the engine holds; the next one is refused. */
export interface Limits {
  instruments: number;
  assets: number;
  accounts: number;
  openOrders: number;
  apiKeys: number;
  transfers: number;
  orderLimits: number;
}

/** What an order displays, and may trade before it goes to the back of its level. */
export function visibleLots(order: Order): number {
  return order.displayLots === 0 ? order.leavesLots : order.shownLots;
}

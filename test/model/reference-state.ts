/** The state of the reference engine: plain objects and lists, money in BigInt. */

export interface Asset {
  assetId: number;
  code: string;
  decimals: number;
  /** Deposits minus withdrawals, in minor units. */
  supply: bigint;
  /** What the venue holds of the fees that it charged, in minor units; part of the supply. */
  fees: bigint;
  /** What pays for losses beyond the equity of liquidated accounts, in minor units; part of the supply. */
  insurance: bigint;
  /** Whether margin is held in it, which bounds its supply. */
  isMarginQuote: boolean;
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
  /** By instrument id: of margin instruments. */
  margins: Map<number, Margin>;
  /** By asset id: what margin instruments have added in this phase of a command. */
  gains: Map<number, bigint>;
}

/** What an account holds for its position and orders in a margin instrument. */
export interface Margin {
  /** Lots of its open orders, waiting stops too. */
  openBuys: bigint;
  openSells: bigint;
  /** What its open orders may cost beyond the margin of what they lead to. */
  orderCosts: bigint;
  /** Part of the reserved balance in the quote asset. */
  held: bigint;
}

/** What an auction would do if it ended now; price 0 = nothing would trade. */
export interface Indication {
  priceTicks: number;
  executableLots: bigint;
  /** Bought minus sold at the price. */
  imbalanceLots: bigint;
}

/** When trading pauses because prices move too far; ppm 0 = never. */
export interface Volatility {
  volatilityPpm: number;
  volatilityWindowUs: number;
  volatilityAuctionUs: number;
  /** The window of command time that the reference belongs to. */
  window: number;
  /** The last trade before that window; 0 = there was none. */
  referencePriceTicks: number;
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
  /** MarketState. */
  marketState: number;
  /** Command time at which nextState follows; 0 = the state stays. */
  endTimeUs: number;
  nextState: number;
  /** Of an auction: 0 = the last trade, -1 = none. */
  referencePriceTicks: number;
  /** What was indicated last. */
  indicated: Indication;
  volatility: Volatility;
  /** InstrumentFlag bits. */
  flags: number;
  initialMarginPpm: number;
  maintenanceMarginPpm: number;
  /** 0 = not known yet. */
  markPriceTicks: number;
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
  /** What a lot of it may cost beyond its margin; 0 for spot. */
  lotCost: bigint;
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

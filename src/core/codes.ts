/**
 * Enumerations and reject codes of the domain. Numbers are stable for ever: they are in journals.
 *
 * Codes are banded by the stage that rejects: gateway 1xxx, session 2xxx, risk 3xxx, matching 4xxx, admin 5xxx.
 */

export const Side = { buy: 1, sell: 2 } as const;
/** A stop waits for its trigger and is a market order from then on, a stop-limit a limit order. */
export const OrderType = { limit: 1, market: 2, stop: 3, stopLimit: 4 } as const;
/** GTD rests until its expiry time, DAY until the end of the trading day. */
export const TimeInForce = { GTC: 1, IOC: 2, FOK: 3, GTD: 4, DAY: 5 } as const;
export const Liquidity = { maker: 1, taker: 2 } as const;
export const Permission = { trade: 1, admin: 2 } as const;

/** Why an order left the book, or never rested, without being filled. */
export const CancelReason = {
  requested: 1,
  iocRemainder: 2,
  fokUnfillable: 3,
  massCancel: 4,
  replacedToFilled: 5,
  expired: 6,
  minQuantityUnfillable: 7,
  selfTrade: 8,
  linked: 9,
  killSwitch: 10,
  disconnected: 11,
  instrumentDisabled: 12,
  liquidation: 13,
} as const;

/** Why a balance was reported. */
export const BalanceReason = {
  deposit: 1,
  withdraw: 2,
  snapshot: 3,
  transfer: 4,
  /** A loss beyond the equity of a liquidated account was paid for it. */
  lossCovered: 5,
  /** A part of such a loss, taken from those who gained by it. */
  lossShared: 6,
} as const;

/** Suspended: no new orders and no replaces. Killed: its open orders were cancelled too. */
export const AccountStatus = { active: 1, suspended: 2, killed: 3 } as const;

/**
 * What may happen in an instrument. In pre-open and in the three auctions orders rest and nothing matches; an auction
 * ends with an uncross. Halted, closed and disabled take cancels only; cancel-only takes reductions too. A removed
 * instrument is not there any more.
 */
export const MarketState = {
  continuous: 1,
  preOpen: 2,
  openingAuction: 3,
  closingAuction: 4,
  volatilityAuction: 5,
  halted: 6,
  cancelOnly: 7,
  closed: 8,
  disabled: 9,
  removed: 10,
} as const;

/** What changed a market state. */
export const MarketStateCause = { command: 1, time: 2, volatility: 3 } as const;

/** Flag bits of an instrument. */
export const InstrumentFlag = {
  /** Only profit and loss move, settled in quote; orders and positions hold margin. */
  margin: 1,
} as const;

/** Flag bits of a logon. */
export const LogonFlag = {
  /** The open orders of the account are cancelled when the session ends other than by its logout. */
  cancelOnDisconnect: 1,
} as const;

/** Which way the last trade price goes to fire a stop. 0 in an order = rising for a buy, falling for a sell. */
export const TriggerDirection = { rising: 1, falling: 2 } as const;

/** Flag bits of an order. At most one of the two post-only flags. */
export const OrderFlag = {
  /** Never takes: rejected when it would trade at once. */
  postOnly: 1,
  /** Never takes: when it would trade at once, its price is moved to one tick away from the best opposite price. */
  postOnlyReprice: 2,
  /** One of a pair with the open order that it names: when one trades or ends, the other is cancelled. */
  linked: 4,
  /** Closes a position of a liquidated account; only the engine makes such orders. */
  liquidation: 8,
} as const;

/** What happens when an incoming order meets a resting one of the same account or account group. */
export const SelfTradePrevention = {
  allow: 1,
  cancelNewest: 2,
  cancelOldest: 3,
  cancelBoth: 4,
  decrement: 5,
} as const;

/** Fee tiers are 0..FEE_TIERS-1; accounts start in tier 0. */
export const FEE_TIERS = 8;

/** Flag bits of a snapshot request. */
export const SnapshotFlag = { positions: 1 } as const;

/** Flag bits of a replace command. */
export const ReplaceFlag = {
  /**
   * Cancel and reinsert in one step: `quantityLots` is the new open quantity (not the chain total) and priority
   * is always lost. This is what an ITCH 'U' message and cancel-replace venues mean by a replace.
   */
  reinsert: 1,
} as const;

export const RejectCode = {
  // gateway
  MALFORMED_FRAME: 1001,
  UNKNOWN_TEMPLATE: 1002,
  UNSUPPORTED_SCHEMA: 1003,
  BAD_BLOCK_LENGTH: 1004,
  TOO_MANY_MESSAGES: 1005,
  BUSY: 1006,
  RATE_LIMITED: 1007,
  TOO_MANY_CONNECTIONS: 1008,
  NOT_PRIMARY: 1009,
  SLOW_CONSUMER: 1010,
  BAD_FIELD: 1011,
  SHUTTING_DOWN: 1012,
  LOW_DISK_SPACE: 1013,
  // session
  NOT_LOGGED_ON: 2001,
  LOGON_REFUSED: 2002,
  LOGON_TIMEOUT: 2003,
  ALREADY_LOGGED_ON: 2004,
  NOT_PERMITTED: 2005,
  DUPLICATE_COMMAND: 2006,
  SESSION_DISPLACED: 2007,
  IDLE_TIMEOUT: 2008,
  // risk
  INSUFFICIENT_FUNDS: 3001,
  NOTIONAL_TOO_LARGE: 3002,
  UNKNOWN_ACCOUNT: 3003,
  SUPPLY_TOO_LARGE: 3004,
  TOO_MANY_HOLDINGS: 3005,
  ACCOUNT_SUSPENDED: 3006,
  PRICE_OUT_OF_BAND: 3007,
  ORDER_TOO_LARGE: 3008,
  NOTIONAL_OVER_LIMIT: 3009,
  TOO_MANY_OPEN_ORDERS: 3010,
  THROTTLED: 3011,
  TOO_MANY_POSITIONS: 3012,
  INSUFFICIENT_MARGIN: 3013,
  // matching
  UNKNOWN_INSTRUMENT: 4001,
  UNKNOWN_ORDER: 4002,
  DUPLICATE_CLIENT_ORDER_ID: 4003,
  INVALID_PRICE: 4004,
  INVALID_QUANTITY: 4005,
  INVALID_SIDE: 4006,
  INVALID_ORDER_TYPE: 4007,
  INVALID_TIME_IN_FORCE: 4008,
  NO_LIQUIDITY: 4009,
  TOO_MANY_ORDERS: 4010,
  INVALID_FLAGS: 4011,
  INVALID_EXPIRE_TIME: 4012,
  TRADING_DAY_CLOSED: 4013,
  POST_ONLY_WOULD_TRADE: 4014,
  INVALID_MIN_QUANTITY: 4015,
  INVALID_SELF_TRADE_PREVENTION: 4016,
  INVALID_DISPLAY_QUANTITY: 4017,
  INVALID_TRIGGER: 4018,
  NO_LAST_TRADE: 4019,
  INVALID_LINK: 4020,
  STOP_NOT_REPLACEABLE: 4021,
  MARKET_CLOSED: 4022,
  MARKET_HALTED: 4023,
  CANCEL_ONLY: 4024,
  NO_IMMEDIATE_EXECUTION: 4025,
  NO_MARK_PRICE: 4026,
  // admin
  INSTRUMENT_EXISTS: 5001,
  ACCOUNT_EXISTS: 5002,
  INVALID_SYMBOL: 5003,
  INVALID_ASSET: 5004,
  INVALID_TICK_OR_LOT: 5005,
  UNKNOWN_ASSET: 5006,
  INVALID_AMOUNT: 5007,
  TRANSFER_ID_REUSED: 5008,
  INVALID_ACCOUNT: 5009,
  INVALID_API_KEY: 5010,
  API_KEY_EXISTS: 5011,
  STALE_EPOCH: 5012,
  TOO_MANY_INSTRUMENTS: 5013,
  TOO_MANY_ACCOUNTS: 5014,
  TOO_MANY_ASSETS: 5015,
  ASSET_DECIMALS_DIFFER: 5016,
  UNKNOWN_COMMAND: 5017,
  INVALID_PROTECTION: 5018,
  TOO_MANY_TRANSFERS: 5019,
  TOO_MANY_API_KEYS: 5020,
  INVALID_FEE_TIER: 5021,
  INVALID_FEE: 5022,
  INVALID_BAND: 5023,
  INVALID_LIMIT: 5024,
  INVALID_THROTTLE: 5025,
  TOO_MANY_LIMITS: 5026,
  INVALID_STATUS: 5027,
  INVALID_MARKET_STATE: 5028,
  INVALID_VOLATILITY_LIMIT: 5029,
  INSTRUMENT_IN_USE: 5030,
  INVALID_MARGIN: 5031,
  NOT_A_MARGIN_INSTRUMENT: 5032,
  UNKNOWN_LOGIC_VERSION: 5040,
  LOGIC_NOT_NEWER: 5041,
  INVALID_TRANSFER_ID: 5042,
} as const;

export type RejectName = keyof typeof RejectCode;

const NAMES = new Map<number, RejectName>(
  Object.entries(RejectCode).map(([name, code]) => [code, name as RejectName]),
);

/** The UPPER_SNAKE name of a reject code; `CODE_<n>` for a number that this build does not know. */
export function rejectName(code: number): string {
  return NAMES.get(code) ?? `CODE_${code}`;
}

/** One name of an enumeration value, or `undefined`. For text output only. */
export function nameOf(values: Readonly<Record<string, number>>, value: number): string | undefined {
  for (const name of Object.keys(values)) if (values[name] === value) return name;
  return undefined;
}

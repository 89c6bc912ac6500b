// Types of the fields of every message, as the object codecs take and give them.
// Written by `npm run gen` from schema.ts; do not edit.

/** What the SBE block of every event starts with. */
export interface EventHeader {
  /** i64: command that caused the event. */
  sequence: number;
  /** i64: time of that command, epoch microseconds. */
  timestampUs: number;
  /** u32: number of the event among those of its command, from 0. */
  index: number;
  /** u32: session whose command is answered; 0 = nobody's answer. */
  sessionId: number;
}

/** Lists an instrument and registers its assets. */
export interface ListInstrument {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
  /** chars (24): instrument symbol, zero-padded. */
  symbol: string;
  /** chars (12): asset that is traded. */
  base: string;
  /** chars (12): asset that is paid. */
  quote: string;
  /** u32: tick size = tickMantissa x 10^tickExponent of quote per unit of base. */
  tickMantissa: number;
  /** u32: lot size = lotMantissa x 10^lotExponent of base. */
  lotMantissa: number;
  /** i8: from -15 to 9. */
  tickExponent: number;
  /** i8: from -15 to 9. */
  lotExponent: number;
  /** u8: decimal places of the minor unit of base, 0..15. */
  baseDecimals: number;
  /** u8: decimal places of the minor unit of quote, 0..15. */
  quoteDecimals: number;
  /** u32: a market order without a price trades at most this far from the best opposite price, in millionths; 0 = 50,000. */
  marketProtectionPpm: number;
  /** u32: bit 0 margin instrument: 1 margin. */
  flags: number;
  /** u32: margin that an order needs, in millionths of the notional; 0 for spot. */
  initialMarginPpm: number;
  /** u32: below this a position is liquidated, in millionths; 0 for spot. */
  maintenanceMarginPpm: number;
}

/** Opens an account. */
export interface OpenAccount {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
  /** u32: account that the command is about. */
  accountId: number;
}

/** Registers an Ed25519 public key for logon. */
export interface RegisterApiKey {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
  /** u32: account that the command is about. */
  accountId: number;
  /** u32: bit 0 trade, bit 1 admin; an admin key has accountId 0. */
  permissions: number;
  /** bytes (32): raw Ed25519 public key. */
  publicKey: Uint8Array;
}

/** Credits an account; once for each transferId. */
export interface Deposit {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
  /** u64: idempotency key, one namespace for deposits and withdrawals. */
  transferId: bigint;
  /** i64: in minor units of the asset, 1..2^53-1. */
  amount: number;
  /** u32: account that the command is about. */
  accountId: number;
  /** chars (12): asset code, A-Z 0-9, zero-padded. */
  asset: string;
}

/** Debits available money; once for each transferId. */
export interface Withdraw {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
  /** u64: idempotency key, one namespace for deposits and withdrawals. */
  transferId: bigint;
  /** i64: in minor units of the asset, 1..2^53-1. */
  amount: number;
  /** u32: account that the command is about. */
  accountId: number;
  /** chars (12): asset code, A-Z 0-9, zero-padded. */
  asset: string;
}

/** Enters an order. */
export interface NewOrder {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
  /** u64: chosen by the client, unique among the open orders of its account. */
  clientOrderId: bigint;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** i32: limit price; for a market order or a stop the worst price accepted, 0 = by marketProtectionPpm. */
  priceTicks: number;
  /** i32: quantity in lots. */
  quantityLots: number;
  /** u8: side of the order: 1 buy, 2 sell. */
  side: number;
  /** u8: type of the order: 1 limit, 2 market, 3 stop, 4 stopLimit. */
  orderType: number;
  /** u8: time in force: 1 GTC, 2 IOC, 3 FOK, 4 GTD, 5 DAY. */
  timeInForce: number;
  /** u8: bit 0 post-only, bit 1 post-only with a price that gives way, bit 2 linked, bit 3 (events only) liquidation: 1 postOnly, 2 postOnlyReprice, 4 linked, 8 liquidation. */
  flags: number;
  /** i64: GTD: command time at which it expires, epoch microseconds; otherwise 0. */
  expireTimeUs: number;
  /** i32: IOC: fill at least this or nothing; otherwise 0. */
  minQuantityLots: number;
  /** u8: what happens when it meets an order of its account group; 0 = as the account says: 1 allow, 2 cancelNewest, 3 cancelOldest, 4 cancelBoth, 5 decrement. */
  selfTradePrevention: number;
  /** u8: of a stop; 0 = rising for a buy, falling for a sell: 1 rising, 2 falling. */
  triggerDirection: number;
  /** u16: 0. */
  reserved1: number;
  /** i32: iceberg: most that is displayed at a time; 0 = all. */
  displayLots: number;
  /** i32: stop: fires when the last trade reaches it; otherwise 0. */
  triggerPriceTicks: number;
  /** i64: market order for an amount of quote, with quantityLots 0; minor units. */
  quoteAmount: number;
  /** u64: with the flag linked: the other order of the pair. */
  linkedClientOrderId: bigint;
  /** i32: stop: follows the last trade at this distance; otherwise 0. */
  trailingTicks: number;
  /** u32: 0. */
  reserved2: number;
}

/** Cancels what is left of an open order. */
export interface CancelOrder {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
  /** u64: chosen by the client, unique among the open orders of its account. */
  clientOrderId: bigint;
  /** u32: from instrumentListed. */
  instrumentId: number;
}

/** Changes price and quantity of an open order in one step. */
export interface ReplaceOrder {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
  /** u64: chosen by the client, unique among the open orders of its account. */
  clientOrderId: bigint;
  /** u64: id from now on; may equal clientOrderId. */
  newClientOrderId: bigint;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** i32: price in ticks. */
  priceTicks: number;
  /** i32: new total of the chain, fills included; with reinsert the new open quantity. */
  quantityLots: number;
  /** u32: bit 0: cancel and insert anew, priority always lost: 1 reinsert. */
  flags: number;
}

/** Cancels the open orders of the account of the session: all, or those of an instrument or side. */
export interface MassCancel {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
  /** u32: 0 = all instruments. */
  instrumentId: number;
  /** u8: 0 = both sides: 1 buy, 2 sell. */
  side: number;
  /** u8: 0. */
  reserved0: number;
  /** u16: 0. */
  reserved1: number;
}

/** Moves command time on while nothing else does. */
export interface TimeAdvanced {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
}

/** First command of a primary: opens its epoch. */
export interface EpochStarted {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
  /** u64: identity of the pair, made by init. */
  clusterId: bigint;
  /** u32: greater than every epoch before. */
  epoch: number;
  /** u32: the node that leads from here on. */
  nodeId: number;
  /** chars (32): who promoted the node, as the operator was known; empty = nobody did. */
  actor: string;
}

/** Asks for balances and open orders of the account. */
export interface RequestSnapshot {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
  /** u32: bit 0: with positions: 1 positions. */
  flags: number;
  /** u32: 0. */
  reserved0: number;
}

/** Sets the rates of a fee tier in an instrument, for orders from now on. */
export interface SetInstrumentFees {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** u32: fee tier of accounts, 0..7. */
  feeTier: number;
  /** i32: maker rate in millionths of the notional; negative = rebate. */
  makerPpm: number;
  /** i32: taker rate in millionths of the notional. */
  takerPpm: number;
}

/** Puts an account into a fee tier. */
export interface SetAccountFeeTier {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
  /** u32: account that the command is about. */
  accountId: number;
  /** u32: fee tier of accounts, 0..7. */
  feeTier: number;
}

/** Sets the group of an account, and what happens when orders of the group meet. */
export interface SetSelfTradePrevention {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
  /** u32: account that the command is about. */
  accountId: number;
  /** u32: accounts of one group do not trade with each other; 0 = no group. */
  selfTradeGroup: number;
  /** u8: mode of orders that name none: 1 allow, 2 cancelNewest, 3 cancelOldest, 4 cancelBoth, 5 decrement. */
  selfTradePrevention: number;
  /** u8: 0. */
  reserved0: number;
  /** u16: 0. */
  reserved1: number;
}

/** Opens a trading day: DAY orders entered from now on expire at its end. */
export interface SetTradingDayEnd {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
  /** i64: command time of the end, epoch microseconds. */
  endTimeUs: number;
}

/** Suspends or resumes an account, or cancels all that it has open too. */
export interface SetAccountStatus {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
  /** u32: account that the command is about. */
  accountId: number;
  /** u8: from now on: 1 active, 2 suspended, 3 killed. */
  status: number;
  /** u8: 0. */
  reserved0: number;
  /** u16: 0. */
  reserved1: number;
}

/** Sets the prices that orders of an instrument may have. */
export interface SetPriceBand {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** i32: lowest price of an order; 0 = none. */
  minPriceTicks: number;
  /** i32: highest price of an order; 0 = none. */
  maxPriceTicks: number;
  /** i32: middle of the band in percent; 0 = the last trade. */
  referencePriceTicks: number;
  /** u32: most that a price may be away from the reference, in millionths; 0 = no such band. */
  bandPpm: number;
  /** u32: 0. */
  reserved0: number;
}

/** Sets how large and how many the orders of an account in an instrument may be. */
export interface SetOrderLimits {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
  /** u32: account that the command is about. */
  accountId: number;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** i64: most that an order may be worth, in minor units of quote; 0 = no limit. */
  maxOrderNotional: number;
  /** i32: largest quantity of an order; 0 = no limit. */
  maxOrderLots: number;
  /** i32: most open orders in the instrument; 0 = no limit. */
  maxOpenOrders: number;
}

/** Moves available money from one account to another; once for each transferId. */
export interface Transfer {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
  /** u64: idempotency key, one namespace with deposits and withdrawals. */
  transferId: bigint;
  /** i64: in minor units of the asset, 1..2^53-1. */
  amount: number;
  /** u32: 0 = the fees that were charged. */
  fromAccountId: number;
  /** u32: account that is credited. */
  toAccountId: number;
  /** chars (12): asset code, A-Z 0-9, zero-padded. */
  asset: string;
}

/** Sets how many orders and replaces an account may send in an interval of command time. */
export interface SetAccountThrottle {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
  /** u32: account that the command is about. */
  accountId: number;
  /** u32: in one interval; 0 = no limit. */
  maxCommands: number;
  /** u32: length of the intervals, microseconds. */
  intervalUs: number;
  /** u32: 0. */
  reserved0: number;
}

/** Opens, closes or halts an instrument. */
export interface SetMarketState {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
  /** i64: command time at which nextState follows, epoch microseconds; 0 = it stays. */
  endTimeUs: number;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** i32: of an auction: where several prices are as good, the nearest to this; 0 = to the last trade, -1 = their middle. */
  referencePriceTicks: number;
  /** u8: from now on. */
  state: number;
  /** u8: at the end of it; 0 = none. */
  nextState: number;
  /** u16: 0. */
  reserved0: number;
}

/** Cancels the open orders of an account, because a session that asked for it has ended. */
export interface CancelOnDisconnect {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
  /** u32: the session that has ended. */
  apiKeyId: number;
  /** u32: 0. */
  reserved0: number;
}

/** Sets what may change of a listed instrument, for orders from now on. */
export interface ChangeInstrument {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** u32: as in listInstrument; 0 = 50,000. */
  marketProtectionPpm: number;
  /** u32: a trade further from the price at the start of the window than this starts a volatility auction; 0 = none. */
  volatilityPpm: number;
  /** u32: length of the windows of command time, microseconds. */
  volatilityWindowUs: number;
  /** u32: length of the volatility auction, microseconds. */
  volatilityAuctionUs: number;
  /** u32: margin that an order needs, in millionths of the notional; 0 for spot. */
  initialMarginPpm: number;
  /** u32: below this a position is liquidated, in millionths; 0 for spot. */
  maintenanceMarginPpm: number;
  /** u32: 0. */
  reserved0: number;
}

/** Removes an instrument without open orders and margin positions; its symbol is free again. */
export interface RemoveInstrument {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** u32: 0. */
  reserved0: number;
}

/** Settles a margin instrument to a price. */
export interface SetMarkPrice {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** i32: price in ticks. */
  priceTicks: number;
}

/** Switches to later rules, from the next command on; there is no way back. */
export interface ActivateLogic {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
  /** u32: greater than the one in force. */
  logicVersion: number;
}

/** The order was accepted; trades and the rest follow. */
export interface Accepted {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** i64: assigned by the engine, constant over replaces. */
  orderId: number;
  /** u64: chosen by the client, unique among the open orders of its account. */
  clientOrderId: bigint;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** i32: price in ticks. */
  priceTicks: number;
  /** i32: quantity in lots. */
  quantityLots: number;
  /** u8: side of the order: 1 buy, 2 sell. */
  side: number;
  /** u8: type of the order: 1 limit, 2 market, 3 stop, 4 stopLimit. */
  orderType: number;
  /** u8: time in force: 1 GTC, 2 IOC, 3 FOK, 4 GTD, 5 DAY. */
  timeInForce: number;
  /** u8: bit 0 post-only, bit 1 post-only with a price that gives way, bit 2 linked, bit 3 (events only) liquidation: 1 postOnly, 2 postOnlyReprice, 4 linked, 8 liquidation. */
  flags: number;
  /** i64: command time at which the order expires, epoch microseconds; 0 = never. */
  expireTimeUs: number;
  /** i32: most that is displayed at a time; 0 = all. */
  displayLots: number;
  /** i32: trade price that the order waits for; 0 = it waits for none. */
  triggerPriceTicks: number;
}

/** The command changed nothing but the numbering of sessions and reports. */
export interface Rejected {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** u64: of the command, or 0. */
  clientOrderId: bigint;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** u16: reject code. */
  code: number;
  /** u16: template of the rejected command. */
  refTemplateId: number;
}

/** One side of a trade; the maker event comes first, the taker event right after it. */
export interface Trade {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** i64: assigned by the engine, constant over replaces. */
  orderId: number;
  /** u64: chosen by the client, unique among the open orders of its account. */
  clientOrderId: bigint;
  /** i64: same on both sides. */
  tradeId: number;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** i32: the maker's price. */
  priceTicks: number;
  /** i32: quantity in lots. */
  quantityLots: number;
  /** i32: open quantity after the trade. */
  leavesLots: number;
  /** i32: filled quantity of the order after the trade. */
  cumulativeLots: number;
  /** u8: side of the order: 1 buy, 2 sell. */
  side: number;
  /** u8: maker or taker: 1 maker, 2 taker. */
  liquidity: number;
  /** u16: 0. */
  reserved0: number;
  /** i64: of this side, in minor units of quote; negative = rebate. */
  fee: number;
}

/** What was left of the order is gone. */
export interface Cancelled {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** i64: assigned by the engine, constant over replaces. */
  orderId: number;
  /** u64: chosen by the client, unique among the open orders of its account. */
  clientOrderId: bigint;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** i32: price in ticks. */
  priceTicks: number;
  /** i32: quantity that was cancelled. */
  quantityLots: number;
  /** i32: filled quantity of the order. */
  cumulativeLots: number;
  /** u8: side of the order: 1 buy, 2 sell. */
  side: number;
  /** u8: why. */
  reason: number;
  /** u16: 0. */
  reserved0: number;
}

/** The order has new terms; trades may follow. */
export interface Replaced {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** i64: assigned by the engine, constant over replaces. */
  orderId: number;
  /** u64: chosen by the client, unique among the open orders of its account. */
  clientOrderId: bigint;
  /** u64: id before the replace. */
  originalClientOrderId: bigint;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** i32: price in ticks. */
  priceTicks: number;
  /** i32: total of the chain. */
  quantityLots: number;
  /** i32: open quantity. */
  leavesLots: number;
  /** i32: filled quantity. */
  cumulativeLots: number;
  /** u8: side of the order: 1 buy, 2 sell. */
  side: number;
  /** u8: 1 when the order kept its place. */
  priorityKept: number;
  /** u16: 0. */
  reserved0: number;
}

/** A balance after a transfer, or as part of a snapshot. */
export interface BalanceChanged {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** u64: of the command, or 0. */
  transferId: bigint;
  /** i64: change in minor units, negative for a withdrawal; 0 in a snapshot. */
  amount: number;
  /** i64: minor units free to use. */
  available: number;
  /** i64: minor units held by open orders. */
  reserved: number;
  /** chars (12): asset code, A-Z 0-9, zero-padded. */
  asset: string;
  /** u8: decimal places of the minor unit. */
  decimals: number;
  /** u8: why: 1 deposit, 2 withdraw, 3 snapshot, 4 transfer, 5 lossCovered, 6 lossShared. */
  reason: number;
  /** u8: 1 when the transferId had been done before: nothing changed. */
  duplicate: number;
  /** u8: 0. */
  reserved0: number;
}

/** Public: an instrument as it is listed. */
export interface InstrumentListed {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** chars (24): instrument symbol, zero-padded. */
  symbol: string;
  /** chars (12): asset that is traded. */
  base: string;
  /** chars (12): asset that is paid. */
  quote: string;
  /** u32: tick size = tickMantissa x 10^tickExponent of quote per unit of base. */
  tickMantissa: number;
  /** u32: lot size = lotMantissa x 10^lotExponent of base. */
  lotMantissa: number;
  /** i8: from -15 to 9. */
  tickExponent: number;
  /** i8: from -15 to 9. */
  lotExponent: number;
  /** u8: decimal places of the minor unit of base, 0..15. */
  baseDecimals: number;
  /** u8: decimal places of the minor unit of quote, 0..15. */
  quoteDecimals: number;
  /** u32: a market order without a price trades at most this far from the best opposite price, in millionths; 0 = 50,000. */
  marketProtectionPpm: number;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** u32: bit 0 margin instrument: 1 margin. */
  flags: number;
  /** u32: margin that an order needs, in millionths of the notional; 0 for spot. */
  initialMarginPpm: number;
  /** u32: below this a position is liquidated, in millionths; 0 for spot. */
  maintenanceMarginPpm: number;
}

/** The account exists. */
export interface AccountOpened {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** u32: account that the command is about. */
  accountId: number;
}

/** The key may log on. */
export interface ApiKeyRegistered {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** u32: account that the command is about. */
  accountId: number;
  /** u32: bit 0 trade, bit 1 admin. */
  permissions: number;
  /** bytes (32): raw Ed25519 public key. */
  publicKey: Uint8Array;
  /** u32: names the key at logon, and the session in the journal. */
  apiKeyId: number;
}

/** Public: a price level after a change; 0 lots = the level is gone. */
export interface BookDelta {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** i64: gapless number of this change in its instrument, from 1. */
  bookSequence: number;
  /** i64: open quantity at the price. */
  levelLots: number;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** i32: price in ticks. */
  priceTicks: number;
  /** i32: open orders at the price. */
  orderCount: number;
  /** u8: side of the order: 1 buy, 2 sell. */
  side: number;
  /** u8: 0. */
  reserved0: number;
  /** u16: 0. */
  reserved1: number;
}

/** An open order, as part of a snapshot. */
export interface OrderStatus {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** i64: assigned by the engine, constant over replaces. */
  orderId: number;
  /** u64: chosen by the client, unique among the open orders of its account. */
  clientOrderId: bigint;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** i32: price in ticks. */
  priceTicks: number;
  /** i32: total of the chain. */
  quantityLots: number;
  /** i32: open quantity. */
  leavesLots: number;
  /** i32: filled quantity. */
  cumulativeLots: number;
  /** u8: side of the order: 1 buy, 2 sell. */
  side: number;
  /** u8: type of the order: 1 limit, 2 market, 3 stop, 4 stopLimit. */
  orderType: number;
  /** u8: time in force: 1 GTC, 2 IOC, 3 FOK, 4 GTD, 5 DAY. */
  timeInForce: number;
  /** u8: bit 0 post-only, bit 1 post-only with a price that gives way, bit 2 linked, bit 3 (events only) liquidation: 1 postOnly, 2 postOnlyReprice, 4 linked, 8 liquidation. */
  flags: number;
  /** i64: command time at which the order expires, epoch microseconds; 0 = never. */
  expireTimeUs: number;
  /** i32: most that is displayed at a time; 0 = all. */
  displayLots: number;
  /** i32: trade price that the order waits for; 0 = it waits for none. */
  triggerPriceTicks: number;
}

/** The snapshot is complete; its reportSequence is the one to resume from. */
export interface SnapshotEnd {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** u32: balanceChanged events in the snapshot. */
  balanceCount: number;
  /** u32: orderStatus events in the snapshot. */
  orderCount: number;
  /** u32: position events in the snapshot. */
  positionCount: number;
  /** u32: 0. */
  reserved0: number;
}

/** Public: a primary opened its epoch. */
export interface EpochChanged {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** u64: identity of the pair. */
  clusterId: bigint;
  /** u32: epoch that starts. */
  epoch: number;
  /** u32: node that leads. */
  nodeId: number;
}

/** All cancelled events of a mass cancel were sent. */
export interface MassCancelled {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** u32: orders that were cancelled. */
  orderCount: number;
  /** u32: 0. */
  reserved0: number;
}

/** The rates of a fee tier in an instrument, for orders from now on. */
export interface InstrumentFeesChanged {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** u32: fee tier of accounts, 0..7. */
  feeTier: number;
  /** i32: maker rate in millionths of the notional; negative = rebate. */
  makerPpm: number;
  /** i32: taker rate in millionths of the notional. */
  takerPpm: number;
}

/** The settings of the account as they are now. */
export interface AccountChanged {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** u32: account that the command is about. */
  accountId: number;
  /** u32: accounts of one group do not trade with each other; 0 = no group. */
  selfTradeGroup: number;
  /** u8: fee tier, 0..7. */
  feeTier: number;
  /** u8: mode of orders that name none: 1 allow, 2 cancelNewest, 3 cancelOldest, 4 cancelBoth, 5 decrement. */
  selfTradePrevention: number;
  /** u8: what it may do: 1 active, 2 suspended, 3 killed. */
  status: number;
  /** u8: 0. */
  reserved0: number;
  /** u32: orders and replaces in one interval; 0 = no limit. */
  throttleMaxCommands: number;
  /** u32: length of the intervals of command time, microseconds. */
  throttleIntervalUs: number;
}

/** DAY orders entered from now on expire then. */
export interface TradingDayChanged {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** i64: command time of the end, epoch microseconds. */
  endTimeUs: number;
}

/** One side of a trade that was prevented; the maker event comes first, the taker event right after it. */
export interface SelfTradePrevented {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** i64: assigned by the engine, constant over replaces. */
  orderId: number;
  /** u64: chosen by the client, unique among the open orders of its account. */
  clientOrderId: bigint;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** i32: the maker's price. */
  priceTicks: number;
  /** i32: quantity that would have traded. */
  preventedLots: number;
  /** i32: open quantity now; 0 = the order is gone. */
  leavesLots: number;
  /** i32: filled quantity of the order. */
  cumulativeLots: number;
  /** u8: side of the order: 1 buy, 2 sell. */
  side: number;
  /** u8: maker or taker: 1 maker, 2 taker. */
  liquidity: number;
  /** u8: mode that acted: 1 allow, 2 cancelNewest, 3 cancelOldest, 4 cancelBoth, 5 decrement. */
  selfTradePrevention: number;
  /** u8: 0. */
  reserved0: number;
}

/** A stop has fired and acts now; trades and the rest follow. */
export interface Triggered {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** i64: assigned by the engine, constant over replaces. */
  orderId: number;
  /** u64: chosen by the client, unique among the open orders of its account. */
  clientOrderId: bigint;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** i32: trade price that it waited for. */
  triggerPriceTicks: number;
  /** i32: trade price that fired it. */
  lastPriceTicks: number;
  /** i32: worst price that it takes now. */
  priceTicks: number;
  /** i32: open quantity. */
  leavesLots: number;
  /** u8: side of the order: 1 buy, 2 sell. */
  side: number;
  /** u8: type of the order: 1 limit, 2 market, 3 stop, 4 stopLimit. */
  orderType: number;
  /** u16: 0. */
  reserved0: number;
}

/** The prices that orders may have. */
export interface PriceBandChanged {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** i32: lowest price of an order; 0 = none. */
  minPriceTicks: number;
  /** i32: highest price of an order; 0 = none. */
  maxPriceTicks: number;
  /** i32: middle of the band in percent; 0 = the last trade. */
  referencePriceTicks: number;
  /** u32: most that a price may be away from the reference, in millionths; 0 = no such band. */
  bandPpm: number;
  /** u32: 0. */
  reserved0: number;
}

/** How large and how many the orders of the account in the instrument may be. */
export interface OrderLimitsChanged {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** u32: account that the command is about. */
  accountId: number;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** i64: most that an order may be worth, in minor units of quote; 0 = no limit. */
  maxOrderNotional: number;
  /** i32: largest quantity of an order; 0 = no limit. */
  maxOrderLots: number;
  /** i32: most open orders in the instrument; 0 = no limit. */
  maxOpenOrders: number;
}

/** A position, as part of a snapshot; fees are left out. */
export interface Position {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** i64: bought minus sold. */
  quantityLots: number;
  /** i64: paid for what is held, of a short position received for what is owed; minor units. */
  cost: number;
  /** i64: of what was closed, minor units of quote. */
  realisedProfit: number;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** u32: 0. */
  reserved0: number;
  /** i64: held for it and the open orders of a margin instrument; minor units. */
  initialMargin: number;
}

/** Public: what may happen in an instrument now. */
export interface MarketStateChanged {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** i64: command time at which nextState follows, epoch microseconds; 0 = it stays. */
  endTimeUs: number;
  /** i64: quantity that was traded at the end of the auction. */
  uncrossLots: number;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** i32: price of all these trades; 0 = there was none. */
  uncrossPriceTicks: number;
  /** i32: of an auction, as in setMarketState. */
  referencePriceTicks: number;
  /** u8: from now on. */
  state: number;
  /** u8: until now. */
  previousState: number;
  /** u8: at the end of it; 0 = none. */
  nextState: number;
  /** u8: why: 1 command, 2 time, 3 volatility. */
  cause: number;
}

/** Public: what an auction would do if it ended now, whenever that has changed. */
export interface AuctionIndicated {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** i64: quantity that would trade. */
  executableLots: number;
  /** i64: bought minus sold at the price; > 0 = buys are left over. */
  imbalanceLots: number;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** i32: price of all trades; 0 = nothing would trade. */
  priceTicks: number;
}

/** Public: the settings of an instrument as they are now. */
export interface InstrumentChanged {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** u32: as in instrumentListed. */
  marketProtectionPpm: number;
  /** u32: a trade further from the price at the start of the window than this starts a volatility auction; 0 = none. */
  volatilityPpm: number;
  /** u32: length of the windows of command time, microseconds. */
  volatilityWindowUs: number;
  /** u32: length of the volatility auction, microseconds. */
  volatilityAuctionUs: number;
  /** u32: margin that an order needs, in millionths of the notional; 0 for spot. */
  initialMarginPpm: number;
  /** u32: below this a position is liquidated, in millionths; 0 for spot. */
  maintenanceMarginPpm: number;
  /** u32: 0. */
  reserved0: number;
}

/** Public: a margin instrument is settled to this price. */
export interface MarkPriceChanged {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** i32: price in ticks. */
  priceTicks: number;
}

/** The equity has fallen below the maintenance margin: orders are cancelled and positions closed now. */
export interface LiquidationStarted {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** i64: minor units of the asset. */
  equity: number;
  /** i64: of all margin positions in the asset, minor units. */
  maintenanceMargin: number;
  /** chars (12): asset code, A-Z 0-9, zero-padded. */
  asset: string;
  /** u32: 0. */
  reserved0: number;
}

/** A part of a position was closed at the mark price without an order; the liquidated account comes first. */
export interface Deleveraged {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** i64: position now. */
  positionLots: number;
  /** i64: change of the position, negative when it was a sale. */
  quantityLots: number;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** i32: the mark price. */
  priceTicks: number;
}

/** Public: later rules hold from the next command on. */
export interface LogicActivated {
  /** i64: gapless number of this report in its account, from 1; 0 = public event. */
  reportSequence: number;
  /** i64: number of the command that is answered; 0 = caused by somebody else. */
  clientSequence: number;
  /** u32: rules from here on. */
  logicVersion: number;
  /** u32: rules until here. */
  previousVersion: number;
}

/** First message on every connection. */
export interface LogonChallenge {
  /** bytes (32): random, for one logon. */
  nonce: Uint8Array;
  /** u64: identity of the pair. */
  clusterId: bigint;
  /** u32: current epoch. */
  epoch: number;
  /** u32: 1 when orders are taken here. */
  isPrimary: number;
}

/** Proves possession of the private key. */
export interface Logon {
  /** i64: clock of the client, epoch microseconds. */
  timestampUs: number;
  /** i64: last report seen; the ones after it are sent again; -1 = only new ones. */
  lastReportSequence: number;
  /** u32: from apiKeyRegistered. */
  apiKeyId: number;
  /** u32: bit 0: cancel the open orders of the account on disconnect: 1 cancelOnDisconnect. */
  flags: number;
  /** bytes (64): Ed25519 over "LOGON1" || clusterId u64 LE || nonce || apiKeyId u32 LE || timestampUs i64 LE. */
  signature: Uint8Array;
}

/** The session is open; instruments and missed reports follow. */
export interface LogonAccepted {
  /** i64: highest command of this session that the engine has answered. */
  lastClientSequence: number;
  /** i64: newest report of the account. */
  lastReportSequence: number;
  /** u32: the session. */
  apiKeyId: number;
  /** u32: account of the session; 0 = admin. */
  accountId: number;
  /** u32: bit 0 trade, bit 1 admin. */
  permissions: number;
  /** u32: current epoch. */
  epoch: number;
  /** u32: send something at least this often. */
  pingIntervalMs: number;
  /** u32: more are refused. */
  maxMessagesPerFrame: number;
}

/** A message was not passed to the engine. */
export interface SessionReject {
  /** i64: of the refused command, or 0. */
  clientSequence: number;
  /** u16: reject code. */
  code: number;
  /** u16: template of the refused message, or 0. */
  refTemplateId: number;
  /** chars (84): a sentence for people, zero-padded. */
  text: string;
}

/** Keeps the session open, measures the round trip. */
export interface Ping {
  /** i64: echoed. */
  clientTimeUs: number;
}

/** Answer to ping. */
export interface Pong {
  /** i64: from the ping. */
  clientTimeUs: number;
  /** i64: clock of the gateway. */
  serverTimeUs: number;
}

/** Asks for market data; a book snapshot follows. */
export interface Subscribe {
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** u32: bit 0 book, bit 1 trades. */
  channels: number;
}

/** Ends market data. */
export interface Unsubscribe {
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** u32: bit 0 book, bit 1 trades. */
  channels: number;
}

/** A price level, of a snapshot or a change. */
export interface BookLevel {
  /** i64: state after this change; a gap means: subscribe again. */
  bookSequence: number;
  /** i64: open quantity; 0 = the level is gone. */
  levelLots: number;
  /** i64: command time. */
  timestampUs: number;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** i32: price in ticks. */
  priceTicks: number;
  /** i32: open orders at the price. */
  orderCount: number;
  /** u8: side of the order: 1 buy, 2 sell. */
  side: number;
  /** u8: bit 0 part of a snapshot, bit 1 first of it, bit 2 last of it, bit 3 the book is empty. */
  flags: number;
  /** u16: 0. */
  reserved0: number;
}

/** A trade on the tape. */
export interface PublicTrade {
  /** i64: rising. */
  tradeId: number;
  /** i64: command that caused it. */
  sequence: number;
  /** i64: command time. */
  timestampUs: number;
  /** u32: from instrumentListed. */
  instrumentId: number;
  /** i32: price in ticks. */
  priceTicks: number;
  /** i32: quantity in lots. */
  quantityLots: number;
  /** u8: side of the incoming order: 1 buy, 2 sell. */
  takerSide: number;
  /** u8: 0. */
  reserved0: number;
  /** u16: 0. */
  reserved1: number;
}

/** Asks for the reports after a number again. */
export interface ResendRequest {
  /** i64: last report seen. */
  lastReportSequence: number;
}

/** Everything asked for was sent; live reports follow. */
export interface ResendComplete {
  /** i64: last report sent. */
  lastReportSequence: number;
}

/** The reports asked for are no longer kept; use requestSnapshot. */
export interface SnapshotRequired {
  /** i64: newest report of the account. */
  lastReportSequence: number;
}

/** Ends the session. */
export interface Logout {
  /** u32: 0. */
  reserved0: number;
}

/** Last message before it closes. */
export interface LoggedOut {
  /** u16: reject code, 0 = as asked. */
  code: number;
  /** u16: 0. */
  reserved0: number;
}

/** Body fields by message name. */
export interface MessageFields {
  listInstrument: ListInstrument;
  openAccount: OpenAccount;
  registerApiKey: RegisterApiKey;
  deposit: Deposit;
  withdraw: Withdraw;
  newOrder: NewOrder;
  cancelOrder: CancelOrder;
  replaceOrder: ReplaceOrder;
  massCancel: MassCancel;
  timeAdvanced: TimeAdvanced;
  epochStarted: EpochStarted;
  requestSnapshot: RequestSnapshot;
  setInstrumentFees: SetInstrumentFees;
  setAccountFeeTier: SetAccountFeeTier;
  setSelfTradePrevention: SetSelfTradePrevention;
  setTradingDayEnd: SetTradingDayEnd;
  setAccountStatus: SetAccountStatus;
  setPriceBand: SetPriceBand;
  setOrderLimits: SetOrderLimits;
  transfer: Transfer;
  setAccountThrottle: SetAccountThrottle;
  setMarketState: SetMarketState;
  cancelOnDisconnect: CancelOnDisconnect;
  changeInstrument: ChangeInstrument;
  removeInstrument: RemoveInstrument;
  setMarkPrice: SetMarkPrice;
  activateLogic: ActivateLogic;
  accepted: Accepted;
  rejected: Rejected;
  trade: Trade;
  cancelled: Cancelled;
  replaced: Replaced;
  balanceChanged: BalanceChanged;
  instrumentListed: InstrumentListed;
  accountOpened: AccountOpened;
  apiKeyRegistered: ApiKeyRegistered;
  bookDelta: BookDelta;
  orderStatus: OrderStatus;
  snapshotEnd: SnapshotEnd;
  epochChanged: EpochChanged;
  massCancelled: MassCancelled;
  instrumentFeesChanged: InstrumentFeesChanged;
  accountChanged: AccountChanged;
  tradingDayChanged: TradingDayChanged;
  selfTradePrevented: SelfTradePrevented;
  triggered: Triggered;
  priceBandChanged: PriceBandChanged;
  orderLimitsChanged: OrderLimitsChanged;
  position: Position;
  marketStateChanged: MarketStateChanged;
  auctionIndicated: AuctionIndicated;
  instrumentChanged: InstrumentChanged;
  markPriceChanged: MarkPriceChanged;
  liquidationStarted: LiquidationStarted;
  deleveraged: Deleveraged;
  logicActivated: LogicActivated;
  logonChallenge: LogonChallenge;
  logon: Logon;
  logonAccepted: LogonAccepted;
  sessionReject: SessionReject;
  ping: Ping;
  pong: Pong;
  subscribe: Subscribe;
  unsubscribe: Unsubscribe;
  bookLevel: BookLevel;
  publicTrade: PublicTrade;
  resendRequest: ResendRequest;
  resendComplete: ResendComplete;
  snapshotRequired: SnapshotRequired;
  logout: Logout;
  loggedOut: LoggedOut;
}

/** Body fields of each command that may be left out; they are 0 then. */
export interface OptionalFields {
  listInstrument: 'flags' | 'initialMarginPpm' | 'maintenanceMarginPpm';
  openAccount: never;
  registerApiKey: never;
  deposit: never;
  withdraw: never;
  newOrder:
    | 'flags'
    | 'expireTimeUs'
    | 'minQuantityLots'
    | 'selfTradePrevention'
    | 'triggerDirection'
    | 'reserved1'
    | 'displayLots'
    | 'triggerPriceTicks'
    | 'quoteAmount'
    | 'linkedClientOrderId'
    | 'trailingTicks'
    | 'reserved2';
  cancelOrder: never;
  replaceOrder: 'flags';
  massCancel: 'instrumentId' | 'side' | 'reserved0' | 'reserved1';
  timeAdvanced: never;
  epochStarted: 'actor';
  requestSnapshot: 'flags' | 'reserved0';
  setInstrumentFees: never;
  setAccountFeeTier: never;
  setSelfTradePrevention: 'reserved0' | 'reserved1';
  setTradingDayEnd: never;
  setAccountStatus: 'reserved0' | 'reserved1';
  setPriceBand: 'reserved0';
  setOrderLimits: never;
  transfer: never;
  setAccountThrottle: 'reserved0';
  setMarketState: 'reserved0';
  cancelOnDisconnect: 'reserved0';
  changeInstrument: 'reserved0';
  removeInstrument: 'reserved0';
  setMarkPrice: never;
  activateLogic: never;
}

export type CommandName =
  | 'listInstrument'
  | 'openAccount'
  | 'registerApiKey'
  | 'deposit'
  | 'withdraw'
  | 'newOrder'
  | 'cancelOrder'
  | 'replaceOrder'
  | 'massCancel'
  | 'timeAdvanced'
  | 'epochStarted'
  | 'requestSnapshot'
  | 'setInstrumentFees'
  | 'setAccountFeeTier'
  | 'setSelfTradePrevention'
  | 'setTradingDayEnd'
  | 'setAccountStatus'
  | 'setPriceBand'
  | 'setOrderLimits'
  | 'transfer'
  | 'setAccountThrottle'
  | 'setMarketState'
  | 'cancelOnDisconnect'
  | 'changeInstrument'
  | 'removeInstrument'
  | 'setMarkPrice'
  | 'activateLogic';

export type EventName =
  | 'accepted'
  | 'rejected'
  | 'trade'
  | 'cancelled'
  | 'replaced'
  | 'balanceChanged'
  | 'instrumentListed'
  | 'accountOpened'
  | 'apiKeyRegistered'
  | 'bookDelta'
  | 'orderStatus'
  | 'snapshotEnd'
  | 'epochChanged'
  | 'massCancelled'
  | 'instrumentFeesChanged'
  | 'accountChanged'
  | 'tradingDayChanged'
  | 'selfTradePrevented'
  | 'triggered'
  | 'priceBandChanged'
  | 'orderLimitsChanged'
  | 'position'
  | 'marketStateChanged'
  | 'auctionIndicated'
  | 'instrumentChanged'
  | 'markPriceChanged'
  | 'liquidationStarted'
  | 'deleveraged'
  | 'logicActivated';

export type SessionName =
  | 'logonChallenge'
  | 'logon'
  | 'logonAccepted'
  | 'sessionReject'
  | 'ping'
  | 'pong'
  | 'subscribe'
  | 'unsubscribe'
  | 'bookLevel'
  | 'publicTrade'
  | 'resendRequest'
  | 'resendComplete'
  | 'snapshotRequired'
  | 'logout'
  | 'loggedOut';

export type SlotMessageName = CommandName | EventName;

export type MessageName = SlotMessageName | SessionName;

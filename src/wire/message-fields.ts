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
  /** i32: limit price; for a market order the worst price accepted, 0 = by marketProtectionPpm. */
  priceTicks: number;
  /** i32: quantity in lots. */
  quantityLots: number;
  /** u8: side of the order: 1 buy, 2 sell. */
  side: number;
  /** u8: type of the order: 1 limit, 2 market. */
  orderType: number;
  /** u8: time in force: 1 GTC, 2 IOC, 3 FOK. */
  timeInForce: number;
  /** u8: must be 0. */
  flags: number;
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

/** Cancels all open orders of the account of the session. */
export interface MassCancel {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
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
}

/** Asks for balances and open orders of the account. */
export interface RequestSnapshot {
  /** i64: number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself). */
  clientSequence: number;
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
  /** u8: type of the order: 1 limit, 2 market. */
  orderType: number;
  /** u8: time in force: 1 GTC, 2 IOC, 3 FOK. */
  timeInForce: number;
  /** u8: 0. */
  reserved0: number;
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
  /** u8: why: 1 requested, 2 iocRemainder, 3 fokUnfillable, 4 massCancel, 5 replacedToFilled. */
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
  /** u8: why: 1 deposit, 2 withdraw, 3 snapshot. */
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
  /** u8: type of the order: 1 limit, 2 market. */
  orderType: number;
  /** u8: time in force: 1 GTC, 2 IOC, 3 FOK. */
  timeInForce: number;
  /** u8: 0. */
  reserved0: number;
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
  /** u32: 0. */
  reserved0: number;
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

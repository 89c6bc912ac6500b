/**
 * Where the core says what happened, in the order in which it happened. Arguments are handles into the core's
 * columns, which hold the state after the event (a cancelled order: still with the leaves that are cancelled), and
 * what the columns do not hold. Handles are only good during the call. One implementation is used in production,
 * so that these calls stay monomorphic.
 */
export interface EventSink {
  /**
   * Whether events that come now answer the command (1, as at the start of each), or all of them are notices of what
   * somebody else caused (0). Returns what it was before.
   */
  answering(on: number): number;

  /** The order was accepted; nothing of it has traded yet. */
  accepted(order: number): void;

  /**
   * A trade at `priceTicks`; both orders have their quantities after it. Fees in minor units of quote, that of a maker
   * with a rebate below 0.
   */
  trade(
    maker: number,
    taker: number,
    priceTicks: number,
    quantityLots: number,
    makerFee: number,
    takerFee: number,
  ): void;

  /**
   * The leaves of the order are cancelled; it is about to go. `reason`: CancelReason. `answer`: 1 when the session of
   * the command is told, 0 when it is a notice that answers nobody.
   */
  cancelled(order: number, reason: number, answer: number): void;

  /**
   * One side of a trade at `priceTicks` that self-trade prevention kept from happening; the order has its quantities
   * after it. `mode`: SelfTradePrevention that acted; `answer` as for `cancelled`.
   */
  selfTradePrevented(
    order: number,
    priceTicks: number,
    preventedLots: number,
    liquidity: number,
    mode: number,
    answer: number,
  ): void;

  /** A stop (a handle) acts now, at its price in force; its extra record says what fired it. */
  triggered(order: number): void;

  /** The order has new terms; its client order id was the given one before. */
  replaced(order: number, originalIdLow: number, originalIdHigh: number, priorityKept: number): void;

  /** The holding of an account (handles) after a change, or in a snapshot. `reason`: BalanceReason. */
  balanceChanged(
    account: number,
    holding: number,
    transferIdLow: number,
    transferIdHigh: number,
    amount: number,
    reason: number,
    duplicate: number,
  ): void;

  /** The same for an account that the command does not answer. */
  balanceNotice(
    account: number,
    holding: number,
    transferIdLow: number,
    transferIdHigh: number,
    amount: number,
    reason: number,
    duplicate: number,
  ): void;

  /** A margin instrument has a new mark price. */
  markPriceChanged(instrumentId: number): void;

  /** An account (a handle) has less than its maintenance margin in an asset; minor units. */
  liquidationStarted(account: number, assetId: number, equity: number, maintenanceMargin: number): void;

  /** A position changed by lots (below 0: sold) that were closed at the mark price without an order. */
  deleveraged(position: number, quantityLots: number): void;

  /** The account (a handle) has new settings. */
  accountChanged(account: number): void;

  /** A new instrument. */
  instrumentListed(instrumentId: number): void;

  /**
   * The market of an instrument has a new state, after `previousState`; the uncross at `priceTicks` (0 = nothing
   * trades) of so many lots follows. `cause`: MarketStateCause.
   */
  marketStateChanged(
    instrumentId: number,
    previousState: number,
    priceTicks: number,
    lots: number,
    cause: number,
  ): void;

  /** What the auction of the instrument would do now is another thing than before. */
  auctionIndicated(instrumentId: number): void;

  /** The instrument has new settings. */
  instrumentChanged(instrumentId: number): void;

  /** The instrument has a new price band. */
  priceBandChanged(instrumentId: number): void;

  /** The account has new order limits in an instrument; by the handle of its position there. */
  orderLimitsChanged(position: number): void;

  /** A new account. */
  accountOpened(accountId: number): void;

  /** The rates of a fee tier in an instrument. */
  instrumentFeesChanged(instrumentId: number, feeTier: number): void;

  /** The end of the trading day. */
  tradingDayChanged(): void;

  /** A new API key. */
  apiKeyRegistered(apiKeyId: number): void;

  /** A price level as it is after the command; the book sequence of its instrument (a handle) was raised for it. */
  bookDelta(level: number, instrument: number): void;

  /** An open order, in a snapshot. */
  orderStatus(order: number): void;

  /** A position that is not flat, or that gained or lost something, in a snapshot. */
  position(position: number): void;

  /** The snapshot of the account (a handle) is complete. */
  snapshotEnd(account: number, balanceCount: number, orderCount: number, positionCount: number): void;

  /** A primary opened the epoch that the core now has. */
  epochChanged(): void;

  /** Rules of a later version hold from the next command on. */
  logicActivated(logicVersion: number, previousVersion: number): void;

  /** All orders of the account (a handle) were cancelled. */
  massCancelled(account: number, orderCount: number): void;
}

/**
 * Where the core says what happened, in the order in which it happened. Arguments are handles into the core's
 * columns, which hold the state after the event (a cancelled order: still with the leaves that are cancelled), and
 * what the columns do not hold. Handles are only good during the call. One implementation is used in production,
 * so that these calls stay monomorphic.
 */
export interface EventSink {
  /** The order was accepted; nothing of it has traded yet. */
  accepted(order: number): void;

  /** A trade at `priceTicks`; both orders have their quantities after it. */
  trade(maker: number, taker: number, priceTicks: number, quantityLots: number): void;

  /** The leaves of the order are cancelled; it is about to go. `reason`: CancelReason. */
  cancelled(order: number, reason: number): void;

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

  /** A new instrument. */
  instrumentListed(instrumentId: number): void;

  /** A new account. */
  accountOpened(accountId: number): void;

  /** A new API key. */
  apiKeyRegistered(apiKeyId: number): void;

  /** A price level as it is after the command; the book sequence of its instrument (a handle) was raised for it. */
  bookDelta(level: number, instrument: number): void;

  /** An open order, in a snapshot. */
  orderStatus(order: number): void;

  /** The snapshot of the account (a handle) is complete. */
  snapshotEnd(account: number, balanceCount: number, orderCount: number): void;

  /** A primary opened the epoch that the core now has. */
  epochChanged(): void;

  /** Rules of a later version hold from the next command on. */
  logicActivated(logicVersion: number, previousVersion: number): void;

  /** All orders of the account (a handle) were cancelled. */
  massCancelled(account: number, orderCount: number): void;
}

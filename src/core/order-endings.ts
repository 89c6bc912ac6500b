/** How orders end other than by their last fill: what they reserve is free again, and they are in no list any more. */
import { CancelReason } from './codes.js';
import type { Core } from './core.js';
import type { EventSink } from './event-sink.js';
import { ExtraWord } from './order-extras.js';
import { OrderWord } from './orders.js';

// Local copies are folded into the code (README.md).
const LEAVES = OrderWord.leaves;
const BOOK_SIDE = OrderWord.bookSide;
const ACCOUNT = OrderWord.account;
const QUOTE_HOLDING = OrderWord.quoteHolding;
const BASE_HOLDING = OrderWord.baseHolding;
const LOT_RESERVE = OrderWord.lotReserve;
const EXTRA = OrderWord.extra;
const TRIGGER = ExtraWord.trigger;
const PARTNER = ExtraWord.partner;
const LINKED = CancelReason.linked;

export type OrderEndings = ReturnType<typeof makeOrderEndings>;

/** The endings on `core`, with their events into `sink`. */
export function makeOrderEndings(core: Core, sink: EventSink) {
  const { words, doubles, handleMask } = core.arena;
  const { removeOrder } = core.accounts;
  const { remove: removeId } = core.clientIds;
  const { reserve } = core.holdings;
  const { countOpen } = core.margins;
  const { release, touch: touchOrder } = core.orders;
  const { remove: removeStop } = core.stops;
  const { remove: removeFromBook } = core.books;
  const { cancelled } = sink;

  /** Frees what `lots` of an order reserve. */
  const releaseLots = (handle: number, lots: number): void => {
    const order = handle & handleMask;
    if (words[order + BASE_HOLDING] === 0) {
      countOpen(order, -lots);
      return;
    }
    const isSell = (words[order + BOOK_SIDE] & 1) !== 0;
    const holding = isSell ? words[order + BASE_HOLDING] : words[order + QUOTE_HOLDING];
    reserve(holding, -(lots * doubles[(order + LOT_RESERVE) >> 1]));
  };

  /** Forgets an order that was open. */
  const close = (handle: number): void => {
    const order = handle & handleMask;
    removeOrder(words[order + ACCOUNT], order);
    removeId(order);
    release(order);
  };

  /**
   * Cancels what is left of an open order, then its partner when it has one. `answer`: 1 = for the session of the command,
   * 0 = a notice.
   */
  const cancelOpen = (handle: number, reason: number, answer: number): void => {
    const order = handle & handleMask;
    cancelled(order, reason, answer);
    if (isWaiting(order)) removeStop(order);
    else removeFromBook(order);
    releaseLots(order, words[order + LEAVES]);
    const partner = unlink(order);
    close(order);
    if (partner !== 0) cancelOpen(partner, LINKED, 0);
  };

  /** Whether an order is a stop that has not acted yet. */
  const isWaiting = (order: number): boolean => {
    const extra = words[order + EXTRA] & handleMask;
    return extra !== 0 && words[extra + TRIGGER] !== 0;
  };

  /** Ends the link of an order, when it has one: the other order is cancelled. It answers nobody. */
  const endLink = (order: number): void => {
    const partner = unlink(order);
    if (partner !== 0) cancelOpen(partner, LINKED, 0);
  };

  /** Takes a pair apart; returns the other order, or 0. */
  const unlink = (handle: number): number => {
    const order = handle & handleMask;
    const extra = words[order + EXTRA] & handleMask;
    if (extra === 0) return 0;
    const partner = words[extra + PARTNER] & handleMask;
    if (partner === 0) return 0;
    words[extra + PARTNER] = 0;
    words[(words[partner + EXTRA] & handleMask) + PARTNER] = 0;
    touchOrder(order);
    touchOrder(partner);
    return partner;
  };

  /** Cancels what is left of an order that came in just now. */
  const cancelIncoming = (handle: number, reason: number): void => {
    const order = handle & handleMask;
    cancelled(order, reason, 1);
    releaseLots(order, words[order + LEAVES]);
    release(order);
  };

  return { releaseLots, close, cancelOpen, cancelIncoming, isWaiting, endLink };
}

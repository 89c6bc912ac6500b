/**
 * Self-trade prevention: what happens when an incoming order meets one of its own account or account group. Its own
 * mode decides. Both sides are told how much did not trade.
 */
import { AccountWord } from './accounts.js';
import { CancelReason, Liquidity, SelfTradePrevention } from './codes.js';
import type { Core } from './core.js';
import type { EventSink } from './event-sink.js';
import type { OrderEndings } from './order-endings.js';
import { OrderWord } from './orders.js';

// Local copies are folded into the code (README.md).
const PRICE = OrderWord.price;
const LEAVES = OrderWord.leaves;
const TERMS = OrderWord.terms;
const ACCOUNT = OrderWord.account;
const GROUP = AccountWord.selfTradeGroup;
const MAKER = Liquidity.maker;
const TAKER = Liquidity.taker;
const SELF_TRADE = CancelReason.selfTrade;
/** Modes as orders hold them, counted from 0 = allow. */
const CANCEL_NEWEST = SelfTradePrevention.cancelNewest - 1;
const CANCEL_OLDEST = SelfTradePrevention.cancelOldest - 1;
const CANCEL_BOTH = SelfTradePrevention.cancelBoth - 1;
const DECREMENT = SelfTradePrevention.decrement - 1;

export type SelfTrade = ReturnType<typeof makeSelfTrade>;

/** Self-trade prevention on `core`, with its events into `sink`. */
export function makeSelfTrade(core: Core, sink: EventSink, endings: OrderEndings) {
  const { words, handleMask } = core.arena;
  const { touch: touchOrder } = core.orders;
  const { takeDisplayed } = core.books;
  const { cancelled, selfTradePrevented } = sink;
  const { cancelOpen, close, endLink, releaseLots } = endings;

  /** Whether two orders are of one account, or of accounts in one group. */
  const belongTogether = (first: number, second: number): boolean => {
    const account = words[(first & handleMask) + ACCOUNT] & handleMask;
    const other = words[(second & handleMask) + ACCOUNT] & handleMask;
    if (account === other) return true;
    const group = words[account + GROUP];
    return group !== 0 && group === words[other + GROUP];
  };

  /**
   * Keeps `taker` from trading `lots` with `maker`, the next in its way. Afterwards the maker is gone or smaller, or the
   * taker has no leaves.
   */
  const prevent = (takerHandle: number, makerHandle: number, lots: number): void => {
    const taker = takerHandle & handleMask;
    const maker = makerHandle & handleMask;
    const mode = words[taker + TERMS] >>> 24;
    const price = words[maker + PRICE];
    if (mode === DECREMENT) {
      releaseLots(maker, lots);
      releaseLots(taker, lots);
      words[maker + LEAVES] = words[maker + LEAVES] - lots;
      words[taker + LEAVES] = words[taker + LEAVES] - lots;
      takeDisplayed(maker, lots);
      touchOrder(maker);
    }
    selfTradePrevented(maker, price, lots, MAKER, mode + 1, 0);
    selfTradePrevented(taker, price, lots, TAKER, mode + 1, 1);
    if (mode === DECREMENT) {
      endLink(maker);
      endLink(taker);
      if (words[maker + LEAVES] === 0) close(maker);
    }
    if (mode === CANCEL_OLDEST || mode === CANCEL_BOTH) cancelOpen(maker, SELF_TRADE, 0);
    if (mode === CANCEL_NEWEST || mode === CANCEL_BOTH) {
      cancelled(taker, SELF_TRADE, 1);
      releaseLots(taker, words[taker + LEAVES]);
      words[taker + LEAVES] = 0;
      endLink(taker);
    }
  };

  return { belongTogether, prevent };
}

/**
 * Matching and settlement of an incoming order against the opposite book side: best price first, then priority,
 * at the maker's price. Money moves with each fill by the exact amounts; nothing rounds.
 */
import { incrementInt64 } from '../base/int64.js';
import type { Core } from './core.js';
import type { EventSink } from './event-sink.js';
import { HoldingWord } from './holdings.js';
import { InstrumentWord } from './instruments.js';
import { CounterWord, OrderWord } from './orders.js';
import { keyOf, LevelWord } from './price-ladder.js';

// Local copies are folded into the code (README.md).
const PRICE = OrderWord.price;
const LEAVES = OrderWord.leaves;
const CUMULATIVE = OrderWord.cumulative;
const BOOK_SIDE = OrderWord.bookSide;
const ACCOUNT = OrderWord.account;
const NEXT = OrderWord.next;
const PREVIOUS = OrderWord.previous;
const QUOTE_HOLDING = OrderWord.quoteHolding;
const BASE_HOLDING = OrderWord.baseHolding;
const CLIENT_ID_HASH = OrderWord.clientIdHash;
const POSITION = OrderWord.position;
const TRADE_ID = CounterWord.tradeId;
const HEAD = LevelWord.head;
const TAIL = LevelWord.tail;
const ORDER_COUNT = LevelWord.orderCount;
const KEY = LevelWord.key;
const LOTS = LevelWord.lots;
const AVAILABLE = HoldingWord.available;
const RESERVED = HoldingWord.reserved;
const LAST_PRICE = InstrumentWord.lastPrice;

export type Matching = ReturnType<typeof makeMatching>;

/** Matching on `core`, with the trades into `sink`. */
export function makeMatching(core: Core, sink: EventSink) {
  const { words, doubles, handleMask } = core.arena;
  const { best: bestLevel, next: nextLevel } = core.books.ladder;
  const { baseMinorPerLot, handleOf: instrumentAt, quoteMinorPerTickLot } = core.instruments;
  const { counters, release, touch: touchOrder } = core.orders;
  const { touch: touchHolding } = core.holdings;
  const { touch: touchLevel } = core.books;
  const { removeOrder } = core.accounts;
  const { remove: removeId } = core.clientIds;
  const { countTrade } = core.positions;
  const { trade } = sink;
  const increment = incrementInt64;
  const keyAt = keyOf;

  /** Whether all of an order can be filled at once within its price: what decides a fill-or-kill order. */
  const canFill = (handle: number): boolean => {
    const order = handle & handleMask;
    const opposite = words[order + BOOK_SIDE] ^ 1;
    const limitKey = keyAt(opposite, words[order + PRICE]);
    let missing = words[order + LEAVES];
    let level = bestLevel(opposite);
    while (level !== 0 && words[level + KEY] <= limitKey) {
      missing -= doubles[(level + LOTS) >> 1];
      if (missing <= 0) return true;
      level = nextLevel(level);
    }
    return false;
  };

  /**
   * Matches `taker`, whose reservation is made, until it is filled or no price is left within its limit. Filled
   * makers are gone afterwards; the taker has its new leaves and cumulative quantity and what it no longer needs of
   * its reservation is released. Empty levels stay until the books are flushed.
   */
  const matchOrder = (takerHandle: number): void => {
    const taker = takerHandle & handleMask;
    const bookSide = words[taker + BOOK_SIDE];
    const opposite = bookSide ^ 1;
    const limitPrice = words[taker + PRICE];
    const limitKey = keyAt(opposite, limitPrice);
    const instrument = instrumentAt(bookSide >> 1);
    const quotePerTickLot = quoteMinorPerTickLot(instrument);
    const basePerLot = baseMinorPerLot(instrument);
    const makerSells = (opposite & 1) !== 0;
    const makerDirection = makerSells ? -1 : 1;
    const takerPosition = words[taker + POSITION];
    const wanted = words[taker + LEAVES];
    let leaves = wanted;
    let quoteTraded = 0;
    let lastPrice = 0;
    let level = bestLevel(opposite) & handleMask;
    while (level !== 0 && words[level + KEY] <= limitKey) {
      const price = keyAt(opposite, words[level + KEY]);
      const quotePerLot = price * quotePerTickLot;
      const leavesBefore = leaves;
      let maker = words[level + HEAD] & handleMask;
      do {
        const makerLeaves = words[maker + LEAVES];
        const filled = Math.min(makerLeaves, leaves);
        leaves -= filled;
        words[maker + LEAVES] = makerLeaves - filled;
        words[maker + CUMULATIVE] = words[maker + CUMULATIVE] + filled;
        words[taker + LEAVES] = leaves;
        words[taker + CUMULATIVE] = words[taker + CUMULATIVE] + filled;
        const quote = filled * quotePerLot;
        const base = filled * basePerLot;
        quoteTraded += quote;
        const makerQuote = words[maker + QUOTE_HOLDING] & handleMask;
        const makerBase = words[maker + BASE_HOLDING] & handleMask;
        if (makerSells) {
          doubles[(makerQuote + AVAILABLE) >> 1] += quote;
          doubles[(makerBase + RESERVED) >> 1] -= base;
        } else {
          doubles[(makerQuote + RESERVED) >> 1] -= quote;
          doubles[(makerBase + AVAILABLE) >> 1] += base;
        }
        touchHolding(makerQuote);
        touchHolding(makerBase);
        countTrade(words[maker + POSITION], makerDirection, filled, quotePerLot);
        countTrade(takerPosition, -makerDirection, filled, quotePerLot);
        increment(counters, TRADE_ID);
        trade(maker, taker, price, filled);
        if (makerLeaves !== filled) {
          touchOrder(maker);
          break;
        }
        const next = words[maker + NEXT] & handleMask;
        words[level + ORDER_COUNT] = words[level + ORDER_COUNT] - 1;
        removeOrder(words[maker + ACCOUNT], maker);
        removeId(words[maker + CLIENT_ID_HASH], maker);
        release(maker);
        maker = next;
      } while (leaves !== 0 && maker !== 0);
      words[level + HEAD] = maker;
      if (maker === 0) words[level + TAIL] = 0;
      else words[maker + PREVIOUS] = 0;
      doubles[(level + LOTS) >> 1] -= leavesBefore - leaves;
      touchLevel(level);
      lastPrice = price;
      if (leaves === 0) break;
      level = nextLevel(level) & handleMask;
    }

    words[instrument + LAST_PRICE] = lastPrice;
    const takerQuote = words[taker + QUOTE_HOLDING] & handleMask;
    const takerBase = words[taker + BASE_HOLDING] & handleMask;
    const baseTraded = (wanted - leaves) * basePerLot;
    if (makerSells) {
      const released = (wanted - leaves) * limitPrice * quotePerTickLot;
      doubles[(takerQuote + RESERVED) >> 1] -= released;
      doubles[(takerQuote + AVAILABLE) >> 1] += released - quoteTraded;
      doubles[(takerBase + AVAILABLE) >> 1] += baseTraded;
    } else {
      doubles[(takerBase + RESERVED) >> 1] -= baseTraded;
      doubles[(takerQuote + AVAILABLE) >> 1] += quoteTraded;
    }
    touchHolding(takerQuote);
    touchHolding(takerBase);
  };

  return { canFill, matchOrder };
}

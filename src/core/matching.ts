/**
 * Matching and settlement of an incoming order against the opposite book side: best price first, then priority,
 * at the maker's price. Money moves with each fill by the exact amounts; only fees round, each once and towards the
 * venue.
 */
import { makeDoubles } from '../base/columns.js';
import { incrementInt64 } from '../base/int64.js';
import type { Core } from './core.js';
import type { EventSink } from './event-sink.js';
import { HoldingWord } from './holdings.js';
import { InstrumentControl, InstrumentWord } from './instruments.js';
import { portionDown, portionUp } from './money.js';
import type { OrderEndings } from './order-endings.js';
import { ExtraWord } from './order-extras.js';
import { CounterWord, OrderWord } from './orders.js';
import { keyOf, LevelWord, PRICE_MAX } from './price-ladder.js';
import type { SelfTrade } from './self-trade.js';
import type { Volatility } from './volatility.js';

// Local copies are folded into the code (README.md).
const PRICE = OrderWord.price;
const LEAVES = OrderWord.leaves;
const CUMULATIVE = OrderWord.cumulative;
const BOOK_SIDE = OrderWord.bookSide;
const TERMS = OrderWord.terms;
const ACCOUNT = OrderWord.account;
const NEXT = OrderWord.next;
const PREVIOUS = OrderWord.previous;
const QUOTE_HOLDING = OrderWord.quoteHolding;
const BASE_HOLDING = OrderWord.baseHolding;
const EXTRA = OrderWord.extra;
const DISPLAY_LOTS = ExtraWord.displayLots;
const PARTNER = ExtraWord.partner;
const LOT_RESERVE = OrderWord.lotReserve;
const MAKER_PPM = OrderWord.makerPpm;
const TAKER_PPM = OrderWord.takerPpm;
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
const WAITING_STOPS = InstrumentWord.waitingStops;
const QUOTE_ASSET = InstrumentWord.quoteAsset;
const CONTROLS = InstrumentWord.controls;
const VOLATILITY = InstrumentControl.volatility;
const HIGHEST_KEY = PRICE_MAX;

/** Doubles of the private state: sums over the trades of the incoming order, in minor units of quote. */
const QUOTE_TRADED = 0;
const TAKER_FEES = 1;
const MAKER_FEES = 2;

export type Matching = ReturnType<typeof makeMatching>;

/** Matching on `core`, with the trades into `sink`. */
export function makeMatching(
  core: Core,
  sink: EventSink,
  { close, endLink }: OrderEndings,
  { belongTogether, prevent }: SelfTrade,
  { findRange, range }: Volatility,
) {
  const { words, doubles, handleMask } = core.arena;
  const { best: bestLevel, next: nextLevel } = core.books.ladder;
  const { baseMinorPerLot, handleOf: instrumentAt, quoteMinorPerTickLot } = core.instruments;
  const { counters, release, touch: touchOrder } = core.orders;
  const { touch: touchHolding } = core.holdings;
  const { displayed, takeDisplayed, touch: touchLevel } = core.books;
  const { notePrice } = core.stops;
  const { removeOrder } = core.accounts;
  const { remove: removeId } = core.clientIds;
  const { fees } = core.assets;
  const { countTrade } = core.positions;
  const { settleOrder: settleMargin } = core.margins;
  const { trade } = sink;
  const sums = makeDoubles(3);
  const increment = incrementInt64;
  const keyAt = keyOf;
  const roundUp = portionUp;
  const roundDown = portionDown;

  /**
   * Matches `taker`, whose reservation is made, until it is filled or cancelled or no price is left within its limit.
   * Filled makers are gone afterwards; the taker has its new leaves and cumulative quantity and what it no longer needs
   * of its reservation is released. Empty levels stay until the books are flushed. Returns true when it ended because
   * the next trade would have been beyond the volatility limit.
   */
  const matchOrder = (takerHandle: number): boolean => {
    const taker = takerHandle & handleMask;
    const bookSide = words[taker + BOOK_SIDE];
    const opposite = bookSide ^ 1;
    const limitKey = keyAt(opposite, words[taker + PRICE]);
    const instrument = instrumentAt(bookSide >> 1);
    const quotePerTickLot = quoteMinorPerTickLot(instrument);
    const basePerLot = baseMinorPerLot(instrument);
    const makerSells = (opposite & 1) !== 0;
    const cumulativeBefore = words[taker + CUMULATIVE];
    // Not 0 when the taker may have to be careful with some makers: it prevents self-trades, or has a partner.
    const caution = (words[taker + TERMS] >>> 24) | words[(words[taker + EXTRA] & handleMask) + PARTNER];
    sums[QUOTE_TRADED] = 0;
    sums[TAKER_FEES] = 0;
    sums[MAKER_FEES] = 0;
    let leaves = words[taker + LEAVES];
    let lowestKey = 0;
    let highestKey = HIGHEST_KEY;
    if ((words[instrument + CONTROLS] & VOLATILITY) !== 0) {
      findRange(instrument, true);
      lowestKey = keyAt(opposite, range[makerSells ? 0 : 1]);
      highestKey = keyAt(opposite, range[makerSells ? 1 : 0]);
    }
    let isStopped = false;
    let level = bestLevel(opposite) & handleMask;
    while (level !== 0 && words[level + KEY] <= limitKey) {
      const price = keyAt(opposite, words[level + KEY]);
      const isBeyond = words[level + KEY] < lowestKey || words[level + KEY] > highestKey;
      const quotePerLot = price * quotePerTickLot;
      const leavesBefore = leaves;
      let special = 0;
      let maker = words[level + HEAD] & handleMask;
      while (maker !== 0 && leaves !== 0) {
        if ((caution | words[maker + EXTRA]) !== 0 && isSpecial(taker, maker)) {
          special = maker;
          break;
        }
        if (isBeyond) {
          isStopped = true;
          break;
        }
        const makerLeaves = words[maker + LEAVES];
        const filled = Math.min(makerLeaves, leaves);
        leaves -= filled;
        fill(maker, taker, price, filled, quotePerLot, filled * basePerLot, makerSells);
        if (makerLeaves !== filled) {
          touchOrder(maker);
          break;
        }
        const next = words[maker + NEXT] & handleMask;
        words[level + ORDER_COUNT] = words[level + ORDER_COUNT] - 1;
        removeOrder(words[maker + ACCOUNT], maker);
        removeId(maker);
        release(maker);
        maker = next;
      }
      if (leaves !== leavesBefore) {
        words[level + HEAD] = maker;
        if (maker === 0) words[level + TAIL] = 0;
        else words[maker + PREVIOUS] = 0;
        doubles[(level + LOTS) >> 1] -= leavesBefore - leaves;
        words[instrument + LAST_PRICE] = price;
        if (words[instrument + WAITING_STOPS] !== 0) notePrice(price);
        touchLevel(level);
      }
      if (special !== 0 && isBeyond && !isPrevented(taker, special)) {
        isStopped = true;
      } else if (special !== 0) {
        meet(taker, special, price, quotePerLot, basePerLot, makerSells);
        leaves = words[taker + LEAVES];
        if (leaves !== 0) continue;
      }
      if (leaves === 0 || isStopped) break;
      level = nextLevel(level) & handleMask;
    }
    const traded = words[taker + CUMULATIVE] - cumulativeBefore;
    if (traded !== 0) settleTaker(taker, instrument, traded, traded * basePerLot, makerSells);
    return isStopped;
  };

  /** One trade of two orders that both rest, at a price that both reach: an auction's. Their levels are left alone. */
  const settleTrade = (makerHandle: number, takerHandle: number, price: number, lots: number): void => {
    const maker = makerHandle & handleMask;
    const bookSide = words[maker + BOOK_SIDE];
    const makerSells = (bookSide & 1) !== 0;
    const instrument = instrumentAt(bookSide >> 1);
    const base = lots * baseMinorPerLot(instrument);
    sums[QUOTE_TRADED] = 0;
    sums[TAKER_FEES] = 0;
    sums[MAKER_FEES] = 0;
    fill(maker, takerHandle, price, lots, price * quoteMinorPerTickLot(instrument), base, makerSells);
    settleTaker(takerHandle, instrument, lots, base, makerSells);
  };

  /** Whether a maker is of the taker's group, does not display all, or one of the two has a partner. */
  const isSpecial = (takerHandle: number, makerHandle: number): boolean => {
    const taker = takerHandle & handleMask;
    const maker = makerHandle & handleMask;
    const extra = words[maker + EXTRA] & handleMask;
    if ((words[extra + DISPLAY_LOTS] | words[extra + PARTNER]) !== 0) return true;
    if (words[(words[taker + EXTRA] & handleMask) + PARTNER] !== 0) return true;
    return isPrevented(taker, maker);
  };

  /** Whether self-trade prevention keeps two orders from trading. */
  const isPrevented = (taker: number, maker: number): boolean => {
    return words[(taker & handleMask) + TERMS] >>> 24 !== 0 && belongTogether(taker, maker);
  };

  /** One trade with a special maker, or what keeps it from happening; the books are as they should be before it. */
  const meet = (
    takerHandle: number,
    makerHandle: number,
    price: number,
    quotePerLot: number,
    basePerLot: number,
    makerSells: boolean,
  ): void => {
    const taker = takerHandle & handleMask;
    const maker = makerHandle & handleMask;
    const lots = Math.min(words[taker + LEAVES], displayed(maker));
    if (isPrevented(taker, maker)) {
      prevent(taker, maker, lots);
      return;
    }
    const instrument = instrumentAt(words[taker + BOOK_SIDE] >> 1);
    fill(maker, taker, price, lots, quotePerLot, lots * basePerLot, makerSells);
    words[instrument + LAST_PRICE] = price;
    if (words[instrument + WAITING_STOPS] !== 0) notePrice(price);
    takeDisplayed(maker, lots);
    touchOrder(maker);
    endLink(maker);
    endLink(taker);
    if (words[maker + LEAVES] === 0) close(maker);
  };

  /**
   * One trade: quantities, the maker's money, fees, reports. The taker's money is settled for all its trades at once.
   * A buyer pays the price and its fee out of what these lots reserve, and has the rest back; a seller's fee comes off
   * the proceeds. A maker's rebate is paid out of the taker's fee of the same trade, and is never more than that.
   */
  const fill = (
    makerHandle: number,
    takerHandle: number,
    price: number,
    filled: number,
    quotePerLot: number,
    base: number,
    makerSells: boolean,
  ): void => {
    const maker = makerHandle & handleMask;
    const taker = takerHandle & handleMask;
    words[maker + LEAVES] = words[maker + LEAVES] - filled;
    words[maker + CUMULATIVE] = words[maker + CUMULATIVE] + filled;
    words[taker + LEAVES] = words[taker + LEAVES] - filled;
    words[taker + CUMULATIVE] = words[taker + CUMULATIVE] + filled;
    const quote = filled * quotePerLot;
    const takerPpm = words[taker + TAKER_PPM];
    const makerPpm = words[maker + MAKER_PPM];
    const takerFee = takerPpm === 0 ? 0 : roundUp(quote, takerPpm);
    let makerFee = 0;
    if (makerPpm > 0) makerFee = roundUp(quote, makerPpm);
    else if (makerPpm < 0) makerFee = -Math.min(roundDown(quote, -makerPpm), takerFee);
    const makerQuote = words[maker + QUOTE_HOLDING] & handleMask;
    const makerBase = words[maker + BASE_HOLDING] & handleMask;
    const isSpot = makerBase !== 0;
    if (!isSpot) {
      // Settled below, when the positions have counted the trade.
    } else if (makerSells) {
      doubles[(makerQuote + AVAILABLE) >> 1] += quote - makerFee;
      doubles[(makerBase + RESERVED) >> 1] -= base;
    } else {
      const released = filled * doubles[(maker + LOT_RESERVE) >> 1];
      doubles[(makerQuote + RESERVED) >> 1] -= released;
      doubles[(makerQuote + AVAILABLE) >> 1] += released - quote - makerFee;
      doubles[(makerBase + AVAILABLE) >> 1] += base;
    }
    if (isSpot) {
      touchHolding(makerQuote);
      touchHolding(makerBase);
    }
    const direction = makerSells ? -1 : 1;
    countTrade(words[maker + POSITION], direction, filled, quotePerLot);
    countTrade(words[taker + POSITION], -direction, filled, quotePerLot);
    if (!isSpot) settleMargin(maker, filled, quote, makerFee);
    sums[QUOTE_TRADED] += quote;
    sums[TAKER_FEES] += takerFee;
    sums[MAKER_FEES] += makerFee;
    increment(counters, TRADE_ID);
    trade(maker, taker, price, filled, makerFee, takerFee);
  };

  /** Moves the money of the incoming order for the lots that it has traded, and takes in the fees of both sides. */
  const settleTaker = (
    takerHandle: number,
    instrument: number,
    traded: number,
    base: number,
    isBuy: boolean,
  ): void => {
    const taker = takerHandle & handleMask;
    const takerQuote = words[taker + QUOTE_HOLDING] & handleMask;
    const takerBase = words[taker + BASE_HOLDING] & handleMask;
    const quote = sums[QUOTE_TRADED];
    const takerFees = sums[TAKER_FEES];
    fees[words[instrument + QUOTE_ASSET]] += takerFees + sums[MAKER_FEES];
    if (takerBase === 0) {
      settleMargin(taker, traded, quote, takerFees);
      return;
    }
    if (isBuy) {
      const released = traded * doubles[(taker + LOT_RESERVE) >> 1];
      doubles[(takerQuote + RESERVED) >> 1] -= released;
      doubles[(takerQuote + AVAILABLE) >> 1] += released - quote - takerFees;
      doubles[(takerBase + AVAILABLE) >> 1] += base;
    } else {
      doubles[(takerBase + RESERVED) >> 1] -= base;
      doubles[(takerQuote + AVAILABLE) >> 1] += quote - takerFees;
    }
    touchHolding(takerQuote);
    touchHolding(takerBase);
  };

  return { matchOrder, settleTrade };
}

/**
 * The commands of traders.
 *
 * Each command returns 0, or the reject code of the first check that failed: all checks come before the first
 * change, so a rejected command has changed nothing. An account is given by its handle (`accounts.find`), 0 when
 * there is none. The hot commands read their fields from the command slot that starts at word `start` of `command`
 * (command-words.ts): 64-bit ids in two int32 halves, u32 fields as int32.
 */
import { hashTriple } from '../base/hash.js';
import { makeAccountControls } from './account-controls.js';
import { AccountControl, AccountWord } from './accounts.js';
import { CancelReason, OrderType, RejectCode, ReplaceFlag, Side, TimeInForce } from './codes.js';
import { CancelOrderWord, NewOrderWord, ReplaceOrderWord, SLOT_START_MASK } from './command-words.js';
import type { Core } from './core.js';
import type { EventSink } from './event-sink.js';
import { InstrumentControl, InstrumentWord } from './instruments.js';
import { makeMatching } from './matching.js';
import { MONEY_MAX } from './money.js';
import { OrderWord } from './orders.js';
import { PositionWord } from './positions.js';
import { isSellSide, keyOf, LevelWord, PRICE_MAX } from './price-ladder.js';

// Local copies are folded into the code (README.md).
const MONEY_LIMIT = MONEY_MAX;
const BUY = Side.buy;
const SELL = Side.sell;
const LIMIT = OrderType.limit;
const MARKET = OrderType.market;
const GTC = TimeInForce.GTC;
const FOK = TimeInForce.FOK;
const REINSERT = ReplaceFlag.reinsert;
const REQUESTED = CancelReason.requested;
const IOC_REMAINDER = CancelReason.iocRemainder;
const KEY = LevelWord.key;
const MIRROR = PRICE_MAX;
const QUOTE_ASSET = InstrumentWord.quoteAsset;
const BASE_ASSET = InstrumentWord.baseAsset;
const PRICE = OrderWord.price;
const LEAVES = OrderWord.leaves;
const CUMULATIVE = OrderWord.cumulative;
const BOOK_SIDE = OrderWord.bookSide;
const CLIENT_ID_LOW = OrderWord.clientIdLow;
const CLIENT_ID_HIGH = OrderWord.clientIdHigh;
const TERMS = OrderWord.terms;
const ACCOUNT = OrderWord.account;
const QUOTE_HOLDING = OrderWord.quoteHolding;
const BASE_HOLDING = OrderWord.baseHolding;
const CLIENT_ID_HASH = OrderWord.clientIdHash;
const LAST_INSTRUMENT = AccountWord.lastInstrument;
const LAST_QUOTE_HOLDING = AccountWord.lastQuoteHolding;
const LAST_BASE_HOLDING = AccountWord.lastBaseHolding;
const LAST_POSITION = AccountWord.lastPosition;
const POSITION = OrderWord.position;
const ACCOUNT_CONTROLS = AccountWord.controls;
const FLOW = AccountControl.flow;
const LIMITS = AccountControl.limits;
const INSTRUMENT_CONTROLS = InstrumentWord.controls;
const BAND = InstrumentControl.band;
const POSITION_QUOTE_HOLDING = PositionWord.quoteHolding;
const POSITION_BASE_HOLDING = PositionWord.baseHolding;
const SLOT_MASK = SLOT_START_MASK;
const NEW_CLIENT_ORDER_ID = NewOrderWord.clientOrderId;
const NEW_INSTRUMENT_ID = NewOrderWord.instrumentId;
const NEW_PRICE_TICKS = NewOrderWord.priceTicks;
const NEW_QUANTITY_LOTS = NewOrderWord.quantityLots;
const NEW_TERMS = NewOrderWord.terms;
const CANCEL_CLIENT_ORDER_ID = CancelOrderWord.clientOrderId;
const CANCEL_INSTRUMENT_ID = CancelOrderWord.instrumentId;
const REPLACE_CLIENT_ORDER_ID = ReplaceOrderWord.clientOrderId;
const REPLACE_NEW_CLIENT_ORDER_ID = ReplaceOrderWord.newClientOrderId;
const REPLACE_INSTRUMENT_ID = ReplaceOrderWord.instrumentId;
const REPLACE_PRICE_TICKS = ReplaceOrderWord.priceTicks;
const REPLACE_QUANTITY_LOTS = ReplaceOrderWord.quantityLots;
const REPLACE_FLAGS = ReplaceOrderWord.flags;

const PPM = 1_000_000;

export type Trading = ReturnType<typeof makeTrading>;

/** The commands on `core`, with their events into `sink`. */
export function makeTrading(core: Core, sink: EventSink) {
  const { books, holdings, instruments } = core;
  const { words, handleMask } = core.arena;
  const { addOrder, removeOrder } = core.accounts;
  const { find: findOrder, insert: insertId, remove: removeId } = core.clientIds;
  const { add: addHolding, available, find: findHolding, reserve } = holdings;
  const { baseMinorPerLot, handleOf: instrumentAt, isListed, quoteMinorPerTickLot } = instruments;
  const { allocate, assignPriority, isFull, release, touch: touchOrder } = core.orders;
  const { append, reduce, remove: removeFromBook, flush } = books;
  const { best: bestLevel } = books.ladder;
  const { checkCount, checkSize } = core.orderLimits;
  const { add: addPosition, find: findPosition, isFull: arePositionsFull } = core.positions;
  const { isOutside: isOutsideBand, moveInside: moveInsideBand } = core.priceBands;
  const { takeCommand } = makeAccountControls(core);
  const { accepted, cancelled, massCancelled, replaced } = sink;
  const { canFill, matchOrder } = makeMatching(core, sink);
  const tripleHash = hashTriple;
  const keyAt = keyOf;

  /**
   * Enters an order: reserves what it may cost, matches it, and rests or cancels the remainder by its time in
   * force. A fill-or-kill order that cannot be filled whole within its price trades nothing.
   */
  const newOrder = (account: number, command: Int32Array, start: number): number => {
    const at = start & SLOT_MASK;
    const clientIdLow = command[at + NEW_CLIENT_ORDER_ID];
    const clientIdHigh = command[at + NEW_CLIENT_ORDER_ID + 1];
    const instrumentId = command[at + NEW_INSTRUMENT_ID];
    const priceTicks = command[at + NEW_PRICE_TICKS];
    const quantityLots = command[at + NEW_QUANTITY_LOTS];
    const terms = command[at + NEW_TERMS];
    const side = terms & 0xff;
    const orderType = (terms >> 8) & 0xff;
    const timeInForce = (terms >> 16) & 0xff;
    const flags = terms >>> 24;
    if (account === 0) return RejectCode.UNKNOWN_ACCOUNT;
    const owner = account & handleMask;
    if ((words[owner + ACCOUNT_CONTROLS] & FLOW) !== 0) {
      const code = takeCommand(owner);
      if (code !== 0) return code;
    }
    if (!isListed(instrumentId)) return RejectCode.UNKNOWN_INSTRUMENT;
    if (side !== BUY && side !== SELL) return RejectCode.INVALID_SIDE;
    if (orderType !== LIMIT && orderType !== MARKET) return RejectCode.INVALID_ORDER_TYPE;
    if (timeInForce < GTC || timeInForce > FOK) return RejectCode.INVALID_TIME_IN_FORCE;
    if (orderType === MARKET && timeInForce === GTC) {
      return RejectCode.INVALID_TIME_IN_FORCE;
    }
    if (flags !== 0) return RejectCode.INVALID_FLAGS;
    if (quantityLots < 1) return RejectCode.INVALID_QUANTITY;
    if (priceTicks < (orderType === LIMIT ? 1 : 0)) return RejectCode.INVALID_PRICE;
    const clientIdHash = tripleHash(account | 0, clientIdLow, clientIdHigh);
    if (findOrder(clientIdHash, account, clientIdLow, clientIdHigh) !== 0) {
      return RejectCode.DUPLICATE_CLIENT_ORDER_ID;
    }
    if (isFull()) return RejectCode.TOO_MANY_ORDERS;
    const bookSide = ((instrumentId << 1) + side - 1) | 0;
    let price = priceTicks | 0;
    if (price === 0) {
      price = protectedPrice(bookSide) | 0;
      if (price === 0) return RejectCode.NO_LIQUIDITY;
      price = moveInsideBand(instrumentAt(instrumentId), price);
    }
    const instrument = instrumentAt(instrumentId);
    const quoteAmount = price * quantityLots * quoteMinorPerTickLot(instrument);
    const baseAmount = quantityLots * baseMinorPerLot(instrument);
    const isKnown = words[owner + LAST_INSTRUMENT] === instrumentId;
    let position = isKnown ? words[owner + LAST_POSITION] : findPosition(account, instrumentId);
    if (((words[owner + ACCOUNT_CONTROLS] & LIMITS) | words[instrument + INSTRUMENT_CONTROLS]) !== 0) {
      const code = checkTerms(instrument, position, price, quantityLots, quoteAmount) || checkCount(position);
      if (code !== 0) return code;
    }
    if (quoteAmount > MONEY_LIMIT || baseAmount > MONEY_LIMIT) return RejectCode.NOTIONAL_TOO_LARGE;
    const known = (isKnown ? owner + LAST_QUOTE_HOLDING : position + POSITION_QUOTE_HOLDING) & handleMask;
    let quoteHolding = words[known];
    let baseHolding = words[known + 1];
    if (quoteHolding === 0) quoteHolding = findHolding(account, words[instrument + QUOTE_ASSET]);
    if (baseHolding === 0) baseHolding = findHolding(account, words[instrument + BASE_ASSET]);
    const isSell = side === SELL;
    const funding = isSell ? baseHolding : quoteHolding;
    const reservation = isSell ? baseAmount : quoteAmount;
    if (available(funding) < reservation) return RejectCode.INSUFFICIENT_FUNDS;
    if ((quoteHolding === 0 || baseHolding === 0) && holdings.count === holdings.maxHoldings) {
      return RejectCode.TOO_MANY_HOLDINGS;
    }
    if (position === 0 && arePositionsFull()) return RejectCode.TOO_MANY_POSITIONS;

    if (!isKnown) {
      if (quoteHolding === 0) quoteHolding = addHolding(account, words[instrument + QUOTE_ASSET]);
      if (baseHolding === 0) baseHolding = addHolding(account, words[instrument + BASE_ASSET]);
      if (position === 0) position = addPosition(account, instrumentId);
      words[position + POSITION_QUOTE_HOLDING] = quoteHolding;
      words[position + POSITION_BASE_HOLDING] = baseHolding;
      words[owner + LAST_INSTRUMENT] = instrumentId;
      words[owner + LAST_QUOTE_HOLDING] = quoteHolding;
      words[owner + LAST_BASE_HOLDING] = baseHolding;
      words[owner + LAST_POSITION] = position;
    }
    reserve(funding, reservation);
    const order = allocate() & handleMask;
    words[order + PRICE] = price;
    words[order + LEAVES] = quantityLots;
    words[order + CUMULATIVE] = 0;
    words[order + BOOK_SIDE] = bookSide;
    words[order + CLIENT_ID_LOW] = clientIdLow;
    words[order + CLIENT_ID_HIGH] = clientIdHigh;
    words[order + TERMS] = orderType | (timeInForce << 8);
    words[order + ACCOUNT] = account | 0;
    words[order + QUOTE_HOLDING] = quoteHolding | 0;
    words[order + BASE_HOLDING] = baseHolding | 0;
    words[order + CLIENT_ID_HASH] = clientIdHash;
    words[order + POSITION] = position | 0;
    accepted(order);

    if (timeInForce === FOK && !canFill(order)) {
      cancelIncoming(order, CancelReason.fokUnfillable);
      return 0;
    }
    if (isMarketable(order)) matchOrder(order);
    if (words[order + LEAVES] === 0) {
      release(order);
    } else if (timeInForce === GTC) {
      insertId(clientIdHash, order);
      addOrder(account, order);
      rest(order);
    } else {
      cancelIncoming(order, IOC_REMAINDER);
    }
    flush(sink);
    return 0;
  };

  /** Cancels what is left of an open order. */
  const cancelOrder = (account: number, command: Int32Array, start: number): number => {
    const at = start & SLOT_MASK;
    const clientIdLow = command[at + CANCEL_CLIENT_ORDER_ID];
    const clientIdHigh = command[at + CANCEL_CLIENT_ORDER_ID + 1];
    const instrumentId = command[at + CANCEL_INSTRUMENT_ID];
    if (account === 0) return RejectCode.UNKNOWN_ACCOUNT;
    if (!isListed(instrumentId)) return RejectCode.UNKNOWN_INSTRUMENT;
    const hash = tripleHash(account, clientIdLow, clientIdHigh);
    const order = findOrder(hash, account, clientIdLow, clientIdHigh) & handleMask;
    if (order === 0 || words[order + BOOK_SIDE] >> 1 !== instrumentId) {
      return RejectCode.UNKNOWN_ORDER;
    }
    cancelResting(order, REQUESTED, 1);
    flush(sink);
    return 0;
  };

  /**
   * Changes an open order in one step. `quantityLots` is the new total of the chain, fills included, so that a
   * fill that was under way cannot make it trade more than was meant; a total that is filled already cancels the
   * rest. The order keeps its place when the price stays and the quantity does not grow; otherwise it comes in
   * anew under the same order id, and may trade. With ReplaceFlag.reinsert `quantityLots` is the new open
   * quantity, the filled quantity starts at 0 again, and the place is always lost.
   */
  const replaceOrder = (account: number, command: Int32Array, start: number): number => {
    const at = start & SLOT_MASK;
    const clientIdLow = command[at + REPLACE_CLIENT_ORDER_ID];
    const clientIdHigh = command[at + REPLACE_CLIENT_ORDER_ID + 1];
    const newIdLow = command[at + REPLACE_NEW_CLIENT_ORDER_ID];
    const newIdHigh = command[at + REPLACE_NEW_CLIENT_ORDER_ID + 1];
    const instrumentId = command[at + REPLACE_INSTRUMENT_ID];
    const priceTicks = command[at + REPLACE_PRICE_TICKS];
    const quantityLots = command[at + REPLACE_QUANTITY_LOTS];
    const flags = command[at + REPLACE_FLAGS];
    if (account === 0) return RejectCode.UNKNOWN_ACCOUNT;
    const controls = words[(account & handleMask) + ACCOUNT_CONTROLS];
    if ((controls & FLOW) !== 0) {
      const code = takeCommand(account & handleMask);
      if (code !== 0) return code;
    }
    if (!isListed(instrumentId)) return RejectCode.UNKNOWN_INSTRUMENT;
    if ((flags & ~REINSERT) !== 0) return RejectCode.INVALID_FLAGS;
    if (quantityLots < 1) return RejectCode.INVALID_QUANTITY;
    if (priceTicks < 1) return RejectCode.INVALID_PRICE;
    const hash = tripleHash(account | 0, clientIdLow, clientIdHigh);
    const order = findOrder(hash, account, clientIdLow, clientIdHigh) & handleMask;
    if (order === 0 || words[order + BOOK_SIDE] >> 1 !== instrumentId) return RejectCode.UNKNOWN_ORDER;
    const isNewId = newIdLow !== clientIdLow || newIdHigh !== clientIdHigh;
    const newHash = isNewId ? tripleHash(account | 0, newIdLow, newIdHigh) : hash;
    if (isNewId && findOrder(newHash, account, newIdLow, newIdHigh) !== 0) {
      return RejectCode.DUPLICATE_CLIENT_ORDER_ID;
    }
    const reinsert = flags !== 0;
    const oldLeaves = words[order + LEAVES];
    const oldPrice = words[order + PRICE];
    const leaves = reinsert ? quantityLots : (quantityLots - words[order + CUMULATIVE]) | 0;
    if (leaves <= 0) {
      cancelResting(order, CancelReason.replacedToFilled, 1);
      flush(sink);
      return 0;
    }
    const instrument = instrumentAt(instrumentId);
    const quotePerTickLot = quoteMinorPerTickLot(instrument);
    const basePerLot = baseMinorPerLot(instrument);
    const quoteAmount = priceTicks * leaves * quotePerTickLot;
    const baseAmount = leaves * basePerLot;
    const keepsPlace = !reinsert && priceTicks === oldPrice && leaves <= oldLeaves;
    if (!keepsPlace && ((controls & LIMITS) | words[instrument + INSTRUMENT_CONTROLS]) !== 0) {
      const code = checkTerms(instrument, words[order + POSITION], priceTicks, leaves, quoteAmount);
      if (code !== 0) return code;
    }
    if (quoteAmount > MONEY_LIMIT || baseAmount > MONEY_LIMIT) return RejectCode.NOTIONAL_TOO_LARGE;
    const isSell = (words[order + BOOK_SIDE] & 1) !== 0;
    const funding = isSell ? words[order + BASE_HOLDING] : words[order + QUOTE_HOLDING];
    const more = isSell
      ? baseAmount - oldLeaves * basePerLot
      : quoteAmount - oldPrice * oldLeaves * quotePerTickLot;
    if (available(funding) < more) return RejectCode.INSUFFICIENT_FUNDS;

    if (more !== 0) reserve(funding, more);
    if (isNewId) {
      removeId(hash, order);
      insertId(newHash, order);
      words[order + CLIENT_ID_LOW] = newIdLow;
      words[order + CLIENT_ID_HIGH] = newIdHigh;
      words[order + CLIENT_ID_HASH] = newHash;
    }
    if (keepsPlace) {
      if (leaves !== oldLeaves) reduce(order, oldLeaves - leaves);
      touchOrder(order);
      replaced(order, clientIdLow, clientIdHigh, 1);
    } else {
      removeFromBook(order);
      words[order + PRICE] = priceTicks;
      words[order + LEAVES] = leaves;
      if (reinsert) words[order + CUMULATIVE] = 0;
      replaced(order, clientIdLow, clientIdHigh, 0);
      if (isMarketable(order)) matchOrder(order);
      if (words[order + LEAVES] === 0) close(order);
      else rest(order);
    }
    flush(sink);
    return 0;
  };

  /** Cancels all open orders of the account, oldest first. */
  const massCancel = (account: number): number => {
    if (account === 0) return RejectCode.UNKNOWN_ACCOUNT;
    const count = words[account + AccountWord.openOrders];
    for (let i = 0; i < count; i += 1) {
      cancelResting(words[account + AccountWord.firstOrder], CancelReason.massCancel, 1);
    }
    massCancelled(account, count);
    flush(sink);
    return 0;
  };

  /**
   * Worst price of a market order that names none: the best opposite price, moved by the protection of the
   * instrument and rounded towards it. 0 when there is no opposite side.
   */
  const protectedPrice = (bookSide: number): number => {
    const opposite = bookSide ^ 1;
    const level = bestLevel(opposite);
    if (level === 0) return 0;
    const best = keyAt(opposite, words[level + LevelWord.key]);
    const ppm = words[instrumentAt(bookSide >> 1) + InstrumentWord.protectionPpm];
    return isSellSide(bookSide)
      ? Math.max(1, Math.ceil((best * (PPM - ppm)) / PPM))
      : Math.min(PRICE_MAX, Math.floor((best * (PPM + ppm)) / PPM));
  };

  /**
   * Reject code for an order that takes its place with these terms: the band of its instrument, then the limits of
   * its account in it. `position` may be 0; `notional` is in quote minor units.
   */
  const checkTerms = (
    instrument: number,
    position: number,
    price: number,
    lots: number,
    notional: number,
  ): number => {
    if (
      (words[(instrument & handleMask) + INSTRUMENT_CONTROLS] & BAND) !== 0 &&
      isOutsideBand(instrument, price)
    ) {
      return RejectCode.PRICE_OUT_OF_BAND;
    }
    return checkSize(position, lots, notional);
  };

  /** Whether an order, by its price, trades with the best opposite level. */
  const isMarketable = (handle: number): boolean => {
    const order = handle & handleMask;
    const opposite = words[order + BOOK_SIDE] ^ 1;
    const level = bestLevel(opposite) & handleMask;
    if (level === 0) return false;
    const price = words[order + PRICE];
    return words[level + KEY] <= ((opposite & 1) !== 0 ? price : (MIRROR - price) | 0);
  };

  /** Puts what is left of an order into the book, behind all that is there. */
  const rest = (order: number): void => {
    assignPriority(order);
    append(order);
    touchOrder(order);
  };

  /** Cancels what is left of an order that is not in the book. */
  const cancelIncoming = (order: number, reason: number): void => {
    cancelled(order, reason, 1);
    releaseReservation(order);
    release(order);
  };

  /** Cancels an open order without an answer: somebody else than its session caused it. */
  const cancelNotice = (order: number, reason: number): void => {
    cancelResting(order, reason, 0);
  };

  /** Cancels what is left of an order that is in the book. `answer`: as in `EventSink.cancelled`. */
  const cancelResting = (order: number, reason: number, answer: number): void => {
    cancelled(order, reason, answer);
    removeFromBook(order);
    releaseReservation(order);
    close(order);
  };

  /** Forgets an order that was open. */
  const close = (order: number): void => {
    removeOrder(words[order + ACCOUNT], order);
    removeId(words[order + CLIENT_ID_HASH], order);
    release(order);
  };

  /** Frees what the leaves of the order still reserve. */
  const releaseReservation = (handle: number): void => {
    const order = handle & handleMask;
    const bookSide = words[order + BOOK_SIDE];
    const leaves = words[order + LEAVES];
    const instrument = instrumentAt(bookSide >> 1);
    if ((bookSide & 1) !== 0) {
      reserve(words[order + BASE_HOLDING], -(leaves * baseMinorPerLot(instrument)));
    } else {
      const amount = words[order + PRICE] * leaves * quoteMinorPerTickLot(instrument);
      reserve(words[order + QUOTE_HOLDING], -amount);
    }
  };

  return { newOrder, cancelOrder, replaceOrder, massCancel, cancelNotice };
}

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
import { CancelReason, OrderFlag, OrderType, RejectCode, ReplaceFlag, Side, TimeInForce } from './codes.js';
import { CancelOrderWord, NewOrderWord, ReplaceOrderWord, SLOT_START_MASK } from './command-words.js';
import { type Core, EngineWord } from './core.js';
import type { EventSink } from './event-sink.js';
import { makeFillable } from './fillable.js';
import { InstrumentControl, InstrumentWord } from './instruments.js';
import { makeMatching } from './matching.js';
import { MONEY_MAX, PPM, portionUp } from './money.js';
import { makeOrderEndings } from './order-endings.js';
import { ExtraWord } from './order-extras.js';
import { checkOrderTerms } from './order-terms.js';
import { OrderWord } from './orders.js';
import { PositionWord } from './positions.js';
import { isSellSide, keyOf, LevelWord, PRICE_MAX } from './price-ladder.js';
import { makeSelfTrade } from './self-trade.js';

// Local copies are folded into the code (README.md).
const MONEY_LIMIT = MONEY_MAX;
const BUY = Side.buy;
const SELL = Side.sell;
const GTC = TimeInForce.GTC;
const IOC = TimeInForce.IOC;
const FOK = TimeInForce.FOK;
const GTD = TimeInForce.GTD;
const DAY = TimeInForce.DAY;
const POST_ONLY = OrderFlag.postOnly;
const POST_ONLY_FLAGS = OrderFlag.postOnly | OrderFlag.postOnlyReprice;
const FOK_UNFILLABLE = CancelReason.fokUnfillable;
const MIN_QUANTITY_UNFILLABLE = CancelReason.minQuantityUnfillable;
const REINSERT = ReplaceFlag.reinsert;
/** A limit order without flags, in the terms of a command. */
const PLAIN_TERMS = OrderType.limit << 8;
const PLAIN_TERMS_MASK = 0xff00ff00 | 0;
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
const LOT_RESERVE = OrderWord.lotReserve;
const MAKER_PPM = OrderWord.makerPpm;
const TAKER_PPM = OrderWord.takerPpm;
const EXPIRE_TIME_US = ExtraWord.expireTimeUs;
const TRADING_DAY_END_US = EngineWord.tradingDayEndUs;
const SETTINGS = AccountWord.settings;
const LAST_INSTRUMENT = AccountWord.lastInstrument;
const LAST_QUOTE_HOLDING = AccountWord.lastQuoteHolding;
const LAST_BASE_HOLDING = AccountWord.lastBaseHolding;
const ACCOUNT_NEXT = OrderWord.accountNext;
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
const NEW_EXPIRE_TIME_US = NewOrderWord.expireTimeUs;
const NEW_MIN_QUANTITY_LOTS = NewOrderWord.minQuantityLots;
const NEW_SELF_TRADE_PREVENTION = NewOrderWord.selfTradePrevention;
const CANCEL_CLIENT_ORDER_ID = CancelOrderWord.clientOrderId;
const CANCEL_INSTRUMENT_ID = CancelOrderWord.instrumentId;
const REPLACE_CLIENT_ORDER_ID = ReplaceOrderWord.clientOrderId;
const REPLACE_NEW_CLIENT_ORDER_ID = ReplaceOrderWord.newClientOrderId;
const REPLACE_INSTRUMENT_ID = ReplaceOrderWord.instrumentId;
const REPLACE_PRICE_TICKS = ReplaceOrderWord.priceTicks;
const REPLACE_QUANTITY_LOTS = ReplaceOrderWord.quantityLots;
const REPLACE_FLAGS = ReplaceOrderWord.flags;

export type Trading = ReturnType<typeof makeTrading>;

/** The commands on `core`, with their events into `sink`. */
export function makeTrading(core: Core, sink: EventSink) {
  const { books, engine, holdings, instruments } = core;
  const { words, doubles, handleMask } = core.arena;
  const { addOrder } = core.accounts;
  const { add: addExpiry } = core.expiries;
  const { find: findOrder, insert: insertId, remove: removeId } = core.clientIds;
  const { add: addHolding, available, find: findHolding, reserve } = holdings;
  const { baseMinorPerLot, handleOf: instrumentAt, isListed, quoteMinorPerTickLot, ratesAt } = instruments;
  const { addExtra, allocate, assignPriority, isFull, release, touch: touchOrder } = core.orders;
  const { append, reduce, remove: removeFromBook, flush } = books;
  const { best: bestLevel } = books.ladder;
  const { checkCount, checkSize } = core.orderLimits;
  const { add: addPosition, find: findPosition, isFull: arePositionsFull } = core.positions;
  const { isOutside: isOutsideBand, moveInside: moveInsideBand } = core.priceBands;
  const { takeCommand } = makeAccountControls(core);
  const { accepted, massCancelled, replaced } = sink;
  const endings = makeOrderEndings(core, sink);
  const { cancelIncoming, cancelOpen, close, expireOrders } = endings;
  const selfTrade = makeSelfTrade(core, sink, endings);
  const { matchOrder } = makeMatching(core, sink, selfTrade);
  const { canFill } = makeFillable(core, selfTrade);
  const checkTerms = checkOrderTerms;
  const roundUp = portionUp;
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
    const timeInForce = (terms >> 16) & 0xff;
    if (account === 0) return RejectCode.UNKNOWN_ACCOUNT;
    const owner = account & handleMask;
    if ((words[owner + ACCOUNT_CONTROLS] & FLOW) !== 0) {
      const code = takeCommand(owner);
      if (code !== 0) return code;
    }
    if (!isListed(instrumentId)) return RejectCode.UNKNOWN_INSTRUMENT;
    // The simplest order passes all checks of its terms by one look at them; any other is checked one by one.
    const isPlain =
      (terms & PLAIN_TERMS_MASK) === PLAIN_TERMS &&
      side >= BUY &&
      side <= SELL &&
      timeInForce >= GTC &&
      timeInForce <= FOK &&
      quantityLots >= 1 &&
      priceTicks >= 1 &&
      furtherTerms(command, at) === 0;
    if (!isPlain) {
      const code = checkTerms(command, at, engine);
      if (code !== 0) return code;
    }
    const clientIdHash = tripleHash(account | 0, clientIdLow, clientIdHigh);
    if (findOrder(clientIdHash, account, clientIdLow, clientIdHigh) !== 0) {
      return RejectCode.DUPLICATE_CLIENT_ORDER_ID;
    }
    if (isFull()) return RejectCode.TOO_MANY_ORDERS;
    const bookSide = ((instrumentId << 1) + side - 1) | 0;
    let price = priceTicks | 0;
    if (!isPlain) {
      if (price === 0) {
        price = protectedPrice(bookSide) | 0;
        if (price === 0) return RejectCode.NO_LIQUIDITY;
        price = moveInsideBand(instrumentAt(instrumentId), price);
      }
      price = makerPrice(bookSide, price, terms >>> 24) | 0;
      if (price === 0) return RejectCode.POST_ONLY_WOULD_TRADE;
    }
    const instrument = instrumentAt(instrumentId);
    const lotPrice = price * quoteMinorPerTickLot(instrument);
    const isKnown = words[owner + LAST_INSTRUMENT] === instrumentId;
    let position = isKnown ? words[owner + LAST_POSITION] : findPosition(account, instrumentId);
    if (((words[owner + ACCOUNT_CONTROLS] & LIMITS) | words[instrument + INSTRUMENT_CONTROLS]) !== 0) {
      const notional = lotPrice * quantityLots;
      const code = checkLimits(instrument, position, price, quantityLots, notional) || checkCount(position);
      if (code !== 0) return code;
    }
    const settings = words[owner + SETTINGS];
    const rates = ratesAt(instrument, settings);
    const makerPpm = words[rates];
    const takerPpm = words[rates + 1];
    const isSell = side === SELL;
    const basePerLot = baseMinorPerLot(instrument);
    if (lotPrice * quantityLots > MONEY_LIMIT || quantityLots * basePerLot > MONEY_LIMIT) {
      return RejectCode.NOTIONAL_TOO_LARGE;
    }
    const lotReserve = isSell ? basePerLot : lotPrice + feePerLot(lotPrice, makerPpm, takerPpm);
    const reservation = quantityLots * lotReserve;
    if (reservation > MONEY_LIMIT) return RejectCode.NOTIONAL_TOO_LARGE;
    const known = (isKnown ? owner + LAST_QUOTE_HOLDING : position + POSITION_QUOTE_HOLDING) & handleMask;
    let quoteHolding = words[known];
    let baseHolding = words[known + 1];
    if (quoteHolding === 0) quoteHolding = findHolding(account, words[instrument + QUOTE_ASSET]);
    if (baseHolding === 0) baseHolding = findHolding(account, words[instrument + BASE_ASSET]);
    const funding = isSell ? baseHolding : quoteHolding;
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
    reserve(isSell ? baseHolding : quoteHolding, reservation);
    const order = allocate() & handleMask;
    words[order + PRICE] = price;
    words[order + LEAVES] = quantityLots;
    words[order + CUMULATIVE] = 0;
    words[order + BOOK_SIDE] = bookSide;
    words[order + CLIENT_ID_LOW] = clientIdLow;
    words[order + CLIENT_ID_HIGH] = clientIdHigh;
    // The last byte of `settings` but one is the mode of self-trade prevention.
    words[order + TERMS] = (terms >>> 8) | ((settings >> 8) << 24);
    words[order + ACCOUNT] = account | 0;
    words[order + QUOTE_HOLDING] = quoteHolding | 0;
    words[order + BASE_HOLDING] = baseHolding | 0;
    words[order + CLIENT_ID_HASH] = clientIdHash;
    words[order + POSITION] = position | 0;
    doubles[(order + LOT_RESERVE) >> 1] = lotReserve;
    words[order + MAKER_PPM] = makerPpm;
    words[order + TAKER_PPM] = takerPpm;
    if (!isPlain) addFurtherTerms(order, command, at);
    accepted(order);

    if (timeInForce === FOK || !isPlain) {
      const reason = unfillable(order, command, at);
      if (reason !== 0) {
        cancelIncoming(order, reason);
        return 0;
      }
    }
    if (isMarketable(order)) matchOrder(order);
    if (words[order + LEAVES] === 0) {
      release(order);
    } else if (timeInForce === IOC || timeInForce === FOK) {
      cancelIncoming(order, IOC_REMAINDER);
    } else {
      insertId(clientIdHash, order);
      addOrder(account, order);
      rest(order);
    }
    flush(sink);
    return 0;
  };

  /** What a new order says beyond price and quantity, all words in one; 0 when it says nothing. */
  const furtherTerms = (command: Int32Array, start: number): number => {
    const at = start & SLOT_MASK;
    return (
      command[at + NEW_EXPIRE_TIME_US] |
      command[at + NEW_EXPIRE_TIME_US + 1] |
      command[at + NEW_MIN_QUANTITY_LOTS] |
      (command[at + NEW_SELF_TRADE_PREVENTION] & 0xffff)
    );
  };

  /** Takes over what a new order says beyond price and quantity. */
  const addFurtherTerms = (handle: number, command: Int32Array, at: number): void => {
    const order = handle & handleMask;
    const mode = command[at + NEW_SELF_TRADE_PREVENTION] & 0xff;
    if (mode !== 0) words[order + TERMS] = (words[order + TERMS] & 0xffffff) | ((mode - 1) << 24);
    const timeInForce = (words[order + TERMS] >> 8) & 0xff;
    if (timeInForce !== GTD && timeInForce !== DAY) return;
    const extra = addExtra(order);
    const isDay = timeInForce === DAY;
    const from = isDay ? engine : command;
    const fromAt = isDay ? TRADING_DAY_END_US : at + NEW_EXPIRE_TIME_US;
    words[extra + EXPIRE_TIME_US] = from[fromAt];
    words[extra + EXPIRE_TIME_US + 1] = from[fromAt + 1];
    addExpiry(order);
  };

  /** Why a new order may not trade at all: the reason to cancel it, or 0. */
  const unfillable = (order: number, command: Int32Array, at: number): number => {
    if (((words[order + TERMS] >> 8) & 0xff) === FOK) {
      return canFill(order, words[order + LEAVES]) ? 0 : FOK_UNFILLABLE;
    }
    return canFill(order, command[at + NEW_MIN_QUANTITY_LOTS]) ? 0 : MIN_QUANTITY_UNFILLABLE;
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
    cancelOpen(order, REQUESTED, 1);
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
      cancelOpen(order, CancelReason.replacedToFilled, 1);
      flush(sink);
      return 0;
    }
    const bookSide = words[order + BOOK_SIDE];
    const price = makerPrice(bookSide, priceTicks, words[order + TERMS] >> 16) | 0;
    if (price === 0) return RejectCode.POST_ONLY_WOULD_TRADE;
    const keepsPlace = !reinsert && price === oldPrice && leaves <= oldLeaves;
    const instrument = instrumentAt(instrumentId);
    // An order that takes its place anew takes the rates of now.
    const rates = keepsPlace
      ? order + MAKER_PPM
      : ratesAt(instrument, words[(account & handleMask) + SETTINGS]);
    const makerPpm = words[rates];
    const takerPpm = words[rates + 1];
    const isSell = (bookSide & 1) !== 0;
    const lotPrice = price * quoteMinorPerTickLot(instrument);
    const basePerLot = baseMinorPerLot(instrument);
    if (!keepsPlace && ((controls & LIMITS) | words[instrument + INSTRUMENT_CONTROLS]) !== 0) {
      const code = checkLimits(instrument, words[order + POSITION], price, leaves, lotPrice * leaves);
      if (code !== 0) return code;
    }
    if (lotPrice * leaves > MONEY_LIMIT || leaves * basePerLot > MONEY_LIMIT) {
      return RejectCode.NOTIONAL_TOO_LARGE;
    }
    const lotReserve = isSell ? basePerLot : lotPrice + feePerLot(lotPrice, makerPpm, takerPpm);
    const reservation = leaves * lotReserve;
    if (reservation > MONEY_LIMIT) return RejectCode.NOTIONAL_TOO_LARGE;
    const funding = isSell ? words[order + BASE_HOLDING] : words[order + QUOTE_HOLDING];
    const more = reservation - oldLeaves * doubles[(order + LOT_RESERVE) >> 1];
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
      words[order + PRICE] = price;
      words[order + LEAVES] = leaves;
      if (reinsert) words[order + CUMULATIVE] = 0;
      doubles[(order + LOT_RESERVE) >> 1] = lotReserve;
      words[order + MAKER_PPM] = makerPpm;
      words[order + TAKER_PPM] = takerPpm;
      replaced(order, clientIdLow, clientIdHigh, 0);
      if (isMarketable(order)) matchOrder(order);
      if (words[order + LEAVES] === 0) close(order);
      else rest(order);
    }
    flush(sink);
    return 0;
  };

  /** Cancels the open orders of the account, oldest first: all, or those of an instrument or side that is not 0. */
  const massCancel = (account: number, instrumentId: number, side: number): number => {
    if (account === 0) return RejectCode.UNKNOWN_ACCOUNT;
    if (instrumentId !== 0 && !isListed(instrumentId)) return RejectCode.UNKNOWN_INSTRUMENT;
    if (side !== 0 && side !== BUY && side !== SELL) return RejectCode.INVALID_SIDE;
    let count = 0;
    let order = words[account + AccountWord.firstOrder];
    while (order !== 0) {
      const next = words[order + ACCOUNT_NEXT];
      const bookSide = words[order + BOOK_SIDE];
      const isInScope =
        (instrumentId === 0 || bookSide >> 1 === instrumentId) &&
        (side === 0 || (bookSide & 1) + BUY === side);
      if (isInScope) {
        count += 1;
        cancelOpen(order, CancelReason.massCancel, 1);
      }
      order = next;
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
  const checkLimits = (
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

  /**
   * The price at which an order with OrderFlag bits comes in: a post-only order that would trade at once has none (0),
   * or one tick away from the best opposite price, where there is such a price.
   */
  const makerPrice = (bookSide: number, limit: number, flags: number): number => {
    if ((flags & POST_ONLY_FLAGS) === 0) return limit;
    const opposite = bookSide ^ 1;
    const level = bestLevel(opposite);
    if (level === 0 || words[level + KEY] > keyAt(opposite, limit)) return limit;
    if ((flags & POST_ONLY) !== 0) return 0;
    const best = keyAt(opposite, words[level + KEY]);
    if (!isSellSide(bookSide)) return best - 1;
    return best === PRICE_MAX ? 0 : best + 1;
  };

  /** The fee that a lot of a buy may cost at most, at a price in minor units: what the reservation has on top. */
  const feePerLot = (lotPrice: number, makerPpm: number, takerPpm: number): number => {
    const ppm = Math.max(makerPpm, takerPpm);
    return ppm <= 0 ? 0 : roundUp(lotPrice, ppm);
  };

  /** Cancels an open order without an answer: somebody else than its session caused it. */
  const cancelNotice = (order: number, reason: number): void => {
    cancelOpen(order, reason, 0);
  };

  return { newOrder, cancelOrder, replaceOrder, massCancel, cancelNotice, expireOrders };
}

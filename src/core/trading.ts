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
import { makeAuction } from './auction.js';
import { CancelReason, OrderFlag, OrderType, RejectCode, ReplaceFlag, Side, TimeInForce } from './codes.js';
import { CancelOrderWord, NewOrderWord, ReplaceOrderWord, SLOT_START_MASK } from './command-words.js';
import type { Core } from './core.js';
import { makeDueTimes } from './due-times.js';
import type { EventSink } from './event-sink.js';
import { makeFillable } from './fillable.js';
import { hidesTooMuch } from './hidden-quantity.js';
import { InstrumentControl, InstrumentWord } from './instruments.js';
import { makeLiquidation } from './liquidation.js';
import { TouchedWord } from './margins.js';
import { makeMarketStates } from './market-states.js';
import { makeMatching } from './matching.js';
import { feePerLot, MONEY_MAX } from './money.js';
import { makeOrderEndings } from './order-endings.js';
import { EntryWord, makeOrderEntry } from './order-entry.js';
import { ExtraWord } from './order-extras.js';
import { checkOrderTerms } from './order-terms.js';
import { OrderWord } from './orders.js';
import { PositionWord } from './positions.js';
import { LevelWord, PRICE_MAX } from './price-ladder.js';
import { makeSelfTrade } from './self-trade.js';
import { makeStopActions } from './stop-actions.js';
import { PendingWord } from './stop-orders.js';
import { makeVolatility } from './volatility.js';

// Local copies are folded into the code (README.md).
const MONEY_LIMIT = MONEY_MAX;
const BUY = Side.buy;
const SELL = Side.sell;
const POST_ONLY = OrderFlag.postOnly | OrderFlag.postOnlyReprice;
const GTC = TimeInForce.GTC;
const IOC = TimeInForce.IOC;
const FOK = TimeInForce.FOK;
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
const EXTRA = OrderWord.extra;
const DISPLAY_LOTS = ExtraWord.displayLots;
const PARTNER = ExtraWord.partner;
const LAST_PRICE = InstrumentWord.lastPrice;
const ENTRY_PRICE = EntryWord.price;
const ENTRY_LIMIT = EntryWord.limit;
const ENTRY_LOTS = EntryWord.lots;
const ENTRY_TRIGGER = EntryWord.trigger;
const PENDING_PRICES = PendingWord.prices;
const PENDING_FIRED = PendingWord.fired;
const LOT_RESERVE = OrderWord.lotReserve;
const MAKER_PPM = OrderWord.makerPpm;
const TAKER_PPM = OrderWord.takerPpm;
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
const MARGIN = InstrumentControl.margin;
const UNMARKED = InstrumentControl.unmarked;
const TOUCHED = TouchedWord.count;
const NOT_CONTINUOUS = InstrumentControl.notContinuous;
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
const NEW_DISPLAY_LOTS = NewOrderWord.displayLots;
const NEW_TRIGGER_PRICE_TICKS = NewOrderWord.triggerPriceTicks;
const NEW_QUOTE_AMOUNT = NewOrderWord.quoteAmount;
const NEW_LINKED_CLIENT_ORDER_ID = NewOrderWord.linkedClientOrderId;
const NEW_TRAILING_TICKS = NewOrderWord.trailingTicks;
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
  const { find: findOrder, insert: insertId, remove: removeId } = core.clientIds;
  const { add: addHolding, available, find: findHolding, reserve } = holdings;
  const { baseMinorPerLot, handleOf: instrumentAt, isListed, quoteMinorPerTickLot, ratesAt } = instruments;
  const { allocate, assignPriority, isFull, release, touch: touchOrder } = core.orders;
  const { append, reduce, remove: removeFromBook, flush } = books;
  const { best: bestLevel } = books.ladder;
  const { checkCount, checkSize } = core.orderLimits;
  const { add: addPosition, find: findPosition, isFull: arePositionsFull } = core.positions;
  const { isOutside: isOutsideBand } = core.priceBands;
  const { takeCommand } = makeAccountControls(core);
  const { accepted, massCancelled, replaced } = sink;
  const endings = makeOrderEndings(core, sink);
  const { cancelIncoming, cancelOpen, close, isWaiting } = endings;
  const selfTrade = makeSelfTrade(core, sink, endings);
  const volatility = makeVolatility(core);
  const matching = makeMatching(core, sink, endings, selfTrade, volatility);
  const { matchOrder } = matching;
  const fillable = makeFillable(core, selfTrade, volatility);
  const { canFill } = fillable;
  const auction = makeAuction(core, matching, fillable, endings);
  const states = makeMarketStates(core, sink, auction, endings, volatility);
  const { isCancelOnly, pause, refuseOrder, refuseReplace } = states;
  const { addFurtherTerms, derivedPrice, entry, makerPrice, prepare, refuseInCall } = makeOrderEntry(
    core,
    fillable,
  );
  const { add: addStop, elect, electNew, pending: pendingStops } = core.stops;
  const { check: checkMargin, countOpen, lotCost, touched: touchedMargins } = core.margins;
  const checkTerms = checkOrderTerms;
  const hidesTooMuchOf = hidesTooMuch;
  const lotFee = feePerLot;
  const tripleHash = hashTriple;

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
    let quantityLots = command[at + NEW_QUANTITY_LOTS];
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
    const instrument = instrumentAt(instrumentId);
    const controls = words[instrument + INSTRUMENT_CONTROLS];
    if ((controls & NOT_CONTINUOUS) !== 0) {
      const code = refuseOrder(instrument);
      if (code !== 0) return code;
    }
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
    const bookSide = ((instrumentId << 1) + side - 1) | 0;
    let price = priceTicks | 0;
    let limit = price;
    if (isPlain) {
      if (isFull()) return RejectCode.TOO_MANY_ORDERS;
      if ((controls & NOT_CONTINUOUS) !== 0) {
        const code = refuseInCall(terms);
        if (code !== 0) return code;
      }
    } else {
      const code = prepare(owner, command, at, bookSide);
      if (code !== 0) return code;
      price = entry[ENTRY_PRICE];
      limit = entry[ENTRY_LIMIT];
      quantityLots = entry[ENTRY_LOTS];
    }
    const lotPrice = price * quoteMinorPerTickLot(instrument);
    const isKnown = words[owner + LAST_INSTRUMENT] === instrumentId;
    let position = isKnown ? words[owner + LAST_POSITION] : findPosition(account, instrumentId);
    if (((words[owner + ACCOUNT_CONTROLS] & LIMITS) | controls) !== 0) {
      if ((controls & UNMARKED) !== 0) return RejectCode.NO_MARK_PRICE;
      const notional = lotPrice * quantityLots;
      const code = checkLimits(instrument, position, limit, quantityLots, notional) || checkCount(position);
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
    let lotReserve = isSell ? basePerLot : lotPrice + lotFee(lotPrice, makerPpm, takerPpm);
    const reservation = quantityLots * lotReserve;
    if (reservation > MONEY_LIMIT) return RejectCode.NOTIONAL_TOO_LARGE;
    const known = (isKnown ? owner + LAST_QUOTE_HOLDING : position + POSITION_QUOTE_HOLDING) & handleMask;
    let quoteHolding = words[known];
    let baseHolding = words[known + 1];
    if (quoteHolding === 0) quoteHolding = findHolding(account, words[instrument + QUOTE_ASSET]);
    const isMargin = (words[instrument + INSTRUMENT_CONTROLS] & MARGIN) !== 0;
    if (isMargin) {
      lotReserve = lotCost(instrument, isSell, price, makerPpm, takerPpm);
      const code = checkMargin(account, instrument, position, isSell, price, quantityLots, lotReserve, 0);
      if (code !== 0) return code;
    } else {
      if (baseHolding === 0) baseHolding = findHolding(account, words[instrument + BASE_ASSET]);
      if (available(isSell ? baseHolding : quoteHolding) < reservation) return RejectCode.INSUFFICIENT_FUNDS;
    }
    const lacksHolding = quoteHolding === 0 || (baseHolding === 0 && !isMargin);
    if (lacksHolding && holdings.count === holdings.maxHoldings) {
      return RejectCode.TOO_MANY_HOLDINGS;
    }
    if (position === 0 && arePositionsFull()) return RejectCode.TOO_MANY_POSITIONS;

    if (!isKnown) {
      if (quoteHolding === 0) quoteHolding = addHolding(account, words[instrument + QUOTE_ASSET]);
      if (baseHolding === 0 && !isMargin) baseHolding = addHolding(account, words[instrument + BASE_ASSET]);
      if (position === 0) position = addPosition(account, instrumentId);
      words[position + POSITION_QUOTE_HOLDING] = quoteHolding;
      words[position + POSITION_BASE_HOLDING] = baseHolding;
      words[owner + LAST_INSTRUMENT] = instrumentId;
      words[owner + LAST_QUOTE_HOLDING] = quoteHolding;
      words[owner + LAST_BASE_HOLDING] = baseHolding;
      words[owner + LAST_POSITION] = position;
    }
    if (!isMargin) reserve(isSell ? baseHolding : quoteHolding, reservation);
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
    words[order + POSITION] = position | 0;
    doubles[(order + LOT_RESERVE) >> 1] = lotReserve;
    words[order + MAKER_PPM] = makerPpm;
    words[order + TAKER_PPM] = takerPpm;
    if (isMargin) countOpen(order, quantityLots);
    if (!isPlain) addFurtherTerms(order, command, at);
    accepted(order);

    if (!isPlain && entry[ENTRY_TRIGGER] !== 0) {
      insertId(clientIdHash, order);
      addOrder(account, order);
      wait(order, words[instrument + LAST_PRICE]);
      return 0;
    }
    if (timeInForce === FOK || !isPlain) {
      const reason = unfillable(order, command, at);
      if (reason !== 0) {
        cancelIncoming(order, reason);
        return 0;
      }
    }
    const isStopped = (controls & NOT_CONTINUOUS) === 0 && isMarketable(order) && matchOrder(order);
    if (words[order + LEAVES] === 0) {
      release(order);
    } else if (timeInForce === IOC) {
      // Not of a fill-or-kill order: one that comes this far is filled whole.
      cancelIncoming(order, IOC_REMAINDER);
    } else {
      insertId(clientIdHash, order);
      addOrder(account, order);
      rest(order);
    }
    if (isStopped) pause(instrumentId);
    if (pendingStops[PENDING_PRICES] !== 0) runStops(instrumentId);
    if (touchedMargins[TOUCHED] !== 0) checkMargins();
    flush(sink);
    return 0;
  };

  /** Lets a new stop wait for its trade. It acts at once when the last trade was there already. */
  const wait = (order: number, last: number): void => {
    addStop(order, last);
    touchOrder(order);
    const instrument = instrumentAt(words[order + BOOK_SIDE] >> 1);
    if ((words[instrument + INSTRUMENT_CONTROLS] & NOT_CONTINUOUS) === 0) electNew(order, last);
    if (pendingStops[PENDING_FIRED] === 0) return;
    runStops(words[order + BOOK_SIDE] >> 1);
    if (touchedMargins[TOUCHED] !== 0) checkMargins();
    flush(sink);
  };

  /** What a new order says beyond price and quantity, all words in one; 0 when it says nothing. */
  const furtherTerms = (command: Int32Array, start: number): number => {
    const at = start & SLOT_MASK;
    return (
      command[at + NEW_EXPIRE_TIME_US] |
      command[at + NEW_EXPIRE_TIME_US + 1] |
      command[at + NEW_MIN_QUANTITY_LOTS] |
      (command[at + NEW_SELF_TRADE_PREVENTION] & 0xffff) |
      command[at + NEW_DISPLAY_LOTS] |
      command[at + NEW_TRIGGER_PRICE_TICKS] |
      command[at + NEW_QUOTE_AMOUNT] |
      command[at + NEW_QUOTE_AMOUNT + 1] |
      command[at + NEW_LINKED_CLIENT_ORDER_ID] |
      command[at + NEW_LINKED_CLIENT_ORDER_ID + 1] |
      command[at + NEW_TRAILING_TICKS]
    );
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
   * quantity, the filled quantity starts at 0 again, and the place is always lost. What an order displays at a time
   * stays, and bounds what it may have open (hidden-quantity.ts).
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
    const instrument = instrumentAt(instrumentId);
    const isContinuous = (words[instrument + INSTRUMENT_CONTROLS] & NOT_CONTINUOUS) === 0;
    if (!isContinuous) {
      const code = refuseReplace(instrument);
      if (code !== 0) return code;
    }
    if ((flags & ~REINSERT) !== 0) return RejectCode.INVALID_FLAGS;
    if (quantityLots < 1) return RejectCode.INVALID_QUANTITY;
    if (priceTicks < 1) return RejectCode.INVALID_PRICE;
    const hash = tripleHash(account | 0, clientIdLow, clientIdHigh);
    const order = findOrder(hash, account, clientIdLow, clientIdHigh) & handleMask;
    if (order === 0 || words[order + BOOK_SIDE] >> 1 !== instrumentId) return RejectCode.UNKNOWN_ORDER;
    if (isWaiting(order)) return RejectCode.STOP_NOT_REPLACEABLE;
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
    if (
      leaves > oldLeaves &&
      hidesTooMuchOf(words[(words[order + EXTRA] & handleMask) + DISPLAY_LOTS], leaves)
    ) {
      return RejectCode.INVALID_DISPLAY_QUANTITY;
    }
    const bookSide = words[order + BOOK_SIDE];
    const orderFlags = words[order + TERMS] >> 16;
    const price = isContinuous ? makerPrice(bookSide, priceTicks, orderFlags) | 0 : priceTicks;
    if (price === 0) return RejectCode.POST_ONLY_WOULD_TRADE;
    const keepsPlace = !reinsert && price === oldPrice && leaves <= oldLeaves;
    if (!isContinuous && !keepsPlace) {
      if (isCancelOnly(instrument)) return RejectCode.CANCEL_ONLY;
      if ((orderFlags & POST_ONLY) !== 0) return RejectCode.POST_ONLY_WOULD_TRADE;
    }
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
    let lotReserve = isSell ? basePerLot : lotPrice + lotFee(lotPrice, makerPpm, takerPpm);
    const reservation = leaves * lotReserve;
    if (reservation > MONEY_LIMIT) return RejectCode.NOTIONAL_TOO_LARGE;
    const funding = isSell ? words[order + BASE_HOLDING] : words[order + QUOTE_HOLDING];
    const isMargin = words[order + BASE_HOLDING] === 0;
    if (isMargin) {
      if (!keepsPlace) {
        lotReserve = lotCost(instrument, isSell, price, makerPpm, takerPpm);
        const position = words[order + POSITION];
        const code = checkMargin(account, instrument, position, isSell, price, leaves, lotReserve, order);
        if (code !== 0) return code;
      }
      countOpen(order, keepsPlace ? leaves - oldLeaves : -oldLeaves);
    } else {
      const more = reservation - oldLeaves * doubles[(order + LOT_RESERVE) >> 1];
      if (available(funding) < more) return RejectCode.INSUFFICIENT_FUNDS;
      if (more !== 0) reserve(funding, more);
    }
    if (isNewId) {
      removeId(order);
      words[order + CLIENT_ID_LOW] = newIdLow;
      words[order + CLIENT_ID_HIGH] = newIdHigh;
      insertId(newHash, order);
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
      if (isMargin) countOpen(order, leaves);
      replaced(order, clientIdLow, clientIdHigh, 0);
      const isStopped = isContinuous && isMarketable(order) && matchOrder(order);
      if (words[order + LEAVES] === 0) close(order);
      else rest(order);
      if (isStopped) pause(instrumentId);
      if (pendingStops[PENDING_PRICES] !== 0) runStops(instrumentId);
    }
    if (touchedMargins[TOUCHED] !== 0) checkMargins();
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
      let next = words[order + ACCOUNT_NEXT];
      const bookSide = words[order + BOOK_SIDE];
      const isInScope =
        (instrumentId === 0 || bookSide >> 1 === instrumentId) &&
        (side === 0 || (bookSide & 1) + BUY === side);
      if (isInScope) {
        count += 1;
        // The partner goes with it, and is not counted.
        const partner = words[words[order + EXTRA] + PARTNER];
        if (next === partner && next !== 0) next = words[next + ACCOUNT_NEXT];
        cancelOpen(order, CancelReason.massCancel, 1);
      }
      order = next;
    }
    massCancelled(account, count);
    flush(sink);
    return 0;
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

  /** Matches an order when its price is good enough for the best opposite level. */
  const matchIncoming = (order: number): boolean => {
    return isMarketable(order) && matchOrder(order);
  };

  /** Puts what is left of an order into the book, behind all that is there. */
  const rest = (order: number): void => {
    assignPriority(order);
    append(order);
    touchOrder(order);
  };

  /** Cancels an open order without an answer: somebody else than its session caused it. */
  const cancelNotice = (order: number, reason: number): void => {
    cancelOpen(order, reason, 0);
  };

  const { runStops, runFired } = makeStopActions(core, sink, endings, states, matchIncoming, rest);
  const liquidation = makeLiquidation(core, sink, endings, {
    matchOrder: matchIncoming,
    pause,
    derivedPrice,
    isTraded: (instrument) => (words[instrument + INSTRUMENT_CONTROLS] & NOT_CONTINUOUS) === 0,
    elect,
    runFired,
  });
  const { checkMargins } = liquidation;
  const endWhatIsDue = makeDueTimes(core, sink, endings, states, runStops, checkMargins);

  return {
    newOrder,
    cancelOrder,
    replaceOrder,
    massCancel,
    cancelNotice,
    endWhatIsDue,
    runStops,
    states,
    volatility,
    liquidation,
  };
}

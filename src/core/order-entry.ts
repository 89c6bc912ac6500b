/**
 * What a new order comes in with when it says more than a price and a quantity: the checks that need the state, the price
 * that the exchange makes for it, and the record of what most orders do not have.
 */

import { makeWords } from '../base/columns.js';
import { hashTriple } from '../base/hash.js';
import { AccountWord } from './accounts.js';
import { OrderFlag, OrderType, RejectCode, Side, TimeInForce, TriggerDirection } from './codes.js';
import { NewOrderWord } from './command-words.js';
import { type Core, EngineWord } from './core.js';
import type { Fillable } from './fillable.js';
import { InstrumentControl, InstrumentWord } from './instruments.js';
import { PPM } from './money.js';
import { ExtraWord } from './order-extras.js';
import { OrderWord } from './orders.js';
import { isSellSide, keyOf, LevelWord, PRICE_MAX } from './price-ladder.js';
import { AmountWord, makeQuoteAmount } from './quote-amount.js';

/** Words of `entry`. */
export const EntryWord = {
  /** Price in force, in ticks. */
  price: 0,
  lots: 1,
  /** The worst price that the order takes; its price in force too, unless that came of an amount. */
  limit: 2,
  /** Of a stop, in ticks; 0 for other orders. */
  trigger: 3,
  /** Handle of the order that it is linked with, or 0. */
  partner: 4,
} as const;

const POST_ONLY_FLAGS = OrderFlag.postOnly | OrderFlag.postOnlyReprice;

export function makeOrderEntry(core: Core, fillable: Fillable) {
  const { engine } = core;
  const { words, handleMask } = core.arena;
  const { best: bestLevel } = core.books.ladder;
  const { find: findOrder } = core.clientIds;
  const { add: addExpiry } = core.expiries;
  const { handleOf: instrumentAt, ratesAt } = core.instruments;
  const { addExtra, isFull, touch: touchOrder } = core.orders;
  const { moveInside: moveInsideBand } = core.priceBands;
  const { terms: amountTerms, termsFor } = makeQuoteAmount(core, fillable);
  /** What the order that was prepared last comes in with. */
  const entry = makeWords(5);

  /**
   * Prepares an order whose terms go together, and fills in `entry`. Returns the reject code of the first check that
   * fails, or 0. `bookSide`: where it would rest.
   */
  const prepare = (account: number, command: Int32Array, at: number, bookSide: number): number => {
    const terms = command[at + NewOrderWord.terms];
    const orderType = (terms >> 8) & 0xff;
    const isStop = orderType === OrderType.stop || orderType === OrderType.stopLimit;
    const code = findPartner(account, command, at, bookSide >> 1, isStop);
    if (code !== 0) return code;
    if (isFull()) return RejectCode.TOO_MANY_ORDERS;
    const controls = words[instrumentAt(bookSide >> 1) + InstrumentWord.controls];
    if ((controls & InstrumentControl.notContinuous) !== 0) {
      const refusal = refuseInCall(terms);
      if (refusal !== 0) return refusal;
    }
    if ((controls & InstrumentControl.unmarked) !== 0) return RejectCode.NO_MARK_PRICE;
    entry[EntryWord.trigger] = 0;
    entry[EntryWord.lots] = command[at + NewOrderWord.quantityLots];
    if (isStop) return prepareStop(command, at, bookSide);
    if (orderType === OrderType.market) return prepareMarket(account, command, at, bookSide);
    const price = makerPrice(bookSide, command[at + NewOrderWord.priceTicks], terms >>> 24);
    entry[EntryWord.price] = price;
    entry[EntryWord.limit] = price;
    return price === 0 ? RejectCode.POST_ONLY_WOULD_TRADE : 0;
  };

  /**
   * Reject code for an order with these terms (command-words.ts) in a call phase: where nothing matches, it can neither
   * take at once nor promise not to.
   */
  const refuseInCall = (terms: number): number => {
    const timeInForce = (terms >> 16) & 0xff;
    const isImmediate = timeInForce === TimeInForce.IOC || timeInForce === TimeInForce.FOK;
    if (isImmediate) return RejectCode.NO_IMMEDIATE_EXECUTION;
    return ((terms >>> 24) & POST_ONLY_FLAGS) !== 0 ? RejectCode.POST_ONLY_WOULD_TRADE : 0;
  };

  /** Finds the open order that a new one is linked with: of the two, one is a limit order and one a waiting stop. */
  const findPartner = (
    account: number,
    command: Int32Array,
    at: number,
    instrumentId: number,
    isStop: boolean,
  ): number => {
    entry[EntryWord.partner] = 0;
    const idLow = command[at + NewOrderWord.linkedClientOrderId];
    const idHigh = command[at + NewOrderWord.linkedClientOrderId + 1];
    const isLinked = ((command[at + NewOrderWord.terms] >>> 24) & OrderFlag.linked) !== 0;
    if (!isLinked) return (idLow | idHigh) === 0 ? 0 : RejectCode.INVALID_LINK;
    const hash = hashTriple(account, idLow, idHigh);
    const partner = findOrder(hash, account, idLow, idHigh);
    if (partner === 0 || words[partner + OrderWord.bookSide] >> 1 !== instrumentId) {
      return RejectCode.INVALID_LINK;
    }
    const extra = words[partner + OrderWord.extra];
    if (words[extra + ExtraWord.partner] !== 0) return RejectCode.INVALID_LINK;
    const isPair = isStop
      ? (words[partner + OrderWord.terms] & 0xff) === OrderType.limit
      : words[extra + ExtraWord.trigger] !== 0;
    if (!isPair) return RejectCode.INVALID_LINK;
    entry[EntryWord.partner] = partner;
    return 0;
  };

  /** The trigger of a stop: as it says, or for a trailing one at its distance from the last trade; and its price. */
  const prepareStop = (command: Int32Array, at: number, bookSide: number): number => {
    let trigger = command[at + NewOrderWord.triggerPriceTicks];
    const distance = command[at + NewOrderWord.trailingTicks];
    if (distance !== 0) {
      const last = words[instrumentAt(bookSide >> 1) + InstrumentWord.lastPrice];
      if (last === 0) return RejectCode.NO_LAST_TRADE;
      trigger = isSellSide(bookSide) ? last - distance : last + distance;
      if (trigger < 1 || trigger > PRICE_MAX) return RejectCode.INVALID_TRIGGER;
    }
    entry[EntryWord.trigger] = trigger;
    const price = command[at + NewOrderWord.priceTicks];
    entry[EntryWord.price] = price === 0 ? derivedPrice(bookSide, trigger) : price;
    entry[EntryWord.limit] = entry[EntryWord.price];
    return 0;
  };

  /** The worst price of a market order, and its quantity when it comes with an amount. */
  const prepareMarket = (account: number, command: Int32Array, at: number, bookSide: number): number => {
    const opposite = bookSide ^ 1;
    const level = bestLevel(opposite);
    const amountAt = at + NewOrderWord.quoteAmount;
    const hasAmount = (command[amountAt] | command[amountAt + 1]) !== 0;
    let limit = command[at + NewOrderWord.priceTicks];
    if (level === 0 && (limit === 0 || hasAmount)) return RejectCode.NO_LIQUIDITY;
    if (limit === 0) limit = derivedPrice(bookSide, keyOf(opposite, words[level + LevelWord.key]));
    entry[EntryWord.price] = limit;
    entry[EntryWord.limit] = limit;
    if (!hasAmount) return 0;
    const instrument = instrumentAt(bookSide >> 1);
    const rates = ratesAt(instrument, words[account + AccountWord.settings]);
    const amount = command[amountAt + 1] * 0x100000000 + (command[amountAt] >>> 0);
    termsFor(bookSide, limit, amount, words[rates], words[rates + 1]);
    entry[EntryWord.lots] = amountTerms[AmountWord.lots];
    entry[EntryWord.price] = amountTerms[AmountWord.price];
    return amountTerms[AmountWord.lots] === 0 ? RejectCode.INVALID_QUANTITY : 0;
  };

  /**
   * The worst price of an order that names none: a price (the best opposite one, or the trigger of a stop), moved by the
   * protection of the instrument, rounded towards that price, and moved into the band.
   */
  const derivedPrice = (bookSide: number, from: number): number => {
    const instrument = instrumentAt(bookSide >> 1);
    const ppm = words[instrument + InstrumentWord.protectionPpm];
    const price = isSellSide(bookSide)
      ? Math.max(1, Math.ceil((from * (PPM - ppm)) / PPM))
      : Math.min(PRICE_MAX, Math.floor((from * (PPM + ppm)) / PPM));
    return moveInsideBand(instrument, price);
  };

  /**
   * The price at which an order with OrderFlag bits comes in: a post-only order that would trade at once has none (0),
   * or one tick away from the best opposite price, where there is such a price.
   */
  const makerPrice = (bookSide: number, limit: number, flags: number): number => {
    if ((flags & POST_ONLY_FLAGS) === 0) return limit;
    const opposite = bookSide ^ 1;
    const level = bestLevel(opposite);
    if (level === 0 || words[level + LevelWord.key] > keyOf(opposite, limit)) return limit;
    if ((flags & OrderFlag.postOnly) !== 0) return 0;
    const best = keyOf(opposite, words[level + LevelWord.key]);
    if (!isSellSide(bookSide)) return best - 1;
    return best === PRICE_MAX ? 0 : best + 1;
  };

  /** Takes over into the records of an order, which was prepared last, what it says beyond price and quantity. */
  const addFurtherTerms = (handle: number, command: Int32Array, at: number): void => {
    const order = handle & handleMask;
    const mode = command[at + NewOrderWord.selfTradePrevention] & 0xff;
    if (mode !== 0)
      words[order + OrderWord.terms] = (words[order + OrderWord.terms] & 0xffffff) | ((mode - 1) << 24);
    const timeInForce = (words[order + OrderWord.terms] >> 8) & 0xff;
    const isTimed = timeInForce === TimeInForce.GTD || timeInForce === TimeInForce.DAY;
    const displayLots = command[at + NewOrderWord.displayLots];
    const trigger = entry[EntryWord.trigger];
    const partner = entry[EntryWord.partner];
    if (!isTimed && (displayLots | trigger | partner) === 0) return;
    const extra = addExtra(order);
    words[extra + ExtraWord.displayLots] = displayLots;
    if (trigger !== 0) {
      const side = (words[order + OrderWord.bookSide] & 1) + 1;
      const given = (command[at + NewOrderWord.selfTradePrevention] >> 8) & 0xff;
      const usual = side === Side.buy ? TriggerDirection.rising : TriggerDirection.falling;
      words[extra + ExtraWord.trigger] = trigger;
      words[extra + ExtraWord.triggerAtEntry] = trigger;
      words[extra + ExtraWord.direction] = given === 0 ? usual : given;
      words[extra + ExtraWord.trailingTicks] = command[at + NewOrderWord.trailingTicks];
    }
    if (partner !== 0) {
      const other = words[partner + OrderWord.extra] || addExtra(partner);
      words[extra + ExtraWord.partner] = partner;
      words[other + ExtraWord.partner] = order;
      touchOrder(partner);
    }
    if (!isTimed) return;
    const isDay = timeInForce === TimeInForce.DAY;
    const from = isDay ? engine : command;
    const fromAt = isDay ? EngineWord.tradingDayEndUs : at + NewOrderWord.expireTimeUs;
    words[extra + ExtraWord.expireTimeUs] = from[fromAt];
    words[extra + ExtraWord.expireTimeUs + 1] = from[fromAt + 1];
    addExpiry(order);
  };

  return { entry, prepare, refuseInCall, derivedPrice, makerPrice, addFurtherTerms };
}

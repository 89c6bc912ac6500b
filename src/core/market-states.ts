/**
 * The states of a market, and what happens when one follows another. An auction that ends in continuous trading,
 * pre-open or closed uncrosses, and so does whatever becomes continuous; otherwise orders stay as they are.
 *
 * What auctions would do is told at the end of a record, where it is not what was told last.
 */
import { makeWords } from '../base/columns.js';
import { readInt64 } from '../base/int64.js';
import { AccountWord } from './accounts.js';
import { type Auction, OutcomeDouble } from './auction.js';
import { CancelReason, MarketState, MarketStateCause, RejectCode } from './codes.js';
import { type Core, EngineWord } from './core.js';
import type { EventSink } from './event-sink.js';
import { InstrumentControl, InstrumentWord } from './instruments.js';
import type { OrderEndings } from './order-endings.js';
import { OrderWord } from './orders.js';
import type { Volatility } from './volatility.js';

const CONTROLS = InstrumentWord.controls;
const NOT_CONTINUOUS = InstrumentControl.notContinuous;
const AUCTION = InstrumentControl.auction;
const REMOVED = InstrumentControl.removed;
const STATE = InstrumentWord.marketState;
const {
  continuous,
  preOpen,
  openingAuction,
  volatilityAuction,
  halted,
  cancelOnly,
  closed,
  disabled,
  removed,
} = MarketState;

export type MarketStates = ReturnType<typeof makeMarketStates>;

/** Whether orders of a state are collected for an uncross. */
export function isAuctionState(state: number): boolean {
  return state >= openingAuction && state <= volatilityAuction;
}

/** The market states on `core`, with their events into `sink`. */
export function makeMarketStates(
  core: Core,
  sink: EventSink,
  auction: Auction,
  endings: OrderEndings,
  volatility: Volatility,
) {
  const { accounts, auctionsToTell, engine, instruments, marketTimes, stops } = core;
  const { words, doubles } = core.arena;
  const { outcome, findPrice, referenceOf, uncross } = auction;

  /** MarketState of an instrument (a handle). */
  const stateOf = (instrument: number): number => words[instrument + STATE] || continuous;

  /** Reject code of a replace in an instrument that is not continuous, whatever it says; 0 when it may go on. */
  const refuseReplace = (instrument: number): number => {
    const state = stateOf(instrument);
    if (state === closed || state === disabled) return RejectCode.MARKET_CLOSED;
    return state === halted ? RejectCode.MARKET_HALTED : 0;
  };

  /** The same of a new order; 0 in a call phase. */
  const refuseOrder = (instrument: number): number => {
    if (stateOf(instrument) === cancelOnly) return RejectCode.CANCEL_ONLY;
    return refuseReplace(instrument);
  };

  const isCancelOnly = (instrument: number): boolean => stateOf(instrument) === cancelOnly;

  /**
   * Another state follows, also the same one with another end; the stops of the instrument have to run then. `endTimeUs` 0 = it stays, otherwise `nextState` follows
   * then; `reference`: of an auction, in ticks, 0 = the last trade, -1 = none; `cause`: MarketStateCause.
   */
  const changeState = (
    instrumentId: number,
    state: number,
    endTimeUs: number,
    nextState: number,
    reference: number,
    cause: number,
  ): void => {
    const instrument = instruments.handleOf(instrumentId);
    const previous = stateOf(instrument);
    const isEntered = state !== previous;
    const endsAuction = isAuctionState(previous) && (state === preOpen || state === closed);
    const isUncrossed = endsAuction || (isEntered && state === continuous);
    const price = isUncrossed ? findPrice(instrumentId, referenceOf(instrumentId)) : 0;
    const lots = price === 0 ? 0 : outcome[OutcomeDouble.executable];
    words[instrument + STATE] = state === continuous ? 0 : state;
    marketTimes.setEnd(instrument, endTimeUs);
    words[instrument + InstrumentWord.nextState] = nextState;
    words[instrument + InstrumentWord.auctionReference] = reference;
    setControls(instrument, state);
    if (isEntered) remember(instrument, 0, 0, 0);
    if (isAuctionState(state)) auctionsToTell.add(instrumentId);
    instruments.touch(instrument);
    const answering = sink.answering(cause === MarketStateCause.command ? 1 : 0);
    sink.marketStateChanged(instrumentId, previous, price, lots, cause);
    sink.answering(0);
    if (price !== 0) uncross(instrumentId, price);
    if (state === disabled) cancelAll(instrumentId);
    sink.answering(answering);
    if (!isEntered || state !== continuous) return;
    volatility.restart(instrument);
    // Stops are looked at as after an order that traded there.
    const last = words[instrument + InstrumentWord.lastPrice];
    if (last !== 0 && words[instrument + InstrumentWord.waitingStops] !== 0) stops.notePrice(last);
  };

  /** A trade would have gone too far: an auction goes on from here, for as long as the instrument says. */
  const pause = (instrumentId: number): void => {
    const length = words[instruments.handleOf(instrumentId) + InstrumentWord.volatilityAuctionUs] >>> 0;
    const end = readInt64(engine, EngineWord.timestampUs) + length;
    changeState(instrumentId, volatilityAuction, end, continuous, 0, MarketStateCause.volatility);
  };

  /** Ends the state that ends first; returns the instrument, whose stops may have been fired by that. */
  const endFirst = (): number => {
    const instrumentId = marketTimes.firstToEnd();
    const next = words[instruments.handleOf(instrumentId) + InstrumentWord.nextState];
    changeState(instrumentId, next, 0, 0, 0, MarketStateCause.time);
    return instrumentId;
  };

  /** Tells what the auctions whose books changed would do now, by instrument id. */
  const tellAuctions = (): void => {
    auctionsToTell.take(tellAuction);
  };

  const tellAuction = (instrumentId: number): void => {
    const instrument = instruments.handleOf(instrumentId);
    if ((words[instrument + CONTROLS] & AUCTION) === 0) return;
    const price = findPrice(instrumentId, referenceOf(instrumentId));
    const executable = outcome[OutcomeDouble.executable];
    const imbalance = outcome[OutcomeDouble.imbalance];
    const isTold =
      words[instrument + InstrumentWord.indicatedPrice] === price &&
      doubles[(instrument + InstrumentWord.indicatedLots) >> 1] === executable &&
      doubles[(instrument + InstrumentWord.indicatedImbalance) >> 1] === imbalance;
    if (isTold) return;
    remember(instrument, price, executable, imbalance);
    instruments.touch(instrument);
    sink.auctionIndicated(instrumentId);
  };

  const setControls = (instrument: number, state: number): void => {
    let controls = words[instrument + CONTROLS] & ~(NOT_CONTINUOUS | AUCTION);
    if (state !== continuous) controls |= NOT_CONTINUOUS;
    if (isAuctionState(state)) controls |= AUCTION;
    if (state === removed) controls |= REMOVED;
    words[instrument + CONTROLS] = controls;
  };

  const remember = (instrument: number, price: number, executable: number, imbalance: number): void => {
    words[instrument + InstrumentWord.indicatedPrice] = price;
    doubles[(instrument + InstrumentWord.indicatedLots) >> 1] = executable;
    doubles[(instrument + InstrumentWord.indicatedImbalance) >> 1] = imbalance;
  };

  /** Cancels all orders of an instrument, oldest first. A walk over all accounts: instruments are disabled rarely. */
  const cancelAll = (instrumentId: number): void => {
    const open = makeWords(core.orders.count);
    let count = 0;
    for (let n = 0; n < accounts.count; n += 1) {
      let order = words[accounts.handleOf(n) + AccountWord.firstOrder];
      while (order !== 0) {
        if (words[order + OrderWord.bookSide] >> 1 === instrumentId) {
          open[count] = order;
          count += 1;
        }
        order = words[order + OrderWord.accountNext];
      }
    }
    const byAge = [...open.subarray(0, count)].sort(
      (a, b) => readInt64(words, a + OrderWord.orderId) - readInt64(words, b + OrderWord.orderId),
    );
    for (const order of byAge) {
      // A linked order may have gone with its partner: a record that is free has no price.
      if (words[order + OrderWord.price] !== 0) endings.cancelOpen(order, CancelReason.instrumentDisabled, 0);
    }
  };

  return { refuseOrder, refuseReplace, isCancelOnly, changeState, pause, endFirst, tellAuctions };
}

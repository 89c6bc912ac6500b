/**
 * Mark prices, and what follows when an account has less than its maintenance margin: its margin orders are cancelled,
 * its positions are closed, by a market order as far as there is a market and then against the largest positions of the
 * other side, and a loss beyond its equity is paid by others. Money only changes hands: what one gains, others lose.
 *
 * All of it belongs to the command that caused it. None of this is in the path of a command that touches no margin
 * instrument.
 */
import { AccountWord } from './accounts.js';
import { BalanceReason, CancelReason, OrderFlag, OrderType, RejectCode, TimeInForce } from './codes.js';
import type { Core } from './core.js';
import type { EventSink } from './event-sink.js';
import { HoldingWord } from './holdings.js';
import { InstrumentControl, InstrumentWord } from './instruments.js';
import { MarginWord, TouchedWord } from './margins.js';
import { shareUp } from './money.js';
import type { OrderEndings } from './order-endings.js';
import { OrderWord } from './orders.js';
import { PositionWord } from './positions.js';

/** Most lots that one order can have. */
const LOTS_MAX = 0x7fffffff;
const LIQUIDATION_TERMS = OrderType.market | (TimeInForce.IOC << 8) | (OrderFlag.liquidation << 16);

/** What liquidation needs of trading. */
export interface LiquidationHooks {
  /** Matches an order; returns whether the volatility limit stopped it. */
  matchOrder(order: number): boolean;
  /** Starts a volatility auction. */
  pause(instrumentId: number): void;
  /** Worst price of an order at a book side, by the protection around a price, within the band. */
  derivedPrice(bookSide: number, from: number): number;
  /** Whether orders of the instrument (a handle) match now. */
  isTraded(instrument: number): boolean;
  /** Queues the stops that the trades of an order of the instrument, which is done, have fired. */
  elect(instrumentId: number): void;
  /** Lets the queued stops act. */
  runFired(): void;
}

interface Winner {
  readonly accountId: number;
  readonly margin: number;
  gain: number;
}

export type Liquidation = ReturnType<typeof makeLiquidation>;

export function makeLiquidation(core: Core, sink: EventSink, endings: OrderEndings, hooks: LiquidationHooks) {
  const { assets, books, holdings, instruments, margins, orders, positions } = core;
  const { words, doubles } = core.arena;
  const { touched, touchedRecords } = margins;

  /** Settles every position of a margin instrument to a price. Returns the reject code, or 0. */
  const setMarkPrice = (instrumentId: number, priceTicks: number): number => {
    if (!instruments.isListed(instrumentId)) return RejectCode.UNKNOWN_INSTRUMENT;
    const instrument = instruments.handleOf(instrumentId);
    if (words[instrument + InstrumentWord.flags] === 0) return RejectCode.NOT_A_MARGIN_INSTRUMENT;
    if (priceTicks < 1) return RejectCode.INVALID_PRICE;
    const first = words[instrument + InstrumentWord.firstMargin];
    for (let margin = first; margin !== 0; margin = words[margin + MarginWord.nextOfInstrument]) {
      if (margins.isTooLargeAt(margin, priceTicks)) return RejectCode.NOTIONAL_TOO_LARGE;
    }

    const moved = priceTicks - words[instrument + InstrumentWord.markPrice];
    const perLot = moved * instruments.quoteMinorPerTickLot(instrument);
    words[instrument + InstrumentWord.markPrice] = priceTicks;
    words[instrument + InstrumentWord.controls] &= ~InstrumentControl.unmarked;
    instruments.touch(instrument);
    for (let margin = first; margin !== 0; margin = words[margin + MarginWord.nextOfInstrument]) {
      const lots = positions.quantityLots(words[margin + MarginWord.position]);
      if (lots !== 0) margins.pay(margin, lots * perLot);
      margins.hold(margin);
    }
    sink.markPriceChanged(instrumentId);
    checkMargins();
    books.flush(sink);
    return 0;
  };

  /** Sets the margin rates of an instrument, from valid values; every account holds what they ask for. */
  const setRates = (instrument: number, initialPpm: number, maintenancePpm: number): void => {
    words[instrument + InstrumentWord.initialMarginPpm] = initialPpm;
    words[instrument + InstrumentWord.maintenanceMarginPpm] = maintenancePpm;
    instruments.touch(instrument);
    let margin = words[instrument + InstrumentWord.firstMargin];
    while (margin !== 0) {
      margins.hold(margin);
      margins.touch(margin);
      margin = words[margin + MarginWord.nextOfInstrument];
    }
  };

  /** Whether no account has a position in a margin instrument. */
  const isFlat = (instrument: number): boolean => {
    let margin = words[instrument + InstrumentWord.firstMargin];
    while (margin !== 0) {
      if (positions.quantityLots(words[margin + MarginWord.position]) !== 0) return false;
      margin = words[margin + MarginWord.nextOfInstrument];
    }
    return true;
  };

  /**
   * Liquidates as long as an account has less than its maintenance margin, the lowest account id first, then the lowest
   * asset id; and ends the phase in which gains count.
   */
  const checkMargins = (): void => {
    for (let margin = nextBelow(); margin !== 0; margin = nextBelow()) {
      sink.answering(0);
      liquidate(accountOf(margin), margins.quoteHoldingOf(margin));
      hooks.runFired();
    }
    margins.endPhase();
  };

  /** A touched record of the account and asset that is to be liquidated next, or 0. */
  const nextBelow = (): number => {
    let next = 0;
    for (let i = 0; i < touched[TouchedWord.count]; i += 1) {
      const margin = touchedRecords[i];
      if (next !== 0 && !comesBefore(margin, next)) continue;
      if (isBelow(accountOf(margin), margins.quoteHoldingOf(margin))) next = margin;
    }
    return next;
  };

  const comesBefore = (margin: number, other: number): boolean => {
    const accountId = idOf(accountOf(margin));
    const otherId = idOf(accountOf(other));
    if (accountId !== otherId) return accountId < otherId;
    return assetOf(margins.quoteHoldingOf(margin)) < assetOf(margins.quoteHoldingOf(other));
  };

  const isBelow = (account: number, holding: number): boolean => {
    return margins.equity(account, holding) < margins.maintenance(account, holding);
  };

  const accountOf = (margin: number): number => {
    return words[words[margin + MarginWord.position] + PositionWord.account];
  };

  const idOf = (account: number): number => {
    return words[account + AccountWord.id];
  };

  const assetOf = (holding: number): number => {
    return words[holding + HoldingWord.assetId];
  };

  /** Cancels the margin orders of an account in the asset of a holding, and closes its positions until it has enough. */
  const liquidate = (account: number, holding: number): void => {
    sink.liquidationStarted(
      account,
      assetOf(holding),
      margins.equity(account, holding),
      margins.maintenance(account, holding),
    );
    cancelOrders(account, holding);
    for (let instrumentId = 1; instrumentId <= instruments.count; instrumentId += 1) {
      const position = positions.find(account, instrumentId);
      const margin = words[position + PositionWord.margin];
      if (margin === 0 || margins.quoteHoldingOf(margin) !== holding) continue;
      if (!isBelow(account, holding)) break;
      if (positions.quantityLots(position) === 0) continue;
      closeByOrder(account, instrumentId, position);
      deleverage(margin);
    }
    coverLoss(account, holding);
  };

  const cancelOrders = (account: number, holding: number): void => {
    let order = words[account + AccountWord.firstOrder];
    while (order !== 0) {
      const isMargin = words[order + OrderWord.baseHolding] === 0;
      if (isMargin && words[order + OrderWord.quoteHolding] === holding) {
        // It may take its partner along, so the next one is looked for anew.
        endings.cancelOpen(order, CancelReason.liquidation, 0);
        order = words[account + AccountWord.firstOrder];
      } else {
        order = words[order + OrderWord.accountNext];
      }
    }
  };

  /** Trades a position away with a market order within the protection around the mark price. */
  const closeByOrder = (account: number, instrumentId: number, position: number): void => {
    const instrument = instruments.handleOf(instrumentId);
    const held = positions.quantityLots(position);
    const bookSide = instrumentId * 2 + (held > 0 ? 1 : 0);
    if (!hooks.isTraded(instrument) || books.withOrders(books.ladder.best(bookSide ^ 1)) === 0) return;
    const lots = Math.min(Math.abs(held), LOTS_MAX);
    const rates = instruments.ratesAt(instrument, words[account + AccountWord.settings]);
    const order = orders.allocate();
    words[order + OrderWord.price] = hooks.derivedPrice(
      bookSide,
      words[instrument + InstrumentWord.markPrice],
    );
    words[order + OrderWord.leaves] = lots;
    words[order + OrderWord.cumulative] = 0;
    words[order + OrderWord.bookSide] = bookSide;
    words[order + OrderWord.clientIdLow] = 0;
    words[order + OrderWord.clientIdHigh] = 0;
    words[order + OrderWord.terms] = LIQUIDATION_TERMS;
    words[order + OrderWord.account] = account;
    words[order + OrderWord.quoteHolding] = words[position + PositionWord.quoteHolding];
    words[order + OrderWord.baseHolding] = 0;
    words[order + OrderWord.position] = position;
    doubles[(order + OrderWord.lotReserve) >> 1] = 0;
    words[order + OrderWord.makerPpm] = words[rates];
    words[order + OrderWord.takerPpm] = words[rates + 1];
    margins.countOpen(order, lots);
    sink.accepted(order);
    const isStopped = hooks.matchOrder(order);
    if (words[order + OrderWord.leaves] === 0) orders.release(order);
    else endings.cancelIncoming(order, CancelReason.iocRemainder);
    if (isStopped) hooks.pause(instrumentId);
    hooks.elect(instrumentId);
  };

  /** Closes what is left of a position at the mark price, against the largest positions of the other side. */
  const deleverage = (margin: number): void => {
    const position = words[margin + MarginWord.position];
    for (let held = positions.quantityLots(position); held !== 0; held = positions.quantityLots(position)) {
      const other = largestAgainst(margin, held);
      const lots = Math.min(
        Math.abs(held),
        Math.abs(positions.quantityLots(words[other + MarginWord.position])),
      );
      close(margin, lots);
      close(other, lots);
    }
  };

  /** The largest position of the other side; of those that are as large, the one of the lowest account id. */
  const largestAgainst = (margin: number, held: number): number => {
    let best = 0;
    let most = 0;
    let other = words[margins.instrumentOf(margin) + InstrumentWord.firstMargin];
    for (; other !== 0; other = words[other + MarginWord.nextOfInstrument]) {
      const lots = positions.quantityLots(words[other + MarginWord.position]);
      if (lots === 0 || lots > 0 === held > 0) continue;
      const size = Math.abs(lots);
      const isFirst = size === most && idOf(accountOf(other)) < idOf(accountOf(best));
      if (size > most || isFirst) {
        best = other;
        most = size;
      }
    }
    return best;
  };

  /** Takes lots off a position at the mark price, which moves no money. */
  const close = (margin: number, lots: number): void => {
    const position = words[margin + MarginWord.position];
    const instrument = margins.instrumentOf(margin);
    const direction = positions.quantityLots(position) > 0 ? -1 : 1;
    const perLot =
      words[instrument + InstrumentWord.markPrice] * instruments.quoteMinorPerTickLot(instrument);
    positions.countTrade(position, direction, lots, perLot);
    margins.hold(margin);
    margins.touch(margin);
    sink.deleveraged(position, direction * lots);
  };

  /**
   * Pays for what an account has lost beyond its equity: the insurance fund first, then those who have gained in this
   * phase, in proportion, and last the fees that were charged in it.
   */
  const coverLoss = (account: number, holding: number): void => {
    const loss = -margins.equity(account, holding);
    if (loss <= 0) return;
    const assetId = assetOf(holding);
    const insured = Math.min(loss, assets.insurance[assetId]);
    assets.insurance[assetId] -= insured;
    const winners = winnersOf(assetId);
    let gains = 0;
    for (const winner of winners) gains += winner.gain;
    const shared = Math.min(loss - insured, gains);
    let left = shared;
    for (const winner of winners) {
      const share = Math.min(left, shareUp(shared, winner.gain, gains));
      if (share === 0) continue;
      left -= share;
      margins.pay(winner.margin, -share);
      tell(accountOf(winner.margin), margins.quoteHoldingOf(winner.margin), -share, BalanceReason.lossShared);
    }
    assets.fees[assetId] -= loss - insured - shared;
    holdings.money[holding >> 1] += loss;
    holdings.touch(holding);
    tell(account, holding, loss, BalanceReason.lossCovered);
  };

  /** The accounts that have gained in this phase in an asset, by account id. */
  const winnersOf = (assetId: number): Winner[] => {
    const all: Winner[] = [];
    for (let i = 0; i < touched[TouchedWord.count]; i += 1) {
      const margin = touchedRecords[i];
      if (assetOf(margins.quoteHoldingOf(margin)) !== assetId) continue;
      const accountId = idOf(accountOf(margin));
      const gain = doubles[(margin + MarginWord.gain) >> 1];
      const known = all.find((winner) => winner.accountId === accountId);
      if (known === undefined) all.push({ accountId, margin, gain });
      else known.gain += gain;
    }
    return all.filter(({ gain }) => gain > 0).sort((a, b) => a.accountId - b.accountId);
  };

  const tell = (account: number, holding: number, amount: number, reason: number): void => {
    sink.balanceNotice(account, holding, 0, 0, amount, reason, 0);
  };

  return { setMarkPrice, setRates, isFlat, checkMargins };
}

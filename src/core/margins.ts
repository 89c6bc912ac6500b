/**
 * What accounts hold for their positions and orders in margin instruments. A position there is always settled to the
 * mark price, so that equity is money: what is available, and the initial margin, which is held in `reserved`, exactly.
 * When the margin rises or falls, `available` gives or takes; it may be below zero, and pays for nothing else then.
 *
 * An order of a margin instrument has no base holding, and its `lotReserve` is what a lot may cost beyond the margin of
 * the position that it leads to: its fee, and what its price was worse than the mark when it took its place.
 */
import { makeWords } from '../base/columns.js';
import { AccountWord } from './accounts.js';
import type { Arena } from './arena.js';
import { InstrumentFlag, RejectCode } from './codes.js';
import type { Holdings } from './holdings.js';
import { type Instruments, InstrumentWord } from './instruments.js';
import { feePerLot, PPM, portionUp } from './money.js';
import { OrderWord } from './orders.js';
import { type Positions, PositionWord } from './positions.js';
import { makeTable } from './table.js';

export const MARGIN_WORDS = 16;

/** No margin position may be worth more, nor may there be more of an asset in which margin is held. */
export const MARGIN_MONEY_MAX = 2 ** 52 - 1;

/** Words of a margin record: doubles first, at `doubles[(handle + word) >> 1]`. Records are never removed. */
export const MarginWord = {
  /** Lots of the open orders of each side, waiting stops too. */
  openBuys: 0,
  openSells: 2,
  /** What the open orders may cost beyond the margin of the position that they lead to, quote minor units. */
  orderCosts: 4,
  /** Part of `reserved` in the quote holding. */
  held: 6,
  /** What trades, fees and marks have added in this phase of a record; see `touched`. */
  gain: 8,
  /** Handle of the position. */
  position: 10,
  /** Lists of the records of an instrument and of an account. */
  nextOfInstrument: 11,
  nextOfAccount: 12,
  /** 1 while on the list of those whose equity or maintenance margin changed in this phase. */
  isTouched: 13,
} as const;

const OPEN_BUYS = MarginWord.openBuys;
const OPEN_SELLS = MarginWord.openSells;
const ORDER_COSTS = MarginWord.orderCosts;
const HELD = MarginWord.held;
const GAIN = MarginWord.gain;
const LOT_RESERVE = OrderWord.lotReserve;

/** Whether margin rates (u32 as int32) go with the flags of an instrument: 1 <= maintenance <= initial <= 10^6, or none. */
export function areMarginRates(flags: number, initialPpm: number, maintenancePpm: number): boolean {
  if ((flags & InstrumentFlag.margin) === 0) return initialPpm === 0 && maintenancePpm === 0;
  return initialPpm >= 1 && initialPpm <= PPM && maintenancePpm >= 1 && maintenancePpm <= initialPpm;
}

/** Words of `touched`. */
export const TouchedWord = { count: 0 } as const;

export type Margins = ReturnType<typeof makeMargins>;

export function makeMargins(
  arena: Arena,
  maxMargins: number,
  instruments: Instruments,
  holdings: Holdings,
  positions: Positions,
) {
  const { words, doubles } = arena;
  const { handleOf: instrumentAt, quoteMinorPerTickLot } = instruments;
  const state = makeWords(1);
  const firstHandle = arena.reserve(maxMargins * MARGIN_WORDS);
  /** How many records are on the list of touched ones. */
  const touched = makeWords(1);
  const touchedRecords = makeWords(maxMargins);

  const tables = [
    makeTable('margins', MarginWord, {
      memory: words,
      first: firstHandle,
      recordWords: MARGIN_WORDS,
      capacity: maxMargins,
      rows: () => state[0],
      handles: { position: 'positions', nextOfInstrument: 'margins', nextOfAccount: 'margins' },
      derived: ['isTouched'],
    }),
    makeTable('margins.state', { count: 0 }, { memory: state }),
  ];

  const handleOf = (number: number): number => {
    return firstHandle + number * MARGIN_WORDS;
  };

  /** The record of a position, which has none yet. There are as many records as positions. */
  const add = (position: number): number => {
    const margin = handleOf(state[0]);
    state[0] += 1;
    const account = words[position + PositionWord.account];
    const instrument = instrumentAt(words[position + PositionWord.instrumentId]);
    words[margin + MarginWord.position] = position;
    words[margin + MarginWord.nextOfInstrument] = words[instrument + InstrumentWord.firstMargin];
    words[margin + MarginWord.nextOfAccount] = words[account + AccountWord.firstMargin];
    words[instrument + InstrumentWord.firstMargin] = margin;
    words[account + AccountWord.firstMargin] = margin;
    words[position + PositionWord.margin] = margin;
    return margin;
  };

  /** What is held for a position and open orders; 0 for handle 0. */
  const held = (margin: number): number => {
    return doubles[(margin + HELD) >> 1];
  };

  /** The largest position that open orders can lead to. */
  const worstLots = (lots: number, openBuys: number, openSells: number): number => {
    return Math.max(Math.abs(lots + openBuys), Math.abs(lots - openSells));
  };

  /** What lots are worth at a price, in minor units of quote. */
  const worth = (instrument: number, lots: number, price: number): number => {
    return lots * (price * quoteMinorPerTickLot(instrument));
  };

  /** Initial margin of a worst position, with the costs of the orders. */
  const needed = (instrument: number, lots: number, costs: number): number => {
    const atMark = worth(instrument, lots, words[instrument + InstrumentWord.markPrice]);
    return portionUp(atMark, words[instrument + InstrumentWord.initialMarginPpm]) + costs;
  };

  const instrumentOf = (margin: number): number => {
    return instrumentAt(words[words[margin + MarginWord.position] + PositionWord.instrumentId]);
  };

  /** Holds exactly what the position and the open orders need now. */
  const hold = (margin: number): void => {
    const position = words[margin + MarginWord.position];
    const worst = worstLots(
      positions.quantityLots(position),
      doubles[(margin + OPEN_BUYS) >> 1],
      doubles[(margin + OPEN_SELLS) >> 1],
    );
    const amount = needed(instrumentOf(margin), worst, doubles[(margin + ORDER_COSTS) >> 1]);
    const more = amount - doubles[(margin + HELD) >> 1];
    if (more === 0) return;
    doubles[(margin + HELD) >> 1] = amount;
    holdings.reserve(words[position + PositionWord.quoteHolding], more);
  };

  /** Counts lots of an order, below 0 those that are not open any more. */
  const count = (margin: number, order: number, lots: number): void => {
    const isSell = (words[order + OrderWord.bookSide] & 1) !== 0;
    doubles[(margin + (isSell ? OPEN_SELLS : OPEN_BUYS)) >> 1] += lots;
    doubles[(margin + ORDER_COSTS) >> 1] += lots * doubles[(order + LOT_RESERVE) >> 1];
  };

  /** Takes lots of an order among the open ones of its account and holds what they need; below 0: they are not any more. */
  const countOpen = (order: number, lots: number): void => {
    const position = words[order + OrderWord.position];
    const margin = words[position + PositionWord.margin] || add(position);
    count(margin, order, lots);
    hold(margin);
  };

  /**
   * Settles lots of an order that traded for `quote` minor units in all, with their fee; the position has counted them.
   * The difference to the mark price is paid.
   */
  const settleOrder = (order: number, lots: number, quote: number, fee: number): void => {
    const margin = words[words[order + OrderWord.position] + PositionWord.margin];
    const instrument = instrumentOf(margin);
    const atMark = worth(instrument, lots, words[instrument + InstrumentWord.markPrice]);
    const isSell = (words[order + OrderWord.bookSide] & 1) !== 0;
    count(margin, order, -lots);
    pay(margin, (isSell ? quote - atMark : atMark - quote) - fee);
    hold(margin);
  };

  /** Adds to the equity of an account, or takes from it: what happens in a margin instrument. */
  const pay = (margin: number, amount: number): void => {
    const holding = words[words[margin + MarginWord.position] + PositionWord.quoteHolding];
    holdings.money[holding >> 1] += amount;
    holdings.touch(holding);
    doubles[(margin + GAIN) >> 1] += amount;
    touch(margin);
  };

  /** Notes that equity or maintenance margin of the account changed. */
  const touch = (margin: number): void => {
    if (words[margin + MarginWord.isTouched] !== 0) return;
    words[margin + MarginWord.isTouched] = 1;
    touchedRecords[touched[TouchedWord.count]] = margin;
    touched[TouchedWord.count] += 1;
  };

  /** Ends a phase: what was gained counts no more. */
  const endPhase = (): void => {
    for (let i = 0; i < touched[TouchedWord.count]; i += 1) {
      const margin = touchedRecords[i];
      words[margin + MarginWord.isTouched] = 0;
      doubles[(margin + GAIN) >> 1] = 0;
    }
    touched[TouchedWord.count] = 0;
  };

  /** What an account has in the asset of a holding of its own beyond the reservations of spot orders. */
  const equity = (account: number, holding: number): number => {
    let sum = holdings.available(holding);
    for (let margin = words[account + AccountWord.firstMargin]; margin !== 0; ) {
      if (quoteHoldingOf(margin) === holding) sum += held(margin);
      margin = words[margin + MarginWord.nextOfAccount];
    }
    return sum;
  };

  /** Below this equity the margin positions of an account in the asset of a holding are closed. */
  const maintenance = (account: number, holding: number): number => {
    let sum = 0;
    for (let margin = words[account + AccountWord.firstMargin]; margin !== 0; ) {
      if (quoteHoldingOf(margin) === holding) sum += maintenanceOf(margin);
      margin = words[margin + MarginWord.nextOfAccount];
    }
    return sum;
  };

  const maintenanceOf = (margin: number): number => {
    const instrument = instrumentOf(margin);
    const lots = Math.abs(positions.quantityLots(words[margin + MarginWord.position]));
    const atMark = worth(instrument, lots, words[instrument + InstrumentWord.markPrice]);
    return portionUp(atMark, words[instrument + InstrumentWord.maintenanceMarginPpm]);
  };

  const quoteHoldingOf = (margin: number): number => {
    return words[words[margin + MarginWord.position] + PositionWord.quoteHolding];
  };

  /** What a lot of an order may cost beyond the margin, at the mark price of now. */
  const lotCost = (
    instrument: number,
    isSell: boolean,
    price: number,
    makerPpm: number,
    takerPpm: number,
  ): number => {
    const mark = words[instrument + InstrumentWord.markPrice];
    const perTick = quoteMinorPerTickLot(instrument);
    const worse = Math.max(0, isSell ? mark - price : price - mark);
    return feePerLot(Math.max(price, mark) * perTick, makerPpm, takerPpm) + worse * perTick;
  };

  /**
   * Reject code of an order that takes its place in the position of an account (0 = it has none yet), or 0. `leaving`:
   * the order that it replaces, or 0. What its orders could lead to must be covered by the equity; an order that does
   * not make that larger only has to be paid for.
   */
  const check = (
    account: number,
    instrument: number,
    position: number,
    isSell: boolean,
    price: number,
    lots: number,
    costPerLot: number,
    leaving: number,
  ): number => {
    const margin = words[position + PositionWord.margin];
    const leavingLots = leaving === 0 ? 0 : words[leaving + OrderWord.leaves];
    const change = lots - leavingLots;
    const openBuys = doubles[(margin + OPEN_BUYS) >> 1];
    const openSells = doubles[(margin + OPEN_SELLS) >> 1];
    const quantity = positions.quantityLots(position);
    const worst = worstLots(
      quantity,
      isSell ? openBuys : openBuys + change,
      isSell ? openSells + change : openSells,
    );
    if (
      worth(instrument, worst, Math.max(price, words[instrument + InstrumentWord.markPrice])) >
      MARGIN_MONEY_MAX
    ) {
      return RejectCode.NOTIONAL_TOO_LARGE;
    }
    const leavingCosts = leaving === 0 ? 0 : leavingLots * doubles[(leaving + LOT_RESERVE) >> 1];
    const costs = doubles[(margin + ORDER_COSTS) >> 1] - leavingCosts + lots * costPerLot;
    const holding = holdings.find(account, words[instrument + InstrumentWord.quoteAsset]);
    const more = needed(instrument, worst, costs) - held(margin);
    if (more <= holdings.available(holding)) return 0;
    const isLarger = worst > worstLots(quantity, openBuys, openSells);
    if (!isLarger && equity(account, holding) >= costs) return 0;
    return RejectCode.INSUFFICIENT_MARGIN;
  };

  /** Whether the largest position that the orders of a record lead to would be worth too much at a price. */
  const isTooLargeAt = (margin: number, price: number): boolean => {
    const worst = worstLots(
      positions.quantityLots(words[margin + MarginWord.position]),
      doubles[(margin + OPEN_BUYS) >> 1],
      doubles[(margin + OPEN_SELLS) >> 1],
    );
    return worth(instrumentOf(margin), worst, price) > MARGIN_MONEY_MAX;
  };

  return {
    tables,
    get count(): number {
      return state[0];
    },
    handleOf,
    touched,
    touchedRecords,
    held,
    worstLots,
    needed,
    instrumentOf,
    quoteHoldingOf,
    hold,
    countOpen,
    settleOrder,
    pay,
    touch,
    endPhase,
    equity,
    maintenance,
    lotCost,
    check,
    isTooLargeAt,
  };
}

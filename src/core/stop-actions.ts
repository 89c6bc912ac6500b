/** What stops do when their trade has come: one acts after the other, each completely; its trades may fire more. */
import { CancelReason, OrderType } from './codes.js';
import type { Core } from './core.js';
import type { EventSink } from './event-sink.js';
import type { MarketStates } from './market-states.js';
import { feePerLot } from './money.js';
import type { OrderEndings } from './order-endings.js';
import { ExtraWord } from './order-extras.js';
import { OrderWord } from './orders.js';
import { PRICE_MAX } from './price-ladder.js';

export type StopActions = ReturnType<typeof makeStopActions>;

/** `matchOrder` and `rest`: what an incoming order does; the first returns whether the volatility limit stopped it. */
export function makeStopActions(
  core: Core,
  sink: EventSink,
  endings: OrderEndings,
  { pause }: MarketStates,
  matchOrder: (order: number) => boolean,
  rest: (order: number) => void,
) {
  const { words, doubles } = core.arena;
  const { handleOf: instrumentAt, quoteMinorPerTickLot } = core.instruments;
  const { touch: touchOrder } = core.orders;
  const { elect, isContinuous, takeFired, waitAgain } = core.stops;
  const { reserve } = core.holdings;
  const { answering, cancelled, triggered } = sink;
  const { close, endLink, releaseLots } = endings;

  /**
   * Lets all act that the trades of an order of the instrument, which is done, have fired, and what these fire. From
   * here on nothing that the command causes answers it.
   */
  const runStops = (instrumentId: number): void => {
    elect(instrumentId);
    runFired();
  };

  /** Lets all act that have been fired, and what these fire. */
  const runFired = (): void => {
    answering(0);
    for (let order = takeFired(); order !== 0; order = takeFired()) {
      const instrumentId = words[order + OrderWord.bookSide] >> 1;
      // Trading may have stopped in the meantime.
      if (isContinuous(instrumentId)) act(order);
      else waitAgain(order);
      elect(instrumentId);
    }
  };

  /** A stop acts: its partner goes, and it comes in as a market order within its price, or as a limit order. */
  const act = (order: number): void => {
    const extra = words[order + OrderWord.extra];
    followTrigger(order, extra);
    triggered(order);
    words[extra + ExtraWord.trigger] = 0;
    words[extra + ExtraWord.firedAt] = 0;
    touchOrder(order);
    endLink(order);
    const instrumentId = words[order + OrderWord.bookSide] >> 1;
    const isStopped = matchOrder(order);
    if (words[order + OrderWord.leaves] === 0) {
      close(order);
    } else if ((words[order + OrderWord.terms] & 0xff) === OrderType.stopLimit) {
      rest(order);
    } else {
      cancelled(order, CancelReason.iocRemainder, 1);
      releaseLots(order, words[order + OrderWord.leaves]);
      close(order);
    }
    if (isStopped) pause(instrumentId);
  };

  /** Moves the price of a trailing stop as far as its trigger has moved; a buy then reserves less. */
  const followTrigger = (order: number, extra: number): void => {
    const moved = words[extra + ExtraWord.trigger] - words[extra + ExtraWord.triggerAtEntry];
    if (moved === 0) return;
    const price = Math.max(1, Math.min(words[order + OrderWord.price] + moved, PRICE_MAX));
    words[order + OrderWord.price] = price;
    // A sell reserves base, and an order of a margin instrument keeps what it came in with.
    if ((words[order + OrderWord.bookSide] & 1) !== 0 || words[order + OrderWord.baseHolding] === 0) return;
    const lotPrice = price * quoteMinorPerTickLot(instrumentAt(words[order + OrderWord.bookSide] >> 1));
    const makerPpm = words[order + OrderWord.makerPpm];
    const lotReserve = lotPrice + feePerLot(lotPrice, makerPpm, words[order + OrderWord.takerPpm]);
    releaseLots(order, words[order + OrderWord.leaves]);
    doubles[(order + OrderWord.lotReserve) >> 1] = lotReserve;
    reserve(words[order + OrderWord.quoteHolding], words[order + OrderWord.leaves] * lotReserve);
  };

  return { runStops, runFired };
}

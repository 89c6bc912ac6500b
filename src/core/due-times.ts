/** What ends by time: orders that expire and market states, before the command that brought the time does anything. */
import { readInt64 } from '../base/int64.js';
import { CancelReason } from './codes.js';
import { type Core, EngineWord } from './core.js';
import type { EventSink } from './event-sink.js';
import type { MarketStates } from './market-states.js';
import type { OrderEndings } from './order-endings.js';

/** A function that ends what is due at command time, on `core`, with the events into `sink`. */
export function makeDueTimes(
  core: Core,
  sink: EventSink,
  { cancelOpen }: OrderEndings,
  { endFirst }: MarketStates,
  runStops: (instrumentId: number) => void,
  checkMargins: () => void,
) {
  const { books, engine, expiries, marketTimes } = core;

  /**
   * The earliest first; at one time the orders first by order id, then the states by instrument id, each completely.
   * Then the books are reported. Nobody asked for it, so all events are notices.
   */
  return (): void => {
    const now = readInt64(engine, EngineWord.timestampUs);
    const answering = sink.answering(0);
    for (;;) {
      const expiry = readInt64(expiries.next, 0);
      const end = readInt64(marketTimes.next, 0);
      if (Math.min(expiry, end) > now) break;
      if (expiry <= end) cancelOpen(expiries.first(), CancelReason.expired, 0);
      else runStops(endFirst());
    }
    checkMargins();
    books.flush(sink);
    sink.answering(answering);
  };
}

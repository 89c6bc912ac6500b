/**
 * How much of itself an order may hide. A hidden order trades once for each peak, and all of its peaks may go in one
 * command: were there no bound, an order of 2,147,483,647 lots that shows one at a time would let the next large order
 * make as many trades, and nobody else would be served until they are done.
 */

/** An order shows at least one part in so many of what is open. */
const MOST_PEAKS = 100;

/** Whether an order that displays `displayLots` at a time (0 = all) must not have `lots` open. */
export function hidesTooMuch(displayLots: number, lots: number): boolean {
  return displayLots !== 0 && lots > displayLots * MOST_PEAKS;
}

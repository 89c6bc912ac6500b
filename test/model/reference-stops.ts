/** Which waiting stops a trade fires, and how trailing stops follow it. */
import { MarketState, Side } from '../../src/core/codes.js';
import type { Exchange } from './reference-exchange.js';
import { FALLING, RISING } from './reference-numbers.js';
import type { Instrument, Order } from './reference-state.js';

/** The stops of an instrument that wait for a trade. */
function waitingStops(exchange: Exchange, instrument: Instrument): Order[] {
  return [...exchange.stops]
    .filter((order) => order.instrument === instrument && order.triggerPriceTicks !== 0)
    .filter((order) => !exchange.elected.some((elected) => elected.order === order));
}

export function isFiredBy(stop: Order, lastPriceTicks: number): boolean {
  return stop.triggerDirection === RISING
    ? lastPriceTicks >= stop.triggerPriceTicks
    : lastPriceTicks <= stop.triggerPriceTicks;
}

/**
 * A trade at a price: trailing stops follow it, then, in continuous trading, every stop that it fires goes to the end
 * of the queue. Rising ones by rising trigger, then falling ones by falling trigger, at one trigger the lowest order id
 * first.
 */
export function electStops(exchange: Exchange, instrument: Instrument, priceTicks: number): void {
  followTrade(exchange, instrument, priceTicks);
  if (instrument.marketState !== MarketState.continuous) return;
  const fired = waitingStops(exchange, instrument).filter((stop) => isFiredBy(stop, priceTicks));
  fired.sort((a, b) => a.orderId - b.orderId);
  const rising = fired.filter((stop) => stop.triggerDirection === RISING);
  const falling = fired.filter((stop) => stop.triggerDirection === FALLING);
  rising.sort((a, b) => a.triggerPriceTicks - b.triggerPriceTicks);
  falling.sort((a, b) => b.triggerPriceTicks - a.triggerPriceTicks);
  for (const order of [...rising, ...falling]) exchange.elected.push({ order, priceTicks });
}

/** The last trade was at a price, and trailing stops follow it. */
export function followTrade(exchange: Exchange, instrument: Instrument, priceTicks: number): void {
  instrument.lastPriceTicks = priceTicks;
  for (const stop of waitingStops(exchange, instrument)) {
    if (stop.trailingTicks === 0) continue;
    const { triggerPriceTicks: trigger, trailingTicks: distance } = stop;
    stop.triggerPriceTicks =
      stop.side === Side.buy
        ? Math.min(trigger, priceTicks + distance)
        : Math.max(trigger, priceTicks - distance);
  }
}

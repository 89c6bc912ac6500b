/** What an order must not exceed: flow of its account, price band, size, open orders, the range of a volatility pause. */
import { AccountStatus, RejectCode, Side } from '../../src/core/codes.js';
import type { CommandOf } from './messages.js';
import type { Exchange } from './reference-exchange.js';
import { notional } from './reference-money.js';
import { MAX_INT32, MAX_RATE_PPM } from './reference-numbers.js';
import type { Account, Instrument } from './reference-state.js';
import { Rejection } from './rejection.js';

const PPM = 1_000_000n;

/** Sets the prices that orders of an instrument may have from now on. */
export function setPriceBand(exchange: Exchange, command: CommandOf<'setPriceBand'>): void {
  const { clientSequence: _, reserved0, ...band } = command.fields;
  const { instrumentId, minPriceTicks, maxPriceTicks, referencePriceTicks, bandPpm } = band;
  const instrument = exchange.instrument(instrumentId);
  const isValid =
    minPriceTicks >= 0 &&
    maxPriceTicks >= 0 &&
    (maxPriceTicks === 0 || minPriceTicks <= maxPriceTicks) &&
    referencePriceTicks >= 0 &&
    bandPpm <= MAX_RATE_PPM;
  if (!isValid) throw new Rejection(RejectCode.INVALID_BAND);
  instrument.band = { minPriceTicks, maxPriceTicks, referencePriceTicks, bandPpm };
  exchange.answerAdmin('priceBandChanged', { ...band, reserved0: 0 });
}

/** Sets how large and how many the orders of an account in an instrument may be from now on. */
export function setOrderLimits(exchange: Exchange, command: CommandOf<'setOrderLimits'>): void {
  const { accountId, instrumentId, maxOrderNotional, maxOrderLots, maxOpenOrders } = command.fields;
  const account = exchange.account(accountId);
  exchange.instrument(instrumentId);
  const isValid =
    maxOrderNotional >= 0 &&
    maxOrderNotional <= Number.MAX_SAFE_INTEGER &&
    maxOrderLots >= 0 &&
    maxOpenOrders >= 0;
  if (!isValid) throw new Rejection(RejectCode.INVALID_LIMIT);
  let known = 0;
  for (const { limits } of exchange.accounts.values()) known += limits.size;
  if (!account.limits.has(instrumentId) && known >= exchange.limits.orderLimits)
    throw new Rejection(RejectCode.TOO_MANY_LIMITS);
  account.limits.set(instrumentId, { maxOrderNotional, maxOrderLots, maxOpenOrders });
  const { sessionId } = command;
  exchange.emit('orderLimitsChanged', accountId, sessionId, command.fields.clientSequence, {
    accountId,
    instrumentId,
    maxOrderNotional,
    maxOrderLots,
    maxOpenOrders,
  });
}

/**
 * Whether an account may send an order or a replace now. In each interval of command time so many of them count,
 * whatever becomes of them then; the ones that are refused here do not.
 */
export function checkFlow(exchange: Exchange, { status, throttle }: Account): void {
  if (status !== AccountStatus.active) throw new Rejection(RejectCode.ACCOUNT_SUSPENDED);
  if (throttle.maxCommands === 0) return;
  const interval = Math.floor(exchange.timeUs / throttle.intervalUs);
  if (interval !== throttle.interval) {
    throttle.interval = interval;
    throttle.counted = 0;
  }
  if (throttle.counted >= throttle.maxCommands) throw new Rejection(RejectCode.THROTTLED);
  throttle.counted += 1;
}

/** The lowest and highest price that an order of an instrument may have now. */
function bandOf({ band, lastPriceTicks }: Instrument): { low: number; high: number } {
  const { minPriceTicks, maxPriceTicks, bandPpm } = band;
  let low = Math.max(1, minPriceTicks);
  let high = maxPriceTicks === 0 ? MAX_INT32 : maxPriceTicks;
  const reference = BigInt(band.referencePriceTicks || lastPriceTicks);
  if (bandPpm !== 0 && reference !== 0n) {
    const ppm = BigInt(bandPpm);
    low = Math.max(low, Number((reference * (PPM - ppm) + PPM - 1n) / PPM));
    high = Math.min(high, Number((reference * (PPM + ppm)) / PPM));
  }
  return { low, high };
}

/** A price that the engine made itself gives way to the band. */
export function withinBand(instrument: Instrument, priceTicks: number): number {
  const { low, high } = bandOf(instrument);
  return Math.max(1, low, Math.min(high, priceTicks));
}

/** The band of the instrument and the limits of the account in it, for an order that takes its place now. */
export function checkLimits(
  account: Account,
  instrument: Instrument,
  priceTicks: number,
  lots: number,
  limit: number,
): void {
  const { low, high } = bandOf(instrument);
  if (limit < low || limit > high) throw new Rejection(RejectCode.PRICE_OUT_OF_BAND);
  const limits = account.limits.get(instrument.instrumentId);
  if (limits === undefined) return;
  const { maxOrderLots, maxOrderNotional } = limits;
  if (maxOrderLots !== 0 && lots > maxOrderLots) throw new Rejection(RejectCode.ORDER_TOO_LARGE);
  if (maxOrderNotional !== 0 && notional(instrument, priceTicks, lots) > BigInt(maxOrderNotional))
    throw new Rejection(RejectCode.NOTIONAL_OVER_LIMIT);
}

export function checkOpenOrders(exchange: Exchange, account: Account, instrument: Instrument): void {
  const most = account.limits.get(instrument.instrumentId)?.maxOpenOrders ?? 0;
  const open = exchange.openOrdersOf(account).filter((order) => order.instrument === instrument).length;
  if (most !== 0 && open >= most) throw new Rejection(RejectCode.TOO_MANY_OPEN_ORDERS);
}

/**
 * The worst price that an order without one accepts: a price (the best opposite one, or the trigger of a stop),
 * worse by the protection of the instrument, rounded towards that price (down for a buy, up for a sell).
 */
export function protectedPrice(instrument: Instrument, side: number, priceTicks: number): number {
  const price = BigInt(priceTicks);
  const ppm = BigInt(instrument.marketProtectionPpm);
  if (side === Side.buy) {
    const roundedDown = (price * (PPM + ppm)) / PPM;
    return Math.min(MAX_INT32, Number(roundedDown));
  }
  const roundedUp = (price * (PPM - ppm) + PPM - 1n) / PPM;
  return Math.max(1, Number(roundedUp));
}

/**
 * The prices at which an instrument may trade now: so far from the last trade before the present window of command
 * time. The window starts with the first order that comes in to match in it.
 */
export function volatilityRangeOf(
  exchange: Exchange,
  instrument: Instrument,
  start?: 'start the window',
): { low: number; high: number } {
  const { volatility } = instrument;
  if (volatility.volatilityPpm === 0) return { low: 0, high: MAX_INT32 };
  const window = Math.floor(exchange.timeUs / volatility.volatilityWindowUs);
  const isNew = window !== volatility.window;
  const referencePriceTicks = isNew ? instrument.lastPriceTicks : volatility.referencePriceTicks;
  if (start !== undefined) Object.assign(volatility, { window, referencePriceTicks });
  if (referencePriceTicks === 0) return { low: 0, high: MAX_INT32 };
  const reference = BigInt(referencePriceTicks);
  const ppm = BigInt(volatility.volatilityPpm);
  return {
    low: Number((reference * (PPM - ppm) + PPM - 1n) / PPM),
    high: Number((reference * (PPM + ppm)) / PPM),
  };
}

/** From now on the reference is the last trade. */
export function restartVolatilityWindow(
  exchange: Exchange,
  { volatility, lastPriceTicks }: Instrument,
): void {
  const { volatilityPpm, volatilityWindowUs } = volatility;
  volatility.window = volatilityPpm === 0 ? 0 : Math.floor(exchange.timeUs / volatilityWindowUs);
  volatility.referencePriceTicks = volatilityPpm === 0 ? 0 : lastPriceTicks;
}

/** Invariants of what most orders do not have: hidden parts, expiries, triggers, partners. Part of invariants.ts. */
import { fail } from '../base/assert.js';
import { readInt64 } from '../base/int64.js';
import { AccountWord } from './accounts.js';
import { OrderType, TriggerDirection } from './codes.js';
import type { Core } from './core.js';
import { InstrumentWord } from './instruments.js';
import { ExtraWord } from './order-extras.js';
import { OrderWord } from './orders.js';
import { keyOf, LevelWord } from './price-ladder.js';

/** What a resting order displays is some of its leaves, and no more than it may. */
export function checkDisplay(core: Core, order: number): void {
  const words = core.orders.words;
  const displayLots = words[words[order + OrderWord.extra] + ExtraWord.displayLots];
  if (displayLots === 0) return;
  const shown = core.books.displayed(order);
  const leaves = words[order + OrderWord.leaves];
  if (shown < 1 || shown > leaves || shown > displayLots) {
    fail('a resting order displays a part of its leaves', shown, leaves, displayLots);
  }
}

/** Walks the stops that wait, calls `onStop` for each, and returns how many there are. */
export function checkStops(core: Core, onStop: (order: number) => void): number {
  const words = core.orders.words;
  let all = 0;
  for (let instrumentId = 1; instrumentId <= core.instruments.count; instrumentId += 1) {
    const instrument = core.instruments.handleOf(instrumentId);
    let stops = 0;
    let trailing = 0;
    for (const direction of [TriggerDirection.rising, TriggerDirection.falling]) {
      const side = core.stops.sideOf(instrumentId, direction);
      for (let level = core.books.ladder.best(side); level !== 0; level = core.books.ladder.next(level)) {
        const trigger = keyOf(side, words[level + LevelWord.key]);
        let orderId = 0;
        let count = 0;
        for (let order = words[level + LevelWord.head]; order !== 0; order = words[order + OrderWord.next]) {
          const extra = words[order + OrderWord.extra];
          if (words[extra + ExtraWord.trigger] !== trigger) fail('stop waits at its trigger', order, trigger);
          if (words[extra + ExtraWord.direction] !== direction) fail('stop waits in its direction', order);
          if (words[order + OrderWord.bookSide] >> 1 !== instrumentId)
            fail('stop waits in its instrument', order);
          if (words[order + OrderWord.level] !== level) fail('stop names its level', order);
          const nextId = readInt64(words, order + OrderWord.orderId);
          if (nextId <= orderId) fail('stops at a trigger wait by order id', orderId, nextId);
          orderId = nextId;
          if (words[extra + ExtraWord.trailingTicks] !== 0) trailing += 1;
          count += 1;
          onStop(order);
        }
        if (count === 0 || count !== words[level + LevelWord.orderCount])
          fail('level counts its stops', trigger, count);
        stops += count;
      }
    }
    if (words[instrument + InstrumentWord.waitingStops] !== stops)
      fail('instrument counts its stops', instrumentId);
    checkTrailing(core, instrument, trailing);
    all += stops;
  }
  return all;
}

/** The list of the trailing stops that wait, and the prices between which none of them moves. */
function checkTrailing(core: Core, instrument: number, count: number): void {
  const words = core.orders.words;
  const low = words[instrument + InstrumentWord.trailedLow];
  const high = words[instrument + InstrumentWord.trailedHigh];
  let listed = 0;
  let previous = 0;
  for (let order = words[instrument + InstrumentWord.firstTrailing]; order !== 0; ) {
    const extra = words[order + OrderWord.extra];
    const trigger = words[extra + ExtraWord.trigger];
    const distance = words[extra + ExtraWord.trailingTicks];
    if (words[extra + ExtraWord.trailingPrevious] !== previous)
      fail('trailing stops are linked both ways', order);
    const isSell = (words[order + OrderWord.bookSide] & 1) !== 0;
    if (isSell ? trigger + distance < high : trigger - distance > low) {
      fail('a trailing stop has seen every price since it came in', trigger, distance, low, high);
    }
    listed += 1;
    previous = order;
    order = words[extra + ExtraWord.trailingNext];
  }
  if (listed !== count) fail('all trailing stops that wait are listed', listed, count);
}

/** Extra records of all open orders: pairs, and the queue of expiries, which has exactly those that have a time. */
export function checkExtras(core: Core): void {
  const violation = core.expiries.violation();
  if (violation !== '') fail(violation);
  const words = core.orders.words;
  const icebergs = new Map<number, number>();
  let timed = 0;
  for (let n = 0; n < core.accounts.count; n += 1) {
    let order = core.accounts.words[core.accounts.handleOf(n) + AccountWord.firstOrder];
    for (; order !== 0; order = words[order + OrderWord.accountNext]) {
      const extra = words[order + OrderWord.extra];
      if (extra === 0) continue;
      if (words[extra + ExtraWord.order] !== order) fail('extra record names its order', order);
      if (words[extra + ExtraWord.firedAt] !== 0) fail('no stop that was fired waits for its turn', order);
      const isTimed = readInt64(words, extra + ExtraWord.expireTimeUs) !== 0;
      if (isTimed !== (words[extra + ExtraWord.expiryPlace] !== 0)) {
        fail('an order is in the queue of expiries when it has a time', order);
      }
      if (isTimed) timed += 1;
      const instrumentId = words[order + OrderWord.bookSide] >> 1;
      if (words[extra + ExtraWord.displayLots] !== 0) {
        icebergs.set(instrumentId, (icebergs.get(instrumentId) ?? 0) + 1);
      }
      checkPair(core, order);
    }
  }
  if (timed !== core.expiries.count) fail('all expiries are of open orders', timed, core.expiries.count);
  for (let instrumentId = 1; instrumentId <= core.instruments.count; instrumentId += 1) {
    const counted = words[core.instruments.handleOf(instrumentId) + InstrumentWord.icebergs];
    if (counted !== (icebergs.get(instrumentId) ?? 0))
      fail('instrument counts its icebergs', instrumentId, counted);
  }
}

/** Two linked orders name each other, and are a limit order and a waiting stop of one account and instrument. */
function checkPair(core: Core, order: number): void {
  const words = core.orders.words;
  const extra = words[order + OrderWord.extra];
  const partner = words[extra + ExtraWord.partner];
  if (partner === 0) return;
  const other = words[partner + OrderWord.extra];
  if (words[other + ExtraWord.partner] !== order) fail('linked orders name each other', order, partner);
  const isSamePlace =
    words[order + OrderWord.account] === words[partner + OrderWord.account] &&
    words[order + OrderWord.bookSide] >> 1 === words[partner + OrderWord.bookSide] >> 1;
  if (!isSamePlace) fail('linked orders are of one account and instrument', order, partner);
  const isWaiting = words[extra + ExtraWord.trigger] !== 0;
  if (isWaiting === (words[other + ExtraWord.trigger] !== 0))
    fail('one of a pair is a waiting stop', order, partner);
  if (!isWaiting && (words[order + OrderWord.terms] & 0xff) !== OrderType.limit) {
    fail('one of a pair is a limit order', order, partner);
  }
}

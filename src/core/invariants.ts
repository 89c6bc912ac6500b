/** What must hold between any two commands, checked by walking everything. For tests and after recovery. */
import { fail } from '../base/assert.js';
import { hashTriple } from '../base/hash.js';
import { readInt64 } from '../base/int64.js';
import { AccountWord } from './accounts.js';
import type { Core } from './core.js';
import { checkDisplay, checkExtras, checkStops } from './extra-invariants.js';
import { HoldingWord } from './holdings.js';
import { InstrumentWord } from './instruments.js';
import { checkMarginAccounts } from './margin-invariants.js';
import { MONEY_MAX } from './money.js';
import { OrderLimitsWord } from './order-limits.js';
import { OrderWord } from './orders.js';
import { PositionWord } from './positions.js';
import { isSellSide, keyOf, LevelWord } from './price-ladder.js';
import { fullStateHash, stateHash } from './state-hash.js';

/** Throws an Error that names the first invariant that does not hold. Allocates; not for the path of a command. */
export function checkInvariants(core: Core): void {
  const reserved = new Float64Array(core.holdings.count);
  const resting = checkBooks(core, reserved);
  const open = resting + checkStops(core, (order) => addReservation(core, order, reserved));
  checkAccounts(core, open);
  const mayOwe = checkMarginAccounts(core, reserved);
  checkMoney(core, reserved, mayOwe);
  checkExtras(core);
  checkPositions(core);
  if (core.clientIds.count !== open)
    fail('client id index holds the open orders', core.clientIds.count, open);
  if (core.orders.count !== open) fail('every order in the columns is open', core.orders.count, open);
  const hash = stateHash(core);
  const full = fullStateHash(core);
  if (hash !== full) fail('state hash equals the full walk', hash, full);
}

/** Walks all levels and queues. Returns the number of orders and sums what they reserve by holding. */
function checkBooks(core: Core, reserved: Float64Array): number {
  const { ladder } = core.books;
  const violation = ladder.violation();
  if (violation !== '') fail(violation);
  let resting = 0;
  for (let instrumentId = 1; instrumentId <= core.instruments.count; instrumentId += 1) {
    const bid = ladder.best(instrumentId * 2);
    const ask = ladder.best(instrumentId * 2 + 1);
    const instrument = core.instruments.handleOf(instrumentId);
    const isContinuous = core.arena.words[instrument + InstrumentWord.marketState] === 0;
    if (isContinuous && bid !== 0 && ask !== 0) {
      const bidPrice = keyOf(0, ladder.levels[bid + LevelWord.key]);
      const askPrice = keyOf(1, ladder.levels[ask + LevelWord.key]);
      if (bidPrice >= askPrice)
        fail('book is not crossed in continuous trading', instrumentId, bidPrice, askPrice);
    }
    resting += checkSide(core, instrumentId * 2, reserved);
    resting += checkSide(core, instrumentId * 2 + 1, reserved);
  }
  return resting;
}

function checkSide(core: Core, bookSide: number, reserved: Float64Array): number {
  const { ladder } = core.books;
  const levels = ladder.levels;
  let resting = 0;
  let levelCount = 0;
  let lastKey = -1;
  let level = ladder.best(bookSide);
  while (level !== 0) {
    levelCount += 1;
    const key = levels[level + LevelWord.key];
    if (key <= lastKey) fail('levels are walked from best to worst', bookSide, key, lastKey);
    lastKey = key;
    if (levels[level + LevelWord.bookSide] !== bookSide) fail('level belongs to its side', bookSide, key);
    resting += checkLevel(core, level, reserved);
    level = ladder.next(level);
  }
  if (levelCount !== ladder.levelCount(bookSide)) {
    fail('walk from the best price reaches every level', bookSide, levelCount, ladder.levelCount(bookSide));
  }
  return resting;
}

function checkLevel(core: Core, level: number, reserved: Float64Array): number {
  const { ladder } = core.books;
  const levels = ladder.levels;
  const words = core.orders.words;
  const bookSide = levels[level + LevelWord.bookSide];
  const price = keyOf(bookSide, levels[level + LevelWord.key]);
  let count = 0;
  let lots = 0;
  let previous = 0;
  let priority = -1;
  let order = levels[level + LevelWord.head];
  while (order !== 0) {
    count += 1;
    lots += core.books.displayed(order);
    checkDisplay(core, order);
    if (words[order + OrderWord.leaves] < 1) fail('resting order has leaves', price);
    if (words[order + OrderWord.cumulative] < 0) fail('cumulative quantity is not negative', price);
    if (words[order + OrderWord.price] !== price) fail('order rests at its price', words[order], price);
    if (words[order + OrderWord.bookSide] !== bookSide) fail('order rests on its side', bookSide);
    if (words[order + OrderWord.level] !== level) fail('order names its level', price);
    if (words[order + OrderWord.previous] !== previous) fail('queue is linked both ways', price);
    const nextPriority = readInt64(words, order + OrderWord.priority);
    if (nextPriority <= priority) fail('queue runs by priority', price, nextPriority, priority);
    priority = nextPriority;
    addReservation(core, order, reserved);
    previous = order;
    order = words[order + OrderWord.next];
  }
  if (count === 0) fail('level is not empty', bookSide, price);
  if (levels[level + LevelWord.tail] !== previous) fail('tail is the last of the queue', bookSide, price);
  if (levels[level + LevelWord.orderCount] !== count) fail('level counts its orders', bookSide, price, count);
  const levelLots = ladder.levelDoubles[(level + LevelWord.lots) >> 1];
  if (levelLots !== lots) fail('level sums its lots', bookSide, price, levelLots, lots);
  return count;
}

function addReservation(core: Core, order: number, reserved: Float64Array): void {
  const { holdings, instruments } = core;
  const words = core.orders.words;
  const bookSide = words[order + OrderWord.bookSide];
  const instrument = instruments.handleOf(bookSide >> 1);
  const account = words[order + OrderWord.account];
  const quote = holdings.find(account, instruments.words[instrument + InstrumentWord.quoteAsset]);
  const base = holdings.find(account, instruments.words[instrument + InstrumentWord.baseAsset]);
  if (words[order + OrderWord.quoteHolding] !== quote) fail('order has the quote holding of its account');
  if (words[instrument + InstrumentWord.flags] !== 0) {
    if (words[order + OrderWord.baseHolding] !== 0) fail('order of a margin instrument moves no base');
    return;
  }
  if (words[order + OrderWord.baseHolding] !== base) fail('order has the base holding of its account');
  const isSell = isSellSide(bookSide);
  const lotReserve = isSell ? instruments.baseMinorPerLot(instrument) : reserveOfBuy(core, order, instrument);
  const held = core.arena.doubles[(order + OrderWord.lotReserve) >> 1];
  if (held !== lotReserve) fail('order reserves its worst price and fee for each lot', held, lotReserve);
  reserved[holdings.numberOf(isSell ? base : quote)] += words[order + OrderWord.leaves] * lotReserve;
}

/** What a lot of a buy reserves; in BigInt, so that it does not lean on the arithmetic that it checks. */
function reserveOfBuy(core: Core, order: number, instrument: number): number {
  const words = core.orders.words;
  const ppm = Math.max(0, words[order + OrderWord.makerPpm], words[order + OrderWord.takerPpm]);
  const perTick = BigInt(core.instruments.quoteMinorPerTickLot(instrument));
  const price = BigInt(words[order + OrderWord.price]) * perTick;
  return Number(price + (price * BigInt(ppm) + 999_999n) / 1_000_000n);
}

/** Walks the accounts, their lists of open orders and the index of client order ids. */
function checkAccounts(core: Core, resting: number): void {
  const { accounts } = core;
  const words = core.orders.words;
  let listed = 0;
  for (let n = 0; n < accounts.count; n += 1) {
    const account = accounts.handleOf(n);
    const accountId = accounts.words[account + AccountWord.id];
    if (accounts.find(accountId) !== account) fail('account is found by its id', accountId);
    let count = 0;
    let previous = 0;
    let orderId = 0;
    let order = accounts.words[account + AccountWord.firstOrder];
    while (order !== 0) {
      count += 1;
      if (words[order + OrderWord.account] !== account) fail('order is listed by its account', accountId);
      if (words[order + OrderWord.accountPrevious] !== previous)
        fail('account list is linked both ways', accountId);
      if (words[order + OrderWord.level] === 0) fail('order listed by an account rests', accountId);
      const nextOrderId = readInt64(words, order + OrderWord.orderId);
      if (nextOrderId <= orderId) fail('account list runs by order id', accountId, orderId, nextOrderId);
      orderId = nextOrderId;
      const idLow = words[order + OrderWord.clientIdLow];
      const idHigh = words[order + OrderWord.clientIdHigh];
      const hash = hashTriple(account, idLow, idHigh);
      if (core.clientIds.find(hash, account, idLow, idHigh) !== order)
        fail('order is found by its ids', orderId);
      previous = order;
      order = words[order + OrderWord.accountNext];
    }
    if (accounts.words[account + AccountWord.lastOrder] !== previous)
      fail('account list ends with its last', accountId);
    if (accounts.words[account + AccountWord.openOrders] !== count)
      fail('account counts its orders', accountId);
    listed += count;
  }
  if (listed !== resting) fail('accounts list exactly the resting orders', listed, resting);
}

/** What was bought was sold by somebody; records name their pair; limits count the open orders. */
function checkPositions(core: Core): void {
  const { accounts, orderLimits, positions } = core;
  const { words } = core.arena;
  const sums = new Float64Array(core.instruments.count + 1);
  for (let n = 0; n < positions.count; n += 1) {
    const position = positions.handleOf(n);
    const account = words[position + PositionWord.account];
    const instrumentId = words[position + PositionWord.instrumentId];
    if (positions.find(account, instrumentId) !== position)
      fail('position is found by its pair', instrumentId);
    const quantity = positions.quantityLots(position);
    const cost = positions.cost(position);
    if (!(cost >= 0 && cost <= MONEY_MAX)) fail('cost of a position is 0..2^53-1', instrumentId, cost);
    if (quantity === 0 && cost !== 0) fail('a flat position costs nothing', instrumentId, cost);
    sums[instrumentId] += quantity;
  }
  sums.forEach((sum, instrumentId) => {
    if (sum !== 0) fail('positions in an instrument sum to zero', instrumentId, sum);
  });
  const open = new Map<number, number>();
  for (let n = 0; n < accounts.count; n += 1) {
    const account = accounts.handleOf(n);
    let order = words[account + AccountWord.firstOrder];
    while (order !== 0) {
      const position = words[order + OrderWord.position];
      if (positions.find(account, words[order + OrderWord.bookSide] >> 1) !== position) {
        fail('order names the position of its account and instrument', position);
      }
      open.set(position, (open.get(position) ?? 0) + 1);
      order = words[order + OrderWord.accountNext];
    }
  }
  for (let n = 0; n < orderLimits.count; n += 1) {
    const limits = orderLimits.handleOf(n);
    const position = words[limits + OrderLimitsWord.position];
    if (words[position + PositionWord.limits] !== limits) fail('position names its limits', position, limits);
    const counted = words[limits + OrderLimitsWord.openOrders];
    if (counted !== (open.get(position) ?? 0)) fail('limits count the open orders', counted, position);
  }
}

/**
 * Reserved money against the open orders and margins; what is available, which only the holdings in `mayOwe` have below
 * zero; and conservation: all holdings of an asset make up its supply.
 */
function checkMoney(core: Core, reserved: Float64Array, mayOwe: ReadonlySet<number>): void {
  const { holdings, assets, accounts } = core;
  const held = new Float64Array(assets.count + 1);
  for (let n = 0; n < holdings.count; n += 1) {
    const holding = holdings.handleOf(n);
    const assetId = holdings.words[holding + HoldingWord.assetId];
    const accountId = accounts.words[holdings.words[holding + HoldingWord.account]];
    const available = holdings.available(holding);
    const least = mayOwe.has(holding) ? -MONEY_MAX : 0;
    if (!(available >= least && available <= MONEY_MAX))
      fail('available is 0..2^53-1', accountId, assetId, available);
    if (holdings.reserved(holding) !== reserved[n]) {
      fail('reserved is what open orders hold', accountId, assetId, holdings.reserved(holding), reserved[n]);
    }
    held[assetId] += available + holdings.reserved(holding);
  }
  for (let assetId = 1; assetId <= assets.count; assetId += 1) {
    const fees = assets.fees[assetId];
    if (!(fees >= 0)) fail('fees are never below zero', assetId, fees);
    const insurance = assets.insurance[assetId];
    if (!(insurance >= 0)) fail('insurance funds are never below zero', assetId, insurance);
    if (held[assetId] + fees + insurance !== assets.supply[assetId]) {
      fail('holdings, fees and insurance make up the supply', assetId, held[assetId], assets.supply[assetId]);
    }
  }
}

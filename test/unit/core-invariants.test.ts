/** The walk over everything finds each kind of damage that it looks for, and nothing in a sound core that has one of everything. */
import { expect, test } from 'vitest';
import { AccountWord } from '../../src/core/accounts.js';
import {
  InstrumentFlag,
  MarketState,
  OrderFlag,
  OrderType,
  Side,
  TimeInForce,
  TriggerDirection,
} from '../../src/core/codes.js';
import { HoldingWord } from '../../src/core/holdings.js';
import { InstrumentWord } from '../../src/core/instruments.js';
import { checkInvariants } from '../../src/core/invariants.js';
import { MarginWord } from '../../src/core/margins.js';
import { MONEY_MAX } from '../../src/core/money.js';
import { ExtraWord } from '../../src/core/order-extras.js';
import { OrderLimitsWord } from '../../src/core/order-limits.js';
import { OrderWord } from '../../src/core/orders.js';
import { PositionWord } from '../../src/core/positions.js';
import { LevelWord } from '../../src/core/price-ladder.js';
import type { CommandName, MessageFields } from '../../src/wire/message-fields.js';
import { FUNDS, Market } from '../support/market.js';

/** Instruments: 1 trades continuously, 2 is a margin instrument, 3 is in an auction. */
const [SPOT, MARGIN, AUCTION] = [1, 2, 3] as const;
const { buy, sell } = Side;
const START_US = 1_700_000_000_000_000;

/** The client order ids say what an order is. */
const ID = {
  bid: 1,
  bidOfTwo: 2,
  lowBid: 3,
  iceberg: 4,
  ask: 5,
  early: 6,
  late: 7,
  limitOfPair: 8,
  stopOfPair: 9,
  trailingSell: 10,
  trailingBuy: 11,
  rising: 12,
  risingOfTwo: 13,
  marginBuy: 14,
  marginSell: 15,
  auctionBuy: 16,
  auctionSell: 17,
  secondTrailingSell: 18,
  twin: 19,
} as const;
/** Asset ids. */
const [ABC, USD, X] = [1, 2, 3] as const;
/** More than anybody has. */
const FORTUNE = 2 ** 50;

/** A sound market, with what the damages need to get at its records. */
function soundMarket() {
  const market = new Market(0);
  // Not by `market.send`, which looks for damage after every command.
  const send = <N extends CommandName>(
    name: N,
    accountId: number,
    fields: Partial<MessageFields[N]>,
  ): void => {
    market.engine.apply(market.script.command(name, { accountId }, fields));
    expect(market.engine.decodedEvents()[0]?.name).not.toBe('rejected');
  };
  let transferId = 0n;
  const deposit = (accountId: number, asset: string, amount: number): void =>
    send('deposit', 0, { accountId, asset, amount, transferId: ++transferId });
  const list = { tickMantissa: 1, lotMantissa: 1, quote: 'USD' };
  const margin = { flags: InstrumentFlag.margin, initialMarginPpm: 200_000, maintenanceMarginPpm: 100_000 };
  send('listInstrument', 0, { ...list, symbol: 'M-USD', base: 'ABC', ...margin });
  send('listInstrument', 0, { ...list, symbol: 'X-USD', base: 'X' });
  send('setInstrumentFees', 0, { instrumentId: SPOT, makerPpm: 1_000, takerPpm: 25_000 });
  for (const accountId of [1, 2, 3, 4]) {
    send('openAccount', 0, { accountId });
    for (const asset of ['ABC', 'USD', 'X']) deposit(accountId, asset, FUNDS);
  }
  send('setMarketState', 0, { instrumentId: AUCTION, state: MarketState.openingAuction });
  send('setMarkPrice', 0, { instrumentId: MARGIN, priceTicks: 100 });
  send('setOrderLimits', 0, { accountId: 1, instrumentId: SPOT, maxOpenOrders: 50 });

  const order = (
    accountId: number,
    id: number,
    side: number,
    price: number,
    lots: number,
    more: object = {},
  ) => {
    const plain = { instrumentId: SPOT, orderType: OrderType.limit, timeInForce: TimeInForce.GTC };
    const terms = {
      ...plain,
      clientOrderId: BigInt(id),
      side,
      priceTicks: price,
      quantityLots: lots,
      ...more,
    };
    send('newOrder', accountId, terms);
  };
  order(3, 100, sell, 100, 1);
  order(4, 100, buy, 100, 1);
  order(1, ID.bid, buy, 95, 10);
  order(2, ID.bidOfTwo, buy, 95, 1);
  order(1, ID.lowBid, buy, 30, 10);
  order(4, ID.ask, sell, 105, 1);
  order(3, ID.iceberg, sell, 105, 10, { displayLots: 1 });
  const timed = { timeInForce: TimeInForce.GTD };
  order(2, ID.early, buy, 90, 10, { ...timed, expireTimeUs: START_US + 1_000_000 });
  order(2, ID.late, buy, 89, 10, { ...timed, expireTimeUs: START_US + 2_000_000 });
  order(4, ID.twin, buy, 88, 10, { ...timed, expireTimeUs: START_US + 1_000_000 });
  order(3, ID.limitOfPair, sell, 110, 5);
  const stop = { orderType: OrderType.stop };
  order(3, ID.stopOfPair, sell, 0, 5, {
    ...stop,
    triggerPriceTicks: 80,
    flags: OrderFlag.linked,
    linkedClientOrderId: BigInt(ID.limitOfPair),
  });
  order(1, ID.trailingSell, sell, 0, 4, { ...stop, trailingTicks: 12 });
  order(1, ID.secondTrailingSell, sell, 0, 4, { ...stop, trailingTicks: 13 });
  order(2, ID.trailingBuy, buy, 0, 4, { ...stop, trailingTicks: 15 });
  order(1, ID.rising, buy, 0, 1, { ...stop, triggerPriceTicks: 120 });
  order(2, ID.risingOfTwo, buy, 0, 1, { ...stop, triggerPriceTicks: 120 });
  const onMargin = { instrumentId: MARGIN };
  order(1, 101, sell, 100, 20, onMargin);
  order(2, 101, buy, 100, 20, onMargin);
  order(1, ID.marginBuy, buy, 103, 3, onMargin);
  order(2, ID.marginSell, sell, 104, 50, onMargin);
  const inAuction = { instrumentId: AUCTION };
  order(1, ID.auctionBuy, buy, 50, 2, { ...inAuction, displayLots: 1 });
  order(2, ID.auctionSell, sell, 50, 2, inAuction);

  // One that held margin once and has nothing left.
  send('openAccount', 0, { accountId: 5 });
  deposit(5, 'USD', 1_000);
  order(5, 102, buy, 1, 1, onMargin);
  send('cancelOrder', 5, { clientOrderId: 102n, instrumentId: MARGIN });
  send('withdraw', 0, { accountId: 5, asset: 'USD', amount: 1_000, transferId: 99n });

  const { core } = market.engine;
  const { words, doubles } = core.arena;
  const { ladder } = core.books;
  const accountOf = (accountId: number): number => core.accounts.find(accountId);
  const orderOf = (accountId: number, id: number): number => {
    let found = words[accountOf(accountId) + AccountWord.firstOrder]!;
    while (found !== 0 && words[found + OrderWord.clientIdLow] !== id) {
      found = words[found + OrderWord.accountNext]!;
    }
    if (found === 0) throw new Error(`there is no order ${id}`);
    return found;
  };
  const extraOf = (accountId: number, id: number): number => words[orderOf(accountId, id) + OrderWord.extra]!;
  const levelOf = (accountId: number, id: number): number => words[orderOf(accountId, id) + OrderWord.level]!;
  const positionOf = (accountId: number, instrumentId: number): number =>
    core.positions.find(accountOf(accountId), instrumentId);
  const marginOf = (accountId: number): number => words[positionOf(accountId, MARGIN) + PositionWord.margin]!;
  const holdingOf = (accountId: number, assetId: number): number =>
    core.holdings.find(accountOf(accountId), assetId);
  const instrument = (instrumentId: number): number => core.instruments.handleOf(instrumentId);
  return {
    market,
    core,
    words,
    doubles,
    ladder,
    accountOf,
    orderOf,
    extraOf,
    levelOf,
    positionOf,
    marginOf,
    holdingOf,
    instrument,
  };
}

type Sound = ReturnType<typeof soundMarket>;

const DAMAGES: readonly [string, string, (at: Sound) => void][] = [
  // Books.
  [
    'a book that would have traded',
    'book is not crossed in continuous trading',
    ({ words, instrument }) => (words[instrument(AUCTION) + InstrumentWord.marketState] = 0),
  ],
  [
    'a walk that comes to no end',
    'levels are walked from best to worst',
    ({ ladder }) => (ladder.next = (level) => level),
  ],
  [
    'levels of the other side',
    'level belongs to its side',
    ({ ladder }) => {
      const { best } = ladder;
      ladder.best = (side) => best(side === AUCTION * 2 ? side + 1 : side);
    },
  ],
  [
    'a level that no walk comes to',
    'walk from the best price reaches every level',
    ({ ladder }) => {
      const { levelCount } = ladder;
      ladder.levelCount = (side) => levelCount(side) + (side === SPOT * 2 + 1 ? 1 : 0);
    },
  ],
  [
    'an iceberg that shows nothing',
    'a resting order displays a part of its leaves',
    ({ words, extraOf }) => (words[extraOf(3, ID.iceberg) + ExtraWord.shownLots] = 0),
  ],
  [
    'an iceberg that shows more than it may',
    'a resting order displays a part of its leaves',
    ({ words, extraOf }) => (words[extraOf(3, ID.iceberg) + ExtraWord.shownLots] = 2),
  ],
  [
    'an iceberg that shows more than it has',
    'a resting order displays a part of its leaves',
    ({ words, extraOf }) => {
      words[extraOf(3, ID.iceberg) + ExtraWord.displayLots] = 20;
      words[extraOf(3, ID.iceberg) + ExtraWord.shownLots] = 11;
    },
  ],
  [
    'a level in the place of another one',
    'a level is in the place of another price',
    ({ words, levelOf }) => (words[levelOf(1, ID.bid) + LevelWord.key] += 1),
  ],
  [
    'an order without leaves',
    'resting order has leaves',
    ({ words, orderOf }) => (words[orderOf(1, ID.bid) + OrderWord.leaves] = 0),
  ],
  [
    'a negative cumulative quantity',
    'cumulative quantity is not negative',
    ({ words, orderOf }) => (words[orderOf(1, ID.bid) + OrderWord.cumulative] = -1),
  ],
  [
    'an order at another price',
    'order rests at its price',
    ({ words, orderOf }) => (words[orderOf(1, ID.bid) + OrderWord.price] += 1),
  ],
  [
    'an order of the other side',
    'order rests on its side',
    ({ words, orderOf }) => (words[orderOf(1, ID.bid) + OrderWord.bookSide] += 1),
  ],
  [
    'an order that names another level',
    'order names its level',
    ({ words, orderOf, levelOf }) => (words[orderOf(1, ID.bid) + OrderWord.level] = levelOf(1, ID.lowBid)),
  ],
  [
    'a queue that does not lead back',
    'queue is linked both ways',
    ({ words, orderOf }) => (words[orderOf(2, ID.bidOfTwo) + OrderWord.previous] = 0),
  ],
  [
    'two orders of one priority',
    'queue runs by priority',
    ({ words, orderOf }) =>
      (words[orderOf(2, ID.bidOfTwo) + OrderWord.priority] = words[orderOf(1, ID.bid) + OrderWord.priority]!),
  ],
  [
    'a level without orders',
    'level is not empty',
    ({ words, levelOf }) => (words[levelOf(1, ID.lowBid) + LevelWord.head] = 0),
  ],
  [
    'a tail that is not the last',
    'tail is the last of the queue',
    ({ words, levelOf, orderOf }) => (words[levelOf(1, ID.bid) + LevelWord.tail] = orderOf(1, ID.bid)),
  ],
  [
    'a level that counts wrong',
    'level counts its orders',
    ({ words, levelOf }) => (words[levelOf(1, ID.bid) + LevelWord.orderCount] = 5),
  ],
  [
    'a level that sums wrong',
    'level sums its lots',
    ({ doubles, levelOf }) => (doubles[(levelOf(1, ID.bid) + LevelWord.lots) >> 1] += 1),
  ],
  // What orders reserve.
  [
    'an order that pays from another account',
    'order has the quote holding of its account',
    ({ words, orderOf, holdingOf }) =>
      (words[orderOf(1, ID.bid) + OrderWord.quoteHolding] = holdingOf(2, USD)),
  ],
  [
    'an order that gives the base of another account',
    'order has the base holding of its account',
    ({ words, orderOf, holdingOf }) =>
      (words[orderOf(1, ID.bid) + OrderWord.baseHolding] = holdingOf(2, ABC)),
  ],
  [
    'an order of a margin instrument that gives base',
    'order of a margin instrument moves no base',
    ({ words, orderOf, holdingOf }) =>
      (words[orderOf(1, ID.marginBuy) + OrderWord.baseHolding] = holdingOf(1, ABC)),
  ],
  [
    'an order that reserves too much',
    'order reserves its worst price and fee for each lot',
    ({ doubles, orderOf }) => (doubles[(orderOf(1, ID.bid) + OrderWord.lotReserve) >> 1] += 1),
  ],
  // Stops.
  [
    'a stop with another trigger',
    'stop waits at its trigger',
    ({ words, extraOf }) => (words[extraOf(1, ID.rising) + ExtraWord.trigger] += 1),
  ],
  [
    'a stop of the other direction',
    'stop waits in its direction',
    ({ words, extraOf }) => (words[extraOf(1, ID.rising) + ExtraWord.direction] = TriggerDirection.falling),
  ],
  [
    'a stop of another instrument',
    'stop waits in its instrument',
    ({ words, orderOf }) => (words[orderOf(1, ID.rising) + OrderWord.bookSide] = AUCTION * 2),
  ],
  [
    'a stop that names another level',
    'stop names its level',
    ({ words, orderOf, levelOf }) => (words[orderOf(1, ID.rising) + OrderWord.level] = levelOf(1, ID.bid)),
  ],
  [
    'two stops with one order id',
    'stops at a trigger wait by order id',
    ({ words, orderOf }) =>
      (words[orderOf(2, ID.risingOfTwo) + OrderWord.orderId] =
        words[orderOf(1, ID.rising) + OrderWord.orderId]!),
  ],
  [
    'a trigger that counts its stops wrong',
    'level counts its stops',
    ({ words, levelOf }) => (words[levelOf(1, ID.rising) + LevelWord.orderCount] += 1),
  ],
  [
    'a trigger without stops',
    'level counts its stops',
    ({ words, levelOf }) => {
      const level = levelOf(1, ID.rising);
      words[level + LevelWord.head] = 0;
      words[level + LevelWord.orderCount] = 0;
    },
  ],
  [
    'an instrument that counts its stops wrong',
    'instrument counts its stops',
    ({ words, instrument }) => (words[instrument(SPOT) + InstrumentWord.waitingStops] += 1),
  ],
  [
    'trailing stops that do not lead back',
    'trailing stops are linked both ways',
    ({ words, extraOf }) => (words[extraOf(1, ID.trailingSell) + ExtraWord.trailingPrevious] = 0),
  ],
  [
    'a trailing sell that missed a high price',
    'a trailing stop has seen every price since it came in',
    ({ words, instrument }) => (words[instrument(SPOT) + InstrumentWord.trailedHigh] += 1),
  ],
  [
    'a trailing buy that missed a low price',
    'a trailing stop has seen every price since it came in',
    ({ words, instrument }) => (words[instrument(SPOT) + InstrumentWord.trailedLow] -= 1),
  ],
  [
    'a trailing stop that nothing leads to',
    'all trailing stops that wait are listed',
    ({ words, instrument, extraOf }) => {
      const first = words[instrument(SPOT) + InstrumentWord.firstTrailing]!;
      expect(words[first + OrderWord.extra]).toBe(extraOf(2, ID.trailingBuy));
      words[words[first + OrderWord.extra]! + ExtraWord.trailingNext] = 0;
    },
  ],
  // Accounts and their orders.
  [
    'an account under another id',
    'account is found by its id',
    ({ words, accountOf }) => (words[accountOf(1) + AccountWord.id] = 77),
  ],
  [
    'an order that another account lists',
    'order is listed by its account',
    ({ words, orderOf, accountOf, holdingOf }) => {
      const order = orderOf(1, ID.bid);
      words[order + OrderWord.account] = accountOf(2);
      words[order + OrderWord.quoteHolding] = holdingOf(2, USD);
      words[order + OrderWord.baseHolding] = holdingOf(2, ABC);
    },
  ],
  [
    'an account list that does not lead back',
    'account list is linked both ways',
    ({ words, orderOf }) => (words[orderOf(1, ID.lowBid) + OrderWord.accountPrevious] = 0),
  ],
  [
    'an order that rests nowhere',
    'order listed by an account rests',
    ({ core, words, orderOf, levelOf }) => {
      const level = levelOf(2, ID.bidOfTwo);
      core.books.remove(orderOf(2, ID.bidOfTwo));
      words[level + LevelWord.bookSide] = SPOT * 2;
    },
  ],
  [
    'two orders of an account with one order id',
    'account list runs by order id',
    ({ words, orderOf }) =>
      (words[orderOf(1, ID.lowBid) + OrderWord.orderId] = words[orderOf(1, ID.bid) + OrderWord.orderId]!),
  ],
  [
    'an order under another id',
    'order is found by its ids',
    ({ words, orderOf }) => (words[orderOf(1, ID.bid) + OrderWord.clientIdLow] = 77),
  ],
  [
    'an order that the index does not know',
    'order is found by its ids',
    ({ core, orderOf }) => core.clientIds.remove(orderOf(1, ID.bid)),
  ],
  [
    'an account list that ends early',
    'account list ends with its last',
    ({ words, accountOf, orderOf }) => (words[accountOf(1) + AccountWord.lastOrder] = orderOf(1, ID.bid)),
  ],
  [
    'an account that counts its orders wrong',
    'account counts its orders',
    ({ words, accountOf }) => (words[accountOf(1) + AccountWord.openOrders] += 1),
  ],
  [
    'an order that no account lists',
    'accounts list exactly the resting orders',
    ({ words, accountOf }) => {
      words[accountOf(3) + AccountWord.firstOrder] = 0;
      words[accountOf(3) + AccountWord.lastOrder] = 0;
      words[accountOf(3) + AccountWord.openOrders] = 0;
    },
  ],
  // Margins.
  [
    'a position without its margin',
    'position names its margin',
    ({ words, positionOf }) => (words[positionOf(1, MARGIN) + PositionWord.margin] = 0),
  ],
  [
    'a margin of another account',
    'margin is listed by its account',
    ({ words, positionOf, accountOf }) =>
      (words[positionOf(1, MARGIN) + PositionWord.account] = accountOf(2)),
  ],
  [
    'a margin that waits',
    'no margin waits to be looked at',
    ({ words, marginOf }) => (words[marginOf(1) + MarginWord.isTouched] = 1),
  ],
  ...[MarginWord.openBuys, MarginWord.openSells, MarginWord.orderCosts].map(
    (word): [string, string, (at: Sound) => void] => [
      `a margin with a wrong sum in word ${word}`,
      'margin counts the open orders',
      ({ doubles, marginOf }) => (doubles[(marginOf(1) + word) >> 1] += 1),
    ],
  ),
  [
    'a margin that is too large',
    'margin holds what is needed',
    ({ doubles, marginOf }) => (doubles[(marginOf(1) + MarginWord.held) >> 1] += 1),
  ],
  [
    'a margin that its account does not list',
    'accounts list all margins',
    ({ words, accountOf }) => (words[accountOf(1) + AccountWord.firstMargin] = 0),
  ],
  [
    'an account that owes',
    'equity is never below zero (1, -',
    ({ doubles, holdingOf }) => (doubles[(holdingOf(1, USD) + HoldingWord.available) >> 1] = -FORTUNE),
  ],
  [
    'an account that should have been liquidated',
    'equity covers the maintenance margin',
    (at) => setEquity(at, MAINTENANCE - 1),
  ],
  // Money.
  ...[-1, Number.NaN, MONEY_MAX + 1].map((money): [string, string, (at: Sound) => void] => [
    `${money} available`,
    `available is 0..2^53-1 (1, ${ABC}, ${money})`,
    ({ doubles, holdingOf }) => (doubles[(holdingOf(1, ABC) + HoldingWord.available) >> 1] = money),
  ]),
  [
    'a reservation of nothing',
    'reserved is what open orders hold',
    ({ doubles, holdingOf }) => (doubles[(holdingOf(3, ABC) + HoldingWord.reserved) >> 1] += 1),
  ],
  ...[-1, Number.NaN].flatMap((money): [string, string, (at: Sound) => void][] => [
    [`fees of ${money}`, 'fees are never below zero', ({ core }) => (core.assets.fees[X] = money)],
    [
      `an insurance fund of ${money}`,
      'insurance funds are never below zero',
      ({ core }) => (core.assets.insurance[X] = money),
    ],
  ]),
  [
    'money from nowhere',
    'holdings, fees and insurance make up the supply',
    ({ core }) => (core.assets.supply[X] += 1),
  ],
  [
    'fees from nowhere',
    'holdings, fees and insurance make up the supply',
    ({ core }) => (core.assets.fees[X] += 1),
  ],
  [
    'an insurance fund from nowhere',
    'holdings, fees and insurance make up the supply',
    ({ core }) => (core.assets.insurance[X] += 1),
  ],
  [
    'as much money as there can be, from nowhere',
    'holdings, fees and insurance make up the supply',
    ({ doubles, holdingOf }) => (doubles[(holdingOf(1, ABC) + HoldingWord.available) >> 1] = MONEY_MAX),
  ],
  [
    'an equity of just the maintenance margin, from nowhere',
    'holdings, fees and insurance make up the supply',
    (at) => setEquity(at, MAINTENANCE),
  ],
  // Expiries, icebergs and pairs.
  [
    'an order that does not know its place in the queue of expiries',
    'an order that expires does not know its place',
    ({ words, extraOf }) => (words[extraOf(2, ID.early) + ExtraWord.expiryPlace] = 9),
  ],
  [
    'an order with another time than in the queue of expiries',
    'an order expires at another time',
    ({ words, extraOf }) => (words[extraOf(2, ID.early) + ExtraWord.expireTimeUs] -= 1),
  ],
  [
    'expiries of one time not by order id',
    'a later expiry stands before an earlier one',
    ({ words, orderOf }) =>
      (words[orderOf(4, ID.twin) + OrderWord.orderId] = words[orderOf(2, ID.early) + OrderWord.orderId]! - 1),
  ],
  [
    'an extra record of another order',
    'extra record names its order',
    ({ words, extraOf, orderOf }) => (words[extraOf(3, ID.iceberg) + ExtraWord.order] = orderOf(1, ID.bid)),
  ],
  [
    'a stop that was fired and waits',
    'no stop that was fired waits for its turn',
    ({ words, extraOf }) => (words[extraOf(1, ID.rising) + ExtraWord.firedAt] = 1),
  ],
  [
    'an order in the queue of expiries that has no time',
    'an order is in the queue of expiries when it has a time',
    ({ words, extraOf }) => (words[extraOf(3, ID.iceberg) + ExtraWord.expiryPlace] = 1),
  ],
  [
    'an order with a time that is not in the queue of expiries',
    'an order is in the queue of expiries when it has a time',
    ({ words, extraOf }) => (words[extraOf(3, ID.iceberg) + ExtraWord.expireTimeUs] = 1),
  ],
  [
    'an order in the queue of expiries that has lost its record',
    'all expiries are of open orders',
    ({ words, orderOf }) => (words[orderOf(2, ID.early) + OrderWord.extra] = 0),
  ],
  ...[SPOT, AUCTION].map((id): [string, string, (at: Sound) => void] => [
    `icebergs of instrument ${id} that were counted wrong`,
    'instrument counts its icebergs',
    ({ words, instrument }) => (words[instrument(id) + InstrumentWord.icebergs] += 1),
  ]),
  [
    'an order that is linked with one that is not linked with it',
    'linked orders name each other',
    ({ words, extraOf }) => (words[extraOf(3, ID.stopOfPair) + ExtraWord.partner] = 0),
  ],
  [
    'a pair of two accounts',
    'linked orders are of one account and instrument',
    (at) => link(at, [1, ID.trailingSell], [3, ID.limitOfPair]),
  ],
  [
    'a pair of two instruments',
    'linked orders are of one account and instrument',
    (at) => link(at, [1, ID.trailingSell], [1, ID.auctionBuy]),
  ],
  [
    'a pair without a stop',
    'one of a pair is a waiting stop',
    (at) => link(at, [3, ID.iceberg], [3, ID.limitOfPair]),
  ],
  [
    'a pair of stops',
    'one of a pair is a waiting stop',
    (at) => link(at, [1, ID.trailingSell], [1, ID.secondTrailingSell]),
  ],
  [
    'a pair with a market order',
    'one of a pair is a limit order',
    ({ words, orderOf }) =>
      (words[orderOf(3, ID.limitOfPair) + OrderWord.terms] += OrderType.market - OrderType.limit),
  ],
  // Positions and limits.
  [
    'a position of another instrument',
    'position is found by its pair',
    ({ words, positionOf }) => (words[positionOf(4, SPOT) + PositionWord.instrumentId] = 4),
  ],
  ...[-1, Number.NaN, MONEY_MAX + 1].map((cost): [string, string, (at: Sound) => void] => [
    `a cost of ${cost}`,
    'cost of a position is 0..2^53-1',
    ({ doubles, positionOf }) => (doubles[(positionOf(4, SPOT) + PositionWord.cost) >> 1] = cost),
  ]),
  [
    'a cost of nothing',
    'a flat position costs nothing',
    ({ doubles, positionOf }) => (doubles[(positionOf(1, SPOT) + PositionWord.cost) >> 1] = MONEY_MAX),
  ],
  [
    'more bought than sold',
    'positions in an instrument sum to zero',
    ({ doubles, positionOf }) => (doubles[(positionOf(4, SPOT) + PositionWord.quantity) >> 1] += 1),
  ],
  [
    'an order for another position',
    'order names the position of its account and instrument',
    ({ words, orderOf, positionOf }) =>
      (words[orderOf(1, ID.bid) + OrderWord.position] = positionOf(2, SPOT)),
  ],
  [
    'limits of no position',
    'position names its limits',
    ({ words, positionOf }) => (words[positionOf(1, SPOT) + PositionWord.limits] = 0),
  ],
  [
    'limits that count wrong',
    'limits count the open orders',
    ({ words, positionOf }) =>
      (words[words[positionOf(1, SPOT) + PositionWord.limits]! + OrderLimitsWord.openOrders] += 1),
  ],
  // Counts and hash.
  [
    'an order in the index that is not open',
    'client id index holds the open orders',
    ({ core }) => {
      const order = core.orders.allocate();
      core.clientIds.insert(1, order);
      core.orders.release(order);
    },
  ],
  [
    'a record that was taken for no order',
    'every order in the columns is open',
    ({ core }) => core.orders.allocate(),
  ],
  [
    'a change that the hash does not know of',
    'state hash equals the full walk',
    ({ market, words, accountOf }) => {
      market.hash();
      words[accountOf(1) + AccountWord.reportSequence] += 1;
    },
  ],
];

/** What account 1 has to have for its 20 lots at 100, of which it needs a tenth. */
const MAINTENANCE = 200;

function setEquity({ doubles, holdingOf, marginOf }: Sound, equity: number): void {
  const held = doubles[(marginOf(1) + MarginWord.held) >> 1]!;
  doubles[(holdingOf(1, USD) + HoldingWord.available) >> 1] = equity - held;
}

function link({ words, orderOf, extraOf }: Sound, one: [number, number], other: [number, number]): void {
  words[extraOf(...one) + ExtraWord.partner] = orderOf(...other);
  words[extraOf(...other) + ExtraWord.partner] = orderOf(...one);
}

test('finds nothing in a sound core', () => {
  checkInvariants(soundMarket().core);
});

for (const [title, message, damage] of DAMAGES) {
  test(`finds ${title}`, () => {
    const at = soundMarket();
    damage(at);
    expect(() => checkInvariants(at.core)).toThrow(message);
  });
}

/** Arbitraries of single values: the usual ones, few so that they collide, and now and then an edge. */
import fc from 'fast-check';
import { MarketState, OrderType, Side, TimeInForce } from '../../src/core/codes.js';

export const MAX_INT32 = 2 ** 31 - 1;
export const MAX_UINT32 = 2 ** 32 - 1;
export const MAX_UINT64 = 2n ** 64n - 1n;

/** Factors of 2^53-1: an instrument whose tick x lot is the last one meets the limit of money exactly. */
export const FACTORS_OF_MAX_MONEY = [6361, 69431, 20394401] as const;
const [FACTOR_A, FACTOR_B] = FACTORS_OF_MAX_MONEY;

/** Mostly the usual, once in a while the rare; shrinks to the usual. */
export function rarely<T, U>(
  usual: fc.Arbitrary<T>,
  rare: fc.Arbitrary<U>,
  oneIn: number,
): fc.Arbitrary<T | U> {
  return fc.oneof(
    { withCrossShrink: true },
    { weight: oneIn - 1, arbitrary: usual },
    { weight: 1, arbitrary: rare },
  );
}

/** Like chain, for keys of which there are few: the arbitrary of a key is made once, which is what costs. */
export function chainOnce<K, T>(
  keys: fc.Arbitrary<K>,
  make: (key: K) => fc.Arbitrary<T>,
  nameOf: (key: K) => string,
) {
  const made = new Map<string, fc.Arbitrary<T>>();
  return keys.chain((key) => {
    const name = nameOf(key);
    const known = made.get(name) ?? make(key);
    made.set(name, known);
    return known;
  });
}

export const anyInstrument = rarely(
  fc.integer({ min: 1, max: 6 }),
  fc.constantFrom(0, 7, 99, MAX_UINT32),
  10,
);
export const edgePrice = fc.constantFrom(
  0,
  -1,
  1,
  2,
  1000,
  FACTOR_A,
  FACTOR_A + 1,
  FACTOR_B,
  FACTOR_A * FACTOR_B,
  MAX_INT32,
  -MAX_INT32 - 1,
);
export const quantityLots = rarely(
  fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 1, max: 6 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 60 }) },
  ),
  fc.constantFrom(
    0,
    -1,
    100,
    101,
    200,
    201,
    1000,
    FACTOR_A,
    FACTOR_B,
    FACTOR_B + 1,
    FACTOR_A * FACTOR_B,
    MAX_INT32,
    -MAX_INT32 - 1,
  ),
  25,
);
export const amount = rarely(
  fc.integer({ min: 1, max: 2000 }),
  fc.constantFrom(
    0,
    -1,
    1,
    2 ** 52,
    Number.MAX_SAFE_INTEGER,
    2 ** 53,
    2 ** 62,
    -Number.MAX_SAFE_INTEGER,
    -(2 ** 63),
  ),
  8,
);
const ASSETS = ['USD', 'AAA', 'BBB', 'EDGE'] as const;

export const assetCode = rarely(
  fc.constantFrom(...ASSETS),
  fc.constantFrom('', 'aaa', 'ZZZ', 'USD\0D', 'ABCDEFGHIJKL'),
  15,
);

export const publicKey = fc
  .integer({ min: 0, max: 12 })
  .map((value) => Uint8Array.from({ length: 32 }, (_, index) => (index === value ? value : 0)));

const NO_MARGIN = { flags: 0, initialMarginPpm: 0, maintenanceMarginPpm: 0 };
const marginRates = {
  initialMarginPpm: rarely(fc.constantFrom(100_000, 250_000), fc.constantFrom(0, 1, 1_000_001), 12),
  maintenanceMarginPpm: rarely(fc.constantFrom(50_000, 100_000), fc.constantFrom(0, 1, 250_001), 12),
};

/** Spot mostly, now and then with margin. */
const listedMargin = rarely(
  fc.constant(NO_MARGIN),
  fc.record({ flags: rarely(fc.constant(1), fc.constantFrom(0, 2, MAX_UINT32), 15), ...marginRates }),
  4,
);

const listingTerms = {
  symbol: rarely(
    fc.constantFrom('AAA-USD', 'NEW-1', 'NEW.2', 'N/3_4:5', 'A23456789012345678901234'),
    fc.constantFrom('', 'new', 'A B', 'A\0B', 'É'),
    10,
  ),
  base: rarely(fc.constantFrom('AAA', 'CCC', 'ABCDEFGHIJKL'), assetCode, 6),
  quote: rarely(fc.constantFrom('USD', 'BBB', 'EUR'), assetCode, 6),
  tickMantissa: rarely(fc.constantFrom(1, 5, 25, 1_000_000_000), fc.constantFrom(0, MAX_UINT32), 12),
  lotMantissa: rarely(
    fc.constantFrom(1, 10, 125, FACTORS_OF_MAX_MONEY[2]),
    fc.constantFrom(0, MAX_UINT32),
    12,
  ),
  tickExponent: rarely(fc.integer({ min: -2, max: 0 }), fc.constantFrom(-128, -16, -15, 9, 10, 127), 10),
  lotExponent: rarely(fc.integer({ min: -1, max: 1 }), fc.constantFrom(-128, -16, -15, 9, 10, 127), 10),
  baseDecimals: rarely(fc.constantFrom(0, 0, 2, 8), fc.constantFrom(15, 16, 255), 15),
  quoteDecimals: rarely(fc.constantFrom(0, 0, 2, 8), fc.constantFrom(15, 16, 255), 15),
  marketProtectionPpm: rarely(
    fc.constantFrom(0, 1, 50_000, 1_000_000),
    fc.constantFrom(1_000_001, MAX_UINT32),
    15,
  ),
};

export const listing = fc
  .record({ ...listingTerms, margin: listedMargin })
  .map(({ margin, ...terms }) => ({ ...terms, ...margin }));

const usuallyTraded = rarely(fc.constantFrom(1, 1, 1, 2, 2, 3), anyInstrument, 6);

/** Trading mostly; other states mostly end soon. */
export const marketState = fc
  .record({
    instrumentId: usuallyTraded,
    state: rarely(
      fc.constantFrom<number>(
        MarketState.continuous,
        MarketState.continuous,
        MarketState.openingAuction,
        MarketState.openingAuction,
        MarketState.closingAuction,
        MarketState.volatilityAuction,
        MarketState.preOpen,
        MarketState.halted,
        MarketState.cancelOnly,
        MarketState.closed,
      ),
      fc.constantFrom<number>(0, MarketState.disabled, MarketState.removed, 255),
      15,
    ),
    ends: rarely(fc.boolean(), fc.constant(null), 20),
    endInUs: rarely(fc.constantFrom(1, 1000, 5000, 20_000, 40_000), fc.constantFrom(0, -1, 2 ** 53), 20),
    nextState: rarely(
      fc.constantFrom<number>(
        MarketState.continuous,
        MarketState.continuous,
        MarketState.continuous,
        MarketState.openingAuction,
      ),
      fc.constantFrom<number>(
        0,
        MarketState.preOpen,
        MarketState.closed,
        MarketState.disabled,
        MarketState.removed,
      ),
      12,
    ),
    referencePriceTicks: rarely(
      fc.constantFrom(0, 0, 0, -1, 97, 100, 103),
      fc.constantFrom(-2, MAX_INT32),
      20,
    ),
  })
  .map(({ ends, endInUs, nextState, referencePriceTicks, ...change }) => {
    const isAuction =
      change.state >= MarketState.openingAuction && change.state <= MarketState.volatilityAuction;
    const isOpen = change.state === MarketState.continuous;
    // Without a flip of the coin: an end, and a reference only where there is one.
    const hasEnd = ends === null ? isOpen : !isOpen || ends;
    return {
      ...change,
      endInUs: hasEnd ? endInUs : null,
      nextState: hasEnd || ends === null ? nextState : 0,
      referencePriceTicks: isAuction || ends === null ? referencePriceTicks : 0,
    };
  });

/** Limits within the prices that orders have, so that some trades go beyond. */
export const instrumentChange = fc
  .record({
    instrumentId: usuallyTraded,
    marketProtectionPpm: rarely(
      fc.constantFrom(0, 10_000, 50_000),
      fc.constantFrom(1_000_001, MAX_UINT32),
      12,
    ),
    volatility: rarely(
      fc.record({
        volatilityPpm: fc.constantFrom(10_000, 30_000, 50_000),
        volatilityWindowUs: fc.constantFrom(500, 3000, 10_000),
        volatilityAuctionUs: fc.constantFrom(300, 2000),
      }),
      fc.record({
        volatilityPpm: fc.constantFrom(0, 0, 0, 1, 1_000_001),
        volatilityWindowUs: fc.constantFrom(0, 0, 0, 1, MAX_UINT32),
        volatilityAuctionUs: fc.constantFrom(0, 0, 0, 1, MAX_UINT32),
      }),
      3,
    ),
    margin: rarely(fc.constant<null>(null), fc.record(marginRates), 2),
  })
  .map(({ volatility, margin, ...rest }) => ({
    ...rest,
    ...volatility,
    ...(margin ?? { initialMarginPpm: 0, maintenanceMarginPpm: 0 }),
  }));

/** Around the prices that orders have, and far enough from one to the next that some go bankrupt. */
export const markPrice = fc.record({
  instrumentId: usuallyTraded,
  priceTicks: rarely(fc.integer({ min: 80, max: 122 }), fc.constantFrom(0, -1, 1, 700, MAX_INT32), 25),
});

export const epoch = fc.record({
  clusterId: fc.constantFrom(0n, 7n, MAX_UINT64),
  epoch: fc.constantFrom(0, 1, 2, 3, MAX_UINT32),
  nodeId: fc.constantFrom(1, 2),
});

/** Side and type of a new order. */
export const orderKind = fc.record({
  side: fc.oneof(
    { weight: 80, arbitrary: fc.constantFrom<number>(Side.buy, Side.sell) },
    { weight: 1, arbitrary: fc.constantFrom(0, 3, 255) },
  ),
  orderType: fc.oneof(
    { weight: 60, arbitrary: fc.constant<number>(OrderType.limit) },
    { weight: 9, arbitrary: fc.constant<number>(OrderType.market) },
    { weight: 14, arbitrary: fc.constantFrom<number>(OrderType.stop, OrderType.stopLimit) },
    { weight: 1, arbitrary: fc.constantFrom(0, 5, 255) },
  ),
});

/** Time in force of a new order; a market order seldom asks to rest. */
export function timeInForce(orderType: number): fc.Arbitrary<number> {
  return fc.oneof(
    { weight: orderType === OrderType.market ? 2 : 60, arbitrary: fc.constant<number>(TimeInForce.GTC) },
    {
      weight: orderType === OrderType.market ? 1 : 12,
      arbitrary: fc.constantFrom<number>(TimeInForce.GTD, TimeInForce.GTD, TimeInForce.DAY),
    },
    {
      weight: isStopType(orderType) ? 1 : 24,
      arbitrary: fc.constantFrom<number>(TimeInForce.IOC, TimeInForce.FOK),
    },
    { weight: 1, arbitrary: fc.constantFrom(0, 6, 255) },
  );
}

/** A time from that of its own command on: soon, so that it comes, or never in this run, or not in the future. */
export const inFuture = rarely(
  fc.constantFrom(1, 2, 300, 1000, 1001, 5000, 20_000),
  fc.constantFrom(0, -1, 2 ** 40, 2 ** 53),
  10,
);

/** When a new order expires; null = no time is given. */
export function expireInUs(force: number): fc.Arbitrary<number | null> {
  const none = fc.constant(null);
  return force === TimeInForce.GTD ? rarely(inFuture, none, 30) : rarely(none, inFuture, 60);
}

export function isStopType(orderType: number): boolean {
  return orderType === OrderType.stop || orderType === OrderType.stopLimit;
}

/** Flags of a new order, mostly those that go with its type and time in force. */
export function orderFlags(orderType: number, force: number): fc.Arbitrary<number> {
  const isImmediate = force === TimeInForce.IOC || force === TimeInForce.FOK;
  let usual: fc.Arbitrary<number> = fc.constant(0);
  if (isStopType(orderType)) usual = fc.constantFrom(0, 0, 0, 4);
  else if (orderType === OrderType.limit && !isImmediate)
    usual = rarely(fc.constantFrom(0, 0, 0, 0, 0, 0, 1, 2), fc.constantFrom(4, 5, 6), 16);
  return rarely(usual, fc.constantFrom(0, 1, 2, 3, 4, 6, 8, 255), 40);
}

/** Largest displayed quantity of a new order; quantities are small, so most of them hide something. */
export function displayLots(orderType: number, force: number): fc.Arbitrary<number> {
  const mayHide = orderType === OrderType.limit && force !== TimeInForce.IOC && force !== TimeInForce.FOK;
  const some = fc.constantFrom(1, 1, 2, 3);
  return mayHide
    ? rarely(fc.constant(0), rarely(some, fc.constantFrom(-1, 70, MAX_INT32), 20), 3)
    : rarely(fc.constant(0), some, 60);
}

/** What a stop waits for; other orders mostly name nothing of it. */
export function trigger(orderType: number) {
  const none = { triggerPriceTicks: 0, trailingTicks: 0, triggerDirection: 0 };
  const fixed = fc.record({
    triggerPriceTicks: rarely(fc.integer({ min: 95, max: 106 }), edgePrice, 25),
    trailingTicks: rarely(fc.constant(0), fc.constantFrom(-1, 2), 40),
    triggerDirection: rarely(fc.constantFrom(0, 0, 1, 2), fc.constantFrom(3, 255), 40),
  });
  const trailing = fc.record({
    triggerPriceTicks: rarely(fc.constant(0), fc.constant(100), 40),
    trailingTicks: rarely(fc.integer({ min: 1, max: 4 }), fc.constantFrom(98, 1000, MAX_INT32), 20),
    triggerDirection: rarely(fc.constant(0), fc.constantFrom(1, 2), 40),
  });
  const some = rarely(fixed, trailing, 4);
  return isStopType(orderType) ? rarely(some, fc.constant(none), 40) : rarely(fc.constant(none), some, 60);
}

/** An amount instead of a quantity, now and then for a market order. */
export function quoteAmount(orderType: number): fc.Arbitrary<Record<string, number>> {
  const nothing = fc.constant({});
  const some = fc.record({
    quoteAmount: rarely(
      fc.integer({ min: 90, max: 3000 }),
      fc.constantFrom(1, -1, Number.MAX_SAFE_INTEGER, 2 ** 53, 2 ** 62),
      10,
    ),
    quantityLots: rarely(fc.constant(0), fc.constantFrom(1, -1), 20),
  });
  return rarely(nothing, some, orderType === OrderType.market ? 2 : 80);
}

export function minQuantityLots(force: number): fc.Arbitrary<number> {
  const some = fc.constantFrom(1, 2, 3, 5, 8, -1, MAX_INT32);
  return force === TimeInForce.IOC ? rarely(fc.constant(0), some, 3) : rarely(fc.constant(0), some, 60);
}

/** Mode of an order; 0 = as its account says. */
export const selfTradePrevention = rarely(
  fc.constantFrom(0, 0, 0, 1, 2, 3, 4, 5),
  fc.constantFrom(6, 255),
  50,
);

export const feeTier = rarely(fc.constantFrom(0, 1, 2), fc.constantFrom(7, 8, MAX_UINT32), 8);

export const instrumentFees = fc.record({
  instrumentId: anyInstrument,
  feeTier,
  makerPpm: rarely(
    fc.constantFrom(0, 1, 1000, 333_333, -1, -1000, -250_000),
    fc.constantFrom(1_000_000, -1_000_000, 1_000_001, -1_000_001, -MAX_INT32 - 1, MAX_INT32),
    8,
  ),
  takerPpm: rarely(
    fc.constantFrom(0, 1, 1000, 2500, 333_333),
    fc.constantFrom(1_000_000, 1_000_001, -1, MAX_INT32),
    8,
  ),
});

/** Bounds around the prices that orders have, so that some lie outside. */
export const priceBand = fc.record({
  instrumentId: anyInstrument,
  minPriceTicks: rarely(fc.constantFrom(0, 0, 0, 96, 98), fc.constantFrom(-1, 200, MAX_INT32), 12),
  maxPriceTicks: rarely(fc.constantFrom(0, 0, 0, 103, 105), fc.constantFrom(-1, 1, MAX_INT32), 12),
  referencePriceTicks: rarely(fc.constantFrom(0, 0, 100, 101), fc.constantFrom(-1, MAX_INT32), 12),
  bandPpm: rarely(
    fc.constantFrom(0, 0, 20_000, 50_000, 1_000_000),
    fc.constantFrom(1, 1_000_001, MAX_UINT32),
    12,
  ),
});

export const orderLimits = {
  maxOrderNotional: rarely(
    fc.constantFrom(0, 0, 500, 100_000),
    fc.constantFrom(-1, 2 ** 53, Number.MAX_SAFE_INTEGER),
    10,
  ),
  maxOrderLots: rarely(fc.constantFrom(0, 0, 4, 50), fc.constantFrom(-1, 1), 12),
  maxOpenOrders: rarely(fc.constantFrom(0, 0, 3, 6), fc.constantFrom(-1, 1), 12),
};

export const accountStatus = rarely(
  fc.constantFrom(1, 1, 1, 1, 1, 1, 1, 1, 2, 3),
  fc.constantFrom(0, 4, 255),
  12,
);

export const throttle = {
  maxCommands: fc.constantFrom(0, 0, 2, 5, MAX_UINT32),
  intervalUs: rarely(fc.constantFrom(500, 1000, 4000), fc.constantFrom(0, 1, MAX_UINT32), 8),
};

/** A transfer between accounts: as with deposits an id mostly comes with the same content. */
export function moveOfMoney(account: fc.Arbitrary<number>) {
  return chainOnce(
    transferId,
    (id) => {
      const number = Number(id % 1000n);
      return fc.record({
        transferId: fc.constant(id),
        amount: rarely(fc.constant(1 + number * 50), amount, 4),
        fromAccountId: rarely(fc.constant(number % 4), account, 6),
        toAccountId: rarely(fc.constant(1 + ((number + 1) % 3)), account, 6),
        asset: rarely(fc.constant<string>(ASSETS[number % ASSETS.length]!), assetCode, 6),
      });
    },
    String,
  );
}

/** Prices of every magnitude from 2^from to below 2^to, as likely in one power of two as in the next. */
export function priceOfAnySize(from: number, to: number): fc.Arbitrary<number> {
  const STEPS = 2 ** 20;
  return fc
    .tuple(
      fc.integer({ min: from, max: to - 1 }),
      fc.oneof(fc.constantFrom(0, 1, STEPS - 1), fc.nat(STEPS - 1)),
    )
    .map(([power, part]) => Math.floor(2 ** power * (1 + part / STEPS)));
}

/** Steps to the next number mostly, but also repeats, goes back, leaves gaps, and sends 0 or what is no number. */
export const step = fc.oneof(
  { weight: 20, arbitrary: fc.constant(1) },
  { weight: 4, arbitrary: fc.constantFrom(0, -1, 2, 1000) },
  { weight: 1, arbitrary: fc.constantFrom(-1e9, 2 ** 54) },
);

const transferId = rarely(fc.bigInt({ min: 1n, max: 40n }), fc.constantFrom(0n, 3n << 32n, MAX_UINT64), 10);

/**
 * What a deposit or withdrawal says. An id mostly comes with the same content, so that true repeats are as common as
 * ids that are reused for something else.
 */
export function transfer(account: fc.Arbitrary<number>) {
  return chainOnce(
    transferId,
    (id) => {
      const number = Number(id % 1000n);
      return fc.record({
        transferId: fc.constant(id),
        amount: rarely(fc.constant(1 + number * 50), amount, 4),
        accountId: rarely(fc.constant(1 + (number % 3)), account, 6),
        asset: rarely(fc.constant<string>(ASSETS[number % ASSETS.length]!), assetCode, 6),
      });
    },
    String,
  );
}

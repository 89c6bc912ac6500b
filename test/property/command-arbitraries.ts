/**
 * Random commands, skewed to collisions: few accounts, prices, ids and instruments, with the edges of every number
 * and values that no client may send mixed in.
 *
 * An arbitrary makes *intents*: what a command says, but not its number, time or session number. These are filled in
 * when a run is built, so that fast-check may drop any intent while it shrinks and the rest stays a valid run.
 */
import fc from 'fast-check';
import { OrderType, Side, TimeInForce } from '../../src/core/codes.js';
import type { CommandName, MessageFields } from '../../src/wire/message-fields.js';

/** How an intent is numbered in its session: how far the session's last number is moved on; none = unnumbered. */
export interface Numbering {
  sessionId: number;
  step: number;
}

export interface Intent {
  name: CommandName | 'unknown';
  accountId: number;
  numbering: Numbering | null;
  microseconds: number;
  fields: Record<string, unknown>;
}

const MAX_INT32 = 2 ** 31 - 1;
const MAX_UINT32 = 2 ** 32 - 1;
const MAX_UINT64 = 2n ** 64n - 1n;

/** Factors of 2^53-1: an instrument whose tick x lot is the last one meets the limit of money exactly. */
export const FACTORS_OF_MAX_MONEY = [6361, 69431, 20394401] as const;
const [FACTOR_A, FACTOR_B] = FACTORS_OF_MAX_MONEY;

function rarely<T, U>(usual: fc.Arbitrary<T>, rare: fc.Arbitrary<U>, oneIn = 40): fc.Arbitrary<T | U> {
  return fc.oneof({ weight: oneIn - 1, arbitrary: usual }, { weight: 1, arbitrary: rare });
}

const account = rarely(
  fc.constantFrom(1, 1, 1, 1, 2, 2, 2, 3, 4),
  fc.constantFrom(0, 5, 9, MAX_INT32, MAX_INT32 + 1, MAX_UINT32),
  60,
);
const anyInstrument = rarely(fc.integer({ min: 1, max: 5 }), fc.constantFrom(0, 6, 99, MAX_UINT32), 10);
const clientOrderId = rarely(
  fc.bigInt({ min: 0n, max: 11n }),
  fc.constantFrom(1n << 32n, 5n << 32n, (1n << 63n) + 1n, MAX_UINT64),
  20,
);

/** Client order ids mostly stay in one instrument, so that cancels and replaces find what they name. */
function usualInstrument(id: bigint): number {
  if (id < 8n) return 1;
  return id < 12n ? Number(id) - 6 : 1;
}

const orderKey = clientOrderId.chain((id) =>
  fc.record({
    clientOrderId: fc.constant(id),
    instrumentId: rarely(fc.constant(usualInstrument(id)), anyInstrument, 12),
  }),
);

const edgePrice = fc.constantFrom(
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
const anyPrice = rarely(fc.integer({ min: 95, max: 106 }), edgePrice, 25);
const quantityLots = rarely(
  fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 1, max: 6 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 60 }) },
  ),
  fc.constantFrom(
    0,
    -1,
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
const amount = rarely(
  fc.integer({ min: 1, max: 2000 }),
  fc.constantFrom(0, -1, 1, 2 ** 52, Number.MAX_SAFE_INTEGER, 2 ** 53, -Number.MAX_SAFE_INTEGER),
  8,
);
const transferId = rarely(fc.bigInt({ min: 1n, max: 40n }), fc.constantFrom(0n, 3n << 32n, MAX_UINT64), 10);
const assetCode = rarely(
  fc.constantFrom('USD', 'AAA', 'BBB', 'EDGE'),
  fc.constantFrom('', 'aaa', 'ZZZ', 'USD\0D', 'ABCDEFGHIJKL'),
  15,
);
const zeroUsually = rarely(fc.constant(0), fc.constantFrom(1, 2, 255), 50);

const publicKey = fc
  .integer({ min: 0, max: 12 })
  .map((value) => Uint8Array.from({ length: 32 }, (_, index) => (index === value ? value : 0)));

/**
 * Side, type, time in force and price of a new order. Buys are mostly below sells, so that books fill up, but they
 * overlap, so that most commands still find something to trade with.
 */
const orderTerms = fc
  .record({
    side: fc.oneof(
      { weight: 80, arbitrary: fc.constantFrom<number>(Side.buy, Side.sell) },
      { weight: 1, arbitrary: fc.constantFrom(0, 3, 255) },
    ),
    orderType: fc.oneof(
      { weight: 60, arbitrary: fc.constant<number>(OrderType.limit) },
      { weight: 8, arbitrary: fc.constant<number>(OrderType.market) },
      { weight: 1, arbitrary: fc.constantFrom(0, 3, 255) },
    ),
  })
  .chain(({ side, orderType }) => {
    const isMarket = orderType === OrderType.market;
    const usualPrice =
      side === Side.sell ? fc.integer({ min: 99, max: 106 }) : fc.integer({ min: 95, max: 102 });
    return fc.record({
      side: fc.constant(side),
      orderType: fc.constant(orderType),
      timeInForce: fc.oneof(
        { weight: isMarket ? 2 : 60, arbitrary: fc.constant<number>(TimeInForce.GTC) },
        { weight: 20, arbitrary: fc.constantFrom<number>(TimeInForce.IOC, TimeInForce.FOK) },
        { weight: 1, arbitrary: fc.constantFrom(0, 4, 255) },
      ),
      priceTicks: isMarket ? rarely(fc.constant(0), anyPrice, 4) : rarely(usualPrice, edgePrice, 25),
    });
  });

const fieldsOf = {
  newOrder: fc
    .record({ key: orderKey, quantityLots, terms: orderTerms, flags: zeroUsually })
    .map(({ key, terms, ...rest }) => ({ ...key, ...terms, ...rest })),
  cancelOrder: orderKey,
  replaceOrder: fc
    .record({
      key: orderKey,
      newClientOrderId: fc.option(clientOrderId, { nil: null }),
      priceTicks: anyPrice,
      quantityLots,
      flags: rarely(fc.constantFrom(0, 0, 1), fc.constantFrom(2, 3, MAX_UINT32), 50),
    })
    .map(({ key, newClientOrderId, ...rest }) => ({
      ...key,
      ...rest,
      newClientOrderId: newClientOrderId ?? key.clientOrderId,
    })),
  massCancel: fc.constant({}),
  requestSnapshot: fc.constant({}),
  timeAdvanced: fc.constant({}),
  deposit: fc.record({ transferId, amount, accountId: account, asset: assetCode }),
  withdraw: fc.record({ transferId, amount, accountId: account, asset: assetCode }),
  openAccount: fc.record({ accountId: rarely(fc.integer({ min: 1, max: 7 }), account, 3) }),
  registerApiKey: fc.record({
    accountId: fc.integer({ min: 0, max: 5 }),
    permissions: fc.constantFrom(1, 1, 1, 2, 0, 3, 4),
    publicKey,
  }),
  listInstrument: fc.record({
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
  }),
  epochStarted: fc.record({
    clusterId: fc.constantFrom(0n, 7n, MAX_UINT64),
    epoch: fc.constantFrom(0, 1, 2, 3, MAX_UINT32),
    nodeId: fc.constantFrom(1, 2),
  }),
} satisfies { [N in CommandName]: fc.Arbitrary<Omit<MessageFields[N], 'clientSequence'>> };

type Weights = Readonly<Record<CommandName, number>>;

/** A market that is founded already. */
const TRADING_WEIGHTS: Weights = {
  newOrder: 100,
  cancelOrder: 20,
  replaceOrder: 45,
  massCancel: 1,
  requestSnapshot: 4,
  timeAdvanced: 2,
  deposit: 10,
  withdraw: 10,
  openAccount: 2,
  registerApiKey: 3,
  listInstrument: 3,
  epochStarted: 1,
};

/** A market that has to be founded by the run itself. */
const FOUNDING_WEIGHTS: Weights = {
  ...TRADING_WEIGHTS,
  deposit: 80,
  openAccount: 20,
  registerApiKey: 10,
  listInstrument: 20,
};

const TRADING: readonly CommandName[] = [
  'newOrder',
  'cancelOrder',
  'replaceOrder',
  'massCancel',
  'requestSnapshot',
];

/** Session 1 is the admin's; session n + 1 trades for account n; 99 does not exist. */
export const ADMIN_SESSION = 1;

/** Steps to the next number mostly, but also repeats, goes back, leaves gaps, and sends 0 or what is no number. */
const step = fc.oneof(
  { weight: 20, arbitrary: fc.constant(1) },
  { weight: 4, arbitrary: fc.constantFrom(0, -1, 2, 1000) },
  { weight: 1, arbitrary: fc.constantFrom(-1e9, 2 ** 54) },
);

function intentOf(name: CommandName, isFounding: boolean): fc.Arbitrary<Intent> {
  const isTrading = TRADING.includes(name);
  const accountId: fc.Arbitrary<number> = isTrading ? account : rarely(fc.constant(0), account, 30);
  return accountId.chain((id) => {
    const ownSession = isTrading && id < 99 ? id + ADMIN_SESSION : ADMIN_SESSION;
    const sessionId = rarely(fc.constant(ownSession), fc.constantFrom(1, 2, 3, 4, 5, 99), 15);
    return fc.record({
      name: fc.constant<CommandName>(name),
      accountId: fc.constant(id),
      // Without keys there are no sessions, so most of founding is the node's own doing.
      numbering: isFounding
        ? rarely(fc.constant(null), fc.record({ sessionId, step }), 10)
        : fc.option(fc.record({ sessionId, step }), { freq: 3, nil: null }),
      microseconds: fc.constantFrom(1, 0, 1000),
      fields: fieldsOf[name] as fc.Arbitrary<Record<string, unknown>>,
    });
  });
}

const unknownIntent: fc.Arbitrary<Intent> = fc.record({
  name: fc.constant<'unknown'>('unknown'),
  accountId: account,
  numbering: fc.option(fc.record({ sessionId: fc.constantFrom(1, 2, 3, 99), step }), { nil: null }),
  microseconds: fc.constant(1),
  fields: fc.record({ templateId: fc.constantFrom(0, 13, 200, 201, 405, 65535) }),
});

/**
 * Lists of intents up to a length; short ones come up too, which is where shrinking ends. A founding list starts in a
 * world where nothing exists.
 */
export function intents(maxLength: number, isFounding: boolean): fc.Arbitrary<Intent[]> {
  const weights = isFounding ? FOUNDING_WEIGHTS : TRADING_WEIGHTS;
  const names = Object.keys(weights) as CommandName[];
  const anyIntent = fc.oneof(
    { weight: 1, arbitrary: unknownIntent },
    ...names.map((name) => ({ weight: weights[name], arbitrary: intentOf(name, isFounding) })),
  );
  return fc.array(anyIntent, { maxLength, size: 'max' });
}

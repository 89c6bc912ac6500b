/**
 * Random commands, skewed to collisions: few accounts, prices, ids and instruments, with the edges of every number
 * and values that no client may send mixed in.
 *
 * An arbitrary makes *intents*: what a command says, but not its number, time or session number; times that it names
 * are given from its own time on. These are filled in
 * when a run is built, so that fast-check may drop any intent while it shrinks and the rest stays a valid run.
 */
import fc from 'fast-check';
import { OrderFlag, OrderType, Side } from '../../src/core/codes.js';
import type { CommandName } from '../../src/wire/message-fields.js';
import { RECORD_VERSION } from '../../src/wire/slot.js';
import {
  accountStatus,
  anyInstrument,
  chainOnce,
  displayLots,
  edgePrice,
  epoch,
  expireInUs,
  feeTier,
  inFuture,
  instrumentChange,
  instrumentFees,
  listing,
  MAX_INT32,
  MAX_UINT32,
  MAX_UINT64,
  marketState,
  markPrice,
  minQuantityLots,
  moveOfMoney,
  orderFlags,
  orderKind,
  orderLimits,
  priceBand,
  priceOfAnySize,
  publicKey,
  quantityLots,
  quoteAmount,
  rarely,
  selfTradePrevention,
  step,
  throttle,
  timeInForce,
  transfer,
  trigger,
} from './value-arbitraries.js';

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

type Weights = Readonly<Record<CommandName, number>>;

/** What makes the commands of one kind of run different from those of another. */
export interface Shape {
  account: fc.Arbitrary<number>;
  clientOrderId: fc.Arbitrary<bigint>;
  /** Client order ids mostly stay in one instrument, so that cancels and replaces find what they name. */
  usualInstrument(clientOrderId: bigint): number;
  /**
   * Buys are mostly below sells, so that books fill up, but they overlap, so that most commands still find something
   * to trade with.
   */
  buyPrice: fc.Arbitrary<number>;
  sellPrice: fc.Arbitrary<number>;
  weights: Weights;
  /** One command in so many is numbered in a session. */
  numberedOneIn: number;
}

const unknownAccount = fc.constantFrom(0, 5, 9, MAX_INT32, MAX_INT32 + 1, MAX_UINT32);
const largeId = fc.constantFrom(1n << 32n, 5n << 32n, (1n << 63n) + 1n, MAX_UINT64);

/** Few of everything, in a market that is founded already. */
export const TRADING: Shape = {
  account: rarely(fc.constantFrom(1, 1, 1, 1, 2, 2, 2, 3, 4), unknownAccount, 60),
  clientOrderId: rarely(fc.bigInt({ min: 0n, max: 11n }), largeId, 20),
  usualInstrument: (id) => (id >= 8n && id < 12n ? Number(id) - 6 : 1),
  buyPrice: fc.integer({ min: 95, max: 102 }),
  sellPrice: fc.integer({ min: 99, max: 106 }),
  weights: {
    newOrder: 100,
    cancelOrder: 20,
    replaceOrder: 45,
    massCancel: 3,
    requestSnapshot: 4,
    timeAdvanced: 2,
    deposit: 10,
    withdraw: 10,
    openAccount: 2,
    registerApiKey: 3,
    listInstrument: 3,
    epochStarted: 1,
    setInstrumentFees: 6,
    setAccountFeeTier: 3,
    setSelfTradePrevention: 5,
    setTradingDayEnd: 4,
    setAccountStatus: 3,
    setPriceBand: 4,
    setOrderLimits: 4,
    transfer: 8,
    setAccountThrottle: 3,
    setMarketState: 9,
    changeInstrument: 4,
    removeInstrument: 1,
    setMarkPrice: 2,
    cancelOnDisconnect: 2,
    activateLogic: 1,
  },
  numberedOneIn: 2,
};

/** The same in a market that the run itself has to found; without keys most of it is the node's own doing. */
export const FOUNDING: Shape = {
  ...TRADING,
  weights: { ...TRADING.weights, deposit: 80, openAccount: 20, registerApiKey: 10, listInstrument: 20 },
  numberedOneIn: 10,
};

/** Trades in margin instruments, at mark prices that move. */
export const MARGIN: Shape = {
  ...TRADING,
  account: rarely(fc.constantFrom(1, 2, 3, 4), unknownAccount, 60),
  usualInstrument: (id) => (id >= 6n && id < 11n ? 2 : id === 11n ? 3 : 1),
  weights: { ...TRADING.weights, setMarkPrice: 25, withdraw: 6, deposit: 2, setAccountStatus: 1 },
};

/** Many accounts, thousands of open orders, and levels over the whole range of prices. */
export const WIDE: Shape = {
  ...TRADING,
  account: fc.integer({ min: 1, max: 40 }),
  clientOrderId: fc.bigInt({ min: 0n, max: 60n }),
  usualInstrument: () => 1,
  buyPrice: fc.oneof(fc.integer({ min: 900, max: 1001 }), priceOfAnySize(0, 10), priceOfAnySize(0, 17)),
  sellPrice: fc.oneof(fc.integer({ min: 1000, max: 1100 }), priceOfAnySize(10, 31), priceOfAnySize(15, 31)),
  weights: {
    ...TRADING.weights,
    newOrder: 300,
    requestSnapshot: 1,
    openAccount: 1,
    registerApiKey: 1,
    listInstrument: 1,
  },
};

/** Session 1 is the admin's; session n + 1 trades for account n; 99 does not exist. */
const ADMIN_SESSION = 1;
const OTHER_SESSIONS = [1, 2, 3, 4, 5, 99] as const;

const TRADING_COMMANDS: readonly CommandName[] = [
  'newOrder',
  'cancelOrder',
  'replaceOrder',
  'massCancel',
  'requestSnapshot',
  'cancelOnDisconnect',
];

/** Whether an order names the other of its pair; without the flag now and then too. */
function isLinked(flags: number): boolean {
  return (flags & OrderFlag.linked) !== 0 || flags === 255;
}

type Fields = fc.Arbitrary<Record<string, unknown>>;

/** The fields of every command but its number. */
function fieldsOf({
  account,
  clientOrderId,
  usualInstrument,
  buyPrice,
  sellPrice,
}: Shape): Record<CommandName, Fields> {
  const orderKey = chainOnce(
    clientOrderId,
    (id) =>
      fc.record({
        clientOrderId: fc.constant(id),
        instrumentId: rarely(fc.constant(usualInstrument(id)), anyInstrument, 12),
      }),
    String,
  );
  const anyPrice = rarely(fc.oneof(buyPrice, sellPrice), edgePrice, 25);
  const orderTerms = chainOnce(
    orderKind,
    ({ side, orderType }) => {
      const usualPrice = side === Side.sell ? sellPrice : buyPrice;
      const mayGoWithout = orderType === OrderType.market || orderType === OrderType.stop;
      return chainOnce(
        timeInForce(orderType),
        (force) =>
          fc.record({
            side: fc.constant(side),
            orderType: fc.constant(orderType),
            timeInForce: fc.constant(force),
            priceTicks: mayGoWithout
              ? rarely(fc.constant(0), anyPrice, 4)
              : rarely(usualPrice, edgePrice, 25),
            flags: orderFlags(orderType, force),
            expireInUs: expireInUs(force),
            minQuantityLots: minQuantityLots(force),
            displayLots: displayLots(orderType, force),
            trigger: trigger(orderType),
            amount: quoteAmount(orderType),
            linkedClientOrderId: clientOrderId,
          }),
        String,
      );
    },
    ({ side, orderType }) => `${side} ${orderType}`,
  );
  const anyTransfer = transfer(account);
  const nothing = fc.constant({});
  return {
    newOrder: fc
      .record({ key: orderKey, quantityLots, terms: orderTerms, selfTradePrevention })

      .map(({ key, terms: { trigger, amount, linkedClientOrderId, ...terms }, ...rest }) => ({
        ...key,
        ...rest,
        ...terms,
        ...trigger,
        ...amount,
        linkedClientOrderId: isLinked(terms.flags) ? linkedClientOrderId : 0n,
      })),
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
    massCancel: fc.record({
      instrumentId: rarely(fc.constantFrom(0, 1, 2), anyInstrument, 8),
      side: rarely(fc.constantFrom(0, 1, 2), fc.constantFrom(3, 255), 12),
    }),
    requestSnapshot: fc.record({ flags: rarely(fc.constantFrom(0, 1), fc.constantFrom(2, MAX_UINT32), 30) }),
    timeAdvanced: nothing,
    deposit: anyTransfer,
    withdraw: anyTransfer,
    openAccount: fc.record({ accountId: rarely(fc.integer({ min: 1, max: 7 }), account, 3) }),
    registerApiKey: fc.record({
      accountId: fc.integer({ min: 0, max: 5 }),
      permissions: fc.constantFrom(1, 1, 1, 2, 0, 3, 4),
      publicKey,
    }),
    listInstrument: listing,
    epochStarted: epoch,
    setInstrumentFees: instrumentFees,
    setAccountFeeTier: fc.record({ accountId: account, feeTier }),
    setSelfTradePrevention: fc.record({
      accountId: account,
      selfTradeGroup: fc.constantFrom(0, 1, 1, 2, MAX_UINT32),
      selfTradePrevention: rarely(fc.integer({ min: 1, max: 5 }), fc.constantFrom(0, 6, 255), 12),
    }),
    setTradingDayEnd: fc.record({ endInUs: inFuture }),
    setAccountStatus: fc.record({ accountId: account, status: accountStatus }),
    setPriceBand: priceBand,
    setOrderLimits: fc.record({ accountId: account, instrumentId: anyInstrument, ...orderLimits }),
    transfer: moveOfMoney(account),
    setAccountThrottle: fc.record({ accountId: account, ...throttle }),
    setMarketState: marketState,
    changeInstrument: instrumentChange,
    removeInstrument: fc.record({ instrumentId: rarely(fc.integer({ min: 5, max: 7 }), anyInstrument, 6) }),
    setMarkPrice: markPrice,
    cancelOnDisconnect: fc.record({ apiKeyId: fc.constantFrom(0, 2) }),
    activateLogic: fc.record({ logicVersion: rarely(fc.constant(2), fc.constantFrom(0, 1), 4) }),
  };
}

/** A numbering, or none; sessions are mostly the one that fits the command. */
function numberingOf(ownSession: number, numberedOneIn: number): fc.Arbitrary<Numbering | null> {
  const sessionId = rarely(fc.constant(ownSession), fc.constantFrom(...OTHER_SESSIONS), 15);
  return rarely(fc.constant(null), fc.record({ sessionId, step }), numberedOneIn);
}

function intentOf(name: CommandName, fields: Fields, shape: Shape): fc.Arbitrary<Intent> {
  const isTrading = TRADING_COMMANDS.includes(name);
  const accountId: fc.Arbitrary<number> = isTrading
    ? shape.account
    : rarely(fc.constant(0), shape.account, 30);
  return chainOnce(
    accountId,
    (id) =>
      fc.record({
        name: fc.constant<CommandName>(name),
        accountId: fc.constant(id),
        numbering: numberingOf(
          isTrading && id < 99 ? id + ADMIN_SESSION : ADMIN_SESSION,
          shape.numberedOneIn,
        ),
        microseconds: fc.constantFrom(1, 0, 1000),
        fields,
      }),
    String,
  );
}

function unknownIntent(shape: Shape): fc.Arbitrary<Intent> {
  return fc.record({
    name: fc.constant<'unknown'>('unknown'),
    accountId: shape.account,
    numbering: numberingOf(ADMIN_SESSION, 2),
    microseconds: fc.constant(1),
    fields: fc.constantFrom(
      ...[0, 99, 200, 201, 405, 65535].map((templateId) => ({ templateId, version: RECORD_VERSION })),
      // A command of the schema, but in a record of another version.
      ...[1, 6, 8].map((templateId) => ({ templateId, version: RECORD_VERSION + 1 })),
    ),
  });
}

/** Lists of intents up to a length; short ones come up too, which is where shrinking ends. */
export function intents(shape: Shape, maxLength: number): fc.Arbitrary<Intent[]> {
  const fields = fieldsOf(shape);
  const names = Object.keys(shape.weights) as CommandName[];
  const anyIntent = fc.oneof(
    { weight: 1, arbitrary: unknownIntent(shape) },
    ...names.map((name) => ({ weight: shape.weights[name], arbitrary: intentOf(name, fields[name], shape) })),
  );
  return fc.array(anyIntent, { maxLength, size: 'max' });
}

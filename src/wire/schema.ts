/**
 * The one table of messages. Offsets, codecs, SBE frames, the XML schema and the protocol tables all come from it.
 *
 * - `command`: client or node -> engine; SBE block = slot body (slot bytes 32..).
 * - `event`: engine -> clients; SBE block = slot bytes 8.. : the 24-byte event header (sequence, timestampUs,
 *   index, sessionId), then the slot body.
 * - `session`: frames between client and gateway only; never in a slot.
 */
import {
  AccountStatus,
  BalanceReason,
  CancelReason,
  InstrumentFlag,
  Liquidity,
  LogonFlag,
  MarketState,
  MarketStateCause,
  OrderFlag,
  OrderType,
  RejectCode,
  ReplaceFlag,
  SelfTradePrevention,
  Side,
  SnapshotFlag,
  TimeInForce,
  TriggerDirection,
} from '../core/codes.js';
import { type Field, type FieldSpec, type FieldType, placeFields } from './layout.js';

export const SCHEMA_ID = 0x5246;
/** Version that this build writes. Versions only append: fields at the end of a body, messages, values. */
export const SCHEMA_VERSION = 2;
export const SBE_HEADER_BYTES = 8;
/** Bytes of slot header that an event's SBE block starts with (sequence, timestampUs, index, sessionId). */
export const EVENT_HEADER_BYTES = 24;
export const SUBPROTOCOL_SBE = 'ringfence.sbe.v1';
export const SUBPROTOCOL_MSGPACK = 'ringfence.msgpack.v1';

export type MessageKind = 'command' | 'event' | 'session';

/** Who may send a command: a trading session, an admin session, or the node itself. */
export type Sender = 'trade' | 'admin' | 'node';

/** Which end a message comes from; a gateway refuses everything that is not the client's to send. */
export type Origin = 'client' | 'node' | 'gateway';

export interface Message {
  readonly templateId: number;
  readonly name: keyof typeof Template;
  readonly kind: MessageKind;
  readonly sender?: Sender;
  readonly sentBy: Origin;
  readonly notes: string;
  /** Body fields; for commands and events offsets count from the slot body, for session messages from the block. */
  readonly fields: readonly Field[];
  /** Bytes of body. */
  readonly bodyBytes: number;
  /** SBE blockLength of a frame that carries this message. */
  readonly blockLength: number;
  /** The blockLengths that it had in released versions before, shortest first; taken for ever, zero-filled. */
  readonly earlierBlockLengths: readonly number[];
  /** All fields of the SBE block, offsets from its start: for an event the event header, then the body. */
  readonly blockFields: readonly Field[];
}

function field(
  name: string,
  type: FieldType,
  notes: string,
  values?: Readonly<Record<string, number>>,
): FieldSpec {
  return values === undefined ? { name, type, notes } : { name, type, notes, values };
}

/** A field that a version after the first appended; 0 means what it meant before there was the field. */
function appended(since: number, spec: FieldSpec): FieldSpec {
  return { ...spec, since };
}

function text(name: string, length: number, notes: string): FieldSpec {
  return { name, type: 'chars', length, notes };
}

function bytes(name: string, length: number, notes: string): FieldSpec {
  return { name, type: 'bytes', length, notes };
}

/** Fields that the SBE block of every event starts with; in the slot they are part of the slot header. */
export const eventHeaderFields: readonly Field[] = placeFields('eventHeader', [
  field('sequence', 'i64', 'command that caused the event'),
  field('timestampUs', 'i64', 'time of that command, epoch microseconds'),
  field('index', 'u32', 'number of the event among those of its command, from 0'),
  field('sessionId', 'u32', "session whose command is answered; 0 = nobody's answer"),
]);

const clientSequence = field(
  'clientSequence',
  'i64',
  'number of this command in its session, strictly rising from 1; 0 = unnumbered (the node itself)',
);
const eventPrefix = [
  field('reportSequence', 'i64', 'gapless number of this report in its account, from 1; 0 = public event'),
  field('clientSequence', 'i64', 'number of the command that is answered; 0 = caused by somebody else'),
];
const clientOrderId = field(
  'clientOrderId',
  'u64',
  'chosen by the client, unique among the open orders of its account',
);
const instrumentId = field('instrumentId', 'u32', 'from instrumentListed');
const orderId = field('orderId', 'i64', 'assigned by the engine, constant over replaces');
const priceTicks = field('priceTicks', 'i32', 'price in ticks');
const quantityLots = field('quantityLots', 'i32', 'quantity in lots');
const side = field('side', 'u8', 'side of the order', Side);
const orderType = field('orderType', 'u8', 'type of the order', OrderType);
const timeInForce = field('timeInForce', 'u8', 'time in force', TimeInForce);
const orderFlags = field(
  'flags',
  'u8',
  'bit 0 post-only, bit 1 post-only with a price that gives way, bit 2 linked, bit 3 (events only) liquidation',
  OrderFlag,
);
const expireTimeUs = appended(
  2,
  field('expireTimeUs', 'i64', 'command time at which the order expires, epoch microseconds; 0 = never'),
);
const displayLots = appended(2, field('displayLots', 'i32', 'most that is displayed at a time; 0 = all'));
const triggerPriceTicks = appended(
  2,
  field('triggerPriceTicks', 'i32', 'trade price that the order waits for; 0 = it waits for none'),
);
const feeTier = field('feeTier', 'u32', 'fee tier of accounts, 0..7');
const makerPpm = field('makerPpm', 'i32', 'maker rate in millionths of the notional; negative = rebate');
const takerPpm = field('takerPpm', 'i32', 'taker rate in millionths of the notional');
const accountId = field('accountId', 'u32', 'account that the command is about');
const asset = text('asset', 12, 'asset code, A-Z 0-9, zero-padded');

const listing = [
  text('symbol', 24, 'instrument symbol, zero-padded'),
  text('base', 12, 'asset that is traded'),
  text('quote', 12, 'asset that is paid'),
  field('tickMantissa', 'u32', 'tick size = tickMantissa x 10^tickExponent of quote per unit of base'),
  field('lotMantissa', 'u32', 'lot size = lotMantissa x 10^lotExponent of base'),
  field('tickExponent', 'i8', 'from -15 to 9'),
  field('lotExponent', 'i8', 'from -15 to 9'),
  field('baseDecimals', 'u8', 'decimal places of the minor unit of base, 0..15'),
  field('quoteDecimals', 'u8', 'decimal places of the minor unit of quote, 0..15'),
  field(
    'marketProtectionPpm',
    'u32',
    'a market order without a price trades at most this far from the best opposite price, in millionths; 0 = 50,000',
  ),
];

const margin = [
  field('initialMarginPpm', 'u32', 'margin that an order needs, in millionths of the notional; 0 for spot'),
  field('maintenanceMarginPpm', 'u32', 'below this a position is liquidated, in millionths; 0 for spot'),
];
const listingAppended = [field('flags', 'u32', 'bit 0 margin instrument', InstrumentFlag), ...margin].map(
  (spec) => appended(2, spec),
);
const instrumentSettings = [
  field(
    'volatilityPpm',
    'u32',
    'a trade further from the price at the start of the window than this starts a volatility auction; 0 = none',
  ),
  field('volatilityWindowUs', 'u32', 'length of the windows of command time, microseconds'),
  field('volatilityAuctionUs', 'u32', 'length of the volatility auction, microseconds'),
  ...margin,
];
const marketState = field('state', 'u8', 'from now on', MarketState);
const nextState = field('nextState', 'u8', 'at the end of it; 0 = none', MarketState);

const priceBand = [
  instrumentId,
  field('minPriceTicks', 'i32', 'lowest price of an order; 0 = none'),
  field('maxPriceTicks', 'i32', 'highest price of an order; 0 = none'),
  field('referencePriceTicks', 'i32', 'middle of the band in percent; 0 = the last trade'),
  field(
    'bandPpm',
    'u32',
    'most that a price may be away from the reference, in millionths; 0 = no such band',
  ),
  field('reserved0', 'u32', '0'),
];
const orderLimits = [
  accountId,
  instrumentId,
  field('maxOrderNotional', 'i64', 'most that an order may be worth, in minor units of quote; 0 = no limit'),
  field('maxOrderLots', 'i32', 'largest quantity of an order; 0 = no limit'),
  field('maxOpenOrders', 'i32', 'most open orders in the instrument; 0 = no limit'),
];

function define(
  kind: MessageKind,
  sentBy: Origin,
  templateId: number,
  name: Message['name'],
  notes: string,
  specs: readonly FieldSpec[],
  sender?: Sender,
): Message {
  const fields = placeFields(name, specs);
  const last = fields[fields.length - 1];
  const bodyBytes = last === undefined ? 0 : last.offset + last.size;
  if (kind !== 'session' && bodyBytes > 96)
    throw new Error(`schema: ${name} takes ${bodyBytes} of 96 body bytes`);
  const blockLength = kind === 'event' ? EVENT_HEADER_BYTES + bodyBytes : bodyBytes;
  const blockFields =
    kind === 'event'
      ? [
          ...eventHeaderFields,
          ...fields.map((bodyField) => ({ ...bodyField, offset: bodyField.offset + EVENT_HEADER_BYTES })),
        ]
      : fields;
  const message = {
    templateId,
    name,
    kind,
    sentBy,
    notes,
    fields,
    bodyBytes,
    blockLength,
    earlierBlockLengths: earlierBlockLengthsOf(name, blockFields),
    blockFields,
  };
  return sender === undefined ? message : { ...message, sender };
}

/** Where the block of a message ended before each version that appended to it. */
function earlierBlockLengthsOf(message: string, blockFields: readonly Field[]): readonly number[] {
  const lengths: number[] = [];
  let version = 1;
  for (const { name, offset, since = 1 } of blockFields) {
    if (since < version) throw new Error(`schema: ${message}.${name} is older than the field before it`);
    if (since > version) lengths.push(offset);
    version = since;
  }
  return lengths;
}

const command = (
  sender: Sender,
  id: number,
  name: Message['name'],
  notes: string,
  specs: readonly FieldSpec[],
) =>
  define(
    'command',
    sender === 'node' ? 'node' : 'client',
    id,
    name,
    notes,
    [clientSequence, ...specs],
    sender,
  );
const event = (id: number, name: Message['name'], notes: string, specs: readonly FieldSpec[]) =>
  define('event', 'gateway', id, name, notes, [...eventPrefix, ...specs]);
const session = (
  sentBy: Origin,
  id: number,
  name: Message['name'],
  notes: string,
  specs: readonly FieldSpec[],
) => define('session', sentBy, id, name, notes, specs);

/** Template ids. Never reused, never renumbered: they are in journals. */
export const Template = {
  listInstrument: 1,
  openAccount: 2,
  registerApiKey: 3,
  deposit: 4,
  withdraw: 5,
  newOrder: 6,
  cancelOrder: 7,
  replaceOrder: 8,
  massCancel: 9,
  timeAdvanced: 10,
  epochStarted: 11,
  requestSnapshot: 12,
  setInstrumentFees: 13,
  setAccountFeeTier: 14,
  setSelfTradePrevention: 15,
  setTradingDayEnd: 16,
  setAccountStatus: 17,
  setPriceBand: 18,
  setOrderLimits: 19,
  transfer: 20,
  setAccountThrottle: 21,
  setMarketState: 22,
  cancelOnDisconnect: 23,
  changeInstrument: 24,
  removeInstrument: 25,
  setMarkPrice: 26,
  activateLogic: 100,

  accepted: 201,
  rejected: 202,
  trade: 203,
  cancelled: 204,
  replaced: 205,
  balanceChanged: 206,
  instrumentListed: 207,
  accountOpened: 208,
  apiKeyRegistered: 209,
  bookDelta: 210,
  orderStatus: 211,
  snapshotEnd: 212,
  epochChanged: 213,
  massCancelled: 214,
  instrumentFeesChanged: 215,
  accountChanged: 216,
  tradingDayChanged: 217,
  selfTradePrevented: 218,
  triggered: 219,
  priceBandChanged: 220,
  orderLimitsChanged: 221,
  position: 222,
  marketStateChanged: 223,
  auctionIndicated: 224,
  instrumentChanged: 225,
  markPriceChanged: 226,
  liquidationStarted: 227,
  deleveraged: 228,
  logicActivated: 300,

  logonChallenge: 401,
  logon: 402,
  logonAccepted: 403,
  sessionReject: 404,
  ping: 405,
  pong: 406,
  subscribe: 407,
  unsubscribe: 408,
  bookLevel: 409,
  publicTrade: 410,
  resendRequest: 411,
  resendComplete: 412,
  snapshotRequired: 413,
  logout: 414,
  loggedOut: 415,
} as const;

export const messages: readonly Message[] = [
  command(
    'admin',
    Template.listInstrument,
    'listInstrument',
    'Lists an instrument and registers its assets.',
    [...listing, ...listingAppended],
  ),
  command('admin', Template.openAccount, 'openAccount', 'Opens an account.', [accountId]),
  command('admin', Template.registerApiKey, 'registerApiKey', 'Registers an Ed25519 public key for logon.', [
    accountId,
    field('permissions', 'u32', 'bit 0 trade, bit 1 admin; an admin key has accountId 0'),
    bytes('publicKey', 32, 'raw Ed25519 public key'),
  ]),
  command('admin', Template.deposit, 'deposit', 'Credits an account; once for each transferId.', [
    field('transferId', 'u64', 'idempotency key, one namespace for deposits and withdrawals'),
    field('amount', 'i64', 'in minor units of the asset, 1..2^53-1'),
    accountId,
    asset,
  ]),
  command('admin', Template.withdraw, 'withdraw', 'Debits available money; once for each transferId.', [
    field('transferId', 'u64', 'idempotency key, one namespace for deposits and withdrawals'),
    field('amount', 'i64', 'in minor units of the asset, 1..2^53-1'),
    accountId,
    asset,
  ]),
  command('trade', Template.newOrder, 'newOrder', 'Enters an order.', [
    clientOrderId,
    instrumentId,
    field(
      'priceTicks',
      'i32',
      'limit price; for a market order or a stop the worst price accepted, 0 = by marketProtectionPpm',
    ),
    quantityLots,
    side,
    orderType,
    timeInForce,
    orderFlags,
    appended(
      2,
      field('expireTimeUs', 'i64', 'GTD: command time at which it expires, epoch microseconds; otherwise 0'),
    ),
    appended(2, field('minQuantityLots', 'i32', 'IOC: fill at least this or nothing; otherwise 0')),
    appended(
      2,
      field(
        'selfTradePrevention',
        'u8',
        'what happens when it meets an order of its account group; 0 = as the account says',
        SelfTradePrevention,
      ),
    ),
    appended(
      2,
      field(
        'triggerDirection',
        'u8',
        'of a stop; 0 = rising for a buy, falling for a sell',
        TriggerDirection,
      ),
    ),
    appended(2, field('reserved1', 'u16', '0')),
    appended(2, field('displayLots', 'i32', 'iceberg: most that is displayed at a time; 0 = all')),
    appended(2, field('triggerPriceTicks', 'i32', 'stop: fires when the last trade reaches it; otherwise 0')),
    appended(
      2,
      field('quoteAmount', 'i64', 'market order for an amount of quote, with quantityLots 0; minor units'),
    ),
    appended(2, field('linkedClientOrderId', 'u64', 'with the flag linked: the other order of the pair')),
    appended(2, field('trailingTicks', 'i32', 'stop: follows the last trade at this distance; otherwise 0')),
    appended(2, field('reserved2', 'u32', '0')),
  ]),
  command('trade', Template.cancelOrder, 'cancelOrder', 'Cancels what is left of an open order.', [
    clientOrderId,
    instrumentId,
  ]),
  command(
    'trade',
    Template.replaceOrder,
    'replaceOrder',
    'Changes price and quantity of an open order in one step.',
    [
      clientOrderId,
      field('newClientOrderId', 'u64', 'id from now on; may equal clientOrderId'),
      instrumentId,
      priceTicks,
      field(
        'quantityLots',
        'i32',
        'new total of the chain, fills included; with reinsert the new open quantity',
      ),
      field('flags', 'u32', 'bit 0: cancel and insert anew, priority always lost', ReplaceFlag),
    ],
  ),
  command(
    'trade',
    Template.massCancel,
    'massCancel',
    'Cancels the open orders of the account of the session: all, or those of an instrument or side.',
    [
      appended(2, field('instrumentId', 'u32', '0 = all instruments')),
      appended(2, field('side', 'u8', '0 = both sides', Side)),
      appended(2, field('reserved0', 'u8', '0')),
      appended(2, field('reserved1', 'u16', '0')),
    ],
  ),
  command(
    'node',
    Template.timeAdvanced,
    'timeAdvanced',
    'Moves command time on while nothing else does.',
    [],
  ),
  command('node', Template.epochStarted, 'epochStarted', 'First command of a primary: opens its epoch.', [
    field('clusterId', 'u64', 'identity of the pair, made by init'),
    field('epoch', 'u32', 'greater than every epoch before'),
    field('nodeId', 'u32', 'the node that leads from here on'),
    appended(2, text('actor', 32, 'who promoted the node, as the operator was known; empty = nobody did')),
  ]),
  command(
    'trade',
    Template.requestSnapshot,
    'requestSnapshot',
    'Asks for balances and open orders of the account.',
    [
      appended(2, field('flags', 'u32', 'bit 0: with positions', SnapshotFlag)),
      appended(2, field('reserved0', 'u32', '0')),
    ],
  ),
  command(
    'admin',
    Template.setInstrumentFees,
    'setInstrumentFees',
    'Sets the rates of a fee tier in an instrument, for orders from now on.',
    [instrumentId, feeTier, makerPpm, takerPpm],
  ),
  command('admin', Template.setAccountFeeTier, 'setAccountFeeTier', 'Puts an account into a fee tier.', [
    accountId,
    feeTier,
  ]),
  command(
    'admin',
    Template.setSelfTradePrevention,
    'setSelfTradePrevention',
    'Sets the group of an account, and what happens when orders of the group meet.',
    [
      accountId,
      field('selfTradeGroup', 'u32', 'accounts of one group do not trade with each other; 0 = no group'),
      field('selfTradePrevention', 'u8', 'mode of orders that name none', SelfTradePrevention),
      field('reserved0', 'u8', '0'),
      field('reserved1', 'u16', '0'),
    ],
  ),
  command(
    'admin',
    Template.setTradingDayEnd,
    'setTradingDayEnd',
    'Opens a trading day: DAY orders entered from now on expire at its end.',
    [field('endTimeUs', 'i64', 'command time of the end, epoch microseconds')],
  ),
  command(
    'admin',
    Template.setAccountStatus,
    'setAccountStatus',
    'Suspends or resumes an account, or cancels all that it has open too.',
    [
      accountId,
      field('status', 'u8', 'from now on', AccountStatus),
      field('reserved0', 'u8', '0'),
      field('reserved1', 'u16', '0'),
    ],
  ),
  command(
    'admin',
    Template.setPriceBand,
    'setPriceBand',
    'Sets the prices that orders of an instrument may have.',
    priceBand,
  ),
  command(
    'admin',
    Template.setOrderLimits,
    'setOrderLimits',
    'Sets how large and how many the orders of an account in an instrument may be.',
    orderLimits,
  ),
  command(
    'admin',
    Template.transfer,
    'transfer',
    'Moves available money from one account to another; once for each transferId.',
    [
      field('transferId', 'u64', 'idempotency key, one namespace with deposits and withdrawals'),
      field('amount', 'i64', 'in minor units of the asset, 1..2^53-1'),
      field('fromAccountId', 'u32', '0 = the fees that were charged'),
      field('toAccountId', 'u32', 'account that is credited'),
      asset,
    ],
  ),
  command(
    'admin',
    Template.setAccountThrottle,
    'setAccountThrottle',
    'Sets how many orders and replaces an account may send in an interval of command time.',
    [
      accountId,
      field('maxCommands', 'u32', 'in one interval; 0 = no limit'),
      field('intervalUs', 'u32', 'length of the intervals, microseconds'),
      field('reserved0', 'u32', '0'),
    ],
  ),
  command('admin', Template.setMarketState, 'setMarketState', 'Opens, closes or halts an instrument.', [
    field('endTimeUs', 'i64', 'command time at which nextState follows, epoch microseconds; 0 = it stays'),
    instrumentId,
    field(
      'referencePriceTicks',
      'i32',
      'of an auction: where several prices are as good, the nearest to this; 0 = to the last trade, -1 = their middle',
    ),
    marketState,
    nextState,
    field('reserved0', 'u16', '0'),
  ]),
  command(
    'node',
    Template.cancelOnDisconnect,
    'cancelOnDisconnect',
    'Cancels the open orders of an account, because a session that asked for it has ended.',
    [field('apiKeyId', 'u32', 'the session that has ended'), field('reserved0', 'u32', '0')],
  ),
  command(
    'admin',
    Template.changeInstrument,
    'changeInstrument',
    'Sets what may change of a listed instrument, for orders from now on.',
    [
      instrumentId,
      field('marketProtectionPpm', 'u32', 'as in listInstrument; 0 = 50,000'),
      ...instrumentSettings,
      field('reserved0', 'u32', '0'),
    ],
  ),
  command(
    'admin',
    Template.removeInstrument,
    'removeInstrument',
    'Removes an instrument without open orders and margin positions; its symbol is free again.',
    [instrumentId, field('reserved0', 'u32', '0')],
  ),
  command('admin', Template.setMarkPrice, 'setMarkPrice', 'Settles a margin instrument to a price.', [
    instrumentId,
    priceTicks,
  ]),
  command(
    'admin',
    Template.activateLogic,
    'activateLogic',
    'Switches to later rules, from the next command on; there is no way back.',
    [field('logicVersion', 'u32', 'greater than the one in force')],
  ),

  event(Template.accepted, 'accepted', 'The order was accepted; trades and the rest follow.', [
    orderId,
    clientOrderId,
    instrumentId,
    priceTicks,
    quantityLots,
    side,
    orderType,
    timeInForce,
    orderFlags,
    expireTimeUs,
    displayLots,
    triggerPriceTicks,
  ]),
  event(
    Template.rejected,
    'rejected',
    'The command changed nothing but the numbering of sessions and reports.',
    [
      field('clientOrderId', 'u64', 'of the command, or 0'),
      instrumentId,
      field('code', 'u16', 'reject code', RejectCode),
      field('refTemplateId', 'u16', 'template of the rejected command'),
    ],
  ),
  event(
    Template.trade,
    'trade',
    'One side of a trade; the maker event comes first, the taker event right after it.',
    [
      orderId,
      clientOrderId,
      field('tradeId', 'i64', 'same on both sides'),
      instrumentId,
      field('priceTicks', 'i32', "the maker's price"),
      quantityLots,
      field('leavesLots', 'i32', 'open quantity after the trade'),
      field('cumulativeLots', 'i32', 'filled quantity of the order after the trade'),
      side,
      field('liquidity', 'u8', 'maker or taker', Liquidity),
      field('reserved0', 'u16', '0'),
      appended(2, field('fee', 'i64', 'of this side, in minor units of quote; negative = rebate')),
    ],
  ),
  event(Template.cancelled, 'cancelled', 'What was left of the order is gone.', [
    orderId,
    clientOrderId,
    instrumentId,
    priceTicks,
    field('quantityLots', 'i32', 'quantity that was cancelled'),
    field('cumulativeLots', 'i32', 'filled quantity of the order'),
    side,
    field('reason', 'u8', 'why', CancelReason),
    field('reserved0', 'u16', '0'),
  ]),
  event(Template.replaced, 'replaced', 'The order has new terms; trades may follow.', [
    orderId,
    clientOrderId,
    field('originalClientOrderId', 'u64', 'id before the replace'),
    instrumentId,
    priceTicks,
    field('quantityLots', 'i32', 'total of the chain'),
    field('leavesLots', 'i32', 'open quantity'),
    field('cumulativeLots', 'i32', 'filled quantity'),
    side,
    field('priorityKept', 'u8', '1 when the order kept its place'),
    field('reserved0', 'u16', '0'),
  ]),
  event(Template.balanceChanged, 'balanceChanged', 'A balance after a transfer, or as part of a snapshot.', [
    field('transferId', 'u64', 'of the command, or 0'),
    field('amount', 'i64', 'change in minor units, negative for a withdrawal; 0 in a snapshot'),
    field('available', 'i64', 'minor units free to use'),
    field('reserved', 'i64', 'minor units held by open orders'),
    asset,
    field('decimals', 'u8', 'decimal places of the minor unit'),
    field('reason', 'u8', 'why', BalanceReason),
    field('duplicate', 'u8', '1 when the transferId had been done before: nothing changed'),
    field('reserved0', 'u8', '0'),
  ]),
  event(Template.instrumentListed, 'instrumentListed', 'Public: an instrument as it is listed.', [
    ...listing,
    instrumentId,
    ...listingAppended,
  ]),
  event(Template.accountOpened, 'accountOpened', 'The account exists.', [accountId]),
  event(Template.apiKeyRegistered, 'apiKeyRegistered', 'The key may log on.', [
    accountId,
    field('permissions', 'u32', 'bit 0 trade, bit 1 admin'),
    bytes('publicKey', 32, 'raw Ed25519 public key'),
    field('apiKeyId', 'u32', 'names the key at logon, and the session in the journal'),
  ]),
  event(
    Template.bookDelta,
    'bookDelta',
    'Public: a price level after a change; 0 lots = the level is gone.',
    [
      field('bookSequence', 'i64', 'gapless number of this change in its instrument, from 1'),
      field('levelLots', 'i64', 'open quantity at the price'),
      instrumentId,
      priceTicks,
      field('orderCount', 'i32', 'open orders at the price'),
      side,
      field('reserved0', 'u8', '0'),
      field('reserved1', 'u16', '0'),
    ],
  ),
  event(Template.orderStatus, 'orderStatus', 'An open order, as part of a snapshot.', [
    orderId,
    clientOrderId,
    instrumentId,
    priceTicks,
    field('quantityLots', 'i32', 'total of the chain'),
    field('leavesLots', 'i32', 'open quantity'),
    field('cumulativeLots', 'i32', 'filled quantity'),
    side,
    orderType,
    timeInForce,
    orderFlags,
    expireTimeUs,
    displayLots,
    triggerPriceTicks,
  ]),
  event(
    Template.snapshotEnd,
    'snapshotEnd',
    'The snapshot is complete; its reportSequence is the one to resume from.',
    [
      field('balanceCount', 'u32', 'balanceChanged events in the snapshot'),
      field('orderCount', 'u32', 'orderStatus events in the snapshot'),
      appended(2, field('positionCount', 'u32', 'position events in the snapshot')),
      appended(2, field('reserved0', 'u32', '0')),
    ],
  ),
  event(Template.epochChanged, 'epochChanged', 'Public: a primary opened its epoch.', [
    field('clusterId', 'u64', 'identity of the pair'),
    field('epoch', 'u32', 'epoch that starts'),
    field('nodeId', 'u32', 'node that leads'),
  ]),
  event(Template.massCancelled, 'massCancelled', 'All cancelled events of a mass cancel were sent.', [
    field('orderCount', 'u32', 'orders that were cancelled'),
    field('reserved0', 'u32', '0'),
  ]),
  event(
    Template.instrumentFeesChanged,
    'instrumentFeesChanged',
    'The rates of a fee tier in an instrument, for orders from now on.',
    [instrumentId, feeTier, makerPpm, takerPpm],
  ),
  event(Template.accountChanged, 'accountChanged', 'The settings of the account as they are now.', [
    accountId,
    field('selfTradeGroup', 'u32', 'accounts of one group do not trade with each other; 0 = no group'),
    field('feeTier', 'u8', 'fee tier, 0..7'),
    field('selfTradePrevention', 'u8', 'mode of orders that name none', SelfTradePrevention),
    field('status', 'u8', 'what it may do', AccountStatus),
    field('reserved0', 'u8', '0'),
    field('throttleMaxCommands', 'u32', 'orders and replaces in one interval; 0 = no limit'),
    field('throttleIntervalUs', 'u32', 'length of the intervals of command time, microseconds'),
  ]),
  event(Template.tradingDayChanged, 'tradingDayChanged', 'DAY orders entered from now on expire then.', [
    field('endTimeUs', 'i64', 'command time of the end, epoch microseconds'),
  ]),
  event(
    Template.selfTradePrevented,
    'selfTradePrevented',
    'One side of a trade that was prevented; the maker event comes first, the taker event right after it.',
    [
      orderId,
      clientOrderId,
      instrumentId,
      field('priceTicks', 'i32', "the maker's price"),
      field('preventedLots', 'i32', 'quantity that would have traded'),
      field('leavesLots', 'i32', 'open quantity now; 0 = the order is gone'),
      field('cumulativeLots', 'i32', 'filled quantity of the order'),
      side,
      field('liquidity', 'u8', 'maker or taker', Liquidity),
      field('selfTradePrevention', 'u8', 'mode that acted', SelfTradePrevention),
      field('reserved0', 'u8', '0'),
    ],
  ),
  event(Template.triggered, 'triggered', 'A stop has fired and acts now; trades and the rest follow.', [
    orderId,
    clientOrderId,
    instrumentId,
    field('triggerPriceTicks', 'i32', 'trade price that it waited for'),
    field('lastPriceTicks', 'i32', 'trade price that fired it'),
    field('priceTicks', 'i32', 'worst price that it takes now'),
    field('leavesLots', 'i32', 'open quantity'),
    side,
    orderType,
    field('reserved0', 'u16', '0'),
  ]),
  event(Template.priceBandChanged, 'priceBandChanged', 'The prices that orders may have.', priceBand),
  event(
    Template.orderLimitsChanged,
    'orderLimitsChanged',
    'How large and how many the orders of the account in the instrument may be.',
    orderLimits,
  ),
  event(Template.position, 'position', 'A position, as part of a snapshot; fees are left out.', [
    field('quantityLots', 'i64', 'bought minus sold'),
    field('cost', 'i64', 'paid for what is held, of a short position received for what is owed; minor units'),
    field('realisedProfit', 'i64', 'of what was closed, minor units of quote'),
    instrumentId,
    field('reserved0', 'u32', '0'),
    field('initialMargin', 'i64', 'held for it and the open orders of a margin instrument; minor units'),
  ]),
  event(Template.marketStateChanged, 'marketStateChanged', 'Public: what may happen in an instrument now.', [
    field('endTimeUs', 'i64', 'command time at which nextState follows, epoch microseconds; 0 = it stays'),
    field('uncrossLots', 'i64', 'quantity that was traded at the end of the auction'),
    instrumentId,
    field('uncrossPriceTicks', 'i32', 'price of all these trades; 0 = there was none'),
    field('referencePriceTicks', 'i32', 'of an auction, as in setMarketState'),
    marketState,
    field('previousState', 'u8', 'until now', MarketState),
    nextState,
    field('cause', 'u8', 'why', MarketStateCause),
  ]),
  event(
    Template.auctionIndicated,
    'auctionIndicated',
    'Public: what an auction would do if it ended now, whenever that has changed.',
    [
      field('executableLots', 'i64', 'quantity that would trade'),
      field('imbalanceLots', 'i64', 'bought minus sold at the price; > 0 = buys are left over'),
      instrumentId,
      field('priceTicks', 'i32', 'price of all trades; 0 = nothing would trade'),
    ],
  ),
  event(
    Template.instrumentChanged,
    'instrumentChanged',
    'Public: the settings of an instrument as they are now.',
    [
      instrumentId,
      field('marketProtectionPpm', 'u32', 'as in instrumentListed'),
      ...instrumentSettings,
      field('reserved0', 'u32', '0'),
    ],
  ),
  event(
    Template.markPriceChanged,
    'markPriceChanged',
    'Public: a margin instrument is settled to this price.',
    [instrumentId, priceTicks],
  ),
  event(
    Template.liquidationStarted,
    'liquidationStarted',
    'The equity has fallen below the maintenance margin: orders are cancelled and positions closed now.',
    [
      field('equity', 'i64', 'minor units of the asset'),
      field('maintenanceMargin', 'i64', 'of all margin positions in the asset, minor units'),
      asset,
      field('reserved0', 'u32', '0'),
    ],
  ),
  event(
    Template.deleveraged,
    'deleveraged',
    'A part of a position was closed at the mark price without an order; the liquidated account comes first.',
    [
      field('positionLots', 'i64', 'position now'),
      field('quantityLots', 'i64', 'change of the position, negative when it was a sale'),
      instrumentId,
      field('priceTicks', 'i32', 'the mark price'),
    ],
  ),
  event(Template.logicActivated, 'logicActivated', 'Public: later rules hold from the next command on.', [
    field('logicVersion', 'u32', 'rules from here on'),
    field('previousVersion', 'u32', 'rules until here'),
  ]),

  session('gateway', Template.logonChallenge, 'logonChallenge', 'First message on every connection.', [
    bytes('nonce', 32, 'random, for one logon'),
    field('clusterId', 'u64', 'identity of the pair'),
    field('epoch', 'u32', 'current epoch'),
    field('isPrimary', 'u32', '1 when orders are taken here'),
  ]),
  session('client', Template.logon, 'logon', 'Proves possession of the private key.', [
    field('timestampUs', 'i64', 'clock of the client, epoch microseconds'),
    field(
      'lastReportSequence',
      'i64',
      'last report seen; the ones after it are sent again; -1 = only new ones',
    ),
    field('apiKeyId', 'u32', 'from apiKeyRegistered'),
    field('flags', 'u32', 'bit 0: cancel the open orders of the account on disconnect', LogonFlag),
    bytes(
      'signature',
      64,
      'Ed25519 over "LOGON1" || clusterId u64 LE || nonce || apiKeyId u32 LE || timestampUs i64 LE',
    ),
  ]),
  session(
    'gateway',
    Template.logonAccepted,
    'logonAccepted',
    'The session is open; instruments and missed reports follow.',
    [
      field('lastClientSequence', 'i64', 'highest command of this session that the engine has answered'),
      field('lastReportSequence', 'i64', 'newest report of the account'),
      field('apiKeyId', 'u32', 'the session'),
      field('accountId', 'u32', 'account of the session; 0 = admin'),
      field('permissions', 'u32', 'bit 0 trade, bit 1 admin'),
      field('epoch', 'u32', 'current epoch'),
      field('pingIntervalMs', 'u32', 'send something at least this often'),
      field('maxMessagesPerFrame', 'u32', 'more are refused'),
    ],
  ),
  session('gateway', Template.sessionReject, 'sessionReject', 'A message was not passed to the engine.', [
    field('clientSequence', 'i64', 'of the refused command, or 0'),
    field('code', 'u16', 'reject code', RejectCode),
    field('refTemplateId', 'u16', 'template of the refused message, or 0'),
    text('text', 84, 'a sentence for people, zero-padded'),
  ]),
  session('client', Template.ping, 'ping', 'Keeps the session open, measures the round trip.', [
    field('clientTimeUs', 'i64', 'echoed'),
  ]),
  session('gateway', Template.pong, 'pong', 'Answer to ping.', [
    field('clientTimeUs', 'i64', 'from the ping'),
    field('serverTimeUs', 'i64', 'clock of the gateway'),
  ]),
  session('client', Template.subscribe, 'subscribe', 'Asks for market data; a book snapshot follows.', [
    instrumentId,
    field('channels', 'u32', 'bit 0 book, bit 1 trades'),
  ]),
  session('client', Template.unsubscribe, 'unsubscribe', 'Ends market data.', [
    instrumentId,
    field('channels', 'u32', 'bit 0 book, bit 1 trades'),
  ]),
  session('gateway', Template.bookLevel, 'bookLevel', 'A price level, of a snapshot or a change.', [
    field('bookSequence', 'i64', 'state after this change; a gap means: subscribe again'),
    field('levelLots', 'i64', 'open quantity; 0 = the level is gone'),
    field('timestampUs', 'i64', 'command time'),
    instrumentId,
    priceTicks,
    field('orderCount', 'i32', 'open orders at the price'),
    side,
    field(
      'flags',
      'u8',
      'bit 0 part of a snapshot, bit 1 first of it, bit 2 last of it, bit 3 the book is empty',
    ),
    field('reserved0', 'u16', '0'),
  ]),
  session('gateway', Template.publicTrade, 'publicTrade', 'A trade on the tape.', [
    field('tradeId', 'i64', 'rising'),
    field('sequence', 'i64', 'command that caused it'),
    field('timestampUs', 'i64', 'command time'),
    instrumentId,
    priceTicks,
    quantityLots,
    field('takerSide', 'u8', 'side of the incoming order', Side),
    field('reserved0', 'u8', '0'),
    field('reserved1', 'u16', '0'),
  ]),
  session('client', Template.resendRequest, 'resendRequest', 'Asks for the reports after a number again.', [
    field('lastReportSequence', 'i64', 'last report seen'),
  ]),
  session(
    'gateway',
    Template.resendComplete,
    'resendComplete',
    'Everything asked for was sent; live reports follow.',
    [field('lastReportSequence', 'i64', 'last report sent')],
  ),
  session(
    'gateway',
    Template.snapshotRequired,
    'snapshotRequired',
    'The reports asked for are no longer kept; use requestSnapshot.',
    [field('lastReportSequence', 'i64', 'newest report of the account')],
  ),
  session('client', Template.logout, 'logout', 'Ends the session.', [field('reserved0', 'u32', '0')]),
  session('gateway', Template.loggedOut, 'loggedOut', 'Last message before it closes.', [
    field('code', 'u16', 'reject code, 0 = as asked', RejectCode),
    field('reserved0', 'u16', '0'),
  ]),
];

const byId = new Map(messages.map((message) => [message.templateId, message]));
const byName = new Map<string, Message>(messages.map((message) => [message.name, message]));

/** The message of a template id, or undefined. Not for hot paths. */
export function messageById(templateId: number): Message | undefined {
  return byId.get(templateId);
}

/** The message of a name; throws when the schema has none. */
export function messageByName(name: string): Message {
  const message = byName.get(name);
  if (message === undefined) throw new Error(`schema: no message named ${name}`);
  return message;
}

/** True for padding, which is always 0 and means nothing: reserved0, reserved1 (and not the money `reserved`). */
export function isPadding({ name }: FieldSpec): boolean {
  return /^reserved[0-9]$/.test(name);
}

/** True for the fields that a sender may leave out: flags, padding, and what version 1 did not have yet. */
export function mayBeLeftOut(field: FieldSpec): boolean {
  return field.name === 'flags' || isPadding(field) || field.since !== undefined;
}

/** Byte offset of a field from the start of its body; throws when there is none. For constants made at start. */
export function offsetOf(name: string, fieldName: string): number {
  const found = messageByName(name).fields.find((candidate) => candidate.name === fieldName);
  if (found === undefined) throw new Error(`schema: ${name} has no field ${fieldName}`);
  return found.offset;
}

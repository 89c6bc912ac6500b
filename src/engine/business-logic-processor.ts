/**
 * From a command slot to the core and on to event slots. The bytes of a command body come from a client after no
 * more than a check of their length, so every field is checked here or in the core.
 */
import { hex64 } from '../base/hex.js';
import { readInt64 } from '../base/int64.js';
import { makeAccountSnapshot } from '../core/account-snapshot.js';
import { makeAdministration } from '../core/administration.js';
import { ApiKeyWord } from '../core/api-keys.js';
import { Permission, RejectCode } from '../core/codes.js';
import { CancelOrderWord, NewOrderWord, ReplaceOrderWord, SLOT_START_MASK } from '../core/command-words.js';
import { type Core, EngineWord } from '../core/core.js';
import { makeMarketAdministration } from '../core/market-administration.js';
import { makeRiskAdministration } from '../core/risk-administration.js';
import { makeSettings } from '../core/settings.js';
import { type PackedTable, unpackTables } from '../core/snapshot-tables.js';
import { stateHash, writeStateHash } from '../core/state-hash.js';
import type { Table } from '../core/table.js';
import { makeTrading } from '../core/trading.js';
import { Template } from '../wire/schema.js';
import { HeaderWord, packTemplate, RECORD_VERSION, SLOT_WORDS, templateOf } from '../wire/slot.js';
import type { EventOutput } from './event-output.js';
import { checkPackedWord, wordOf } from './layout.js';
import { LOOK_AHEAD_RUN, makeLookAhead } from './look-ahead.js';
import { makeMarketCommands } from './market-commands.js';
import { makeRiskCommands } from './risk-commands.js';
import { makeSlotEventSink, type SlotEventSink } from './slot-event-sink.js';

// Local copies are folded into the code (../core/README.md).
const SLOT_MASK = SLOT_START_MASK;
const ACCOUNT_ID = HeaderWord.accountId;
const SESSION_ID = HeaderWord.sessionId;
const TIMESTAMP_US = HeaderWord.timestampUs;
const NOW_US = EngineWord.timestampUs;
const KEY_ACCOUNT = ApiKeyWord.account;
const KEY_PERMISSIONS = ApiKeyWord.permissions;
const TRADE_PERMISSION = Permission.trade;
const BAD_FIELD = RejectCode.BAD_FIELD;
const NOT_PERMITTED = RejectCode.NOT_PERMITTED;
const DUPLICATE_COMMAND = RejectCode.DUPLICATE_COMMAND;
const NEW_ORDER = packTemplate(Template.newOrder, RECORD_VERSION, 0);
const CANCEL_ORDER = packTemplate(Template.cancelOrder, RECORD_VERSION, 0);
const REPLACE_ORDER = packTemplate(Template.replaceOrder, RECORD_VERSION, 0);

/** What only commands without a session may do; beyond the permissions that a key can have. */
const NODE_PERMISSION = 4;
const ALL_PERMISSIONS = Permission.trade | Permission.admin | NODE_PERMISSION;
const SLOT_LENGTH = SLOT_WORDS;
/** V8 takes no notes of the first calls of a function, about eight. */
const CALLS_TO_BE_KNOWN = 32;
/** What belongs to fewer open orders stays in the second cache, and looking costs more than it saves. */
const ORDERS_WORTH_LOOKING = 8_192;
const CLIENT_SEQUENCE = HeaderWord.body;
/** High word of 2^53-1. */
const SAFE_HIGH_MAX = 0x1fffff;

const MassCancel = {
  instrumentId: wordOf('massCancel', 'instrumentId'),
  side: wordOf('massCancel', 'side'),
} as const;
const SetInstrumentFees = {
  instrumentId: wordOf('setInstrumentFees', 'instrumentId'),
  feeTier: wordOf('setInstrumentFees', 'feeTier'),
  makerPpm: wordOf('setInstrumentFees', 'makerPpm'),
  takerPpm: wordOf('setInstrumentFees', 'takerPpm'),
} as const;
const SetAccountFeeTier = {
  accountId: wordOf('setAccountFeeTier', 'accountId'),
  feeTier: wordOf('setAccountFeeTier', 'feeTier'),
} as const;
const SetSelfTradePrevention = {
  accountId: wordOf('setSelfTradePrevention', 'accountId'),
  selfTradeGroup: wordOf('setSelfTradePrevention', 'selfTradeGroup'),
  selfTradePrevention: wordOf('setSelfTradePrevention', 'selfTradePrevention'),
} as const;
const SetMarkPrice = {
  instrumentId: wordOf('setMarkPrice', 'instrumentId'),
  priceTicks: wordOf('setMarkPrice', 'priceTicks'),
} as const;
const SetTradingDayEnd = { endTimeUs: wordOf('setTradingDayEnd', 'endTimeUs') } as const;
const ListInstrument = {
  symbol: wordOf('listInstrument', 'symbol'),
  base: wordOf('listInstrument', 'base'),
  quote: wordOf('listInstrument', 'quote'),
  tickMantissa: wordOf('listInstrument', 'tickMantissa'),
  lotMantissa: wordOf('listInstrument', 'lotMantissa'),
  /** tickExponent | lotExponent << 8 | baseDecimals << 16 | quoteDecimals << 24 */
  exponents: wordOf('listInstrument', 'tickExponent'),
  marketProtectionPpm: wordOf('listInstrument', 'marketProtectionPpm'),
  flags: wordOf('listInstrument', 'flags'),
  initialMarginPpm: wordOf('listInstrument', 'initialMarginPpm'),
  maintenanceMarginPpm: wordOf('listInstrument', 'maintenanceMarginPpm'),
} as const;
const REQUEST_SNAPSHOT_FLAGS = wordOf('requestSnapshot', 'flags');
const OpenAccount = { accountId: wordOf('openAccount', 'accountId') } as const;
const RegisterApiKey = {
  accountId: wordOf('registerApiKey', 'accountId'),
  permissions: wordOf('registerApiKey', 'permissions'),
  publicKey: wordOf('registerApiKey', 'publicKey'),
} as const;
/** A withdrawal has the same layout. */
const Deposit = {
  transferId: wordOf('deposit', 'transferId'),
  amount: wordOf('deposit', 'amount'),
  accountId: wordOf('deposit', 'accountId'),
  asset: wordOf('deposit', 'asset'),
} as const;
const EpochStarted = {
  clusterId: wordOf('epochStarted', 'clusterId'),
  epoch: wordOf('epochStarted', 'epoch'),
  nodeId: wordOf('epochStarted', 'nodeId'),
} as const;

const ActivateLogic = { logicVersion: wordOf('activateLogic', 'logicVersion') } as const;

checkPacking();

export class BusinessLogicProcessor {
  readonly core: Core;
  /** To be flushed after each batch of commands. */
  readonly output: EventOutput;
  /** Carries out the command in the slot at word `at` of `words` and writes all its events. */
  readonly onCommand: (words: Int32Array, at: number) => void;
  /** The same for `count` commands whose slots stand one after the other; looks ahead while it does. */
  readonly onCommands: (words: Int32Array, at: number, count: number) => void;
  private readonly sink: SlotEventSink;

  /** Connects the core to the output; a core has one processor. */
  constructor(core: Core, output: EventOutput) {
    this.core = core;
    this.output = output;
    this.sink = makeSlotEventSink(core, output);
    this.onCommand = makeCommandHandler(core, this.sink);
    this.onCommands = makeBatchHandler(core, this.onCommand);
  }

  /** All that a snapshot holds of the core and of the output hash. */
  get tables(): readonly Table[] {
    return [...this.core.tables, this.sink.table];
  }

  /**
   * Takes over the state of a snapshot, before the first command; see unpackTables. `prepare` is called with large
   * memory that is about to be filled.
   * @throws SnapshotTableError for tables that this core cannot take
   */
  restore(
    packed: readonly PackedTable[],
    wordsOf: (place: number) => Int32Array,
    prepare: (memory: Int32Array) => void = () => {},
  ): void {
    unpackTables(this.tables, packed, wordsOf, prepare);
    this.core.rebuild(prepare);
  }

  /** Hash of the whole state: 16 hex digits. */
  stateHash(): string {
    return stateHash(this.core);
  }

  /** Running hash of every event since the processor was made: 16 hex digits. */
  outputHash(): string {
    return hex64(this.sink.hashLow(), this.sink.hashHigh());
  }

  /** Writes both hashes as four words: state low, state high, output low, output high. */
  writeHashes(target: Int32Array, at: number): void {
    writeStateHash(this.core, target, at);
    target[at + 2] = this.sink.hashLow();
    target[at + 3] = this.sink.hashHigh();
  }
}

function makeBatchHandler(core: Core, onCommand: (words: Int32Array, at: number) => void) {
  const lookAhead = makeLookAhead(core);
  const { orders } = core;

  return (words: Int32Array, start: number, count: number): void => {
    const isLarge = orders.count >= ORDERS_WORTH_LOOKING;
    for (let n = 0; n < count; n += LOOK_AHEAD_RUN) {
      const at = start + n * SLOT_LENGTH;
      const run = Math.min(LOOK_AHEAD_RUN, count - n);
      if (isLarge && run > 1) lookAhead(words, at, run);
      for (let i = 0; i < run; i += 1) onCommand(words, at + i * SLOT_LENGTH);
    }
  };
}

function makeCommandHandler(core: Core, sink: SlotEventSink) {
  const { words: records, handleMask } = core.arena;
  const { find: findAccount } = core.accounts;
  const { handleOf: keyAt, takeClientSequence } = core.apiKeys;
  const { beginCommand, rejected } = sink;
  const trading = makeTrading(core, sink);
  const { newOrder, cancelOrder, replaceOrder, massCancel, cancelNotice, endWhatIsDue } = trading;
  const { tellAuctions } = trading.states;
  const { setMarkPrice } = trading.liquidation;
  const requestSnapshot = makeAccountSnapshot(core, sink);
  const administration = makeAdministration(core, sink);
  const { setInstrumentFees, setAccountFeeTier, setSelfTradePrevention, setTradingDayEnd } = makeSettings(
    core,
    sink,
  );
  const { engine } = core;
  const { next: nextExpiry } = core.expiries;
  const {
    listInstrument,
    openAccount,
    registerApiKey,
    deposit,
    withdraw,
    startEpoch,
    activateLogic,
    advanceTime,
  } = administration;
  const { next: nextEnd } = core.marketTimes;
  const { count: auctionsToTell } = core.auctionsToTell;
  const executeMarket = makeMarketCommands(
    makeMarketAdministration(
      core,
      sink,
      trading.states,
      trading.volatility,
      trading.runStops,
      cancelNotice,
      trading.liquidation,
    ),
  );
  const executeRisk = makeRiskCommands(administration, makeRiskAdministration(core, sink, cancelNotice));

  /** Carries out the command in the slot at `start` and writes all its events. */
  const onCommand = (words: Int32Array, start: number): void => {
    const at = start & SLOT_MASK;
    const accountId = words[at + ACCOUNT_ID];
    const sessionId = words[at + SESSION_ID];
    const clientSequenceLow = words[at + CLIENT_SEQUENCE];
    const clientSequenceHigh = words[at + CLIENT_SEQUENCE + 1];
    const isNumberValid = clientSequenceHigh >= 0 && clientSequenceHigh <= SAFE_HIGH_MAX;
    if (isNumberValid) beginCommand(words, at, clientSequenceLow, clientSequenceHigh);
    else beginCommand(words, at, 0, 0);
    advanceTime(words[at + TIMESTAMP_US], words[at + TIMESTAMP_US + 1]);
    if (Math.min(nextExpiry[1], nextEnd[1]) <= engine[NOW_US + 1]) endWhatIsDue();

    let account = 0;
    let permissions = ALL_PERMISSIONS;
    let code = 0;
    if (sessionId === 0) {
      account = findAccount(accountId);
      if (!isNumberValid) code = BAD_FIELD;
    } else {
      const key = keyAt(sessionId) & handleMask;
      account = records[key + KEY_ACCOUNT];
      permissions = records[key + KEY_PERMISSIONS];
      // The first word of an account is its id; that of handle 0 is 0.
      if (key === 0 || records[account & handleMask] !== accountId) {
        account = findAccount(accountId);
        code = NOT_PERMITTED;
      } else if (!isNumberValid) {
        code = BAD_FIELD;
      } else if (
        (clientSequenceLow | clientSequenceHigh) !== 0 &&
        !takeClientSequence(key, clientSequenceLow, clientSequenceHigh)
      ) {
        code = DUPLICATE_COMMAND;
      }
    }
    if (code === 0) code = execute(words, at, account, permissions);
    if (code !== 0) reject(words, at, account, accountId, code);
    if (auctionsToTell[0] !== 0) tellAuctions();
  };

  /** Calls the core; returns the reject code, 0 when the command was carried out. */
  const execute = (words: Int32Array, start: number, account: number, permissions: number): number => {
    const at = start & SLOT_MASK;
    const command = words[at];
    const mayTrade = (permissions & TRADE_PERMISSION) !== 0;
    if (command === REPLACE_ORDER && mayTrade) return replaceOrder(account, words, at);
    if (command === NEW_ORDER && mayTrade) return newOrder(account, words, at);
    if (command === CANCEL_ORDER && mayTrade) return cancelOrder(account, words, at);
    return executeRare(words, at, account, permissions);
  };

  /** The commands that are not worth a place in the hot path, and what may not be done at all. */
  const executeRare = (words: Int32Array, at: number, account: number, permissions: number): number => {
    if (words[at] >>> 16 !== RECORD_VERSION) return RejectCode.UNKNOWN_COMMAND;
    const templateId = templateOf(words[at]);
    const needed = permissionFor(templateId);
    if (needed === 0) return RejectCode.UNKNOWN_COMMAND;
    if ((permissions & needed) === 0) return RejectCode.NOT_PERMITTED;
    switch (templateId) {
      case Template.massCancel:
        return massCancel(account, words[at + MassCancel.instrumentId], words[at + MassCancel.side] & 0xff);
      case Template.requestSnapshot:
        return requestSnapshot(account, words[at + REQUEST_SNAPSHOT_FLAGS]);
      case Template.listInstrument: {
        const exponents = words[at + ListInstrument.exponents];
        return listInstrument(
          words,
          at + ListInstrument.symbol,
          at + ListInstrument.base,
          at + ListInstrument.quote,
          words[at + ListInstrument.tickMantissa],
          words[at + ListInstrument.lotMantissa],
          (exponents << 24) >> 24,
          (exponents << 16) >> 24,
          (exponents >> 16) & 0xff,
          exponents >>> 24,
          words[at + ListInstrument.marketProtectionPpm],
          words[at + ListInstrument.flags],
          words[at + ListInstrument.initialMarginPpm],
          words[at + ListInstrument.maintenanceMarginPpm],
        );
      }
      case Template.openAccount:
        return openAccount(words[at + OpenAccount.accountId]);
      case Template.registerApiKey:
        return registerApiKey(
          words[at + RegisterApiKey.accountId],
          words[at + RegisterApiKey.permissions],
          words,
          at + RegisterApiKey.publicKey,
        );
      case Template.deposit:
        return deposit(
          words[at + Deposit.accountId],
          words[at + Deposit.transferId],
          words[at + Deposit.transferId + 1],
          readInt64(words, at + Deposit.amount),
          words,
          at + Deposit.asset,
        );
      case Template.withdraw:
        return withdraw(
          words[at + Deposit.accountId],
          words[at + Deposit.transferId],
          words[at + Deposit.transferId + 1],
          readInt64(words, at + Deposit.amount),
          words,
          at + Deposit.asset,
        );
      case Template.setInstrumentFees:
        return setInstrumentFees(
          words[at + SetInstrumentFees.instrumentId],
          words[at + SetInstrumentFees.feeTier],
          words[at + SetInstrumentFees.makerPpm],
          words[at + SetInstrumentFees.takerPpm],
        );
      case Template.setAccountFeeTier:
        return setAccountFeeTier(
          words[at + SetAccountFeeTier.accountId],
          words[at + SetAccountFeeTier.feeTier],
        );
      case Template.setSelfTradePrevention:
        return setSelfTradePrevention(
          words[at + SetSelfTradePrevention.accountId],
          words[at + SetSelfTradePrevention.selfTradeGroup],
          words[at + SetSelfTradePrevention.selfTradePrevention] & 0xff,
        );
      case Template.setMarkPrice:
        return setMarkPrice(words[at + SetMarkPrice.instrumentId], words[at + SetMarkPrice.priceTicks]);
      case Template.setTradingDayEnd:
        return setTradingDayEnd(readInt64(words, at + SetTradingDayEnd.endTimeUs));
      case Template.activateLogic:
        return activateLogic(words[at + ActivateLogic.logicVersion]);
      case Template.epochStarted:
        return startEpoch(
          words[at + EpochStarted.epoch],
          words[at + EpochStarted.nodeId],
          words[at + EpochStarted.clusterId],
          words[at + EpochStarted.clusterId + 1],
        );
      case Template.setAccountStatus:
      case Template.setAccountThrottle:
      case Template.setPriceBand:
      case Template.setOrderLimits:
      case Template.transfer:
        return executeRisk(templateId, words, at);
      case Template.setMarketState:
      case Template.changeInstrument:
      case Template.removeInstrument:
      case Template.cancelOnDisconnect:
        return executeMarket(templateId, account, words, at);
      default:
        // timeAdvanced: command time moves on with every command, and that is all it does.
        return 0;
    }
  };

  const reject = (words: Int32Array, at: number, account: number, accountId: number, code: number): void => {
    const templateId = templateOf(words[at]);
    let clientIdLow = 0;
    let clientIdHigh = 0;
    let instrumentId = 0;
    // The client order id is at the same place in all three commands.
    if (templateId === Template.newOrder || templateId === Template.cancelOrder) {
      clientIdLow = words[at + NewOrderWord.clientOrderId];
      clientIdHigh = words[at + NewOrderWord.clientOrderId + 1];
      instrumentId = words[at + NewOrderWord.instrumentId];
    } else if (templateId === Template.replaceOrder) {
      clientIdLow = words[at + ReplaceOrderWord.clientOrderId];
      clientIdHigh = words[at + ReplaceOrderWord.clientOrderId + 1];
      instrumentId = words[at + ReplaceOrderWord.instrumentId];
    }
    rejected(account, accountId, clientIdLow, clientIdHigh, instrumentId, code, templateId);
  };

  // A slot of zeros is no command. V8 compiles the calls that it has seen: without these, the first rare command after a
  // million others would throw the compiled path of all of them away.
  const nothing = new Int32Array(SLOT_LENGTH);
  for (let i = 0; i < CALLS_TO_BE_KNOWN; i += 1) execute(nothing, 0, 0, 0);

  return onCommand;
}

/** The permission that a command needs; 0 when there is no such command. */
function permissionFor(templateId: number): number {
  switch (templateId) {
    case Template.newOrder:
    case Template.cancelOrder:
    case Template.replaceOrder:
    case Template.massCancel:
    case Template.requestSnapshot:
      return Permission.trade;
    case Template.listInstrument:
    case Template.openAccount:
    case Template.registerApiKey:
    case Template.deposit:
    case Template.withdraw:
    case Template.setInstrumentFees:
    case Template.setAccountFeeTier:
    case Template.setSelfTradePrevention:
    case Template.setTradingDayEnd:
    case Template.setMarkPrice:
    case Template.setAccountStatus:
    case Template.setAccountThrottle:
    case Template.setPriceBand:
    case Template.setOrderLimits:
    case Template.transfer:
    case Template.setMarketState:
    case Template.changeInstrument:
    case Template.removeInstrument:
    case Template.activateLogic:
      return Permission.admin;
    case Template.timeAdvanced:
    case Template.epochStarted:
    case Template.cancelOnDisconnect:
      return NODE_PERMISSION;
    default:
      return 0;
  }
}

/** Stops the start when a word that is taken apart by hand is laid out otherwise in the schema. */
function checkPacking(): void {
  const packed: readonly [string, readonly string[]][] = [
    ['newOrder', ['side', 'orderType', 'timeInForce', 'flags']],
    ['listInstrument', ['tickExponent', 'lotExponent', 'baseDecimals', 'quoteDecimals']],
  ];
  for (const [message, fields] of packed) checkPackedWord(message, fields);
  for (const name of ['transferId', 'amount', 'accountId', 'asset']) {
    if (wordOf('withdraw', name) !== wordOf('deposit', name))
      throw new Error(`layout: withdraw.${name} differs`);
  }
  const core: readonly [string, Readonly<Record<string, number>>][] = [
    ['newOrder', NewOrderWord],
    ['cancelOrder', CancelOrderWord],
    ['replaceOrder', ReplaceOrderWord],
  ];
  for (const [message, positions] of core) {
    for (const [field, word] of Object.entries(positions)) {
      if (wordOf(message, field === 'terms' ? 'side' : field) !== word)
        throw new Error(`layout: the core reads ${message}.${field} at another word`);
    }
  }
}

/**
 * From a command slot to the core and on to event slots. The bytes of a command body come from a client after no
 * more than a check of their length, so every field is checked here or in the core.
 */
import { hex64 } from '../base/hex.js';
import { readInt64 } from '../base/int64.js';
import { ApiKeyWord } from '../core/api-keys.js';
import { Permission, RejectCode } from '../core/codes.js';
import type { Core } from '../core/core.js';
import { stateHash, writeStateHash } from '../core/state-hash.js';
import { Template } from '../wire/schema.js';
import { HeaderWord, RECORD_VERSION, templateOf } from '../wire/slot.js';
import type { EventOutput } from './event-output.js';
import { shiftOf, wordAround, wordOf } from './layout.js';
import { SlotEventSink } from './slot-event-sink.js';

const KEY_ACCOUNT = ApiKeyWord.account;
const KEY_PERMISSIONS = ApiKeyWord.permissions;
const HEADER_BODY = HeaderWord.body;
const HEADER_ACCOUNT_ID = HeaderWord.accountId;
const HEADER_SESSION_ID = HeaderWord.sessionId;
const HEADER_TIMESTAMP_US = HeaderWord.timestampUs;

const CLIENT_SEQUENCE = HEADER_BODY;
/** High word of 2^53-1. */
const SAFE_HIGH_MAX = 0x1fffff;

const NewOrder = {
  clientOrderId: wordOf('newOrder', 'clientOrderId'),
  instrumentId: wordOf('newOrder', 'instrumentId'),
  priceTicks: wordOf('newOrder', 'priceTicks'),
  quantityLots: wordOf('newOrder', 'quantityLots'),
  /** side | orderType << 8 | timeInForce << 16 | flags << 24 */
  terms: wordOf('newOrder', 'side'),
} as const;
const CancelOrder = {
  clientOrderId: wordOf('cancelOrder', 'clientOrderId'),
  instrumentId: wordOf('cancelOrder', 'instrumentId'),
} as const;
const ReplaceOrder = {
  clientOrderId: wordOf('replaceOrder', 'clientOrderId'),
  newClientOrderId: wordOf('replaceOrder', 'newClientOrderId'),
  instrumentId: wordOf('replaceOrder', 'instrumentId'),
  priceTicks: wordOf('replaceOrder', 'priceTicks'),
  quantityLots: wordOf('replaceOrder', 'quantityLots'),
  flags: wordOf('replaceOrder', 'flags'),
} as const;
const ListInstrument = {
  symbol: wordOf('listInstrument', 'symbol'),
  base: wordOf('listInstrument', 'base'),
  quote: wordOf('listInstrument', 'quote'),
  tickMantissa: wordOf('listInstrument', 'tickMantissa'),
  lotMantissa: wordOf('listInstrument', 'lotMantissa'),
  /** tickExponent | lotExponent << 8 | baseDecimals << 16 | quoteDecimals << 24 */
  exponents: wordOf('listInstrument', 'tickExponent'),
  marketProtectionPpm: wordOf('listInstrument', 'marketProtectionPpm'),
} as const;
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

checkPacking();

export class BusinessLogicProcessor {
  readonly core: Core;
  /** To be flushed after each batch of commands. */
  readonly output: EventOutput;
  private readonly sink: SlotEventSink;

  /** Connects the core to the output; a core has one processor. */
  constructor(core: Core, output: EventOutput) {
    this.core = core;
    this.output = output;
    this.sink = new SlotEventSink(core, output);
    core.connect(this.sink);
  }

  /** Carries out the command in the slot at `at` and writes all its events. */
  onCommand(words: Int32Array, at: number): void {
    const { core, sink } = this;
    const templateId = templateOf(words[at]);
    const accountId = words[at + HEADER_ACCOUNT_ID];
    const sessionId = words[at + HEADER_SESSION_ID];
    const clientSequenceLow = words[at + CLIENT_SEQUENCE];
    const clientSequenceHigh = words[at + CLIENT_SEQUENCE + 1];
    const isNumberValid = clientSequenceHigh >= 0 && clientSequenceHigh <= SAFE_HIGH_MAX;
    if (isNumberValid) sink.beginCommand(words, at, clientSequenceLow, clientSequenceHigh);
    else sink.beginCommand(words, at, 0, 0);
    core.advanceTime(words[at + HEADER_TIMESTAMP_US], words[at + HEADER_TIMESTAMP_US + 1]);

    let account = 0;
    let permissions = Permission.trade | Permission.admin | NODE_PERMISSION;
    let code = 0;
    if (sessionId === 0) {
      account = core.accounts.find(accountId);
      if (!isNumberValid) code = RejectCode.BAD_FIELD;
    } else {
      const apiKeys = core.apiKeys;
      const key = apiKeys.recordAt(sessionId);
      account = apiKeys.words[key + KEY_ACCOUNT];
      permissions = apiKeys.words[key + KEY_PERMISSIONS];
      if (key === 0 || core.accounts.words[account] !== accountId) {
        account = core.accounts.find(accountId);
        code = RejectCode.NOT_PERMITTED;
      } else if (!isNumberValid) {
        code = RejectCode.BAD_FIELD;
      } else if (
        (clientSequenceLow | clientSequenceHigh) !== 0 &&
        !apiKeys.takeClientSequence(key, clientSequenceLow, clientSequenceHigh)
      ) {
        code = RejectCode.DUPLICATE_COMMAND;
      }
    }
    if (code === 0) code = this.execute(words, at, templateId, account, permissions);
    if (code !== 0) this.reject(words, at, templateId, account, accountId, code);
  }

  /** Hash of the whole state: 16 hex digits. */
  stateHash(): string {
    return stateHash(this.core);
  }

  /** Running hash of every event since the processor was made: 16 hex digits. */
  outputHash(): string {
    const { outputHash } = this.sink;
    return hex64(outputHash.low(), outputHash.high());
  }

  /** Writes both hashes as four words: state low, state high, output low, output high. */
  writeHashes(target: Int32Array, at: number): void {
    writeStateHash(this.core, target, at);
    target[at + 2] = this.sink.outputHash.low();
    target[at + 3] = this.sink.outputHash.high();
  }

  /** Calls the core; returns the reject code, 0 when the command was carried out. */
  private execute(
    words: Int32Array,
    at: number,
    templateId: number,
    account: number,
    permissions: number,
  ): number {
    const core = this.core;
    if (words[at] >>> 16 !== RECORD_VERSION) return RejectCode.UNKNOWN_COMMAND;
    switch (templateId) {
      case Template.newOrder: {
        if ((permissions & Permission.trade) === 0) return RejectCode.NOT_PERMITTED;
        const terms = words[at + NewOrder.terms];
        return core.newOrder(
          account,
          words[at + NewOrder.clientOrderId],
          words[at + NewOrder.clientOrderId + 1],
          words[at + NewOrder.instrumentId],
          words[at + NewOrder.priceTicks],
          words[at + NewOrder.quantityLots],
          terms & 0xff,
          (terms >> 8) & 0xff,
          (terms >> 16) & 0xff,
          terms >>> 24,
        );
      }
      case Template.cancelOrder:
        if ((permissions & Permission.trade) === 0) return RejectCode.NOT_PERMITTED;
        return core.cancelOrder(
          account,
          words[at + CancelOrder.clientOrderId],
          words[at + CancelOrder.clientOrderId + 1],
          words[at + CancelOrder.instrumentId],
        );
      case Template.replaceOrder:
        if ((permissions & Permission.trade) === 0) return RejectCode.NOT_PERMITTED;
        return core.replaceOrder(
          account,
          words[at + ReplaceOrder.clientOrderId],
          words[at + ReplaceOrder.clientOrderId + 1],
          words[at + ReplaceOrder.newClientOrderId],
          words[at + ReplaceOrder.newClientOrderId + 1],
          words[at + ReplaceOrder.instrumentId],
          words[at + ReplaceOrder.priceTicks],
          words[at + ReplaceOrder.quantityLots],
          words[at + ReplaceOrder.flags],
        );
      case Template.massCancel:
        if ((permissions & Permission.trade) === 0) return RejectCode.NOT_PERMITTED;
        return core.massCancel(account);
      case Template.requestSnapshot:
        if ((permissions & Permission.trade) === 0) return RejectCode.NOT_PERMITTED;
        return core.requestSnapshot(account);
      default:
        return this.executeRare(words, at, templateId, permissions);
    }
  }

  /** Commands of admins and of the node. */
  private executeRare(words: Int32Array, at: number, templateId: number, permissions: number): number {
    const core = this.core;
    switch (templateId) {
      case Template.listInstrument: {
        if ((permissions & Permission.admin) === 0) return RejectCode.NOT_PERMITTED;
        const exponents = words[at + ListInstrument.exponents];
        return core.listInstrument(
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
        );
      }
      case Template.openAccount:
        if ((permissions & Permission.admin) === 0) return RejectCode.NOT_PERMITTED;
        return core.openAccount(words[at + OpenAccount.accountId]);
      case Template.registerApiKey:
        if ((permissions & Permission.admin) === 0) return RejectCode.NOT_PERMITTED;
        return core.registerApiKey(
          words[at + RegisterApiKey.accountId],
          words[at + RegisterApiKey.permissions],
          words,
          at + RegisterApiKey.publicKey,
        );
      case Template.deposit:
        if ((permissions & Permission.admin) === 0) return RejectCode.NOT_PERMITTED;
        return core.deposit(
          words[at + Deposit.accountId],
          words[at + Deposit.transferId],
          words[at + Deposit.transferId + 1],
          readInt64(words, at + Deposit.amount),
          words,
          at + Deposit.asset,
        );
      case Template.withdraw:
        if ((permissions & Permission.admin) === 0) return RejectCode.NOT_PERMITTED;
        return core.withdraw(
          words[at + Deposit.accountId],
          words[at + Deposit.transferId],
          words[at + Deposit.transferId + 1],
          readInt64(words, at + Deposit.amount),
          words,
          at + Deposit.asset,
        );
      case Template.timeAdvanced:
        return (permissions & NODE_PERMISSION) === 0 ? RejectCode.NOT_PERMITTED : 0;
      case Template.epochStarted:
        if ((permissions & NODE_PERMISSION) === 0) return RejectCode.NOT_PERMITTED;
        return core.startEpoch(
          words[at + EpochStarted.epoch],
          words[at + EpochStarted.nodeId],
          words[at + EpochStarted.clusterId],
          words[at + EpochStarted.clusterId + 1],
        );
      default:
        return RejectCode.UNKNOWN_COMMAND;
    }
  }

  private reject(
    words: Int32Array,
    at: number,
    templateId: number,
    account: number,
    accountId: number,
    code: number,
  ): void {
    let clientIdLow = 0;
    let clientIdHigh = 0;
    let instrumentId = 0;
    // The client order id is at the same place in all three commands.
    if (templateId === Template.newOrder || templateId === Template.cancelOrder) {
      clientIdLow = words[at + NewOrder.clientOrderId];
      clientIdHigh = words[at + NewOrder.clientOrderId + 1];
      instrumentId = words[at + NewOrder.instrumentId];
    } else if (templateId === Template.replaceOrder) {
      clientIdLow = words[at + ReplaceOrder.clientOrderId];
      clientIdHigh = words[at + ReplaceOrder.clientOrderId + 1];
      instrumentId = words[at + ReplaceOrder.instrumentId];
    }
    this.sink.rejected(account, accountId, clientIdLow, clientIdHigh, instrumentId, code, templateId);
  }
}

/** What only commands without a session may do; beyond the permissions that a key can have. */
const NODE_PERMISSION = 4;

/** Stops the start when a word that is taken apart by hand is laid out otherwise in the schema. */
function checkPacking(): void {
  const packed: readonly [string, readonly string[]][] = [
    ['newOrder', ['side', 'orderType', 'timeInForce', 'flags']],
    ['listInstrument', ['tickExponent', 'lotExponent', 'baseDecimals', 'quoteDecimals']],
  ];
  for (const [message, fields] of packed) {
    fields.forEach((field, index) => {
      const isInPlace =
        wordAround(message, field) === wordOf(message, fields[0]) && shiftOf(message, field) === index * 8;
      if (!isInPlace) throw new Error(`layout: ${message}.${field} is not byte ${index} of its word`);
    });
  }
  for (const name of ['transferId', 'amount', 'accountId', 'asset']) {
    if (wordOf('withdraw', name) !== wordOf('deposit', name))
      throw new Error(`layout: withdraw.${name} differs`);
  }
  for (const name of ['clientOrderId', 'instrumentId']) {
    if (wordOf('cancelOrder', name) !== wordOf('newOrder', name))
      throw new Error(`layout: cancelOrder.${name} differs`);
  }
}

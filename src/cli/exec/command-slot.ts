/**
 * Makes the command slot of a line. Orders, cancels and replaces are written word by word because they come by the
 * hundred thousand; the rest goes through the slot codec.
 */
import { writeInt64 } from '../../base/int64.js';
import {
  AccountStatus,
  InstrumentFlag,
  OrderFlag,
  OrderType,
  Permission,
  ReplaceFlag,
  Side,
  SnapshotFlag,
  TimeInForce,
  TriggerDirection,
} from '../../core/codes.js';
import { LogicVersion } from '../../core/logic-version.js';
import { offsetOf, Template } from '../../wire/schema.js';
import { HeaderWord, SLOT_WORDS, writeSlotHeader } from '../../wire/slot.js';
import { encodeSlot, type SlotHeader } from '../../wire/slot-codec.js';
import { FIELDS } from './command-line-fields.js';
import { LineError } from './line-error.js';
import {
  accountField,
  amountField,
  flagField,
  integerField,
  type LineObject,
  nameField,
  refuseUnknownFields,
  shown,
  textField,
  type Uint64Halves,
  uint64Field,
} from './line-fields.js';
import type { ListedInstrument, Listings } from './listings.js';
import {
  decimalsOfProduct,
  marketStateField,
  optionalCount,
  optionalPrice,
  optionalQuantity,
  priceField,
  quantityField,
  selfTradePreventionField,
  shortText,
  sizeField,
  timeField,
} from './market-fields.js';

const MAX_DECIMALS = 15;
const CENTS = 2;

const bodyWord = (name: string, field: string) => HeaderWord.body + offsetOf(name, field) / 4;

const NewOrderWord = {
  clientOrderId: bodyWord('newOrder', 'clientOrderId'),
  instrumentId: bodyWord('newOrder', 'instrumentId'),
  priceTicks: bodyWord('newOrder', 'priceTicks'),
  quantityLots: bodyWord('newOrder', 'quantityLots'),
  /** side, orderType << 8, timeInForce << 16, flags << 24 */
  terms: bodyWord('newOrder', 'side'),
  expireTimeUs: bodyWord('newOrder', 'expireTimeUs'),
  minQuantityLots: bodyWord('newOrder', 'minQuantityLots'),
  /** selfTradePrevention, triggerDirection << 8 */
  selfTradePrevention: bodyWord('newOrder', 'selfTradePrevention'),
  displayLots: bodyWord('newOrder', 'displayLots'),
  triggerPriceTicks: bodyWord('newOrder', 'triggerPriceTicks'),
  quoteAmount: bodyWord('newOrder', 'quoteAmount'),
  linkedClientOrderId: bodyWord('newOrder', 'linkedClientOrderId'),
  trailingTicks: bodyWord('newOrder', 'trailingTicks'),
};
const CancelOrderWord = {
  clientOrderId: bodyWord('cancelOrder', 'clientOrderId'),
  instrumentId: bodyWord('cancelOrder', 'instrumentId'),
};
const ReplaceOrderWord = {
  clientOrderId: bodyWord('replaceOrder', 'clientOrderId'),
  newClientOrderId: bodyWord('replaceOrder', 'newClientOrderId'),
  instrumentId: bodyWord('replaceOrder', 'instrumentId'),
  priceTicks: bodyWord('replaceOrder', 'priceTicks'),
  quantityLots: bodyWord('replaceOrder', 'quantityLots'),
  flags: bodyWord('replaceOrder', 'flags'),
};

const UNKNOWN_INSTRUMENT_ID = 0;
const MAX_UINT32 = 0xffffffff;
/** Where 0 means all instruments. */
const NO_INSTRUMENT_ID = MAX_UINT32;
const MIN_INT32 = -0x80000000;
const MAX_INT32 = 0x7fffffff;
/** `referencePrice` of an auction that has none. */
const NO_REFERENCE = 'none';
/** The same in every command: its first field. */
const CLIENT_SEQUENCE_WORD = bodyWord('newOrder', 'clientSequence');

type SettingType =
  | 'setInstrumentFees'
  | 'setAccountFeeTier'
  | 'setSelfTradePrevention'
  | 'setTradingDayEnd'
  | 'setAccountStatus'
  | 'setAccountThrottle'
  | 'setPriceBand'
  | 'setOrderLimits'
  | 'setMarketState'
  | 'changeInstrument'
  | 'removeInstrument'
  | 'setMarkPrice';

export class CommandSlot {
  /** The slot of the command that was encoded last. */
  readonly words = new Int32Array(SLOT_WORDS);
  /** What the encoded line named, for the text of a rejection; -1 or '' where it named nothing. */
  account = -1;
  symbol = '';
  asset = '';
  transferId = '';
  private readonly listings: Listings;
  private readonly id: Uint64Halves = { low: 0, high: 0 };

  constructor(listings: Listings) {
    this.listings = listings;
  }

  /**
   * Encodes `line`, whose type is `type`, as the command `sequence`. Returns false when the type is not a command's.
   * Throws LineError for fields that do not fit.
   */
  encode(type: string, line: LineObject, sequence: number, timestampUs: number): boolean {
    if (!this.encodeFields(type, line, sequence, timestampUs)) return false;
    if (line['session'] !== undefined) {
      this.words[HeaderWord.sessionId] = integerField(line, 'session', 0, MAX_UINT32);
    }
    if (line['clientSequence'] !== undefined) {
      const clientSequence = integerField(line, 'clientSequence', 0, Number.MAX_SAFE_INTEGER);
      writeInt64(this.words, CLIENT_SEQUENCE_WORD, clientSequence);
    }
    return true;
  }

  private encodeFields(type: string, line: LineObject, sequence: number, timestampUs: number): boolean {
    this.account = -1;
    this.symbol = '';
    this.asset = '';
    this.transferId = '';
    switch (type) {
      case 'newOrder':
        this.newOrder(line, sequence, timestampUs);
        return true;
      case 'cancelOrder':
        this.cancelOrder(line, sequence, timestampUs);
        return true;
      case 'replaceOrder':
        this.replaceOrder(line, sequence, timestampUs);
        return true;
      case 'deposit':
      case 'withdraw':
        this.transfer(type, line, sequence, timestampUs);
        return true;
      case 'transfer':
        this.transferBetween(line, { accountId: 0, sequence, timestampUs });
        return true;
      case 'listInstrument':
        this.listInstrument(line, { accountId: 0, sequence, timestampUs });
        return true;
      case 'registerApiKey':
        this.registerApiKey(line, { accountId: 0, sequence, timestampUs });
        return true;
      case 'openAccount':
        refuseUnknownFields(line, type, FIELDS.openAccount);
        encodeSlot(
          'openAccount',
          { accountId: 0, sequence, timestampUs },
          { accountId: this.accountOf(line) },
          this.words,
          0,
        );
        return true;
      case 'massCancel':
        this.massCancel(line, sequence, timestampUs);
        return true;
      case 'setInstrumentFees':
      case 'setAccountFeeTier':
      case 'setSelfTradePrevention':
      case 'setTradingDayEnd':
      case 'setAccountStatus':
      case 'setAccountThrottle':
      case 'setPriceBand':
      case 'setOrderLimits':
      case 'setMarketState':
      case 'changeInstrument':
      case 'removeInstrument':
      case 'setMarkPrice':
        this.setting(type, line, { accountId: 0, sequence, timestampUs });
        return true;
      case 'cancelOnDisconnect': {
        refuseUnknownFields(line, type, FIELDS[type]);
        const header = { accountId: this.accountOf(line), sequence, timestampUs };
        encodeSlot(type, header, { apiKeyId: optionalCount(line, 'apiKeyId') }, this.words, 0);
        return true;
      }
      case 'requestSnapshot': {
        refuseUnknownFields(line, type, FIELDS[type]);
        const header = { accountId: this.accountOf(line), sequence, timestampUs };
        const flags = flagField(line, 'positions') ? SnapshotFlag.positions : 0;
        encodeSlot(type, header, { flags }, this.words, 0);
        return true;
      }
      case 'timeAdvanced':
        refuseUnknownFields(line, type, FIELDS.timeAdvanced);
        encodeSlot('timeAdvanced', { accountId: 0, sequence, timestampUs }, {}, this.words, 0);
        return true;
      case 'activateLogic':
        this.activateLogic(line, { accountId: 0, sequence, timestampUs });
        return true;
      default:
        return false;
    }
  }

  private activateLogic(line: LineObject, header: SlotHeader): void {
    refuseUnknownFields(line, 'activateLogic', FIELDS.activateLogic);
    const logicVersion = integerField(line, 'logicVersion', 0, MAX_UINT32);
    if (logicVersion > LogicVersion.newest) {
      const known = `this release knows up to ${LogicVersion.newest}`;
      throw new LineError(
        'UNKNOWN_LOGIC_VERSION',
        'logicVersion',
        `there is no version ${logicVersion}; ${known}`,
      );
    }
    encodeSlot('activateLogic', header, { logicVersion }, this.words, 0);
  }

  private newOrder(line: LineObject, sequence: number, timestampUs: number): void {
    refuseUnknownFields(line, 'newOrder', FIELDS.newOrder);
    const accountId = this.accountOf(line);
    const instrument = this.instrument(line);
    uint64Field(line, 'clientOrderId', this.id);
    const side = nameField(line, 'side', Side, 'INVALID_SIDE');
    const orderType =
      line['orderType'] === undefined
        ? OrderType.limit
        : nameField(line, 'orderType', OrderType, 'INVALID_ORDER_TYPE');
    const isMarket = orderType === OrderType.market;
    let timeInForce: number = isMarket ? TimeInForce.IOC : TimeInForce.GTC;
    if (line['timeInForce'] !== undefined) {
      timeInForce = nameField(line, 'timeInForce', TimeInForce, 'INVALID_TIME_IN_FORCE');
    }
    const mayLackPrice = isMarket || orderType === OrderType.stop;
    const hasPrice = !mayLackPrice || line['price'] !== undefined;
    const priceTicks = hasPrice ? priceField(line, instrument, 'price') : 0;
    const isByAmount = line['quoteAmount'] !== undefined;
    const quoteAmount = isByAmount ? amountField(line, 'quoteAmount', instrument?.quoteUnit) : 0;
    const hasQuantity = !isByAmount || line['quantity'] !== undefined;
    const quantityLots = hasQuantity ? quantityField(line, instrument, 'quantity') : 0;
    const minQuantityLots = optionalQuantity(line, instrument, 'minQuantity');
    const displayLots = optionalQuantity(line, instrument, 'displayQuantity');
    const triggerPriceTicks = optionalPrice(line, instrument, 'triggerPrice');
    const trailingTicks = optionalPrice(line, instrument, 'trailing');
    const triggerDirection =
      line['triggerDirection'] === undefined
        ? 0
        : nameField(line, 'triggerDirection', TriggerDirection, 'INVALID_TRIGGER');
    const isLinked = line['linkedClientOrderId'] !== undefined;
    const flags =
      (flagField(line, 'postOnly') ? OrderFlag.postOnly : 0) |
      (flagField(line, 'postOnlyReprice') ? OrderFlag.postOnlyReprice : 0) |
      (isLinked ? OrderFlag.linked : 0);
    const expireTimeUs = line['expireTimeUs'] === undefined ? 0 : timeField(line, 'expireTimeUs');
    const selfTradePrevention =
      line['selfTradePrevention'] === undefined ? 0 : selfTradePreventionField(line);
    const words = this.begin(Template.newOrder, accountId, sequence, timestampUs);
    words[NewOrderWord.clientOrderId] = this.id.low;
    words[NewOrderWord.clientOrderId + 1] = this.id.high;
    words[NewOrderWord.instrumentId] = instrument?.instrumentId ?? UNKNOWN_INSTRUMENT_ID;
    words[NewOrderWord.priceTicks] = priceTicks;
    words[NewOrderWord.quantityLots] = quantityLots;
    words[NewOrderWord.terms] = side | (orderType << 8) | (timeInForce << 16) | (flags << 24);
    writeInt64(words, NewOrderWord.expireTimeUs, expireTimeUs);
    words[NewOrderWord.minQuantityLots] = minQuantityLots;
    words[NewOrderWord.selfTradePrevention] = selfTradePrevention | (triggerDirection << 8);
    words[NewOrderWord.displayLots] = displayLots;
    words[NewOrderWord.triggerPriceTicks] = triggerPriceTicks;
    writeInt64(words, NewOrderWord.quoteAmount, quoteAmount);
    words[NewOrderWord.trailingTicks] = trailingTicks;
    if (!isLinked) return;
    uint64Field(line, 'linkedClientOrderId', this.id);
    words[NewOrderWord.linkedClientOrderId] = this.id.low;
    words[NewOrderWord.linkedClientOrderId + 1] = this.id.high;
  }

  private massCancel(line: LineObject, sequence: number, timestampUs: number): void {
    refuseUnknownFields(line, 'massCancel', FIELDS.massCancel);
    const accountId = this.accountOf(line);
    let instrumentId = 0;
    if (line['symbol'] !== undefined) instrumentId = this.instrument(line)?.instrumentId ?? NO_INSTRUMENT_ID;
    const side = line['side'] === undefined ? 0 : nameField(line, 'side', Side, 'INVALID_SIDE');
    encodeSlot('massCancel', { accountId, sequence, timestampUs }, { instrumentId, side }, this.words, 0);
  }

  /** The commands by which an admin sets how orders are dealt with from now on. */
  private setting(type: SettingType, line: LineObject, header: SlotHeader): void {
    refuseUnknownFields(line, type, FIELDS[type]);
    switch (type) {
      case 'setInstrumentFees': {
        const values = {
          instrumentId: this.instrument(line)?.instrumentId ?? UNKNOWN_INSTRUMENT_ID,
          feeTier: line['feeTier'] === undefined ? 0 : integerField(line, 'feeTier', 0, MAX_UINT32),
          makerPpm: integerField(line, 'makerPpm', MIN_INT32, MAX_INT32),
          takerPpm: integerField(line, 'takerPpm', MIN_INT32, MAX_INT32),
        };
        encodeSlot(type, header, values, this.words, 0);
        break;
      }
      case 'setAccountFeeTier': {
        const feeTier = integerField(line, 'feeTier', 0, MAX_UINT32);
        encodeSlot(type, header, { accountId: this.accountOf(line), feeTier }, this.words, 0);
        break;
      }
      case 'setSelfTradePrevention': {
        const values = {
          accountId: this.accountOf(line),
          selfTradeGroup: integerField(line, 'selfTradeGroup', 0, MAX_UINT32),
          selfTradePrevention: selfTradePreventionField(line),
        };
        encodeSlot(type, header, values, this.words, 0);
        break;
      }
      case 'setTradingDayEnd':
        encodeSlot(type, header, { endTimeUs: timeField(line, 'endTimeUs') }, this.words, 0);
        break;
      case 'setAccountStatus': {
        const status = nameField(line, 'status', AccountStatus, 'INVALID_STATUS');
        encodeSlot(type, header, { accountId: this.accountOf(line), status }, this.words, 0);
        break;
      }
      case 'setAccountThrottle': {
        const values = {
          accountId: this.accountOf(line),
          maxCommands: integerField(line, 'maxCommands', 0, MAX_UINT32),
          intervalUs: integerField(line, 'intervalUs', 0, MAX_UINT32),
        };
        encodeSlot(type, header, values, this.words, 0);
        break;
      }
      case 'setPriceBand': {
        const instrument = this.instrument(line);
        const values = {
          instrumentId: instrument?.instrumentId ?? UNKNOWN_INSTRUMENT_ID,
          minPriceTicks: optionalPrice(line, instrument, 'minPrice'),
          maxPriceTicks: optionalPrice(line, instrument, 'maxPrice'),
          referencePriceTicks: optionalPrice(line, instrument, 'referencePrice'),
          bandPpm: line['bandPpm'] === undefined ? 0 : integerField(line, 'bandPpm', 0, MAX_UINT32),
        };
        encodeSlot(type, header, values, this.words, 0);
        break;
      }
      case 'setOrderLimits': {
        const instrument = this.instrument(line);
        const hasNotional = line['maxOrderNotional'] !== undefined;
        const hasCount = line['maxOpenOrders'] !== undefined;
        const values = {
          accountId: this.accountOf(line),
          instrumentId: instrument?.instrumentId ?? UNKNOWN_INSTRUMENT_ID,
          maxOrderNotional: hasNotional ? amountField(line, 'maxOrderNotional', instrument?.quoteUnit) : 0,
          maxOrderLots: optionalQuantity(line, instrument, 'maxOrderQuantity'),
          maxOpenOrders: hasCount ? integerField(line, 'maxOpenOrders', 0, MAX_INT32) : 0,
        };
        encodeSlot(type, header, values, this.words, 0);
        break;
      }
      case 'setMarketState': {
        const instrument = this.instrument(line);
        const hasReference = line['referencePrice'] !== NO_REFERENCE;
        const values = {
          instrumentId: instrument?.instrumentId ?? UNKNOWN_INSTRUMENT_ID,
          state: marketStateField(line, 'state'),
          endTimeUs: line['endTimeUs'] === undefined ? 0 : timeField(line, 'endTimeUs'),
          nextState: line['nextState'] === undefined ? 0 : marketStateField(line, 'nextState'),
          referencePriceTicks: hasReference ? optionalPrice(line, instrument, 'referencePrice') : -1,
        };
        encodeSlot(type, header, values, this.words, 0);
        break;
      }
      case 'changeInstrument': {
        const values = {
          instrumentId: this.instrument(line)?.instrumentId ?? UNKNOWN_INSTRUMENT_ID,
          marketProtectionPpm: optionalCount(line, 'marketProtectionPpm'),
          volatilityPpm: optionalCount(line, 'volatilityPpm'),
          volatilityWindowUs: optionalCount(line, 'volatilityWindowUs'),
          volatilityAuctionUs: optionalCount(line, 'volatilityAuctionUs'),
          initialMarginPpm: optionalCount(line, 'initialMarginPpm'),
          maintenanceMarginPpm: optionalCount(line, 'maintenanceMarginPpm'),
        };
        encodeSlot(type, header, values, this.words, 0);
        break;
      }
      case 'removeInstrument': {
        const instrumentId = this.instrument(line)?.instrumentId ?? UNKNOWN_INSTRUMENT_ID;
        encodeSlot(type, header, { instrumentId }, this.words, 0);
        break;
      }
      case 'setMarkPrice': {
        const instrument = this.instrument(line);
        const values = {
          instrumentId: instrument?.instrumentId ?? UNKNOWN_INSTRUMENT_ID,
          priceTicks: priceField(line, instrument, 'price'),
        };
        encodeSlot(type, header, values, this.words, 0);
      }
    }
  }

  private cancelOrder(line: LineObject, sequence: number, timestampUs: number): void {
    refuseUnknownFields(line, 'cancelOrder', FIELDS.cancelOrder);
    const accountId = this.accountOf(line);
    const instrument = this.instrument(line);
    uint64Field(line, 'clientOrderId', this.id);
    const words = this.begin(Template.cancelOrder, accountId, sequence, timestampUs);
    words[CancelOrderWord.clientOrderId] = this.id.low;
    words[CancelOrderWord.clientOrderId + 1] = this.id.high;
    words[CancelOrderWord.instrumentId] = instrument?.instrumentId ?? UNKNOWN_INSTRUMENT_ID;
  }

  private replaceOrder(line: LineObject, sequence: number, timestampUs: number): void {
    refuseUnknownFields(line, 'replaceOrder', FIELDS.replaceOrder);
    const accountId = this.accountOf(line);
    const instrument = this.instrument(line);
    uint64Field(line, 'clientOrderId', this.id);
    const { low, high } = this.id;
    if (line['newClientOrderId'] !== undefined) uint64Field(line, 'newClientOrderId', this.id);
    const priceTicks = priceField(line, instrument, 'price');
    const quantityLots = quantityField(line, instrument, 'quantity');
    const flags = flagField(line, 'reinsert') ? ReplaceFlag.reinsert : 0;
    const words = this.begin(Template.replaceOrder, accountId, sequence, timestampUs);
    words[ReplaceOrderWord.clientOrderId] = low;
    words[ReplaceOrderWord.clientOrderId + 1] = high;
    words[ReplaceOrderWord.newClientOrderId] = this.id.low;
    words[ReplaceOrderWord.newClientOrderId + 1] = this.id.high;
    words[ReplaceOrderWord.instrumentId] = instrument?.instrumentId ?? UNKNOWN_INSTRUMENT_ID;
    words[ReplaceOrderWord.priceTicks] = priceTicks;
    words[ReplaceOrderWord.quantityLots] = quantityLots;
    words[ReplaceOrderWord.flags] = flags;
  }

  private transfer(
    type: 'deposit' | 'withdraw',
    line: LineObject,
    sequence: number,
    timestampUs: number,
  ): void {
    refuseUnknownFields(line, type, FIELDS[type]);
    const values = { accountId: this.accountOf(line), ...this.moneyFields(line) };
    encodeSlot(type, { accountId: 0, sequence, timestampUs }, values, this.words, 0);
  }

  private transferBetween(line: LineObject, header: SlotHeader): void {
    refuseUnknownFields(line, 'transfer', FIELDS.transfer);
    const fromAccountId = integerField(line, 'from', 0, MAX_UINT32);
    const toAccountId = integerField(line, 'to', 0, MAX_UINT32);
    const values = { fromAccountId, toAccountId, ...this.moneyFields(line) };
    encodeSlot('transfer', header, values, this.words, 0);
  }

  /** Asset, amount and transferId of a line. */
  private moneyFields(line: LineObject): { asset: string; amount: number; transferId: bigint } {
    this.asset = shortText(line, 'asset', 12, 'INVALID_ASSET');
    const amount = amountField(line, 'amount', this.listings.assetUnit(this.asset));
    uint64Field(line, 'transferId', this.id);
    const transferId = BigInt.asUintN(64, (BigInt(this.id.high) << 32n) | BigInt(this.id.low >>> 0));
    this.transferId = transferId.toString();
    return { asset: this.asset, amount, transferId };
  }

  private listInstrument(line: LineObject, header: SlotHeader): void {
    refuseUnknownFields(line, 'listInstrument', FIELDS.listInstrument);
    this.symbol = shortText(line, 'symbol', 24, 'INVALID_SYMBOL');
    const base = shortText(line, 'base', 12, 'INVALID_ASSET');
    const quote = shortText(line, 'quote', 12, 'INVALID_ASSET');
    const tick = sizeField(line, 'tickSize');
    const lot = sizeField(line, 'lotSize');
    const usualBase = Math.max(0, -lot.exponent);
    const usualQuote = Math.max(CENTS, decimalsOfProduct(tick, lot));
    const values = {
      symbol: this.symbol,
      base,
      quote,
      tickMantissa: tick.mantissa,
      tickExponent: tick.exponent,
      lotMantissa: lot.mantissa,
      lotExponent: lot.exponent,
      baseDecimals: this.decimalsField(line, 'baseDecimals', base, usualBase),
      quoteDecimals: this.decimalsField(line, 'quoteDecimals', quote, usualQuote),
      marketProtectionPpm: optionalCount(line, 'marketProtectionPpm'),
      flags: flagField(line, 'margin') ? InstrumentFlag.margin : 0,
      initialMarginPpm: optionalCount(line, 'initialMarginPpm'),
      maintenanceMarginPpm: optionalCount(line, 'maintenanceMarginPpm'),
    };
    encodeSlot('listInstrument', header, values, this.words, 0);
  }

  private registerApiKey(line: LineObject, header: SlotHeader): void {
    refuseUnknownFields(line, 'registerApiKey', FIELDS.registerApiKey);
    const permissions =
      line['permissions'] === undefined
        ? Permission.trade
        : nameField(line, 'permissions', Permission, 'BAD_FIELD');
    const publicKey = textField(line, 'publicKey');
    if (!/^[0-9a-fA-F]{64}$/.test(publicKey)) {
      throw new LineError(
        'INVALID_API_KEY',
        'publicKey',
        `publicKey is ${shown(publicKey)}; allowed: 64 hexadecimal digits`,
      );
    }
    const values = {
      accountId: line['account'] === undefined ? 0 : this.accountOf(line),
      permissions,
      publicKey: Uint8Array.from(Buffer.from(publicKey, 'hex')),
    };
    encodeSlot('registerApiKey', header, values, this.words, 0);
  }

  /** Decimal places of an asset: as the line says, as it is registered, or the usual number. */
  private decimalsField(line: LineObject, field: string, asset: string, usual: number): number {
    if (line[field] !== undefined) return integerField(line, field, 0, MAX_DECIMALS);
    const registered = this.listings.assetUnit(asset);
    return registered === undefined ? Math.min(usual, MAX_DECIMALS) : -registered.exponent;
  }

  private accountOf(line: LineObject): number {
    this.account = accountField(line);
    return this.account;
  }

  private instrument(line: LineObject): ListedInstrument | undefined {
    const symbol = textField(line, 'symbol');
    this.symbol = symbol;
    return this.listings.instrument(symbol);
  }

  private begin(templateId: number, accountId: number, sequence: number, timestampUs: number): Int32Array {
    this.words.fill(0);
    writeSlotHeader(this.words, 0, templateId, accountId, sequence, timestampUs, 0, 0);
    return this.words;
  }
}

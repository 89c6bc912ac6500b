/**
 * Events as JSON lines. The frequent ones are read word by word and put together by hand; symbols and asset codes
 * are of a set of characters that needs no escaping, because the engine lists no others.
 */
import { readInt64 } from '../../base/int64.js';
import {
  AccountStatus,
  BalanceReason,
  CancelReason,
  InstrumentFlag,
  Liquidity,
  MarketState,
  MarketStateCause,
  nameOf,
  OrderFlag,
  OrderType,
  Permission,
  rejectName,
  SelfTradePrevention,
  Side,
  TimeInForce,
} from '../../core/codes.js';
import { type DecimalUnit, formatUnits, minorUnit } from '../../wire/decimal.js';
import { rejectText } from '../../wire/reject-text.js';
import { messageById, offsetOf, Template } from '../../wire/schema.js';
import { HeaderWord, SLOT_WORDS, templateOf } from '../../wire/slot.js';
import { type DecodedSlot, decodeSlot } from '../../wire/slot-codec.js';
import { shown, uint64Text } from './line-fields.js';
import type { ListedInstrument, Listings } from './listings.js';
import { positionObject } from './view-objects.js';

const offset = (name: string, field: string) => HeaderWord.body * 4 + offsetOf(name, field);
const word = (name: string, field: string) => offset(name, field) / 4;

const AcceptedWord = {
  orderId: word('accepted', 'orderId'),
  clientOrderId: word('accepted', 'clientOrderId'),
  instrumentId: word('accepted', 'instrumentId'),
  priceTicks: word('accepted', 'priceTicks'),
  quantityLots: word('accepted', 'quantityLots'),
  /** side, orderType << 8, timeInForce << 16, flags << 24 */
  terms: word('accepted', 'side'),
  expireTimeUs: word('accepted', 'expireTimeUs'),
  displayLots: word('accepted', 'displayLots'),
  triggerPriceTicks: word('accepted', 'triggerPriceTicks'),
};
const RejectedWord = {
  clientOrderId: word('rejected', 'clientOrderId'),
  /** code, refTemplateId << 16 */
  code: word('rejected', 'code'),
};
const TradeWord = {
  clientOrderId: word('trade', 'clientOrderId'),
  tradeId: word('trade', 'tradeId'),
  instrumentId: word('trade', 'instrumentId'),
  priceTicks: word('trade', 'priceTicks'),
  quantityLots: word('trade', 'quantityLots'),
  /** side, liquidity << 8 */
  side: word('trade', 'side'),
  fee: word('trade', 'fee'),
};
const CancelledWord = {
  orderId: word('cancelled', 'orderId'),
  clientOrderId: word('cancelled', 'clientOrderId'),
  instrumentId: word('cancelled', 'instrumentId'),
  priceTicks: word('cancelled', 'priceTicks'),
  quantityLots: word('cancelled', 'quantityLots'),
  cumulativeLots: word('cancelled', 'cumulativeLots'),
  /** side, reason << 8 */
  side: word('cancelled', 'side'),
};
const ReplacedWord = {
  orderId: word('replaced', 'orderId'),
  clientOrderId: word('replaced', 'clientOrderId'),
  originalClientOrderId: word('replaced', 'originalClientOrderId'),
  instrumentId: word('replaced', 'instrumentId'),
  priceTicks: word('replaced', 'priceTicks'),
  quantityLots: word('replaced', 'quantityLots'),
  leavesLots: word('replaced', 'leavesLots'),
  cumulativeLots: word('replaced', 'cumulativeLots'),
  /** side, priorityKept << 8 */
  side: word('replaced', 'side'),
};

/** Names by number, so that printing an enumeration is one read of an array. */
function namesOf(values: Readonly<Record<string, number>>): readonly string[] {
  const names: string[] = [];
  for (const name of Object.keys(values)) names[values[name]!] = name;
  return names;
}

const SIDES = namesOf(Side);
const ORDER_TYPES = namesOf(OrderType);
const TIMES_IN_FORCE = namesOf(TimeInForce);
const CANCEL_REASONS = namesOf(CancelReason);
const SELF_TRADE_PREVENTIONS = namesOf(SelfTradePrevention);
const MARKET_STATES = namesOf(MarketState);

/** What the line of a rejected command named, for the text of the rejection. */
export interface CommandContext {
  /** -1 = none. */
  readonly account: number;
  readonly symbol: string;
  readonly asset: string;
  readonly transferId: string;
}

export class EventText {
  private readonly listings: Listings;
  private readonly hasMarketData: boolean;

  /** `hasMarketData`: book deltas are printed too. */
  constructor(listings: Listings, hasMarketData: boolean) {
    this.listings = listings;
    this.hasMarketData = hasMarketData;
  }

  /** JSON lines of the `count` events of one command, in their order; a trade's two events make one line. */
  linesOf(words: Int32Array, count: number, context: CommandContext): string {
    let text = '';
    for (let i = 0; i < count; i++) {
      const at = i * SLOT_WORDS;
      const template = templateOf(words[at]!);
      if (template === Template.bookDelta && !this.hasMarketData) continue;
      text += this.lineAt(words, at, context);
      if (template === Template.trade) i++;
    }
    return text;
  }

  /** The JSON line of the event at word `at`; for the maker's event of a trade, with the taker's, which follows it. */
  lineAt(words: Int32Array, at: number, context: CommandContext): string {
    switch (templateOf(words[at]!)) {
      case Template.accepted:
        return this.accepted(words, at);
      case Template.trade:
        return this.trade(words, at, at + SLOT_WORDS);
      case Template.cancelled:
        return this.cancelled(words, at);
      case Template.replaced:
        return this.replaced(words, at);
      case Template.rejected:
        return this.rejected(words, at, context);
      default:
        return this.rareEvent(words, at);
    }
  }

  private accepted(words: Int32Array, at: number): string {
    const instrument = this.instrument(words[at + AcceptedWord.instrumentId]!);
    const terms = words[at + AcceptedWord.terms]!;
    return (
      `{"type":"accepted","account":${account(words, at)},"symbol":"${instrument.symbol}","clientOrderId":"` +
      `${uint64(words, at + AcceptedWord.clientOrderId)}","orderId":${readInt64(words, at + AcceptedWord.orderId)},"side":"` +
      `${SIDES[terms & 0xff]}","orderType":"${ORDER_TYPES[(terms >>> 8) & 0xff]}","timeInForce":"` +
      `${TIMES_IN_FORCE[(terms >>> 16) & 0xff]}","price":"${formatUnits(words[at + AcceptedWord.priceTicks]!, instrument.tick)}",` +
      `"quantity":"${formatUnits(words[at + AcceptedWord.quantityLots]!, instrument.lot)}",` +
      `${flagsText(terms >>> 24)}${expiryText(readInt64(words, at + AcceptedWord.expireTimeUs))}` +
      `${unitsText('displayQuantity', words[at + AcceptedWord.displayLots]!, instrument.lot)}` +
      `${unitsText('triggerPrice', words[at + AcceptedWord.triggerPriceTicks]!, instrument.tick)}${sequence(words, at)}}\n`
    );
  }

  private trade(words: Int32Array, maker: number, taker: number): string {
    const instrument = this.instrument(words[maker + TradeWord.instrumentId]!);
    return (
      `{"type":"trade","symbol":"${instrument.symbol}","price":"` +
      `${formatUnits(words[maker + TradeWord.priceTicks]!, instrument.tick)}","quantity":"` +
      `${formatUnits(words[maker + TradeWord.quantityLots]!, instrument.lot)}","makerAccount":${account(words, maker)},` +
      `"makerClientOrderId":"${uint64(words, maker + TradeWord.clientOrderId)}","takerAccount":${account(words, taker)},` +
      `"takerClientOrderId":"${uint64(words, taker + TradeWord.clientOrderId)}","takerSide":"` +
      `${SIDES[words[taker + TradeWord.side]! & 0xff]}",${this.fees(words, maker, taker, instrument)}` +
      `${sequence(words, taker)},"tradeId":` +
      `${readInt64(words, maker + TradeWord.tradeId)}}\n`
    );
  }

  /** What both sides paid, negative for a rebate; nothing where there are no fees. */
  private fees(words: Int32Array, maker: number, taker: number, { quoteUnit }: ListedInstrument): string {
    const makerFee = readInt64(words, maker + TradeWord.fee);
    const takerFee = readInt64(words, taker + TradeWord.fee);
    if (makerFee === 0 && takerFee === 0) return '';
    return `"makerFee":"${formatUnits(makerFee, quoteUnit)}","takerFee":"${formatUnits(takerFee, quoteUnit)}",`;
  }

  private cancelled(words: Int32Array, at: number): string {
    const instrument = this.instrument(words[at + CancelledWord.instrumentId]!);
    const terms = words[at + CancelledWord.side]!;
    return (
      `{"type":"cancelled","account":${account(words, at)},"symbol":"${instrument.symbol}","clientOrderId":"` +
      `${uint64(words, at + CancelledWord.clientOrderId)}","orderId":${readInt64(words, at + CancelledWord.orderId)},"side":"` +
      `${SIDES[terms & 0xff]}","price":"${formatUnits(words[at + CancelledWord.priceTicks]!, instrument.tick)}","quantity":"` +
      `${formatUnits(words[at + CancelledWord.quantityLots]!, instrument.lot)}","cumulative":"` +
      `${formatUnits(words[at + CancelledWord.cumulativeLots]!, instrument.lot)}","reason":"` +
      `${CANCEL_REASONS[(terms >>> 8) & 0xff]}",${sequence(words, at)}}\n`
    );
  }

  private replaced(words: Int32Array, at: number): string {
    const instrument = this.instrument(words[at + ReplacedWord.instrumentId]!);
    const terms = words[at + ReplacedWord.side]!;
    return (
      `{"type":"replaced","account":${account(words, at)},"symbol":"${instrument.symbol}","clientOrderId":"` +
      `${uint64(words, at + ReplacedWord.clientOrderId)}","originalClientOrderId":"` +
      `${uint64(words, at + ReplacedWord.originalClientOrderId)}","orderId":${readInt64(words, at + ReplacedWord.orderId)},"side":"` +
      `${SIDES[terms & 0xff]}","price":"${formatUnits(words[at + ReplacedWord.priceTicks]!, instrument.tick)}","quantity":"` +
      `${formatUnits(words[at + ReplacedWord.quantityLots]!, instrument.lot)}","leaves":"` +
      `${formatUnits(words[at + ReplacedWord.leavesLots]!, instrument.lot)}","cumulative":"` +
      `${formatUnits(words[at + ReplacedWord.cumulativeLots]!, instrument.lot)}","priorityKept":` +
      `${((terms >>> 8) & 0xff) === 1},${sequence(words, at)}}\n`
    );
  }

  private rejected(words: Int32Array, at: number, context: CommandContext): string {
    const packed = words[at + RejectedWord.code]!;
    const code = packed & 0xffff;
    const command = messageById(packed >>> 16)?.name ?? '';
    const isOrder = command === 'newOrder' || command === 'cancelOrder' || command === 'replaceOrder';
    const id = isOrder ? `"clientOrderId":"${uint64(words, at + RejectedWord.clientOrderId)}",` : '';
    const named =
      (context.account < 0 ? '' : `"account":${context.account},`) +
      (context.symbol === '' ? '' : `"symbol":${shown(context.symbol)},`) +
      (context.asset === '' ? '' : `"asset":${shown(context.asset)},`) +
      (context.transferId === '' ? '' : `"transferId":"${context.transferId}",`);
    return (
      `{"type":"rejected","code":${code},"name":"${rejectName(code)}","command":"${command}",${named}${id}` +
      `"message":${JSON.stringify(rejectText(code))},${sequence(words, at)}}\n`
    );
  }

  private rareEvent(words: Int32Array, at: number): string {
    const event = decodeSlot(words, at);
    const line = this.rareObject(event);
    return `${JSON.stringify({ type: event.name, ...line, sequence: event.sequence })}\n`;
  }

  private rareObject(event: DecodedSlot): object {
    switch (event.name) {
      case 'instrumentListed': {
        const listed = event.fields;
        const tick = { mantissa: listed.tickMantissa, exponent: listed.tickExponent };
        const lot = { mantissa: listed.lotMantissa, exponent: listed.lotExponent };
        const base = { asset: listed.base, decimals: listed.baseDecimals };
        const quote = { asset: listed.quote, decimals: listed.quoteDecimals };
        this.listings.add(listed.instrumentId, listed.symbol, tick, lot, base, quote);
        return {
          symbol: listed.symbol,
          base: listed.base,
          quote: listed.quote,
          tickSize: formatUnits(1, tick),
          lotSize: formatUnits(1, lot),
          baseDecimals: listed.baseDecimals,
          quoteDecimals: listed.quoteDecimals,
          marketProtectionPpm: listed.marketProtectionPpm,
          ...marginObject(listed.flags, listed),
          instrumentId: listed.instrumentId,
        };
      }
      case 'accountOpened':
        return { account: event.fields.accountId };
      case 'apiKeyRegistered':
        return {
          account: event.fields.accountId,
          permissions: nameOf(Permission, event.fields.permissions),
          publicKey: Buffer.from(event.fields.publicKey).toString('hex'),
          apiKeyId: event.fields.apiKeyId,
        };
      case 'balanceChanged': {
        const balance = event.fields;
        const unit = minorUnit(balance.decimals);
        return {
          account: event.accountId,
          asset: balance.asset,
          amount: formatUnits(balance.amount, unit),
          available: formatUnits(balance.available, unit),
          reserved: formatUnits(balance.reserved, unit),
          reason: nameOf(BalanceReason, balance.reason),
          transferId: balance.transferId.toString(),
          duplicate: balance.duplicate === 1,
        };
      }
      case 'bookDelta': {
        const { tick, lot, symbol } = this.instrument(event.fields.instrumentId);
        return {
          symbol,
          side: SIDES[event.fields.side],
          price: formatUnits(event.fields.priceTicks, tick),
          quantity: formatUnits(event.fields.levelLots, lot),
          orders: event.fields.orderCount,
          bookSequence: event.fields.bookSequence,
        };
      }
      case 'orderStatus': {
        const order = event.fields;
        const { tick, lot, symbol } = this.instrument(order.instrumentId);
        return {
          account: event.accountId,
          symbol,
          clientOrderId: order.clientOrderId.toString(),
          orderId: order.orderId,
          side: SIDES[order.side],
          orderType: ORDER_TYPES[order.orderType],
          timeInForce: TIMES_IN_FORCE[order.timeInForce],
          ...((order.flags & OrderFlag.postOnly) === 0 ? {} : { postOnly: true }),
          ...((order.flags & OrderFlag.postOnlyReprice) === 0 ? {} : { postOnlyReprice: true }),
          ...((order.flags & OrderFlag.linked) === 0 ? {} : { linked: true }),
          ...(order.expireTimeUs === 0 ? {} : { expireTimeUs: order.expireTimeUs }),
          ...(order.displayLots === 0 ? {} : { displayQuantity: formatUnits(order.displayLots, lot) }),
          ...(order.triggerPriceTicks === 0
            ? {}
            : { triggerPrice: formatUnits(order.triggerPriceTicks, tick) }),
          price: formatUnits(order.priceTicks, tick),
          quantity: formatUnits(order.quantityLots, lot),
          leaves: formatUnits(order.leavesLots, lot),
          cumulative: formatUnits(order.cumulativeLots, lot),
        };
      }
      case 'snapshotEnd':
        return {
          account: event.accountId,
          balances: event.fields.balanceCount,
          orders: event.fields.orderCount,
          ...(event.fields.positionCount === 0 ? {} : { positions: event.fields.positionCount }),
        };
      case 'massCancelled':
        return { account: event.accountId, orders: event.fields.orderCount };
      case 'epochChanged':
        return {
          clusterId: event.fields.clusterId.toString(),
          epoch: event.fields.epoch,
          nodeId: event.fields.nodeId,
        };
      case 'instrumentFeesChanged': {
        const { instrumentId, feeTier, makerPpm, takerPpm } = event.fields;
        return { symbol: this.instrument(instrumentId).symbol, feeTier, makerPpm, takerPpm };
      }
      case 'accountChanged': {
        const { accountId, feeTier, selfTradeGroup, selfTradePrevention, status } = event.fields;
        const { throttleMaxCommands: maxCommands, throttleIntervalUs: intervalUs } = event.fields;
        return {
          account: accountId,
          feeTier,
          selfTradeGroup,
          selfTradePrevention: SELF_TRADE_PREVENTIONS[selfTradePrevention],
          status: nameOf(AccountStatus, status),
          ...(maxCommands === 0 ? {} : { maxCommands, intervalUs }),
        };
      }
      case 'tradingDayChanged':
        return { endTimeUs: event.fields.endTimeUs };
      case 'priceBandChanged': {
        const band = event.fields;
        const { tick, symbol } = this.instrument(band.instrumentId);
        return {
          symbol,
          minPrice: formatUnits(band.minPriceTicks, tick),
          maxPrice: formatUnits(band.maxPriceTicks, tick),
          referencePrice: formatUnits(band.referencePriceTicks, tick),
          bandPpm: band.bandPpm,
        };
      }
      case 'orderLimitsChanged': {
        const limits = event.fields;
        const { lot, quoteUnit, symbol } = this.instrument(limits.instrumentId);
        return {
          account: limits.accountId,
          symbol,
          maxOrderNotional: formatUnits(limits.maxOrderNotional, quoteUnit),
          maxOrderQuantity: formatUnits(limits.maxOrderLots, lot),
          maxOpenOrders: limits.maxOpenOrders,
        };
      }
      case 'position':
        return { account: event.accountId, ...positionObject(event.fields, this.listings) };
      case 'triggered': {
        const order = event.fields;
        const { tick, lot, symbol } = this.instrument(order.instrumentId);
        return {
          account: event.accountId,
          symbol,
          clientOrderId: order.clientOrderId.toString(),
          orderId: order.orderId,
          side: SIDES[order.side],
          orderType: ORDER_TYPES[order.orderType],
          triggerPrice: formatUnits(order.triggerPriceTicks, tick),
          lastPrice: formatUnits(order.lastPriceTicks, tick),
          price: formatUnits(order.priceTicks, tick),
          leaves: formatUnits(order.leavesLots, lot),
        };
      }
      case 'selfTradePrevented': {
        const order = event.fields;
        const { tick, lot, symbol } = this.instrument(order.instrumentId);
        return {
          account: event.accountId,
          symbol,
          clientOrderId: order.clientOrderId.toString(),
          orderId: order.orderId,
          side: SIDES[order.side],
          liquidity: nameOf(Liquidity, order.liquidity),
          selfTradePrevention: SELF_TRADE_PREVENTIONS[order.selfTradePrevention],
          price: formatUnits(order.priceTicks, tick),
          prevented: formatUnits(order.preventedLots, lot),
          leaves: formatUnits(order.leavesLots, lot),
          cumulative: formatUnits(order.cumulativeLots, lot),
        };
      }
      case 'marketStateChanged': {
        const changed = event.fields;
        const { tick, lot, symbol } = this.instrument(changed.instrumentId);
        return {
          symbol,
          state: MARKET_STATES[changed.state],
          previousState: MARKET_STATES[changed.previousState],
          cause: nameOf(MarketStateCause, changed.cause),
          ...(changed.endTimeUs === 0
            ? {}
            : { endTimeUs: changed.endTimeUs, nextState: MARKET_STATES[changed.nextState] }),
          ...(changed.referencePriceTicks > 0
            ? { referencePrice: formatUnits(changed.referencePriceTicks, tick) }
            : {}),
          ...(changed.uncrossPriceTicks === 0
            ? {}
            : {
                uncrossPrice: formatUnits(changed.uncrossPriceTicks, tick),
                uncrossQuantity: formatUnits(changed.uncrossLots, lot),
              }),
        };
      }
      case 'auctionIndicated': {
        const indicated = event.fields;
        const { tick, lot, symbol } = this.instrument(indicated.instrumentId);
        return {
          symbol,
          price: formatUnits(indicated.priceTicks, tick),
          quantity: formatUnits(indicated.executableLots, lot),
          imbalance: formatUnits(indicated.imbalanceLots, lot),
        };
      }
      case 'instrumentChanged': {
        const { instrumentId, initialMarginPpm, maintenanceMarginPpm, ...settings } = event.fields;
        return {
          symbol: this.instrument(instrumentId).symbol,
          marketProtectionPpm: settings.marketProtectionPpm,
          volatilityPpm: settings.volatilityPpm,
          volatilityWindowUs: settings.volatilityWindowUs,
          volatilityAuctionUs: settings.volatilityAuctionUs,
          ...(initialMarginPpm === 0 ? {} : { initialMarginPpm, maintenanceMarginPpm }),
        };
      }
      case 'markPriceChanged': {
        const { tick, symbol } = this.instrument(event.fields.instrumentId);
        return { symbol, price: formatUnits(event.fields.priceTicks, tick) };
      }
      case 'liquidationStarted': {
        const { equity, maintenanceMargin, asset } = event.fields;
        const unit = this.listings.assetUnit(asset)!;
        return {
          account: event.accountId,
          asset,
          equity: formatUnits(equity, unit),
          maintenanceMargin: formatUnits(maintenanceMargin, unit),
        };
      }
      case 'deleveraged': {
        const { instrumentId, priceTicks, quantityLots, positionLots } = event.fields;
        const { tick, lot, symbol } = this.instrument(instrumentId);
        return {
          account: event.accountId,
          symbol,
          price: formatUnits(priceTicks, tick),
          quantity: formatUnits(quantityLots, lot),
          position: formatUnits(positionLots, lot),
        };
      }
      case 'logicActivated':
        return {
          logicVersion: event.fields.logicVersion,
          previousVersion: event.fields.previousVersion,
        };
      default:
        throw new Error(`the engine answered with ${event.name}, which is no event`);
    }
  }

  private instrument(instrumentId: number): ListedInstrument {
    return this.listings.instrumentOfId(instrumentId)!;
  }
}

/** What a margin instrument has beyond a spot instrument. */
function marginObject(
  flags: number,
  rates: { initialMarginPpm: number; maintenanceMarginPpm: number },
): object {
  if ((flags & InstrumentFlag.margin) === 0) return {};
  const { initialMarginPpm, maintenanceMarginPpm } = rates;
  return { margin: true, initialMarginPpm, maintenanceMarginPpm };
}

function flagsText(flags: number): string {
  return (
    ((flags & OrderFlag.postOnly) !== 0 ? '"postOnly":true,' : '') +
    ((flags & OrderFlag.postOnlyReprice) !== 0 ? '"postOnlyReprice":true,' : '') +
    ((flags & OrderFlag.linked) !== 0 ? '"linked":true,' : '') +
    ((flags & OrderFlag.liquidation) !== 0 ? '"liquidation":true,' : '')
  );
}

/** A number of ticks or lots under a name; nothing when it is 0. */
function unitsText(name: string, count: number, unit: DecimalUnit): string {
  return count === 0 ? '' : `"${name}":"${formatUnits(count, unit)}",`;
}

function expiryText(expireTimeUs: number): string {
  return expireTimeUs === 0 ? '' : `"expireTimeUs":${expireTimeUs},`;
}

function account(words: Int32Array, at: number): number {
  return words[at + HeaderWord.accountId]! >>> 0;
}

function uint64(words: Int32Array, at: number): string {
  return uint64Text(words[at]!, words[at + 1]!);
}

function sequence(words: Int32Array, at: number): string {
  return `"sequence":${readInt64(words, at + HeaderWord.sequence)}`;
}

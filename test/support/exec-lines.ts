/**
 * Prints commands as the JSON lines that `ringfence exec` takes, so that a failing property can be tried by hand.
 *
 * What no such line can express is printed all the same and refused by `exec` without an effect: unknown templates,
 * epochs, negative prices, enumerations and texts out of range, and `session` with `clientSequence` where there is
 * any (shrinking takes those out when they do not matter).
 */
import {
  AccountStatus,
  InstrumentFlag,
  MarketState,
  nameOf,
  OrderFlag,
  OrderType,
  Permission,
  ReplaceFlag,
  SelfTradePrevention,
  Side,
  SnapshotFlag,
  TimeInForce,
  TriggerDirection,
} from '../../src/core/codes.js';
import type { ListInstrument, NewOrder } from '../../src/wire/message-fields.js';
import type { Command, UnknownCommand } from '../model/messages.js';

/** One JSON line a command; `listings` are the instruments that were listed, in the order of their ids. */
export function execLines(
  commands: readonly (Command | UnknownCommand)[],
  listings: readonly ListInstrument[],
): string {
  return commands
    .map((command) => {
      const session = command.sessionId === 0 ? {} : { session: command.sessionId };
      const { timestampUs } = command;
      const { clientSequence } = command.fields;
      const number = clientSequence === 0 ? {} : { clientSequence };
      return JSON.stringify(
        { ...execObject(command, listings), ...session, ...number, timestampUs },
        (_, value) =>
          typeof value === 'bigint'
            ? value.toString()
            : value instanceof Uint8Array
              ? Buffer.from(value).toString('hex')
              : value,
      );
    })
    .join('\n');
}

function execObject(command: Command | UnknownCommand, listings: readonly ListInstrument[]): object {
  const type = command.name;
  const account = command.accountId;
  switch (type) {
    case 'listInstrument': {
      const { symbol, base, quote, baseDecimals, quoteDecimals, marketProtectionPpm } = command.fields;
      const tickSize = decimal(BigInt(command.fields.tickMantissa), command.fields.tickExponent);
      const lotSize = decimal(BigInt(command.fields.lotMantissa), command.fields.lotExponent);
      return {
        type,
        symbol,
        base,
        quote,
        tickSize,
        lotSize,
        baseDecimals,
        quoteDecimals,
        marketProtectionPpm,
        ...listedMargin(command.fields),
      };
    }
    case 'openAccount':
      return { type, account: command.fields.accountId };
    case 'deposit':
    case 'withdraw': {
      const { accountId, asset, amount, transferId } = command.fields;
      return {
        type,
        account: accountId,
        asset,
        amount: decimal(BigInt(amount), -decimalsOf(listings, asset)),
        transferId,
      };
    }
    case 'newOrder': {
      const { clientOrderId, instrumentId, side, orderType, timeInForce, flags } = command.fields;
      const { expireTimeUs, minQuantityLots, selfTradePrevention } = command.fields;
      return {
        type,
        account,
        symbol: listings[instrumentId - 1]?.symbol ?? `#${instrumentId}`,
        clientOrderId,
        side: nameOf(Side, side) ?? side,
        orderType: nameOf(OrderType, orderType) ?? orderType,
        timeInForce: nameOf(TimeInForce, timeInForce) ?? timeInForce,
        ...terms(listings, command.fields),
        ...flagFields(flags),
        ...stopFields(listings[instrumentId - 1], command.fields),
        ...(expireTimeUs === 0 ? {} : { expireTimeUs }),
        ...(minQuantityLots === 0
          ? {}
          : { minQuantity: lotsText(listings[instrumentId - 1], minQuantityLots) }),
        ...(selfTradePrevention === 0
          ? {}
          : { selfTradePrevention: nameOf(SelfTradePrevention, selfTradePrevention) ?? selfTradePrevention }),
      };
    }
    case 'replaceOrder': {
      const { clientOrderId, newClientOrderId, instrumentId, flags } = command.fields;
      return {
        type,
        account,
        symbol: listings[instrumentId - 1]?.symbol ?? `#${instrumentId}`,
        clientOrderId,
        newClientOrderId,
        ...terms(listings, command.fields),
        ...(flags === 0 ? {} : flags === ReplaceFlag.reinsert ? { reinsert: true } : { flags }),
      };
    }
    case 'cancelOrder': {
      const { clientOrderId, instrumentId } = command.fields;
      return {
        type,
        account,
        symbol: listings[instrumentId - 1]?.symbol ?? `#${instrumentId}`,
        clientOrderId,
      };
    }
    case 'registerApiKey': {
      const { accountId, permissions, publicKey } = command.fields;
      return {
        type,
        account: accountId,
        permissions: nameOf(Permission, permissions) ?? permissions,
        publicKey,
      };
    }
    case 'massCancel': {
      const { instrumentId, side } = command.fields;
      return {
        type,
        account,
        ...(instrumentId === 0 ? {} : { symbol: listings[instrumentId - 1]?.symbol ?? `#${instrumentId}` }),
        ...(side === 0 ? {} : { side: nameOf(Side, side) ?? side }),
      };
    }
    case 'setInstrumentFees': {
      const { instrumentId, feeTier, makerPpm, takerPpm } = command.fields;
      const symbol = listings[instrumentId - 1]?.symbol ?? `#${instrumentId}`;
      return { type, symbol, feeTier, makerPpm, takerPpm };
    }
    case 'setAccountFeeTier':
      return { type, account: command.fields.accountId, feeTier: command.fields.feeTier };
    case 'setSelfTradePrevention': {
      const { accountId, selfTradeGroup, selfTradePrevention } = command.fields;
      return {
        type,
        account: accountId,
        selfTradeGroup,
        selfTradePrevention: nameOf(SelfTradePrevention, selfTradePrevention) ?? selfTradePrevention,
      };
    }
    case 'setAccountStatus': {
      const { accountId, status } = command.fields;
      return { type, account: accountId, status: nameOf(AccountStatus, status) ?? status };
    }
    case 'setAccountThrottle': {
      const { accountId, maxCommands, intervalUs } = command.fields;
      return { type, account: accountId, maxCommands, intervalUs };
    }
    case 'setPriceBand': {
      const { instrumentId, bandPpm } = command.fields;
      const listing = listings[instrumentId - 1];
      return {
        type,
        symbol: listing?.symbol ?? `#${instrumentId}`,
        minPrice: ticksText(listing, command.fields.minPriceTicks),
        maxPrice: ticksText(listing, command.fields.maxPriceTicks),
        referencePrice: ticksText(listing, command.fields.referencePriceTicks),
        bandPpm,
      };
    }
    case 'setOrderLimits': {
      const { accountId, instrumentId, maxOrderNotional, maxOrderLots, maxOpenOrders } = command.fields;
      const listing = listings[instrumentId - 1];
      return {
        type,
        account: accountId,
        symbol: listing?.symbol ?? `#${instrumentId}`,
        maxOrderNotional: decimal(BigInt(maxOrderNotional), -(listing?.quoteDecimals ?? 0)),
        maxOrderQuantity: lotsText(listing, maxOrderLots),
        maxOpenOrders,
      };
    }
    case 'transfer': {
      const { fromAccountId, toAccountId, asset, amount, transferId } = command.fields;
      const text = decimal(BigInt(amount), -decimalsOf(listings, asset));
      return { type, from: fromAccountId, to: toAccountId, asset, amount: text, transferId };
    }
    case 'setMarketState': {
      const { instrumentId, state, nextState, endTimeUs, referencePriceTicks } = command.fields;
      const listing = listings[instrumentId - 1];
      const reference = referencePriceTicks === -1 ? 'none' : ticksText(listing, referencePriceTicks);
      return {
        type,
        symbol: listing?.symbol ?? `#${instrumentId}`,
        state: nameOf(MarketState, state) ?? state,
        ...(nextState === 0 ? {} : { nextState: nameOf(MarketState, nextState) ?? nextState }),
        ...(endTimeUs === 0 ? {} : { endTimeUs }),
        ...(referencePriceTicks === 0 ? {} : { referencePrice: reference }),
      };
    }
    case 'changeInstrument': {
      const { clientSequence: _, instrumentId, reserved0, ...settings } = command.fields;
      return { type, symbol: listings[instrumentId - 1]?.symbol ?? `#${instrumentId}`, ...settings };
    }
    case 'removeInstrument': {
      const { instrumentId } = command.fields;
      return { type, symbol: listings[instrumentId - 1]?.symbol ?? `#${instrumentId}` };
    }
    case 'setMarkPrice': {
      const { instrumentId, priceTicks } = command.fields;
      const listing = listings[instrumentId - 1];
      return { type, symbol: listing?.symbol ?? `#${instrumentId}`, price: ticksText(listing, priceTicks) };
    }
    case 'cancelOnDisconnect': {
      const { apiKeyId } = command.fields;
      return { type, account, ...(apiKeyId === 0 ? {} : { apiKeyId }) };
    }
    case 'setTradingDayEnd':
      return { type, endTimeUs: command.fields.endTimeUs };
    case 'requestSnapshot': {
      const { flags } = command.fields;
      if (flags === 0) return { type, account };
      return { type, account, ...(flags === SnapshotFlag.positions ? { positions: true } : { flags }) };
    }
    case 'timeAdvanced':
      return { type };
    default:
      return {
        ...command.fields,
        type,
        account,
        ...(type === 'unknown' ? { templateId: command.templateId } : {}),
      };
  }
}

function listedMargin(listing: ListInstrument): object {
  const { flags, initialMarginPpm, maintenanceMarginPpm } = listing;
  if (flags === 0 && initialMarginPpm === 0 && maintenanceMarginPpm === 0) return {};
  const margin = flags === InstrumentFlag.margin ? { margin: true } : flags === 0 ? {} : { flags };
  return { ...margin, initialMarginPpm, maintenanceMarginPpm };
}

function flagFields(flags: number): object {
  const known = OrderFlag.postOnly | OrderFlag.postOnlyReprice | OrderFlag.linked;
  if ((flags & ~known) !== 0) return { flags };
  return {
    ...((flags & OrderFlag.postOnly) === 0 ? {} : { postOnly: true }),
    ...((flags & OrderFlag.postOnlyReprice) === 0 ? {} : { postOnlyReprice: true }),
  };
}

/** What stops, icebergs, pairs and orders by amount have beyond the others. */
function stopFields(listing: ListInstrument | undefined, order: NewOrder): object {
  const { displayLots, triggerPriceTicks, trailingTicks, triggerDirection, quoteAmount } = order;
  const decimals = -(listing?.quoteDecimals ?? 0);
  return {
    ...(displayLots === 0 ? {} : { displayQuantity: lotsText(listing, displayLots) }),
    ...(triggerPriceTicks === 0 ? {} : { triggerPrice: ticksText(listing, triggerPriceTicks) }),
    ...(trailingTicks === 0 ? {} : { trailing: ticksText(listing, trailingTicks) }),
    ...(triggerDirection === 0
      ? {}
      : { triggerDirection: nameOf(TriggerDirection, triggerDirection) ?? triggerDirection }),
    ...(quoteAmount === 0 ? {} : { quoteAmount: decimal(BigInt(quoteAmount), decimals) }),
    ...((order.flags & OrderFlag.linked) === 0 ? {} : { linkedClientOrderId: order.linkedClientOrderId }),
  };
}

function ticksText(listing: ListInstrument | undefined, ticks: number): string {
  return listing === undefined
    ? '1'
    : decimal(BigInt(ticks) * BigInt(listing.tickMantissa), listing.tickExponent);
}

function lotsText(listing: ListInstrument | undefined, lots: number): string {
  return listing === undefined
    ? '1'
    : decimal(BigInt(lots) * BigInt(listing.lotMantissa), listing.lotExponent);
}

function terms(
  listings: readonly ListInstrument[],
  order: { instrumentId: number; priceTicks: number; quantityLots: number },
): object {
  const listing = listings[order.instrumentId - 1];
  if (listing === undefined) return { priceTicks: order.priceTicks, quantityLots: order.quantityLots };
  return {
    price: decimal(BigInt(order.priceTicks) * BigInt(listing.tickMantissa), listing.tickExponent),
    quantity: decimal(BigInt(order.quantityLots) * BigInt(listing.lotMantissa), listing.lotExponent),
  };
}

function decimalsOf(listings: readonly ListInstrument[], asset: string): number {
  for (const listing of listings) {
    if (listing.base === asset) return listing.baseDecimals;
    if (listing.quote === asset) return listing.quoteDecimals;
  }
  return 0;
}

/** mantissa x 10^exponent as a decimal string. */
function decimal(mantissa: bigint, exponent: number): string {
  const sign = mantissa < 0n ? '-' : '';
  const digits = (mantissa < 0n ? -mantissa : mantissa).toString();
  if (exponent >= 0) return sign + digits + '0'.repeat(mantissa === 0n ? 0 : exponent);
  const padded = digits.padStart(1 - exponent, '0');
  return `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
}

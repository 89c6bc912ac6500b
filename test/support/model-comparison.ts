/**
 * Drives an engine and the reference engine with the same commands and throws at the first difference: after every
 * command all events, word by word (so also the bytes that no field uses), and on request the whole state.
 */

import { isDeepStrictEqual } from 'node:util';
import { toBigUint64 } from '../../src/base/int64.js';
import type { Core } from '../../src/core/core.js';
import {
  queryAccount,
  queryAssets,
  queryBook,
  queryInstruments,
  queryTradingDayEnd,
} from '../../src/core/queries.js';
import type { ListInstrument } from '../../src/wire/message-fields.js';
import { SLOT_WORDS } from '../../src/wire/slot.js';
import { decodeSlot, encodeSlot } from '../../src/wire/slot-codec.js';
import type { Command, Event, UnknownCommand } from '../model/messages.js';
import type { ReferenceEngine } from '../model/reference-engine.js';
import { type Order, visibleLots } from '../model/reference-state.js';
import { execLines } from './exec-lines.js';
import { isUsed } from './features.js';

/** What is compared: something that takes a command and leaves event slots. */
export interface ComparedEngine {
  readonly core: Core;
  readonly events: { readonly words: Int32Array; readonly count: number };
  apply(command: Command | UnknownCommand): void;
}

const ALL_LEVELS = 2 ** 31 - 1;
const FLAT = { quantityLots: 0n, cost: 0n, realisedProfit: 0n };

export class ModelComparison {
  readonly #engine: ComparedEngine;
  readonly #model: ReferenceEngine;
  readonly #applied: (Command | UnknownCommand)[] = [];
  readonly #listings: ListInstrument[] = [];
  readonly #expected = new Int32Array(SLOT_WORDS);

  constructor(engine: ComparedEngine, model: ReferenceEngine) {
    this.#engine = engine;
    this.#model = model;
  }

  /** Applies a command to both; returns the events, or throws when they differ. */
  apply(command: Command | UnknownCommand): Event[] {
    this.#applied.push(command);
    // The engine first: it gives up when a command makes events without end, and the reference engine would not.
    try {
      this.#engine.apply(command);
    } catch (error) {
      throw new Error(`${(error as Error).stack}\n\nthe engine failed on the last of\n${this.#story()}`);
    }
    const expected = this.#model.apply(command);
    for (const event of expected) if (event.name === 'instrumentListed') this.#listings.push(event.fields);
    const { words, count } = this.#engine.events;
    const isEqual =
      count === expected.length && expected.every((event, index) => this.#isAt(words, index, event));
    if (!isEqual) this.#failEvents(expected);
    return expected;
  }

  /** Compares instruments, assets, accounts with balances and open orders, and all levels of all books. */
  compareState(): void {
    const expected = describeModel(this.#model);
    const actual = describeCore(this.#engine.core, this.#model);
    if (isDeepStrictEqual(expected, actual)) return;
    throw new Error(
      `the states differ\n- expected\n${stateText(expected)}\n+ actual\n${stateText(actual)}\n\nafter\n${this.#story()}`,
    );
  }

  #isAt(words: Int32Array, index: number, event: Event): boolean {
    encodeSlot(event.name, event, event.fields, this.#expected, 0);
    const start = index * SLOT_WORDS;
    for (let i = 0; i < SLOT_WORDS; i++) if (words[start + i] !== this.#expected[i]) return false;
    return true;
  }

  #failEvents(expected: readonly Event[]): never {
    const { words, count } = this.#engine.events;
    const actual: string[] = [];
    for (let index = 0; index < count; index++) {
      const marked = index < expected.length && this.#isAt(words, index, expected[index]!) ? '  ' : '+ ';
      const { templateId: _, ...slot } = decodeSlot(words, index * SLOT_WORDS);
      actual.push(marked + toJson(slot));
    }
    const wanted = expected.map((event, index) => {
      const marked = index < count && this.#isAt(words, index, event) ? '  ' : '- ';
      return marked + toJson(event);
    });
    throw new Error(
      `the events differ\nexpected ${expected.length}\n${wanted.join('\n')}\nactual ${count}\n${actual.join('\n')}\n\nafter the last of\n${this.#story()}`,
    );
  }

  #story(): string {
    return execLines(this.#applied, this.#listings);
  }
}

/** The state of the reference engine. */
export function describeModel(model: ReferenceEngine): object[][] {
  const accounts = [...model.accounts.values()]
    .sort((a, b) => a.accountId - b.accountId)
    .map((account) => {
      const balances = model.assets.flatMap((asset) => {
        const { available, reserved } = account.balances.get(asset.assetId) ?? {
          available: 0n,
          reserved: 0n,
        };
        if (available === 0n && reserved === 0n) return [];
        return [
          {
            asset: asset.code,
            decimals: asset.decimals,
            available: Number(available),
            reserved: Number(reserved),
          },
        ];
      });
      const orders = model.openOrdersOf(account).map((order) => ({
        orderId: order.orderId,
        clientOrderId: order.clientOrderId,
        instrumentId: order.instrument.instrumentId,
        side: order.side,
        priceTicks: order.priceTicks,
        quantityLots: order.quantityLots,
        leavesLots: order.leavesLots,
        cumulativeLots: order.cumulativeLots,
        timeInForce: order.timeInForce,
        flags: order.flags,
        expireTimeUs: order.expireTimeUs,
        displayLots: order.displayLots,
        triggerPriceTicks: order.triggerPriceTicks,
      }));
      const positions = (isUsed('positions') ? model.instruments : []).flatMap(({ instrumentId }) => {
        const position = account.positions.get(instrumentId);
        const { quantityLots, cost, realisedProfit } = position ?? FLAT;
        const initialMargin = account.margins.get(instrumentId)?.held ?? 0n;
        if (quantityLots === 0n && realisedProfit === 0n && initialMargin === 0n) return [];
        return [
          {
            instrumentId,
            quantityLots: Number(quantityLots),
            cost: Number(cost),
            realisedProfit: Number(realisedProfit),
            initialMargin: Number(initialMargin),
          },
        ];
      });
      const { accountId, reportSequence, feeTier, selfTradeGroup, selfTradePrevention, status } = account;
      const { maxCommands, intervalUs } = account.throttle;
      const settings = { feeTier, selfTradeGroup, selfTradePrevention, status, maxCommands, intervalUs };
      const openOrderCount = orders.length;
      return { accountId, reportSequence, settings, openOrderCount, balances, positions, orders };
    });
  const instruments = model.instruments.map((instrument) => ({
    instrumentId: instrument.instrumentId,
    symbol: instrument.symbol,
    base: instrument.base.code,
    quote: instrument.quote.code,
    quoteMinorPerTickLot: Number(instrument.quoteMinorPerTickLot),
    baseMinorPerLot: Number(instrument.baseMinorPerLot),
    marketProtectionPpm: instrument.marketProtectionPpm,
    lastPriceTicks: instrument.lastPriceTicks,
    fees: instrument.fees.map(plainRates),
    marketState: instrument.marketState,
    endTimeUs: instrument.endTimeUs,
    nextState: instrument.nextState,
    indicatedPriceTicks: instrument.indicated.priceTicks,
    indicatedLots: Number(instrument.indicated.executableLots),
    indicatedImbalance: Number(instrument.indicated.imbalanceLots),
    volatilityPpm: instrument.volatility.volatilityPpm,
    volatilityWindowUs: instrument.volatility.volatilityWindowUs,
    volatilityAuctionUs: instrument.volatility.volatilityAuctionUs,
    flags: instrument.flags,
    initialMarginPpm: instrument.initialMarginPpm,
    maintenanceMarginPpm: instrument.maintenanceMarginPpm,
    markPriceTicks: instrument.markPriceTicks,
  }));
  const assets = model.assets.map(({ assetId, code, decimals, supply, fees, insurance }) => ({
    assetId,
    asset: code,
    decimals,
    supply: Number(supply),
    fees: Number(fees),
    insurance: Number(insurance),
  }));
  const books = model.instruments.map((instrument) => {
    const book = model.book(instrument);
    return { bids: levelsOf(book.buys), asks: levelsOf(book.sells) };
  });
  const { tradingDayEndUs } = model;
  return [[{ tradingDayEndUs }], instruments, assets, accounts, books];
}

/** Price levels of a side, best first. */
function levelsOf(orders: readonly Order[]) {
  const levels: { priceTicks: number; levelLots: number; orderCount: number }[] = [];
  for (const order of orders) {
    const { priceTicks } = order;
    let level = levels.at(-1);
    if (level === undefined || level.priceTicks !== priceTicks) {
      level = { priceTicks, levelLots: 0, orderCount: 0 };
      levels.push(level);
    }
    level.levelLots += visibleLots(order);
    level.orderCount += 1;
  }
  return levels;
}

/** The state of the core, as its queries tell it, in the same form; asks for the accounts that the model has. */
export function describeCore(core: Core, model: ReferenceEngine): object[][] {
  const accountIds = [...model.accounts.keys()].sort((a, b) => a - b);
  const accounts = accountIds.map((accountId) => {
    const view = queryAccount(core, accountId);
    if (view === undefined) return { accountId, missing: true };
    const orders = view.orders.map((order) => ({
      orderId: order.orderId,
      clientOrderId: toBigUint64(order.clientOrderIdLow, order.clientOrderIdHigh),
      instrumentId: order.instrumentId,
      side: order.side,
      priceTicks: order.priceTicks,
      quantityLots: order.quantityLots,
      leavesLots: order.leavesLots,
      cumulativeLots: order.cumulativeLots,
      timeInForce: order.timeInForce,
      flags: order.flags,
      expireTimeUs: order.expireTimeUs,
      displayLots: order.displayLots,
      triggerPriceTicks: order.triggerPriceTicks,
    }));
    const balances = view.balances.map(({ asset, decimals, available, reserved }) => {
      return { asset, decimals, available, reserved };
    });
    const { reportSequence, openOrderCount, feeTier, selfTradeGroup, selfTradePrevention, status } = view;
    const { maxCommands, intervalUs } = view.throttle;
    const settings = { feeTier, selfTradeGroup, selfTradePrevention, status, maxCommands, intervalUs };
    const positions = view.positions.map((position) => {
      const { instrumentId, quantityLots, cost, realisedProfit, initialMargin } = position;
      return { instrumentId, quantityLots, cost, realisedProfit, initialMargin };
    });
    return { accountId, reportSequence, settings, openOrderCount, balances, positions, orders };
  });
  const instruments = queryInstruments(core).map((view) => ({
    instrumentId: view.instrumentId,
    symbol: view.symbol,
    base: view.base,
    quote: view.quote,
    quoteMinorPerTickLot: view.quoteMinorPerTickLot,
    baseMinorPerLot: view.baseMinorPerLot,
    marketProtectionPpm: view.marketProtectionPpm,
    lastPriceTicks: view.lastPriceTicks,
    fees: view.fees.map(plainRates),
    marketState: view.marketState,
    endTimeUs: view.endTimeUs,
    nextState: view.nextState,
    indicatedPriceTicks: view.indicatedPriceTicks,
    indicatedLots: view.indicatedLots,
    indicatedImbalance: view.indicatedImbalance,
    volatilityPpm: view.volatilityPpm,
    volatilityWindowUs: view.volatilityWindowUs,
    volatilityAuctionUs: view.volatilityAuctionUs,
    flags: view.flags,
    initialMarginPpm: view.initialMarginPpm,
    maintenanceMarginPpm: view.maintenanceMarginPpm,
    markPriceTicks: view.markPriceTicks,
  }));
  const assets = queryAssets(core).map(({ assetId, asset, decimals, supply, fees, insurance }) => {
    return { assetId, asset, decimals, supply, fees, insurance };
  });
  const books = instruments.map(({ instrumentId }) => {
    const { bids, asks } = queryBook(core, instrumentId, ALL_LEVELS);
    return { bids: bids.map(plainLevel), asks: asks.map(plainLevel) };
  });
  const tradingDayEndUs = queryTradingDayEnd(core);
  return [[{ tradingDayEndUs }], instruments, assets, accounts, books];
}

function plainRates({ makerPpm, takerPpm }: { makerPpm: number; takerPpm: number }) {
  return { makerPpm, takerPpm };
}

function plainLevel({
  priceTicks,
  levelLots,
  orderCount,
}: {
  priceTicks: number;
  levelLots: number;
  orderCount: number;
}) {
  return { priceTicks, levelLots, orderCount };
}

/** A state as text: a line for each part. */
export function stateText(parts: readonly object[][]): string {
  return parts.flatMap((part) => part.map(toJson)).join('\n');
}

function toJson(value: unknown): string {
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? inner.toString() : inner));
}

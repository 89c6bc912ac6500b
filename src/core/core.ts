/**
 * All state of the exchange. What changes it: trading.ts and administration.ts, which the business logic joins with
 * the place where events go.
 */
import { makeWords } from '../base/columns.js';
import { ACCOUNT_WORDS, type Accounts, makeAccounts } from './accounts.js';
import { API_KEY_WORDS, type ApiKeys, makeApiKeys } from './api-keys.js';
import { type Arena, makeArena } from './arena.js';
import { type Assets, makeAssets } from './assets.js';
import { type AuctionsToTell, makeAuctionsToTell } from './auctions-to-tell.js';
import { type ClientOrderIds, makeClientOrderIds } from './client-order-ids.js';
import { type CoreOptions, resolveCoreOptions } from './core-options.js';
import { type Expiries, makeExpiries } from './expiries.js';
import { HOLDING_WORDS, type Holdings, makeHoldings } from './holdings.js';
import { INSTRUMENT_WORDS, type Instruments, makeInstruments } from './instruments.js';
import { MARGIN_WORDS, type Margins, makeMargins } from './margins.js';
import { type MarketTimes, makeMarketTimes } from './market-times.js';
import { makeOrderBooks, type OrderBooks } from './order-books.js';
import { makeOrderExtras, ORDER_EXTRA_WORDS, type OrderExtras } from './order-extras.js';
import { makeOrderLimits, ORDER_LIMITS_WORDS, type OrderLimits } from './order-limits.js';
import { makeOrders, ORDER_WORDS, type Orders, OrderWord } from './orders.js';
import { makePositions, POSITION_WORDS, type Positions } from './positions.js';
import { makePriceBands, type PriceBands } from './price-bands.js';
import { BOOK_SIDE_WORDS, IDLE_PAGES, LEVEL_WORDS, PAGE_WORDS } from './price-ladder.js';
import { makeStopOrders, type StopOrders } from './stop-orders.js';
import { makeTable, type Table } from './table.js';
import { makeTransfers, type Transfers } from './transfers.js';

export type { CoreOptions };

/** Words of `Core.engine`. */
export const EngineWord = {
  epoch: 0,
  nodeId: 1,
  clusterIdLow: 2,
  clusterIdHigh: 3,
  /** i64: command time, the highest timestamp of a command so far. */
  timestampUs: 4,
  /** i64: when DAY orders that come in now expire; 0 = no trading day was opened yet. */
  tradingDayEndUs: 6,
  /** Version of the rules; 0 while the first one is in force. */
  logicVersion: 8,
} as const;
/** Words that the state hash always takes; those after them only while they are not 0. */
export const HASHED_ENGINE_WORDS = 6;
const ENGINE_WORDS = 10;

export class Core {
  readonly arena: Arena;
  readonly accounts: Accounts;
  readonly assets: Assets;
  readonly instruments: Instruments;
  readonly priceBands: PriceBands;
  readonly marketTimes: MarketTimes;
  readonly auctionsToTell: AuctionsToTell;
  readonly holdings: Holdings;
  readonly positions: Positions;
  readonly margins: Margins;
  readonly orderLimits: OrderLimits;
  readonly apiKeys: ApiKeys;
  readonly transfers: Transfers;
  readonly orderExtras: OrderExtras;
  readonly expiries: Expiries;
  readonly orders: Orders;
  readonly books: OrderBooks;
  readonly stops: StopOrders;
  readonly clientIds: ClientOrderIds;
  /** Epoch, node, cluster, command time, trading day and the version of the rules. */
  readonly engine: Int32Array;
  /** All state, as it goes into a snapshot; see table.ts. */
  readonly tables: readonly Table[];
  readonly options: Required<CoreOptions>;

  constructor(options: CoreOptions = {}) {
    const limits = resolveCoreOptions(options);
    this.options = limits;
    const maxLevels = limits.maxOrders + 1;
    const arena = makeArena([
      limits.maxAccounts * ACCOUNT_WORDS,
      limits.maxInstruments * INSTRUMENT_WORDS,
      limits.maxHoldings * HOLDING_WORDS,
      limits.maxPositions * POSITION_WORDS,
      limits.maxPositions * MARGIN_WORDS,
      limits.maxOrderLimits * ORDER_LIMITS_WORDS,
      limits.maxApiKeys * API_KEY_WORDS,
      (limits.maxInstruments + 1) * 4 * BOOK_SIDE_WORDS,
      maxLevels * LEVEL_WORDS,
      (maxLevels + IDLE_PAGES) * PAGE_WORDS,
      (limits.maxOrders + 1) * ORDER_WORDS,
      limits.maxOrders * ORDER_EXTRA_WORDS,
    ]);
    this.arena = arena;
    this.positions = makePositions(arena, limits.maxPositions);
    this.orderLimits = makeOrderLimits(arena, limits.maxOrderLimits);
    this.accounts = makeAccounts(arena, limits.maxAccounts, this.orderLimits.countOrder);
    this.instruments = makeInstruments(arena, limits.maxInstruments);
    this.priceBands = makePriceBands(arena);
    this.holdings = makeHoldings(arena, limits.maxHoldings);
    this.margins = makeMargins(arena, limits.maxPositions, this.instruments, this.holdings, this.positions);
    this.apiKeys = makeApiKeys(arena, limits.maxApiKeys);
    this.marketTimes = makeMarketTimes(arena, this.instruments);
    this.auctionsToTell = makeAuctionsToTell(limits.maxInstruments);
    this.orderExtras = makeOrderExtras(arena, limits.maxOrders);
    this.expiries = makeExpiries(arena, limits.maxOrders);
    this.orders = makeOrders(arena, limits.maxOrders, this.orderExtras, this.expiries);
    this.books = makeOrderBooks(
      arena,
      this.instruments,
      this.auctionsToTell,
      maxLevels,
      this.orders.assignPriority,
    );
    this.stops = makeStopOrders(arena, this.books, this.orders, this.instruments.handleOf);
    this.assets = makeAssets(limits.maxAssets);
    this.transfers = makeTransfers(limits.maxTransfers);
    this.clientIds = makeClientOrderIds(arena, limits.maxOrders);
    this.engine = makeWords(ENGINE_WORDS);
    this.tables = [
      ...this.accounts.tables,
      ...this.instruments.tables,
      ...this.holdings.tables,
      ...this.positions.tables,
      ...this.margins.tables,
      ...this.orderLimits.tables,
      ...this.apiKeys.tables,
      ...this.assets.tables,
      ...this.transfers.tables,
      ...this.orderExtras.tables,
      ...this.orders.tables,
      ...this.books.ladder.tables,
      makeTable('engine', EngineWord, { memory: this.engine }),
    ];
  }

  /**
   * Makes all that is derived from the tables, after they were read from a snapshot into this core, which was new.
   * `prepare` is called with large memory that is about to be filled.
   */
  rebuild(prepare: (memory: Int32Array) => void): void {
    this.accounts.rebuild();
    this.instruments.rebuild();
    this.holdings.rebuild();
    this.positions.rebuild();
    this.orderLimits.rebuild();
    this.apiKeys.rebuild();
    this.assets.rebuild();
    this.transfers.rebuild();
    if (this.orderExtras.used > 0) {
      this.orderExtras.rebuild(this.orders.forEach, OrderWord.extra);
      this.expiries.rebuild(this.orders.forEach);
    }
    this.marketTimes.rebuild();
    this.clientIds.expect(this.orders.count, prepare);
    this.orders.rebuild(this.clientIds.insertRow);
    this.books.ladder.rebuild();
  }
}

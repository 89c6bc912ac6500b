/**
 * All state of the exchange. What changes it: trading.ts and administration.ts, which the business logic joins with
 * the place where events go.
 */
import { makeWords } from '../base/columns.js';
import { ACCOUNT_WORDS, type Accounts, makeAccounts } from './accounts.js';
import { API_KEY_WORDS, type ApiKeys, makeApiKeys } from './api-keys.js';
import { type Arena, makeArena } from './arena.js';
import { type Assets, makeAssets } from './assets.js';
import { type ClientOrderIds, makeClientOrderIds } from './client-order-ids.js';
import { type CoreOptions, resolveCoreOptions } from './core-options.js';
import { HOLDING_WORDS, type Holdings, makeHoldings } from './holdings.js';
import { INSTRUMENT_WORDS, type Instruments, makeInstruments } from './instruments.js';
import { makeOrderBooks, type OrderBooks } from './order-books.js';
import { makeOrders, ORDER_WORDS, type Orders } from './orders.js';
import { BOOK_SIDE_WORDS, IDLE_PAGES, LEVEL_WORDS, PAGE_WORDS } from './price-ladder.js';
import { makeTable, type Table } from './table.js';
import { makeTransfers, type Transfers } from './transfers.js';

export type { CoreOptions };

/** Words of `Core.engine`. */
export const EngineWord = { epoch: 0, nodeId: 1, clusterIdLow: 2, clusterIdHigh: 3, timestampUs: 4 } as const;
export const ENGINE_WORDS = 6;

export class Core {
  readonly arena: Arena;
  readonly accounts: Accounts;
  readonly assets: Assets;
  readonly instruments: Instruments;
  readonly holdings: Holdings;
  readonly apiKeys: ApiKeys;
  readonly transfers: Transfers;
  readonly orders: Orders;
  readonly books: OrderBooks;
  readonly clientIds: ClientOrderIds;
  /** Epoch, node, cluster and command time. */
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
      limits.maxApiKeys * API_KEY_WORDS,
      (limits.maxInstruments + 1) * 2 * BOOK_SIDE_WORDS,
      maxLevels * LEVEL_WORDS,
      (maxLevels + IDLE_PAGES) * PAGE_WORDS,
      limits.maxOrders * ORDER_WORDS,
    ]);
    this.arena = arena;
    this.accounts = makeAccounts(arena, limits.maxAccounts);
    this.instruments = makeInstruments(arena, limits.maxInstruments);
    this.holdings = makeHoldings(arena, limits.maxHoldings);
    this.apiKeys = makeApiKeys(arena, limits.maxApiKeys);
    this.books = makeOrderBooks(arena, this.instruments, maxLevels);
    this.orders = makeOrders(arena, limits.maxOrders);
    this.assets = makeAssets(limits.maxAssets);
    this.transfers = makeTransfers(limits.maxTransfers);
    this.clientIds = makeClientOrderIds(arena, limits.maxOrders);
    this.engine = makeWords(ENGINE_WORDS);
    this.tables = [
      ...this.accounts.tables,
      ...this.instruments.tables,
      ...this.holdings.tables,
      ...this.apiKeys.tables,
      ...this.assets.tables,
      ...this.transfers.tables,
      ...this.orders.tables,
      ...this.books.ladder.tables,
      makeTable('engine', EngineWord, { memory: this.engine }),
    ];
  }

  /** Makes all that is derived from the tables, after they were read from a snapshot into this core, which was new. */
  rebuild(): void {
    this.accounts.rebuild();
    this.instruments.rebuild();
    this.holdings.rebuild();
    this.apiKeys.rebuild();
    this.assets.rebuild();
    this.transfers.rebuild();
    this.orders.rebuild();
    this.clientIds.rebuild(this.orders);
    this.books.ladder.rebuild();
  }
}

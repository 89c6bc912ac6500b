/**
 * Holdings: the money of one account in one asset, in minor units: `available` free to use, `reserved` for open
 * orders. Holdings are never removed; one with nothing in it counts as absent (it is in no report and not in the
 * state hash).
 */
import { makeChainIndex } from '../base/chain-index.js';
import { makeWords } from '../base/columns.js';
import { hashPair } from '../base/hash.js';
import type { Arena } from './arena.js';
import { type EntityHash, EntityKind, HashWord, makeEntityHash } from './entity-hash.js';
import { makeTable } from './table.js';

export const HOLDING_WORDS = 8;

/** Words of a holding record. The first HASHED_WORDS are what the state hash is made of, with the two ids. */
export const HoldingWord = {
  /** Doubles: at `money[handle >> 1]` and the one after it. */
  available: 0,
  reserved: 2,
  /** Handle of the account. */
  account: 4,
  assetId: 5,
  /** 1 while on the dirty list of the state hash. */
  dirty: 6,
  /** The next holding under the same place of the index by account and asset. */
  pairNext: 7,
} as const;

const HASHED_WORDS = 4;

// Local copies are folded into the code (README.md).
const DIRTY_COUNT = HashWord.dirtyCount;
const ACCOUNT = HoldingWord.account;
const ASSET_ID = HoldingWord.assetId;
const DIRTY = HoldingWord.dirty;

/** Words of the private state. */
const COUNT = 0;

export type Holdings = ReturnType<typeof makeHoldings>;

export function makeHoldings(arena: Arena, maxHoldings: number) {
  const state = makeWords(1);
  const { handleMask } = arena;
  const pairHash = hashPair;
  /** The arena. */
  const words = arena.words;
  /** The arena as doubles: available at [handle >> 1], reserved at [(handle >> 1) + 1]. */
  const money = arena.doubles;
  const hash = makeEntityHash(EntityKind.holding, maxHoldings);
  const { markDirty, subtract } = hash;
  const firstHandle = arena.reserve(maxHoldings * HOLDING_WORDS);
  const index = makeChainIndex({
    words,
    handleMask,
    linkWord: HoldingWord.pairNext,
    maxRows: maxHoldings,
    hashOf: (holding) => pairHash(words[holding + ACCOUNT], words[holding + ASSET_ID]),
  });
  const { first: firstRow, next: nextRow, insertRow } = index;
  /** Two lanes for each holding: what it adds to the state hash. */
  const hashes = new Int32Array(maxHoldings * 2);

  /** Handle of holding number 0, 1, 2 ... `state[COUNT]` - 1. */
  const handleOf = (number: number): number => {
    return firstHandle + number * HOLDING_WORDS;
  };

  /** Number of a holding, counted from 0. */
  const numberOf = (holding: number): number => {
    return (holding - firstHandle) / HOLDING_WORDS;
  };

  /** Minor units free to use; 0 for handle 0. */
  const available = (holding: number): number => {
    return money[holding >> 1];
  };

  /** Minor units held by open orders; 0 for handle 0. */
  const reserved = (holding: number): number => {
    return money[(holding >> 1) + 1];
  };

  /** Handle of the holding of an account (a handle) in an asset, or 0. */
  const find = (account: number, assetId: number): number => {
    const hash = pairHash(account | 0, assetId | 0);
    for (let holding = firstRow(hash); holding !== 0; holding = nextRow(holding)) {
      if (words[holding + ACCOUNT] === account && words[holding + ASSET_ID] === assetId) return holding;
    }
    return 0;
  };

  /** Adds the holding of an account in an asset, which is new; the caller has seen that there is room. */
  const add = (account: number, assetId: number): number => {
    const holding = handleOf(state[COUNT]);
    state[COUNT] += 1;
    words[holding + ACCOUNT] = account;
    words[holding + ASSET_ID] = assetId;
    insertRow(holding);
    return holding;
  };

  /** Moves money from available to reserved, or back when `amount` is negative. */
  const reserve = (handle: number, amount: number): void => {
    const at = (handle & handleMask) >> 1;
    money[at] -= amount;
    money[at + 1] += amount;
    touch(handle);
  };

  /** Notes for the state hash that the money of the holding changed. */
  const touch = (handle: number): void => {
    const holding = handle & handleMask;
    if (words[holding + DIRTY] !== 0) return;
    words[holding + DIRTY] = 1;
    markDirty(holding);
  };

  const isEmpty = (holding: number): boolean => {
    return available(holding) === 0 && reserved(holding) === 0;
  };

  /** Hashes one holding, with something in it, into `hash`. */
  const hashHolding = (holding: number, hash: EntityHash): void => {
    // The first word of an account is its id.
    hash.hashRow(words, holding, HASHED_WORDS, words[words[holding + ACCOUNT]], words[holding + ASSET_ID]);
  };

  /** Brings the sum of the state hash up to date. */
  const settleHash = (): void => {
    for (let i = 0; i < hash.state[DIRTY_COUNT]; i += 1) {
      const holding = hash.dirtyRows[i];
      const lane = numberOf(holding) * 2;
      words[holding + DIRTY] = 0;
      if (isEmpty(holding)) {
        subtract(hashes[lane], hashes[lane + 1]);
        hashes[lane] = 0;
        hashes[lane + 1] = 0;
        continue;
      }
      hashHolding(holding, hash);
      hash.exchange(hashes, lane);
    }
    hash.state[DIRTY_COUNT] = 0;
  };

  const tables = [
    makeTable('holdings', HoldingWord, {
      memory: words,
      first: firstHandle,
      recordWords: HOLDING_WORDS,
      capacity: maxHoldings,
      rows: () => state[COUNT],
      handles: { account: 'accounts' },
      derived: ['dirty', 'pairNext'],
    }),
    makeTable('holdings.state', { count: COUNT }, { memory: state }),
  ];

  /** Makes index and hash again, after the records were read from a snapshot. */
  const rebuild = (): void => {
    index.expect(state[COUNT]);
    for (let n = 0; n < state[COUNT]; n += 1) {
      const holding = handleOf(n);
      insertRow(holding);
      if (isEmpty(holding)) continue;
      hashHolding(holding, hash);
      hash.exchange(hashes, n * 2);
    }
  };

  return {
    words,
    money,
    maxHoldings,
    hash,
    get count(): number {
      return state[COUNT];
    },
    handleOf,
    numberOf,
    available,
    reserved,
    find,
    add,
    reserve,
    touch,
    hashHolding,
    settleHash,
    tables,
    rebuild,
  };
}

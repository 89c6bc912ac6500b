/**
 * Holdings: the money of one account in one asset, in minor units: `available` free to use, `reserved` for open
 * orders. Holdings are never removed; one with nothing in it counts as absent (it is in no report and not in the
 * state hash).
 */
import { hashPair } from '../base/hash.js';
import { IntegerHashIndex } from '../base/integer-hash-index.js';
import { type Arena, HANDLE_MASK as HANDLES } from './arena.js';
import { EntityHash, EntityKind } from './entity-hash.js';

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
} as const;

const HASHED_WORDS = 4;

// Local copies are folded into the code (see orders.ts).
const HANDLE_MASK = HANDLES;
const ACCOUNT = HoldingWord.account;
const ASSET_ID = HoldingWord.assetId;
const DIRTY = HoldingWord.dirty;

export class Holdings {
  /** The arena. */
  readonly words: Int32Array;
  /** The arena as doubles: available at [handle >> 1], reserved at [(handle >> 1) + 1]. */
  readonly money: Float64Array;
  readonly maxHoldings: number;
  readonly hash: EntityHash;
  count: number;
  private readonly firstHandle: number;
  private readonly index: IntegerHashIndex;
  /** Two lanes for each holding: what it adds to the state hash. */
  private readonly hashes: Int32Array;

  constructor(arena: Arena, maxHoldings: number) {
    this.words = arena.words;
    this.money = arena.doubles;
    this.maxHoldings = maxHoldings;
    this.hash = new EntityHash(EntityKind.holding, maxHoldings);
    this.count = 0;
    this.firstHandle = arena.reserve(maxHoldings * HOLDING_WORDS);
    this.index = new IntegerHashIndex(64);
    this.hashes = new Int32Array(maxHoldings * 2);
  }

  /** Handle of holding number 0, 1, 2 ... `count` - 1. */
  handleOf(number: number): number {
    return this.firstHandle + number * HOLDING_WORDS;
  }

  /** Number of a holding, counted from 0. */
  numberOf(holding: number): number {
    return (holding - this.firstHandle) / HOLDING_WORDS;
  }

  /** Minor units free to use; 0 for handle 0. */
  available(holding: number): number {
    return this.money[holding >> 1];
  }

  /** Minor units held by open orders; 0 for handle 0. */
  reserved(holding: number): number {
    return this.money[(holding >> 1) + 1];
  }

  /** Handle of the holding of an account (a handle) in an asset, or 0. */
  find(account: number, assetId: number): number {
    const hash = hashPair(account | 0, assetId | 0);
    const index = this.index;
    const words = this.words;
    for (let row = index.first(hash); row !== 0; row = index.next(hash)) {
      const holding = row & HANDLE_MASK;
      if (words[holding + ACCOUNT] === account && words[holding + ASSET_ID] === assetId) return holding;
    }
    return 0;
  }

  /** Adds the holding of an account in an asset, which is new; the caller has seen that there is room. */
  add(account: number, assetId: number): number {
    const holding = this.handleOf(this.count);
    this.count += 1;
    this.words[holding + ACCOUNT] = account;
    this.words[holding + ASSET_ID] = assetId;
    this.index.insert(hashPair(account, assetId), holding);
    return holding;
  }

  /** Moves money from available to reserved, or back when `amount` is negative. */
  reserve(handle: number, amount: number): void {
    const money = this.money;
    const at = (handle & HANDLE_MASK) >> 1;
    money[at] -= amount;
    money[at + 1] += amount;
    this.touch(handle);
  }

  /** Notes for the state hash that the money of the holding changed. */
  touch(handle: number): void {
    const words = this.words;
    const holding = handle & HANDLE_MASK;
    if (words[holding + DIRTY] !== 0) return;
    words[holding + DIRTY] = 1;
    this.hash.markDirty(holding);
  }

  /** Hashes one holding, with something in it, into `hash`. */
  hashHolding(holding: number, hash: EntityHash): void {
    const words = this.words;
    // The first word of an account is its id.
    hash.hashRow(words, holding, HASHED_WORDS, words[words[holding + ACCOUNT]], words[holding + ASSET_ID]);
  }

  /** Brings the sum of the state hash up to date. */
  settleHash(): void {
    const { words, hash } = this;
    const hashes = this.hashes;
    for (let i = 0; i < hash.dirtyCount; i += 1) {
      const holding = hash.dirtyRows[i];
      const lane = this.numberOf(holding) * 2;
      words[holding + DIRTY] = 0;
      if (this.available(holding) === 0 && this.reserved(holding) === 0) {
        hash.subtract(hashes[lane], hashes[lane + 1]);
        hashes[lane] = 0;
        hashes[lane + 1] = 0;
        continue;
      }
      this.hashHolding(holding, hash);
      hash.exchange(hashes[lane], hashes[lane + 1]);
      hashes[lane] = hash.rowLow;
      hashes[lane + 1] = hash.rowHigh;
    }
    hash.dirtyCount = 0;
  }
}

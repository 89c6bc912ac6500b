/**
 * Holdings: the money of one account in one asset, in minor units: `available` free to use, `reserved` for open
 * orders. A handle is the index of `available` in `money`, whose neighbour is `reserved`; 0 is none. Holdings are
 * never removed; one with nothing in it counts as absent (it is in no report and not in the state hash).
 */
import { hashPair } from '../base/hash.js';
import { IntegerHashIndex } from '../base/integer-hash-index.js';
import { EntityHash, EntityKind } from './entity-hash.js';

/** Doubles of a record: available, reserved, and two for the four words of HoldingWord. */
const HOLDING_DOUBLES = 4;

/** Words of a holding record, from word handle * 2. The first four are the money. */
export const HoldingWord = {
  account: 4,
  assetId: 5,
  /** 1 while on the dirty list of the state hash. */
  dirty: 6,
} as const;
const HOLDING_ACCOUNT = HoldingWord.account;
const HOLDING_ASSET_ID = HoldingWord.assetId;
const HOLDING_DIRTY = HoldingWord.dirty;

const MONEY_WORDS = 4;

export class Holdings {
  /** available at [handle], reserved at [handle + 1]. */
  readonly money: Float64Array;
  readonly words: Int32Array;
  readonly maxHoldings: number;
  readonly hash: EntityHash;
  count: number;
  private readonly index: IntegerHashIndex;
  /** Two lanes for each row: what it adds to the state hash. */
  private readonly hashes: Int32Array;

  constructor(maxHoldings: number) {
    this.money = new Float64Array((maxHoldings + 1) * HOLDING_DOUBLES);
    this.words = new Int32Array(this.money.buffer);
    this.maxHoldings = maxHoldings;
    this.hash = new EntityHash(EntityKind.holding, maxHoldings + 1);
    this.count = 0;
    this.index = new IntegerHashIndex(64);
    this.hashes = new Int32Array((maxHoldings + 1) * 2);
  }

  /** Handle of the holding of an account (a handle) in an asset, or 0. */
  find(account: number, assetId: number): number {
    const hash = hashPair(account, assetId);
    const index = this.index;
    const words = this.words;
    for (let at = index.first(hash); at >= 0; at = index.next(at, hash)) {
      const word = index.rowAt(at) * 2;
      if (words[word + HOLDING_ACCOUNT] === account && words[word + HOLDING_ASSET_ID] === assetId) {
        return word / 2;
      }
    }
    return 0;
  }

  /** Adds the holding of an account in an asset, which is new; the caller has seen that there is room. */
  add(account: number, assetId: number): number {
    this.count += 1;
    const holding = this.count * HOLDING_DOUBLES;
    this.words[holding * 2 + HOLDING_ACCOUNT] = account;
    this.words[holding * 2 + HOLDING_ASSET_ID] = assetId;
    this.index.insert(hashPair(account, assetId), holding);
    return holding;
  }

  /** Notes for the state hash that the money of the holding changed. */
  touch(holding: number): void {
    const words = this.words;
    if (words[holding * 2 + HOLDING_DIRTY] !== 0) return;
    words[holding * 2 + HOLDING_DIRTY] = 1;
    this.hash.markDirty(holding);
  }

  /** Handle of the holding in row 1, 2, 3 ... `count`. */
  handleOf(row: number): number {
    return row * HOLDING_DOUBLES;
  }

  /** Hashes one holding, with something in it, into `hash`. */
  hashHolding(holding: number, accountIds: Int32Array, hash: EntityHash): void {
    const words = this.words;
    const accountId = accountIds[words[holding * 2 + HOLDING_ACCOUNT]];
    hash.hashRow(words, holding * 2, MONEY_WORDS, accountId, words[holding * 2 + HOLDING_ASSET_ID]);
  }

  /** Brings the sum of the state hash up to date. `accountIds` has the id of an account at its handle. */
  settleHash(accountIds: Int32Array): void {
    const { words, money, hash, hashes } = this;
    for (let i = 0; i < hash.dirtyCount; i += 1) {
      const holding = hash.dirtyRows[i];
      const lane = holding / 2;
      words[holding * 2 + HOLDING_DIRTY] = 0;
      if (money[holding] === 0 && money[holding + 1] === 0) {
        hash.subtract(hashes[lane], hashes[lane + 1]);
        hashes[lane] = 0;
        hashes[lane + 1] = 0;
        continue;
      }
      this.hashHolding(holding, accountIds, hash);
      hash.exchange(hashes[lane], hashes[lane + 1]);
      hashes[lane] = hash.rowLow;
      hashes[lane + 1] = hash.rowHigh;
    }
    hash.dirtyCount = 0;
  }
}

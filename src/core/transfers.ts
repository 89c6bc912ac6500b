/**
 * Deposits and withdrawals that were done, by their transfer id: what makes a second one with the same id a
 * duplicate without effect. A record starts at word row * TRANSFER_WORDS, row 1, 2, 3 ...; they are kept for ever.
 */
import { hashPair } from '../base/hash.js';
import { writeInt64 } from '../base/int64.js';
import { IntegerHashIndex } from '../base/integer-hash-index.js';
import { EntityHash, EntityKind } from './entity-hash.js';

const TRANSFER_WORDS = 8;

/** Words of a transfer record; the state hash is made of all of them. */
const TransferWord = { idLow: 0, idHigh: 1, amount: 2, accountId: 4, assetId: 5 } as const;
const HASHED_WORDS = 6;

export class Transfers {
  readonly words: Int32Array;
  readonly maxTransfers: number;
  readonly hash: EntityHash;
  count: number;
  private readonly index: IntegerHashIndex;

  constructor(maxTransfers: number) {
    this.words = new Int32Array((maxTransfers + 1) * TRANSFER_WORDS);
    this.maxTransfers = maxTransfers;
    this.hash = new EntityHash(EntityKind.transfer, 0);
    this.count = 0;
    this.index = new IntegerHashIndex(64);
  }

  /** Row of the transfer with this id, or 0. */
  find(idLow: number, idHigh: number): number {
    const hash = hashPair(idLow, idHigh);
    const index = this.index;
    for (let row = index.first(hash); row !== 0; row = index.next(hash)) {
      const word = row * TRANSFER_WORDS;
      if (this.words[word] === idLow && this.words[word + TransferWord.idHigh] === idHigh) return row;
    }
    return 0;
  }

  /** Whether the transfer in `row` has this content; `change` is negative for a withdrawal. */
  isSame(row: number, accountId: number, assetId: number, change: number): boolean {
    const at = row * TRANSFER_WORDS;
    const words = this.words;
    return (
      words[at + TransferWord.accountId] === accountId &&
      words[at + TransferWord.assetId] === assetId &&
      words[at + TransferWord.amount] === (change | 0) &&
      words[at + TransferWord.amount + 1] === Math.floor(change / 4294967296)
    );
  }

  /** Remembers a transfer that is new; the caller has seen that there is room. */
  add(idLow: number, idHigh: number, accountId: number, assetId: number, change: number): void {
    this.count += 1;
    const at = this.count * TRANSFER_WORDS;
    const words = this.words;
    words[at + TransferWord.idLow] = idLow;
    words[at + TransferWord.idHigh] = idHigh;
    writeInt64(words, at + TransferWord.amount, change);
    words[at + TransferWord.accountId] = accountId;
    words[at + TransferWord.assetId] = assetId;
    this.index.insert(hashPair(idLow, idHigh), this.count);
    this.hashTransfer(this.count, this.hash);
    this.hash.exchange(0, 0);
  }

  /** Hashes the transfer in a row into `hash`. */
  hashTransfer(row: number, hash: EntityHash): void {
    hash.hashRow(this.words, row * TRANSFER_WORDS, HASHED_WORDS, 0, 0);
  }
}

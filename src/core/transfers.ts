/**
 * Deposits, withdrawals and transfers that were done, by their transfer id: what makes a second one with the same id a
 * duplicate without effect. A record starts at word row * TRANSFER_WORDS, row 1, 2, 3 ...; they are kept for ever.
 */
import { makeWords } from '../base/columns.js';
import { hashPair } from '../base/hash.js';
import { makeIndexFiller } from '../base/index-filler.js';
import { writeInt64 } from '../base/int64.js';
import { makeIntegerHashIndex } from '../base/integer-hash-index.js';
import { type EntityHash, EntityKind, makeEntityHash } from './entity-hash.js';
import { makeTable } from './table.js';

const TRANSFER_WORDS = 8;

/**
 * Words of a transfer record; the state hash is made of all of them. `kind` is 1 for a transfer, which has an account
 * that pays (0 = the fees); a deposit or withdrawal has neither.
 */
const TransferWord = {
  idLow: 0,
  idHigh: 1,
  amount: 2,
  accountId: 4,
  assetId: 5,
  fromAccountId: 6,
  kind: 7,
} as const;
const HASHED_WORDS = 6;
const FIRST_LATER_WORD = TransferWord.fromAccountId;
const LATER_WORDS = 2;

/** `fromAccountId` of a deposit or withdrawal. */
export const NO_PAYER = -1;

/** Words of the private state. */
const COUNT = 0;

export type Transfers = ReturnType<typeof makeTransfers>;

export function makeTransfers(maxTransfers: number) {
  const state = makeWords(1);
  const pairHash = hashPair;
  const words = new Int32Array((maxTransfers + 1) * TRANSFER_WORDS);
  const hash = makeEntityHash(EntityKind.transfer, 0);
  const index = makeIntegerHashIndex(maxTransfers);
  const { first: firstRow, next: nextRow, insert: insertRow } = index;

  /** Row of the transfer with this id, or 0. */
  const find = (idLow: number, idHigh: number): number => {
    const hash = pairHash(idLow, idHigh);
    for (let row = firstRow(hash); row !== 0; row = nextRow(hash)) {
      const word = row * TRANSFER_WORDS;
      if (words[word] === idLow && words[word + TransferWord.idHigh] === idHigh) return row;
    }
    return 0;
  };

  /**
   * Whether the transfer in `row` has this content; `change` is negative for a withdrawal, `payer` an account id, 0
   * for the fees, or NO_PAYER.
   */
  const isSame = (
    row: number,
    accountId: number,
    assetId: number,
    change: number,
    payer: number,
  ): boolean => {
    const at = row * TRANSFER_WORDS;
    return (
      words[at + TransferWord.kind] === (payer === NO_PAYER ? 0 : 1) &&
      words[at + TransferWord.fromAccountId] === (payer === NO_PAYER ? 0 : payer) &&
      words[at + TransferWord.accountId] === accountId &&
      words[at + TransferWord.assetId] === assetId &&
      words[at + TransferWord.amount] === (change | 0) &&
      words[at + TransferWord.amount + 1] === Math.floor(change / 4294967296)
    );
  };

  /** Remembers a transfer that is new; the caller has seen that there is room. */
  const add = (
    idLow: number,
    idHigh: number,
    accountId: number,
    assetId: number,
    change: number,
    payer: number,
  ): void => {
    state[COUNT] += 1;
    const at = state[COUNT] * TRANSFER_WORDS;
    words[at + TransferWord.idLow] = idLow;
    words[at + TransferWord.idHigh] = idHigh;
    writeInt64(words, at + TransferWord.amount, change);
    words[at + TransferWord.accountId] = accountId;
    words[at + TransferWord.assetId] = assetId;
    if (payer !== NO_PAYER) {
      words[at + TransferWord.fromAccountId] = payer;
      words[at + TransferWord.kind] = 1;
    }
    insertRow(pairHash(idLow, idHigh), state[COUNT]);
    hashTransfer(state[COUNT], hash);
    hash.add();
  };

  /** Hashes the transfer in a row into `hash`. */
  const hashTransfer = (row: number, hash: EntityHash): void => {
    hash.hashRow(words, row * TRANSFER_WORDS, HASHED_WORDS, 0, 0);
    hash.extendRow(words, row * TRANSFER_WORDS + FIRST_LATER_WORD, LATER_WORDS, FIRST_LATER_WORD);
  };

  const tables = [
    makeTable('transfers', TransferWord, {
      memory: words,
      first: TRANSFER_WORDS,
      recordWords: TRANSFER_WORDS,
      capacity: maxTransfers,
      rows: () => state[COUNT],
    }),
    makeTable('transfers.state', { count: COUNT }, { memory: state }),
  ];

  /** Makes index and hash again, after the records were read from a snapshot. */
  const rebuild = (): void => {
    index.expect(state[COUNT]);
    const { add: addRow, flush } = makeIndexFiller(index);
    for (let row = 1; row <= state[COUNT]; row += 1) {
      const at = row * TRANSFER_WORDS;
      addRow(pairHash(words[at + TransferWord.idLow], words[at + TransferWord.idHigh]), row);
      hashTransfer(row, hash);
      hash.add();
    }
    flush();
  };

  return {
    words,
    maxTransfers,
    hash,
    get count(): number {
      return state[COUNT];
    },
    find,
    isSame,
    add,
    hashTransfer,
    tables,
    rebuild,
  };
}

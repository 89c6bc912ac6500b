/** Reads from the index of accounts what has happened to one account from a state of it up to a moment. */
import { AccountIndexBlock, type BlockFacts } from '../journal/account-index-file.js';
import {
  accountIndexNames,
  openAccountIndex,
  parseAccountIndexName,
} from '../journal/account-index-store.js';
import { JournalTail } from '../journal/journal-tail.js';
import type { RecoveryReport } from '../journal/recover.js';
import type { Storage } from '../journal/storage.js';
import type { AccountRows } from './account-rows.js';
import { readLongRun, readRun } from './account-runs.js';
import type { Moment } from './as-of.js';
import type { IndexListings } from './index-listings.js';

/** The index does not tell what is asked; the message says why. */
export class NotIndexedError extends Error {
  override readonly name = 'NotIndexedError';
}

export interface IndexQuestion {
  readonly accountId: number;
  /** The journal directory, its files, and what was found there. */
  readonly directory: string;
  readonly storage: Storage;
  readonly report: RecoveryReport;
  /** Where to begin: last command of a snapshot that is of the journal, or 0. */
  readonly from: IndexPlace;
  readonly moment: Moment;
}

/** A command, its time, and the chain of the journal after it. */
export interface IndexPlace {
  readonly sequence: number;
  readonly timestampUs: number;
  readonly chain: number;
}

export interface IndexAnswer {
  /** Last command that happened by the moment, and its time. */
  readonly sequence: number;
  readonly timestampUs: number;
  /** What has changed of the account, oldest first; together with the state at `from` it is the state at the moment. */
  readonly changes: readonly AccountRows[];
  readonly listings: readonly IndexListings[];
}

/**
 * Reads the blocks from `from` to the moment. Each must go on where the one before it ends, with the same chain, and the
 * last one must have the chain of the journal: then all of them are of this journal.
 * @throws NotIndexedError, and coded errors of the journal for a block that is damaged or of a newer release
 */
export function readAccountIndex(question: IndexQuestion): IndexAnswer {
  const { accountId, directory, from, moment, report } = question;
  const index = openAccountIndex(directory);
  if (index === undefined) throw new NotIndexedError('there is no index of accounts');
  const toSequence = moment.sequence ?? report.lastSequence;
  const toTimeUs = moment.timeUs ?? Number.MAX_SAFE_INTEGER;
  const changes: AccountRows[] = [];
  const listings: IndexListings[] = [];
  let last: BlockFacts | undefined;
  let { sequence, timestampUs } = from;
  let isComplete = sequence >= toSequence;
  for (const name of namesFrom(index, sequence + 1)) {
    if (isComplete) break;
    const block = new AccountIndexBlock(index, name);
    try {
      const { facts } = block;
      refuseGap(name, facts, last, from);
      const isWhole = facts.lastSequence <= toSequence && facts.lastTimeUs <= toTimeUs;
      if (isWhole) {
        sequence = facts.lastSequence;
        timestampUs = facts.lastTimeUs;
      } else {
        const most = Math.min(toSequence, facts.lastSequence) - facts.firstSequence + 1;
        const found = block.lastWithin(most, toTimeUs);
        // Before the first of its commands is the last of the block before, or of the snapshot.
        if (found !== undefined) ({ sequence, timeUs: timestampUs } = found);
      }
      // Brief runs leave out the orders that came and went in the block; a state within the block may have some.
      const isFromBase = facts.firstSequence > from.sequence;
      const runs = block.runsOf(accountId, isWhole && isFromBase);
      const before = facts.firstSequence - 1;
      if (runs !== undefined) {
        changes.push(
          runs.long.length > 0
            ? readLongRun(runs.long, before, sequence, isFromBase)
            : readRun(runs.brief, before, sequence),
        );
      }
      const listing = block.listings();
      if (listing !== '') listings.push(JSON.parse(listing) as IndexListings);
      last = facts;
      isComplete = !isWhole || sequence >= toSequence;
    } finally {
      block.close();
    }
  }
  if (!isComplete) throw new NotIndexedError(`the index of accounts ends at command ${sequence}`);
  if (sequence === 0) throw new NotIndexedError('nothing had happened by then');
  if (last !== undefined) refuseForeign(question, last);
  return { sequence, timestampUs, changes, listings };
}

/** Names of the blocks from the one on that may hold a command. */
function namesFrom(index: Storage, sequence: number): string[] {
  const names = accountIndexNames(index);
  const later = names.findIndex((name) => parseAccountIndexName(name)! > sequence);
  const place = later < 0 ? names.length - 1 : later - 1;
  return names.slice(Math.max(0, place));
}

function refuseGap(name: string, facts: BlockFacts, last: BlockFacts | undefined, from: IndexPlace): void {
  const end = last?.lastSequence ?? from.sequence;
  const chain = last?.chain ?? from.chain;
  const isNext = facts.firstSequence === end + 1;
  // A snapshot may be of any command of the first block.
  const isAround = last === undefined && facts.firstSequence <= end && facts.lastSequence > end;
  if ((!isNext && !isAround) || parseAccountIndexName(name) !== facts.firstSequence) {
    throw new NotIndexedError(`the index of accounts does not hold command ${end + 1}`);
  }
  if (isNext && facts.chainBefore !== chain) {
    throw new NotIndexedError(
      `${name} is of another journal: chain ${facts.chainBefore} before it, not ${chain}`,
    );
  }
}

function refuseForeign(
  { report, storage }: IndexQuestion,
  { chain, frameOffset, lastSequence }: BlockFacts,
): void {
  const here =
    lastSequence === report.lastSequence
      ? report.chain
      : new JournalTail(storage).placeOf(lastSequence, frameOffset)?.chain;
  if (here === chain) return;
  throw new NotIndexedError(`the index of accounts is of another journal: chain ${chain}, here ${here}`);
}

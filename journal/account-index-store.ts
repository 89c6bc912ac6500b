/** The index of accounts of a journal: which blocks there are, and which of them go with the journal. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AccountIndexBlock, type BlockFacts } from './account-index-file.js';
import { JournalError } from './errors.js';
import { JournalTail } from './journal-tail.js';
import { openFlatStorage } from './open-storage.js';
import type { Storage } from './storage.js';

/** Inside of the journal directory. */
export const ACCOUNT_INDEX_DIRECTORY = 'accounts';
const NAME = /^accounts-(\d{20})\.idx$/;

/** `accounts-00000000000000000001.idx`: the first command, so that names sort as sequences do. */
export function accountIndexName(firstSequence: number): string {
  return `accounts-${String(firstSequence).padStart(20, '0')}.idx`;
}

/** The first command in a name, or undefined when it is not the name of a block. */
export function parseAccountIndexName(name: string): number | undefined {
  const match = NAME.exec(name);
  return match === null ? undefined : Number(match[1]);
}

/** The index beside the journal in `journalDirectory`; undefined when there is no directory of it. */
export function openAccountIndex(journalDirectory: string): Storage | undefined {
  const directory = join(journalDirectory, ACCOUNT_INDEX_DIRECTORY);
  return existsSync(directory) ? openFlatStorage(directory, 'positional') : undefined;
}

/** Names of the blocks in the order of their commands; whether they are good is not looked at. */
export function accountIndexNames(storage: Storage | undefined): string[] {
  if (storage === undefined) return [];
  return storage.list().filter((name) => parseAccountIndexName(name) !== undefined);
}

/** Where the index ends that a writer goes on with. */
export interface AccountIndexEnd {
  /** Last command in it, or the one that was asked about when it is not in the index. */
  readonly sequence: number;
  /** Chain of the journal after it. */
  readonly chain: number;
}

/**
 * How far the blocks that belong to the journal go on from command `from.sequence` without a gap. Removes what goes beyond
 * that, and what a writer that was ended has left half written: they are made again. For the owner of the directory only.
 */
export function resumeAccountIndex(
  storage: Storage,
  journal: Storage,
  clusterId: bigint,
  from: AccountIndexEnd,
): AccountIndexEnd {
  for (const name of storage.list()) if (name.endsWith('.idx.tmp')) storage.remove(name);
  let end = from;
  for (const name of accountIndexNames(storage)) {
    const facts = goodFacts(storage, name);
    // What ends before is of no interest to the writer.
    if (facts !== undefined && facts.lastSequence <= from.sequence) continue;
    const isNext =
      facts !== undefined &&
      facts.clusterId === clusterId &&
      (facts.firstSequence === end.sequence + 1
        ? facts.chainBefore === end.chain
        : end === from && facts.firstSequence <= end.sequence) &&
      chainOf(journal, facts) === facts.chain;
    if (isNext) end = { sequence: facts.lastSequence, chain: facts.chain };
    else storage.remove(name);
  }
  return end;
}

/** Removes the blocks that retention has removed the commands of; returns how many. */
export function removeAccountIndexThrough(storage: Storage | undefined, sequence: number): number {
  let removed = 0;
  const names = accountIndexNames(storage);
  for (const [place, name] of names.entries()) {
    const successor = names[place + 1];
    // Blocks follow each other: one ends where the next begins, at the latest.
    if (successor === undefined || parseAccountIndexName(successor)! > sequence + 1) break;
    storage!.remove(name);
    removed++;
  }
  if (removed > 0) storage!.syncDirectory();
  return removed;
}

function goodFacts(storage: Storage, name: string): BlockFacts | undefined {
  try {
    const block = new AccountIndexBlock(storage, name);
    block.close();
    return block.facts.firstSequence === parseAccountIndexName(name) ? block.facts : undefined;
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    return undefined;
  }
}

/** Chain of the journal after the last command of a block, which it need not hold. */
function chainOf(journal: Storage, { frameOffset, lastSequence }: BlockFacts): number | undefined {
  try {
    return new JournalTail(journal).placeOf(lastSequence, frameOffset)?.chain;
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    return undefined;
  }
}

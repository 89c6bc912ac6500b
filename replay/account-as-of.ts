/**
 * One account as it was at a moment: its rows in the nearest snapshot before it, and over them what the index of accounts
 * says that has changed since. Where the index does not tell that, or is not whole, the journal is replayed instead.
 */
import { JournalError } from '../journal/errors.js';
import { Core } from '../src/core/core.js';
import { type AccountView, queryAccount } from '../src/core/queries.js';
import { BusinessLogicProcessor } from '../src/engine/business-logic-processor.js';
import { EventBuffer } from '../src/engine/event-buffer.js';
import { type IndexAnswer, NotIndexedError, readAccountIndex } from './account-index-reader.js';
import { mergeRows, rowsIn, viewOf } from './account-rows.js';
import { type AsOfOptions, replayAsOf, startAsOf } from './as-of.js';
import { type IndexListings, joinListings, listingsAfter } from './index-listings.js';
import { loadSnapshot } from './load-snapshot.js';
import type { ReplayStart } from './replay-journal.js';

export interface AccountAsOf {
  /** Undefined = there was no such account. */
  readonly view: AccountView | undefined;
  /** All assets and instruments that an account could have something to do with. */
  readonly listings: IndexListings;
  /** Last command that happened by then, and its time. */
  readonly sequence: number;
  readonly timestampUs: number;
  /** Last command that was in the snapshot that it was made from; 0 = none was. */
  readonly snapshotSequence: number;
  readonly source: 'index' | 'replay';
  /** Why the index was not used; '' = it was. */
  readonly reason: string;
  /** Looking at the journal, and reading and loading the snapshot. */
  readonly loadMs: number;
  /** All the rest: the index, or the replay. */
  readonly answerMs: number;
}

/**
 * The account at the moment. Reads only, takes no lock.
 * @throws as asOf: MomentError, the coded errors of the journal
 */
export function accountAsOf(accountId: number, options: AsOfOptions): AccountAsOf {
  const watch = new StopWatch();
  const start = startAsOf(options);
  watch.load();
  const found = lookUp(accountId, options, start);
  watch.answer();
  const core = options.core ?? new Core();
  if (typeof found === 'string') return replayed(accountId, { ...options, core }, start, found, watch);
  const { snapshot } = start;
  if (snapshot !== undefined) loadSnapshot(new BusinessLogicProcessor(core, new EventBuffer()), snapshot);
  watch.load();
  const rows = rowsIn(core, accountId);
  for (const changes of found.changes) mergeRows(rows, changes);
  const listings = joinListings([listingsAfter(core, 0, 0), ...found.listings]);
  const view = viewOf(accountId, rows, listings.assets);
  watch.answer();
  return {
    view,
    listings,
    sequence: found.sequence,
    timestampUs: found.timestampUs,
    snapshotSequence: snapshot?.facts.sequence ?? 0,
    source: 'index',
    reason: '',
    loadMs: watch.loadMs,
    answerMs: watch.answerMs,
  };
}

/** What the index says, or why it does not. */
function lookUp(accountId: number, options: AsOfOptions, start: ReplayStart): IndexAnswer | string {
  const { directory, moment } = options;
  const { report, snapshot, storage } = start;
  const from = snapshot?.facts ?? { sequence: 0, timestampUs: 0, chain: 0 };
  try {
    return readAccountIndex({ accountId, directory, storage, report, from, moment });
  } catch (error) {
    if (!(error instanceof NotIndexedError) && !(error instanceof JournalError)) throw error;
    return error.message;
  }
}

function replayed(
  accountId: number,
  options: AsOfOptions & { readonly core: Core },
  start: ReplayStart,
  reason: string,
  watch: StopWatch,
): AccountAsOf {
  const steps = replayAsOf({ ...options, onStart: () => watch.load() }, start);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  const { core, sequence, timestampUs, snapshotSequence } = step.value;
  const view = queryAccount(core, accountId);
  const listings = listingsAfter(core, 0, 0);
  watch.answer();
  const { loadMs, answerMs } = watch;
  return {
    view,
    listings,
    sequence,
    timestampUs,
    snapshotSequence,
    source: 'replay',
    reason,
    loadMs,
    answerMs,
  };
}

/** Says what the time since it was asked last went to. */
class StopWatch {
  loadMs = 0;
  answerMs = 0;
  #atMs = performance.now();

  load(): void {
    this.loadMs += this.#lap();
  }

  answer(): void {
    this.answerMs += this.#lap();
  }

  #lap(): number {
    const before = this.#atMs;
    this.#atMs = performance.now();
    return this.#atMs - before;
  }
}

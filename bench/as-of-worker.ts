/** One step of the as-of benchmark in an isolate of its own: code that has not run before, and one core at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { accountAsOf } from '../replay/account-as-of.js';
import { asOf } from '../replay/as-of.js';
import { type IndexedJournal, indexJournal } from '../replay/index-journal.js';
import { replayJournal } from '../replay/replay-journal.js';
import { Core } from '../src/core/core.js';
import { type AccountView, queryAccount } from '../src/core/queries.js';
import type { EventBuffer } from '../src/engine/event-buffer.js';
import { HeaderWord, SLOT_WORDS } from '../src/wire/slot.js';
import { mixCapacities } from './matching-mix.js';

/** Asks about an account at moments, one after the other. */
export interface AskOrder {
  readonly kind: 'ask';
  readonly directory: string;
  readonly accountId: number;
  readonly sequences: readonly number[];
  /** Of these the answer must be that of a replay, too. */
  readonly proven: readonly number[];
}

/** Milliseconds; the first of them are of code that was never run before. */
export interface AskTimes {
  readonly loadMs: readonly number[];
  readonly answerMs: readonly number[];
}

/** Makes the index, or with `isIndexed` false only replays; returns the time that it takes. */
export interface MakeIndexOrder {
  readonly kind: 'index';
  readonly directory: string;
  readonly isIndexed: boolean;
}

/** Counts the events of an account after a command. */
export interface CountOrder {
  readonly kind: 'count';
  readonly directory: string;
  readonly accountId: number;
  readonly afterSequence: number;
}

export type AsOfOrder = AskOrder | MakeIndexOrder | CountOrder;

const order = workerData as AsOfOrder;
parentPort!.postMessage(carryOut(order));

function carryOut(asked: AsOfOrder): AskTimes | IndexedJournal | number {
  if (asked.kind === 'ask') return ask(asked);
  if (asked.kind === 'count') return countEvents(asked);
  const { directory, isIndexed } = asked;
  const core = new Core(mixCapacities());
  if (isIndexed) return indexJournal({ directory, clusterId: 1n, core });
  return replayJournal({ directory, core, onCommand: () => {} }).elapsedMs;
}

function ask({ accountId, directory, proven, sequences }: AskOrder): AskTimes {
  const loadMs: number[] = [];
  const answerMs: number[] = [];
  for (const sequence of sequences) {
    const moment = { sequence };
    const found = accountAsOf(accountId, { directory, moment, core: new Core(mixCapacities()) });
    if (found.source !== 'index') throw new Error(`command ${sequence}: ${found.reason}`);
    loadMs.push(found.loadMs);
    answerMs.push(found.answerMs);
    if (!proven.includes(sequence)) continue;
    const { core } = asOf({ directory, moment, core: new Core(mixCapacities()) });
    const difference = firstDifference(found.view, queryAccount(core, accountId));
    if (difference !== '') throw new Error(`command ${sequence}: ${difference}`);
  }
  return { loadMs, answerMs };
}

/** The first field in which the two answers differ; '' = they do not. */
function firstDifference(indexed: AccountView | undefined, replayed: AccountView | undefined): string {
  const names = Object.keys({ ...indexed, ...replayed }) as (keyof AccountView)[];
  for (const name of names) {
    const [here, there] = [indexed?.[name], replayed?.[name]].map(rowsOf);
    const place = here!.findIndex((row, at) => row !== there![at]);
    if (here!.length !== there!.length)
      return `${name}: ${here!.length} rows by the index, ${there!.length} by replay`;
    if (place >= 0) return `${name}: ${here![place]} by the index, ${there![place]} by replay`;
  }
  return '';
}

function rowsOf(value: unknown): string[] {
  const sorted = (row: unknown) =>
    typeof row === 'object' && row !== null ? Object.entries(row).sort().join() : String(row);
  return Array.isArray(value) ? value.map(sorted) : [sorted(value)];
}

function countEvents({ accountId, afterSequence, directory }: CountOrder): number {
  let count = 0;
  const onCommand = (_words: Int32Array, _at: number, events: EventBuffer): void => {
    for (let at = 0; at < events.count * SLOT_WORDS; at += SLOT_WORDS) {
      if (events.words[at + HeaderWord.accountId] === accountId) count++;
    }
  };
  replayJournal({ directory, core: new Core(mixCapacities()), from: { sequence: afterSequence }, onCommand });
  return count;
}

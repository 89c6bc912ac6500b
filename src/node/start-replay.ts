/** The replay of a start: what is in the journal after the snapshot is carried out before the node takes up its role. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { RecoveryReport } from '../../journal/recover.js';
import { counterAtLeast } from '../runtime/counter-at-least.js';
import { Counter, type NodeCounters } from '../runtime/counters.js';
import type { NodeThreads } from './node-threads.js';
import { withShortSlices } from './prompt-threads.js';
import type { StartPoint } from './start-point.js';

/** What a start replays, and who is told. */
export interface StartReplay {
  readonly threads: NodeThreads;
  readonly counters: NodeCounters;
  readonly recovered: RecoveryReport;
  readonly startPoint: StartPoint;
  /** Commands whose reports the gateway keeps. */
  readonly reportRetention: number;
  readonly log: Logger;
}

const PROGRESS_MS = 1000;
const LOOK_MS = 5;

/**
 * Starts the threads that the node needs to serve, and resolves when all that was in the journal is carried out; says every
 * second how far that is. Stays pending when a thread fails or the node is stopped.
 */
export async function replayAtStart(replay: StartReplay): Promise<void> {
  const { threads, counters, recovered, startPoint } = replay;
  const mutedTo = mutedToOf(replay);
  await threads.unlessStopping();
  const told = withShortSlices(() => threads.startReplaying(startPoint, mutedTo));
  const timer = showProgress(replay);
  try {
    if (mutedTo > 0) await halfReplayed(replay, mutedTo);
    withShortSlices(() => threads.startServing(startPoint, mutedTo));
    threads.startPreparer();
    const passedOn = threads.passOn(told);
    await threads.ready();
    await counterAtLeast(counters, Counter.durable, recovered.lastSequence);
    await counterAtLeast(counters, Counter.logicProcessed, recovered.lastSequence);
    await passedOn;
  } finally {
    clearInterval(timer);
  }
  await threads.unlessStopping();
}

/**
 * Of a long replay the gateway gets only the last commands, as many as it keeps reports: what it has to know of those
 * before, the business logic can tell it for less. The last command that it does not get; 0 = it gets all.
 */
function mutedToOf({ recovered, startPoint, reportRetention }: StartReplay): number {
  const mutedTo = recovered.lastSequence - reportRetention;
  return mutedTo > startPoint.sequence ? mutedTo : 0;
}

/**
 * Waits in a long replay until half of what the gateway does not get is carried out. Until then only the threads of the
 * replay run: to start and to compile all of them at once takes the processors from it for most of a second.
 */
async function halfReplayed({ threads, counters, startPoint }: StartReplay, mutedTo: number): Promise<void> {
  const half = (startPoint.sequence + mutedTo) / 2;
  while (counters.get(Counter.logicProcessed) < half) {
    await delay(LOOK_MS);
    await threads.unlessStopping();
  }
}

function showProgress({ threads, counters, recovered, startPoint, log }: StartReplay): NodeJS.Timeout {
  const timer = setInterval(() => {
    // A start that failed is waited for by nobody.
    if (threads.isStopping) {
      clearInterval(timer);
      return;
    }
    const processed = counters.get(Counter.logicProcessed);
    log.info({ processed, of: recovered.lastSequence, from: startPoint.sequence }, 'replaying the journal');
  }, PROGRESS_MS);
  timer.unref();
  return timer;
}

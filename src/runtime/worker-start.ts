/** The main thread's side of workers: starting them, ending the process with them. */
import { Worker } from 'node:worker_threads';
import { AGENT_FAILED_EXIT_CODE, type WorkerInput } from './agent-worker.js';
import { compiledEntry } from './compiled-entry.js';
import { Counter, type NodeCounters } from './counters.js';
import type { ErrorLog } from './error-log.js';

export interface WorkerStart {
  /** Name of the thread, e.g. `journaler`. */
  readonly name: string;
  /** The worker's entry module: `new URL('./journaler-worker.js', import.meta.url)`. */
  readonly entry: URL;
  readonly counters: NodeCounters;
  readonly errorLog: ErrorLog;
  /** Given to the worker's `build` function: shared memories and plain values. */
  readonly input: unknown;
  /** Told when the worker fails; the default prints the error log to standard error and ends the process. */
  readonly onFailure?: (failure: WorkerFailure) => void;
}

/** Why a worker ended when it should not have. */
export interface WorkerFailure {
  readonly name: string;
  readonly exitCode: number;
  /** What the threads have recorded, for the operator. */
  readonly text: string;
}

/** A worker that was started. */
export interface StartedWorker {
  readonly name: string;
  readonly worker: Worker;
  /** Resolves when the worker has ended in good order, or was terminated; stays pending when it failed. */
  readonly ended: Promise<void>;
  /** Ends it wherever it is, once it has started. Resolves when the thread is gone. */
  terminate(): Promise<void>;
}

/** How long a thread that is to be terminated may take to start. */
const START_MS = 5000;

/**
 * Starts an agent's worker. An error in it, or an end that nobody ordered, poisons the node and calls
 * `onFailure`: there is no restarting inside the process.
 */
export function startWorker(start: WorkerStart): StartedWorker {
  const workerData: WorkerInput = {
    name: start.name,
    counters: start.counters.memory,
    errorLog: start.errorLog.memory,
    ready: new Int32Array(new SharedArrayBuffer(4)),
    input: start.input,
  };
  const worker = new Worker(compiledEntry(start.entry), { name: start.name, workerData, execArgv: [] });
  let thrown = '';
  let isTerminated = false;
  // An error outside of the agent, such as an entry module that cannot be loaded, comes this way.
  worker.on('error', (error) => {
    thrown = error.stack ?? String(error);
  });
  const ended = new Promise<void>((resolve) => {
    worker.on('exit', (exitCode) => {
      const ordered = start.counters.get(Counter.stopPhase) > 0 || start.counters.get(Counter.poison) > 0;
      if (isTerminated || (exitCode === 0 && ordered)) {
        resolve();
        return;
      }
      if (exitCode === 0) thrown = `${start.name} ended without having been told to`;
      start.counters.set(Counter.poison, 1);
      const failure = { name: start.name, exitCode, text: failureText(start.errorLog, thrown) };
      (start.onFailure ?? endProcess)(failure);
    });
  });
  const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const terminate = async (): Promise<void> => {
    // Native code that is being loaded when its thread is terminated aborts the whole process.
    const started = Atomics.waitAsync(workerData.ready, 0, 0, START_MS);
    if (started.async) await Promise.race([started.value, gone]);
    isTerminated = true;
    await worker.terminate();
  };
  return { name: start.name, worker, ended, terminate };
}

/**
 * Ends agents phase by phase, the sources of work first: sets the stopPhase counter to each phase in turn and waits
 * for its workers to end.
 */
export async function stopWorkers(
  counters: NodeCounters,
  phases: readonly (readonly StartedWorker[])[],
): Promise<void> {
  for (let i = 0; i < phases.length; i++) {
    counters.set(Counter.stopPhase, i + 1);
    await Promise.all(phases[i]!.map((started) => started.ended));
  }
}

function failureText(errorLog: ErrorLog, thrown: string): string {
  const texts = errorLog.read().map((record) => `${record.role}: ${record.text}`);
  if (thrown !== '') texts.push(thrown);
  return texts.join('\n');
}

function endProcess(failure: WorkerFailure): void {
  process.stderr.write(`agent ${failure.name} failed, ending the process\n${failure.text}\n`);
  process.exit(AGENT_FAILED_EXIT_CODE);
}

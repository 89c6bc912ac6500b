/** A worker's own side: what runs inside the thread that `startWorker` has started. */
import { workerData } from 'node:worker_threads';
import { AsyncWaiter } from '../ring/async-waiter.js';
import type { WaitSource } from '../ring/wait-source.js';
import { WaitStrategy } from '../ring/wait-strategy.js';
import type { Agent } from './agent.js';
import { AgentRunner } from './agent-runner.js';
import { type Clock, SystemClock } from './clock.js';
import { CounterWatch } from './counter-watch.js';
import { Counter, NodeCounters } from './counters.js';
import { ErrorLog } from './error-log.js';

/** What the main thread hands to a worker. */
export interface WorkerInput {
  readonly name: string;
  readonly counters: SharedArrayBuffer;
  readonly errorLog: SharedArrayBuffer;
  /** Shared; the first word turns from 0 to 1 when the agent has started, so that all it needs is loaded. */
  readonly ready: Int32Array;
  readonly input: unknown;
}

/** What every agent gets. */
export interface AgentContext {
  readonly counters: NodeCounters;
  readonly errorLog: ErrorLog;
  readonly clock: Clock;
}

/** An agent that a thread loops, with what it waits for when idle; see AgentRunner. */
export interface LoopedAgent {
  readonly agent: Agent;
  readonly waitSources: readonly WaitSource[];
  readonly stopPhase?: number;
}

/** An agent that lives on the event loop of its thread (sockets). */
export interface EventLoopAgent {
  roleName(): string;
  /** Resolves when it is ready to work. */
  start(): Promise<void>;
  /** Lets go of every handle, so that the thread can end. Resolves when that is done. */
  close(): Promise<void>;
  readonly stopPhase?: number;
}

/** Exit code of a thread, and then of the process, whose agent failed (EX_SOFTWARE). */
export const AGENT_FAILED_EXIT_CODE = 70;

/** Entry of a worker whose agent is looped: builds it from the worker's input and runs it until it is stopped. */
export function runAgentWorker<Input>(build: (input: Input, context: AgentContext) => LoopedAgent): void {
  const start = workerData as WorkerInput;
  const context = contextOf(start);
  try {
    const looped = build(start.input as Input, context);
    const runner = new AgentRunner(looped.agent, context.counters, looped.waitSources, looped.stopPhase);
    runner.run(() => tellReady(start, context));
  } catch (error) {
    failWorker(start.name, context, error);
  }
}

/**
 * Entry of a worker whose agent lives on the event loop: builds and starts it, and closes it when its stop phase has
 * come. Any error, also one thrown in a callback or a rejected promise, ends the node.
 */
export async function runEventLoopWorker<Input>(
  build: (input: Input, context: AgentContext) => EventLoopAgent,
): Promise<void> {
  const start = workerData as WorkerInput;
  const context = contextOf(start);
  const fail = (error: unknown): void => failWorker(start.name, context, error);
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  const agent = build(start.input as Input, context);
  await agent.start();
  tellReady(start, context);
  await stopOrdered(context.counters, agent.stopPhase ?? 1);
  await agent.close();
}

function tellReady({ ready }: WorkerInput, { counters }: AgentContext): void {
  counters.addShared(Counter.readyWorkers);
  Atomics.store(ready, 0, 1);
  Atomics.notify(ready, 0);
}

function contextOf(start: WorkerInput): AgentContext {
  return {
    counters: new NodeCounters(start.counters),
    errorLog: new ErrorLog(start.errorLog),
    clock: new SystemClock(),
  };
}

/** Resolves when the agents of `stopPhase` are to end. Keeps the event loop alive until then. */
function stopOrdered(counters: NodeCounters, stopPhase: number): Promise<void> {
  return new Promise((resolve) => {
    const watch = new CounterWatch(counters, Counter.stopPhase, new WaitStrategy('blocking'));
    const waiter = new AsyncWaiter(watch, look);
    function look(): void {
      if (watch.read() < stopPhase) {
        waiter.arm();
        return;
      }
      waiter.close();
      resolve();
    }
    look();
  });
}

/** Records the error where the main thread can read it, poisons the node and ends this thread. */
function failWorker(name: string, context: AgentContext, error: unknown): void {
  context.errorLog.record(name, error, context.clock.epochMicroseconds());
  context.counters.set(Counter.poison, 1);
  process.exit(AGENT_FAILED_EXIT_CODE);
}

import type { WaitSource } from '../ring/wait-source.js';
import type { Agent } from './agent.js';
import { Counter, type NodeCounters } from './counters.js';

/** Longest sleep of an idle agent: how late it may see that it is to stop. */
const IDLE_MS_MAX = 50;

/** Loops one agent on the calling thread until it is told to stop. Errors are not caught here: they end the node. */
export class AgentRunner {
  private readonly agent: Agent;
  private readonly counters: NodeCounters;
  private readonly waitSources: readonly WaitSource[];
  private readonly stopPhase: number;

  /**
   * `waitSources` are what the agent needs to go on: it can work only when all of them are ready, so when idle it
   * waits for the first that is not (a business logic waits for space in its output ring, else for input).
   * It stops when the stopPhase counter has reached `stopPhase` and nothing is left to do, or at once when the node
   * is poisoned.
   */
  constructor(agent: Agent, counters: NodeCounters, waitSources: readonly WaitSource[], stopPhase = 1) {
    this.agent = agent;
    this.counters = counters;
    this.waitSources = waitSources;
    this.stopPhase = stopPhase;
  }

  /**
   * onStart, `onStarted`, doWork until stopped, onClose. Whatever they throw is thrown on. On a poisoned node it
   * just returns: closing in good order is not for a node that has failed.
   */
  run(onStarted?: () => void): void {
    this.agent.onStart?.();
    onStarted?.();
    for (;;) {
      if (this.counters.get(Counter.poison) !== 0) return;
      // Read before the work: what was published before the order to stop is then still seen by doWork.
      const stopping = this.counters.get(Counter.stopPhase) >= this.stopPhase;
      if (this.agent.doWork() > 0) continue;
      if (stopping) break;
      this.idle();
    }
    this.agent.onClose?.();
  }

  private idle(): void {
    for (const source of this.waitSources) {
      if (source.blockingCell() >= 0) {
        source.wait(IDLE_MS_MAX);
        return;
      }
    }
  }
}

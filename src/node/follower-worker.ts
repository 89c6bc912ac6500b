/** Thread of the follower: snapshots behind the node's back. */
import { parentPort } from 'node:worker_threads';
import { WaitStrategy } from '../ring/wait-strategy.js';
import { runAgentWorker } from '../runtime/agent-worker.js';
import { runInBackground } from '../runtime/background-thread.js';
import { CheckpointRing } from '../runtime/checkpoint-ring.js';
import { CounterWatch } from '../runtime/counter-watch.js';
import { Counter } from '../runtime/counters.js';
import { FollowerAgent } from './follower-agent.js';
import { type FollowerPlan, makeFollower } from './make-follower.js';
import { makeLog } from './node-log.js';
import type { NodeMemory } from './node-memory.js';
import { StopPhase } from './topology.js';
import type { FromFollower } from './worker-messages.js';

export interface FollowerInput
  extends Omit<FollowerPlan, 'checkpoints' | 'clock' | 'onIndexError' | 'rest' | 'snapshot'> {
  readonly memory: NodeMemory;
  /** The snapshot that the node went on from; undefined = from the first command on. */
  snapshot: SharedArrayBuffer | undefined;
  readonly logLevel: string;
}

runAgentWorker<FollowerInput>((input, { counters, clock }) => {
  runInBackground();
  const log = makeLog('follower', input.logLevel);
  const follower = makeFollower({
    ...input,
    checkpoints: new CheckpointRing(input.memory.checkpoints),
    clock,
    rest: () => agent.rest(),
    onIndexError: ({ code, message }) =>
      log.error({ code }, `no index of accounts for these commands: ${message}`),
  });
  // The memory is large, and nobody needs it any more.
  input.snapshot = undefined;
  const stopPhase = new CounterWatch(counters, Counter.stopPhase, new WaitStrategy('blocking'));
  const agent: FollowerAgent = new FollowerAgent({
    follower,
    counters,
    stopPhase,
    log,
    tell: (message: FromFollower) => parentPort!.postMessage(message),
    clock,
  });
  return { agent, waitSources: [stopPhase], stopPhase: StopPhase.follower };
});

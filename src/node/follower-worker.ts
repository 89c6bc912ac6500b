/** Thread of the follower: snapshots behind the node's back. */
import { parentPort } from 'node:worker_threads';
import { JournalTail } from '../../journal/journal-tail.js';
import { openStorage } from '../../journal/open-storage.js';
import { SnapshotFile } from '../../journal/snapshot-file.js';
import { openSnapshots } from '../../journal/snapshot-store.js';
import { loadSnapshot } from '../../replay/load-snapshot.js';
import { Core } from '../core/core.js';
import { BusinessLogicProcessor } from '../engine/business-logic-processor.js';
import { EventBuffer } from '../engine/event-buffer.js';
import { EventRecord } from '../gateway/event-record.js';
import { bookTimesIn } from '../publish/books-section.js';
import { WaitStrategy } from '../ring/wait-strategy.js';
import { runAgentWorker } from '../runtime/agent-worker.js';
import { CheckpointRing } from '../runtime/checkpoint-ring.js';
import { CounterWatch } from '../runtime/counter-watch.js';
import { Counter } from '../runtime/counters.js';
import { Follower } from './follower.js';
import { FollowerAgent } from './follower-agent.js';
import { makeLog } from './node-log.js';
import type { NodeMemory } from './node-memory.js';
import { StopPhase } from './topology.js';
import type { FromFollower } from './worker-messages.js';

export interface FollowerInput {
  readonly memory: NodeMemory;
  readonly directory: string;
  readonly clusterId: bigint;
  readonly nodeId: number;
  readonly maxOrders: number;
  readonly reportRetention: number;
  /** The snapshot that the node went on from; undefined = from the first command on. */
  snapshot: SharedArrayBuffer | undefined;
  readonly everyCommands: number;
  readonly everyMs: number;
  readonly kept: number;
  readonly logLevel: string;
}

runAgentWorker<FollowerInput>((input, { counters, clock }) => {
  const events = new EventBuffer();
  const processor = new BusinessLogicProcessor(new Core({ maxOrders: input.maxOrders }), events);
  const record = new EventRecord(input.reportRetention);
  const snapshot = input.snapshot === undefined ? undefined : new SnapshotFile(input.snapshot);
  if (snapshot !== undefined) {
    loadSnapshot(processor, snapshot);
    record.restore(snapshot, snapshot.facts.epoch);
  }
  const { sequence, chain, epoch } = snapshot?.facts ?? { sequence: 0, chain: 0, epoch: 0 };
  const follower = new Follower({
    journal: new JournalTail(openStorage(input.directory, 'positional')),
    snapshots: openSnapshots(input.directory)!,
    processor,
    events,
    record,
    bookTimesUs: snapshot === undefined ? [] : bookTimesIn(snapshot),
    position: { sequence, chain, epoch },
    snapshotSequence: sequence,
    checkpoints: new CheckpointRing(input.memory.checkpoints),
    clusterId: input.clusterId,
    nodeId: input.nodeId,
    everyCommands: input.everyCommands,
    everyMs: input.everyMs,
    kept: input.kept,
    clock,
    rest: () => agent.rest(),
  });
  // The memory is large, and nobody needs it any more.
  input.snapshot = undefined;
  const durable = new CounterWatch(counters, Counter.durable, new WaitStrategy('blocking'));
  const agent: FollowerAgent = new FollowerAgent({
    follower,
    counters,
    durable,
    log: makeLog('follower', input.logLevel),
    tell: (message: FromFollower) => parentPort!.postMessage(message),
    clock,
  });
  return { agent, waitSources: [durable], stopPhase: StopPhase.follower };
});

/** Thread of the business logic. */
import { parentPort } from 'node:worker_threads';
import { SnapshotFile } from '../../journal/snapshot-file.js';
import { openSnapshots } from '../../journal/snapshot-store.js';
import { loadSnapshot } from '../../replay/load-snapshot.js';
import { takeSnapshot } from '../../replay/take-snapshot.js';
import { Core } from '../core/core.js';
import { BusinessLogicProcessor } from '../engine/business-logic-processor.js';
import { RingEventOutput } from '../engine/ring-event-output.js';
import { RingBuffer } from '../ring/ring-buffer.js';
import { RingConsumer } from '../ring/ring-consumer.js';
import { RingProducer } from '../ring/ring-producer.js';
import { WaitStrategy, type WaitStrategyName } from '../ring/wait-strategy.js';
import { runAgentWorker } from '../runtime/agent-worker.js';
import { CheckpointRing } from '../runtime/checkpoint-ring.js';
import { SystemClock } from '../runtime/clock.js';
import { Counter } from '../runtime/counters.js';
import { dumpName } from './follower-agent.js';
import { LogicAgent } from './logic-agent.js';
import { MutedRecord } from './muted-record.js';
import type { NodeMemory } from './node-memory.js';
import { InputConsumer, StopPhase } from './topology.js';
import type { FromLogic } from './worker-messages.js';

export interface LogicInput {
  readonly memory: NodeMemory;
  readonly waitStrategy: WaitStrategyName;
  readonly maxOrders: number;
  /** The snapshot to go on from; undefined = from the first command on. */
  snapshot: SharedArrayBuffer | undefined;
  /** Last command whose events are not put into the output ring; 0 = all are. See MutedRecord. */
  readonly mutedTo: number;
  /** Last command that is replayed. */
  readonly replayTo: number;
  /** The journal directory. */
  readonly directory: string;
  readonly clusterId: bigint;
  readonly nodeId: number;
}

runAgentWorker<LogicInput>((input, { counters }) => {
  const tell = (message: FromLogic): void => parentPort!.postMessage(message);
  const waitStrategy = new WaitStrategy(input.waitStrategy);
  // Behind the journaler: see topology.ts.
  const inputRing = new RingBuffer(input.memory.inputRing);
  const consumer = new RingConsumer(inputRing, InputConsumer.logic, waitStrategy, [InputConsumer.journaler]);
  const output = new RingEventOutput(
    new RingProducer(new RingBuffer(input.memory.outputRing), waitStrategy),
    () => counters.get(Counter.stopPhase) >= StopPhase.logic || counters.get(Counter.poison) !== 0,
  );
  const processor = new BusinessLogicProcessor(new Core({ maxOrders: input.maxOrders }), output);
  const snapshot = input.snapshot === undefined ? undefined : new SnapshotFile(input.snapshot);
  if (snapshot !== undefined) loadSnapshot(processor, snapshot);
  const { mutedTo, replayTo } = input;
  let muted: MutedRecord | undefined;
  if (mutedTo > 0) {
    const record = new MutedRecord(processor.core, snapshot, snapshot?.facts.epoch);
    const bytes = new Uint8Array(output.slots.buffer, output.slots.byteOffset, output.slots.byteLength);
    output.mute((at) => record.note(output.slots, bytes, at));
    muted = record;
  }
  // The memory is large, and nobody needs it any more.
  input.snapshot = undefined;
  const agent = new LogicAgent({
    processor,
    input: consumer,
    checkpoints: new CheckpointRing(input.memory.checkpoints),
    counters,
    replayTo,
    flush: (sequence) => {
      output.flush();
      if (muted === undefined || sequence < mutedTo) return;
      if (!muted.isTold) tell(muted.message());
      if (sequence < replayTo) return;
      output.unmute();
      tell(muted.books());
      muted = undefined;
    },
    dump: (sequence) => dumpState(input, processor, sequence),
  });
  return { agent, waitSources: [consumer], stopPhase: StopPhase.logic };
});

/** Keeps the state beside the snapshots, under a name that no start looks at. */
function dumpState(input: LogicInput, processor: BusinessLogicProcessor, sequence: number): void {
  const { directory, clusterId, nodeId } = input;
  const storage = openSnapshots(directory)!;
  takeSnapshot(processor, {
    storage,
    clusterId,
    nodeId,
    sequence,
    // The commands are in the ring, not framed: the dump of the follower has the chain.
    chain: 0,
    takenAtMs: Math.floor(new SystemClock().epochMicroseconds() / 1000),
    name: dumpName(sequence, 'live'),
  });
}

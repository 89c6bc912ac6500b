/** Thread of the journaler: recovery first, then group commit of the input ring. */
import { Journaler } from '../../journal/journaler.js';
import { type BackendName, openStorage } from '../../journal/open-storage.js';
import type { RecoveryReport } from '../../journal/recover.js';
import { RingBuffer } from '../ring/ring-buffer.js';
import { RingConsumer } from '../ring/ring-consumer.js';
import { RingProducer } from '../ring/ring-producer.js';
import { WaitStrategy, type WaitStrategyName } from '../ring/wait-strategy.js';
import { runAgentWorker } from '../runtime/agent-worker.js';
import { Counter } from '../runtime/counters.js';
import type { NodeMemory } from './node-memory.js';
import { InputConsumer, StopPhase } from './topology.js';

export interface JournalerInput {
  readonly memory: NodeMemory;
  readonly waitStrategy: WaitStrategyName;
  readonly directory: string;
  readonly backend: BackendName;
  readonly allocation: 'fallocate' | 'zero-fill';
  readonly segmentBytes: number;
  readonly prepared: SharedArrayBuffer;
  readonly clusterId: bigint;
  readonly nodeId: number;
  readonly recovered: RecoveryReport;
  /** Last command that is in the snapshot that the node goes on from; 0 = none. */
  readonly replayAfter: number;
  /** False under the policy `memory` only. */
  readonly sync: boolean;
}

runAgentWorker<JournalerInput>((input, { counters, clock }) => {
  const waitStrategy = new WaitStrategy(input.waitStrategy);
  const ring = new RingBuffer(input.memory.inputRing);
  const consumer = new RingConsumer(ring, InputConsumer.journaler, waitStrategy);
  const agent = new Journaler({
    storage: openStorage(input.directory, input.backend),
    identity: { clusterId: input.clusterId, nodeId: input.nodeId },
    recovered: input.recovered,
    replayAfter: input.replayAfter,
    words: ring.words,
    source: consumer,
    sink: new RingProducer(ring, waitStrategy),
    cursors: {
      setJournalWritten: (sequence) => counters.set(Counter.journalWritten, sequence),
      setDurable: (sequence) => counters.set(Counter.durable, sequence),
      setSegmentRoom: (bytes) => counters.set(Counter.journalSegmentRoom, bytes),
    },
    clock,
    writer: { segmentBytes: input.segmentBytes, allocation: input.allocation, prepared: input.prepared },
    sync: input.sync,
  });
  return { agent, waitSources: [consumer], stopPhase: StopPhase.journaler };
});

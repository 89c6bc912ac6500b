/** Thread of the business logic. */
import { SnapshotFile } from '../../journal/snapshot-file.js';
import { loadSnapshot } from '../../replay/load-snapshot.js';
import { Core } from '../core/core.js';
import { BusinessLogicProcessor } from '../engine/business-logic-processor.js';
import { RingEventOutput } from '../engine/ring-event-output.js';
import { RingBuffer } from '../ring/ring-buffer.js';
import { RingConsumer } from '../ring/ring-consumer.js';
import { RingProducer } from '../ring/ring-producer.js';
import { WaitStrategy, type WaitStrategyName } from '../ring/wait-strategy.js';
import { runAgentWorker } from '../runtime/agent-worker.js';
import { CheckpointRing } from '../runtime/checkpoint-ring.js';
import { Counter } from '../runtime/counters.js';
import { LogicAgent } from './logic-agent.js';
import type { NodeMemory } from './node-memory.js';
import { InputConsumer, StopPhase } from './topology.js';

export interface LogicInput {
  readonly memory: NodeMemory;
  readonly waitStrategy: WaitStrategyName;
  readonly maxOrders: number;
  /** The snapshot to go on from; undefined = from the first command on. */
  readonly snapshot: SharedArrayBuffer | undefined;
}

runAgentWorker<LogicInput>((input, { counters }) => {
  const waitStrategy = new WaitStrategy(input.waitStrategy);
  const consumer = new RingConsumer(
    new RingBuffer(input.memory.inputRing),
    InputConsumer.logic,
    waitStrategy,
  );
  const output = new RingEventOutput(
    new RingProducer(new RingBuffer(input.memory.outputRing), waitStrategy),
    () => counters.get(Counter.stopPhase) >= StopPhase.logic || counters.get(Counter.poison) !== 0,
  );
  const processor = new BusinessLogicProcessor(new Core({ maxOrders: input.maxOrders }), output);
  if (input.snapshot !== undefined) loadSnapshot(processor, new SnapshotFile(input.snapshot));
  const agent = new LogicAgent(
    processor,
    consumer,
    () => output.flush(),
    new CheckpointRing(input.memory.checkpoints),
    counters,
  );
  return { agent, waitSources: [consumer], stopPhase: StopPhase.logic };
});

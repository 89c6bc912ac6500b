/** Thread of the gateway: sockets, sessions, sequencer and egress on one event loop. */
import { parentPort } from 'node:worker_threads';
import { SnapshotFile } from '../../journal/snapshot-file.js';
import { Gateway } from '../gateway/gateway.js';
import type { GatewayOptions } from '../gateway/gateway-options.js';
import { RingBuffer } from '../ring/ring-buffer.js';
import { RingConsumer } from '../ring/ring-consumer.js';
import { RingProducer } from '../ring/ring-producer.js';
import { WaitStrategy, type WaitStrategyName } from '../ring/wait-strategy.js';
import { runEventLoopWorker } from '../runtime/agent-worker.js';
import { CommitGate } from '../runtime/commit-gate.js';
import { sectionsOf } from './muted-record.js';
import { makeLog } from './node-log.js';
import type { NodeMemory } from './node-memory.js';
import { adminKeySlot, epochStartedSlot, timeAdvancedSlot } from './own-commands.js';
import { OutputConsumer, StopPhase } from './topology.js';
import type { BooksTakenMessage, LeadMessage, OpenMessage, ToGateway } from './worker-messages.js';

export interface GatewayInput {
  readonly memory: NodeMemory;
  readonly waitStrategy: WaitStrategyName;
  readonly clusterId: bigint;
  readonly nodeId: number;
  readonly options: GatewayOptions;
  readonly logLevel: string;
  /** The snapshot to go on from; undefined = from the first command on, or from a `RecordMessage`. */
  snapshot: SharedArrayBuffer | undefined;
  /** A `RecordMessage` will come, the events in the output ring are those after it, and a `BooksMessage` will follow. */
  readonly awaitsRecord: boolean;
}

void runEventLoopWorker<GatewayInput>((input, { counters, clock }) => {
  const waitStrategy = new WaitStrategy(input.waitStrategy);
  const inputRing = new RingBuffer(input.memory.inputRing);
  const { clusterId, nodeId } = input;
  const gateway = new Gateway({
    output: new RingConsumer(new RingBuffer(input.memory.outputRing), OutputConsumer.gateway, waitStrategy),
    counters,
    clock,
    log: makeLog('gateway', input.logLevel),
    clusterId,
    options: input.options,
    onOpen: () => parentPort!.postMessage({ type: 'open' } satisfies OpenMessage),
  });
  if (input.snapshot !== undefined) {
    const snapshot = new SnapshotFile(input.snapshot);
    gateway.restore(snapshot, snapshot.facts.epoch);
    // The memory is large, and nobody needs it any more.
    input.snapshot = undefined;
  }
  const onMessage = (message: ToGateway): void => {
    if (message.type === 'lead') {
      lead(message);
      return;
    }
    const sections = sectionsOf(message.sections);
    if (message.type === 'record') {
      gateway.restore(sections, message.epoch);
      gateway.start();
      return;
    }
    gateway.restoreBooks(sections);
    parentPort!.postMessage({ type: 'booksTaken' } satisfies BooksTakenMessage);
  };
  const lead = (message: LeadMessage): void => {
    const { epoch, isNewEpoch, actor, ackPolicy, adminPublicKey, afterUs } = message;
    const opening = isNewEpoch ? epochStartedSlot(clusterId, epoch, nodeId, actor) : timeAdvancedSlot();
    const ownCommands = adminPublicKey.length === 0 ? [opening] : [opening, adminKeySlot(adminPublicKey)];
    const gate = new CommitGate(counters, ackPolicy, waitStrategy);
    gateway.lead(new RingProducer(inputRing, waitStrategy), gate, ownCommands, afterUs);
  };
  return {
    roleName: () => 'gateway',
    stopPhase: StopPhase.gateway,
    async start(): Promise<void> {
      await gateway.listen();
      if (!input.awaitsRecord) gateway.start();
      parentPort!.on('message', onMessage);
    },
    async close(): Promise<void> {
      parentPort!.off('message', onMessage);
      parentPort!.unref();
      await gateway.close();
    },
  };
});

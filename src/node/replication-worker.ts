/** Thread of replication: the receiver of a standby, the replicator of a primary; one after the other on promotion. */
import { parentPort } from 'node:worker_threads';
import { JournalTail } from '../../journal/journal-tail.js';
import { loadLibc } from '../../journal/libc.js';
import { openStorage } from '../../journal/open-storage.js';
import { hex64 } from '../base/hex.js';
import { PromisedEpoch } from '../replication/promised-epoch.js';
import { Receiver } from '../replication/receiver.js';
import { refusalName, refusalText } from '../replication/refusal.js';
import { Replicator } from '../replication/replicator.js';
import { RingBuffer } from '../ring/ring-buffer.js';
import { RingProducer } from '../ring/ring-producer.js';
import { WaitStrategy, type WaitStrategyName } from '../ring/wait-strategy.js';
import { runEventLoopWorker } from '../runtime/agent-worker.js';
import { type Checkpoint, CheckpointRing } from '../runtime/checkpoint-ring.js';
import { Counter } from '../runtime/counters.js';
import { NodeExit } from './node-failure.js';
import { makeLog } from './node-log.js';
import type { NodeMemory } from './node-memory.js';
import { StopPhase } from './topology.js';
import type {
  FetchMessage,
  FollowMessage,
  FromReplication,
  ReplicateMessage,
  ToReplication,
} from './worker-messages.js';

export interface ReplicationInput {
  readonly memory: NodeMemory;
  readonly waitStrategy: WaitStrategyName;
  readonly dataDir: string;
  readonly journalDirectory: string;
  readonly key: Uint8Array;
  readonly clusterId: bigint;
  readonly nodeId: number;
  /** Where a primary listens. */
  readonly host: string;
  readonly port: number;
  /** Where a standby finds its primary. */
  readonly primaryHost: string;
  readonly primaryPort: number;
  readonly logLevel: string;
}

void runEventLoopWorker<ReplicationInput>((input, { counters, clock }) => {
  const log = makeLog('replication', input.logLevel);
  const checkpoints = new CheckpointRing(input.memory.checkpoints);
  const { key, clusterId, nodeId } = input;
  // Before it is told what to do: a thread that loads native code must not be ended (see StartedWorker.terminate).
  loadLibc();
  const openSource = () => new JournalTail(openStorage(input.journalDirectory, 'positional'));
  const common = { key, clusterId, nodeId, counters, checkpoints, clock, log, openSource };
  let replicator: Replicator | undefined;
  let receiver: Receiver | undefined;

  const tell = (message: FromReplication): void => parentPort!.postMessage(message);
  const fatal = (code: string, message: string, exitCode: number): void => {
    log.fatal({ code }, message);
    // Closes the commit gate before the main thread has even heard of it.
    counters.set(Counter.poison, 1);
    tell({ type: 'fatal', code, message, exitCode });
  };

  async function replicate({ epoch }: ReplicateMessage): Promise<void> {
    replicator = new Replicator({
      ...common,
      host: input.host,
      port: input.port,
      epoch,
      source: openSource(),
      onHigherEpoch: (higher) =>
        fatal(
          'STALE_EPOCH',
          `a standby has promised epoch ${higher}; this node leads ${epoch} and ends`,
          NodeExit.refused,
        ),
      onDivergence: (primary, standby) =>
        log.error({ primary, standby }, 'the standby came to another state'),
    });
    await replicator.start();
  }

  async function follow({ position }: FollowMessage): Promise<void> {
    const ring = new RingBuffer(input.memory.inputRing);
    receiver = new Receiver({
      ...common,
      host: input.primaryHost,
      port: input.primaryPort,
      position,
      promise: PromisedEpoch.open(input.dataDir),
      ring,
      producer: new RingProducer(ring, new WaitStrategy(input.waitStrategy)),
      onDivergence: (primary, standby) =>
        fatal('STATE_DIVERGED', divergenceText(primary, standby), NodeExit.corrupt),
      onRefused: (refusal) => fatal(refusalName(refusal.code), refusalText(refusal), NodeExit.refused),
    });
    await receiver.start();
  }

  async function promote(epoch: number): Promise<void> {
    try {
      const { sequence } = await receiver!.promote(epoch);
      tell({ type: 'promoted', sequence });
    } catch (error) {
      tell({ type: 'promotionRefused', message: (error as Error).message });
    }
  }

  async function fetchRecords(wanted: FetchMessage): Promise<void> {
    const done = (problem: string) => tell({ type: 'fetched', path: wanted.path, problem });
    const peer = replicator ?? receiver;
    if (peer === undefined) done('this node has no peer yet');
    else peer.fetchRecords(wanted, done);
  }

  const obey = (message: ToReplication): void => {
    const done =
      message.type === 'replicate'
        ? replicate(message)
        : message.type === 'follow'
          ? follow(message)
          : message.type === 'promote'
            ? promote(message.epoch)
            : fetchRecords(message);
    done.catch((error: unknown) => {
      const { code, message: text } = error as NodeJS.ErrnoException;
      fatal(code ?? 'REPLICATION_FAILED', text, NodeExit.refused);
    });
  };
  return {
    roleName: () => 'replication',
    stopPhase: StopPhase.replication,
    async start(): Promise<void> {
      parentPort!.on('message', obey);
    },
    async close(): Promise<void> {
      parentPort!.off('message', obey);
      parentPort!.unref();
      await receiver?.close();
      await replicator?.close();
    },
  };
});

function divergenceText(primary: Checkpoint, standby: Checkpoint): string {
  return `the states differ at sequence ${standby.sequence}: primary ${hex64(primary.stateHashLow, primary.stateHashHigh)}, standby ${hex64(standby.stateHashLow, standby.stateHashHigh)}`;
}

/**
 * The main thread's side of the node's threads: starts each with what it needs, passes on what they tell each other, and
 * ends them. Which thread does what: topology.ts.
 */
import { basename, join } from 'node:path';
import { PREPARER_STATE_BYTES, PreparedSegments } from '../../journal/prepared-segments.js';
import type { RecoveryReport } from '../../journal/recover.js';
import { type SegmentPreparer, startSegmentPreparer } from '../../journal/segment-preparer.js';
import type { UpkeepEvent } from '../../journal/upkeep.js';
import { counterAtLeast } from '../runtime/counter-at-least.js';
import { Counter, type NodeCounters } from '../runtime/counters.js';
import { ErrorLog } from '../runtime/error-log.js';
import { nextMessage } from '../runtime/next-message.js';
import { type StartedWorker, startWorker, stopWorkers } from '../runtime/worker-start.js';
import type { NodeConfig } from './config.js';
import type { FollowerInput } from './follower-worker.js';
import type { GatewayInput } from './gateway-worker.js';
import type { JournalerInput } from './journaler-worker.js';
import { CHECKPOINT_INTERVAL } from './logic-agent.js';
import type { LogicInput } from './logic-worker.js';
import { NodeFailure } from './node-failure.js';
import type { NodeMemory } from './node-memory.js';
import { readReplicationKey } from './replication-key.js';
import type { ReplicationInput } from './replication-worker.js';
import type { StartPoint } from './start-point.js';
import type { StopPhase } from './topology.js';
import { archiveDirectoryOf, upkeepRulesOf } from './upkeep-log.js';
import { startUpkeep, type UpkeepThread } from './upkeep-thread.js';
import type {
  FatalMessage,
  FollowMessage,
  FromFollower,
  FromGateway,
  FromLogic,
  FromReplication,
  LeadMessage,
  PromotedMessage,
  PromotionRefusedMessage,
  ToGateway,
  ToReplication,
} from './worker-messages.js';

/** What the threads are started with, and whom they tell. */
export interface NodeThreadsParts {
  readonly config: NodeConfig;
  /** The journal directory; the caller holds its lock. */
  readonly directory: string;
  /** File with the private key of the node. */
  readonly keyFile: string;
  readonly memory: NodeMemory;
  readonly counters: NodeCounters;
  readonly recovered: RecoveryReport;
  /** The gateway of a primary takes sessions from now on. */
  readonly onOpen: () => void;
  readonly onUpkeep: (event: UpkeepEvent) => void;
  /** A thread has failed: the node has to end. */
  readonly onFailure: (failure: NodeFailure) => void;
}

/** The agents that end phase by phase. */
type AgentName = keyof typeof StopPhase;

const MINUTE_MS = 60_000;

/**
 * All threads of a node. The agents are those of the topology; in the background, one prepares segments and one keeps the
 * journal in order.
 */
export class NodeThreads {
  /** From when on the threads are being ended, in order or not. */
  isStopping = false;
  readonly prepared: PreparedSegments;
  private readonly parts: NodeThreadsParts;
  private readonly errorLog: ErrorLog;
  private readonly preparedState: SharedArrayBuffer;
  /** Those that have been started. */
  private readonly agents: Partial<Record<AgentName, StartedWorker>> = {};
  private preparer: SegmentPreparer | undefined;
  private upkeep: UpkeepThread | undefined;

  constructor(parts: NodeThreadsParts) {
    this.parts = parts;
    this.errorLog = new ErrorLog(parts.memory.errorLog);
    this.preparedState = new SharedArrayBuffer(PREPARER_STATE_BYTES);
    this.prepared = new PreparedSegments(this.preparedState);
  }

  /** Whether there is a thread that takes snapshots. */
  get hasFollower(): boolean {
    return this.agents.follower !== undefined;
  }

  /**
   * Starts the threads that the replay takes. Returns what the business logic is going to tell of the commands up to
   * `mutedTo`, for `passOn`; it may do so before there is a gateway.
   * @param mutedTo last command of which the gateway does not get the events; 0 = it gets all
   */
  startReplaying(startPoint: StartPoint, mutedTo: number): Promise<FromLogic>[] {
    const { config, directory, memory, recovered } = this.parts;
    const { waitStrategy, nodeId } = config;
    const clusterId = BigInt(config.clusterId);
    this.startAgent('journaler', {
      memory,
      waitStrategy,
      directory,
      backend: config.journalBackend,
      allocation: config.journalAllocation,
      segmentBytes: config.segmentBytes,
      prepared: this.preparedState,
      clusterId,
      nodeId,
      recovered,
      replayAfter: startPoint.sequence,
      sync: config.ackPolicy !== 'memory',
    } satisfies JournalerInput);
    const logic = this.startAgent('logic', {
      memory,
      waitStrategy,
      maxOrders: config.maxOrders,
      snapshot: startPoint.snapshot,
      mutedTo,
      replayTo: recovered.lastSequence,
      directory,
      clusterId,
      nodeId,
    } satisfies LogicInput);
    if (mutedTo === 0) return [];
    return [nextMessage<FromLogic>(logic, 'record'), nextMessage<FromLogic>(logic, 'books')];
  }

  /** Starts all others that the node needs to serve. */
  startServing(startPoint: StartPoint, mutedTo: number): void {
    const { config, directory, memory } = this.parts;
    const { waitStrategy, logLevel, nodeId } = config;
    const clusterId = BigInt(config.clusterId);
    const primary = splitAddress(config.primaryAddress);
    const gateway = this.startAgent('gateway', {
      memory,
      waitStrategy,
      clusterId,
      options: { ...config, clientPort: config.port },
      nodeId,
      logLevel,
      snapshot: mutedTo > 0 ? undefined : startPoint.snapshot,
      awaitsRecord: mutedTo > 0,
    } satisfies GatewayInput);
    const replication = this.startAgent('replication', {
      memory,
      waitStrategy,
      dataDir: config.dataDir,
      journalDirectory: directory,
      key: readReplicationKey(config),
      clusterId,
      nodeId,
      host: config.replicationHost,
      port: config.replicationPort,
      primaryHost: primary.host,
      primaryPort: primary.port,
      logLevel,
    } satisfies ReplicationInput);
    gateway.worker.on('message', (message: FromGateway) => {
      if (message.type === 'open') this.parts.onOpen();
    });
    replication.worker.on('message', (message: FromReplication) => {
      if (message.type === 'fetched') this.upkeep?.answerRecords(basename(message.path), message.problem);
      if (message.type === 'fatal') {
        this.parts.onFailure(new NodeFailure(message.code, message.message, message.exitCode));
      }
    });
  }

  startPreparer(): void {
    const { directory } = this.parts;
    const { segmentBytes, journalAllocation: allocation } = this.parts.config;
    this.preparer = startSegmentPreparer({ directory, segmentBytes, allocation, state: this.preparedState });
  }

  /** Starts the thread that takes snapshots, unless none are wanted. */
  startFollower(startPoint: StartPoint): void {
    const { config, directory, keyFile, memory } = this.parts;
    if (config.snapshotEveryCommands === 0 && config.snapshotEveryMinutes === 0) return;
    const follower = this.startAgent('follower', {
      memory,
      directory,
      keyFile,
      clusterId: BigInt(config.clusterId),
      nodeId: config.nodeId,
      maxOrders: config.maxOrders,
      reportRetention: config.reportRetention,
      snapshot: startPoint.snapshot,
      everyCommands: atCheckpoints(config.snapshotEveryCommands),
      everyMs: config.snapshotEveryMinutes * MINUTE_MS,
      kept: config.snapshotsKept,
      accountIndex: config.accountIndex,
      logLevel: config.logLevel,
    } satisfies FollowerInput);
    follower.worker.on('message', ({ message }: FromFollower) => {
      this.parts.onFailure(new NodeFailure('STATE_DIVERGED', message));
    });
  }

  startUpkeep(): void {
    const { config, directory, keyFile, onUpkeep } = this.parts;
    this.upkeep = startUpkeep({
      directory,
      identity: { clusterId: BigInt(config.clusterId), nodeId: config.nodeId },
      keyFile,
      archiveTo: archiveDirectoryOf(config),
      rules: upkeepRulesOf(config),
      onEvent: onUpkeep,
      onWanted: ({ file, ...wanted }) => {
        if (this.isStopping) this.upkeep?.answerRecords(file, 'this node has no peer at the moment');
        else this.tellReplication({ type: 'fetch', ...wanted, path: join(directory, file) });
      },
    });
  }

  /** Resolves at once, or never when the threads are being ended: a start that was stopped or has failed goes no further. */
  async unlessStopping(): Promise<void> {
    if (this.isStopping) await new Promise(() => {});
  }

  /** Resolves when all agents that were started are ready to work. */
  async ready(): Promise<void> {
    await counterAtLeast(this.parts.counters, Counter.readyWorkers, Object.keys(this.agents).length);
  }

  /** Passes on to the gateway what the business logic tells of a replay (see MutedRecord); resolves when it has taken all of it. */
  async passOn(told: readonly Promise<FromLogic>[]): Promise<void> {
    if (told.length === 0) return;
    const taken = nextMessage<FromGateway>(this.agents.gateway!, 'booksTaken');
    for (const message of told) this.tellGateway(await message);
    await taken;
  }

  /** Has the node lead: its gateway sequences, and a standby is taken. Resolves when the gateway has opened. */
  async lead(message: Omit<LeadMessage, 'type'>): Promise<void> {
    const opened = nextMessage<FromGateway>(this.agents.gateway!, 'open');
    this.tellGateway({ type: 'lead', ...message });
    this.tellReplication({ type: 'replicate', epoch: message.epoch });
    await opened;
  }

  /** Has the node follow its primary. */
  follow(position: FollowMessage['position']): void {
    this.tellReplication({ type: 'follow', position });
  }

  /** Has a standby promise `epoch` and stop following; resolves with what came of it. */
  async stopFollowing(epoch: number): Promise<PromotedMessage | PromotionRefusedMessage | FatalMessage> {
    this.tellReplication({ type: 'promote', epoch });
    return nextMessage(this.agents.replication!, 'promoted', 'promotionRefused', 'fatal');
  }

  /** Keeps what the standby still needs from retention. Of one that went away the last position holds: it will come back. */
  keepForStandby(): void {
    const { counters } = this.parts;
    if (counters.get(Counter.replicaConnected) === 1)
      this.upkeep?.setStandbySequence(counters.get(Counter.replicaDurable) + 1);
  }

  /** Ends the agents in the order of StopPhase, so that all that was taken is durable and carried out. */
  async stop(): Promise<void> {
    this.isStopping = true;
    const { gateway, replication, logic, journaler, follower } = this.agents;
    const phases = [[gateway, replication], [journaler], [logic], [follower]];
    await stopWorkers(this.parts.counters, phases.map(startedOf));
  }

  /** Ends the agents wherever they are. */
  async terminate(): Promise<void> {
    this.isStopping = true;
    this.parts.counters.set(Counter.poison, 1);
    const { gateway, replication, logic, journaler, follower } = this.agents;
    const started = startedOf([gateway, replication, logic, journaler, follower]);
    await Promise.all(started.map((agent) => agent.terminate()));
  }

  /** Ends the threads in the background, after the agents. */
  async stopBackground(): Promise<void> {
    await Promise.all([this.preparer?.stop(), this.upkeep?.stop()]);
  }

  private startAgent(name: AgentName, input: unknown): StartedWorker {
    const started = startWorker({
      name,
      entry: new URL(`./${name}-worker.js`, import.meta.url),
      counters: this.parts.counters,
      errorLog: this.errorLog,
      input,
      onFailure: (failure) => this.parts.onFailure(NodeFailure.ofWorker(failure)),
    });
    this.agents[name] = started;
    return started;
  }

  private tellGateway(message: ToGateway): void {
    this.agents.gateway!.worker.postMessage(message);
  }

  private tellReplication(message: ToReplication): void {
    this.agents.replication!.worker.postMessage(message);
  }
}

function startedOf(workers: readonly (StartedWorker | undefined)[]): StartedWorker[] {
  return workers.filter((worker) => worker !== undefined);
}

/** The next multiple of the checkpoint interval, where the business logic has a hash to compare with. */
function atCheckpoints(commands: number): number {
  return Math.ceil(commands / CHECKPOINT_INTERVAL) * CHECKPOINT_INTERVAL;
}

function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}

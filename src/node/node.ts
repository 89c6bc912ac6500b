/**
 * The composition root: opens the journal, makes the shared memories, starts the workers of the topology, and changes
 * the node's role. After the start the main thread only watches.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { JournalNoSpaceError } from '../../journal/errors.js';
import { JournalDirectory } from '../../journal/journal-directory.js';
import { openStorage } from '../../journal/open-storage.js';
import { PREPARER_STATE_BYTES, PreparedSegments } from '../../journal/prepared-segments.js';
import { type RecoveryReport, recover } from '../../journal/recover.js';
import { type SegmentPreparer, startSegmentPreparer } from '../../journal/segment-preparer.js';
import type { RefusedSnapshot } from '../../journal/snapshot-store.js';
import { PromisedEpoch } from '../replication/promised-epoch.js';
import { waitCellAsync } from '../ring/shared-cell.js';
import { ACKNOWLEDGEMENT_POLICIES, type AcknowledgementPolicy } from '../runtime/acknowledgement-policy.js';
import { CheckpointRing } from '../runtime/checkpoint-ring.js';
import { SystemClock } from '../runtime/clock.js';
import { tuneCompiler } from '../runtime/compiler-flags.js';
import { Counter, counterCell, NodeCounters, NodeRole } from '../runtime/counters.js';
import { ErrorLog } from '../runtime/error-log.js';
import {
  type StartedWorker,
  startWorker,
  stopWorkers,
  type WorkerFailure,
  workersReady,
} from '../runtime/worker-start.js';
import { isActorName } from './actor-name.js';
import { type NodeConfig, replicationKeyPath } from './config.js';
import { ControlServer, controlError, type PromoteRequest } from './control-server.js';
import { DiskSpaceGuard, freeBytesOf } from './disk-space-guard.js';
import type { FollowerInput } from './follower-worker.js';
import type { GatewayInput } from './gateway-worker.js';
import type { JournalerInput } from './journaler-worker.js';
import { CHECKPOINT_INTERVAL } from './logic-agent.js';
import type { LogicInput } from './logic-worker.js';
import { ensureNodeKey } from './node-key.js';
import { makeLog } from './node-log.js';
import { allocateNodeMemory, type NodeMemory } from './node-memory.js';
import { type NodeStatus, nodeStatus } from './node-status.js';
import { withShortSlices } from './prompt-threads.js';
import type { ReplicationInput } from './replication-worker.js';
import { findStartPoint, type StartPoint } from './start-point.js';
import { type StartReport, startReport } from './start-report.js';
import { archiveDirectoryOf, UpkeepLog, upkeepRulesOf } from './upkeep-log.js';
import { startUpkeep, type UpkeepThread } from './upkeep-thread.js';
import type {
  FatalMessage,
  FetchMessage,
  FromFollower,
  FromGateway,
  FromLogic,
  FromReplication,
  LeadMessage,
  OpenMessage,
  PromotedMessage,
  PromotionRefusedMessage,
  ToReplication,
} from './worker-messages.js';

const EXIT_STOPPED = 1;
const EXIT_FAILURE = 70;
const EXIT_CORRUPT = 3;
const EXIT_REFUSED = 4;
const KEY_BYTES = 32;
const DISK_LOOK_MS = 100;
const PROGRESS_MS = 1000;
const REPLAY_LOOK_MS = 5;
const MINUTE_MS = 60_000;

/** Where a node listens; replication is null while it is a standby. */
export interface NodeAddresses {
  readonly client: string;
  readonly admin: string;
  readonly control: string;
  readonly replication: string | null;
}

type WorkerName = 'gateway' | 'replication' | 'logic' | 'journaler';

/** What a promotion came to. */
export interface Promotion {
  readonly epoch: number;
  /** Last command that came from the old primary. */
  readonly sequence: number;
  readonly role: 'primary';
}

/**
 * Starts the node of `config`: recovers the journal, then leads or follows as the role says. Resolves when it does.
 * Rejects with coded errors (see journal/errors.ts, PROMISED_EPOCH_CORRUPT, NODE_NOT_INITIALISED, NOT_THE_LEADER,
 * EADDRINUSE ...), and has then let go of everything.
 */
export async function startNode(config: NodeConfig): Promise<RunningNode> {
  tuneCompiler();
  const excluded: RefusedSnapshot[] = [];
  for (;;) {
    const node = new RunningNode(config, excluded);
    try {
      await node.start();
      return node;
    } catch (error) {
      await node.abandon();
      const { code, message } = error as { code?: unknown; message: string };
      const { file } = node.startPoint;
      // A snapshot that is whole but of no use to this build: the one before it, or the whole journal, is.
      if (code !== 'SNAPSHOT_UNUSABLE' || file === '') throw error;
      excluded.push({ file, reason: message });
    }
  }
}

/** A node in this process. */
export class RunningNode {
  readonly recovered: RecoveryReport;
  startPoint: StartPoint;
  /** Resolves with the exit code when the node has ended, for whatever reason. */
  readonly closed: Promise<number>;
  private readonly config: NodeConfig;
  private readonly directory: JournalDirectory;
  private readonly keyFile: string;
  private readonly backend: { readonly kind: string; readonly fallbackReason: string };
  private readonly memory: NodeMemory;
  private readonly counters: NodeCounters;
  private readonly checkpoints: CheckpointRing;
  private readonly errorLog: ErrorLog;
  private readonly preparedState: SharedArrayBuffer;
  private readonly prepared: PreparedSegments;
  private preparer: SegmentPreparer | undefined;
  private upkeep: UpkeepThread | undefined;
  private readonly upkeepLog: UpkeepLog;
  private readonly diskSpace: DiskSpaceGuard;
  private readonly log: Logger;
  private readonly control: ControlServer;
  private readonly startedAt: number;
  private readonly clock: SystemClock;
  private follower: StartedWorker | undefined;
  private startEndedAt: number;
  /** Those that have been started. */
  private workers: Partial<Record<WorkerName, StartedWorker>>;
  private ackPolicy: AcknowledgementPolicy;
  private controlPort: number;
  private isStopping: boolean;
  private diskTimer: NodeJS.Timeout | undefined;
  private abandoned: Promise<void> | undefined;
  private failure: Error | undefined;
  private resolveClosed!: (exitCode: number) => void;
  private rejectStart: (error: Error) => void;

  /** Opens and recovers the journal of `config`; use `startNode`. */
  constructor(config: NodeConfig, excluded: readonly RefusedSnapshot[] = []) {
    if (config.clusterId === '0' || config.nodeId === 0) {
      throw controlError(
        'NODE_NOT_INITIALISED',
        `${config.dataDir} has no node in it: run "ringfence init --data-dir ${config.dataDir}" first`,
      );
    }
    this.config = config;
    this.clock = new SystemClock();
    this.startedAt = this.clock.monotonicNanoseconds();
    this.ackPolicy = config.ackPolicy;
    this.controlPort = 0;
    this.isStopping = false;
    this.diskTimer = undefined;
    this.abandoned = undefined;
    this.failure = undefined;
    this.workers = {};
    this.preparer = undefined;
    this.upkeep = undefined;
    this.follower = undefined;
    this.startEndedAt = 0;
    this.rejectStart = () => {};
    this.closed = new Promise((resolve) => {
      this.resolveClosed = resolve;
    });
    const identity = { clusterId: BigInt(config.clusterId), nodeId: config.nodeId };
    const path = join(config.dataDir, 'journal');
    this.directory = JournalDirectory.open(path, identity);
    try {
      const storage = openStorage(path, config.journalBackend);
      this.backend = { kind: storage.kind, fallbackReason: storage.fallbackReason };
      this.recovered = recover(storage, identity, { mayBeginLater: true });
      this.startPoint = findStartPoint(storage, path, this.recovered, excluded);
      this.refuseBrokenPromise();
      this.keyFile = ensureNodeKey(config.dataDir);
    } catch (error) {
      this.directory.close();
      throw error;
    }
    this.memory = allocateNodeMemory(
      config.inputRingSlots,
      config.outputRingSlots,
      this.startPoint.sequence + 1,
    );
    this.counters = new NodeCounters(this.memory.counters);
    this.checkpoints = new CheckpointRing(this.memory.checkpoints);
    this.errorLog = new ErrorLog(this.memory.errorLog);
    this.preparedState = new SharedArrayBuffer(PREPARER_STATE_BYTES);
    this.prepared = new PreparedSegments(this.preparedState);
    this.log = makeLog('node', config.logLevel);
    this.upkeepLog = new UpkeepLog(this.log);
    this.diskSpace = new DiskSpaceGuard({
      prepared: this.prepared,
      freeBytes: () => freeBytesOf(path),
      segmentRoom: () => this.counters.get(Counter.journalSegmentRoom),
      segmentBytes: config.segmentBytes,
      minFreeBytes: config.minFreeBytes,
    });
    this.control = new ControlServer(config.dataDir, {
      status: () => ({ ...this.status(), addresses: this.addresses }),
      promote: (request) => this.promote(request),
      snapshot: () => this.takeSnapshot(),
      stop: () => void this.stop(),
    });
  }

  get addresses(): NodeAddresses {
    const { host, replicationHost } = this.config;
    const replicationPort = this.counters.get(Counter.replicationPort);
    return {
      client: `ws://${host}:${this.counters.get(Counter.gatewayPort)}`,
      admin: `ws://${host}:${this.counters.get(Counter.adminPort)}`,
      control: `http://127.0.0.1:${this.controlPort}`,
      replication: replicationPort === 0 ? null : `${replicationHost}:${replicationPort}`,
    };
  }

  /** Starts the workers, waits for the recovery, and takes up the role. Use `startNode`. */
  async start(): Promise<void> {
    const failed = new Promise<never>((_, reject) => {
      this.rejectStart = reject;
    });
    failed.catch(() => {});
    await Promise.race([this.takeUpRole(), failed]);
  }

  status(): NodeStatus {
    return nodeStatus({
      counters: this.counters,
      checkpoints: this.checkpoints,
      nodeId: this.config.nodeId,
      ackPolicy: this.ackPolicy,
      backend: this.backend.kind,
      fallbackReason: this.backend.fallbackReason,
      prepared: this.prepared,
      freeBytes: freeBytesOf(this.directory.directory),
      start: this.startReport(),
      upkeep: this.upkeepLog.figures,
      uptimeMs: Math.floor((this.clock.monotonicNanoseconds() - this.startedAt) / 1e6),
    });
  }

  /** What the start found, loaded and replayed. */
  startReport(): StartReport {
    const endedAt = this.startEndedAt === 0 ? this.clock.monotonicNanoseconds() : this.startEndedAt;
    const processed = this.counters.get(Counter.logicProcessed);
    return startReport(
      this.recovered,
      this.startPoint,
      processed,
      Math.floor((endedAt - this.startedAt) / 1e6),
    );
  }

  /** Takes a snapshot of all that is durable now; resolves with its last command. */
  async takeSnapshot(): Promise<{ sequence: number }> {
    if (this.follower === undefined) {
      throw controlError(
        'NO_SNAPSHOTS',
        'this node takes no snapshots: snapshotEveryCommands and snapshotEveryMinutes are both 0',
      );
    }
    const { counters } = this;
    const number = counters.get(Counter.snapshotsAsked) + 1;
    counters.set(Counter.snapshotsAsked, number);
    await this.counterAtLeast(Counter.snapshotsServed, number);
    return { sequence: counters.get(Counter.snapshotSequence) };
  }

  /**
   * Turns this standby into the primary of a higher epoch. Resolves when orders are taken; under a policy that needs a
   * standby that is not before there is one, so an operator names the policy from now on.
   */
  async promote(request: PromoteRequest): Promise<Promotion> {
    const ackPolicy = this.policyOf(request);
    const actor = checkedActor(request.actor ?? '');
    if (this.counters.get(Counter.role) !== NodeRole.standby || this.isStopping) {
      throw controlError(
        'PROMOTION_REFUSED',
        `this node is ${this.status().role}; only a standby can be promoted`,
      );
    }
    const { gateway } = this.workers;
    const promised = PromisedEpoch.open(this.config.dataDir).epoch;
    const epoch = Math.max(this.counters.get(Counter.epoch), promised) + 1;
    this.tellReplication({ type: 'promote', epoch });
    const answer = await nextAnswer(this.workers.replication!);
    if (answer.type === 'promotionRefused') throw controlError('PROMOTION_REFUSED', answer.message);
    if (answer.type !== 'promoted') throw controlError('PROMOTION_REFUSED', answer.message);
    await this.counterAtLeast(Counter.logicProcessed, answer.sequence);
    await this.counterAtLeast(Counter.durable, answer.sequence);
    this.ackPolicy = ackPolicy;
    const opened = nextMessage<OpenMessage>(gateway!);
    const afterUs = this.recovered.lastTimestampUs;
    this.lead({
      type: 'lead',
      epoch,
      isNewEpoch: true,
      actor,
      ackPolicy,
      adminPublicKey: new Uint8Array(),
      afterUs,
    });
    this.tellReplication({ type: 'replicate', epoch });
    await opened;
    return { epoch, sequence: answer.sequence, role: 'primary' };
  }

  /** Orderly end: takes no more commands, lets everything taken become durable, closes. */
  async stop(exitCode = 0): Promise<void> {
    if (this.isStopping) return;
    this.isStopping = true;
    clearInterval(this.diskTimer);
    const { gateway, replication, logic, journaler } = this.workers;
    this.counters.set(Counter.role, NodeRole.stopping);
    const phases = [[gateway, replication], [journaler], [logic], [this.follower]];
    await stopWorkers(this.counters, phases.map(startedOf));
    await this.letGo();
    this.resolveClosed(exitCode);
  }

  /** Lets go of everything after a failure. */
  async abandon(): Promise<void> {
    this.abandoned ??= this.letGoAtOnce();
    await this.abandoned;
  }

  private async letGoAtOnce(): Promise<void> {
    this.isStopping = true;
    clearInterval(this.diskTimer);
    this.counters.set(Counter.poison, 1);
    const { gateway, replication, logic, journaler } = this.workers;
    for (const started of startedOf([gateway, replication, logic, journaler, this.follower])) {
      await started.worker.terminate();
    }
    await this.letGo();
  }

  private async takeUpRole(): Promise<void> {
    const { config, counters, recovered } = this;
    counters.set(Counter.role, NodeRole.recovering);
    counters.set(Counter.recoveredSequence, recovered.lastSequence);
    counters.set(Counter.inputPublished, recovered.lastSequence);
    counters.set(Counter.snapshotSequence, this.startPoint.sequence);
    this.controlPort = await this.control.listen(config.controlPort);
    await this.recovery();
    this.startFollower();
    this.upkeep = this.startUpkeep();
    // Its memory is large, and the threads that need it have it.
    this.startPoint = { ...this.startPoint, snapshot: undefined };
    this.diskTimer = setInterval(() => this.watchDisk(), DISK_LOOK_MS);
    if (config.role === 'standby') {
      counters.set(Counter.role, NodeRole.standby);
      const { lastSequence: sequence, chain, epoch } = recovered;
      this.tellReplication({ type: 'follow', position: { sequence, chain, epoch } });
      return;
    }
    this.refuseForeignLead();
    const isNew = recovered.lastSequence === 0;
    const epoch = isNew ? 1 : recovered.epoch;
    const adminPublicKey = isNew ? Buffer.from(config.adminPublicKey, 'hex') : new Uint8Array();
    // Not awaited: under a policy that needs a standby it opens when there is one.
    const afterUs = recovered.lastTimestampUs;
    this.lead({
      type: 'lead',
      epoch,
      isNewEpoch: isNew,
      actor: '',
      ackPolicy: this.ackPolicy,
      adminPublicKey,
      afterUs,
    });
    this.tellReplication({ type: 'replicate', epoch });
    await this.counterAtLeast(Counter.replicationPort, 1);
  }

  /** Waits until all that was in the journal is carried out, and says every second how far that is. */
  private async recovery(): Promise<void> {
    const { counters, log, recovered, startPoint, workers } = this;
    withShortSlices(() => this.startReplaying());
    const types: readonly FromLogic['type'][] = this.mutedTo() === 0 ? [] : ['record', 'books'];
    const told = types.map((type) => messageOf<FromLogic>(workers.logic!, type));
    const showProgress = (): void => {
      // A start that failed is waited for by nobody.
      if (this.isStopping) {
        clearInterval(timer);
        return;
      }
      const processed = counters.get(Counter.logicProcessed);
      log.info({ processed, of: recovered.lastSequence, from: startPoint.sequence }, 'replaying the journal');
    };
    const timer = setInterval(showProgress, PROGRESS_MS);
    timer.unref();
    try {
      await this.halfReplayed();
      withShortSlices(() => this.startServing());
      this.preparer = this.startPreparer();
      const passedOn = told.length === 0 ? undefined : passOn(told, workers.gateway!);
      await workersReady(counters, Object.keys(workers).length);
      await this.counterAtLeast(Counter.durable, recovered.lastSequence);
      await this.counterAtLeast(Counter.logicProcessed, recovered.lastSequence);
      await passedOn;
    } finally {
      clearInterval(timer);
    }
    this.startEndedAt = this.clock.monotonicNanoseconds();
    const report = this.startReport();
    if (report.refused.length > 0) log.error(report, 'recovered; not every snapshot could be used');
    else log.info(report, 'recovered');
  }

  /**
   * Of a long replay the gateway gets only the last commands, as many as it keeps reports: what it has to know of those
   * before, the business logic can tell it for less. The last command that it does not get; 0 = it gets all.
   */
  private mutedTo(): number {
    const mutedTo = this.recovered.lastSequence - this.config.reportRetention;
    return mutedTo > this.startPoint.sequence ? mutedTo : 0;
  }

  /**
   * Waits in a long replay until half of what the gateway does not get is carried out. Until then only the threads of the
   * replay run: to start and to compile all of them at once takes the processors from it for most of a second.
   */
  private async halfReplayed(): Promise<void> {
    const mutedTo = this.mutedTo();
    const half = mutedTo === 0 ? 0 : (this.startPoint.sequence + mutedTo) / 2;
    while (this.counters.get(Counter.logicProcessed) < half) {
      await delay(REPLAY_LOOK_MS);
      // A start that was stopped or has failed is waited for by nobody.
      if (this.isStopping) await new Promise(() => {});
    }
  }

  private startPreparer(): SegmentPreparer {
    const { segmentBytes, journalAllocation: allocation } = this.config;
    const { directory } = this.directory;
    return startSegmentPreparer({ directory, segmentBytes, allocation, state: this.preparedState });
  }

  private startUpkeep(): UpkeepThread {
    const { config, directory } = this;
    return startUpkeep({
      directory: directory.directory,
      identity: { clusterId: BigInt(config.clusterId), nodeId: config.nodeId },
      keyFile: this.keyFile,
      archiveTo: archiveDirectoryOf(config),
      rules: upkeepRulesOf(config),
      onEvent: (event) => this.upkeepLog.note(event),
      onWanted: ({ file, ...wanted }) =>
        this.fetchRecords({ type: 'fetch', ...wanted, path: join(directory.directory, file) }),
    });
  }

  private startFollower(): void {
    const { config } = this;
    if (config.snapshotEveryCommands === 0 && config.snapshotEveryMinutes === 0) return;
    this.follower = this.startWorker('follower', {
      memory: this.memory,
      directory: this.directory.directory,
      keyFile: this.keyFile,
      clusterId: BigInt(config.clusterId),
      nodeId: config.nodeId,
      maxOrders: config.maxOrders,
      reportRetention: config.reportRetention,
      snapshot: this.startPoint.snapshot,
      everyCommands: atCheckpoints(config.snapshotEveryCommands),
      everyMs: config.snapshotEveryMinutes * MINUTE_MS,
      kept: config.snapshotsKept,
      accountIndex: config.accountIndex,
      logLevel: config.logLevel,
    } satisfies FollowerInput);
    this.follower.worker.on('message', (message: FromFollower) => {
      this.fail('STATE_DIVERGED', message.message, EXIT_CORRUPT);
    });
  }

  /** Raises and ends the alarm about a full disk; stops in order when the last segment is nearly full. */
  private watchDisk(): void {
    const { counters } = this;
    const diskSpace = this.diskSpace;
    const log = this.log;
    // Of a standby that went away the last position holds: it will come back for what follows.
    if (counters.get(Counter.replicaConnected) === 1)
      this.upkeep?.setStandbySequence(counters.get(Counter.replicaDurable) + 1);
    const wasLow = diskSpace.isLow;
    diskSpace.look();
    if (diskSpace.isReserveEnding) {
      const error = JournalNoSpaceError.ofReserve(this.directory.directory);
      this.failure ??= error;
      log.fatal({ code: error.code }, error.message);
      void this.stop(EXIT_STOPPED);
      return;
    }
    if (diskSpace.isLow === wasLow) return;
    counters.set(Counter.lowDiskSpace, diskSpace.isLow ? 1 : 0);
    const figures = {
      freeBytes: diskSpace.freeBytes,
      preparedSegments: this.prepared.ready(),
      preparerErrno: this.prepared.errno(),
    };
    if (diskSpace.isLow) {
      counters.add(Counter.lowDiskAlarms, 1);
      log.error({ code: 'LOW_DISK_SPACE', ...figures }, 'the disk is nearly full: new orders are refused');
    } else {
      log.warn(figures, 'there is room on the disk again: new orders are taken');
    }
  }

  private fetchRecords(message: FetchMessage): void {
    if (this.isStopping)
      this.upkeep?.answerRecords(basename(message.path), 'this node has no peer at the moment');
    else this.tellReplication(message);
  }

  /** The threads that the replay takes. */
  private startReplaying(): void {
    const { config, memory } = this;
    const { waitStrategy, nodeId } = config;
    const clusterId = BigInt(config.clusterId);
    const path = this.directory.directory;
    this.workers.journaler = this.startWorker('journaler', {
      memory,
      waitStrategy,
      directory: path,
      backend: config.journalBackend,
      allocation: config.journalAllocation,
      segmentBytes: config.segmentBytes,
      prepared: this.preparedState,
      clusterId,
      nodeId,
      recovered: this.recovered,
      replayAfter: this.startPoint.sequence,
      sync: config.ackPolicy !== 'memory',
    } satisfies JournalerInput);
    this.workers.logic = this.startWorker('logic', {
      memory,
      waitStrategy,
      maxOrders: config.maxOrders,
      snapshot: this.startPoint.snapshot,
      mutedTo: this.mutedTo(),
      replayTo: this.recovered.lastSequence,
      directory: path,
      clusterId,
      nodeId,
    } satisfies LogicInput);
  }

  /** All others that the node needs to serve. */
  private startServing(): void {
    const { config, memory } = this;
    const { waitStrategy, logLevel, nodeId } = config;
    const clusterId = BigInt(config.clusterId);
    const directory = this.directory.directory;
    const mutedTo = this.mutedTo();
    const primary = splitAddress(config.primaryAddress);
    const gateway = this.startWorker('gateway', {
      memory,
      waitStrategy,
      clusterId,
      options: { ...config, clientPort: config.port },
      nodeId,
      logLevel,
      snapshot: mutedTo > 0 ? undefined : this.startPoint.snapshot,
      awaitsRecord: mutedTo > 0,
    } satisfies GatewayInput);
    const replication = this.startWorker('replication', {
      memory,
      waitStrategy,
      dataDir: config.dataDir,
      journalDirectory: directory,
      key: readReplicationKey(replicationKeyPath(config)),
      clusterId,
      nodeId,
      host: config.replicationHost,
      port: config.replicationPort,
      primaryHost: primary.host,
      primaryPort: primary.port,
      logLevel,
    } satisfies ReplicationInput);
    gateway.worker.on('message', (message: FromGateway) => {
      if (message.type === 'open') this.counters.set(Counter.role, NodeRole.primary);
    });
    replication.worker.on('message', (message: FromReplication) => {
      if (message.type === 'fetched') this.upkeep?.answerRecords(basename(message.path), message.problem);
      if (message.type === 'fatal') this.fail(message.code, message.message, message.exitCode);
    });
    this.workers.gateway = gateway;
    this.workers.replication = replication;
  }

  private startWorker(name: string, input: unknown): StartedWorker {
    const entry = new URL(`./${name}-worker.js`, import.meta.url);
    const { counters, errorLog } = this;
    return startWorker({
      name,
      entry,
      counters,
      errorLog,
      input,
      onFailure: (failure) => this.onFailure(failure),
    });
  }

  private onFailure(failure: WorkerFailure): void {
    // Errors for the operator carry a code; of any other one the stack is what helps.
    const coded = /\[([A-Z][A-Z0-9_]+)\] \w+: (.*)/.exec(failure.text);
    if (coded === null) this.fail('AGENT_FAILED', failure.text, EXIT_FAILURE);
    else this.fail(coded[1]!, coded[2]!, exitCodeOf(coded[1]!));
  }

  /** Ends the node for a reason of its own; there is no healing. */
  private fail(code: string, message: string, exitCode: number): void {
    if (this.isStopping) return;
    this.failure ??= Object.assign(new Error(message), { code, exitCode });
    this.rejectStart(this.failure);
    void this.abandon().then(() => this.resolveClosed(exitCode));
  }

  /** Why the node ended by itself, when it did. */
  get failureReason(): Error | undefined {
    return this.failure;
  }

  private lead(message: LeadMessage): void {
    this.workers.gateway!.worker.postMessage(message);
  }

  private tellReplication(message: ToReplication): void {
    this.workers.replication!.worker.postMessage(message);
  }

  private async counterAtLeast(counter: Counter, value: number): Promise<void> {
    for (;;) {
      const seen = this.counters.get(counter);
      if (seen >= value) return;
      await waitCellAsync(this.counters.cells, counterCell(counter), seen | 0);
    }
  }

  private policyOf(request: PromoteRequest): AcknowledgementPolicy {
    const wanted = request.ackPolicy ?? this.ackPolicy;
    const policy = ACKNOWLEDGEMENT_POLICIES.find((known) => known === wanted);
    if (policy === undefined) {
      throw controlError(
        'INVALID_ACK_POLICY',
        `ackPolicy "${wanted}" is not one of ${ACKNOWLEDGEMENT_POLICIES.join(', ')}`,
      );
    }
    return policy;
  }

  /** A node that has promised an epoch may not lead a lower one. */
  private refuseBrokenPromise(): void {
    const promised = PromisedEpoch.open(this.config.dataDir).epoch;
    if (this.config.role !== 'primary' || promised <= this.recovered.epoch) return;
    throw controlError(
      'PROMISE_REFUSED',
      `this node has promised epoch ${promised}, its journal ends in epoch ${this.recovered.epoch}: ` +
        'start it with --role standby and promote it',
    );
  }

  /** A journal that another node has led is a standby's: leading takes a promotion. */
  private refuseForeignLead(): void {
    const leader = this.counters.get(Counter.leaderNode);
    if (this.recovered.lastSequence === 0 || leader === this.config.nodeId) return;
    throw controlError(
      'LEAD_REFUSED',
      `epoch ${this.recovered.epoch} of this journal is led by node ${leader}, this is node ${this.config.nodeId}: ` +
        'start it with --role standby, and promote it if node ' +
        `${leader} is gone`,
    );
  }

  private async letGo(): Promise<void> {
    await this.control.close();
    await Promise.all([this.preparer?.stop(), this.upkeep?.stop()]);
    this.directory.close();
  }
}

/** The next multiple of the checkpoint interval, where the business logic has a hash to compare with. */
function atCheckpoints(commands: number): number {
  return Math.ceil(commands / CHECKPOINT_INTERVAL) * CHECKPOINT_INTERVAL;
}

/** The name of an operator as the journal takes it. */
function checkedActor(actor: unknown): string {
  if (typeof actor === 'string' && isActorName(actor)) return actor;
  throw controlError(
    'INVALID_ACTOR',
    `actor ${JSON.stringify(actor)} must be at most 32 characters of printable ASCII`,
  );
}

/** Exit codes as the command line documents them. */
function exitCodeOf(code: string): number {
  if (/CORRUPT|DIVERGE/.test(code)) return EXIT_CORRUPT;
  if (code === 'JOURNAL_NO_SPACE') return EXIT_STOPPED;
  return /^EADDRINUSE$|^EACCES$|INSECURE|REFUSED|PERMISSION|NEWER/.test(code) ? EXIT_REFUSED : EXIT_FAILURE;
}

/** What the replication thread answers to a promotion. */
async function nextAnswer(
  replication: StartedWorker,
): Promise<PromotedMessage | PromotionRefusedMessage | FatalMessage> {
  for (;;) {
    const message = await nextMessage<FromReplication>(replication);
    if (message.type !== 'fetched') return message;
  }
}

function startedOf(workers: readonly (StartedWorker | undefined)[]): StartedWorker[] {
  return workers.filter((worker) => worker !== undefined);
}

/** Passes on to the gateway what the business logic tells of a replay (see MutedRecord); resolves when it has taken all of it. */
async function passOn(told: readonly Promise<FromLogic>[], gateway: StartedWorker): Promise<void> {
  const taken = messageOf<FromGateway>(gateway, 'booksTaken');
  for (const message of told) gateway.worker.postMessage(await message);
  await taken;
}

/** The next message of one type. */
function messageOf<Message extends { readonly type: string }>(
  started: StartedWorker,
  type: Message['type'],
): Promise<Message> {
  return new Promise((resolve) => {
    const look = (message: Message): void => {
      if (message.type !== type) return;
      started.worker.off('message', look);
      resolve(message);
    };
    started.worker.on('message', look);
  });
}

function nextMessage<Message>(started: StartedWorker): Promise<Message> {
  return new Promise((resolve) => started.worker.once('message', resolve));
}

function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}

function readReplicationKey(path: string): Uint8Array {
  const text = readFileSync(path, 'utf8').trim();
  const key = Buffer.from(text, 'hex');
  if (key.length !== KEY_BYTES || text.length !== 2 * KEY_BYTES) {
    throw controlError(
      'CONFIG_INVALID',
      `${path}: the replication key must be ${2 * KEY_BYTES} hexadecimal digits`,
    );
  }
  return key;
}

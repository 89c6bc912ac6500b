/**
 * The composition root: opens the journal, makes the shared memories, has the threads started (node-threads.ts) and the
 * journal replayed (start-replay.ts), and changes the node's role. After the start the main thread only watches.
 */
import { join } from 'node:path';
import type { Logger } from 'pino';
import { JournalDirectory } from '../../journal/journal-directory.js';
import { openStorage } from '../../journal/open-storage.js';
import { type RecoveryReport, recover } from '../../journal/recover.js';
import type { RefusedSnapshot } from '../../journal/snapshot-store.js';
import { PromisedEpoch } from '../replication/promised-epoch.js';
import type { AcknowledgementPolicy } from '../runtime/acknowledgement-policy.js';
import { CheckpointRing } from '../runtime/checkpoint-ring.js';
import { SystemClock } from '../runtime/clock.js';
import { tuneCompiler } from '../runtime/compiler-flags.js';
import { counterAtLeast } from '../runtime/counter-at-least.js';
import { Counter, NodeCounters, NodeRole } from '../runtime/counters.js';
import type { NodeConfig } from './config.js';
import { ControlServer, controlError, type PromoteRequest } from './control-server.js';
import { DiskSpaceAlarm } from './disk-space-alarm.js';
import { freeBytesOf } from './disk-space-guard.js';
import type { NodeFailure } from './node-failure.js';
import { ensureNodeKey } from './node-key.js';
import { makeLog } from './node-log.js';
import { allocateNodeMemory } from './node-memory.js';
import { type NodeStatus, nodeStatus } from './node-status.js';
import { NodeThreads } from './node-threads.js';
import { portsAreFree } from './ports-are-free.js';
import { checkedPromotion } from './promotion-request.js';
import { findStartPoint, type StartPoint } from './start-point.js';
import { replayAtStart } from './start-replay.js';
import { type StartReport, startReport } from './start-report.js';
import { UpkeepLog } from './upkeep-log.js';

const WATCH_MS = 100;

/** Where a node listens; replication is null while it is a standby. */
export interface NodeAddresses {
  readonly client: string;
  readonly admin: string;
  readonly control: string;
  readonly replication: string | null;
}

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
  private readonly backend: { readonly kind: string; readonly fallbackReason: string };
  private readonly counters: NodeCounters;
  private readonly checkpoints: CheckpointRing;
  private readonly threads: NodeThreads;
  private readonly upkeepLog: UpkeepLog;
  private readonly diskSpace: DiskSpaceAlarm;
  private readonly log: Logger;
  private readonly control: ControlServer;
  private readonly clock: SystemClock;
  private readonly startedAt: number;
  private startEndedAt = 0;
  private ackPolicy: AcknowledgementPolicy;
  private controlPort = 0;
  private watchTimer: NodeJS.Timeout | undefined;
  private abandoned: Promise<void> | undefined;
  private failure: Error | undefined;
  private resolveClosed!: (exitCode: number) => void;
  private rejectStart: (error: Error) => void = () => {};

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
    this.closed = new Promise((resolve) => {
      this.resolveClosed = resolve;
    });
    const identity = { clusterId: BigInt(config.clusterId), nodeId: config.nodeId };
    const directory = join(config.dataDir, 'journal');
    let keyFile: string;
    this.directory = JournalDirectory.open(directory, identity);
    try {
      const storage = openStorage(directory, config.journalBackend);
      this.backend = { kind: storage.kind, fallbackReason: storage.fallbackReason };
      this.recovered = recover(storage, identity, { mayBeginLater: true });
      this.startPoint = findStartPoint(storage, directory, this.recovered, excluded);
      this.refuseBrokenPromise();
      keyFile = ensureNodeKey(config.dataDir);
    } catch (error) {
      this.directory.close();
      throw error;
    }
    const { inputRingSlots, outputRingSlots } = config;
    const memory = allocateNodeMemory(inputRingSlots, outputRingSlots, this.startPoint.sequence + 1);
    const counters = new NodeCounters(memory.counters);
    const log = makeLog('node', config.logLevel);
    this.counters = counters;
    this.checkpoints = new CheckpointRing(memory.checkpoints);
    this.log = log;
    this.upkeepLog = new UpkeepLog(log);
    this.threads = new NodeThreads({
      config,
      directory,
      keyFile,
      memory,
      counters,
      recovered: this.recovered,
      onOpen: () => counters.set(Counter.role, NodeRole.primary),
      onUpkeep: (event) => this.upkeepLog.note(event),
      onFailure: (failure) => this.fail(failure),
    });
    const { prepared } = this.threads;
    this.diskSpace = new DiskSpaceAlarm({ directory, config, prepared, counters, log });
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

  /** Starts the threads, waits for the replay, and takes up the role. Use `startNode`. */
  async start(): Promise<void> {
    const failed = new Promise<never>((_, reject) => {
      this.rejectStart = reject;
    });
    failed.catch(() => {});
    await Promise.race([this.replayAndTakeUpRole(), failed]);
  }

  status(): NodeStatus {
    return nodeStatus({
      counters: this.counters,
      checkpoints: this.checkpoints,
      nodeId: this.config.nodeId,
      ackPolicy: this.ackPolicy,
      backend: this.backend.kind,
      fallbackReason: this.backend.fallbackReason,
      prepared: this.threads.prepared,
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
    if (!this.threads.hasFollower) {
      throw controlError(
        'NO_SNAPSHOTS',
        'this node takes no snapshots: snapshotEveryCommands and snapshotEveryMinutes are both 0',
      );
    }
    const { counters } = this;
    const number = counters.get(Counter.snapshotsAsked) + 1;
    counters.set(Counter.snapshotsAsked, number);
    await counterAtLeast(counters, Counter.snapshotsServed, number);
    return { sequence: counters.get(Counter.snapshotSequence) };
  }

  /**
   * Turns this standby into the primary of a higher epoch. Resolves when orders are taken; under a policy that needs a
   * standby that is not before there is one, so an operator names the policy from now on.
   */
  async promote(request: PromoteRequest): Promise<Promotion> {
    const { counters, threads } = this;
    const { ackPolicy, actor } = checkedPromotion(request, this.ackPolicy);
    if (counters.get(Counter.role) !== NodeRole.standby || threads.isStopping) {
      throw controlError(
        'PROMOTION_REFUSED',
        `this node is ${this.status().role}; only a standby can be promoted`,
      );
    }
    const promised = PromisedEpoch.open(this.config.dataDir).epoch;
    const epoch = Math.max(counters.get(Counter.epoch), promised) + 1;
    const answer = await threads.stopFollowing(epoch);
    if (answer.type !== 'promoted') throw controlError('PROMOTION_REFUSED', answer.message);
    await counterAtLeast(counters, Counter.logicProcessed, answer.sequence);
    await counterAtLeast(counters, Counter.durable, answer.sequence);
    this.ackPolicy = ackPolicy;
    await threads.lead({
      epoch,
      isNewEpoch: true,
      actor,
      ackPolicy,
      adminPublicKey: new Uint8Array(),
      afterUs: this.recovered.lastTimestampUs,
    });
    return { epoch, sequence: answer.sequence, role: 'primary' };
  }

  /** Orderly end: takes no more commands, lets everything taken become durable, closes. */
  async stop(exitCode = 0): Promise<void> {
    if (this.threads.isStopping) return;
    clearInterval(this.watchTimer);
    this.counters.set(Counter.role, NodeRole.stopping);
    await this.threads.stop();
    await this.letGo();
    this.resolveClosed(exitCode);
  }

  /** Lets go of everything after a failure. */
  async abandon(): Promise<void> {
    this.abandoned ??= this.letGoAtOnce();
    await this.abandoned;
  }

  private async letGoAtOnce(): Promise<void> {
    clearInterval(this.watchTimer);
    await this.threads.terminate();
    await this.letGo();
  }

  private async replayAndTakeUpRole(): Promise<void> {
    const { config, counters, recovered, threads } = this;
    counters.set(Counter.role, NodeRole.recovering);
    counters.set(Counter.recoveredSequence, recovered.lastSequence);
    counters.set(Counter.inputPublished, recovered.lastSequence);
    counters.set(Counter.snapshotSequence, this.startPoint.sequence);
    this.controlPort = await this.control.listen(config.controlPort);
    await portsAreFree(config);
    await this.replay();
    threads.startFollower(this.startPoint);
    threads.startUpkeep();
    // Its memory is large, and the threads that need it have it.
    this.startPoint = { ...this.startPoint, snapshot: undefined };
    this.watchTimer = setInterval(() => this.watch(), WATCH_MS);
    if (config.role === 'standby') {
      counters.set(Counter.role, NodeRole.standby);
      const { lastSequence: sequence, chain, epoch } = recovered;
      threads.follow({ sequence, chain, epoch });
      return;
    }
    this.refuseForeignLead();
    const isNew = recovered.lastSequence === 0;
    // Not awaited: under a policy that needs a standby it opens when there is one.
    void threads.lead({
      epoch: isNew ? 1 : recovered.epoch,
      isNewEpoch: isNew,
      actor: '',
      ackPolicy: this.ackPolicy,
      adminPublicKey: isNew ? Buffer.from(config.adminPublicKey, 'hex') : new Uint8Array(),
      afterUs: recovered.lastTimestampUs,
    });
    await counterAtLeast(counters, Counter.replicationPort, 1);
  }

  private async replay(): Promise<void> {
    const { threads, counters, recovered, startPoint, log } = this;
    const { reportRetention } = this.config;
    await replayAtStart({ threads, counters, recovered, startPoint, reportRetention, log });
    this.startEndedAt = this.clock.monotonicNanoseconds();
    const report = this.startReport();
    if (report.refused.length > 0) log.error(report, 'recovered; not every snapshot could be used');
    else log.info(report, 'recovered');
  }

  /** All that the main thread does by itself after the start; stops in order when the last segment is nearly full. */
  private watch(): void {
    this.threads.keepForStandby();
    const diskFull = this.diskSpace.look();
    if (diskFull === undefined) return;
    this.failure ??= diskFull;
    this.log.fatal({ code: diskFull.code }, diskFull.message);
    void this.stop(diskFull.exitCode);
  }

  /** Ends the node for a reason of its own; there is no healing. */
  private fail(failure: NodeFailure): void {
    if (this.threads.isStopping) return;
    this.failure ??= failure;
    this.rejectStart(this.failure);
    void this.abandon().then(() => this.resolveClosed(failure.exitCode));
  }

  /** Why the node ended by itself, when it did. */
  get failureReason(): Error | undefined {
    return this.failure;
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
    await this.threads.stopBackground();
    this.directory.close();
  }
}

import { hex64 } from '../base/hex.js';
import { WaitStrategy } from '../ring/wait-strategy.js';
import type { AcknowledgementPolicy } from '../runtime/acknowledgement-policy.js';
import type { Checkpoint, CheckpointRing } from '../runtime/checkpoint-ring.js';
import { CommitGate } from '../runtime/commit-gate.js';
import { Counter, type NodeCounters, NodeRole } from '../runtime/counters.js';
import { CHECKPOINT_INTERVAL } from './logic-agent.js';
import type { StartReport } from './start-report.js';
import type { UpkeepFigures } from './upkeep-log.js';

/** Hashes after one command, 16 hexadecimal digits each. */
export interface CheckpointText {
  readonly sequence: number;
  readonly stateHash: string;
  readonly outputHash: string;
}

const CHECKPOINTS_SHOWN = 8;

/** What `ringfence status` shows; sequences are those of commands. */
export interface NodeStatus {
  readonly role: string;
  readonly nodeId: number;
  readonly epoch: number;
  /** Last command published into the input ring. */
  readonly sequence: number;
  /** Last command whose events are in the output ring. */
  readonly processed: number;
  readonly durable: number;
  /** Last command whose outputs may leave under the acknowledgement policy. */
  readonly committed: number;
  readonly recovered: number;
  /** Version of the rules in force; 0 before the first command. */
  readonly logicVersion: number;
  readonly ackPolicy: AcknowledgementPolicy;
  /** Why outputs do not leave at present; empty when they do. */
  readonly stalled: string;
  readonly connections: number;
  readonly standby: {
    readonly connected: boolean;
    readonly received: number;
    readonly durable: number;
    readonly lag: number;
  };
  readonly primary: { readonly connected: boolean; readonly sequence: number };
  readonly journal: {
    readonly backend: string;
    readonly fallbackReason: string;
    readonly written: number;
    readonly preparedSegments: number;
    readonly preparerErrno: number;
    /** Free bytes on the disk of the journal; -1 when the system does not say. */
    readonly freeBytes: number;
    /** New orders and replaces are refused because the disk is nearly full. */
    readonly lowDiskSpace: boolean;
    /** Times that this began. */
    readonly lowDiskAlarms: number;
    readonly upkeep: UpkeepFigures;
  };
  /** Newest checkpoint of the hashes; an idle node has one at its last command. */
  readonly checkpoint: CheckpointText | null;
  /** The latest ones at multiples of CHECKPOINT_INTERVAL, newest first: both nodes of a pair have the same. */
  readonly checkpoints: readonly CheckpointText[];
  readonly snapshots: {
    /** Last command of the newest snapshot; 0 = none. */
    readonly sequence: number;
    /** Last command that the follower has carried out; 0 = this node takes no snapshots. */
    readonly followed: number;
  };
  readonly start: StartReport;
  readonly uptimeMs: number;
}

const ROLE_NAMES = Object.keys(NodeRole) as readonly (keyof typeof NodeRole)[];

/** What the status is made from. */
export interface StatusSources {
  readonly counters: NodeCounters;
  readonly checkpoints: CheckpointRing;
  readonly nodeId: number;
  readonly ackPolicy: AcknowledgementPolicy;
  readonly backend: string;
  readonly fallbackReason: string;
  readonly prepared: { ready(): number; errno(): number };
  readonly freeBytes: number;
  readonly start: StartReport;
  readonly upkeep: UpkeepFigures;
  readonly uptimeMs: number;
}

/** Reads the shared memories; never waits for any thread. */
export function nodeStatus(sources: StatusSources): NodeStatus {
  const { counters, ackPolicy } = sources;
  const sequence = counters.get(Counter.inputPublished);
  const received = counters.get(Counter.replicaReceived);
  const isReplicaConnected = counters.get(Counter.replicaConnected) === 1;
  const committed = new CommitGate(counters, ackPolicy, new WaitStrategy('blocking')).committedSequence();
  const role = ROLE_NAMES[counters.get(Counter.role)]!;
  const needsReplica = ackPolicy !== 'disk' && ackPolicy !== 'memory';
  const checkpoint = sources.checkpoints.latest();
  return {
    role,
    nodeId: sources.nodeId,
    epoch: counters.get(Counter.epoch),
    sequence,
    processed: counters.get(Counter.logicProcessed),
    durable: counters.get(Counter.durable),
    committed,
    recovered: counters.get(Counter.recoveredSequence),
    logicVersion: counters.get(Counter.logicVersion),
    ackPolicy,
    stalled:
      role === 'primary' && needsReplica && !isReplicaConnected
        ? `no standby is attached and the policy is ${ackPolicy}`
        : '',
    connections: counters.get(Counter.gatewaySessions),
    standby: {
      connected: isReplicaConnected,
      received,
      durable: counters.get(Counter.replicaDurable),
      lag: isReplicaConnected ? Math.max(0, sequence - received) : 0,
    },
    primary: {
      connected: counters.get(Counter.primaryConnected) === 1,
      sequence: counters.get(Counter.primaryPublished),
    },
    journal: {
      backend: sources.backend,
      fallbackReason: sources.fallbackReason,
      written: counters.get(Counter.journalWritten),
      preparedSegments: sources.prepared.ready(),
      preparerErrno: sources.prepared.errno(),
      freeBytes: sources.freeBytes,
      lowDiskSpace: counters.get(Counter.lowDiskSpace) !== 0,
      lowDiskAlarms: counters.get(Counter.lowDiskAlarms),
      upkeep: sources.upkeep,
    },
    checkpoint: checkpoint === undefined ? null : checkpointText(checkpoint),
    checkpoints: latestCheckpoints(sources.checkpoints, checkpoint?.sequence ?? 0),
    snapshots: {
      sequence: counters.get(Counter.snapshotSequence),
      followed: counters.get(Counter.followed),
    },
    start: sources.start,
    uptimeMs: sources.uptimeMs,
  };
}

function latestCheckpoints(ring: CheckpointRing, newest: number): CheckpointText[] {
  const shown: CheckpointText[] = [];
  const last = newest - (newest % CHECKPOINT_INTERVAL);
  for (let i = 0; i < CHECKPOINTS_SHOWN; i++) {
    const checkpoint = ring.find(last - i * CHECKPOINT_INTERVAL);
    if (checkpoint !== undefined) shown.push(checkpointText(checkpoint));
  }
  return shown;
}

function checkpointText(checkpoint: Checkpoint): CheckpointText {
  return {
    sequence: checkpoint.sequence,
    stateHash: hex64(checkpoint.stateHashLow, checkpoint.stateHashHigh),
    outputHash: hex64(checkpoint.outputHashLow, checkpoint.outputHashHigh),
  };
}

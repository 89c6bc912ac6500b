import { createServer, type Server } from 'node:net';
import { Counter } from '../runtime/counters.js';
import { requireKey } from './authentication.js';
import type { WantedRange } from './record-exchange.js';
import { RefusalCode, refuse } from './refusal.js';
import { type PrimaryContext, type SessionOwner, StandbySession } from './standby-session.js';

/** Connections at a time, authenticated or not; more are dropped before they are read. */
const MAX_CONNECTIONS = 32;

/** Limits and intervals; all have defaults. */
export interface ReplicatorTuning {
  /** How often the primary speaks at least. Default 500. */
  readonly heartbeatMs?: number;
  /** A standby that is silent for longer is detached. Default 3000. */
  readonly peerTimeoutMs?: number;
  /** From the connection to the join. Default 3000. */
  readonly handshakeTimeoutMs?: number;
  /** A standby further behind is reported. Default 64 MiB. */
  readonly maxLagBytes?: number;
  /** A standby whose acknowledgement takes longer is reported. Default 5000. */
  readonly maxLagMs?: number;
}

export type ReplicatorOptions = Omit<PrimaryContext, keyof ReplicatorTuning> &
  ReplicatorTuning & {
    /** Address to listen on. Default 127.0.0.1. */
    readonly host?: string;
    /** 0 = any free port; see `port` and the counter `replicationPort`. */
    readonly port: number;
    /** This node is stale: close the commit gate and stop with a non-zero exit code. Called once. */
    readonly onHigherEpoch: (epoch: number) => void;
  };

/**
 * The primary's side of replication: listens for a standby and streams the journal's frames to it, verbatim.
 *
 * It reads segment files up to the counter `journalWritten` and gates nothing: a slow or absent standby costs the
 * primary no memory and no time. What waits for the standby is the commit gate, through the counters
 * `replicaReceived` and `replicaDurable`, which are 0 while no standby is attached.
 *
 * One standby at a time: another node is refused STANDBY_ATTACHED; the same node coming again displaces its own
 * earlier connection, which is most likely dead.
 */
export class Replicator implements SessionOwner {
  /** The port that is listened on, after `start`. */
  port: number;
  private readonly host: string;
  private readonly context: PrimaryContext;
  private readonly onHigherEpoch: (epoch: number) => void;
  private readonly server: Server;
  private readonly sessions: Set<StandbySession>;
  private attached: StandbySession | undefined;
  private isClosing: boolean;

  /** Throws `RangeError` on a key that is too short to be secret, or an epoch below 1. */
  constructor(options: ReplicatorOptions) {
    requireKey(options.key);
    if (options.epoch < 1) throw new RangeError(`a primary leads an epoch from 1 on, not ${options.epoch}`);
    this.port = options.port;
    this.host = options.host ?? '127.0.0.1';
    this.onHigherEpoch = options.onHigherEpoch;
    this.context = {
      ...options,
      heartbeatMs: options.heartbeatMs ?? 500,
      peerTimeoutMs: options.peerTimeoutMs ?? 3000,
      handshakeTimeoutMs: options.handshakeTimeoutMs ?? 3000,
      maxLagBytes: options.maxLagBytes ?? 64 * 1024 * 1024,
      maxLagMs: options.maxLagMs ?? 5000,
    };
    this.sessions = new Set();
    this.attached = undefined;
    this.isClosing = false;
    this.server = createServer({ noDelay: true }, (socket) => {
      const session = new StandbySession(socket, this.context, this);
      this.sessions.add(session);
      if (this.isClosing) session.end(refuse(RefusalCode.SHUTTING_DOWN).refusal);
    });
    this.server.maxConnections = MAX_CONNECTIONS;
  }

  roleName(): string {
    return 'replicator';
  }

  /** Listens; rejects with the system's error (`code` EADDRINUSE, EACCES ...), which names the address. */
  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.port, this.host, () => {
        this.server.off('error', reject);
        resolve();
      });
    });
    // A connection that could not be accepted is that standby's trouble, not the primary's.
    this.server.on('error', (error) =>
      this.context.log.warn({ error: error.message }, 'a connection was not accepted'),
    );
    const address = this.server.address();
    if (address !== null && typeof address === 'object') this.port = address.port;
    this.context.counters.set(Counter.replicationPort, this.port);
    this.context.log.info(
      { host: this.host, port: this.port, epoch: this.context.epoch },
      'waiting for a standby',
    );
  }

  /** Tells the standby, closes every connection and the listener; resolves when they are gone. */
  async close(): Promise<void> {
    this.isClosing = true;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const session of [...this.sessions]) session.end(refuse(RefusalCode.SHUTTING_DOWN).refusal);
    await closed;
  }

  /** Asks the attached standby for records; `done` is called once, with '' or the reason why they do not come. */
  fetchRecords(wanted: WantedRange, done: (problem: string) => void): void {
    if (this.attached === undefined) done('no standby is attached');
    else this.attached.fetchRecords(wanted, done);
  }

  attach(session: StandbySession): void {
    const before = this.attached;
    if (before !== undefined) {
      if (before.standbyNodeId !== session.standbyNodeId) {
        throw refuse(RefusalCode.STANDBY_ATTACHED, this.context.epoch);
      }
      before.end(refuse(RefusalCode.DISPLACED, this.context.epoch).refusal);
    }
    this.attached = session;
  }

  fenced(epoch: number): void {
    if (this.isClosing) return;
    this.isClosing = true;
    // A connection that died unnoticed may still hold acknowledgements in the counters; they end here.
    const refusal = refuse(RefusalCode.STALE_EPOCH, this.context.epoch, 0, this.context.epoch, epoch).refusal;
    for (const session of [...this.sessions]) session.end(refusal);
    this.context.log.error(
      { code: 'STALE_EPOCH', ownEpoch: this.context.epoch, epoch },
      'a higher epoch exists; this node leads no longer',
    );
    this.onHigherEpoch(epoch);
  }

  ended(session: StandbySession): void {
    this.sessions.delete(session);
    if (this.attached === session) this.attached = undefined;
  }
}

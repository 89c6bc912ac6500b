import type { RingBuffer } from '../ring/ring-buffer.js';
import type { RingProducer } from '../ring/ring-producer.js';
import type { Checkpoint, CheckpointRing } from '../runtime/checkpoint-ring.js';
import { Counter } from '../runtime/counters.js';
import { requireKey } from './authentication.js';
import { CheckpointComparison } from './checkpoint-comparison.js';
import { FrameVerifier } from './frame-verifier.js';
import {
  allocateReadBuffer,
  PrimarySession,
  type PrimarySessionOwner,
  type StandbyContext,
} from './primary-session.js';
import { PromotionRefusedError } from './promotion-refused-error.js';
import type { StandbyPosition } from './protocol.js';
import type { WantedRange } from './record-exchange.js';
import { RecordPublisher } from './record-publisher.js';
import { type Refusal, RefusalCode, refusalName, refusalText, refuse } from './refusal.js';

/** Refusals that trying again cannot cure: the node has to be looked at. */
const FINAL_REFUSALS: readonly number[] = [
  RefusalCode.UNSUPPORTED_PROTOCOL,
  RefusalCode.OTHER_CLUSTER,
  RefusalCode.SAME_NODE,
  RefusalCode.JOURNAL_DIVERGED,
  RefusalCode.STANDBY_AHEAD,
];

/** Limits and intervals; all have defaults. */
export interface ReceiverTuning {
  /** How often the standby speaks at least. Default 500. */
  readonly heartbeatMs?: number;
  /** A primary that is silent for longer is given up and connected to again. Default 3000. */
  readonly peerTimeoutMs?: number;
  /** From the attempt to connect to the welcome. Default 3000. */
  readonly handshakeTimeoutMs?: number;
  /** First and longest pause before connecting again; it doubles in between. Defaults 50 and 1000. */
  readonly retryMinMs?: number;
  readonly retryMaxMs?: number;
}

type DerivedContext = 'verifier' | 'publisher' | 'comparison' | 'readBuffer' | keyof ReceiverTuning;

export type ReceiverOptions = Omit<StandbyContext, DerivedContext> &
  ReceiverTuning & {
    /** The end of this node's own recovered journal. */
    readonly position: StandbyPosition;
    readonly ring: RingBuffer;
    /** Producer of the input ring, at `position.sequence + 1`. The receiver is its only user until it has closed. */
    readonly producer: RingProducer;
    readonly checkpoints: CheckpointRing;
    /** This node is wrong, or its primary is: stop it with a non-zero exit code. */
    readonly onDivergence: (primary: Checkpoint, standby: Checkpoint) => void;
    /** The primary will never serve this node as it is: stop it with a non-zero exit code. */
    readonly onRefused: (refusal: Refusal) => void;
  };

/**
 * The standby's side of replication: follows a primary, connecting again whenever the connection is lost, until it is
 * promoted or closed.
 */
export class Receiver implements PrimarySessionOwner {
  private readonly options: ReceiverOptions;
  private readonly context: StandbyContext;
  private readonly retryMinMs: number;
  private readonly retryMaxMs: number;
  private session: PrimarySession | undefined;
  private retryMs: number;
  private retryTimer: NodeJS.Timeout | undefined;
  private lastFailure: string;
  private isStopping: boolean;
  private readonly waiting: (() => void)[];

  /** Throws `RangeError` on a short key, or when the ring does not stand where the journal ends. */
  constructor(options: ReceiverOptions) {
    requireKey(options.key);
    this.options = options;
    this.context = {
      ...options,
      heartbeatMs: options.heartbeatMs ?? 500,
      peerTimeoutMs: options.peerTimeoutMs ?? 3000,
      handshakeTimeoutMs: options.handshakeTimeoutMs ?? 3000,
      verifier: new FrameVerifier(options.position),
      publisher: new RecordPublisher(
        options.ring,
        options.producer,
        options.counters,
        options.position.sequence,
      ),
      comparison: new CheckpointComparison(options.checkpoints),
      readBuffer: allocateReadBuffer(),
    };
    this.retryMinMs = options.retryMinMs ?? 50;
    this.retryMaxMs = options.retryMaxMs ?? 1000;
    this.session = undefined;
    this.retryMs = this.retryMinMs;
    this.retryTimer = undefined;
    this.lastFailure = '';
    this.isStopping = false;
    this.waiting = [];
  }

  roleName(): string {
    return 'receiver';
  }

  /** The end of what is in the input ring. */
  get position(): StandbyPosition {
    const { sequence, chain, epoch } = this.context.verifier;
    return { sequence, chain, epoch };
  }

  /** Checkpoints of the primary that were compared with this node's own and found equal. */
  get comparedCount(): number {
    return this.context.comparison.equalCount;
  }

  /** Begins to follow the primary. A primary that is not there yet is no failure. */
  async start(): Promise<void> {
    this.connect();
  }

  /**
   * Ends following, for good, to lead `epoch`: the promise is on disk first, then the old primary is told, then every
   * record that came whole is published. Resolves with the end of the stream; from then on the ring has no producer.
   * Nothing is acknowledged once this was called, so an old primary that lives on commits nothing that is not here.
   *
   * Rejects with `PromotionRefusedError` when `epoch` is not higher than every epoch known here, or when this receiver
   * has ended already; lets an I/O error of the promise pass, and then goes on following.
   */
  async promote(epoch: number): Promise<StandbyPosition> {
    const { promise, verifier, counters, log } = this.context;
    if (this.isStopping) throw new PromotionRefusedError('this node is no standby any more');
    const known = Math.max(promise.epoch, verifier.epoch);
    if (epoch <= known)
      throw new PromotionRefusedError(`epoch ${epoch} is not higher than ${known}, which is known here`);
    promise.raise(epoch);
    await this.stop(refuse(RefusalCode.STALE_EPOCH, epoch, verifier.sequence, epoch, verifier.epoch).refusal);
    counters.set(Counter.promotedSequence, verifier.sequence);
    log.info({ epoch, sequence: verifier.sequence }, 'ended following; this node may lead');
    return this.position;
  }

  /** Ends following: publishes what came whole and closes. */
  async close(): Promise<void> {
    await this.stop(refuse(RefusalCode.SHUTTING_DOWN, this.context.promise.epoch).refusal);
  }

  /** Asks the primary for records; `done` is called once, with '' or the reason why they do not come. */
  fetchRecords(wanted: WantedRange, done: (problem: string) => void): void {
    if (this.session === undefined) done('no primary is connected');
    else this.session.fetchRecords(wanted, done);
  }

  joined(): void {
    this.retryMs = this.retryMinMs;
    this.lastFailure = '';
  }

  failed(code: string, message: string): void {
    this.logFailure(code, `cannot reach the primary: ${message}`);
  }

  refused(refusal: Refusal): void {
    this.logFailure(refusalName(refusal.code), `refused by the primary: ${refusalText(refusal)}`);
    if (this.isStopping || !FINAL_REFUSALS.includes(refusal.code)) return;
    this.isStopping = true;
    this.options.onRefused(refusal);
  }

  cannotFollow(refusal: Refusal): void {
    if (this.isStopping) return;
    this.isStopping = true;
    this.options.onRefused(refusal);
  }

  diverged(primary: Checkpoint, standby: Checkpoint): void {
    this.isStopping = true;
    this.options.onDivergence(primary, standby);
  }

  ended(): void {
    this.session = undefined;
    if (this.isStopping) {
      for (const resolve of this.waiting.splice(0)) resolve();
      return;
    }
    this.retryTimer = setTimeout(() => this.connect(), this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, this.retryMaxMs);
  }

  private connect(): void {
    this.session = new PrimarySession(this.context, this);
  }

  private async stop(lastWord: Refusal): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.retryTimer);
    if (this.session === undefined) return;
    const ended = new Promise<void>((resolve) => this.waiting.push(resolve));
    this.session.end(lastWord);
    await ended;
  }

  /** One line for each new reason, not for each attempt. */
  private logFailure(reason: string, message: string): void {
    if (reason === this.lastFailure) return;
    this.lastFailure = reason;
    const { host, port, log } = this.context;
    log.warn({ code: reason, primary: `${host}:${port}` }, message);
  }
}

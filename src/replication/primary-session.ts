import { connect } from 'node:net';
import { AsyncWaiter } from '../ring/async-waiter.js';
import { WaitStrategy } from '../ring/wait-strategy.js';
import type { Checkpoint } from '../runtime/checkpoint-ring.js';
import { CounterWatch } from '../runtime/counter-watch.js';
import { Counter, type NodeCounters } from '../runtime/counters.js';
import { SCHEMA_VERSION } from '../wire/schema.js';
import { SLOT_WORDS } from '../wire/slot.js';
import { makeNonce, makeProof, proofsEqual } from './authentication.js';
import { type CheckpointComparison, checkpointFields } from './checkpoint-comparison.js';
import type { FrameVerifier } from './frame-verifier.js';
import { Link } from './link.js';
import { acceptOnly, MessageAssembler } from './message-assembler.js';
import type { FrameSource, ReplicationLog } from './ports.js';
import type { PromisedEpoch } from './promised-epoch.js';
import {
  allocateAck,
  decodeChallenge,
  decodeCheckpoint,
  decodeProof,
  decodeWelcome,
  encodeDiverged,
  encodeFeatures,
  encodeHello,
  encodeJoin,
  encodeProof,
  Feature,
  MessageType,
  PROTOCOL_VERSION,
  Role,
  readSequence,
  type Welcome,
  writeAck,
} from './protocol.js';
import { RecordExchange, type WantedRange } from './record-exchange.js';
import type { RecordPublisher } from './record-publisher.js';
import {
  decodeRefusal,
  type Refusal,
  RefusalCode,
  RefusalError,
  refusalName,
  refusalText,
  refuse,
} from './refusal.js';

/** Bytes taken from the socket at a time. */
const READ_BYTES = 256 * 1024;

/** What every connection of one standby shares. */
export interface StandbyContext {
  readonly host: string;
  readonly port: number;
  readonly key: Uint8Array;
  readonly clusterId: bigint;
  readonly nodeId: number;
  readonly promise: PromisedEpoch;
  readonly counters: NodeCounters;
  readonly log: ReplicationLog;
  /** Opens the own journal, to send records on request; without it this node neither gives nor asks. */
  readonly openSource?: () => FrameSource;
  readonly heartbeatMs: number;
  readonly peerTimeoutMs: number;
  readonly handshakeTimeoutMs: number;
  readonly verifier: FrameVerifier;
  readonly publisher: RecordPublisher;
  readonly comparison: CheckpointComparison;
  /** Where bytes from the socket land before they are assembled; one connection at a time uses it. */
  readonly readBuffer: Uint8Array;
}

/** The receiver, as a session sees it. */
export interface PrimarySessionOwner {
  /** The primary has welcomed this standby. */
  joined(): void;
  /** The connection failed before or after it was made; `code` is the system's, or one of ours. */
  failed(code: string, message: string): void;
  /** The primary has refused this standby. */
  refused(refusal: Refusal): void;
  /** This release cannot read what the primary sends; no other attempt can. */
  cannotFollow(refusal: Refusal): void;
  /** Primary and standby differ; the session has ended. */
  diverged(primary: Checkpoint, standby: Checkpoint): void;
  /** The connection is over and every record that came whole is in the ring. Called once, last. */
  ended(): void;
}

/** Makes the read buffer of a `StandbyContext`. */
export function allocateReadBuffer(): Uint8Array {
  return new Uint8Array(READ_BYTES);
}

/**
 * The standby's end of one connection: authenticates both ends, verifies every frame, publishes its records into the
 * input ring and acknowledges them. While the ring is full it does not read the socket, so a slow standby fills the
 * primary's socket and nothing else.
 *
 * However the connection ends, frames that came whole are still verified and published: the primary may have let
 * clients see them.
 */
export class PrimarySession {
  private readonly context: StandbyContext;
  private readonly owner: PrimarySessionOwner;
  private readonly link: Link;
  private readonly assembler: MessageAssembler;
  private readonly nonce: Buffer;
  private primaryNonce: Buffer;
  private primaryEpoch: number;
  private isPrimaryKnown: boolean;
  private isJoined: boolean;
  /** Once the primary has told that it can. */
  private exchange: RecordExchange | undefined;
  private isEnded: boolean;
  private isPaused: boolean;
  private silentHeartbeats: number;
  /** Records of the frame at the front that are verified but not in the ring yet; the last ones of the frame. */
  private pendingCount: number;
  private readonly ack: Buffer;
  private isAckInFlight: boolean;
  private isAckDue: boolean;
  private ackedReceived: number;
  private ackedDurable: number;
  private readonly onAckWritten: () => void;
  private readonly spaceWaiter: AsyncWaiter;
  private readonly durable: CounterWatch;
  private readonly durableWaiter: AsyncWaiter;
  private readonly handshakeTimer: NodeJS.Timeout;
  private heartbeatTimer: NodeJS.Timeout | undefined;

  /** Connects at once. */
  constructor(context: StandbyContext, owner: PrimarySessionOwner) {
    this.context = context;
    this.owner = owner;
    this.assembler = new MessageAssembler(acceptOnly(MessageType.challenge, MessageType.refused));
    this.nonce = makeNonce();
    this.primaryNonce = this.nonce;
    this.primaryEpoch = 0;
    this.isPrimaryKnown = false;
    this.isJoined = false;
    this.exchange = undefined;
    this.isEnded = false;
    this.isPaused = false;
    this.silentHeartbeats = 0;
    this.pendingCount = 0;
    this.ack = allocateAck();
    this.isAckInFlight = false;
    this.isAckDue = false;
    this.ackedReceived = -1;
    this.ackedDurable = -1;
    this.onAckWritten = () => {
      this.isAckInFlight = false;
      if (this.isAckDue) this.sendAck();
    };
    this.spaceWaiter = new AsyncWaiter(context.publisher.producer, () => this.drain());
    this.durable = new CounterWatch(context.counters, Counter.durable, new WaitStrategy('blocking'));
    this.durableWaiter = new AsyncWaiter(this.durable, () => this.onDurableMoved());
    this.heartbeatTimer = undefined;
    context.verifier.restart();
    context.comparison.clear();
    const socket = connect({
      host: context.host,
      port: context.port,
      onread: {
        buffer: context.readBuffer,
        callback: (bytes, buffer) => this.onBytes(buffer.subarray(0, bytes)),
      },
    });
    this.link = new Link(socket, `${context.host}:${context.port}`);
    this.handshakeTimer = setTimeout(() => this.onHandshakeTimeout(), context.handshakeTimeoutMs);
    socket.on('connect', () => this.sendHello());
    socket.on('error', (error: NodeJS.ErrnoException) => owner.failed(error.code ?? 'ERROR', error.message));
    socket.on('close', () => this.onClosed());
  }

  /** Ends the connection, telling a primary that has proved the key why; `ended` follows when what came whole is in the ring. */
  end(refusal: Refusal): void {
    if (this.link.isClosed) return;
    // Before the primary has proved the key it is nobody to talk to.
    if (this.isPrimaryKnown) this.link.refuse(refusal);
    else this.link.destroy();
    this.onClosed();
  }

  private onHandshakeTimeout(): void {
    const { refusal } = refuse(RefusalCode.HANDSHAKE_TIMEOUT);
    this.owner.failed(refusalName(refusal.code), refusalText(refusal));
    this.end(refusal);
  }

  private sendHello(): void {
    const { clusterId } = this.context;
    this.link.send(
      encodeHello({ protocolVersion: PROTOCOL_VERSION, role: Role.standby, clusterId, nonce: this.nonce }),
    );
  }

  /** Takes bytes from the socket; false = stop reading it. */
  private onBytes(bytes: Uint8Array): boolean {
    if (this.link.isClosed) return true;
    this.silentHeartbeats = 0;
    this.assembler.append(bytes);
    this.drain();
    return !this.isPaused;
  }

  /** Handles whole messages until there are none, or the ring is full; then waits for whichever it is. */
  private drain(): void {
    if (this.isEnded) return;
    try {
      while (this.publishPending() && this.assembler.next()) {
        this.onMessage(this.assembler.type, this.assembler.bytes, this.assembler.bodyOffset);
        if (this.pendingCount === 0) this.assembler.consume();
        if (this.isEnded) return;
      }
    } catch (error) {
      if (!(error instanceof RefusalError)) throw error;
      this.refusePrimary(error.refusal);
      return;
    }
    this.acknowledge();
    this.compareCheckpoints();
    if (this.isEnded) return;
    if (this.pendingCount > 0) {
      this.isPaused = true;
      this.spaceWaiter.arm();
    } else if (this.link.isClosed) {
      this.finish();
    } else if (this.isPaused) {
      this.isPaused = false;
      this.link.socket.resume();
    }
  }

  private onMessage(type: number, bytes: Buffer, at: number): void {
    switch (type) {
      case MessageType.frame:
        this.onFrame(at);
        break;
      case MessageType.heartbeat:
        this.context.counters.set(Counter.primaryPublished, readSequence(bytes, at));
        break;
      case MessageType.checkpoint:
        this.context.comparison.add(decodeCheckpoint(bytes, at));
        break;
      case MessageType.challenge:
        this.onChallenge(decodeChallenge(bytes, at));
        break;
      case MessageType.proof:
        this.onProof(decodeProof(bytes, at));
        break;
      case MessageType.welcome:
        this.onWelcome(decodeWelcome(bytes, at));
        break;
      case MessageType.fetch:
      case MessageType.fetched:
      case MessageType.fetchEnd:
        this.exchange!.onMessage(type, bytes, this.assembler.words, at, this.assembler.bodyBytes);
        break;
      default:
        this.onRefused(decodeRefusal(bytes, at));
    }
  }

  private onChallenge(primaryNonce: Buffer): void {
    const { key, clusterId } = this.context;
    this.primaryNonce = primaryNonce;
    this.link.send(encodeProof(makeProof(key, Role.standby, clusterId, this.nonce, primaryNonce)));
    this.assembler.accepted = acceptOnly(MessageType.proof, MessageType.refused);
  }

  private onProof(proof: Buffer): void {
    const { key, clusterId, nodeId, promise, verifier } = this.context;
    if (!proofsEqual(makeProof(key, Role.primary, clusterId, this.nonce, this.primaryNonce), proof)) {
      throw refuse(RefusalCode.AUTHENTICATION_FAILED);
    }
    this.isPrimaryKnown = true;
    const { sequence, chain, epoch } = verifier;
    this.link.send(encodeJoin({ nodeId, promisedEpoch: promise.epoch, sequence, chain, epoch }));
    this.assembler.accepted = acceptOnly(MessageType.welcome, MessageType.refused);
  }

  private onWelcome(welcome: Welcome): void {
    const { context } = this;
    const { promise, counters } = context;
    if (welcome.epoch < Math.max(1, promise.epoch)) {
      throw refuse(RefusalCode.STALE_EPOCH, promise.epoch, 0, promise.epoch, welcome.epoch);
    }
    if (welcome.schemaVersion > SCHEMA_VERSION) {
      throw refuse(RefusalCode.NEWER_RELEASE, promise.epoch, 0, SCHEMA_VERSION, welcome.schemaVersion);
    }
    // Following a primary is a promise too: after a restart no primary of a lower epoch is listened to.
    promise.raise(welcome.epoch);
    this.primaryEpoch = welcome.epoch;
    this.isJoined = true;
    clearTimeout(this.handshakeTimer);
    this.assembler.accepted = acceptOnly(
      MessageType.frame,
      MessageType.heartbeat,
      MessageType.checkpoint,
      MessageType.refused,
    );
    this.offerRecords(welcome.features);
    counters.set(Counter.primaryPublished, welcome.written);
    counters.set(Counter.primaryConnected, 1);
    context.log.info(
      {
        peer: this.link.peer,
        primaryNodeId: welcome.nodeId,
        epoch: welcome.epoch,
        sequence: context.verifier.sequence,
        behind: welcome.written - context.verifier.sequence,
      },
      'following the primary',
    );
    this.owner.joined();
    this.heartbeatTimer = setInterval(() => this.onHeartbeatDue(), context.heartbeatMs);
    this.durable.read();
    this.durableWaiter.arm();
    this.sendAck();
  }

  /** Asks the primary for records; `done` is told why they do not come, or ''. */
  fetchRecords(wanted: WantedRange, done: (problem: string) => void): void {
    if (this.exchange === undefined) done('the primary is not connected, or cannot send records');
    else this.exchange.fetch(wanted, done);
  }

  private offerRecords(features: number): void {
    const { openSource, counters } = this.context;
    if ((features & Feature.records) === 0 || openSource === undefined) return;
    this.exchange = new RecordExchange(this.link, openSource, () => counters.get(Counter.journalWritten));
    this.assembler.accepted |= acceptOnly(MessageType.fetch, MessageType.fetched, MessageType.fetchEnd);
    this.link.send(encodeFeatures(Feature.records));
  }

  private onFrame(at: number): void {
    const { verifier } = this.context;
    verifier.verify(this.assembler.words, at / 4, this.assembler.bodyBytes, this.primaryEpoch);
    this.pendingCount = verifier.newCount;
  }

  /** Moves verified records into the ring; false while some are left because the ring is full. */
  private publishPending(): boolean {
    if (this.pendingCount === 0) return true;
    const { verifier, publisher, counters } = this.context;
    const { words, bodyOffset, bodyBytes } = this.assembler;
    const end = (bodyOffset + bodyBytes) / 4;
    this.pendingCount -= publisher.publish(words, end - this.pendingCount * SLOT_WORDS, this.pendingCount);
    if (this.pendingCount > 0) return false;
    this.assembler.consume();
    if (verifier.epoch !== counters.get(Counter.epoch)) counters.set(Counter.epoch, verifier.epoch);
    return true;
  }

  private onDurableMoved(): void {
    this.durable.read();
    this.acknowledge();
    this.compareCheckpoints();
    this.durableWaiter.arm();
  }

  private onHeartbeatDue(): void {
    const { context } = this;
    // Counted in own heartbeats: a node that was stopped for a while must not take that for the other's silence.
    // Neither is it silence when a full ring keeps this end from listening.
    this.silentHeartbeats = this.isPaused ? 0 : this.silentHeartbeats + 1;
    const silentMs = this.silentHeartbeats * context.heartbeatMs;
    if (silentMs > context.peerTimeoutMs) {
      context.log.warn({ peer: this.link.peer, silentMs }, 'the primary is silent; connecting again');
      this.link.destroy();
      this.onClosed();
      return;
    }
    this.sendAck();
    this.compareCheckpoints();
  }

  /** Tells the primary how far this node is, when that is news. */
  private acknowledge(): void {
    if (!this.isJoined) return;
    const isNews =
      this.context.publisher.sequence !== this.ackedReceived ||
      this.context.counters.get(Counter.durable) !== this.ackedDurable;
    if (isNews) this.sendAck();
  }

  /** One acknowledgement is in flight at a time; while it is, newer ones wait and become one. */
  private sendAck(): void {
    if (this.link.isClosed) return;
    if (this.isAckInFlight) {
      this.isAckDue = true;
      return;
    }
    this.isAckDue = false;
    this.isAckInFlight = true;
    this.ackedReceived = this.context.publisher.sequence;
    this.ackedDurable = this.context.counters.get(Counter.durable);
    writeAck(this.ack, this.ackedReceived, Math.min(this.ackedDurable, this.ackedReceived));
    this.link.socket.write(this.ack, this.onAckWritten);
  }

  private compareCheckpoints(): void {
    if (this.isEnded || this.link.isClosed) return;
    const divergence = this.context.comparison.compare();
    if (divergence === undefined) return;
    const { primary, standby } = divergence;
    this.context.log.error(
      {
        code: refusalName(RefusalCode.STATE_DIVERGED),
        sequence: primary.sequence,
        primary: checkpointFields(primary),
        standby: checkpointFields(standby),
      },
      'this standby came to another state than its primary; it stops',
    );
    this.link.finish(encodeDiverged(primary, standby));
    this.owner.diverged(primary, standby);
    this.finish();
  }

  /** Something that came from the primary cannot be right: nothing after it counts. */
  private refusePrimary(refusal: Refusal): void {
    this.context.log.error(
      { code: refusalName(refusal.code), peer: this.link.peer },
      `primary refused: ${refusalText(refusal)}`,
    );
    this.link.refuse(refusal);
    if (refusal.code === RefusalCode.NEWER_RELEASE) this.owner.cannotFollow(refusal);
    this.finish();
  }

  private onRefused(refusal: Refusal): void {
    this.link.destroy();
    this.owner.refused(refusal);
    this.finish();
  }

  private onClosed(): void {
    this.link.isClosed = true;
    this.stopTimers();
    this.drain();
  }

  private stopTimers(): void {
    clearTimeout(this.handshakeTimer);
    clearInterval(this.heartbeatTimer);
    this.durableWaiter.close();
  }

  /** The last step of a session; runs once. */
  private finish(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.stopTimers();
    this.spaceWaiter.close();
    this.exchange?.close();
    if (this.isJoined) this.context.counters.set(Counter.primaryConnected, 0);
    this.owner.ended();
  }
}

import type { Socket } from 'node:net';
import { FRAME_HEADER_BYTES, MAX_FRAME_BYTES, RECORD_BYTES } from '../../journal/frame.js';
import { AsyncWaiter } from '../ring/async-waiter.js';
import { WaitStrategy } from '../ring/wait-strategy.js';
import type { Checkpoint, CheckpointRing } from '../runtime/checkpoint-ring.js';
import type { Clock } from '../runtime/clock.js';
import { CounterWatch } from '../runtime/counter-watch.js';
import { Counter, type NodeCounters } from '../runtime/counters.js';
import { SCHEMA_VERSION } from '../wire/schema.js';
import { makeNonce, makeProof, proofsEqual } from './authentication.js';
import { checkpointFields } from './checkpoint-comparison.js';
import { CheckpointSender } from './checkpoint-sender.js';
import { LagWatch } from './lag-watch.js';
import { Link } from './link.js';
import { acceptOnly, MessageAssembler } from './message-assembler.js';
import type { FrameSource, ReplicationLog } from './ports.js';
import {
  decodeDiverged,
  decodeHello,
  decodeJoin,
  decodeProof,
  encodeChallenge,
  encodeHeartbeat,
  encodeProof,
  encodeWelcome,
  Feature,
  GENESIS_CHAIN,
  type Hello,
  type Join,
  MESSAGE_HEADER_BYTES,
  MessageType,
  PROTOCOL_VERSION,
  Role,
  readSequence,
  writeMessageHeader,
} from './protocol.js';
import { RecordExchange, type WantedRange } from './record-exchange.js';
import {
  decodeRefusal,
  type Refusal,
  RefusalCode,
  RefusalError,
  refusalName,
  refusalText,
  refuse,
} from './refusal.js';

/** Buffers in flight to the socket: what bounds the memory of a standby that does not read. */
const SEND_BUFFER_COUNT = 3;
const SEND_BUFFER_BYTES = MESSAGE_HEADER_BYTES + MAX_FRAME_BYTES;

/** What every session of one primary shares. */
export interface PrimaryContext {
  readonly key: Uint8Array;
  readonly clusterId: bigint;
  readonly nodeId: number;
  readonly epoch: number;
  readonly source: FrameSource;
  /** Opens the own journal once more, to send records on request; without it this node neither gives nor asks. */
  readonly openSource?: () => FrameSource;
  readonly checkpoints: CheckpointRing;
  readonly counters: NodeCounters;
  readonly clock: Clock;
  readonly log: ReplicationLog;
  readonly heartbeatMs: number;
  readonly peerTimeoutMs: number;
  readonly handshakeTimeoutMs: number;
  readonly maxLagBytes: number;
  readonly maxLagMs: number;
  readonly onDivergence: (primary: Checkpoint, standby: Checkpoint) => void;
}

/** The replicator, as a session sees it. */
export interface SessionOwner {
  /** Gives the session the one place for a standby, or throws `RefusalError` STANDBY_ATTACHED. */
  attach(session: StandbySession): void;
  /** A standby knows a higher epoch: this primary is over. */
  fenced(epoch: number): void;
  /** The session has ended, attached or not. */
  ended(session: StandbySession): void;
}

interface SendBuffer {
  readonly bytes: Buffer;
  isInFlight: boolean;
  readonly onWritten: () => void;
}

/**
 * The primary's end of one connection: authenticates the standby, decides whether its journal is a prefix of this
 * one, and then streams frames as fast as the socket takes them. It only ever holds `SEND_BUFFER_COUNT` buffers;
 * what a slow standby has not got yet stays in the journal's files.
 */
export class StandbySession {
  /** Node id of the standby once it has joined; 0 before. */
  standbyNodeId: number;
  /** Last sequence handed to the socket; no acknowledgement can be beyond it. */
  private sentSequence: number;
  private receivedSequence: number;
  private durableSequence: number;
  private silentHeartbeats: number;
  private isAttached: boolean;
  /** Once the standby has told that it can. */
  private exchange: RecordExchange | undefined;
  private isPumpDue: boolean;
  private hello: Hello | undefined;
  private readonly nonce: Buffer;
  private readonly context: PrimaryContext;
  private readonly owner: SessionOwner;
  private readonly link: Link;
  private readonly assembler: MessageAssembler;
  private readonly sendBuffers: SendBuffer[];
  private readonly written: CounterWatch;
  private readonly writtenWaiter: AsyncWaiter;
  private readonly checkpointSender: CheckpointSender;
  private readonly lag: LagWatch;
  private readonly handshakeTimer: NodeJS.Timeout;
  private heartbeatTimer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, context: PrimaryContext, owner: SessionOwner) {
    this.standbyNodeId = 0;
    this.sentSequence = 0;
    this.receivedSequence = 0;
    this.durableSequence = 0;
    this.silentHeartbeats = 0;
    this.isAttached = false;
    this.exchange = undefined;
    this.isPumpDue = false;
    this.hello = undefined;
    this.nonce = makeNonce();
    this.context = context;
    this.owner = owner;
    this.link = new Link(socket, `${socket.remoteAddress}:${socket.remotePort}`);
    this.assembler = new MessageAssembler(acceptOnly(MessageType.hello));
    this.sendBuffers = [];
    this.written = new CounterWatch(context.counters, Counter.journalWritten, new WaitStrategy('blocking'));
    this.writtenWaiter = new AsyncWaiter(this.written, () => this.pump());
    this.checkpointSender = new CheckpointSender(context.checkpoints);
    this.lag = new LagWatch(context.maxLagBytes / RECORD_BYTES, context.maxLagMs);
    this.handshakeTimer = setTimeout(
      () => this.end(refuse(RefusalCode.HANDSHAKE_TIMEOUT).refusal),
      context.handshakeTimeoutMs,
    );
    this.heartbeatTimer = undefined;
    socket.on('data', (chunk) => this.onBytes(chunk));
    socket.on('error', (error) =>
      context.log.warn({ peer: this.link.peer, error: error.message }, 'standby connection failed'),
    );
    socket.on('close', () => this.onClosed());
  }

  /** Ends the session with a refusal that is sent to the standby and logged here. */
  end(refusal: Refusal): void {
    if (this.link.isClosed) return;
    this.context.log.warn(
      { code: refusalName(refusal.code), peer: this.link.peer, standbyNodeId: this.standbyNodeId },
      `standby refused: ${refusalText(refusal)}`,
    );
    this.link.refuse(refusal);
    this.release();
  }

  private onBytes(chunk: Buffer): void {
    if (this.link.isClosed) return;
    this.silentHeartbeats = 0;
    this.assembler.append(chunk);
    try {
      while (!this.link.isClosed && this.assembler.next()) {
        this.onMessage(this.assembler.type, this.assembler.bytes, this.assembler.bodyOffset);
        this.assembler.consume();
      }
    } catch (error) {
      if (!(error instanceof RefusalError)) throw error;
      this.end(error.refusal);
    }
  }

  private onMessage(type: number, bytes: Buffer, at: number): void {
    switch (type) {
      case MessageType.hello:
        this.onHello(decodeHello(bytes, at));
        break;
      case MessageType.proof:
        this.onProof(decodeProof(bytes, at));
        break;
      case MessageType.join:
        this.onJoin(decodeJoin(bytes, at));
        break;
      case MessageType.ack:
        this.onAck(readSequence(bytes, at), readSequence(bytes, at + 8));
        break;
      case MessageType.diverged:
        this.onDiverged(decodeDiverged(bytes, at));
        break;
      case MessageType.features:
        this.onFeatures(bytes.readUInt32LE(at));
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

  /** Asks the standby for records; `done` is told why they do not come, or ''. */
  fetchRecords(wanted: WantedRange, done: (problem: string) => void): void {
    if (this.exchange === undefined) done('the standby cannot send records: it is of an older release');
    else this.exchange.fetch(wanted, done);
  }

  private onFeatures(features: number): void {
    if ((features & Feature.records) === 0) return;
    const { openSource } = this.context;
    this.exchange = new RecordExchange(this.link, openSource!, () => this.written.read());
    this.assembler.accepted |= acceptOnly(MessageType.fetch, MessageType.fetched, MessageType.fetchEnd);
  }

  private onHello(hello: Hello | undefined): void {
    if (hello === undefined || hello.role !== Role.standby) throw refuse(RefusalCode.PROTOCOL_VIOLATION);
    if (hello.protocolVersion !== PROTOCOL_VERSION) throw refuse(RefusalCode.UNSUPPORTED_PROTOCOL);
    this.hello = hello;
    this.link.send(encodeChallenge(this.nonce));
    this.assembler.accepted = acceptOnly(MessageType.proof);
  }

  private onProof(proof: Buffer): void {
    const { key, clusterId } = this.context;
    const hello = this.hello!;
    // Checked under the cluster that the standby claims, so that a holder of the key learns what really differs.
    if (!proofsEqual(makeProof(key, Role.standby, hello.clusterId, hello.nonce, this.nonce), proof)) {
      throw refuse(RefusalCode.AUTHENTICATION_FAILED);
    }
    if (hello.clusterId !== clusterId) throw refuse(RefusalCode.OTHER_CLUSTER);
    this.link.send(encodeProof(makeProof(key, Role.primary, clusterId, hello.nonce, this.nonce)));
    this.assembler.accepted = acceptOnly(MessageType.join, MessageType.refused);
  }

  private onJoin(join: Join): void {
    const { context } = this;
    const known = Math.max(join.promisedEpoch, join.epoch);
    if (join.nodeId === context.nodeId) throw refuse(RefusalCode.SAME_NODE, context.epoch);
    if (known > context.epoch) {
      this.end(refuse(RefusalCode.STALE_EPOCH, context.epoch, join.sequence, context.epoch, known).refusal);
      this.owner.fenced(known);
      return;
    }
    const written = this.written.read();
    if (join.sequence < 0) throw refuse(RefusalCode.PROTOCOL_VIOLATION);
    if (join.sequence > written) {
      throw refuse(RefusalCode.STANDBY_AHEAD, context.epoch, join.sequence, written, join.sequence);
    }
    const chain = join.sequence === 0 ? GENESIS_CHAIN : this.chainAt(join.sequence);
    if (chain !== join.chain) {
      throw refuse(RefusalCode.JOURNAL_DIVERGED, context.epoch, join.sequence, chain, join.chain);
    }
    this.standbyNodeId = join.nodeId;
    this.owner.attach(this);
    this.isAttached = true;
    clearTimeout(this.handshakeTimer);
    this.seek(join.sequence + 1);
    this.sentSequence = join.sequence;
    for (let i = 0; i < SEND_BUFFER_COUNT; i++) this.sendBuffers.push(this.makeSendBuffer());
    const features = context.openSource === undefined ? 0 : Feature.records;
    this.assembler.accepted = acceptOnly(MessageType.ack, MessageType.diverged, MessageType.refused);
    if (features !== 0) this.assembler.accepted |= acceptOnly(MessageType.features);
    const { epoch, nodeId, heartbeatMs } = context;
    const welcome = { epoch, nodeId, written, heartbeatMs, schemaVersion: SCHEMA_VERSION, features };
    this.link.send(encodeWelcome(welcome));
    this.heartbeatTimer = setInterval(() => this.onHeartbeatDue(), heartbeatMs);
    context.counters.set(Counter.replicaConnected, 1);
    context.log.info(
      {
        peer: this.link.peer,
        standbyNodeId: join.nodeId,
        sequence: join.sequence,
        behind: written - join.sequence,
      },
      'standby attached',
    );
    this.schedulePump();
  }

  private onAck(received: number, durable: number): void {
    const isPossible =
      received <= this.sentSequence &&
      received >= this.receivedSequence &&
      durable <= received &&
      durable >= this.durableSequence;
    // An acknowledgement lets outputs leave the node: one that cannot be true must not count.
    if (!isPossible) throw refuse(RefusalCode.PROTOCOL_VIOLATION, this.context.epoch, this.sentSequence);
    const { counters } = this.context;
    if (received !== this.receivedSequence) {
      this.receivedSequence = received;
      counters.set(Counter.replicaReceived, received);
    }
    if (durable !== this.durableSequence) {
      this.durableSequence = durable;
      counters.set(Counter.replicaDurable, durable);
    }
    this.checkLag();
  }

  private onDiverged({ primary, standby }: { primary: Checkpoint; standby: Checkpoint }): void {
    this.context.log.error(
      {
        code: refusalName(RefusalCode.STATE_DIVERGED),
        standbyNodeId: this.standbyNodeId,
        sequence: primary.sequence,
        primary: checkpointFields(primary),
        standby: checkpointFields(standby),
      },
      'the standby came to another state than this node and has stopped',
    );
    this.context.onDivergence(primary, standby);
    this.link.destroy();
    this.release();
  }

  private onRefused(refusal: Refusal): void {
    this.context.log.warn(
      { code: refusalName(refusal.code), peer: this.link.peer, standbyNodeId: this.standbyNodeId },
      `the standby refused this primary: ${refusalText(refusal)}`,
    );
    this.link.destroy();
    this.release();
    if (refusal.code === RefusalCode.STALE_EPOCH && refusal.epoch > this.context.epoch) {
      this.owner.fenced(refusal.epoch);
    }
  }

  private onHeartbeatDue(): void {
    // Counted in own heartbeats: a node that was stopped for a while must not take that for the other's silence.
    this.silentHeartbeats++;
    const silentMs = this.silentHeartbeats * this.context.heartbeatMs;
    if (silentMs > this.context.peerTimeoutMs) {
      this.context.log.warn(
        { peer: this.link.peer, standbyNodeId: this.standbyNodeId, silentMs },
        'standby is silent; detached',
      );
      this.link.destroy();
      this.release();
      return;
    }
    // A standby that does not read gets no heartbeats either: nothing may pile up behind a full socket.
    if (!this.link.socket.writableNeedDrain) this.link.send(encodeHeartbeat(this.written.read()));
    this.checkLag();
    this.schedulePump();
  }

  private checkLag(): void {
    const behind = this.context.counters.get(Counter.journalWritten) - this.receivedSequence;
    const change = this.lag.observe(
      this.receivedSequence,
      behind,
      this.context.clock.monotonicNanoseconds() / 1e6,
    );
    if (change === 0) return;
    const fields = { standbyNodeId: this.standbyNodeId, behind, behindBytes: behind * RECORD_BYTES };
    if (change > 0) this.context.log.warn(fields, 'standby lags');
    else this.context.log.info(fields, 'standby has caught up');
  }

  private schedulePump(): void {
    if (this.isPumpDue) return;
    this.isPumpDue = true;
    setImmediate(() => this.pump());
  }

  /** Sends what is written and not sent yet, as far as buffers are free, then waits for more of either. */
  private pump(): void {
    this.isPumpDue = false;
    if (this.link.isClosed) return;
    const written = this.written.read();
    for (const buffer of this.sendBuffers) {
      if (buffer.isInFlight) continue;
      const bytes = this.fill(buffer.bytes, written);
      if (this.link.isClosed) return;
      if (bytes === 0) break;
      buffer.isInFlight = true;
      this.link.socket.write(buffer.bytes.subarray(0, bytes), buffer.onWritten);
    }
    if (!this.link.socket.writableNeedDrain) this.checkpointSender.send(this.link);
    // With all buffers in flight the socket decides when to go on: onWritten.
    if (this.sendBuffers.some((buffer) => !buffer.isInFlight)) this.writtenWaiter.arm();
  }

  /** Fills `target` with messages of type frame up to the sequence `written`; returns the bytes. */
  private fill(target: Buffer, written: number): number {
    let used = 0;
    for (;;) {
      const at = used + MESSAGE_HEADER_BYTES;
      if (at >= target.length) return used;
      const frameBytes = this.readFrame(target, at, written);
      if (frameBytes === 0) return used;
      writeMessageHeader(target, used, MessageType.frame, frameBytes);
      this.sentSequence = readSequence(target, at + 8) + (frameBytes - FRAME_HEADER_BYTES) / RECORD_BYTES - 1;
      used = at + frameBytes;
    }
  }

  private readFrame(target: Buffer, at: number, written: number): number {
    try {
      return this.context.source.read(target, at, written);
    } catch (error) {
      this.endUnreadable(error);
      return 0;
    }
  }

  private chainAt(sequence: number): number {
    let chain: number | undefined;
    try {
      chain = this.context.source.chainAt(sequence);
    } catch (error) {
      this.logUnreadable(error);
    }
    if (chain === undefined) throw refuse(RefusalCode.HISTORY_UNAVAILABLE, this.context.epoch, sequence);
    return chain;
  }

  private seek(sequence: number): void {
    try {
      this.context.source.seek(sequence);
    } catch (error) {
      this.logUnreadable(error);
      throw refuse(RefusalCode.HISTORY_UNAVAILABLE, this.context.epoch, sequence);
    }
  }

  /** Rot in old segments costs this node its standby, not its clients: it goes on without. */
  private endUnreadable(error: unknown): void {
    this.logUnreadable(error);
    this.end(refuse(RefusalCode.HISTORY_UNAVAILABLE, this.context.epoch, this.sentSequence + 1).refusal);
  }

  private logUnreadable(error: unknown): void {
    this.context.log.error(
      { code: refusalName(RefusalCode.HISTORY_UNAVAILABLE), error: (error as Error).message },
      'the journal cannot be read for the standby',
    );
  }

  private makeSendBuffer(): SendBuffer {
    const buffer: SendBuffer = {
      bytes: Buffer.allocUnsafeSlow(SEND_BUFFER_BYTES),
      isInFlight: false,
      onWritten: () => {
        buffer.isInFlight = false;
        this.schedulePump();
      },
    };
    return buffer;
  }

  private onClosed(): void {
    this.link.isClosed = true;
    this.release();
  }

  /** Gives back everything but the socket; runs once. */
  private release(): void {
    clearTimeout(this.handshakeTimer);
    clearInterval(this.heartbeatTimer);
    this.writtenWaiter.close();
    this.exchange?.close();
    this.exchange = undefined;
    if (this.isAttached) {
      this.isAttached = false;
      const { counters, log } = this.context;
      counters.set(Counter.replicaConnected, 0);
      counters.set(Counter.replicaReceived, 0);
      counters.set(Counter.replicaDurable, 0);
      log.warn({ peer: this.link.peer, standbyNodeId: this.standbyNodeId }, 'standby detached');
    }
    this.owner.ended(this);
  }
}

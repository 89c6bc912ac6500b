import { pino } from 'pino';
import { Permission } from '../../../src/core/codes.js';
import { Gateway } from '../../../src/gateway/gateway.js';
import { DEFAULT_GATEWAY_OPTIONS, type GatewayOptions } from '../../../src/gateway/gateway-options.js';
import type { Session } from '../../../src/gateway/session.js';
import { RingBuffer } from '../../../src/ring/ring-buffer.js';
import { RingConsumer } from '../../../src/ring/ring-consumer.js';
import { RingProducer } from '../../../src/ring/ring-producer.js';
import { WaitStrategy } from '../../../src/ring/wait-strategy.js';
import { CommitGate } from '../../../src/runtime/commit-gate.js';
import { Counter, NodeCounters } from '../../../src/runtime/counters.js';
import { logonBytes } from '../../../src/wire/logon-bytes.js';
import type { EventName, MessageFields } from '../../../src/wire/message-fields.js';
import { encodeFrame } from '../../../src/wire/sbe-frames.js';
import { SLOT_WORDS } from '../../../src/wire/slot.js';
import { type DecodedSlot, decodeSlot, encodeSlot } from '../../../src/wire/slot-codec.js';
import { type ApiKeyPair, makeKeyPair } from './api-key-pair.js';
import { FakeSocket, only } from './fake-socket.js';

export const CLUSTER_ID = 0xfedc_ba98_7654_3210n;

/** A gateway stepped by hand: the test is the engine, the journal, the clock and the network. */
export class GatewayRig {
  readonly strategy = new WaitStrategy('blocking');
  readonly counters = new NodeCounters(NodeCounters.allocate());
  readonly gate = new CommitGate(this.counters, 'disk', this.strategy);
  readonly inputRing: RingBuffer;
  readonly outputRing: RingBuffer;
  readonly gateway: Gateway;
  /** Epoch microseconds of the fake clock. */
  nowUs = 1_800_000_000_000_000;
  private monotonicNs = 5_000_000_000;
  private readonly commandsConsumer: RingConsumer;
  private readonly events: RingProducer;
  private readonly sockets = new Map<Session, FakeSocket>();
  private eventSequence = 1;
  private eventIndex = 0;

  constructor(options: Partial<GatewayOptions> = {}, capacity = { input: 64, output: 1024 }) {
    this.inputRing = new RingBuffer(RingBuffer.allocate(capacity.input, 1));
    this.outputRing = new RingBuffer(RingBuffer.allocate(capacity.output, 1));
    this.commandsConsumer = new RingConsumer(this.inputRing, 0, this.strategy);
    this.events = new RingProducer(this.outputRing, this.strategy);
    this.gateway = new Gateway({
      output: new RingConsumer(this.outputRing, 0, this.strategy),
      counters: this.counters,
      clock: { epochMicroseconds: () => this.nowUs, monotonicNanoseconds: () => this.monotonicNs },
      log: pino({ level: 'silent' }),
      clusterId: CLUSTER_ID,
      options: { ...DEFAULT_GATEWAY_OPTIONS, reportRetention: 1024, ...options },
    });
  }

  /** Lets the gateway lead with epoch 1 and take orders; input sequence 1 is epochStarted. */
  open(): void {
    this.lead();
    this.at(1).event('epochChanged', { epoch: 1, nodeId: 1, clusterId: CLUSTER_ID });
    this.counters.set(Counter.logicProcessed, 1);
    this.commit(1);
    this.gateway.poll();
    this.commands();
    if (!this.gateway.isOpen) throw new Error('the gateway did not open');
  }

  /** Lets the gateway lead; its own command is epochStarted. */
  lead(epoch = 1): void {
    const words = new Int32Array(SLOT_WORDS);
    const header = { accountId: 0, sequence: 0, timestampUs: 0 };
    encodeSlot('epochStarted', header, { clusterId: CLUSTER_ID, epoch, nodeId: 1 }, words, 0);
    const producer = new RingProducer(this.inputRing, this.strategy);
    this.gateway.lead(producer, this.gate, [new Uint8Array(words.buffer)]);
  }

  /** The events that follow are those of command `sequence`. */
  at(sequence: number): this {
    this.eventSequence = sequence;
    this.eventIndex = 0;
    return this;
  }

  /** Puts an event into the output ring, as the engine would. */
  event<N extends EventName>(
    name: N,
    fields: Partial<MessageFields[N]>,
    header: { accountId?: number; sessionId?: number } = {},
  ): this {
    if (this.events.claim(1) === 0) throw new Error('the output ring of the rig is full');
    const slot = {
      accountId: header.accountId ?? 0,
      sessionId: header.sessionId ?? 0,
      sequence: this.eventSequence,
      timestampUs: this.nowUs,
      index: this.eventIndex++,
    };
    encodeSlot(name, slot, fields, this.outputRing.words, this.events.wordIndexAt(0));
    this.events.publish(1);
    return this;
  }

  /** Makes command `sequence` and those before it durable. */
  commit(sequence: number): this {
    this.counters.set(Counter.durable, sequence);
    return this;
  }

  /** Registers a key by an event of command `sequence`, committed. */
  registerKey(apiKeyId: number, accountId: number, sequence = 1): ApiKeyPair {
    const pair = makeKeyPair();
    const permissions = accountId === 0 ? Permission.admin : Permission.trade;
    this.at(sequence).event('apiKeyRegistered', {
      apiKeyId,
      accountId,
      permissions,
      publicKey: pair.publicKey,
    });
    this.gateway.poll();
    return pair;
  }

  connect(permission: number = Permission.trade, isMsgpack = false, address = '127.0.0.1'): Session {
    const socket = new FakeSocket();
    const session = this.gateway.connect(socket, permission, isMsgpack, address);
    this.sockets.set(session, socket);
    return session;
  }

  socketOf(session: Session): FakeSocket {
    return this.sockets.get(session)!;
  }

  /** The logon frame that answers the challenge of a session. */
  logonFrame(
    session: Session,
    apiKeyId: number,
    pair: ApiKeyPair,
    logon: { lastReportSequence?: number; timestampUs?: number; nonce?: Uint8Array; flags?: number } = {},
  ): Uint8Array {
    const timestampUs = logon.timestampUs ?? this.nowUs;
    const nonce = logon.nonce ?? session.nonce!;
    return encodeFrame('logon', {
      apiKeyId,
      timestampUs,
      lastReportSequence: logon.lastReportSequence ?? -1,
      flags: logon.flags ?? 0,
      signature: pair.signer(logonBytes(CLUSTER_ID, nonce, apiKeyId, timestampUs)),
    });
  }

  /** Connects and logs on; throws when the logon is refused. What was said so far is thrown away. */
  logOn(apiKeyId: number, pair: ApiKeyPair, permission: number = Permission.trade): Session {
    const session = this.connect(permission);
    this.gateway.receive(session, this.logonFrame(session, apiKeyId, pair), true);
    if (only(this.socketOf(session).take(), 'logonAccepted').length !== 1) throw new Error('logon refused');
    return session;
  }

  /** Lets `ms` pass on both clocks, with a round of housekeeping at the end. */
  pass(ms: number): void {
    this.nowUs += ms * 1000;
    this.monotonicNs += ms * 1_000_000;
    this.gateway.keepHouse();
  }

  /** The commands published since this was last called; their slots are free again. */
  commands(): DecodedSlot[] {
    const decoded = this.peekCommands();
    for (let left = decoded.length; left > 0; ) {
      const released = this.commandsConsumer.available();
      this.commandsConsumer.release(released);
      left -= released;
    }
    return decoded;
  }

  /** The commands published and not taken; their slots stay occupied. */
  peekCommands(): DecodedSlot[] {
    const count = (this.inputRing.cursor() + 1 - this.commandsConsumer.nextSequence) | 0;
    return Array.from({ length: count }, (_, i) =>
      decodeSlot(this.inputRing.words, this.commandsConsumer.wordIndexAt(i)),
    );
  }

  /** Ends the turn of the event loop, in which staged commands are published. */
  async turn(): Promise<void> {
    await Promise.resolve();
  }
}

/** Frames one after the other in one. */
export function join(...frames: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(frames));
}

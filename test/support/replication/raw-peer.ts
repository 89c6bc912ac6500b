import { connect, createServer, type Server, type Socket } from 'node:net';
import { makeProof } from '../../../src/replication/authentication.js';
import { acceptOnly, MessageAssembler } from '../../../src/replication/message-assembler.js';
import {
  decodeChallenge,
  decodeHello,
  encodeChallenge,
  encodeHello,
  encodeJoin,
  encodeProof,
  encodeWelcome,
  type Join,
  MessageType,
  PROTOCOL_VERSION,
  Role,
  writeMessageHeader,
} from '../../../src/replication/protocol.js';
import { decodeRefusal, refusalName } from '../../../src/replication/refusal.js';
import { CLUSTER_ID, KEY, until } from './nodes.js';

const EVERYTHING = acceptOnly(...Object.values(MessageType));

/** A received message with its body copied. */
export interface RawMessage {
  readonly type: number;
  readonly body: Buffer;
}

/** One end of a connection in the hands of a test: sends any bytes, keeps what comes. */
export class RawPeer {
  readonly messages: RawMessage[] = [];
  readonly sent: Buffer[] = [];
  isClosed = false;
  readonly socket: Socket;
  private readonly assembler = new MessageAssembler(EVERYTHING);

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
    });
    socket.on('data', (chunk) => {
      this.assembler.append(chunk);
      while (this.assembler.next()) {
        const { type, bytes, bodyOffset, bodyBytes } = this.assembler;
        this.messages.push({ type, body: Buffer.from(bytes.subarray(bodyOffset, bodyOffset + bodyBytes)) });
        this.assembler.consume();
      }
    });
  }

  send(bytes: Buffer): void {
    this.sent.push(bytes);
    this.socket.write(bytes);
  }

  /** Waits for the next message of a type and takes everything up to it. */
  async take(type: number): Promise<Buffer> {
    await until(
      () => this.messages.some((message) => message.type === type) || this.isClosed,
      `message ${type}`,
    );
    const at = this.messages.findIndex((message) => message.type === type);
    if (at < 0) throw new Error(`closed before message ${type}; got ${this.messages.map((m) => m.type)}`);
    return this.messages.splice(0, at + 1)[at]!.body;
  }

  /** The name of the refusal that ends the connection. */
  async refusal(): Promise<string> {
    return refusalName(decodeRefusal(await this.take(MessageType.refused), 0).code);
  }
}

/** What a raw standby does differently from an honest one. */
export interface RawStandbyOptions {
  readonly key?: Buffer;
  readonly clusterId?: bigint;
  readonly role?: number;
  readonly proofRole?: number;
}

/** A standby in the hands of a test. */
export class RawStandby extends RawPeer {
  readonly nonce = Buffer.alloc(32, 0x5a);
  primaryNonce: Buffer = Buffer.alloc(32);

  static async connect(port: number): Promise<RawStandby> {
    const socket = connect({ port, host: '127.0.0.1' });
    await new Promise((resolve) => socket.once('connect', resolve));
    return new RawStandby(socket);
  }

  /** Sends hello and, after the challenge, the proof. */
  async authenticate(options: RawStandbyOptions = {}): Promise<void> {
    const clusterId = options.clusterId ?? CLUSTER_ID;
    const role = options.role ?? Role.standby;
    this.send(encodeHello({ protocolVersion: PROTOCOL_VERSION, role, clusterId, nonce: this.nonce }));
    this.primaryNonce = decodeChallenge(await this.take(MessageType.challenge), 0);
    const proofRole = options.proofRole ?? Role.standby;
    this.send(
      encodeProof(makeProof(options.key ?? KEY, proofRole, clusterId, this.nonce, this.primaryNonce)),
    );
  }

  /** Authenticates and joins at a position. */
  async join(join: Partial<Join> = {}): Promise<void> {
    await this.authenticate();
    await this.take(MessageType.proof);
    this.send(encodeJoin({ nodeId: 2, promisedEpoch: 0, sequence: 0, chain: 0, epoch: 0, ...join }));
  }
}

/** A primary in the hands of a test: accepts connections and shakes hands honestly unless told otherwise. */
export class RawPrimary {
  port = 0;
  readonly peers: RawPeer[] = [];
  epoch: number;
  schemaVersion = 0;
  key = KEY;
  private readonly server: Server;

  constructor(epoch = 1) {
    this.epoch = epoch;
    this.server = createServer((socket) => this.peers.push(new RawPeer(socket)));
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.port = (this.server.address() as { port: number }).port;
    return this;
  }

  /** The connection number `index`, as soon as it is there. */
  async peer(index = 0): Promise<RawPeer> {
    await until(() => this.peers.length > index, `connection ${index}`);
    return this.peers[index]!;
  }

  /** Takes a standby in; returns its join. */
  async welcome(peer: RawPeer): Promise<Buffer> {
    const hello = decodeHello(await peer.take(MessageType.hello), 0)!;
    const nonce = Buffer.alloc(32, 0xa5);
    peer.send(encodeChallenge(nonce));
    await peer.take(MessageType.proof);
    peer.send(encodeProof(makeProof(this.key, Role.primary, CLUSTER_ID, hello.nonce, nonce)));
    const join = await peer.take(MessageType.join);
    const { epoch, schemaVersion } = this;
    peer.send(encodeWelcome({ epoch, nodeId: 1, written: 0, heartbeatMs: 500, schemaVersion, features: 0 }));
    return join;
  }

  async close(): Promise<void> {
    for (const peer of this.peers) peer.socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}

/** Wraps a journal frame in a message of the link. */
export function frameMessage(frame: Int32Array): Buffer {
  const message = Buffer.alloc(8 + frame.byteLength);
  writeMessageHeader(message, 0, MessageType.frame, frame.byteLength);
  message.set(new Uint8Array(frame.buffer, frame.byteOffset, frame.byteLength), 8);
  return message;
}

/**
 * The replication link: messages between one standby and its primary over one TCP connection.
 *
 * ```
 *  0               4      5          8
 *  | bodyBytes u32 | type | 0  0  0  | body ...                       all little-endian
 * ```
 * Every body is a multiple of 8 bytes, so that messages and the frames in them stay aligned for word access.
 * The protocol tables are in README.md beside this file.
 */
import { MAX_FRAME_BYTES } from '../../journal/frame.js';
import type { Checkpoint } from '../runtime/checkpoint-ring.js';

export const PROTOCOL_VERSION = 1;
/** First word of a connection: 'RFRP'. */
export const PROTOCOL_MAGIC = 0x50524652;
export const MESSAGE_HEADER_BYTES = 8;
export const NONCE_BYTES = 32;
export const PROOF_BYTES = 32;

export const MessageType = {
  hello: 1,
  challenge: 2,
  proof: 3,
  join: 4,
  welcome: 5,
  refused: 6,
  frame: 7,
  heartbeat: 8,
  ack: 9,
  checkpoint: 10,
  diverged: 11,
  features: 12,
  fetch: 13,
  fetched: 14,
  fetchEnd: 15,
} as const;

/** What a node can do beyond version 1 of the protocol; bits. Neither end uses what the other has not told. */
export const Feature = {
  /** Sends records of its journal on request: fetch, fetched, fetchEnd. */
  records: 1,
} as const;

/** Body bytes by message type: exact, except `frame` and `fetched`, where it is the longest. */
export const BODY_BYTES: readonly number[] = [
  0,
  48,
  40,
  PROOF_BYTES,
  24,
  24,
  32,
  MAX_FRAME_BYTES,
  8,
  16,
  24,
  40,
  8,
  16,
  MAX_FRAME_BYTES,
  8,
];

/** Which of the two ends speaks; part of what a proof signs, so that a proof cannot be sent back to its maker. */
export const Role = { standby: 1, primary: 2 } as const;

/** Genesis value of the chain: a journal without records. */
export const GENESIS_CHAIN = 0;

/** The end of a record stream: last sequence, chain value after it, epoch of the last record. */
export interface StandbyPosition {
  readonly sequence: number;
  readonly chain: number;
  readonly epoch: number;
}

export interface Hello {
  readonly protocolVersion: number;
  readonly role: number;
  readonly clusterId: bigint;
  readonly nonce: Buffer;
}

export interface Join extends StandbyPosition {
  readonly nodeId: number;
  readonly promisedEpoch: number;
}

export interface Welcome {
  readonly epoch: number;
  readonly nodeId: number;
  /** Last sequence in the primary's journal at that moment. */
  readonly written: number;
  readonly heartbeatMs: number;
  /** Newest schema of the primary's records; 0 = of a release that did not say. */
  readonly schemaVersion: number;
  /** Bits of Feature. */
  readonly features: number;
}

/** Allocates a message with its header filled. For everything but frames and acknowledgements, which are hot. */
function message(type: number): Buffer {
  const bytes = Buffer.alloc(MESSAGE_HEADER_BYTES + BODY_BYTES[type]!);
  writeMessageHeader(bytes, 0, type, BODY_BYTES[type]!);
  return bytes;
}

/** Writes the 8-byte message header at `offset`. */
export function writeMessageHeader(target: Buffer, offset: number, type: number, bodyBytes: number): void {
  target.writeUInt32LE(bodyBytes, offset);
  target.writeUInt32LE(type, offset + 4);
}

/** Writes a sequence (safe integer) as i64. */
export function writeSequence(target: Buffer, offset: number, sequence: number): void {
  target.writeUInt32LE(sequence >>> 0, offset);
  target.writeInt32LE(Math.floor(sequence / 4294967296), offset + 4);
}

/** Reads an i64 that has to be a sequence; anything outside 0..2^53-1 reads as -1, which no check lets pass. */
export function readSequence(source: Buffer, offset: number): number {
  const high = source.readInt32LE(offset + 4);
  if (high < 0 || high > 0x1fffff) return -1;
  return high * 4294967296 + source.readUInt32LE(offset);
}

export function encodeHello(hello: Hello): Buffer {
  const bytes = message(MessageType.hello);
  bytes.writeUInt32LE(PROTOCOL_MAGIC, 8);
  bytes.writeUInt16LE(hello.protocolVersion, 12);
  bytes.writeUInt16LE(hello.role, 14);
  bytes.writeBigUInt64LE(hello.clusterId, 16);
  bytes.set(hello.nonce, 24);
  return bytes;
}

/** Decodes a hello at body offset `at`; `undefined` when the other side does not speak this protocol at all. */
export function decodeHello(bytes: Buffer, at: number): Hello | undefined {
  if (bytes.readUInt32LE(at) !== PROTOCOL_MAGIC) return undefined;
  return {
    protocolVersion: bytes.readUInt16LE(at + 4),
    role: bytes.readUInt16LE(at + 6),
    clusterId: bytes.readBigUInt64LE(at + 8),
    nonce: Buffer.from(bytes.subarray(at + 16, at + 16 + NONCE_BYTES)),
  };
}

export function encodeChallenge(nonce: Buffer): Buffer {
  const bytes = message(MessageType.challenge);
  bytes.writeUInt16LE(PROTOCOL_VERSION, 8);
  bytes.writeUInt16LE(Role.primary, 10);
  bytes.set(nonce, 16);
  return bytes;
}

/** The primary's nonce in a challenge at body offset `at`. */
export function decodeChallenge(bytes: Buffer, at: number): Buffer {
  return Buffer.from(bytes.subarray(at + 8, at + 8 + NONCE_BYTES));
}

export function encodeProof(proof: Buffer): Buffer {
  const bytes = message(MessageType.proof);
  bytes.set(proof, 8);
  return bytes;
}

export function decodeProof(bytes: Buffer, at: number): Buffer {
  return Buffer.from(bytes.subarray(at, at + PROOF_BYTES));
}

export function encodeJoin(join: Join): Buffer {
  const bytes = message(MessageType.join);
  writeSequence(bytes, 8, join.sequence);
  bytes.writeUInt32LE(join.nodeId, 16);
  bytes.writeUInt32LE(join.promisedEpoch, 20);
  bytes.writeUInt32LE(join.epoch, 24);
  bytes.writeUInt32LE(join.chain, 28);
  return bytes;
}

export function decodeJoin(bytes: Buffer, at: number): Join {
  return {
    sequence: readSequence(bytes, at),
    nodeId: bytes.readUInt32LE(at + 8),
    promisedEpoch: bytes.readUInt32LE(at + 12),
    epoch: bytes.readUInt32LE(at + 16),
    chain: bytes.readUInt32LE(at + 20),
  };
}

export function encodeWelcome(welcome: Welcome): Buffer {
  const bytes = message(MessageType.welcome);
  writeSequence(bytes, 8, welcome.written);
  bytes.writeUInt32LE(welcome.epoch, 16);
  bytes.writeUInt32LE(welcome.nodeId, 20);
  bytes.writeUInt32LE(welcome.heartbeatMs, 24);
  bytes.writeUInt16LE(welcome.schemaVersion, 28);
  bytes.writeUInt16LE(welcome.features, 30);
  return bytes;
}

export function decodeWelcome(bytes: Buffer, at: number): Welcome {
  return {
    written: readSequence(bytes, at),
    epoch: bytes.readUInt32LE(at + 8),
    nodeId: bytes.readUInt32LE(at + 12),
    heartbeatMs: bytes.readUInt32LE(at + 16),
    schemaVersion: bytes.readUInt16LE(at + 20),
    features: bytes.readUInt16LE(at + 22),
  };
}

/** The standby's answer to a welcome that names features: its own. */
export function encodeFeatures(features: number): Buffer {
  const bytes = message(MessageType.features);
  bytes.writeUInt32LE(features, 8);
  return bytes;
}

/** Asks for the records from `firstSequence` to `lastSequence`. */
export function encodeFetch(firstSequence: number, lastSequence: number): Buffer {
  const bytes = message(MessageType.fetch);
  writeSequence(bytes, 8, firstSequence);
  writeSequence(bytes, 16, lastSequence);
  return bytes;
}

/** All records were sent (code 0), or no more will come (a refusal code). */
export function encodeFetchEnd(code: number): Buffer {
  const bytes = message(MessageType.fetchEnd);
  bytes.writeUInt32LE(code, 8);
  return bytes;
}

export function encodeHeartbeat(written: number): Buffer {
  const bytes = message(MessageType.heartbeat);
  writeSequence(bytes, 8, written);
  return bytes;
}

/** Allocates the one acknowledgement buffer of a session; `writeAck` fills it again and again. */
export function allocateAck(): Buffer {
  return message(MessageType.ack);
}

export function writeAck(bytes: Buffer, received: number, durable: number): void {
  writeSequence(bytes, 8, received);
  writeSequence(bytes, 16, durable);
}

function writeHashes(bytes: Buffer, at: number, checkpoint: Checkpoint): void {
  bytes.writeUInt32LE(checkpoint.stateHashLow, at);
  bytes.writeUInt32LE(checkpoint.stateHashHigh, at + 4);
  bytes.writeUInt32LE(checkpoint.outputHashLow, at + 8);
  bytes.writeUInt32LE(checkpoint.outputHashHigh, at + 12);
}

function readCheckpoint(bytes: Buffer, sequence: number, at: number): Checkpoint {
  return {
    sequence,
    stateHashLow: bytes.readUInt32LE(at),
    stateHashHigh: bytes.readUInt32LE(at + 4),
    outputHashLow: bytes.readUInt32LE(at + 8),
    outputHashHigh: bytes.readUInt32LE(at + 12),
  };
}

export function encodeCheckpoint(checkpoint: Checkpoint): Buffer {
  const bytes = message(MessageType.checkpoint);
  writeSequence(bytes, 8, checkpoint.sequence);
  writeHashes(bytes, 16, checkpoint);
  return bytes;
}

export function decodeCheckpoint(bytes: Buffer, at: number): Checkpoint {
  return readCheckpoint(bytes, readSequence(bytes, at), at + 8);
}

/** The standby's last word: both checkpoints of the same sequence, which should have been equal. */
export function encodeDiverged(primary: Checkpoint, standby: Checkpoint): Buffer {
  const bytes = message(MessageType.diverged);
  writeSequence(bytes, 8, primary.sequence);
  writeHashes(bytes, 16, primary);
  writeHashes(bytes, 32, standby);
  return bytes;
}

export function decodeDiverged(bytes: Buffer, at: number): { primary: Checkpoint; standby: Checkpoint } {
  const sequence = readSequence(bytes, at);
  return {
    primary: readCheckpoint(bytes, sequence, at + 8),
    standby: readCheckpoint(bytes, sequence, at + 24),
  };
}

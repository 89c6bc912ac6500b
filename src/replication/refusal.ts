/** Why one end of the replication link refuses the other. Codes are stable: they are on the wire and in logs. */
import { hex32 } from '../base/hex.js';
import {
  BODY_BYTES,
  MESSAGE_HEADER_BYTES,
  MessageType,
  readSequence,
  writeMessageHeader,
  writeSequence,
} from './protocol.js';

export const RefusalCode = {
  UNSUPPORTED_PROTOCOL: 6001,
  AUTHENTICATION_FAILED: 6002,
  HANDSHAKE_TIMEOUT: 6003,
  PROTOCOL_VIOLATION: 6004,
  OTHER_CLUSTER: 6005,
  SAME_NODE: 6006,
  STALE_EPOCH: 6007,
  JOURNAL_DIVERGED: 6008,
  STANDBY_AHEAD: 6009,
  HISTORY_UNAVAILABLE: 6010,
  STANDBY_ATTACHED: 6011,
  DISPLACED: 6012,
  BAD_FRAME: 6013,
  CHAIN_BROKEN: 6014,
  SEQUENCE_GAP: 6015,
  SHUTTING_DOWN: 6016,
  STATE_DIVERGED: 6017,
  NEWER_RELEASE: 6018,
} as const;

const NAMES = new Map<number, string>(Object.entries(RefusalCode).map(([name, code]) => [code, name]));

const SENTENCES: Record<number, string> = {
  [RefusalCode.UNSUPPORTED_PROTOCOL]: 'the two nodes speak different versions of the replication protocol',
  [RefusalCode.AUTHENTICATION_FAILED]: 'the other side does not hold the replication key of this cluster',
  [RefusalCode.HANDSHAKE_TIMEOUT]: 'the handshake was not finished in time',
  [RefusalCode.PROTOCOL_VIOLATION]: 'a message had an unknown type, a wrong length, or came out of turn',
  [RefusalCode.OTHER_CLUSTER]: 'the two nodes belong to different clusters',
  [RefusalCode.SAME_NODE]: 'both nodes have the same node id',
  [RefusalCode.STALE_EPOCH]:
    'the primary leads an epoch lower than one that the standby has promised to follow',
  [RefusalCode.JOURNAL_DIVERGED]: 'the journals differ at or before the last record of the standby',
  [RefusalCode.STANDBY_AHEAD]: 'the standby has records that the primary does not have',
  [RefusalCode.HISTORY_UNAVAILABLE]: 'the primary cannot read the records that the standby needs',
  [RefusalCode.STANDBY_ATTACHED]: 'another standby is attached; one at a time is served',
  [RefusalCode.DISPLACED]: 'the same standby has connected again',
  [RefusalCode.BAD_FRAME]: 'a frame failed its checksum or is not a frame of this format',
  [RefusalCode.CHAIN_BROKEN]: 'the records of a frame do not continue the chain',
  [RefusalCode.SEQUENCE_GAP]: 'a frame does not continue the record sequence',
  [RefusalCode.SHUTTING_DOWN]: 'the node is shutting down',
  [RefusalCode.NEWER_RELEASE]: 'the primary is of a newer release, whose records the standby cannot read',
  [RefusalCode.STATE_DIVERGED]: 'primary and standby came to different states from the same commands',
};

/** What a refusal says, beside its code: the refuser's value and the other side's value where two were compared. */
export interface Refusal {
  readonly code: number;
  /** The refuser's epoch (or promise). */
  readonly epoch: number;
  /** The sequence it is about, or 0. */
  readonly sequence: number;
  readonly ownValue: number;
  readonly peerValue: number;
}

/** UPPER_SNAKE name of a refusal code; `CODE_<n>` for one that this build does not know. */
export function refusalName(code: number): string {
  return NAMES.get(code) ?? `CODE_${code}`;
}

/** One sentence for the log, with the values that were compared. */
export function refusalText(refusal: Refusal): string {
  const sentence =
    SENTENCES[refusal.code] ?? 'the other side refused for a reason that this build does not know';
  switch (refusal.code) {
    case RefusalCode.STALE_EPOCH:
      return `${sentence} (refuser ${refusal.ownValue}, other side ${refusal.peerValue})`;
    case RefusalCode.JOURNAL_DIVERGED:
    case RefusalCode.CHAIN_BROKEN:
      return `${sentence} (at sequence ${refusal.sequence}: chain ${hex32(refusal.ownValue)} here, ${hex32(refusal.peerValue)} there)`;
    case RefusalCode.STANDBY_AHEAD:
    case RefusalCode.SEQUENCE_GAP:
    case RefusalCode.NEWER_RELEASE:
      return `${sentence} (refuser ${refusal.ownValue}, other side ${refusal.peerValue})`;
    default:
      return sentence;
  }
}

/** Thrown inside a session to end it with a refusal; `code` is the UPPER_SNAKE name. */
export class RefusalError extends Error {
  readonly code: string;
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusalText(refusal));
    this.name = 'RefusalError';
    this.code = refusalName(refusal.code);
    this.refusal = refusal;
  }
}

/** Makes the error that ends a session; `ownValue` and `peerValue` are what was compared, if anything was. */
export function refuse(code: number, epoch = 0, sequence = 0, ownValue = 0, peerValue = 0): RefusalError {
  return new RefusalError({ code, epoch, sequence, ownValue, peerValue });
}

/** Encodes a whole message of type `refused`. */
export function encodeRefusal(refusal: Refusal): Buffer {
  const bodyBytes = BODY_BYTES[MessageType.refused]!;
  const bytes = Buffer.alloc(MESSAGE_HEADER_BYTES + bodyBytes);
  writeMessageHeader(bytes, 0, MessageType.refused, bodyBytes);
  bytes.writeUInt32LE(refusal.code, 8);
  bytes.writeUInt32LE(refusal.epoch, 12);
  writeSequence(bytes, 16, refusal.sequence);
  writeSequence(bytes, 24, refusal.ownValue);
  writeSequence(bytes, 32, refusal.peerValue);
  return bytes;
}

/** Decodes the body of a `refused` message at `at`. */
export function decodeRefusal(bytes: Buffer, at: number): Refusal {
  return {
    code: bytes.readUInt32LE(at),
    epoch: bytes.readUInt32LE(at + 4),
    sequence: readSequence(bytes, at + 8),
    ownValue: readSequence(bytes, at + 16),
    peerValue: readSequence(bytes, at + 24),
  };
}

import { FRAME_HEADER_BYTES, MAX_FRAME_BYTES, RECORD_BYTES } from '../../journal/frame.js';
import { BODY_BYTES, MESSAGE_HEADER_BYTES, MessageType } from './protocol.js';
import { RefusalCode, refuse } from './refusal.js';

const INITIAL_BYTES = 64 * 1024;

/** A set of message types as a bit mask, for `MessageAssembler.accepted`. */
export function acceptOnly(...types: readonly number[]): number {
  return types.reduce((mask, type) => mask | (1 << type), 0);
}

/**
 * Cuts a byte stream into messages, in one buffer that grows to what the longest accepted message needs and no
 * further. Nothing is allocated for a message: `type`, `bodyOffset` and `bodyBytes` say where it lies in `bytes`
 * until `consume` or the next `append`.
 *
 * A header is judged as soon as it is there: unknown types, types out of turn and wrong lengths end the
 * connection before a byte of their body is kept.
 */
export class MessageAssembler {
  bytes: Buffer;
  /** The same memory as words; message bodies start at multiples of 8 bytes. */
  words: Int32Array;
  /** Message types that may come now. */
  accepted: number;
  type: number;
  bodyOffset: number;
  bodyBytes: number;
  private start: number;
  private end: number;

  constructor(accepted: number) {
    this.bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
    this.words = new Int32Array(this.bytes.buffer);
    this.accepted = accepted;
    this.type = 0;
    this.bodyOffset = 0;
    this.bodyBytes = 0;
    this.start = 0;
    this.end = 0;
  }

  /** Bytes that are held now. */
  get heldBytes(): number {
    return this.end - this.start;
  }

  /** Bytes that this assembler occupies. */
  get capacity(): number {
    return this.bytes.length;
  }

  /** Takes `chunk` (copied). Whoever appends drains with `next` before appending more. */
  append(chunk: Uint8Array): void {
    const held = this.end - this.start;
    if (this.end + chunk.length > this.bytes.length) {
      const needed = held + chunk.length;
      if (needed > this.bytes.length) {
        let capacity = this.bytes.length;
        while (capacity < needed) capacity *= 2;
        const larger = Buffer.allocUnsafeSlow(capacity);
        larger.set(this.bytes.subarray(this.start, this.end), 0);
        this.bytes = larger;
        this.words = new Int32Array(larger.buffer);
      } else {
        this.bytes.copyWithin(0, this.start, this.end);
      }
      this.bodyOffset -= this.start;
      this.start = 0;
      this.end = held;
    }
    this.bytes.set(chunk, this.end);
    this.end += chunk.length;
  }

  /**
   * Whether a whole message lies at the front. Throws `RefusalError` PROTOCOL_VIOLATION when what lies there is
   * not an accepted message.
   */
  next(): boolean {
    const held = this.end - this.start;
    if (held < MESSAGE_HEADER_BYTES) return false;
    const bodyBytes = this.bytes.readUInt32LE(this.start);
    const type = this.bytes.readUInt32LE(this.start + 4);
    if (type > MessageType.fetchEnd || (this.accepted & (1 << type)) === 0)
      throw refuse(RefusalCode.PROTOCOL_VIOLATION);
    const isFrame = type === MessageType.frame || type === MessageType.fetched;
    if (isFrame ? !isFrameLength(bodyBytes) : bodyBytes !== BODY_BYTES[type])
      throw refuse(RefusalCode.PROTOCOL_VIOLATION);
    if (held < MESSAGE_HEADER_BYTES + bodyBytes) return false;
    this.type = type;
    this.bodyOffset = this.start + MESSAGE_HEADER_BYTES;
    this.bodyBytes = bodyBytes;
    return true;
  }

  /** Drops the message at the front. */
  consume(): void {
    this.start = this.bodyOffset + this.bodyBytes;
    if (this.start === this.end) {
      this.start = 0;
      this.end = 0;
    }
  }
}

function isFrameLength(bytes: number): boolean {
  return (
    bytes > FRAME_HEADER_BYTES &&
    bytes <= MAX_FRAME_BYTES &&
    (bytes - FRAME_HEADER_BYTES) % RECORD_BYTES === 0
  );
}

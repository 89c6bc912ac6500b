import type { Duplex } from 'node:stream';
import { viewOf } from '../wire/sbe.js';

const BINARY = 0x82;
const PING = 0x89;
const PONG = 0x8a;
const MASKED = 0x80;
const SHORT = 0x7f;
const CONTROL_BYTES_MAX = 125;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const MASK_BYTES = 4;
const NOTHING = Buffer.alloc(0);

/** What an open WebSocket tells of the bytes that it has received. */
export interface FrameListener {
  /** Some have come; called before the messages that are in them. */
  onBytes(): void;
  /** The payload of a binary message: bytes `from` to `to`, good until it returns. */
  onMessage(bytes: DataView, from: number, to: number): void;
}

/**
 * Reads the frames that nearly all traffic consists of straight from the bytes of an open WebSocket: binary messages
 * of one masked frame, of at most `maxFrameBytes`. The receiver of `ws` makes six views and an event of each.
 *
 * All rules stay with `ws`: pings and pongs go to its listener one by one, and at the first frame of any other kind
 * (fragments, text, close, too long, or against the protocol) it gets its socket back, with the bytes from there on.
 */
export function readWholeFrames(transport: Duplex, maxFrameBytes: number, listener: FrameListener): void {
  const listeners = transport.listeners('data') as ((this: Duplex, chunk: Buffer) => void)[];
  // Between frames, and only then, may its listener be passed by.
  if (listeners.length !== 1) throw new Error(`a WebSocket with ${listeners.length} readers`);
  const receiver = listeners[0]!;
  let rest = NOTHING;

  const read = (chunk: Buffer): void => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const view = viewOf(bytes);
    const end = bytes.length;
    let at = 0;
    listener.onBytes();
    while (end - at >= 2) {
      const kind = view.getUint8(at);
      const second = view.getUint8(at + 1);
      const isControl = kind === PING || kind === PONG;
      let length = second & SHORT;
      let from = at + 2 + MASK_BYTES;
      const isPlain = kind === BINARY ? length < LENGTH_64 : isControl && length <= CONTROL_BYTES_MAX;
      if (length === LENGTH_16 && isPlain) {
        if (end - at < 4) break;
        length = view.getUint16(at + 2);
        from += 2;
      }
      if (!isPlain || second < MASKED || length > maxFrameBytes) {
        transport.removeListener('data', read);
        transport.on('data', receiver);
        receiver.call(transport, bytes.subarray(at));
        return;
      }
      const to = from + length;
      if (to > end) break;
      if (isControl) receiver.call(transport, bytes.subarray(at, to));
      else {
        unmask(view, from, to);
        listener.onMessage(view, from, to);
      }
      at = to;
    }
    rest = at === end ? NOTHING : Buffer.from(bytes.subarray(at));
  };

  transport.removeListener('data', receiver);
  transport.on('data', read);
}

/** Takes the mask off a payload; its four bytes stand before it. */
function unmask(bytes: DataView, from: number, to: number): void {
  const mask = bytes.getInt32(from - MASK_BYTES, true);
  if (mask === 0) return;
  let i = from;
  for (; i + MASK_BYTES <= to; i += MASK_BYTES) bytes.setInt32(i, bytes.getInt32(i, true) ^ mask, true);
  for (let shift = 0; i < to; i++, shift += 8) bytes.setUint8(i, bytes.getUint8(i) ^ (mask >> shift));
}

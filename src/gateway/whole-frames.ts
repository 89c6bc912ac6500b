import type { Duplex } from 'node:stream';

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

/** Takes the payload of a binary message: bytes `from` to `to`, good until it returns. */
export type MessageListener = (bytes: Buffer, from: number, to: number) => void;

/**
 * Reads the frames that nearly all traffic consists of straight from the bytes of an open WebSocket: binary messages
 * of one masked frame, of at most `maxFrameBytes`. The receiver of `ws` makes six views and an event of each.
 *
 * All rules stay with `ws`: pings and pongs go to its listener one by one, and at the first frame of any other kind
 * (fragments, text, close, too long, or against the protocol) it gets its socket back, with the bytes from there on.
 */
export function readWholeFrames(transport: Duplex, maxFrameBytes: number, onMessage: MessageListener): void {
  const listeners = transport.listeners('data') as ((this: Duplex, chunk: Buffer) => void)[];
  // Between frames, and only then, may its listener be passed by.
  if (listeners.length !== 1) throw new Error(`a WebSocket with ${listeners.length} readers`);
  const receiver = listeners[0]!;
  let rest = NOTHING;

  const read = (chunk: Buffer): void => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = bytes.length;
    let at = 0;
    while (end - at >= 2) {
      const kind = bytes[at]!;
      const second = bytes[at + 1]!;
      const isControl = kind === PING || kind === PONG;
      let length = second & SHORT;
      let from = at + 2 + MASK_BYTES;
      const isPlain = kind === BINARY ? length < LENGTH_64 : isControl && length <= CONTROL_BYTES_MAX;
      if (length === LENGTH_16 && isPlain) {
        if (end - at < 4) break;
        length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
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
        unmask(bytes, from, to);
        onMessage(bytes, from, to);
      }
      at = to;
    }
    rest = at === end ? NOTHING : Buffer.from(bytes.subarray(at));
  };

  transport.removeListener('data', receiver);
  transport.on('data', read);
}

/** Takes the mask off a payload; its four bytes stand before it. */
function unmask(bytes: Buffer, from: number, to: number): void {
  const mask0 = bytes[from - 4]!;
  const mask1 = bytes[from - 3]!;
  const mask2 = bytes[from - 2]!;
  const mask3 = bytes[from - 1]!;
  if ((mask0 | mask1 | mask2 | mask3) === 0) return;
  let i = from;
  for (; i + 4 <= to; i += 4) {
    bytes[i] = bytes[i]! ^ mask0;
    bytes[i + 1] = bytes[i + 1]! ^ mask1;
    bytes[i + 2] = bytes[i + 2]! ^ mask2;
    bytes[i + 3] = bytes[i + 3]! ^ mask3;
  }
  if (i < to) bytes[i] = bytes[i]! ^ mask0;
  if (i + 1 < to) bytes[i + 1] = bytes[i + 1]! ^ mask1;
  if (i + 2 < to) bytes[i + 2] = bytes[i + 2]! ^ mask2;
}

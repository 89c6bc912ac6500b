import type { ClientSocket } from '../../../src/gateway/client-socket.js';
import { decodeMsgpackFrame } from '../../../src/wire/msgpack-decoder.js';
import { type DecodedMessage, decodeFrames } from '../../../src/wire/sbe-frames.js';

/** A socket that keeps what is sent to it; the kernel takes the bytes when the test says so. */
export class FakeSocket implements ClientSocket {
  bufferedAmount = 0;
  isStuck = false;
  frames: Uint8Array[] = [];
  pings = 0;
  closed: { code: number; reason: string } | undefined = undefined;
  isTerminated = false;
  private flushes: (() => void)[] = [];

  send(frame: Uint8Array, flushed?: (error?: Error | null) => void): void {
    this.frames.push(frame.slice());
    if (this.isStuck) this.bufferedAmount += frame.length;
    if (flushed !== undefined) this.flushes.push(flushed);
  }

  /** The kernel takes everything that was sent so far. */
  flush(): void {
    this.bufferedAmount = 0;
    const flushes = this.flushes;
    this.flushes = [];
    for (const flushed of flushes) flushed();
  }

  ping(): void {
    this.pings++;
  }

  close(code: number, reason: string): void {
    this.closed = { code, reason };
  }

  terminate(): void {
    this.isTerminated = true;
  }

  /** The messages sent since this was last called. */
  take(): DecodedMessage[] {
    const frames = this.frames;
    this.frames = [];
    return frames.flatMap((frame) => decodeFrames(frame));
  }

  takeMsgpack(): DecodedMessage[] {
    const frames = this.frames;
    this.frames = [];
    return frames.flatMap((frame) => decodeMsgpackFrame(frame));
  }
}

/** Fields of the messages of one name. */
export function only<N extends DecodedMessage['name']>(
  messages: readonly DecodedMessage[],
  name: N,
): Extract<DecodedMessage, { name: N }>['fields'][] {
  return messages.filter((message) => message.name === name).map((message) => message.fields) as never;
}

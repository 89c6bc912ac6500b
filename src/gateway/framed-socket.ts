import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { ClientSocket } from './client-socket.js';

const BINARY = 0x82;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const SHORT_MAX = 125;
const MEDIUM_MAX = 0xffff;
/** `readyState` of a WebSocket that has neither said nor heard close. */
const OPEN = 1;

/**
 * An open WebSocket of a server, whose binary messages are written as one piece each: head and payload together in one
 * write to its stream. The sender of `ws` corks the stream for two writes, which costs about as much as all the rest
 * of a message. Everything but messages is left to `ws`; it writes to the same stream at once, so the order stays.
 */
export class FramedSocket implements ClientSocket {
  private readonly socket: WebSocket;
  private readonly transport: Duplex;

  /** `socket` must have been made without compression: `ws` then holds nothing back. */
  constructor(socket: WebSocket, transport: Duplex) {
    this.socket = socket;
    this.transport = transport;
  }

  get bufferedAmount(): number {
    return this.socket.bufferedAmount;
  }

  send(payload: Uint8Array, flushed?: (error?: Error | null) => void): void {
    // Behind a close frame nothing may follow.
    if (this.socket.readyState !== OPEN) return;
    this.transport.write(binaryFrame(payload), flushed);
  }

  ping(): void {
    this.socket.ping();
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason);
  }

  terminate(): void {
    this.socket.terminate();
  }
}

/** A copy of a payload with the head of an unmasked binary message before it. */
function binaryFrame(payload: Uint8Array): Buffer {
  const { length } = payload;
  const head = length <= SHORT_MAX ? 2 : length <= MEDIUM_MAX ? 4 : 10;
  const frame = Buffer.allocUnsafe(head + length);
  frame[0] = BINARY;
  if (head === 2) frame[1] = length;
  else if (head === 4) {
    frame[1] = LENGTH_16;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = LENGTH_64;
    frame.writeUInt32BE(0, 2);
    frame.writeUInt32BE(length, 6);
  }
  frame.set(payload, head);
  return frame;
}

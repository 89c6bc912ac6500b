import type { Socket } from 'node:net';
import { encodeRefusal, type Refusal } from './refusal.js';

/** How long a refused peer may take to read the refusal before its connection is torn down. */
const CLOSE_TIMEOUT_MS = 1000;

/**
 * One end of a connection: sends messages, and ends the connection in a way that the last message arrives.
 * Once `isClosed` is set the owner drops whatever still comes in.
 */
export class Link {
  readonly socket: Socket;
  readonly peer: string;
  isClosed: boolean;

  /** `peer` names the other end in the log. */
  constructor(socket: Socket, peer: string) {
    this.socket = socket;
    this.peer = peer;
    this.isClosed = false;
    socket.setNoDelay(true);
  }

  /** Sends one message of the slow path. Frames and acknowledgements go to the socket directly. */
  send(message: Buffer): void {
    if (!this.isClosed) this.socket.write(message);
  }

  /**
   * Sends the refusal and closes. The socket is read on until the peer has closed too: closing over unread bytes
   * resets the connection, and a reset may overtake the refusal.
   */
  refuse(refusal: Refusal): void {
    this.finish(encodeRefusal(refusal));
  }

  /** Sends a last message and closes, as `refuse` does. */
  finish(lastMessage: Buffer): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.socket.end(lastMessage);
    this.socket.resume();
    const timer = setTimeout(() => this.socket.destroy(), CLOSE_TIMEOUT_MS);
    this.socket.once('close', () => clearTimeout(timer));
  }

  /** Closes at once, without a word. */
  destroy(): void {
    this.isClosed = true;
    this.socket.destroy();
  }
}

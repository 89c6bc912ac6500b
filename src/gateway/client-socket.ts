/** What the gateway needs of a WebSocket; a `ws` WebSocket is one, and so is a test's. */
export interface ClientSocket {
  /** Bytes handed over and not yet taken by the kernel. */
  readonly bufferedAmount: number;
  /** Sends one binary message. The bytes belong to the socket from then on. */
  send(frame: Uint8Array, flushed?: (error?: Error) => void): void;
  ping(): void;
  /** Starts the closing handshake. */
  close(code: number, reason: string): void;
  /** Drops the connection; messages that were received already may still be delivered. */
  terminate(): void;
}

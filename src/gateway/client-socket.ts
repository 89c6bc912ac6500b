/** What the gateway needs of a WebSocket: FramedSocket is one, and so is a test's. */
export interface ClientSocket {
  /** Bytes handed over and not yet taken by the kernel. */
  readonly bufferedAmount: number;
  /** Sends one binary message. The bytes may be used again when it returns. `flushed` hears when the kernel has them. */
  send(payload: Uint8Array, flushed?: (error?: Error | null) => void): void;
  ping(): void;
  /** Starts the closing handshake. */
  close(code: number, reason: string): void;
  /** Drops the connection; messages that were received already may still be delivered. */
  terminate(): void;
}

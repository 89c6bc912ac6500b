/** What the client uses of a WebSocket; browsers have one, in Node the `ws` package's is one. */
export interface WebSocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  send(bytes: Uint8Array): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: string, listener: (event: never) => void): void;
}

/** Constructor of a WebSocket. */
export type WebSocketConstructor = new (url: string, protocols: string[]) => object;

/** The constructor to use: the one given, or the platform's. Throws when there is none. */
export function webSocketConstructor(given: WebSocketConstructor | undefined): WebSocketConstructor {
  const platform = (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket;
  const found = given ?? platform;
  if (found === undefined) {
    throw new Error('this platform has no WebSocket: pass one, for example that of the ws package');
  }
  return found;
}

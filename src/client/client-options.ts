import type { Signer } from './signer.js';
import type { WebSocketConstructor } from './web-socket-like.js';

/** How a client connects. Times in milliseconds. */
export interface ClientOptions {
  /** Gateways of the cluster, for example both nodes of a pair; the one that takes orders is found. */
  readonly urls: readonly string[];
  readonly apiKeyId: number;
  readonly signer: Signer;
  /** WebSocket to use; default: the platform's. */
  readonly webSocket?: WebSocketConstructor;
  /** Encoding of frames, default 'sbe'. */
  readonly subprotocol?: 'sbe' | 'msgpack';
  /**
   * Last report already seen in an earlier life of this client; those after it are sent again. Default -1: only new
   * ones. For an admin key: the last command whose answer was seen.
   */
  readonly resumeAfter?: number;
  /** Whether the open orders of the account are cancelled when the connection is lost; default false. */
  readonly cancelOnDisconnect?: boolean;
  /** Whether a lost connection is made again; default true. */
  readonly reconnects?: boolean;
  /** Time for one gateway to take the logon, default 5000. */
  readonly logonTimeoutMs?: number;
  /** How long `connect` looks for a gateway that takes orders, default 10,000. */
  readonly connectTimeoutMs?: number;
  /** How long a lost connection is looked for before the client gives up, default 60,000. */
  readonly reconnectTimeoutMs?: number;
  /** Pause between two rounds of the urls, doubled from the first to the second; default 25 and 1000. */
  readonly retryMinMs?: number;
  readonly retryMaxMs?: number;
}

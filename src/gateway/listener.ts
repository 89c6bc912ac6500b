import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import { SUBPROTOCOL_MSGPACK, SUBPROTOCOL_SBE } from '../wire/schema.js';
import type { GatewayOptions } from './gateway-options.js';
import { openPort } from './open-port.js';

/** Time for the HTTP request that opens a WebSocket. */
const REQUEST_TIMEOUT_MS = 3000;
const REQUEST_BYTES_MAX = 8192;
const CLOSE_TIMEOUT_MS = 2000;
const SUBPROTOCOLS: readonly string[] = [SUBPROTOCOL_SBE, SUBPROTOCOL_MSGPACK];

/** Called for each WebSocket that is open, with the stream that carries it. */
export type ConnectionListener = (socket: WebSocket, transport: Duplex, remoteAddress: string) => void;

/**
 * One WebSocket listener with its own connection caps. It refuses, at the HTTP request and before any WebSocket
 * exists: connections over the caps, origins that are not allowed, and clients that offer none of our subprotocols.
 */
export class Listener {
  private readonly name: string;
  private readonly options: GatewayOptions;
  private readonly onConnection: ConnectionListener;
  private readonly http: Server;
  private readonly webSockets: WebSocketServer;
  private readonly perAddress: Map<string, number>;
  private open: number;
  private isClosing: boolean;

  /** `name` is used in errors. */
  constructor(name: string, options: GatewayOptions, onConnection: ConnectionListener) {
    this.name = name;
    this.options = options;
    this.onConnection = onConnection;
    this.perAddress = new Map();
    this.open = 0;
    this.isClosing = false;
    const limits: ServerOptions & { closeTimeout: number; maxPendingAutoPongs: number } = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: options.maxFrameBytes,
      maxFragments: 4,
      maxBufferedChunks: 64,
      maxPendingAutoPongs: 4,
      closeTimeout: CLOSE_TIMEOUT_MS,
      handleProtocols: (offered) => SUBPROTOCOLS.find((protocol) => offered.has(protocol)) ?? false,
    };
    this.webSockets = new WebSocketServer(limits);
    this.http = createServer({
      headersTimeout: REQUEST_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: REQUEST_TIMEOUT_MS / 3,
      maxHeaderSize: REQUEST_BYTES_MAX,
      noDelay: true,
    });
    // Room for requests that are refused with a reason; what is beyond that is cut off at once.
    this.http.maxConnections = options.maxConnections + 64;
    this.http.on('request', (_request, response) => {
      response.writeHead(426, { 'content-type': 'text/plain', connection: 'close' });
      response.end('This is a WebSocket endpoint.\n');
    });
    this.http.on('upgrade', (request, socket, head) => this.onUpgrade(request, socket, head));
  }

  /** Opens the listener; resolves with its port. Throws a ListenError that names the address. */
  listen(port: number): Promise<number> {
    return openPort(this.http, this.name, this.options, port);
  }

  /** Takes no new connections; resolves when those that are left have ended. */
  close(): Promise<void> {
    this.isClosing = true;
    this.webSockets.close();
    return new Promise((resolve) => {
      if (!this.http.listening) resolve();
      else this.http.close(() => resolve());
      this.http.closeIdleConnections();
    });
  }

  private onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const remoteAddress = request.socket.remoteAddress ?? 'unknown';
    const refusal = this.refusalOf(request, remoteAddress);
    if (refusal !== undefined) {
      socket.on('error', () => socket.destroy());
      const body = `${refusal.text}\n`;
      socket.end(
        `HTTP/1.1 ${refusal.status}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        () => socket.destroy(),
      );
      return;
    }
    this.open++;
    this.perAddress.set(remoteAddress, (this.perAddress.get(remoteAddress) ?? 0) + 1);
    socket.once('close', () => this.forget(remoteAddress));
    this.webSockets.handleUpgrade(request, socket, head, (webSocket) =>
      this.onConnection(webSocket, socket, remoteAddress),
    );
  }

  private refusalOf(
    request: IncomingMessage,
    remoteAddress: string,
  ): { status: string; text: string } | undefined {
    const { allowedOrigins, maxConnections, maxConnectionsPerIp } = this.options;
    if (this.isClosing) return { status: '503 Service Unavailable', text: 'SHUTTING_DOWN' };
    if (this.open >= maxConnections || (this.perAddress.get(remoteAddress) ?? 0) >= maxConnectionsPerIp) {
      return { status: '503 Service Unavailable', text: 'TOO_MANY_CONNECTIONS' };
    }
    const origin = request.headers.origin;
    if (allowedOrigins.length > 0 && origin !== undefined && !allowedOrigins.includes(origin)) {
      return { status: '403 Forbidden', text: 'this origin is not allowed' };
    }
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (!offered.some((name) => SUBPROTOCOLS.includes(name))) {
      return { status: '400 Bad Request', text: `offer one of the subprotocols ${SUBPROTOCOLS.join(', ')}` };
    }
    return undefined;
  }

  private forget(remoteAddress: string): void {
    this.open--;
    const left = this.perAddress.get(remoteAddress)! - 1;
    if (left === 0) this.perAddress.delete(remoteAddress);
    else this.perAddress.set(remoteAddress, left);
  }
}

/** Limits and times of the gateway. Times in milliseconds, sizes in bytes. */
export interface GatewayOptions {
  /** Address that both listeners bind. */
  readonly host: string;
  /** Port of the order-entry listener; 0 = any free one. */
  readonly clientPort: number;
  /** Port of the admin listener; 0 = any free one. */
  readonly adminPort: number;
  /** Allows unencrypted listeners on addresses that other machines reach. */
  readonly allowPlaintext: boolean;
  /** Exact Origin headers that browsers may connect with; empty = not checked. Other programs send no Origin. */
  readonly allowedOrigins: readonly string[];
  /** Longest WebSocket message from a client. */
  readonly maxFrameBytes: number;
  readonly maxMessagesPerFrame: number;
  /** Connections of each listener. */
  readonly maxConnections: number;
  readonly maxConnectionsPerIp: number;
  /** Time from connecting to a good logon. */
  readonly logonTimeoutMs: number;
  /** How far the clock of a client may be off at logon. */
  readonly logonWindowMs: number;
  readonly logonsPerSecondPerIp: number;
  /** Messages of one session; a burst may be one second's worth. */
  readonly messagesPerSecond: number;
  /** RATE_LIMITED rejects within ten seconds after which the session is closed. */
  readonly rateBreachLimit: number;
  /** Slots of the input ring that only cancels may take; at most a quarter of the ring. */
  readonly cancelReserve: number;
  readonly pingIntervalMs: number;
  /** Silence after which a connection is closed. */
  readonly idleTimeoutMs: number;
  /** Unsent bytes of a session above which it gets no market data. */
  readonly softLimitBytes: number;
  /** Unsent bytes of a session above which it is closed. */
  readonly hardLimitBytes: number;
  /** Reports kept for resending, over all accounts; a power of two. Memory is touched as it fills. */
  readonly reportRetention: number;
  /** Idle time after which command time is moved on. */
  readonly timeAdvanceMs: number;
}

export const DEFAULT_GATEWAY_OPTIONS: GatewayOptions = {
  host: '127.0.0.1',
  clientPort: 0,
  adminPort: 0,
  allowPlaintext: false,
  allowedOrigins: [],
  maxFrameBytes: 16_384,
  maxMessagesPerFrame: 128,
  maxConnections: 1024,
  maxConnectionsPerIp: 256,
  logonTimeoutMs: 3000,
  logonWindowMs: 5000,
  logonsPerSecondPerIp: 20,
  messagesPerSecond: 100_000,
  rateBreachLimit: 1000,
  cancelReserve: 1024,
  pingIntervalMs: 20_000,
  idleTimeoutMs: 60_000,
  softLimitBytes: 262_144,
  hardLimitBytes: 1_048_576,
  reportRetention: 1_048_576,
  timeAdvanceMs: 1000,
};

/**
 * The one table of options. The configuration file, the flags and the environment variables are made from it, and so
 * are their descriptions and the messages about wrong values.
 */

export type OptionKind =
  | 'text'
  | 'path'
  | 'integer'
  | 'bytes'
  | 'port'
  | 'boolean'
  | 'choice'
  | 'list'
  | 'u64'
  | 'key';

export interface ConfigOption<T> {
  readonly kind: OptionKind;
  readonly section: string;
  readonly description: string;
  /** Value when nothing sets it; an empty text, an empty list or a zero id stands for "not set". */
  readonly fallback: T;
  /** What is allowed, as a sentence fragment for messages and the file. */
  readonly allowed: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly powerOfTwo?: boolean;
  readonly choices?: readonly string[];
}

const ranged =
  (kind: OptionKind, minimum: number, maximum: number, allowed: string) =>
  (section: string, fallback: number, description: string): ConfigOption<number> => ({
    kind,
    section,
    description,
    fallback,
    allowed,
    minimum,
    maximum,
  });

const integer = (minimum: number, maximum: number) =>
  ranged('integer', minimum, maximum, `a whole number from ${minimum} to ${maximum}`);

const port = ranged('port', 0, 65535, 'a port from 0 to 65535, 0 = any free one');

const bytes = (minimum: number, maximum: number) =>
  ranged('bytes', minimum, maximum, `bytes from ${minimum} to ${maximum}, also with KiB, MiB or GiB`);

function powerOfTwo(minimum: number, maximum: number) {
  const allowed = `a power of two from ${minimum} to ${maximum}`;
  return (section: string, fallback: number, description: string): ConfigOption<number> => ({
    ...ranged('integer', minimum, maximum, allowed)(section, fallback, description),
    powerOfTwo: true,
  });
}

function choice<const T extends string>(choices: readonly T[]) {
  return (section: string, fallback: T, description: string): ConfigOption<T> => ({
    kind: 'choice',
    section,
    description,
    fallback,
    allowed: choices.map((each) => `"${each}"`).join(', '),
    choices,
  });
}

function text(
  kind: OptionKind,
  section: string,
  fallback: string,
  allowed: string,
  description: string,
): ConfigOption<string> {
  return { kind, section, description, fallback, allowed };
}

const IDENTITY = 'Identity';
const NETWORK = 'Network';
const REPLICATION = 'Replication';
const DURABILITY = 'Durability';
const ENGINE = 'Engine';
const LIMITS = 'Limits of client sessions';
const LOGGING = 'Logging';

const DAY_MS = 86_400_000;

export const CONFIG_OPTIONS = {
  clusterId: text(
    'u64',
    IDENTITY,
    '0',
    'a whole number from 1 to 2^64-1 in quotes',
    'Identity of the pair, made by init: nodes and clients of another cluster are refused.',
  ),
  nodeId: integer(0, 0xffffffff)(
    IDENTITY,
    0,
    'Identity of this node, made by init; the two nodes of a pair differ.',
  ),
  role: choice(['primary', 'standby'])(
    IDENTITY,
    'primary',
    'What this node starts as: it takes orders, or follows one that does.',
  ),
  adminPublicKey: text(
    'key',
    IDENTITY,
    '',
    '64 hexadecimal digits',
    'Raw Ed25519 public key of the first administrator; registered when the journal is begun.',
  ),

  host: text('text', NETWORK, '127.0.0.1', 'a host name or address', 'Address on which clients connect.'),
  port: port(NETWORK, 9400, 'Port of trading sessions (WebSocket).'),
  adminPort: port(NETWORK, 9401, 'Port of administrator sessions (WebSocket), on the same host.'),
  controlPort: port(
    NETWORK,
    0,
    'Port of status, promote and stop, on 127.0.0.1 only; the command line finds it by itself.',
  ),
  allowPlaintext: {
    kind: 'boolean',
    section: NETWORK,
    description:
      'Serve sessions without TLS on an address that other machines reach (behind a TLS proxy, say).',
    fallback: false,
    allowed: 'true or false',
  } as ConfigOption<boolean>,
  allowedOrigins: {
    kind: 'list',
    section: NETWORK,
    description: 'Origins of web pages that may connect; empty = not checked.',
    fallback: [],
    allowed:
      'a list of origins such as "https://desk.example", with commas between them in a flag or variable',
  } as ConfigOption<readonly string[]>,

  replicationHost: text(
    'text',
    REPLICATION,
    '127.0.0.1',
    'a host name or address',
    'Address on which a primary takes its standby.',
  ),
  replicationPort: port(REPLICATION, 9402, 'Port on which a primary takes its standby.'),
  primaryAddress: text(
    'text',
    REPLICATION,
    '',
    'host:port',
    'Replication address of the primary that a standby follows.',
  ),
  replicationKeyFile: text(
    'path',
    REPLICATION,
    'keys/replication.key',
    'a path, relative to the data directory',
    'File with the key that both nodes of a pair share (64 hexadecimal digits).',
  ),

  ackPolicy: choice(['memory', 'disk', 'replica', 'disk+replica', 'two-disks'])(
    DURABILITY,
    'disk',
    'Copies that must exist before a client hears anything. With a standby use disk+replica or two-disks: they wait for it. memory is for tests only.',
  ),
  segmentBytes: bytes(1 << 20, 1 << 30)(DURABILITY, 64 << 20, 'Size of a journal segment.'),
  journalBackend: choice(['mmap', 'positional'])(
    DURABILITY,
    'mmap',
    'How the journal is written: through a memory mapping, or by positional writes.',
  ),
  journalAllocation: choice(['fallocate', 'zero-fill'])(
    DURABILITY,
    'zero-fill',
    'How space of a segment is taken: by writing zeros (faster syncs later), or by the file system at once (less written).',
  ),
  snapshotEveryCommands: integer(0, 2 ** 40)(
    DURABILITY,
    1 << 20,
    'A snapshot at every multiple of so many commands (rounded up to one of 4096), taken in the background: a start replays only what came after the newest one. 0 = not by number of commands.',
  ),
  snapshotEveryMinutes: integer(0, 100_000)(
    DURABILITY,
    60,
    'A snapshot when so many minutes have passed since the last one. With 0 here and for commands this node takes none, as on a primary whose standby does.',
  ),
  snapshotsKept: integer(2, 10_000)(
    DURABILITY,
    4,
    'Snapshots that are kept, the newest ones; each has the state, and up to reportRetention reports.',
  ),
  accountIndex: {
    kind: 'boolean',
    section: DURABILITY,
    description:
      'Keep an index of accounts beside the journal, which tells at once what an account was like at any moment; written in the background by whoever takes the snapshots.',
    fallback: true,
    allowed: 'true or false',
  } as ConfigOption<boolean>,
  archiveDir: text(
    'path',
    DURABILITY,
    '',
    'a path, relative to the data directory',
    'Where "ringfence journal archive" moves sealed segments when it is not told.',
  ),
  archiveAfterHours: integer(0, 1_000_000)(
    DURABILITY,
    0,
    'Sealed segments older than so many hours are moved to archiveDir by the running node; 0 = only by "ringfence journal archive".',
  ),
  retainHours: integer(0, 1_000_000)(
    DURABILITY,
    0,
    'Sealed segments older than so many hours are removed for good, unless a kept snapshot or the attached standby needs them; 0 = kept for ever.',
  ),
  retainBytes: bytes(0, 2 ** 53 - 1)(
    DURABILITY,
    0,
    'While sealed segments and archives take more than this, the oldest are removed for good, with the same exceptions; 0 = no limit.',
  ),
  scrubBytesPerSecond: bytes(0, 2 ** 40)(
    DURABILITY,
    1 << 20,
    'Bytes of sealed segments and archives that the running node reads again each second, to find rot while there is another copy; 0 = never.',
  ),
  scrubPauseMs: integer(0, 366 * DAY_MS)(
    DURABILITY,
    3_600_000,
    'Pause after everything was read again, before it is read once more.',
  ),
  minFreeBytes: bytes(0, 2 ** 50)(
    DURABILITY,
    256 << 20,
    'Below so much free space on the disk of the journal, new orders and replaces are refused; two segments more and they are taken again. 0 = only when a segment cannot be made.',
  ),

  inputRingSlots: powerOfTwo(1024, 1 << 22)(ENGINE, 65536, 'Slots of the input ring (128 bytes each).'),
  outputRingSlots: powerOfTwo(1024, 1 << 22)(ENGINE, 131072, 'Slots of the output ring (128 bytes each).'),
  waitStrategy: choice(['blocking', 'backoff', 'busy-spin'])(
    ENGINE,
    'backoff',
    'How idle threads wait; busy-spin needs a processor core for each thread.',
  ),
  timeAdvanceMs: integer(1, 60_000)(
    ENGINE,
    1000,
    'Without commands for so long, the time of the exchange is moved on by one.',
  ),
  maxOrders: integer(1024, 1 << 27)(
    ENGINE,
    1 << 20,
    'Open orders that the engine holds at most; the same on both nodes.',
  ),

  maxConnections: integer(1, 100_000)(LIMITS, 1024, 'Connections on a port.'),
  maxConnectionsPerIp: integer(1, 100_000)(LIMITS, 256, 'Connections on a port from one address.'),
  maxFrameBytes: bytes(256, 1 << 24)(LIMITS, 16384, 'Size of a frame from a client.'),
  maxMessagesPerFrame: integer(1, 4096)(LIMITS, 128, 'Messages in a frame from a client.'),
  messagesPerSecond: integer(1, 10_000_000)(LIMITS, 100_000, 'Messages that a session may send each second.'),
  rateBreachLimit: integer(1, 1_000_000)(
    LIMITS,
    1000,
    'A session that is told RATE_LIMITED so often in ten seconds is closed.',
  ),
  cancelReserve: integer(0, 1 << 20)(
    LIMITS,
    1024,
    'Slots of the input ring that only cancels may take; at most a quarter of it.',
  ),
  logonTimeoutMs: integer(100, DAY_MS)(
    LIMITS,
    3000,
    'A connection that has not logged on for so long is closed.',
  ),
  logonWindowMs: integer(100, DAY_MS)(LIMITS, 5000, 'How far the clock of a client may be off at logon.'),
  logonsPerSecondPerIp: integer(1, 1_000_000)(
    LIMITS,
    20,
    'Logons from one address each second; twice as many at once.',
  ),
  pingIntervalMs: integer(100, DAY_MS)(LIMITS, 20_000, 'The gateway pings a connection so often.'),
  idleTimeoutMs: integer(100, DAY_MS)(
    LIMITS,
    60_000,
    'A connection from which nothing came for so long is closed.',
  ),
  softLimitBytes: bytes(4096, 1 << 30)(
    LIMITS,
    256 << 10,
    'Unsent bytes from which a session gets no more market data.',
  ),
  hardLimitBytes: bytes(4096, 1 << 30)(LIMITS, 1 << 20, 'Unsent bytes from which a slow session is closed.'),
  reportRetention: powerOfTwo(1024, 1 << 26)(
    LIMITS,
    1 << 20,
    'Reports that are kept for clients that reconnect (128 bytes each).',
  ),

  logLevel: choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])(
    LOGGING,
    'info',
    'Least severe log lines that are written (JSON lines on standard error).',
  ),
} as const;

export type ConfigKey = keyof typeof CONFIG_OPTIONS;
type ValueOf<O> = O extends ConfigOption<infer T> ? T : never;
export type ConfigValues = { readonly [K in ConfigKey]: ValueOf<(typeof CONFIG_OPTIONS)[K]> };

export const CONFIG_KEYS = Object.keys(CONFIG_OPTIONS) as readonly ConfigKey[];

/** `maxOrders` -> `--max-orders`. */
export function flagOf(key: ConfigKey | 'dataDir'): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `maxOrders` -> `RINGFENCE_MAX_ORDERS`. */
export function environmentVariableOf(key: ConfigKey | 'dataDir'): string {
  return `RINGFENCE_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

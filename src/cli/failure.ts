/** Exit codes, and how an error becomes one sentence on standard error. */

export const ExitCode = {
  ok: 0,
  /** The command could not do what it was asked to. */
  failure: 1,
  /** Wrong usage: an unknown flag, a wrong value, a wrong configuration. */
  usage: 2,
  /** A corrupt journal, or two nodes that differ. */
  corruption: 3,
  /** Refused to protect something: a directory that is in use, a foreign journal, a port in use, no permission. */
  refused: 4,
  /** No running node was reached. */
  unreachable: 5,
} as const;

/** A failure that a command tells its user in one sentence. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = ExitCode.failure) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** What was tried, where a system error says only which call failed. */
const SYSTEM_ERRORS: Readonly<Record<string, { text: string; exitCode: number }>> = {
  EACCES: {
    text: 'no permission; check the owner and mode, or use another path',
    exitCode: ExitCode.refused,
  },
  EPERM: { text: 'no permission; check the owner and mode, or use another path', exitCode: ExitCode.refused },
  EROFS: { text: 'the file system is read-only; use another path', exitCode: ExitCode.refused },
  ENOENT: { text: 'there is no such file or directory', exitCode: ExitCode.failure },
  ENOTDIR: { text: 'a part of the path is not a directory', exitCode: ExitCode.failure },
  EISDIR: { text: 'this is a directory; name a file', exitCode: ExitCode.failure },
  EEXIST: { text: 'it exists already; name another one', exitCode: ExitCode.refused },
  ENOSPC: {
    text: 'no space is left on the device; free some or use another path',
    exitCode: ExitCode.failure,
  },
  EADDRINUSE: {
    text: 'the port is in use; stop its owner or choose another port',
    exitCode: ExitCode.refused,
  },
  EADDRNOTAVAIL: { text: 'this machine has no such address', exitCode: ExitCode.failure },
  ECONNREFUSED: { text: 'nothing listens there; is the node running?', exitCode: ExitCode.unreachable },
  ECONNRESET: { text: 'the other side closed the connection', exitCode: ExitCode.unreachable },
  ETIMEDOUT: { text: 'no answer came in time', exitCode: ExitCode.unreachable },
  ENOTFOUND: { text: 'there is no such host', exitCode: ExitCode.unreachable },
};

/** Exit codes by part of the name of an error code, for errors that bring none themselves. */
const CODE_PATTERNS: readonly [RegExp, number][] = [
  [/CORRUPT|DIVERGE/, ExitCode.corruption],
  [/LOCK|FOREIGN|NEWER|NOT_EMPTY|REFUSED|IN_USE|PERMISSION/, ExitCode.refused],
  [/CONFIG|USAGE|INSECURE/, ExitCode.usage],
  [/UNREACHABLE/, ExitCode.unreachable],
];

export interface Failure {
  /** Text for standard error, without a newline. */
  readonly text: string;
  readonly exitCode: number;
}

/**
 * What to tell and which code to exit with. An error with a `code` or `exitCode` was made for the user and is told by
 * its message alone; any other error is a fault of ours and is told with its stack.
 */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { text: `ringfence: ${String(error)}`, exitCode: ExitCode.failure };
  const { code, exitCode } = error as Error & { code?: unknown; exitCode?: unknown };
  const system = typeof code === 'string' ? SYSTEM_ERRORS[code] : undefined;
  if (system !== undefined) {
    const isRaw = error.message.includes(code as string);
    const text = isRaw ? systemText(error, system.text) : error.message;
    return { text: `ringfence: ${text}`, exitCode: system.exitCode };
  }
  if (error.name === 'ConnectionError')
    return { text: `ringfence: ${error.message}`, exitCode: ExitCode.unreachable };
  // A client's error: the number is a reject code, which the message names.
  if (typeof code === 'number') return { text: `ringfence: ${error.message}`, exitCode: ExitCode.failure };
  if (typeof exitCode === 'number') return { text: `ringfence: ${error.message}`, exitCode };
  if (typeof code === 'string' && !code.startsWith('ERR_')) {
    const matched = CODE_PATTERNS.find(([pattern]) => pattern.test(code));
    return { text: `ringfence: ${error.message}`, exitCode: matched?.[1] ?? ExitCode.failure };
  }
  return { text: `ringfence: internal error: ${error.stack ?? error.message}`, exitCode: ExitCode.failure };
}

/** `EACCES: permission denied, open '/x'` -> `/x: no permission; ...`. */
function systemText(error: Error, text: string): string {
  const { path, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  // An error that crossed threads has lost its properties; the address is at the end of its message.
  const inMessage = /[^ ]+:[0-9]+$/.exec(error.message)?.[0];
  const where = path ?? (port === undefined ? (address ?? inMessage) : `${address}:${port}`);
  return where === undefined ? text : `${where}: ${text}`;
}

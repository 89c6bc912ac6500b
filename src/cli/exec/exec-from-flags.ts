/** What the `exec` command runs; apart from its declaration so that the engine is loaded only when it is needed. */
import { createReadStream } from 'node:fs';
import { CONFIG_OPTIONS } from '../../node/config-options.js';
import { refuseDirectory } from '../refuse-directory.js';
import { ExecSession } from './exec-session.js';
import { runExec } from './run-exec.js';

/** Runs a session from a file or standard input; resolves with the line that stopped it, or 0. */
export function execFromFlags(flags: {
  file?: string;
  strict?: boolean;
  marketData?: boolean;
}): Promise<number> {
  if (flags.file !== undefined) refuseDirectory(flags.file);
  const session = new ExecSession({
    hasMarketData: flags.marketData === true,
    maxOrders: CONFIG_OPTIONS.maxOrders.fallback,
  });
  const input =
    flags.file === undefined ? process.stdin : createReadStream(flags.file, { highWaterMark: 1 << 18 });
  return runExec(session, input, process.stdout, flags.strict === true);
}

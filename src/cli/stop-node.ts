import { setTimeout as delay } from 'node:timers/promises';
import { callControl, readControlEntry } from './control-client.js';
import { CliError, ExitCode } from './failure.js';

const END_TIMEOUT_MS = 60_000;
const POLL_MS = 25;

/** Stops the node on `dataDir` and resolves with its process id when that process has ended. */
export async function stopNode(dataDir: string): Promise<number> {
  const { pid } = readControlEntry(dataDir);
  await callControl(dataDir, 'POST', '/stop');
  for (let waitedMs = 0; isAlive(pid); waitedMs += POLL_MS) {
    if (waitedMs >= END_TIMEOUT_MS) {
      throw new CliError(
        `process ${pid} is still stopping after ${END_TIMEOUT_MS / 1000} s; look at its log`,
        ExitCode.failure,
      );
    }
    await delay(POLL_MS);
  }
  return pid;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

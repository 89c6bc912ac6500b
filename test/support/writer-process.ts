/** Runs journal-writer-process.mjs and listens to what it calls durable. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const WRITER = fileURLToPath(new URL('./journal-writer-process.mjs', import.meta.url));
const running = new Set<ChildProcess>();

export interface Writer {
  readonly child: ChildProcess;
  /** Lines of standard output so far, whole ones only. */
  readonly lines: () => string[];
  /** Resolves when the lines say so. */
  readonly until: (isReached: (lines: string[]) => boolean) => Promise<void>;
  /** Exit code; null = ended by a signal. */
  readonly ended: Promise<number | null>;
  readonly errors: () => string;
}

/** Ends what a failed test left behind. */
export function killWriters(): void {
  for (const child of running) child.kill('SIGKILL');
}

export function startWriter(
  directory: string,
  backend: string,
  batches: number,
  env: NodeJS.ProcessEnv = {},
  launcher: readonly string[] = [],
): Writer {
  const [command, ...args] = [...launcher, process.execPath, WRITER, directory, backend, String(batches)];
  const child = spawn(command!, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let output = '';
  let errors = '';
  child.stdout!.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr!.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const lines = () => output.split('\n').slice(0, -1);
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  const until = async (isReached: (lines: string[]) => boolean): Promise<void> => {
    while (!isReached(lines())) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`the writer ended early: ${errors}`);
      await Promise.race([once(child.stdout!, 'data'), ended]);
    }
  };
  return { child, lines, until, ended, errors: () => errors };
}

/** The last durable sequence that the process has said. */
export function lastAcknowledged(lines: string[]): number {
  return Math.max(0, ...lines.map(Number).filter((value) => Number.isInteger(value)));
}

/** Runs the compiled command line as a user would. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const CLI_MAIN = fileURLToPath(new URL('../../../dist/src/cli/main.js', import.meta.url));

export interface CliResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The user and group `nobody`: root may read everything, so what is said without permission is tried as somebody else. */
const NOBODY = 65534;
export const WITHOUT_PRIVILEGES = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

/** Starts `ringfence` with these arguments; variables of the tests' own environment do not reach it. */
export function spawnCli(
  args: readonly string[],
  variables: Record<string, string> = {},
  user: { uid?: number; gid?: number } = {},
): ChildProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('RINGFENCE_'));
  return spawn(process.execPath, [CLI_MAIN, ...args], {
    env: { ...Object.fromEntries(inherited), ...variables },
    ...user,
  });
}

/** Runs `ringfence` to its end, with `input` on standard input. */
export async function runCli(
  args: readonly string[],
  input: string | Buffer = '',
  variables: Record<string, string> = {},
  user: { uid?: number; gid?: number } = {},
): Promise<CliResult> {
  const child = spawnCli(args, variables, user);
  let stdout = '';
  let stderr = '';
  child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  // The command may end before it has read everything.
  child.stdin!.on('error', () => {});
  child.stdin!.end(input);
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { exitCode, stdout, stderr };
}

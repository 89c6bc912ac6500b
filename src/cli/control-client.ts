/** Speaks to the control server of the node that runs on a data directory. */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { CliError, ExitCode } from './failure.js';

export interface ControlEntry {
  readonly port: number;
  readonly token: string;
  readonly pid: number;
}

const ANSWER_TIMEOUT_MS = 30_000;

/** The control.json of a running node. Throws CliError (unreachable) when there is none. */
export function readControlEntry(dataDir: string): ControlEntry {
  const path = join(dataDir, 'control.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new CliError(
      `no node runs on ${dataDir} (there is no ${path}); start one with "ringfence serve --data-dir ${dataDir}"`,
      ExitCode.unreachable,
    );
  }
  try {
    const { port, token, pid } = JSON.parse(text) as Partial<ControlEntry>;
    if (Number.isInteger(port) && Number.isInteger(pid) && typeof token === 'string')
      return { port, token, pid } as ControlEntry;
  } catch {
    // Falls through to the message below: whatever is wrong with the file, it is not one that a node wrote.
  }
  throw new CliError(`${path} is damaged; stop the node and start it again`, ExitCode.failure);
}

/** Sends a request to the node on `dataDir` and resolves with its JSON answer. Rejects with a CliError otherwise. */
export async function callControl(
  dataDir: string,
  method: 'GET' | 'POST',
  route: string,
  body?: object,
): Promise<unknown> {
  const entry = readControlEntry(dataDir);
  const { status, text } = await exchange(entry, method, route, body).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNREFUSED' && error.code !== 'ECONNRESET') throw error;
      throw new CliError(
        `the node on ${dataDir} does not answer (process ${entry.pid}, port ${entry.port}): it has ended without cleaning up; start it again`,
        ExitCode.unreachable,
      );
    },
  );
  const answer = JSON.parse(text) as { code?: string; message?: string };
  if (status < 300) return answer;
  const isRefusal = status === 409;
  throw new CliError(
    `${answer.message ?? `the node answered with status ${status}`}${answer.code === undefined ? '' : ` (${answer.code})`}`,
    isRefusal ? ExitCode.refused : ExitCode.failure,
  );
}

function exchange(
  entry: ControlEntry,
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = body === undefined ? '' : JSON.stringify(body);
    const call = request(
      {
        host: '127.0.0.1',
        port: entry.port,
        method,
        path,
        timeout: ANSWER_TIMEOUT_MS,
        // A connection of its own: one that is kept may be closed by the node in the moment in which it is used again.
        agent: false,
        headers: { authorization: `Bearer ${entry.token}`, 'content-length': Buffer.byteLength(sent) },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', reject);
      },
    );
    call.on('timeout', () => {
      call.destroy(
        new CliError(
          `the node (process ${entry.pid}) gave no answer in ${ANSWER_TIMEOUT_MS / 1000} s`,
          ExitCode.unreachable,
        ),
      );
    });
    call.on('error', reject);
    call.end(sent);
  });
}

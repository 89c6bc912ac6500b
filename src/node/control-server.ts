/**
 * The operator's door of a running node: a small HTTP server on 127.0.0.1.
 *
 * Its port and a random token are in `<dataDir>/control.json` (mode 0600), so whoever may read the data directory
 * may operate the node, and nobody else. Routes: GET /status, POST /promote, POST /snapshot, POST /stop.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface ControlRoutes {
  status(): object;
  /** Resolves with what is answered; rejects with an Error that carries an UPPER_SNAKE `code`. */
  promote(request: PromoteRequest): Promise<object>;
  /** Resolves when a snapshot of all that is durable now is there. */
  snapshot(): Promise<object>;
  stop(): void;
}

/** Body of POST /promote. */
export interface PromoteRequest {
  /** Acknowledgement policy from now on; absent = as configured. */
  readonly ackPolicy?: string;
  /** Who promotes, for the journal: at most 32 characters of printable ASCII; absent = not said. */
  readonly actor?: string;
}

const BODY_LIMIT_BYTES = 4096;

export class ControlServer {
  private readonly routes: ControlRoutes;
  private readonly server: Server;
  private readonly token: Buffer;
  private readonly file: string;

  constructor(dataDir: string, routes: ControlRoutes) {
    this.routes = routes;
    this.token = Buffer.from(randomBytes(32).toString('hex'));
    this.file = join(dataDir, 'control.json');
    this.server = createServer({ headersTimeout: 3000, requestTimeout: 3000 }, (request, response) => {
      this.answer(request, response).catch((error: unknown) => {
        const { code, message } = error as { code?: string; message?: string };
        reply(response, 409, { code: code ?? 'CONTROL_FAILED', message: message ?? String(error) });
      });
    });
  }

  /** Listens on 127.0.0.1 and writes control.json; resolves with the port. Rejects naming a port in use. */
  async listen(port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EADDRINUSE') error.message = `controlPort ${port} is in use: choose another or 0`;
        reject(error);
      });
      this.server.listen(port, '127.0.0.1', resolve);
    });
    const { port: bound } = this.server.address() as AddressInfo;
    const entry = { port: bound, token: this.token.toString(), pid: process.pid };
    writeFileSync(this.file, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
    return bound;
  }

  async close(): Promise<void> {
    rmSync(this.file, { force: true });
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.isAuthorised(request)) {
      reply(response, 401, {
        code: 'UNAUTHORISED',
        message: 'the token of control.json is missing or wrong',
      });
      return;
    }
    const route = `${request.method} ${request.url}`;
    if (route === 'GET /status') {
      reply(response, 200, this.routes.status());
    } else if (route === 'POST /promote') {
      reply(response, 200, await this.routes.promote(await readBody(request)));
    } else if (route === 'POST /snapshot') {
      reply(response, 200, await this.routes.snapshot());
    } else if (route === 'POST /stop') {
      reply(response, 202, {});
      this.routes.stop();
    } else {
      reply(response, 404, {
        code: 'NO_SUCH_ROUTE',
        message: `${route} is not a route of the control server`,
      });
    }
  }

  private isAuthorised(request: IncomingMessage): boolean {
    const given = Buffer.from((request.headers.authorization ?? '').replace(/^Bearer /, ''));
    return given.length === this.token.length && timingSafeEqual(given, this.token);
  }
}

async function readBody(request: IncomingMessage): Promise<PromoteRequest> {
  let body = '';
  for await (const chunk of request) {
    body += String(chunk);
    if (body.length > BODY_LIMIT_BYTES) throw controlError('BODY_TOO_LARGE', 'the request body is too large');
  }
  if (body === '') return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw controlError('MALFORMED_BODY', 'the request body is not JSON');
  }
  if (typeof parsed !== 'object' || parsed === null) {
    throw controlError('MALFORMED_BODY', 'the request body is not a JSON object');
  }
  return parsed as PromoteRequest;
}

function reply(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

/** An error that the caller of the control server is told with its code. */
export function controlError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

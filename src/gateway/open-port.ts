import type { AddressInfo, Server } from 'node:net';
import type { GatewayOptions } from './gateway-options.js';

/** A port that cannot be opened; `code` is Node's (EADDRINUSE, EACCES ...) or INSECURE_LISTENER. */
export class ListenError extends Error {
  readonly code: string;

  constructor(code: string, text: string) {
    super(text);
    this.name = 'ListenError';
    this.code = code;
  }
}

/**
 * Opens a port for WebSockets; resolves with its number. Port 0 is any free one. `name` says in errors which it is.
 * @throws ListenError that names the address
 */
export async function openPort(
  server: Server,
  name: string,
  { host, allowPlaintext }: Pick<GatewayOptions, 'host' | 'allowPlaintext'>,
  port: number,
): Promise<number> {
  if (!allowPlaintext && !isLoopback(host)) {
    const advice = 'put a TLS proxy in front of a loopback address, or set allowPlaintext';
    throw new ListenError(
      'INSECURE_LISTENER',
      `${name}: unencrypted WebSocket on ${host} is refused; ${advice}`,
    );
  }
  return await new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      const code = error.code ?? 'LISTEN_FAILED';
      const why =
        code === 'EADDRINUSE' ? 'it is in use; stop its owner or choose another port' : error.message;
      reject(new ListenError(code, `${name}: cannot listen on ${host}:${port}: ${why}`));
    };
    server.once('error', onError);
    server.listen(port, host, () => {
      server.removeListener('error', onError);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

import { createServer, type Server } from 'node:net';
import { NodeFailure } from './node-failure.js';

/**
 * Opens the ports of clients and administrators and closes them again, so that a start which cannot have them ends at once:
 * the gateway itself opens them when half of the journal is replayed. Port 0 is any free one.
 * @throws NodeFailure that names the first address that cannot be had
 */
export async function portsAreFree(host: string, ports: Readonly<Record<string, number>>): Promise<void> {
  const servers: Server[] = [];
  try {
    // All are open together, so that one number given twice is found, too.
    for (const [option, port] of Object.entries(ports)) servers.push(await open(host, port, option));
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

async function open(host: string, port: number, option: string): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const { code = 'LISTEN_FAILED' } = error;
      const why =
        code === 'EADDRINUSE' ? 'it is in use; stop its owner or choose another port' : error.message;
      reject(new NodeFailure(code, `${option}: cannot listen on ${host}:${port}: ${why}`));
    });
    server.listen({ host, port, exclusive: true }, resolve);
  });
  return server;
}

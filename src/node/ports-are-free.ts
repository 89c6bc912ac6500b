import { createServer, type Server } from 'node:net';
import { ListenError, openPort } from '../gateway/open-port.js';
import type { NodeConfig } from './config.js';
import { NodeFailure } from './node-failure.js';

/** What is opened for WebSockets. */
type PortsConfig = Pick<NodeConfig, 'host' | 'allowPlaintext' | 'port' | 'adminPort'>;

/**
 * Opens the ports of clients and administrators, as the gateway does when half of the journal is replayed, and closes them
 * again, so that a start which cannot have them ends at once.
 * @throws NodeFailure that names the first option that cannot be had
 */
export async function portsAreFree(config: PortsConfig): Promise<void> {
  const servers: Server[] = [];
  try {
    // All are open together, so that one number given twice is found, too.
    for (const option of ['port', 'adminPort'] as const) {
      const server = createServer();
      await openPort(server, option, config, config[option]);
      servers.push(server);
    }
  } catch (error) {
    if (error instanceof ListenError) throw new NodeFailure(error.code, error.message);
    throw error;
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { portsAreFree } from '../../src/node/ports-are-free.js';

const HOST = '127.0.0.1';
const servers: Server[] = [];

async function takenPort(): Promise<number> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  return (server.address() as AddressInfo).port;
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

it('finds nothing wrong with free ports, and leaves them free', async () => {
  const port = await takenPort();
  await new Promise((resolve) => servers.pop()!.close(resolve));
  await portsAreFree(HOST, { port, adminPort: 0 });
  await portsAreFree(HOST, { port, adminPort: 0 });
});

it('names the option and the address of a port that is in use, and lets go of the others', async () => {
  const free = await takenPort();
  await new Promise((resolve) => servers.pop()!.close(resolve));
  const taken = await takenPort();
  await expect(portsAreFree(HOST, { port: free, adminPort: taken })).rejects.toMatchObject({
    code: 'EADDRINUSE',
    exitCode: 4,
    message: `adminPort: cannot listen on ${HOST}:${taken}: it is in use; stop its owner or choose another port`,
  });
  await portsAreFree(HOST, { port: free });
});

it('finds a port that was given twice', async () => {
  const port = await takenPort();
  await new Promise((resolve) => servers.pop()!.close(resolve));
  await expect(portsAreFree(HOST, { port, adminPort: port })).rejects.toThrow(/^adminPort: cannot listen/);
});

it('says why an address that is not of this machine cannot be had', async () => {
  await expect(portsAreFree('192.0.2.1', { port: 0 })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
});

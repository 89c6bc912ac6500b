import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { portsAreFree } from '../../src/node/ports-are-free.js';
import { freePort } from '../support/free-port.js';

const HOST = '127.0.0.1';
const LOCAL = { host: HOST, allowPlaintext: false, port: 0, adminPort: 0 };
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
  const port = await freePort();
  await portsAreFree({ ...LOCAL, port });
  await portsAreFree({ ...LOCAL, port });
});

it('names the option and the address of a port that is in use, and lets go of the others', async () => {
  const free = await freePort();
  const taken = await takenPort();
  await expect(portsAreFree({ ...LOCAL, port: free, adminPort: taken })).rejects.toMatchObject({
    code: 'EADDRINUSE',
    exitCode: 4,
    message: `adminPort: cannot listen on ${HOST}:${taken}: it is in use; stop its owner or choose another port`,
  });
  await portsAreFree({ ...LOCAL, port: free });
});

it('finds a port that was given twice', async () => {
  const port = await freePort();
  await expect(portsAreFree({ ...LOCAL, port, adminPort: port })).rejects.toThrow(
    /^adminPort: cannot listen/,
  );
});

it('says why an address that is not of this machine cannot be had', async () => {
  await expect(portsAreFree({ ...LOCAL, host: '192.0.2.1', allowPlaintext: true })).rejects.toMatchObject({
    code: 'EADDRNOTAVAIL',
  });
});

it('refuses an unencrypted port that other machines can reach', async () => {
  await expect(portsAreFree({ ...LOCAL, host: '0.0.0.0' })).rejects.toMatchObject({
    code: 'INSECURE_LISTENER',
    exitCode: 4,
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { callControl } from '../../src/cli/control-client.js';

const dataDir = mkdtempSync(join(tmpdir(), 'ringfence-control-'));
const server = createServer((_, response) => response.end('{}'));

afterEach(() => {
  server.close();
  rmSync(dataDir, { recursive: true });
});

test('each request has a connection of its own: one that is kept may be closed just when it is used again', async () => {
  let connections = 0;
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  writeFileSync(join(dataDir, 'control.json'), JSON.stringify({ port, token: 'token', pid: process.pid }));
  for (let n = 0; n < 3; n++) expect(await callControl(dataDir, 'GET', '/status')).toEqual({});
  expect(connections).toBe(3);
});

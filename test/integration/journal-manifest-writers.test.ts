/** Several threads add lines to one manifest, as the upkeep, the snapshots and a command do: none is lost. */
import { generateKeyPairSync } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { afterAll, expect, test } from 'vitest';
import { manifestFaults, readManifestLines } from '../../journal/manifest.js';
import { signerOf } from '../../journal/manifest-key.js';
import { openFlatStorage } from '../../journal/open-storage.js';
import { hasMapping, removeTemporaryDirectories, temporaryDirectory } from '../support/journal-storages.js';

const WRITERS = 4;
const LINES = 12;
const CODE = `
  const { workerData } = require('node:worker_threads');
  (async () => {
    const { dist, directory, pem, writer, lines } = workerData;
    const { appendToManifest } = await import(dist + 'manifest.js');
    const { signerOf } = await import(dist + 'manifest-key.js');
    const { openFlatStorage } = await import(dist + 'open-storage.js');
    const storage = openFlatStorage(directory, 'positional');
    for (let i = 0; i < lines; i++) {
      const statement = { kind: 'snapshot', file: writer + '-' + i, sequence: i, bytes: 1, sha256: '00' };
      appendToManifest(storage, statement, { clusterId: 42n, nodeId: 1 }, signerOf(pem));
    }
  })();
`;

afterAll(removeTemporaryDirectories);

test.skipIf(!hasMapping)('a manifest with four writers has every line of each, in one chain', async () => {
  const directory = temporaryDirectory();
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const dist = new URL('../../dist/journal/', import.meta.url).href;
  const exits = Array.from({ length: WRITERS }, (_, writer) => {
    const workerData = { dist, directory, pem, writer, lines: LINES };
    return new Promise<number>((resolve, reject) => {
      new Worker(CODE, { eval: true, workerData }).once('error', reject).once('exit', resolve);
    });
  });
  expect(await Promise.all(exits)).toEqual(new Array(WRITERS).fill(0));
  const lines = readManifestLines(openFlatStorage(directory, 'positional'));
  expect(manifestFaults(lines, signerOf(pem).publicKey)).toEqual([]);
  const files = lines.map((line) => (line.kind === 'snapshot' ? line.file : ''));
  for (let writer = 0; writer < WRITERS; writer++) {
    const own = files.filter((file) => file.startsWith(`${writer}-`));
    expect(own).toEqual(Array.from({ length: LINES }, (_, i) => `${writer}-${i}`));
  }
});

import { generateKeyPairSync } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where a node's own Ed25519 key stands; it signs the manifest of the journal. */
export function nodeKeyFile(dataDir: string): string {
  return join(dataDir, 'keys', 'node.pem');
}

/** Makes the key of a data directory that has none yet; returns its file. */
export function ensureNodeKey(dataDir: string): string {
  const path = nodeKeyFile(dataDir);
  if (existsSync(path)) return path;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const temporary = `${path}.tmp`;
  const fd = openSync(temporary, 'w', 0o600);
  try {
    writeSync(fd, pem);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
  return path;
}

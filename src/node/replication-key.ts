import { readFileSync } from 'node:fs';
import { type NodeConfig, replicationKeyPath } from './config.js';
import { ConfigError } from './config-error.js';

const KEY_BYTES = 32;

/**
 * The key by which the nodes of a pair know each other.
 * @throws ConfigError when the file has something else in it, or what the system says when it cannot be read
 */
export function readReplicationKey(config: NodeConfig): Uint8Array {
  const path = replicationKeyPath(config);
  const text = readFileSync(path, 'utf8').trim();
  const key = Buffer.from(text, 'hex');
  if (key.length !== KEY_BYTES || text.length !== 2 * KEY_BYTES) {
    throw new ConfigError(`${path}: the replication key must be ${2 * KEY_BYTES} hexadecimal digits`);
  }
  return key;
}

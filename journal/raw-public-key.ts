import type { KeyObject } from 'node:crypto';

const RAW_BYTES = 32;

/**
 * The 32 bytes of an Ed25519 public key, as they are registered and written down: the end of its DER. The way over JWK holds
 * the lock of the key while it allocates, and a collection then that finds the job which made the key waits for
 * that lock forever (Node 20).
 */
export function rawPublicKey(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' }).subarray(-RAW_BYTES);
}

import type { KeyObject } from 'node:crypto';

/** The 32 bytes of an Ed25519 public key, as they are registered and written down. */
export function rawPublicKey(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'jwk' }).x!, 'base64url');
}

/**
 * Mutual authentication by a shared key: each end signs both nonces, its own role and the cluster it claims.
 * The role keeps a proof from being reflected to its maker; the other side's fresh nonce keeps an old one useless.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { NONCE_BYTES, PROOF_BYTES, PROTOCOL_VERSION } from './protocol.js';

const DOMAIN = 'RINGFENCE-REPLICATION';

/** Shortest key that is taken; `init` makes 32 random bytes. */
export const MIN_KEY_BYTES = 16;

/** 32 random bytes for one connection. */
export function makeNonce(): Buffer {
  return randomBytes(NONCE_BYTES);
}

/** HMAC-SHA256 (32 bytes) by which the holder of `key` shows that it is `role` on this very connection. */
export function makeProof(
  key: Uint8Array,
  role: number,
  clusterId: bigint,
  standbyNonce: Uint8Array,
  primaryNonce: Uint8Array,
): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16LE(PROTOCOL_VERSION, 0);
  head.writeUInt16LE(role, 2);
  head.writeBigUInt64LE(clusterId, 4);
  return createHmac('sha256', key)
    .update(DOMAIN)
    .update(head)
    .update(standbyNonce)
    .update(primaryNonce)
    .digest();
}

/** Whether two proofs are equal, in constant time. */
export function proofsEqual(expected: Uint8Array, received: Uint8Array): boolean {
  // timingSafeEqual throws on unequal lengths; both are digests of one size unless a caller is wrong.
  return (
    expected.length === PROOF_BYTES && received.length === PROOF_BYTES && timingSafeEqual(expected, received)
  );
}

/** Throws when `key` is too short to be a secret. */
export function requireKey(key: Uint8Array): void {
  if (key.length < MIN_KEY_BYTES) {
    throw new RangeError(`the replication key has ${key.length} bytes, at least ${MIN_KEY_BYTES} are needed`);
  }
}

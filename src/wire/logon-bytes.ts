const PREFIX = 'LOGON1';

/** Bytes of the nonce in `logonChallenge`. */
export const NONCE_BYTES = 32;

/**
 * The 58 bytes that a client signs with Ed25519 and a gateway verifies: "LOGON1" in ASCII, clusterId (u64 LE) and
 * nonce (32 bytes) of the challenge, apiKeyId (u32 LE) and timestampUs (i64 LE, epoch microseconds) of the logon.
 * The cluster id keeps a signature from being used against another cluster, the nonce from being used twice.
 */
export function logonBytes(
  clusterId: bigint,
  nonce: Uint8Array,
  apiKeyId: number,
  timestampUs: number,
): Uint8Array {
  if (nonce.length !== NONCE_BYTES)
    throw new RangeError(`a nonce of ${nonce.length} bytes, not ${NONCE_BYTES}`);
  const bytes = new Uint8Array(PREFIX.length + 8 + NONCE_BYTES + 4 + 8);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < PREFIX.length; i++) bytes[i] = PREFIX.charCodeAt(i);
  view.setBigUint64(6, clusterId, true);
  bytes.set(nonce, 14);
  view.setUint32(46, apiKeyId, true);
  view.setBigInt64(50, BigInt(timestampUs), true);
  return bytes;
}

import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { rawPublicKey } from '../../../journal/raw-public-key.js';

/** An Ed25519 key pair: the raw public key as it is registered, and a signer as a client has it. */
export interface ApiKeyPair {
  readonly publicKey: Uint8Array;
  readonly privateKey: KeyObject;
  readonly signer: (bytes: Uint8Array) => Uint8Array;
}

export function makeKeyPair(): ApiKeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    publicKey: new Uint8Array(rawPublicKey(publicKey)),
    privateKey,
    signer: (bytes) => new Uint8Array(sign(null, bytes, privateKey)),
  };
}

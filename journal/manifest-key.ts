/** The Ed25519 key with which a node signs its manifest, and the raw public key with which anybody checks it. */
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { rawPublicKey } from './raw-public-key.js';

// RFC 8410: what stands before the 32 bytes of an Ed25519 public key in a SubjectPublicKeyInfo document.
const SPKI_PREFIX = '302a300506032b6570032100';

export interface ManifestSigner {
  /** The 32 bytes of the public key as hexadecimal digits. */
  readonly publicKey: string;
  /** Signature of the text, hexadecimal. */
  sign(text: string): string;
}

/** The signer of a private key in PKCS #8 PEM. Throws an Error of node:crypto for anything else. */
export function signerOf(pem: string): ManifestSigner {
  const key = createPrivateKey(pem);
  return {
    publicKey: rawPublicKey(createPublicKey(key)).toString('hex'),
    sign: (text) => sign(null, Buffer.from(text), key).toString('hex'),
  };
}

/** Whether `signature` is that of `text` by the key; false for keys and signatures of no proper form, too. */
export function isSignedBy(publicKey: string, text: string, signature: string): boolean {
  if (!/^[0-9a-f]{64}$/.test(publicKey) || !/^[0-9a-f]{128}$/.test(signature)) return false;
  const der = Buffer.from(SPKI_PREFIX + publicKey, 'hex');
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return verify(null, Buffer.from(text), key, Buffer.from(signature, 'hex'));
}

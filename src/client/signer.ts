/** Signs bytes with the Ed25519 private key of an API key: 64 bytes of signature. */
export type Signer = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;

/** The part of the Web Crypto API that is used. */
interface SubtleCrypto {
  importKey(
    format: 'pkcs8',
    key: Uint8Array,
    algorithm: string,
    isExtractable: boolean,
    uses: readonly string[],
  ): Promise<object>;
  sign(algorithm: string, key: object, bytes: Uint8Array): Promise<ArrayBuffer>;
}

/**
 * A signer by the Web Crypto API, in browsers and in Node. `privateKey` is a CryptoKey, or the bytes of a PKCS #8
 * document. Throws when the platform has no Ed25519 or the key is not one.
 */
export async function webCryptoSigner(privateKey: Uint8Array | object): Promise<Signer> {
  const subtle = (globalThis as { crypto?: { subtle?: SubtleCrypto } }).crypto?.subtle;
  if (subtle === undefined) throw new Error('this platform has no Web Crypto API: pass a signer');
  const key =
    privateKey instanceof Uint8Array
      ? await subtle.importKey('pkcs8', privateKey, 'Ed25519', false, ['sign'])
      : privateKey;
  return async (bytes) => new Uint8Array(await subtle.sign('Ed25519', key, bytes));
}

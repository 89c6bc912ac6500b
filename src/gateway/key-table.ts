import { createPublicKey, type KeyObject } from 'node:crypto';

/** An API key that may log on, and how far its session has come. */
export interface ApiKey {
  readonly apiKeyId: number;
  readonly accountId: number;
  readonly permissions: number;
  readonly publicKey: Uint8Array;
  /** Highest clientSequence that the engine has answered. */
  answeredSequence: number;
  /** Highest clientSequence that this gateway has put into the input ring. */
  sequencedSequence: number;
}

/** The API keys, learnt from apiKeyRegistered events. Ids are dense, from 1. */
export class KeyTable {
  private readonly keys: (ApiKey | undefined)[] = [];
  private readonly verifiers: Map<number, KeyObject> = new Map();

  add(apiKeyId: number, accountId: number, permissions: number, publicKey: Uint8Array): void {
    this.keys[apiKeyId] = {
      apiKeyId,
      accountId,
      permissions,
      publicKey,
      answeredSequence: 0,
      sequencedSequence: 0,
    };
  }

  /** All keys, by id. */
  all(): ApiKey[] {
    return this.keys.filter((key) => key !== undefined);
  }

  get(apiKeyId: number): ApiKey | undefined {
    return this.keys[apiKeyId];
  }

  /** The key in the form that node:crypto verifies with; made at its first logon. */
  verifierOf(key: ApiKey): KeyObject {
    let verifier = this.verifiers.get(key.apiKeyId);
    if (verifier === undefined) {
      verifier = ed25519PublicKey(key.publicKey);
      this.verifiers.set(key.apiKeyId, verifier);
    }
    return verifier;
  }
}

/** Makes a key object of a raw 32-byte Ed25519 public key. */
export function ed25519PublicKey(raw: Uint8Array): KeyObject {
  const x = Buffer.from(raw).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

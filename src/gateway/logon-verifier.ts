import { generateKeyPairSync, type KeyObject, randomBytes, verify } from 'node:crypto';
import { logonBytes, NONCE_BYTES } from '../wire/logon-bytes.js';
import type { Logon } from '../wire/message-fields.js';
import type { ApiKey, KeyTable } from './key-table.js';

/** A nonce for one logon. */
export function makeNonce(): Uint8Array {
  return new Uint8Array(randomBytes(NONCE_BYTES));
}

/** Why a logon failed: for the client and for the log. `key` is set when it succeeded. */
export interface LogonVerdict {
  readonly key: ApiKey | undefined;
  /** Said to the client; says nothing about which keys exist. */
  readonly text: string;
  /** For the operator's log only. */
  readonly reason: string;
}

/** Judges logons: one Ed25519 verification each, about 0.1 ms, whether the key exists or not. */
export class LogonVerifier {
  private readonly keys: KeyTable;
  private readonly clusterId: bigint;
  private readonly windowMs: number;
  private readonly dummy: KeyObject;

  constructor(keys: KeyTable, clusterId: bigint, windowMs: number) {
    this.keys = keys;
    this.clusterId = clusterId;
    this.windowMs = windowMs;
    this.dummy = generateKeyPairSync('ed25519').publicKey;
  }

  /** `permission` is the one that the listener asks for. An unknown key takes the same time as a wrong signature. */
  verify(logon: Logon, nonce: Uint8Array, permission: number, nowUs: number): LogonVerdict {
    const key = this.keys.get(logon.apiKeyId);
    const verifier = key === undefined ? this.dummy : this.keys.verifierOf(key);
    const signed = logonBytes(this.clusterId, nonce, logon.apiKeyId, logon.timestampUs);
    const isSigned = verify(null, signed, verifier, logon.signature);
    const offMs = (logon.timestampUs - nowUs) / 1000;
    if (Math.abs(offMs) > this.windowMs) {
      const text = `the clock of the client is off by more than ${this.windowMs} ms`;
      return { key: undefined, text, reason: `timestamp off by ${offMs} ms` };
    }
    if (key === undefined) return refused('unknown key');
    if (!isSigned) return refused('wrong signature');
    if ((key.permissions & permission) === 0) return refused('key is not for this listener');
    return { key, text: '', reason: '' };
  }
}

function refused(reason: string): LogonVerdict {
  return { key: undefined, text: 'unknown key, wrong signature, or not a key for this port', reason };
}

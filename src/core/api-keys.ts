/**
 * API keys and, with each, the state of its session: a session is named by its key id. Ids are 1, 2, 3 ...; a
 * record starts at word id * API_KEY_WORDS. Keys are never removed.
 */
import { mix } from '../base/hash.js';
import { IntegerHashIndex } from '../base/integer-hash-index.js';
import { EntityHash, EntityKind } from './entity-hash.js';
import { sameWords } from './text-fields.js';

const API_KEY_WORDS = 16;
export const PUBLIC_KEY_WORDS = 8;

/** Words of an API key record. The first HASHED_WORDS are what the state hash is made of, with the account id. */
export const ApiKeyWord = {
  publicKey: 0,
  permissions: 8,
  /** i64: highest clientSequence that was taken. */
  clientSequence: 9,
  /** Handle of the account; 0 for an admin key. */
  account: 11,
  /** 1 while on the dirty list of the state hash. */
  dirty: 12,
  hashLow: 13,
  hashHigh: 14,
} as const;
const KEY_PERMISSIONS = ApiKeyWord.permissions;
const KEY_ACCOUNT = ApiKeyWord.account;
const KEY_CLIENT_SEQUENCE = ApiKeyWord.clientSequence;
const KEY_DIRTY = ApiKeyWord.dirty;
const KEY_HASH_LOW = ApiKeyWord.hashLow;
const KEY_HASH_HIGH = ApiKeyWord.hashHigh;

const HASHED_WORDS = 11;

export class ApiKeys {
  readonly words: Int32Array;
  readonly maxApiKeys: number;
  readonly hash: EntityHash;
  count: number;
  private readonly index: IntegerHashIndex;

  constructor(maxApiKeys: number) {
    this.words = new Int32Array((maxApiKeys + 1) * API_KEY_WORDS);
    this.maxApiKeys = maxApiKeys;
    this.hash = new EntityHash(EntityKind.apiKey, maxApiKeys + 1);
    this.count = 0;
    this.index = new IntegerHashIndex(64);
  }

  /** Word of the record of a key id as it came in a command; 0 when there is no such key. */
  recordAt(apiKeyId: number): number {
    return apiKeyId > 0 && apiKeyId <= this.count ? apiKeyId * API_KEY_WORDS : 0;
  }

  /** Id of the key whose public key lies at `at`, or 0. */
  find(keyWords: Int32Array, at: number): number {
    const hash = mix(keyWords[at] ^ keyWords[at + 7]);
    const index = this.index;
    for (let position = index.first(hash); position >= 0; position = index.next(position, hash)) {
      const apiKeyId = index.rowAt(position);
      if (sameWords(this.words, apiKeyId * API_KEY_WORDS, keyWords, at, PUBLIC_KEY_WORDS)) return apiKeyId;
    }
    return 0;
  }

  /** Adds a key that is new, for an account (a handle, or 0); the caller has seen that there is room. */
  add(account: number, permissions: number, keyWords: Int32Array, at: number): number {
    this.count += 1;
    const key = this.count * API_KEY_WORDS;
    for (let i = 0; i < PUBLIC_KEY_WORDS; i += 1) this.words[key + i] = keyWords[at + i];
    this.words[key + KEY_PERMISSIONS] = permissions;
    this.words[key + KEY_ACCOUNT] = account;
    this.index.insert(mix(keyWords[at] ^ keyWords[at + 7]), this.count);
    this.touch(key);
    return this.count;
  }

  /**
   * Takes a clientSequence, given in two words, of the session whose record is at `key`. Returns false, and
   * changes nothing, unless it is above all that were taken before.
   */
  takeClientSequence(key: number, low: number, high: number): boolean {
    const words = this.words;
    const takenHigh = words[key + KEY_CLIENT_SEQUENCE + 1];
    const takenLow = words[key + KEY_CLIENT_SEQUENCE];
    if (high < takenHigh || (high === takenHigh && low >>> 0 <= takenLow >>> 0)) return false;
    words[key + KEY_CLIENT_SEQUENCE] = low;
    words[key + KEY_CLIENT_SEQUENCE + 1] = high;
    if (words[key + KEY_DIRTY] === 0) this.touch(key);
    return true;
  }

  /** Hashes the key whose record is at `key` into `hash`. */
  hashApiKey(key: number, accountIds: Int32Array, hash: EntityHash): void {
    const words = this.words;
    hash.hashRow(words, key, HASHED_WORDS, accountIds[words[key + KEY_ACCOUNT]], key / API_KEY_WORDS);
  }

  /** Brings the sum of the state hash up to date. `accountIds` has the id of an account at its handle. */
  settleHash(accountIds: Int32Array): void {
    const words = this.words;
    const hash = this.hash;
    for (let i = 0; i < hash.dirtyCount; i += 1) {
      const key = hash.dirtyRows[i];
      words[key + KEY_DIRTY] = 0;
      this.hashApiKey(key, accountIds, hash);
      hash.exchange(words[key + KEY_HASH_LOW], words[key + KEY_HASH_HIGH]);
      words[key + KEY_HASH_LOW] = hash.rowLow;
      words[key + KEY_HASH_HIGH] = hash.rowHigh;
    }
    hash.dirtyCount = 0;
  }

  private touch(key: number): void {
    this.words[key + KEY_DIRTY] = 1;
    this.hash.markDirty(key);
  }
}

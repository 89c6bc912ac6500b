/**
 * API keys and, with each, the state of its session: a session is named by its key id. Ids are 1, 2, 3 ... Keys are
 * never removed.
 */
import { mix } from '../base/hash.js';
import { IntegerHashIndex } from '../base/integer-hash-index.js';
import { type Arena, HANDLE_MASK as HANDLES } from './arena.js';
import { EntityHash, EntityKind } from './entity-hash.js';
import { sameWords } from './text-fields.js';

export const API_KEY_WORDS = 16;
export const PUBLIC_KEY_WORDS = 8;

/** Words of an API key record. The first HASHED_WORDS are what the state hash is made of, with the ids. */
export const ApiKeyWord = {
  /** i64: highest clientSequence that was taken. */
  clientSequence: 0,
  permissions: 2,
  publicKey: 3,
  /** Handle of the account; 0 for an admin key. */
  account: 11,
  /** 1 while on the dirty list of the state hash. */
  dirty: 12,
  hashLow: 13,
  hashHigh: 14,
} as const;

const HASHED_WORDS = 11;

// Local copies are folded into the code (see orders.ts).
const HANDLE_MASK = HANDLES;
const RECORD_SHIFT = 31 - Math.clz32(API_KEY_WORDS);
const CLIENT_SEQUENCE = ApiKeyWord.clientSequence;
const DIRTY = ApiKeyWord.dirty;

export class ApiKeys {
  /** The arena. */
  readonly words: Int32Array;
  readonly maxApiKeys: number;
  readonly hash: EntityHash;
  count: number;
  /** Where the record of id 0 would be. */
  private readonly origin: number;
  private readonly index: IntegerHashIndex;

  constructor(arena: Arena, maxApiKeys: number) {
    this.words = arena.words;
    this.maxApiKeys = maxApiKeys;
    this.hash = new EntityHash(EntityKind.apiKey, maxApiKeys);
    this.count = 0;
    this.origin = arena.reserve(maxApiKeys * API_KEY_WORDS) - API_KEY_WORDS;
    this.index = new IntegerHashIndex(64);
  }

  /** Handle of a key by its id as it came in a command; 0 when there is no such key. */
  handleOf(apiKeyId: number): number {
    return apiKeyId > 0 && apiKeyId <= this.count
      ? (this.origin + (apiKeyId << RECORD_SHIFT)) & HANDLE_MASK
      : 0;
  }

  /** Id of the key whose public key lies at `at`, or 0. */
  find(keyWords: Int32Array, at: number): number {
    const hash = publicKeyHash(keyWords, at);
    const index = this.index;
    for (let apiKeyId = index.first(hash); apiKeyId !== 0; apiKeyId = index.next(hash)) {
      const publicKey = this.handleOf(apiKeyId) + ApiKeyWord.publicKey;
      if (sameWords(this.words, publicKey, keyWords, at, PUBLIC_KEY_WORDS)) return apiKeyId;
    }
    return 0;
  }

  /** Adds a key that is new, for an account (a handle, or 0); the caller has seen that there is room. */
  add(account: number, permissions: number, keyWords: Int32Array, at: number): number {
    this.count += 1;
    const key = this.handleOf(this.count);
    const words = this.words;
    for (let i = 0; i < PUBLIC_KEY_WORDS; i += 1) words[key + ApiKeyWord.publicKey + i] = keyWords[at + i];
    words[key + ApiKeyWord.permissions] = permissions;
    words[key + ApiKeyWord.account] = account;
    this.index.insert(publicKeyHash(keyWords, at), this.count);
    this.touch(key);
    return this.count;
  }

  /**
   * Takes a clientSequence, given in two words, of the session of a key. Returns false, and changes nothing, unless
   * it is above all that were taken before.
   */
  takeClientSequence(handle: number, low: number, high: number): boolean {
    const words = this.words;
    const key = handle & HANDLE_MASK;
    const takenHigh = words[key + CLIENT_SEQUENCE + 1];
    const takenLow = words[key + CLIENT_SEQUENCE];
    if (high < takenHigh || (high === takenHigh && low >>> 0 <= takenLow >>> 0)) return false;
    words[key + CLIENT_SEQUENCE] = low | 0;
    words[key + CLIENT_SEQUENCE + 1] = high | 0;
    if (words[key + DIRTY] === 0) this.touch(key);
    return true;
  }

  /** Hashes one key into `hash`. */
  hashApiKey(key: number, hash: EntityHash): void {
    const words = this.words;
    // The first word of an account is its id; that of handle 0 is 0.
    const accountId = words[words[key + ApiKeyWord.account]];
    hash.hashRow(words, key, HASHED_WORDS, accountId, (key - this.origin) / API_KEY_WORDS);
  }

  /** Brings the sum of the state hash up to date. */
  settleHash(): void {
    const { words, hash } = this;
    for (let i = 0; i < hash.dirtyCount; i += 1) {
      const key = hash.dirtyRows[i];
      words[key + DIRTY] = 0;
      this.hashApiKey(key, hash);
      hash.exchange(words[key + ApiKeyWord.hashLow], words[key + ApiKeyWord.hashHigh]);
      words[key + ApiKeyWord.hashLow] = hash.rowLow;
      words[key + ApiKeyWord.hashHigh] = hash.rowHigh;
    }
    hash.dirtyCount = 0;
  }

  private touch(key: number): void {
    this.words[key + DIRTY] = 1;
    this.hash.markDirty(key);
  }
}

function publicKeyHash(keyWords: Int32Array, at: number): number {
  return mix(keyWords[at] ^ keyWords[at + PUBLIC_KEY_WORDS - 1]);
}

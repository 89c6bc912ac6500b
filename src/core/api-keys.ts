/**
 * API keys and, with each, the state of its session: a session is named by its key id. Ids are 1, 2, 3 ... Keys are
 * never removed.
 */
import { makeChainIndex } from '../base/chain-index.js';
import { makeWords } from '../base/columns.js';
import { mix } from '../base/hash.js';
import type { Arena } from './arena.js';
import { type EntityHash, EntityKind, HashWord, makeEntityHash } from './entity-hash.js';
import { makeTable } from './table.js';
import { sameWords } from './text-fields.js';

export const API_KEY_WORDS = 16;
export const PUBLIC_KEY_WORDS = 8;

/** Words of an API key record. The first HASHED_WORDS are what the state hash is made of, with the ids. */
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
  /** The next key under the same place of the index by public key. */
  keyNext: 15,
} as const;

const HASHED_WORDS = 11;

// Local copies are folded into the code (README.md).
const DIRTY_COUNT = HashWord.dirtyCount;
const RECORD_SHIFT = 31 - Math.clz32(API_KEY_WORDS);
const CLIENT_SEQUENCE = ApiKeyWord.clientSequence;
const DIRTY = ApiKeyWord.dirty;

/** Words of the private state. */
const COUNT = 0;

export type ApiKeys = ReturnType<typeof makeApiKeys>;

export function makeApiKeys(arena: Arena, maxApiKeys: number) {
  const state = makeWords(1);
  const { handleMask } = arena;
  const areSame = sameWords;
  /** The arena. */
  const words = arena.words;
  const hash = makeEntityHash(EntityKind.apiKey, maxApiKeys);
  const { markDirty } = hash;
  /** Where the record of id 0 would be. */
  const origin = arena.reserve(maxApiKeys * API_KEY_WORDS) - API_KEY_WORDS;
  const index = makeChainIndex({
    words,
    handleMask,
    linkWord: ApiKeyWord.keyNext,
    maxRows: maxApiKeys,
    hashOf: (key) => publicKeyHash(words, key + ApiKeyWord.publicKey),
  });
  const { first: firstRow, next: nextRow, insertRow } = index;

  /** Handle of a key by its id as it came in a command; 0 when there is no such key. */
  const handleOf = (apiKeyId: number): number => {
    return apiKeyId > 0 && apiKeyId <= state[COUNT] ? (origin + (apiKeyId << RECORD_SHIFT)) & handleMask : 0;
  };

  /** Id of a key by its handle. */
  const idOf = (key: number): number => {
    return (key - origin) / API_KEY_WORDS;
  };

  /** Id of the key whose public key lies at `at`, or 0. */
  const find = (keyWords: Int32Array, at: number): number => {
    const hash = publicKeyHash(keyWords, at);
    for (let key = firstRow(hash); key !== 0; key = nextRow(key)) {
      if (areSame(words, key + ApiKeyWord.publicKey, keyWords, at, PUBLIC_KEY_WORDS)) return idOf(key);
    }
    return 0;
  };

  /** Adds a key that is new, for an account (a handle, or 0); the caller has seen that there is room. */
  const add = (account: number, permissions: number, keyWords: Int32Array, at: number): number => {
    state[COUNT] += 1;
    const key = handleOf(state[COUNT]);
    for (let i = 0; i < PUBLIC_KEY_WORDS; i += 1) words[key + ApiKeyWord.publicKey + i] = keyWords[at + i];
    words[key + ApiKeyWord.permissions] = permissions;
    words[key + ApiKeyWord.account] = account;
    insertRow(key);
    touch(key);
    return state[COUNT];
  };

  /**
   * Takes a clientSequence, given in two words, of the session of a key. Returns false, and changes nothing, unless
   * it is above all that were taken before.
   */
  const takeClientSequence = (handle: number, low: number, high: number): boolean => {
    const key = handle & handleMask;
    const takenHigh = words[key + CLIENT_SEQUENCE + 1];
    const takenLow = words[key + CLIENT_SEQUENCE];
    if (high < takenHigh || (high === takenHigh && low >>> 0 <= takenLow >>> 0)) return false;
    words[key + CLIENT_SEQUENCE] = low | 0;
    words[key + CLIENT_SEQUENCE + 1] = high | 0;
    if (words[key + DIRTY] === 0) touch(key);
    return true;
  };

  /** Hashes one key into `hash`. */
  const hashApiKey = (key: number, hash: EntityHash): void => {
    // The first word of an account is its id; that of handle 0 is 0.
    const accountId = words[words[key + ApiKeyWord.account]];
    hash.hashRow(words, key, HASHED_WORDS, accountId, idOf(key));
  };

  /** Brings the sum of the state hash up to date. */
  const settleHash = (): void => {
    for (let i = 0; i < hash.state[DIRTY_COUNT]; i += 1) {
      const key = hash.dirtyRows[i];
      words[key + DIRTY] = 0;
      hashApiKey(key, hash);
      hash.exchange(words, key + ApiKeyWord.hashLow);
    }
    hash.state[DIRTY_COUNT] = 0;
  };

  const touch = (key: number): void => {
    words[key + DIRTY] = 1;
    markDirty(key);
  };

  const tables = [
    makeTable('apiKeys', ApiKeyWord, {
      memory: words,
      first: origin + API_KEY_WORDS,
      recordWords: API_KEY_WORDS,
      capacity: maxApiKeys,
      rows: () => state[COUNT],
      handles: { account: 'accounts' },
      derived: ['dirty', 'hashLow', 'hashHigh', 'keyNext'],
    }),
    makeTable('apiKeys.state', { count: COUNT }, { memory: state }),
  ];

  /** Makes index and hash again, after the records were read from a snapshot. */
  const rebuild = (): void => {
    index.expect(state[COUNT]);
    for (let id = 1; id <= state[COUNT]; id += 1) {
      const key = handleOf(id);
      insertRow(key);
      hashApiKey(key, hash);
      hash.exchange(words, key + ApiKeyWord.hashLow);
    }
  };

  return {
    words,
    maxApiKeys,
    hash,
    get count(): number {
      return state[COUNT];
    },
    handleOf,
    find,
    add,
    takeClientSequence,
    hashApiKey,
    settleHash,
    tables,
    rebuild,
  };
}

function publicKeyHash(keyWords: Int32Array, at: number): number {
  return mix(keyWords[at] ^ keyWords[at + PUBLIC_KEY_WORDS - 1]);
}

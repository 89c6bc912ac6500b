/** Assets: code, decimals and total supply. Ids are 1, 2, 3 ...; a record starts at word id * ASSET_WORDS. */
import { makeWords } from '../base/columns.js';
import { type EntityHash, EntityKind, makeEntityHash } from './entity-hash.js';
import { MONEY_MAX } from './money.js';
import { makeTable } from './table.js';
import { sameWords } from './text-fields.js';

const ASSET_WORDS = 4;
export const ASSET_CODE_WORDS = 3;
export const ASSET_CODE_BYTES = 12;

/** Words of the private state. */
const COUNT = 0;

export type Assets = ReturnType<typeof makeAssets>;

export function makeAssets(maxAssets: number) {
  const state = makeWords(1);
  const areSame = sameWords;
  /** Code (three words) and decimals. */
  const words = new Int32Array((maxAssets + 1) * ASSET_WORDS);
  /** Deposits minus withdrawals by asset id, in minor units. */
  const supply = new Float64Array(maxAssets + 1);
  /** Most that there may be by asset id, in minor units. */
  const supplyMax = new Float64Array(maxAssets + 1).fill(MONEY_MAX);
  /** What the venue holds of the fees that it charged, by asset id, in minor units; part of the supply. */
  const fees = new Float64Array(maxAssets + 1);
  const feeWords = new Int32Array(fees.buffer);
  /** What pays for losses beyond the equity of liquidated accounts, by asset id, in minor units; part of the supply. */
  const insurance = new Float64Array(maxAssets + 1);
  const insuranceWords = new Int32Array(insurance.buffer);
  const hash = makeEntityHash(EntityKind.asset, 0);

  /** Id of the asset whose code lies at `at`, or 0. A scan: assets are few and listings and transfers rare. */
  const find = (text: Int32Array, at: number): number => {
    for (let id = 1; id <= state[COUNT]; id += 1) {
      if (areSame(words, id * ASSET_WORDS, text, at, ASSET_CODE_WORDS)) return id;
    }
    return 0;
  };

  /** Adds an asset whose code is new; the caller has seen that there is room. Returns its id. */
  const add = (text: Int32Array, at: number, decimals: number): number => {
    state[COUNT] += 1;
    const asset = state[COUNT] * ASSET_WORDS;
    for (let i = 0; i < ASSET_CODE_WORDS; i += 1) words[asset + i] = text[at + i];
    words[asset + ASSET_CODE_WORDS] = decimals;
    hashAsset(state[COUNT], hash);
    hash.add();
    return state[COUNT];
  };

  /** Hashes one asset into `hash`. */
  const hashAsset = (assetId: number, hash: EntityHash): void => {
    hash.hashRow(words, assetId * ASSET_WORDS, ASSET_WORDS, assetId, 0);
  };

  /** Adds the fees that the venue holds to `hash`: a row for each asset with some. */
  const addFees = (hash: EntityHash): void => {
    for (let assetId = 1; assetId <= state[COUNT]; assetId += 1) {
      if (fees[assetId] === 0) continue;
      hash.hashRow(feeWords, assetId * 2, 2, assetId, 0);
      hash.add();
    }
  };

  /** Adds the insurance funds to `hash`: a row for each asset with something in it. */
  const addInsurance = (hash: EntityHash): void => {
    for (let assetId = 1; assetId <= state[COUNT]; assetId += 1) {
      if (insurance[assetId] === 0) continue;
      hash.hashRow(insuranceWords, assetId * 2, 2, assetId, 0);
      hash.add();
    }
  };

  const decimals = (assetId: number): number => {
    return words[assetId * ASSET_WORDS + ASSET_CODE_WORDS];
  };

  /** Word in `words` where the code of the asset starts. */
  const codeAt = (assetId: number): number => {
    return assetId * ASSET_WORDS;
  };

  const tables = [
    makeTable(
      'assets',
      { code: 0, decimals: ASSET_CODE_WORDS },
      {
        memory: words,
        first: ASSET_WORDS,
        recordWords: ASSET_WORDS,
        capacity: maxAssets,
        rows: () => state[COUNT],
      },
    ),
    makeTable(
      'assets.supply',
      { supply: 0 },
      {
        memory: new Int32Array(supply.buffer),
        first: 2,
        recordWords: 2,
        capacity: maxAssets,
        rows: () => state[COUNT],
      },
    ),
    ...Object.entries({ supplyMax, fees, insurance }).map(([name, amounts]) =>
      makeTable(
        `assets.${name}`,
        { amount: 0 },
        {
          memory: new Int32Array(amounts.buffer),
          first: 2,
          recordWords: 2,
          capacity: maxAssets,
          rows: () => state[COUNT],
        },
      ),
    ),
    makeTable('assets.state', { count: COUNT }, { memory: state }),
  ];

  /** Makes the hash again, after the records were read from a snapshot. */
  const rebuild = (): void => {
    for (let id = 1; id <= state[COUNT]; id += 1) {
      hashAsset(id, hash);
      hash.add();
    }
  };

  return {
    words,
    supply,
    supplyMax,
    fees,
    insurance,
    maxAssets,
    hash,
    get count(): number {
      return state[COUNT];
    },
    find,
    add,
    hashAsset,
    addFees,
    addInsurance,
    decimals,
    codeAt,
    tables,
    rebuild,
  };
}

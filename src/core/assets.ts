/** Assets: code, decimals and total supply. Ids are 1, 2, 3 ...; a record starts at word id * ASSET_WORDS. */
import { EntityHash, EntityKind } from './entity-hash.js';
import { sameWords } from './text-fields.js';

const ASSET_WORDS = 4;
export const ASSET_CODE_WORDS = 3;
export const ASSET_CODE_BYTES = 12;

export class Assets {
  /** Code (three words) and decimals. */
  readonly words: Int32Array;
  /** Deposits minus withdrawals by asset id, in minor units. */
  readonly supply: Float64Array;
  readonly maxAssets: number;
  readonly hash: EntityHash;
  count: number;

  constructor(maxAssets: number) {
    this.words = new Int32Array((maxAssets + 1) * ASSET_WORDS);
    this.supply = new Float64Array(maxAssets + 1);
    this.maxAssets = maxAssets;
    this.hash = new EntityHash(EntityKind.asset, 0);
    this.count = 0;
  }

  /** Id of the asset whose code lies at `at`, or 0. A scan: assets are few and listings and transfers rare. */
  find(text: Int32Array, at: number): number {
    for (let id = 1; id <= this.count; id += 1) {
      if (sameWords(this.words, id * ASSET_WORDS, text, at, ASSET_CODE_WORDS)) return id;
    }
    return 0;
  }

  /** Adds an asset whose code is new; the caller has seen that there is room. Returns its id. */
  add(text: Int32Array, at: number, decimals: number): number {
    this.count += 1;
    const asset = this.count * ASSET_WORDS;
    for (let i = 0; i < ASSET_CODE_WORDS; i += 1) this.words[asset + i] = text[at + i];
    this.words[asset + ASSET_CODE_WORDS] = decimals;
    this.hashAsset(this.count, this.hash);
    this.hash.exchange(0, 0);
    return this.count;
  }

  /** Hashes one asset into `hash`. */
  hashAsset(assetId: number, hash: EntityHash): void {
    hash.hashRow(this.words, assetId * ASSET_WORDS, ASSET_WORDS, assetId, 0);
  }

  decimals(assetId: number): number {
    return this.words[assetId * ASSET_WORDS + ASSET_CODE_WORDS];
  }

  /** Word in `words` where the code of the asset starts. */
  codeAt(assetId: number): number {
    return assetId * ASSET_WORDS;
  }
}

/**
 * Brings the manifest up to date with the sealed segments, and notes the layout of each (segment-layout.ts). Never in the way
 * of the writer: it only reads segments.
 */
import { JournalCorruptionError } from './errors.js';
import { appendToManifest, readManifest, type SealedSegment } from './manifest.js';
import type { ManifestSigner } from './manifest-key.js';
import { segmentNames } from './recover.js';
import type { JournalIdentity } from './segment.js';
import { type SegmentLayout, scanSealed, writeLayout } from './segment-layout.js';
import { sumFile } from './segment-sum.js';
import type { Storage } from './storage.js';

export class SegmentSealer {
  readonly #storage: Storage;
  readonly #identity: JournalIdentity;
  readonly #signer: ManifestSigner;
  readonly #onPiece: (() => void) | undefined;
  /** Newest segment that has its line, as far as known. */
  #lastSealed = '';

  /**
   * @param storage the journal directory; archived segments have their lines already
   * @param onPiece called after each piece of a segment that was read, so that the thread may rest
   */
  constructor(storage: Storage, identity: JournalIdentity, signer: ManifestSigner, onPiece?: () => void) {
    this.#storage = storage;
    this.#identity = identity;
    this.#signer = signer;
    this.#onPiece = onPiece;
  }

  /**
   * Adds a line for the oldest sealed segment that has none.
   * @returns its name, or '' when there is none
   * @throws JournalCorruptionError when the segment is damaged: damage is never signed
   */
  sealNext(): string {
    // The newest segment is still written to; one with a successor was sealed, and synced, before.
    const names = segmentNames(this.#storage).slice(0, -1);
    if (names.length === 0 || names.at(-1)! <= this.#lastSealed) return '';
    const last = readManifest(this.#storage).at(-1);
    this.#lastSealed = last?.segment ?? '';
    const name = names.find((each) => each > this.#lastSealed);
    if (name === undefined) return '';
    const { sealed, layout } = examine(this.#storage, name, this.#onPiece);
    const expected = (last?.lastSequence ?? 0) + 1;
    if (sealed.firstSequence !== expected) {
      throw new JournalCorruptionError(name, 32, `sequence ${expected}`, `${sealed.firstSequence}`);
    }
    if (layout !== undefined) writeLayout(this.#storage, layout);
    appendToManifest(this.#storage, sealed, this.#identity, this.#signer);
    this.#lastSealed = name;
    return name;
  }
}

function examine(
  storage: Storage,
  name: string,
  onPiece: (() => void) | undefined,
): { sealed: SealedSegment; layout: SegmentLayout | undefined } {
  const { layout, ...found } = scanSealed(storage, name);
  const file = storage.openForRead(name);
  try {
    const { bytes } = file;
    return {
      sealed: { kind: 'segment', segment: name, ...found, bytes, ...sumFile(file, onPiece) },
      layout,
    };
  } finally {
    file.close();
  }
}

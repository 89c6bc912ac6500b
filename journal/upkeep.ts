/**
 * What a live node does for its journal besides writing it, a small step at a time, on a helper thread:
 *
 * 1. signs sealed segments (seal-segments.ts);
 * 2. once a minute, archives what is old enough and removes what retention lets go;
 * 3. reads all copies again, slowly, and repairs what is bad: from another copy of its own, else from the records of the
 *    peer, which somebody else fetches into a file.
 */
import { removeAccountIndexThrough } from './account-index-store.js';
import { archivable, archiveSegment, removeUnfinished } from './archive.js';
import { JournalCorruptionError, JournalError } from './errors.js';
import { type ManifestEntry, readManifest } from './manifest.js';
import type { ManifestSigner } from './manifest-key.js';
import { RecordFile } from './record-file.js';
import { repairFromCopy, repairFromRecords, type SegmentCopy } from './repair.js';
import { applyRetention, planRetention, type RetentionNeeds } from './retention.js';
import { copiesOf, type Damage, scrubInSteps } from './scrub.js';
import { SegmentSealer } from './seal-segments.js';
import type { JournalIdentity } from './segment.js';
import { layoutName, readLayout, scanSealed, writeLayout } from './segment-layout.js';
import type { Storage } from './storage.js';

export interface UpkeepRules {
  /** Bytes that the scrub reads each second; 0 = it does not run. */
  readonly scrubBytesPerSecond: number;
  /** From the end of one pass of the scrub to the begin of the next. */
  readonly scrubPauseMs: number;
  /** Sealed segments older than this are archived; 0 = none. */
  readonly archiveAfterMs: number;
  /** Sealed segments older than this may be removed; 0 = no limit. */
  readonly retainMs: number;
  /** The oldest may be removed while all copies take more bytes than this; 0 = no limit. */
  readonly retainBytes: number;
}

/** What the operator is told. */
export type UpkeepEvent =
  | { readonly type: 'problem'; readonly code: string; readonly message: string }
  | { readonly type: 'archived'; readonly segment: string }
  | { readonly type: 'removed'; readonly segments: number; readonly lastSequence: number }
  | { readonly type: 'scrubbed'; readonly copies: number; readonly bytes: number; readonly damaged: number }
  | { readonly type: 'repaired'; readonly file: string; readonly from: string };

/** Records that the peer is asked for. */
export interface WantedRecords {
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Chain of the journal before the first of them. */
  readonly chainBefore: number;
  /** Name, in the journal directory, of the file that they are to be written to, one after the other as they are stored. */
  readonly file: string;
}

export interface UpkeepOptions {
  readonly local: Storage;
  /** Its archives, asked for each time. */
  readonly archives: () => readonly Storage[];
  /** The index of accounts, asked for each time; undefined = there is none. */
  readonly accountIndex: () => Storage | undefined;
  /** Where segments are archived to; undefined = nowhere. */
  readonly archiveTo: Storage | undefined;
  readonly identity: JournalIdentity;
  readonly signer: ManifestSigner;
  readonly rules: UpkeepRules;
  readonly needs: () => RetentionNeeds;
  /** Wall clock. */
  readonly nowMs: () => number;
  /** Rests after a piece that was read. */
  readonly rest: () => void;
  readonly onEvent: (event: UpkeepEvent) => void;
  /** Asks the peer; the answer comes by `onRecords`. */
  readonly requestRecords: (wanted: WantedRecords) => void;
}

const LOOK_MS = 1000;
const POLICY_MS = 60_000;
/** After a failure, before the same is tried again. */
const RETRY_MS = 10_000;

interface Pending {
  readonly entry: ManifestEntry;
  readonly copy: SegmentCopy | undefined;
  readonly file: string;
}

export class JournalUpkeep {
  readonly #options: UpkeepOptions;
  readonly #sealer: SegmentSealer;
  #scrub: ReturnType<typeof scrubInSteps> | undefined;
  #scrubbedBytes = 0;
  #damaged = 0;
  #scrubAtMs = 0;
  #policyAtMs = 0;
  #sealAtMs = 0;
  readonly #withoutLayout = new Set<string>();
  /** The copy that the peer was asked about. */
  #pending: Pending | undefined;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    const { local, identity, signer, rest } = options;
    this.#sealer = new SegmentSealer(local, identity, signer, rest);
    removeUnfinished(local);
  }

  /** Does what is due; returns the milliseconds until it should be called again. */
  step(): number {
    const nowMs = this.#options.nowMs();
    if (nowMs >= this.#sealAtMs) {
      if (this.#attempt(() => this.#sealer.sealNext() !== '', false)) return 0;
      this.#sealAtMs = nowMs + LOOK_MS;
    }
    if (nowMs >= this.#policyAtMs) {
      const isMore = this.#attempt(() => this.#noteLayoutNext() || this.#archiveNext(nowMs), false);
      if (isMore) return 0;
      this.#attempt(() => this.#retain(nowMs), undefined);
      this.#policyAtMs = nowMs + POLICY_MS;
    }
    if (this.#options.rules.scrubBytesPerSecond > 0 && nowMs >= this.#scrubAtMs) this.#scrubPiece(nowMs);
    return Math.max(1, Math.min(this.#sealAtMs, this.#scrubAtMs || this.#sealAtMs) - nowMs);
  }

  /**
   * The records that were asked for are in their file, or `problem` says why not.
   * @returns whether anybody had asked
   */
  onRecords(file: string, problem: string): boolean {
    const pending = this.#pending;
    if (pending === undefined || pending.file !== file) return false;
    this.#pending = undefined;
    const { local } = this.#options;
    try {
      if (problem !== '')
        this.#tell('REPAIR_FAILED', `${pending.entry.segment} cannot be repaired: ${problem}`);
      else this.#attempt(() => this.#repairFromPeer(pending), undefined);
    } finally {
      if (local.exists(file)) local.remove(file);
    }
    return true;
  }

  /** Notes the layout of a segment that was sealed by a release that made none, or whose layout was damaged. */
  #noteLayoutNext(): boolean {
    const { local } = this.#options;
    const entry = readManifest(local).find(
      ({ segment }) =>
        local.exists(segment) && !local.exists(layoutName(segment)) && !this.#withoutLayout.has(segment),
    );
    if (entry === undefined) return false;
    // Added first: a segment that is damaged is for the scrub to find, and not to be tried for ever.
    this.#withoutLayout.add(entry.segment);
    const { layout } = scanSealed(local, entry.segment);
    if (layout !== undefined) writeLayout(local, layout);
    return true;
  }

  /** Removes layouts that have changed, so that they are noted again. */
  #checkLayouts(): void {
    const { local } = this.#options;
    for (const { segment } of readManifest(local)) {
      if (!local.exists(layoutName(segment))) continue;
      try {
        readLayout(local, segment);
      } catch (error) {
        if (!(error instanceof JournalCorruptionError)) throw error;
        this.#tell(error.code, error.message);
        local.remove(layoutName(segment));
        this.#withoutLayout.delete(segment);
      }
    }
  }

  #archiveNext(nowMs: number): boolean {
    const { local, archiveTo, rules, rest, onEvent } = this.#options;
    if (archiveTo === undefined || rules.archiveAfterMs === 0) return false;
    const [entry] = archivable(local, { sealedBeforeUs: (nowMs - rules.archiveAfterMs) * 1000 });
    if (entry === undefined) return false;
    archiveSegment(local, archiveTo, entry, undefined, rest);
    onEvent({ type: 'archived', segment: entry.segment });
    return true;
  }

  #retain(nowMs: number): void {
    const { local, archives, rules, needs, identity, signer, rest, onEvent } = this.#options;
    const { retainMs, retainBytes } = rules;
    if (retainMs === 0 && retainBytes === 0) return;
    const rule = {
      ...(retainMs === 0 ? {} : { sealedBeforeUs: (nowMs - retainMs) * 1000 }),
      ...(retainBytes === 0 ? {} : { maxBytes: retainBytes }),
    };
    const plan = planRetention(local, archives(), rule, needs());
    const lastSequence = applyRetention(local, archives(), plan, identity, signer, nowMs * 1000, rest);
    if (lastSequence === 0) return;
    removeAccountIndexThrough(this.#options.accountIndex(), lastSequence);
    const segments = plan.verdicts.filter(({ goes }) => goes).length;
    onEvent({ type: 'removed', segments, lastSequence });
  }

  /** Reads one piece; begins a pass when none is under way. */
  #scrubPiece(nowMs: number): void {
    const { local, archives, rules, onEvent } = this.#options;
    if (this.#scrub === undefined) {
      this.#scrubbedBytes = 0;
      this.#damaged = 0;
      this.#scrub = scrubInSteps(local, archives(), (damage) => this.#onDamage(damage));
    }
    const scrub = this.#scrub;
    const step = this.#attempt(() => scrub.next(), undefined);
    if (step === undefined || step.done === true) {
      this.#scrub = undefined;
      this.#scrubAtMs = nowMs + rules.scrubPauseMs;
      this.#attempt(() => this.#checkLayouts(), undefined);
      if (step !== undefined) onEvent({ type: 'scrubbed', ...step.value, damaged: this.#damaged });
      return;
    }
    const read = step.value.bytesDone - this.#scrubbedBytes;
    this.#scrubbedBytes = step.value.bytesDone;
    this.#scrubAtMs = nowMs + (read * 1000) / rules.scrubBytesPerSecond;
  }

  #onDamage({ entry, copy, error }: Damage): void {
    this.#damaged++;
    this.#tell(error.code, error.message);
    if (this.#repairFromOwn(entry, copy)) return;
    // One at a time; the others are found again by the next pass.
    if (this.#pending !== undefined) return;
    this.#attempt(() => this.#askPeer(entry, copy), undefined);
  }

  /** Puts a good copy of this node in the place of the bad one; false when there is none. */
  #repairFromOwn(entry: ManifestEntry, bad: SegmentCopy | undefined): boolean {
    if (bad === undefined) return false;
    const { local, archives, onEvent } = this.#options;
    for (const good of copiesOf(entry, local, archives())) {
      if (good.archive === bad.archive) continue;
      try {
        repairFromCopy(local, bad, good);
      } catch (error) {
        if (!(error instanceof JournalError)) throw error;
        continue;
      }
      onEvent({ type: 'repaired', file: bad.file, from: good.file });
      return true;
    }
    return false;
  }

  #askPeer(entry: ManifestEntry, copy: SegmentCopy | undefined): void {
    const { local, requestRecords } = this.#options;
    const { header } = readLayout(local, entry.segment);
    const file = `fetched.${entry.firstSequence.toString(16)}.tmp`;
    if (local.exists(file)) local.remove(file);
    this.#pending = { entry, copy, file };
    const chainBefore = new DataView(header.buffer, header.byteOffset).getUint32(CHAIN_OFFSET, true);
    const { firstSequence, lastSequence } = entry;
    requestRecords({ firstSequence, lastSequence, chainBefore, file });
  }

  #repairFromPeer({ entry, copy, file }: Pending): void {
    const { local, onEvent } = this.#options;
    const records = new RecordFile(local, file);
    try {
      repairFromRecords(local, entry, records);
    } finally {
      records.close();
    }
    const from = 'records of the peer';
    if (copy?.archive === undefined) {
      onEvent({ type: 'repaired', file: entry.segment, from });
      return;
    }
    // The archive gets its copy back, and the directory gives up the one that it had not before.
    archiveSegment(local, copy.archive, entry);
    onEvent({ type: 'repaired', file: copy.file, from });
  }

  /** Tells what went wrong and goes on later; anything but an error of the journal ends the thread. */
  #attempt<T>(work: () => T, otherwise: T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      this.#tell(error.code, error.message);
      this.#sealAtMs = this.#options.nowMs() + RETRY_MS;
      return otherwise;
    }
  }

  #tell(code: string, message: string): void {
    this.#options.onEvent({ type: 'problem', code, message });
  }
}

/** Of the chain at entry, in the header page. */
const CHAIN_OFFSET = 40;

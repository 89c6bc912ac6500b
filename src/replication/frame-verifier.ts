import { crc32cWords } from '../../journal/crc32c.js';
import {
  FRAME_HEADER_BYTES,
  FRAME_VERSION,
  FrameType,
  FrameWord,
  frameLastSequence,
  frameRecordCount,
  frameVersion,
  isHeaderIntact,
  isHeaderValid,
  type RecordSurvey,
  surveyRecords,
} from '../../journal/frame.js';
import { readInt64 } from '../base/int64.js';
import { HeaderWord, RECORD_VERSION, SLOT_WORDS } from '../wire/slot.js';
import type { StandbyPosition } from './protocol.js';
import { RefusalCode, type RefusalError, refuse } from './refusal.js';

const FRAME_HEADER_WORDS = FRAME_HEADER_BYTES / 4;

/**
 * Decides for each received frame whether its records continue the standby's own journal, record for record.
 *
 * The chain runs over record bytes only, so it is the same whatever framing either node chose. After a reconnect
 * the first frame may start before the standby's end: the records that it has are checked against its own chain
 * and skipped.
 */
export class FrameVerifier {
  /** Last verified record, the chain value after it, and its epoch. */
  sequence: number;
  chain: number;
  epoch: number;
  /** After `verify`: the records that are new, as word index of the first and how many. */
  newWordIndex: number;
  newCount: number;
  private readonly survey: RecordSurvey;
  private mayOverlap: boolean;

  constructor(position: StandbyPosition) {
    this.sequence = position.sequence;
    this.chain = position.chain;
    this.epoch = position.epoch;
    this.newWordIndex = 0;
    this.newCount = 0;
    this.survey = { oldestVersion: 0, newestVersion: 0, isDense: false };
    this.mayOverlap = true;
  }

  /** A new connection: its first frame, and only that, may start with records that are already here. */
  restart(): void {
    this.mayOverlap = true;
  }

  /**
   * Checks the frame at `wordIndex`, which the link says is `frameBytes` long, from a primary of `primaryEpoch`.
   * Moves the position on; throws `RefusalError` and leaves the position where it was when anything is wrong.
   */
  verify(words: Int32Array, wordIndex: number, frameBytes: number, primaryEpoch: number): void {
    this.refuseNewer(frameVersion(words, wordIndex), FRAME_VERSION, isHeaderIntact(words, wordIndex));
    if (!isHeaderValid(words, wordIndex)) throw this.refusal(RefusalCode.BAD_FRAME);
    if (words[wordIndex + FrameWord.length] !== frameBytes) throw this.refusal(RefusalCode.BAD_FRAME);
    if ((words[wordIndex + FrameWord.type]! & 0xffff) !== FrameType.commands)
      throw this.refusal(RefusalCode.BAD_FRAME);

    const epoch = words[wordIndex + FrameWord.epoch]! >>> 0;
    if (epoch < this.epoch)
      throw refuse(RefusalCode.STALE_EPOCH, this.epoch, this.sequence, this.epoch, epoch);
    // History may be of any earlier epoch, but nobody's journal holds an epoch that its owner has not heard of.
    if (epoch > primaryEpoch) throw this.refusal(RefusalCode.BAD_FRAME);

    const first = readInt64(words, wordIndex + FrameWord.firstSequence);
    const count = frameRecordCount(words, wordIndex);
    const next = this.sequence + 1;
    const skipped = next - first;
    const isNext = skipped === 0 || (this.mayOverlap && skipped > 0 && skipped < count);
    if (!isNext) throw refuse(RefusalCode.SEQUENCE_GAP, this.epoch, next, next, first);

    const records = wordIndex + FRAME_HEADER_WORDS;
    const chainBefore = words[wordIndex + FrameWord.prevChain]! >>> 0;
    const chainHere = crc32cWords(chainBefore, words, records, skipped * SLOT_WORDS);
    if (chainHere !== this.chain) {
      throw refuse(RefusalCode.CHAIN_BROKEN, this.epoch, this.sequence, this.chain, chainHere);
    }
    const newWordIndex = records + skipped * SLOT_WORDS;
    const newCount = count - skipped;
    const chain = crc32cWords(this.chain, words, newWordIndex, newCount * SLOT_WORDS);
    const statedChain = words[wordIndex + FrameWord.chain]! >>> 0;
    const last = frameLastSequence(words, wordIndex);
    if (chain !== statedChain) throw refuse(RefusalCode.CHAIN_BROKEN, this.epoch, last, chain, statedChain);
    for (let i = 0; i < newCount; i++) {
      const sequence = readInt64(words, newWordIndex + i * SLOT_WORDS + HeaderWord.sequence);
      if (sequence !== next + i)
        throw refuse(RefusalCode.SEQUENCE_GAP, this.epoch, next + i, next + i, sequence);
    }

    surveyRecords(words, wordIndex, this.survey);
    this.refuseNewer(this.survey.newestVersion, RECORD_VERSION);

    this.mayOverlap = false;
    this.sequence = last;
    this.chain = chain;
    this.epoch = epoch;
    this.newWordIndex = newWordIndex;
    this.newCount = newCount;
  }

  /** Frames and records that only a newer release can read are named as such, not taken for damage. */
  private refuseNewer(found: number, supported: number, isIntact = true): void {
    if (!isIntact || found <= supported) return;
    throw refuse(RefusalCode.NEWER_RELEASE, this.epoch, this.sequence, supported, found);
  }

  private refusal(code: number): RefusalError {
    return refuse(code, this.epoch, this.sequence);
  }
}

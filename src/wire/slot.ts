/**
 * The slot: one 128-byte record in a ring, in a journal frame and on the replication link.
 *
 * ```
 *  0       2       3       4           8                       16                      24          28          32      128
 *  | templ | ver   | flags | accountId | sequence (i64)        | timestampUs (i64)     | index     | sessionId | body ... |
 * ```
 * In a command `accountId` and `sessionId` come from the session (0 for the node itself), `sequence` and
 * `timestampUs` from the sequencer, `index` is 0. In an event `sequence` and `timestampUs` are those of the
 * command that caused it, `index` counts the events of that command from 0, `accountId` is the addressee
 * (0 = public), and `sessionId` is the session whose command is answered (0 when it is nobody's answer).
 * Unused bytes are zero.
 */
import { writeInt64 } from '../base/int64.js';

export const SLOT_BYTES = 128;
export const SLOT_WORDS = SLOT_BYTES / 4;
export const SLOT_HEADER_BYTES = 32;
export const SLOT_BODY_BYTES = SLOT_BYTES - SLOT_HEADER_BYTES;

/** Version of the record format written by this build. */
export const RECORD_VERSION = 1;

/** Word (4-byte) indices of the header fields. Word 0 packs templateId | version << 16 | flags << 24. */
export const HeaderWord = {
  template: 0,
  accountId: 1,
  sequence: 2,
  timestampUs: 4,
  index: 6,
  sessionId: 7,
  body: 8,
} as const;

/** Packs header word 0. */
export function packTemplate(templateId: number, version: number, flags: number): number {
  return templateId | (version << 16) | (flags << 24);
}

export function templateOf(word0: number): number {
  return word0 & 0xffff;
}

export function versionOf(word0: number): number {
  return (word0 >>> 16) & 0xff;
}

/**
 * Writes the 32-byte header of the slot at word index `wordIndex`, all of it. `sequence` and `timestampUs`
 * (epoch microseconds) are safe integers; the caller vouches for the ranges.
 */
export function writeSlotHeader(
  words: Int32Array,
  wordIndex: number,
  templateId: number,
  accountId: number,
  sequence: number,
  timestampUs: number,
  index: number,
  sessionId: number,
): void {
  words[wordIndex] = packTemplate(templateId, RECORD_VERSION, 0);
  words[wordIndex + HeaderWord.accountId] = accountId;
  writeInt64(words, wordIndex + HeaderWord.sequence, sequence);
  writeInt64(words, wordIndex + HeaderWord.timestampUs, timestampUs);
  words[wordIndex + HeaderWord.index] = index;
  words[wordIndex + HeaderWord.sessionId] = sessionId;
}

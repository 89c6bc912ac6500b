/**
 * A digest pins a journal down to its last bit up to one command: the sequence, the chain, and the SHA-256 of all record
 * bytes from the first command on. It is the same on both nodes of a pair, however the records were framed, and whoever
 * has written it down can prove later that nothing before has changed.
 */
import { createHash } from 'node:crypto';
import { readInt64 } from '../src/base/int64.js';
import { HeaderWord } from '../src/wire/slot.js';
import { crc32cWords } from './crc32c.js';
import { JournalCorruptionError } from './errors.js';
import { RECORD_BYTES, RECORD_WORDS } from './frame.js';
import { JournalReader } from './journal-reader.js';
import { recover } from './recover.js';
import type { Storage } from './storage.js';

export interface JournalDigest {
  readonly sequence: number;
  readonly chain: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** Up to which command: its sequence, or the last one at or before a command time. Neither = the last one. */
export interface DigestLimit {
  readonly toSequence?: number;
  readonly atTimeUs?: number;
}

const FORM = /^rf1-([0-9]{1,16})-([0-9a-f]{8})-([0-9a-f]{64})$/;

/** `rf1-<sequence>-<chain, 8 digits>-<sha256, 64 digits>`. */
export function formatDigest({ sequence, chain, sha256 }: JournalDigest): string {
  return `rf1-${sequence}-${chain.toString(16).padStart(8, '0')}-${sha256}`;
}

/** The digest in `text`; undefined when it is none. */
export function parseDigest(text: string): JournalDigest | undefined {
  const match = FORM.exec(text.trim());
  if (match === null) return undefined;
  return {
    sequence: Number(match[1]),
    chain: Number.parseInt(match[2]!, 16),
    sha256: match[3]!,
  };
}

/**
 * Reads, and verifies, all records up to the limit.
 * @throws the coded errors of reading; JournalCorruptionError when the journal ends before `toSequence`
 */
export function digestJournal(storage: Storage, limit: DigestLimit = {}): JournalDigest {
  const { lastSequence, lastFile, lastFileEnd } = recover(storage);
  const toSequence = limit.toSequence ?? lastSequence;
  if (toSequence > lastSequence) {
    throw new JournalCorruptionError(lastFile, lastFileEnd, `sequence ${toSequence}`, 'the end');
  }
  const atTimeUs = limit.atTimeUs ?? Number.POSITIVE_INFINITY;
  const hash = createHash('sha256');
  let sequence = 0;
  let chain = 0;
  const reader = new JournalReader(storage, { toSequence, asStored: true });
  try {
    while (reader.nextFrame()) {
      const { words, wordIndex } = reader;
      const count = reader.timestampUs <= atTimeUs ? reader.recordCount : recordsBefore(reader, atTimeUs);
      hash.update(new Uint8Array(words.buffer, words.byteOffset + wordIndex * 4, count * RECORD_BYTES));
      chain = crc32cWords(chain, words, wordIndex, count * RECORD_WORDS);
      sequence += count;
      if (count < reader.recordCount) break;
    }
  } finally {
    reader.close();
  }
  return { sequence, chain, sha256: hash.digest('hex') };
}

/** How many records of the frame at hand are not after `atTimeUs`; command time never goes back. */
function recordsBefore(reader: JournalReader, atTimeUs: number): number {
  for (let i = 0; i < reader.recordCount; i++) {
    const at = reader.wordIndex + i * RECORD_WORDS;
    if (readInt64(reader.words, at + HeaderWord.timestampUs) > atTimeUs) return i;
  }
  return reader.recordCount;
}

/** SHA-256 of the raw bytes of a segment, as a whole and by pieces, so that a difference has a place. */
import { createHash } from 'node:crypto';
import { JournalCorruptionError } from './errors.js';
import { type ReadableFile, readFully } from './storage.js';

export const PIECE_BYTES = 1024 * 1024;

export interface SegmentSum {
  /** Of all bytes, hexadecimal. */
  readonly sha256: string;
  /** Of each `PIECE_BYTES`, in order; the last one may be shorter. */
  readonly pieces: readonly string[];
}

/** Reads the file piece by piece; yields the bytes read so far after each, so that the caller may rest. */
export function* sumInSteps(file: ReadableFile): Generator<number, SegmentSum> {
  const whole = createHash('sha256');
  const pieces: string[] = [];
  const buffer = new Uint8Array(Math.min(PIECE_BYTES, file.bytes));
  for (let position = 0; position < file.bytes; ) {
    const length = readFully(file, position, buffer, 0, Math.min(buffer.length, file.bytes - position));
    if (length === 0) throw new JournalCorruptionError(file.name, position, `${file.bytes} bytes`, 'the end');
    const piece = buffer.subarray(0, length);
    whole.update(piece);
    pieces.push(createHash('sha256').update(piece).digest('hex'));
    position += length;
    yield position;
  }
  return { sha256: whole.digest('hex'), pieces };
}

/** The sum, in one go; `onPiece` is called after each piece. */
export function sumFile(file: ReadableFile, onPiece?: () => void): SegmentSum {
  const steps = sumInSteps(file);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    onPiece?.();
  }
}

/** Offset of the first piece that differs; -1 when the sums are equal. */
export function firstDifference(wanted: SegmentSum, found: SegmentSum): number {
  if (wanted.sha256 === found.sha256) return -1;
  const index = wanted.pieces.findIndex((piece, i) => piece !== found.pieces[i]);
  return Math.max(0, index) * PIECE_BYTES;
}

/** Streams of `exec`: whole lines in, text out in large pieces, reading no faster than the output is taken. */
import type { Readable, Writable } from 'node:stream';
import { lineBatches } from '../line-batches.js';
import { writeText } from '../write-text.js';
import type { ExecSession } from './exec-session.js';

/** Longest line that is looked at, in characters. */
export const MAX_LINE_CHARS = 65_536;
/** Output is handed over in pieces of about this many characters. */
const PIECE_CHARS = 65_536;

/**
 * Answers every line of `input` on `output`. With `isStrict` it stops after the first line that makes no command.
 * Resolves with the number of that line, or 0. Rejects when a stream fails (EPIPE: the reader of the output left).
 */
export async function runExec(
  session: ExecSession,
  input: Readable,
  output: Writable,
  isStrict: boolean,
): Promise<number> {
  let lineNumber = 0;
  for await (const lines of lineBatches(input, MAX_LINE_CHARS)) {
    let piece = '';
    for (const line of lines) {
      lineNumber++;
      if (line === undefined) {
        piece += session.refuse(lineNumber, `the line is longer than ${MAX_LINE_CHARS} characters`);
      } else if (line.trim() !== '') {
        piece += session.answer(line, lineNumber);
      }
      if (isStrict && session.errors > 0) {
        await writeText(output, piece);
        return lineNumber;
      }
      if (piece.length >= PIECE_CHARS) {
        await writeText(output, piece);
        piece = '';
      }
    }
    if (piece !== '') await writeText(output, piece);
  }
  return 0;
}

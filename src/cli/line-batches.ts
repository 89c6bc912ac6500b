/** Whole lines out of a stream of text, a batch for each chunk that arrives. */
import type { Readable } from 'node:stream';

/**
 * Yields the lines of `input` without their line ends; the last one needs none. A line of more than `maxChars`
 * characters comes out as undefined, and no more than that is ever held of it.
 */
export async function* lineBatches(
  input: Readable,
  maxChars: number,
): AsyncGenerator<(string | undefined)[]> {
  let rest = '';
  let isTooLong = false;
  input.setEncoding('utf8');
  for await (const chunk of input as AsyncIterable<string>) {
    const lines: (string | undefined)[] = chunk.split('\n');
    if (lines.length > 1) {
      lines[0] = isTooLong ? undefined : rest + lines[0];
      rest = lines.pop()!;
      isTooLong = false;
      for (let i = 0; i < lines.length; i++)
        if (lines[i] !== undefined && lines[i]!.length > maxChars) lines[i] = undefined;
      yield lines;
    } else if (!isTooLong) {
      rest += chunk;
    }
    if (rest.length > maxChars) {
      rest = '';
      isTooLong = true;
    }
  }
  if (isTooLong) yield [undefined];
  else if (rest !== '') yield [rest];
}

/** Character fields of a command, and the names of codes. */
import { expect, test } from 'vitest';
import { RejectCode, rejectName } from '../../src/core/codes.js';
import { isAssetCode, isSymbol } from '../../src/core/text-fields.js';

const BYTES = 8;

/** A field of eight bytes, and what follows it. */
function fieldOf(text: string): Int32Array {
  const words = new Int32Array(4);
  new Uint8Array(words.buffer).set(new TextEncoder().encode(text));
  return words;
}

test('a field that is full ends where it ends, whatever follows', () => {
  for (const text of ['ABCDEFGH', 'ABCDEFGHI', 'ABCDEFGH?', 'ABCDEFGH\0I']) {
    expect(isAssetCode(fieldOf(text), 0, BYTES)).toBe(true);
    expect(isSymbol(fieldOf(text), 0, BYTES)).toBe(true);
  }
  expect(isAssetCode(fieldOf('ABCDEFG?'), 0, BYTES)).toBe(false);
});

test('a reject code that this build does not know has a name too', () => {
  expect(rejectName(RejectCode.BUSY)).toBe('BUSY');
  expect(rejectName(9_999)).toBe('CODE_9999');
});

/** Character fields as they lie in slots: bytes in int32 words, little-endian, padded with zero bytes. */

/** Byte `index` of the field that starts at word `at`. */
export function byteAt(words: Int32Array, at: number, index: number): number {
  return (words[at + (index >> 2)] >>> ((index & 3) * 8)) & 0xff;
}

/** Whether the field is an asset code: A-Z and 0-9, not empty, nothing after the first zero byte. */
export function isAssetCode(words: Int32Array, at: number, bytes: number): boolean {
  return isText(words, at, bytes, false);
}

/** Whether the field is a symbol: as an asset code, and . _ / : - too. */
export function isSymbol(words: Int32Array, at: number, bytes: number): boolean {
  return isText(words, at, bytes, true);
}

/** The text of a field. Allocates; for queries only. */
export function textOf(words: Int32Array, at: number, bytes: number): string {
  let text = '';
  for (let i = 0; i < bytes; i += 1) {
    const byte = byteAt(words, at, i);
    if (byte === 0) break;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** Whether two fields of `count` words are equal. */
export function sameWords(a: Int32Array, at: number, b: Int32Array, bt: number, count: number): boolean {
  for (let i = 0; i < count; i += 1) if (a[at + i] !== b[bt + i]) return false;
  return true;
}

function isText(words: Int32Array, at: number, bytes: number, punctuation: boolean): boolean {
  let length = 0;
  while (length < bytes && byteAt(words, at, length) !== 0) {
    const byte = byteAt(words, at, length);
    const isAlphanumeric = (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x30 && byte <= 0x39);
    if (!isAlphanumeric && !(punctuation && isSymbolPunctuation(byte))) return false;
    length += 1;
  }
  for (let i = length; i < bytes; i += 1) if (byteAt(words, at, i) !== 0) return false;
  return length > 0;
}

/** - . / : _ */
function isSymbolPunctuation(byte: number): boolean {
  return (byte >= 0x2d && byte <= 0x2f) || byte === 0x3a || byte === 0x5f;
}

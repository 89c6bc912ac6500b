/**
 * Reads MessagePack one token at a time, straight from bytes that nobody has checked yet: no value is built, no
 * length is believed before the bytes are there, and no container is entered on its own account.
 */
export const Token = {
  /** 0 or more: `low` and `high` are the halves of an unsigned 64-bit integer. */
  unsigned: 1,
  /** Below 0: `low` and `high` are the halves of a signed 64-bit integer. */
  negative: 2,
  /** `start` and `length` are where its bytes are. */
  string: 3,
  /** `start` and `length` are where its bytes are. */
  binary: 4,
  /** `length` is the number of elements. */
  array: 5,
  /** `length` is the number of keys, each with a value behind it. */
  map: 6,
  float: 7,
  /** nil, false or true. */
  constant: 8,
  /** An extension type: also the records of some encoders. */
  extension: 9,
  /** The bytes end inside the token, or the first one is the unused 0xc1. */
  broken: 10,
} as const;

export class MsgpackTokens {
  /** Byte that the next token starts at. */
  position = 0;
  low = 0;
  high = 0;
  start = 0;
  length = 0;
  #source: Uint8Array = new Uint8Array(0);

  /** Starts again at byte 0 of `source`. */
  reset(source: Uint8Array): void {
    this.#source = source;
    this.position = 0;
  }

  isAtEnd(): boolean {
    return this.position === this.#source.length;
  }

  /** Takes one token and returns which; for an array or a map only its head. */
  next(): number {
    if (this.position >= this.#source.length) return Token.broken;
    const head = this.#source[this.position++]!;
    if (head < 0x80) return this.#integer(head, 0);
    if (head < 0x90) return this.#container(Token.map, head & 0x0f);
    if (head < 0xa0) return this.#container(Token.array, head & 0x0f);
    if (head < 0xc0) return this.#run(Token.string, head & 0x1f);
    if (head >= 0xe0) return this.#integer(head - 0x100, -1);
    return this.#longForm(head);
  }

  #longForm(head: number): number {
    switch (head) {
      case 0xc0:
      case 0xc2:
      case 0xc3:
        return Token.constant;
      case 0xc4:
        return this.#run(Token.binary, this.#uint(1));
      case 0xc5:
        return this.#run(Token.binary, this.#uint(2));
      case 0xc6:
        return this.#run(Token.binary, this.#uint(4));
      case 0xca:
        return this.#skip(Token.float, 4);
      case 0xcb:
        return this.#skip(Token.float, 8);
      case 0xcc:
        return this.#unsigned(this.#uint(1), 0);
      case 0xcd:
        return this.#unsigned(this.#uint(2), 0);
      case 0xce:
        return this.#unsigned(this.#uint(4), 0);
      case 0xcf:
        return this.#wide(Token.unsigned);
      case 0xd0:
        return this.#signed(this.#uint(1), 24);
      case 0xd1:
        return this.#signed(this.#uint(2), 16);
      case 0xd2:
        return this.#signed(this.#uint(4), 0);
      case 0xd3:
        return this.#wide(Token.negative);
      case 0xd9:
        return this.#run(Token.string, this.#uint(1));
      case 0xda:
        return this.#run(Token.string, this.#uint(2));
      case 0xdb:
        return this.#run(Token.string, this.#uint(4));
      case 0xdc:
        return this.#container(Token.array, this.#uint(2));
      case 0xdd:
        return this.#container(Token.array, this.#uint(4));
      case 0xde:
        return this.#container(Token.map, this.#uint(2));
      case 0xdf:
        return this.#container(Token.map, this.#uint(4));
      case 0xc1:
        return Token.broken;
      default:
        return Token.extension;
    }
  }

  /** The next `bytes` (1, 2 or 4) as a big-endian unsigned integer; -1 when they are not there. */
  #uint(bytes: number): number {
    const end = this.position + bytes;
    if (end > this.#source.length) return -1;
    let value = 0;
    while (this.position < end) value = value * 0x100 + this.#source[this.position++]!;
    return value;
  }

  #integer(low: number, high: number): number {
    this.low = low | 0;
    this.high = high;
    return high < 0 ? Token.negative : Token.unsigned;
  }

  #unsigned(value: number, high: number): number {
    return value < 0 ? Token.broken : this.#integer(value, high);
  }

  /** Extends the sign of `value`, which has `unusedBits` fewer than 32. */
  #signed(value: number, unusedBits: number): number {
    if (value < 0) return Token.broken;
    const extended = (value << unusedBits) >> unusedBits;
    return this.#integer(extended, extended >> 31);
  }

  #wide(whenHighBitIsSet: number): number {
    const high = this.#uint(4);
    const low = high < 0 ? -1 : this.#uint(4);
    if (low < 0) return Token.broken;
    this.low = low | 0;
    this.high = high | 0;
    return this.high < 0 ? whenHighBitIsSet : Token.unsigned;
  }

  #run(token: number, length: number): number {
    if (length < 0 || length > this.#source.length - this.position) return Token.broken;
    this.start = this.position;
    this.length = length;
    this.position += length;
    return token;
  }

  #skip(token: number, bytes: number): number {
    if (bytes > this.#source.length - this.position) return Token.broken;
    this.position += bytes;
    return token;
  }

  #container(token: number, length: number): number {
    if (length < 0) return Token.broken;
    this.length = length;
    return token;
  }
}

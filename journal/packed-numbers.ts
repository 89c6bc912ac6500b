/**
 * Whole numbers in as few bytes as they need: seven bits a byte, the lowest first, the top bit says that more follow. A
 * signed number keeps its sign in the lowest bit of the first byte. All numbers are safe integers.
 */
import { fail } from './fail.js';

/** Most bytes that a number takes. */
const MAX_BYTES = 8;
const SMALL = 2 ** 31;

export class NumberWriter {
  /** What was written are the first `length` bytes. */
  bytes: Uint8Array;
  length: number;

  constructor(capacity = 4096) {
    this.bytes = new Uint8Array(capacity);
    this.length = 0;
  }

  clear(): void {
    this.length = 0;
  }

  /** What was written, not copied. */
  written(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  /** `value`: 0 or more. */
  put(value: number): void {
    this.#makeRoom(MAX_BYTES);
    let rest = value;
    while (rest >= SMALL) {
      this.bytes[this.length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest >= 128) {
      this.bytes[this.length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.bytes[this.length++] = rest;
  }

  putSigned(value: number): void {
    const size = Math.abs(value);
    const rest = Math.floor(size / 64);
    this.#makeRoom(1);
    this.bytes[this.length++] = (size % 64) * 2 + (value < 0 ? 1 : 0) + (rest === 0 ? 0 : 128);
    if (rest !== 0) this.put(rest);
  }

  putBytes(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Zeros up to a multiple of `alignment` bytes. */
  align(alignment: number): void {
    this.#makeRoom(alignment);
    while (this.length % alignment !== 0) this.bytes[this.length++] = 0;
  }

  #makeRoom(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }
}

export class NumberReader {
  readonly bytes: Uint8Array;
  /** The next byte. */
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  /** The next number, 0 or more. Throws where the bytes end: their checksum was right, so the writer was wrong. */
  next(): number {
    const byte = this.bytes[this.at];
    if (byte < 128) {
      this.at++;
      return byte;
    }
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const part = this.#byte();
      value += (part & 127) * scale;
      if (part < 128) return value;
    }
  }

  nextSigned(): number {
    const byte = this.#byte();
    const low = (byte & 127) >> 1;
    const size = byte < 128 ? low : low + this.next() * 64;
    return (byte & 1) === 0 ? size : -size;
  }

  #byte(): number {
    if (this.at >= this.bytes.length) fail('packed numbers end too early');
    return this.bytes[this.at++];
  }
}

/**
 * A few instructions of WebAssembly as bytes, and a module of one function around them: enough for crc32c-kernel.ts, so
 * that neither a compiler nor a binary is part of the build. Numbers are those of the WebAssembly specification, release 2.
 */

/** Instructions one after the other. */
export type Code = readonly number[];

const I32 = 0x7f;
const MAGIC_AND_VERSION = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const Section = { type: 1, function: 3, memory: 5, export: 7, code: 10 } as const;
const VECTOR = 0xfd;
const EMPTY_BLOCK = 0x40;
const END = 0x0b;

export const and: Code = [0x71];
export const xor: Code = [0x73];
export const add: Code = [0x6a];
export const sub: Code = [0x6b];
export const shiftLeft: Code = [0x74];
/** Of an unsigned number. */
export const shiftRight: Code = [0x76];
/** Of unsigned numbers. */
export const isLess: Code = [0x49];
export const vectorXor: Code = [VECTOR, ...unsigned(81)];

/** The value of local variable `index`; the parameters come first. */
export function get(index: number): Code {
  return [0x20, ...unsigned(index)];
}

export function set(index: number): Code {
  return [0x21, ...unsigned(index)];
}

export function constant(value: number): Code {
  return [0x41, ...signed(value)];
}

/** Reads the int32 at the address on the stack plus `offset`. */
export function load(offset: number): Code {
  return [0x28, 2, ...unsigned(offset)];
}

export function store(offset: number): Code {
  return [0x36, 2, ...unsigned(offset)];
}

/** Reads the 16 bytes at the address on the stack plus `offset`, which need no alignment. */
export function loadVector(offset: number): Code {
  return [VECTOR, 0, 0, ...unsigned(offset)];
}

export function storeVector(offset: number): Code {
  return [VECTOR, 11, 0, ...unsigned(offset)];
}

export const zeroVector: Code = [VECTOR, 12, ...new Array<number>(16).fill(0)];

/** Repeats `body` as long as it leaves a number other than 0 on the stack; at least once. */
export function repeatWhile(body: Code): Code {
  return [0x03, EMPTY_BLOCK, ...body, 0x0d, 0, END];
}

/**
 * A module that exports the function `name`, from `parameters` int32 to one int32, with so many more variables, and its
 * `memory` of `pages` of 64 KiB.
 */
export function assembleModule(
  name: string,
  parameters: number,
  variables: number,
  body: Code,
  pages: number,
): Uint8Array<ArrayBuffer> {
  const type = [0x60, ...list(new Array(parameters).fill([I32])), ...list([[I32]])];
  const code = [...list([[...unsigned(variables), I32]]), ...body, END];
  return Uint8Array.from([
    ...MAGIC_AND_VERSION,
    ...section(Section.type, [type]),
    ...section(Section.function, [unsigned(0)]),
    ...section(Section.memory, [[0, ...unsigned(pages)]]),
    ...section(Section.export, [
      [...text(name), 0, ...unsigned(0)],
      [...text('memory'), 2, ...unsigned(0)],
    ]),
    ...section(Section.code, [[...unsigned(code.length), ...code]]),
  ]);
}

function section(id: number, entries: readonly Code[]): Code {
  const content = list(entries);
  return [id, ...unsigned(content.length), ...content];
}

function list(entries: readonly Code[]): Code {
  return [...unsigned(entries.length), ...entries.flat()];
}

function text(value: string): Code {
  return [...unsigned(value.length), ...new TextEncoder().encode(value)];
}

/** LEB128: seven bits a byte, lowest first. */
function unsigned(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  do {
    const byte = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? byte : byte | 0x80);
  } while (rest !== 0);
  return bytes;
}

function signed(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const byte = rest & 0x7f;
    rest >>= 7;
    // The last byte carries the sign in its highest bit.
    if (rest === ((byte & 0x40) === 0 ? 0 : -1)) return [...bytes, byte];
    bytes.push(byte | 0x80);
  }
}

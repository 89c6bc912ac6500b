/**
 * CRC-32C of long runs of bytes, in WebAssembly with vectors of 16 bytes.
 *
 * A checksum is the remainder of the message by the polynomial, so any multiple of the polynomial may be taken from the
 * message first. This one has few terms: x^209 + x^144 + x^54 + x^39 + x^14 + 1 (found by search; the one of lowest degree
 * with six). Over two elements squaring doubles the exponents, so with all of them times 16 it is a multiple too, and
 * it then moves whole pairs of bytes: 16 bytes leave the front of the message when they are added, without carry, to those that stand
 * 130, 310, 340, 390 and 418 bytes further on. What is left at the end is summed by tables.
 *
 * ```
 * memory:  tables 16 KiB | message | zeros | front that has been moved on | zeros
 * ```
 * In gathering form: moved[i] = message[i] + moved[i - 130] + moved[i - 310] + ..., and for the last 448 bytes the
 * same with nothing moved any more, so moved = 0 there.
 */
import {
  add,
  and,
  assembleModule,
  type Code,
  constant,
  get,
  isLess,
  load,
  loadVector,
  repeatWhile,
  set,
  shiftLeft,
  shiftRight,
  store,
  storeVector,
  sub,
  vectorXor,
  xor,
  zeroVector,
} from './wasm-assembler.js';

const PAGE_BYTES = 65_536;
const VECTOR_BYTES = 16;
const TABLE_BYTES = 1024;
const SLICES = 16;
/** By how many bytes a byte of the front is moved on. */
export const MOVES = [130, 310, 340, 390, 418] as const;
/** Bytes at the end that are not moved: as many as the longest move, in whole steps of the loops. */
const TAIL_BYTES = 448;
const MESSAGE = SLICES * TABLE_BYTES;

/** Longest message of one call: message and front fit into the second cache. */
export const KERNEL_MAX_BYTES = 32_768;
const MOVED = MESSAGE + KERNEL_MAX_BYTES + TAIL_BYTES;
const PAGES = Math.ceil((MOVED + KERNEL_MAX_BYTES + TAIL_BYTES) / PAGE_BYTES);
/** The length of a message must be a multiple of this. */
export const KERNEL_STEP_BYTES = 32;
/** Shorter messages have no front that would be worth it. */
export const KERNEL_MIN_BYTES = 1024;

export interface Crc32cKernel {
  /** The message, from the start of the array on; a call leaves other bytes here. */
  readonly message: Int32Array;
  /** Continues the register (the complement of the checksum) over the first `bytes` bytes of the message. */
  readonly sum: (register: number, bytes: number) => number;
}

/**
 * The kernel; undefined where there is no WebAssembly with vectors (`--jitless`, old processors), or no room for it: V8
 * keeps 10 GB of addresses free for each memory, which a limit (`ulimit -v`) may refuse.
 */
export function makeCrc32cKernel(tables: Int32Array): Crc32cKernel | undefined {
  // Not in the types of a program without a browser's library.
  const { WebAssembly } = globalThis as unknown as { WebAssembly?: WebAssemblyLike };
  const bytes = kernelModule();
  if (WebAssembly?.validate(bytes) !== true) return undefined;
  try {
    const { memory, sum } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
    new Int32Array(memory.buffer).set(tables);
    return { message: new Int32Array(memory.buffer, MESSAGE, KERNEL_MAX_BYTES / 4), sum };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

interface WebAssemblyLike {
  validate(bytes: Uint8Array): boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
  ) => {
    readonly exports: {
      readonly memory: { readonly buffer: ArrayBuffer };
      readonly sum: Crc32cKernel['sum'];
    };
  };
}

function kernelModule(): Uint8Array {
  // Parameters, then variables.
  const [register, bytes, at, word, frontBytes] = [0, 1, 2, 3, 4] as const;
  return assembleModule(
    'sum',
    2,
    3,
    [
      ...constant(0),
      ...constant(0),
      ...load(MESSAGE),
      ...get(register),
      ...xor,
      ...store(MESSAGE),
      ...get(bytes),
      ...constant(TAIL_BYTES),
      ...sub,
      ...set(frontBytes),
      ...constant(0),
      ...set(at),
      ...gather(at, frontBytes, MOVED),
      ...forget(at, bytes),
      ...get(frontBytes),
      ...set(at),
      ...gather(at, bytes, MESSAGE),
      ...constant(0),
      ...set(register),
      ...get(frontBytes),
      ...set(at),
      ...sumByTables(register, at, word, bytes),
      ...get(register),
    ],
    PAGES,
  );
}

/** Writes message + moved to `target` for the places from `at` to `end`. */
function gather(at: number, end: number, target: number): Code {
  const steps = [0, VECTOR_BYTES].flatMap((step) => [
    ...get(at),
    ...get(at),
    ...loadVector(MESSAGE + step),
    ...MOVES.flatMap((move) => [...get(at), ...loadVector(MOVED + step - move), ...vectorXor]),
    ...storeVector(target + step),
  ]);
  return repeatWhile([...steps, ...advance(at, KERNEL_STEP_BYTES, end)]);
}

/** Zeros in `moved` from `at` to `end`. */
function forget(at: number, end: number): Code {
  return repeatWhile([...get(at), ...zeroVector, ...storeVector(MOVED), ...advance(at, VECTOR_BYTES, end)]);
}

/** The register over the message from `at` to `end`: sixteen look-ups for sixteen bytes, as in crc32c.ts. */
function sumByTables(register: number, at: number, word: number, end: number): Code {
  const body: number[] = [];
  for (let i = 0; i < SLICES; i++) {
    const byteOfWord = i % 4;
    if (byteOfWord === 0) {
      body.push(...get(at), ...load(MESSAGE + i));
      if (i === 0) body.push(...get(register), ...xor);
      body.push(...set(word));
    }
    const byte = [...get(word), ...constant(8 * byteOfWord), ...shiftRight, ...constant(0xff), ...and];
    body.push(...byte, ...constant(2), ...shiftLeft, ...load((SLICES - 1 - i) * TABLE_BYTES));
    if (i > 0) body.push(...xor);
  }
  return repeatWhile([...body, ...set(register), ...advance(at, SLICES, end)]);
}

/** Adds to `at`, and leaves whether it is below `end` on the stack. */
function advance(at: number, by: number, end: number): Code {
  return [...get(at), ...constant(by), ...add, ...set(at), ...get(at), ...get(end), ...isLess];
}

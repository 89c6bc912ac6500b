/**
 * One field, between JavaScript values and bytes, driven by the schema. For edges (tools, tests, session messages);
 * the hot path copies whole blocks and never comes here.
 *
 * u8 i8 u16 u32 i32 <-> number; i64 <-> number, safe integers only; u64 <-> bigint; chars <-> string of printable
 * ASCII, zero-padded in the bytes; bytes <-> Uint8Array of the exact length.
 */
import { RejectCode } from '../core/codes.js';
import type { Field, FieldType } from './layout.js';
import { WireError } from './wire-error.js';

export type FieldValue = number | bigint | string | Uint8Array;

const MAX_U64 = 0xffff_ffff_ffff_ffffn;

/** Smallest and largest value of the integer types that are numbers in JavaScript. */
export const INTEGER_RANGES: Readonly<Partial<Record<FieldType, readonly [min: number, max: number]>>> = {
  u8: [0, 0xff],
  i8: [-0x80, 0x7f],
  u16: [0, 0xffff],
  u32: [0, 0xffff_ffff],
  i32: [-0x8000_0000, 0x7fff_ffff],
  i64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
};

/** What a field takes, in words, for error texts. */
export function allowedValues(field: Field): string {
  if (field.type === 'i64') return 'an integer from -(2^53-1) to 2^53-1';
  const range = INTEGER_RANGES[field.type];
  if (range !== undefined) return `an integer from ${range[0]} to ${range[1]}`;
  if (field.type === 'u64') return `an integer from 0 to ${MAX_U64}`;
  if (field.type === 'chars') return `at most ${field.size} characters of printable ASCII`;
  return `exactly ${field.size} bytes`;
}

/** True for the characters that `chars` fields take. */
export function isPrintable(code: number): boolean {
  return code >= 0x20 && code <= 0x7e;
}

function refuse(messageName: string, field: Field, value: unknown): never {
  const shown =
    typeof value === 'string'
      ? JSON.stringify(value)
      : value instanceof Uint8Array
        ? `${value.length} bytes`
        : String(value);
  const text = `${shown} is not ${allowedValues(field)}`;
  throw new WireError(RejectCode.BAD_FIELD, `${messageName}.${field.name}`, text);
}

/**
 * Writes `value` as `field` of a body or block that starts at byte `base` of `view`, all `field.size` bytes of it.
 * Throws WireError BAD_FIELD, naming the field and what it takes, when the value does not fit.
 */
export function writeField(
  view: DataView,
  base: number,
  messageName: string,
  field: Field,
  value: unknown,
): void {
  const at = base + field.offset;
  const range = INTEGER_RANGES[field.type];
  if (range !== undefined) {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < range[0] || value > range[1]) {
      refuse(messageName, field, value);
    }
    writeInteger(view, at, field.type, value);
  } else if (field.type === 'u64') {
    if (typeof value !== 'bigint' || value < 0n || value > MAX_U64) refuse(messageName, field, value);
    view.setBigUint64(at, value, true);
  } else if (field.type === 'chars') {
    if (typeof value !== 'string' || value.length > field.size) refuse(messageName, field, value);
    for (let i = 0; i < field.size; i++) {
      const code = i < value.length ? value.charCodeAt(i) : 0;
      if (i < value.length && !isPrintable(code)) refuse(messageName, field, value);
      view.setUint8(at + i, code);
    }
  } else {
    if (!(value instanceof Uint8Array) || value.length !== field.size) refuse(messageName, field, value);
    for (let i = 0; i < field.size; i++) view.setUint8(at + i, value[i]!);
  }
}

/** Writes an integer that is known to be in the range of `type` (not u64). */
export function writeInteger(view: DataView, at: number, type: FieldType, value: number): void {
  switch (type) {
    case 'u8':
    case 'i8':
      view.setUint8(at, value);
      break;
    case 'u16':
      view.setUint16(at, value, true);
      break;
    case 'u32':
    case 'i32':
      view.setUint32(at, value, true);
      break;
    default:
      view.setUint32(at, value, true);
      view.setInt32(at + 4, Math.floor(value / 0x1_0000_0000), true);
  }
}

/**
 * Reads `field` of a body or block that starts at byte `base` of `view`. Throws WireError BAD_FIELD for an i64 that
 * is not a safe integer. Bytes of `chars` that are not printable read as '?'.
 */
export function readField(view: DataView, base: number, messageName: string, field: Field): FieldValue {
  const at = base + field.offset;
  switch (field.type) {
    case 'u8':
      return view.getUint8(at);
    case 'i8':
      return view.getInt8(at);
    case 'u16':
      return view.getUint16(at, true);
    case 'u32':
      return view.getUint32(at, true);
    case 'i32':
      return view.getInt32(at, true);
    case 'i64': {
      const value = view.getInt32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true);
      if (!Number.isSafeInteger(value)) refuse(messageName, field, view.getBigInt64(at, true));
      return value;
    }
    case 'u64':
      return view.getBigUint64(at, true);
    case 'chars':
      return readText(view, at, field.size);
    default: {
      const value = new Uint8Array(field.size);
      for (let i = 0; i < field.size; i++) value[i] = view.getUint8(at + i);
      return value;
    }
  }
}

function readText(view: DataView, at: number, size: number): string {
  let length = size;
  while (length > 0 && view.getUint8(at + length - 1) === 0) length--;
  let text = '';
  for (let i = 0; i < length; i++) {
    const code = view.getUint8(at + i);
    text += isPrintable(code) ? String.fromCharCode(code) : '?';
  }
  return text;
}

/**
 * Writes the fields of `values` that are given; the bytes of the others must be zero already. Throws WireError
 * BAD_FIELD for a name that is not in `fields`.
 */
export function writeFields(
  view: DataView,
  base: number,
  messageName: string,
  fields: readonly Field[],
  values: object,
): void {
  let written = 0;
  for (const field of fields) {
    const value = (values as Record<string, unknown>)[field.name];
    if (value === undefined) continue;
    writeField(view, base, messageName, field, value);
    written++;
  }
  let given = 0;
  for (const value of Object.values(values)) if (value !== undefined) given++;
  if (given === written) return;
  const known = fields.map((field) => field.name);
  const unknown = Object.keys(values).find((name) => !known.includes(name)) ?? '';
  throw new WireError(
    RejectCode.BAD_FIELD,
    `${messageName}.${unknown}`,
    `no such field; there are ${known.join(', ')}`,
  );
}

/** Reads `fields` into a plain object. Throws as readField does. */
export function readFields(
  view: DataView,
  base: number,
  messageName: string,
  fields: readonly Field[],
): Record<string, FieldValue> {
  const values: Record<string, FieldValue> = {};
  for (const field of fields) values[field.name] = readField(view, base, messageName, field);
  return values;
}

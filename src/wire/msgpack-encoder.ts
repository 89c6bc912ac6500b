/**
 * Frames of `ringfence.msgpack.v1`, outbound: maps `{"type": name, ...fields}`, or an array of such maps.
 *
 * A u64 is an integer up to 2^53-1 and a decimal string above; every other integer is an integer, never a float; a
 * named value is its name; `bytes` are bin. Padding is left out.
 */
import { Packr } from 'msgpackr/pack';
import type { FieldValue } from './field-codec.js';
import type { Field } from './layout.js';
import type { MessageName } from './message-fields.js';
import { type DecodedMessage, decodeFrames, encodeFrame, type FrameFields } from './sbe-frames.js';
import { isPadding, messages } from './schema.js';

const packr = new Packr({
  useRecords: false,
  variableMapSize: true,
  moreTypes: false,
  structuredClone: false,
  bundleStrings: false,
});

/** A message to be encoded; fields that are left out are 0. */
export type MessageToEncode = {
  [N in MessageName]: { readonly name: N; readonly fields: Partial<FrameFields[N]> };
}[MessageName];

/** The encoder writes 32-bit numbers as integers and wider ones as floats, but a bigint always as an integer. */
function integerValue(value: number): number | bigint {
  return value >= -0x8000_0000 && value <= 0xffff_ffff ? value : BigInt(value);
}

/** A field that is sent, with the names of its values by number. */
interface Key {
  readonly name: string;
  readonly valueNames: ReadonlyMap<number, string>;
}

const keysOf: ReadonlyMap<string, readonly Key[]> = new Map(
  messages.map((message) => [
    message.name,
    message.blockFields.filter((field) => !isPadding(field)).map(keyOf),
  ]),
);

function keyOf({ name, values }: Field): Key {
  return {
    name,
    valueNames: new Map(Object.entries(values ?? {}).map(([value, number]) => [number, value])),
  };
}

function packedValue(key: Key, value: FieldValue): unknown {
  if (typeof value === 'number') return key.valueNames.get(value) ?? integerValue(value);
  if (typeof value !== 'bigint') return value;
  return value <= Number.MAX_SAFE_INTEGER ? integerValue(Number(value)) : String(value);
}

function mapOf(decoded: DecodedMessage): Record<string, unknown> {
  const map: Record<string, unknown> = { type: decoded.name };
  const values = decoded.fields as unknown as Record<string, FieldValue>;
  for (const key of keysOf.get(decoded.name)!) map[key.name] = packedValue(key, values[key.name]!);
  return map;
}

/**
 * The SBE messages from byte `offset` to `end` of `frame` as one MessagePack frame: a map for one message, an array
 * of maps for several. Throws WireError as decodeFrames does.
 */
export function sbeToMsgpack(frame: Uint8Array, offset: number, end: number): Uint8Array {
  const maps = decodeFrames(frame.subarray(offset, end)).map(mapOf);
  return packr.pack(maps.length === 1 ? maps[0] : maps);
}

/**
 * `sent` as one MessagePack frame. Throws WireError BAD_FIELD for an unknown field name or a value out of range.
 */
export function encodeMsgpackFrame(sent: readonly MessageToEncode[]): Uint8Array {
  const frames = sent.map(({ name, fields }) => encodeFrame(name, fields));
  const maps = frames.flatMap((frame) => decodeFrames(frame).map(mapOf));
  return packr.pack(maps.length === 1 ? maps[0] : maps);
}

/**
 * Byte layout of messages, computed from field lists.
 *
 * Every multi-byte field is little-endian and naturally aligned; a field list that would need padding is a
 * mistake in the schema and throws at start, so that offsets stay what the protocol tables say.
 */

export type FieldType = 'u8' | 'i8' | 'u16' | 'u32' | 'i32' | 'i64' | 'u64' | 'chars' | 'bytes';

export interface FieldSpec {
  readonly name: string;
  readonly type: FieldType;
  /** Length in bytes; given for `chars` and `bytes` only. */
  readonly length?: number;
  /** Named values of an enumeration, by number. */
  readonly values?: Readonly<Record<string, number>>;
  readonly notes: string;
  /** Version of the schema that appended the field; left out = it was there from version 1 of its message on. */
  readonly since?: number;
}

export interface Field extends FieldSpec {
  /** Offset in bytes from the start of the message body. */
  readonly offset: number;
  /** Size in bytes. */
  readonly size: number;
}

const SIZES: Record<FieldType, number> = {
  u8: 1,
  i8: 1,
  u16: 2,
  u32: 4,
  i32: 4,
  i64: 8,
  u64: 8,
  chars: 0,
  bytes: 0,
};

/** Places `specs` one after the other and returns them with offsets. Throws on misalignment. */
export function placeFields(message: string, specs: readonly FieldSpec[]): readonly Field[] {
  let offset = 0;
  return specs.map((spec) => {
    const size = spec.length ?? SIZES[spec.type];
    const alignment = spec.length === undefined ? size : 1;
    if (size <= 0) throw new Error(`schema: ${message}.${spec.name} has no length`);
    if (offset % alignment !== 0) {
      throw new Error(`schema: ${message}.${spec.name} at offset ${offset} is not aligned to ${alignment}`);
    }
    const field: Field = { ...spec, offset, size };
    offset += size;
    return field;
  });
}

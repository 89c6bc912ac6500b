/** Arbitrary messages of the schema: any value that a field can hold, with the edges of its range more often. */
import fc from 'fast-check';
import { INTEGER_RANGES } from '../../src/wire/field-codec.js';
import type { Field } from '../../src/wire/layout.js';
import type { MessageToEncode } from '../../src/wire/msgpack-encoder.js';
import { isPadding, type Message, messages } from '../../src/wire/schema.js';

const printable = fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code));

function fieldValue(field: Field): fc.Arbitrary<unknown> {
  const range = INTEGER_RANGES[field.type];
  if (range !== undefined) {
    const [min, max] = range;
    const named = Object.values(field.values ?? {});
    const any = fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max, 0));
    return named.length === 0 ? any : fc.oneof(any, fc.constantFrom(...named));
  }
  if (field.type === 'u64')
    return fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 9n }));
  if (field.type === 'chars') return fc.string({ unit: printable, maxLength: field.size });
  return fc.uint8Array({ minLength: field.size, maxLength: field.size });
}

/** A value for each of `fields`; padding is 0. */
export function allFields(fields: readonly Field[]): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(
    Object.fromEntries(
      fields.map((field) => [field.name, isPadding(field) ? fc.constant(0) : fieldValue(field)] as const),
    ),
  );
}

/** Any message of the schema, or of those that `isWanted` lets through, with all fields of its frame. */
export function anyMessage(
  isWanted: (message: Message) => boolean = () => true,
): fc.Arbitrary<MessageToEncode> {
  const kinds = messages
    .filter(isWanted)
    .map((message) =>
      allFields(message.blockFields).map((fields) => ({ name: message.name, fields }) as MessageToEncode),
    );
  return fc.oneof(...kinds);
}

/** Renders the schema as TypeScript interfaces: the text of src/wire/message-fields.ts. */
import { nameOf } from '../../core/codes.js';
import type { Field, FieldType } from '../layout.js';
import { eventHeaderFields, type Message, type MessageKind, mayBeLeftOut, messages } from '../schema.js';

const TYPES: Record<FieldType, string> = {
  u8: 'number',
  i8: 'number',
  u16: 'number',
  u32: 'number',
  i32: 'number',
  i64: 'number',
  u64: 'bigint',
  chars: 'string',
  bytes: 'Uint8Array',
};

/** More named values than this are left to the enumeration itself. */
const MAX_LISTED_VALUES = 8;

function typeName(message: Message): string {
  return message.name.charAt(0).toUpperCase() + message.name.slice(1);
}

/** `1 buy, 2 sell` for an enumeration with few values; '' otherwise. */
export function listedValues(field: Field): string {
  const numbers = Object.values(field.values ?? {});
  if (field.values === undefined || numbers.length > MAX_LISTED_VALUES) return '';
  const values = field.values;
  return numbers.map((value) => `${value} ${nameOf(values, value)}`).join(', ');
}

function renderInterface(name: string, notes: string, fields: readonly Field[]): string {
  const lines = fields.map((field) => {
    const values = listedValues(field);
    const length = field.length === undefined ? '' : ` (${field.length})`;
    const text = values === '' ? field.notes : `${field.notes}: ${values}`;
    return `  /** ${field.type}${length}: ${text}. */\n  ${field.name}: ${TYPES[field.type]};`;
  });
  return `/** ${notes} */\nexport interface ${name} {\n${lines.join('\n')}\n}\n`;
}

function renderNames(name: string, kind: MessageKind): string {
  const names = messages.filter((message) => message.kind === kind).map((message) => `  | '${message.name}'`);
  return `export type ${name} =\n${names.join('\n')};\n`;
}

/** Longest line of the formatter. */
const LINE_WIDTH = 110;

function renderOptionalFields(): string {
  const lines = messages
    .filter(({ kind }) => kind === 'command')
    .map(({ name, fields }) => {
      const names = fields.filter(mayBeLeftOut).map((field) => `'${field.name}'`);
      const line = `  ${name}: ${names.length === 0 ? 'never' : names.join(' | ')};`;
      if (line.length <= LINE_WIDTH) return line;
      return `  ${name}:${names.map((each) => `\n    | ${each}`).join('')};`;
    });
  const notes = '/** Body fields of each command that may be left out; they are 0 then. */';
  return `${notes}\nexport interface OptionalFields {\n${lines.join('\n')}\n}\n`;
}

/** The whole file; it does not change unless the schema does. */
export function renderFieldTypes(): string {
  const interfaces = messages.map((message) =>
    renderInterface(typeName(message), message.notes, message.fields),
  );
  const map = messages.map((message) => `  ${message.name}: ${typeName(message)};`).join('\n');
  return [
    '// Types of the fields of every message, as the object codecs take and give them.\n// Written by `npm run gen` from schema.ts; do not edit.\n',
    renderInterface('EventHeader', 'What the SBE block of every event starts with.', eventHeaderFields),
    ...interfaces,
    `/** Body fields by message name. */\nexport interface MessageFields {\n${map}\n}\n`,
    renderOptionalFields(),
    renderNames('CommandName', 'command'),
    renderNames('EventName', 'event'),
    renderNames('SessionName', 'session'),
    'export type SlotMessageName = CommandName | EventName;\n',
    'export type MessageName = SlotMessageName | SessionName;\n',
  ].join('\n');
}

/** Renders one SBE message as an annotated hexdump: a line for each field, long ones on several. */
import { type FieldValue, readField } from '../field-codec.js';
import { type Field, placeFields } from '../layout.js';
import { messageById, SBE_HEADER_BYTES } from '../schema.js';

const BYTES_PER_LINE = 16;

const headerFields = placeFields('messageHeader', [
  { name: 'blockLength', type: 'u16', notes: '' },
  { name: 'templateId', type: 'u16', notes: '' },
  { name: 'schemaId', type: 'u16', notes: '' },
  { name: 'version', type: 'u16', notes: '' },
]);

/** Two digits a byte, bytes apart. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

function valueText(field: Field, value: FieldValue): string {
  if (value instanceof Uint8Array) return `${field.name} (${field.size} bytes)`;
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
  const name = Object.entries(field.values ?? {}).find(([, number]) => number === value)?.[0];
  return name === undefined ? `${field.name} = ${shown}` : `${field.name} = ${shown} (${name})`;
}

/** Offsets count from the start of the frame and are hexadecimal, as in any dump. */
export function renderHexdump(frame: Uint8Array): string {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const message = messageById(view.getUint16(2, true));
  if (message === undefined) throw new Error('hexdump: the frame has no message of this schema');
  const lines: string[] = [];
  const add = (messageName: string, base: number, field: Field) => {
    const start = base + field.offset;
    for (let at = start; at < start + field.size; at += BYTES_PER_LINE) {
      const bytes = hexOf(frame.subarray(at, Math.min(at + BYTES_PER_LINE, start + field.size)));
      const text = at === start ? valueText(field, readField(view, base, messageName, field)) : '';
      lines.push(
        `${at.toString(16).padStart(4, '0')}  ${bytes.padEnd(BYTES_PER_LINE * 3 - 1)}  ${text}`.trimEnd(),
      );
    }
  };
  for (const field of headerFields) add('messageHeader', 0, field);
  for (const field of message.blockFields) add(message.name, SBE_HEADER_BYTES, field);
  return lines.join('\n');
}

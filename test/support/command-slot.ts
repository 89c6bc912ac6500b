/**
 * Writes a command into a slot without checking anything, so that tests can hand the engine what no encoder of the
 * product would write: bytes after the end of a text, integers outside of their range, templates that do not exist.
 */
import { writeInt64 } from '../../src/base/int64.js';
import type { Field } from '../../src/wire/layout.js';
import { messageByName } from '../../src/wire/schema.js';
import { packTemplate, SLOT_HEADER_BYTES, SLOT_WORDS, writeSlotHeader } from '../../src/wire/slot.js';
import type { Command, UnknownCommand } from '../model/messages.js';

const UNKNOWN_BODY: readonly Field[] = [
  { name: 'clientSequence', type: 'i64', offset: 0, size: 8, notes: '' },
];

/** Writes all 128 bytes of `command` at word index `wordIndex`. Text is one byte a character. */
export function writeCommand(command: Command | UnknownCommand, words: Int32Array, wordIndex: number): void {
  const { name, accountId, sessionId, sequence, timestampUs } = command;
  const templateId = name === 'unknown' ? command.templateId : messageByName(name).templateId;
  const fields = name === 'unknown' ? UNKNOWN_BODY : messageByName(name).fields;
  words.fill(0, wordIndex, wordIndex + SLOT_WORDS);
  writeSlotHeader(words, wordIndex, templateId, accountId, sequence, timestampUs, 0, sessionId);
  if (name === 'unknown') words[wordIndex] = packTemplate(templateId, command.version, 0);
  const view = new DataView(words.buffer, words.byteOffset + wordIndex * 4 + SLOT_HEADER_BYTES);
  const values = command.fields as unknown as Record<string, unknown>;
  for (const field of fields) writeField(view, field, values[field.name]);
}

function writeField(view: DataView, field: Field, value: unknown): void {
  const { offset, size, type } = field;
  if (type === 'chars') {
    const text = value as string;
    for (let i = 0; i < Math.min(size, text.length); i++) view.setUint8(offset + i, text.charCodeAt(i));
  } else if (type === 'bytes') {
    const bytes = value as Uint8Array;
    for (let i = 0; i < size; i++) view.setUint8(offset + i, bytes[i]!);
  } else if (type === 'u64') {
    view.setBigUint64(offset, value as bigint, true);
  } else if (type === 'i64') {
    const words = new Int32Array(2);
    writeInt64(words, 0, value as number);
    view.setInt32(offset, words[0]!, true);
    view.setInt32(offset + 4, words[1]!, true);
  } else if (size === 4) {
    view.setInt32(offset, value as number, true);
  } else if (size === 2) {
    view.setInt16(offset, value as number, true);
  } else {
    view.setInt8(offset, value as number);
  }
}

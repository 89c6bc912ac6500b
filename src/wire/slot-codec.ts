/**
 * Slots to objects and back, for edges: `exec`, journal tools, tests. The ring's own threads read words.
 */
import { readInt64 } from '../base/int64.js';
import { RejectCode } from '../core/codes.js';
import { readFields, writeFields } from './field-codec.js';
import type { MessageFields, SlotMessageName } from './message-fields.js';
import { messageById, messageByName } from './schema.js';
import {
  HeaderWord,
  SLOT_BYTES,
  SLOT_HEADER_BYTES,
  SLOT_WORDS,
  templateOf,
  writeSlotHeader,
} from './slot.js';
import { WireError } from './wire-error.js';

/** What the slot header holds beside the template. */
export interface SlotHeader {
  readonly accountId: number;
  readonly sequence: number;
  /** Command time, epoch microseconds. */
  readonly timestampUs: number;
  /** 0 when left out, as in every command. */
  readonly index?: number;
  /** 0 when left out. */
  readonly sessionId?: number;
}

/** A slot as an object; `name` tells the type of `fields`. */
export type DecodedSlot = {
  [N in SlotMessageName]: Required<SlotHeader> & {
    readonly name: N;
    readonly templateId: number;
    readonly fields: MessageFields[N];
  };
}[SlotMessageName];

function viewOf(words: Int32Array, wordIndex: number): DataView {
  return new DataView(words.buffer, words.byteOffset + wordIndex * 4, SLOT_BYTES);
}

function checkHeader(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= max) return;
  throw new WireError(RejectCode.BAD_FIELD, name, `${value} is not an integer from 0 to ${max}`);
}

/**
 * Writes all 128 bytes of the slot at word index `wordIndex`; fields that are left out are 0. Throws WireError
 * BAD_FIELD for an unknown field name or a value out of range, naming the field and what is allowed.
 */
export function encodeSlot<N extends SlotMessageName>(
  name: N,
  header: SlotHeader,
  fields: Partial<MessageFields[N]>,
  words: Int32Array,
  wordIndex: number,
): void {
  const message = messageByName(name);
  if (message.kind === 'session') throw new Error(`${name} is a session message and never in a slot`);
  const { accountId, sequence, timestampUs, index = 0, sessionId = 0 } = header;
  checkHeader('accountId', accountId, 0xffff_ffff);
  checkHeader('sequence', sequence, Number.MAX_SAFE_INTEGER);
  checkHeader('timestampUs', timestampUs, Number.MAX_SAFE_INTEGER);
  checkHeader('index', index, 0xffff_ffff);
  checkHeader('sessionId', sessionId, 0xffff_ffff);
  words.fill(0, wordIndex, wordIndex + SLOT_WORDS);
  writeSlotHeader(words, wordIndex, message.templateId, accountId, sequence, timestampUs, index, sessionId);
  writeFields(viewOf(words, wordIndex), SLOT_HEADER_BYTES, name, message.fields, fields);
}

/**
 * The slot at word index `wordIndex`. Throws WireError: UNKNOWN_TEMPLATE when the schema has no such command or
 * event, BAD_FIELD for an i64 that is not a safe integer.
 */
export function decodeSlot(words: Int32Array, wordIndex: number): DecodedSlot {
  const templateId = templateOf(words[wordIndex]!);
  const message = messageById(templateId);
  if (message === undefined || message.kind === 'session') {
    throw new WireError(
      RejectCode.UNKNOWN_TEMPLATE,
      '',
      `template ${templateId} is neither a command nor an event`,
    );
  }
  return {
    name: message.name,
    templateId,
    accountId: words[wordIndex + HeaderWord.accountId]! >>> 0,
    sequence: readInt64(words, wordIndex + HeaderWord.sequence),
    timestampUs: readInt64(words, wordIndex + HeaderWord.timestampUs),
    index: words[wordIndex + HeaderWord.index]! >>> 0,
    sessionId: words[wordIndex + HeaderWord.sessionId]! >>> 0,
    fields: readFields(viewOf(words, wordIndex), SLOT_HEADER_BYTES, message.name, message.fields),
  } as unknown as DecodedSlot;
}

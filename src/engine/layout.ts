/**
 * Word positions of message fields in slots, computed once from the schema. A field that is not where the code
 * that uses a position assumes it (a word of its own, or a byte of a word) stops the start.
 */

import { messageByName, offsetOf } from '../wire/schema.js';
import { HeaderWord, packTemplate, RECORD_VERSION } from '../wire/slot.js';

const HEADER_BODY = HeaderWord.body;

/** Word, counted from the start of the slot, of a field of four or more bytes. */
export function wordOf(message: string, field: string): number {
  const offset = offsetOf(message, field);
  if (offset % 4 !== 0) throw new Error(`layout: ${message}.${field} does not start a word`);
  return HEADER_BODY + offset / 4;
}

/** Word, counted from the start of the slot, that a field of one or two bytes lies in. */
export function wordAround(message: string, field: string): number {
  return HEADER_BODY + (offsetOf(message, field) >> 2);
}

/** By how many bits a field of one or two bytes is shifted in its word. */
export function shiftOf(message: string, field: string): number {
  return (offsetOf(message, field) & 3) * 8;
}

/** Words of slot header and body that a message uses; the rest of the slot is zero. */
export function wordsOf(message: string): number {
  const { bodyBytes } = messageByName(message);
  if (bodyBytes % 4 !== 0) throw new Error(`layout: ${message} does not end with a word`);
  return HEADER_BODY + bodyBytes / 4;
}

/** The same in the first version of an event that grew since; what follows is 0 without the newer features. */
export function firstWordsOf(message: string): number {
  const { blockLength, bodyBytes, earlierBlockLengths } = messageByName(message);
  return HEADER_BODY + (bodyBytes - blockLength + earlierBlockLengths[0]!) / 4;
}

/** First word of the slot of an event. */
export function templateWordOf(message: string): number {
  return packTemplate(messageByName(message).templateId, RECORD_VERSION, 0);
}

/** Stops the start when the `fields` of a message are not the bytes of one word, the first one lowest. */
export function checkPackedWord(message: string, fields: readonly string[]): void {
  const word = wordOf(message, fields[0]!);
  fields.forEach((field, index) => {
    if (wordAround(message, field) !== word || shiftOf(message, field) !== index * 8) {
      throw new Error(`layout: ${message}.${field} is not byte ${index} of its word`);
    }
  });
}

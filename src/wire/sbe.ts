/**
 * Frames of `ringfence.sbe.v1`, the hot path: no allocation, no exceptions for what a client sent.
 *
 * ```
 *  0             2            4          6         8                  8 + blockLength
 *  | blockLength | templateId | schemaId | version | block ...        | next message ...
 * ```
 * u16 little-endian each. A WebSocket frame carries one or more messages, one right after the other. The block of a
 * command is the slot body, the block of an event is the slot from byte 8 on; so they are copied, never re-encoded.
 * A frame may begin at any byte, so what came is read through a DataView: words of it, in one step each.
 * All lengths are multiples of 4, so messages that are put one behind the other from a word on stay on words.
 */
import { copyRun } from '../base/copy-run.js';
import { RejectCode } from '../core/codes.js';
import { EVENT_HEADER_BYTES, messages, SBE_HEADER_BYTES, SCHEMA_ID, SCHEMA_VERSION } from './schema.js';
import { HeaderWord, SLOT_HEADER_BYTES, SLOT_WORDS, templateOf } from './slot.js';

/** Longest message with its SBE header: an event with a full body. */
export const MAX_SBE_MESSAGE_BYTES = SBE_HEADER_BYTES + EVENT_HEADER_BYTES + 96;

const TEMPLATE_COUNT = 512;
const SBE_HEADER_WORDS = SBE_HEADER_BYTES / 4;
const EVENT_BLOCK_WORD = (SLOT_HEADER_BYTES - EVENT_HEADER_BYTES) / 4;
const BODY_WORD = HeaderWord.body;
const BODY_WORDS = SLOT_WORDS - BODY_WORD;

/** SBE blockLength by template id (0..511); 0 = there is no such message. */
export const blockLengthOf = new Uint16Array(TEMPLATE_COUNT);

/** The same for the messages that a client may send; 0 for all others. */
export const clientBlockLengthOf = new Uint16Array(TEMPLATE_COUNT);

/**
 * By template id * EARLIER_LENGTHS: the block lengths that a client message had in released versions before, which
 * are taken for ever; 0 = no more.
 */
const EARLIER_LENGTHS = 4;
const earlierLengths = new Uint16Array(TEMPLATE_COUNT * EARLIER_LENGTHS);

/** Block offsets of the i64 fields of client messages, 4 for each template; 255 = no more. */
const INT64_FIELDS_PER_TEMPLATE = 4;
const NO_FIELD = 255;
const int64Offsets = new Uint8Array(TEMPLATE_COUNT * INT64_FIELDS_PER_TEMPLATE).fill(NO_FIELD);

for (const message of messages) {
  if (message.templateId >= TEMPLATE_COUNT)
    throw new Error(`schema: template id of ${message.name} is too large`);
  if (message.blockLength % 4 !== 0) throw new Error(`schema: block of ${message.name} is not whole words`);
  blockLengthOf[message.templateId] = message.blockLength;
  if (message.sentBy !== 'client') continue;
  clientBlockLengthOf[message.templateId] = message.blockLength;
  if (message.earlierBlockLengths.length > EARLIER_LENGTHS)
    throw new Error(`schema: ${message.name} has too many earlier lengths`);
  earlierLengths.set(message.earlierBlockLengths, message.templateId * EARLIER_LENGTHS);
  const int64Fields = message.blockFields.filter((field) => field.type === 'i64');
  if (int64Fields.length > INT64_FIELDS_PER_TEMPLATE)
    throw new Error(`schema: ${message.name} has too many i64`);
  int64Fields.forEach((field, i) => {
    int64Offsets[message.templateId * INT64_FIELDS_PER_TEMPLATE + i] = field.offset;
  });
}

/** Bytes as the functions here read them. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The i64 at byte `offset`, which readSbeHeader found to be a safe integer. */
export function readSbeInt64(source: DataView, offset: number): number {
  return source.getInt32(offset + 4, true) * 0x1_0000_0000 + source.getUint32(offset, true);
}

function isSafeInt64(source: DataView, offset: number): boolean {
  const high = source.getInt32(offset + 4, true);
  if (high < -0x20_0000 || high > 0x1f_ffff) return false;
  return high !== -0x20_0000 || source.getInt32(offset, true) !== 0;
}

/** Whether a released version of the message had a block of this length, other than the current one. */
function isEarlierLength(templateId: number, blockLength: number): boolean {
  const first = templateId * EARLIER_LENGTHS;
  for (let i = first; i < first + EARLIER_LENGTHS; i++) {
    if (earlierLengths[i] === blockLength) return blockLength !== 0;
  }
  return false;
}

/**
 * Checks one message of a client at byte `offset` of a frame that ends at byte `end`: its header, its length and that
 * its i64 fields are safe integers; what the other fields mean is for the engine to judge.
 *
 * Every released version of the schema is taken, and with it every length that the message ever had.
 *
 * Returns the template id (> 0); the block is then as long as the header says, at `offset + SBE_HEADER_BYTES`.
 * Or returns a negated reject code: MALFORMED_FRAME (cut short), UNSUPPORTED_SCHEMA, UNKNOWN_TEMPLATE (also when the
 * message is not for clients to send), BAD_BLOCK_LENGTH, BAD_FIELD.
 */
export function readSbeHeader(source: DataView, offset: number, end: number): number {
  if (offset + SBE_HEADER_BYTES > end) return -RejectCode.MALFORMED_FRAME;
  const version = source.getUint16(offset + 6, true);
  if (source.getUint16(offset + 4, true) !== SCHEMA_ID || version === 0 || version > SCHEMA_VERSION) {
    return -RejectCode.UNSUPPORTED_SCHEMA;
  }
  const templateId = source.getUint16(offset + 2, true);
  const expected = templateId < TEMPLATE_COUNT ? clientBlockLengthOf[templateId]! : 0;
  if (expected === 0) return -RejectCode.UNKNOWN_TEMPLATE;
  const blockLength = source.getUint16(offset, true);
  if (blockLength !== expected && !isEarlierLength(templateId, blockLength))
    return -RejectCode.BAD_BLOCK_LENGTH;
  const blockOffset = offset + SBE_HEADER_BYTES;
  if (blockOffset + blockLength > end) return -RejectCode.MALFORMED_FRAME;
  const first = templateId * INT64_FIELDS_PER_TEMPLATE;
  for (let i = first; i < first + INT64_FIELDS_PER_TEMPLATE && int64Offsets[i] !== NO_FIELD; i++) {
    const fieldOffset = int64Offsets[i]!;
    if (fieldOffset >= blockLength) break;
    if (!isSafeInt64(source, blockOffset + fieldOffset)) return -RejectCode.BAD_FIELD;
  }
  return templateId;
}

/**
 * Copies the block of a command, checked by readSbeHeader and right behind its SBE header, to the body of the slot at
 * word `slotWord` and zeroes the rest of the body. The slot header is the caller's to write.
 */
export function copySbeBlockToSlot(
  source: DataView,
  blockOffset: number,
  slots: Int32Array,
  slotWord: number,
): void {
  const body = slotWord + BODY_WORD;
  const words = source.getUint16(blockOffset - SBE_HEADER_BYTES, true) >> 2;
  let i = 0;
  // Four at a time: see copyRun.
  for (; i + 4 <= words; i += 4) {
    const from = blockOffset + i * 4;
    const to = body + i;
    slots[to] = source.getInt32(from, true);
    slots[to + 1] = source.getInt32(from + 4, true);
    slots[to + 2] = source.getInt32(from + 8, true);
    slots[to + 3] = source.getInt32(from + 12, true);
  }
  for (; i < words; i++) slots[body + i] = source.getInt32(blockOffset + i * 4, true);
  for (; i + 4 <= BODY_WORDS; i += 4) {
    const to = body + i;
    slots[to] = 0;
    slots[to + 1] = 0;
    slots[to + 2] = 0;
    slots[to + 3] = 0;
  }
  for (; i < BODY_WORDS; i++) slots[body + i] = 0;
}

/** Writes an SBE header for `templateId` at byte `offset`. */
export function writeSbeHeader(target: Uint8Array, offset: number, templateId: number): void {
  const blockLength = blockLengthOf[templateId]!;
  target[offset] = blockLength & 0xff;
  target[offset + 1] = blockLength >>> 8;
  target[offset + 2] = templateId & 0xff;
  target[offset + 3] = templateId >>> 8;
  target[offset + 4] = SCHEMA_ID & 0xff;
  target[offset + 5] = SCHEMA_ID >>> 8;
  target[offset + 6] = SCHEMA_VERSION & 0xff;
  target[offset + 7] = SCHEMA_VERSION >>> 8;
}

/**
 * Writes the event in the slot at word `slotWord` as one SBE message from word `targetWord` on and returns its bytes.
 * The target must have room for MAX_SBE_MESSAGE_BYTES.
 */
export function writeEventFrame(
  slots: Int32Array,
  slotWord: number,
  target: Int32Array,
  targetWord: number,
): number {
  const templateId = templateOf(slots[slotWord]!);
  const blockLength = blockLengthOf[templateId]!;
  const from = slotWord + EVENT_BLOCK_WORD;
  const to = targetWord + SBE_HEADER_WORDS;
  const words = blockLength >> 2;
  target[targetWord] = blockLength | (templateId << 16);
  target[targetWord + 1] = SCHEMA_ID | (SCHEMA_VERSION << 16);
  copyRun(slots, from, target, to, words);
  return SBE_HEADER_BYTES + blockLength;
}

/**
 * Frames of `ringfence.sbe.v1` to objects and back, for the client, tests and tools, and for the session messages
 * of the gateway. The byte-copying path is sbe.ts.
 */
import { RejectCode } from '../core/codes.js';
import { readFields, writeFields } from './field-codec.js';
import type { EventHeader, EventName, MessageFields, MessageName } from './message-fields.js';
import { viewOf, writeSbeHeader } from './sbe.js';
import { messageById, messageByName, SBE_HEADER_BYTES, SCHEMA_ID, SCHEMA_VERSION } from './schema.js';
import { WireError } from './wire-error.js';

/** Fields of each message in a frame: the body, for an event behind the event header. */
export type FrameFields = {
  [N in MessageName]: N extends EventName ? EventHeader & MessageFields[N] : MessageFields[N];
};

/** A message of a frame as an object; `name` tells the type of `fields`. */
export type DecodedMessage = {
  [N in MessageName]: { readonly name: N; readonly templateId: number; readonly fields: FrameFields[N] };
}[MessageName];

/**
 * Writes one message at byte `offset` of `target` and returns its bytes; fields that are left out are 0. Throws
 * RangeError when there is no room, WireError BAD_FIELD for an unknown field name or a value out of range.
 */
export function appendFrame<N extends MessageName>(
  target: Uint8Array,
  offset: number,
  name: N,
  fields: Partial<FrameFields[N]>,
): number {
  const message = messageByName(name);
  const bytes = SBE_HEADER_BYTES + message.blockLength;
  if (offset + bytes > target.length) {
    throw new RangeError(`no room for ${name}: ${bytes} bytes at ${offset} of ${target.length}`);
  }
  target.fill(0, offset, offset + bytes);
  writeSbeHeader(target, offset, message.templateId);
  const view = new DataView(
    target.buffer,
    target.byteOffset + offset + SBE_HEADER_BYTES,
    message.blockLength,
  );
  writeFields(view, 0, name, message.blockFields, fields);
  return bytes;
}

/** One message as a frame of its own. Throws WireError BAD_FIELD as appendFrame does. */
export function encodeFrame<N extends MessageName>(name: N, fields: Partial<FrameFields[N]>): Uint8Array {
  const frame = new Uint8Array(SBE_HEADER_BYTES + messageByName(name).blockLength);
  appendFrame(frame, 0, name, fields);
  return frame;
}

/**
 * All messages of one WebSocket frame, in order. What a newer version of the schema added is passed over: bytes at
 * the end of a block, and messages that this build does not know. What an older version did not have yet is 0. Throws WireError: MALFORMED_FRAME when a message
 * is cut short, UNSUPPORTED_SCHEMA, UNKNOWN_TEMPLATE, BAD_BLOCK_LENGTH, BAD_FIELD for an i64 that is not a safe integer.
 */
export function decodeFrames(bytes: Uint8Array): DecodedMessage[] {
  const view = viewOf(bytes);
  const decoded: DecodedMessage[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    if (offset + SBE_HEADER_BYTES > bytes.length) throw cutShort(offset);
    const blockLength = view.getUint16(offset, true);
    const templateId = view.getUint16(offset + 2, true);
    const schemaId = view.getUint16(offset + 4, true);
    const version = view.getUint16(offset + 6, true);
    if (schemaId !== SCHEMA_ID || version === 0) {
      throw new WireError(
        RejectCode.UNSUPPORTED_SCHEMA,
        '',
        `schema ${schemaId} version ${version} at byte ${offset}`,
      );
    }
    const block = offset + SBE_HEADER_BYTES;
    if (block + blockLength > bytes.length) throw cutShort(offset);
    const message = messageById(templateId);
    if (message !== undefined) {
      const isLonger = blockLength > message.blockLength && version > SCHEMA_VERSION;
      const isEarlier = message.earlierBlockLengths.includes(blockLength);
      if (blockLength !== message.blockLength && !isLonger && !isEarlier) {
        const text = `${message.name} at byte ${offset} has a block of ${blockLength} bytes, not ${message.blockLength}`;
        throw new WireError(RejectCode.BAD_BLOCK_LENGTH, '', text);
      }
      const fields = isEarlier
        ? readFields(
            zeroFilled(bytes, block, blockLength, message.blockLength),
            0,
            message.name,
            message.blockFields,
          )
        : readFields(view, block, message.name, message.blockFields);
      decoded.push({ name: message.name, templateId, fields } as unknown as DecodedMessage);
    } else if (version <= SCHEMA_VERSION) {
      throw new WireError(RejectCode.UNKNOWN_TEMPLATE, '', `template ${templateId} at byte ${offset}`);
    }
    offset = block + blockLength;
  }
  return decoded;
}

/** The block of an older version at byte `block` as one of this version. */
function zeroFilled(bytes: Uint8Array, block: number, earlierLength: number, blockLength: number): DataView {
  const filled = new Uint8Array(blockLength);
  filled.set(bytes.subarray(block, block + earlierLength));
  return new DataView(filled.buffer);
}

function cutShort(offset: number): WireError {
  return new WireError(RejectCode.MALFORMED_FRAME, '', `the message at byte ${offset} is cut short`);
}

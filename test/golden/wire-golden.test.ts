import { describe, expect, it } from 'vitest';
import { RejectCode } from '../../src/core/codes.js';
import type { FieldType } from '../../src/wire/layout.js';
import type { MessageFields, SlotMessageName } from '../../src/wire/message-fields.js';
import { MsgpackDecoder } from '../../src/wire/msgpack-decoder.js';
import { encodeMsgpackFrame, type MessageToEncode, sbeToMsgpack } from '../../src/wire/msgpack-encoder.js';
import { copySbeBlockToSlot, readSbeHeader, viewOf, writeEventFrame } from '../../src/wire/sbe.js';
import { decodeFrames, encodeFrame } from '../../src/wire/sbe-frames.js';
import { messageByName, messages, SBE_HEADER_BYTES, Template } from '../../src/wire/schema.js';
import { SLOT_BYTES, SLOT_WORDS } from '../../src/wire/slot.js';
import { decodeSlot, encodeSlot } from '../../src/wire/slot-codec.js';
import {
  GOLDEN_HEADER,
  type GoldenMessage,
  currentGoldenMessages as goldenMessages,
  goldenMessagesOfVersion1,
} from './golden-messages.js';

function compact(parts: readonly string[]): string {
  return parts.join('').replaceAll(' ', '');
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function bodyHex(golden: GoldenMessage): string {
  return compact(golden.body.map(([, bytes]) => bytes));
}

/** The 128 bytes of the slot. */
function slotHex(golden: GoldenMessage): string {
  return compact([golden.slotHeader!, bodyHex(golden)]).padEnd(SLOT_BYTES * 2, '0');
}

/** An event's block is its slot from byte 8 to the end of the body; every other block is the body. */
function frameHex(golden: GoldenMessage): string {
  const isEvent = messageByName(golden.name).kind === 'event';
  const eventHeader = isEvent ? compact([golden.slotHeader!]).slice(16) : '';
  return compact([golden.sbeHeader, eventHeader, bodyHex(golden)]);
}

function frameFields(golden: GoldenMessage): Record<string, unknown> {
  if (messageByName(golden.name).kind !== 'event') return golden.fields as Record<string, unknown>;
  const { sequence, timestampUs, index, sessionId } = GOLDEN_HEADER;
  return { sequence, timestampUs, index, sessionId, ...golden.fields };
}

const commands = goldenMessages.filter(({ name }) => messageByName(name).kind === 'command');
const events = goldenMessages.filter(({ name }) => messageByName(name).kind === 'event');

describe('the golden bytes', () => {
  it('are there for every message of the schema, field by field', () => {
    expect(goldenMessages.map(({ name }) => name)).toEqual(messages.map(({ name }) => name));
    for (const golden of goldenMessages) {
      const { fields } = messageByName(golden.name);
      expect(golden.body.map(([name, bytes]) => [name, bytes.length / 2])).toEqual(
        fields.map(({ name, size }) => [name, size]),
      );
    }
  });

  it('carry the template ids that are published', () => {
    expect(Object.fromEntries(messages.map(({ name, templateId }) => [name, templateId]))).toEqual(Template);
  });
});

describe.each([...commands, ...events])('the slot of $name', (golden) => {
  const header =
    messageByName(golden.name).kind === 'command' ? { ...GOLDEN_HEADER, index: 0 } : GOLDEN_HEADER;
  const name = golden.name as SlotMessageName;

  it('is encoded to its golden bytes and touches no other slot', () => {
    const words = new Int32Array(3 * SLOT_WORDS).fill(-1);
    encodeSlot(name, header, golden.fields as Partial<MessageFields[SlotMessageName]>, words, SLOT_WORDS);
    const bytes = new Uint8Array(words.buffer);
    expect(hex(bytes.subarray(SLOT_BYTES, 2 * SLOT_BYTES))).toBe(slotHex(golden));
    expect(bytes.subarray(0, SLOT_BYTES).every((byte) => byte === 0xff)).toBe(true);
    expect(bytes.subarray(2 * SLOT_BYTES).every((byte) => byte === 0xff)).toBe(true);
  });

  it('is decoded from its golden bytes', () => {
    const words = new Int32Array(new Uint8Array(Buffer.from(slotHex(golden), 'hex')).buffer);
    expect(decodeSlot(words, 0)).toEqual({
      name,
      templateId: messageByName(name).templateId,
      ...header,
      fields: golden.fields,
    });
  });
});

describe.each(goldenMessages)('the SBE frame of $name', (golden) => {
  const frame = new Uint8Array(Buffer.from(frameHex(golden), 'hex'));

  it('is encoded to its golden bytes', () => {
    expect(hex(encodeFrame(golden.name, frameFields(golden)))).toBe(frameHex(golden));
  });

  it('is decoded from its golden bytes', () => {
    const { templateId } = messageByName(golden.name);
    expect(decodeFrames(frame)).toEqual([{ name: golden.name, templateId, fields: frameFields(golden) }]);
  });
});

describe.each(commands)('the byte copy of the command $name', (golden) => {
  const { sentBy, templateId } = messageByName(golden.name);
  const frame = new Uint8Array(Buffer.from(frameHex(golden), 'hex'));

  it('makes the slot body from the frame', () => {
    const slots = new Uint8Array(3 * SLOT_BYTES).fill(0xff);
    copySbeBlockToSlot(viewOf(frame), SBE_HEADER_BYTES, new Int32Array(slots.buffer), SLOT_WORDS);
    expect(hex(slots.subarray(SLOT_BYTES + 32, 2 * SLOT_BYTES))).toBe(slotHex(golden).slice(64));
    expect(slots.subarray(0, SLOT_BYTES + 32).every((byte) => byte === 0xff)).toBe(true);
    expect(slots.subarray(2 * SLOT_BYTES).every((byte) => byte === 0xff)).toBe(true);
  });

  it('is let through when a client may send it, and only then', () => {
    const expected = sentBy === 'client' ? templateId : -RejectCode.UNKNOWN_TEMPLATE;
    expect(readSbeHeader(viewOf(frame), 0, frame.length)).toBe(expected);
  });
});

describe.each(events)('the byte copy of the event $name', (golden) => {
  const slot = new Uint8Array(Buffer.from(slotHex(golden), 'hex'));

  it('makes the frame from the slot', () => {
    const target = new Uint8Array(256).fill(0xff);
    const bytes = writeEventFrame(new Int32Array(slot.buffer), 0, new Int32Array(target.buffer), 2);
    expect(hex(target.subarray(8, 8 + bytes))).toBe(frameHex(golden));
    expect(target.subarray(0, 8).every((byte) => byte === 0xff)).toBe(true);
    expect(target.subarray(8 + bytes).every((byte) => byte === 0xff)).toBe(true);
  });
});

describe.each(goldenMessages)('the MessagePack frame of $name', (golden) => {
  const frame = new Uint8Array(Buffer.from(frameHex(golden), 'hex'));
  const packed = new Uint8Array(Buffer.from(compact(golden.msgpack), 'hex'));

  it('is encoded to its golden bytes, from an object and from an SBE frame', () => {
    const message = { name: golden.name, fields: frameFields(golden) } as MessageToEncode;
    expect(hex(encodeMsgpackFrame([message]))).toBe(compact(golden.msgpack));
    expect(hex(sbeToMsgpack(frame, 0, frame.length))).toBe(compact(golden.msgpack));
  });

  it('is decoded from its golden bytes to the SBE frame', () => {
    const decoder = new MsgpackDecoder(1, 'anyone');
    expect(decoder.decode(packed)).toBe(0);
    expect(hex(decoder.frame.subarray(0, decoder.frameBytes))).toBe(frameHex(golden));
  });
});

/** What a message of version 1 says in this version: what it did not have yet is 0. */
function fieldsOfVersion1(golden: GoldenMessage): Record<string, unknown> {
  const { blockFields } = messageByName(golden.name);
  const said = frameFields(golden);
  return Object.fromEntries(blockFields.map(({ name, type }) => [name, said[name] ?? nothingOf(type)]));
}

function nothingOf(type: FieldType): unknown {
  if (type === 'chars') return '';
  return type === 'u64' ? 0n : 0;
}

describe.each(goldenMessagesOfVersion1)('$name in the bytes of version 1', (golden) => {
  const { kind, sentBy, templateId, bodyBytes } = messageByName(golden.name);
  const frame = new Uint8Array(Buffer.from(frameHex(golden), 'hex'));

  it('has the place of every field for ever', () => {
    const { fields } = messageByName(golden.name);
    const sizes = golden.body.map(([, bytes]) => bytes.length / 2);
    expect(fields.slice(0, sizes.length).map(({ size }) => size)).toEqual(sizes);
    expect(bodyBytes).toBeGreaterThanOrEqual(sizes.reduce((sum, size) => sum + size, 0));
  });

  it('is decoded as a frame, with 0 for what it does not have', () => {
    expect(decodeFrames(frame)).toEqual([
      { name: golden.name, templateId, fields: fieldsOfVersion1(golden) },
    ]);
  });

  it('is decoded as MessagePack', () => {
    const packed = new Uint8Array(Buffer.from(compact(golden.msgpack), 'hex'));
    const decoder = new MsgpackDecoder(1, 'anyone');
    expect(decoder.decode(packed)).toBe(0);
    expect(decodeFrames(decoder.frame.subarray(0, decoder.frameBytes))[0]?.fields).toEqual(
      fieldsOfVersion1(golden),
    );
  });

  it.runIf(kind === 'command')('makes the same slot as ever', () => {
    const slots = new Uint8Array(SLOT_BYTES).fill(0xff);
    copySbeBlockToSlot(viewOf(frame), SBE_HEADER_BYTES, new Int32Array(slots.buffer), 0);
    expect(hex(slots.subarray(32))).toBe(slotHex(golden).slice(64));
  });

  it.runIf(sentBy === 'client')('is taken from a client', () => {
    expect(readSbeHeader(viewOf(frame), 0, frame.length)).toBe(templateId);
  });
});

import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { RejectCode, rejectName } from '../../src/core/codes.js';
import type { MessageFields, SlotMessageName } from '../../src/wire/message-fields.js';
import { decodeMsgpackFrame, MsgpackDecoder } from '../../src/wire/msgpack-decoder.js';
import { encodeMsgpackFrame, type MessageToEncode, sbeToMsgpack } from '../../src/wire/msgpack-encoder.js';
import {
  blockLengthOf,
  copySbeBlockToSlot,
  MAX_SBE_MESSAGE_BYTES,
  readSbeHeader,
  readSbeInt64,
  viewOf,
  writeEventFrame,
} from '../../src/wire/sbe.js';
import { appendFrame, decodeFrames, encodeFrame } from '../../src/wire/sbe-frames.js';
import { messageByName, messages, SBE_HEADER_BYTES } from '../../src/wire/schema.js';
import { SLOT_BYTES, SLOT_WORDS } from '../../src/wire/slot.js';
import { decodeSlot, encodeSlot } from '../../src/wire/slot-codec.js';
import { WireError } from '../../src/wire/wire-error.js';
import { currentGoldenMessages as goldenMessages } from '../golden/golden-messages.js';
import { allFields, anyMessage } from './wire-messages.js';

const seed = Number(process.env['RINGFENCE_SEED'] ?? 20261121);
const parameters = { seed, numRuns: 300 };

function concat(frames: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(frames.flatMap((frame) => [...frame]));
}

describe('what was encoded is decoded to the same', () => {
  it('as SBE, several messages in a frame, at any place of a larger buffer', () => {
    const property = fc.property(fc.array(anyMessage(), { maxLength: 5 }), fc.nat(9), (sent, at) => {
      const buffer = new Uint8Array(at + sent.length * MAX_SBE_MESSAGE_BYTES).fill(0xff);
      let end = at;
      for (const { name, fields } of sent) end += appendFrame(buffer, end, name, fields);
      const expected = sent.map(({ name, fields }) => ({
        name,
        templateId: messageByName(name).templateId,
        fields,
      }));
      expect(decodeFrames(buffer.subarray(at, end))).toEqual(expected);
      expect(buffer.subarray(end).every((byte) => byte === 0xff)).toBe(true);
    });
    fc.assert(property, parameters);
  });

  it('as MessagePack, from objects and from SBE bytes', () => {
    const property = fc.property(fc.array(anyMessage(), { minLength: 1, maxLength: 5 }), (sent) => {
      const frame = concat(sent.map(({ name, fields }) => encodeFrame(name, fields)));
      const packed = encodeMsgpackFrame(sent);
      expect(decodeMsgpackFrame(packed)).toEqual(decodeFrames(frame));
      expect(sbeToMsgpack(frame, 0, frame.length)).toEqual(packed);
    });
    fc.assert(property, parameters);
  });

  it('as slots, with any header', () => {
    const kinds = messages.filter(({ kind }) => kind !== 'session');
    const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
    const header = fc.record({
      accountId: uint32,
      sequence: fc.maxSafeNat(),
      timestampUs: fc.maxSafeNat(),
      index: uint32,
      sessionId: uint32,
    });
    for (const message of kinds) {
      const name = message.name as SlotMessageName;
      const property = fc.property(header, allFields(message.fields), (head, fields) => {
        const words = new Int32Array(2 * SLOT_WORDS).fill(-1);
        encodeSlot(name, head, fields as Partial<MessageFields[SlotMessageName]>, words, SLOT_WORDS);
        expect(decodeSlot(words, SLOT_WORDS)).toEqual({
          name,
          templateId: message.templateId,
          ...head,
          fields,
        });
      });
      fc.assert(property, { seed, numRuns: 30 });
    }
  });

  it('and MessagePack frames keep their bytes when later ones are packed', () => {
    const property = fc.property(fc.array(anyMessage(), { minLength: 2, maxLength: 40 }), (sent) => {
      const packed = sent.map((message) => encodeMsgpackFrame([message]));
      const copies = packed.map((frame) => frame.slice());
      encodeMsgpackFrame(Array.from({ length: 20 }, () => sent).flat());
      expect(packed).toEqual(copies);
    });
    fc.assert(property, { seed, numRuns: 100 });
  });
});

describe('the byte copies say what the codecs say', () => {
  it('a command of a client: frame to slot', () => {
    const isCommand = ({ kind, sentBy }: { kind: string; sentBy: string }) =>
      kind === 'command' && sentBy === 'client';
    const property = fc.property(anyMessage(isCommand), fc.nat(9), ({ name, fields }, at) => {
      const frame = new Uint8Array(at + MAX_SBE_MESSAGE_BYTES);
      const end = at + appendFrame(frame, at, name, fields);
      const templateId = readSbeHeader(viewOf(frame), at, end);
      expect(templateId).toBe(messageByName(name).templateId);
      expect(at + SBE_HEADER_BYTES + blockLengthOf[templateId]!).toBe(end);
      const { clientSequence } = fields as { clientSequence: number };
      expect(readSbeInt64(viewOf(frame), at + SBE_HEADER_BYTES)).toBe(clientSequence);

      const slots = new Uint8Array(SLOT_BYTES).fill(0xff);
      copySbeBlockToSlot(viewOf(frame), at + SBE_HEADER_BYTES, new Int32Array(slots.buffer), 0);
      const words = new Int32Array(SLOT_WORDS);
      const header = { accountId: 0, sequence: 0, timestampUs: 0 };
      encodeSlot(
        name as SlotMessageName,
        header,
        fields as Partial<MessageFields[SlotMessageName]>,
        words,
        0,
      );
      expect(slots.subarray(32)).toEqual(new Uint8Array(words.buffer, 32));
    });
    fc.assert(property, parameters);
  });

  it('an event: slot to frame', () => {
    const property = fc.property(
      anyMessage(({ kind }) => kind === 'event'),
      fc.nat(9),
      ({ name, fields }, at) => {
        const { sequence, timestampUs, index, sessionId, ...body } = fields as Record<string, number>;
        fc.pre(sequence! >= 0 && timestampUs! >= 0);
        const header = {
          accountId: 5,
          sequence: sequence!,
          timestampUs: timestampUs!,
          index: index!,
          sessionId: sessionId!,
        };
        const words = new Int32Array(SLOT_WORDS);
        encodeSlot(
          name as SlotMessageName,
          header,
          body as Partial<MessageFields[SlotMessageName]>,
          words,
          0,
        );
        const target = new Int32Array(at + MAX_SBE_MESSAGE_BYTES / 4);
        const bytes = writeEventFrame(words, 0, target, at);
        expect(new Uint8Array(target.buffer, at * 4, bytes)).toEqual(encodeFrame(name, fields));
      },
    );
    fc.assert(property, parameters);
  });
});

/** Frames that are nearly right: golden ones with bytes changed, cut out, put in and doubled. */
function mutated(frames: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const change = fc.tuple(
    fc.nat(),
    fc.integer({ min: 0, max: 255 }),
    fc.constantFrom('set', 'cut', 'insert', 'double'),
  );
  return fc
    .tuple(fc.constantFrom(...frames), fc.array(change, { minLength: 1, maxLength: 6 }))
    .map(([frame, changes]) => {
      const bytes = [...frame];
      for (const [where, value, what] of changes) {
        const at = where % (bytes.length + 1);
        if (what === 'set') bytes[at] = value;
        else if (what === 'cut') bytes.splice(at, 1 + (value % 8));
        else if (what === 'insert') bytes.splice(at, 0, value);
        else bytes.splice(at, 0, ...bytes.slice(at, at + value));
      }
      return new Uint8Array(bytes);
    });
}

const goldenSbe = goldenMessages.map(({ name, fields }) => encodeFrame(name, fields));
const goldenMsgpack = goldenMessages.map((golden) => encodeMsgpackFrame([golden as MessageToEncode]));
const fuzz = { seed, numRuns: 6000 };

/** Runs `decode`; what it throws must be a WireError with a code of ours. */
function decodeOrRefuse(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    expect(rejectName(error.code)).not.toMatch(/^CODE_/);
  }
}

describe('random and mutated bytes are decoded or refused with a code, never worse', () => {
  const sbeInput = fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated(goldenSbe));
  const msgpackInput = fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated(goldenMsgpack));

  it('as SBE in a gateway: a message that is let through lies within the frame', () => {
    const property = fc.property(sbeInput, (bytes) => {
      let offset = 0;
      while (offset < bytes.length) {
        const templateId = readSbeHeader(viewOf(bytes), offset, bytes.length);
        if (templateId < 0) {
          expect(rejectName(-templateId)).not.toMatch(/^CODE_/);
          return;
        }
        offset += SBE_HEADER_BYTES + blockLengthOf[templateId]!;
        expect(offset).toBeLessThanOrEqual(bytes.length);
      }
    });
    fc.assert(property, fuzz);
  });

  it('as SBE in a client', () => {
    fc.assert(
      fc.property(sbeInput, (bytes) => decodeOrRefuse(() => decodeFrames(bytes))),
      fuzz,
    );
  });

  it('as MessagePack in a client', () => {
    fc.assert(
      fc.property(msgpackInput, (bytes) => decodeOrRefuse(() => decodeMsgpackFrame(bytes))),
      fuzz,
    );
  });

  it('as MessagePack in a gateway: what is taken is a frame that readSbeHeader takes', () => {
    const decoder = new MsgpackDecoder(4);
    const property = fc.property(msgpackInput, (bytes) => {
      const code = decoder.decode(bytes);
      if (code !== 0) {
        expect(rejectName(code)).not.toMatch(/^CODE_/);
        expect(decoder.errorText).toMatch(/^[ -~]{1,84}$/);
        return;
      }
      let offset = 0;
      while (offset < decoder.frameBytes) {
        const templateId = readSbeHeader(decoder.view, offset, decoder.frameBytes);
        expect(templateId).toBeGreaterThan(0);
        offset += SBE_HEADER_BYTES + blockLengthOf[templateId]!;
      }
      expect(offset).toBe(decoder.frameBytes);
    });
    fc.assert(property, fuzz);
  });

  it('and any MessagePack value that is not a message is refused', () => {
    const decoder = new MsgpackDecoder(4);
    const packr = new Packr({ useRecords: false });
    const property = fc.property(
      fc.anything({ withBigInt: false, withDate: true, withMap: true }),
      (value) => {
        expect([RejectCode.MALFORMED_FRAME, RejectCode.TOO_MANY_MESSAGES]).toContain(
          decoder.decode(packr.pack(value)),
        );
      },
    );
    fc.assert(property, { seed, numRuns: 1000 });
  });
});

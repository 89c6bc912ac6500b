import { describe, expect, it } from 'vitest';
import { RejectCode } from '../../src/core/codes.js';
import { placeFields } from '../../src/wire/layout.js';
import { messages, offsetOf } from '../../src/wire/schema.js';
import {
  HeaderWord,
  packTemplate,
  RECORD_VERSION,
  SLOT_BODY_BYTES,
  SLOT_WORDS,
  templateOf,
  versionOf,
  writeSlotHeader,
} from '../../src/wire/slot.js';
import { decodeSlot, encodeSlot } from '../../src/wire/slot-codec.js';

const header = { accountId: 1, sequence: 2, timestampUs: 3 };

describe('the schema', () => {
  it('refuses a layout that would need padding, or a field without a length', () => {
    const narrow = { name: 'a', type: 'u8', notes: '' } as const;
    const wide = { name: 'b', type: 'u32', notes: '' } as const;
    expect(() => placeFields('m', [narrow, wide])).toThrow('schema: m.b at offset 1 is not aligned to 4');
    expect(() => placeFields('m', [{ name: 'c', type: 'chars', notes: '' }])).toThrow(
      'schema: m.c has no length',
    );
  });

  it('has no two messages of one id or one name, and no two fields of one name', () => {
    expect(new Set(messages.map(({ templateId }) => templateId)).size).toBe(messages.length);
    expect(new Set(messages.map(({ name }) => name)).size).toBe(messages.length);
    for (const { blockFields } of messages) {
      expect(new Set(blockFields.map(({ name }) => name)).size).toBe(blockFields.length);
    }
  });

  it('fits every command and event into a slot body', () => {
    for (const { kind, bodyBytes } of messages) {
      if (kind !== 'session') expect(bodyBytes).toBeLessThanOrEqual(SLOT_BODY_BYTES);
    }
  });

  it('starts every command with clientSequence, and every event with the two numbers of a report', () => {
    for (const { kind, name } of messages) {
      if (kind === 'command') expect(offsetOf(name, 'clientSequence')).toBe(0);
      if (kind !== 'event') continue;
      expect([offsetOf(name, 'reportSequence'), offsetOf(name, 'clientSequence')]).toEqual([0, 8]);
    }
  });
});

describe('a slot', () => {
  it('keeps template, version and flags apart in its first word', () => {
    const word = packTemplate(0x0102, 0xfe, 0xff);
    expect([templateOf(word), versionOf(word), word >>> 24]).toEqual([0x0102, 0xfe, 0xff]);
  });

  it('gets a whole header by writeSlotHeader and keeps its body', () => {
    const words = new Int32Array(2 * SLOT_WORDS).fill(-1);
    writeSlotHeader(words, SLOT_WORDS, 203, 2 ** 32 - 1, 2 ** 53 - 1, 5, 6, 7);
    const decoded = decodeSlot(words.slice().fill(0, SLOT_WORDS + HeaderWord.body), SLOT_WORDS);
    expect(decoded).toMatchObject({ name: 'trade', accountId: 2 ** 32 - 1, sequence: 2 ** 53 - 1 });
    expect(decoded).toMatchObject({ timestampUs: 5, index: 6, sessionId: 7 });
    expect(versionOf(words[SLOT_WORDS]!)).toBe(RECORD_VERSION);
    expect(words.subarray(SLOT_WORDS + HeaderWord.body).every((word) => word === -1)).toBe(true);
    expect(words.subarray(0, SLOT_WORDS).every((word) => word === -1)).toBe(true);
  });

  it('may be in shared memory', () => {
    const words = new Int32Array(new SharedArrayBuffer(SLOT_WORDS * 4));
    encodeSlot('deposit', header, { asset: 'USD', transferId: 5n }, words, 0);
    expect(decodeSlot(words, 0)).toMatchObject({ name: 'deposit', fields: { asset: 'USD', transferId: 5n } });
  });

  it('has 0 for every field and header field that is left out', () => {
    const words = new Int32Array(SLOT_WORDS).fill(-1);
    encodeSlot('massCancelled', header, {}, words, 0);
    const fields = { reportSequence: 0, clientSequence: 0, orderCount: 0, reserved0: 0 };
    expect(decodeSlot(words, 0)).toMatchObject({ index: 0, sessionId: 0, fields });
  });

  it('shows text that no client may send without failing', () => {
    const words = new Int32Array(SLOT_WORDS);
    encodeSlot('deposit', header, { asset: 'ABC' }, words, 0);
    const asset = new Uint8Array(words.buffer, 32 + offsetOf('deposit', 'asset'), 12);
    asset.set([0x41, 0, 0xff, 0x0a]);
    expect(decodeSlot(words, 0)).toMatchObject({ fields: { asset: 'A???' } });
  });

  it.each([
    [{ ...header, accountId: -1 }, 'accountId: -1 is not an integer from 0 to 4294967295'],
    [
      { ...header, sequence: 2 ** 53 },
      'sequence: 9007199254740992 is not an integer from 0 to 9007199254740991',
    ],
    [{ ...header, timestampUs: 0.5 }, 'timestampUs: 0.5 is not an integer from 0 to 9007199254740991'],
    [{ ...header, index: 2 ** 32 }, 'index: 4294967296 is not an integer from 0 to 4294967295'],
    [{ ...header, sessionId: -1 }, 'sessionId: -1 is not an integer from 0 to 4294967295'],
  ])('refuses the header %j', (wrong, text) => {
    expect(() => encodeSlot('massCancel', wrong, {}, new Int32Array(SLOT_WORDS), 0)).toThrow(text);
  });

  it('refuses fields that the message does not have', () => {
    const fields = { price: 5 } as never;
    const text = 'cancelOrder.price: no such field; there are clientSequence, clientOrderId, instrumentId';
    expect(() => encodeSlot('cancelOrder', header, fields, new Int32Array(SLOT_WORDS), 0)).toThrow(text);
  });

  it('is not decoded when its template is unknown, or that of a session message', () => {
    const code = RejectCode.UNKNOWN_TEMPLATE;
    for (const templateId of [0, 99, 402, 0xffff]) {
      const words = new Int32Array(SLOT_WORDS);
      writeSlotHeader(words, 0, templateId, 0, 1, 1, 0, 0);
      expect(() => decodeSlot(words, 0)).toThrow(expect.objectContaining({ code }));
    }
  });

  it('is not decoded when an i64 in it is not a safe integer', () => {
    const words = new Int32Array(SLOT_WORDS);
    encodeSlot('massCancel', header, {}, words, 0);
    words[HeaderWord.body + 1] = 0x20_0000;
    expect(() => decodeSlot(words, 0)).toThrow('massCancel.clientSequence: 9007199254740992 is not');
  });
});

import { describe, expect, it } from 'vitest';
import { RejectCode } from '../../src/core/codes.js';
import {
  blockLengthOf,
  clientBlockLengthOf,
  MAX_SBE_MESSAGE_BYTES,
  readSbeHeader,
  readSbeInt64,
  viewOf,
} from '../../src/wire/sbe.js';
import { appendFrame, decodeFrames, encodeFrame } from '../../src/wire/sbe-frames.js';
import {
  messageByName,
  messages,
  SBE_HEADER_BYTES,
  SCHEMA_VERSION,
  Template,
} from '../../src/wire/schema.js';

const { MALFORMED_FRAME, UNKNOWN_TEMPLATE, UNSUPPORTED_SCHEMA, BAD_BLOCK_LENGTH, BAD_FIELD } = RejectCode;

const cancel = encodeFrame('cancelOrder', { clientSequence: 7, clientOrderId: 17n, instrumentId: 3 });

/** The frame with a u16 of its header changed. */
function withHeader(frame: Uint8Array, at: 0 | 2 | 4 | 6, value: number): Uint8Array {
  const changed = frame.slice();
  new DataView(changed.buffer).setUint16(at, value, true);
  return changed;
}

/** The deposit with its amount, an i64 in the middle of the block, given as a bigint. */
function depositOf(amount: bigint): Uint8Array {
  const frame = encodeFrame('deposit', {
    clientSequence: 1,
    transferId: 2n ** 64n - 1n,
    accountId: 1,
    asset: 'USD',
  });
  new DataView(frame.buffer).setBigInt64(SBE_HEADER_BYTES + 16, amount, true);
  return frame;
}

const read = (frame: Uint8Array) => readSbeHeader(viewOf(frame), 0, frame.length);

describe('a gateway reads the header of a message', () => {
  it('and gets the template of a good one, anywhere in a frame', () => {
    const frame = new Uint8Array(5 + 2 * cancel.length + 3);
    frame.set(cancel, 5);
    frame.set(cancel, 5 + cancel.length);
    expect(readSbeHeader(viewOf(frame), 5, frame.length)).toBe(Template.cancelOrder);
    expect(readSbeHeader(viewOf(frame), 5 + cancel.length, 5 + 2 * cancel.length)).toBe(Template.cancelOrder);
  });

  it('and refuses one that is cut short at any byte, also when the buffer goes on', () => {
    for (let end = 0; end < cancel.length; end++)
      expect(readSbeHeader(viewOf(cancel), 0, end)).toBe(-MALFORMED_FRAME);
  });

  it.each([
    ['another schema', withHeader(cancel, 4, 0x5247), UNSUPPORTED_SCHEMA],
    ['an older version', withHeader(cancel, 6, 0), UNSUPPORTED_SCHEMA],
    ['a newer version', withHeader(cancel, 6, SCHEMA_VERSION + 1), UNSUPPORTED_SCHEMA],
    ['template 0', withHeader(cancel, 2, 0), UNKNOWN_TEMPLATE],
    ['a template beyond every table', withHeader(cancel, 2, 0xffff), UNKNOWN_TEMPLATE],
    ['a template of no message', withHeader(cancel, 2, 500), UNKNOWN_TEMPLATE],
    ['a block that is shorter than the message', withHeader(cancel, 0, 16), BAD_BLOCK_LENGTH],
    ['a block that is longer than the message', withHeader(cancel, 0, 24), BAD_BLOCK_LENGTH],
    ['a block length of 0', withHeader(cancel, 0, 0), BAD_BLOCK_LENGTH],
  ])('and refuses %s', (_, frame, code) => {
    expect(read(frame)).toBe(-code);
  });

  it('and takes every length that a message ever had, but no other', () => {
    for (const { name, earlierBlockLengths, blockLength } of messages.filter(
      ({ sentBy }) => sentBy === 'client',
    )) {
      const frame = encodeFrame(name, {});
      for (let length = 1; length < blockLength; length++) {
        const expected = earlierBlockLengths.includes(length)
          ? messageByName(name).templateId
          : -BAD_BLOCK_LENGTH;
        for (const version of [1, SCHEMA_VERSION])
          expect(read(withHeader(withHeader(frame, 0, length), 6, version)), `${name} ${length}`).toBe(
            expected,
          );
      }
    }
  });

  it('and lets through exactly the messages that clients send', () => {
    const sent = messages.filter(({ name }) => read(encodeFrame(name, {})) > 0).map(({ name }) => name);
    expect(sent).toEqual([
      'listInstrument',
      'openAccount',
      'registerApiKey',
      'deposit',
      'withdraw',
      'newOrder',
      'cancelOrder',
      'replaceOrder',
      'massCancel',
      'requestSnapshot',
      'setInstrumentFees',
      'setAccountFeeTier',
      'setSelfTradePrevention',
      'setTradingDayEnd',
      'setAccountStatus',
      'setPriceBand',
      'setOrderLimits',
      'transfer',
      'setAccountThrottle',
      'setMarketState',
      'changeInstrument',
      'removeInstrument',
      'setMarkPrice',
      'activateLogic',
      'logon',
      'ping',
      'subscribe',
      'unsubscribe',
      'resendRequest',
      'logout',
    ]);
    for (const { name, templateId } of messages)
      expect(clientBlockLengthOf[templateId]! > 0).toBe(sent.includes(name));
  });

  it.each([2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n])(
    'and refuses an i64 of %d, which is not a safe integer',
    (amount) => {
      expect(read(depositOf(amount))).toBe(-BAD_FIELD);
    },
  );

  it.each([2n ** 53n - 1n, 1n - 2n ** 53n, 0n, -1n, 2n ** 32n, -(2n ** 32n) - 5n])(
    'and reads an i64 of %d exactly',
    (amount) => {
      const frame = depositOf(amount);
      expect(read(frame)).toBe(Template.deposit);
      expect(readSbeInt64(viewOf(frame), SBE_HEADER_BYTES + 16)).toBe(Number(amount));
    },
  );

  it('and finds an unsafe i64 in every i64 field of every message of a client', () => {
    for (const { name, blockFields } of messages.filter(({ sentBy }) => sentBy === 'client')) {
      for (const { offset, type } of blockFields) {
        if (type !== 'i64') continue;
        const frame = encodeFrame(name, {});
        new DataView(frame.buffer).setBigInt64(SBE_HEADER_BYTES + offset, 2n ** 53n, true);
        expect(read(frame), `${name} at ${offset}`).toBe(-BAD_FIELD);
      }
    }
  });

  it('and no message is longer than the longest', () => {
    for (const { blockLength, templateId } of messages) {
      expect(blockLengthOf[templateId]).toBe(blockLength);
      expect(SBE_HEADER_BYTES + blockLength).toBeLessThanOrEqual(MAX_SBE_MESSAGE_BYTES);
    }
  });
});

/** The frame of a newer version, with its block longer by `extra`. */
function newer(frame: Uint8Array, extra: number): Uint8Array {
  const longer = new Uint8Array(frame.length + extra).fill(0xee);
  longer.set(frame);
  return withHeader(withHeader(longer, 0, frame.length - SBE_HEADER_BYTES + extra), 6, SCHEMA_VERSION + 1);
}

describe('a client decodes frames', () => {
  const pong = encodeFrame('pong', { clientTimeUs: 5, serverTimeUs: 6 });
  const decodedPong = {
    name: 'pong',
    templateId: Template.pong,
    fields: { clientTimeUs: 5, serverTimeUs: 6 },
  };

  it('of no messages', () => {
    expect(decodeFrames(new Uint8Array(0))).toEqual([]);
  });

  it('and passes over what a newer version has added to a block', () => {
    const frame = new Uint8Array([...newer(pong, 4), ...pong]);
    expect(decodeFrames(frame)).toEqual([decodedPong, decodedPong]);
  });

  it('and passes over the messages of a newer version that it does not know', () => {
    const frame = new Uint8Array([...withHeader(newer(pong, 8), 2, 499), ...pong]);
    expect(decodeFrames(frame)).toEqual([decodedPong]);
  });

  it.each([
    ['cut short in the header', pong.subarray(0, 7), MALFORMED_FRAME],
    ['cut short in the block', pong.subarray(0, 23), MALFORMED_FRAME],
    ['of another schema', withHeader(pong, 4, 1), UNSUPPORTED_SCHEMA],
    ['of an older version', withHeader(pong, 6, 0), UNSUPPORTED_SCHEMA],
    ['with an unknown template of this version', withHeader(pong, 2, 499), UNKNOWN_TEMPLATE],
    ['with a shorter block', withHeader(pong, 0, 8), BAD_BLOCK_LENGTH],
    [
      'with a shorter block of a newer version',
      withHeader(withHeader(pong, 0, 8), 6, SCHEMA_VERSION + 1),
      BAD_BLOCK_LENGTH,
    ],
    ['with a longer block of this version', withHeader(newer(pong, 4), 6, SCHEMA_VERSION), BAD_BLOCK_LENGTH],
    ['with an i64 that is not a safe integer', depositOf(2n ** 53n), BAD_FIELD],
  ])('and refuses one %s', (_, frame, code) => {
    expect(() => decodeFrames(frame)).toThrow(expect.objectContaining({ name: 'WireError', code }));
  });
});

describe('a message is encoded', () => {
  it('with zeros for the fields that are left out, whatever was in the target', () => {
    const target = new Uint8Array(100).fill(0xff);
    const bytes = appendFrame(target, 10, 'newOrder', { clientSequence: 1 });
    expect(bytes).toBe(SBE_HEADER_BYTES + messageByName('newOrder').blockLength);
    expect(target.slice(26, 10 + bytes)).toEqual(new Uint8Array(bytes - 16));
    expect(target[10 + bytes]).toBe(0xff);
  });

  it('only where there is room for it', () => {
    const bytes = SBE_HEADER_BYTES + messageByName('newOrder').blockLength;
    expect(() => appendFrame(new Uint8Array(8 + bytes - 1), 8, 'newOrder', {})).toThrow(RangeError);
    expect(appendFrame(new Uint8Array(8 + bytes), 8, 'newOrder', {})).toBe(bytes);
  });

  it.each([
    [
      'newOrder',
      { priceTicks: 2 ** 31 },
      'newOrder.priceTicks: 2147483648 is not an integer from -2147483648 to 2147483647',
    ],
    [
      'newOrder',
      { priceTicks: 1.5 },
      'newOrder.priceTicks: 1.5 is not an integer from -2147483648 to 2147483647',
    ],
    [
      'newOrder',
      { priceTicks: '5' },
      'newOrder.priceTicks: "5" is not an integer from -2147483648 to 2147483647',
    ],
    ['newOrder', { side: -1 }, 'newOrder.side: -1 is not an integer from 0 to 255'],
    [
      'newOrder',
      { clientSequence: 2 ** 53 },
      'newOrder.clientSequence: 9007199254740992 is not an integer from -(2^53-1) to 2^53-1',
    ],
    [
      'newOrder',
      { clientSequence: Number.NaN },
      'newOrder.clientSequence: NaN is not an integer from -(2^53-1) to 2^53-1',
    ],
    [
      'newOrder',
      { clientOrderId: 5 },
      'newOrder.clientOrderId: 5 is not an integer from 0 to 18446744073709551615',
    ],
    [
      'newOrder',
      { clientOrderId: -1n },
      'newOrder.clientOrderId: -1 is not an integer from 0 to 18446744073709551615',
    ],
    [
      'newOrder',
      { clientOrderId: 2n ** 64n },
      'newOrder.clientOrderId: 18446744073709551616 is not an integer from 0 to 18446744073709551615',
    ],
    [
      'deposit',
      { asset: 'ABCDEFGHIJKLM' },
      'deposit.asset: "ABCDEFGHIJKLM" is not at most 12 characters of printable ASCII',
    ],
    ['deposit', { asset: 'US\n' }, 'deposit.asset: "US\\n" is not at most 12 characters of printable ASCII'],
    [
      'registerApiKey',
      { publicKey: new Uint8Array(31) },
      'registerApiKey.publicKey: 31 bytes is not exactly 32 bytes',
    ],
    ['ping', { time: 5 }, 'ping.time: no such field; there are clientTimeUs'],
    [
      'trade',
      { symbol: 'X' },
      'trade.symbol: no such field; there are sequence, timestampUs, index, sessionId, reportSequence',
    ],
  ] as const)('%s %o is refused, with the field and what it takes', (name, fields, text) => {
    expect(() => encodeFrame(name, fields as never)).toThrow(text);
    expect(() => encodeFrame(name, fields as never)).toThrow(expect.objectContaining({ code: BAD_FIELD }));
  });
});

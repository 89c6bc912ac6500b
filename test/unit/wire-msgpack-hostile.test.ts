/** What a client can do to the MessagePack decoder: every mistake has a code, and none costs more than its bytes. */
import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { RejectCode } from '../../src/core/codes.js';
import { decodeMsgpackFrame, MsgpackDecoder } from '../../src/wire/msgpack-decoder.js';
import { messageByName, Template } from '../../src/wire/schema.js';
import { currentGoldenMessages as goldenMessages } from '../golden/golden-messages.js';

const MAX_MESSAGES = 4;
const decoder = new MsgpackDecoder(MAX_MESSAGES);
const packr = new Packr({ useRecords: false, variableMapSize: true, moreTypes: false });

function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}

function repeat(hex: string, count: number): string {
  return hex.replaceAll(' ', '').repeat(count);
}

const text = (value: string): string => Buffer.from(packr.pack(value)).toString('hex');

/** A ping with the value given as bytes. */
function ping(value: string): string {
  return `82 ${text('type')} ${text('ping')} ${text('clientTimeUs')} ${value}`;
}

const ORDER = {
  type: 'newOrder',
  clientSequence: 42,
  clientOrderId: 17,
  instrumentId: 1,
  priceTicks: 58533,
  quantityLots: 100,
  side: 'buy',
  orderType: 'limit',
  timeInForce: 'GTC',
};

const { MALFORMED_FRAME, TOO_MANY_MESSAGES, UNKNOWN_TEMPLATE, BAD_FIELD } = RejectCode;

const corpus: readonly (readonly [title: string, code: number, hex: string])[] = [
  ['nothing', MALFORMED_FRAME, ''],
  ['200 nested arrays of 30 million elements', TOO_MANY_MESSAGES, repeat('dd 01c9c380', 200)],
  ['one array of 30 million elements and nothing else', TOO_MANY_MESSAGES, 'dd 01c9c380'],
  ['an array of 4 billion elements', TOO_MANY_MESSAGES, 'dd ffffffff'],
  ['a map of 4 billion keys', MALFORMED_FRAME, 'df ffffffff'],
  ['a map of 65,535 keys', MALFORMED_FRAME, 'de ffff'],
  ['a string that claims 4 GiB', MALFORMED_FRAME, `81 ${text('type')} db ffffffff`],
  ['a key that claims 4 GiB', MALFORMED_FRAME, '81 db ffffffff'],
  ['a binary that claims 4 GiB', MALFORMED_FRAME, `81 ${text('type')} c6 ffffffff`],
  ['a record definition', MALFORMED_FRAME, 'd4 72 40 91 a4 73696465'],
  ['a record definition as a value', MALFORMED_FRAME, ping('d4 72 40 91 a1 61 01')],
  ['a record definition as a message', MALFORMED_FRAME, '91 d4 72 40 91 a1 61 01'],
  ['a structured-clone reference', MALFORMED_FRAME, ping('d6 69 00000001')],
  ['a structured-clone loop', MALFORMED_FRAME, '91 d6 69 00000001 91 d6 70 00000001'],
  ['a timestamp', MALFORMED_FRAME, ping('d6 ff 00000000')],
  ['a regular expression', MALFORMED_FRAME, ping('c7 05 78 92 a1 61 a1 67')],
  ['every other extension head', MALFORMED_FRAME, ping('c8 0001 01 00')],
  ['a 32-bit extension length', MALFORMED_FRAME, ping('c9 ffffffff 01')],
  ['the unused head c1', MALFORMED_FRAME, ping('c1')],
  ['100,000 nested arrays', MALFORMED_FRAME, repeat('91', 100_000)],
  ['100,000 nested maps', MALFORMED_FRAME, repeat(`81 ${text('type')}`, 100_000)],
  ['an array as a value', MALFORMED_FRAME, ping('90')],
  ['a map as a value', MALFORMED_FRAME, ping('80')],
  ['an array in an array', MALFORMED_FRAME, `91 91 ${ping('01')}`],
  ['an empty array', MALFORMED_FRAME, '90'],
  ['an empty map', MALFORMED_FRAME, '80'],
  ['a number alone', MALFORMED_FRAME, '05'],
  ['a string alone', MALFORMED_FRAME, text('ping')],
  ['nil alone', MALFORMED_FRAME, 'c0'],
  ['bytes behind the message', MALFORMED_FRAME, `${ping('01')} 00`],
  ['a second message without an array', MALFORMED_FRAME, `${ping('01')} ${ping('01')}`],
  ['more messages than are allowed', TOO_MANY_MESSAGES, `95 ${repeat(ping('01'), 5)}`],
  ['fewer messages than announced', MALFORMED_FRAME, `92 ${ping('01')}`],
  ['a key that is a number', MALFORMED_FRAME, `82 ${text('type')} ${text('ping')} 01 01`],
  ['a key of 33 bytes', MALFORMED_FRAME, `81 ${text('k'.repeat(33))} 01`],
  ['a text of 129 bytes', MALFORMED_FRAME, ping(`d9 81 ${'61'.repeat(129)}`)],
  ['a binary of 129 bytes', MALFORMED_FRAME, ping(`c4 81 ${'00'.repeat(129)}`)],
  ['no type', MALFORMED_FRAME, `81 ${text('clientTimeUs')} 01`],
  ['a type that is a number', MALFORMED_FRAME, `81 ${text('type')} 06`],
  ['the type twice', MALFORMED_FRAME, `82 ${text('type')} ${text('ping')} ${text('type')} ${text('ping')}`],
  ['an unknown type', UNKNOWN_TEMPLATE, `81 ${text('type')} ${text('toString')}`],
  ['__proto__ as the type', UNKNOWN_TEMPLATE, `81 ${text('type')} ${text('__proto__')}`],
  ['an event as the type', UNKNOWN_TEMPLATE, `81 ${text('type')} ${text('trade')}`],
  ['a message of the gateway as the type', UNKNOWN_TEMPLATE, `81 ${text('type')} ${text('logonAccepted')}`],
  ['a command of the node as the type', UNKNOWN_TEMPLATE, `81 ${text('type')} ${text('epochStarted')}`],
  ['NaN', BAD_FIELD, ping('cb 7ff8000000000000')],
  ['a float', BAD_FIELD, ping('cb 3ff8000000000000')],
  ['a whole float', BAD_FIELD, ping('cb 4000000000000000')],
  ['a 32-bit float', BAD_FIELD, ping('ca 3f800000')],
  ['nil', BAD_FIELD, ping('c0')],
  ['true', BAD_FIELD, ping('c3')],
  ['a binary for a number', BAD_FIELD, ping('c4 01 00')],
  ['digits for a number', BAD_FIELD, ping(text('5'))],
  ['2^53', BAD_FIELD, ping('cf 0020000000000000')],
  ['2^53+1', BAD_FIELD, ping('d3 0020000000000001')],
  ['2^64-1 as an i64', BAD_FIELD, ping('cf ffffffffffffffff')],
  ['-2^53', BAD_FIELD, ping('d3 ffe0000000000000')],
  ['-2^63', BAD_FIELD, ping('d3 8000000000000000')],
];

describe('a hostile MessagePack frame is refused with a code:', () => {
  it.each(corpus)('%s', (_, code, hex) => {
    expect(decoder.decode(fromHex(hex))).toBe(code);
    expect(decoder.frameBytes).toBe(0);
    expect(decoder.errorText).toMatch(/^[ -~]{1,84}$/);
  });

  it.each(corpus.filter(([, code]) => code === MALFORMED_FRAME || code === BAD_FIELD))(
    'by a client too: %s',
    (_, code, hex) => {
      expect(() => decodeMsgpackFrame(fromHex(hex))).toThrow(expect.objectContaining({ code }));
    },
  );

  it.each(corpus)('and costs no more than a few looks at each byte: %s', (_, _code, hex) => {
    const bytes = fromHex(hex);
    let looks = 0;
    const watched = new Proxy(bytes, {
      get(target, key) {
        if (typeof key === 'string' && key !== 'length') looks++;
        return Reflect.get(target, key, target) as unknown;
      },
    });
    decoder.decode(watched);
    expect(looks).toBeLessThanOrEqual(4 * bytes.length);
    expect(looks > 0).toBe(bytes.length > 0);
  });

  it('and the decoder takes the next good frame as if nothing had been', () => {
    for (const [, , hex] of corpus) {
      decoder.decode(fromHex(hex));
      expect(decoder.decode(packr.pack(ORDER))).toBe(0);
      expect(decoder.errorText).toBe('');
      expect(decoder.errorTemplateId).toBe(0);
    }
  });

  it('and Object.prototype is what it was', () => {
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      const hostile = `82 ${text('type')} ${text('ping')} ${text(key)} 01`;
      expect(decoder.decode(fromHex(hostile))).toBe(BAD_FIELD);
      expect(decoder.errorText).toBe(`ping has no field "${key}"`);
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('cut at every byte it is malformed, for every message', () => {
    const any = new MsgpackDecoder(1, 'anyone');
    for (const golden of goldenMessages) {
      const frame = fromHex(golden.msgpack.join(''));
      expect(any.decode(frame)).toBe(0);
      for (let length = 0; length < frame.length; length++) {
        expect(any.decode(frame.subarray(0, length)), `${golden.name} cut at ${length}`).toBe(
          MALFORMED_FRAME,
        );
      }
    }
  });
});

/** The order with some keys changed; undefined takes a key away. */
function decodeOrder(changes: Record<string, unknown>): { code: number; text: string } {
  const map = Object.fromEntries(Object.entries({ ...ORDER, ...changes }).filter(([, v]) => v !== undefined));
  return { code: decoder.decode(packr.pack(map)), text: decoder.errorText };
}

describe('a field that is not as the schema says', () => {
  it.each([
    [{ priceTicks: 2 ** 31 }, 'newOrder.priceTicks must be an integer from -2147483648 to 2147483647'],
    [{ priceTicks: undefined }, 'newOrder.priceTicks is missing'],
    [{ priceTick: 5 }, 'newOrder has no field "priceTick"'],
    [{ 'price\u00a0\n': 5 }, 'newOrder has no field "price???"'],
    [{ instrumentId: -1 }, 'newOrder.instrumentId must be an integer from 0 to 4294967295'],
    [{ side: 'Buy' }, 'newOrder.side must be buy, sell or an integer from 0 to 255'],
    [{ side: 'constructor' }, 'newOrder.side must be buy, sell or an integer from 0 to 255'],
    [{ side: 256 }, 'newOrder.side must be buy, sell or an integer from 0 to 255'],
    [
      { timeInForce: 'Day' },
      'newOrder.timeInForce must be GTC, IOC, FOK, GTD, DAY or an integer from 0 to 255',
    ],
    [{ clientOrderId: -1 }, 'newOrder.clientOrderId must be an integer from 0 to 18446744073709551615'],
    [
      { clientOrderId: '18446744073709551616' },
      'newOrder.clientOrderId must be an integer from 0 to 18446744073709551615',
    ],
    [{ clientOrderId: '017' }, 'newOrder.clientOrderId must be an integer from 0 to 18446744073709551615'],
    [{ clientOrderId: '' }, 'newOrder.clientOrderId must be an integer from 0 to 18446744073709551615'],
    [{ clientOrderId: '1e3' }, 'newOrder.clientOrderId must be an integer from 0 to 18446744073709551615'],
    [{ clientSequence: 'x' }, 'newOrder.clientSequence must be an integer from -(2^53-1) to 2^53-1'],
  ])('%j is named in the text', (changes, expected) => {
    expect(decodeOrder(changes)).toEqual({ code: BAD_FIELD, text: expected });
    expect(decoder.errorTemplateId).toBe(Template.newOrder);
  });

  it('is refused when it is there twice', () => {
    const twice = `83 ${text('type')} ${text('ping')} ${text('clientTimeUs')} 01 ${text('clientTimeUs')} 01`;
    expect(decoder.decode(fromHex(twice))).toBe(BAD_FIELD);
    expect(decoder.errorText).toBe('ping.clientTimeUs is there twice');
  });

  it('of a text is refused when it is too long or not printable', () => {
    const deposit = { type: 'deposit', clientSequence: 1, transferId: 1, amount: 1, accountId: 1 };
    for (const asset of ['ABCDEFGHIJKLM', 'US\u0000', 'US\n', '\u00dcSD', 5]) {
      expect(decoder.decode(packr.pack({ ...deposit, asset }))).toBe(BAD_FIELD);
      expect(decoder.errorText).toBe('deposit.asset must be at most 12 characters of printable ASCII');
    }
    expect(decoder.decode(packr.pack({ ...deposit, asset: 'ABCDEFGHIJKL' }))).toBe(0);
  });

  it('of bytes is refused when it is not exactly so many, as bin or as hexadecimal digits', () => {
    const key = { type: 'registerApiKey', clientSequence: 1, accountId: 1, permissions: 1 };
    for (const publicKey of [
      Buffer.alloc(31),
      Buffer.alloc(33),
      'ab'.repeat(31),
      `${'ab'.repeat(31)}xy`,
      5,
    ]) {
      expect(decoder.decode(packr.pack({ ...key, publicKey }))).toBe(BAD_FIELD);
      expect(decoder.errorText).toBe('registerApiKey.publicKey must be exactly 32 bytes');
    }
    for (const publicKey of [Buffer.alloc(32, 0xab), 'ab'.repeat(32), 'aB'.repeat(32)]) {
      expect(decoder.decode(packr.pack({ ...key, publicKey }))).toBe(0);
      expect(decoder.frame.subarray(24, 56).every((byte) => byte === 0xab)).toBe(true);
    }
  });

  it('takes the number of the command into the refusal, wherever the key stands', () => {
    decodeOrder({ quantityLots: 1.5 });
    expect(decoder.errorClientSequence).toBe(42);
    decoder.decode(packr.pack({ quantityLots: 1.5, clientSequence: 43, type: 'newOrder' }));
    expect([decoder.errorTemplateId, decoder.errorClientSequence]).toEqual([Template.newOrder, 43]);
    decoder.decode(packr.pack({ type: 'newOrder', clientSequence: 'x' }));
    expect([decoder.errorTemplateId, decoder.errorClientSequence]).toEqual([Template.newOrder, 0]);
  });

  it('makes the whole frame refused, also the good messages before it', () => {
    expect(decoder.decode(packr.pack([ORDER, ORDER, { ...ORDER, side: 'up' }]))).toBe(BAD_FIELD);
    expect(decoder.frameBytes).toBe(0);
  });
});

describe('a frame that is right', () => {
  const [order] = decodeMsgpackFrame(packr.pack(ORDER));

  it.each([
    ['in another order of keys', Object.fromEntries(Object.entries(ORDER).reverse())],
    ['with numbers for names', { ...ORDER, side: 1, orderType: 1, timeInForce: 1 }],
    ['with the id in digits', { ...ORDER, clientOrderId: '17' }],
    ['with 64-bit integers', { ...ORDER, priceTicks: 58533n, clientOrderId: 17n, side: 1n }],
    ['with the optional flags', { ...ORDER, flags: 0 }],
  ])('is taken %s', (_, map) => {
    expect(decodeMsgpackFrame(packr.pack(map))).toEqual([order]);
  });

  it.each([
    '05',
    'cc 05',
    'cd 0005',
    'ce 00000005',
    'cf 0000000000000005',
    'd0 05',
    'd1 0005',
    'd2 00000005',
    'd3 0000000000000005',
  ])('may write 5 as %s', (hex) => {
    expect(decodeMsgpackFrame(fromHex(ping(hex)))[0]?.fields).toEqual({ clientTimeUs: 5 });
  });

  it.each(['fb', 'd0 fb', 'd1 fffb', 'd2 fffffffb', 'd3 fffffffffffffffb'])('may write -5 as %s', (hex) => {
    expect(decodeMsgpackFrame(fromHex(ping(hex)))[0]?.fields).toEqual({ clientTimeUs: -5 });
  });

  it.each([
    ['cc ff', 0xff],
    ['d0 80', -0x80],
    ['cd ffff', 0xffff],
    ['d1 8000', -0x8000],
    ['ce ffffffff', 0xffff_ffff],
    ['d2 80000000', -0x8000_0000],
    ['cf 001fffffffffffff', Number.MAX_SAFE_INTEGER],
    ['d3 ffe0000000000001', Number.MIN_SAFE_INTEGER],
  ])('reads %s as %d', (hex, value) => {
    expect(decodeMsgpackFrame(fromHex(ping(hex)))[0]?.fields).toEqual({ clientTimeUs: value });
  });

  it('takes every id up to 2^64-1', () => {
    for (const id of [0n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]) {
      for (const form of [id, String(id)]) {
        const [decoded] = decodeMsgpackFrame(packr.pack({ ...ORDER, clientOrderId: form }));
        expect(decoded?.fields).toMatchObject({ clientOrderId: id });
      }
    }
  });

  it('may use any map, array and string head', () => {
    const long = `dd 00000001 df 00000002 d9 04 74797065 da 0004 70696e67 db 0000000c ${Buffer.from('clientTimeUs').toString('hex')} 05`;
    expect(decodeMsgpackFrame(fromHex(long))[0]?.fields).toEqual({ clientTimeUs: 5 });
  });

  it('may carry as many messages as are allowed, the longest ones too', () => {
    const listing = goldenMessages.find(({ name }) => name === 'listInstrument')!;
    const frame = fromHex(`9${MAX_MESSAGES} ${repeat(listing.msgpack.join(''), MAX_MESSAGES)}`);
    expect(decoder.decode(frame)).toBe(0);
    expect(decoder.frameBytes).toBe(MAX_MESSAGES * (8 + messageByName('listInstrument').blockLength));
  });

  it('leaves nothing of the frame before in the bytes of its own', () => {
    decoder.decode(
      packr.pack({
        type: 'registerApiKey',
        clientSequence: -1,
        accountId: 2 ** 32 - 1,
        permissions: 2 ** 32 - 1,
        publicKey: Buffer.alloc(32, 0xff),
      }),
    );
    expect(decoder.decode(packr.pack({ ...ORDER }))).toBe(0);
    expect(decoder.frame[8 + 31]).toBe(0);
  });
});
